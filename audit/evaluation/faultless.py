"""Packs in which no fault was found before, so that the next run need not look again: checking takes most of loading.

A pack is known by the bytes of all its files, its cases among them, and by the code that checks it. What is kept is an
empty file named by that hash, in the cache that anybody may delete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from audit.evaluation.compiled import sources_sha256
from audit.resources import cache_dir, resource_dir

#: Packs that are remembered; those looked at longest ago are forgotten.
MOST_KEPT = 100


def pack_sha256(folder: Path, files: Iterable[Path]) -> str:
    """Hash of the files of a pack, by name and content, and of what checks them.

    Parameters
    ----------
    folder : Path
        Of the pack; it may be moved.
    files : iterable of Path

    Raises
    ------
    OSError
        If one cannot be read.
    """
    found = hashlib.sha256(sources_sha256().encode("ascii"))
    for path in (resource_dir("rules") / "schema.json", *sorted(files)):
        name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
        raw = path.read_bytes()
        found.update(f"{name}\0{len(raw)}\0".encode("utf-8", "surrogateescape") + raw)
    return found.hexdigest()


def is_known(sha256: str) -> bool:
    """Whether a pack of this hash had no fault."""
    with suppress(OSError):
        return _kept(sha256).is_file()
    return False


def remember(sha256: str) -> None:
    """A pack of this hash has no fault; where the cache cannot be written, it is checked again next time."""
    path = _kept(sha256)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        by_age = sorted(path.parent.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in by_age[MOST_KEPT:]:
            old.unlink(missing_ok=True)


def _kept(sha256: str) -> Path:
    return cache_dir() / "faultless-packs" / sha256

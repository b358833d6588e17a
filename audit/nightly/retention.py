"""What is too old to keep goes, and a log of what went stays in the store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from audit.archive import ObjectPath, answers, mount_of, silent
from audit.batch import insist
from audit.nightly.config import Retention
from audit.storage import Removal, Store, audited_before, forget_words, intend_removal, intended, settle_removal


@dataclass(frozen=True, slots=True)
class Kept:
    """What a retention run did.

    Attributes
    ----------
    removed : tuple of Removal
    problems : tuple of str
        Files that could not be removed, with the reason; they are tried again the next night.
    """

    removed: tuple[Removal, ...] = ()
    problems: tuple[str, ...] = ()


def apply_retention(
    retention: Retention, store: Store, *, roots: tuple[Path, ...], now: datetime, forget: Callable[[str], None]
) -> Kept:
    """Remove what is older than it may be; each removal is written down before it is done, and again after.

    Only recordings of audited calls below `roots` are touched. The age is that of the call's start, and where that
    is not known, that of its audit.

    Parameters
    ----------
    retention : Retention
    store : Store
    roots : tuple of Path
        Folders, or files, of the archive.
    now : datetime
    forget : callable
        Told the call id of each call whose words went, to take them out of published files.

    Returns
    -------
    Kept
    """
    roots = tuple(root for root in roots if not isinstance(root, ObjectPath))  # of these the store itself has rules
    removed: list[Removal] = list(_left_behind(store, now))
    problems: list[str] = []
    if retention.audio_days is not None:
        for old in audited_before(store, now - timedelta(days=retention.audio_days)):
            path = Path(old.path)
            if not answers(path):
                problems.append(silent(mount_of(path)).message)
                continue
            if not path.exists() or not any(path.is_relative_to(root.absolute()) for root in roots):
                continue
            target = _target(path, retention.archive, roots)
            removal = Removal(old.call_id, "audio", str(path), "" if target is None else str(target))
            insist(partial(intend_removal, store, removal, now=now))
            try:
                _remove(path, target)
            except OSError as e:
                problems.append(f"{path}: cannot be removed: {e.strerror}")
                insist(partial(settle_removal, store, removal, went=False, now=now))
                continue
            insist(partial(settle_removal, store, removal, went=True, now=now))
            removed.append(removal)
    if retention.transcripts_days is not None:
        for old in audited_before(store, now - timedelta(days=retention.transcripts_days), with_words=True):
            removal = Removal(old.call_id, "transcript", old.path, "")
            forget(old.call_id)  # first: what the store no longer lists is never looked at again
            insist(partial(forget_words, store, removal, now=now))
            removed.append(removal)
    return Kept(tuple(removed), tuple(dict.fromkeys(problems)))


def _left_behind(store: Store, now: datetime) -> Iterator[Removal]:
    """Settle what a night that was ended had written down and perhaps not done; yields what did go.

    What still lies there is not removed for it: if it is still too old, its turn comes in this night.
    """
    for removal in insist(partial(intended, store)):
        if not answers(removal.path):
            continue
        went = not Path(removal.path).exists()
        insist(partial(settle_removal, store, removal, went=went, now=now))
        if went:
            yield removal


def _target(path: Path, archive: Path | None, roots: tuple[Path, ...]) -> Path | None:
    """Where a file goes in the archive: below it as it lay below its root; None where it is deleted."""
    if archive is None:
        return None
    root = next(r.absolute() for r in roots if path.is_relative_to(r.absolute()))
    return archive / (path.relative_to(root) if root.is_dir() else Path(path.name))


def _remove(path: Path, target: Path | None) -> None:
    """Move a file to the archive, whole or not at all, or delete it."""
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copy2(path, part)
        part.replace(target)
    path.unlink()

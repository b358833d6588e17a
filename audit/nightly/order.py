"""Which recordings come first, and when to hold back."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from audit.archive import ObjectPath, Shares
from audit.ingest import Recordings
from audit.nightly.config import Order

#: Files that are asked for at a time.
_AT_ONCE = 500


def in_order(
    recordings: Sequence[Path], order: Order, *, agents: Mapping[Path, str | None], mean_scores: Mapping[str, float]
) -> Recordings:
    """Recordings in the order in which they are audited.

    Parameters
    ----------
    recordings : sequence of Path
    order : {"newest", "oldest", "riskiest"}
        By the time of the file's last change. Riskiest: by the mean score of the agent's calls so far, the lowest first;
        an agent without one stands in the middle; each the newest first.
    agents : mapping of Path to str or None
        Whose call it is, as far as that is known.
    mean_scores : mapping of agent id to float
    """
    texts = [p if isinstance(p, ObjectPath) else str(p) for p in recordings]
    changed = _changes(texts)
    numbers = range(len(texts))
    if order == "oldest":
        return Recordings([texts[i] for i in sorted(numbers, key=lambda i: (changed[i], str(texts[i])))])
    newest = [texts[i] for i in sorted(numbers, key=lambda i: (-changed[i], str(texts[i])))]
    if order == "newest" or not mean_scores:
        return Recordings(newest)
    middle = _median(mean_scores.values())

    def score(found: str | Path) -> float:
        path = Path(found) if isinstance(found, str) else found
        return mean_scores.get(agents.get(path) or "", middle)

    return Recordings(sorted(newest, key=score))


def _changes(texts: Sequence[str | ObjectPath]) -> array[float]:
    """When each was last changed; 0, as of a file that is gone, where its share does not answer."""
    shares = Shares()
    changed: dict[str | ObjectPath, float] = {}
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        changed.update(shares.ask(some, lambda paths: [(p, _changed_at(p)) for p in paths]) or ())
    return array("d", (changed.get(p, 0.0) for p in texts))


def is_busy(max_load: float | None) -> bool:
    """Whether the machine has more to do than is allowed."""
    if max_load is None or not hasattr(os, "getloadavg"):
        return False
    return os.getloadavg()[0] > max_load


def _changed_at(path: str | ObjectPath) -> float:
    try:
        return path.stat().st_mtime if isinstance(path, ObjectPath) else os.stat(path).st_mtime  # noqa: PTH116 - an archive holds a million
    except OSError:
        return 0.0


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]

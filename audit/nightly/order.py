"""Which recordings come first, and when to hold back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from audit.nightly.config import Order


def in_order(
    recordings: Sequence[Path], order: Order, *, agents: Mapping[Path, str | None], mean_scores: Mapping[str, float]
) -> tuple[Path, ...]:
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
    changed = {p: _changed_at(p) for p in recordings}
    if order == "oldest":
        return tuple(sorted(recordings, key=lambda p: (changed[p], str(p))))
    newest = sorted(recordings, key=lambda p: (-changed[p], str(p)))
    if order == "newest" or not mean_scores:
        return tuple(newest)
    middle = _median(mean_scores.values())
    return tuple(sorted(newest, key=lambda p: mean_scores.get(agents.get(p) or "", middle)))


def is_busy(max_load: float | None) -> bool:
    """Whether the machine has more to do than is allowed."""
    if max_load is None or not hasattr(os, "getloadavg"):
        return False
    return os.getloadavg()[0] > max_load


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]

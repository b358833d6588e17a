"""What can honestly be said from so many calls: intervals, ranks, changes, over-use. Pure functions over numbers.

Changes are imported when they are first asked for: they need NumPy, which a report of measures gets by without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit.statistics.estimates import (
    LEVEL,
    MIN_CALLS,
    Estimate,
    PointSums,
    difference,
    mean_estimate,
    pooled_ratio,
    proportion_estimate,
    score_estimate,
)
from audit.statistics.habits import Compared, Habit, HabitTerms, Said, compared, find_habits, is_topic, terms_from, word_table
from audit.statistics.overuse import OverUse, over_used
from audit.statistics.quantiles import quantiles_of
from audit.statistics.ranking import RankRange, rank_ranges, separated

if TYPE_CHECKING:
    from audit.statistics.changes import Change, change_points

__all__ = [
    "LEVEL",
    "MIN_CALLS",
    "Change",
    "Compared",
    "Estimate",
    "Habit",
    "HabitTerms",
    "OverUse",
    "PointSums",
    "RankRange",
    "Said",
    "change_points",
    "compared",
    "difference",
    "find_habits",
    "is_topic",
    "mean_estimate",
    "over_used",
    "pooled_ratio",
    "proportion_estimate",
    "quantiles_of",
    "rank_ranges",
    "score_estimate",
    "separated",
    "terms_from",
    "word_table",
]


def __getattr__(name: str) -> Any:
    """Import what finds changes where it is asked for (PEP 562)."""
    if name not in ("Change", "change_points"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from audit.statistics import changes

    return getattr(changes, name)

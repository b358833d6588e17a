"""What can honestly be said from so many calls: intervals, ranks, changes, over-use. Pure functions over numbers."""

from audit.statistics.changes import Change, change_points
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
from audit.statistics.overuse import OverUse, over_used
from audit.statistics.ranking import RankRange, rank_ranges, separated

__all__ = [
    "LEVEL",
    "MIN_CALLS",
    "Change",
    "Estimate",
    "OverUse",
    "PointSums",
    "RankRange",
    "change_points",
    "difference",
    "mean_estimate",
    "over_used",
    "pooled_ratio",
    "proportion_estimate",
    "rank_ranges",
    "score_estimate",
    "separated",
]

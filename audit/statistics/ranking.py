"""Ranks that say no more than the intervals allow."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from audit.statistics.estimates import Estimate


@dataclass(frozen=True, slots=True)
class RankRange:
    """The places that one may hold among `of`, the best being 1."""

    first: int
    last: int
    of: int


def separated(a: Estimate, b: Estimate) -> bool:
    """Whether one may be placed above the other: only where their intervals do not meet."""
    return not a.overlaps(b)


def rank_ranges(estimates: Mapping[str, Estimate]) -> dict[str, RankRange]:
    """From how many better to how many worse: the places that each may hold.

    Above somebody stand only those whose interval lies wholly above. The ranges of two whose intervals meet therefore
    always share a place.

    Examples
    --------
    >>> rank_ranges({"a": Estimate(90, 88, 92, 9, "t"), "b": Estimate(87, 84, 89, 9, "t"), "c": Estimate(70, 66, 74, 9, "t")})
    {'a': RankRange(first=1, last=2, of=3), 'b': RankRange(first=1, last=2, of=3), 'c': RankRange(first=3, last=3, of=3)}
    """
    n = len(estimates)
    lows, highs = sorted(e.low for e in estimates.values()), sorted(e.high for e in estimates.values())
    ranges = {}
    for name, e in estimates.items():
        n_above = n - bisect_right(lows, e.high)
        n_below = bisect_left(highs, e.low)
        ranges[name] = RankRange(1 + n_above, n - n_below, n)
    return ranges

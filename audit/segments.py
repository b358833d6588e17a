"""Stretches of time and their algebra: union, intersection, difference, total.

Times are seconds from the start of the recording, half-open ``[start_s, end_s)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A stretch of time, in seconds, half-open.

    Examples
    --------
    >>> Segment(1.0, 3.0).intersect(Segment(2.0, 5.0))
    Segment(start_s=2.0, end_s=3.0)
    >>> Segment(1.0, 2.0).intersect(Segment(2.0, 3.0)) is None
    True
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not -math.inf < self.start_s < self.end_s < math.inf:  # not a number is neither
            raise ValueError(f"a segment needs finite start_s < end_s, not {self.start_s}, {self.end_s}")

    @property
    def duration_s(self) -> float:
        """Length in seconds, always positive."""
        return self.end_s - self.start_s

    def intersect(self, other: Segment) -> Segment | None:
        """The common part, or None."""
        start, end = max(self.start_s, other.start_s), min(self.end_s, other.end_s)
        return Segment(start, end) if start < end else None

    def contains(self, t_s: float) -> bool:
        """Whether the moment lies inside."""
        return self.start_s <= t_s < self.end_s


def union(segments: Iterable[Segment], *, join_gap_s: float = 0.0) -> tuple[Segment, ...]:
    """Merge overlapping and touching segments, and those at most `join_gap_s` apart.

    Examples
    --------
    >>> union([Segment(2, 4), Segment(0, 1), Segment(3, 6)])
    (Segment(start_s=0, end_s=1), Segment(start_s=2, end_s=6))
    """
    given = tuple(segments)
    spans = [(s.start_s, s.end_s) for s in given]
    if all(b[0] > a[1] + join_gap_s for a, b in pairwise(spans)) and all(type(s) is Segment for s in given):
        return given  # most often the result of another union
    spans.sort()  # holds and tones are segments, too
    merged: list[Segment] = []
    begin_s, until_s = spans[0]
    for start_s, end_s in spans:
        if start_s > until_s + join_gap_s:
            merged.append(Segment(begin_s, until_s))
            begin_s, until_s = start_s, end_s
        elif end_s > until_s:
            until_s = end_s
    merged.append(Segment(begin_s, until_s))
    return tuple(merged)


def intersection(a: Iterable[Segment], b: Iterable[Segment]) -> tuple[Segment, ...]:
    """The time covered by both.

    Examples
    --------
    >>> intersection([Segment(0, 4)], [Segment(1, 2), Segment(3, 9)])
    (Segment(start_s=1, end_s=2), Segment(start_s=3, end_s=4))
    """
    left, right = union(a), union(b)
    found: list[Segment] = []
    i = j = 0
    while i < len(left) and j < len(right):
        one, other = left[i], right[j]
        if one.start_s < other.end_s and other.start_s < one.end_s:
            found.append(Segment(max(one.start_s, other.start_s), min(one.end_s, other.end_s)))
        if one.end_s < other.end_s:
            i += 1
        else:
            j += 1
    return tuple(found)


def subtract(a: Iterable[Segment], b: Iterable[Segment]) -> tuple[Segment, ...]:
    """The time covered by `a` and not by `b`.

    Examples
    --------
    >>> subtract([Segment(0, 10)], [Segment(2, 3), Segment(8, 12)])
    (Segment(start_s=0, end_s=2), Segment(start_s=3, end_s=8))
    """
    cuts = union(b)
    left: list[Segment] = []
    for s in union(a):
        start = s.start_s
        for c in cuts:
            if c.end_s <= start or c.start_s >= s.end_s:
                continue
            if c.start_s > start:
                left.append(Segment(start, c.start_s))
            start = max(start, c.end_s)
        if start < s.end_s:
            left.append(Segment(start, s.end_s))
    return tuple(left)


def total_s(segments: Iterable[Segment]) -> float:
    """Seconds covered, counting overlapping time once."""
    return sum(s.duration_s for s in union(segments))

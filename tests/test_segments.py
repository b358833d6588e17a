"""Time algebra: nothing lost, nothing counted twice."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.records import Hold, Tone
from audit.segments import Segment, intersection, subtract, total_s, union

segments = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda x: Segment(float(x[0]), float(x[0] + x[1]))), max_size=12
)


def covered(spans) -> set[int]:
    """Whole seconds covered, counted one by one."""
    return {k for s in spans for k in range(int(s.start_s), int(s.end_s))}


@pytest.mark.parametrize(
    ("start", "end"),
    [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)],
    ids=["empty", "backwards", "not a number", "endless"],
)
def test_a_segment_that_is_no_stretch_of_time_is_refused(start, end):
    with pytest.raises(ValueError, match="start_s < end_s"):
        Segment(start, end)


def test_a_hold_is_a_segment_with_its_kind():
    assert Hold(1.0, 3.0, "tone").duration_s == 2.0
    assert Hold(1.0, 3.0).kind == "music"


def test_half_open_ends_do_not_meet():
    assert Segment(0.0, 1.0).contains(0.0)
    assert not Segment(0.0, 1.0).contains(1.0)
    assert Segment(0.0, 1.0).intersect(Segment(1.0, 2.0)) is None


@given(segments, segments)
def test_set_operations_agree_with_counting_seconds(a, b):
    assert covered(union(a)) == covered(a)
    assert covered(intersection(a, b)) == covered(a) & covered(b)
    assert covered(subtract(a, b)) == covered(a) - covered(b)
    assert total_s(a) == len(covered(a))


@given(segments)
def test_a_union_is_sorted_and_apart(a):
    merged = union(a)
    assert all(x.end_s < y.start_s for x, y in itertools.pairwise(merged))


def test_short_gaps_are_joined_only_on_request():
    parts = [Segment(0.0, 1.0), Segment(1.2, 2.0)]
    assert union(parts) == tuple(parts)
    assert union(parts, join_gap_s=0.25) == (Segment(0.0, 2.0),)


def test_holds_and_tones_mix_with_plain_segments():
    mixed = [Hold(3.0, 5.0), Segment(0.0, 1.0), Tone(4.0, 6.0, "busy", 1)]
    assert union(mixed) == (Segment(0.0, 1.0), Segment(3.0, 6.0))

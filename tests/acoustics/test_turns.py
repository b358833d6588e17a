"""Turn taking, on timelines drawn by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.acoustics import (
    Response,
    dead_air,
    longest_monologue_s,
    overlaps,
    response_times,
    responses,
    talk_share_ratio,
    talk_spells,
)
from audit.records import Overlap
from audit.segments import Segment, intersection, total_s

CALL = Segment(0, 60)
SEGMENTS = st.lists(
    st.tuples(st.integers(0, 590), st.integers(1, 60)).map(lambda t: Segment(t[0] / 10, (t[0] + t[1]) / 10)), max_size=12
)


# --- dead air -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("speech", "busy", "found"),
    [
        ([Segment(0, 10), Segment(13, 60)], [], [Segment(10, 13)]),
        ([Segment(0, 10), Segment(12.9, 60)], [], []),
        ([Segment(0, 30), Segment(5, 8), Segment(40, 60)], [], [Segment(30, 40)]),
        ([Segment(0, 10), Segment(50, 60)], [Segment(12, 45)], [Segment(45, 50)]),
        ([], [], [CALL]),
        ([], [CALL], []),
        ([Segment(-5, 4), Segment(55, 70)], [], [Segment(4, 55)]),
    ],
    ids=[
        "exactly the limit",
        "just under it",
        "one party talks through the other's gap",
        "a hold fills the gap, its rest counts",
        "nobody ever speaks",
        "music all the time",
        "speech over the call's ends",
    ],
)
def test_dead_air_is_where_nobody_speaks_and_nothing_plays(
    speech: list[Segment], busy: list[Segment], found: list[Segment]
) -> None:
    assert dead_air(speech, call=CALL, busy=busy, min_gap_s=3.0) == tuple(found)


@given(speech=SEGMENTS, busy=SEGMENTS)
def test_dead_air_never_meets_speech_or_leaves_the_call(speech: list[Segment], busy: list[Segment]) -> None:
    for gap in dead_air(speech, call=CALL, busy=busy, min_gap_s=1.0):
        assert intersection([gap], [*speech, *busy]) == ()
        assert CALL.start_s <= gap.start_s < gap.end_s <= CALL.end_s


# --- overlaps -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("agent", "customer", "found"),
    [
        ([Segment(0, 5)], [Segment(4, 8)], [Overlap(4, 5, "customer")]),
        ([Segment(4, 8)], [Segment(0, 5)], [Overlap(4, 5, "agent")]),
        ([Segment(0, 9)], [Segment(4, 4.4)], []),
        ([Segment(0, 9)], [Segment(4, 4.5)], [Overlap(4, 4.5, "customer", "backchannel")]),
        ([Segment(0, 3), Segment(3.4, 9)], [Segment(3.2, 5)], [Overlap(3.4, 5, "customer")]),
        ([Segment(0, 9)], [Segment(4, 5), Segment(5.3, 6)], [Overlap(4, 6, "customer")]),
        (
            [Segment(0, 9)],
            [Segment(2, 3), Segment(6, 7)],
            [Overlap(2, 3, "customer", "backchannel"), Overlap(6, 7, "customer", "backchannel")],
        ),
        ([Segment(1, 3)], [Segment(1, 3)], [Overlap(1, 3, "unknown")]),
        ([Segment(0, 5)], [Segment(5, 8)], []),
        ([], [Segment(0, 9)], []),
    ],
    ids=[
        "customer breaks in",
        "agent breaks in",
        "an assent is none",
        "exactly the limit",
        "a breath does not lose the word",
        "a breath does not part an overlap",
        "two",
        "both at the same moment",
        "touching",
        "one silent party",
    ],
)
def test_the_interrupter_is_who_began_second(agent: list[Segment], customer: list[Segment], found: list[Overlap]) -> None:
    assert overlaps(agent, customer, min_overlap_s=0.5) == tuple(found)


@given(agent=SEGMENTS, customer=SEGMENTS)
def test_swapping_the_parties_swaps_only_the_interrupter(agent: list[Segment], customer: list[Segment]) -> None:
    other = {"agent": "customer", "customer": "agent", "unknown": "unknown"}
    there, back = overlaps(agent, customer), overlaps(customer, agent)
    assert [(o.start_s, o.end_s, other[o.interrupter]) for o in there] == [(o.start_s, o.end_s, o.interrupter) for o in back]


@pytest.mark.parametrize(
    ("agent", "customer", "kind", "interrupted", "stopped"),
    [
        ([Segment(0, 5)], [Segment(3, 9)], "interruption", "agent", True),
        ([Segment(3, 9)], [Segment(0, 5)], "interruption", "customer", True),
        ([Segment(0, 9)], [Segment(3, 5)], "interruption", "agent", False),
        ([Segment(0, 9)], [Segment(3, 3.9)], "backchannel", "agent", False),
        ([Segment(0, 9)], [Segment(1, 2.5), Segment(3.1, 4)], "interruption", "agent", False),
        ([Segment(0, 4)], [Segment(3.5, 4.2)], "handover", "agent", True),
        ([Segment(0, 4)], [Segment(3.5, 9)], "handover", "agent", True),
        ([Segment(0, 4)], [Segment(3.3, 9)], "interruption", "agent", True),
        ([Segment(1, 3)], [Segment(1, 4)], "interruption", "unknown", None),
    ],
    ids=[
        "the customer takes the word",
        "the agent takes the word",
        "talked over without giving way",
        "a short assent",
        "two words close together are no assent",
        "the last syllable, and a word",
        "the last syllable, and a turn",
        "more than the last half second",
        "both at the same moment",
    ],
)
def test_an_overlap_says_what_it_is_and_who_gave_way(
    agent: list[Segment], customer: list[Segment], kind: str, interrupted: str, stopped: bool | None
) -> None:
    first = overlaps(agent, customer, min_overlap_s=0.5)[0]
    assert (first.kind, first.interrupted, first.other_stopped) == (kind, interrupted, stopped)


def test_breaths_are_not_counted_as_talking_together() -> None:
    (found,) = overlaps([Segment(0, 9)], [Segment(3, 4), Segment(4.4, 7)])
    assert found.duration_s == pytest.approx(4.0)
    assert found.together_s == pytest.approx(3.6)


# --- response times -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("of", "after", "busy", "found"),
    [
        ([Segment(3, 4)], [Segment(0, 2)], [], [1]),
        ([Segment(3, 4), Segment(6, 7)], [Segment(0, 2)], [], [1]),
        ([Segment(3, 4), Segment(9, 10)], [Segment(0, 2), Segment(5, 7)], [], [1, 2]),
        ([Segment(1, 4)], [Segment(0, 2)], [], []),
        ([Segment(2, 4)], [Segment(0, 2)], [], [0]),
        ([Segment(0, 4)], [Segment(5, 6)], [], []),
        ([Segment(30, 34)], [Segment(0, 2)], [Segment(5, 25)], []),
        ([Segment(0, 6), Segment(7, 8)], [Segment(2, 3)], [], []),
        ([Segment(8, 9)], [Segment(0, 2), Segment(4, 7)], [], [1]),
        ([], [Segment(0, 2)], [], []),
    ],
    ids=[
        "one answer",
        "going on is no second answer",
        "two answers",
        "starting before the end is an overlap",
        "at once",
        "the last word has no answer",
        "not through a hold",
        "an assent inside one's talk is not answered",
        "the other's own pause is not answered",
        "never speaks",
    ],
)
def test_a_response_runs_from_the_others_end_to_the_first_word(
    of: list[Segment], after: list[Segment], busy: list[Segment], found: list[float]
) -> None:
    assert response_times(of, after, busy=busy) == pytest.approx(tuple(found))


def test_an_assent_neither_answers_nor_is_answered() -> None:
    agent, customer = [Segment(0, 5), Segment(5.8, 9)], [Segment(5.2, 5.5), Segment(10, 14)]
    assert responses(agent, customer) == (Response("customer", 9, 1),)


def test_who_answers_is_named_and_a_hold_parts_question_from_answer() -> None:
    agent, customer = [Segment(3, 8), Segment(40, 44)], [Segment(0, 2), Segment(9, 12), Segment(45, 50)]
    found = responses(agent, customer, busy=[Segment(13, 39)])
    assert [(r.by, r.after_s, r.gap_s) for r in found] == [("agent", 2, 1), ("customer", 8, 1), ("customer", 44, 1)]


@given(agent=SEGMENTS, customer=SEGMENTS)
def test_swapping_the_parties_swaps_only_who_answers(agent: list[Segment], customer: list[Segment]) -> None:
    other = {"agent": "customer", "customer": "agent"}
    there = sorted((r.after_s, r.gap_s, r.by) for r in responses(agent, customer))
    back = sorted((r.after_s, r.gap_s, other[r.by]) for r in responses(customer, agent))
    assert there == back


# --- spells and shares ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("own", "other", "longest"),
    [
        ([Segment(0, 2), Segment(3, 5)], [], 5),
        ([Segment(0, 2), Segment(4.5, 5)], [], 2),
        ([Segment(0, 2), Segment(3, 5)], [Segment(2.2, 2.6)], 5),
        ([Segment(0, 2), Segment(3, 5)], [Segment(2.2, 2.8)], 2),
        ([Segment(0, 9)], [Segment(3, 4)], 9),
        ([], [Segment(0, 9)], None),
    ],
    ids=["a pause", "too long a pause", "an assent", "the other's sentence", "talking on over the other", "never speaks"],
)
def test_a_monologue_lasts_until_a_long_pause_or_the_others_sentence(
    own: list[Segment], other: list[Segment], longest: float | None
) -> None:
    assert longest_monologue_s(own, other) == longest


@given(own=SEGMENTS, other=SEGMENTS)
def test_spells_hold_all_of_a_partys_speech(own: list[Segment], other: list[Segment]) -> None:
    spells = talk_spells(own, other)
    assert total_s(intersection(own, spells)) == pytest.approx(total_s(own))
    assert list(spells) == sorted(spells)


@pytest.mark.parametrize(
    ("own", "other", "share"),
    [([Segment(0, 4)], [Segment(10, 26)], 0.2), ([Segment(0, 4)], [], 1.0), ([], [Segment(0, 4)], 0.0), ([], [], None)],
    ids=["silence does not count", "alone", "silent", "nobody speaks"],
)
def test_the_share_of_talk_is_of_speech_not_of_the_call(own: list[Segment], other: list[Segment], share: float | None) -> None:
    assert talk_share_ratio(own, other) == share


@pytest.mark.parametrize("limit_s", [0, -1, float("nan")], ids=str)
def test_a_limit_that_is_not_positive_is_refused(limit_s: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        dead_air([], call=CALL, min_gap_s=limit_s)
    with pytest.raises(ValueError, match="positive"):
        overlaps([], [], min_overlap_s=limit_s)

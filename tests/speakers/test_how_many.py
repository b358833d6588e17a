"""One voice or two, by likeness and by pauses."""

from __future__ import annotations

import math

import pytest

from audit.segments import Segment
from audit.speakers.diarize import diarize
from audit.speakers.how_many import channel_log_odds, likeness_log_odds, probability
from tests.speakers.voices import HIGH, LOW, RATE_HZ, Resonances, conversation

#: Turns of 3 s; a party alone pauses 3.5 s between them, two together half a second.
ALONE = [Segment(6.5 * k, 6.5 * k + 3.0) for k in range(8)]
TOGETHER = [Segment(3.5 * k, 3.5 * k + 3.0) for k in range(16)]


def test_room_for_another_partys_turns_speaks_for_one_voice() -> None:
    assert channel_log_odds(ALONE, lone_leg=True) < -2
    assert channel_log_odds(TOGETHER, lone_leg=True) > 1


def test_a_channel_that_carries_a_call_holds_two_voices_unless_much_speaks_against_it() -> None:
    assert channel_log_odds(TOGETHER, lone_leg=False) == pytest.approx(math.log(19))
    assert probability(channel_log_odds(ALONE, lone_leg=False)) == pytest.approx(0.5, abs=0.1)


def test_a_hold_counts_as_a_short_pause() -> None:
    on_hold = [*TOGETHER[:8], *(Segment(s.start_s + 60, s.end_s + 60) for s in TOGETHER[8:])]
    assert channel_log_odds(on_hold, lone_leg=True) > 1


def test_without_pauses_nothing_is_said_of_a_lone_leg() -> None:
    assert channel_log_odds([Segment(0, 30)], lone_leg=True) == 0.0


@pytest.mark.parametrize(
    ("likeness", "least", "most"), [(0.5, 5, 20), (0.81, -0.01, 0.01), (0.9, -3, -1)], ids=["unlike", "even", "alike"]
)
def test_the_less_alike_the_likelier_two(likeness: float, least: float, most: float) -> None:
    assert least <= likeness_log_odds(likeness) <= most


def test_what_nobody_could_tell_apart_is_one_voice() -> None:
    assert probability(likeness_log_odds(0.96)) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("voices", "pause_s", "n"),
    [((LOW, HIGH), 0.5, 2), ((LOW, LOW), 3.5, 1), ((LOW, LOW), 0.5, 1)],
    ids=["both parties", "one party and its pauses", "one party that never pauses"],
)
def test_the_live_leg_beside_a_dead_one_holds_as_many_voices_as_speak_there(voices, pause_s, n) -> None:
    samples, edges = conversation([(voices[k % 2], 3.0) for k in range(10)], pause_s=pause_s)
    found = diarize(samples, RATE_HZ, [Segment(*e) for e in edges], Resonances(), lone_leg=True)
    assert found.n_speakers == n

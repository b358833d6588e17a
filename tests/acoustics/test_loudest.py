"""Jumps of the level and raised voices, against speech whose level and pitch are set."""

from __future__ import annotations

import numpy as np
import pytest

from audit.acoustics import (
    LevelMeter,
    StretchLevel,
    level_changes,
    measure_pitch,
    pitch_of,
    pitch_rise_semitones,
    shouted,
    turn_levels,
)
from audit.acoustics.pitch import Pitch
from audit.segments import Segment
from tests.signals import Samples, join, silence, speechlike


def phrase(level_dbfs: float, f0_hz: float, seed: int) -> Samples:
    """Five seconds of speech, its own pauses included, and one second of silence."""
    return join([speechlike(5, level_dbfs, seed, f0_hz).samples, silence(1)])


#: Level and fundamental of each phrase: the fourth is shouted, the sixth only nearer to the microphone.
PHRASES = [(-26, 120), (-27, 118), (-25, 122), (-11, 210), (-26, 120), (-14, 121), (-27, 119)]


def call() -> tuple[Samples, list[Segment]]:
    leg = join([phrase(level, f0, 40 + k) for k, (level, f0) in enumerate(PHRASES)])
    return leg, [Segment(6.0 * k, 6.0 * k + 5) for k in range(len(PHRASES))]


def test_the_loudest_turn_and_the_greatest_jump_are_where_they_were_put() -> None:
    leg, turns = call()
    found = level_changes(turn_levels(leg, 8000, turns))
    assert found.loudest_turn == turns[3]
    assert found.loudest_turn_over_median_db == pytest.approx(15, abs=1.0)
    assert found.max_level_jump_db == pytest.approx(14, abs=1.0)
    assert found.max_level_jump_at_s == turns[3].start_s
    assert found.level_spread_db == pytest.approx(16, abs=1.5)


def test_an_even_voice_has_little_spread_and_no_jump() -> None:
    leg = join([phrase(-24, 120, 60 + k) for k in range(6)])
    found = level_changes(turn_levels(leg, 8000, [Segment(6.0 * k, 6.0 * k + 5) for k in range(6)]))
    assert found.level_spread_db is not None
    assert found.level_spread_db < 1.5
    assert found.max_level_jump_db is not None
    assert found.max_level_jump_db < 1.5


def test_a_shout_is_louder_and_higher_and_a_nearer_microphone_only_louder() -> None:
    leg, turns = call()
    levels = turn_levels(leg, 8000, turns)
    pitches = [pitch_of([leg[round(t.start_s * 8000) : round(t.end_s * 8000)]], 8000) for t in turns]
    person = measure_pitch(leg, 8000, turns)
    assert shouted(levels, pitches, person, min_over_median_db=8, min_rise_semitones=3) == (turns[3],)
    assert shouted(levels, pitches, person, min_over_median_db=8, min_rise_semitones=-3) == (turns[3], turns[5])
    assert shouted(levels, pitches, person, min_over_median_db=20, min_rise_semitones=3) == ()


def test_levels_of_a_meter_serve_as_well() -> None:
    leg, turns = call()
    meter = LevelMeter(8000)
    for first in range(0, len(leg), 80000):
        meter.add(leg[first : first + 80000], turns, start_s=first / 8000)
    found, expected = level_changes(meter.stretches()), level_changes(turn_levels(leg, 8000, turns))
    assert found.loudest_turn == expected.loudest_turn
    assert found.level_spread_db == pytest.approx(expected.level_spread_db, abs=0.05)
    assert found.max_level_jump_db == pytest.approx(expected.max_level_jump_db, abs=0.05)


def stretch(start_s: float, level_dbfs: float | None, seconds: float = 2.0) -> StretchLevel:
    return StretchLevel(Segment(start_s, start_s + seconds), seconds, level_dbfs, None)


def test_a_level_that_only_falls_has_no_positive_jump() -> None:
    found = level_changes([stretch(0, -10), stretch(5, -20), stretch(10, -22)])
    assert found.max_level_jump_db == pytest.approx(-2)


def test_the_median_is_that_of_the_time_spoken() -> None:
    """Many short words do not outweigh one long speech."""
    found = level_changes([stretch(0, -30, 60), *(stretch(70 + 5 * k, -20, 1) for k in range(8))])
    assert found.loudest_turn_over_median_db == pytest.approx(10)


@pytest.mark.parametrize(
    "stretches",
    [[], [stretch(0, -20)], [stretch(0, -20), stretch(3, -5, 0.5)], [stretch(0, None), stretch(5, -20)]],
    ids=["nothing", "one", "one and a word", "one and silence"],
)
def test_fewer_than_two_stretches_say_nothing(stretches: list[StretchLevel]) -> None:
    found = level_changes(stretches)
    assert (found.level_spread_db, found.max_level_jump_db, found.loudest_turn_over_median_db, found.loudest_turn) == (
        None,
    ) * 4


@pytest.mark.parametrize(("f0_hz", "semitones"), [(240.0, 12.0), (100.0, -3.156), (None, None)], ids=["up", "down", "unvoiced"])
def test_a_rise_of_pitch_is_in_semitones(f0_hz: float | None, semitones: float | None) -> None:
    found = pitch_rise_semitones(Pitch(f0_hz, None, 50), Pitch(120.0, 2.0, 500))
    assert found == (None if semitones is None else pytest.approx(semitones, abs=0.01))


def test_as_many_pitches_as_stretches_are_needed() -> None:
    with pytest.raises(ValueError, match="zip"):
        shouted([stretch(0, -20)], [], Pitch(None, None, 0), min_over_median_db=6, min_rise_semitones=2)


def test_steps_of_made_speech_hold_their_level() -> None:
    """The composition itself: each phrase sounds at the level that was asked for."""
    leg, _ = call()
    for k, (level, _) in enumerate(PHRASES):
        part = leg[48000 * k : 48000 * k + 40000]
        sounding = part[np.abs(part) > 0]
        assert 10 * np.log10(np.mean(np.square(sounding, dtype=float))) == pytest.approx(level, abs=1.5)

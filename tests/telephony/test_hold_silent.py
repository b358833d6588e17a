from __future__ import annotations

import numpy as np
import pytest

from audit.records import Tone
from audit.telephony import LegHold, find_holds
from tests import signals

RATE_HZ = 8000
PARK_S = (21.0, 39.0)


def call(*, pauses_dead: bool = False) -> np.ndarray:
    """Two parties talk in turn until 20 s and from 40 s on, over line noise; between them nobody speaks."""
    legs = np.zeros((2, 60 * RATE_HZ), np.float32)
    for start in (0.0, 40.0):
        signals.place(legs[0], signals.speechlike(9, -20, 1, 210).samples, start)
        signals.place(legs[1], signals.speechlike(9, -25, 2, 115).samples, start + 10)
    noise = np.stack([signals.noise(60, -55, c)[: 60 * RATE_HZ] for c in (3, 4)])
    return legs + np.where(legs != 0, noise, 0) if pauses_dead else legs + noise


def found(legs: np.ndarray) -> tuple[LegHold, ...]:
    return find_holds(legs.astype(np.float32), RATE_HZ, tones=(), answer_at_s=None)


def dead(legs: np.ndarray, channel: int, span: tuple[float, float] = PARK_S) -> np.ndarray:
    legs[channel, round(span[0] * RATE_HZ) : round(span[1] * RATE_HZ)] = 0
    return legs


@pytest.mark.parametrize("channel", [0, 1])
def test_a_leg_that_goes_dead_while_nobody_talks_is_a_silent_hold(channel: int) -> None:
    (hold,) = found(dead(call(), channel))
    assert (hold.hold.kind, hold.channel) == ("silence", channel)
    assert hold.hold.start_s == pytest.approx(PARK_S[0], abs=0.2)
    assert hold.hold.end_s == pytest.approx(PARK_S[1], abs=0.2)


def test_a_hello_into_the_silence_leaves_it_a_hold() -> None:
    legs = dead(call(), 0)
    signals.place(legs[1], signals.speechlike(0.8, -25, 9, 115).samples, 30.0)
    assert [h.hold.kind for h in found(legs)] == ["silence"]


def test_dead_air_over_line_noise_is_no_hold() -> None:
    assert found(call()) == ()


def test_a_muted_party_is_no_hold_while_the_other_talks() -> None:
    legs = dead(call(), 0)
    for start in (21.5, 30.5):
        signals.place(legs[1], signals.speechlike(8, -25, 7, 115).samples, start)
    assert found(legs) == ()


def test_a_paused_recording_is_no_hold() -> None:
    assert found(dead(dead(call(), 0), 1)) == ()


def test_silence_suppression_makes_no_hold_of_a_pause() -> None:
    assert found(call(pauses_dead=True)) == ()


def test_a_leg_dead_to_the_end_is_no_hold() -> None:
    legs = call()
    assert found(dead(legs, 0, (50.0, 60.0))) == ()


def test_shorter_silence_is_left_out() -> None:
    legs = dead(call(), 0).astype(np.float32)
    assert find_holds(legs, RATE_HZ, tones=(), answer_at_s=None, min_silence_s=30.0) == ()


# --- announcements --------------------------------------------------------------------------------
def announced(times: int, *, every_s: float = 9.0, answered: bool = False, alike: bool = True) -> tuple[np.ndarray, float]:
    """The same sentence `times` times from 21 s on, and where its last time ends."""
    legs = np.zeros((2, round((42 + times * every_s) * RATE_HZ)), np.float32)
    back_s = 21.0 + times * every_s
    for start in (0.0, back_s + 1):
        signals.place(legs[0], signals.speechlike(9, -20, 1, 210).samples, start)
        signals.place(legs[1], signals.speechlike(9, -25, 2, 115).samples, start + 10)
    for k in range(times):
        signals.place(legs[0], signals.speechlike(4, -22, 30 if alike else 30 + k, 180).samples, 21.0 + k * every_s)
        if answered:
            signals.place(legs[1], signals.speechlike(3, -25, 60 + k, 115).samples, 25.5 + k * every_s)
    legs += np.stack([signals.noise(legs.shape[1] / RATE_HZ, -56, c)[: legs.shape[1]] for c in (3, 4)])
    return legs, 21.0 + (times - 1) * every_s + 4.0


def test_a_sentence_repeated_exactly_is_an_announcement_hold() -> None:
    legs, last_s = announced(3)
    (hold,) = found(legs)
    assert (hold.hold.kind, hold.channel) == ("announcement", 0)
    assert hold.hold.start_s == pytest.approx(21.0, abs=0.5)
    assert last_s - 1.0 <= hold.hold.end_s <= 21.0 + 3 * 9.0 + 1.0


def test_other_words_each_time_are_no_announcement() -> None:
    assert found(announced(3, alike=False)[0]) == ()


def test_a_repeated_sentence_that_is_answered_is_no_hold() -> None:
    assert found(announced(3, answered=True)[0]) == ()


def test_a_sentence_said_twice_is_no_hold() -> None:
    assert found(announced(2)[0]) == ()


def test_music_wins_over_beeps_that_it_does_not_carry() -> None:
    legs = call()
    signals.place(legs[0], signals.music(18, -22, 3), 21.0)
    tones = (Tone(22.0, 22.2, "beep", 0), Tone(27.0, 27.2, "beep", 0))
    kinds = [h.hold.kind for h in find_holds(legs.astype(np.float32), RATE_HZ, tones=tones, answer_at_s=None)]
    assert kinds == ["music"]

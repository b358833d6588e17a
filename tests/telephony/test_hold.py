from __future__ import annotations

import numpy as np
import pytest

from audit.records import Tone
from audit.telephony import LegHold, find_holds, find_tones
from tests import signals

EDGE_S = 0.5


def tones_of(legs: np.ndarray) -> tuple[Tone, ...]:
    return tuple(t for c, leg in enumerate(legs) for t in find_tones(leg, 8000, channel=c))


def holds_in(legs: np.ndarray, answer_at_s: float | None = None) -> tuple[LegHold, ...]:
    return find_holds(legs, 8000, tones=tones_of(legs), answer_at_s=answer_at_s)


def call(parked: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Agent and customer talk in turn, 20 s; then `parked` on the agent's leg from 20.5 s on; then they talk again.

    Agent on channel 0, louder; line noise on both.
    """
    after = 21.0 + len(parked) / 8000
    legs = np.zeros((2, round((after + 20) * 8000)), np.float32)
    for start in (0.0, after):
        signals.place(legs[0], signals.speechlike(9, -20, seed + 1, 210).samples, start)
        signals.place(legs[1], signals.speechlike(9, -25, seed + 2, 115).samples, start + 10)
    signals.place(legs[0], parked, 20.5)
    for channel in (0, 1):
        legs[channel] += signals.noise(legs.shape[1] / 8000, -55 - 3 * channel, seed + channel)[: legs.shape[1]]
    return legs


def assert_one(found: tuple[LegHold, ...], start_s: float, end_s: float, kind: str, channel: int) -> None:
    assert [(h.hold.kind, h.channel) for h in found] == [(kind, channel)]
    assert found[0].hold.start_s == pytest.approx(start_s, abs=EDGE_S)
    assert found[0].hold.end_s == pytest.approx(end_s, abs=EDGE_S)


@pytest.mark.parametrize("level_dbfs", [-34, -18], ids=lambda v: f"{v} dBFS")
@pytest.mark.parametrize("seed", range(3))
def test_music_is_a_hold_with_its_edges(level_dbfs: float, seed: int) -> None:
    legs = call(signals.music(15, level_dbfs, seed), seed=seed)
    assert_one(holds_in(legs), 20.5, 35.5, "music", 0)


def test_swapped_legs_swap_the_channel() -> None:
    legs = call(signals.music(15, -24, 1))[::-1]
    assert_one(holds_in(np.ascontiguousarray(legs)), 20.5, 35.5, "music", 1)


def test_music_is_found_in_a_mono_call() -> None:
    legs = call(signals.music(15, -24, 1)).mean(axis=0, keepdims=True)
    assert_one(holds_in(legs), 20.5, 35.5, "music", 0)


def test_crosstalk_of_hold_music_is_no_second_hold() -> None:
    legs = call(signals.music(15, -20, 1))
    legs = legs + legs[::-1] * np.float32(10 ** (-28 / 20))
    assert_one(holds_in(legs), 20.5, 35.5, "music", 0)


def test_short_music_is_no_hold() -> None:
    assert holds_in(call(signals.music(3.5, -24, 1))) == ()


def test_talk_without_music_has_no_hold() -> None:
    assert holds_in(call(signals.silence(15))) == ()


@pytest.mark.parametrize("below_db", [12, 20], ids=lambda v: f"{v} dB under the voice")
def test_music_behind_a_person_who_keeps_talking_is_no_hold(below_db: float) -> None:
    legs = call(signals.silence(1))
    legs[1] += signals.music(legs.shape[1] / 8000, -25 - below_db, 3)[: legs.shape[1]]
    assert holds_in(legs) == ()


def test_a_long_silence_over_background_music_is_no_hold() -> None:
    legs = call(signals.silence(10))
    legs[1] += signals.music(legs.shape[1] / 8000, -40, 3)[: legs.shape[1]]
    assert holds_in(legs) == ()


@pytest.mark.parametrize("freq_hz", [400, 425, 1400])
@pytest.mark.parametrize("every_s", [3.3, 7.5])
def test_a_periodic_beep_is_a_tone_hold_from_talk_to_talk(freq_hz: float, every_s: float) -> None:
    seconds = 24
    parked = signals.silence(seconds)
    at = np.arange(0.5, seconds - 0.5, every_s)
    for t in at:
        signals.place(parked, signals.tone([freq_hz], 0.25, -24), float(t))
    found = holds_in(call(parked))
    assert [(h.hold.kind, h.channel) for h in found] == [("tone", 0)]
    # Nothing is heard between the talk and the first beep, nor between the last beep and the talk.
    assert 19.0 - EDGE_S <= found[0].hold.start_s <= 20.5 + at[0] + 0.25
    assert 20.5 + at[-1] + 0.25 <= found[0].hold.end_s <= 20.5 + seconds + 1.0 + EDGE_S


def test_a_single_beep_is_no_hold() -> None:
    parked = signals.silence(12)
    signals.place(parked, signals.tone([440], 0.25, -24), 5)
    assert holds_in(call(parked)) == ()


def test_music_before_the_answer_is_no_hold() -> None:
    legs = call(signals.silence(1))
    legs[1, : 12 * 8000] = signals.music(12, -22, 2)
    legs[0, : 12 * 8000] = 0
    assert holds_in(legs, answer_at_s=12.0) == ()


def test_ringback_is_no_hold() -> None:
    made = signals.cadence([450], (1.0, 4.0), 31, -18)
    legs = np.stack([made.samples, made.samples * np.float32(0.25)])
    assert holds_in(legs) == ()


@pytest.mark.parametrize("shape", [(2, 0), (1, 1600), (2, 80000)], ids=["empty", "0.2 s", "dead"])
def test_nothing_is_parked_where_nothing_sounds(shape: tuple[int, int]) -> None:
    assert holds_in(np.zeros(shape, np.float32)) == ()


def test_one_dead_leg_does_not_disturb_the_other() -> None:
    legs = call(signals.music(15, -24, 1))
    legs[1] = 0
    assert_one(holds_in(legs), 20.5, 35.5, "music", 0)


def test_legs_must_be_two_dimensional() -> None:
    with pytest.raises(ValueError, match="channels, samples"):
        find_holds(np.zeros(100, np.float32), 8000, tones=(), answer_at_s=None)

"""Echo and crosstalk, against leaks that are composed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import soxr
from scipy.signal import lfilter

from audit.acoustics import Crosstalk, crosstalk_of, lone_pieces, measure_crosstalk
from audit.acoustics.echo import MAX_LONE_S
from audit.segments import Segment, total_s
from tests.signals import Made, Samples, at_level, music, noise, silence
from tests.signals import speechlike as make_speech

SECONDS = 40.0
LEVEL_DB, DELAY_S = 1.5, 0.001


@cache
def talk(seed: int, f0_hz: float) -> Made:
    """Speech in spells of ten seconds with ten of listening."""
    made = make_speech(SECONDS, -22, seed, f0_hz)
    turn = (np.arange(len(made.samples)) // 80000 + seed) % 2 == 0
    kept = tuple(
        part
        for s in made.segments
        for k in range(4)
        if (k + seed) % 2 == 0 and (part := s.intersect(Segment(10.0 * k, 10.0 * k + 10)))
    )
    return Made(np.where(turn, made.samples, 0).astype(np.float32), kept)


def delayed(samples: Samples, delay_s: float, gain_db: float) -> Samples:
    n = round(delay_s * 8000)
    return np.concatenate([np.zeros(n, np.float32), samples[: len(samples) - n]]) * np.float32(10 ** (gain_db / 20))


def measured(leak: Samples, rate: int = 8000, noise_dbfs: float = -65) -> tuple[Crosstalk | None, ...]:
    """Leg 0 speaks; leg 1 has its own speech, noise and the given leak."""
    one, other = talk(2, 120), talk(3, 200)
    legs = [one.samples + noise(SECONDS, noise_dbfs, 5), other.samples + leak + noise(SECONDS, noise_dbfs, 6)]
    legs = [leg if rate == 8000 else soxr.resample(leg, 8000, rate) for leg in legs]
    return measure_crosstalk(legs, rate, [one.segments, other.segments])


@pytest.mark.parametrize("delay_s", [0.0, 0.02, 0.12, 0.3], ids=lambda v: f"{v * 1000:.0f} ms")
@pytest.mark.parametrize("gain_db", [-12, -20, -30, -45], ids=lambda v: f"{v} dB")
def test_a_leak_has_its_level_and_delay(gain_db: int, delay_s: float) -> None:
    other_way, found = measured(delayed(talk(2, 120).samples, delay_s, gain_db))
    assert found is not None
    assert found.level_db == pytest.approx(gain_db, abs=LEVEL_DB)
    assert found.delay_s == pytest.approx(delay_s, abs=DELAY_S)
    assert other_way is None, "the leak goes one way only"


def test_a_leak_at_16_khz_has_its_level_and_delay() -> None:
    _, found = measured(delayed(talk(2, 120).samples, 0.08, -26), 16000)
    assert found is not None
    assert found.level_db == pytest.approx(-26, abs=LEVEL_DB)
    assert found.delay_s == pytest.approx(0.08, abs=DELAY_S)


def test_the_leak_of_a_hybrid_counts_with_all_its_reflections() -> None:
    """An impulse response of 6 ms; truth is the energy of the filtered speech."""
    speech = talk(2, 120).samples
    response = np.random.default_rng(7).standard_normal(48) * np.exp(-np.arange(48) / 12)
    leak = at_level(lfilter(response, 1, speech), -22 - 28)
    gain_db = 10 * np.log10(np.sum(np.square(leak, dtype=float)) / np.sum(np.square(speech, dtype=float)))
    _, found = measured(delayed(leak, 0.05, 0))
    assert found is not None
    assert found.level_db == pytest.approx(gain_db, abs=LEVEL_DB)
    assert found.delay_s == pytest.approx(0.05, abs=0.006)


def test_a_leak_with_its_sign_turned_is_as_loud() -> None:
    _, found = measured(-delayed(talk(2, 120).samples, 0.03, -20))
    assert found is not None
    assert found.level_db == pytest.approx(-20, abs=LEVEL_DB)


@pytest.mark.parametrize(
    "leak",
    [silence(SECONDS), noise(SECONDS, -45, 8), music(SECONDS, -35, 9), make_speech(SECONDS, -35, 10, 160).samples],
    ids=["nothing", "noise", "music", "somebody else"],
)
def test_what_is_not_the_other_party_is_no_leak(leak: Samples) -> None:
    assert measured(leak) == (None, None)


def test_a_leak_far_under_the_noise_cannot_be_told() -> None:
    assert measured(delayed(talk(2, 120).samples, 0.05, -60), noise_dbfs=-40) == (None, None)


@pytest.mark.parametrize("length_s", [0.0, 2.0], ids=["no speech", "two seconds"])
def test_without_three_seconds_of_one_party_alone_nothing_is_told(length_s: float) -> None:
    one = make_speech(30, -22, 2).samples
    speech = [Segment(1, 1 + length_s)] if length_s else []
    assert measure_crosstalk([one, delayed(one, 0.05, -20)], 8000, [speech, []]) == (None, None)


def test_speech_at_once_is_not_listened_to() -> None:
    pieces = lone_pieces([Segment(0, 20)], [Segment(5, 8), Segment(19, 30)], 40.0)
    assert pieces
    assert all(p.end_s <= 4.7 or p.start_s >= 8.3 for p in pieces)
    assert max(p.end_s for p in pieces) <= 18.7


def test_of_a_long_call_no_more_is_read_than_needed() -> None:
    pieces = lone_pieces([Segment(k, k + 50) for k in range(0, 21600, 60)], [], 21600.0)
    assert 0.8 * MAX_LONE_S <= total_s(pieces) <= MAX_LONE_S
    assert all(any(part.contains(p.start_s) for p in pieces) for part in (Segment(4320 * k, 4320 * k + 4320) for k in range(5)))


def test_a_dead_leg_gives_nothing() -> None:
    one = talk(2, 120)
    assert measure_crosstalk([one.samples, silence(SECONDS)], 8000, [one.segments, []]) == (None, None)
    assert crosstalk_of([], 8000) is None


def test_one_leg_is_refused() -> None:
    with pytest.raises(ValueError, match="two legs"):
        measure_crosstalk([silence(1)], 8000, [[]])

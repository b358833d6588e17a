from __future__ import annotations

import time

import numpy as np
import pytest

from audit.records import Tone
from audit.segments import Segment
from audit.telephony import TONE_PLANS, find_tones
from tests import signals

EDGE_S = 0.02  # the promise of find_tones
TALK = signals.speechlike(15, -22, seed=4).samples


def mu_law(x: np.ndarray) -> np.ndarray:
    """There and back through the continuous mu-law curve of ITU-T G.711 in eight bits."""
    y = np.sign(x) * np.log1p(255 * np.abs(np.clip(x, -1, 1))) / np.log1p(255)
    y = np.round(y * 127) / 127
    return (np.sign(y) * np.expm1(np.abs(y) * np.log1p(255)) / 255).astype(np.float32)


def assert_same(found: tuple[Tone, ...], true: tuple[Segment, ...], tolerance_s: float = EDGE_S) -> None:
    """As many found as true, one by one, with both edges."""
    assert len(found) == len(true), f"{found} for {true}"
    for f, t in zip(found, true, strict=True):
        assert f.start_s == pytest.approx(t.start_s, abs=tolerance_s)
        assert f.end_s == pytest.approx(t.end_s, abs=tolerance_s)


def on_line(made: np.ndarray, noise_dbfs: float = -50.0, seed: int = 1) -> np.ndarray:
    """A leg with line noise, through mu-law."""
    return mu_law(made + signals.noise(len(made) / 8000, noise_dbfs, seed)[: len(made)])


@pytest.mark.parametrize("name", ["cn", "us", "uk", "de", "fr", "jp", "tw", "hk", "es"])
@pytest.mark.parametrize("level_dbfs", [-40, -4], ids=lambda v: f"{v} dBFS")
def test_ringback_of_each_plan_is_found_with_its_edges(name: str, level_dbfs: float) -> None:
    ringback = TONE_PLANS[name].ringback
    made = signals.cadence(ringback.freqs_hz, ringback.pattern_s, 2.6 * ringback.period_s, level_dbfs)
    found = find_tones(on_line(made.samples, -60), 8000)
    assert_same(found, made.segments)
    assert {t.kind for t in found} == {"ringback"}


@pytest.mark.parametrize("deviation", [-0.012, 0.012], ids=["low", "high"])
def test_frequency_may_be_off_by_more_than_a_percent(deviation: float) -> None:
    made = signals.cadence([450 * (1 + deviation)], (1.0, 4.0), 11.0, -20)
    found = find_tones(on_line(made.samples), 8000)
    assert_same(found, made.segments)
    assert all(t.freqs_hz[0] == pytest.approx(450 * (1 + deviation), rel=0.003) for t in found)


@pytest.mark.parametrize("name", ["cn", "us", "uk", "de", "fr"])
def test_busy_tone_at_the_tail_is_busy(name: str) -> None:
    busy = TONE_PLANS[name].busy
    made = signals.cadence(busy.freqs_hz, busy.pattern_s, 2.3, -22)
    found = find_tones(on_line(signals.join([TALK, made.samples])), 8000)
    true = tuple(Segment(s.start_s + 15, s.end_s + 15) for s in made.segments if s.duration_s > 0.1)
    assert_same(found, true)
    assert {t.kind for t in found} == {"busy"}


def test_special_information_tone_is_named() -> None:
    sit = signals.join([signals.tone([f], 0.33, -18) for f in (950, 1400, 1800)])
    leg = signals.join([signals.silence(1), sit, signals.silence(1)])
    assert [t.kind for t in find_tones(on_line(leg), 8000)] == ["special_information"] * 3


def test_sixteen_kilohertz_gives_the_same_tones() -> None:
    made = signals.cadence([450], (1.0, 4.0), 7, -20, sample_rate_hz=16000)
    leg = made.samples + signals.noise(7, -55, 2, sample_rate_hz=16000)
    assert_same(find_tones(leg, 16000), made.segments)


def test_channel_is_written_into_the_tones() -> None:
    made = signals.cadence([450], (1.0, 4.0), 2, -20)
    assert [t.channel for t in find_tones(made.samples, 8000, channel=1)] == [1]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("f0_hz", [110.0, 220.0], ids=["low voice", "high voice"])
def test_speech_is_no_tone(seed: int, f0_hz: float) -> None:
    assert find_tones(on_line(signals.speechlike(12, -20, seed, f0_hz).samples), 8000) == ()


@pytest.mark.parametrize("seed", range(3))
def test_music_is_no_tone(seed: int) -> None:
    assert find_tones(on_line(signals.music(20, -22, seed)), 8000) == ()


def test_hum_is_no_tone() -> None:
    hum = sum(signals.tone([50 * k], 20, -38 - 2 * k) for k in range(1, 9))
    assert find_tones(on_line(hum), 8000) == ()


def test_noise_is_no_tone() -> None:
    assert find_tones(signals.noise(20, -30, 5), 8000) == ()


@pytest.mark.parametrize("n", [0, 1, 79, 1600, 12800], ids=lambda n: f"{n} samples")
def test_short_and_silent_legs_have_no_tones(n: int) -> None:
    assert find_tones(np.zeros(n, np.float32), 8000) == ()


def test_clipped_ringback_is_still_ringback() -> None:
    made = signals.cadence([450], (1.0, 4.0), 7, -1)
    leg = np.clip(made.samples * 1.6, -1, 1)
    assert_same(find_tones(leg, 8000), made.segments)


def test_a_leg_must_be_one_dimensional() -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        find_tones(np.zeros((2, 100), np.float32), 8000)


@pytest.mark.slow
def test_two_hours_of_silence_are_quick() -> None:
    began = time.process_time()
    assert find_tones(np.zeros(2 * 3600 * 8000, np.float32), 8000) == ()
    assert time.process_time() - began < 60

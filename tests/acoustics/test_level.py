"""Levels, against figures that the standards or the construction of the signal give."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from audit.acoustics import active_speech_level, measure_level
from audit.records import Segment
from tests.signals import Samples, at_level, join, noise, place, silence, tone
from tests.signals import speechlike as make_speech

speechlike = cache(make_speech)  # slow to make; nobody writes into it
RATES_HZ = pytest.mark.parametrize("rate", [8000, 16000], ids=["8 kHz", "16 kHz"])


def sine(freq_hz: float, seconds: float, peak: float, rate: int) -> Samples:
    """A sine without ramps, by its peak."""
    return (peak * np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def mu_law(samples: Samples) -> Samples:
    """There and back through ITU-T G.711 mu-law as its continuous formula, in 8 bits, with the G.711 top code."""
    compressed = np.round(np.sign(samples) * np.log1p(255 * np.abs(samples)) / math.log(256) * 127) / 127
    return (0.98 * np.sign(compressed) * np.expm1(np.abs(compressed) * math.log(256)) / 255).astype(np.float32)


@RATES_HZ
def test_a_full_scale_sine_has_minus_3_01_dbfs(rate: int) -> None:
    """P.56 clause 11.2: a continuous tone is active all the time, and its level is its power."""
    found = active_speech_level(sine(997, 10, 1.0, rate), rate)
    assert found is not None
    assert found.level_dbfs == pytest.approx(-3.01, abs=0.05)
    assert found.activity_ratio == pytest.approx(1.0, abs=0.01)


@RATES_HZ
def test_white_noise_is_active_all_the_time(rate: int) -> None:
    """P.56 clause 11.3."""
    found = active_speech_level(noise(10, -26, 1, rate), rate)
    assert found is not None
    assert found.level_dbfs == pytest.approx(-26, abs=0.1)
    assert found.activity_ratio == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("activity", [1.0, 0.5, 0.25, 0.1], ids=lambda a: f"active {a:.0%}")
def test_active_level_does_not_fall_with_the_pauses(activity: float) -> None:
    """Talk of 10 s at -26 dBFS, and silence around it so that a known share is active."""
    talk = noise(10, -26, 2)
    found = active_speech_level(join([talk, silence(10 / activity - 10)]), 8000)
    assert found is not None
    assert found.level_dbfs == pytest.approx(-26, abs=0.5)
    assert found.activity_ratio == pytest.approx(activity, rel=0.12)


def test_active_level_of_a_voice_is_that_of_its_phrases() -> None:
    """The level of made speech is set over its phrases; the pauses between them last longer than the hangover."""
    made = speechlike(20, -26, 3)
    found = active_speech_level(made.samples, 8000)
    assert found is not None
    assert found.level_dbfs == pytest.approx(-26, abs=0.5)


def test_active_level_is_the_same_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = speechlike(20, -26, 3).samples
    whole = active_speech_level(samples, 8000)
    monkeypatch.setattr("audit.acoustics.level._CHUNK", 777)
    blocks = active_speech_level(samples, 8000)
    assert whole is not None
    assert blocks is not None
    assert blocks.level_dbfs == pytest.approx(whole.level_dbfs, abs=1e-6)


@pytest.mark.parametrize("gain_db", [-20, -10, 0, 10], ids=lambda g: f"{g:+d} dB")
def test_active_level_follows_the_gain(gain_db: int) -> None:
    samples = speechlike(20, -35, 3).samples
    reference, found = active_speech_level(samples, 8000), active_speech_level(samples * np.float32(10 ** (gain_db / 20)), 8000)
    assert reference is not None
    assert found is not None
    assert found.level_dbfs - reference.level_dbfs == pytest.approx(gain_db, abs=0.5)


@RATES_HZ
@pytest.mark.parametrize("peak_dbfs", [-20, -30, -40], ids=lambda v: f"{v} dBFS")
def test_loudness_of_a_997_hz_sine_is_3_lu_under_its_peak(rate: int, peak_dbfs: int) -> None:
    """BS.1770-4 annex 1: 0 dB FS at 997 Hz on one channel gives -3.01 LKFS; meters are allowed 0.1."""
    found = measure_level(sine(997, 10, 10 ** (peak_dbfs / 20), rate), rate, [Segment(0, 10)])
    assert found.loudness_lufs == pytest.approx(peak_dbfs - 3.01, abs=0.1)


def test_only_the_speech_is_measured() -> None:
    made = speechlike(20, -26, 3)
    quiet = measure_level(made.samples, 8000, made.segments)
    ringing = join([made.samples, tone((450,), 10, -8)])
    assert measure_level(ringing, 8000, made.segments) == quiet


def test_peak_is_the_greatest_sample_of_either_sign() -> None:
    leg = noise(2, -40, 7)
    leg[5000] = -0.5
    assert measure_level(leg, 8000, [Segment(0, 2)]).peak_dbfs == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("noise_dbfs", [-70, -55, -45], ids=lambda v: f"noise {v} dBFS")
def test_snr_is_the_distance_to_the_noise_of_the_pauses(noise_dbfs: int) -> None:
    made = speechlike(20, -22, 3)
    found = measure_level(made.samples + noise(20, noise_dbfs, 9), 8000, made.segments)
    assert found.snr_db == pytest.approx(-22 - noise_dbfs, abs=1.0)


def test_crosstalk_in_the_pauses_is_not_taken_for_noise() -> None:
    made = speechlike(20, -22, 3)
    leg = made.samples + noise(20, -60, 11)
    place(leg, speechlike(6, -50, 12).samples, 7.0)
    assert measure_level(leg, 8000, made.segments).snr_db == pytest.approx(38, abs=1.5)


def test_muted_pauses_give_no_snr() -> None:
    made = speechlike(20, -22, 3)
    assert measure_level(made.samples, 8000, made.segments).snr_db is None


def test_speech_without_a_pause_gives_no_snr() -> None:
    assert measure_level(noise(5, -22, 14), 8000, [Segment(0, 5)]).snr_db is None


@pytest.mark.parametrize("coding", ["linear", "mu-law"])
def test_the_clipped_share_of_an_overdriven_sine_is_found(coding: str) -> None:
    """A sine twice too large is flat while it is over half its peak: two thirds of the time."""
    leg = np.clip(sine(101, 4, 2.0, 8000), -1, 1).astype(np.float32)
    leg = mu_law(leg) if coding == "mu-law" else leg
    assert measure_level(leg, 8000, [Segment(0, 4)]).clipping_ratio == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.parametrize(
    "leg",
    [
        speechlike(10, -22, 15).samples,
        mu_law(speechlike(10, -22, 16).samples),
        sine(440, 4, 0.9, 8000),
        np.full(32000, 0.3, np.float32),
    ],
    ids=["speech", "speech in mu-law", "a loud sine", "direct current"],
)
def test_what_stays_under_full_scale_is_not_clipped(leg: Samples) -> None:
    assert measure_level(leg, 8000, [Segment(0, 4)]).clipping_ratio == 0


def test_a_single_sample_at_full_scale_is_not_clipping() -> None:
    leg = noise(2, -30, 17)
    leg[8000] = 1.0
    assert measure_level(leg, 8000, [Segment(0, 2)]).clipping_ratio == 0


@pytest.mark.parametrize("offset", [-0.05, 0.0, 0.02], ids=lambda v: f"{v:+.2f}")
def test_the_direct_current_is_reported_with_its_sign(offset: float) -> None:
    leg = speechlike(10, -26, 18).samples + np.float32(offset)
    assert measure_level(leg, 8000, [Segment(0, 10)]).dc_offset_ratio == pytest.approx(offset, abs=0.001)


@pytest.mark.parametrize(
    ("leg", "speech"),
    [
        (silence(0), []),
        (silence(5), []),
        (speechlike(5, -26, 19).samples, []),
        (noise(1, -26, 20), [Segment(2, 3)]),
    ],
    ids=["no samples", "silence", "no speech found", "speech outside the recording"],
)
def test_without_speech_every_figure_is_missing(leg: Samples, speech: list[Segment]) -> None:
    found = measure_level(leg, 8000, speech)
    assert (found.active_level_dbfs, found.loudness_lufs, found.peak_dbfs, found.clipping_ratio, found.snr_db) == (None,) * 5


def test_digital_silence_called_speech_has_no_level() -> None:
    found = measure_level(silence(5), 8000, [Segment(0, 5)])
    assert (found.active_level_dbfs, found.loudness_lufs, found.peak_dbfs, found.snr_db) == (None,) * 4


def test_a_fifth_of_a_second_has_a_peak_but_no_loudness() -> None:
    found = measure_level(at_level(noise(0.2, -20, 21), -20), 8000, [Segment(0, 0.2)])
    assert found.loudness_lufs is None
    assert found.peak_dbfs is not None
    assert found.active_level_dbfs == pytest.approx(-20, abs=1.5)


def test_two_legs_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="one leg"):
        measure_level(np.zeros((2, 8000), np.float32), 8000, [])

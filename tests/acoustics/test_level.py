"""Levels, against figures that the standards or the construction of the signal give."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy.signal import lfilter

from audit.acoustics import Level, LevelMeter, active_speech_level, measure_level, turn_levels
from audit.segments import Segment
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


def bursts(on_s: float, off_s: float, n: int, level_dbfs: float, rate: int = 8000) -> Samples:
    """Bursts of noise shaped like long-term speech (falling by 6 dB an octave over 500 Hz), and pauses between them."""
    shaped = lfilter([1], [1, -0.7], noise(n * on_s, 0, 31, rate))
    sounding = at_level(shaped, level_dbfs).reshape(n, -1)
    return np.concatenate([np.concatenate([b, silence(off_s, rate)]) for b in sounding])


@RATES_HZ
@pytest.mark.parametrize("level_dbfs", [-12, -26, -40, -55], ids=lambda v: f"{v} dBFS")
@pytest.mark.parametrize(
    ("on_s", "off_s"), [(1.0, 0.1), (1.0, 0.5), (0.5, 1.0), (2.0, 3.0), (0.3, 0.9)], ids=lambda v: f"{v} s"
)
def test_active_level_of_bursts_is_that_of_bursts_and_hangover(on_s: float, off_s: float, level_dbfs: int, rate: int) -> None:
    """By hand: a burst is active for its own time, and 0.2 s longer, or as long as the pause if that is shorter.

    So the power of the burst spreads over on + min(off, hangover). To the hangover comes the decay of the envelope to
    the threshold, 15.9 dB down: of two equal averages of 30 ms, 1 + t/T = e^(t/T) / 6.2 at t = 0.10 s.
    """
    active_s = on_s + min(off_s, 0.2 + 0.1)
    found = active_speech_level(bursts(on_s, off_s, 20, level_dbfs, rate), rate)
    assert found is not None
    assert found.level_dbfs == pytest.approx(level_dbfs + 10 * math.log10(on_s / active_s), abs=0.5)
    assert found.activity_ratio == pytest.approx(active_s / (on_s + off_s), rel=0.1)


@pytest.mark.parametrize("size", [777, 8000, 12345], ids=lambda n: f"{n} samples at a time")
def test_a_leg_read_in_windows_has_the_levels_of_the_whole(size: int) -> None:
    made = speechlike(60, -22, 3)
    leg = made.samples + noise(60, -60, 4) + np.float32(0.01)
    leg[5 * 8000 : 5 * 8000 + 40] = 1.0
    meter = LevelMeter(8000)
    for first in range(0, len(leg), size):
        meter.add(leg[first : first + size], made.segments, start_s=first / 8000)
    whole, found = measure_level(leg, 8000, made.segments), meter.level()
    for field in Level.__slots__:
        assert getattr(found, field) == pytest.approx(getattr(whole, field), abs=0.01 if "db" in field else 1e-5), field
    at_once = LevelMeter(8000)
    at_once.add(leg, made.segments)
    assert [s.segment for s in meter.stretches()] == [s.segment for s in at_once.stretches()]
    levels = [s.active_level_dbfs for s in at_once.stretches()]
    assert [s.active_level_dbfs for s in meter.stretches()] == pytest.approx(levels, abs=0.01)


def test_windows_out_of_order_are_refused() -> None:
    meter = LevelMeter(8000)
    meter.add(noise(2, -30, 1), [], start_s=4.0)
    with pytest.raises(ValueError, match="in order"):
        meter.add(noise(2, -30, 1), [], start_s=5.0)


def test_windows_without_speech_may_be_left_out() -> None:
    made = speechlike(10, -22, 3)
    meter = LevelMeter(8000)
    meter.add(made.samples, made.segments)
    later = [Segment(s.start_s + 3600, s.end_s + 3600) for s in made.segments]
    meter.add(made.samples, [*made.segments, *later], start_s=3600)
    once = measure_level(made.samples, 8000, made.segments)
    assert meter.level().active_level_dbfs == pytest.approx(once.active_level_dbfs, abs=0.02)
    assert meter.level().loudness_lufs == pytest.approx(once.loudness_lufs, abs=0.05)


def test_a_stretch_ends_at_a_long_pause_and_after_a_long_time_at_a_short_one() -> None:
    leg = noise(40, -30, 5)
    speech = [Segment(0, 2), Segment(2.4, 4), Segment(5, 10), Segment(10.3, 14), Segment(14.3, 20), Segment(21, 39)]
    meter = LevelMeter(8000)
    meter.add(leg, speech)
    found = [(s.segment, round(s.speech_s, 3)) for s in meter.stretches()]
    assert found == [(Segment(0, 4), 3.6), (Segment(5, 14), 8.7), (Segment(14.3, 20), 5.7), (Segment(21, 39), 18.0)]


def test_each_turn_has_its_own_level() -> None:
    leg = join([noise(3, -40, 6), silence(1), noise(3, -25, 7), silence(1), noise(2, -10, 8)])
    found = turn_levels(leg, 8000, [Segment(0, 3), Segment(4, 7), Segment(8, 10), Segment(12, 13)])
    assert [t.active_level_dbfs for t in found] == pytest.approx([-40, -25, -10], abs=0.3)
    assert found[1].loudness_lufs is not None
    assert found[0].loudness_lufs == pytest.approx(found[1].loudness_lufs - 15, abs=0.3)
    assert [t.segment for t in found] == [Segment(0, 3), Segment(4, 7), Segment(8, 10)]


def test_active_level_of_a_voice_is_that_of_its_phrases() -> None:
    """The level of made speech is set over its phrases; the pauses between them last longer than the hangover."""
    made = speechlike(20, -26, 3)
    found = active_speech_level(made.samples, 8000)
    assert found is not None
    assert found.level_dbfs == pytest.approx(-26, abs=0.5)


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


@pytest.mark.parametrize("snr_db", [0, 5, 10, 15, 20, 30, 40], ids=lambda v: f"{v} dB")
def test_snr_is_the_distance_to_the_noise_of_the_pauses(snr_db: int) -> None:
    made = speechlike(20, -22, 3)
    found = measure_level(made.samples + noise(20, -22 - snr_db, 9), 8000, made.segments)
    assert found.snr_db == pytest.approx(snr_db, abs=1.5)


def test_noise_in_the_speech_alone_is_no_noise_of_the_line() -> None:
    made = speechlike(20, -22, 3)
    leg = made.samples + noise(20, -60, 9)
    for s in made.segments:
        place(leg, noise(s.duration_s, -35, 10), s.start_s)
    assert measure_level(leg, 8000, made.segments).snr_db == pytest.approx(38, abs=1.5)


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


@pytest.mark.parametrize("before", [True, False], ids=["clipped before mu-law", "clipped after mu-law"])
@pytest.mark.parametrize("gain_db", [6, 12, 20], ids=lambda v: f"{v} dB too loud")
def test_the_clipped_share_of_overdriven_speech_is_found(gain_db: int, before: bool) -> None:
    """Truth: how many samples of the undistorted speech lie in runs of three or more over full scale."""
    made = speechlike(10, -18, 15)
    loud = made.samples * np.float32(10 ** (gain_db / 20))
    over = np.zeros(len(loud), bool)
    for sign in (1, -1):
        beyond = np.concatenate([[0], (sign * loud >= 1).astype(int), [0]])
        for a, b in zip(np.flatnonzero(np.diff(beyond) == 1), np.flatnonzero(np.diff(beyond) == -1), strict=True):
            over[a:b] |= b - a >= 3
    leg = np.clip(loud, -1, 1)
    leg = mu_law(leg) if before else np.clip(mu_law(loud), -0.98, 0.98).astype(np.float32)
    truth = over[: 10 * 8000].mean()
    assert measure_level(leg, 8000, [Segment(0, 10)]).clipping_ratio == pytest.approx(truth, rel=0.25)


@pytest.mark.parametrize("coding", ["linear", "mu-law"])
@pytest.mark.parametrize("f0_hz", [90, 130, 220], ids=lambda v: f"{v} Hz")
def test_loud_clean_speech_is_not_clipped(f0_hz: int, coding: str) -> None:
    """Its highest peak just reaches full scale."""
    made = speechlike(20, -20, 16, f0_hz)
    leg = made.samples / np.abs(made.samples).max()
    leg = mu_law(leg) if coding == "mu-law" else np.round(leg * 32767).astype(np.float32) / np.float32(32768)
    ratio = measure_level(leg, 8000, made.segments).clipping_ratio
    assert ratio is not None
    assert ratio < 1e-4


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

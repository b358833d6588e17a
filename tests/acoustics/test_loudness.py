"""Loudness, against the standards' own test signals.

References
----------
ITU-R Rec. BS.1770-4 (10/2015), annex 1: a 0 dB FS sine of 997 Hz in one channel reads -3.01 LKFS.
EBU Tech 3341 (2016), table 1: minimum requirements test signals, all with a tolerance of 0.1 LU. They are sines of
1000 Hz in phase in two channels; in one channel the same signal reads 3.01 LU less.
"""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pytest
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import freqz, lfilter

from audit.acoustics import loudness_lufs, measure_level
from audit.acoustics.loudness import LoudnessSteps, step_weights
from audit.segments import Segment
from tests.signals import Samples, noise, silence, speechlike

TOLERANCE_LU = 0.1
ONE_CHANNEL_LU = 10 * math.log10(2)
RATES_HZ = pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000], ids=lambda r: f"{r} Hz")


def sines(levels: list[tuple[float, float]], rate: int, freq_hz: float = 1000.0) -> Samples:
    """One sine whose peak level in dBFS changes: (seconds, level)."""
    n = [round(s * rate) for s, _ in levels]
    gain = np.repeat([10 ** (level / 20) for _, level in levels], n)
    return (gain * np.sin(2 * np.pi * freq_hz * np.arange(sum(n)) / rate)).astype(np.float32)


@RATES_HZ
def test_a_full_scale_sine_of_997_hz_reads_minus_3_01(rate: int) -> None:
    assert loudness_lufs(sines([(10, 0)], rate, 997), rate) == pytest.approx(-3.01, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate", [8000, 16000, 48000], ids=lambda r: f"{r} Hz")
@pytest.mark.parametrize(
    ("levels", "in_two_channels_lufs"),
    [
        ([(20, -23)], -23),
        ([(20, -33)], -33),
        ([(10, -36), (60, -23), (10, -36)], -23),
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23),
        ([(20, -26), (20.1, -20), (20, -26)], -23),
    ],
    ids=["1", "2", "3: relative gate", "4: both gates", "5: no gate"],
)
def test_ebu_signals_read_what_the_table_says(
    levels: list[tuple[float, float]], in_two_channels_lufs: float, rate: int
) -> None:
    found = loudness_lufs(sines(levels, rate), rate)
    assert found == pytest.approx(in_two_channels_lufs - ONE_CHANNEL_LU, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate", [8000, 48000], ids=lambda r: f"{r} Hz")
def test_ebu_signal_6_reads_what_the_table_says(rate: int) -> None:
    """Front left and right at -28, centre at -24, surrounds at -30 dBFS: by power (surrounds times 1.41) in one channel."""
    power = 2 * 10**-2.8 + 10**-2.4 + 2 * 1.41 * 10**-3.0
    found = loudness_lufs(sines([(20, 10 * math.log10(power))], rate), rate)
    assert found == pytest.approx(-23, abs=TOLERANCE_LU)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 32000, 44100], ids=lambda r: f"{r} Hz")
def test_the_weighting_of_any_rate_is_that_of_48_khz(rate: int) -> None:
    """Tables 1 and 2 of the standard, at all lines of a step's spectrum but the first and the last."""
    n = round(rate / 20)
    f_hz = np.arange(1, n // 2) * (rate / n)
    shelf = freqz(
        (1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585), f_hz, fs=48000
    )
    high_pass = freqz((1, -2, 1), (1, -1.99004745483398, 0.99007225036621), f_hz, fs=48000)
    wanted_db = 20 * np.log10(np.abs(shelf[1] * high_pass[1]))
    found_db = 10 * np.log10(step_weights(rate, n)[2 : 2 * (n // 2) : 2] * n**2 / 2)
    assert found_db == pytest.approx(wanted_db, abs=0.05)


@pytest.mark.parametrize("freq_hz", [300, 1000, 2000, 3400], ids=lambda f: f"{f} Hz")
def test_a_sine_is_as_loud_at_8_khz_as_at_48(freq_hz: float) -> None:
    at_8, at_48 = (loudness_lufs(sines([(5, -20)], rate, freq_hz), rate) for rate in (8000, 48000))
    assert at_8 == pytest.approx(at_48, abs=TOLERANCE_LU)


def test_pieces_of_any_size_read_the_same() -> None:
    samples = sines([(3, -40), (7, -20), (2.05, -33)], 8000)
    steps = LoudnessSteps(8000)
    for piece in np.split(samples, list(accumulate([1, 799, 12345, 3, 40000]))):
        steps.add(piece)
    assert steps.loudness_lufs() == pytest.approx(loudness_lufs(samples, 8000), abs=1e-6)


@pytest.mark.parametrize(
    "samples", [silence(0), silence(5), noise(0.39, -20, 1), noise(5, -75, 2)], ids=["none", "silence", "0.39 s", "-75 dBFS"]
)
def test_what_passes_no_gate_has_no_loudness(samples: Samples) -> None:
    assert loudness_lufs(samples, 8000) is None


@pytest.mark.parametrize("rate", [8000, 16000], ids=lambda r: f"{r} Hz")
@pytest.mark.parametrize("f0_hz", [90, 210], ids=lambda f: f"{f} Hz")
def test_a_voice_is_as_loud_as_through_the_standards_filter(f0_hz: float, rate: int) -> None:
    """The filter of the tables at 48 kHz, run over every sample; no block of this voice is near a gate but the pauses'."""
    voice = speechlike(10, -22, 5, f0_hz, rate).samples
    at_48 = lfilter(
        np.convolve((1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -2, 1)),
        np.convolve((1, -1.69065929318241, 0.73248077421585), (1, -1.99004745483398, 0.99007225036621)),
        soxr.resample(voice, rate, 48000, quality="VHQ"),
    )
    steps = np.square(at_48).reshape(-1, 4800).mean(axis=1)
    blocks = sliding_window_view(steps, 4).mean(axis=1)
    blocks = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    blocks = blocks[blocks > blocks.mean() / 10]
    assert loudness_lufs(voice, rate) == pytest.approx(-0.691 + 10 * math.log10(blocks.mean()), abs=0.02)


def test_direct_current_has_no_loudness() -> None:
    """The weighting lets none pass."""
    assert loudness_lufs(np.full(40000, 0.5, np.float32), 8000) is None


def test_pauses_between_the_speech_do_not_enter() -> None:
    """Of 20 s the half that is speech is measured, its pieces one after the other."""
    leg = np.concatenate([np.concatenate([sines([(1, -20)], 8000), silence(1)]) for _ in range(10)])
    found = measure_level(leg, 8000, [Segment(k, k + 1) for k in range(0, 20, 2)])
    assert found.loudness_lufs == pytest.approx(-20 - 3.01 + 0.0, abs=TOLERANCE_LU)

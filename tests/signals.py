"""Signals whose truth is known because they are made here.

All makers return float32 samples, one-dimensional, full scale 1.0; levels are RMS in dB re full scale, so that a
full-scale sine has -3.01 dBFS. Random ones take a seed and are the same on every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from audit.segments import Segment

Samples = NDArray[np.float32]

SAMPLE_RATE_HZ = 8000

# First three formants in Hz of five vowels (a i u e o), rounded from the averages for men in Peterson and Barney (1952).
VOWEL_FORMANTS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


@dataclass(frozen=True)
class Made:
    """Samples and the intervals in which they sound."""

    samples: Samples
    segments: tuple[Segment, ...]


def _n(seconds: float, sample_rate_hz: int) -> int:
    return round(seconds * sample_rate_hz)


def at_level(samples: NDArray[np.floating], level_dbfs: float) -> Samples:
    """Scale to an RMS level over the whole length; silence stays silence."""
    rms = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    return (samples * (10 ** (level_dbfs / 20) / rms) if rms > 0 else samples).astype(np.float32)


def silence(seconds: float, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Digital zero."""
    return np.zeros(_n(seconds, sample_rate_hz), np.float32)


def tone(freqs_hz: Sequence[float], seconds: float, level_dbfs: float, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Sum of equal sines with 5 ms ramps, at an RMS level."""
    t = np.arange(_n(seconds, sample_rate_hz)) / sample_rate_hz
    x = sum((np.sin(2 * np.pi * f * t + k) for k, f in enumerate(freqs_hz)), np.zeros(len(t)))
    x *= 10 ** (level_dbfs / 20) / np.sqrt(max(1, len(freqs_hz)) / 2)
    k = min(_n(0.005, sample_rate_hz), len(x) // 2)
    if k:
        ramp = np.linspace(0, 1, k)
        x[:k] *= ramp
        x[-k:] *= ramp[::-1]
    return x.astype(np.float32)


def noise(seconds: float, level_dbfs: float, seed: int, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """White Gaussian noise."""
    return at_level(np.random.default_rng(seed).standard_normal(_n(seconds, sample_rate_hz)), level_dbfs)


def burst(
    seconds: float, start_s: float, end_s: float, level_dbfs: float, seed: int, sample_rate_hz: int = SAMPLE_RATE_HZ
) -> Samples:
    """Silence of `seconds` with noise between start and end."""
    x = silence(seconds, sample_rate_hz)
    place(x, noise(end_s - start_s, level_dbfs, seed, sample_rate_hz), start_s, sample_rate_hz)
    return x


def cadence(
    freqs_hz: Sequence[float],
    pattern_s: Sequence[float],
    seconds: float,
    level_dbfs: float,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
) -> Made:
    """A tone in its on, off, on, … seconds, cut at `seconds`; the last burst is cut with it."""
    x = silence(seconds, sample_rate_hz)
    bursts, t, i = [], 0.0, 0
    while t < seconds:
        on_s = pattern_s[i % len(pattern_s)]
        end = min(t + on_s, seconds)
        if i % 2 == 0 and end - t > 0.02:
            place(x, tone(freqs_hz, end - t, level_dbfs, sample_rate_hz), t, sample_rate_hz)
            bursts.append(Segment(t, end))
        t += on_s
        i += 1
    return Made(x, tuple(bursts))


def place(leg: Samples, samples: Samples, start_s: float, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
    """Add samples into a leg from `start_s` on, in place; what hangs over the end is dropped."""
    p = _n(start_s, sample_rate_hz)
    part = samples[: max(0, len(leg) - p)]
    leg[p : p + len(part)] += part


def join(parts: Iterable[Samples]) -> Samples:
    """One after the other."""
    return np.concatenate(list(parts)).astype(np.float32)


def speechlike(
    seconds: float, level_dbfs: float, seed: int, f0_hz: float = 120.0, sample_rate_hz: int = SAMPLE_RATE_HZ
) -> Made:
    """A made-up voice: gliding harmonics through vowel formants, unvoiced onsets, syllables, pauses between phrases.

    `level_dbfs` is the RMS over the sounding parts. The segments are the phrases, outer silence and pauses excluded.
    """
    rng = np.random.default_rng(seed)
    n = _n(seconds, sample_rate_hz)
    gain, unvoiced = np.zeros(n), np.zeros(n)
    f0 = np.full(n, f0_hz)
    vowel = np.zeros(n, int)
    segments: list[Segment] = []
    t = float(rng.uniform(0.1, 0.4))
    while t < seconds - 0.8:
        start = t
        stop = min(t + float(rng.uniform(1.0, 3.0)), seconds - 0.1)
        phrase_f0 = f0_hz * rng.uniform(0.9, 1.15)
        pitch = phrase_f0
        while t < stop - 0.15:
            onset, nucleus = float(rng.uniform(0.03, 0.08)), float(rng.uniform(0.09, 0.18))
            nucleus = min(nucleus, stop - t - onset)
            a, b, c = (_n(v, sample_rate_hz) for v in (t, t + onset, t + onset + nucleus))
            unvoiced[a:b] = rng.uniform(0.05, 0.3) * np.hanning(b - a + 2)[1:-1]
            gain[b:c] = rng.uniform(0.5, 1.0) * np.hanning(c - b + 2)[1:-1] ** 0.5
            target = phrase_f0 * rng.uniform(0.8, 1.3)
            f0[a:c] = np.linspace(pitch, target, c - a)
            pitch = target
            vowel[a:c] = rng.integers(len(VOWEL_FORMANTS_HZ))
            t += onset + nucleus
        segments.append(Segment(start, t))
        t += float(rng.uniform(0.4, 1.0))
    phase = (
        2 * np.pi * np.cumsum(f0 * (1 + 0.004 * rng.standard_normal(n).cumsum() / np.sqrt(np.arange(n) + 1.0))) / sample_rate_hz
    )
    voiced = np.zeros(n)
    top_hz = 0.45 * sample_rate_hz
    for k in range(1, int(top_hz / (0.8 * f0_hz)) + 1):
        freq = k * f0
        resonance = np.zeros(n)
        for v, formants in enumerate(VOWEL_FORMANTS_HZ):
            here = vowel == v
            resonance[here] = sum(1 / (1 + ((freq[here] - f) / (60 + 0.04 * f)) ** 2) for f in formants)
        voiced += np.where(freq < top_hz, resonance / k**0.3, 0.0) * np.sin(k * phase)
    hiss = sosfilt(butter(2, min(2000, top_hz / 2), "highpass", fs=sample_rate_hz, output="sos"), rng.standard_normal(n))
    x = voiced * gain + hiss * unvoiced
    sounding = np.zeros(n, bool)
    for s in segments:
        sounding[_n(s.start_s, sample_rate_hz) : _n(s.end_s, sample_rate_hz)] = True
    if sounding.any():
        x *= 10 ** (level_dbfs / 20) / np.sqrt(np.mean(x[sounding] ** 2))
    x[~sounding] = 0
    return Made(x.astype(np.float32), tuple(segments))


def music(seconds: float, level_dbfs: float, seed: int, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Simple polyphonic music: a chord sequence with bass, plucked arpeggio and a held pad, in a little reverberation."""
    rng = np.random.default_rng(seed)
    n = _n(seconds, sample_rate_hz)
    x = np.zeros(n)
    beat_s = 60 / float(rng.uniform(80, 120))
    root = int(rng.integers(45, 52))  # MIDI note
    degrees = [(0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)]

    def note(midi: float, start_s: float, length_s: float, decay_s: float, weight: float) -> None:
        a, b = _n(start_s, sample_rate_hz), min(n, _n(start_s + length_s, sample_rate_hz))
        if b <= a:
            return
        t = np.arange(b - a) / sample_rate_hz
        f = 440 * 2 ** ((midi - 69) / 12)
        envelope = np.minimum(1, t / 0.01) * np.exp(-t / decay_s) * np.minimum(1, (t[-1] + 1e-6 - t) / 0.02 + 1e-3)
        for k in range(1, 6):
            if k * f < 0.45 * sample_rate_hz:
                x[a:b] += weight / k**1.2 * envelope * np.sin(2 * np.pi * k * f * t + rng.uniform(0, 6.28))

    t, bar = 0.0, 0
    while t < seconds:
        chord = degrees[bar % len(degrees)]
        note(root + chord[0] - 12, t, 4 * beat_s, 2.0, 0.7)
        for m in chord:
            note(root + 12 + m, t, 4 * beat_s, 4.0, 0.35)
        for k in range(8):
            note(root + 24 + chord[int(rng.integers(3))], t + k * beat_s / 2, beat_s, 0.5, 0.5)
        t += 4 * beat_s
        bar += 1
    tail = rng.standard_normal(_n(0.3, sample_rate_hz)) * np.exp(-np.arange(_n(0.3, sample_rate_hz)) / (0.08 * sample_rate_hz))
    if n:
        x = x + 0.02 * fftconvolve(x, tail)[:n]
    return at_level(x, level_dbfs)

"""Voices made of pulses and resonances, and a stand-in for the encoder that hears resonances only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import lfilter

RATE_HZ = 8000
#: Pitch and three formants in Hz of people who do not exist.
LOW, HIGH, THIRD = (110, (480, 1250, 2400)), (220, (700, 1900, 3100)), (160, (330, 900, 3500))
Voice = tuple[int, tuple[int, int, int]]


def say(voice: Voice, seconds: float, level_dbfs: float = -25.0, seed: int = 0) -> np.ndarray:
    """Vowels that wander by a tenth around the voice's formants, four a second, with a glottal pulse train."""
    rng = np.random.default_rng(seed)
    pitch_hz, formants_hz = voice
    out = []
    left = round(seconds * RATE_HZ)
    while left > 0:
        n = min(left, RATE_HZ // 4)
        t = np.arange(n) / RATE_HZ
        x = (np.diff(np.floor(t * pitch_hz * rng.uniform(0.9, 1.1)), prepend=-1) > 0).astype(float) + 0.02 * rng.normal(size=n)
        for formant_hz in formants_hz:
            w, r = 2 * np.pi * formant_hz * rng.uniform(0.93, 1.07) / RATE_HZ, np.exp(-np.pi * 120 / RATE_HZ)
            x = lfilter([1.0], [1.0, -2 * r * np.cos(w), r * r], x)
        out.append(x * (0.4 + 0.6 * np.sin(np.pi * np.arange(n) / n)))
        left -= n
    x = np.concatenate(out)
    return (x * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(x**2))).astype(np.float32)


def conversation(
    turns: Sequence[tuple[Voice, float]], pause_s: float = 0.5, noise_dbfs: float = -60.0
) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Turns one after the other; the samples and the edges of each turn in seconds."""
    rng = np.random.default_rng(99)
    parts, edges, at_s = [], [], 0.0
    for i, (voice, seconds) in enumerate(turns):
        x = say(voice, seconds, seed=i)
        edges.append((at_s, at_s + x.size / RATE_HZ))
        parts += [x, np.zeros(round(pause_s * RATE_HZ), np.float32)]
        at_s += x.size / RATE_HZ + round(pause_s * RATE_HZ) / RATE_HZ
    samples = np.concatenate(parts)
    return (samples + rng.normal(0, 10 ** (noise_dbfs / 20), samples.size)).astype(np.float32), edges


class Resonances:
    """Places a window by its mean spectrum over the mel bands: enough for made voices, useless for real ones."""

    def embed(self, features: np.ndarray, windows: Sequence[tuple[int, int]]) -> np.ndarray:
        means = np.array([np.log10(features[a:b] + 1e-9).mean(axis=0) for a, b in windows])
        shapes = np.maximum(means - means.mean(axis=1, keepdims=True), 0.0) ** 2  # squared, for peaks to count
        return (shapes / np.linalg.norm(shapes, axis=1, keepdims=True)).astype(np.float32)

#!/usr/bin/env python3
"""Make what must not be taken for music, humming noise and voices made up, and plain music made up.

    PYTHONPATH=. python benchmarks/training_noise.py --out DIR

Writes ``DIR/talk/hum0.wav`` to ``hum11.wav`` (32 s each: engines, mains, fans that come and go),
``DIR/talk/made0.wav`` to ``made7.wav`` (44 s, voices of eight pitches with pauses) and ``DIR/music/0.wav`` to ``7.wav``
(42 s), mono at 8 kHz, 16 bits. ``train_musicness.py`` says what they are for. Voices and music are those of the tests.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import iirpeak, lfilter
from training_music import RATE_HZ, write

from tests import signals

HUM_SEED, HUMS, HUM_S = 9, 12, 30
FUNDAMENTALS_HZ = (50, 60, 97, 120, 143, 210, 310)
TOP_HZ = 3800
SWAY_SAMPLES = 2000  # loudness moves in steps of a quarter second
VOICE_PITCHES_HZ = (85, 100, 115, 130, 160, 190, 210, 240)
MADE_SEED, TRACKS, TRACK_S = 5000, 8, 40
LEVEL_DBFS, LINE_NOISE_DBFS = -22, -57

Floats = NDArray[np.float64]


def hum(rng: Generator) -> Floats:
    """Harmonics of a fundamental that drifts, resonances and coloured noise, with drops; a second of rest at both ends."""
    n = HUM_S * RATE_HZ
    white = rng.standard_normal(n)
    f0_hz = rng.choice(FUNDAMENTALS_HZ)
    drift = 1 + 0.02 * np.cumsum(rng.standard_normal(n)) / np.sqrt(n) * rng.choice([0, 0.5, 2])
    phase = 2 * np.pi * np.cumsum(f0_hz * drift) / RATE_HZ
    tones, ringing = np.zeros(n), np.zeros(n)
    for k in range(1, int(rng.integers(3, 16))):
        if k * f0_hz < TOP_HZ:
            tones = tones + rng.uniform(0.1, 1) / np.sqrt(k) * np.sin(k * phase + rng.uniform(0, 6))
    for _ in range(4):
        b, a = iirpeak(rng.uniform(300, 3000), rng.uniform(3, 40), fs=RATE_HZ)
        ringing = ringing + lfilter(b, a, white) * rng.uniform(0.3, 2)
    coloured = lfilter([1], [1, -rng.uniform(0.3, 0.97)], white)
    coloured /= coloured.std()
    steps = np.cumsum(rng.normal(0, 0.6, n // SWAY_SAMPLES + 1)) % 6 - 3
    sway = 10 ** (np.repeat(steps, SWAY_SAMPLES)[:n] / 20 * rng.choice([0, 0.5, 1]))
    x = rng.uniform(0.2, 1) * coloured + rng.uniform(0, 2) * tones / np.std(tones)
    x = (x + rng.uniform(0, 1.5) * ringing / np.std(ringing)) * sway
    drops = np.ones(n)
    for _ in range(int(rng.integers(0, 4))):
        at, long = int(rng.integers(0, n - 2 * RATE_HZ)), int(rng.integers(RATE_HZ, 5 * RATE_HZ))
        drops[at : at + long] *= 10 ** (-rng.uniform(8, 30) / 20)
    x = x / np.abs(x).max() * 10 ** (-rng.uniform(6, 20) / 20) * np.convolve(drops, np.ones(800) / 800, "same")
    rest = np.zeros(RATE_HZ)
    return np.concatenate([rest, x, rest]) + 2e-4 * rng.standard_normal(n + 2 * RATE_HZ)


def on_line(x: signals.Samples, seed: int) -> signals.Samples:
    """With the noise of a line."""
    return x + signals.noise(len(x) / RATE_HZ, LINE_NOISE_DBFS, seed)[: len(x)]


def voice(which: int) -> signals.Samples:
    """Four phrases of 9 s by a made-up voice, a rest of 2 s after each."""
    spoken = [
        signals.speechlike(9, LEVEL_DBFS, MADE_SEED + 10 * which + k, VOICE_PITCHES_HZ[which]).samples for k in range(0, 8, 2)
    ]
    return on_line(signals.join(part for phrase in spoken for part in (phrase, signals.silence(2))), which)


def main() -> None:
    """Make the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    options = parser.parse_args()
    talk, music = options.out / "talk", options.out / "music"
    for folder in (talk, music):
        folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(HUM_SEED)
    for i in range(HUMS):
        write(talk / f"hum{i}.wav", hum(rng))
    for i in range(len(VOICE_PITCHES_HZ)):
        write(talk / f"made{i}.wav", voice(i).astype(np.float64))
    for i in range(TRACKS):
        track = signals.join([signals.music(TRACK_S, LEVEL_DBFS, MADE_SEED + i), signals.silence(2)])
        write(music / f"{i}.wav", on_line(track, i).astype(np.float64))


if __name__ == "__main__":
    main()

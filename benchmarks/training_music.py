#!/usr/bin/env python3
"""Make music that sounds most like talk: drum loops, gated bass lines, single plucks, wah and slides, with breaks.

    training_music.py --out DIR

Writes ``DIR/synth-0.wav`` to ``DIR/synth-59.wav``, a minute each, mono at 8 kHz, 16 bits; nothing is sampled, nothing
is read. ``train_musicness.py`` says what they are for. The tracks are what numpy's generator of the seed draws, one
draw after the other: whoever changes the order of two draws makes other tracks. Needs numpy and scipy only.
"""

from __future__ import annotations

import argparse
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, sosfilt

SEED = 2024
TRACKS = 60
TRACK_S = 60
#: Sounds are made at twice the rate of the line, and its band is cut out at the end.
MADE_AT_HZ = 16000
RATE_HZ = 8000
LINE_HZ = 3600.0
PEAK = 0.7

BPM = (60.0, 150.0)
LOOP_STEPS = (32, 64)
STEPS_A_BAR = 16
STEPS_A_BEAT = 4
#: Semitones of the notes over the root: minor and blues alike.
SCALE = (0, 2, 3, 5, 7, 9, 10, 12)
#: Lowest and highest root of an instrument's riff. All are drawn for every riff.
ROOTS_HZ = {
    "bass": (40, 80),
    "plucked bass": (40, 80),
    "pluck": (110, 440),
    "electric piano": (110, 500),
    "clavinet": (80, 200),
    "slide": (100, 300),
}
SPECTRA = ("saw", "square", "soft", "bright")
MOST_HARMONICS = 40
WAH_FROM_HZ = 400.0
WAH_BLOCK = 320
BASS_DAMPING = 0.996
SHORTEST_NOTE_S = 0.06
ATTACK_S, RELEASE_S = 0.004, 0.015

#: What plays in the five kinds of tracks, besides drums.
KINDS: tuple[tuple[str, ...], ...] = (
    (),
    ("bass",),
    ("plucked bass",),
    ("pluck", "electric piano"),
    ("clavinet", "slide", "bass"),
)
PLAYED_TWICE = (1, 3)  # kinds of which every instrument has two riffs
MOSTLY_UNDRUMMED = 3
DRUMS_THERE = 0.3
PART_PLAYS = 0.6  # else it rests in this loop
NO_BREAK = 0.9  # where no part plays, one does all the same
DRIVEN = 0.4  # share of tracks through an overdrive

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timbre:
    """How the notes of one riff sound: spectrum, decay in 1/s, damping of a string, index and ratio of the modulation."""

    spectrum: str
    decay: float
    damping: float
    index: float
    ratio: int


def times(seconds: float) -> Floats:
    """Time of every sample, s; shape (n,)."""
    return np.arange(int(seconds * MADE_AT_HZ)) / MADE_AT_HZ


def band(x: Floats, low_hz: float, high_hz: float) -> Floats:
    """Keep what lies between two frequencies (Butterworth, second order)."""
    kept: Floats = sosfilt(butter(2, [low_hz, high_hz], "bandpass", fs=MADE_AT_HZ, output="sos"), x)
    return kept


def swept(hz: Floats) -> Floats:
    """Phase of a sine whose frequency moves, rad."""
    phase: Floats = 2 * np.pi * np.cumsum(hz) / MADE_AT_HZ
    return phase


def kick(rng: Generator) -> Floats:
    """Bass drum: a falling sine and a click."""
    t = times(rng.uniform(0.12, 0.5))
    hz = rng.uniform(40, 70) + rng.uniform(60, 400) * np.exp(-t * rng.uniform(20, 60))
    body = np.sin(swept(hz)) * np.exp(-t * rng.uniform(6, 20))
    return body + 0.3 * rng.random() * rng.standard_normal(len(t)) * np.exp(-t * 300)


def snare(rng: Generator) -> Floats:
    """Snare drum: a short tone and a band of noise."""
    t = times(rng.uniform(0.12, 0.4))
    hz = rng.uniform(150, 280)
    body = rng.uniform(0.2, 1) * np.sin(2 * np.pi * hz * t) * np.exp(-t * rng.uniform(15, 35))
    loud, wires = rng.uniform(0.3, 1), rng.standard_normal(len(t))
    return body + loud * band(wires, rng.uniform(300, 1200), rng.uniform(3000, 7000)) * np.exp(-t * rng.uniform(8, 30))


def hat(rng: Generator) -> Floats:
    """Hi-hat or cymbal: high noise."""
    t = times(rng.choice([0.05, 0.1, 0.3]))
    above = butter(2, rng.uniform(2000, 6000), "highpass", fs=MADE_AT_HZ, output="sos")
    return sosfilt(above, rng.standard_normal(len(t))) * np.exp(-t * rng.uniform(10, 60))


def clap(rng: Generator) -> Floats:
    """Three hands one after the other."""
    t = times(0.25)
    shape = np.zeros(len(t))
    for at_s in (0, 0.012, 0.025):
        shape = shape + np.exp(-np.maximum(t - at_s, 0) * rng.uniform(40, 80)) * (t >= at_s)
    return band(rng.standard_normal(len(t)), 700, 3000) * shape


def tom(rng: Generator) -> Floats:
    """Tom: a sine that falls a little."""
    t = times(0.5)
    hz = rng.uniform(80, 350) * (1 + 0.4 * np.exp(-t * 15))
    return np.sin(swept(hz)) * np.exp(-t * rng.uniform(5, 15))


def block(rng: Generator) -> Floats:
    """Wood block: two sines that are no harmonics of each other."""
    t = times(0.2)
    hz = rng.uniform(400, 2200)
    return (np.sin(2 * np.pi * hz * t) + 0.5 * np.sin(2 * np.pi * hz * 1.51 * t)) * np.exp(-t * rng.uniform(15, 60))


#: Hats and kicks are drawn twice as often.
KIT: tuple[Callable[[Generator], Floats], ...] = (kick, snare, hat, clap, tom, block, hat, kick)


def harmonics(hz: float, t: Floats, spectrum: str, rng: Generator) -> Floats:
    """Harmonics in random phases, as far as the line goes."""
    k = np.arange(1, int(min(MOST_HARMONICS, LINE_HZ / hz)) + 1)
    amplitudes = {"saw": 1 / k, "square": (k % 2) / k, "soft": np.exp(-k * 0.7), "bright": 1 / np.sqrt(k)}[spectrum]
    phase = swept(np.broadcast_to(hz, t.shape))
    summed: Floats = (np.sin(np.outer(k, phase) + rng.uniform(0, 6.3, (len(k), 1))) * amplitudes[:, None]).sum(0)
    return summed


def string(hz: float, seconds: float, damping: float, rng: Generator) -> Floats:
    """Plucked string: noise that runs round a delay line (Karplus and Strong, Computer Music Journal 7/2, 1983)."""
    n, period = int(seconds * MADE_AT_HZ), max(2, int(MADE_AT_HZ / hz))
    pluck = np.zeros(n)
    pluck[: min(period, n)] = rng.standard_normal(min(period, n))
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1, -0.5 * damping, -0.5 * damping
    rung: Floats = lfilter([1], loop, pluck)
    return rung


def wah(x: Floats, low_hz: float, high_hz: float, rate_hz: float) -> Floats:
    """Band that goes up and down, block by block."""
    out = np.zeros(len(x))
    at_s = np.arange(len(x) // WAH_BLOCK + 1) * WAH_BLOCK / MADE_AT_HZ
    hz = low_hz * (high_hz / low_hz) ** (0.5 - 0.5 * np.cos(2 * np.pi * rate_hz * at_s))
    state = np.zeros((1, 2))
    for a in range(0, len(x), WAH_BLOCK):
        middle = hz[a // WAH_BLOCK]
        sections = butter(1, [middle * 0.8, middle * 1.25], "bandpass", fs=MADE_AT_HZ, output="sos")
        out[a : a + WAH_BLOCK], state = sosfilt(sections, x[a : a + WAH_BLOCK], zi=state)
    return out


def note(instrument: str, hz: float, seconds: float, timbre: Timbre, rng: Generator) -> Floats:
    """One note of an instrument of ROOTS_HZ, faded in and out."""
    t = times(seconds)
    if instrument == "bass":
        x = harmonics(hz, t, timbre.spectrum, rng) * np.exp(-t * timbre.decay)
    elif instrument == "plucked bass":
        x = string(hz, seconds, BASS_DAMPING, rng)
    elif instrument == "pluck":
        x = string(hz, seconds, timbre.damping, rng)
    elif instrument == "electric piano":
        turn = timbre.index * np.exp(-t * 5) * np.sin(2 * np.pi * hz * timbre.ratio * t)
        x = np.sin(2 * np.pi * hz * t + turn) * np.exp(-t * timbre.decay)
    elif instrument == "clavinet":
        x = harmonics(hz, t, "bright", rng) * np.exp(-t * timbre.decay)
        x = wah(x, WAH_FROM_HZ, rng.uniform(1200, 2500), rng.uniform(0.5, 2) / max(seconds, 0.1))
    else:
        moved = np.clip((t - 0.3 * seconds) / max(seconds * 0.4, 0.01), 0, 1)
        course = hz * 2 ** (rng.choice([-5, -2, 2, 4]) / 12 * moved)
        x = np.zeros(len(t))
        for k in range(1, 8):
            if hz * k < LINE_HZ:
                x = x + np.sin(swept(course * k)) / k
    fades = np.minimum(1, np.minimum(t / ATTACK_S, (seconds - t) / RELEASE_S))
    return x * np.clip(fades, 0, 1)


def put(loop: Floats, at: int, x: Floats) -> None:
    """Add a sound to a loop, as far as there is room."""
    x = x[: len(loop) - at]
    loop[at : at + len(x)] += x


def riff(bpm: float, instrument: str, steps: int, rng: Generator) -> Floats:
    """Loop of one instrument: notes and rests; what rings over its end is heard at its beginning."""
    step_s = 60 / bpm / STEPS_A_BEAT
    roots_hz = {name: rng.uniform(*ends) for name, ends in ROOTS_HZ.items()}
    timbre = Timbre(
        spectrum=str(rng.choice(SPECTRA)),
        decay=rng.uniform(0.5, 12),
        damping=rng.uniform(0.97, 0.999),
        index=rng.uniform(0.5, 5),
        ratio=int(rng.choice([1, 2, 3, 7])),
    )
    density = rng.choice([0.12, 0.25, 0.45])
    n = int(steps * step_s * MADE_AT_HZ)
    x = np.zeros(n + 2 * MADE_AT_HZ)
    i = 0
    while i < steps:
        if rng.random() >= density:
            i += 1
            continue
        long = int(rng.choice([1, 2, 3, 4, 8]))
        seconds = long * step_s * rng.uniform(0.4, 1.1)
        single = instrument != "electric piano" or rng.random() < 0.5
        for semitones in [rng.choice(SCALE)] if single else rng.choice(SCALE, 3, replace=False):
            y = note(instrument, roots_hz[instrument] * 2 ** (semitones / 12), max(SHORTEST_NOTE_S, seconds), timbre, rng)
            put(x, int(i * step_s * MADE_AT_HZ), y / (np.abs(y).max() + 1e-9) * rng.uniform(0.5, 1))
        i += max(1, long - int(rng.integers(0, 2)))
    x[: len(x) - n] += x[n:]
    return x[:n]


def drums(bpm: float, steps: int, rng: Generator) -> Floats:
    """Loop of one to four drums, each with its pattern of a bar, straight or with swing."""
    step_s = 60 / bpm / STEPS_A_BEAT
    swing = rng.choice([0, 0, 0.15, 0.3])
    n = int(steps * step_s * MADE_AT_HZ)
    x = np.zeros(n + MADE_AT_HZ)
    for which in rng.choice(len(KIT), int(rng.integers(1, 5)), replace=False):
        hit = KIT[which](rng)
        hit = hit / np.abs(hit).max()
        gain = rng.uniform(0.3, 1)
        pattern = rng.random(STEPS_A_BAR) < rng.choice([0.1, 0.2, 0.4])
        for i in range(steps):
            if pattern[i % STEPS_A_BAR] or rng.random() < 0.02:
                put(x, int((i + swing * (i % 2)) * step_s * MADE_AT_HZ), hit * gain * rng.uniform(0.6, 1))
    return x[:n]


def track(kind: int, rng: Generator) -> Floats:
    """One track at 8 kHz, shape (480000,), peak 0.7: loops in which parts come and go."""
    bpm, steps = rng.uniform(*BPM), int(rng.choice(LOOP_STEPS))
    parts: list[Floats] = []
    if kind != MOSTLY_UNDRUMMED or rng.random() < DRUMS_THERE:
        parts += [drums(bpm, steps, rng), drums(bpm, steps, rng)]
    for instrument in KINDS[kind]:
        for _ in range(2 if kind in PLAYED_TWICE else 1):
            loop = riff(bpm, instrument, steps, rng)
            parts.append(loop * rng.uniform(0.4, 1))
    n, period = TRACK_S * MADE_AT_HZ, len(parts[0])
    x = np.zeros(n + period)
    at = 0
    while at < n:
        playing = [part for part in parts if rng.random() < PART_PLAYS]
        if not playing and rng.random() < NO_BREAK:
            playing = [parts[int(rng.integers(len(parts)))]]
        for _ in range(int(rng.integers(1, 3))):
            if at < n:
                for part in playing:
                    put(x, at, part)
                at += period
    x = x[:n]
    if rng.random() < DRIVEN:
        x = np.tanh(x / np.std(x) * rng.uniform(0.5, 1.5))
    y = sosfilt(butter(8, LINE_HZ, fs=MADE_AT_HZ, output="sos"), x)[:: MADE_AT_HZ // RATE_HZ]
    peak = np.abs(y).max()
    if not peak > 0:
        raise ValueError("the seed made a track without any sound: take another")
    return y / peak * PEAK


def write(path: Path, x: Floats) -> None:
    """Write samples within ±1 as 16 bit WAV: the upper half of what 32 bits would be."""
    fine = np.rint(x.astype(np.float32) * np.float32(2**31)).astype(np.int64)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, len(x), "NONE", ""))
        file.writeframes((fine >> 16).astype("<i2").tobytes())


def main() -> None:
    """Make the tracks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--tracks", type=int, default=TRACKS, help=f"how many (default {TRACKS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"(default {SEED})")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(options.seed)
    for i in range(options.tracks):
        write(options.out / f"synth-{i}.wav", track(i % len(KINDS), rng))


if __name__ == "__main__":
    main()

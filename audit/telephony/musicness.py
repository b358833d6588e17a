"""How far each moment of a leg is music rather than a voice, as log-odds of a small trained classifier.

Notes hold their pitch, in a voice every harmonic moves with the intonation; music seldom rests, a voice rests between
words. The classifier looks at such figures over several seconds on both sides of a moment. Its weights are the table
``musicness.npz``; ``benchmarks/train_musicness.py`` makes it. None of the figures depends on level or line gain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audit.fourier import good_length, irfft, rfft
from audit.segments import Segment

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

RATE_HZ = 8000
N_HOP, N_WINDOW = 320, 640  # 40 ms; twice that gives bins of 12.5 Hz
HOP_S = N_HOP / RATE_HZ
FIRST_BIN, LAST_BIN = 16, 272  # 200 to 3400 Hz: what every telephone line carries
STEADY_LAGS = (2, 4, 8)  # 80, 160 and 320 ms
N_BANDS, N_SHAPES = 14, 6
DETAIL_BINS = 65
SMOOTH_BINS = 21  # 250 Hz: wider than the distance of a voice's harmonics
BLOCK_FRAMES = 128  # looked at together: they stay in the processor's cache
FRAMES_COMPARED = 512  # with those a little later, likewise

LEVEL_HOP_S = 0.01
DEAD_DBFS = -71.0  # the least step of A-law is heard at -72
FLOOR_SHARE = 5  # per cent of a leg that are taken for its line noise
SOUND_OVER_FLOOR_DB = 2.5
MAX_OVER_FLOOR_DB = 45.0

# Seconds before and after a moment over which figures are averaged, and over which their spread is taken.
MEAN_WINDOWS_S = ((0.24, 0.24), (1.6, 0.0), (0.0, 1.6), (4.0, 4.0))
SPREAD_WINDOWS_S = ((1.2, 1.2), (4.0, 4.0))
PHRASE_WINDOW_S = (1.6, 1.6)  # the same, but not beyond the phrase: what lies between two rests of its leg
PHRASE_REST_S = 0.16
EVERY = 4  # the classifier answers every fourth frame
# The beat: how like the onsets of eight seconds are to themselves a beat or a bar later.
BEAT_HOP_S, BEAT_WINDOW_S, BEAT_EVERY_S = 0.02, 8.0, 0.4
BEAT_LAGS_S = ((0.24, 0.6), (0.6, 1.2), (1.2, 2.4), (2.4, 4.0))
BEAT_SMOOTH = (0.25, 0.5, 0.25)

WEIGHTS = Path(__file__).with_name("musicness.npz")


@dataclass(frozen=True, slots=True)
class Levels:
    """Level of a leg every 10 ms and its line noise.

    Attributes
    ----------
    dbfs : ndarray of float32
        RMS of each 10 ms.
    floor_dbfs : float
        Level of the quietest twentieth of what is not dead, at least `DEAD_DBFS`.
    """

    dbfs: Floats
    floor_dbfs: float

    @property
    def over_floor_db(self) -> Floats:
        """Level over the line noise."""
        return self.dbfs - np.float32(self.floor_dbfs)


def levels_of(leg: Floats, *, since_s: float = 0.0) -> Levels:
    """Level of each 10 ms of a leg at 8 kHz, and its line noise from `since_s` on."""
    n = round(LEVEL_HOP_S * RATE_HZ)
    blocks = leg[: len(leg) // n * n].reshape(-1, n)
    power = np.einsum("ij,ij->i", blocks, blocks) / np.float32(n)
    dbfs = np.asarray(10 * np.log10(power + np.float32(1e-12)), dtype=np.float32)
    smooth = smoothed_db(power, 9)[int(since_s / LEVEL_HOP_S) :]
    alive = smooth[smooth > DEAD_DBFS]
    floor = float(np.percentile(alive, FLOOR_SHARE)) if len(alive) >= 20 else DEAD_DBFS
    return Levels(dbfs, max(floor, DEAD_DBFS))


def smoothed_db(power: Floats, n: int) -> Floats:
    """Level in dB of the mean power of `n` (odd) neighbours."""
    if len(power) == 0:
        return power
    running = np.cumsum(np.concatenate((np.zeros(1), np.pad(power, n // 2, mode="edge").astype(np.float64))))
    return np.asarray(10 * np.log10((running[n:] - running[:-n]) / n + 1e-12), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Musicness:
    """Log-odds of music over voice, every `step_s` seconds; 0 where only line noise is heard.

    Attributes
    ----------
    log_odds : ndarray of float32
    sounding : ndarray of bool
        False where the leg carries no more than its line noise.
    step_s : float
    """

    log_odds: Floats
    sounding: Flags
    step_s: float = HOP_S * EVERY


def musicness(leg: Floats, levels: Levels, *, deaf: Iterable[Segment] = ()) -> Musicness:
    """Judge a leg.

    Parameters
    ----------
    leg : ndarray of float32
        At 8 kHz.
    levels : Levels
        Of the same leg.
    deaf : iterable of Segment
        Signalling tones: neither music nor voice, left out of all figures.
    """
    figures, weight = frame_figures(leg, levels, deaf=deaf)
    return judge(figures, weight, levels)


def judge(figures: Floats, weight: Floats, levels: Levels) -> Musicness:
    """Judge a leg by what :func:`frame_figures` says of it."""
    if not len(weight):
        return Musicness(np.zeros(0, np.float32), np.zeros(0, bool))
    net = _weights()
    x = (inputs(figures, weight, levels) - net["centre"]) * net["scale"]
    hidden = np.maximum(x @ net["w1"] + net["b1"], 0)
    odds = (hidden @ net["w2"])[:, 0] + net["b2"][0]
    sounding = weight[::EVERY] > 0
    return Musicness(np.where(sounding, odds, 0).astype(np.float32), sounding)


@cache
def _weights() -> dict[str, Floats]:
    with np.load(WEIGHTS, allow_pickle=False) as table:
        return {name: table[name].astype(np.float32) for name in table.files}


def frame_figures(leg: Floats, levels: Levels, *, deaf: Iterable[Segment] = ()) -> tuple[Floats, Floats]:
    """Figures of each 40 ms, shape (n_frames, n_figures), and 1 or 0 whether the frame sounds, shape (n_frames,)."""
    n = len(leg) // N_HOP
    over = levels.over_floor_db[: n * 4].reshape(n, 4) @ np.full(4, 0.25, np.float32)
    # The window reaches half a frame beyond on both sides.
    sounds = (over > SOUND_OVER_FLOOR_DB) & (over + levels.floor_dbfs > DEAD_DBFS)
    for tone in deaf:
        sounds[max(0, int(tone.start_s / HOP_S) - 1) : int(tone.end_s / HOP_S) + 2] = False
    figures = np.zeros((n, len(STEADY_LAGS) + 4 + 2 * N_SHAPES), np.float32)
    if not sounds.any():
        return figures, sounds.astype(np.float32)
    noise = _noise_per_bin(leg, np.flatnonzero(~sounds))
    at = np.flatnonzero(sounds)
    detail = np.zeros((n, LAST_BIN - FIRST_BIN + 1), np.float32)
    shapes = np.empty((len(at), N_SHAPES), np.float32)
    fine = np.empty((BLOCK_FRAMES, detail.shape[1]), np.float32)
    for a in range(0, len(at), BLOCK_FRAMES):
        block = at[a : a + BLOCK_FRAMES]
        excess = _power(leg, block)
        excess /= noise
        excess += np.float32(1)
        np.log(excess, out=excess)
        shapes[a : a + BLOCK_FRAMES] = excess @ _shape_matrix()
        for bins, around, matrix in _detail_matrices():
            np.matmul(excess[:, around], matrix, out=fine[: len(block), bins])
        detail[block] = fine[: len(block)]
    squares, *with_later = _products(detail, (0, *STEADY_LAGS))
    norms = np.sqrt(squares)
    lengths = norms + np.float32(1e-6)
    columns = iter(range(figures.shape[1]))
    for lag, product in zip(STEADY_LAGS, with_later, strict=True):
        # Belongs to the middle of the two frames it compares; where one of them is quiet the partial has ended.
        alike = product / (lengths[:-lag] * lengths[lag:])
        figures[lag // 2 : n - lag + lag // 2, next(columns)] = alike
    figures[at, next(columns)] = np.log(norms[at] + np.float32(0.1))
    figures[:, next(columns)] = np.clip(over, 0, MAX_OVER_FLOOR_DB) / 20
    step = np.abs(np.diff(np.clip(over, 0, MAX_OVER_FLOOR_DB), prepend=over[:1])) / 10
    figures[:, next(columns)] = step
    figures[:, next(columns)] = over > SOUND_OVER_FLOOR_DB
    figures[at[:, None], [next(columns) for _ in range(N_SHAPES)]] = shapes
    moved = np.zeros((len(at), N_SHAPES), np.float32)
    joined = np.flatnonzero(np.diff(at) == 1) + 1
    moved[joined] = np.abs(shapes[joined] - shapes[joined - 1])
    figures[at[:, None], [next(columns) for _ in range(N_SHAPES)]] = moved
    return figures, sounds.astype(np.float32)


def _products(detail: Floats, lags: tuple[int, ...]) -> list[Floats]:
    """Sum over bins of each frame times the one each lag later; some frames at a time, which stay in the processor's cache."""
    n = len(detail)
    sums = [np.zeros(max(0, n - lag), np.float32) for lag in lags]
    for a in range(0, n, FRAMES_COMPARED):
        for lag, out in zip(lags, sums, strict=True):
            b = min(n - lag, a + FRAMES_COMPARED)
            if a < b:
                np.einsum("ij,ij->i", detail[a:b], detail[a + lag : b + lag], out=out[a:b])
    return sums


#: Columns of `frame_figures` that also count where the leg is quiet.
ALWAYS = (len(STEADY_LAGS) + 1, len(STEADY_LAGS) + 2, len(STEADY_LAGS) + 3)


def pooled(figures: Floats, weight: Floats) -> Floats:
    """Means and spreads of the figures around every fourth frame, shape (n_frames / 4, n_inputs)."""
    n, k = figures.shape
    weights = np.repeat(weight[:, None], k, axis=1)
    weights[:, ALWAYS] = 1.0
    weighted = figures * weights
    totals = np.zeros((n + 1, 2 * k))
    np.cumsum(np.concatenate((weighted, figures * weighted), axis=1), axis=0, dtype=np.float64, out=totals[1:])
    counts = np.concatenate((np.zeros(1), np.cumsum(weight, dtype=np.float64)))
    at = np.arange(0, n, EVERY)
    first, last = (edge[at] for edge in _phrases(weight))

    def means(window: tuple[float, float], columns: slice, *, phrase: bool = False) -> Floats:
        a = np.maximum(at - round(window[0] / HOP_S), first if phrase else 0)
        b = np.minimum(at + round(window[1] / HOP_S) + 1, last if phrase else n)
        share = np.repeat((1 / np.maximum(counts[b] - counts[a], 1)).astype(np.float32)[:, None], k, axis=1)
        share[:, ALWAYS] = (1 / np.maximum(b - a, 1)).astype(np.float32)[:, None]
        mean = (totals[b, columns] - totals[a, columns]).astype(np.float32)
        mean.reshape(len(mean), -1, k)[:] *= share[:, None]
        return mean

    def spread(both: Floats) -> Floats:
        mean, square = both[:, :k], both[:, k:]
        return np.sqrt(np.maximum(square - mean * mean, 0))

    out = [means(window, slice(0, k)) for window in MEAN_WINDOWS_S]
    out += [spread(means(window, slice(0, 2 * k))) for window in SPREAD_WINDOWS_S]
    in_phrase = means(PHRASE_WINDOW_S, slice(0, 2 * k), phrase=True)
    out += [in_phrase[:, :k], spread(in_phrase)]
    out.append(np.log1p(np.minimum(last - first, round(10 / HOP_S)))[:, None].astype(np.float32))
    return np.concatenate(out, axis=1)


def _phrases(weight: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First frame of the phrase that each frame belongs to, and the one after its last; a rest is its own."""
    n = len(weight)
    sounds = weight > 0
    edges = np.flatnonzero(np.diff(sounds)) + 1
    bounds = np.concatenate(([0], edges, [n]))
    for a, b in pairwise(bounds.tolist()):
        if not sounds[a] and a > 0 and b < n and (b - a) * HOP_S < PHRASE_REST_S:
            sounds[a:b] = True
    bounds = np.concatenate(([0], np.flatnonzero(np.diff(sounds)) + 1, [n]))
    lengths = np.diff(bounds)
    return np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)


def inputs(figures: Floats, weight: Floats, levels: Levels) -> Floats:
    """Everything the classifier sees, shape (n_frames / 4, n_inputs)."""
    around = pooled(figures, weight)
    return np.concatenate((around, beat(levels, len(around))), axis=1)


def beat(levels: Levels, n: int) -> Floats:
    """How regular the onsets are around each of `n` answers: greatest self-similarity in each range of lags, and of a
    lag with its double and treble."""
    every = round(BEAT_HOP_S / LEVEL_HOP_S)
    over = np.clip(levels.over_floor_db, 0, MAX_OVER_FLOOR_DB)
    over = over[: len(over) // every * every].reshape(-1, every) @ np.full(every, 1 / every, np.float32)
    onsets = np.maximum(np.diff(over, prepend=over[:1]), 0)
    onsets = np.convolve(onsets, BEAT_SMOOTH, "same") if len(onsets) else onsets
    size, hop = round(BEAT_WINDOW_S / BEAT_HOP_S), round(BEAT_EVERY_S / BEAT_HOP_S)
    padded = np.pad(onsets.astype(np.float32), size // 2)
    cut = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    centred = cut - cut.mean(axis=1, keepdims=True)
    n_fft = good_length(size + round(BEAT_LAGS_S[-1][1] / BEAT_HOP_S))
    spectrum = rfft(centred, n_fft)
    alike = irfft(spectrum.real**2 + spectrum.imag**2, n_fft)
    # Fewer samples meet at a greater lag.
    lags = np.arange(round(BEAT_LAGS_S[-1][1] / BEAT_HOP_S))
    alike = alike[:, : len(lags)] / (alike[:, :1] + np.float32(1.0)) * (size / (size - lags)).astype(np.float32)
    ranges = [slice(round(a / BEAT_HOP_S), round(b / BEAT_HOP_S)) for a, b in BEAT_LAGS_S]
    third = (len(lags) - 1) // 3
    thrice = alike[:, :third] + alike[:, : 2 * third : 2] + alike[:, : 3 * third : 3]
    out = [alike[:, r].max(axis=1) for r in ranges] + [thrice[:, ranges[0].start :].max(axis=1)]
    at = np.minimum(np.round(np.arange(n) * HOP_S * EVERY / BEAT_EVERY_S).astype(int), len(cut) - 1)
    return np.asarray(np.stack(out, axis=1)[at], dtype=np.float32)


def windows_of(leg: Floats, frames: NDArray[np.intp]) -> Floats:
    """The samples of some frames, sorted: windows of `N_WINDOW` centred on each 40 ms, zeros beyond the ends of the leg."""
    leg, margin = np.ascontiguousarray(leg, np.float32), (N_WINDOW - N_HOP) // 2
    n_inside = (len(leg) - N_WINDOW + margin) // N_HOP  # frame 0 begins before the leg, and those after these end behind it
    if n_inside < 1:
        return np.lib.stride_tricks.sliding_window_view(np.pad(leg, margin), N_WINDOW)[::N_HOP][frames]
    inside = np.ndarray((n_inside, N_WINDOW), np.float32, leg, (N_HOP - margin) * leg.itemsize, (N_HOP * 4, 4))
    first, last = (int(k) for k in frames.searchsorted((1, n_inside + 1)))
    if first == 0 and last == len(frames):
        return inside[frames - 1]
    cut = np.zeros((len(frames), N_WINDOW), np.float32)
    cut[first:last] = inside[frames[first:last] - 1]
    cut[:first, margin:] = leg[: N_WINDOW - margin]
    for k in range(last, len(frames)):
        rest = leg[int(frames[k]) * N_HOP - margin :]
        cut[k, : len(rest)] = rest
    return cut


def _power(leg: Floats, frames: NDArray[np.intp]) -> Floats:
    """Power spectrum of the chosen frames."""
    cut = windows_of(leg, frames)
    cut *= _window()
    spectrum = rfft(cut)[:, FIRST_BIN : LAST_BIN + 1]
    squares = np.square(spectrum.view(np.float32))
    return np.asarray(squares[:, ::2] + squares[:, 1::2])


@cache
def _detail_matrices() -> tuple[tuple[slice, slice, Floats], ...]:
    """Matrices that take from each bin the mean of the `SMOOTH_BINS` around it, the outermost repeated beyond the ends.

    One for each `DETAIL_BINS` columns of the result, with the bins that it needs: the rest would be multiplied by zero.
    """
    n, half = LAST_BIN - FIRST_BIN + 1, SMOOTH_BINS // 2
    whole = np.eye(n)
    for k in range(-half, half + 1):
        whole[np.clip(np.arange(n) + k, 0, n - 1), np.arange(n)] -= 1 / SMOOTH_BINS
    parts = [
        (slice(a, min(n, a + DETAIL_BINS)), slice(max(0, a - half), a + DETAIL_BINS + half)) for a in range(0, n, DETAIL_BINS)
    ]
    return tuple((c, around, np.ascontiguousarray(whole[around, c], dtype=np.float32)) for c, around in parts)


@cache
def _window() -> Floats:
    window = np.hanning(N_WINDOW + 2)[1:-1]
    return np.asarray(window / np.sqrt(np.sum(window**2)), dtype=np.float32)


@cache
def _shape_matrix() -> Floats:
    """Cosine coefficients 1 to `N_SHAPES` of the mean log spectrum in `N_BANDS` bands of equal width in mel."""
    hz = np.arange(FIRST_BIN, LAST_BIN + 1) * RATE_HZ / N_WINDOW
    mel = np.log(1 + hz / 700)
    band = np.minimum(((mel - mel[0]) / (mel[-1] - mel[0]) * N_BANDS).astype(int), N_BANDS - 1)
    means = (band[:, None] == np.arange(N_BANDS)) / np.bincount(band, minlength=N_BANDS)
    order = np.arange(1, N_SHAPES + 1)
    cosines = np.cos(np.pi * (np.arange(N_BANDS) + 0.5)[:, None] * order / N_BANDS) * np.sqrt(2.0 / N_BANDS)
    return np.asarray(means @ cosines, dtype=np.float32)


def _noise_per_bin(leg: Floats, quiet: NDArray[np.intp]) -> Floats:
    """Mean power per bin of the line noise, from at most 400 quiet frames; never zero."""
    least = np.full(LAST_BIN - FIRST_BIN + 1, 10 ** (DEAD_DBFS / 10), np.float32)
    if len(quiet) < 10:
        return least
    chosen = quiet[:: max(1, len(quiet) // 400)]
    return np.asarray(np.maximum(_power(leg, chosen).mean(axis=0), least), dtype=np.float32)

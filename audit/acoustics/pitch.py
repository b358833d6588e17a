"""How high somebody speaks, and how much the pitch moves.

References
----------
de Cheveigné, A., Kawahara, H. (2002), YIN, a fundamental frequency estimator for speech and music, Journal of the
Acoustical Society of America 111(4), 1917-1930.
Hirst, D. (2011), The analysis by synthesis of speech melody: from data to models, Journal of Speech Sciences 1(1): a
speaker's own range runs from 0.75 times the first quartile to 1.5 times the third; what lies outside is most often an
octave error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from audit.fourier import irfft, rfft
from audit.segments import Segment, union

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: Voices on a telephone: from a low man's to a child's.
F0_LOWEST_HZ, F0_HIGHEST_HZ = 65.0, 500.0
#: At most this much speech is analysed, in pieces spread evenly over it.
MAX_SPEECH_S = 60.0
#: Fewer voiced frames (of 16 ms) than this give no figures.
MIN_VOICED_FRAMES = 40

_RATE_HZ, _HOP = 8000, 128
#: Hops in the window that is held against its shifted self (YIN's W): 32 ms, two periods of the lowest voice.
_WINDOW_HOPS = 2
#: A frame is its window and, after it, the longest period, for which one hop is enough.
_FRAME_HOPS = _WINDOW_HOPS + 1
_SHORTEST, _LONGEST = math.floor(_RATE_HZ / F0_HIGHEST_HZ), math.ceil(_RATE_HZ / F0_LOWEST_HZ)
#: YIN's absolute threshold (the paper's step 4).
_DIP = 0.1
_PIECE_S = 1.0
#: A frame is voiced if it repeats itself after one period this well (normalised correlation) and is not this far
#: under the louder frames.
_PERIODICITY, _BELOW_LOUD_DB = 0.75, 20.0
#: Fainter than this is rounding, not a voice.
_QUIETEST_DBFS = -80.0
_RANGE_OF_QUARTILES = (0.75, 1.5)
#: A matrix that adds up what stands left of each lag and at it: faster than sums that run along short rows.
_LAGS = np.arange(_LONGEST + 2, dtype=np.float32)  # one beyond the longest, so that a dip there has two neighbours
_UP_TO_LAG = np.triu(np.ones((len(_LAGS), len(_LAGS)), np.float32))
#: What a delay of half a transform makes of a spectrum, real and imaginary parts side by side: every other line is turned.
_DELAY = np.repeat(np.where(np.arange(_HOP + 1) % 2, -1, 1), 2).astype(np.float32)
_CHUNK_HOPS = 192  # hops worked on at a time: they stay in the cache of the processor


@dataclass(frozen=True, slots=True)
class Pitch:
    """Pitch of one person's speech.

    Attributes
    ----------
    f0_median_hz : float or None
        Median fundamental frequency over voiced frames.
    f0_sd_semitones : float or None
        Standard deviation about it on the scale of semitones, 12 log2(f / median): comparable between voices.
    n_voiced_frames : int
        Frames of 16 ms that the figures rest on. The figures are None if there are fewer than 40.
    """

    f0_median_hz: float | None
    f0_sd_semitones: float | None
    n_voiced_frames: int


def measure_pitch(leg: Floats, sample_rate_hz: int, speech: Iterable[Segment]) -> Pitch:
    """Measure the pitch of the speech of one leg.

    The same as :func:`pitch_of` on the samples of :func:`pitch_pieces`.

    Parameters
    ----------
    leg : ndarray of float32, shape (n_samples,)
        Full scale 1.0.
    sample_rate_hz : int
        8000 or more.
    speech : iterable of Segment
        Speech of one person on this leg.

    Returns
    -------
    Pitch
        Figures None with less than 40 voiced frames.

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate is under 8000 Hz.
    """
    _check(leg, sample_rate_hz)
    pieces = pitch_pieces(speech, len(leg) / sample_rate_hz)
    return pitch_of([_cut(leg, sample_rate_hz, s) for s in pieces], sample_rate_hz)


def pitch_pieces(speech: Iterable[Segment], duration_s: float) -> tuple[Segment, ...]:
    """Choose the speech that the pitch is measured on, so that a caller need not read the rest.

    Parameters
    ----------
    speech : iterable of Segment
        Speech of one person, in seconds from the start of the recording.
    duration_s : float
        Length of the recording; what lies outside is ignored.

    Returns
    -------
    tuple of Segment
        All of it up to 60 s; of more, pieces of one second spread evenly over it, the same on every run.

    Examples
    --------
    >>> pitch_pieces([Segment(3, 5), Segment(8, 12)], 10.0)
    (Segment(start_s=3, end_s=5), Segment(start_s=8, end_s=10.0))
    >>> len(pitch_pieces([Segment(0, 7200)], 7200.0))
    60
    """
    whole = Segment(0.0, duration_s) if duration_s > 0 else None
    inside = tuple(part for s in union(speech) if whole and (part := s.intersect(whole)))
    if sum(s.duration_s for s in inside) <= MAX_SPEECH_S:
        return inside
    pieces = [
        Segment(s.start_s + k * _PIECE_S, s.start_s + (k + 1) * _PIECE_S)
        for s in inside
        for k in range(int(s.duration_s / _PIECE_S))
    ]
    step = max(1.0, len(pieces) * _PIECE_S / MAX_SPEECH_S)
    return tuple(pieces[int(k * step)] for k in range(int(len(pieces) / step)))


def pitch_of(pieces: Iterable[Floats], sample_rate_hz: int) -> Pitch:
    """Measure the pitch of pieces of one person's speech.

    The fundamental of each frame is found by YIN from the period of the waveform, so a line that cuts off everything
    below 300 Hz does not hide it. Frames that do not repeat themselves or are far under the louder ones are no voice;
    what lies outside the speaker's own range (Hirst 2011) is left out as an octave error.

    Parameters
    ----------
    pieces : iterable of ndarray of float32, shape (n_samples,)
        Samples of the segments that :func:`pitch_pieces` chose. Pieces under 48 ms hold no frame.
    sample_rate_hz : int
        8000 or more.

    Returns
    -------
    Pitch
        Figures None with less than 40 voiced frames.
    """
    _, f0 = _voiced(_at_8_khz(p, sample_rate_hz) for p in pieces)
    if len(f0) < MIN_VOICED_FRAMES:
        return Pitch(None, None, len(f0))
    median_hz = float(np.median(f0))
    return Pitch(median_hz, float(np.std(12 * np.log2(f0 / median_hz))), len(f0))


def pitch_track(leg: Floats, sample_rate_hz: int, speech: Iterable[Segment]) -> tuple[Doubles, Doubles]:
    """Follow the pitch through all speech of one leg, for drawing.

    Parameters
    ----------
    leg : ndarray of float32, shape (n_samples,)
    sample_rate_hz : int
        8000 or more.
    speech : iterable of Segment

    Returns
    -------
    times_s : ndarray of float64, shape (n_voiced,)
        Middle of each voiced frame, in seconds from the start of the leg, rising; steps of 16 ms inside a segment.
    f0_hz : ndarray of float64, shape (n_voiced,)

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate is under 8000 Hz.
    """
    _check(leg, sample_rate_hz)
    segments = union(speech)
    parts = [_at_8_khz(_cut(leg, sample_rate_hz, s), sample_rate_hz) for s in segments]
    hops, f0 = _voiced(parts)
    n_hops = np.array([len(p) // _HOP for p in parts], dtype=np.int64)
    first_hop = np.concatenate([[0], np.cumsum(n_hops)])
    which = np.searchsorted(first_hop, hops, side="right") - 1
    start_s = np.array([max(0.0, s.start_s) for s in segments])
    middle = (hops - first_hop[which]) * _HOP + _FRAME_HOPS * _HOP / 2
    return (start_s[which] if len(hops) else np.zeros(0)) + middle / _RATE_HZ, f0


def _check(leg: Floats, sample_rate_hz: int) -> None:
    """Refuse what is not one leg at a usable rate."""
    if leg.ndim != 1 or sample_rate_hz < _RATE_HZ:
        raise ValueError(f"one leg at 8000 Hz or more is needed, not {leg.shape} at {sample_rate_hz} Hz")


def _cut(leg: Floats, sample_rate_hz: int, segment: Segment) -> Floats:
    """The samples of a segment, as far as they lie in the leg."""
    return leg[max(0, round(segment.start_s * sample_rate_hz)) : max(0, round(segment.end_s * sample_rate_hz))]


def _at_8_khz(part: Floats, sample_rate_hz: int) -> Floats:
    """Samples at the rate of the analysis."""
    if sample_rate_hz == _RATE_HZ or not len(part):
        return part
    return np.asarray(soxr.resample(part, sample_rate_hz, _RATE_HZ), np.float32)


def _voiced(parts: Iterable[Floats]) -> tuple[NDArray[np.int64], Doubles]:
    """Voiced frames in the speaker's range: the hop at which each begins, counted over all parts, and its Hz."""
    hops = [_whole_hops(p) for p in parts]
    mask = [np.arange(len(h)) <= len(h) - _FRAME_HOPS for h in hops]
    if not any(m.any() for m in mask):
        return np.zeros(0, np.int64), np.zeros(0)
    samples, whole = np.concatenate(hops), np.concatenate(mask)
    power = np.einsum("ij,ij->i", samples, samples)
    power = np.convolve(power, np.ones(_WINDOW_HOPS) / (_WINDOW_HOPS * _HOP))[_WINDOW_HOPS - 1 :][: len(power)]
    faintest = max(np.percentile(power[whole], 95) * 10 ** (-_BELOW_LOUD_DB / 10), 10 ** (_QUIETEST_DBFS / 10))
    at = np.flatnonzero(whole & (power > faintest))
    chunks = np.split(at, np.searchsorted(at, np.arange(_CHUNK_HOPS, len(samples), _CHUNK_HOPS)))
    tracked = [_yin(samples[c[0] : c[-1] + _FRAME_HOPS], c - c[0]) for c in chunks if len(c)]
    if not tracked:
        return at, np.zeros(0)
    f0, periodic = (np.concatenate(v) for v in zip(*tracked, strict=True))
    at, f0 = at[periodic], f0[periodic]
    if len(f0):
        low, high = np.percentile(f0, (25, 75)) * _RANGE_OF_QUARTILES
        inside = (f0 >= low) & (f0 <= high)
        at, f0 = at[inside], f0[inside]
    return at, f0


def _whole_hops(part: Floats) -> Floats:
    """The part in rows of one hop, without its direct current; what is left over at its end is dropped.

    Neighbouring samples are averaged (-3 dB at 2 kHz), so that a period that falls between two lags still repeats well.
    """
    n = len(part) // _HOP * _HOP
    if not n:
        return part[:0].reshape(-1, _HOP)
    part = part[:n].astype(np.float32, copy=False)
    centred: Floats = part - part.mean()
    centred[:-1] += centred[1:]
    centred *= np.float32(0.5)
    return centred.reshape(-1, _HOP)


def _yin(hops: Floats, at: NDArray[np.int64]) -> tuple[Doubles, NDArray[np.bool_]]:
    """Fundamental in Hz of the frames that begin at the given hops, and whether each repeats itself."""
    products = _lagged_products(hops, at)
    first, shifted = _energies(hops, at)
    # Equations 6 and 8 of the paper: the squared difference, and its ratio to its mean over the shorter lags.
    ratio = products * np.float32(-2)
    ratio += shifted
    ratio += first
    ratio[:, 0] = 0
    total = ratio @ _UP_TO_LAG
    total += np.float32(1e-6) * first  # no division by nothing
    ratio *= _LAGS
    ratio /= total
    lag = _first_dip(ratio)
    rows = np.arange(len(at))
    before, here, after = (ratio[rows, lag + k].astype(np.float64) for k in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = np.divide(before - after, 2 * bend, out=np.zeros(len(at)), where=bend > 0)
    periodic = products[rows, lag] >= _PERIODICITY * np.sqrt(first[:, 0] * shifted[rows, lag])
    return _RATE_HZ / (lag + np.clip(shift, -0.5, 0.5)), periodic


def _energies(hops: Floats, at: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Sum of squares of each frame's window, shape (n, 1), and of the window that begins each lag later, (n, lags)."""
    squares = np.square(hops)
    of_hop = squares @ np.ones(_HOP, np.float32)
    window = sum((of_hop[at + k] for k in range(1, _WINDOW_HOPS)), of_hop[at])[:, None]
    # What a window loses at its beginning and wins at its end, up to each lag.
    up_to = np.zeros((len(hops), len(_LAGS)), np.float32)
    np.cumsum(squares[:, : len(_LAGS) - 1], axis=1, out=up_to[:, 1:])
    shifted = up_to[at + _WINDOW_HOPS]
    shifted -= up_to[at]
    shifted += window
    return window, shifted


def _lagged_products(hops: Floats, at: NDArray[np.int64]) -> Floats:
    """Sum over the window of x(j) x(j + lag), per frame and lag.

    By Fourier transforms of one hop against itself and what follows; neighbouring hops are added up to windows before they
    are transformed back, so that frames which overlap share their transforms.
    """
    size = 2 * _HOP
    spectra = rfft(hops, size)
    # A hop followed by the next one is the sum of their spectra, the later one delayed by half the transform.
    both = (spectra[1:].view(np.float32) * _DELAY).view(np.complex64)
    both += spectra[:-1]
    both *= np.conj(spectra[:-1])
    frames = both[at]
    for k in range(1, _WINDOW_HOPS):
        frames += both[at + k]
    products: Floats = irfft(frames, size)[:, : len(_LAGS)]
    return products


def _first_dip(ratio: Floats) -> NDArray[np.int64]:
    """The lag of each frame: the bottom of the first dip under the threshold, else the lowest ratio of all."""
    inner = ratio[:, _SHORTEST : _LONGEST + 1]
    lag: NDArray[np.int64] = inner.argmin(axis=1) + _SHORTEST
    rows, lags = np.nonzero(inner <= _DIP)
    lags += _SHORTEST
    here = ratio[rows, lags]
    bottom = (here <= ratio[rows, lags - 1]) & (here < ratio[rows, lags + 1])
    rows, lags = rows[bottom], lags[bottom]
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    lag[rows[first]] = lags[first]
    return lag

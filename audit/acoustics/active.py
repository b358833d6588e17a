"""The level of speech while it is active, ITU-T P.56 method B, in pieces of any size.

0 dBFS is the RMS of a full-scale square wave (RMS 1.0), so a full-scale sine has -3.01 dBFS.

References
----------
ITU-T Rec. P.56 (12/2011), Objective measurement of active speech level, clause 8 (method B).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from audit.acoustics.neighbours import greatest_of

Floats = NDArray[np.float32]

# ITU-T P.56 clause 8.3, values of the parameters of method B.
_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
#: The rectified signal is averaged over this time before it is smoothed (clause 8.3 asks for at least 694 values a second),
#: and the envelope is held against the thresholds once in four such steps, at its greatest. It moves the level by less than
#: 0.05 dB; the sum of squares is that of all samples.
_ENVELOPE_STEP_S, _STEPS_HELD = 0.00125, 4
#: Envelope steps smoothed by one matrix product, and how many such blocks back the smoothing remembers: 0.6 s, after which
#: less than a millionth is left.
_BLOCK_STEPS, _BLOCKS_BACK = 64, 8
#: Thresholds a factor of two apart, from one step of 16-bit samples to half of full scale (P.56 clause 8.2).
_LOWEST_EXPONENT, _N_THRESHOLDS = -15, 15
_THRESHOLDS = 2.0 ** (_LOWEST_EXPONENT + np.arange(_N_THRESHOLDS))


@dataclass(frozen=True, slots=True)
class ActiveSpeechLevel:
    """Result of ITU-T P.56 method B.

    Attributes
    ----------
    level_dbfs : float
        Mean power over the active time.
    activity_ratio : float
        Share of the time that is active, 0-1.
    """

    level_dbfs: float
    activity_ratio: float


class ActivityCounter:
    """Counts when speech reaches each threshold, of samples that arrive in pieces.

    The envelope begins at zero, as it does after a pause.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._n_step = max(1, round(sample_rate_hz * _ENVELOPE_STEP_S))
        step_s = self._n_step / sample_rate_hz
        self._smoothing = _smoothing(math.exp(-step_s / _TIME_CONSTANT_S))
        self._mean = np.full(self._n_step, 1 / self._n_step, np.float32)
        self._state = np.zeros(2, np.float32)
        self._rest = np.zeros(0, np.float32)
        self._before = np.zeros(round(_HANGOVER_S / (step_s * _STEPS_HELD)), np.float32)
        self._counts = np.zeros(_N_THRESHOLDS, np.int64)
        self._square_sum = 0.0
        self._n_samples = 0

    def add(self, samples: Floats) -> None:
        """Take up the next samples, full scale 1.0."""
        self._n_samples += len(samples)
        self._square_sum += float(np.dot(samples, samples))
        joined = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        n_held = self._n_step * _STEPS_HELD
        n = len(joined) // n_held
        self._rest = joined[n * n_held :].copy()
        if not n:
            return
        q, self._state = self._smoothing(np.abs(joined[: n * n_held]).reshape(-1, self._n_step) @ self._mean, self._state)
        in_four = q.reshape(-1, _STEPS_HELD).T
        greatest = np.maximum(np.maximum(in_four[0], in_four[1]), np.maximum(in_four[2], in_four[3]))
        envelope = np.concatenate([self._before, greatest])
        # The greatest envelope of each moment and the hangover before it: active means that it reaches the threshold.
        held = greatest_of(envelope, len(self._before) + 1)
        self._before = envelope[n:]
        # Thresholds are powers of two: a number in [2^(e-1), 2^e) reaches all up to e-1.
        reached = np.clip(np.frexp(held)[1] - _LOWEST_EXPONENT, 0, _N_THRESHOLDS)
        reached[held <= 0] = 0
        of_each = np.bincount(reached, minlength=_N_THRESHOLDS + 1)[1:]
        self._counts += np.cumsum(of_each[::-1])[::-1] * n_held

    def absorb(self, other: ActivityCounter) -> None:
        """Add the counts of a stretch that is over."""
        self._counts += other._counts
        self._square_sum += other._square_sum
        self._n_samples += other._n_samples

    def level(self) -> ActiveSpeechLevel | None:
        """The active level of what was added so far."""
        return active_level_of([self])


class _Smoothing:
    """Two equal exponential averages, one after the other, over blocks at a time: p and q of clause 8.2.

    Within a block they are a product with a matrix of their impulse response; what came before a block enters through the
    two averages at its beginning, and these are sums over what the blocks before have added.

    Parameters
    ----------
    g : float
        Share of an average that is left one step later.
    """

    def __init__(self, g: float) -> None:
        later = np.arange(1, _BLOCK_STEPS + 1)
        self._g = g
        response = (1 - g) ** 2 * later * g ** (later - 1)
        lag = np.subtract.outer(np.arange(_BLOCK_STEPS), np.arange(_BLOCK_STEPS)).T
        self._within = np.where(lag >= 0, response[lag], 0).astype(np.float32)
        # What p and q at the end of a block are of its own steps, and what q is in a block of p and q before it.
        ends = np.stack([(1 - g) * g ** (_BLOCK_STEPS - later), response[::-1]], axis=1)
        self._ends = ends.astype(np.float32)
        onward = np.stack([(1 - g) * later * g**later, g**later])
        carried = np.array([[g**_BLOCK_STEPS, onward[0, -1]], [0, g**_BLOCK_STEPS]])
        back = [np.linalg.matrix_power(carried, k) @ onward for k in reversed(range(_BLOCKS_BACK))]
        self._before = np.concatenate(back).astype(np.float32)

    def __call__(self, steps: Floats, state: Floats) -> tuple[Floats, Floats]:
        """The smoothed steps (at least two) after the state (p, q), and the state after them."""
        n_blocks = -(-len(steps) // _BLOCK_STEPS)
        blocks = np.zeros((n_blocks, _BLOCK_STEPS), np.float32)
        blocks.reshape(-1)[: len(steps)] = steps
        added = np.zeros((_BLOCKS_BACK + n_blocks - 1, 2), np.float32)
        added[_BLOCKS_BACK - 1] = state
        np.matmul(blocks[:-1], self._ends, out=added[_BLOCKS_BACK:])
        before = np.lib.stride_tricks.as_strided(added, (n_blocks, 2 * _BLOCKS_BACK), (added.strides[0], added.strides[1]))
        smoothed = blocks @ self._within
        smoothed += before @ self._before
        q: Floats = smoothed.reshape(-1)[: len(steps)]
        p_last = (float(q[-1]) - self._g * float(q[-2])) / (1 - self._g)
        return q, np.array([p_last, q[-1]], np.float32)


_smoothing = cache(_Smoothing)


def active_level_of(counters: Iterable[ActivityCounter]) -> ActiveSpeechLevel | None:
    """Solve for the level that lies 15.9 dB over its threshold, of several stretches taken together.

    Parameters
    ----------
    counters : iterable of ActivityCounter

    Returns
    -------
    ActiveSpeechLevel or None
        None for no samples, for digital silence and for what is too faint for the lowest threshold (about -75 dBFS).
    """
    counts = np.zeros(_N_THRESHOLDS)
    square_sum, n_samples = 0.0, 0
    for c in counters:
        counts += c._counts
        square_sum += c._square_sum
        n_samples += c._n_samples
    if square_sum <= 0 or counts[0] == 0:
        return None
    counts = np.minimum(counts, n_samples)
    long_term_db = 10 * math.log10(square_sum / n_samples)
    reached = counts > 0
    level_db = 10 * np.log10(square_sum / counts[reached])
    margin_db = level_db - 20 * np.log10(_THRESHOLDS[reached])
    below = np.flatnonzero(margin_db <= _MARGIN_DB)
    if len(below) and below[0] == 0:
        return None
    if not len(below):  # so few thresholds are reached that none comes near: all reached time is active
        return ActiveSpeechLevel(float(level_db[-1]), float(counts[reached][-1] / n_samples))
    j = int(below[0])
    share = (margin_db[j - 1] - _MARGIN_DB) / (margin_db[j - 1] - margin_db[j])
    active_db = float(level_db[j - 1] + share * (level_db[j] - level_db[j - 1]))
    return ActiveSpeechLevel(active_db, min(1.0, 10 ** ((long_term_db - active_db) / 10)))


def active_speech_level(samples: Floats, sample_rate_hz: int) -> ActiveSpeechLevel | None:
    """Measure the active speech level by ITU-T P.56, method B.

    The envelope is the rectified signal through two equal exponential averages of 0.03 s (clause 8.2: p and q). For
    each threshold c_j the activity count a_j is the time in which q has reached c_j within the last 0.2 s (the
    hangover); the level over that time is A_j = 10 log10(sum of squares / a_j). The active level is A where it lies
    15.9 dB over the threshold, by interpolation between neighbouring thresholds (clause 8.2).

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Speech, pauses included. No input filter is applied: telephone speech is band-limited already.
    sample_rate_hz : int

    Returns
    -------
    ActiveSpeechLevel or None
        None for no samples, for digital silence and for what is too faint for the lowest threshold (about -75 dBFS).
    """
    counter = ActivityCounter(sample_rate_hz)
    counter.add(samples)
    return counter.level()

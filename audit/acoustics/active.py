"""The level of speech while it is active, ITU-T P.56 method B, in pieces of any size.

0 dBFS is the RMS of a full-scale square wave (RMS 1.0), so a full-scale sine has -3.01 dBFS.

References
----------
ITU-T Rec. P.56 (12/2011), Objective measurement of active speech level, clause 8 (method B).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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
#: Blocks without sound laid between two stretches that are smoothed at once: more than the hangover.
_BLOCKS_APART = 3
#: Thresholds a factor of two apart, from one step of 16-bit samples to half of full scale (P.56 clause 8.2).
_LOWEST_EXPONENT, _N_THRESHOLDS = -15, 15
_THRESHOLDS = tuple(2.0 ** (_LOWEST_EXPONENT + k) for k in range(_N_THRESHOLDS))


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

    @property
    def n_samples(self) -> int:
        """Samples that were added so far."""
        return self._n_samples

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
        of_each = np.bincount(_thresholds_reached(held), minlength=_N_THRESHOLDS + 1)[1:]
        self._counts += np.cumsum(of_each[::-1])[::-1] * n_held

    def absorb(self, other: ActivityCounter) -> None:
        """Add the counts of a stretch that is over."""
        self._counts += other._counts
        self._square_sum += other._square_sum
        self._n_samples += other._n_samples

    def level(self) -> ActiveSpeechLevel | None:
        """The active level of what was added so far."""
        return active_level_of([self])


def _thresholds_reached(held: Floats) -> NDArray[np.int32]:
    """How many thresholds each value reaches: they are powers of two, and one in [2^(e-1), 2^e) reaches all up to e-1."""
    reached: NDArray[np.int32] = np.frexp(held)[1] - np.int32(_LOWEST_EXPONENT)
    np.clip(reached, 0, _N_THRESHOLDS, out=reached)
    reached[held <= 0] = 0
    return reached


def count_each(stretches: Sequence[Floats], sample_rate_hz: int) -> list[ActivityCounter]:
    """Count when speech reaches each threshold, of each of several stretches, all at once.

    Parameters
    ----------
    stretches : sequence of ndarray of float32, shape (n_samples,)
    sample_rate_hz : int

    Returns
    -------
    list of ActivityCounter
        As if each stretch had been added to one of its own, to which no more is added.
    """
    counters = [ActivityCounter(sample_rate_hz) for _ in stretches]
    if not counters:
        return counters
    n_step, n_before, smoothing = counters[0]._n_step, len(counters[0]._before), counters[0]._smoothing
    n_held, n_block = n_step * _STEPS_HELD, n_step * _BLOCK_STEPS
    lengths = [len(s) // n_held for s in stretches]  # in steps held, as what follows
    n_blocks = [-(-n * n_held // n_block) + _BLOCKS_APART for n in lengths]
    rectified = np.zeros((sum(n_blocks), n_block), np.float32)
    flat, begin, spans = rectified.reshape(-1), 0, []
    for samples, n, blocks in zip(stretches, lengths, n_blocks, strict=True):
        np.abs(samples[: n * n_held], out=flat[begin * n_block : begin * n_block + n * n_held])
        first = begin * (_BLOCK_STEPS // _STEPS_HELD)
        spans.append((first, first + n))
        begin += blocks
    q = smoothing.each(rectified.reshape(-1, n_step) @ counters[0]._mean, n_blocks)
    in_four = q.reshape(-1, _STEPS_HELD).T
    greatest = np.maximum(np.maximum(in_four[0], in_four[1]), np.maximum(in_four[2], in_four[3]))
    owner = np.full(len(greatest), len(counters))
    envelope = np.zeros(n_before + len(greatest), np.float32)
    for k, (first, end) in enumerate(spans):
        owner[first:end] = k
        envelope[n_before + first : n_before + end] = greatest[first:end]  # nothing is left over of one in the next
    reached = _thresholds_reached(greatest_of(envelope, n_before + 1))
    width = _N_THRESHOLDS + 1
    of_each = np.bincount(owner * width + reached, minlength=(len(counters) + 1) * width).reshape(-1, width)[:, 1:]
    counts = np.cumsum(of_each[:, ::-1], axis=1)[:, ::-1] * n_held
    for counter, samples, row in zip(counters, stretches, counts[:-1], strict=True):
        counter._counts += row
        counter._square_sum = float(np.dot(samples, samples))
        counter._n_samples = len(samples)
    return counters


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

    def each(self, steps: Floats, n_blocks: Sequence[int]) -> Floats:
        """The smoothed steps of stretches of so many whole blocks each, which begin at zero; each ends with a silent block."""
        blocks = steps.reshape(-1, _BLOCK_STEPS)
        # What a block adds is remembered apart from that of another stretch, by as many places as the smoothing looks back.
        place = np.arange(len(blocks)) + np.repeat(np.arange(len(n_blocks)) * (_BLOCKS_BACK - 1), n_blocks)
        added = np.zeros((_BLOCKS_BACK + int(place[-1]) + 1, 2), np.float32)
        added[place + _BLOCKS_BACK] = blocks @ self._ends
        rows = np.ndarray((len(added) - _BLOCKS_BACK, 2 * _BLOCKS_BACK), np.float32, added, strides=added.strides)
        smoothed: Floats = blocks @ self._within
        smoothed += rows[place] @ self._before
        return smoothed.reshape(-1)


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
    counts = [0] * _N_THRESHOLDS
    square_sum, n_samples = 0.0, 0
    for c in counters:
        counts = [n + more for n, more in zip(counts, c._counts.tolist(), strict=True)]
        square_sum += c._square_sum
        n_samples += c._n_samples
    if square_sum <= 0 or counts[0] == 0:
        return None
    before_db = before_margin_db = active_db = share = 0.0
    for k, count in enumerate(counts):
        if count == 0:  # so few thresholds are reached that none comes near: all reached time is active
            break
        share = min(count, n_samples) / n_samples
        active_db = 10 * math.log10(square_sum / (share * n_samples))
        margin_db = active_db - 20 * math.log10(_THRESHOLDS[k])
        if margin_db <= _MARGIN_DB:
            if k == 0:
                return None
            active_db = before_db + (before_margin_db - _MARGIN_DB) / (before_margin_db - margin_db) * (active_db - before_db)
            share = min(1.0, square_sum / n_samples * 10 ** (-active_db / 10))
            break
        before_db, before_margin_db = active_db, margin_db
    return ActiveSpeechLevel(active_db, share)


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

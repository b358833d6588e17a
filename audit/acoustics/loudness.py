"""How loud something sounds: ITU-R BS.1770, in pieces of any size and at any sample rate.

References
----------
ITU-R Rec. BS.1770-4 (10/2015), Algorithms to measure audio programme loudness and true-peak audio level, annex 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from audit.fourier import line_frequencies, rfft

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: BS.1770-4 annex 1, tables 1 (shelf) and 2 (high-pass): the weighting at 48 kHz.
_TABLE_RATE_HZ = 48000
_SHELF_B = (1.53512485958697, -2.69169618940638, 1.19839281085285)
_SHELF_A = (1.0, -1.69065929318241, 0.73248077421585)
_HIGH_PASS_B = (1.0, -2.0, 1.0)
_HIGH_PASS_A = (1.0, -1.99004745483398, 0.99007225036621)

#: Equation 2's constant: with it a full-scale sine of 997 Hz in one channel has -3.01 LKFS.
_OFFSET_DB = -0.691
#: Gating blocks of 0.4 s that overlap by three quarters; gates at -70 LKFS and 10 LU under what passes that.
_STEP_S, _STEPS_PER_BLOCK, _STEPS_APART = 0.05, 8, 2
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_STEPS_AT_ONCE = 64  # steps transformed at a time: they stay in the cache of the processor


class LoudnessSteps:
    """Weighted power of each twentieth of a second, of samples that arrive in pieces.

    The weighting is applied to the spectrum of each step (Parseval): the standard's response itself at any rate, and no
    filter whose state would have to be carried on. That the steps are short moves a second of speech by 0.01 LU.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._n_step = max(2, round(sample_rate_hz * _STEP_S))
        self._weights = step_weights(sample_rate_hz, self._n_step)
        self._powers: list[Floats] = []
        self._rest = np.zeros(0, np.float32)

    def add(self, samples: Floats) -> None:
        """Take up the next samples, full scale 1.0."""
        joined = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        n = len(joined) // self._n_step
        for first in range(0, n, _STEPS_AT_ONCE):
            steps = joined[first * self._n_step : min(n, first + _STEPS_AT_ONCE) * self._n_step].reshape(-1, self._n_step)
            parts = rfft(steps).view(np.float32)
            self._powers.append(np.multiply(parts, parts, out=parts) @ self._weights)
        self._rest = joined[n * self._n_step :].copy()

    def loudness_lufs(self) -> float | None:
        """Gated loudness of all steps so far; None under 0.4 s and where no block passes the gate of -70 LUFS."""
        return _gated_lufs(self._all_powers())

    def between(self, spans: Iterable[tuple[int, int]]) -> list[float | None]:
        """Gated loudness of the whole steps of each span of samples, counted from the first that was added."""
        powers = self._all_powers()
        return [_gated_lufs(powers[-(-first // self._n_step) : last // self._n_step]) for first, last in spans]

    def _all_powers(self) -> Doubles:
        return np.concatenate(self._powers, dtype=np.float64) if self._powers else np.zeros(0)


def loudness_lufs(samples: Floats, sample_rate_hz: int) -> float | None:
    """Measure the gated loudness of one channel.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Full scale 1.0.
    sample_rate_hz : int

    Returns
    -------
    float or None
        LUFS (the same as LKFS). None with less than 0.4 s or where all of it is under the gate of -70 LUFS.
    """
    steps = LoudnessSteps(sample_rate_hz)
    steps.add(samples)
    return steps.loudness_lufs()


@cache
def step_weights(sample_rate_hz: int, n_step: int) -> Floats:
    """Weights that give a step's mean power from the squares of its spectrum's real and imaginary parts, side by side.

    Parameters
    ----------
    sample_rate_hz : int
    n_step : int
        Samples of one step.

    Returns
    -------
    ndarray of float32, shape (2 * (n_step // 2 + 1),)
        The squared response of the standard's two stages at each line. It is defined up to 24 kHz; above, it stays.
    """
    f_hz = np.minimum(line_frequencies(n_step, sample_rate_hz), _TABLE_RATE_HZ / 2)
    weights = (_response(_SHELF_B, _SHELF_A, f_hz) * _response(_HIGH_PASS_B, _HIGH_PASS_A, f_hz)) ** 2 / n_step**2
    weights[1 : (n_step + 1) // 2] *= 2  # lines that stand for a negative frequency, too
    return np.repeat(weights, 2).astype(np.float32)


def _response(b: tuple[float, ...], a: tuple[float, ...], f_hz: Doubles) -> Doubles:
    """Magnitude of a stage of the tables at frequencies."""
    z = np.exp(-2j * np.pi * f_hz / _TABLE_RATE_HZ)
    magnitude: Doubles = np.abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z))
    return magnitude


def _gated_lufs(powers: Doubles) -> float | None:
    """Loudness of the blocks that pass both gates."""
    if len(powers) < _STEPS_PER_BLOCK:
        return None
    up_to = np.concatenate([np.zeros(1), np.cumsum(powers)])
    blocks = (up_to[_STEPS_PER_BLOCK:] - up_to[:-_STEPS_PER_BLOCK])[::_STEPS_APART] / _STEPS_PER_BLOCK
    blocks = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(blocks):
        return None
    blocks = blocks[blocks > blocks.mean() * 10 ** (_RELATIVE_GATE_LU / 10)]
    return _OFFSET_DB + 10 * math.log10(blocks.mean())


def _power(level_lufs: float) -> float:
    """Weighted power of a loudness in one channel."""
    return float(10 ** ((level_lufs - _OFFSET_DB) / 10))

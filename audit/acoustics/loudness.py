"""How loud something sounds: ITU-R BS.1770, in pieces of any size and at any sample rate.

References
----------
ITU-R Rec. BS.1770-4 (10/2015), Algorithms to measure audio programme loudness and true-peak audio level, annex 1.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import freqz, lfilter

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
_STEP_S, _STEPS_PER_BLOCK = 0.1, 4
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0


class LoudnessSteps:
    """Mean weighted power of each tenth of a second, of samples that arrive in pieces.

    Kept apart from the filter, so that one filtered signal can be cut into steps from more than one beginning.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        self._n_step = max(1, round(sample_rate_hz * _STEP_S))
        self._powers: list[Doubles] = []
        self._rest = np.zeros(0)

    def add(self, weighted: Doubles) -> None:
        """Take up the next samples of the weighted signal."""
        joined = np.concatenate([self._rest, weighted]) if len(self._rest) else weighted
        n = len(joined) // self._n_step
        if n:
            steps = joined[: n * self._n_step].reshape(n, self._n_step)
            self._powers.append(np.einsum("ij,ij->i", steps, steps) / self._n_step)
        self._rest = joined[n * self._n_step :].copy()

    def loudness_lufs(self) -> float | None:
        """Gated loudness of all steps so far; None under 0.4 s and where no block passes the gate of -70 LUFS."""
        steps = np.concatenate(self._powers) if self._powers else np.zeros(0)
        if len(steps) < _STEPS_PER_BLOCK:
            return None
        blocks = np.convolve(steps, np.full(_STEPS_PER_BLOCK, 1 / _STEPS_PER_BLOCK), mode="valid")
        blocks = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
        if not len(blocks):
            return None
        blocks = blocks[blocks > blocks.mean() * 10 ** (_RELATIVE_GATE_LU / 10)]
        return _OFFSET_DB + 10 * math.log10(blocks.mean())


class Weighting:
    """The K-weighting filter, its state kept between pieces."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._b, self._a = weighting_filter(sample_rate_hz)
        self._state = np.zeros(len(self._a) - 1)

    def __call__(self, samples: Floats) -> Doubles:
        """Weight the next samples."""
        weighted: Doubles
        weighted, self._state = lfilter(self._b, self._a, samples, zi=self._state)
        return weighted


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
    steps.add(Weighting(sample_rate_hz)(samples))
    return steps.loudness_lufs()


@cache
def weighting_filter(sample_rate_hz: int) -> tuple[Doubles, Doubles]:
    """Design the K-weighting for a sample rate.

    The standard gives coefficients for 48 kHz and asks for the same response at other rates. A bilinear design would bend
    the shelf at 8 kHz by up to 0.3 dB; so the poles are carried over exactly (z = exp(sT)) and the shelf's zeros are
    fitted to the response of the tables up to 0.45 of the rate.

    Parameters
    ----------
    sample_rate_hz : int

    Returns
    -------
    b, a : ndarray of float64
        Both stages in one, as :func:`scipy.signal.lfilter` takes them.
    """
    if sample_rate_hz == _TABLE_RATE_HZ:
        return np.convolve(_SHELF_B, _HIGH_PASS_B), np.convolve(_SHELF_A, _HIGH_PASS_A)
    shelf_a, high_pass_a = _carried(_SHELF_A, sample_rate_hz), _carried(_HIGH_PASS_A, sample_rate_hz)
    f_hz = np.geomspace(20, 0.45 * min(sample_rate_hz, _TABLE_RATE_HZ), 256)
    shelf_b = _fitted_zeros(shelf_a, f_hz, _response(_SHELF_B, _SHELF_A, f_hz, _TABLE_RATE_HZ) ** 2, sample_rate_hz)
    high_pass_b = np.array(_HIGH_PASS_B)
    at_1_khz = np.array([1000.0])
    wanted = _response(_HIGH_PASS_B, _HIGH_PASS_A, at_1_khz, _TABLE_RATE_HZ)
    high_pass_b *= wanted / _response(high_pass_b, high_pass_a, at_1_khz, sample_rate_hz)
    return np.convolve(shelf_b, high_pass_b), np.convolve(shelf_a, high_pass_a)


def _power(level_lufs: float) -> float:
    """Weighted power of a loudness in one channel."""
    return float(10 ** ((level_lufs - _OFFSET_DB) / 10))


def _response(b: object, a: object, f_hz: Doubles, sample_rate_hz: int) -> Doubles:
    """Magnitude at frequencies."""
    return np.abs(np.asarray(freqz(b, a, worN=f_hz, fs=sample_rate_hz)[1], np.complex128))


def _carried(a: tuple[float, ...], sample_rate_hz: int) -> Doubles:
    """A denominator of 48 kHz at another rate, its poles at the same places in the s-plane."""
    poles = np.roots(a).astype(np.complex128) ** (_TABLE_RATE_HZ / sample_rate_hz)
    return np.real(np.poly(poles))


def _fitted_zeros(a: Doubles, f_hz: Doubles, wanted: Doubles, sample_rate_hz: int) -> Doubles:
    """The minimum-phase numerator of a biquad whose squared magnitude comes nearest to the wanted one.

    Over s = sin^2(w/2) the squared magnitude of a numerator is a (1 - s) + b s + 4 c s (1 - s), linear in three unknowns,
    and a and b are its squared sums over even and odd signs.
    """
    s = np.sin(np.pi * f_hz / sample_rate_hz) ** 2
    basis = np.stack([1 - s, s, 4 * s * (1 - s)], axis=1)
    target = wanted * _response(a, (1.0,), f_hz, sample_rate_hz) ** 2
    at_zero, at_half, middle = np.linalg.lstsq(basis / target[:, None], np.ones(len(f_hz)), rcond=None)[0]
    w = (math.sqrt(at_zero) + math.sqrt(at_half)) / 2
    b0 = (w + math.sqrt(w * w + middle)) / 2
    return np.array([b0, (math.sqrt(at_zero) - math.sqrt(at_half)) / 2, -middle / (4 * b0)])

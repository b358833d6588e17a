"""What a leg's line sounds like when nobody speaks: noise power per band, in steps of 0.1 s.

References
----------
Martin, R. (2001), Noise power spectral density estimation based on optimal smoothing and minimum statistics, IEEE
Transactions on Speech and Audio Processing 9(5): a noise floor from the low end of each band's power, without a
speech detector.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.acoustics.bands import BLOCK, EPS, FRAMES_PER_S, N_BANDS, Bools, Floats

#: Nothing under this is speech: one step of 8-bit mu-law near zero is about -72 dB re full scale.
QUIETEST_DBFS = -75.0
#: From a percentile of 0.1 s means of log power to the mean power of the noise.
_LOW_PERCENTILE, _LOW_BIAS_DB, _WINDOW_S, _SHORT_WINDOW_S, _STEP_S = 12, 2.0, 40.0, 15.0, 1.0
#: Of a window so many blocks are looked at; the percentile of more is the same.
_LOOKED_AT = 100
#: A matrix that takes the mean of ten frames side by side, band by band.
_MEAN_OF_BLOCK = np.tile(np.eye(N_BANDS, dtype=np.float32), (BLOCK, 1)) / np.float32(BLOCK)
#: Second look: the median over this much time without speech around a moment, from a mean of log power to mean power.
_QUIET_S, _QUIET_BIAS_DB, _LEAST_QUIET_S = 5.0, 1.5, 1.0
_BLOCKS_PER_S = FRAMES_PER_S // BLOCK


def noise_floor(power: Floats, allowed: Bools) -> Floats:
    """Estimate the noise without knowing where speech is.

    The greater of what the past and what the coming time say, because noise may begin or end with a step (a leg is
    often mute until the answer), and a window across that step would know only its quieter side.

    Parameters
    ----------
    power : ndarray, shape (n_frames, n_bands)
    allowed : ndarray of bool, shape (n_frames,)
        False where a tone or music is known to sound.

    Returns
    -------
    ndarray of float32, shape (ceil(n_frames / BLOCK), n_bands)
        Mean power, at least `QUIETEST_DBFS`.
    """
    at, level = _blocks(power, allowed)
    return _spread(len(power), at, _past_or_coming_low(level) + np.float32(_LOW_BIAS_DB / 10) if len(at) else level)


def quiet_floor(power: Floats, quiet: Bools, first: Floats) -> Floats:
    """Estimate the noise from the frames in which nobody speaks: nearer to it than a percentile over everything.

    Parameters
    ----------
    power : ndarray, shape (n_frames, n_bands)
    quiet : ndarray of bool, shape (n_frames,)
        Neither speech nor tone nor music, as far as the first look tells.
    first : ndarray, shape (n_blocks, n_bands)
        The result of `noise_floor`, which stands where too little is quiet.

    Returns
    -------
    ndarray of float32, shape (n_blocks, n_bands)
    """
    at, level = _blocks(power, quiet)
    if len(at) < _LEAST_QUIET_S * _BLOCKS_PER_S:
        return first
    size = min(len(at), int(_QUIET_S * _BLOCKS_PER_S))
    step = max(1, size // 5)
    windows = np.lib.stride_tricks.sliding_window_view(level, size, axis=0)[::step]
    middle = np.partition(windows, size // 2, axis=-1)[..., size // 2]
    centres = np.minimum(np.arange(len(middle)) * step + size // 2, len(at) - 1)
    return _spread(len(power), at[centres], middle + np.float32(_QUIET_BIAS_DB / 10))


def _blocks(power: Floats, kept: Bools) -> tuple[NDArray[np.intp], Floats]:
    """Mean log power of each ten kept frames, and the frame in their middle."""
    frames = np.flatnonzero(kept)
    n_used = len(frames) // BLOCK
    used = frames[: n_used * BLOCK]
    log_power = power[used]
    log_power += EPS
    np.log10(log_power, out=log_power)
    return used[BLOCK // 2 :: BLOCK], log_power.reshape(n_used, BLOCK * N_BANDS) @ _MEAN_OF_BLOCK


def _past_or_coming_low(level: Floats) -> Floats:
    """The greater of the low percentiles of the time before and of the time after each block, itself included.

    Towards an end, where the long window would hang over, a short one serves, and its last value is held.
    """
    n = len(level)
    blocks = np.arange(n)
    columns = np.ascontiguousarray(level.T)
    coming, past = np.empty_like(level), np.empty_like(level)
    for window_s in (_SHORT_WINDOW_S, _WINDOW_S):
        size = min(n, int(window_s * _BLOCKS_PER_S))
        starts = np.unique(np.append(np.arange(0, n - size, int(_STEP_S * _BLOCKS_PER_S)), n - size))
        looked_at = np.arange(0, size, max(2, size // _LOOKED_AT))
        windows = columns[:, starts[:, None] + looked_at]
        k = int(len(looked_at) * _LOW_PERCENTILE / 100)
        windows.partition(k, axis=-1)
        low = windows[..., k].T
        next_one = starts.searchsorted(blocks)  # the first window that starts here or later
        last_one = (starts + size - 1).searchsorted(blocks, side="right") - 1
        after = next_one < len(starts) if window_s == _WINDOW_S else np.ones(n, bool)
        before = last_one >= 0 if window_s == _WINDOW_S else np.ones(n, bool)
        coming[after] = low[np.minimum(next_one, len(starts) - 1)[after]]
        past[before] = low[np.maximum(last_one, 0)[before]]
    return np.maximum(coming, past)


def _spread(n_frames: int, at: NDArray[np.intp], level: Floats) -> Floats:
    """From log powers at some frames to powers of all blocks."""
    n_blocks = -(-n_frames // BLOCK)
    quietest = np.float32(10 ** (QUIETEST_DBFS / 10))
    if len(at) == 0:
        return np.full((n_blocks, N_BANDS), quietest, np.float32)
    centres = np.arange(n_blocks) * BLOCK + BLOCK // 2
    floor = np.empty((n_blocks, N_BANDS), np.float32)
    for k in range(N_BANDS):
        floor[:, k] = np.interp(centres, at, level[:, k])
    power: Floats = np.maximum(np.float32(10) ** floor, quietest)
    return power

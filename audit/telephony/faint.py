"""Hear music on, under the line noise, after its level no longer tells it from that noise.

A track that fades sinks into the noise by its level long before its notes do: each stands in a few narrow bands, where the
noise is 20 dB weaker than in all together. Measured in those bands, against the noise of the same leg, music is heard on
about 10 dB under it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from audit.fourier import rfft
from audit.telephony.musicness import LEVEL_HOP_S, RATE_HZ, Floats

Flags = NDArray[np.bool_]

N_FRAME, N_HOP = 800, 400  # 100 and 50 ms: bins of 10 Hz
HOP_S = N_HOP / RATE_HZ
FIRST_BIN, LAST_BIN = 16, 370  # 160 to 3700 Hz
NOISE_FRAMES, LEAST_NOISE_FRAMES, NOISE_REST_S, NOISE_SHARE = 120, 40, 0.2, 0.9
NOISE_SMOOTH_BINS = 9
KNOWN_S, LEAST_KNOWN_FRAMES = 1.0, 3  # of the music before its edge, whose bands are listened to
#: What is left of the music is heard where eight frames are louder than the noise by 1.3 times its deviation.
MEAN_FRAMES, LEAST_FRAMES, LEAST_EXCESS, MOST_EXCESS = 8, 3, 1.3, 6.0
AT_FIRST_FRAMES = 30
CLEAR_OF_EDGE_S, CLEAR_OF_TALK_S = 0.1, 0.06


def last_heard(line: Floats, quiet: Flags, end_s: float, *, until_s: float, since_s: float) -> float | None:
    """Follow music beyond the time at which its level reached the line noise.

    Parameters
    ----------
    line : ndarray of float32
        The leg at 8 kHz.
    quiet : ndarray of bool
        Per 10 ms, where the leg carries no more than its line noise.
    end_s : float
        Where the level of the music reached the line noise.
    until_s : float
        Where somebody talks again.
    since_s : float
        Nothing before it counts as line noise.

    Returns
    -------
    float or None
        When it was last heard; None where too little line noise is known, or nothing to listen to.
    """
    apart = quiet.copy()
    apart[: int(since_s / LEVEL_HOP_S)] = False
    apart[max(0, int((end_s - KNOWN_S) / LEVEL_HOP_S)) : int(until_s / LEVEL_HOP_S) + 1] = False
    last = min(int((until_s - CLEAR_OF_TALK_S) / HOP_S), len(line) // N_HOP - 1)
    known = np.arange(max(int(np.ceil((end_s - KNOWN_S) / HOP_S)), 1), int((end_s - CLEAR_OF_EDGE_S) / HOP_S) + 1)
    first = int(np.ceil((end_s + CLEAR_OF_EDGE_S) / HOP_S))
    if len(known) < LEAST_KNOWN_FRAMES or last - first + 1 < LEAST_FRAMES:
        return None
    noise = _noise_frames(line, apart)
    if len(noise) < LEAST_NOISE_FRAMES:
        return None
    level = np.convolve(np.pad(noise.mean(axis=0), NOISE_SMOOTH_BINS // 2, mode="edge"), _smoothing(), "valid") + 1e-12
    over = np.maximum(_power(line, known * N_HOP).mean(axis=0) / level - 1, 0)
    bands = over / (1 + over) / level
    low, middle, high = np.quantile(noise @ bands, (0.16, 0.5, 0.84))

    excess = np.zeros(0)
    for ahead in (AT_FIRST_FRAMES, last):
        at = np.arange(first + len(excess), min(first + ahead, last + 1))
        above = (_power(line, at * N_HOP) @ bands - middle) / max((high - low) / 2, 1e-12)
        excess = np.concatenate((excess, np.minimum(above, MOST_EXCESS)))
        n = min(MEAN_FRAMES, len(excess))
        silent = np.flatnonzero(np.convolve(excess, np.full(n, 1 / n), "valid") < LEAST_EXCESS)
        if len(silent) or first + len(excess) > last:
            break
    stop = int(silent[0]) if len(silent) else len(excess)
    # The last frames of what was heard are still in the window that is silent as a whole.
    more = np.cumsum(np.concatenate((np.zeros(1), excess[stop : stop + MEAN_FRAMES] - LEAST_EXCESS)))
    edge = stop + int(np.argmax(more)) - 1
    return (first + edge) * HOP_S if edge >= 0 else end_s


def _noise_frames(line: Floats, quiet: Flags) -> Floats:
    """Power spectra of some frames well inside the leg's pauses, the louder ones left out."""
    rest = round(NOISE_REST_S / LEVEL_HOP_S)
    inside = np.convolve(quiet, np.ones(rest), "same") > rest - 0.5
    at = np.flatnonzero(inside)
    at = at[:: max(1, len(at) // NOISE_FRAMES)] * round(LEVEL_HOP_S * RATE_HZ)
    power = _power(line, at[(at >= N_FRAME // 2) & (at <= len(line) - N_FRAME // 2)])
    level = power.mean(axis=1)
    return power[level <= np.quantile(level, NOISE_SHARE)] if len(level) else power


def _power(line: Floats, centres: NDArray[np.intp]) -> Floats:
    """Power per bin of the frames around these samples."""
    windows = np.lib.stride_tricks.sliding_window_view(line, N_FRAME)[centres - N_FRAME // 2]
    spectra = rfft(windows * _window())[:, FIRST_BIN : LAST_BIN + 1]
    return np.asarray(spectra.real**2 + spectra.imag**2, dtype=np.float32)


@cache
def _window() -> Floats:
    window = np.hanning(N_FRAME)
    return np.asarray(window / np.sqrt(np.sum(window**2)), dtype=np.float32)


@cache
def _smoothing() -> NDArray[np.float64]:
    window = np.hanning(NOISE_SMOOTH_BINS + 2)[1:-1]
    return np.asarray(window / window.sum(), dtype=np.float64)

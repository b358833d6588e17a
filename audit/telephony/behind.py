"""Background that both parties of a mono recording share: heard in every gap of the talk, it stands where line noise would.

Where all is in one channel, music, a radio or other people behind a party fill the pauses by which talk, music and hold are
told apart. Measured against the level of that background instead of the line's, the pauses come back.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from audit.fourier import line_frequencies, rfft
from audit.telephony.musicness import DEAD_DBFS, LEVEL_HOP_S, RATE_HZ, Floats, Levels, smoothed_db

Flags = NDArray[np.bool_]

SMOOTH_STEPS = 9  # 10 ms each
#: Line noise, averaged over 90 ms, varies by 0.23 dB, or, at the
#: quietest of a call, up to 0.34 on 98 of 100 composed calls without a background.
STILL_WINDOW_S, STILL_SHARE, MOST_STILL_DB = 0.2, 8, 0.34
#: Between the words of each second the background is heard alone for a moment.
TALK_WINDOW_S, TALK_SHARE, GAP_PERCENTILE, LEAST_WINDOWS = 1.0, 0.2, 60, 5
#: Music goes over into what is behind it within this time of an edge beside talk: where its bands fall by so many dB on
#: average and that explains so much of how they vary (of 220 edges of composed holds over background 26 were wrong, now 14).
REACH_S, INSIDE_S, LEAST_GAP_S, FALL_DB, EXPLAINED = 1.3, 1.0, 0.1, 4.0, 0.25
#: Music that rises from the line noise to its usual level at once begins there: between them is no background.
LINE_ALONE_DB, AS_LOUD_DB, BESIDE_STEPS = 3.0, 8.0, (3, 13)  # 10 ms each: nearest and farthest
N_FRAME, N_BANDS, BAND_HZ = 320, 10, (200.0, 3400.0)


def over_background(levels: Levels, voice: Flags, since_s: float) -> Levels | None:
    """Levels of a leg with its background for its floor.

    Parameters
    ----------
    levels : Levels
    voice : ndarray of bool
        Where a voice is heard, each 10 ms.
    since_s : float
        Nothing before it counts.

    Returns
    -------
    Levels or None
        None where the leg carries no more than line noise, or too little talk to tell.
    """
    n, first = min(len(levels.dbfs), len(voice)), int(since_s / LEVEL_HOP_S)
    smooth = smoothed_db(np.power(np.float32(10), levels.dbfs[:n] / 10), SMOOTH_STEPS)[first:]
    talk = voice[first:n]
    if _unrest_db(smooth) < MOST_STILL_DB:
        return None
    size = round(TALK_WINDOW_S / LEVEL_HOP_S)
    k = len(smooth) // size
    talking = talk[: k * size].reshape(k, size).mean(axis=1) > TALK_SHARE
    gaps = smooth[: k * size].reshape(k, size).min(axis=1)[talking]
    if len(gaps) < LEAST_WINDOWS:
        return None
    floor = float(np.percentile(gaps, GAP_PERCENTILE))
    return replace(levels, floor_dbfs=floor) if floor > levels.floor_dbfs else None


def edge_over_background(
    line: Floats, line_dbfs: float, edge_s: float, *, inwards: int, level_dbfs: float | None = None
) -> float:
    """The edge of music, if what is found beside the edge given is only the background between music and talk.

    Parameters
    ----------
    line : ndarray of float32
        The leg at 8 kHz.
    line_dbfs : float
        Level of its line noise.
    edge_s : float
    level_dbfs : float or None
        Of the music; None where the edge is guessed and not heard.
    inwards : int
        1 at the start of music, -1 at its end.

    Returns
    -------
    float
        At most `REACH_S` further inside.

    Notes
    -----
    Of all moments the one is taken at which two constant spectra explain most of the variance of the bands on both sides.
    """
    n, hop, edge = round((REACH_S + INSIDE_S) / LEVEL_HOP_S), round(LEVEL_HOP_S * RATE_HZ), round(edge_s / LEVEL_HOP_S)
    first = edge if inwards > 0 else edge - n
    if first * hop < N_FRAME or (first + n) * hop + N_FRAME > len(line):
        return edge_s
    out_db, in_db = (_beside_db(line, edge, side * inwards) for side in (-1, 1))
    if level_dbfs is not None and out_db < line_dbfs + LINE_ALONE_DB and in_db > level_dbfs - AS_LOUD_DB:
        return edge_s
    cut = line[first * hop - N_FRAME // 2 : (first + n - 1) * hop + N_FRAME // 2]
    bands_db = _bands_db(np.lib.stride_tricks.sliding_window_view(cut, N_FRAME)[::hop], line_dbfs)
    from_inside = bands_db[::-1] if inwards > 0 else bands_db
    at = np.arange(round(INSIDE_S / LEVEL_HOP_S), n - round(LEAST_GAP_S / LEVEL_HOP_S))[:, None]
    total = np.cumsum(np.concatenate((np.zeros((1, N_BANDS)), from_inside)), axis=0)
    fall_db = total[at[:, 0]] / at - (total[n] - total[at[:, 0]]) / (n - at)
    explained = np.mean(at * (n - at) * fall_db**2 / (n * n * np.maximum(from_inside.var(axis=0), 1e-6)), axis=1)
    explained[np.mean(fall_db, axis=1) < FALL_DB] = 0.0
    best = int(np.argmax(explained))
    return edge_s + inwards * (n - int(at[best, 0])) * LEVEL_HOP_S if explained[best] >= EXPLAINED else edge_s


def _beside_db(line: Floats, edge: int, direction: int) -> float:
    """Level of a tenth of a second beside an edge; as loud as can be where the leg ends."""
    near, far = BESIDE_STEPS if direction > 0 else (-BESIDE_STEPS[1], -BESIDE_STEPS[0])
    hop = round(LEVEL_HOP_S * RATE_HZ)
    beside = line[max(0, edge + near) * hop : max(0, edge + far) * hop]
    return float(10 * np.log10(np.mean(beside**2) + 1e-12)) if len(beside) else 0.0


def _bands_db(frames: Floats, line_dbfs: float) -> NDArray[np.float64]:
    """Level of each frame in bands of equal ratio, half the line noise added: what is far under it says nothing."""
    power = np.abs(rfft(frames * np.hanning(N_FRAME).astype(np.float32))) ** 2
    noise = 10 ** (max(line_dbfs, DEAD_DBFS) / 10) / 40
    return np.asarray(10 * np.log10(power @ _bands() + noise + 1e-9), dtype=np.float64)


@cache
def _bands() -> Floats:
    """Mean power per bin of each band."""
    hz = line_frequencies(N_FRAME, RATE_HZ)
    edges = np.geomspace(*BAND_HZ, N_BANDS + 1)
    inside = (hz[:, None] >= edges[:-1]) & (hz[:, None] < edges[1:])
    return np.asarray(inside / inside.sum(axis=0) / np.sum(np.hanning(N_FRAME) ** 2), dtype=np.float32)


def _unrest_db(smooth: Floats) -> float:
    """How much the level varies where it is lowest: median deviation in the quietest eighth of all fifths of a second."""
    size = round(STILL_WINDOW_S / LEVEL_HOP_S)
    k = len(smooth) // size
    if k < STILL_SHARE:
        return 0.0
    cut = smooth[: k * size].reshape(k, size)
    lowest = np.argsort(cut.mean(axis=1))[: max(LEAST_WINDOWS, k // STILL_SHARE)]
    return float(np.median(cut.std(axis=1)[lowest]))

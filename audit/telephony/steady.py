"""Where on a leg something steady and narrow sounds: the only places looked at closely for signalling tones.

Two looks. The first is cheap and sends most speech away: windows of 32 ms, too short to tell the components of a tone apart
and long enough to see that nearly all power lies in one or two narrow clusters which stay where they are, and at their level.
It takes every other frame, and those between only where these call for it. What is left is looked at again through windows of
100 ms, first in the middle of each candidate.

A cluster, not a spectral line, is the unit: the components of a tone may lie 25 Hz apart (Australia) or be the side tones of
a modulated one (Japan, India, Singapore), and would then be seen as one wandering line. The centre of their power does not
wander.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.telephony.spectrum import Floats, Framing
from audit.telephony.worldwide import DTMF_HIGH_HZ, DTMF_LOW_HZ

N_HOP = 160  # 20 ms
QUICK = Framing(n_window=256, n_hop=N_HOP, n_fft=256, low_hz=150.0, high_hz=3600.0)
CLOSE = Framing(n_window=800, n_hop=N_HOP, n_fft=800, low_hz=150.0, high_hz=3600.0)
TONE_BAND_HZ = (300.0, 2300.0)
MIN_LEVEL_DBFS = -50.0

# Half width of a cluster: components at most 66 Hz apart (400 Hz modulated by 33 Hz), and the lobe of the window.
QUICK_HALF_HZ, CLOSE_HALF_HZ = 94.0, 62.0
SECOND_CLUSTER_DB = 9.0  # components of one tone are sent at one level (E.180: within 6 dB), the line may add slope

# Measured on a four-minute stereo call: these let about a quarter of the frames that sound through to the second look.
QUICK_MIN_SHARE, QUICK_MAX_STEP_HZ, QUICK_MIN_STEPS = 0.65, 14.0, 3
FIRST_MIN_SHARE = 0.25  # two clusters are sent at about one level: less in the stronger can't come to either share
# A tone that holds 65 % of the power leaves 1.9 dB to all else; beats of 25 Hz and more sway as little over 40 ms, 16 Hz over
# 80 ms. Three frames in five of speech that sounds move more.
MAX_STEP_DB, SLOW_MIN_STEPS = 2.0, 6
CLOSE_MIN_SHARE, CLOSE_MAX_STEP_RATIO, CLOSE_MIN_STEPS = 0.70, 0.012, 3
KEY_MIN_SHARE, KEY_REACH_RATIO, KEY_MIN_FRAMES = 0.75, 0.03, 2
SURE_FRAMES = 15  # a candidate as long may have its middle under a word
EDGE_FRAMES = 3  # a window of 100 ms that is centred so near an edge hangs over it
JOIN_FRAMES = 15  # a word on top of a tone
MAX_SPREAD_DB = 3.0

# What sounds all the time (line noise, hum) is no burst. The 20th percentile of exponentially distributed noise power is
# 0.223 of its mean; 1.5 means are taken off so that little noise is left over.
NOISE_PERCENTILE, NOISE_FACTOR, NOISE_MIN_S = 20, 1.5 / 0.223, 10.0
NOISE_EVERY_FRAMES = 40
CLEAN_RATIO = 0.0125  # noise 19 dB below the faintest tone: a clean line


@dataclass(frozen=True, slots=True)
class SteadyRun:
    """Frames with the same one or two clusters.

    Attributes
    ----------
    first, stop : int
        Frames, half-open; frame i is centred on sample ``i * N_HOP``.
    centres_hz : tuple of float
        Centre of each cluster, lowest first.
    """

    first: int
    stop: int
    centres_hz: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Clusters:
    """The one or two strongest clusters of each of some frames; `high_hz` is 0 where there is one."""

    low_hz: Floats
    high_hz: Floats
    strongest_hz: Floats
    power: Floats
    share: Floats


def steady_runs(leg: Floats) -> list[SteadyRun]:
    """Runs of frames of a leg at 8 kHz in which one or two narrow clusters hold nearly all power and stay in place.

    Steady noise is taken off first where the leg is long enough to know it (10 s), in blocks of a minute.
    """
    n = CLOSE.n_frames(len(leg))
    least = 10 ** (MIN_LEVEL_DBFS / 10)
    hops = np.concatenate((_hop_power(leg), np.zeros(1, np.float32)))[:n]
    loud = np.maximum(hops, np.concatenate((hops[:1], hops[:-1]))) > least
    flat = _flat_steps(hops)
    runs: list[SteadyRun] = []
    for block in CLOSE.blocks(len(leg)):
        if np.count_nonzero(loud[block.start : block.stop]) <= QUICK_MIN_STEPS:
            continue
        noisy = len(block) * CLOSE.hop_s >= NOISE_MIN_S and _percentile(hops[block.start : block.stop]) > least * CLEAN_RATIO
        here, quick = _quick_look(leg, loud, flat, block, _steady_noise(leg, block, QUICK) if noisy else None)
        runs += _key_runs(here, quick)
        places = _candidates(here, quick, flat)
        if not places:
            continue
        runs += _runs(*_close_look(leg, places, block, _steady_noise(leg, block, CLOSE) if noisy else None), least)
    return _joined(sorted(runs, key=lambda r: (r.first, r.stop)))


def _hop_power(leg: Floats) -> Floats:
    """Mean square of each whole hop."""
    cut = leg[: len(leg) // N_HOP * N_HOP].reshape(-1, N_HOP)
    return np.asarray(np.einsum("ij,ij->i", cut, cut) / np.float32(N_HOP), dtype=np.float32)


def _flat_steps(hops: Floats) -> NDArray[np.bool_]:
    """Whether the level stays from each frame to the next as a tone's does that holds most of the power of both.

    Over 40 ms, which is blind to the beat of most pairs of components; over 80 ms, if longer, for slower modulation.
    """
    padded = np.concatenate((np.zeros(2, np.float32), hops, np.zeros(1, np.float32)))
    short = padded[1:-2] + padded[2:-1]
    long = short + padded[:-3] + padded[3:]
    flat, lasting = (np.abs(np.diff(10 * np.log10(np.maximum(p, np.float32(1e-12))))) <= MAX_STEP_DB for p in (short, long))
    for a, b in _spans(lasting):
        if b - a >= SLOW_MIN_STEPS:
            flat[a:b] = True
    return np.asarray(flat)


def _percentile(values: Floats) -> Any:
    """What the quietest fifth of some values stays below, of each column if they are a table."""
    k = max(0, round((len(values) - 1) * NOISE_PERCENTILE / 100))
    return np.partition(values.T, k, axis=-1)[..., k]


def _steady_noise(leg: Floats, block: range, framing: Framing) -> Floats:
    """Power per bin of what sounds all the time."""
    sparse = framing.power_of(leg, np.arange(block.start, block.stop, NOISE_EVERY_FRAMES))
    return np.asarray(_percentile(sparse) * np.float32(NOISE_FACTOR), dtype=np.float32)


def _quick_look(
    leg: Floats, loud: NDArray[np.bool_], flat: NDArray[np.bool_], block: range, noise: Floats | None
) -> tuple[NDArray[np.intp], _Clusters]:
    """Clusters of the frames of a block that may belong to a tone.

    Every other frame is looked at first, and those between only where that shows a tone: of the frames that a run or a key
    must have, some are among the first.
    """
    start = block.start + block.start % 2
    even = np.flatnonzero(loud[start : block.stop : 2]) * 2 + start
    first = _clusters(leg, even, QUICK, QUICK_HALF_HZ, noise)
    near = (np.diff(even) == 2) & (first.share[1:] >= QUICK_MIN_SHARE) & (first.share[:-1] >= QUICK_MIN_SHARE)
    near &= _still(first, 2 * QUICK_MAX_STEP_HZ) & flat[even[:-1]] & flat[np.minimum(even[:-1] + 1, len(flat) - 1)]
    wanted = _keys(first)[0]
    wanted[1:] |= near
    wanted[:-1] |= near
    odd = np.union1d(even[wanted] - 1, even[wanted] + 1)
    odd = odd[(odd >= block.start) & (odd < block.stop)]
    odd = odd[loud[odd]]
    second = _clusters(leg, odd, QUICK, QUICK_HALF_HZ, noise)
    frames = np.concatenate((even, odd))
    order = np.argsort(frames, kind="stable")
    names = [f.name for f in fields(_Clusters)]
    return frames[order], _Clusters(*(np.concatenate((getattr(first, n), getattr(second, n)))[order] for n in names))


def _still(found: _Clusters, reach_hz: float, reach_ratio: float = 0.0) -> NDArray[np.bool_]:
    """Whether the strongest or all clusters are where they were in the frame before."""
    low, high, strongest = (
        np.abs(f[1:] - f[:-1]) <= (reach_hz + reach_ratio * f[:-1] if reach_ratio else reach_hz)
        for f in (found.low_hz, found.high_hz, found.strongest_hz)
    )
    return np.asarray((low & high) | strongest)


def _clusters(leg: Floats, frames: NDArray[np.intp], framing: Framing, half_hz: float, noise: Floats | None) -> _Clusters:
    """Find the strongest two clusters of each frame, steady noise taken off.

    Where the strongest holds so little that a second cannot make up for it, there is said to be no second.
    """
    power = framing.power_of(leg, frames)
    if noise is not None:
        power -= noise
        np.maximum(power, np.float32(0.0), out=power)
    total = power @ np.ones(power.shape[1], np.float32)
    half = round(half_hz / framing.bin_hz)
    strongest, held = _take_cluster(power, framing, half)
    low, high = strongest.copy(), np.zeros_like(strongest)
    rest = np.flatnonzero(held > total * np.float32(FIRST_MIN_SHARE))
    second, more = _take_cluster(power[rest], framing, half)
    dual = more > held[rest] * np.float32(10 ** (-SECOND_CLUSTER_DB / 10))
    rest, second, more = rest[dual], second[dual], more[dual]
    low[rest], high[rest] = np.minimum(low[rest], second), np.maximum(low[rest], second)
    held[rest] += more
    share = np.asarray(held / np.maximum(total, np.float32(1e-12)), dtype=np.float32)
    return _Clusters(low, high, strongest, held, share)


def _take_cluster(power: Floats, framing: Framing, half: int) -> tuple[Floats, Floats]:
    """Centre and power of the strongest cluster of each frame; it is then cleared in `power`.

    Weighted with the power: the centre of a pair of lines then stays in place whatever phase their beat is in.
    """
    low, high = (int(f / framing.bin_hz) - framing.first_bin for f in TONE_BAND_HZ)
    width, rows = 2 * half + 1, np.arange(len(power))
    around = np.ndarray((len(power), power.shape[1] - 2 * half, width), np.float32, power, strides=(power.strides[0], 4, 4))
    k = power[:, low:high].argmax(axis=1)
    k += low - half
    _clip(k, around.shape[1] - 1)
    sums = _moment_and_sum(half)
    moment_and_held = around[rows, k] @ sums
    for _ in range(2):  # from the strongest line to the middle of the cluster
        centre = moment_and_held[:, 0] / np.maximum(moment_and_held[:, 1], np.float32(1e-30))
        centre += k
        centre += half
        middle = np.rint(centre).astype(np.intp)
        middle -= half
        _clip(middle, around.shape[1] - 1)
        moved = (middle != k).nonzero()[0]
        k = middle
        moment_and_held[moved] = around[moved, k[moved]] @ sums
    around[rows, k] = 0.0
    return ((centre + framing.first_bin) * np.float32(framing.bin_hz)).astype(np.float32), moment_and_held[:, 1].copy()


def _clip(places: NDArray[np.intp], most: int) -> None:
    """From 0 to the most, in place."""
    np.maximum(places, 0, out=places)
    np.minimum(places, most, out=places)


@cache
def _moment_and_sum(half: int) -> Floats:
    """What gives the moment and the sum of some bins about the one in the middle."""
    reach = np.arange(-half, half + 1, dtype=np.float32)
    return np.stack((reach, np.ones_like(reach)), axis=1)


def _candidates(frames: NDArray[np.intp], quick: _Clusters, flat: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of frames, half-open, in which the clusters and the level keep still."""
    good = quick.share >= QUICK_MIN_SHARE
    still = _still(quick, QUICK_MAX_STEP_HZ) & (np.diff(frames) == 1) & good[1:] & good[:-1] & flat[frames[:-1]]
    return [(int(frames[a]), int(frames[b]) + 1) for a, b in _spans(still) if b - a >= QUICK_MIN_STEPS]


def _close_look(
    leg: Floats, places: list[tuple[int, int]], block: range, noise: Floats | None
) -> tuple[NDArray[np.intp], _Clusters]:
    """Clusters of the frames in and around candidates; of a short one, only if two of its middle that are 60 ms apart agree."""
    middles = np.array([(a + b) // 2 + i for a, b in places for i in (-2, 1)])
    pairs = _clusters(leg, middles, CLOSE, CLOSE_HALF_HZ, noise)
    likely = np.minimum(pairs.share[::2], pairs.share[1::2]) >= CLOSE_MIN_SHARE
    likely &= _still(pairs, 0.0, CLOSE_MAX_STEP_RATIO)[::2]
    chosen = np.zeros(len(block) + 1, np.int32)
    for (a, b), keep in zip(places, likely, strict=True):
        if keep or b - a > SURE_FRAMES:
            chosen[max(0, a - EDGE_FRAMES - block.start)] += 1
            chosen[min(len(block), b + EDGE_FRAMES - block.start)] -= 1
    frames = np.flatnonzero(np.cumsum(chosen[:-1])) + block.start
    return frames, _clusters(leg, frames, CLOSE, CLOSE_HALF_HZ, noise)


def _keys(quick: _Clusters) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
    """Whether each frame holds the two tones of one key of a keypad, and the row and the column that are nearest."""
    rows, columns = np.array(DTMF_LOW_HZ, np.float32), np.array(DTMF_HIGH_HZ, np.float32)
    row = np.searchsorted((rows[1:] + rows[:-1]) / 2, quick.low_hz)
    column = np.searchsorted((columns[1:] + columns[:-1]) / 2, quick.high_hz)
    near = (np.abs(quick.low_hz / rows[row] - 1) <= KEY_REACH_RATIO) & (quick.share >= KEY_MIN_SHARE)
    near &= np.abs(quick.high_hz / columns[column] - 1) <= KEY_REACH_RATIO
    return near, row, column


def _key_runs(frames: NDArray[np.intp], quick: _Clusters) -> list[SteadyRun]:
    """Runs of frames with the two tones of one key of a keypad, which may be as short as 40 ms (ITU-T Q.24)."""
    near, row, column = _keys(quick)
    found: list[SteadyRun] = []
    for i in np.flatnonzero(near):
        frame, key = int(frames[i]), (float(DTMF_LOW_HZ[row[i]]), float(DTMF_HIGH_HZ[column[i]]))
        if found and found[-1].stop == frame and found[-1].centres_hz == key:
            found[-1] = SteadyRun(found[-1].first, frame + 1, key)
        else:
            found.append(SteadyRun(frame, frame + 1, key))
    return [r for r in found if r.stop - r.first >= KEY_MIN_FRAMES]


def _runs(frames: NDArray[np.intp], close: _Clusters, least: float) -> list[SteadyRun]:
    """Runs of the frames of the second look."""
    good = (close.share >= CLOSE_MIN_SHARE) & (close.power > least)
    low, high = close.low_hz, close.high_hz
    still = np.abs(np.diff(low)) <= CLOSE_MAX_STEP_RATIO * low[:-1]
    still &= (np.abs(np.diff(high)) <= CLOSE_MAX_STEP_RATIO * np.maximum(high[:-1], 1.0)) & ((high[1:] > 0) == (high[:-1] > 0))
    still &= (np.diff(frames) == 1) & good[1:] & good[:-1]
    level_db = 10 * np.log10(np.maximum(close.power, np.float32(1e-12)))
    found = []
    for a, b in _spans(still):
        if b - a < CLOSE_MIN_STEPS:
            continue
        # Windows that hang over an edge are pulled aside by it: only those within count, where there are any.
        trim = min(EDGE_FRAMES, (b - a) // 3)
        inside = slice(a + trim, b + 1 - trim)
        clusters = (low, high) if high[a] > 0 else (low,)
        if float(np.std(level_db[inside])) > MAX_SPREAD_DB:
            continue
        centres = tuple(_middle(f[inside]) for f in clusters)
        wander = max(_middle(np.abs(f[inside] / c - 1)) for f, c in zip(clusters, centres, strict=True))
        if wander <= CLOSE_MAX_STEP_RATIO / 3:
            found.append(SteadyRun(int(frames[a]), int(frames[b]) + 1, centres))
    return found


def _middle(values: Floats) -> float:
    """The upper of the middle two, or the middle one: a median that is quick for a handful."""
    return float(np.sort(values)[len(values) // 2])


def _joined(runs: list[SteadyRun]) -> list[SteadyRun]:
    """Runs of the same clusters with no more than a word between them, as one."""
    joined: list[SteadyRun] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and run.first - last.stop <= JOIN_FRAMES and same_place(last.centres_hz, run.centres_hz):
            joined[-1] = SteadyRun(last.first, run.stop, last.centres_hz)
        else:
            joined.append(run)
    return joined


def same_place(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether clusters lie at the same frequencies, to 1.2 %."""
    return len(a) == len(b) and all(abs(x / y - 1) <= CLOSE_MAX_STEP_RATIO for x, y in zip(a, b, strict=True))


def _spans(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open runs of True."""
    padded = np.zeros(len(flags) + 2, bool)
    padded[1:-1] = flags
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))

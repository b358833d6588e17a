"""Find the bursts of signalling tones on a leg.

A signalling tone is one or two sine components that keep their frequency and their level from the first to the last
millisecond, with steep edges. That is looked for directly: nearly all power of a 100 ms frame in the lobes of one or two
spectral peaks that stay where they are, and an envelope of those components that rises, stays flat and falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.records import Segment, Tone
from audit.telephony.cadence import name_bursts
from audit.telephony.spectrum import LINE_RATE_HZ, Floats, Framing, at_line_rate

# 100 ms resolve the two components of ringback and busy tones (40 Hz apart at least, ITU-T E.180 Supplement 2).
FRAMING = Framing(n_window=800, n_hop=160, n_fft=1024, low_hz=150.0, high_hz=3600.0)
TONE_BAND_HZ = (300.0, 2300.0)
MIN_LEVEL_DBFS = -48.0
MIN_CONCENTRATION_RATIO = 0.70
MAX_DRIFT_RATIO = 0.012
MIN_BURST_S = 0.10
MAX_RIPPLE_DB = 2.0
LOBE_BINS = 3  # main lobe of the window, to its first zero
SECOND_COMPONENT_DB = 9.0  # components of one tone are sent at one level (E.180: within 6 dB), the line may add slope
EDGE_SMOOTH_S = 0.025
# A sender switches a tone; voices and instruments swell and die away. 25 to 60 ms outside a burst its own components must
# have fallen by this much,
MIN_DROP_DB = 12.0
# and a burst that no cadence vouches for must be flatter and stand in a pause: nothing else there is louder than this.
LONE_MAX_RIPPLE_DB = 0.3
LONE_SURROUNDINGS_DB = -10.0
LONE_IMPURITY_DB = -10.0
LONE_MIN_S = 0.14
# Transform codecs (AAC at low rates) let the level of a steady tone sway by a decibel; one as long as a ring and as pure as
# only a generator's still stands alone.
LONG_LONE_MIN_S = 0.35
LONG_LONE_MAX_RIPPLE_DB = 1.2
LONG_LONE_IMPURITY_DB = -20.0


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst before it has a name.

    Attributes
    ----------
    start_s, end_s : float
    freqs_hz : tuple of float
        One or two components, lowest first.
    level_dbfs : float
        RMS of the components.
    stands_alone : bool
        Flat, and nothing else sounds right before and after it.
    """

    start_s: float
    end_s: float
    freqs_hz: tuple[float, ...]
    level_dbfs: float
    stands_alone: bool


def find_tones(leg: Floats, sample_rate_hz: int, *, channel: int = 0) -> tuple[Tone, ...]:
    """Find every burst of a signalling tone on one leg.

    Parameters
    ----------
    leg : ndarray, shape (n,), float32
        Samples of one channel, full scale 1.0.
    sample_rate_hz : int
        8000 or more; higher rates are reduced to 8000.
    channel : int, default 0
        Written into the tones.

    Returns
    -------
    tuple of Tone
        Sorted, not overlapping; ``()`` for an empty or silent leg. Edges are good to about 20 ms. The kind follows from
        the cadence; a burst that fits none is a "beep".

    Raises
    ------
    ValueError
        If `leg` is not one-dimensional or the rate is not positive.

    References
    ----------
    ITU-T E.180 and its Supplement 2: components, cadences and their tolerances.

    Examples
    --------
    >>> import numpy as np
    >>> find_tones(np.zeros(8000, np.float32), 8000)
    ()
    """
    x = at_line_rate(leg, sample_rate_hz)
    return name_tones(find_bursts(x), len(x) / LINE_RATE_HZ, channel)


def name_tones(bursts: Sequence[Burst], duration_s: float, channel: int = 0) -> tuple[Tone, ...]:
    """Name the bursts of one whole leg and leave out those that nothing vouches for.

    Apart from :func:`find_bursts` because a long call is heard in overlapping stretches: their bursts are shifted, stitched
    and then named once, since a cadence may span stretches.

    Parameters
    ----------
    bursts : sequence of Burst
        Of one leg, sorted, not overlapping, in seconds from the start of the recording.
    duration_s : float
        Length of the recording.
    channel : int, default 0
        Written into the tones.

    Returns
    -------
    tuple of Tone
        Sorted, not overlapping.
    """
    kinds = name_bursts([Segment(b.start_s, b.end_s) for b in bursts], [b.freqs_hz for b in bursts], duration_s=duration_s)
    alone = {i for i in range(len(bursts)) if kinds.count(kinds[i]) == 1}
    return tuple(
        Tone(b.start_s, b.end_s, kind, channel, tuple(round(f, 1) for f in b.freqs_hz))
        for i, (b, kind) in enumerate(zip(bursts, kinds, strict=True))
        if b.stands_alone or not (kind == "beep" or i in alone)
        if not (kind == "beep" and len(b.freqs_hz) == 2)
    )


def find_bursts(leg: Floats) -> tuple[Burst, ...]:
    """Bursts of one or two steady components on a leg at 8 kHz, sorted."""
    found: list[Burst] = []
    for start, stop, freqs_hz in _steady_runs(leg):
        for burst in _measure_bursts(leg, start, stop, freqs_hz):
            if not found or burst.start_s >= found[-1].end_s:
                found.append(burst)
            elif burst.end_s - burst.start_s > found[-1].end_s - found[-1].start_s:
                found[-1] = burst
    return tuple(found)


def _steady_runs(leg: Floats) -> list[tuple[int, int, tuple[float, ...]]]:
    """Runs of frames with the same one or two components: (first frame, one past the last, frequencies)."""
    low, high, concentration = _frame_peaks(leg)
    good = concentration >= MIN_CONCENTRATION_RATIO
    same = np.zeros(len(low), bool)
    if len(low) > 1:
        near = np.abs(np.diff(low)) <= MAX_DRIFT_RATIO * low[:-1]
        near &= (np.abs(np.diff(high)) <= MAX_DRIFT_RATIO * np.maximum(high[:-1], 1.0)) | ((high[1:] == 0) & (high[:-1] == 0))
        same[1:] = good[1:] & good[:-1] & near
    edges = np.flatnonzero(np.diff(np.concatenate(([0], same.astype(np.int8), [0]))))
    runs = []
    for a, b in zip(edges[::2] - 1, edges[1::2], strict=True):  # `same` compares with the frame before
        if b - a < 4:
            continue
        components = tuple(float(np.median(f[a:b])) for f in (low, high) if f[a] > 0)
        inside = slice(a + 1, b - 1)
        if any(np.ptp(f[inside]) > MAX_DRIFT_RATIO * c for f, c in zip((low, high), components, strict=False)):
            continue
        runs.append((int(a), int(b), components))
    return runs


def _frame_peaks(leg: Floats) -> tuple[Floats, Floats, Floats]:
    """Per frame: frequency of the lower and the higher component (0 where there is one) and their share of the power."""
    n = FRAMING.n_frames(len(leg))
    low, high, share = np.zeros(n, np.float32), np.zeros(n, np.float32), np.zeros(n, np.float32)
    least = 10 ** (MIN_LEVEL_DBFS / 10)
    search = slice(
        int(TONE_BAND_HZ[0] / FRAMING.bin_hz) - FRAMING.first_bin, int(TONE_BAND_HZ[1] / FRAMING.bin_hz) - FRAMING.first_bin
    )
    level = FRAMING.mean_squares(leg)
    for block in FRAMING.blocks(len(leg)):
        where = block.start + np.flatnonzero(level[block.start : block.stop] > least)
        if len(where) == 0:
            continue
        p = FRAMING.power_of(leg, where)
        if len(block) * FRAMING.hop_s > 10:
            # What sounds all the time (line noise, hum) is no burst. The 20th percentile of exponentially distributed noise
            # power is 0.223 of its mean; 1.5 means are taken off so that little noise is left over.
            sparse = FRAMING.power_of(leg, np.arange(block.start, block.stop, 10))
            p = np.maximum(p - np.percentile(sparse, 20, axis=0) * np.float32(1.5 / 0.223), np.float32(0.0))
        total = p.sum(axis=1)
        where, p, total = (v[total > least] for v in (where, p, total))
        if len(where) == 0:
            continue
        first, p1 = _take_peak(p, search)
        second, p2 = _take_peak(p, search)
        dual = p2 > p1 * 10 ** (-SECOND_COMPONENT_DB / 10)
        low[where] = np.where(dual, np.minimum(first, second), first)
        high[where] = np.where(dual, np.maximum(first, second), 0.0)
        share[where] = np.where(dual, p1 + p2, p1) / total
    return low, high, share


def _take_peak(power: Floats, search: slice) -> tuple[Floats, Floats]:
    """Frequency and power of the highest peak of each frame; its lobe is then cleared in `power`."""
    rows = np.arange(len(power))
    k = np.argmax(power[:, search], axis=1) + search.start
    a, b, c = (np.log(np.maximum(power[rows, k + d], 1e-20)) for d in (-1, 0, 1))
    curve = a - 2 * b + c
    shift = np.clip(np.where(curve < 0, 0.5 * (a - c) / np.where(curve < 0, curve, -1.0), 0.0), -0.5, 0.5)
    freq_hz = (k + FRAMING.first_bin + shift) * FRAMING.bin_hz
    lobe = k[:, None] + np.arange(-LOBE_BINS, LOBE_BINS + 1)
    inside = power[rows[:, None], lobe].sum(axis=1)
    power[rows[:, None], lobe] = 0.0
    return freq_hz.astype(np.float32), inside


def _measure_bursts(leg: Floats, start: int, stop: int, freqs_hz: tuple[float, ...]) -> list[Burst]:
    """Edges from the envelope of the components; nothing where it is not flat between them."""
    margin = 3 * FRAMING.n_window
    a = max(0, start * FRAMING.n_hop - margin)
    b = min(len(leg), stop * FRAMING.n_hop + margin)
    envelope = _component_power(leg[a:b], freqs_hz)
    core = slice(max(0, start * FRAMING.n_hop - a), max(1, stop * FRAMING.n_hop - a))
    plateau = float(np.percentile(envelope[core], 75)) if len(envelope[core]) else 0.0
    if plateau < 10 ** (MIN_LEVEL_DBFS / 10):
        return []
    on = _without_short_gaps(envelope > 0.25 * plateau, int(0.045 * LINE_RATE_HZ))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(np.int8), [0]))))
    bursts = []
    for s, e in zip(edges[::2], edges[1::2], strict=True):
        middle = (s + e + 2 * a) / (2 * FRAMING.n_hop)
        if e - s < MIN_BURST_S * LINE_RATE_HZ or not start - 1 <= middle <= stop:
            continue
        if (s < 480 and a > 0) or (e > len(envelope) - 480 and b < len(leg)):
            continue  # it goes on beyond what the steady run covers: no tone with an edge there
        level, ripple_db = float(np.median(envelope[s:e])), _ripple_db(envelope[s:e])
        if ripple_db > MAX_RIPPLE_DB or _surroundings(envelope, s, e) > level * 10 ** (-MIN_DROP_DB / 10):
            continue
        power = smoothed_power(leg[a:b])
        impurity_db = 10 * float(np.log10(max(float(np.median((power - envelope)[s:e])) / level, 1e-12)))
        flat = ripple_db <= LONE_MAX_RIPPLE_DB and impurity_db <= LONE_IMPURITY_DB and e - s >= LONE_MIN_S * LINE_RATE_HZ
        long_and_pure = (
            ripple_db <= LONG_LONE_MAX_RIPPLE_DB
            and impurity_db <= LONG_LONE_IMPURITY_DB
            and e - s >= LONG_LONE_MIN_S * LINE_RATE_HZ
        )
        alone = (flat or long_and_pure) and _surroundings(power, s, e) <= level * 10 ** (LONE_SURROUNDINGS_DB / 10)
        start_s, end_s = float(a + s) / LINE_RATE_HZ, float(a + e) / LINE_RATE_HZ
        bursts.append(Burst(start_s, end_s, freqs_hz, 10 * float(np.log10(level)), alone))
    return bursts


def smoothed_power(piece: Floats) -> NDArray[np.float64]:
    """Mean square around each sample over 25 ms."""
    n = round(EDGE_SMOOTH_S * LINE_RATE_HZ)
    running = np.cumsum(np.concatenate((np.zeros(n), piece.astype(np.float64) ** 2, np.zeros(n))))
    mean = (running[n:] - running[:-n]) / n
    return mean[n // 2 : n // 2 + len(piece)]


def _surroundings(power: NDArray[np.float64], start: int, end: int) -> float:
    """Greatest power 25 to 60 ms before the start and after the end; 0 at the ends of the recording."""
    before, after = power[max(0, start - 480) : max(0, start - 200)], power[end + 200 : end + 480]
    return max(float(before.max(initial=0.0)), float(after.max(initial=0.0)))


def _component_power(piece: Floats, freqs_hz: tuple[float, ...]) -> NDArray[np.float64]:
    """Power of the components around each sample, each seen through a sliding window of 25 ms."""
    t = np.arange(len(piece)) / LINE_RATE_HZ
    # A window of one beat period is blind to the other component.
    length = round(LINE_RATE_HZ * (1 / (freqs_hz[1] - freqs_hz[0]) if len(freqs_hz) == 2 else EDGE_SMOOTH_S))
    length = min(max(length, 80), round(EDGE_SMOOTH_S * LINE_RATE_HZ))
    kernel_sum = np.zeros(len(piece))
    for f in freqs_hz:
        mixed = np.concatenate((np.zeros(length), piece * np.exp(-2j * np.pi * f * t), np.zeros(length)))
        running = np.cumsum(mixed)
        box = (running[length:] - running[:-length]) / length
        half = length // 2
        kernel_sum += 2 * np.abs(box[half : half + len(piece)]) ** 2
    return kernel_sum


def _without_short_gaps(on: NDArray[np.bool_], n_gap: int) -> NDArray[np.bool_]:
    """Close gaps of at most `n_gap` samples: the dips of an amplitude-modulated tone."""
    closed = on.copy()
    edges = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(np.int8), [0]))))
    for e, s in zip(edges[1::2][:-1], edges[2::2], strict=True):
        if s - e <= n_gap:
            closed[e:s] = True
    return closed


def _ripple_db(envelope: NDArray[np.float64]) -> float:
    """Standard deviation in dB of the burst's envelope between its ramps, smoothed over one cycle of 16 Hz modulation."""
    n = round(LINE_RATE_HZ / 16)
    inner = envelope[200:-200]
    if len(inner) > 2 * n:
        running = np.cumsum(np.concatenate(([0.0], inner)))
        inner = (running[n:] - running[:-n]) / n
    return float(np.std(10 * np.log10(np.maximum(inner, 1e-12)))) if len(inner) else 0.0

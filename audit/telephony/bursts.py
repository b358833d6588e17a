"""Bursts of tone: their components, their edges and how like a generator's they are.

A signalling tone is one, two or three sine components that keep their frequency and level from the first to the last
millisecond, with steep edges. :mod:`audit.telephony.steady` says where such a thing may be; here its components are found in
one long spectrum, and its edges from the envelope of just these components, which hardly hears anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audit.fourier import rfft
from audit.telephony.spectrum import LINE_RATE_HZ, Floats
from audit.telephony.steady import MIN_LEVEL_DBFS, N_HOP, SteadyRun, steady_runs
from audit.telephony.worldwide import is_dtmf

Envelope = NDArray[np.float64]

STEP = 8  # samples: envelopes are computed every millisecond
STEPS_PER_S = LINE_RATE_HZ // STEP
IN_SIGHT = 60  # steps beyond an edge that must be seen
MARGINS_S = (0.3, 2.2)  # looked at on both sides of a steady run; a word may cover the rest of the longest ring
MIN_BURST_S = 0.10
KEY_MIN_S = 0.035  # ITU-T Q.24: 40 ms is a digit; pauses between digits may be as short
KEY_IMPURITY_DB = -6.0
SURROUNDINGS_S, KEY_SURROUNDINGS_S = 0.035, (0.012, 0.014)
MIN_STEADY_RATIO = 0.35  # of a burst, the share that must have been found steady
MAX_GAP_S = 0.045  # dips of an amplitude-modulated tone
EDGE_SMOOTH_S = 0.025
MAX_SMOOTH_S = 0.0625  # one cycle of 16 Hz, the slowest modulation (Japan)
MAX_RIPPLE_DB = 2.0
# A sender switches a tone; voices and instruments swell and die away. 25 to 60 ms outside a burst its own components must
# have fallen by this much on one side (GSM stutters at an onset: less on the other),
MIN_DROP_DB, MIN_OTHER_DROP_DB = 12.0, 6.0
# and a burst that no cadence vouches for must be flatter and stand in a pause: nothing else there is louder than this.
LONE_MAX_RIPPLE_DB = 0.3
LONE_SURROUNDINGS_DB = -10.0
LONE_IMPURITY_DB = -10.0
LONE_MIN_S = 0.14
# Codecs (AAC at low rates, GSM, AMR) let the level of a steady tone sway by a decibel and add noise; one as long as a ring may
# stand alone if it is as pure as only a generator's, and be a single ring or busy burst if it is nearly so.
LONG_LONE_MIN_S = 0.35
LONG_LONE_MAX_RIPPLE_DB = 1.2
PUREST_IMPURITY_DB, LONG_LONE_IMPURITY_DB = -20.0, -11.0
LONG_LONE_SURROUNDINGS_DB = -5.0

# Components within a cluster: two at about one level, or a carrier with two side tones (depth 90 to 100 %: -7 to -6 dB).
COMPONENT_SPAN_HZ = 62.0
COMPONENT_DB = 9.5
PAIR_MIN_HZ, MODULATION_HZ, SYMMETRY_HZ = 18.0, (12.0, 40.0), 2.5
N_LINES = 4096  # half a second


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst before it has a name.

    Attributes
    ----------
    start_s, end_s : float
        Seconds from the start of what was looked at.
    freqs_hz : tuple of float
        Its components, lowest first: one, two, or three where it is a carrier with two side tones (amplitude modulation).
    level_dbfs : float
        RMS of the components.
    stands_alone : bool
        Flat, pure, and nothing else sounds right before and after it: a tone even if no cadence vouches for it.
    may_ring_alone : bool
        Long and nearly so: a tone where its components and its place are those of a single ring or busy burst.
    """

    start_s: float
    end_s: float
    freqs_hz: tuple[float, ...]
    level_dbfs: float
    stands_alone: bool
    may_ring_alone: bool = False


def find_bursts(leg: Floats) -> tuple[Burst, ...]:
    """Find bursts of steady components on one stretch of a leg.

    Parameters
    ----------
    leg : ndarray, shape (n,), float32
        Samples at 8 kHz, finite. Steady noise is known from ten seconds on; a stretch of 30 s or more is heard best.

    Returns
    -------
    tuple of Burst
        Sorted, not overlapping, edges good to about 20 ms. A burst that the stretch cuts has its edge there.
    """
    found: list[Burst] = []
    for run in steady_runs(leg):
        bursts = _measure(leg, run, MARGINS_S[0])
        for burst in (_measure(leg, run, MARGINS_S[1]) if bursts is None else bursts) or ():
            if not found or burst.start_s >= found[-1].end_s:
                found.append(burst)
            elif burst.end_s - burst.start_s > found[-1].end_s - found[-1].start_s:
                found[-1] = burst
    return tuple(found)


def _measure(leg: Floats, run: SteadyRun, margin_s: float) -> list[Burst] | None:
    """The bursts of one steady run, or None where an edge is not in sight; `[]` where nothing is flat between steep edges."""
    a = max(0, run.first * N_HOP - round(margin_s * LINE_RATE_HZ)) // STEP * STEP
    b = min(len(leg), run.stop * N_HOP + round(margin_s * LINE_RATE_HZ))
    piece = leg[a : b // STEP * STEP]
    core = slice(max(0, run.first * N_HOP - a), max(STEP, run.stop * N_HOP - a))
    freqs_hz = components_hz(piece[core], run.centres_hz)
    smooth_s = _smoothing_s(freqs_hz)
    envelope = component_power(piece, freqs_hz, smooth_s)
    steady = envelope[core.start // STEP : core.stop // STEP]
    plateau = float(np.partition(steady, -(len(steady) // 4) - 1)[-(len(steady) // 4) - 1]) if len(steady) else 0.0
    if plateau < 10 ** (MIN_LEVEL_DBFS / 10):
        return []
    on = _without_short_gaps(envelope > 0.25 * plateau, round(MAX_GAP_S * STEPS_PER_S))
    power: Envelope | None = None
    keys = is_dtmf(freqs_hz)
    reach_s, width_s = KEY_SURROUNDINGS_S if keys else (max(smooth_s, EDGE_SMOOTH_S), SURROUNDINGS_S)
    bursts = []
    for s, e in _spans(on):
        covered = min(e, core.stop // STEP) - max(s, core.start // STEP)
        least_s = KEY_MIN_S if keys else MIN_BURST_S
        if e - s < least_s * STEPS_PER_S or covered < MIN_STEADY_RATIO * (e - s):
            continue
        if (s <= IN_SIGHT and a > 0) or (e >= len(envelope) - IN_SIGHT and b < len(leg)):
            return None
        level, ripple_db = float(np.median(envelope[s:e])), _ripple_db(envelope[s:e], min(reach_s, EDGE_SMOOTH_S))
        beyond = sorted(_surroundings(envelope, s, e, reach_s, width_s))
        steep = beyond[0] <= level * 10 ** (-MIN_DROP_DB / 10) and beyond[1] <= level * 10 ** (-MIN_OTHER_DROP_DB / 10)
        if ripple_db > MAX_RIPPLE_DB or not steep:
            continue
        power = smoothed_power(piece, smooth_s) if power is None else power
        beside = float(np.median((power - envelope)[s:e]))
        impurity_db = 10 * float(np.log10(max(beside / level, 1e-12)))
        length_s = (e - s) / STEPS_PER_S
        flat = ripple_db <= LONE_MAX_RIPPLE_DB and impurity_db <= LONE_IMPURITY_DB and length_s >= LONE_MIN_S
        around = max(_surroundings(power, s, e, reach_s, width_s))
        # What sounds on both sides of a long burst as it does behind it is the line's noise and says nothing against it.
        long_and_pure = (
            length_s >= LONG_LONE_MIN_S
            and ripple_db <= LONG_LONE_MAX_RIPPLE_DB
            and beside - min(around, beside) <= level * 10 ** (LONG_LONE_IMPURITY_DB / 10)
            and around <= level * 10 ** (LONG_LONE_SURROUNDINGS_DB / 10)
        )
        if keys:
            flat = ripple_db <= LONG_LONE_MAX_RIPPLE_DB and impurity_db <= LONE_IMPURITY_DB
            if impurity_db > KEY_IMPURITY_DB:
                continue
        purest = length_s >= LONG_LONE_MIN_S and ripple_db <= LONG_LONE_MAX_RIPPLE_DB and impurity_db <= PUREST_IMPURITY_DB
        alone = (flat or purest) and around <= level * 10 ** (LONE_SURROUNDINGS_DB / 10)
        bursts.append(
            Burst(
                (a + s * STEP) / LINE_RATE_HZ,
                (a + e * STEP) / LINE_RATE_HZ,
                freqs_hz,
                10 * float(np.log10(level)),
                alone,
                alone or long_and_pure,
            )
        )
    return bursts


def components_hz(core: Floats, centres_hz: tuple[float, ...]) -> tuple[float, ...]:
    """Frequencies of the components around each cluster's centre, from one spectrum of the whole core."""
    x = core[:N_LINES]
    spectrum = rfft(x * _hann(len(x)), N_LINES)
    power = spectrum.real**2 + spectrum.imag**2
    bin_hz = LINE_RATE_HZ / N_LINES
    apart = max(MODULATION_HZ[0], 1.2 * LINE_RATE_HZ / len(x)) / bin_hz
    span_hz = min([COMPONENT_SPAN_HZ, *((high - low) / 2 for low, high in pairwise(centres_hz))])
    found: list[float] = []
    for centre_hz in centres_hz:
        low = max(1, int((centre_hz - span_hz) / bin_hz) + 1)
        near = power[low : max(low + 1, int((centre_hz + span_hz) / bin_hz))]
        lines = _lines(near, apart, most=3 if len(centres_hz) == 1 else 1)
        found += [(low + k + _peak_shift(power, low + k)) * bin_hz for k in lines]
    return tuple(sorted(found))


@cache
def _hann(n: int) -> Floats:
    """Window of a core; cores are whole frames long, so there are few."""
    return np.hanning(n + 2)[1:-1].astype(np.float32)


def _lines(power: Floats, apart: float, *, most: int) -> list[int]:
    """Positions of the one, two or three lines that make up one cluster."""
    peaks = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])) + 1
    if len(peaks) == 0:
        return [int(np.argmax(power))]
    chosen: list[int] = []
    heights = power[peaks]
    least = heights.max() * 10 ** (-COMPONENT_DB / 10)
    for i in np.argsort(-heights).tolist():
        k = int(peaks[i])
        if heights[i] < least or len(chosen) == most:
            break
        if all(abs(k - c) >= apart for c in chosen):
            chosen.append(k)
    bin_hz = LINE_RATE_HZ / N_LINES
    if len(chosen) == 3:
        low, middle, high = sorted(chosen)
        if abs(low + high - 2 * middle) * bin_hz <= SYMMETRY_HZ and (high - low) / 2 * bin_hz <= MODULATION_HZ[1]:
            return [low, middle, high]
    if len(chosen) >= 2 and abs(chosen[0] - chosen[1]) * bin_hz >= PAIR_MIN_HZ:
        return sorted(chosen[:2])
    return chosen[:1]


def _peak_shift(power: Floats, k: int) -> float:
    """Where the top of the peak at bin `k` lies between its neighbours, in bins (parabola through the logarithms)."""
    a, b, c = (float(np.log(max(power[i], 1e-20))) for i in (k - 1, k, k + 1))
    curve = a - 2 * b + c
    return min(max(0.5 * (a - c) / curve, -0.5), 0.5) if curve < 0 else 0.0


def _smoothing_s(freqs_hz: tuple[float, ...]) -> float:
    """Length of a window that is blind to the other components: one period of their beat."""
    if len(freqs_hz) == 1:
        return EDGE_SMOOTH_S
    beat_s = 1 / min(high - low for low, high in pairwise(freqs_hz))
    return min(max(beat_s, 0.01), MAX_SMOOTH_S) if beat_s > EDGE_SMOOTH_S else max(beat_s, 0.01)


def component_power(piece: Floats, freqs_hz: tuple[float, ...], smooth_s: float) -> Envelope:
    """Power of the components around each millisecond, each seen through a sliding window; len(piece) // STEP values."""
    n = len(piece) // STEP
    blocks = piece[: n * STEP].reshape(n, STEP)
    length = max(1, round(smooth_s * STEPS_PER_S))
    total = np.zeros(n)
    for f in freqs_hz:
        turn = -2j * np.pi * f / LINE_RATE_HZ
        within = _turning(turn, STEP)
        parts = blocks @ np.stack((within.real, within.imag), axis=1).astype(np.float32)
        mixed = parts.view(np.complex64)[:, 0] * _turning(turn * STEP, n)
        box = _sliding_sum(mixed, length) / (length * STEP)
        total += 2 * (box.real**2 + box.imag**2)
    return np.asarray(total, dtype=np.float64)


def _turning(turn: complex, n: int) -> NDArray[np.complex128]:
    """Powers 0 to n - 1 of exp(turn): a product of a few coarse and a few fine ones, for exponentials are slow."""
    n_fine = 64
    fine, coarse = np.exp(turn * np.arange(n_fine)), np.exp(turn * n_fine * np.arange(-(-n // n_fine)))
    turned: NDArray[np.complex128] = (coarse[:, None] * fine).reshape(-1)[:n]
    return turned


def smoothed_power(piece: Floats, smooth_s: float = EDGE_SMOOTH_S) -> Envelope:
    """Mean square around each millisecond; len(piece) // STEP values."""
    n = len(piece) // STEP
    blocks = piece[: n * STEP].reshape(n, STEP)
    length = max(1, round(smooth_s * STEPS_PER_S))
    squares = np.einsum("ij,ij->i", blocks, blocks).astype(np.float64)
    return np.asarray(np.maximum(_sliding_sum(squares, length), 0.0) / (length * STEP), dtype=np.float64)


def _sliding_sum(values: NDArray[Any], length: int) -> NDArray[Any]:
    """Sum over `length` values around each."""
    running = np.cumsum(np.concatenate((np.zeros(length, values.dtype), values, np.zeros(length, values.dtype))))
    sums: NDArray[Any] = running[length:] - running[:-length]
    half = length // 2
    return sums[half : half + len(values)]


def _surroundings(power: Envelope, start: int, end: int, reach_s: float, width_s: float) -> tuple[float, float]:
    """Greatest power before the start and after the end, the window's own reach left out; 0 at the ends."""
    reach, width = round(reach_s * STEPS_PER_S), round(width_s * STEPS_PER_S)
    before, after = power[max(0, start - reach - width) : max(0, start - reach)], power[end + reach : end + reach + width]
    return float(before.max(initial=0.0)), float(after.max(initial=0.0))


def _without_short_gaps(on: NDArray[np.bool_], n_gap: int) -> NDArray[np.bool_]:
    """Close gaps of at most `n_gap`."""
    closed = on.copy()
    spans = _spans(on)
    for (_, e), (s, _) in pairwise(spans):
        if s - e <= n_gap:
            closed[e:s] = True
    return closed


def _ripple_db(envelope: Envelope, ramp_s: float) -> float:
    """Standard deviation in dB of the burst's envelope between its ramps, smoothed over one cycle of 16 Hz modulation."""
    n = round(MAX_SMOOTH_S * STEPS_PER_S)
    ramp = round(ramp_s * STEPS_PER_S)
    inner = envelope[ramp:-ramp]
    if len(inner) > 2 * n:
        running = np.cumsum(np.concatenate(([0.0], inner)))
        inner = (running[n:] - running[:-n]) / n
    return float(np.std(10 * np.log10(np.maximum(inner, 1e-12)))) if len(inner) else 0.0


def _spans(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open runs of True."""
    padded = np.zeros(len(flags) + 2, bool)
    padded[1:-1] = flags
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))

"""Lay bursts of tone on the cadence of a tone plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from audit.segments import Segment
from audit.telephony.plans import Cadence, carrier_hz

TIMING_TOLERANCE_S = 0.08
SAME_TONE_RATIO = 0.02
SERIES_GAP_S = 8.5  # longer than the longest pause of any plan, and than a periodic hold beep
MAX_SKIPPED_BURSTS = 4
AT_START_S = 0.06  # a burst that begins no later may have begun before the recording
SKIPPED_PENALTY_S, COVERED_PENALTY_S, LATE_IN_CYCLE_PENALTY_S = 0.02, 0.03, 0.03
MAX_COVERED_RATIO = 0.34  # of the bursts of a series, those of which only a part was heard


@dataclass(frozen=True, slots=True)
class CadenceFit:
    """How a series of bursts lies on a cadence.

    Attributes
    ----------
    error_s : float
        Greatest deviation of a start or a full length, plus a penalty for expected bursts of which nothing or only a part
        was heard.
    cycles : tuple of int
        Cycle of each burst, the first heard being 0.
    last_start_s, last_nominal_end_s : float
        Where the last burst began and where it would have ended uncut.
    next_start_s : float
        When the burst after the last would have begun.
    n_full : int
        Bursts of full length.
    """

    error_s: float
    cycles: tuple[int, ...]
    last_start_s: float
    last_nominal_end_s: float
    next_start_s: float
    n_full: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one burst lies on the grid of a cadence."""

    step: int
    start_s: float
    end_s: float
    late_s: float
    short_s: float


def same_tone(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two bursts have the same components, to 2 %; side tones, which noise may cover, left out."""
    x, y = carrier_hz(a), carrier_hz(b)
    return len(x) == len(y) and all(abs(f / g - 1) <= SAME_TONE_RATIO for f, g in zip(x, y, strict=True))


def fit_cadence(bursts: Sequence[Segment], cadence: Cadence) -> CadenceFit | None:
    """Lay bursts on a cadence; None where they do not lie on it.

    The last burst may be shorter than its length (the answer cut it) and the first one too where the recording begins
    inside it. The first burst heard may be any of the bursts of a cycle. A few bursts in between may be missing, or only
    in part there, because a voice or a noise covered them.

    Parameters
    ----------
    bursts : sequence of Segment
        Sorted, at least one.
    cadence : Cadence

    Examples
    --------
    >>> fit_cadence([Segment(0.2, 1.2), Segment(5.2, 5.6)], Cadence((450,), (1.0, 4.0))).cycles
    (0, 1)
    >>> fit_cadence([Segment(0.2, 1.2), Segment(3.2, 4.2)], Cadence((450,), (1.0, 4.0))) is None
    True
    """
    per_cycle = cadence.bursts_s
    full = [
        (i, k)
        for i, b in enumerate(bursts)
        for k, (start, end) in enumerate(per_cycle)
        if abs(b.duration_s - (end - start)) <= TIMING_TOLERANCE_S
    ]
    # A burst of full length is in its place at both ends; without one, what begins the series is taken to begin in time.
    anchors = full[: 2 * len(per_cycle)] or [(0, k) for k in range(len(per_cycle))]
    fits = [_fit_at(bursts, cadence, i, k, anchored=bool(full)) for i, k in anchors]
    return min((f for f in fits if f is not None), key=lambda f: f.error_s, default=None)


def _fit_at(bursts: Sequence[Segment], cadence: Cadence, anchor: int, k: int, *, anchored: bool) -> CadenceFit | None:
    """The same with one burst known to be number `k` of its cycle."""
    begun = bursts[0].start_s < AT_START_S and len(bursts) > 1
    start, end = cadence.bursts_s[k]
    origin = bursts[anchor].end_s - end if begun and not anchored else bursts[anchor].start_s - start
    forward = _walk(bursts[anchor:], cadence, origin)
    backward = _walk(bursts[anchor::-1], cadence, origin)
    if forward is None or backward is None:
        return None
    places = [*backward[:0:-1], *forward]
    steps = [p.step for p in places]
    missing = [b - a - 1 for a, b in pairwise(steps)]
    last = len(places) - 1
    n_full = sum(abs(p.late_s) <= TIMING_TOLERANCE_S and p.short_s <= TIMING_TOLERANCE_S for p in places)
    covered = 0
    for i, p in enumerate(places):
        cut_start, cut_end = p.late_s > TIMING_TOLERANCE_S, p.short_s - p.late_s > TIMING_TOLERANCE_S
        covered += (cut_start and not (i == 0 and begun)) or (cut_end and i != last)
    if (
        max(missing, default=0) > MAX_SKIPPED_BURSTS
        or min(missing, default=0) < -1
        or covered > MAX_COVERED_RATIO * len(places)
    ):
        return None
    if len(places) > 2 and not n_full:
        return None
    error = max(abs(p.late_s) if abs(p.late_s) <= TIMING_TOLERANCE_S else 0.0 for p in places)
    error = max([error, *(abs(p.short_s) for p in places if abs(p.short_s) <= TIMING_TOLERANCE_S)])
    error += SKIPPED_PENALTY_S * sum(max(0, m) for m in missing) + COVERED_PENALTY_S * covered
    per_cycle, period = cadence.bursts_s, cadence.period_s
    error += LATE_IN_CYCLE_PENALTY_S if steps[0] % len(per_cycle) else 0.0
    cycle, following = divmod(steps[-1] + 1, len(per_cycle))
    origin = places[-1].start_s - (steps[-1] // len(per_cycle)) * period - per_cycle[steps[-1] % len(per_cycle)][0]
    first_cycle = steps[0] // len(per_cycle)
    return CadenceFit(
        error,
        tuple(s // len(per_cycle) - first_cycle for s in steps),
        places[-1].start_s,
        places[-1].end_s,
        origin + cycle * period + per_cycle[following][0],
        n_full,
    )


def _walk(bursts: Sequence[Segment], cadence: Cadence, origin: float) -> list[_Place] | None:
    """Places of bursts on the grid, one after the other from one whose place is known; None where one lies off it."""
    per_cycle, period = cadence.bursts_s, cadence.period_s
    places = []
    for burst in bursts:
        cycle = int((burst.start_s + TIMING_TOLERANCE_S - origin) // period)
        here = None
        for k, (a, b) in enumerate(per_cycle):
            start, end = origin + cycle * period + a, origin + cycle * period + b
            if burst.start_s >= start - TIMING_TOLERANCE_S and burst.end_s <= end + 1.5 * TIMING_TOLERANCE_S:
                late = burst.start_s - start
                here = _Place(cycle * len(per_cycle) + k, start, end, late, end - start - burst.duration_s)
        if here is None or here.short_s < -TIMING_TOLERANCE_S:
            return None
        if abs(here.late_s) <= TIMING_TOLERANCE_S:
            origin += 0.5 * here.late_s  # follow a clock that runs a little fast or slow
            here = _Place(here.step, burst.start_s, burst.start_s + here.end_s - here.start_s, here.late_s, here.short_s)
        places.append(here)
    return places

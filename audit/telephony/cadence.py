"""Hold bursts of tone against the cadences of the tone plans, and give them their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audit.records import Segment, ToneKind
from audit.telephony.plans import TONE_PLANS, Cadence

TIMING_TOLERANCE_S = 0.08
SAME_TONE_RATIO = 0.02
SERIES_GAP_S = 8.5  # longer than the longest pause of any plan, and than a periodic hold beep
MAX_SKIPPED_BURSTS = 4
DIAL_MIN_S = 2.6  # no ringback, busy or congestion burst is that long
FIRST_SOUND_S = 12.0  # a lone burst later than this is no ringing

# ITU-T Q.23 for DTMF, T.30 for facsimile, E.180 for the special information tone.
DTMF_LOW_HZ, DTMF_HIGH_HZ, DTMF_TOLERANCE_RATIO = (697, 770, 852, 941), (1209, 1336, 1477, 1633), 0.018
FAX_HZ, FAX_MIN_S = (1100, 2100), 0.4
SIT_HZ, SIT_TOLERANCE_HZ, SIT_MAX_GAP_S = (950, 1400, 1800), 50, 0.12


@dataclass(frozen=True, slots=True)
class CadenceFit:
    """How a series of bursts lies on a cadence.

    Attributes
    ----------
    error_s : float
        Greatest deviation of a start or a full length, plus a penalty for expected bursts that were not heard.
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


def fit_cadence(bursts: Sequence[Segment], cadence: Cadence) -> CadenceFit | None:
    """Lay bursts on a cadence; None where they do not lie on it.

    The last burst may be shorter than its length (the answer cut it) and the first one too where the recording begins
    inside it. The first burst heard may be any of the bursts of a cycle.

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
    fits = [_fit_from(bursts, cadence, k) for k in range(len(cadence.bursts_s))]
    return min((f for f in fits if f is not None), key=lambda f: f.error_s, default=None)


def _fit_from(bursts: Sequence[Segment], cadence: Cadence, first: int) -> CadenceFit | None:
    """The same with the first burst known to be number `first` of its cycle."""
    per_cycle, period = cadence.bursts_s, cadence.period_s

    def expected(step: int) -> tuple[float, float]:
        cycle, k = divmod(step, len(per_cycle))
        return cycle * period + per_cycle[k][0], cycle * period + per_cycle[k][1]

    begun = bursts[0].start_s < 0.06 and len(bursts) > 1 and bursts[0].duration_s < expected(first)[1] - expected(first)[0]
    origin = bursts[0].end_s - expected(first)[1] if begun else bursts[0].start_s - expected(first)[0]
    error, n_full, cycles, step = 0.0, 0, [], first
    for i, burst in enumerate(bursts):
        if i:
            step = min(
                range(step + 1, step + 2 + MAX_SKIPPED_BURSTS), key=lambda s: abs(origin + expected(s)[0] - burst.start_s)
            )
        start, end = origin + expected(step)[0], origin + expected(step)[1]
        late = 0.0 if begun and i == 0 else burst.start_s - start
        longer = burst.duration_s - (end - start)
        cut = longer < -TIMING_TOLERANCE_S and (i == len(bursts) - 1 or (begun and i == 0))
        if abs(late) > TIMING_TOLERANCE_S or longer > TIMING_TOLERANCE_S or (longer < -TIMING_TOLERANCE_S and not cut):
            return None
        n_full += not cut
        error = max(error, abs(late), 0.0 if cut else abs(longer))
        cycles.append(step // len(per_cycle))
        origin += 0.5 * late  # follow a clock that runs a little fast or slow
    skipped = step - first - (len(bursts) - 1)
    return CadenceFit(
        error + 0.02 * skipped + (0.03 if first else 0.0),
        tuple(cycles),
        bursts[-1].start_s,
        bursts[-1].start_s + expected(step)[1] - expected(step)[0],
        origin + expected(step + 1)[0],
        n_full,
    )


def name_bursts(bursts: Sequence[Segment], freqs_hz: Sequence[tuple[float, ...]], *, duration_s: float) -> tuple[ToneKind, ...]:
    """Name each burst of one leg by its components and its place in a cadence.

    Parameters
    ----------
    bursts : sequence of Segment
        Sorted.
    freqs_hz : sequence of tuple of float
        Components of each burst.
    duration_s : float
        Length of the recording: a busy tone may be cut by its end.

    Returns
    -------
    tuple of ToneKind
        One for each burst; "beep" where nothing else fits.
    """
    kinds: list[ToneKind] = ["beep"] * len(bursts)
    for i in range(len(bursts) - 2):
        three = range(i, i + 3)
        close = all(bursts[k + 1].start_s - bursts[k].end_s <= SIT_MAX_GAP_S for k in (i, i + 1))
        if close and all(
            len(freqs_hz[k]) == 1 and abs(freqs_hz[k][0] - f) <= SIT_TOLERANCE_HZ for k, f in zip(three, SIT_HZ, strict=True)
        ):
            for k in three:
                kinds[k] = "special_information"
    for i, (burst, f) in enumerate(zip(bursts, freqs_hz, strict=True)):
        if _is_dtmf(f):
            kinds[i] = "dtmf"
        elif len(f) == 1 and burst.duration_s >= FAX_MIN_S and any(abs(f[0] / x - 1) < 0.015 for x in FAX_HZ):
            kinds[i] = "fax"
    for members in _series(bursts, freqs_hz, [i for i, k in enumerate(kinds) if k == "beep"]):
        kind = _name_series([bursts[i] for i in members], freqs_hz[members[0]], duration_s=duration_s)
        for i in members:
            kinds[i] = kind
    return tuple(kinds)


def _is_dtmf(freqs_hz: tuple[float, ...]) -> bool:
    """One row and one column frequency of the keypad."""
    if len(freqs_hz) != 2:
        return False
    return all(
        any(abs(f / x - 1) <= DTMF_TOLERANCE_RATIO for x in group)
        for f, group in zip(freqs_hz, (DTMF_LOW_HZ, DTMF_HIGH_HZ), strict=True)
    )


def same_tone(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    """Whether two bursts have the same components, to 2 %."""
    return len(a) == len(b) and all(abs(x / y - 1) <= SAME_TONE_RATIO for x, y in zip(a, b, strict=True))


def _series(bursts: Sequence[Segment], freqs_hz: Sequence[tuple[float, ...]], among: Sequence[int]) -> list[list[int]]:
    """Indices of bursts of the same tone that follow each other."""
    series: list[list[int]] = []
    for i in among:
        for s in series:
            if same_tone(freqs_hz[s[-1]], freqs_hz[i]) and bursts[i].start_s - bursts[s[-1]].end_s <= SERIES_GAP_S:
                s.append(i)
                break
        else:
            series.append([i])
    return series


def _name_series(bursts: Sequence[Segment], freqs_hz: tuple[float, ...], *, duration_s: float) -> ToneKind:
    """Ringback, busy, congestion, dial tone or beep."""
    if len(bursts) == 1 and bursts[0].duration_s >= DIAL_MIN_S:
        return "dial"
    best: tuple[float, ToneKind] | None = None
    for plan in TONE_PLANS.values():
        rows: tuple[tuple[ToneKind, Cadence], ...] = (
            ("ringback", plan.ringback),
            ("busy", plan.busy),
            ("congestion", plan.congestion),
        )
        for kind, cadence in rows:
            fit = fit_cadence(bursts, cadence) if cadence.mismatch_ratio(freqs_hz) is not None else None
            if fit is None or (len(bursts) == 1 and not _alone_as(kind, bursts[0], fit, cadence, duration_s=duration_s)):
                continue
            error = fit.error_s + 5 * (cadence.mismatch_ratio(freqs_hz) or 0.0)
            if best is None or error < best[0] - 1e-9:
                best = (error, kind)
    return best[1] if best else "beep"


def _alone_as(kind: ToneKind, burst: Segment, fit: CadenceFit, cadence: Cadence, *, duration_s: float) -> bool:
    """Whether a single burst may be taken for the tone: early for ringback, at the very end for busy."""
    if kind == "ringback":
        return burst.start_s <= FIRST_SOUND_S
    return duration_s - burst.end_s <= cadence.pattern_s[1] + 0.1 and burst.start_s > FIRST_SOUND_S

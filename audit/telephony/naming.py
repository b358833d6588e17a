"""Give bursts of tone their names, by their components and their place in a cadence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from audit.records import ToneKind
from audit.segments import Segment
from audit.telephony.cadence import AT_START_S, SERIES_GAP_S, CadenceFit, fit_cadence, same_tone
from audit.telephony.plans import MATCH_RATIO, TONE_PLANS, Cadence, TonePlan, carrier_hz
from audit.telephony.worldwide import is_dtmf, is_fax, special_information

DIAL_MIN_S = 2.6  # no ringback, busy or congestion burst is that long
DIAL_TOLERANCE_RATIO = 0.02
FIRST_SOUND_S = 12.0  # a lone burst later than this is no ringing
MAX_SERIES_GAP_S = 27.0  # four rings missing between two that keep time with each other
OTHER_PLAN_PENALTY_S = 0.05  # the tones of one call come from one network, mostly
# The soft phone baresip plays its own call waiting tone, whatever the country (measured on its sound file).
SOFT_PHONE_WAITING = Cadence((440.0,), (0.3, 0.12, 0.3, 4.3))
# Call waiting and a PBX's own hold beep are both short bursts far apart: only what keeps a plan's times closely has the name.
WAITING_MAX_ERROR_S = 0.03
SLOWEST_BUSY_S = 2.4  # bursts of a busy or congestion tone farther apart than this are a PBX's hold tone


def name_bursts(
    bursts: Sequence[Segment], freqs_hz: Sequence[tuple[float, ...]], *, duration_s: float, plan: str = "auto"
) -> tuple[ToneKind, ...]:
    """Name each burst of one leg.

    Parameters
    ----------
    bursts : sequence of Segment
        Sorted.
    freqs_hz : sequence of tuple of float
        Components of each burst.
    duration_s : float
        Length of the recording: a busy tone may be cut by its end.
    plan : str, default "auto"
        Name of a tone plan to name by; "auto" takes whichever fits.

    Returns
    -------
    tuple of ToneKind
        One for each burst; "beep" where nothing else fits.
    """
    kinds: list[ToneKind] = ["beep"] * len(bursts)
    for i, (burst, f) in enumerate(zip(bursts, freqs_hz, strict=True)):
        if is_dtmf(f):
            kinds[i] = "dtmf"
        elif is_fax(f, burst.duration_s):
            kinds[i] = "fax"
    for i in special_information(bursts, freqs_hz):
        kinds[i] = "special_information"
    plans = tuple(TONE_PLANS.values()) if plan == "auto" else (TONE_PLANS[plan],)
    series = _series(bursts, freqs_hz, [i for i, k in enumerate(kinds) if k == "beep"], plans)
    rows = [(plan.name, kind, cadence) for plan in plans for kind, cadence in _rows(plan)]
    lowest_hz = np.array([cadence.freqs_hz[0] for _, _, cadence in rows])
    ringing: frozenset[str] = frozenset()
    for members in series:
        those, heard_hz = [bursts[i] for i in members], freqs_hz[members[0]]
        lowest = (carrier_hz(heard_hz) or (0.0,))[0]
        near = [rows[i] for i in np.flatnonzero(np.abs(lowest / lowest_hz - 1) <= MATCH_RATIO)]
        kind, by = _name_series(those, heard_hz, plans, near, ringing, duration_s=duration_s)
        if kind == "ringback" and not ringing:
            ringing = by
        for i in members:
            kinds[i] = kind
    return tuple(kinds)


def _series(
    bursts: Sequence[Segment], freqs_hz: Sequence[tuple[float, ...]], among: Sequence[int], plans: Sequence[TonePlan]
) -> list[list[int]]:
    """Indices of bursts of the same tone that follow each other, also over a longer gap where they keep time."""
    series: list[list[int]] = []
    for i in among:
        for s in reversed(series):
            if same_tone(freqs_hz[s[-1]], freqs_hz[i]):
                if bursts[i].start_s - bursts[s[-1]].end_s <= SERIES_GAP_S:
                    s.append(i)
                else:
                    series.append([i])
                break
        else:
            series.append([i])
    far_apart = {c for p in plans for c in (*p.ringbacks, p.call_waiting) if c}
    joined: list[list[int]] = []
    for s in series:
        for before in reversed(joined):
            gap_s = bursts[s[0]].start_s - bursts[before[-1]].end_s
            both = [*before, *s]
            if (
                0 < gap_s <= MAX_SERIES_GAP_S
                and same_tone(freqs_hz[before[-1]], freqs_hz[s[0]])
                and any(_fits([bursts[i] for i in both], freqs_hz[before[0]], c) for c in far_apart)
            ):
                before += s
                break
        else:
            joined.append(s)
    return joined


def _fits(bursts: Sequence[Segment], freqs_hz: tuple[float, ...], cadence: Cadence) -> bool:
    """Whether bursts lie on a cadence, most of them whole."""
    if cadence.mismatch_ratio(freqs_hz) is None:
        return False
    fit = fit_cadence(bursts, cadence)
    return fit is not None and 2 * fit.n_full >= len(bursts)


def _name_series(
    bursts: Sequence[Segment],
    freqs_hz: tuple[float, ...],
    plans: Sequence[TonePlan],
    rows: Sequence[tuple[str, ToneKind, Cadence]],
    ringing: frozenset[str],
    *,
    duration_s: float,
) -> tuple[ToneKind, frozenset[str]]:
    """Kind of a series, and the plans by which it is that; `ringing` are the plans of the ringback heard before."""
    if len(bursts) == 1 and bursts[0].duration_s >= DIAL_MIN_S:
        dial = any(
            len(freqs_hz) == len(p.dial_hz)
            and all(abs(f / d - 1) <= DIAL_TOLERANCE_RATIO for f, d in zip(freqs_hz, p.dial_hz, strict=True))
            for p in plans
        )
        return ("dial" if dial else "beep"), frozenset()
    fitting: list[tuple[float, ToneKind, str]] = []
    for name, kind, cadence in rows:
        mismatch = cadence.mismatch_ratio(freqs_hz)
        fit = fit_cadence(bursts, cadence) if mismatch is not None else None
        if mismatch is None or fit is None or not _counts_as(kind, bursts, fit, cadence, duration_s=duration_s):
            continue
        error = fit.error_s + 5 * mismatch + (OTHER_PLAN_PENALTY_S if ringing and name not in ringing else 0.0)
        fitting.append((error, kind, name))
    if not fitting and _is_waiting_pair(bursts, freqs_hz):
        return "call_waiting", frozenset()
    if not fitting:
        return "beep", frozenset()
    least = min(error for error, _, _ in fitting)
    # Between kinds that fit alike the one that more countries mean by it: 425 Hz, 0.25 s on and off, is congestion.
    alike = [(kind, name) for error, kind, name in fitting if error <= least + 0.01]
    kinds = [kind for kind, _ in alike]
    best = max(kinds, key=lambda k: (kinds.count(k), k == "busy"))
    return best, frozenset(name for kind, name in alike if kind == best)


def _is_waiting_pair(bursts: Sequence[Segment], freqs_hz: tuple[float, ...]) -> bool:
    """Whether bursts are a soft phone's call waiting tone: one or more pairs."""
    if len(bursts) < 2 or SOFT_PHONE_WAITING.mismatch_ratio(freqs_hz) is None:
        return False
    fit = fit_cadence(bursts, SOFT_PHONE_WAITING)
    return fit is not None and fit.n_full == len(bursts) and fit.error_s <= WAITING_MAX_ERROR_S


def _rows(plan: TonePlan) -> Iterable[tuple[ToneKind, Cadence]]:
    """The tones of a plan that have a cadence."""
    yield from (("ringback", r) for r in plan.ringbacks)
    yield "busy", plan.busy
    yield "congestion", plan.congestion
    if plan.call_waiting:
        yield "call_waiting", plan.call_waiting
    if plan.information:
        yield "special_information", plan.information


def _counts_as(kind: ToneKind, bursts: Sequence[Segment], fit: CadenceFit, cadence: Cadence, *, duration_s: float) -> bool:
    """Whether what was heard is enough of the tone.

    A single burst may be ringing where it is early, and busy tone at the very end. Call waiting and information tone need a
    whole cycle and one more burst, and close timing.
    """
    if kind in ("call_waiting", "special_information"):
        whole = len(bursts) > len(cadence.bursts_s)
        return whole and fit.n_full >= len(bursts) - 1 and fit.error_s <= WAITING_MAX_ERROR_S
    if kind in ("busy", "congestion") and min((b.start_s - a.start_s for a, b in pairwise(bursts)), default=0) > SLOWEST_BUSY_S:
        return False  # a hold tone keeps time with a busy tone of which only every few bursts are heard
    if len(bursts) > 1:
        return fit.n_full > 0 or bursts[0].start_s < AT_START_S
    if kind == "ringback":
        return bursts[0].start_s <= FIRST_SOUND_S
    return duration_s - bursts[0].end_s <= cadence.pattern_s[1] + 0.1 and bursts[0].start_s > FIRST_SOUND_S

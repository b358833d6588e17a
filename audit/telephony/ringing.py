"""Count the rings of a call and find the moment of the answer from its ringback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.records import Tone
from audit.telephony.cadence import SERIES_GAP_S, CadenceFit, fit_cadence, same_tone
from audit.telephony.plans import FREQUENCY_TOLERANCE_RATIO, TONE_PLANS, TonePlan

COMMON_PLANS = ("cn", "us", "uk", "de", "fr", "jp")
RARE_PLAN_PENALTY = 0.5  # in units of a whole tolerance: between two plans that both fit, the common one
CUT_LONE_BURST_PENALTY = 0.5
CUT_MIN_S = 0.04  # a burst is cut if it is shorter than its nominal length by more than its edges are uncertain
EDGE_S = 0.02


@dataclass(frozen=True, slots=True)
class Ringing:
    """The ringing before the answer, as the recording lets it be heard.

    Attributes
    ----------
    n_rings : int
        Rings begun before the answer, the last one included if only a part of it was heard.
    ring_start_s, last_burst_end_s : float
        Start of the first and end of the last burst.
    tone_plan : str
        Name in :data:`audit.telephony.plans.TONE_PLANS`.
    answer_earliest_s, answer_latest_s : float
        The answer lies between these.
    answer_at_s, tolerance_s : float
        Where it is taken to lie, and half the width of what is left open.
    cuts_a_ring : bool
        The answer cut a burst short, so that its end is the answer.
    """

    n_rings: int
    ring_start_s: float
    last_burst_end_s: float
    tone_plan: str
    answer_earliest_s: float
    answer_latest_s: float
    answer_at_s: float
    tolerance_s: float
    cuts_a_ring: bool


def measure_ringing(tones: Iterable[Tone], *, plan: str = "auto", first_speech_s: float | None = None) -> Ringing | None:
    """Count rings by cadence and place the answer.

    Only the first series of ringback counts: what rings after the answer (a transfer) is no waiting of this call's
    caller for its first answer. A ring is one cycle of the cadence: two bursts in Britain, one in China.

    Parameters
    ----------
    tones : iterable of Tone
        Of all channels, from :func:`audit.telephony.tones.find_tones`. Where more than one channel carries ringback the
        one with the most of it is used.
    plan : str, default "auto"
        Name of a tone plan; "auto" takes the plan that fits best in frequency and cadence.
    first_speech_s : float, optional
        Start of the first speech of anybody. Ringback after it does not count, and the answer lies before it.

    Returns
    -------
    Ringing or None
        None where no ringback of the plan is heard.

    Raises
    ------
    ValueError
        If the plan is unknown.

    Notes
    -----
    The network takes the ringback away at the answer. A burst shorter than its nominal length therefore ends at the
    answer; otherwise the answer lies in the pause, before the next burst would have begun and before the first word.

    Examples
    --------
    >>> tones = [Tone(0.5, 1.5, "ringback", 0, (450.0,)), Tone(5.5, 5.9, "ringback", 0, (450.0,))]
    >>> r = measure_ringing(tones)
    >>> r.n_rings, r.tone_plan, r.answer_at_s, r.cuts_a_ring
    (2, 'cn', 5.9, True)
    """
    if plan != "auto" and plan not in TONE_PLANS:
        raise ValueError(f"no tone plan {plan!r}; there are: auto {' '.join(TONE_PLANS)}")
    latest_s = float("inf") if first_speech_s is None else first_speech_s + EDGE_S
    heard = [t for t in tones if t.kind == "ringback" and t.start_s < latest_s]
    best: tuple[float, Ringing] | None = None
    for channel in sorted({t.channel for t in heard}):
        series = _first_series(sorted(t for t in heard if t.channel == channel))
        found = _fit_plans(series, TONE_PLANS.values() if plan == "auto" else (TONE_PLANS[plan],))
        if found is None:
            continue
        sounding_s = sum(t.duration_s for t in series)
        if best is None or sounding_s > best[0] + 0.1:
            best = (sounding_s, _ringing(series, *found, first_speech_s=first_speech_s))
    return best[1] if best else None


def _first_series(tones: Sequence[Tone]) -> list[Tone]:
    """The tones that belong to the first one's ringing."""
    series = list(tones[:1])
    for t in tones[1:]:
        if t.start_s - series[-1].end_s > SERIES_GAP_S or not same_tone(t.freqs_hz, series[-1].freqs_hz):
            break
        series.append(t)
    return series


def _fit_plans(series: Sequence[Tone], plans: Iterable[TonePlan]) -> tuple[TonePlan, CadenceFit] | None:
    """The plan with the smallest misfit, in units of whole tolerances."""
    best: tuple[float, TonePlan, CadenceFit] | None = None
    for plan in plans:
        mismatch = plan.ringback.mismatch_ratio(series[0].freqs_hz)
        fit = fit_cadence(series, plan.ringback) if mismatch is not None else None
        if mismatch is None or fit is None:
            continue
        cost = mismatch / FREQUENCY_TOLERANCE_RATIO + fit.error_s / 0.08
        cost += 0.0 if plan.name in COMMON_PLANS else RARE_PLAN_PENALTY
        cost += 0.0 if fit.n_full else CUT_LONE_BURST_PENALTY
        if best is None or cost < best[0] - 1e-9:
            best = (cost, plan, fit)
    return best[1:] if best else None


def _ringing(series: Sequence[Tone], plan: TonePlan, fit: CadenceFit, *, first_speech_s: float | None) -> Ringing:
    """Put the figures together."""
    end = series[-1].end_s
    cut = end < fit.last_nominal_end_s - CUT_MIN_S
    latest = end if cut else max(end, min(fit.next_start_s, fit.next_start_s if first_speech_s is None else first_speech_s))
    return Ringing(
        n_rings=fit.cycles[-1] - fit.cycles[0] + 1,
        ring_start_s=series[0].start_s,
        last_burst_end_s=end,
        tone_plan=plan.name,
        answer_earliest_s=end,
        answer_latest_s=latest,
        answer_at_s=(end + latest) / 2,
        tolerance_s=max(EDGE_S, (latest - end) / 2),
        cuts_a_ring=cut,
    )

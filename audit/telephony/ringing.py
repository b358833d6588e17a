"""Count the rings of a call and find the moment of the answer from its ringback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.records import Tone
from audit.segments import Segment
from audit.telephony.cadence import SERIES_GAP_S, CadenceFit, fit_cadence, same_tone
from audit.telephony.naming import FIRST_SOUND_S, MAX_SERIES_GAP_S
from audit.telephony.plans import FREQUENCY_TOLERANCE_RATIO, TONE_PLANS, Cadence, TonePlan

COMMON_PLANS = ("cn", "us", "uk", "de", "fr", "jp")
RARE_PLAN_PENALTY = 0.5  # in units of a whole tolerance: between two plans that both fit, the common one
OTHER_RINGBACK_PENALTY = 0.25  # of a ringback that is not a country's first one
CUT_LONE_BURST_PENALTY = 0.5
ALIKE_COST = 1.0  # plans whose fit is worse by no more could be meant as well
CUT_MIN_S = 0.04  # a burst is cut if it is shorter than its nominal length by more than its edges are uncertain
EDGE_S = 0.02
RANG_ON_CYCLES = 1.3  # rings that go on in time after speech show that it was no answer, if no whole one is missing


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
        Name in :data:`audit.telephony.plans.TONE_PLANS`: the plan that fits best, of several that sound alike the most
        common one.
    answer_earliest_s, answer_latest_s : float
        The answer lies between these.
    answer_at_s, tolerance_s : float
        Where it is taken to lie, and half the width of what is left open.
    cuts_a_ring : bool
        The answer cut a burst short, so that its end is the answer.
    plan_alternatives : tuple of str
        The other plans that what was heard could as well be of; the recording cannot tell them from `tone_plan`. Always ()
        where the plan was given.
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
    plan_alternatives: tuple[str, ...] = ()


def measure_ringing(
    tones: Iterable[Tone], *, plan: str = "auto", first_speech_s: float | None = None, speech: Iterable[Segment] = ()
) -> Ringing | None:
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
        Start of the first speech of anybody. The answer lies before it and ringback after it does not count, unless the
        rings go on in time: then somebody spoke into the ringing (an announcement, a voice on the other leg).
    speech : iterable of Segment, optional
        All speech of anybody, to bound the answer where the first speech was during the ringing.

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
    heard = [t for t in tones if t.kind == "ringback"]
    plans = tuple(TONE_PLANS.values()) if plan == "auto" else (TONE_PLANS[plan],)
    # The first speech, where it was given, and what is spoken after it; the caller knows which speech is none of a person's.
    starts_s = sorted(s.start_s for s in speech if first_speech_s is None or s.start_s > first_speech_s)
    starts_s = starts_s if first_speech_s is None else [first_speech_s, *starts_s]
    best: tuple[float, Ringing] | None = None
    for channel in sorted({t.channel for t in heard}):
        for series in _first_series(sorted(t for t in heard if t.channel == channel), plans, starts_s):
            fits = _fit_plans(series, plans)
            if not fits:
                continue
            sounding_s = sum(t.duration_s for t in series)
            if best is None or sounding_s > best[0] + 0.1:
                best = (sounding_s, _ringing(series, fits, starts_s))
            break
    return best[1] if best else None


def _first_series(tones: Sequence[Tone], plans: Sequence[TonePlan], starts_s: Sequence[float]) -> Iterable[list[Tone]]:
    """The first ringing, as far as it may reach, then as far as it surely does.

    It reaches to the first speech, and beyond where the rings go on in time with those before.
    """
    series = list(tones[:1])
    for t in tones[1:]:
        gap_s = t.start_s - series[-1].end_s
        if not same_tone(t.freqs_hz, series[-1].freqs_hz) or gap_s > MAX_SERIES_GAP_S:
            break
        if gap_s > SERIES_GAP_S and not _fit_plans([*series, t], plans):
            break
        series.append(t)
    first = next(iter(starts_s), float("inf")) + EDGE_S
    before = [t for t in series if t.start_s < first]
    if before == series:
        yield series
        return
    if not before:  # spoken before: an announcement, then ringing, if it begins with the recording
        if series[:1] and series[0].start_s <= FIRST_SOUND_S and len(series) > 1:
            yield series
        return
    fits = _fit_plans(series, plans)
    if fits:
        _, _, cadence, fit = fits[0]
        steps = fit.cycles[len(before) - 1], fit.cycles[len(before)]
        if steps[1] - steps[0] <= RANG_ON_CYCLES and len(series) - len(before) >= len(cadence.bursts_s):
            yield series
    yield before


def _fit_plans(series: Sequence[Tone], plans: Iterable[TonePlan]) -> list[tuple[float, TonePlan, Cadence, CadenceFit]]:
    """The plans whose ringback fits, with the misfit in units of whole tolerances, the best first."""
    fits: list[tuple[float, TonePlan, Cadence, CadenceFit]] = []
    for plan in plans:
        best: tuple[float, TonePlan, Cadence, CadenceFit] | None = None
        for cadence in plan.ringbacks:
            mismatch = cadence.mismatch_ratio(_typical_hz(series))
            fit = fit_cadence(series, cadence) if mismatch is not None else None
            if mismatch is None or fit is None:
                continue
            cost = mismatch / FREQUENCY_TOLERANCE_RATIO + fit.error_s / 0.08
            cost += 0.0 if cadence is plan.ringback else OTHER_RINGBACK_PENALTY
            cost += 0.0 if fit.n_full else CUT_LONE_BURST_PENALTY
            if best is None or cost < best[0]:
                best = (cost, plan, cadence, fit)
        if best:
            fits.append(best)
    return sorted(fits, key=lambda f: round(f[0] + (0.0 if f[1].name in COMMON_PLANS else RARE_PLAN_PENALTY), 6))


def _typical_hz(series: Sequence[Tone]) -> tuple[float, ...]:
    """Components of the longest burst: they are known best."""
    return max(series, key=lambda t: t.duration_s).freqs_hz


def _ringing(
    series: Sequence[Tone], fits: Sequence[tuple[float, TonePlan, Cadence, CadenceFit]], starts_s: Sequence[float]
) -> Ringing:
    """Put the figures together."""
    cost, plan, _, fit = fits[0]
    end = series[-1].end_s
    cut = end < fit.last_nominal_end_s - CUT_MIN_S
    word_s = next((s for s in starts_s if s >= end - EDGE_S), fit.next_start_s)
    latest = end if cut else max(end, min(fit.next_start_s, word_s))
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
        plan_alternatives=tuple(p.name for c, p, _, _ in fits[1:] if c <= cost + ALIKE_COST),
    )

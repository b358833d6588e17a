"""From verdicts to points, sections, score and band."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, cast

from audit.evaluation.call import Call, Reason, Result, make_ready, say
from audit.evaluation.certainty import doubt
from audit.evaluation.checks import judge
from audit.evaluation.facts import NO_FACTS, Facts
from audit.evaluation.language import Band, Criterion, Scorecard, Section
from audit.evaluation.prefilter import Same, index_of
from audit.evaluation.signs import judge_signs
from audit.records import CallRecord, Evidence
from audit.verdicts import Evaluation, Outcome, SectionScore, Verdict


def evaluate(record: CallRecord, scorecard: Scorecard, facts: Facts = NO_FACTS) -> Evaluation:
    """Hold a call against a scorecard. Pure: no clock, file, model or chance.

    Every criterion yields an outcome. *Not applicable* and *not evaluable* leave the denominator. A section
    scores the percentage of its points that were earned, less what deductions take off; the score is the mean of
    the sections that could be scored, by weight, and the bonus on top, 100 at most. A failed critical criterion
    sets the score, or that of its section, to 0. Where less than `min_evaluable_ratio` of the points of the
    criteria that apply and that the machine may judge could be judged, there is no score: a few lucky criteria
    are not a call.

    Parameters
    ----------
    record : CallRecord
    scorecard : Scorecard
    facts : mapping of str to number, str or bool, optional
        What other calls and registers say of this one, by the names of :mod:`audit.evaluation.facts`.

    Returns
    -------
    Evaluation
        With score, band and weakest section None where nothing could be evaluated; the weakest section is
        the one that cost the most of the score, None where nothing was lost.
    """
    call, fixed = ready(record, scorecard, facts), _fixed(Same(scorecard))
    outcomes = tuple([_outcome(c, call, filled) for c, filled in fixed.criteria])
    return put_together(scorecard, outcomes, judge_signs(scorecard.signs, call))


def put_together(scorecard: Scorecard, outcomes: tuple[Outcome, ...], signs: Mapping[str, bool | None]) -> Evaluation:
    """Sections, score, band and weakest section from outcomes, whoever found them.

    Parameters
    ----------
    scorecard : Scorecard
    outcomes : tuple of Outcome
        One for each criterion, in the scorecard's order.
    signs : mapping of str to bool or None
        As they are to stand in the evaluation.
    """
    fixed = _fixed(Same(scorecard))
    sections = tuple([_section(s, outcomes[first:end], staked, full) for s, first, end, staked, full in fixed.sections])
    critical = next((o for o in outcomes if o.critical and o.outcome == "fail"), None)
    bonus = sum(o.points or 0.0 for o in outcomes if o.bonus)
    score = _score(scorecard, sections, bonus)
    weakest, cost = _weakest(scorecard, sections)
    why_none = _too_little(scorecard, outcomes, fixed.stakes)
    if why_none:
        score, weakest, cost = None, None, None
    if critical is not None:
        score, weakest, cost, why_none = 0.0, critical.section, 100.0, {}
    band = next((b for b in reversed(scorecard.bands) if score is not None and score >= b.min_score), None)
    return Evaluation(
        scorecard=scorecard.id,
        scorecard_version=scorecard.version,
        scorecard_sha256=scorecard.sha256,
        score=score,
        band=band.id if band else None,
        band_title=band.title if band else {},
        critical_failed=critical is not None,
        weakest_section=weakest,
        sections=sections,
        outcomes=outcomes,
        score_reason=why_none,
        bonus_points=bonus,
        weakest_cost=cost,
        band_reason=_why_band(scorecard, band, score, critical, weakest, cost),
        signs=signs,
    )


class _Fixed(NamedTuple):
    """What is the same for every call of a scorecard.

    Attributes
    ----------
    criteria : tuple
        Each criterion, and whether its suggestion has variables.
    sections : tuple
        Each section, from and to which criterion it reaches, the criteria with a stake in it (a bonus and a rule of no
        points have none), and its full points.
    stakes : tuple of float
        Of each criterion.
    """

    criteria: tuple[tuple[Criterion, bool], ...]
    sections: tuple[tuple[Section, int, int, frozenset[str], float], ...]
    stakes: tuple[float, ...]


@lru_cache(maxsize=8)
def _fixed(key: Same) -> _Fixed:
    scorecard = cast(Scorecard, key.owner)
    criteria, sections, first = scorecard.criteria, [], 0
    for section in scorecard.sections:
        end = first + len(section.criteria)
        sections.append((section, first, end, frozenset(c.id for c in section.criteria if c.stake > 0), section.full_points))
        first = end
    filled = [any("{" in text for text in c.suggestion.values()) for c in criteria]
    return _Fixed(tuple(zip(criteria, filled, strict=True)), tuple(sections), tuple(c.stake for c in criteria))


def ready(record: CallRecord, scorecard: Scorecard, facts: Facts = NO_FACTS) -> Call:
    """A record prepared as a scorecard's checks need it."""
    return make_ready(
        record,
        language=scorecard.language,
        matching=scorecard.matching,
        min_coverage_ratio=scorecard.min_coverage_ratio,
        min_transcript_confidence=scorecard.min_transcript_confidence,
        join_gap_s=scorecard.join_gap_s,
        facts=facts,
        index=index_of(scorecard),
    )


def judge_criterion(criterion: Criterion, call: Call) -> Result:
    """Whether the criterion is in force and applies and, if so, its verdict, before any person's say."""
    if criterion.effective is not None:
        started = call.record.metadata.started_at
        if started is None:
            return Result("not_evaluable", say("不知道通话日期", "the date of the call is not known"))
        if not criterion.effective.holds_on(started.date()):
            return Result("not_applicable", say("通话当日该规则不生效", "the rule was not in force on the day of the call"))
    if criterion.applies_when is not None:
        occasion = judge(criterion.applies_when, call)
        if occasion.verdict == "not_evaluable":
            return occasion
        if occasion.verdict != "pass":
            reason = {k: f"{v}{'：' if k == 'zh' else ': '}{occasion.reason[k]}" for k, v in _NOT_HERE.items()}
            return Result("not_applicable", reason)
    if criterion.audit == "human" or criterion.check is None:
        return Result("not_evaluable", _BY_A_PERSON)
    return judge(criterion.check, call)


_NOT_HERE = say("本次通话不适用", "does not apply to this call")
_BY_A_PERSON = say("此项由人工评定", "judged by a person only")


def _outcome(criterion: Criterion, call: Call, filled: bool) -> Outcome:
    result = judge_criterion(criterion, call)
    verdict, reason = result.verdict, result.reason
    if criterion.audit == "assisted" and verdict == "fail":
        verdict, reason = "not_evaluable", say(f"待人工确认：{reason['zh']}", f"for a person to confirm: {reason['en']}")
    if criterion.bonus and verdict == "fail":  # to lack a bonus is no failure
        verdict, reason = "not_applicable", say(f"未得加分：{reason['zh']}", f"bonus not earned: {reason['en']}")
    doubted = _doubt(criterion, result, call)
    if doubted is not None:
        verdict, reason = "not_evaluable", doubted
    points, possible = points_of(criterion, verdict, result.evidence)
    return Outcome(
        criterion=criterion.id,
        outcome=verdict,
        section=criterion.section,
        reason=reason,
        title=criterion.title,
        points=points,
        max_points=possible,
        critical=criterion.critical,
        clause=criterion.clause,
        suggestion=_filled(criterion.suggestion, call) if filled else criterion.suggestion,
        evidence=result.evidence,
        critical_section=criterion.critical_section,
        bonus=criterion.bonus,
        audit=criterion.audit,
        for_person=verdict == "not_evaluable"
        and (result.verdict == "fail" or doubted is not None or result.reason is _BY_A_PERSON),
    )


def _filled(texts: Mapping[str, str], call: Call) -> Mapping[str, str]:
    """Texts with the call's own data filled in."""
    return {lang: call.fill(text)[0] for lang, text in texts.items()}


def _doubt(criterion: Criterion, result: Result, call: Call) -> Reason | None:
    """Why a person must listen first: words heard too badly decide no criterion that sets a score to 0."""
    if not (criterion.critical or criterion.critical_section):
        return None
    least = criterion.min_confidence
    return doubt(result, call.matching.min_confidence if least is None else least)


def points_of(criterion: Criterion, verdict: Verdict, evidence: tuple[Evidence, ...]) -> tuple[float | None, float | None]:
    """What a verdict earns, or takes off, of how much; None and None where it leaves the denominator."""
    if verdict not in ("pass", "fail"):
        return None, None
    if criterion.deduct is not None:
        n_hits = max(1, sum(e.match != "window" for e in evidence))
        return (0.0 if verdict == "pass" else -criterion.deduct.of(n_hits)), 0.0
    return (criterion.points if verdict == "pass" else 0.0), (0.0 if criterion.bonus else criterion.points)


def _section(section: Section, outcomes: tuple[Outcome, ...], staked: frozenset[str], full: float) -> SectionScore:
    """A section's points, by its outcomes: earned, less the deductions, each a share of all the points of the section.

    So a deduction costs the same whatever else applied in the call. A section none of whose earning criteria was
    judged starts full, if a rule that deducts was.
    """
    mine = [o for o in outcomes if o.criterion in staked and o.max_points is not None]
    earning = [o for o in mine if o.max_points]
    deducted = -sum([o.points or 0.0 for o in mine if not o.max_points])
    if section.max_deduct is not None:
        deducted = min(deducted, section.max_deduct)
    earned = sum([o.points or 0.0 for o in earning])
    possible = sum([o.max_points or 0.0 for o in earning])
    if not earning and mine:
        earned = possible = full
    if possible > 0:
        earned = max(0.0, earned - deducted * possible / full)
    critical = any(o.critical_section and o.outcome == "fail" for o in outcomes)
    if critical:
        earned, possible = 0.0, possible or full
    score = round(100.0 * earned / possible, 2) if possible > 0 else None
    return SectionScore(section.id, section.title, score, earned, possible, deducted, critical)


def _weights(scorecard: Scorecard, sections: tuple[SectionScore, ...]) -> dict[str, float]:
    """Each scored section's share of the score, 0-1; empty where none was scored."""
    scored = {s.section for s in sections if s.score is not None}
    weights = {s.id: s.weight for s in scorecard.sections if s.id in scored}
    total = sum(weights.values())
    return {k: w / total for k, w in weights.items()} if total > 0 else {}


def _score(scorecard: Scorecard, sections: tuple[SectionScore, ...], bonus: float) -> float | None:
    weights = _weights(scorecard, sections)
    if not weights:
        return None
    mean = sum(weights[s.section] * s.score for s in sections if s.score is not None and s.section in weights)
    return round(min(100.0, mean + bonus), 2)


def _too_little(scorecard: Scorecard, outcomes: tuple[Outcome, ...], stakes: tuple[float, ...]) -> dict[str, str]:
    """Why a score would rest on too little; empty where it does not."""
    staked = list(zip(outcomes, stakes, strict=True))
    # what only a person may judge counts from when one has
    applies = sum([n for o, n in staked if o.outcome != "not_applicable" and (o.audit != "human" or o.max_points is not None)])
    judged = sum([n for o, n in staked if o.max_points is not None])
    if judged > 0 and judged >= scorecard.min_evaluable_ratio * applies:
        return {}
    share, least = (judged / applies if applies else 0.0), scorecard.min_evaluable_ratio
    return dict(
        say(
            f"只有 {share:.0%} 的分值可以评定（至少需要 {least:.0%}）",
            f"only {share:.0%} of the points could be judged (at least {least:.0%} needed)",
        )
    )


def _weakest(scorecard: Scorecard, sections: tuple[SectionScore, ...]) -> tuple[str | None, float | None]:
    """The section that cost the most of the score, and how much of it."""
    weights = _weights(scorecard, sections)
    lost = {s.section: weights[s.section] * (100.0 - s.score) for s in sections if s.score is not None and s.section in weights}
    worst = max(lost, key=lambda k: lost[k], default=None)
    return (worst, round(lost[worst], 2)) if worst is not None and lost[worst] > 0 else (None, None)


def _why_band(
    scorecard: Scorecard,
    band: Band | None,
    score: float | None,
    critical: Outcome | None,
    weakest: str | None,
    cost: float | None,
) -> Mapping[str, str]:
    """Why a call stands on its step of the ladder: its score, and what kept it from the next."""
    if band is None or score is None:
        return {}
    if critical is not None:
        return say(
            f"关键项“{critical.title['zh']}”未通过，总分为 0",
            f"the critical criterion “{critical.title['en']}” failed: score 0",
        )
    above = next((b for b in scorecard.bands if b.min_score > score), None)
    zh, en = f"{score:g} 分，达到 {band.min_score:g}", f"{score:g} points, at least {band.min_score:g}"
    if above is not None:
        missing = round(above.min_score - score, 2)
        zh, en = f"{zh}，距上一档差 {missing:g}", f"{en}, {missing:g} short of the next"
    worst = next((s for s in scorecard.sections if s.id == weakest), None)
    if worst is not None and cost is not None:
        zh, en = (
            f"{zh}；最弱的是“{worst.title['zh']}”，失 {cost:g} 分",
            f"{en}; weakest: {worst.title['en']}, which cost {cost:g}",
        )
    return say(zh, en)

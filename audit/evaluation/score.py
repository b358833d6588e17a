"""From verdicts to points, sections, score and band."""

from __future__ import annotations

from audit.evaluation.call import Call, Result, make_ready, say
from audit.evaluation.checks import judge
from audit.evaluation.language import Criterion, Scorecard, Section
from audit.records import CallRecord
from audit.verdicts import Evaluation, Outcome, SectionScore


def evaluate(record: CallRecord, scorecard: Scorecard) -> Evaluation:
    """Hold a call against a scorecard. Pure: no clock, file, model or chance.

    Every criterion yields an outcome. *Not applicable* and *not evaluable* leave the denominator. A section
    scores the percentage of its points that were earned; the score is the mean of the sections that could be
    scored, by weight. A failed critical criterion sets it to 0. Where less than `min_evaluable_ratio` of the
    points of the criteria that apply could be judged, there is no score: a few lucky criteria are not a call.

    Parameters
    ----------
    record : CallRecord
    scorecard : Scorecard

    Returns
    -------
    Evaluation
        With score, band and weakest section None where nothing could be evaluated; the weakest section is
        the one that cost the most of the score, None where nothing was lost.
    """
    call = make_ready(
        record,
        language=scorecard.language,
        matching=scorecard.matching,
        min_coverage_ratio=scorecard.min_coverage_ratio,
        join_gap_s=scorecard.join_gap_s,
    )
    outcomes = tuple(_outcome(c, call) for c in scorecard.criteria)
    sections = tuple(_section(s, outcomes) for s in scorecard.sections)
    critical = next((o for o in outcomes if o.critical and o.outcome == "fail"), None)
    score, weakest = _score(scorecard, sections), _weakest(scorecard, sections)
    why_none = _too_little(scorecard, outcomes)
    if why_none:
        score, weakest = None, None
    if critical is not None:
        score, weakest, why_none = 0.0, critical.section, {}
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
    )


def judge_criterion(criterion: Criterion, call: Call) -> Result:
    """Whether the criterion applies and, if so, its verdict."""
    if criterion.applies_when is not None:
        occasion = judge(criterion.applies_when, call)
        if occasion.verdict == "not_evaluable":
            return occasion
        if occasion.verdict != "pass":
            reason = {k: f"{v}{'：' if k == 'zh' else ': '}{occasion.reason[k]}" for k, v in _NOT_HERE.items()}
            return Result("not_applicable", reason)
    return judge(criterion.check, call)


_NOT_HERE = say("本次通话不适用", "does not apply to this call")


def _outcome(criterion: Criterion, call: Call) -> Outcome:
    result = judge_criterion(criterion, call)
    counted = result.verdict in ("pass", "fail")
    return Outcome(
        criterion=criterion.id,
        outcome=result.verdict,
        section=criterion.section,
        reason=result.reason,
        title=criterion.title,
        points=(criterion.points if result.verdict == "pass" else 0.0) if counted else None,
        max_points=criterion.points if counted else None,
        critical=criterion.critical,
        clause=criterion.clause,
        suggestion={lang: call.fill(text)[0] for lang, text in criterion.suggestion.items()},
        evidence=result.evidence,
    )


def _section(section: Section, outcomes: tuple[Outcome, ...]) -> SectionScore:
    mine = [o for o in outcomes if o.section == section.id and o.max_points is not None]
    earned = sum(o.points or 0.0 for o in mine)
    possible = sum(o.max_points or 0.0 for o in mine)
    score = round(100.0 * earned / possible, 2) if possible > 0 else None
    return SectionScore(section.id, section.title, score, earned, possible)


def _weights(scorecard: Scorecard, sections: tuple[SectionScore, ...]) -> dict[str, float]:
    """Each scored section's share of the score, 0-1; empty where none was scored."""
    scored = {s.section for s in sections if s.score is not None}
    weights = {s.id: s.weight for s in scorecard.sections if s.id in scored}
    total = sum(weights.values())
    return {k: w / total for k, w in weights.items()} if total > 0 else {}


def _score(scorecard: Scorecard, sections: tuple[SectionScore, ...]) -> float | None:
    weights = _weights(scorecard, sections)
    if not weights:
        return None
    return round(sum(weights[s.section] * s.score for s in sections if s.score is not None and s.section in weights), 2)


def _too_little(scorecard: Scorecard, outcomes: tuple[Outcome, ...]) -> dict[str, str]:
    """Why a score would rest on too little; empty where it does not."""
    points = {c.id: c.points for c in scorecard.criteria}
    applies = sum(points[o.criterion] for o in outcomes if o.outcome != "not_applicable")
    judged = sum(points[o.criterion] for o in outcomes if o.max_points is not None)
    if judged > 0 and judged >= scorecard.min_evaluable_ratio * applies:
        return {}
    share, least = (judged / applies if applies else 0.0), scorecard.min_evaluable_ratio
    return dict(
        say(
            f"只有 {share:.0%} 的分值可以评定（至少需要 {least:.0%}）",
            f"only {share:.0%} of the points could be judged (at least {least:.0%} needed)",
        )
    )


def _weakest(scorecard: Scorecard, sections: tuple[SectionScore, ...]) -> str | None:
    weights = _weights(scorecard, sections)
    lost = {s.section: weights[s.section] * (100.0 - s.score) for s in sections if s.score is not None and s.section in weights}
    worst = max(lost, key=lambda k: lost[k], default=None)
    return worst if worst is not None and lost[worst] > 0 else None

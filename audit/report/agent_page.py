"""One agent's scorecard as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.records import Evidence
from audit.report.call_page import (
    PlayerBoard,
    call_view,
    evidence_view,
    failed_outcomes,
    lost,
    shown_evidence,
)
from audit.report.clips import MAX_PAGE_AUDIO_BYTES, CallClips
from audit.report.context import CallRow, CoachingItem, CriterionRow, Figure, ScorecardPage
from audit.report.inputs import ReportedCall
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary, CriterionSummary, ScorecardUse, count_verdicts
from audit.report.wording import NONE, length, measure, moment, percent, period, points, score
from audit.verdicts import Evaluation, Outcome

#: Calls shown in full on one page, those with the lowest scores; the list above them holds all.
MAX_CALLS_SHOWN = 60
#: Criteria under "what to coach first": more than a person can work on is no priority.
MAX_COACHING = 5
#: Fewer scored calls than this and the page says that the mean may move a lot. Our convention, not a standard.
FEW_CALLS = 5
#: The most telling kinds of evidence first, when one example is picked.
_TELLING = {"exact": 0, "normalised": 1, "event": 2, "measure": 3, "pinyin": 4, "window": 5}


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call shown in full, with what can be heard of it."""

    call: ReportedCall
    clips: CallClips


def calls_in_full(calls: Sequence[ReportedCall]) -> tuple[ReportedCall, ...]:
    """The calls that a page shows in full, in the order of `calls`: all, or those with the lowest scores.

    Calls without a score rank after those with one.
    """
    if len(calls) <= MAX_CALLS_SHOWN:
        return tuple(calls)

    def rank(i: int) -> tuple[bool, float, int]:
        evaluation = calls[i].evaluation
        value = evaluation.score if evaluation else None
        return (value is None, value or 0.0, -i)

    keep = sorted(range(len(calls)), key=rank)[:MAX_CALLS_SHOWN]
    return tuple(calls[i] for i in sorted(keep))


def agent_label(agent_id: str, agent_name: str | None, messages: Messages) -> str:
    """What a reader calls the agent."""
    if not agent_id:
        return messages("unassigned")
    return f"{agent_name} ({agent_id})" if agent_name and agent_name != agent_id else agent_id


def scorecard_page(
    summary: AgentSummary,
    calls: Sequence[ReportedCall],
    shown: Sequence[ShownCall],
    *,
    messages: Messages,
    generated_at: datetime,
    stem: str,
) -> ScorecardPage:
    """Put one agent's page together.

    Parameters
    ----------
    summary : AgentSummary
    calls : sequence of ReportedCall
        All of the agent's, oldest first.
    shown : sequence of ShownCall
        Those of :func:`calls_in_full`, with their clips.
    messages : Messages
    generated_at : datetime
    stem : str
        Of the page's file name, for the links to its data files.
    """
    anchors = {id(s.call): f"call-{i + 1}" for i, s in enumerate(shown)}
    board = PlayerBoard()
    for s in shown:
        board.claim(failed_outcomes(s.call.evaluation), s.clips)
    agent = agent_label(summary.agent_id, summary.agent_name, messages)
    coaching = summary.coaching
    return ScorecardPage(
        lang=messages("html_lang"),
        title=messages("agent_title", agent=agent),
        agent=agent,
        period=period((c.record.metadata.started_at for c in calls), messages),
        score=score(summary.score),
        share=None if summary.score is None else summary.score / 100,
        band=messages.pick(summary.band.title, summary.band.band) if summary.band else "",
        score_basis=messages("score.basis", scored=summary.n_scored, n=summary.n_calls)
        if summary.n_scored
        else messages("score.no_score"),
        bands=_bands_text(summary, messages),
        critical_text=messages.count("critical_agent", summary.n_critical, of=summary.n_calls) if summary.n_critical else "",
        notices=_notices(summary, shown, messages),
        headline=_headline(summary, messages),
        sections=tuple(
            Figure(
                messages.pick(s.title, s.section),
                score(s.score),
                messages("points", points=points(s.points), max=points(s.max_points)) if s.score is not None else "",
                None if s.score is None else s.score / 100,
            )
            for s in summary.sections
        ),
        weakest=weakest_text(summary, messages),
        coaching=tuple(
            _coaching_item(i + 1, c, shown, anchors, board, messages) for i, c in enumerate(coaching[:MAX_COACHING])
        ),
        coaching_none=messages("coach.none" if summary.counts.pass_rate.of else "criteria.none"),
        coaching_rest=messages.count("coach.rest", len(coaching) - MAX_COACHING) if len(coaching) > MAX_COACHING else "",
        call_rows=tuple(_call_row(c, anchors.get(id(c)), messages) for c in calls),
        calls=tuple(call_view(s.call, s.clips, board, anchors[id(s.call)], messages) for s in shown),
        calls_note=messages("calls.detail_note", shown=len(shown), n=len(calls)) if len(shown) < len(calls) else "",
        criteria=tuple(criterion_row(c, messages) for c in summary.criteria),
        measures=tuple(
            Figure(
                messages(f"measure.{name}.label"),
                f"{measure(name, m.median)} {messages(f'measure.{name}.unit')}",
                " · ".join(
                    [
                        *(
                            [messages("measure.summary", low=measure(name, m.least), high=measure(name, m.greatest))]
                            if m.n_calls > 1
                            else []
                        ),
                        messages.count("n_calls", m.n_calls),
                    ]
                ),
            )
            for name, m in summary.measures.items()
        ),
        scorecards=tuple(scorecard_text(u, messages) for u in summary.scorecards),
        files=((f"{stem}.json", "JSON"), (f"{stem}.csv", "CSV")),
        generated=messages("generated", when=moment(generated_at, messages)),
    )


def weakest_text(summary: AgentSummary, messages: Messages) -> str:
    """The weakest section and what it cost, in a sentence; empty where nothing was scored."""
    weakest = summary.weakest
    if weakest is None:
        return messages("section.weakest_none") if any(s.score is not None for s in summary.sections) else ""
    return messages(
        "section.weakest",
        title=messages.pick(weakest.title, weakest.section),
        score=score(weakest.score),
        lost=points(weakest.points_lost),
        max=points(weakest.max_points),
    )


def lost_text(c: CriterionSummary, messages: Messages) -> str:
    """Points that a criterion cost: of how many, or taken off where it deducts."""
    if c.max_points:
        return messages("lost_of", lost=points(c.points_lost), max=points(c.max_points))
    return messages("points_deducted", points=points(c.points_lost))


def criterion_row(c: CriterionSummary, messages: Messages) -> CriterionRow:
    """One criterion over many calls: its rate with numerator and denominator, and what stayed out."""
    rate = c.counts.pass_rate
    out = c.counts.n_not_applicable + c.counts.n_not_evaluable
    return CriterionRow(
        title=messages.pick(c.title, c.criterion),
        criterion=c.criterion,
        clause=c.clause,
        rate=messages("criteria.rate_of", n=rate.n, of=rate.of) if rate.of else NONE,
        share=rate.ratio,
        counts=messages("criteria.out", na=c.counts.n_not_applicable, ne=c.counts.n_not_evaluable) if out else "",
        points=lost_text(c, messages) if c.points_lost > 0 else "",
        critical=c.critical,
    )


def scorecard_text(use: ScorecardUse, messages: Messages) -> str:
    """A scorecard's name, version and the first digits of its hash."""
    return messages("scorecard_calls", scorecard=use.scorecard, version=use.version, sha256=use.sha256[:12], n=use.n_calls)


def _notices(summary: AgentSummary, shown: Sequence[ShownCall], messages: Messages) -> tuple[str, ...]:
    notices = []
    if 0 < summary.n_scored < FEW_CALLS:
        notices.append(messages("few_calls", n=summary.n_scored, least=FEW_CALLS))
    if len(summary.scorecards) > 1:
        notices.append(messages("versions_differ"))
    left_out = sum(s.clips.n_left_out for s in shown)
    if left_out:
        notices.append(messages("player.page_full", limit=MAX_PAGE_AUDIO_BYTES // 1_000_000, n=left_out))
    return tuple(notices)


def _bands_text(summary: AgentSummary, messages: Messages) -> str:
    return " · ".join(messages("score.band_part", title=messages.pick(title), n=n) for title, n in summary.bands)


def _headline(summary: AgentSummary, messages: Messages) -> tuple[Figure, ...]:
    counts, rate = summary.counts, summary.counts.pass_rate
    n_verdicts = rate.of + counts.n_not_applicable + counts.n_not_evaluable
    figures = [
        Figure(messages("head.calls"), str(summary.n_calls), messages("head.calls_note", scored=summary.n_scored)),
        Figure(messages("head.audio"), length(summary.audio_s, messages)),
        Figure(
            messages("head.pass_rate"), percent(rate.ratio), messages("head.pass_note", n=rate.n, of=rate.of) if rate.of else ""
        ),
        Figure(
            messages("head.not_evaluable"),
            str(counts.n_not_evaluable) if n_verdicts else NONE,
            messages("head.not_evaluable_note", of=n_verdicts) if n_verdicts else "",
        ),
    ]
    if summary.n_scored > 1:
        low, high = score(summary.lowest_score), score(summary.highest_score)
        figures.insert(1, Figure(messages("score.range"), f"{low} – {high}", messages("score.range_note")))
    return tuple(figures)


def _coaching_item(
    rank: int,
    c: CriterionSummary,
    shown: Sequence[ShownCall],
    anchors: dict[int, str],
    board: PlayerBoard,
    messages: Messages,
) -> CoachingItem:
    example = _best_example(c.criterion, shown)
    view, suggestion, call_text, href = None, "", "", ""
    if example is not None:
        where, outcome, evidence = example
        suggestion = messages.pick(outcome.suggestion)
        call_text = moment(where.call.record.metadata.started_at, messages)
        href = f"{anchors[id(where.call)]}-{outcome.criterion}"
        if evidence is not None:
            player = board.player(evidence, where.clips, messages, elsewhere=True)
            view = evidence_view(
                evidence,
                where.call.record.recording,
                where.clips,
                player,
                messages,
                listen=True,
                reason=messages.pick(outcome.reason),
            )
    return CoachingItem(
        rank=rank,
        title=messages.pick(c.title, c.criterion),
        criterion=c.criterion,
        clause=c.clause,
        critical=c.critical,
        cost=messages.count("coach.critical_cost", c.counts.n_fail)
        if c.critical and c.counts.n_fail
        else lost_text(c, messages),
        share=c.points_lost / c.max_points if c.max_points else 0.0,
        frequency=messages("coach.failed_in", n=c.counts.n_fail, of=c.counts.pass_rate.of),
        suggestion=suggestion,
        example=view,
        example_call=call_text,
        example_anchor=href,
    )


def _best_example(criterion: str, shown: Sequence[ShownCall]) -> tuple[ShownCall, Outcome, Evidence | None] | None:
    """The failure to listen to first: one that can be heard, plainly said, surely recognised, and costly."""
    candidates: list[tuple[tuple[float, ...], ShownCall, Outcome, Evidence | None]] = []
    for s in shown:
        for o in s.call.evaluation.outcomes if s.call.evaluation else ():
            if o.criterion != criterion or o.outcome != "fail":
                continue
            if not o.evidence:
                candidates.append(((2.0,), s, o, None))
            for e in shown_evidence(o):
                audible = (e.start_s, e.end_s) in s.clips.heard
                rank = (float(not audible), float(_TELLING.get(e.match, 6)), -(e.confidence or 0.0), -lost(o))
                candidates.append((rank, s, o, e))
    if not candidates:
        return None
    _, where, outcome, place = min(candidates, key=lambda c: c[0])
    return where, outcome, place


def _call_row(call: ReportedCall, anchor: str | None, messages: Messages) -> CallRow:
    evaluation: Evaluation | None = call.evaluation
    counts = count_verdicts(evaluation.outcomes if evaluation else ())
    value = evaluation.score if evaluation else None
    return CallRow(
        href=f"#{anchor}" if anchor else "",
        call_id=call.record.call_id,
        when=moment(call.record.metadata.started_at, messages),
        duration=length(call.record.recording.duration_s, messages),
        score=score(value),
        share=None if value is None else value / 100,
        critical=bool(evaluation and evaluation.critical_failed),
        n_failed=str(counts.n_fail) if evaluation else NONE,
        n_not_evaluable=str(counts.n_not_evaluable) if evaluation else NONE,
    )

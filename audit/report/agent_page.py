"""One agent's scorecard as a page shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from audit.digests import CallDigest
from audit.records import Evidence
from audit.report.activity import Day
from audit.report.call_files import call_address
from audit.report.call_page import (
    PlayerBoard,
    call_view,
    evidence_view,
    failed_outcomes,
    lost,
    shown_evidence,
)
from audit.report.clips import MAX_PAGE_AUDIO_BYTES, CallClips
from audit.report.comparison import of_criterion, of_score, of_section, strengths
from audit.report.context import (
    CallRow,
    ChainsView,
    CoachingItem,
    Comparison,
    CriterionRow,
    EvidenceView,
    Figure,
    ScorecardPage,
    TicView,
)
from audit.report.graphs import spreads_chart, trend_chart
from audit.report.inputs import ReportedCall, ReportSettings
from audit.report.messages import Messages
from audit.report.reference import Reference
from audit.report.scorecard import AgentSummary, CriterionSummary, ScorecardUse, count_verdicts
from audit.report.wording import NONE, length, measure, moment, percent, period, points, score
from audit.statistics import MIN_CALLS
from audit.verdicts import Outcome

if TYPE_CHECKING:
    from audit.statistics import Change

#: Calls shown in full on one page, those with the lowest scores; the list above them holds all.
MAX_CALLS_SHOWN = 60
#: Where an agent has more than those: a page of a whole month is read for its examples, not from end to end.
MAX_OF_MANY_SHOWN = 16
#: Criteria under "what to coach first": more than a person can work on is no priority.
MAX_COACHING = 3
#: Failing calls of each of those that are shown in full in any case.
N_FAILING_SHOWN = 2
#: Fewer scored calls than this and the page says that the mean may move a lot.
FEW_CALLS = MIN_CALLS
#: The most telling kinds of evidence first, when one example is picked.
_TELLING = {"exact": 0, "normalised": 1, "event": 2, "measure": 3, "pinyin": 4, "window": 5}


@dataclass(frozen=True, slots=True)
class ShownCall:
    """A call shown in full, with what can be heard of it."""

    call: ReportedCall
    clips: CallClips


@dataclass(frozen=True, slots=True)
class Example:
    """A call that passed a criterion: where to hear how it is done.

    Attributes
    ----------
    own : bool
        Of the agent whose page it is; a colleague is not named.
    """

    call: ReportedCall
    outcome: Outcome
    evidence: Evidence
    own: bool
    clips: CallClips = field(default_factory=CallClips)


@dataclass(frozen=True, slots=True)
class AgentNumbers:
    """What the page of an agent says in numbers.

    Attributes
    ----------
    summary : AgentSummary
    before : AgentSummary or None
        Of the period of equal length before.
    days : mapping of date to Day
        Of both periods.
    changes : tuple of Change
    begin : date or None
        First day of the period, where there was one before it.
    """

    summary: AgentSummary
    before: AgentSummary | None = None
    days: Mapping[date, Day] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    begin: date | None = None


def calls_in_full(calls: Sequence[CallDigest], criteria: Collection[str] = ()) -> tuple[str, ...]:
    """The ids of the calls that a page shows in full, in the order of `calls`: all, or those with the lowest scores.

    Calls without a score rank after those with one. Of each of `criteria` the `N_FAILING_SHOWN` lowest failing calls are
    among them.
    """
    if len(calls) <= MAX_CALLS_SHOWN:
        return tuple(c.call_id for c in calls)

    def rank(i: int) -> tuple[bool, float, int]:
        value = calls[i].score
        return (value is None, value or 0.0, -i)

    order = sorted(range(len(calls)), key=rank)
    keep = set(order[:MAX_OF_MANY_SHOWN])
    for criterion in criteria:
        failing = [i for i in order if (o := calls[i].outcomes.get(criterion)) is not None and o.outcome == "fail"]
        keep |= set(failing[:N_FAILING_SHOWN])
    return tuple(calls[i].call_id for i in sorted(keep))


def agent_label(agent_id: str, agent_name: str | None, messages: Messages) -> str:
    """What a reader calls the agent."""
    if not agent_id:
        return messages("unassigned")
    return f"{agent_name} ({agent_id})" if agent_name and agent_name != agent_id else agent_id


def scorecard_page(
    numbers: AgentNumbers,
    calls: Sequence[CallDigest],
    shown: Sequence[ShownCall],
    examples: Mapping[str, Example],
    reference: Reference,
    *,
    messages: Messages,
    settings: ReportSettings,
    stem: str,
    chains: ChainsView | None = None,
    tics: tuple[TicView, ...] = (),
    habits: tuple[TicView, ...] = (),
    habits_note: str = "",
    habits_rule: str = "",
) -> ScorecardPage:
    """Put one agent's page together.

    Parameters
    ----------
    numbers : AgentNumbers
    calls : sequence of CallDigest
        All of the agent's, oldest first.
    shown : sequence of ShownCall
        Those of :func:`calls_in_full`, with their clips.
    examples : mapping of criterion to Example
    reference : Reference
        Everybody, to compare with.
    messages : Messages
    settings : ReportSettings
    stem : str
        Of the page's file name, for the links to its data files.
    chains : ChainsView, optional
        What the agent's calls say together with others.
    tics : tuple of TicView
        Words of a closed list that he over-uses.
    habits : tuple of TicView
        What he says more often than the others, of all that is said; with a note of what was compared and when something is
        one.
    """
    summary, before = numbers.summary, numbers.before
    anchors = {s.call.record.call_id: f"call-{i + 1}" for i, s in enumerate(shown)}
    board = PlayerBoard()
    for s in shown:
        board.claim(failed_outcomes(s.call.evaluation), s.clips)
    for e in examples.values():
        board.claim([e.outcome], e.clips)
    agent = agent_label(summary.agent_id, summary.agent_name, messages)
    coaching = summary.coaching
    batch = {c.criterion: c for c in reference.batch.criteria} if reference.n_agents > 1 and summary.agent_id else {}
    earlier = {c.criterion: c for c in before.criteria} if before else {}
    usual = reference.medians if batch else {}
    # Charts load a second's worth of drawing library, and figures that nothing is held against stand in the table as well.
    spreads = spreads_chart(summary.measures, settings.measure_bands, usual, messages) if summary.scorecards else None
    return ScorecardPage(
        lang=messages("html_lang"),
        title=messages("agent_title", agent=agent),
        agent=agent,
        period=period((c.started_at for c in calls), messages),
        score=score(summary.score),
        share=None if summary.score is None else summary.score / 100,
        band=messages.pick(summary.band.title, summary.band.band) if summary.band else "",
        score_basis=messages("score.basis", scored=summary.n_scored, n=summary.n_calls)
        if summary.n_scored
        else messages("score.no_score"),
        bands=_bands_text(summary, messages),
        critical_text=messages.count("critical_agent", summary.n_critical, of=summary.n_calls) if summary.n_critical else "",
        notices=_notices(summary, calls, shown, messages),
        headline=_headline(summary, messages),
        sections=tuple(
            Figure(
                messages.pick(s.title, s.section),
                score(s.score),
                messages("points", points=points(s.points), max=points(s.max_points)) if s.score is not None else "",
                None if s.score is None else s.score / 100,
                s.estimate.low if s.estimate else None,
                s.estimate.high if s.estimate else None,
                of_section(s, reference.batch if batch else None, before, messages),
            )
            for s in summary.sections
        ),
        weakest=weakest_text(summary, messages),
        coaching=tuple(
            _coaching_item(i + 1, c, shown, anchors, board, examples.get(c.criterion), messages)
            for i, c in enumerate(coaching[:MAX_COACHING])
        ),
        coaching_none=messages("coach.none" if summary.counts.pass_rate.of else "criteria.none"),
        coaching_rest=messages.count("coach.rest", len(coaching) - MAX_COACHING) if len(coaching) > MAX_COACHING else "",
        call_rows=tuple(_call_row(c, anchors.get(c.call_id), messages) for c in calls),
        calls=tuple(
            replace(
                call_view(s.call, s.clips, board, anchors[s.call.record.call_id], messages),
                page=call_address(s.call.record.call_id) if s.call.evaluation is not None else "",
            )
            for s in shown
        ),
        calls_note=messages("calls.detail_note", shown=len(shown), n=len(calls)) if len(shown) < len(calls) else "",
        criteria=tuple(criterion_row(c, messages, of_criterion(c, batch, earlier, messages)) for c in summary.criteria),
        measures=_measures(summary, settings, messages),
        scorecards=tuple(scorecard_text(u, messages) for u in summary.scorecards),
        files=((f"{stem}.json", "JSON"), (f"{stem}.csv", "CSV")),
        generated=messages("generated", when=moment(settings.generated_at, messages)),
        interval=interval_text(summary, messages),
        rank=rank_text(summary, messages),
        method=_method(summary, messages),
        comparisons=of_score(summary, before, messages),
        strengths=strengths(summary, batch, messages),
        trend=trend_chart(numbers.days, numbers.changes, numbers.begin, messages),
        spreads=spreads,
        chains=chains,
        tics=tics,
        tics_note=_tics_note(summary, reference, tics, messages),
        habits=habits,
        habits_note=habits_note,
        habits_rule=habits_rule,
    )


def _tics_note(summary: AgentSummary, reference: Reference, tics: tuple[TicView, ...], messages: Messages) -> str:
    """What was counted; empty where there is nobody to hold it against or no words."""
    own, everybody = summary.fillers.n_units, reference.batch.fillers.n_units
    if reference.n_agents < 2 or not summary.agent_id or not own or everybody <= own:
        return ""
    return messages("tic.note" if tics else "tic.none", n=f"{own:,}", others=f"{everybody - own:,}")


def interval_text(summary: AgentSummary, messages: Messages) -> str:
    """The interval of the score; empty where there is none."""
    e = summary.estimate
    return messages("score.interval", low=score(e.low), high=score(e.high)) if e else ""


def rank_text(summary: AgentSummary, messages: Messages) -> str:
    """The places that the interval allows; empty where there is no rank to give."""
    rank = summary.rank
    if rank is None or rank.of < 2:
        return ""
    if rank.first == rank.last:
        return messages("rank.one", place=rank.first, of=rank.of)
    return messages("rank.range", first=rank.first, last=rank.last, of=rank.of)


def _method(summary: AgentSummary, messages: Messages) -> str:
    e = summary.estimate
    if e is None:
        return messages("method.none", least=MIN_CALLS) if summary.n_scored else ""
    return messages.find(f"method.{e.method}") or e.method


def _measures(summary: AgentSummary, settings: ReportSettings, messages: Messages) -> tuple[Figure, ...]:
    figures = []
    for name, m in summary.measures.items():
        notes = (
            [messages("measure.summary", low=measure(name, m.least), high=measure(name, m.greatest))] if m.n_calls > 1 else []
        )
        band = settings.measure_bands.get(name)
        if band is not None:
            notes.append(messages("spread.band", low=measure(name, band.low), high=measure(name, band.high)))
        notes.append(messages.count("n_calls", m.n_calls))
        value = f"{measure(name, m.median)} {messages(f'measure.{name}.unit')}"
        definition = messages(f"measure.{name}.definition")
        figures.append(Figure(messages(f"measure.{name}.label"), value, " · ".join(notes), definition=definition))
    return tuple(figures)


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


def criterion_row(c: CriterionSummary, messages: Messages, comparisons: tuple[Comparison, ...] = ()) -> CriterionRow:
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
        low=c.estimate.low if c.estimate else None,
        high=c.estimate.high if c.estimate else None,
        comparisons=comparisons,
    )


def scorecard_text(use: ScorecardUse, messages: Messages) -> str:
    """A scorecard's name, version and the first digits of its hash."""
    return messages("scorecard_calls", scorecard=use.scorecard, version=use.version, sha256=use.sha256[:12], n=use.n_calls)


def _notices(
    summary: AgentSummary, calls: Sequence[CallDigest], shown: Sequence[ShownCall], messages: Messages
) -> tuple[str, ...]:
    notices = []
    if n_overruled := sum(len(c.overruled) for c in calls):
        notices.append(messages.count("reviewed.notice", n_overruled))
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
    anchors: Mapping[str, str],
    board: PlayerBoard,
    done_well: Example | None,
    messages: Messages,
) -> CoachingItem:
    example = _best_example(c.criterion, shown)
    view, suggestion, call_text, href = None, messages.pick(c.suggestion), "", ""
    if example is not None:
        where, outcome, evidence = example
        suggestion = messages.pick(outcome.suggestion)
        call_text = moment(where.call.record.metadata.started_at, messages)
        href = f"{anchors[where.call.record.call_id]}-{outcome.criterion}"
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
        done_well=_done_well(done_well, board, messages),
        done_well_call=_done_well_call(done_well, messages),
    )


def _done_well(example: Example | None, board: PlayerBoard, messages: Messages) -> EvidenceView | None:
    if example is None:
        return None
    player = board.player(example.evidence, example.clips, messages)
    recording = example.call.record.recording
    # of a colleague's call the file is not named
    return evidence_view(example.evidence, recording, example.clips, player, messages, listen=example.own)


def _done_well_call(example: Example | None, messages: Messages) -> str:
    if example is None:
        return ""
    if not example.own:
        return messages("coach.well_colleague")
    return messages("coach.well_own", when=moment(example.call.record.metadata.started_at, messages))


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


def _call_row(call: CallDigest, anchor: str | None, messages: Messages) -> CallRow:
    judged = call.scorecard is not None
    counts = count_verdicts(call.outcomes.values())
    return CallRow(
        href=f"#{anchor}" if anchor else "",
        call_id=call.call_id,
        when=moment(call.started_at, messages),
        duration=length(call.duration_s, messages),
        score=score(call.score),
        share=None if call.score is None else call.score / 100,
        critical=call.critical_failed,
        n_failed=str(counts.n_fail) if judged else NONE,
        n_not_evaluable=str(counts.n_not_evaluable) if judged else NONE,
    )

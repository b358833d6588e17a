"""The page of the whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from audit.records import Failure
from audit.report.agent_page import agent_label, criterion_row, interval_text, rank_text, scorecard_text
from audit.report.context import AgentRow, FailureRow, Figure, IndexPage
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary
from audit.report.together import BatchSummary
from audit.report.wording import length, moment, percent, period, score

#: Criteria in the table of what fails most.
MAX_CRITERIA = 12


def index_page(
    batch: BatchSummary,
    agents: Sequence[AgentSummary],
    pages: Mapping[str, str],
    failures: Sequence[Failure],
    *,
    messages: Messages,
    generated_at: datetime,
    teams: Mapping[str, str] | None = None,
) -> IndexPage:
    """Put the overview together.

    Parameters
    ----------
    batch : BatchSummary
    agents : sequence of AgentSummary
    pages : mapping of agent id to the page's path, relative to the index
        An agent that is not in it has no page.
    failures : sequence of Failure
    messages : Messages
    generated_at : datetime
    teams : mapping of team to its page's path, optional
        ``""`` stands for everybody.
    """
    most_failed = sorted((c for c in batch.criteria if c.counts.n_fail), key=lambda c: (-c.counts.n_fail, c.criterion))
    return IndexPage(
        lang=messages("html_lang"),
        title=messages("index_title"),
        period=period((batch.first_at, batch.last_at), messages),
        headline=_headline(batch, sum(f.severity == "failure" for f in failures), messages),
        notices=(messages("versions_differ"),) if len(batch.scorecards) > 1 else (),
        agents=tuple(_agent_row(a, pages, messages) for a in sorted(agents, key=_best_first)),
        criteria=tuple(criterion_row(c, messages) for c in most_failed[:MAX_CRITERIA]),
        criteria_note=messages("criteria.none_failed") if batch.criteria else messages("criteria.none"),
        failures=_failure_rows((f for f in failures if f.severity == "failure"), messages),
        warnings=_failure_rows((f for f in failures if f.severity == "warning"), messages),
        scorecards=tuple(scorecard_text(u, messages) for u in batch.scorecards),
        files=tuple((name, name) for name in ("agents.csv", "calls.csv", "failures.csv")),
        generated=messages("generated", when=moment(generated_at, messages)),
        teams=tuple((team or messages("team.everybody"), quote(path)) for team, path in (teams or {}).items()),
    )


def _failure_rows(failures: Iterable[Failure], messages: Messages) -> tuple[FailureRow, ...]:
    def what(f: Failure) -> str:
        return messages.find(f"failure.{f.error or f.stage}") or messages("failure.other")

    return tuple(FailureRow(what(f), f.path or f.call_id, f.reason, f.next_step) for f in failures)


def _best_first(agent: AgentSummary) -> tuple[bool, float, str]:
    return (agent.score is None, -(agent.score or 0.0), agent.agent_id)


def _agent_row(a: AgentSummary, pages: Mapping[str, str], messages: Messages) -> AgentRow:
    weakest = a.weakest
    return AgentRow(
        agent=agent_label(a.agent_id, a.agent_name, messages),
        href=quote(pages[a.agent_id]) if a.agent_id in pages else "",
        score=score(a.score),
        share=None if a.score is None else a.score / 100,
        band=messages.pick(a.band.title, a.band.band) if a.band else "",
        basis=messages("agents.basis", scored=a.n_scored, n=a.n_calls),
        n_calls=a.n_calls,
        n_critical=a.n_critical,
        weakest=messages(
            "section.weakest_short", title=messages.pick(weakest.title, weakest.section), score=score(weakest.score)
        )
        if weakest
        else "",
        interval=interval_text(a, messages),
        rank=rank_text(a, messages),
    )


def _headline(batch: BatchSummary, n_failures: int, messages: Messages) -> tuple[Figure, ...]:
    rate = batch.counts.pass_rate
    return (
        Figure(
            messages("head.audited"),
            messages.count("n_calls", batch.n_calls),
            messages("head.audited_note", scored=batch.n_scored),
        ),
        Figure(
            messages("head.failed"), str(n_failures), messages("head.failed_note" if n_failures else "head.failed_note_none")
        ),
        Figure(messages("head.hours"), length(batch.audio_s, messages)),
        Figure(messages("head.mean_score"), score(batch.score), messages("head.mean_note", scored=batch.n_scored)),
        Figure(messages("head.pass_rate"), percent(rate.ratio), messages("head.pass_note", n=rate.n, of=rate.of)),
        Figure(messages("head.critical"), str(batch.n_critical), messages("head.critical_note", of=batch.n_calls)),
    )

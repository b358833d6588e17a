"""The page of a team, or of everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from audit.report.agent_page import agent_label, scorecard_text
from audit.report.comparison import surely_below
from audit.report.context import ChainsView, Figure, HeatCell, HeatMap, HeatRow, TeamPage
from audit.report.graphs import agents_chart, hours_chart, scores_chart, volume_chart
from audit.report.inputs import ReportSettings
from audit.report.messages import Messages
from audit.report.review_kit import upheld_figure
from audit.report.scorecard import AgentSummary, CriterionSummary
from audit.report.together import BatchSummary
from audit.report.wording import NONE, moment, percent, period, score
from audit.statistics import proportion_estimate

#: File name of the page of everybody, without its extension.
TEAM_STEM = "team"
#: Where the shades of the heat map begin, as shares that passed.
_SHADES = ((0.95, "top"), (0.85, "high"), (0.70, "mid"), (0.50, "lower"), (0.0, "low"))


def team_page(
    team: str,
    batch: BatchSummary,
    agents: Sequence[AgentSummary],
    pages: Mapping[str, str],
    teams: tuple[tuple[str, str], ...],
    *,
    messages: Messages,
    settings: ReportSettings,
    home: str,
    chains: ChainsView | None = None,
) -> TeamPage:
    """Put the page of a team together.

    Parameters
    ----------
    team : str
        ``""`` for everybody.
    batch : BatchSummary
        Of the team.
    agents : sequence of AgentSummary
        Its members.
    pages : mapping of agent id to the page's path, relative to this one
    teams : tuple of (name, path)
        Of the other teams' pages, relative to this one.
    messages : Messages
    settings : ReportSettings
    home : str
        Path of the overview, relative to this page.
    chains : ChainsView, optional
        What the team's calls say together with others.
    """
    ordered = sorted(agents, key=lambda a: (a.score is None, -(a.score or 0.0), a.agent_id))
    labels = [agent_label(a.agent_id, a.agent_name, messages) for a in ordered]
    versions = len(batch.scorecards) > 1
    return TeamPage(
        lang=messages("html_lang"),
        title=messages("team.title", team=team) if team else messages("team.title_all"),
        period=period((batch.first_at, batch.last_at), messages),
        headline=_headline(batch, ordered, settings, messages),
        notices=(messages("versions_differ"),) if versions else (),
        agents=agents_chart(ordered, labels, batch.score, messages),
        agents_note=messages("team.ranked", n=sum(a.rank is not None for a in ordered), of=len(ordered)),
        scores=scores_chart(batch.activity.scores, messages),
        bands=_bands(ordered, messages),
        hours=hours_chart(batch.activity, settings.targets.max_rings, messages),
        volume=volume_chart(ordered, settings.targets.calls_per_day, messages),
        heat=_heat(batch, ordered, labels, pages, messages),
        health=_health(batch, messages),
        teams=tuple((name, quote(path)) for name, path in (*teams, (messages("to_index"), home))),
        scorecards=tuple(scorecard_text(u, messages) for u in batch.scorecards),
        files=(),
        generated=messages("generated", when=moment(settings.generated_at, messages)),
        chains=chains,
    )


def _headline(
    batch: BatchSummary, agents: Sequence[AgentSummary], settings: ReportSettings, messages: Messages
) -> tuple[Figure, ...]:
    activity = batch.activity
    complaints = proportion_estimate(activity.complaints.n, activity.complaints.of)
    target = settings.targets.complaint_ratio
    return (
        Figure(messages("team.n_agents"), str(sum(bool(a.agent_id) for a in agents))),
        Figure(
            messages("head.audited"),
            messages.count("n_calls", batch.n_calls),
            messages("head.audited_note", scored=batch.n_scored),
        ),
        Figure(messages("head.mean_score"), score(batch.score), messages("head.mean_note", scored=batch.n_scored)),
        Figure(
            messages("team.service_level"),
            percent(activity.answered.ratio),
            messages("head.pass_note", n=activity.answered.n, of=activity.answered.of)
            if activity.answered.of
            else messages("team.no_rings"),
        ),
        Figure(
            messages("team.complaints"),
            f"{100 * complaints.value:.1f} %" if complaints else NONE,
            messages(
                "team.complaints_note", n=activity.complaints.n, of=activity.complaints.of,
                low=f"{100 * complaints.low:.1f}", high=f"{100 * complaints.high:.1f}",
            )
            + (" · " + messages("team.at_most", target=f"{100 * target:g} %") if target is not None else "")
            if complaints
            else messages("team.complaints_none"),
        ),
        Figure(messages("head.critical"), str(batch.n_critical), messages("head.critical_note", of=batch.n_calls)),
    )  # fmt: skip


def _bands(agents: Sequence[AgentSummary], messages: Messages) -> tuple[Figure, ...]:
    n: Counter[str] = Counter()
    for a in agents:
        for title, count in a.bands:
            n[messages.pick(title)] += count
    total = sum(n.values())
    return tuple(Figure(title, str(count), percent(count / total), count / total) for title, count in n.most_common())


def _heat(
    batch: BatchSummary, agents: Sequence[AgentSummary], labels: Sequence[str], pages: Mapping[str, str], messages: Messages
) -> HeatMap | None:
    """Agents by criteria; None where nothing was judged."""
    order = {s.section: i for i, s in enumerate(batch.sections)}
    judged = sorted((c for c in batch.criteria if c.counts.pass_rate.of), key=lambda c: order.get(c.section, len(order)))
    if not judged:
        return None
    everybody = {c.criterion: c for c in judged}
    columns = tuple((str(i + 1), messages.pick(c.title, c.criterion), c.criterion) for i, c in enumerate(judged))
    rows = []
    for a, label in zip(agents, labels, strict=True):
        own = {c.criterion: c for c in a.criteria}
        cells = tuple(_cell(own.get(c.criterion), everybody, label, messages) for c in judged)
        rows.append(HeatRow(label, quote(pages.get(a.agent_id, "")), cells))
    return HeatMap(columns, tuple(rows))


def _cell(own: CriterionSummary | None, everybody: Mapping[str, CriterionSummary], label: str, messages: Messages) -> HeatCell:
    if own is None or not own.counts.pass_rate.of:
        return HeatCell("none", NONE, messages("team.cell_none", agent=label))
    rate = own.counts.pass_rate
    ratio = rate.n / rate.of
    shade = next(name for floor, name in _SHADES if ratio >= floor)
    title = messages("team.cell", agent=label, title=messages.pick(own.title, own.criterion), n=rate.n, of=rate.of)
    return HeatCell(shade, f"{100 * ratio:.0f}", title, surely_below(own, everybody))


def _health(batch: BatchSummary, messages: Messages) -> tuple[Figure, ...]:
    """What the tool could hear and judge, so that a low figure is not taken for a poor agent."""
    h, counts = batch.activity.health, batch.counts
    n_verdicts = counts.pass_rate.of + counts.n_not_applicable + counts.n_not_evaluable
    return (
        Figure(
            messages("health.coverage"),
            percent(h.coverage / h.n_with_words if h.n_with_words else None),
            messages("health.coverage_note", n=h.n_with_words, of=h.n_calls),
        ),
        Figure(
            messages("head.not_evaluable"),
            percent(counts.n_not_evaluable / n_verdicts if n_verdicts else None),
            messages("head.not_evaluable_note", of=n_verdicts) if n_verdicts else "",
        ),
        Figure(messages("health.unscored"), str(h.n_calls - h.n_scored), messages("head.critical_note", of=h.n_calls)),
        Figure(messages("health.warned"), str(h.n_warned), messages("health.damaged_note", n=h.n_damaged)),
        Figure(messages("health.mono"), str(h.n_mono), messages("head.critical_note", of=h.n_calls)),
        Figure(
            messages("health.ring"),
            percent(1 - h.n_ring_apart / h.n_ring_compared if h.n_ring_compared else None),
            messages("health.ring_note", n=h.n_ring_compared) if h.n_ring_compared else messages("health.ring_none"),
        ),
        *upheld_figure(h.n_upheld, h.n_reviewed, messages),
    )

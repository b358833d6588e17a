"""The charts of a page from its numbers, with the words around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from audit.report.activity import Activity, Day
from audit.report.charts import Bars, Dots, Level, Spread, Trend, available, draw_bars, draw_dots, draw_spreads, draw_trend
from audit.report.context import Chart
from audit.report.inputs import MeasureBand
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary, MeasureSummary
from audit.report.wording import measure, percent, score

if TYPE_CHECKING:
    from audit.statistics import Change

#: Classes of the distribution of scores.
_CLASS_WIDTH = 5


def changes_of(days: Mapping[date, Day]) -> tuple[Change, ...]:
    """Where the level of an agent's daily means moved."""
    scored = [(d, day.scores / day.n_scored, day.n_scored) for d, day in sorted(days.items()) if day.n_scored]
    if not scored:
        return ()
    from audit.statistics import change_points  # with NumPy, which a report of measures gets by without

    when, means, weights = zip(*scored, strict=True)
    return change_points(when, means, weights)


def trend_chart(days: Mapping[date, Day], changes: Sequence[Change], begin: date | None, messages: Messages) -> Chart | None:
    """The daily means of an agent and the levels between changes; None of less than a few days."""
    scored = {d: day for d, day in sorted(days.items()) if day.n_scored}
    if len(scored) < 4:
        return None
    said = " ".join(
        messages(
            "trend.change", day=c.at.isoformat(), first=c.earliest.isoformat(), last=c.latest.isoformat(),
            before=score(c.before), after=score(c.after),
        )
        for c in changes
    )  # fmt: skip
    said = said or messages("trend.steady")
    if not available():
        return Chart(messages("trend.title"), None, f"{said} {messages('chart.missing')}")
    known = list(scored)
    bounds = [known[0], *(c.at for c in changes), None]
    levels = []
    for i, (first, after) in enumerate(pairwise(bounds)):
        inside = [d for d in known if first is not None and d >= first and (after is None or d < after)]
        mean = sum(scored[d].scores for d in inside) / sum(scored[d].n_scored for d in inside)
        level = Level(inside[0], inside[-1], mean)
        levels.append(replace(level, earliest=changes[i - 1].earliest, latest=changes[i - 1].latest) if i else level)
    trend = Trend(known, [d.scores / d.n_scored for d in scored.values()], [d.n_scored for d in scored.values()], levels, begin)
    return Chart(messages("trend.title"), draw_trend(trend, "trend", messages("trend.title"), said), said)


def spreads_chart(
    measures: Mapping[str, MeasureSummary],
    bands: Mapping[str, MeasureBand],
    medians: Mapping[str, float],
    messages: Messages,
) -> Chart | None:
    """Each measure's spread beside its band and the team's median."""
    known = {n: m for n, m in measures.items() if m.n_calls > 1}
    if not known or not available():
        return None
    rows, said = [], []
    for name, m in known.items():
        band, unit = bands.get(name, MeasureBand()), messages(f"measure.{name}.unit")
        factor = 100.0 if name.endswith("_ratio") else 1.0
        low, high, median = (None if v is None else factor * v for v in (band.low, band.high, medians.get(name)))
        q = m.quantiles
        quantiles = (factor * q[0], factor * q[1], factor * q[2], factor * q[3], factor * q[4])
        value = f"{measure(name, m.median)} {unit}"
        label = messages(f"measure.{name}.label")
        rows.append(Spread(label, quantiles, value, low, high, median))
        said.append(f"{label} {value}{_band_text(band, name, messages)}")
    title = messages("measure.title")
    return Chart(title, draw_spreads(rows, "spreads", title, messages("list_separator").join(said)), messages("spread.note"))


def _band_text(band: MeasureBand, name: str, messages: Messages) -> str:
    if band.low is None and band.high is None:
        return ""
    low, high = (measure(name, v) for v in (band.low, band.high))
    return f" ({messages('spread.band', low=low, high=high)})"


def agents_chart(agents: Sequence[AgentSummary], labels: Sequence[str], mean: float | None, messages: Messages) -> Chart:
    """Every agent's score with its interval, best first."""
    title = messages("team.agents")
    scored = [(a, label) for a, label in zip(agents, labels, strict=True) if a.score is not None]
    if not scored:
        return Chart(title, None, messages("score.nobody"))
    if not available():
        return Chart(title, None, messages("chart.missing"))
    dots = Dots(
        [label for _, label in scored],
        [a.score or 0.0 for a, _ in scored],
        [a.estimate.low if a.estimate else None for a, _ in scored],
        [a.estimate.high if a.estimate else None for a, _ in scored],
        mean,
    )
    said = messages("team.agents_said", n=len(scored), best=score(max(dots.values)), worst=score(min(dots.values)))
    return Chart(title, draw_dots(dots, "agents", title, said), messages("team.agents_note"))


def scores_chart(scores: Sequence[float], messages: Messages) -> Chart:
    """How many calls have which score."""
    title = messages("team.scores")
    if not scores:
        return Chart(title, None, messages("team.no_scores"))
    if not available():
        return Chart(title, None, messages("chart.missing"))
    n = [0] * (100 // _CLASS_WIDTH)
    for s in scores:
        n[min(len(n) - 1, int(s // _CLASS_WIDTH))] += 1
    labels = [str(i * _CLASS_WIDTH) for i in range(len(n))]
    middle = sorted(scores)[len(scores) // 2]
    said = messages("team.scores_said", n=len(scores), median=score(middle))
    return Chart(title, draw_bars(Bars(labels, [float(v) for v in n]), "scores", title, said), said)


def hours_chart(activity: Activity, max_rings: int | None, messages: Messages) -> Chart:
    """The share answered within the limit of rings, by local hour."""
    title = messages("team.hours") if max_rings is None else messages("team.hours_of", rings=max_rings)
    if not activity.answered.of:
        return Chart(title, None, messages("team.no_rings"))
    said = messages(
        "team.hours_said", ratio=percent(activity.answered.ratio), n=activity.answered.n, of=activity.answered.of
    )  # fmt: skip
    if not activity.hours:
        return Chart(title, None, f"{said} {messages('team.no_hours')}")
    if not available():
        return Chart(title, None, f"{said} {messages('chart.missing')}")
    hours = range(min(activity.hours), max(activity.hours) + 1)
    ratios = [activity.hours[h].ratio if h in activity.hours else None for h in hours]
    bars = Bars([str(h) for h in hours], ratios, activity.answered.ratio, 1.0)
    return Chart(title, draw_bars(bars, "hours", title, said, percent=True), said)


def volume_chart(agents: Sequence[AgentSummary], target: float | None, messages: Messages) -> Chart:
    """How many agents handled how many calls on a day, the mean over the days on which they had any."""
    title = messages("team.volume")
    means = [
        sum(d.n_calls for d in a.activity.days.values()) / len(a.activity.days)
        for a in agents
        if a.agent_id and a.activity.days
    ]
    if not means:
        return Chart(title, None, messages("team.no_days"))
    said = messages("team.volume_said", n=len(means), median=f"{sorted(means)[len(means) // 2]:.0f}")
    if target is not None:
        said += " " + messages("team.volume_target", n=sum(m >= target for m in means), of=len(means), target=f"{target:.0f}")
    if not available():
        return Chart(title, None, f"{said} {messages('chart.missing')}")
    low, high = int(min([*means, target or means[0]])), int(max([*means, target or means[0]])) + 1
    width = max(1, -(-(high - low) // 16))
    edges = list(range(low, high + width, width))
    counts = [float(sum(e <= m < e + width for m in means)) for e in edges]
    bars = Bars([str(e) for e in edges], counts)
    return Chart(title, draw_bars(bars, "volume", title, said), said)

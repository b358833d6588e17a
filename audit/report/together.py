"""The numbers of many agents together, added up from those of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from audit.report.activity import Activity, add_activities
from audit.report.rates import Fillers, add_fillers
from audit.report.scorecard import AgentSummary, CriterionSummary, ScorecardUse, SectionSummary, VerdictCounts, add_counts
from audit.statistics import PointSums


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """All agents together.

    Attributes
    ----------
    score : float or None
        Mean over all `n_scored` calls, so that an agent weighs as much as his calls.
    first_at, last_at : datetime or None
        Of the calls whose time is known.
    """

    n_calls: int
    n_scored: int
    n_critical: int
    score: float | None
    audio_s: float
    counts: VerdictCounts
    criteria: tuple[CriterionSummary, ...]
    scorecards: tuple[ScorecardUse, ...]
    first_at: datetime | None
    last_at: datetime | None
    sections: tuple[SectionSummary, ...] = ()
    activity: Activity = field(default_factory=Activity)
    fillers: Fillers = field(default_factory=Fillers)


def summarise_batch(agents: Iterable[AgentSummary], times: Iterable[datetime | None]) -> BatchSummary:
    """Add agents up; no call is needed again."""
    agents = tuple(agents)
    scored = [a for a in agents if a.score is not None]
    n_scored = sum(a.n_scored for a in scored)
    grouped: dict[str, list[CriterionSummary]] = {}
    uses: Counter[tuple[str, str, str]] = Counter()
    for a in agents:
        for c in a.criteria:
            grouped.setdefault(c.criterion, []).append(c)
        for u in a.scorecards:
            uses[(u.scorecard, u.version, u.sha256)] += u.n_calls
    sections: dict[str, SectionSummary] = {}
    for a in agents:
        for s in a.sections:
            old = sections.get(s.section) or replace(s, points=0.0, max_points=0.0, n_calls=0, sums=PointSums())
            sections[s.section] = replace(
                s, points=old.points + s.points, max_points=old.max_points + s.max_points, n_calls=old.n_calls + s.n_calls,
                sums=old.sums + s.sums,
            )  # fmt: skip
    known = sorted(t for t in times if t is not None)
    return BatchSummary(
        n_calls=sum(a.n_calls for a in agents),
        n_scored=n_scored,
        n_critical=sum(a.n_critical for a in agents),
        score=sum((a.score or 0.0) * a.n_scored for a in scored) / n_scored if n_scored else None,
        audio_s=sum(a.audio_s for a in agents),
        counts=add_counts(a.counts for a in agents),
        criteria=tuple(
            replace(
                cs[-1],
                counts=add_counts(c.counts for c in cs),
                points=sum(c.points for c in cs),
                max_points=sum(c.max_points for c in cs),
            )
            for cs in grouped.values()
        ),
        scorecards=tuple(ScorecardUse(*key, n) for key, n in uses.items()),
        first_at=known[0] if known else None,
        last_at=known[-1] if known else None,
        sections=tuple(sections.values()),
        activity=add_activities(a.activity for a in agents),
        fillers=add_fillers(a.fillers for a in agents),
    )


def others_of(batch: Mapping[str, CriterionSummary], own: CriterionSummary) -> VerdictCounts:
    """The verdicts on a criterion of everybody but one agent."""
    all_, mine = batch[own.criterion].counts, own.counts
    return VerdictCounts(
        all_.n_pass - mine.n_pass, all_.n_fail - mine.n_fail, all_.n_not_applicable - mine.n_not_applicable,
        all_.n_not_evaluable - mine.n_not_evaluable,
    )  # fmt: skip

"""The numbers of a scorecard: pure aggregation over the calls of one agent.

Every mean comes with its count and every rate with its numerator and denominator. Calls without a score, and criteria that
were not applicable or not evaluable, never enter either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import fmean, median

from audit.records import Measures
from audit.report.inputs import Band, ReportedCall
from audit.verdicts import Evaluation, Outcome
from audit.words import Role

#: The figures of :class:`audit.records.Measures` shown on a page, in the order of the page.
SHOWN_MEASURES = (
    "speech_rate_cpm", "speech_rate_wpm", "active_level_dbfs", "f0_median_hz", "f0_sd_semitones",
    "talk_share_ratio", "response_time_median_s", "n_interruptions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rate:
    """A ratio that shows its parts."""

    n: int
    of: int

    @property
    def ratio(self) -> float | None:
        """0-1; None where there is nothing to divide by."""
        return self.n / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class VerdictCounts:
    """How many criteria ended how."""

    n_pass: int = 0
    n_fail: int = 0
    n_not_applicable: int = 0
    n_not_evaluable: int = 0

    @property
    def pass_rate(self) -> Rate:
        """Passed of passed and failed."""
        return Rate(self.n_pass, self.n_pass + self.n_fail)


@dataclass(frozen=True, slots=True)
class CriterionSummary:
    """One criterion over several calls.

    Attributes
    ----------
    points, max_points, points_lost : float
        Sums over the calls in which the criterion counted.
    """

    criterion: str
    section: str
    title: Mapping[str, str]
    clause: str
    critical: bool
    counts: VerdictCounts
    points: float
    max_points: float

    @property
    def points_lost(self) -> float:
        """What could have been earned and was not."""
        return self.max_points - self.points


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """One section over several calls; `score` is ``100 * points / max_points``, None where nothing could be earned."""

    section: str
    title: Mapping[str, str]
    points: float
    max_points: float
    n_calls: int

    @property
    def score(self) -> float | None:
        """0-100 or None."""
        return 100 * self.points / self.max_points if self.max_points > 0 else None

    @property
    def points_lost(self) -> float:
        """What could have been earned and was not."""
        return self.max_points - self.points


@dataclass(frozen=True, slots=True)
class MeasureSummary:
    """A measure over several calls: median, least and greatest of the `n_calls` calls that have it."""

    median: float
    least: float
    greatest: float
    n_calls: int


@dataclass(frozen=True, slots=True)
class ScorecardUse:
    """A version of a scorecard and how many of the calls were held against it."""

    scorecard: str
    version: str
    sha256: str
    n_calls: int


@dataclass(frozen=True, slots=True)
class AgentSummary:
    """All numbers of one agent's scorecard.

    Attributes
    ----------
    agent_id : str
        ``""`` for calls that name no agent.
    score : float or None
        Mean of the scores of the `n_scored` calls that have one, 0-100; None if none has.
    band : Band or None
        Where the mean falls; None unless all scored calls share a scorecard whose bands were given.
    bands : tuple of (title, n_calls)
        How many calls fell in each band, as each call was judged, best score first.
    audio_s : float
        Length of all recordings.
    coaching : tuple of CriterionSummary
        What to work on first: critical failures, then the most points lost.
    """

    agent_id: str
    agent_name: str | None
    n_calls: int
    n_scored: int
    n_critical: int
    score: float | None
    lowest_score: float | None
    highest_score: float | None
    band: Band | None
    bands: tuple[tuple[Mapping[str, str], int], ...]
    audio_s: float
    counts: VerdictCounts
    sections: tuple[SectionSummary, ...]
    criteria: tuple[CriterionSummary, ...]
    measures: Mapping[str, MeasureSummary] = field(default_factory=dict)
    scorecards: tuple[ScorecardUse, ...] = ()

    @property
    def weakest(self) -> SectionSummary | None:
        """The section that cost the most points, the lower score first among equals; None if nothing was lost."""
        lost = [s for s in self.sections if s.score is not None and s.points_lost > 0]
        return min(lost, key=lambda s: (-s.points_lost, s.score, s.section), default=None)

    @property
    def coaching(self) -> tuple[CriterionSummary, ...]:
        """Criteria that failed or lost points, the most pressing first."""
        return rank_for_coaching(self.criteria)


def agent_key(call: ReportedCall) -> str:
    """The agent a call belongs to: the id, else the name, else ``""``."""
    metadata = call.record.metadata
    return (metadata.agent_id or "").strip() or (metadata.agent_name or "").strip()


def rank_for_coaching(criteria: Iterable[CriterionSummary]) -> tuple[CriterionSummary, ...]:
    """Order criteria by what they cost: failed critical ones, then points lost, then failures."""
    costly = [c for c in criteria if c.counts.n_fail or c.points_lost > 0]
    return tuple(
        sorted(costly, key=lambda c: (-(c.critical and c.counts.n_fail > 0), -c.points_lost, -c.counts.n_fail, c.criterion))
    )


def count_verdicts(outcomes: Iterable[Outcome]) -> VerdictCounts:
    """Count outcomes by verdict."""
    n = Counter(o.outcome for o in outcomes)
    return VerdictCounts(n["pass"], n["fail"], n["not_applicable"], n["not_evaluable"])


def summarise_criteria(evaluations: Iterable[Evaluation]) -> tuple[CriterionSummary, ...]:
    """Sum each criterion over evaluations; order of first appearance.

    Titles and clauses are those of the last evaluation, which is the newest when they come sorted.
    """
    grouped: dict[str, list[Outcome]] = {}
    for evaluation in evaluations:
        for outcome in evaluation.outcomes:
            grouped.setdefault(outcome.criterion, []).append(outcome)
    summaries = []
    for criterion, outcomes in grouped.items():
        last = outcomes[-1]
        counted = [o for o in outcomes if o.outcome in ("pass", "fail") and o.max_points is not None]
        summaries.append(
            CriterionSummary(
                criterion, last.section, last.title, last.clause, last.critical, count_verdicts(outcomes),
                sum(o.points or 0.0 for o in counted), sum(o.max_points or 0.0 for o in counted),
            )
        )  # fmt: skip
    return tuple(summaries)


def summarise_sections(evaluations: Iterable[Evaluation]) -> tuple[SectionSummary, ...]:
    """Pool the points of each section over evaluations; order of first appearance."""
    grouped: dict[str, SectionSummary] = {}
    for evaluation in evaluations:
        for s in evaluation.sections:
            old = grouped.get(s.section) or SectionSummary(s.section, s.title, 0.0, 0.0, 0)
            grouped[s.section] = SectionSummary(
                s.section, s.title or old.title, old.points + s.points, old.max_points + s.max_points,
                old.n_calls + (s.max_points > 0),
            )  # fmt: skip
    return tuple(grouped.values())


def summarise_measures(calls: Iterable[ReportedCall], role: Role = "agent") -> dict[str, MeasureSummary]:
    """Median and range of each shown measure of one role over the calls that have it."""
    values: dict[str, list[float]] = {}
    for call in calls:
        measures = call.record.measures.get(role, Measures())
        for name in SHOWN_MEASURES:
            value = getattr(measures, name)
            if value is not None:
                values.setdefault(name, []).append(float(value))
    return {name: MeasureSummary(median(v), min(v), max(v), len(v)) for name, v in values.items()}


def summarise_agent(agent_id: str, calls: Sequence[ReportedCall], bands: Mapping[str, Sequence[Band]]) -> AgentSummary:
    """Aggregate the calls of one agent.

    Parameters
    ----------
    agent_id : str
    calls : sequence of ReportedCall
        Of this agent only, oldest first.
    bands : mapping of scorecard id to its bands
    """
    evaluations = [c.evaluation for c in calls if c.evaluation is not None]
    scores = [e.score for e in evaluations if e.score is not None]
    names = [c.record.metadata.agent_name for c in calls if c.record.metadata.agent_name]
    score = fmean(scores) if scores else None
    scored_with = {e.scorecard for e in evaluations if e.score is not None}
    usable = bands.get(next(iter(scored_with)), ()) if len(scored_with) == 1 else ()
    return AgentSummary(
        agent_id=agent_id,
        agent_name=names[-1] if names else None,
        n_calls=len(calls),
        n_scored=len(scores),
        n_critical=sum(e.critical_failed for e in evaluations),
        score=score,
        lowest_score=min(scores, default=None),
        highest_score=max(scores, default=None),
        band=band_of(score, usable),
        bands=_band_counts(evaluations),
        audio_s=sum(c.record.recording.duration_s for c in calls),
        counts=count_verdicts(o for e in evaluations for o in e.outcomes),
        sections=summarise_sections(evaluations),
        criteria=summarise_criteria(evaluations),
        measures=summarise_measures(calls),
        scorecards=_scorecards_used(evaluations),
    )


def band_of(score: float | None, bands: Iterable[Band]) -> Band | None:
    """The highest band whose floor the score reaches.

    Examples
    --------
    >>> band_of(80, [Band("low", 0), Band("good", 80)]).band
    'good'
    >>> band_of(None, [Band("low", 0)]) is None
    True
    """
    if score is None:
        return None
    return max((b for b in bands if score >= b.min_score), key=lambda b: b.min_score, default=None)


def _band_counts(evaluations: Sequence[Evaluation]) -> tuple[tuple[Mapping[str, str], int], ...]:
    """Titles of the bands that calls fell in, with counts, best first."""
    best: dict[str, float] = {}
    title: dict[str, Mapping[str, str]] = {}
    n: Counter[str] = Counter()
    for e in evaluations:
        if e.band is not None and e.score is not None:
            n[e.band] += 1
            best[e.band] = max(best.get(e.band, e.score), e.score)
            title[e.band] = e.band_title
    return tuple((title[b] or {"en": b, "zh": b}, n[b]) for b in sorted(n, key=lambda b: -best[b]))


def _scorecards_used(evaluations: Sequence[Evaluation]) -> tuple[ScorecardUse, ...]:
    n = Counter((e.scorecard, e.scorecard_version, e.scorecard_sha256) for e in evaluations)
    return tuple(ScorecardUse(*key, n_calls) for key, n_calls in n.items())


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
    known = sorted(t for t in times if t is not None)
    return BatchSummary(
        n_calls=sum(a.n_calls for a in agents),
        n_scored=n_scored,
        n_critical=sum(a.n_critical for a in agents),
        score=sum((a.score or 0.0) * a.n_scored for a in scored) / n_scored if n_scored else None,
        audio_s=sum(a.audio_s for a in agents),
        counts=_add_counts(a.counts for a in agents),
        criteria=tuple(
            replace(
                cs[-1],
                counts=_add_counts(c.counts for c in cs),
                points=sum(c.points for c in cs),
                max_points=sum(c.max_points for c in cs),
            )
            for cs in grouped.values()
        ),
        scorecards=tuple(ScorecardUse(*key, n) for key, n in uses.items()),
        first_at=known[0] if known else None,
        last_at=known[-1] if known else None,
    )


def _add_counts(counts: Iterable[VerdictCounts]) -> VerdictCounts:
    parts = tuple(counts)
    return VerdictCounts(
        sum(c.n_pass for c in parts),
        sum(c.n_fail for c in parts),
        sum(c.n_not_applicable for c in parts),
        sum(c.n_not_evaluable for c in parts),
    )

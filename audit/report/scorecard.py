"""The numbers of a scorecard: pure aggregation over the digests of one agent's calls.

Every mean comes with its count and its interval, and every rate with its numerator and denominator. Calls without a score,
and criteria that were not applicable or not evaluable, never enter either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from audit.digests import CallDigest, Catalogue, CatalogueEntry, OutcomeDigest
from audit.report.activity import Activity, activity_of
from audit.report.inputs import Band
from audit.report.rates import Fillers, Rate, add_fillers
from audit.statistics import Estimate, PointSums, RankRange, pooled_ratio, proportion_estimate, quantiles_of, score_estimate
from audit.verdicts import Outcome, Verdict

#: The figures of :class:`audit.records.Measures` shown on a page, in the order of the page.
SHOWN_MEASURES = (
    "speech_rate_cpm", "speech_rate_wpm", "active_level_dbfs", "f0_median_hz", "f0_sd_semitones",
    "talk_share_ratio", "response_time_median_s", "n_interruptions",
)  # fmt: skip
#: The same of the call's timeline.
SHOWN_TIMES = ("ring_s", "talk_s", "longest_hold_s", "silence_s")
#: Passing calls of an agent that are remembered of each criterion, for examples.
N_EXAMPLES = 3


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
    suggestion: Mapping[str, str] = field(default_factory=dict)

    @property
    def points_lost(self) -> float:
        """What could have been earned and was not."""
        return self.max_points - self.points

    @property
    def estimate(self) -> Estimate | None:
        """The share that passed, with its interval."""
        rate = self.counts.pass_rate
        return proportion_estimate(rate.n, rate.of)


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """One section over several calls; `score` is ``100 * points / max_points``, None where nothing could be earned."""

    section: str
    title: Mapping[str, str]
    points: float
    max_points: float
    n_calls: int
    sums: PointSums = field(default_factory=PointSums)

    @property
    def estimate(self) -> Estimate | None:
        """The share of points earned, 0-1, with its interval; None of a few calls."""
        return pooled_ratio(self.sums)

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
    """A measure over several calls: median, least and greatest of the `n_calls` calls that have it.

    `quantiles` are the values below which 10, 25, 50, 75 and 90 % of the calls lie.
    """

    median: float
    least: float
    greatest: float
    n_calls: int
    quantiles: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)


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
    team : str or None
        Named by most of the calls that name one.
    estimate : Estimate or None
        The score with its interval; None of a few calls.
    rank : RankRange or None
        Among all agents of the report that have an interval.
    activity : Activity
        When and how the calls came, and how well the tool could hear them.
    examples : mapping of criterion to call ids
        Calls that passed it, the best scored and newest first.
    fillers : Fillers
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
    team: str | None = None
    estimate: Estimate | None = None
    rank: RankRange | None = None
    activity: Activity = field(default_factory=Activity)
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fillers: Fillers = field(default_factory=Fillers)

    @property
    def weakest(self) -> SectionSummary | None:
        """The section that cost the most points, the lower score first among equals; None if nothing was lost."""
        lost = [s for s in self.sections if s.score is not None and s.points_lost > 0]
        return min(lost, key=lambda s: (-s.points_lost, s.score, s.section), default=None)

    @property
    def coaching(self) -> tuple[CriterionSummary, ...]:
        """Criteria that failed or lost points, the most pressing first."""
        return rank_for_coaching(self.criteria)


def agent_key(call: CallDigest) -> str:
    """The agent a call belongs to: the id, else the name, else ``""``."""
    return (call.agent_id or "").strip() or (call.agent_name or "").strip()


def rank_for_coaching(criteria: Iterable[CriterionSummary]) -> tuple[CriterionSummary, ...]:
    """Order criteria by what they cost: failed critical ones, then points lost, then failures."""
    costly = [c for c in criteria if c.counts.n_fail or c.points_lost > 0]
    return tuple(
        sorted(costly, key=lambda c: (-(c.critical and c.counts.n_fail > 0), -c.points_lost, -c.counts.n_fail, c.criterion))
    )


def count_verdicts(outcomes: Iterable[Outcome | OutcomeDigest]) -> VerdictCounts:
    """Count outcomes by verdict."""
    return _counts(Counter(o.outcome for o in outcomes))


def _counts(n: Mapping[Verdict, int]) -> VerdictCounts:
    return VerdictCounts(*(n.get(v, 0) for v in ("pass", "fail", "not_applicable", "not_evaluable")))


def add_counts(counts: Iterable[VerdictCounts]) -> VerdictCounts:
    """The counts of several together."""
    parts = tuple(counts)
    return VerdictCounts(
        sum(c.n_pass for c in parts),
        sum(c.n_fail for c in parts),
        sum(c.n_not_applicable for c in parts),
        sum(c.n_not_evaluable for c in parts),
    )


def summarise_criteria(calls: Iterable[CallDigest], catalogues: Mapping[str, Catalogue]) -> tuple[CriterionSummary, ...]:
    """Sum each criterion over calls; in the order of the newest scorecard.

    Titles and clauses are those of the last call, which is the newest when they come sorted.
    """
    verdicts: dict[str, Counter[OutcomeDigest]] = {}
    judged_by: dict[str, str] = {}
    for call in calls:
        if not call.outcomes:
            continue
        for criterion, outcome in call.outcomes.items():
            kinds = verdicts.get(criterion)
            if kinds is None:
                kinds = verdicts[criterion] = Counter()
            kinds[outcome] += 1
            judged_by[criterion] = call.scorecard_sha256 or ""
    words = {sha: {e.criterion: e for e in c.criteria} for sha, c in catalogues.items()}
    summaries = []
    for criterion, kinds in verdicts.items():
        entry = words.get(judged_by[criterion], {}).get(criterion) or CatalogueEntry(criterion, criterion.split(".")[0], {})
        n: Counter[Verdict] = Counter()
        points = max_points = 0.0
        for outcome, times in kinds.items():
            n[outcome.outcome] += times
            if outcome.outcome in ("pass", "fail") and outcome.max_points is not None:
                points += times * (outcome.points or 0.0)
                max_points += times * outcome.max_points
        summaries.append(
            CriterionSummary(
                criterion, entry.section, entry.title, entry.clause, entry.critical, _counts(n), points, max_points,
                entry.suggestion,
            )
        )  # fmt: skip
    return tuple(summaries)


def summarise_sections(calls: Iterable[CallDigest], catalogues: Mapping[str, Catalogue]) -> tuple[SectionSummary, ...]:
    """Pool the points of each section over calls; order of first appearance."""
    sums: dict[str, PointSums] = {}
    earned: dict[str, list[float]] = {}
    titles: dict[str, Mapping[str, str]] = {}
    for call in calls:
        catalogue = catalogues.get(call.scorecard_sha256 or "")
        for name, s in call.sections.items():
            sums[name] = sums.get(name, PointSums()) + PointSums.of(s.points, s.max_points)
            pair = earned.setdefault(name, [0.0, 0.0])
            pair[0] += s.points
            pair[1] += s.max_points
            if catalogue is not None:
                titles[name] = catalogue.sections.get(name) or titles.get(name, {})
    return tuple(SectionSummary(n, titles.get(n, {}), earned[n][0], earned[n][1], s.n, s) for n, s in sums.items())


def summarise_measures(calls: Sequence[CallDigest]) -> dict[str, MeasureSummary]:
    """Median, range and quantiles of each shown figure of the agent over the calls that have it."""
    values: dict[str, list[float]] = {name: [] for name in (*SHOWN_MEASURES, *SHOWN_TIMES)}
    for call in calls:
        for name in SHOWN_MEASURES:
            value = call.measures.get(name)
            if value is not None:
                values[name].append(value)
        for name in SHOWN_TIMES:
            value = getattr(call, name)
            if value is not None:
                values[name].append(value)
    return {name: _summary(v) for name, v in values.items() if v}


def _summary(v: Sequence[float]) -> MeasureSummary:
    p10, p25, p50, p75, p90 = quantiles_of(v, (0.1, 0.25, 0.5, 0.75, 0.9))
    return MeasureSummary(p50, float(min(v)), float(max(v)), len(v), (p10, p25, p50, p75, p90))


def summarise_agent(
    agent_id: str,
    calls: Sequence[CallDigest],
    catalogues: Mapping[str, Catalogue],
    bands: Mapping[str, Sequence[Band]],
    *,
    max_rings: int | None = None,
) -> AgentSummary:
    """Aggregate the calls of one agent.

    Parameters
    ----------
    agent_id : str
    calls : sequence of CallDigest
        Of this agent only, oldest first.
    catalogues : mapping of scorecard's SHA-256 to Catalogue
    bands : mapping of scorecard id to its bands
    max_rings : int, optional
        Rings within which a call should be answered.
    """
    judged = [c for c in calls if c.scorecard is not None]
    scored = [c for c in judged if c.score is not None]
    scores = [c.score for c in scored if c.score is not None]
    score = fmean(scores) if scores else None
    scored_with = {c.scorecard for c in scored}
    usable = bands.get(next(iter(scored_with)) or "", ()) if len(scored_with) == 1 else ()
    teams = Counter(c.team for c in calls if c.team)
    criteria = summarise_criteria(judged, catalogues)
    critical = any(e.critical for sha in {c.scorecard_sha256 for c in scored} for e in _criteria(catalogues, sha))
    return AgentSummary(
        agent_id=agent_id,
        agent_name=next((c.agent_name for c in reversed(calls) if c.agent_name), None),
        n_calls=len(calls),
        n_scored=len(scores),
        n_critical=sum(c.critical_failed for c in judged),
        score=score,
        lowest_score=min(scores, default=None),
        highest_score=max(scores, default=None),
        band=band_of(score, usable),
        bands=_band_counts(judged),
        audio_s=sum(c.duration_s for c in calls),
        counts=add_counts(c.counts for c in criteria),
        sections=summarise_sections(judged, catalogues),
        criteria=criteria,
        measures=summarise_measures(calls),
        scorecards=_scorecards_used(judged),
        team=max(teams, key=lambda t: (teams[t], t), default=None),
        estimate=_estimate(scored, critical),
        activity=activity_of(calls, max_rings),
        examples=_examples(scored),
        fillers=add_fillers(Fillers(c.fillers, c.n_units) for c in calls),
    )


def _criteria(catalogues: Mapping[str, Catalogue], sha256: str | None) -> tuple[CatalogueEntry, ...]:
    catalogue = catalogues.get(sha256 or "")
    return catalogue.criteria if catalogue else ()


def _estimate(scored: Sequence[CallDigest], critical: bool) -> Estimate | None:
    """The mean score with its interval; calls that a critical failure set to 0 are a part of their own."""
    if not critical:
        return score_estimate([c.score or 0.0 for c in scored])
    kept = [c.score or 0.0 for c in scored if not c.critical_failed]
    return score_estimate(kept, len(scored) - len(kept))


def _examples(scored: Sequence[CallDigest]) -> dict[str, tuple[str, ...]]:
    """For each criterion the calls to play as an example of how it is done."""
    best = sorted(scored, key=lambda c: (-(c.score or 0.0), -(c.started_at.timestamp() if c.started_at else 0.0), c.call_id))
    found: dict[str, list[str]] = {}
    for call in best:
        for criterion, outcome in call.outcomes.items():
            if outcome.outcome == "pass":
                mine = found.setdefault(criterion, [])
                if len(mine) < N_EXAMPLES:
                    mine.append(call.call_id)
    return {criterion: tuple(ids) for criterion, ids in found.items()}


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


def _band_counts(calls: Sequence[CallDigest]) -> tuple[tuple[Mapping[str, str], int], ...]:
    """Titles of the bands that calls fell in, with counts, best first."""
    best: dict[str, float] = {}
    title: dict[str, Mapping[str, str]] = {}
    n: Counter[str] = Counter()
    for c in calls:
        if c.band is not None and c.score is not None:
            n[c.band] += 1
            best[c.band] = max(best.get(c.band, c.score), c.score)
            title[c.band] = c.band_title
    return tuple((title[b] or {"en": b, "zh": b}, n[b]) for b in sorted(n, key=lambda b: -best[b]))


def _scorecards_used(calls: Sequence[CallDigest]) -> tuple[ScorecardUse, ...]:
    n = Counter((c.scorecard or "", c.scorecard_version or "", c.scorecard_sha256 or "") for c in calls)
    return tuple(ScorecardUse(*key, n_calls) for key, n_calls in n.items())

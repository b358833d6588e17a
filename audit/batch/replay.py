"""What if: a rule that is not yet in any pack, or another pack, over the calls of a store. Nothing is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean

from audit.batch.baselines import Baselines
from audit.evaluation import evaluate
from audit.evaluation.language import Criterion, Scorecard
from audit.evaluation.needs import baselines_needed
from audit.evaluation.score import judge_criterion, ready
from audit.records import CallRecord, Evidence
from audit.storage import Store
from audit.verdicts import Evaluation, Verdict

#: Records that are read at a time.
CHUNK_CALLS = 50
Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Example:
    """A call on which a rule was tried."""

    call_id: str
    agent_id: str | None
    verdict: Verdict
    reason: dict[str, str]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule over the calls of a store.

    Attributes
    ----------
    verdicts : mapping of verdict to count of calls
    n_hits : int
        Places found in the calls that failed.
    examples : tuple of Example
        Of the verdict asked for.
    """

    verdicts: dict[Verdict, int]
    n_hits: int
    examples: tuple[Example, ...]

    @property
    def fail_ratio(self) -> float | None:
        """Failed of those judged; None where none was."""
        judged = self.verdicts.get("pass", 0) + self.verdicts.get("fail", 0)
        return self.verdicts.get("fail", 0) / judged if judged else None


@dataclass(frozen=True, slots=True)
class CallChange:
    """A call that two packs score differently."""

    call_id: str
    agent_id: str | None
    before: float | None
    after: float | None
    band_before: str | None
    band_after: str | None
    criteria: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class AgentChange:
    """An agent's mean score and rank under two packs; rank 1 is the best."""

    agent_id: str
    n_calls: int
    before: float | None
    after: float | None
    rank_before: int | None
    rank_after: int | None


@dataclass(frozen=True, slots=True)
class PackDiff:
    """What another pack would change.

    Attributes
    ----------
    n_calls : int
        Judged by both.
    calls : tuple of CallChange
        Those with another score, band or verdict; the largest change first.
    criteria : mapping of (criterion, before, after) to count of calls
        ``absent`` where a pack does not have it.
    agents : tuple of AgentChange
        All agents, by rank after.
    """

    n_calls: int
    calls: tuple[CallChange, ...]
    criteria: dict[tuple[str, str, str], int]
    agents: tuple[AgentChange, ...]


def records_in(store: Store, language: str, watch: Watch) -> Iterable[CallRecord]:
    """The newest record of every stored call with words in a language; `watch` is told how many of how many."""
    rows = [s.call_row_id for s in store.standings() if s.language == language]
    for begin in range(0, len(rows), CHUNK_CALLS):
        for call in store.calls_by_row(rows[begin : begin + CHUNK_CALLS]):
            yield call.record
        watch(min(begin + CHUNK_CALLS, len(rows)), len(rows))


def try_rule(
    criterion: Criterion, scorecard: Scorecard, store: Store, *, show: Verdict, n_examples: int, watch: Watch
) -> Trial:
    """Judge every call of a store by one rule.

    Parameters
    ----------
    criterion : Criterion
    scorecard : Scorecard
        Its language and prices of matching count.
    show : Verdict
        Of the examples.
    """
    usual = Baselines(store, baselines_needed(scorecard, (criterion,)), scorecard.language, scorecard)
    verdicts: Counter[Verdict] = Counter()
    examples: list[Example] = []
    n_hits = 0
    for record in records_in(store, scorecard.language, watch):
        result = judge_criterion(criterion, ready(record, scorecard, usual.facts(record.metadata.agent_id)))
        verdicts[result.verdict] += 1
        if result.verdict == "fail":
            n_hits += sum(e.match != "window" for e in result.evidence)
        if result.verdict == show and len(examples) < n_examples:
            agent = record.metadata.agent_id
            examples.append(Example(record.call_id, agent, result.verdict, dict(result.reason), result.evidence))
    return Trial(dict(verdicts), n_hits, tuple(examples))


def diff_packs(before: Scorecard, after: Scorecard, store: Store, *, watch: Watch) -> PackDiff:
    """Judge every call of a store by two packs of one language."""
    usual = [Baselines(store, baselines_needed(card), card.language, card) for card in (before, after)]
    calls: list[CallChange] = []
    criteria: Counter[tuple[str, str, str]] = Counter()
    scores: dict[str, list[tuple[float | None, float | None]]] = defaultdict(list)
    n_calls = 0
    for record in records_in(store, before.language, watch):
        agent = record.metadata.agent_id
        a, b = (evaluate(record, card, u.facts(agent)) for card, u in zip((before, after), usual, strict=True))
        n_calls += 1
        changed = _changed(a, b)
        criteria.update(changed)
        if agent is not None:
            scores[agent].append((a.score, b.score))
        if changed or a.score != b.score or a.band != b.band:
            calls.append(CallChange(record.call_id, agent, a.score, b.score, a.band, b.band, changed))
    calls.sort(key=lambda c: (-abs((c.after or 0.0) - (c.before or 0.0)), c.call_id))
    return PackDiff(n_calls, tuple(calls), dict(criteria), _agents(scores))


def _changed(a: Evaluation, b: Evaluation) -> tuple[tuple[str, str, str], ...]:
    """Criteria whose verdict differs, or that one pack lacks."""
    old, new = ({o.criterion: str(o.outcome) for o in e.outcomes} for e in (a, b))
    names = dict.fromkeys((*old, *new))
    pairs = ((n, old.get(n, "absent"), new.get(n, "absent")) for n in names)
    return tuple(p for p in pairs if p[1] != p[2])


def _agents(scores: dict[str, list[tuple[float | None, float | None]]]) -> tuple[AgentChange, ...]:
    means = {agent: (_mean(a for a, _ in found), _mean(b for _, b in found)) for agent, found in scores.items()}
    ranks = [_ranks({agent: mean[side] for agent, mean in means.items()}) for side in (0, 1)]
    rows = [
        AgentChange(agent, len(scores[agent]), mean[0], mean[1], ranks[0].get(agent), ranks[1].get(agent))
        for agent, mean in means.items()
    ]
    return tuple(sorted(rows, key=lambda r: (r.rank_after is None, r.rank_after or 0, r.agent_id)))


def _mean(scores: Iterable[float | None]) -> float | None:
    known = [s for s in scores if s is not None]
    return round(fmean(known), 2) if known else None


def _ranks(means: dict[str, float | None]) -> dict[str, int]:
    """Rank of each agent who has a score; equal scores share the better rank."""
    known = {agent: mean for agent, mean in means.items() if mean is not None}
    return {agent: 1 + sum(other > mean for other in known.values()) for agent, mean in known.items()}

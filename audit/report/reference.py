"""Everybody together: what one agent's page is held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from audit.report.scorecard import N_EXAMPLES, AgentSummary
from audit.report.together import BatchSummary
from audit.statistics import rank_ranges


@dataclass(frozen=True, slots=True)
class Reference:
    """Everybody together: what one agent's page is held against.

    Attributes
    ----------
    batch : BatchSummary
    n_agents : int
    examples : mapping of criterion to tuple of (agent, call id)
        Calls of different agents that passed it.
    medians : mapping of measure to float
        The middle one of the agents' medians.
    """

    batch: BatchSummary
    n_agents: int
    examples: Mapping[str, tuple[tuple[str, str], ...]]
    medians: Mapping[str, float]


def reference_of(batch: BatchSummary, agents: Iterable[AgentSummary]) -> Reference:
    """Put together what pages compare with."""
    named = [a for a in agents if a.agent_id]
    examples: dict[str, list[tuple[str, str]]] = {}
    medians: dict[str, list[float]] = {}
    for a in sorted(named, key=lambda a: (-(a.score or 0.0), a.agent_id)):
        for criterion, ids in a.examples.items():
            if len(mine := examples.setdefault(criterion, [])) < N_EXAMPLES + 1:  # one may be the agent's own
                mine.append((a.agent_id, ids[0]))
        for name, m in a.measures.items():
            medians.setdefault(name, []).append(m.median)
    return Reference(
        batch,
        len(named),
        {criterion: tuple(found) for criterion, found in examples.items()},
        {name: median(v) for name, v in medians.items() if len(v) > 1},
    )


def with_ranks(agents: Sequence[AgentSummary]) -> tuple[AgentSummary, ...]:
    """The same agents with the places that their intervals allow."""
    ranges = rank_ranges({a.agent_id: a.estimate for a in agents if a.agent_id and a.estimate is not None})
    return tuple(replace(a, rank=ranges.get(a.agent_id)) for a in agents)

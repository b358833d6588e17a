"""What is usual for each agent and for the team, from the calls in a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean, median

from audit.evaluation.call import Result
from audit.evaluation.checks import judge
from audit.evaluation.checks.course import counted
from audit.evaluation.facts import FactValue, as_number, baseline_name
from audit.evaluation.flow import Count
from audit.evaluation.language import Scorecard
from audit.evaluation.needs import BaselineNeed
from audit.evaluation.score import ready
from audit.storage import Store

#: Figures that serve as base lines are rounded to this many decimals, so that a judging key does not hang on the last bit.
_DECIMALS = 6


class Baselines:
    """Base lines over the newest record of every stored call in one language.

    Parameters
    ----------
    store : Store
    needs : iterable of BaselineNeed
    language : str
    scorecard : Scorecard, optional
        How calls are made ready where the base line is that of a count, which is counted anew in every stored call.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """

    def __init__(self, store: Store, needs: Iterable[BaselineNeed], language: str, scorecard: Scorecard | None = None) -> None:
        wanted = tuple(needs)
        fields = tuple(dict.fromkeys(n.field for n in wanted if n.count is None))
        team: dict[str, list[float]] = defaultdict(list)
        agents: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for agent_id, values in store.figures(fields, language) if fields else ():
            for field, value in zip(fields, values, strict=True):
                figure = None if value is None else as_number(value)
                if figure is None:
                    continue
                team[field].append(figure)
                if agent_id is not None:
                    agents[agent_id][field].append(figure)
        counts = {n.field: n.count for n in wanted if n.count is not None}
        if counts and scorecard is not None:
            for agent_id, field, figure in _counted(store, counts, language, scorecard):
                team[field].append(figure)
                if agent_id is not None:
                    agents[agent_id][field].append(figure)
        self._team = _facts((n for n in wanted if n.of == "team"), team)
        of_agent = tuple(n for n in wanted if n.of == "agent")
        self._agents = {agent_id: _facts(of_agent, found) for agent_id, found in agents.items()}

    def facts(self, agent_id: str | None) -> dict[str, FactValue]:
        """The base lines for a call of an agent, by the names under which rules read them."""
        return {**self._team, **(self._agents.get(agent_id, {}) if agent_id is not None else {})}


def _counted(
    store: Store, counts: Mapping[str, Count], language: str, scorecard: Scorecard
) -> Iterator[tuple[str | None, str, float]]:
    """Agent, name and figure of each count in each stored call in which it can be told."""
    for stored in store.calls():
        record = stored.record
        if record.transcript is None or record.transcript.language != language:
            continue
        call = ready(record, scorecard)
        for field, count in counts.items():
            found = counted(count, call, judge)
            if not isinstance(found, Result):
                yield record.metadata.agent_id, field, found[0]


def _facts(needs: Iterable[BaselineNeed], found: dict[str, list[float]]) -> dict[str, FactValue]:
    out: dict[str, FactValue] = {}
    for need in needs:
        values = found.get(need.field)
        if values:
            figure = median(values) if need.statistic == "median" else fmean(values)
            out[baseline_name(need.of, need.statistic, need.field)] = round(figure, _DECIMALS)
            out[baseline_name(need.of, "n", need.field)] = len(values)
    return out

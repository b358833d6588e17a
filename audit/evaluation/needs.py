"""What a scorecard reads that is in no single call: facts and base lines that somebody has to hand in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from audit.evaluation.conditions import Fact, Measure, Statistic
from audit.evaluation.facts import FACT_PREFIX
from audit.evaluation.flow import Count, count_field
from audit.evaluation.language import Criterion, Scorecard


@dataclass(frozen=True, slots=True, order=True)
class BaselineNeed:
    """A base line that a rule compares with.

    `count` is the check whose count it is, where `field` is no field of the record.
    """

    of: Literal["agent", "team"]
    statistic: Statistic
    field: str
    count: Count | None = dataclasses.field(default=None, compare=False)


def parts(value: Any) -> Iterator[Any]:
    """A check and every check, scope and value inside it, outermost first."""
    if is_dataclass(value):
        yield value
        for f in fields(value):
            yield from parts(getattr(value, f.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from parts(item)


def _all_parts(criteria: Iterable[Criterion]) -> Iterator[Any]:
    for criterion in criteria:
        yield from parts(criterion.check)
        yield from parts(criterion.applies_when)


def baselines_needed(scorecard: Scorecard, criteria: Iterable[Criterion] | None = None) -> tuple[BaselineNeed, ...]:
    """Every base line that a scorecard, or some criteria, compare with, sorted, each once."""
    return tuple(
        sorted(
            {
                BaselineNeed(p.baseline.of, p.baseline.statistic, count_field(p), p)
                if isinstance(p, Count)
                else BaselineNeed(p.baseline.of, p.baseline.statistic, p.field)
                for p in _all_parts(scorecard.criteria if criteria is None else criteria)
                if isinstance(p, Measure | Count) and p.baseline is not None
            }
        )
    )


def facts_needed(scorecard: Scorecard) -> tuple[str, ...]:
    """Names of every fact that a scorecard reads, sorted, each once."""
    named = (
        name
        for p in _all_parts(scorecard.criteria)
        if isinstance(p, Measure | Fact)
        for name in (p.field, getattr(p, "minus", None))
        if name
    )
    return tuple(sorted({n.removeprefix(FACT_PREFIX) for n in named if n.startswith(FACT_PREFIX)}))

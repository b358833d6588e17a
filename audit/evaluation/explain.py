"""Why a call passed or failed a criterion: every part of the check with what it found."""

from __future__ import annotations

from dataclasses import dataclass

from audit.errors import UsageError
from audit.evaluation.call import Call, Result, span
from audit.evaluation.checks import judge
from audit.evaluation.checks.scope import search
from audit.evaluation.conditions import KINDS, Check, parts_of
from audit.evaluation.facts import NO_FACTS, Facts
from audit.evaluation.language import Criterion, Scorecard
from audit.evaluation.score import judge_criterion, ready
from audit.records import CallRecord


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a check, how deep it lies, what it found, and in which stretches of seconds it searched, if in any."""

    label: str
    depth: int
    result: Result
    searched: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A criterion's verdict with the steps that led to it."""

    criterion: Criterion
    result: Result
    steps: tuple[Step, ...]


def explain(record: CallRecord, scorecard: Scorecard, criterion_id: str, facts: Facts = NO_FACTS) -> Explanation:
    """Judge one criterion and keep what each part of it found.

    Raises
    ------
    UsageError
        If the scorecard has no such criterion.
    """
    criterion = scorecard.criterion(criterion_id)
    if criterion is None:
        known = ", ".join(c.id for c in scorecard.criteria)
        raise UsageError(f"the scorecard {scorecard.id} has no criterion {criterion_id!r}", hint=f"it has: {known}")
    call = ready(record, scorecard, facts)
    steps: list[Step] = []
    if criterion.applies_when is not None:
        steps += _steps(criterion.applies_when, call, 0, "applies_when: ")
    if criterion.check is not None:
        steps += _steps(criterion.check, call, 0, "check: ")
    return Explanation(criterion, judge_criterion(criterion, call), tuple(steps))


def _searched(check: Check, call: Call) -> tuple[tuple[float, float], ...]:
    """Where a check with a scope searches: its windows of time, cut to the turns in them, else its turns as one stretch."""
    where = getattr(check, "where", None)
    if where is None:
        return ()
    found = search(where, call, judge)
    if isinstance(found, Result) or (whole := span(found.turns)) is None:
        return ()
    if found.windows is None:
        return ((whole.start_s, whole.end_s),)
    cut = (w.intersect(whole) for w in found.windows)
    return tuple((s.start_s, s.end_s) for s in cut if s is not None)


def _steps(check: Check, call: Call, depth: int, prefix: str) -> list[Step]:
    name = next(k for k, kind in KINDS.items() if isinstance(check, kind))
    steps = [Step(prefix + name, depth, judge(check, call), _searched(check, call))]
    for place, part in parts_of(check):
        steps += _steps(part, call, depth + 1, "" if place.startswith(("check", "checks[")) else f"{place}: ")
    return steps

"""Checks made of checks: all of, any of, the first that can be judged, not."""

from __future__ import annotations

from collections.abc import Sequence

from audit.evaluation.call import Call, Judge, Result, say
from audit.evaluation.conditions import AllOf, AnyOf, FirstOf, Not
from audit.verdicts import Verdict


def judge_all_of(check: AllOf, call: Call, judge: Judge) -> Result:
    """A fail decides, then what cannot be judged, then a pass."""
    return _decided([judge(c, call) for c in check.checks], ("fail", "not_evaluable", "pass", "not_applicable"))


def judge_any_of(check: AnyOf, call: Call, judge: Judge) -> Result:
    """A pass decides, then what cannot be judged, then a fail."""
    return _decided([judge(c, call) for c in check.checks], ("pass", "not_evaluable", "fail", "not_applicable"))


def judge_first_of(check: FirstOf, call: Call, judge: Judge) -> Result:
    """The first part that can be judged; the first part where none can."""
    undecided: Result | None = None
    for part in check.checks:
        found = judge(part, call)
        if found.verdict in ("pass", "fail"):
            return found
        undecided = undecided or found
    assert undecided is not None  # the schema asks for one part at least
    return undecided


def judge_not(check: Not, call: Call, judge: Judge) -> Result:
    """Pass and fail exchanged."""
    result = judge(check.check, call)
    turned: dict[Verdict, Verdict] = {"pass": "fail", "fail": "pass"}
    return Result(turned.get(result.verdict, result.verdict), result.reason, result.evidence)


def _decided(parts: Sequence[Result], order: Sequence[Verdict]) -> Result:
    """The parts of the verdict that comes first in `order`."""
    found = [p.verdict for p in parts]
    for verdict in order:
        if verdict in found:
            break
    return _joined(verdict, [p for p in parts if p.verdict == verdict])


def _joined(verdict: Verdict, parts: Sequence[Result]) -> Result:
    """The parts that led to a verdict as one result."""
    if len(parts) == 1 and "；" not in parts[0].reason["en"]:
        return parts[0]
    zh = "；".join(dict.fromkeys([p.reason["zh"] for p in parts]))
    en = "；".join(dict.fromkeys([p.reason["en"] for p in parts]))
    return Result(verdict, say(zh, en.replace("；", "; ")), tuple([e for p in parts for e in p.evidence]))

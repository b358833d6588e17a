"""Calls written by hand and checks written as in a rule file, held against the schema before they are judged."""

from typing import Any

from jsonschema import Draft202012Validator

from audit.evaluation import schema
from audit.evaluation.call import Call, Result, make_ready
from audit.evaluation.cases import record_of_case
from audit.evaluation.checks import judge
from audit.evaluation.conditions import parse_check
from audit.evaluation.match import Matching

VALIDATOR = Draft202012Validator({"$ref": "#/$defs/check", "$defs": schema()["$defs"]})
CASES = Draft202012Validator({"$ref": "#/$defs/case", "$defs": schema()["$defs"]})


def call_of(language: str = "zh", matching: Matching | None = None, **case: Any) -> Call:
    CASES.validate({"name": "case", "expect": "pass", **case})
    return make_ready(
        record_of_case(case, language),
        language=language,
        matching=matching or Matching(),
        min_coverage_ratio=0.5,
        join_gap_s=3.0,
    )


def judged(check: dict[str, Any], language: str = "zh", **case: Any) -> Result:
    VALIDATOR.validate(check)
    return judge(parse_check(check), call_of(language, **case))


def says(*phrases: str, **where: Any) -> dict[str, Any]:
    """A check that any of the phrases is said, by the agent unless told otherwise."""
    return {"kind": "phrases", "where": {"role": "agent", **where}, "any": list(phrases)}


def spans(result: Result) -> list[tuple[float, float]]:
    return [(e.start_s, e.end_s) for e in result.evidence]

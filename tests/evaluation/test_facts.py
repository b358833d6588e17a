"""Facts handed in, base lines, and figures of the record: what rules read that is no word."""

import pytest

from audit.evaluation import conditions as c
from audit.evaluation.call import make_ready
from audit.evaluation.cases import record_of_case
from audit.evaluation.checks import judge
from audit.evaluation.checks.figures import KNOWN_FIELDS, look_up
from audit.evaluation.facts import KNOWN_FACTS, baseline_name
from audit.evaluation.match import Matching

LABEL = {"zh": "语速", "en": "rate"}
RATE = "measures.agent.speech_rate_cpm"


def ready(facts=None, **case):
    record = record_of_case({"turns": ["Agent: 您好", "Customer: 你好"], **case}, "zh")
    return make_ready(record, language="zh", matching=Matching(), min_coverage_ratio=0.5, join_gap_s=3.0, facts=facts or {})


def test_a_fact_that_is_handed_in_is_held_against_the_limit_and_stands_in_the_reason():
    result = judge(c.Measure("facts.team.complaint_rate", LABEL, max=0.01), ready({"team.complaint_rate": 0.02}))
    assert result.verdict == "fail"
    assert "0.02" in result.reason["en"]


def test_a_fact_that_nobody_knows_is_not_evaluable():
    assert judge(c.Measure("facts.team.complaint_rate", LABEL, max=0.01), ready()).verdict == "not_evaluable"


@pytest.mark.parametrize("name", ["team.satisfaction", "team_satisfaction", "csat"])
def test_a_fact_is_also_read_from_the_calls_variables(name):
    call = ready(metadata={"variables": {name: "74"}})
    assert judge(c.Measure("facts.team.satisfaction", LABEL, min=75), call).verdict == "fail"


def test_a_fact_handed_in_comes_before_a_variable():
    call = ready({"team.satisfaction": 80}, metadata={"variables": {"csat": "10"}})
    assert judge(c.Measure("facts.team.satisfaction", LABEL, min=75), call).verdict == "pass"


@pytest.mark.parametrize("text", ["n/a", "nan", "inf", ""])
def test_a_variable_that_is_no_number_is_not_evaluable(text):
    call = ready(metadata={"variables": {"wait": text}})
    assert judge(c.Measure("metadata.variables.wait", LABEL, max=5), call).verdict == "not_evaluable"


@pytest.mark.parametrize(("said", "verdict"), [("是", "pass"), ("0", "fail"), ("maybe", "not_evaluable")])
def test_yes_and_no_are_read_as_people_write_them(said, verdict):
    call = ready(metadata={"variables": {"complaint.closed": said}})
    assert judge(c.Fact("facts.complaint.closed", one_of=("yes",)), call).verdict == verdict


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (c.Fact("metadata.variables.queue", matches="^vip"), "pass"),
        (c.Fact("metadata.variables.queue", matches="^gold"), "fail"),
        (c.Fact("metadata.variables.level", min=3), "pass"),
        (c.Fact("metadata.variables.level", min=3, max=3.5), "fail"),
        (c.Fact("metadata.variables.queue", max=3), "not_evaluable"),
        (c.Fact("metadata.hour", min=9, max=18), "pass"),
        (c.Fact("metadata.weekday", max=5), "fail"),
    ],
    ids=["matches", "no match", "at least", "range", "no number", "hour", "Sunday"],
)
def test_metadata_is_matched_and_held_against_limits(check, verdict):
    meta = {"variables": {"queue": "vip-2", "level": "4"}, "started_at": "2026-11-22T10:30:00+08:00"}
    assert judge(check, ready(metadata=meta)).verdict == verdict


def usual(of="agent", median=200.0, n=20):
    return {baseline_name(of, "median", RATE): median, baseline_name(of, "n", RATE): n}


@pytest.mark.parametrize(
    ("baseline", "facts", "verdict"),
    [
        (c.Baseline("agent", max_ratio=1.2), usual(), "pass"),
        (c.Baseline("agent", max_ratio=1.1), usual(), "fail"),
        (c.Baseline("agent", min_ratio=1.2), usual(), "fail"),
        (c.Baseline("agent", max_difference=29), usual(), "fail"),
        (c.Baseline("team", max_ratio=1.1), usual(), "not_evaluable"),
        (c.Baseline("agent", max_ratio=1.1), usual(n=4), "not_evaluable"),
        (c.Baseline("agent", max_ratio=1.1), usual(median=0.0), "not_evaluable"),
        (c.Baseline("agent", max_ratio=1.1), {}, "not_evaluable"),
    ],
    ids=["near", "too high", "too low", "too far", "other base line", "too few calls", "nothing to divide by", "none"],
)
def test_a_figure_is_held_against_what_is_usual(baseline, facts, verdict):
    call = ready(facts, measures={"agent": {"speech_rate_cpm": 230.0}})
    result = judge(c.Measure(RATE, LABEL, baseline=baseline), call)
    assert result.verdict == verdict
    if verdict == "fail":
        assert "200" in result.reason["zh"] and "20" in result.reason["en"]


def test_a_limit_and_a_base_line_must_both_hold():
    call = ready(usual(), measures={"agent": {"speech_rate_cpm": 230.0}})
    assert judge(c.Measure(RATE, LABEL, max=220, baseline=c.Baseline("agent", max_ratio=1.2)), call).verdict == "fail"


@pytest.mark.parametrize("field", [f for f in KNOWN_FIELDS if not f.startswith("facts.")])
def test_every_field_that_rules_may_name_is_a_single_value_or_missing(field):
    value, _ = look_up(record_of_case({"turns": ["Agent: 您好"], "silences": [[1, 2]]}, "zh"), field)
    assert value is None or isinstance(value, bool | int | float | str)


def test_every_fact_says_what_it_is_in_both_languages():
    assert all(f.zh and f.en for f in KNOWN_FACTS.values())

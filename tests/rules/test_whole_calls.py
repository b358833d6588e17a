"""Whole calls of many trades keep the verdicts that the service standard asks for."""

from pathlib import Path

import pytest

from audit.evaluation import load_scorecard
from audit.evaluation.cases import record_of_case
from audit.evaluation.score import judge_criterion, ready
from audit.evaluation.yamlfile import read_yaml

DATA = read_yaml(Path(__file__).with_name("whole_calls_zh.yml")).data
CARD = load_scorecard("zh-service")


@pytest.mark.parametrize("whole", DATA["calls"], ids=[whole["name"] for whole in DATA["calls"]])
def test_a_whole_call_is_judged_as_the_standard_says(whole):
    variables = {"company": whole["company"]}
    call = ready(record_of_case({"turns": whole["turns"], "metadata": {"variables": variables}}, "zh"), CARD)
    expected = {k: v for k, v in {**DATA["usual"], **whole.get("otherwise", {})}.items() if v != "unclear"}
    got = {name: judge_criterion(CARD.criterion(name), call).verdict for name in expected}
    assert got == expected

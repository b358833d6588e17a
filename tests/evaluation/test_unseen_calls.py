"""Whole calls that no rule was written for, held against the shipped packs."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.cases import record_of_case
from audit.evaluation.language import Scorecard

RULES = Path(__file__).parents[2] / "rules"
CALLS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("unseen_calls.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def packs() -> dict[str, Scorecard]:
    return {lang: load_scorecard(RULES / f"{lang}-service") for lang in ("zh", "en")}


@pytest.mark.parametrize("call", CALLS, ids=[c["name"] for c in CALLS])
def test_a_call_of_another_company_is_judged_as_a_person_does(packs: dict[str, Scorecard], call: dict[str, Any]):
    case = {k: v for k, v in call.items() if k not in ("name", "language", "outcomes")}
    evaluation = evaluate(record_of_case(case, call["language"]), packs[call["language"]])
    got = {o.criterion: (o.outcome, o.reason[call["language"]]) for o in evaluation.outcomes}
    wrong = {c: (want, *got.get(c, ("absent", ""))) for c, want in call["outcomes"].items() if got.get(c, ("", ""))[0] != want}
    assert wrong == {}

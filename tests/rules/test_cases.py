"""One collector runs every case that stands beside a rule."""

import pytest

from audit.evaluation import CaseResult, Scorecard, load_scorecard, run_cases, shipped_scorecards

SCORECARDS: tuple[Scorecard, ...] = tuple(load_scorecard(name) for name in shipped_scorecards())
RESULTS: tuple[CaseResult, ...] = tuple(r for card in SCORECARDS for r in run_cases(card))
CRITERIA = [(card, criterion.id) for card in SCORECARDS for criterion in card.criteria]


def test_there_are_scorecards_and_cases_to_run():
    assert {card.id for card in SCORECARDS} >= {"zh-service"}
    assert len(RESULTS) > 0


@pytest.mark.parametrize("result", RESULTS, ids=[f"{r.path.parts[-3]} {r.criterion}: {r.case}" for r in RESULTS])
def test_case_beside_the_rule(result: CaseResult):
    assert (result.got, result.missing_evidence) == (result.expected, ()), result.reason


@pytest.mark.parametrize(("card", "criterion"), CRITERIA, ids=[f"{card.id} {c}" for card, c in CRITERIA])
def test_every_rule_is_shown_to_pass_to_fail_and_to_abstain(card: Scorecard, criterion: str):
    folder = card.criterion(criterion).path.parent
    shown = {r.expected for r in RESULTS if r.criterion == criterion and r.path.parent == folder}
    assert {"pass", "fail"} <= shown
    assert shown & {"not_applicable", "not_evaluable"}

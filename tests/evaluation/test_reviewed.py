"""An evaluation with reviewers heard scores what the same verdicts would score by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audit.contract import evaluation_from_json, evaluation_to_json
from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.reviewed import with_reviews
from audit.verdicts import Review
from tests.cli.calls import spoken
from tests.cli.test_rescore import POLITE, RUDE

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def scorecard():
    return load_scorecard("zh-service")


@pytest.fixture(scope="module")
def rude(scorecard):
    return evaluate(spoken("rude", RUDE), scorecard)


def says(kind, outcome, comment="听错了", reviewer="QA 7"):
    return Review(kind, outcome, reviewer, AT, comment)


def of(evaluation, criterion):
    return next(o for o in evaluation.outcomes if o.criterion == criterion)


def first(evaluation, outcome, *, critical=False):
    return next(o.criterion for o in evaluation.outcomes if o.outcome == outcome and (not critical or o.critical))


def test_a_rejected_failure_earns_its_points_and_keeps_the_rules_verdict_beside_it(rude, scorecard):
    name = "open.no-wei"
    new = with_reviews(rude, scorecard, {name: [says("reject", "pass")]})
    before, after = of(rude, name), of(new, name)
    assert (before.outcome, after.outcome, after.by_rules) == ("fail", "pass", "fail")
    assert after.tool.reason == before.reason and after.tool.points == before.points
    assert after.points == after.max_points or after.points == 0.0
    assert "QA 7" in after.reason["en"] and "听错了" in after.reason["zh"]
    assert new.tool_score == rude.score and new.overruled == (after,)


def test_the_score_is_what_a_call_with_those_verdicts_scores(scorecard):
    polite, shorter = evaluate(spoken("a", POLITE), scorecard), evaluate(spoken("b", POLITE[:-1]), scorecard)
    differ = [(a, b) for a, b in zip(shorter.outcomes, polite.outcomes, strict=True) if a.outcome != b.outcome]
    assert differ, "the two calls are judged alike"
    said = {a.criterion: [says("reject", b.outcome)] for a, b in differ}
    new = with_reviews(shorter, scorecard, said)
    assert (new.score, new.band, new.weakest_section) == (polite.score, polite.band, polite.weakest_section)


def test_a_reviewer_who_finds_a_critical_failure_sets_the_score_to_0(scorecard):
    polite = evaluate(spoken("a", POLITE), scorecard)
    name = next(c.id for c in scorecard.criteria if c.critical and of(polite, c.id).outcome != "fail")
    new = with_reviews(polite, scorecard, {name: [says("reject", "fail")]})
    assert new.critical_failed and new.score == 0.0 and new.tool_score == polite.score


def test_accepting_and_commenting_leave_the_verdict_and_are_kept(rude, scorecard):
    name = first(rude, "fail")
    new = with_reviews(rude, scorecard, {name: [says("comment", "fail"), says("accept", "fail", "")]})
    assert replace(of(new, name), reviews=()) == of(rude, name)
    assert [r.kind for r in of(new, name).reviews] == ["comment", "accept"]
    assert (new.score, new.tool_score) == (rude.score, None)


def test_of_two_the_last_who_takes_a_side_counts(rude, scorecard):
    name = first(rude, "fail")
    said = [says("reject", "pass"), says("accept", "fail", "", "QA 8"), says("comment", "fail", "?", "QA 9")]
    new = with_reviews(rude, scorecard, {name: said})
    assert of(new, name).outcome == "fail" and of(new, name).tool is None
    assert [r.reviewer for r in of(new, name).reviews] == ["QA 7", "QA 8", "QA 9"]


def test_hearing_reviewers_twice_changes_nothing_and_taking_them_back_restores_the_rules(rude, scorecard):
    name = first(rude, "fail")
    said = {name: [says("reject", "not_applicable")]}
    once = with_reviews(rude, scorecard, said)
    assert with_reviews(once, scorecard, said) == once
    assert evaluation_to_json(with_reviews(once, scorecard, {})) == evaluation_to_json(rude)


def test_a_bonus_that_a_reviewer_does_not_see_is_no_failure(scorecard):
    section = scorecard.sections[0]
    at_stake = [c for c in section.criteria if c.points and not (c.bonus or c.critical or c.deduct)]
    earned = {o.criterion for o in evaluate(spoken("a", POLITE), scorecard).outcomes if o.outcome == "pass"}
    bonus = replace(next(c for c in at_stake if c.id in earned), bonus=True)
    criteria = tuple(bonus if c.id == bonus.id else c for c in section.criteria)
    ours = replace(scorecard, sections=(replace(section, criteria=criteria), *scorecard.sections[1:]))
    polite = evaluate(spoken("a", POLITE), ours)
    assert (of(polite, bonus.id).outcome, of(polite, bonus.id).points) == ("pass", bonus.points)
    new = with_reviews(polite, ours, {bonus.id: [says("reject", "fail")]})
    assert of(new, bonus.id).outcome == "not_applicable" and not of(new, bonus.id).points
    assert new.bonus_points == polite.bonus_points - bonus.points == 0


def test_what_only_a_person_judges_counts_from_when_one_has(scorecard):
    section = scorecard.sections[0]
    i = next(i for i, c in enumerate(section.criteria) if c.points and not (c.bonus or c.critical or c.deduct))
    criterion = replace(section.criteria[i], audit="human")
    criteria = (*section.criteria[:i], criterion, *section.criteria[i + 1 :])
    ours = replace(scorecard, sections=(replace(section, criteria=criteria), *scorecard.sections[1:]))
    polite = evaluate(spoken("a", POLITE), ours)
    assert of(polite, criterion.id).for_person and of(polite, criterion.id).max_points is None
    new = with_reviews(polite, ours, {criterion.id: [says("reject", "fail")]})
    after = of(new, criterion.id)
    assert (after.points, after.max_points, after.for_person) == (0.0, criterion.points, False)


def test_another_version_of_the_rules_is_refused(rude, scorecard):
    with pytest.raises(ValueError, match="is not of the scorecard"):
        with_reviews(replace(rude, scorecard_sha256="0" * 64), scorecard, {})


def test_what_reviewers_said_survives_the_published_form(rude, scorecard):
    new = with_reviews(rude, scorecard, {first(rude, "fail"): [says("reject", "pass")]})
    published = evaluation_to_json(new)
    assert evaluation_to_json(evaluation_from_json(published)) == published
    assert published["tool_score"] == rude.score
    assert "tool_score" not in evaluation_to_json(rude) and "reviews" not in evaluation_to_json(rude)["outcomes"][0]

"""What was heard badly decides no critical criterion: a person must listen."""

from dataclasses import replace

import pytest

from audit.contract import call_to_json, evaluation_from_json
from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.cases import record_of_case


def said_with(confidence):
    record = record_of_case({"turns": ["Agent: 您好，可以帮您。", "Agent 20: 混蛋"]}, "zh")
    turns = tuple(
        replace(t, confidence=confidence, words=tuple(replace(w, confidence=confidence) for w in t.words))
        for t in record.transcript.turns
    )
    return replace(record, transcript=replace(record.transcript, turns=turns))


def with_least(pack, least, where):
    path = pack / "wording" / "word.abuse.yml" if where == "criterion" else pack / "scorecard.yml"
    line = f"min_confidence: {least}\n" if where == "criterion" else f"matching: {{min_confidence: {least}}}\n"
    path.write_text(path.read_text("utf-8") + line, "utf-8")
    return load_scorecard(pack)


@pytest.mark.parametrize("where", ["criterion", "scorecard"])
@pytest.mark.parametrize(("confidence", "outcome"), [(0.3, "not_evaluable"), (0.8, "fail")], ids=["badly heard", "well heard"])
def test_a_badly_heard_word_fails_no_critical_criterion(pack, where, confidence, outcome):
    evaluation = evaluate(said_with(confidence), with_least(pack, 0.5, where))
    abuse = next(o for o in evaluation.outcomes if o.criterion == "word.abuse")
    assert (abuse.outcome, abuse.for_person) == (outcome, outcome == "not_evaluable")
    assert evaluation.critical_failed is (outcome == "fail")
    assert abuse.evidence[0].text == "混蛋"


def test_other_criteria_are_judged_by_what_was_heard(pack):
    evaluation = evaluate(said_with(0.3), with_least(pack, 0.5, "scorecard"))
    assert next(o for o in evaluation.outcomes if o.criterion == "open.greet").outcome == "pass"


def test_the_evidence_shows_what_was_heard_what_it_was_taken_for_and_the_cost(pack):
    record = record_of_case({"turns": ["Agent: 混，嗯，蛋"]}, "zh")
    abuse = next(o for o in evaluate(record, load_scorecard(pack)).outcomes if o.criterion == "word.abuse")
    (evidence,) = abuse.evidence
    assert (evidence.heard, evidence.text, evidence.cost) == ("混，嗯，蛋", "混蛋", 0.025)


def test_the_cost_is_published_and_read_back(pack):
    record = record_of_case({"turns": ["Agent: 混，嗯，蛋"]}, "zh")
    evaluation = evaluate(record, load_scorecard(pack))
    published = call_to_json(record, evaluation)["evaluation"]
    shown = next(o for o in published["outcomes"] if o["criterion"] == "word.abuse")["evidence"][0]
    assert shown["cost"] == 0.025
    assert evaluation_from_json(published) == evaluation

"""From verdicts to the score."""

import pytest

from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.cases import record_of_case
from tests.evaluation.conftest import write_criterion


def call(*turns, **more):
    return record_of_case({"turns": list(turns), **more}, "zh")


def test_everything_right_is_a_hundred(pack):
    result = evaluate(call("Agent: 您好，可以帮您"), load_scorecard(pack))
    assert (result.score, result.band, result.weakest_section, result.critical_failed) == (100.0, "high", None, False)


def test_section_is_earned_over_possible_points_and_score_the_weighted_mean(pack):
    result = evaluate(call("Agent: 可以帮您"), load_scorecard(pack))
    assert [(s.section, s.score, s.points, s.max_points) for s in result.sections] == [
        ("opening", 25.0, 1.0, 4.0),
        ("wording", 100.0, 2.0, 2.0),
    ]
    assert result.score == pytest.approx(0.3 * 25 + 0.7 * 100)
    assert result.weakest_section == "opening"


def test_critical_failure_sets_the_score_to_zero_and_says_so(pack):
    result = evaluate(call("Agent: 您好，可以帮您，混蛋"), load_scorecard(pack))
    assert (result.score, result.critical_failed, result.weakest_section, result.band) == (0.0, True, "wording", "low")
    assert result.sections[0].score == 100.0


def test_what_cannot_be_judged_leaves_the_denominator(pack):
    result = evaluate(call("Agent: 您好", transcribed=False), load_scorecard(pack))
    assert result.score is None
    assert result.band is None
    assert {o.outcome for o in result.outcomes} == {"not_evaluable"}
    assert {(o.points, o.max_points) for o in result.outcomes} == {(None, None)}


def test_critical_criterion_that_cannot_be_judged_fails_nobody(pack):
    assert evaluate(call("Unknown: 混蛋"), load_scorecard(pack)).critical_failed is False


def test_section_without_verdicts_gives_its_weight_to_the_others(pack):
    path = pack / "wording/word.abuse.yml"
    rings = "check: {kind: measure, field: timeline.n_rings, label: {zh: 响, en: rings}, max: 3}\n"
    path.write_text(path.read_text("utf-8").split("check:")[0] + rings, "utf-8")
    result = evaluate(call("Agent: 您好"), load_scorecard(pack))
    assert result.sections[1].score is None
    assert result.score == 75.0


def test_criterion_that_does_not_apply_says_why(pack):
    path = pack / "opening/open.offer.yml"
    with path.open("a", encoding="utf-8") as f:
        f.write("applies_when: {kind: phrases, where: {role: customer}, any: [投诉]}\n")
    outcomes = {o.criterion: o for o in evaluate(call("Agent: 您好", "Customer: 你好"), load_scorecard(pack)).outcomes}
    assert outcomes["open.offer"].outcome == "not_applicable"
    assert "投诉" in outcomes["open.offer"].reason["zh"]


def test_evaluation_carries_version_and_hash(pack):
    card = load_scorecard(pack)
    result = evaluate(call("Agent: 您好"), card)
    assert (result.scorecard, result.scorecard_version, result.scorecard_sha256) == ("tiny", "1", card.sha256)
    assert len(card.sha256) == 64


def test_evaluation_is_the_same_every_time(pack):
    card, record = load_scorecard(pack), call("Agent: 您好，混蛋", "Customer: 喂")
    assert evaluate(record, card) == evaluate(record, card)


@pytest.mark.parametrize("name", ["zh-service", "en-service"])
def test_every_criterion_yields_an_outcome_on_an_empty_call(name):
    card = load_scorecard(name)
    result = evaluate(record_of_case({"transcribed": False, "answer_at_s": None}, card.language), card)
    assert len(result.outcomes) == len(card.criteria)
    assert {o.outcome for o in result.outcomes} <= {"not_applicable", "not_evaluable"}
    assert result.score is None


@pytest.mark.parametrize("name", ["zh-service", "en-service"])
def test_every_outcome_has_reasons_in_both_languages(name):
    card = load_scorecard(name)
    turns = ["Agent: 喂，你等着", "Customer: 我要投诉"] if card.language == "zh" else ["Agent: Yeah?", "Customer: It is broken"]
    for outcome in evaluate(record_of_case({"turns": turns, "n_rings": 6}, card.language), card).outcomes:
        assert outcome.reason["zh"]
        assert outcome.reason["en"]
        assert outcome.clause


def test_too_little_judged_gives_no_score_and_says_how_little(pack):
    rings = "check: {kind: measure, field: timeline.n_rings, label: {zh: 响, en: rings}, max: 3}\n"
    path = pack / "opening/open.offer.yml"
    path.write_text(path.read_text("utf-8").split("check:")[0] + rings, "utf-8")
    result = evaluate(call("Unknown: 您好", n_rings=2), load_scorecard(pack))
    assert [o.outcome for o in result.outcomes] == ["not_evaluable", "pass", "not_evaluable"]
    assert result.score is None
    assert "17%" in result.score_reason["en"]  # 1 of 6 points


def test_variables_are_filled_into_the_suggestion(pack):
    with (pack / "opening/open.greet.yml").open("a", encoding="utf-8") as f:
        f.write('suggestion: {zh: "欢迎致电{company}", en: "Welcome to {company}"}\n')
    result = evaluate(call("Agent: 讲", metadata={"variables": {"company": "示例公司"}}), load_scorecard(pack))
    assert result.outcomes[0].suggestion["zh"] == "欢迎致电示例公司"


def test_reasons_show_a_wording_and_not_a_pattern(pack):
    write_criterion(pack, "opening", "open.offer", phrase='"(很高兴|高兴)(能|可以|)为(您|你)服务"')
    result = evaluate(call("Agent: 您好"), load_scorecard(pack))
    assert result.outcomes[1].reason["zh"] == "没有听到：很高兴能为您服务"

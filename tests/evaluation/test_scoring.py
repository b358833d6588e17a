"""Deductions, bonus, critical sections, dates and who decides: how outcomes become a score."""

from datetime import datetime
from pathlib import Path

import pytest

from audit.errors import ScorecardError
from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.cases import record_of_case
from tests.evaluation.conftest import write_criterion


def call(*turns, **more):
    return record_of_case({"turns": list(turns), **more}, "zh")


def rewrite(path: Path, **lines: str | None) -> None:
    """Change or add top-level lines of a criterion; None takes a line out."""
    kept = [r for r in path.read_text("utf-8").splitlines() if r.split(":")[0] not in lines]
    path.write_text("\n".join([*(f"{k}: {v}" for k, v in lines.items() if v is not None), *kept]) + "\n", "utf-8")


@pytest.fixture
def deducting(pack):
    """Opening earns 4 points; saying 喂 there takes 1 off for each hit, 2 at most."""
    card = pack / "scorecard.yml"
    card.write_text(card.read_text("utf-8").replace("[open.greet, open.offer]", "[open.greet, open.offer, open.wei]"), "utf-8")
    path = write_criterion(pack, "opening", "open.wei", quantifier="none", phrase="喂")
    rewrite(path, points=None, deduct="{points: 1, per: hit, max: 2}")
    return pack


@pytest.mark.parametrize(
    ("text", "points", "section"),
    [("您好，可以帮您", 0.0, 100.0), ("喂，您好，可以帮您", -1.0, 75.0), ("喂喂喂，您好，可以帮您", -2.0, 50.0)],
    ids=["none", "one hit", "three hits, capped"],
)
def test_each_hit_takes_its_points_off_the_section(deducting, text, points, section):
    result = evaluate(call(f"Agent: {text}"), load_scorecard(deducting))
    outcome = next(o for o in result.outcomes if o.criterion == "open.wei")
    assert (outcome.points, outcome.max_points) == (points, 0.0)
    assert (result.sections[0].score, result.sections[0].deducted) == (section, -points)
    assert result.sections[0].points / result.sections[0].max_points == pytest.approx(section / 100)


def test_a_deduction_once_counts_one_hit_of_many(deducting):
    rewrite(deducting / "opening/open.wei.yml", deduct="{points: 1}")
    assert evaluate(call("Agent: 喂喂喂，您好，可以帮您"), load_scorecard(deducting)).sections[0].score == 75.0


def test_deductions_of_a_section_stop_at_its_cap(deducting):
    card = deducting / "scorecard.yml"
    card.write_text(card.read_text("utf-8").replace("weight: 30,", "weight: 30, max_deduct: 1,"), "utf-8")
    assert evaluate(call("Agent: 喂喂喂，您好，可以帮您"), load_scorecard(deducting)).sections[0].score == 75.0


def test_a_section_never_falls_below_zero(deducting):
    rewrite(deducting / "opening/open.wei.yml", deduct="{points: 50}")
    assert evaluate(call("Agent: 喂，您好"), load_scorecard(deducting)).sections[0].score == 0.0


def test_a_section_of_deductions_alone_starts_from_a_hundred(pack):
    path = write_criterion(pack, "wording", "word.abuse", quantifier="none", phrase="混蛋")
    rewrite(path, points=None, deduct="{points: 5, per: hit}")
    assert evaluate(call("Agent: 您好，混蛋，混蛋"), load_scorecard(pack)).sections[1].score == 90.0


def test_a_deduction_costs_the_same_whatever_else_applied(deducting):
    rewrite(
        deducting / "opening/open.greet.yml", applies_when="{kind: phrases, where: {role: customer}, any: [投诉]}"
    )  # 3 of 4 points do not apply
    result = evaluate(call("Agent: 喂，可以帮您", "Customer: 你好"), load_scorecard(deducting))
    assert result.sections[0].score == 75.0


def test_a_bonus_is_added_to_the_score_and_is_in_no_denominator(pack):
    rewrite(pack / "opening/open.offer.yml", bonus="true", points="6")
    without = evaluate(call("Agent: 讲"), load_scorecard(pack))
    with_it = evaluate(call("Agent: 可以帮您"), load_scorecard(pack))
    assert (without.score, without.sections[0].max_points) == (70.0, 3.0)
    assert (with_it.score, with_it.bonus_points) == (76.0, 6.0)
    assert evaluate(call("Agent: 您好，可以帮您"), load_scorecard(pack)).score == 100.0  # no higher


def test_a_critical_failure_of_a_section_sets_that_section_to_zero(pack):
    rewrite(pack / "wording/word.abuse.yml", critical="section")
    result = evaluate(call("Agent: 您好，可以帮您，混蛋"), load_scorecard(pack))
    assert [(s.score, s.critical_failed) for s in result.sections] == [(100.0, False), (0.0, True)]
    assert (result.score, result.critical_failed, result.weakest_section, result.weakest_cost) == (30.0, False, "wording", 70.0)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("{from: 2026-11-20}", "pass"),
        ("{to: 2026-11-20}", "pass"),
        ("{from: 2026-11-21}", "not_applicable"),
        ("{to: 2026-11-19}", "not_applicable"),
    ],
)
def test_a_rule_holds_from_its_first_day_to_its_last(pack, days, expected):
    rewrite(pack / "opening/open.greet.yml", effective=days)
    started = datetime.fromisoformat("2026-11-20T23:30:00+08:00").isoformat()
    result = evaluate(call("Agent: 您好", metadata={"started_at": started}), load_scorecard(pack))
    assert result.outcomes[0].outcome == expected


def test_a_rule_with_dates_cannot_judge_a_call_without_one(pack):
    rewrite(pack / "opening/open.greet.yml", effective="{from: 2026-01-01}")
    assert evaluate(call("Agent: 您好"), load_scorecard(pack)).outcomes[0].outcome == "not_evaluable"


def test_a_failure_that_an_assisted_rule_finds_goes_to_a_person_with_its_evidence(pack):
    rewrite(pack / "wording/word.abuse.yml", audit="assisted")
    card = load_scorecard(pack)
    found = evaluate(call("Agent: 您好，混蛋"), card).outcomes[2]
    assert (found.outcome, found.for_person, found.max_points) == ("not_evaluable", True, None)
    assert found.evidence and found.reason["en"].startswith("for a person to confirm: ")
    clean = evaluate(call("Agent: 您好"), card).outcomes[2]
    assert (clean.outcome, clean.for_person) == ("pass", False)


def test_what_people_alone_judge_is_never_judged_and_does_not_take_the_score_away(pack):
    rewrite(pack / "wording/word.abuse.yml", audit="human", points="100")
    result = evaluate(call("Agent: 您好"), load_scorecard(pack))
    assert (result.outcomes[2].outcome, result.outcomes[2].for_person) == ("not_evaluable", True)
    assert result.score == 75.0


def test_a_rule_for_people_needs_no_check(pack):
    path = pack / "wording/word.abuse.yml"
    path.write_text(path.read_text("utf-8").split("check:")[0] + "audit: human\n", "utf-8")
    assert evaluate(call("Agent: 您好"), load_scorecard(pack)).outcomes[2].outcome == "not_evaluable"


def test_the_band_says_what_kept_the_call_from_the_next(pack):
    result = evaluate(call("Agent: 讲"), load_scorecard(pack))
    assert result.band == "low"
    assert result.band_reason["en"] == "70 points, at least 0, 10 short of the next; weakest: Opening, which cost 30"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("effective: {from: 2026-13-01}", "is no day"),
        ("effective: {from: 2026-02-01, to: 2026-01-01}", "never in force"),
        ("deduct: {points: 1}", "exactly one of points, deduct is needed"),
        ("bonus: true\ncritical: section", "cannot be critical"),
        ("audit: robot", "unknown value 'robot'"),
    ],
    ids=["no day", "empty period", "points and deduct", "critical bonus", "unknown audit"],
)
def test_contradictions_are_faults_with_their_place(pack, line, fault):
    path = pack / "opening/open.greet.yml"
    rewrite(path, **dict(part.split(": ", 1) for part in line.split("\n")))
    with pytest.raises(ScorecardError, match=fault) as e:
        load_scorecard(pack)
    assert f"{path}:" in str(e.value)


def test_a_rule_of_no_points_is_judged_and_never_counted(pack):
    path = write_criterion(pack, "wording", "word.abuse", quantifier="none", phrase="混蛋")
    rewrite(path, points="0")
    scores = {}
    for text in ("您好", "您好，混蛋"):
        result = evaluate(call(f"Agent: {text}"), load_scorecard(pack))
        scores[next(o.outcome for o in result.outcomes if o.criterion == "word.abuse")] = result.score, result.sections[1].score
    assert scores["pass"] == scores["fail"]
    assert scores["pass"][1] is None

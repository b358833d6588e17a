"""Signs: what a call shows beside its score, and what a file of them must not hold."""

import pytest

from audit.errors import ScorecardError
from audit.evaluation import evaluate, load_scorecard, run_cases
from audit.evaluation.cases import record_of_case
from audit.evaluation.pack import load_rule

SIGNS = """\
signs:
  - id: promise
    title: {zh: 答应回电, en: Promises a call}
    due_h: 2
    check: {kind: phrases, where: {role: agent}, any: [回电]}
  - id: angry
    title: {zh: 生气, en: Angry}
    check: {kind: phrases, where: {role: customer}, any: [生气]}
"""
CASES = """\
promise:
  - {name: said, expect: pass, turns: ["Agent: 我给您回电"]}
angry:
  - {name: said, expect: pass, turns: ["Customer: 我很生气"]}
"""


@pytest.fixture
def signed(pack):
    (pack / "signs.yml").write_text(SIGNS, "utf-8")
    (pack / "signs.cases.yml").write_text(CASES, "utf-8")
    return pack


def signs_of(folder, **case):
    return evaluate(record_of_case(case, "zh"), load_scorecard(folder)).signs


def test_an_evaluation_tells_which_signs_are_there(signed):
    assert signs_of(signed, turns=["Agent: 我给您回电", "Customer: 好"]) == {"promise": True, "angry": False}


def test_without_words_no_sign_is_told(signed):
    assert signs_of(signed, transcribed=False) == {"promise": None, "angry": None}


def test_a_pack_without_signs_tells_none(pack):
    assert signs_of(pack, turns=["Agent: 我给您回电"]) == {}


def test_signs_change_the_hash_of_the_scorecard_and_no_score(pack):
    plain = load_scorecard(pack)
    record = record_of_case({"turns": ["Agent: 您好，我给您回电", "Customer: 好"]}, "zh")
    without = evaluate(record, plain)
    (pack / "signs.yml").write_text(SIGNS, "utf-8")
    (pack / "signs.cases.yml").write_text(CASES, "utf-8")
    with_signs = evaluate(record, load_scorecard(pack))
    assert with_signs.scorecard_sha256 != without.scorecard_sha256
    assert (with_signs.score, with_signs.outcomes) == (without.score, without.outcomes)


def test_a_sign_says_when_what_is_promised_falls_due(signed):
    assert [(s.id, s.due_h, s.due_days) for s in load_scorecard(signed).signs] == [
        ("promise", 2.0, None),
        ("angry", None, None),
    ]


def test_the_cases_of_signs_are_run(signed):
    path = signed / "signs.cases.yml"
    path.write_text(CASES.replace("我很生气", "我不高兴"), "utf-8")
    assert {r.criterion: r.ok for r in run_cases(load_scorecard(signed)) if r.criterion.startswith("signs.")} == {
        "signs.promise": True,
        "signs.angry": False,
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("signs.yml", "due_h", "due", "unknown key 'due'; did you mean 'due_h'?"),
        ("signs.yml", "any: [回电]", "any: []", "any must not be shorter than 1"),
        ("signs.yml", "id: angry", "id: promise", "the sign 'promise' is there twice"),
        ("signs.yml", "any: [生气]", 'any: ["…"]', "a phrase must hold words"),
        (
            "signs.yml",
            "{kind: phrases, where: {role: customer}, any: [生气]}",
            "{kind: fact, field: facts.call.is_complaint, one_of: ['yes']}",
            "a sign reads no fact",
        ),
        (
            "signs.yml",
            "{kind: phrases, where: {role: customer}, any: [生气]}",
            "{kind: not, check: {kind: sign, sign: promise}}",
            "a sign is made of no other sign",
        ),
        ("signs.cases.yml", "angry:", "anger:", "cases without a sign: 'anger'"),
        ("signs.cases.yml", "angry:", "anger:", "no cases of the sign 'angry'"),
        ("signs.cases.yml", "expect: pass", "expect: passed", "did you mean 'pass'?"),
    ],
)
def test_a_fault_in_signs_is_named(signed, file, old, new, says):
    path = signed / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ScorecardError) as caught:
        load_scorecard(signed)
    assert any(says in fault and file in fault for fault in caught.value.faults), caught.value.faults


def test_signs_without_cases_are_a_fault(signed):
    (signed / "signs.cases.yml").unlink()
    with pytest.raises(ScorecardError, match=r"signs\.cases\.yml is missing"):
        load_scorecard(signed)


def asks_for_the_sign(folder, name):
    """Let a rule about the agent's abuse look only at calls with a sign."""
    path = folder / "wording" / "word.abuse.yml"
    path.write_text(path.read_text("utf-8") + f"applies_when: {{kind: sign, sign: {name}}}\n", "utf-8")
    return path


@pytest.mark.parametrize(("said", "verdict"), [("我生气了", "pass"), ("我很好", "not_applicable")])
def test_a_rule_may_ask_for_a_sign_by_name(signed, said, verdict):
    asks_for_the_sign(signed, "angry")
    card = load_scorecard(signed)
    outcomes = evaluate(record_of_case({"turns": ["Agent: 您好", f"Customer: {said}"]}, "zh"), card).outcomes
    assert next(o.outcome for o in outcomes if o.criterion == "word.abuse") == verdict


def test_rules_that_ask_for_a_sign_share_one_check_with_it(signed):
    asks_for_the_sign(signed, "angry")
    card = load_scorecard(signed)
    assert card.criterion("word.abuse").applies_when is next(s.check for s in card.signs if s.id == "angry")


def test_a_rule_of_a_scorecard_is_read_alone_with_the_signs_it_names(signed):
    path = asks_for_the_sign(signed, "angry")
    assert load_rule(path).applies_when == next(s.check for s in load_scorecard(signed).signs if s.id == "angry")


def test_a_sign_that_the_scorecard_lacks_is_named_with_its_place(signed):
    path = asks_for_the_sign(signed, "angri")
    line = path.read_text("utf-8").splitlines().index("applies_when: {kind: sign, sign: angri}") + 1
    with pytest.raises(ScorecardError) as caught:
        load_scorecard(signed)
    assert caught.value.faults == (f"{path}:{line}:34: the scorecard has no sign 'angri'; did you mean 'angry'?",)

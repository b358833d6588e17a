"""Rules that can never fire, or never tell calls apart, are faults with a place."""

from pathlib import Path

import pytest
import yaml

from audit.errors import ScorecardError
from audit.evaluation import load_scorecard

SAY = {"kind": "phrases", "any": ["您好"]}
RINGS = {"kind": "measure", "field": "timeline.n_rings", "label": {"zh": "响", "en": "rings"}}


def faults_of(pack: Path, check: dict, **more) -> tuple[str, ...]:
    path = pack / "opening" / "open.greet.yml"
    rule = {**yaml.safe_load(path.read_text("utf-8")), "check": check, **more}
    path.write_text(yaml.safe_dump(rule, allow_unicode=True), "utf-8")
    try:
        load_scorecard(pack)
    except ScorecardError as e:
        return e.faults
    return ()


def where(**scope):
    return {**SAY, "where": {"role": "agent", **scope}}


def near(**scope):
    return where(near={"event": {"kind": "phrases", "any": ["投诉"]}, **scope})


def on_the_line(timeline, **scope):
    return where(near={"timeline": timeline, **scope})


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (where(from_start_s=[30, 10]), "the window from 30 to 10 is empty"),
        (where(from_answer_s=[10, 10]), "is empty"),
        (where(share=[0.5, 0.2]), "is empty"),
        (where(turns=[3, 1]), "no turn is from 3 to 1"),
        (where(turns=[-1, -3]), "no turn is from -1 to -3"),
        (where(first_turns=3, turns=[5, 6]), "no more than 3 turns are left"),
        (where(last_turns=2, turns=[-4, -3]), "no more than 2 turns are left"),
        (where(from_start_s=[0, 10], from_answer_s=[20, 30]), "never in the first 10 s"),
        (where(last_s=20, from_end_s=[30, 60]), "hold nothing that is 30 s before the end"),
        (near(side="before", before_s=0), "nothing is said within 0 s before anything"),
        ({**where(first_turns=1), "at_start": True, "min_hits": 2}, "2 hits can never come"),
        (near(side="before", after_s=3), "after_s says nothing where side is before"),
        (near(side="same_turn", before_turns=1), "before_turns says nothing"),
        (near(min_s=3), "min_s is for a timeline"),
        (on_the_line("hangup", hit=2), "a call has one hangup"),
        (on_the_line("answer", min_s=1), "answer is a moment"),
        (on_the_line("hold", by="customer"), "hold is nobody's"),
        ({"kind": "events", "of": "transfer", "min_s": 2, "max_count": 0}, "transfer is a moment"),
        ({"kind": "events", "of": "answer", "min_count": 2}, "a call has one answer"),
        ({"kind": "events", "of": "silence", "min_s": 9, "max_s": 5, "max_count": 0}, "min_s (9) is above max_s (5)"),
        ({**RINGS, "min": 5, "max": 3}, "min (5) is above max (3)"),
        ({"kind": "count", "of": SAY, "min": 3, "max": 2}, "min (3) is above max (2)"),
        ({**SAY, "at_least": 2}, "at_least 2 of 1 phrases can never be said"),
        ({**SAY, "unless": ["您好"]}, "is excused by itself"),
        ({"kind": "phrases", "none": [{"text": "喂", "unless": ["喂"]}]}, "is excused by itself"),
        ({"kind": "regex", "any": ["再见"], "unless_pattern": ["再见"]}, "is excused by itself"),
        ({"kind": "regex", "any": [r"尾号\d{4}"]}, "never holds a digit"),
        ({"kind": "regex", "any": ["订单 ?[0-9]+"]}, "never holds a digit"),
        ({"kind": "regex", "none": ["(VIP|VVIP)客户"]}, "never holds 'V'"),
        ({"kind": "regex", "any": ["您好，请问"]}, "never holds '，'"),
        ({"kind": "all_of", "checks": [SAY, {"kind": "not", "check": SAY}]}, "it contradicts checks[0]"),
        ({"kind": "all_of", "checks": [SAY, {"kind": "phrases", "none": ["您好", "喂"]}]}, "it contradicts checks[0]"),
        ({"kind": "any_of", "checks": [SAY, {"kind": "not", "check": SAY}]}, "one of them always passes"),
        ({"kind": "any_of", "checks": [SAY, SAY]}, "the same check stands here"),
        ({"kind": "not", "check": {"kind": "all_of", "checks": [SAY, where(share=[1, 0])]}}, "is empty"),
        ({"kind": "similarity", "to": "您好", "min_ratio": 0}, "can never tell calls apart"),
        ({"kind": "greeting_hour", "greetings": {"晚上好": [22, 6]}}, "can never fit"),
        ({"kind": "proximity", "first": ["卡"], "second": ["卡"], "relation": "not_in"}, "always lies inside itself"),
        (
            {"kind": "sequence", "steps": [{"name": n, "check": SAY, "optional": True} for n in "一二"]},
            "the flow can never fail",
        ),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_rule_that_can_never_fire_is_a_fault(pack, check, said):
    (fault,) = faults_of(pack, check)
    assert said in fault
    assert fault.startswith(f"{pack / 'opening' / 'open.greet.yml'}:")


def deep(n: int, around: str, check: dict) -> dict:
    for _ in range(n):
        inner = {**SAY, "where": {"near": {"event": check}}}
        check = {"kind": "not", "check": check} if around == "not" else inner
    return check


@pytest.mark.parametrize(("around", "bearable"), [("not", 60), ("near", 20)])
def test_conditions_in_conditions_are_read_to_any_bearable_depth(pack, around, bearable):
    assert faults_of(pack, deep(bearable, around, SAY)) == ()


@pytest.mark.parametrize("n", [70, 400], ids=["somewhat too deep", "far too deep"])
@pytest.mark.parametrize("around", ["not", "near"])
def test_conditions_nested_beyond_that_are_a_fault_and_no_crash(pack, around, n):
    path = pack / "opening" / "open.greet.yml"
    rule = path.read_text("utf-8").split("check:")[0]
    opened = "{kind: not, check: " if around == "not" else "{kind: phrases, any: [您好], where: {near: {event: "
    closed = "}" if around == "not" else "}}}"
    path.write_text(f"{rule}check: {opened * n}{{kind: phrases, any: [您好]}}{closed * n}\n", "utf-8")
    with pytest.raises(ScorecardError) as e:
        load_scorecard(pack)
    assert "nested" in e.value.faults[0]


def test_a_check_anchored_to_itself_is_a_fault(pack):
    path = pack / "opening" / "open.greet.yml"
    rule = path.read_text("utf-8").split("check:")[0]
    path.write_text(f"{rule}check: &self {{kind: phrases, any: [您好], where: {{near: {{event: *self}}}}}}\n", "utf-8")
    with pytest.raises(ScorecardError) as e:
        load_scorecard(pack)
    assert "circle" in e.value.faults[0]


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ({"kind": "phrases", "any": ["(您|你|)" * 14]}, "4,782,969 wordings, at most 10,000"),
        ({"kind": "regex", "any": ["(?:(?:好{1000}){1000}){10}"]}, "at least 10,000,000 characters"),
        ({"kind": "regex", "any": ["好(?:(?:好{0,1000}){0,1000}){0,1000}"]}, "write * or +"),
    ],
    ids=["alternatives multiplied", "repeats of repeats", "optional repeats"],
)
def test_what_would_fill_the_memory_is_a_fault_at_once(pack, check, said):
    (fault,) = faults_of(pack, check)
    assert said in fault


def test_a_check_that_contradicts_its_own_occasion_is_a_fault(pack):
    (fault,) = faults_of(pack, {"kind": "phrases", "none": ["您好"]}, applies_when=SAY)
    assert "can never pass" in fault


@pytest.mark.parametrize(
    "check",
    [
        where(turns=[2, -1]),
        where(first_turns=3, turns=[-1, -1]),
        where(from_start_s=[0, 30], from_answer_s=[20, 30], last_s=20, from_end_s=[5, 60]),
        near(before_s=0, after_s=0),
        {**where(first_turns=2), "at_start": True, "min_hits": 2},
        where(from_start_s=[0, None]),
        where(share=[0.0, 1.0]),
        near(side="before", before_s=3),
        on_the_line("interruption", by="agent", min_s=2, hit=2),
        {"kind": "regex", "any": [r"(?i)VIP", r"尾号[零一二三四五六七八九\d]{4}", r"a.b", r"(?P<N>好)\s?的"]},
        {"kind": "regex", "any": [r"(\d{4}|尾号)"]},
        {"kind": "all_of", "checks": [SAY, {"kind": "phrases", "where": {"role": "customer"}, "none": ["您好"]}]},
        {"kind": "all_of", "checks": [{"kind": "phrases", "any": ["您好", "喂"]}, {"kind": "phrases", "none": ["喂"]}]},
    ],
    ids=str,
)
def test_a_rule_that_can_fire_is_none(pack, check):
    assert faults_of(pack, check) == ()

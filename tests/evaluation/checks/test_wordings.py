"""Wording: expressions with exceptions and a time budget, closeness, likeness to examples, repetition."""

import time

import pytest

from audit.evaluation.checks import judge
from audit.evaluation.checks.sentences import clauses, sentences
from audit.evaluation.conditions import parse_check
from audit.evaluation.match import Matching
from tests.evaluation.checks.judging import call_of, judged, says, spans

AGENT = {"role": "agent"}


# --- expressions ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("这个肯定能退款。", "fail"),
        ("审核通过的话，这个肯定能退款。", "pass"),
        ("审核要三天。这个肯定能退款。", "fail"),
        ("您先看一下。审核通过后肯定能退款，请放心！", "pass"),
    ],
    ids=["forbidden", "excused in its sentence", "the excuse is in another sentence", "excused in the second sentence"],
)
def test_an_expression_excuses_the_sentence_it_is_found_in(said, verdict):
    check = {"kind": "regex", "where": AGENT, "none": ["肯定.{0,4}退款"], "unless_pattern": ["审核"]}
    assert judged(check, turns=[f"Agent: {said}"]).verdict == verdict


def test_named_groups_lookaheads_and_backreferences_are_understood():
    check = {"kind": "regex", "where": AGENT, "any": [r"(?P<w>不)知道(?!您)", r"(好的)\1"]}
    assert judged(check, turns=["Agent: 不知道您方便吗"]).verdict == "fail"
    assert judged(check, turns=["Agent: 我不知道"]).verdict == "pass"
    assert judged(check, turns=["Agent: 好的好的"]).verdict == "pass"


CATASTROPHIC = {"kind": "regex", "where": AGENT, "none": ["(嗯|嗯嗯)+$"]}
SLOW = ["Agent: " + "嗯" * 60 + "啊"]


def test_an_expression_that_would_run_for_ever_is_stopped_and_its_rule_is_not_evaluable():
    began = time.process_time()
    result = judge(parse_check(CATASTROPHIC), call_of(matching=Matching(regex_timeout_s=0.1), turns=SLOW))
    assert time.process_time() - began < 1.0
    assert result.verdict == "not_evaluable"
    assert result.reason["zh"] == "正则表达式在本次通话上超过了 0.1 秒的时限，请改写"
    assert "0.1 s" in result.reason["en"]


def test_an_expression_on_the_call_record_is_stopped_as_well():
    check = parse_check({"kind": "fact", "field": "metadata.variables.note", "matches": "(a|aa)+$"})
    call = call_of(matching=Matching(regex_timeout_s=0.05), metadata={"variables": {"note": "a" * 60 + "b"}})
    assert judge(check, call).verdict == "not_evaluable"


def test_a_stopped_expression_leaves_the_other_parts_of_its_rule_to_be_judged():
    check = {"kind": "any_of", "checks": [CATASTROPHIC, says("嗯")]}
    assert judge(parse_check(check), call_of(matching=Matching(regex_timeout_s=0.05), turns=SLOW)).verdict == "pass"


# --- closeness ------------------------------------------------------------------------------------
def close(first, second, **more):
    return {"kind": "proximity", "where": AGENT, "first": [first], "second": [second], **more}


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        (close("cancel", "account", within_words=3), "pass"),  # my, savings between
        (close("cancel", "account", within_words=1), "fail"),
        (close("account", "cancel", within_words=2), "pass"),
        (close("account", "cancel", within_words=2, ordered=True), "fail"),
        (close("cancel", "account", within_chars=10), "pass"),  # "my savings"
        (close("cancel", "account", within_chars=9), "fail"),
        (close("credit", "credit card", relation="not_in"), "fail"),
        (close("card", "credit card", relation="not_in"), "pass"),
        (close("card", "credit", within_words=0, relation="not_near"), "pass"),
        (close("credit", "card", within_words=0, relation="not_near"), "fail"),
        (close("cancel", "account", within_words=2, expect="unsaid"), "fail"),
        (close("cancel", "card", within_words=2, expect="unsaid"), "pass"),
    ],
    ids=str,
)
def test_near_apart_and_not_inside_by_words(check, verdict):
    said = "I can cancel my savings account and your credit card, the other card stays"
    assert judged(check, language="en", turns=[f"Agent: {said}"]).verdict == verdict


def test_closeness_by_characters_of_chinese_and_the_evidence_is_the_whole_stretch():
    check = close("保证", "收益", within_chars=4)
    result = judged(check, turns=["Agent 0-10: 我们保证一定有收益啊"])  # ten characters, one a second; 一定有 between
    assert (result.verdict, spans(result), result.evidence[0].text) == ("pass", [(2.0, 9.0)], "保证一定有收益")
    assert judged(check, turns=["Agent: 保证不了这样的收益"]).verdict == "fail"
    assert judged(check, turns=["Agent: 保证", "Customer: 嗯", "Agent: 收益"]).verdict == "fail", "in one turn only"


def test_a_wording_is_not_near_itself():
    assert judged(close("卡", "信用卡", within_chars=3), turns=["Agent: 您的信用卡"]).verdict == "fail"


# --- likeness -------------------------------------------------------------------------------------
def like(*examples, **more):
    return {"kind": "similarity", "where": AGENT, "examples": list(examples), "min_ratio": 0.6, **more}


def test_likeness_is_that_of_characters_and_pairs_of_characters():
    """请您稍等 and 请稍等 share 请, 稍, 等, 稍等; they hold 7 and 5: 2 · 4 / 12."""
    result = judged(like("请您稍等"), turns=["Agent: 好的，请稍等。"])
    assert result.verdict == "pass"
    assert "67%" in result.reason["en"]
    assert (result.evidence[0].heard, result.evidence[0].text) == ("请稍等", "请您稍等")


def test_likeness_of_english_is_that_of_words():
    """please hold on and please hold share please, hold, please hold; they hold 5 and 3: 2 · 3 / 8."""
    result = judged(like("please hold on"), language="en", turns=["Agent: Okay. Please hold."])
    assert (result.verdict, "75%" in result.reason["en"]) == ("pass", True)


@pytest.mark.parametrize(
    ("said", "verdict"),
    [("那您这边把订单号码报给我一下", "pass"), ("订单号，麻烦您报一下", "pass"), ("今天天气不错", "fail")],
    ids=["other words between", "over a comma", "something else"],
)
def test_the_nearest_stretch_of_a_turn_counts(said, verdict):
    result = judged(like("请您报一下订单号", "麻烦把订单号报给我", min_ratio=0.4), turns=[f"Agent: 您好。{said}。"])
    assert result.verdict == verdict
    assert result.evidence[0].match == ("measure" if verdict == "pass" else "window")


def test_something_too_like_an_example_may_be_forbidden():
    check = like("这不是我们部门负责的", expect="unsaid")
    assert judged(check, turns=["Agent: 这个不是我们部门负责"]).verdict == "fail"
    assert judged(check, turns=["Agent: 我来帮您处理"]).verdict == "pass"


def test_a_script_is_still_compared_in_order():
    check = {"kind": "similarity", "where": AGENT, "to": "您好请问有什么可以帮您", "min_ratio": 0.9}
    assert judged(check, turns=["Agent: 您好，请问有什么可以帮您？"]).verdict == "pass"
    assert judged(check, turns=["Agent: 有什么可以帮您？您好请问"]).verdict == "fail"


# --- repetition -----------------------------------------------------------------------------------
ASKED = [
    "Agent 0-4: 请问您的订单号是多少？",
    "Customer 5-9: 一二三四五",
    "Agent 10-14: 请问您订单号是多少？",
    "Customer 15-19: 一二三四五",
]


@pytest.mark.parametrize(
    ("more", "turns", "verdict"),
    [
        ({}, ASKED, "fail"),
        ({"max_times": 1}, ASKED, "pass"),
        ({"max_times": 1}, [*ASKED, "Agent 20-24: 请问您的订单号是多少？"], "fail"),
        ({"min_similarity": 1.0}, ASKED, "pass"),
        ({"excludes": ["订单号"]}, ASKED, "pass"),
        ({"min_chars": 12}, ASKED, "pass"),
        ({"within_turns": 1}, ASKED, "fail"),
        ({"within_turns": 1}, [ASKED[0], ASKED[1], "Agent 9-9.5: 嗯嗯", "Customer 9.6-9.9: 对", *ASKED[2:]], "pass"),
        ({"within_turns": 2}, [ASKED[0], ASKED[1], "Agent 9-9.5: 嗯嗯", "Customer 9.6-9.9: 对", *ASKED[2:]], "fail"),
        ({}, ["Agent: 请问您贵姓？请问您贵姓？"], "fail"),
        ({"where": {"role": "customer"}}, ASKED, "fail"),
    ],
    ids=["asked again", "once is allowed", "twice is not", "to the letter", "left out", "too short", "a turn back", "two back",
         "looked two back", "in one turn", "the customer"],
)  # fmt: skip
def test_nothing_is_said_again_too_often(more, turns, verdict):
    check = {"kind": "repetition", "where": AGENT, "min_similarity": 0.8, "min_chars": 4, **more}
    assert judged(check, turns=turns).verdict == verdict


def test_the_first_saying_and_the_repeats_are_the_evidence():
    result = judged({"kind": "repetition", "where": AGENT}, turns=ASKED)
    assert [(e.start_s, e.heard) for e in result.evidence] == [(0.0, "请问您的订单号是多少"), (10.0, "请问您订单号是多少")]
    assert result.reason["zh"] == "“请问您订单号是多少”重复了 1 次（至多 0 次）"


# --- sentences ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "text", "found", "parts"),
    [
        ("zh", "您好，请稍等。好的！", ["您好请稍等", "好的"], ["您好", "请稍等", "好的"]),
        ("zh", "打 8.5 折，对吧", ["打八点五折对吧"], ["打八点五折", "对吧"]),
        ("en", "Hold on. It is v2.5, okay?", ["hold on", "it is v2 five okay"], ["hold on", "it is v2 five", "okay"]),
    ],
    ids=["marks", "a decimal point", "English"],
)
def test_sentences_and_clauses(language, text, found, parts):
    (heard,) = call_of(language, turns=[f"Agent: {text}"]).turns["agent"]
    assert [heard.plain[a:b] for a, b in sentences(heard)] == found
    assert [heard.plain[a:b] for a, b in clauses(heard)] == parts

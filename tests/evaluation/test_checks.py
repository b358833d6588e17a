"""Checks: composition, scopes, waits and what makes a rule abstain."""

from dataclasses import replace

import pytest

from audit.evaluation.call import make_ready
from audit.evaluation.cases import record_of_case
from audit.evaluation.checks import judge
from audit.evaluation.checks.waits import find_waits
from audit.evaluation.conditions import parse_check
from audit.evaluation.match import Matching
from audit.words import Word


def ready(**case):
    record = record_of_case(case, "zh")
    return make_ready(record, language="zh", matching=Matching(), min_coverage_ratio=0.5, join_gap_s=3.0)


def judged(check, **case):
    return judge(parse_check(check), ready(**case))


def says(*phrases, **more):
    return {"kind": "phrases", "where": {"role": "agent"}, "any": list(phrases), **more}


PASS, FAIL = says("您好"), says("再见")
NONE = {"kind": "measure", "field": "timeline.n_rings", "label": {"zh": "响", "en": "rings"}, "max": 3}
AWAY = {**NONE, "missing": "not_applicable"}
GREETED = {"turns": ["Agent: 您好"]}


@pytest.mark.parametrize(
    ("kind", "parts", "verdict"),
    [
        ("all_of", [PASS, PASS], "pass"),
        ("all_of", [PASS, FAIL], "fail"),
        ("all_of", [NONE, FAIL], "fail"),
        ("all_of", [PASS, NONE], "not_evaluable"),
        ("all_of", [PASS, AWAY], "pass"),
        ("all_of", [AWAY, AWAY], "not_applicable"),
        ("any_of", [FAIL, PASS], "pass"),
        ("any_of", [FAIL, FAIL], "fail"),
        ("any_of", [FAIL, NONE], "not_evaluable"),
        ("any_of", [NONE, PASS], "pass"),
        ("first_of", [AWAY, FAIL], "fail"),
        ("first_of", [NONE, PASS], "pass"),
        ("first_of", [NONE, AWAY], "not_evaluable"),
    ],
)
def test_composition(kind, parts, verdict):
    assert judged({"kind": kind, "checks": parts}, **GREETED).verdict == verdict


@pytest.mark.parametrize(
    ("part", "verdict"), [(PASS, "fail"), (FAIL, "pass"), (NONE, "not_evaluable"), (AWAY, "not_applicable")]
)
def test_not_turns_only_pass_and_fail(part, verdict):
    assert judged({"kind": "not", "check": part}, **GREETED).verdict == verdict


def test_window_searched_in_vain_is_evidence():
    result = judged(
        says("再见", where={"role": "agent", "last_turns": 1}), turns=["Agent 1-3: 您好", "Customer 4-5: 好", "Agent 6-8: 嗯"]
    )
    (window,) = result.evidence
    assert (window.match, window.start_s, window.end_s) == ("window", 6.0, 8.0)


def test_phrase_across_two_turns_of_one_speaker_is_found():
    assert judged(says("请问有什么可以帮您"), turns=["Agent 1-2: 请问有什么", "Agent 3-4: 可以帮您"]).verdict == "pass"


def test_turns_are_not_joined_over_the_other_speaker():
    check = says("帮您", where={"role": "agent", "first_turns": 1})
    assert judged(check, turns=["Agent 1-2: 您好", "Customer 2.1-2.9: 喂", "Agent 3-4: 可以帮您"]).verdict == "fail"


def test_first_seconds_are_counted_from_the_first_word_of_that_role():
    check = says("您好", where={"role": "agent", "first_s": 5})
    assert judged(check, turns=["Customer 0-20: 喂", "Agent 21-23: 您好"]).verdict == "pass"


@pytest.mark.parametrize(("said_at", "verdict"), [(65, "pass"), (20, "fail")], ids=["in the last 30 s", "long before"])
def test_last_seconds_are_counted_from_the_end(said_at, verdict):
    check = says("其他事", where={"role": "agent", "last_s": 30})
    turns = [f"Agent {said_at}-{said_at + 2}: 还有其他事吗", "Customer 85-90: 没有了"]
    assert judged(check, turns=turns, hangup_at_s=90).verdict == verdict


@pytest.mark.parametrize(
    ("turns", "verdict"),
    [
        (["Customer 1-3: 我要投诉", "Agent 4-6: 抱歉"], "pass"),
        (["Agent 1-2: 抱歉", "Customer 3-5: 我要投诉", "Agent 6-8: 哦"], "fail"),
        (["Customer 1-3: 我要投诉", "Agent 30-32: 抱歉"], "fail"),
        (["Customer 1-3: 你好", "Agent 4-6: 抱歉"], "not_applicable"),
    ],
    ids=["right after", "only before", "too late", "no such event"],
)
def test_near_looks_around_an_event(turns, verdict):
    event = {"kind": "phrases", "where": {"role": "customer"}, "any": ["投诉"]}
    assert (
        judged(says("抱歉", where={"role": "agent", "near": {"event": event, "after_s": 10}}), turns=turns).verdict == verdict
    )


def test_excuse_spares_only_the_words_it_covers():
    check = {"kind": "phrases", "where": {"role": "agent"}, "none": ["不知道"], "unless": ["不知道您"]}
    assert judged(check, turns=["Agent: 不知道您几点方便"]).verdict == "pass"
    assert judged(check, turns=["Agent: 不知道您几点方便，这个我也不知道"]).verdict == "fail"


def test_each_forbidden_wording_carries_its_polite_form():
    check = {"kind": "phrases", "where": {"role": "agent"}, "none": [{"text": "你等着", "suggestion": "请您稍等一会儿"}]}
    assert judged(check, turns=["Agent: 你等着"]).evidence[0].suggestion == "请您稍等一会儿"


def test_nearest_thing_heard_is_shown_for_a_name_not_said_in_full():
    result = judged(says("青禾电器客户服务中心", match="fuzzy"), turns=["Agent: 您好，青禾电器客服中心，请讲"])
    assert result.verdict == "fail"
    assert result.evidence[0].heard == "青禾电器客服中心"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ({"transcribed": False, "turns": ["Agent: 您好"]}, "not transcribed"),
        ({"turns": ["Unknown: 您好"]}, "one channel"),
        ({"turns": ["Customer: 您好"], "layout": "one_dead_leg"}, "no sound"),
        ({"turns": ["Customer: 您好"]}, "no words of the agent"),
        ({"turns": ["Agent: 您好"], "coverage_ratio": 0.2}, "20%"),
        ({"turns": ["Agent: 您好"], "language": "en"}, "the call is in en"),
        ({"turns": []}, "no words"),
    ],
    ids=["no transcript", "mono", "dead leg", "silent agent", "low coverage", "other language", "empty"],
)
def test_what_was_not_heard_is_never_judged(case, reason):
    result = judged(PASS, **case)
    assert result.verdict == "not_evaluable"
    assert reason in result.reason["en"]
    assert result.reason["zh"]


def test_missing_variable_is_not_evaluable():
    assert judged(says("{company}"), turns=["Agent: 您好"]).verdict == "not_evaluable"


def test_missing_variable_does_not_hide_what_was_said_anyway():
    assert judged(says("{company}", "您好"), turns=["Agent: 您好"]).verdict == "pass"


# --- waits ----------------------------------------------------------------------------------------
ASK = {"kind": "hold_etiquette", "aspect": "asked", "within_s": 10, "min_silence_s": 7, "phrases": ["稍等"]}
LENGTH = {**ASK, "aspect": "length", "max_untold_s": 7, "max_told_s": 60}


def around(start_s, end_s, before="Agent", after="Agent", words="请您稍等"):
    return [f"{before} {start_s - 3}-{start_s - 1}: {words}", f"{after} {end_s + 1}-{end_s + 3}: 久等了"]


@pytest.mark.parametrize(
    ("turns", "silence", "n"),
    [
        (around(10, 20), [10, 20], 1),
        (around(10, 17), [10, 17], 1),
        (around(10, 16.9), [10, 16.9], 0),
        (around(10, 20, after="Customer"), [10, 20], 0),
        (["Agent 1-3: 您好"], [5, 20], 0),
        (["Agent 25-30: 您好"], [5, 20], 0),
    ],
    ids=["agent ends it", "exactly seven seconds", "shorter", "customer ends it", "after the last word", "before the first"],
)
def test_silence_is_a_wait_only_while_the_agent_works(turns, silence, n):
    assert len(find_waits(ready(turns=turns, silences=[silence]), 7.0).waits) == n


def test_hold_and_the_silence_beside_it_are_one_wait():
    call = ready(turns=around(10, 40), holds=[[18, 30, "music"]], silences=[[10, 17.5], [30.5, 40]])
    assert [(w.start_s, w.end_s) for w in find_waits(call, 7.0).waits] == [(10, 40)]


def test_words_after_the_hold_began_do_not_announce_it():
    assert judged(ASK, turns=["Agent 14-16: 请您稍等", "Agent 41-43: 好了"], holds=[[10, 40, "music"]]).verdict == "fail"


@pytest.mark.parametrize(
    ("seconds", "words", "verdict"),
    [(7, "嗯", "pass"), (7.5, "嗯", "fail"), (60, "请您稍等", "pass"), (60.5, "请您稍等", "fail")],
    ids=["untold 7 s", "untold 7.5 s", "told 60 s", "told 60.5 s"],
)
def test_limits_of_a_wait_are_inclusive(seconds, words, verdict):
    turns = around(10, 10 + seconds, words=words)
    assert judged(LENGTH, turns=turns, holds=[[10, 10 + seconds, "music"]]).verdict == verdict


def test_silence_on_a_mono_call_is_nobodys_wait_for_certain():
    turns = ["Unknown 1-4: 好", "Unknown 20-22: 好"]
    assert judged(ASK, turns=turns, silences=[[5, 19]]).verdict == "not_evaluable"


# --- figures --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("value", "verdict"), [(160, "pass"), (260, "pass"), (159.9, "fail"), (260.1, "fail")])
def test_limits_of_a_measure_are_inclusive(value, verdict):
    check = {
        "kind": "measure",
        "field": "measures.agent.speech_rate_cpm",
        "label": {"zh": "语速", "en": "rate"},
        "min": 160,
        "max": 260,
    }
    assert judged(check, measures={"agent": {"speech_rate_cpm": value}}).verdict == verdict


def test_a_measure_of_zero_is_a_figure_and_not_a_gap():
    check = {"kind": "measure", "field": "measures.agent.clipping_ratio", "label": {"zh": "削波", "en": "clipped"}, "max": 0.01}
    assert judged(check, measures={"agent": {"clipping_ratio": 0.0}}).verdict == "pass"


def test_missing_half_of_a_difference_is_not_evaluable():
    check = {
        "kind": "measure",
        "field": "measures.agent.active_level_dbfs",
        "minus": "measures.customer.active_level_dbfs",
        "label": {"zh": "差", "en": "difference"},
        "max": 15,
    }
    assert judged(check, measures={"agent": {"active_level_dbfs": -20.0}}).verdict == "not_evaluable"


@pytest.mark.parametrize(
    ("hour", "verdict"), [("07:59", "fail"), ("08:00", "pass"), ("11:59", "pass"), ("12:00", "fail")], ids=lambda v: str(v)
)
def test_hours_of_a_greeting_are_half_open(hour, verdict):
    check = {"kind": "greeting_hour", "greetings": {"上午好": [8, 12]}}
    case = {"turns": ["Agent: 上午好"], "metadata": {"started_at": f"2026-03-02T{hour}:00+08:00"}}
    assert judged(check, **case).verdict == verdict


@pytest.mark.parametrize(
    ("confidence", "n_words", "verdict"),
    [(0.6, 40, "not_evaluable"), (0.6, 39, "pass"), (0.7, 40, "pass")],
    ids=["unsure words", "too few to tell", "sure enough"],
)
def test_words_that_were_heard_badly_on_the_whole_are_not_judged(confidence, n_words, verdict):
    record = record_of_case(GREETED, "zh")
    words = tuple(Word(i * 0.1, i * 0.1 + 0.1, c, confidence) for i, c in enumerate("您好" * 20))[:n_words]
    turn = replace(record.transcript.turns[0], text="".join(w.text for w in words), words=words)
    record = replace(record, transcript=replace(record.transcript, turns=(turn,)))
    call = make_ready(
        record,
        language="zh",
        matching=Matching(),
        min_coverage_ratio=0.5,
        join_gap_s=3.0,
        min_transcript_confidence=0.65,
    )
    assert judge(parse_check(PASS), call).verdict == verdict

"""Scopes: whose words, which turns, which stretch of the call, before and after what."""

import pytest

from tests.evaluation.checks.judging import judged, says

# Ten seconds of ringing, answer at 10, hang-up at 110. One turn of the agent runs from 20 to 60 s, one character a second.
LONG = "Agent 20-60: " + "嗯" * 15 + "您好" + "嗯" * 21 + "再见"  # 您好 at 35-37 s, 再见 at 58-60 s
CALL = {
    "answer_at_s": 10.0,
    "n_rings": 2,
    "hangup_at_s": 110.0,
    "duration_s": 111.0,
    "turns": [LONG, "Customer 70-72: 投诉", "Agent 80-82: 抱歉", "Customer 90-92: 投诉", "Agent 100-104: 再见谢谢"],
}


@pytest.mark.parametrize(
    ("where", "verdict"),
    [
        ({"from_start_s": [30, 36]}, "pass"),
        ({"from_start_s": [20, 35]}, "fail"),
        ({"from_start_s": [35, None]}, "pass"),
        ({"from_start_s": [36, None]}, "fail"),
        ({"from_start_s": [200, None]}, "not_applicable"),
        ({"from_answer_s": [0, 30]}, "pass"),
        ({"from_answer_s": [0, 25]}, "fail"),
        ({"from_answer_s": [120, 130]}, "not_applicable"),
        ({"from_end_s": [0, 75.1]}, "pass"),
        ({"from_end_s": [0, 70]}, "fail"),
        ({"from_end_s": [74.9, None]}, "pass"),
        ({"from_end_s": [80, None]}, "fail"),
        ({"share": [0.0, 0.26]}, "pass"),
        ({"share": [0.0, 0.24]}, "fail"),
        ({"share": [0.24, 1.0]}, "pass"),
        ({"share": [0.3, 1.0]}, "fail"),
    ],
    ids=str,
)
def test_the_time_of_the_word_decides_not_the_start_of_its_turn(where, verdict):
    assert judged(says("您好", **where), **CALL).verdict == verdict


@pytest.mark.parametrize("where", [{"from_answer_s": [0, 30]}, {"share": [0.0, 0.5]}], ids=str)
def test_without_an_answer_nothing_is_counted_from_it(where):
    result = judged(says("您好", **where), **{**CALL, "answer_at_s": None})
    assert result.verdict == "not_evaluable"
    assert "接起" in result.reason["zh"]


@pytest.mark.parametrize(
    ("turns", "phrase", "verdict"),
    [
        ([1, 1], "您好", "pass"),
        ([2, 2], "您好", "fail"),
        ([2, 3], "抱歉", "pass"),
        ([-1, -1], "谢谢", "pass"),
        ([-1, -1], "抱歉", "fail"),
        ([-2, -2], "抱歉", "pass"),
        ([-9, -1], "您好", "pass"),
        ([2, -1], "您好", "fail"),
        ([1, -2], "谢谢", "fail"),
        ([1, -4], "您好", "fail"),
    ],
    ids=str,
)
def test_turns_are_counted_from_one_and_from_the_last(turns, phrase, verdict):
    assert judged(says(phrase, turns=turns), **CALL).verdict == verdict


def test_anybody_may_say_it_and_the_evidence_says_who_did():
    result = judged(says("投诉", role="any"), **CALL)
    assert [(e.start_s, e.role) for e in result.evidence] == [(70.0, "customer"), (90.0, "customer")]
    assert judged(says("投诉"), **CALL).verdict == "fail"


def test_turns_of_anybody_are_counted_together():
    assert judged(says("投诉", role="any", turns=[2, 2]), **CALL).verdict == "pass"
    assert judged(says("投诉", role="any", turns=[3, 3]), **CALL).verdict == "fail"


COMPLAINT = says("投诉", role="customer")


@pytest.mark.parametrize(
    ("near", "verdict"),
    [
        ({"hit": "first", "after_s": 15}, "pass"),
        ({"hit": "last", "after_s": 10}, "fail"),
        ({"hit": 2, "before_s": 12, "side": "before"}, "pass"),
        ({"hit": 2, "before_s": 5, "side": "before"}, "fail"),
        ({"hit": -2, "after_s": 15}, "pass"),
        ({"hit": 3, "after_s": 15}, "not_applicable"),
        ({"hit": -3, "after_s": 15}, "not_applicable"),
        ({"hit": "any", "after_s": 10}, "pass"),
        ({"hit": "every", "after_s": 10}, "fail"),
        ({"hit": "every", "before_s": 12, "after_s": 12}, "pass"),
        ({"hit": "first", "side": "before"}, "fail"),
        ({"hit": "last", "side": "before"}, "pass"),
        ({"hit": "last", "side": "after"}, "fail"),
        ({"hit": "first", "after_turns": 1, "side": "after"}, "pass"),
        ({"hit": "last", "before_turns": 1, "side": "before"}, "pass"),
        ({"hit": "last", "after_turns": 1, "side": "after"}, "fail"),
        ({"hit": "first", "before_turns": 1, "after_turns": 1}, "pass"),
    ],
    ids=str,
)
def test_the_nth_hit_of_another_check_anchors_the_search(near, verdict):
    assert judged(says("抱歉", near={"event": COMPLAINT, **near}), **CALL).verdict == verdict


def test_every_anchor_is_judged_alone_and_the_failing_one_is_shown():
    result = judged(says("抱歉", near={"event": COMPLAINT, "hit": "every", "side": "after", "after_s": 12}), **CALL)
    assert result.verdict == "fail"
    assert result.reason["en"].startswith("1 of 2 places fail (at 90.0 s: not heard")
    (window,) = result.evidence
    assert (window.match, window.start_s, window.end_s) == ("window", 100.0, 104.0)


def test_the_same_turn_is_the_one_in_which_the_anchor_is_said():
    near = {"event": says("再见"), "side": "same_turn"}
    assert judged(says("谢谢", near={**near, "hit": "last"}), **CALL).verdict == "pass"
    assert judged(says("谢谢", near={**near, "hit": "first"}), **CALL).verdict == "fail"


EVENTS = {
    "answer_at_s": 10.0,
    "n_rings": 2,
    "hangup_at_s": 90.0,
    "duration_s": 91.0,
    "holds": [[30, 50, "music"]],
    "silences": [[60, 64]],
    "overlaps": [[70, 72.5, "agent", "interruption"], [75, 75.4, "customer", "backchannel"]],
    "transfers_s": [80.0],
    "turns": [
        "Agent 26-28: 请稍等",
        "Agent 50-52: 久等了",
        "Agent 70-74: 您先听我说",
        "Agent 81-83: 我是主管",
        "Customer 65-72: 可是",
    ],
}


@pytest.mark.parametrize(
    ("phrase", "near", "verdict"),
    [
        ("请稍等", {"timeline": "hold", "side": "before", "before_s": 6}, "pass"),
        ("请稍等", {"timeline": "hold", "side": "before", "before_s": 2}, "fail"),
        ("久等", {"timeline": "hold", "side": "after", "after_s": 5}, "pass"),
        ("久等", {"timeline": "hold", "min_s": 25, "side": "after"}, "not_applicable"),
        ("久等", {"timeline": "silence", "side": "before", "before_s": 15}, "pass"),
        ("听我说", {"timeline": "interruption", "by": "agent", "after_s": 5}, "pass"),
        ("听我说", {"timeline": "interruption", "by": "customer", "after_s": 5}, "not_applicable"),
        ("听我说", {"timeline": "overlap", "hit": 2, "after_s": 5}, "fail"),
        ("主管", {"timeline": "transfer", "side": "after", "after_s": 5}, "pass"),
        ("稍等", {"timeline": "answer", "side": "after", "after_s": 20}, "pass"),
        ("主管", {"timeline": "hangup", "side": "before", "before_s": 10}, "pass"),
        ("主管", {"timeline": "ring", "after_s": 5}, "fail"),
    ],
    ids=lambda v: v if isinstance(v, str) else v["timeline"],
)
def test_what_happened_on_the_line_anchors_the_search(phrase, near, verdict):
    assert judged(says(phrase, near=near), **EVENTS).verdict == verdict


@pytest.mark.parametrize(
    ("timeline", "lacking"),
    [
        ("interruption", {"layout": "mono"}),
        ("answer", {"answer_at_s": None}),
        ("transfer", {"metadata": {"source": "none"}, "transfers_s": []}),
        ("ring", {"n_rings": None}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_nobody_can_tell_of_the_line_makes_it_not_evaluable(timeline, lacking):
    assert judged(says("主管", near={"timeline": timeline}), **{**EVENTS, **lacking}).verdict == "not_evaluable"


def test_anchors_hold_anchors_to_any_depth():
    thanks = says("谢谢", near={"event": says("抱歉", near={"event": COMPLAINT, "after_s": 12}), "after_s": 30})
    assert judged(thanks, **CALL).verdict == "pass"
    assert judged(says("谢谢", near={"event": says("抱歉", near={"event": COMPLAINT, "after_s": 3})}), **CALL).verdict == (
        "not_applicable"
    )

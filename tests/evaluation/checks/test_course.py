"""The course of a call: steps in order, counts, events of the line, figures of single turns, exceptions."""

from dataclasses import replace

import pytest

from audit.evaluation import explain, load_scorecard
from audit.evaluation.checks import judge
from audit.evaluation.conditions import parse_check
from audit.evaluation.facts import baseline_name
from audit.evaluation.flow import count_field
from tests.evaluation.checks.judging import call_of, judged, says, spans

GREET, VERIFY, SOLVE, BYE = says("您好"), says("身份证"), says("已经处理"), says("再见")


def flow(*steps, **more):
    return {"kind": "sequence", "steps": [{"name": n, "check": c} for n, c in steps], **more}


FLOW = flow(("问候", GREET), ("核实", VERIFY), ("处理", SOLVE), ("道别", BYE))
IN_ORDER = ["Agent 1-2: 您好", "Agent 10-13: 身份证号", "Customer 14-20: 好", "Agent 30-32: 已经处理", "Agent 40-41: 再见"]


# --- order ----------------------------------------------------------------------------------------
def test_steps_in_order_pass_and_the_evidence_is_in_order():
    result = judged(FLOW, turns=IN_ORDER)
    assert result.verdict == "pass"
    assert [s for s, _ in spans(result)] == [1.0, 10.0, 30.0, 40.0]
    assert result.reason["zh"].startswith("各步按顺序出现：问候 1.0 s → 核实 10.0 s")


def test_a_missing_step_is_named_and_the_window_searched_is_shown():
    result = judged(FLOW, turns=[t for t in IN_ORDER if "身份" not in t])
    assert result.verdict == "fail"
    assert result.reason == {"zh": "没有“核实”这一步", "en": "the step “核实” is missing"}
    assert [e.match for e in result.evidence] == ["exact", "window"]


def test_a_step_before_its_turn_is_named_with_both_times():
    turns = ["Agent 1-2: 您好", "Agent 10-12: 已经处理", "Agent 20-23: 身份证号", "Agent 40-41: 再见"]
    result = judged(FLOW, turns=turns)
    assert (result.verdict, spans(result)[-1][0]) == ("fail", 10.0)
    assert result.reason["zh"] == "“处理”（10.0 秒）不在“核实”（20.0 秒）之后"


def test_a_step_said_twice_counts_where_it_fits():
    turns = ["Agent 1-3: 已经处理", "Agent 5-6: 您好", "Agent 10-13: 身份证号", "Agent 30-32: 已经处理", "Agent 40-41: 再见"]
    assert judged(FLOW, turns=turns).verdict == "pass"


@pytest.mark.parametrize(("max_gap_s", "verdict"), [(18, "pass"), (12, "fail")])
def test_the_gap_between_steps_is_limited(max_gap_s, verdict):
    result = judged({**FLOW, "max_gap_s": max_gap_s}, turns=IN_ORDER)
    assert result.verdict == verdict
    assert verdict == "pass" or "too late" in result.reason["en"]


def test_a_later_saying_of_a_step_is_taken_where_the_first_is_too_far_from_the_next():
    check = flow(("问候", GREET), ("道别", BYE), max_gap_s=5)
    assert judged(check, turns=["Agent 1-2: 您好", "Agent 50-51: 您好", "Agent 54-55: 再见"]).verdict == "pass"


def test_an_optional_step_may_be_left_out_but_not_the_ones_after_it():
    steps = [
        {"name": "问候", "check": GREET},
        {"name": "核实", "check": VERIFY, "optional": True},
        {"name": "道别", "check": BYE},
    ]
    check = {"kind": "sequence", "steps": steps}
    assert judged(check, turns=["Agent 1-2: 您好", "Agent 8-9: 再见"]).verdict == "pass"
    assert len(judged(check, turns=["Agent 1-2: 您好", "Agent 4-6: 身份证", "Agent 8-9: 再见"]).evidence) == 3
    assert judged(check, turns=["Agent 1-2: 您好", "Agent 4-6: 身份证"]).verdict == "fail"


def test_words_and_events_of_the_line_are_steps_of_one_flow():
    hold = {"kind": "events", "of": "hold", "min_count": 1}
    check = flow(("告知", says("请稍等")), ("保持", hold), ("致谢", says("久等")))
    case = {"holds": [[10, 20, "music"]], "hangup_at_s": 40.0}
    assert judged(check, turns=["Agent 5-7: 请稍等", "Agent 21-23: 久等了"], **case).verdict == "pass"
    assert judged(check, turns=["Agent 21-23: 请稍等", "Agent 25-27: 久等了"], **case).verdict == "fail"


@pytest.mark.parametrize(
    ("turns", "verdict"), [(["Agent 1-2: 您好"], "fail"), (IN_ORDER, "not_evaluable")], ids=["broken", "whole"]
)
def test_a_step_nobody_can_judge_leaves_a_whole_flow_open_and_a_broken_one_broken(turns, verdict):
    rings = {"kind": "measure", "field": "timeline.n_rings", "label": {"zh": "响", "en": "rings"}, "max": 3}
    assert judged(flow(("响铃", rings), ("问候", GREET), ("道别", BYE)), turns=turns).verdict == verdict


# --- counts ---------------------------------------------------------------------------------------
SORRY = says("抱歉")
THRICE = [
    "Agent 0-10: 抱歉" + "嗯" * 18,
    "Customer 11-12: 好",
    "Agent 20-30: 抱歉抱歉" + "嗯" * 16,
]  # 3 of 40 characters, in 60 s


@pytest.mark.parametrize(
    ("limits", "verdict", "figure"),
    [
        ({"max": 3}, "pass", "3 次"),
        ({"max": 2}, "fail", "3 次"),
        ({"min": 4}, "fail", "3 次"),
        ({"max": 2, "per": "minute"}, "fail", "3 次/分钟"),
        ({"max": 7.5, "per": "hundred_chars"}, "pass", "7.5 次/百字"),
        ({"max": 7.4, "per": "hundred_chars"}, "fail", "7.5 次/百字"),
    ],
    ids=str,
)
def test_hits_are_counted_by_themselves_or_for_a_minute_or_a_hundred_characters(limits, verdict, figure):
    result = judged({"kind": "count", "of": SORRY, **limits}, turns=THRICE, hangup_at_s=60.0)
    assert result.verdict == verdict
    assert result.reason["zh"].startswith(figure)
    assert [e.match for e in result.evidence][:3] == ["exact"] * 3


def test_nothing_found_counts_as_nought_and_shows_where_was_searched():
    result = judged({"kind": "count", "of": SORRY, "min": 1}, turns=["Agent: 您好"])
    assert (result.verdict, [e.match for e in result.evidence]) == ("fail", ["window"])
    assert judged({"kind": "count", "of": SORRY, "max": 1}, turns=["Agent: 您好"]).verdict == "pass"


def test_forbidden_wording_is_counted_as_found():
    never = {"kind": "phrases", "where": {"role": "agent"}, "none": ["抱歉"]}
    assert judged({"kind": "count", "of": never, "max": 3}, turns=THRICE).verdict == "pass"
    assert judged({"kind": "count", "of": never, "max": 2}, turns=THRICE).verdict == "fail"


def test_what_cannot_be_judged_is_not_counted_as_nought():
    assert judged({"kind": "count", "of": SORRY, "max": 1}, turns=THRICE, transcribed=False).verdict == "not_evaluable"


TICS = {"kind": "count", "of": {"kind": "phrases", "where": {"role": "agent"}, "none": ["那个"]}, "per": "hundred_chars"}


@pytest.mark.parametrize(
    ("usual", "n_calls", "verdict"),
    [(10.0, 20, "pass"), (4.0, 20, "fail"), (4.0, 3, "not_evaluable"), (None, 0, "not_evaluable")],
    ids=["as the team does", "far more than the team", "too few calls to compare", "nothing to compare with"],
)
def test_a_verbal_tic_is_held_against_how_often_the_team_has_it(usual, n_calls, verdict):
    """Two in twenty characters are ten in a hundred."""
    check = parse_check({**TICS, "baseline": {"of": "team", "statistic": "mean", "max_ratio": 2}})
    names = [baseline_name("team", s, count_field(check)) for s in ("mean", "n")]
    facts = {} if usual is None else dict(zip(names, (usual, n_calls), strict=True))
    call = replace(call_of(turns=["Agent: 那个" + "嗯" * 16 + "那个"]), facts=facts)
    result = judge(check, call)
    assert result.verdict == verdict
    if verdict == "fail":
        assert result.reason["zh"].startswith("10 次/百字（团队 20 通平均 4，为其 2.5 倍")


def test_the_same_count_has_the_same_base_line_whatever_its_limits():
    other = {**TICS, "of": {**TICS["of"], "none": ["就是"]}}
    one, two, three = (count_field(parse_check({**c, "max": m})) for c, m in ((TICS, 1), (TICS, 2), (other, 1)))
    assert one == two != three


# --- how many, how often --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("quantity", "verdict"),
    [
        ({"any": ["抱歉", "谢谢", "再见"], "at_least": 2}, "pass"),
        ({"any": ["抱歉", "谢谢", "对不起"], "at_least": 2}, "fail"),
        ({"any": ["抱歉", "抱歉抱歉"], "at_least": 2}, "pass"),
        ({"any": ["抱歉"], "min_hits": 3}, "pass"),
        ({"any": ["抱歉"], "min_hits": 4}, "fail"),
        ({"all": ["抱歉", "再见"], "min_hits": 4}, "pass"),
        ({"all": ["抱歉", "再见"], "min_hits": 5}, "fail"),
        ({"none": ["抱歉"], "max_hits": 3}, "pass"),
        ({"none": ["抱歉"], "max_hits": 2}, "fail"),
    ],
    ids=str,
)
def test_so_many_phrases_or_so_many_hits(quantity, verdict):
    turns = ["Agent 0-5: 抱歉您好", "Agent 10-15: 抱歉", "Agent 20-25: 真抱歉再见"]
    if quantity.get("any") == ["抱歉", "抱歉抱歉"]:
        turns = ["Agent 0-5: 抱歉", "Customer 6-7: 啊", "Agent 10-15: 抱歉抱歉"]
    result = judged({"kind": "phrases", "where": {"role": "agent"}, **quantity}, turns=turns)
    assert result.verdict == verdict
    if verdict == "fail" and "none" not in quantity:
        assert result.evidence[-1].match == "window"


def test_one_saying_is_one_phrase_however_many_wordings_describe_it():
    check = {"kind": "phrases", "where": {"role": "agent"}, "any": ["谢谢", "谢谢您"], "at_least": 2}
    assert judged(check, turns=["Agent: 谢谢您"]).verdict == "fail"


def test_too_few_hits_are_no_anchor():
    thrice = {"kind": "phrases", "where": {"role": "agent"}, "any": ["抱歉"], "min_hits": 3}
    near = says("再见", near={"event": thrice})
    assert judged(near, turns=["Agent: 抱歉", "Agent: 再见"]).verdict == "not_applicable"


# --- events ---------------------------------------------------------------------------------------
LINE = {
    "turns": ["Agent 1-5: 您好", "Customer 6-9: 你好", "Agent 60-65: 久等", "Agent 95-99: 再见"],
    "hangup_at_s": 100.0,
    "holds": [[10, 25, "music"], [30, 55, "music"]],
    "silences": [[66, 70], [80, 92]],
    "overlaps": [[3, 5.5, "customer", "interruption"], [7, 8, "agent", "interruption"], [8.2, 8.5, "agent", "backchannel"]],
}


@pytest.mark.parametrize(
    ("limits", "verdict", "starts"),
    [
        ({"of": "hold", "max_count": 2}, "pass", [10, 30]),
        ({"of": "hold", "max_count": 1}, "fail", [10, 30]),
        ({"of": "hold", "max_each_s": 20}, "fail", [30]),
        ({"of": "hold", "max_total_s": 40}, "pass", [10, 30]),
        ({"of": "hold", "max_total_s": 39}, "fail", [10, 30]),
        ({"of": "silence", "min_s": 10, "max_count": 0}, "fail", [80]),
        ({"of": "silence", "min_s": 13, "max_count": 0}, "pass", []),
        ({"of": "silence", "by": "agent", "max_count": 1}, "fail", [66, 80]),
        ({"of": "silence", "by": "customer", "max_count": 0}, "pass", []),
        ({"of": "interruption", "by": "agent", "max_count": 0}, "fail", [7]),
        ({"of": "interruption", "by": "agent", "min_s": 2, "max_count": 0}, "pass", []),
        ({"of": "overlap", "max_count": 2}, "fail", [3, 7, 8.2]),
        ({"of": "silence", "max_count": 0, "where": {"from_answer_s": [0, 60]}}, "pass", []),
        ({"of": "silence", "max_count": 0, "where": {"share": [0.5, 1.0]}}, "fail", [66, 80]),
    ],
    ids=str,
)
def test_events_of_the_line_are_held_against_limits(limits, verdict, starts):
    result = judged({"kind": "events", **limits}, **LINE)
    assert (result.verdict, [s for s, _ in spans(result)]) == (verdict, starts)


def test_silences_that_were_not_measured_are_not_none():
    call = call_of(turns=["Agent: 您好"])
    unended = replace(call, record=replace(call.record, timeline=replace(call.record.timeline, hangup_at_s=None)), memo={})
    check = parse_check({"kind": "events", "of": "silence", "max_count": 0})
    assert (judge(check, call).verdict, judge(check, unended).verdict) == ("pass", "not_evaluable")


def test_an_event_that_is_not_there_shows_the_stretch_searched():
    result = judged({"kind": "events", "of": "transfer", "min_count": 1}, **LINE)
    assert result.verdict == "fail"
    assert [(e.match, e.start_s, e.end_s) for e in result.evidence] == [("window", 0.0, 100.0)]


def test_events_near_words_need_words_and_events_by_the_clock_do_not():
    near = {"kind": "events", "of": "silence", "max_count": 0, "where": {"near": {"event": says("久等"), "after_s": 10}}}
    assert judged(near, **LINE).verdict == "fail"
    assert judged(near, **LINE, transcribed=False).verdict == "not_evaluable"
    clock = {"kind": "events", "of": "silence", "max_count": 0, "where": {"from_start_s": [0, 60]}}
    assert judged(clock, **LINE, transcribed=False).verdict == "pass"


# --- turns ----------------------------------------------------------------------------------------
SPEED = {  # 20 characters in 5 s: 240 a minute; 30 in 5 s: 360; 3 in 0.5 s: 360, too short to count; answers after 1 s, 4 s
    "turns": [
        "Customer 0-4: 我想问一下",
        "Agent 5-10: " + "啊" * 20,
        "Customer 11-14: 那怎么办",
        "Agent 18-23: " + "啊" * 30,
        "Customer 24-25: 好",
        "Agent 25-25.5: 嗯嗯嗯",
    ]
}


@pytest.mark.parametrize(
    ("limits", "verdict", "starts"),
    [
        ({"figure": "rate_cpm", "max": 300, "min_chars": 5}, "fail", [18.0]),
        ({"figure": "rate_cpm", "max": 360, "min_chars": 5}, "pass", [18.0]),
        ({"figure": "rate_cpm", "max": 300, "min_chars": 5, "aggregate": "mean"}, "pass", [5.0, 18.0]),
        ({"figure": "rate_cpm", "max": 299, "min_chars": 5, "aggregate": "mean"}, "fail", [5.0, 18.0]),
        ({"figure": "response_s", "max": 3}, "fail", [18.0]),
        ({"figure": "response_s", "max": 4}, "pass", [18.0]),
        ({"figure": "n_chars", "max": 30}, "pass", [18.0]),
        ({"figure": "duration_s", "max": 4.9}, "fail", [5.0, 18.0]),
        ({"figure": "n_chars", "min": 5, "aggregate": "min"}, "fail", [25.0]),
        ({"figure": "n_chars", "max": 20, "aggregate": "max"}, "fail", [18.0]),
        ({"figure": "rate_cpm", "max": 300, "min_chars": 50}, "not_applicable", []),
    ],
    ids=str,
)
def test_figures_of_single_turns(limits, verdict, starts):
    result = judged({"kind": "turns", "role": "agent", **limits}, **SPEED)
    assert (result.verdict, [s for s, _ in spans(result)]) == (verdict, starts)


def test_pauses_within_a_turn_do_not_slow_its_rate():
    """Twenty characters in ten seconds of which the agent speaks five."""
    check = {"kind": "turns", "figure": "rate_cpm", "min": 239, "max": 241}
    assert judged(check, turns=["Agent 0-10: " + "啊" * 20], speech={"agent": [[0, 2], [7, 10]]}).verdict == "pass"


# --- exceptions -----------------------------------------------------------------------------------
QUIET = {"kind": "events", "of": "silence", "max_count": 0}
WAIT = says("等一下", role="customer")
SILENT = {"silences": [[20, 30], [50, 60]], "hangup_at_s": 80.0}


@pytest.mark.parametrize(
    ("asked_at", "verdict", "left"),
    [([15, 45], "pass", [20, 50]), ([15], "fail", [50]), ([], "fail", [20, 50]), ([5], "fail", [20, 50])],
    ids=["both excused", "one excused", "none asked", "asked long before"],
)
def test_a_hit_near_an_excuse_is_forgiven(asked_at, verdict, left):
    check = {"kind": "except", "check": QUIET, "when": WAIT, "before_s": 10}
    turns = ["Agent 0-2: 您好", *(f"Customer {t}-{t + 2}: 等一下" for t in asked_at), "Agent 70-72: 再见", "Customer 75-76: 嗯"]
    result = judged(check, turns=turns, **SILENT)
    assert (result.verdict, [s for s, _ in spans(result)]) == (verdict, left)


def test_what_is_left_is_held_against_the_limits_of_the_check_itself():
    check = {"kind": "except", "check": {**QUIET, "max_count": 1}, "when": WAIT, "before_s": 10}
    turns = ["Agent 0-2: 您好", "Customer 15-17: 等一下", "Agent 70-72: 再见"]
    assert judged(check, turns=turns, **SILENT).verdict == "pass"


def test_forgiveness_that_cannot_be_judged_leaves_the_fail_open():
    check = {"kind": "except", "check": QUIET, "when": WAIT, "before_s": 10}
    assert judged(check, transcribed=False, **SILENT).verdict == "not_evaluable"
    assert judged(check, transcribed=False).verdict == "pass"


# --- every part is explained ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("check", "places"),
    [
        (flow(("问候", GREET), ("道别", BYE)), ["sequence", "steps[0]: phrases", "steps[1]: phrases"]),
        ({"kind": "count", "of": SORRY, "max": 1}, ["count", "of: phrases"]),
        ({"kind": "except", "check": QUIET, "when": WAIT}, ["except", "events", "when: phrases"]),
        (says("抱歉", near={"event": says("投诉", role="customer")}), ["phrases", "near: phrases"]),
        ({"kind": "not", "check": {"kind": "all_of", "checks": [GREET, BYE]}}, ["not", "all_of", "phrases", "phrases"]),
    ],
    ids=lambda v: v["kind"] if isinstance(v, dict) else "",
)
def test_each_part_of_a_condition_is_explained_with_its_place(check, places):
    card = load_scorecard("zh-service")
    section = card.sections[0]
    criterion = replace(section.criteria[0], check=parse_check(check), applies_when=None)
    mine = replace(card, sections=(replace(section, criteria=(criterion,)),))
    record = call_of(turns=["Agent: 您好", "Customer: 我要投诉", "Agent: 抱歉", "Agent: 再见"]).record
    steps = explain(record, mine, criterion.id).steps
    assert [s.label.removeprefix("check: ") for s in steps] == places
    assert all(s.result.reason for s in steps)

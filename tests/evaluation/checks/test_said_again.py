"""What the customer tells, the agent says again; and what is told at all."""

import pytest

from tests.evaluation.checks.judging import judged

PROMISE = {"event": {"kind": "phrases", "any": ["回电"]}, "before_s": 5, "after_s": 5}


def again(*entities, **more):
    return {"kind": "said_again", "entities": list(entities), **more}


def told(*kinds, **more):
    return {"kind": "entities_said", "of": list(kinds), **more}


@pytest.mark.parametrize(
    ("check", "language", "turns", "verdict"),
    [
        (again("phone"), "zh", ["Customer: 号码是13900004471", "Agent: 幺三九，零零零零，四四七一，对吗"], "pass"),
        (again("phone"), "zh", ["Customer: 号码是13900004471", "Agent: 好的，稍等"], "fail"),
        (again("phone"), "zh", ["Customer: 号码是13900004471", "Agent: 尾号4471是吧"], "fail"),
        (again("phone", min_share=0.3), "zh", ["Customer: 号码是13900004471", "Agent: 尾号4471是吧"], "pass"),
        (again("phone"), "zh", ["Agent: 是13900004471吗", "Customer: 对，13900004471", "Agent: 好"], "not_applicable"),
        (again("time", "date"), "zh", ["Customer: 明天下午三点来", "Agent: 好的，明天15点到"], "pass"),
        (again("time", "date"), "zh", ["Customer: 明天下午三点来", "Agent: 好的，明天到"], "fail"),
        (again("time", "date", require="any"), "zh", ["Customer: 明天下午三点来", "Agent: 好的，明天到"], "pass"),
        (again("amount"), "zh", ["Customer: 扣了一百八十块五", "Agent: 180.5元，我查一下"], "pass"),
        (again("amount"), "zh", ["Customer: 扣了一百八十块", "Agent: 一百八十五块，我查一下"], "fail"),
        (again("address"), "zh", ["Customer: 晴川市东湖区柳荫路二十八号", "Agent: 东湖区柳荫路28号对吧"], "pass"),
        (again("name"), "zh", ["Customer: 我姓陈", "Agent: 陈先生您好"], "pass"),
        (again("name"), "zh", ["Customer: 我姓陈", "Agent: 晨女士您好"], "pass"),
        (again("name"), "zh", ["Customer: 我姓陈", "Agent: 张先生您好"], "fail"),
        (again("id", within_turns=1), "zh", ["Customer: 订单号882015", "Agent: 好", "Customer: 嗯", "Agent: 882015"], "fail"),
        (again("id", within_turns=2), "zh", ["Customer: 订单号882015", "Agent: 好", "Customer: 嗯", "Agent: 882015"], "pass"),
        (again("phone"), "zh", ["Customer: 你好", "Agent: 您好"], "not_applicable"),
        (again("phone"), "zh", ["Unknown: 号码是13900004471"], "not_evaluable"),
        (again("name"), "en", ["Customer: Hi, I'm Judy Collins.", "Agent: Nice to meet you, Judy!"], "pass"),
        (again("name"), "en", ["Customer: Hi, I'm Judy Collins.", "Agent: Thank you, Ms. Collins."], "pass"),
        (again("name"), "en", ["Customer: Hi, I'm Judy Collins.", "Agent: Thank you, Julian."], "fail"),
        (again("phone"), "en", ["Customer: it's 555 867 5309", "Agent: five five five, eight six seven, 5309"], "pass"),
        (again("id"), "en", ["Customer: order five five two oh one", "Agent: order 55201, thank you"], "pass"),
        (again("id"), "en", ["Customer: order five five two oh one", "Agent: order 55210, thank you"], "pass"),
        (again("id", min_share=0.8), "en", ["Customer: order five five two oh one", "Agent: order 55210, thanks"], "fail"),
        (again("time"), "en", ["Customer: by 3 pm please", "Agent: three p.m., got it"], "pass"),
        (again("time"), "en", ["Customer: by 3 pm please", "Agent: four p.m., got it"], "fail"),
    ],
)  # fmt: skip
def test_what_is_told_is_said_again(check, language, turns, verdict):
    assert judged(check, language, turns=turns).verdict == verdict


def test_the_evidence_is_at_both_places():
    result = judged(again("phone"), turns=["Customer: 号码是13900004471", "Agent 10: 好的，幺三九零零零零四四七一"])
    source, repeat = result.evidence
    assert (source.role, source.heard) == ("customer", "13900004471")
    assert (repeat.role, repeat.heard) == ("agent", "幺三九零零零零四四七一")
    assert source.end_s < 10 <= repeat.start_s


def test_a_failure_shows_what_was_told_and_the_stretch_searched_in_vain():
    result = judged(again("phone"), turns=["Customer: 号码是13900004471", "Agent 10-12: 好的"])
    source, window = result.evidence
    assert (source.match, window.match, window.end_s) == ("normalised", "window", 12.0)
    assert "13900004471" in result.reason["zh"]


def test_the_share_that_was_said_again_is_the_cost():
    result = judged(again("phone", min_share=0.3), turns=["Customer: 号码是13900004471", "Agent: 尾号4471"])
    assert result.evidence[1].cost == pytest.approx(7 / 11, abs=0.001)


@pytest.mark.parametrize(
    ("turn", "verdict"),
    [("Agent: Thank you, Marie.", "pass"), ("Agent: Thank you, Ms. Baker.", "pass"), ("Agent: Thank you, ma'am.", "fail")],
)
def test_a_name_that_the_record_knows_counts_by_any_of_its_parts(turn, verdict):
    check = again("name", known_as="customer_name", require="any")
    variables = {"variables": {"customer_name": "Marie Baker"}}
    assert judged(check, "en", turns=[turn, "Customer: Hello"], metadata=variables).verdict == verdict


@pytest.mark.parametrize(
    ("check", "turns", "verdict"),
    [
        (told("time", "date"), ["Agent: 明天给您回电"], "pass"),
        (told("time", "date"), ["Agent: 尽快给您回电"], "fail"),
        (told("time", "date", at_least=2), ["Agent: 明天给您回电"], "fail"),
        (told("time", "date", at_least=2), ["Agent: 明天上午十点给您回电"], "pass"),
        (told("phone", expect="unsaid"), ["Agent: 对方电话是13900004471"], "fail"),
        (told("phone", expect="unsaid"), ["Agent: 不便透露"], "pass"),
        (
            told("time", where={"role": "agent", "near": PROMISE}),
            ["Agent: 上午十点上班", "Agent 60: 给您回电"],
            "fail",
        ),
    ],
)  # fmt: skip
def test_what_is_told_at_all(check, turns, verdict):
    assert judged(check, turns=turns).verdict == verdict


def test_what_is_told_may_be_looked_for_near_each_promise():
    check = told("time", "date", where={"role": "agent", "near": {**PROMISE, "hit": "every"}})
    assert judged(check, turns=["Agent: 明天回电", "Agent 60: 我们会回电"]).verdict == "fail"
    assert judged(check, turns=["Agent: 明天回电", "Agent 60: 三点整回电"]).verdict == "pass"

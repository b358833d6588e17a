"""Packs and calls far larger than any real one are loaded and judged in bearable time."""

import random
import time

import pytest

from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.call import Call, make_ready
from audit.evaluation.cases import record_of_case
from audit.evaluation.checks import judge
from audit.evaluation.conditions import parse_check
from audit.evaluation.match import Matching
from audit.records import CallRecord

CHARACTERS = "您好请问可以帮助谢谢再见订单退款投诉抱歉查询处理客服电话地址姓名"
N_WORDS = 20_000


@pytest.fixture(scope="module")
def long_record() -> CallRecord:
    """An hour and a half: a thousand turns of twenty characters."""
    chance = random.Random(5)
    turns = [
        f"{'Customer' if k % 2 else 'Agent'} {5.5 * k:.1f}-{5.5 * k + 5:.1f}: " + "".join(chance.choices(CHARACTERS, k=20))
        for k in range(N_WORDS // 20)
    ]
    return record_of_case({"turns": turns}, "zh")


@pytest.fixture(scope="module")
def long_call(long_record: CallRecord) -> Call:
    return make_ready(long_record, language="zh", matching=Matching(), min_coverage_ratio=0.5, join_gap_s=3.0)


def test_a_transcript_of_twenty_thousand_words_is_judged_by_the_whole_standard(long_record):
    scorecard = load_scorecard("zh-service")
    began = time.process_time()
    evaluation = evaluate(long_record, scorecard)
    assert time.process_time() - began < 10.0
    assert evaluation.score is not None


OFTEN = {"kind": "phrases", "where": {"role": "any"}, "any": ["好", "您"]}


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "repetition", "where": {"role": "any"}, "min_similarity": 0.3},
        {"kind": "similarity", "examples": ["请问您的订单号是多少", "麻烦您报一下订单号"], "min_ratio": 0.6},
        {"kind": "proximity", "first": ["好"], "second": ["您"], "within_chars": 3},
        {
            "kind": "phrases",
            "any": ["谢谢"],
            "where": {"role": "any", "near": {"event": OFTEN, "after_turns": 2, "before_s": 3}},
        },
        {"kind": "phrases", "any": ["谢谢"], "where": {"role": "any", "near": {"event": OFTEN, "after_s": 5, "hit": "every"}}},
        {"kind": "sequence", "max_gap_s": 10, "steps": [{"name": n, "check": OFTEN} for n in "一二三"]},
        {"kind": "turns", "figure": "response_s", "max": 3},
        {"kind": "except", "check": {**OFTEN, "any": ["好"]}, "when": OFTEN, "before_s": 1},
    ],
    ids=lambda c: c["kind"],
)
def test_no_check_takes_long_over_twenty_thousand_words(long_call, check):
    began = time.process_time()
    judge(parse_check(check), long_call)
    assert time.process_time() - began < 10.0


RULE = """\
id: {id}
title: {{zh: 题, en: Title}}
clause: 手册 一
points: 1
why: {{zh: 因为, en: Because}}
false_alarms: {{zh: 无, en: None}}
check: {{kind: phrases, where: {{role: agent}}, match: pinyin, any: [{phrase}]}}
"""
CASES = 'cases: [{name: 无, expect: fail, turns: ["Agent: 嗯"]}]\n'
CARD = """\
id: many
version: "1"
language: zh
title: {{zh: 多, en: Many}}
pass_score: 60
min_coverage_ratio: 0.5
min_evaluable_ratio: 0.5
join_gap_s: 3.0
sections: [{{id: opening, title: {{zh: 开场, en: Opening}}, weight: 1, criteria: [{ids}]}}]
bands: [{{id: all, min_score: 0, title: {{zh: 全, en: All}}}}]
"""


@pytest.mark.slow
def test_five_thousand_rules_are_loaded_and_judged(tmp_path):
    chance = random.Random(6)
    ids = [f"open.r{i}" for i in range(5_000)]
    (tmp_path / "opening").mkdir()
    (tmp_path / "scorecard.yml").write_text(CARD.format(ids=", ".join(ids)), "utf-8")
    for name in ids:
        phrase = "".join(chance.choices(CHARACTERS, k=4))
        (tmp_path / "opening" / f"{name}.yml").write_text(RULE.format(id=name, phrase=phrase), "utf-8")
        (tmp_path / "opening" / f"{name}.cases.yml").write_text(CASES, "utf-8")
    began = time.process_time()
    scorecard = load_scorecard(tmp_path)
    record = record_of_case({"turns": ["Agent: 您好请问有什么可以帮您", "Customer: 查一下订单"]}, "zh")
    evaluation = evaluate(record, scorecard)
    assert len(evaluation.outcomes) == 5_000
    assert time.process_time() - began < 60.0

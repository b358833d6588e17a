"""Matching of speech as recognisers write it: tones, dialects, numbers, fillers, and what must not be taken for a phrase."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evaluation.match import Matching, find, prepare, together
from audit.evaluation.sound import TOLERANCES
from audit.words import Turn, Word

PRICES = Matching()


def heard(text, language="zh", confidence=0.9):
    return prepare(Turn(0.0, 10.0, "agent", text, confidence), language, PRICES.fillers_of(language))


def hits(phrase, text, language="zh", mode="normalised", matching=PRICES):
    return find(phrase, together([heard(text, language)]), language=language, mode=mode, matching=matching)


def test_another_tone_costs_more_than_the_same_and_another_sound_more_still():
    same_tone, other_tone, near = (hits("晨星", t, mode="pinyin", matching=replace(PRICES, max_cost_ratio=0.5))[0].cost_ratio
                                   for t in ("陈星", "趁星", "曾星"))  # fmt: skip
    assert 0 < same_tone < other_tone < near


@pytest.mark.parametrize(
    ("phrase", "text", "needs"),
    [
        ("牛奶公司", "流来公司", "l_n"),
        ("福建分公司", "湖建分公司", "f_h"),
        ("知道服务", "资道服务", "z_zh"),
        ("陈经理服务", "岑经理服务", "z_zh"),
        ("客户身份证", "客户深份证", "en_eng"),
        ("民生银行卡", "名生银行卡", "in_ing"),
        ("简单方便吗", "简当方便吗", "an_ang"),
    ],
    ids=["l and n", "f and h", "z and zh", "c and ch", "shen and shen", "in and ing", "an and ang"],
)
def test_a_dialect_is_tolerated_at_a_price_where_the_scorecard_says_so(phrase, text, needs):
    matching = replace(PRICES, max_cost_ratio=0.19 if needs != "l_n" else 0.25)
    (hit,) = hits(phrase, text, mode="pinyin", matching=matching)
    assert 0 < hit.cost_ratio <= matching.max_cost_ratio
    strict = replace(matching, tolerate=(), near_sound_cost=0.0, max_cost_ratio=0.0)
    assert hits(phrase, text, mode="pinyin", matching=strict) == ()


def test_a_tolerance_left_out_of_the_scorecard_makes_a_sound_another_one():
    dear = replace(PRICES, near_sound_cost=0.1)
    without_it = replace(dear, tolerate=tuple(t for t in TOLERANCES if t != "l_n"))
    (tolerated,) = hits("男士", "兰士", mode="pinyin", matching=dear)
    assert tolerated.cost_ratio == pytest.approx(0.05)
    assert all(h.cost_ratio > 0.1 for h in hits("男士", "兰士", mode="pinyin", matching=without_it))


@pytest.mark.parametrize(
    ("phrase", "text", "language"),
    [
        ("120", "一百二十", "zh"),
        ("120", "幺二零", "zh"),
        ("120块", "一百二块", "zh"),
        ("一百二十", "120", "zh"),
        ("幺二零", "120", "zh"),
        ("两百块", "200块", "zh"),
        ("12315", "幺二三幺五", "zh"),
        ("一万二千三百一十五", "12315", "zh"),
        ("110", "幺幺零", "zh"),
        ("one two three", "123", "en"),
        ("one hundred and twenty three", "123", "en"),
        ("123", "one two three", "en"),
        ("123", "one twenty three", "en"),
        ("123", "one hundred and twenty-three", "en"),
        ("fifteen minutes", "15 minutes", "en"),
        ("15 minutes", "fifteen minutes", "en"),
        ("nine one one", "911", "en"),
        ("extension 205", "extension two oh five", "en"),
    ],
)
def test_a_number_is_the_same_however_it_is_said_or_written(phrase, text, language):
    assert len(hits(phrase, text, language)) == 1


@pytest.mark.parametrize(
    ("phrase", "text", "language"),
    [
        ("120", "一百二十五", "zh"),
        ("12315", "拨123156", "zh"),
        ("one two three", "one two three four", "en"),
        ("十一", "一一说明", "zh"),
        ("二十四", "二四", "zh"),
        ("一下", "十下", "zh"),
        ("123", "one two four", "en"),
        ("15 minutes", "fifty minutes", "en"),
    ],
)
def test_another_number_is_not_the_number(phrase, text, language):
    assert hits(phrase, text, language) == ()


@pytest.mark.parametrize(
    ("phrase", "text", "language", "written"),
    [
        ("请您稍等", "请您嗯稍等", "zh", "请您嗯稍等"),
        ("请您稍等", "请您，呃，稍等一下", "zh", "请您，呃，稍等"),
        ("你必须", "你那个必须先付款", "zh", "你那个必须"),
        ("how can i help", "How can I, uh, help you?", "en", "How can I, uh, help"),
        ("one moment please", "One um moment, er, please.", "en", "One um moment, er, please"),
    ],
)
def test_fillers_are_passed_over_inside_a_phrase_at_a_price(phrase, text, language, written):
    (hit,) = hits(phrase, text, language)
    assert hit.written == written
    assert 0 < hit.cost_ratio < 0.1
    assert hits(phrase, text, language, mode="exact") == ()


@pytest.mark.parametrize(
    ("phrase", "text", "language"),
    [("稍等", "稍嗯，呃，等嗯", "zh"), ("your name", "your umbrella name", "en"), ("no way", "no, thank you, way", "en")],
    ids=["too many", "not a word of its own", "not a filler"],
)
def test_what_is_no_filler_or_one_too_many_is_not_passed_over(phrase, text, language):
    assert hits(phrase, text, language, matching=replace(PRICES, max_fillers=0 if language == "zh" else 2)) == ()


def test_fillers_are_the_scorecards_to_name():
    matching = replace(PRICES, fillers=("就是",))
    turn = Turn(0.0, 5.0, "agent", "请您就是稍等", 0.9)
    with_them = together([prepare(turn, "zh", matching.fillers_of("zh"))])
    assert len(find("请您稍等", with_them, language="zh", mode="normalised", matching=matching)) == 1
    assert find("请您稍等", together([prepare(turn, "zh", PRICES.fillers_of("zh"))]), language="zh", mode="normalised",
                matching=PRICES) == ()  # fmt: skip


def test_a_word_that_is_itself_a_filler_is_still_found():
    assert len(hits("那个", "那个那个我看看")) == 2


@pytest.mark.parametrize("text", ["为您服务", "围着", "请您稍候", "您好像说过", "不止到", "没版法"])
@pytest.mark.parametrize("phrase", ["喂", "稍等", "不知道", "没办法"])
def test_forbidden_wording_is_not_heard_in_sound_alikes_by_default(phrase, text):
    assert hits(phrase, text) == ()


@given(
    st.lists(st.text(alphabet="您好请稍等嗯呃晨星一二十 a1，。", max_size=20), max_size=5),
    st.sampled_from(["normalised", "pinyin"]),
)
def test_searching_turns_together_finds_what_searching_each_alone_finds(texts, mode):
    alone = [h for t in texts for h in find("请(您|)稍等", [heard(t)], language="zh", mode=mode, matching=PRICES)]
    joined = find("请(您|)稍等", together([heard(t) for t in texts]), language="zh", mode=mode, matching=PRICES)
    assert [(h.start, h.end, h.cost_ratio) for h in joined] == [(h.start, h.end, h.cost_ratio) for h in alone]


@given(
    st.lists(
        st.sampled_from(["please", "hold", "pleased", "the", "held", "on", "um", "uh", "holding", "thank", "thanks", "you"]),
        max_size=12,
    )
)
def test_english_turns_are_prefiltered_without_loss(words):
    text = " ".join(words)
    for phrase in ("please hold", "thank you", "hold on"):
        alone = find(phrase, [heard(text, "en")], language="en", mode="normalised", matching=PRICES)
        joined = find(phrase, together([heard(text, "en")]), language="en", mode="normalised", matching=PRICES)
        assert [(h.start, h.end) for h in joined] == [(h.start, h.end) for h in alone]


def test_the_time_of_a_hit_over_a_filler_is_that_of_the_words_around_it():
    words = (Word(1.0, 1.2, "请", 0.9), Word(1.2, 1.4, "您", 0.9), Word(1.5, 2.0, "嗯", 0.4), Word(2.1, 2.5, "稍等", 0.8))
    turn = prepare(Turn(1.0, 2.5, "agent", "请您嗯稍等", 0.8, words), "zh", PRICES.fillers_of("zh"))
    (hit,) = find("请您稍等", [turn], language="zh", mode="normalised", matching=PRICES)
    assert (hit.start_s, hit.end_s) == (1.0, 2.5)

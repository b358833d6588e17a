"""Matching: the words as recognised against the words as written in a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.evaluation.match import Matching, find, prepare
from audit.evaluation.normalise import normalise
from audit.evaluation.sound import sound_class, syllable
from audit.words import Turn, Word

PRICES = Matching()
FULL_NAME = "晨星电信客户服务中心"


def said(text, language="zh", start_s=0.0, end_s=10.0, words=()):
    return prepare(Turn(start_s, end_s, "agent", text, 0.9, tuple(words)), language)


def hits(phrase, text, language="zh", mode="normalised"):
    return find(phrase, [said(text, language)], language=language, mode=mode, matching=PRICES)


@pytest.mark.parametrize(
    ("text", "language", "plain"),
    [
        ("請您稍等！", "zh", "请您稍等"),
        ("ＡＢＣ，您好", "zh", "abc您好"),
        ("24小时", "zh", "二十四小时"),
        ("100%有信号", "zh", "百分之百有信号"),
        ("13900004471", "zh", "一三九零零零零四四七一"),
        ("幺三九", "zh", "一三九"),
        ("3.5元", "zh", "三点五元"),
        ("I’m sorry, we can't.", "en", "i am sorry we can not"),
        ("What's your e-mail?", "en", "what is your e mail"),
        ("Cornerstone Cafe's", "en", "cornerstone cafe"),
        ("", "zh", ""),
        ("，。！", "zh", ""),
    ],
    ids=[
        "traditional",
        "wide",
        "number",
        "per cent",
        "phone",
        "yao",
        "decimal",
        "contraction",
        "hyphen",
        "possessive",
        "empty",
        "signs",
    ],
)
def test_spelling_is_brought_to_one_form(text, language, plain):
    assert normalise(text, language)[0] == plain


@given(st.text(max_size=60), st.sampled_from(["zh", "en"]))
def test_every_normalised_character_knows_its_place_in_the_text(text, language):
    plain, origin = normalise(text, language)
    assert len(plain) == len(origin)
    assert all(0 <= a < b <= len(text) for a, b in origin)


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ("晨", "陈", True),
        ("星", "兴", True),
        ("林", "宁", True),
        ("知", "资", True),
        ("您", "你", False),
        ("喂", "为", True),
        ("好", "高", False),
    ],
)
def test_sound_alikes(a, b, alike):
    assert (sound_class(a) == sound_class(b)) is alike


def test_a_latin_letter_has_no_syllable():
    assert syllable("A") is None


@pytest.mark.parametrize(
    "heard",
    ["晨星电信客户服务中心", "陈兴电信客户服务中心", "陈星电信客户服装中心", "晨星电信的客户服务中心", "曾新电信客户服务中心"],
    ids=["as written", "homophones", "one wrong character", "one more character", "near sounds"],
)
def test_full_name_is_found_though_misheard(heard):
    (hit,) = hits(FULL_NAME, f"您好，{heard}，请问有什么可以帮您", mode="fuzzy")
    assert hit.written == heard


@pytest.mark.parametrize("heard", ["晨星电信", "晨星电信客服中心", "晨星客服", "晨星电信客户中心", "远山物流客户服务中心"])
def test_abbreviation_is_not_the_full_name(heard):
    assert hits(FULL_NAME, f"您好，{heard}，请问有什么可以帮您", mode="fuzzy") == ()


def test_likeness_falls_with_every_mistake():
    one, two = (hits(FULL_NAME, t, mode="fuzzy")[0].cost_ratio for t in ("陈星电信客户服务中心", "陈兴电信客户服务中心"))
    assert 0 < one < two < PRICES.max_name_distance_ratio


def test_homophones_are_taken_only_where_the_rule_allows_it():
    assert hits("抱歉", "抱欠让您久等") == ()
    (hit,) = hits("抱歉", "抱欠让您久等", mode="pinyin")
    assert (hit.how, hit.written, hit.sought) == ("pinyin", "抱欠", "抱歉")


def test_a_sound_alike_is_less_sure_than_the_same_word():
    same, alike = (hits("抱歉", t, mode="pinyin")[0].confidence for t in ("抱歉", "抱欠"))
    assert alike < same == 0.9


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("(您|你)贵姓", "请问您贵姓", "您贵姓"),
        ("有什么…帮(您|你)", "请问有什么可以帮您吗", "有什么可以帮您"),
        ("有什么…帮(您|你)", "有什么事情您先慢慢说完整以后我再来想想帮您", None),
        ("稍等(一下|)", "请稍等", "稍等"),
        ("什么再说一遍", "什么？再说一遍！", "什么？再说一遍"),
        ("百分之百", "100%没问题", "100%"),
        ("请您稍等", "請您稍等", "請您稍等"),
    ],
    ids=["alternatives", "gap", "gap too long", "empty alternative", "over punctuation", "digits", "traditional"],
)
def test_phrase_language(phrase, text, found):
    assert [h.written for h in hits(phrase, text)] == ([found] if found else [])


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("how can i (help|assist) you", "Hello! How can I assist you?", ["How can I assist you"]),
        ("apologise", "I apologised twice.", ["apologised"]),
        ("hi", "This history.", []),
        ("you are wrong", "You're wrong!", ["You're wrong"]),
        ("let us see", "Let's see", ["Let's see"]),
    ],
    ids=["alternatives", "ending", "whole words only", "contraction", "let's"],
)
def test_english_phrases(phrase, text, found):
    assert [h.written for h in hits(phrase, text, "en")] == found


def test_exact_mode_asks_for_the_very_characters():
    assert hits("什么再说一遍", "什么？再说一遍", mode="exact") == ()
    assert len(hits("再说一遍", "什么？再说一遍", mode="exact")) == 1


@pytest.mark.parametrize("heard", ["PetroMax", "Petro Max", "petromax", "Petromacs"])
def test_english_company_is_found_in_other_spellings(heard):
    assert len(hits("PetroMax", f"I'm with {heard}, the station chain", "en", "fuzzy")) == 1


def test_times_of_a_match_are_those_of_its_words():
    words = [Word(3.0, 3.4, "您", 0.8), Word(3.4, 3.8, "好", 0.6), Word(5.0, 6.0, "请讲", 0.9)]
    (hit,) = find("您好", [said("您好，请讲", words=words)], language="zh", mode="exact", matching=PRICES)
    assert (hit.start_s, hit.end_s) == (3.0, 3.8)
    assert hit.confidence == pytest.approx(0.7)


def test_characters_of_one_word_share_its_time():
    (hit,) = find("讲", [said("请讲", words=[Word(5.0, 6.0, "请讲", 0.9)])], language="zh", mode="exact", matching=PRICES)
    assert (hit.start_s, hit.end_s) == (5.5, 6.0)


def test_without_words_the_time_is_shared_out_over_the_turn():
    (hit,) = find("请讲", [said("您好请讲", start_s=2.0, end_s=6.0)], language="zh", mode="exact", matching=PRICES)
    assert (hit.start_s, hit.end_s) == (4.0, 6.0)


@given(st.text(alphabet="您好请稍等晨星，。 a1", max_size=30))
def test_every_hit_lies_inside_its_turn(text):
    for hit in find("(您|请)好", [said(text, start_s=1.0, end_s=9.0)], language="zh", mode="fuzzy", matching=PRICES):
        assert 1.0 <= hit.start_s < hit.end_s <= 9.0 + 1e-9


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("24 hours", "twenty four hours"),
        ("100 percent", "one hundred percent"),
        ("order 55201", "order five five two zero one"),
        ("room 1205", "room one thousand two hundred five"),
        ("code 0455", "code zero four five five"),
    ],
)
def test_an_english_number_is_the_same_in_digits_and_in_words(written: str, said: str) -> None:
    assert normalise(written, "en")[0] == normalise(said, "en")[0] == said

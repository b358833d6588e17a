"""The index of a scorecard's phrases: it leaves out what is not said, and nothing else."""

from dataclasses import replace

import pytest

from audit.evaluation.conditions import parse_check
from audit.evaluation.match import Hit, Matching, MatchMode, find, prepare, together
from audit.evaluation.prefilter import PhraseIndex, Turns, find_wanted, texts_worth_seeking
from audit.evaluation.scopes import Where
from audit.evaluation.wordings import Phrases
from audit.words import Turn

SAID = {
    "zh": ("您好，请您，嗯，稍等一下", "好的好的", "为您处理，请您稍等"),
    "en": ("Thank you for calling", "please, um, hold on", "Holding the line please"),
}
SOUGHT = {
    "zh": ("请(您|你)稍等", "您…处理", "好", "再见", "请您少等"),
    "en": ("please hold", "thank you", "goodbye", "hold the line", "thanked … call"),
}
GAP_CHARS = Matching().gap_chars


def made_ready(*turns: Turn, language: str = "zh") -> Turns:
    """Turns made ready together, by their numbers."""
    fillers = Matching().fillers_of(language)
    return {h.number: h for h in together([prepare(t, language, fillers) for t in turns])}


def _told(hit: Hit) -> tuple[object, ...]:
    """All of a hit that can be compared."""
    return hit.heard.turn, hit.start, hit.end, hit.sought, hit.how, hit.cost_ratio


def turns_of(language: str) -> Turns:
    """The turns of one speaker."""
    said = [Turn(10.0 * i, 10.0 * i + 3.0, "agent", text) for i, text in enumerate(SAID[language])]
    return made_ready(*said, language=language)


@pytest.mark.parametrize("mode", ["exact", "normalised", "pinyin"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_index_finds_what_a_search_of_every_turn_finds(language: str, mode: MatchMode) -> None:
    turns, prices = turns_of(language), Matching()
    alone = [prepare(h.turn, language, prices.fillers_of(language)) for h in turns.values()]
    wanted = dict(texts_worth_seeking(SOUGHT[language], turns, PhraseIndex(), mode, language, GAP_CHARS))
    for i, phrase in enumerate(SOUGHT[language]):
        plain = find(phrase, alone, language=language, mode=mode, matching=prices)
        indexed = find_wanted(phrase, wanted.get(i, ()), turns, language=language, mode=mode, matching=prices)
        unindexed = find_wanted(phrase, None, turns, language=language, mode=mode, matching=prices)
        for found in (indexed, unindexed):
            assert [_told(h) for h in found] == [_told(h) for h in plain]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_only_the_turns_asked_for_are_searched(language: str) -> None:
    turns, sought = turns_of(language), SOUGHT[language][:1]
    ((_, spots),) = texts_worth_seeking(sought, turns, PhraseIndex(), "normalised", language, GAP_CHARS)
    everywhere = find_wanted(sought[0], spots, turns, language=language, mode="normalised", matching=Matching())
    left_out = everywhere[0].heard.number
    some = {n: h for n, h in turns.items() if n != left_out}
    hits = find_wanted(sought[0], spots, some, language=language, mode="normalised", matching=Matching())
    assert [_told(h) for h in hits] == [_told(h) for h in everywhere if h.heard.number != left_out]


@pytest.mark.parametrize(
    ("text", "n_hits"),
    [("好的好的好的", 1), ("好的好的，好的好的", 2), ("好的好的嗯好的好的", 2)],
    ids=["once", "twice", "apart"],
)
def test_a_phrase_that_overlaps_itself_is_counted_once_where_it_does(text: str, n_hits: int) -> None:
    turns = made_ready(Turn(0.0, 3.0, "agent", text))
    for mode in ("normalised", "pinyin"):
        assert len(find_wanted("好的好的", None, turns, language="zh", mode=mode, matching=Matching())) == n_hits


def test_phrases_that_are_not_said_are_not_sought() -> None:
    wanted = texts_worth_seeking(SOUGHT["zh"], turns_of("zh"), PhraseIndex(), "normalised", "zh", GAP_CHARS)
    assert [SOUGHT["zh"][i] for i, _ in wanted] == ["请(您|你)稍等", "您…处理", "好"]


def test_what_the_index_takes_up_later_is_found_in_a_text_searched_before() -> None:
    turns, index = turns_of("zh"), PhraseIndex()
    assert not texts_worth_seeking(("再见",), turns, index, "normalised", "zh", GAP_CHARS)
    assert texts_worth_seeking(("稍等",), turns, index, "normalised", "zh", GAP_CHARS)


def test_a_wording_with_a_variable_is_sought_in_any_call() -> None:
    wanted = texts_worth_seeking(("我是{agent_name}",), turns_of("zh"), PhraseIndex(), "normalised", "zh", GAP_CHARS)
    assert list(wanted) == [(0, None)]


def test_a_check_made_anew_for_each_of_many_places_is_taken_up_once() -> None:
    index, check = PhraseIndex(), parse_check({"kind": "phrases", "any": ["稍等"]})
    assert isinstance(check, Phrases)
    anew = replace(check, where=Where(role="customer"))
    assert index.plan_of_check(anew, "zh", GAP_CHARS) is index.plan_of_check(check, "zh", GAP_CHARS)

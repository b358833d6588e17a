"""The index of a scorecard's phrases: it leaves out what is not said, and nothing else."""

import pytest

from audit.evaluation.match import Heard, Matching, MatchMode, find, prepare, together
from audit.evaluation.prefilter import PhraseIndex, texts_worth_seeking
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


def turns_of(language: str) -> tuple[Heard, ...]:
    """The turns of one speaker, made ready together."""
    fillers = Matching().fillers_of(language)
    turns = [Turn(10.0 * i, 10.0 * i + 3.0, "agent", text) for i, text in enumerate(SAID[language])]
    return together([prepare(t, language, fillers) for t in turns])


@pytest.mark.parametrize("mode", ["exact", "normalised", "pinyin"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_index_finds_what_a_search_of_every_turn_finds(language: str, mode: MatchMode) -> None:
    turns, prices = turns_of(language), Matching()
    alone = [prepare(h.turn, language, prices.fillers_of(language)) for h in turns]
    wanted = dict(texts_worth_seeking(SOUGHT[language], turns, PhraseIndex(), mode, language, GAP_CHARS))
    for i, phrase in enumerate(SOUGHT[language]):
        plain = find(phrase, alone, language=language, mode=mode, matching=prices)
        indexed = find(phrase, turns, language=language, mode=mode, matching=prices, keys=wanted[i]) if i in wanted else ()
        assert [(h.heard.turn, *h[1:]) for h in indexed] == [(h.heard.turn, *h[1:]) for h in plain]


def test_phrases_that_are_not_said_are_not_sought() -> None:
    wanted = texts_worth_seeking(SOUGHT["zh"], turns_of("zh"), PhraseIndex(), "normalised", "zh", GAP_CHARS)
    # 好 is too short to be looked up, so only a search can tell.
    assert [SOUGHT["zh"][i] for i, _ in wanted] == ["请(您|你)稍等", "您…处理", "好"]


def test_what_the_index_takes_up_later_is_found_in_a_text_searched_before() -> None:
    turns, index = turns_of("zh"), PhraseIndex()
    assert not texts_worth_seeking(("再见",), turns, index, "normalised", "zh", GAP_CHARS)
    assert texts_worth_seeking(("稍等",), turns, index, "normalised", "zh", GAP_CHARS)


def test_a_wording_with_a_variable_is_sought_in_any_call() -> None:
    wanted = texts_worth_seeking(("我是{agent_name}",), turns_of("zh"), PhraseIndex(), "normalised", "zh", GAP_CHARS)
    assert list(wanted) == [(0, None)]

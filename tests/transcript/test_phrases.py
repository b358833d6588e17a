"""Phrases are spelt as they are where they were said, and nowhere else."""

from __future__ import annotations

import pytest

from audit.transcript import PhraseBook, spell_phrases
from audit.words import Transcript, Turn, Word

BOOK = PhraseBook.of(["给您答复", "让您白跑", "还有什么事", "核实一下", "您好"])


def said(text: str, confidence: float = 0.6, *, language: str = "zh", step: int = 2) -> Transcript:
    """A turn whose words are two signs each, punctuation apart."""
    bare = [text[i : i + step] for i in range(0, len(text), step)]
    words = tuple(Word(float(i), i + 1.0, w, confidence) for i, w in enumerate(bare))
    return Transcript(language, "base", (Turn(0.0, float(len(words)), "agent", text, confidence, words),), 1.0)


@pytest.mark.parametrize(
    ("heard", "spelt"),
    [("我马上给您打负。", "我马上给您答复。"), ("让您摆跑一趟", "让您白跑一趟"), ("何时以下，何时以下", "核实一下，核实一下")],
    ids=["within a turn", "at its start", "twice"],
)
def test_a_phrase_that_was_heard_wrong_is_spelt_right_in_turn_and_words(heard, spelt):
    (turn,) = spell_phrases(said(heard), BOOK).turns
    assert turn.text == spelt
    assert "".join(w.text for w in turn.words) == spelt
    assert [(w.start_s, w.confidence) for w in turn.words] == [(w.start_s, w.confidence) for w in said(heard).turns[0].words]


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("还有什么是您不满意的", 0.95),
        ("我给您打，负责的是他", 0.3),
        ("给您打富", 0.95),
        ("给您打电话", 0.3),
        ("拟好", 0.1),
    ],
    ids=["heard well", "over a comma", "sure of another word", "another sound", "too short"],
)
def test_what_only_resembles_a_phrase_stays(text, confidence):
    assert spell_phrases(said(text, confidence), BOOK) == said(text, confidence)


def test_other_languages_and_turns_without_words_stay():
    assert spell_phrases(said("给您打负", language="en"), BOOK) == said("给您打负", language="en")
    bare = Transcript("zh", "imported", (Turn(0.0, 2.0, "agent", "给您打负", None, ()),), 1.0)
    assert spell_phrases(bare, BOOK) == bare


def test_a_phrase_of_the_book_is_not_taken_for_another_of_the_same_sound():
    book = PhraseBook.of(["还有其他事", "还有其它事"])
    assert spell_phrases(said("还有其它事"), book).turns[0].text == "还有其它事"

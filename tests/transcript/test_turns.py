"""Turns end where the other speaks or a pause is long, and coverage counts speech without words."""

from __future__ import annotations

import pytest

from audit.segments import Segment
from audit.transcript.turns import build_turns
from audit.words import Word


def said(text: str, start_s: float, end_s: float, *, confidence: float = 0.9) -> list[Word]:
    """One word a character, evenly over the time."""
    step = (end_s - start_s) / len(text)
    return [Word(start_s + i * step, start_s + (i + 1) * step, c, confidence) for i, c in enumerate(text)]


def texts(words: list[Word], speech: list[Segment], others: list[Segment], language: str = "zh") -> list[str]:
    return [t.text for t in build_turns(words, role="agent", speech=speech, others=others, language=language)]


def test_a_short_pause_of_the_same_speaker_stays_in_the_turn_as_a_comma() -> None:
    words = said("您好", 0, 1) + said("请讲", 1.6, 2.6)
    assert texts(words, [Segment(0, 1), Segment(1.6, 2.6)], []) == ["您好，请讲。"]


def test_a_long_pause_ends_the_turn() -> None:
    words = said("您好", 0, 1) + said("请讲", 2.5, 3.5)
    assert texts(words, [Segment(0, 1), Segment(2.5, 3.5)], []) == ["您好。", "请讲。"]


def test_the_other_party_in_the_pause_ends_the_turn() -> None:
    words = said("您好", 0, 1) + said("请讲", 1.6, 2.6)
    assert texts(words, [Segment(0, 1), Segment(1.6, 2.6)], [Segment(1.1, 1.5)]) == ["您好。", "请讲。"]


def test_the_other_party_over_running_speech_does_not_end_the_turn() -> None:
    words = said("您好请讲", 0, 3)
    assert texts(words, [Segment(0, 3)], [Segment(1, 2)]) == ["您好请讲。"]


def test_a_breath_of_the_other_party_does_not_end_the_turn() -> None:
    words = said("您好", 0, 1) + said("请讲", 1.6, 2.6)
    assert texts(words, [Segment(0, 1), Segment(1.6, 2.6)], [Segment(1.2, 1.3)]) == ["您好，请讲。"]


def test_a_turn_lasts_as_long_as_its_speech_and_averages_its_confidence() -> None:
    words = said("您", 0.3, 0.6, confidence=0.6) + said("好", 0.6, 1.7, confidence=1.0)
    (turn,) = build_turns(words, role="agent", speech=[Segment(0.1, 2.0)], others=[], language="zh")
    assert (turn.start_s, turn.end_s) == (0.1, 2.0)
    assert turn.confidence == pytest.approx(0.8)
    assert [w.text for w in turn.words] == ["您", "好"]


def test_english_words_keep_their_spaces() -> None:
    words = [Word(0, 0.4, " Thank", 0.9), Word(0.4, 0.6, " you.", 0.9)]
    assert texts(words, [Segment(0, 0.6)], [], "en") == ["Thank you."]


def test_traditional_characters_become_simplified_in_text_and_words() -> None:
    (turn,) = build_turns(said("請問", 0, 1), role="agent", speech=[Segment(0, 1)], others=[], language="zh")
    assert turn.text == "请问。"
    assert "".join(w.text for w in turn.words) == "请问"


def test_no_words_make_no_turn() -> None:
    assert texts([], [Segment(0, 1)], []) == []


@pytest.mark.parametrize(("mark", "n_turns"), [pytest.param("?", 2, id="finished sentence"), pytest.param("", 1, id="no mark")])
def test_on_a_shared_leg_a_pause_after_a_finished_sentence_ends_the_turn(mark: str, n_turns: int) -> None:
    words = [Word(0, 1, f" Ready{mark}", 0.9), Word(1.4, 2, " Yes", 0.9)]
    turns = build_turns(words, role="unknown", speech=[Segment(0, 1), Segment(1.4, 2)], others=[], language="en")
    assert len(turns) == n_turns

"""Marks by pauses and by words that ask; sentences as they stand in scripts."""

from __future__ import annotations

import pytest

from audit.segments import Segment
from audit.transcript.punctuation import is_question, with_mark
from audit.transcript.turns import build_turns
from audit.words import Word


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("请问有什么可以帮您", True),
        ("您方便吗", True),
        ("请问您贵姓", True),
        ("原来的号码还在吧", False),
        ("能不能改个地址，送到我单位，或者放在驿站", False),
        ("要过户的是哪个号码", True),
        ("对吧", True),
        ("后面还有人排队呢", False),
        ("我也不知道是哪天用完的", False),
        ("好的", False),
        ("", False),
    ],
)
def test_a_sentence_asks_by_its_words(sentence: str, asks: bool) -> None:
    assert is_question(sentence) is asks


@pytest.mark.parametrize(
    ("text", "ends", "marked"),
    [
        pytest.param("再见", True, "再见。", id="the end"),
        pytest.param("您方便吗", True, "您方便吗？", id="a question"),
        pytest.param("您方便吗", False, "您方便吗？", id="a question before a pause"),
        pytest.param("您好", False, "您好，", id="a pause"),
        pytest.param("您好。", True, "您好。", id="a mark of the model's own"),
        pytest.param("Let it go", True, "Let it go", id="English stays as it is"),
        pytest.param("", True, "", id="nothing"),
    ],
)
def test_a_pause_gets_the_mark_it_asks_for(text: str, ends: bool, marked: str) -> None:
    assert with_mark(text, ends=ends) == marked


def test_a_space_that_the_model_wrote_for_a_mark_becomes_one() -> None:
    words = [Word(0, 1, "树叶变红 ", 0.9), Word(1, 2, "银杏落叶", 0.9)]
    (turn,) = build_turns(words, role="agent", speech=[Segment(0, 2)], others=[], language="zh")
    assert turn.text == "树叶变红，银杏落叶。"

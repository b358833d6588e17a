"""Fillers are counted as said, by the agent alone, and found where they were said."""

from __future__ import annotations

import pytest

from audit.fillers import FILLERS, count_fillers, places_of_filler
from audit.segments import Segment
from audit.words import Transcript, Turn, Word


def said(text: str, role: str = "agent", words: tuple[Word, ...] = ()) -> Transcript:
    return Transcript("zh", "base", (Turn(1.0, 5.0, role, text, 0.9, words),), 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "counts", "n_units"),
    [
        ("那个，就是说那个套餐。", {"那个": 2, "就是说": 1}, 9),
        ("然后呢然后", {"然后": 2}, 5),
        ("Um, you know, it is like, you know", {"um": 1, "you know": 2, "like": 1}, 8),
        ("I dislike umbrellas", {}, 3),
        ("OK那个5G套餐", {"那个": 1}, 6),
    ],
    ids=["the longer one is not the shorter", "twice", "English, whatever the commas", "parts of words are none", "mixed"],
)
def test_fillers_are_counted_of_all_that_was_said(text: str, counts: dict[str, int], n_units: int) -> None:
    assert count_fillers(said(text)) == (counts, n_units)


def test_what_the_customer_says_is_not_the_agents() -> None:
    assert count_fillers(said("那个那个", "customer")) == ({}, 0)
    assert count_fillers(None) == ({}, 0)


def test_a_place_goes_from_word_to_word() -> None:
    words = tuple(Word(1 + i, 1.8 + i, c, 0.9) for i, c in enumerate("您好那个"))
    ((segment, text),) = places_of_filler(said("您好，那个", words=words), "那个")
    assert (segment, text) == (Segment(3.0, 4.8), "您好，那个")


@pytest.mark.parametrize("words", [(), (Word(1, 2, "别的", 0.9),)], ids=["no words", "words of another text"])
def test_without_times_of_its_words_the_place_is_the_turn(words: tuple[Word, ...]) -> None:
    ((segment, _),) = places_of_filler(said("您好，那个", words=words), "那个")
    assert segment == Segment(1.0, 5.0)


def test_no_filler_is_listed_twice() -> None:
    assert len(FILLERS) == len(set(FILLERS))

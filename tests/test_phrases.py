"""What is counted of a call's words, and that it can be found again in the transcript."""

from __future__ import annotations

import pytest

from audit.phrases import (
    MAX_UNITS,
    N_HEARD,
    call_phrases,
    count_phrases,
    find_phrases,
    key_of,
    read_counts,
    text_of,
)
from audit.words import Transcript, Turn, Word
from tests.report.made_calls import call


def transcript(*said: str, lang: str = "zh") -> Transcript:
    """Turns in order, ``C:`` before those of the customer; the agent opens with a greeting."""
    turns = [Turn(0.0, 1.0, "agent", "您好，晨星电信", 0.9)]
    for i, text in enumerate(said, 1):
        role, _, words = text.rpartition(":")
        turns.append(Turn(2.0 * i, 2.0 * i + 1, "customer" if role == "C" else "agent", words, 0.9))
    return Transcript(lang, "base", tuple(turns))


def counts(t: Transcript, *names: str) -> dict[int, int]:
    _, keys, n, _ = read_counts(count_phrases(t, names))
    return dict(zip(keys, n, strict=True))


def n_said(t: Transcript, *units: str, names: tuple[str, ...] = ()) -> int:
    return counts(t, *names).get(key_of(units), 0)


def test_a_sequence_is_counted_within_a_clause_and_not_over_its_end() -> None:
    t = transcript("说白了，就是这样", "这样说白了。好")
    assert n_said(t, "说", "白", "了") == 2
    assert n_said(t, "了", "就") == 0
    assert n_said(t, "了", "好") == 0


@pytest.mark.parametrize(
    ("lang", "units", "n"),
    [
        ("zh", ("那", "我", "给", "您"), 1),
        ("zh", ("那", "我", "给", "您", "查"), 0),
        ("en", ("bear", "with", "me"), 1),
        ("en", ("bear", "with", "me", "please"), 0),
    ],
    ids=["four characters", "five characters", "three words", "four words"],
)
def test_sequences_end_at_their_greatest_length(lang: str, units: tuple[str, ...], n: int) -> None:
    said = "那我给您查一下" if lang == "zh" else "Bear with me please."
    assert n_said(transcript(said, lang=lang), *units) == n


def test_the_opening_turn_figures_and_names_are_left_out() -> None:
    t = transcript("您的号码是一三八零零", "我是王小丽，小丽给您办", "账单是58块")
    assert n_said(t, "晨", "星") == 0
    assert n_said(t, "一", "三") == 0 == n_said(t, "零")
    assert n_said(t, "小", "丽") == 2
    assert (n_said(t, "小", "丽", names=("王小丽",)), n_said(t, "我", "是", names=("王小丽",))) == (1, 0)
    assert n_said(t, "块") == 1


def test_an_apostrophe_is_part_of_a_word_however_it_is_written() -> None:
    t = transcript("That’s fine, that's fine", lang="en")
    assert n_said(t, "that's", "fine") == 2


def test_what_the_customer_says_is_only_marked() -> None:
    t = transcript("好的", "C:宽带坏了，宽带", "C:喂")
    _, keys, _, heard = read_counts(count_phrases(t))
    assert key_of(("宽", "带")) not in keys
    assert {key_of(("宽", "带")) % N_HEARD, key_of(("喂",)) % N_HEARD} <= {*heard}
    assert key_of(("宽", "带", "坏")) % N_HEARD not in heard


def test_a_very_long_call_adds_no_more_than_its_first_part() -> None:
    n_units, keys, _, _ = read_counts(count_phrases(transcript(*["好嘞这就给您办" * 20] * 60)))
    assert n_units <= MAX_UNITS
    assert len(keys) <= 4 * MAX_UNITS


@pytest.mark.parametrize("words", [None, Transcript("zh", "base", ()), transcript()], ids=["none", "no turns", "opening only"])
def test_a_call_without_words_counts_nothing(words: Transcript | None) -> None:
    assert count_phrases(words) == b""
    assert read_counts(b"") == (0, (), b"", ())


def test_a_sequence_is_found_again_where_it_is_said_word_by_word() -> None:
    said = "嗯，说白了没事"
    words = tuple(Word(10 + 0.5 * i, 10.5 + 0.5 * i, c, 0.9) for i, c in enumerate("嗯说白了没事"))
    opening = Turn(0, 1, "agent", "您好")
    t = Transcript("zh", "base", (opening, Turn(10, 13, "agent", said, 0.9, words), Turn(14, 15, "customer", "说白了")))
    key = key_of(("说", "白", "了"))
    (place,) = find_phrases(t, {key})[key]
    assert (place.turn, place.segment.start_s, place.segment.end_s) == (1, 10.5, 12.0)


def test_what_was_counted_is_what_is_found() -> None:
    t = transcript("说白了，OK啊，就这样 fine with me", "no problem 说白了")
    found = find_phrases(t, counts(t))
    assert {k: len(v) for k, v in found.items()} == counts(t)


def test_a_text_is_written_with_spaces_between_latin_words_only() -> None:
    assert text_of(("ok", "啊", "fine", "with")) == "ok啊fine with"


def test_calls_are_held_against_calls_of_their_language_direction_and_queue() -> None:
    made = call("a").record
    assert call_phrases(made).stratum.split("/")[0] == made.transcript.language
    assert call_phrases(made).stratum.endswith("/")

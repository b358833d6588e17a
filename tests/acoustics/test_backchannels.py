"""Assents that interrupt nobody, by sound and by words."""

from __future__ import annotations

import pytest

from audit.acoustics import backchannel_words, find_backchannels, judge_overlap
from audit.records import Overlap, OverlapKind
from audit.segments import Segment
from audit.words import Word


@pytest.mark.parametrize(
    ("own", "other", "found"),
    [
        ([Segment(4, 4.4)], [Segment(0, 9)], [Segment(4, 4.4)]),
        ([Segment(4, 5)], [Segment(0, 9)], [Segment(4, 5)]),
        ([Segment(4, 5.1)], [Segment(0, 9)], []),
        ([Segment(4, 4.4), Segment(4.7, 4.9)], [Segment(0, 9)], [Segment(4, 4.9)]),
        ([Segment(2, 3.5), Segment(4.2, 4.5)], [Segment(0, 9)], []),
        ([Segment(4, 4.4), Segment(6, 8)], [Segment(0, 9)], []),
        ([Segment(4.2, 4.6)], [Segment(0, 4), Segment(4.9, 9)], [Segment(4.2, 4.6)]),
        ([Segment(4.5, 4.9)], [Segment(0, 4), Segment(5.5, 9)], []),
        ([Segment(8.8, 9.2)], [Segment(0, 9)], []),
        ([Segment(4, 4.4)], [], []),
    ],
    ids=[
        "inside the other's talk",
        "exactly the longest",
        "too long",
        "two syllables are one",
        "the end of one's own sentence",
        "the beginning of one's own sentence",
        "in the other's breath",
        "in a pause long enough for an answer",
        "at the other's end",
        "nobody else speaks",
    ],
)
def test_an_assent_is_short_alone_and_leaves_the_other_the_word(
    own: list[Segment], other: list[Segment], found: list[Segment]
) -> None:
    assert find_backchannels(own, other) == tuple(found)


def words(text: str) -> list[Word]:
    """The words one after the other from 4.0 s on, a quarter of a second each."""
    return [Word(4 + 0.25 * k, 4.25 + 0.25 * k, w, 0.9) for k, w in enumerate(text.split())]


@pytest.mark.parametrize(
    ("text", "language", "by_sound", "stopped", "kind"),
    [
        ("嗯 对对对 好的", "zh", "interruption", False, "backchannel"),
        ("Yeah, uh-huh.", "en", "interruption", False, "backchannel"),
        ("I see, OK", "en", "interruption", False, "backchannel"),
        ("不是 这个", "zh", "backchannel", False, "interruption"),
        ("对 但是 我", "zh", "interruption", False, "interruption"),
        ("no", "en", "backchannel", False, "interruption"),
        ("对 对", "zh", "interruption", True, "interruption"),
        ("但是", "zh", "handover", True, "handover"),
        ("", "zh", "backchannel", False, "backchannel"),
        ("…", "zh", "interruption", False, "interruption"),
    ],
    ids=[
        "a row of assents",
        "punctuation and case do not matter",
        "a phrase of two words",
        "a short contradiction",
        "an assent and then a sentence",
        "a short no",
        "assents, and then the word is taken",
        "a hand-over stays one",
        "no words",
        "no letters",
    ],
)
def test_words_decide_between_assent_and_interruption(
    text: str, language: str, by_sound: OverlapKind, stopped: bool, kind: str
) -> None:
    overlap = Overlap(4.0, 5.0, "customer", by_sound, 1.0, stopped)
    assert judge_overlap(overlap, words(text), backchannel_words(language)).kind == kind


def test_words_outside_the_overlap_do_not_count() -> None:
    overlap = Overlap(4.0, 5.0, "customer", other_stopped=False)
    said = [Word(1, 1.5, "但是", 0.9), *words("嗯"), Word(8, 9, "我不要", 0.9)]
    assert judge_overlap(overlap, said, ["嗯"]).kind == "backchannel"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_shipped_assent_is_one_by_itself(language: str) -> None:
    overlap = Overlap(4.0, 5.0, "customer", other_stopped=False)
    listed = backchannel_words(language)
    assert len(listed) > 20
    for word in listed:
        assert judge_overlap(overlap, [Word(4.2, 4.6, word, 0.9)], listed).kind == "backchannel", word


def test_in_a_language_without_a_list_the_sound_decides() -> None:
    overlap = Overlap(4.0, 4.6, "customer", kind="backchannel", other_stopped=False)
    assert backchannel_words("ja") == ()
    assert judge_overlap(overlap, [Word(4.1, 4.5, "はい", 0.9)], backchannel_words("ja")) == overlap

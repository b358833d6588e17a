"""Coverage: each moment of found speech is carried by words or reported, and counted once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.segments import Segment, intersection, total_s, union
from audit.transcript.coverage import SHORTEST_S, coverage_ratio, spoken_within, uncovered
from audit.words import Word


def said(text: str, start_s: float, end_s: float) -> list[Word]:
    step = (end_s - start_s) / len(text)
    return [Word(start_s + i * step, start_s + (i + 1) * step, c, 0.9) for i, c in enumerate(text)]


@pytest.mark.parametrize(
    ("words", "speech", "left"),
    [
        pytest.param(said("您好", 0.2, 1.8), [(0, 2), (10, 14)], [(10, 14)], id="a stretch without words"),
        pytest.param([], [(0, 2)], [(0, 2)], id="no words at all"),
        pytest.param(said("您好您好您好", 0, 2), [(0, 10)], [(2.5, 10)], id="words in its first part only"),
        pytest.param(said("您好", 0, 1) + said("再见", 5, 6), [(0, 6)], [(1.5, 4.5)], id="a hole between words"),
        pytest.param([Word(0, 0.3, "好", 0.9), Word(0.3, 6, "好", 0.9)], [(0, 6)], [(0.8, 4.5)], id="a hole lent to a word"),
        pytest.param(said("您好", 0, 1), [(0, 1.4)], [], id="the edge of a word"),
        pytest.param(said("您好", 0, 2), [(0, 2), (2.2, 3)], [(2.2, 3)], id="a word does not reach across a pause"),
        pytest.param([Word(1, 1, "好", 0.9)], [(0.5, 1.2)], [], id="a word without duration"),
    ],
)
def test_speech_without_words_is_told(
    words: list[Word], speech: list[tuple[float, float]], left: list[tuple[float, float]]
) -> None:
    found = uncovered(words, [Segment(*s) for s in speech])
    assert [(s.start_s, s.end_s) for s in found] == [pytest.approx(s) for s in left]


spans = st.lists(st.tuples(st.floats(0, 50), st.floats(0.05, 8)), max_size=8).map(
    lambda found: union(Segment(a, a + d) for a, d in found)
)


@given(spans, st.lists(st.tuples(st.floats(0, 60), st.floats(0, 3)), max_size=12))
def test_what_is_left_is_speech_away_from_every_word(speech: tuple[Segment, ...], times: list[tuple[float, float]]) -> None:
    words = [Word(a, a + d, "字字字字字字字字字", 0.9) for a, d in sorted(times)]
    left = uncovered(words, speech)
    assert total_s(intersection(left, speech)) == pytest.approx(total_s(left))
    assert all(s.duration_s >= SHORTEST_S for s in left)
    inside = intersection([Segment(w.start_s, w.end_s) for w in words if w.end_s > w.start_s], speech)
    assert total_s(intersection(left, inside)) == pytest.approx(0)


def test_the_ratio_counts_every_second_of_speech_once() -> None:
    assert coverage_ratio(2.5, [[Segment(0, 2), Segment(1, 5)], [Segment(0, 5)]]) == pytest.approx(0.75)


def test_there_is_no_ratio_without_speech() -> None:
    assert coverage_ratio(0.0, [[], []]) is None


def test_a_stretched_word_that_the_model_does_not_believe_covers_no_lost_sentence() -> None:
    speech = [Segment(20.0, 30.0)]
    heard = [Word(20.0, 21.0, "I", 0.9), Word(21.0, 28.0, "understand", 0.0), Word(28.0, 30.0, "your", 0.7)]
    (lost,) = uncovered(heard, speech)
    assert (lost.start_s, lost.end_s) == (pytest.approx(21.5), pytest.approx(28.25))


def test_a_long_latin_word_is_no_reason_for_seconds_of_speech_without_words() -> None:
    said = spoken_within(Word(0.0, 9.0, "understand", 0.9))
    assert said is not None
    assert said.duration_s < 2.0

"""Packing speech into windows and mapping times back: nothing is lost, and times return."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.segments import Segment, intersection, total_s
from audit.transcript.packing import PAD_S, WINDOW_S, Window, nearest_segment, pack, place_words
from audit.words import Word

DURATION_S = 4000.0


def middle(start_s: float, end_s: float) -> float:
    """A stand-in for the quietest moment."""
    return (start_s + end_s) / 2


@st.composite
def speech(draw: st.DrawFn) -> tuple[Segment, ...]:
    """Sorted speech as a detector finds it, pauses and stretches of any length from 20 ms."""
    found, at_s = [], 0.0
    for gap, length in draw(st.lists(st.tuples(st.floats(0.02, 20), st.floats(0.02, 70)), max_size=25)):
        found.append(Segment(at_s + gap, at_s + gap + length))
        at_s += gap + length
    return tuple(found)


@given(speech())
def test_no_window_is_longer_than_the_model_hears(found: tuple[Segment, ...]) -> None:
    for window in pack(found, duration_s=DURATION_S, quietest=middle):
        assert window.duration_s <= WINDOW_S + 1e-6


@given(speech())
def test_all_speech_lies_in_pieces_and_none_twice(found: tuple[Segment, ...]) -> None:
    pieces = [p for w in pack(found, duration_s=DURATION_S, quietest=middle) for p in w.pieces]
    assert total_s(intersection(found, [p.source for p in pieces])) == pytest.approx(total_s(found))
    assert all(a.source.end_s <= b.source.start_s + 1e-9 for a, b in pairwise(pieces))
    assert all(p.source.start_s <= p.speech.start_s and p.speech.end_s <= p.source.end_s + 1e-9 for p in pieces)


@given(speech())
def test_pieces_of_a_window_do_not_overlap(found: tuple[Segment, ...]) -> None:
    for window in pack(found, duration_s=DURATION_S, quietest=middle):
        assert window.pieces[0].packed_start_s == 0.0
        assert all(a.packed_end_s < b.packed_start_s for a, b in pairwise(window.pieces))


@given(speech(), st.floats(0, 1))
def test_times_return_from_the_window_to_the_leg(found: tuple[Segment, ...], share: float) -> None:
    for window in pack(found, duration_s=DURATION_S, quietest=middle):
        for piece in window.pieces:
            leg_s = piece.source.start_s + share * piece.source.duration_s
            assert piece.to_leg(piece.to_packed(leg_s)) == pytest.approx(leg_s, abs=1e-6)
            packed_s = piece.packed_start_s + share * piece.source.duration_s
            assert piece.to_packed(piece.to_leg(packed_s)) == pytest.approx(packed_s, abs=1e-6)


@given(speech(), st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3)), max_size=20))
def test_a_placed_word_lies_in_found_speech_whatever_its_times(
    found: tuple[Segment, ...], times: list[tuple[float, float]]
) -> None:
    words = [Word(a, a + d, "字", 0.9) for a, d in sorted(times)]
    for window in pack(found, duration_s=DURATION_S, quietest=middle):
        placed = place_words(window, words)
        assert len(placed) == len(words)
        for index, word in placed:
            inside = window.pieces[index].speech
            assert inside.start_s - 1e-9 <= word.start_s <= word.end_s <= inside.end_s + 1e-9


def two_pieces() -> Window:
    """Speech at 10-12 s and 20-21 s of a leg; in the window 0.15-2.15 and 2.55-3.55."""
    (window,) = pack([Segment(10, 12), Segment(20, 21)], duration_s=30, quietest=middle)
    return window


@pytest.mark.parametrize(
    ("packed", "leg"),
    [
        pytest.param((0.15, 0.65), (10.0, 10.5), id="first stretch"),
        pytest.param((2.6, 3.0), (20.05, 20.45), id="second stretch"),
        pytest.param((2.15, 2.75), (20.0, 20.2), id="the pause before a word was given to it"),
        pytest.param((1.65, 2.35), (11.5, 12.0), id="the pause after a word was given to it"),
        pytest.param((3.25, 3.7), (20.7, 21.0), id="past the end"),
        pytest.param((0.0, 0.35), (10.0, 10.2), id="before the first sound"),
    ],
)
def test_a_word_at_a_joint_is_held_in_its_own_stretch(packed: tuple[float, float], leg: tuple[float, float]) -> None:
    ((_, word),) = place_words(two_pieces(), [Word(*packed, "字", 0.9)])
    assert (word.start_s, word.end_s) == pytest.approx(leg)


@pytest.mark.parametrize("pause_s", [0.02, 0.1, 0.3])
def test_neighbours_nearer_than_their_paddings_keep_their_real_pause(pause_s: float) -> None:
    (window,) = pack([Segment(1, 2), Segment(2 + pause_s, 3)], duration_s=10, quietest=middle)
    assert [p.source for p in window.pieces] == [Segment(1 - PAD_S, 3 + PAD_S)]


def test_a_stretch_longer_than_a_window_is_cut_at_its_quietest_moment() -> None:
    windows = pack([Segment(0, 50)], duration_s=50, quietest=lambda start, end: 27.0)
    assert [p.speech for w in windows for p in w.pieces] == [Segment(0, 27.0), Segment(27.0, 50)]


def test_a_full_window_is_closed_at_the_longest_pause_near_its_end() -> None:
    found = [Segment(0, 22), Segment(23, 25), Segment(28, 31), Segment(31.8, 36)]
    windows = pack(found, duration_s=40, quietest=middle)
    assert [[p.speech for p in w.pieces] for w in windows] == [found[:2], found[2:]]


def test_what_is_left_of_a_closed_window_and_the_next_stretch_fit_the_next_one() -> None:
    found = [Segment(*s) for s in ((1, 2), (3, 4), (5, 26), (28, 29), (30, 31), (32, 59))]
    windows = pack(found, duration_s=60, quietest=middle)
    assert all(w.duration_s <= WINDOW_S for w in windows)
    assert [p.speech for w in windows for p in w.pieces] == found


def test_padding_stays_inside_the_recording() -> None:
    (window,) = pack([Segment(0, 2)], duration_s=2, quietest=middle)
    assert window.pieces[0].source == Segment(0, 2)


def test_without_speech_there_is_no_window() -> None:
    assert pack([], duration_s=10, quietest=middle) == ()


def test_the_nearest_segment_is_found_on_either_side() -> None:
    segments = [Segment(1, 2), Segment(5, 6)]
    assert [nearest_segment(segments, t) for t in (0, 1.5, 3, 4, 5.5, 9)] == [0, 0, 0, 1, 1, 1]

"""Packing one leg's speech into full recogniser windows, and mapping times back.

The recogniser's cost is per window of 30 s, however little speech lies in it, so
pauses are cut out and stretches of speech are laid end to end. Each stretch keeps
its place in both times, which makes the map back exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from audit.segments import Segment
from audit.words import Word

#: What Whisper encodes at once (Radford et al. 2022, section 2.1), less a little for rounding to frames.
WINDOW_S = 29.9
#: Real audio kept on each side of found speech: soft onsets and the detector's 30 ms frames.
PAD_S = 0.15
#: Silence laid between two stretches that were apart.
JOINT_S = 0.1
#: A cut through continuous speech is looked for in the last seconds before it must come.
_CUT_SEARCH_S = 8.0
#: A window is closed at the longest pause of its last seconds.
_BREAK_SEARCH_S = 6.0
_SHORTEST_WORD_S = 0.02
#: The model's word times come in steps of 20 ms; a word that ends two steps into a stretch belongs to the one before.
_WORD_END_TOLERANCE_S = 0.04

Quietest = Callable[[float, float], float]
"""Moment of the least energy between two moments of a leg, in seconds."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a leg and its place in a window.

    Attributes
    ----------
    source : Segment
        What is copied, in leg time, padding included.
    speech : Segment
        Its speech, from the first found sound to the last, in leg time.
    packed_start_s : float
        Where `source` begins in the window.
    """

    source: Segment
    speech: Segment
    packed_start_s: float

    @property
    def packed_end_s(self) -> float:
        """Where it ends in the window."""
        return self.packed_start_s + self.source.duration_s

    @property
    def packed_speech(self) -> Segment:
        """Its speech in window time."""
        return Segment(self.to_packed(self.speech.start_s), self.to_packed(self.speech.end_s))

    def to_leg(self, packed_s: float) -> float:
        """Window time into leg time."""
        return packed_s - self.packed_start_s + self.source.start_s

    def to_packed(self, leg_s: float) -> float:
        """Leg time into window time."""
        return leg_s - self.source.start_s + self.packed_start_s


@dataclass(frozen=True, slots=True)
class Window:
    """Stretches of one leg that are recognised together; at most `WINDOW_S` long."""

    leg: int
    pieces: tuple[Piece, ...]

    @property
    def duration_s(self) -> float:
        """Length in window time."""
        return self.pieces[-1].packed_end_s

    @property
    def speech_s(self) -> float:
        """Seconds of found speech."""
        return sum(p.speech.duration_s for p in self.pieces)

    def piece_of(self, end_s: float) -> int:
        """Index of the piece that a word which ends at this window time belongs to.

        The last piece whose speech had begun by then. The end decides, because
        the model's attention gives the pause before a word to that word: its
        begin may lie in the stretch before.
        """
        begun = [i for i, p in enumerate(self.pieces) if p.packed_speech.start_s < end_s - _WORD_END_TOLERANCE_S]
        return begun[-1] if begun else 0


def pack(
    speech: Sequence[Segment], *, duration_s: float, quietest: Quietest, leg: int = 0, window_s: float = WINDOW_S
) -> tuple[Window, ...]:
    """Lay a leg's speech into windows.

    Parameters
    ----------
    speech : sequence of Segment
        Sorted, not overlapping, inside ``[0, duration_s)``.
    duration_s : float
        Length of the leg.
    quietest : callable
        Where to cut a stretch that is longer than a window.
    leg : int
        Carried in each window.
    window_s : float
        Longest window.

    Returns
    -------
    tuple of Window
        In order; every stretch of speech lies in exactly one piece, except
        one longer than a window, which is cut. ``()`` without speech.

    Examples
    --------
    >>> windows = pack([Segment(1.0, 3.0), Segment(9.0, 10.0)], duration_s=12.0, quietest=lambda a, b: (a + b) / 2)
    >>> [(round(p.packed_start_s, 2), p.source) for p in windows[0].pieces]
    [(0.0, Segment(start_s=0.85, end_s=3.15)), (2.4, Segment(start_s=8.85, end_s=10.15))]
    """
    windows: list[Window] = []
    pieces: list[Piece] = []
    for source, voiced in _stretches(speech, duration_s, quietest, window_s):
        while pieces and pieces[-1].packed_end_s + JOINT_S + source.duration_s > window_s:
            last = _best_break(pieces, voiced, window_s)
            windows.append(Window(leg, tuple(pieces[:last])))
            pieces = _laid(pieces[last:])
        pieces = _laid([*pieces, Piece(source, voiced, 0.0)])
    if pieces:
        windows.append(Window(leg, tuple(pieces)))
    return tuple(windows)


def _laid(pieces: Sequence[Piece]) -> list[Piece]:
    """The same stretches end to end from the window's start."""
    laid: list[Piece] = []
    for piece in pieces:
        laid.append(Piece(piece.source, piece.speech, laid[-1].packed_end_s + JOINT_S if laid else 0.0))
    return laid


def _best_break(pieces: Sequence[Piece], following: Segment, window_s: float) -> int:
    """How many stretches stay in a full window: up to the longest real pause near its end.

    A sentence that is torn between two windows is heard worse in both.
    """
    starts = [*(p.speech.start_s for p in pieces[1:]), following.start_s]
    pauses = [start - piece.speech.end_s for piece, start in zip(pieces, starts, strict=True)]
    late = [i for i, p in enumerate(pieces) if p.packed_end_s >= window_s - _BREAK_SEARCH_S] or [len(pieces) - 1]
    return max(late, key=lambda i: (pauses[i], i)) + 1


def _stretches(
    speech: Sequence[Segment], duration_s: float, quietest: Quietest, window_s: float
) -> Iterator[tuple[Segment, Segment]]:
    """Yield (padded, unpadded) stretches: near neighbours joined with their real pause, over-long ones cut."""
    group: list[Segment] = []
    room = window_s - 2 * PAD_S
    parts = [p for s in speech for p in _cut(s, quietest, room)]
    for i, part in enumerate(parts):
        group.append(part)
        following = parts[i + 1] if i + 1 < len(parts) else None
        if (
            following is not None
            and 0 < following.start_s - part.end_s <= 2 * PAD_S + JOINT_S
            and following.end_s - group[0].start_s <= room
        ):
            continue
        before = parts[i - len(group)] if i >= len(group) else None
        voiced = Segment(group[0].start_s, group[-1].end_s)
        yield Segment(_left(voiced, before), _right(voiced, following, duration_s)), voiced
        group = []


def _left(voiced: Segment, before: Segment | None) -> float:
    """Begin of the padding; it never reaches over the middle of a pause that is shorter than two paddings."""
    least = 0.0 if before is None else (before.end_s + voiced.start_s) / 2
    return max(voiced.start_s - PAD_S, least)


def _right(voiced: Segment, following: Segment | None, duration_s: float) -> float:
    most = duration_s if following is None else (voiced.end_s + following.start_s) / 2
    return max(min(voiced.end_s + PAD_S, most), voiced.end_s)


def _cut(segment: Segment, quietest: Quietest, room_s: float) -> Iterator[Segment]:
    """Cut a stretch that fits no window at its quietest moments."""
    while segment.duration_s > room_s:
        latest = segment.start_s + room_s
        search_s = min(_CUT_SEARCH_S, room_s / 2)
        at_s = min(max(quietest(latest - search_s, latest), latest - search_s), latest)
        yield Segment(segment.start_s, at_s)
        segment = Segment(at_s, segment.end_s)
    yield segment


def place_words(window: Window, words: Sequence[Word]) -> tuple[tuple[int, Word], ...]:
    """Map words from window time to leg time.

    Each word is given to one piece and held inside that piece's speech, so that
    none lies in a pause that was cut out. Words stay in order.

    Parameters
    ----------
    window : Window
    words : sequence of Word
        In order, in window time. One past the last speech is the caller's to refuse.

    Returns
    -------
    tuple of (int, Word)
        Index of the piece, and the word in leg time, never shorter than 20 ms
        where the speech allows it.
    """
    placed: list[tuple[int, Word]] = []
    for word in words:
        index = window.piece_of(word.end_s)
        piece = window.pieces[index]
        earliest, latest = piece.speech.start_s, piece.speech.end_s
        least_s = min(_SHORTEST_WORD_S, latest - earliest)
        start = min(max(piece.to_leg(word.start_s), earliest), latest - least_s)
        end = min(max(piece.to_leg(word.end_s), start + least_s), latest)
        placed.append((index, Word(start, max(end, start), word.text, word.confidence)))
    return tuple(placed)


def nearest_segment(segments: Sequence[Segment], t_s: float) -> int:
    """Index of the sorted segment that holds a moment, or is nearest to it."""
    i = bisect_left(segments, t_s, key=lambda s: s.end_s)
    if i == len(segments):
        return i - 1
    if i and segments[i].start_s - t_s > t_s - segments[i - 1].end_s:
        return i - 1
    return i

"""Which windows are decoded, which once more with other settings, and what is believed of them in the end.

The attempts ask and the recogniser answers: :func:`attempt` is a generator that yields what it wants decoded, so that
a recogniser may put the wishes of several calls into one batch.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from audit.segments import Segment, intersection
from audit.transcript.coverage import spoken_within, uncovered
from audit.transcript.evidence import Decoded, doubt
from audit.transcript.packing import Window, pack, place_words
from audit.transcript.sound import Sound
from audit.words import Dropped, Word

_LOG = logging.getLogger(__name__)

#: What is decoded a second time is packed into windows of this length, and repeating is made dearer.
_SECOND_WINDOW_S, _SECOND_REPETITION_PENALTY = 10.0, 1.2
#: A stretch of speech this long without any word is decoded once more, alone.
_SILENT_STRETCH_S = 0.8
#: A word that the model puts further than this outside the found speech of its window was not said there. Its times
#: are off by some tenths of a second at a pause, so that it takes more to be sure.
_OUTSIDE_S = 0.6


@dataclass(frozen=True, slots=True)
class Asked:
    """Windows to decode, all with the same settings.

    Attributes
    ----------
    windows : tuple of Window
    hotwords : str or None
        Names and phrases that may be said.
    repetition_penalty : float
        Above 1.0 repeating is made dearer.
    """

    windows: tuple[Window, ...]
    hotwords: str | None = None
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class Recognised:
    """What is believed of all windows.

    Attributes
    ----------
    words : tuple of tuple of Word
        One row for each leg, in leg time and in order.
    uncovered : tuple of tuple of Segment
        One row for each leg: found speech that no word covers.
    refused : tuple of tuple of Segment
        One row for each leg: speech for which text was written that was not believed in the end.
    dropped : tuple of Dropped
        By reason, the most frequent first.
    """

    words: tuple[tuple[Word, ...], ...]
    uncovered: tuple[tuple[Segment, ...], ...]
    refused: tuple[tuple[Segment, ...], ...]
    dropped: tuple[Dropped, ...]


@dataclass(slots=True)
class _Tally:
    """Texts and words that were not believed, by reason."""

    n_texts: Counter[str] = field(default_factory=Counter)
    n_words: Counter[str] = field(default_factory=Counter)

    def count(self, reason: str, window: Window, n_words: int, text: str = "") -> None:
        if not n_words:
            return
        self.n_texts[reason] += 1
        self.n_words[reason] += n_words
        at_s = window.pieces[0].speech.start_s
        _LOG.info("leg %d at %.1f s: %d words dropped, %s: %.80s", window.leg, at_s, n_words, reason, text)

    def dropped(self) -> tuple[Dropped, ...]:
        return tuple(Dropped(reason, n, self.n_words[reason]) for reason, n in self.n_texts.most_common())


def attempt(
    windows: Sequence[Window], sounds: Sequence[Sound], *, language: str, hotwords: Sequence[str] = ()
) -> Generator[Asked, Sequence[Decoded], Recognised]:
    """Words of each leg: one pass over all windows, and one more over what went wrong or stayed without words.

    A window that stays without some words although it was given a hint is first heard without the hint.

    Parameters
    ----------
    windows : sequence of Window
        Of all legs.
    sounds : sequence of Sound
        The legs.
    language : str
    hotwords : sequence of str
        Names and phrases that may be said.

    Yields
    ------
    Asked
        To be answered with one `Decoded` for each window, in order.

    Returns
    -------
    Recognised
    """
    tally = _Tally()
    words: list[list[Word]] = [[] for _ in sounds]
    refused: list[list[Segment]] = [[] for _ in sounds]
    again: list[Window] = []
    asked, hints = tuple(windows), tuple(hotwords)
    while asked:
        without_hint: list[Window] = []
        for decoded in (yield Asked(asked, _hint(hints, language))):
            leg, sound = decoded.window.leg, sounds[decoded.window.leg]
            reason = doubt(decoded, language, hints)
            if reason:
                tally.count(reason, decoded.window, len(decoded.words), decoded.text)
                again += _repacked(decoded.window, sound)
                continue
            placed = _placed(decoded, tally)
            holes = _holes(decoded.window, placed, sound)
            if hints and holes:  # the model takes what it was told for said already, and goes on behind it
                without_hint.append(decoded.window)
                continue
            words[leg] += placed
            again += holes
        asked, hints = tuple(without_hint), ()
    if again:
        # other surroundings, and no hint that could be echoed
        for decoded in (yield Asked(tuple(again), None, _SECOND_REPETITION_PENALTY)):
            leg = decoded.window.leg
            reason = doubt(decoded, language)
            if reason:
                tally.count(reason, decoded.window, len(decoded.words), decoded.text)
                refused[leg] += [p.speech for p in decoded.window.pieces]
                continue
            words[leg] += _placed(decoded, tally)
    rows = tuple(tuple(sorted(leg, key=lambda w: (w.start_s, w.end_s))) for leg in words)
    return Recognised(
        words=rows,
        uncovered=tuple(uncovered(row, sound.speech) for row, sound in zip(rows, sounds, strict=True)),
        refused=tuple(tuple(sorted(leg)) for leg in refused),
        dropped=tally.dropped(),
    )


def _hint(hotwords: Iterable[str], language: str) -> str | None:
    return ("，" if language == "zh" else ", ").join(hotwords) or None


def _placed(decoded: Decoded, tally: _Tally) -> list[Word]:
    """A window's words in leg time, without those that the model puts where nothing was found."""
    window = decoded.window
    tally.count("past_the_end", window, decoded.n_past_end)
    inside = [w for w in decoded.words if _outside_s(w, window) <= _OUTSIDE_S]
    tally.count("outside_speech", window, len(decoded.words) - len(inside))
    return [_within_its_time(w) for _, w in place_words(window, inside)]


def _within_its_time(word: Word) -> Word:
    """A word without the time before it that attention lent it: nobody takes so long for a word."""
    said = spoken_within(word)
    return replace(word, start_s=said.start_s) if said else word


def _outside_s(word: Word, window: Window) -> float:
    """How far a word's end lies from the speech of the piece it belongs to, in window time."""
    speech = window.pieces[window.piece_of(word.end_s)].packed_speech
    return max(speech.start_s - word.end_s, word.start_s - speech.end_s, 0.0)


def _repacked(window: Window, sound: Sound) -> tuple[Window, ...]:
    """The same speech in shorter windows."""
    return _packed((p.speech for p in window.pieces), window.leg, sound)


def _packed(speech: Iterable[Segment], leg: int, sound: Sound) -> tuple[Window, ...]:
    return pack(tuple(speech), duration_s=sound.duration_s, quietest=sound.quietest, leg=leg, window_s=_SECOND_WINDOW_S)


def _holes(window: Window, words: Sequence[Word], sound: Sound) -> list[Window]:
    """Stretches of a window's speech for which it has no word, each to be heard alone."""
    found = [s for p in window.pieces for s in intersection([p.speech], sound.speech)]
    holes = (s for s in uncovered(words, found) if s.duration_s >= _SILENT_STRETCH_S)
    return [w for s in holes for w in _packed([s], window.leg, sound)]

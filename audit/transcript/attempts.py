"""Which windows are decoded, which once more in other surroundings, and what is left of them.

The attempts ask and the recogniser answers: :func:`attempt` is a generator that yields what it wants decoded, so that
a recogniser may put the wishes of several calls into one batch.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from audit.records import Word
from audit.transcript.evidence import Decoded, is_doubtful
from audit.transcript.packing import Piece, Window, pack, place_words
from audit.transcript.sound import Sound

#: What is decoded a second time is packed into windows of this length, and repeating is made dearer.
_SECOND_WINDOW_S, _SECOND_REPETITION_PENALTY = 10.0, 1.2
#: A stretch of speech this long without any word is decoded once more, alone.
_SILENT_STRETCH_S = 0.8


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


def attempt(
    windows: Sequence[Window], sounds: Sequence[Sound], *, language: str, hotwords: str | None
) -> Generator[Asked, Sequence[Decoded], list[tuple[Word, ...]]]:
    """Words of each leg: one pass over all windows, and one more over what went wrong.

    Parameters
    ----------
    windows : sequence of Window
        Of all legs.
    sounds : sequence of Sound
        The legs.
    language : str
    hotwords : str or None

    Yields
    ------
    Asked
        To be answered with one `Decoded` for each window, in order.

    Returns
    -------
    list of tuple of Word
        One for each leg, in leg time and in order.
    """
    good: list[Decoded] = []
    again: list[Window] = []
    for decoded in (yield Asked(tuple(windows), hotwords)):
        if is_doubtful(decoded, language):
            again += _repacked(decoded.window, sounds[decoded.window.leg])
            continue
        good.append(decoded)
        again += _without_words(decoded)
    if again:
        # other surroundings, and no hint that could be echoed
        second = yield Asked(tuple(again), None, _SECOND_REPETITION_PENALTY)
        good += [d for d in second if not is_doubtful(d, language)]
    words: list[list[Word]] = [[] for _ in sounds]
    for decoded in good:
        words[decoded.window.leg] += [w for _, w in place_words(decoded.window, decoded.words)]
    return [tuple(sorted(leg, key=lambda w: (w.start_s, w.end_s))) for leg in words]


def _repacked(window: Window, sound: Sound) -> tuple[Window, ...]:
    """The same speech in shorter windows."""
    speech = [p.speech for p in window.pieces]
    return pack(speech, duration_s=sound.duration_s, quietest=sound.quietest, leg=window.leg, window_s=_SECOND_WINDOW_S)


def _alone(window: Window, piece: Piece) -> Window:
    return Window(window.leg, (replace(piece, packed_start_s=0.0),))


def _without_words(decoded: Decoded) -> list[Window]:
    """Stretches of speech in which the window's text has no word, to be heard alone."""
    heard = {i for i, _ in place_words(decoded.window, decoded.words)}
    silent = (p for i, p in enumerate(decoded.window.pieces) if i not in heard and p.speech.duration_s >= _SILENT_STRETCH_S)
    return [_alone(decoded.window, p) for p in silent] if len(decoded.window.pieces) > 1 else []

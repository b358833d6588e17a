"""Which of the found speech carries words, and which does not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from audit.segments import Segment, intersection, subtract, total_s, union
from audit.words import Word

#: Speech this near to a word counts as carried by it: the model's word times are that loose (a word's own end is
#: off by up to half a second at a pause), and a syllable that a word's time misses is a matter of times, not of words.
REACH_S = 0.5
#: What is left uncovered for less than this is the edge of a word, not a stretch of speech: one syllable is longer.
SHORTEST_S = 0.3
#: A word is said in at most this much time, and so much more for each of its signs after the first; what the model's
#: times give it beyond that is speech before it that has no word: attention lends a word all that precedes it.
_LONGEST_FIRST_SIGN_S, _LONGEST_SIGN_S = 1.0, 0.25
#: A sign is a character, or so many letters: about a syllable.
_LETTERS_OF_A_SIGN = 3
#: A stretched word that the model itself does not believe covers nothing: "understand", 2.7 s long, with a probability of
#: 0.00 stood for a lost sentence of 22 words.
_LEAST_CONFIDENCE = 0.1


def spoken_within(word: Word) -> Segment | None:
    """The time in which a word can really have been said: its end, and as much before as its length allows.

    Parameters
    ----------
    word : Word

    Returns
    -------
    Segment or None
        None for a word without duration.

    Examples
    --------
    >>> spoken_within(Word(1.0, 9.0, "好", 0.9))
    Segment(start_s=8.0, end_s=9.0)
    """
    spoken = [c for c in word.text if c.isalnum()]
    n_letters = sum(c.isascii() for c in spoken)
    n_signs = max(1, len(spoken) - n_letters + -(-n_letters // _LETTERS_OF_A_SIGN))
    start_s = max(word.start_s, word.end_s - _LONGEST_FIRST_SIGN_S - _LONGEST_SIGN_S * (n_signs - 1))
    return Segment(start_s, word.end_s) if start_s < word.end_s else None


def uncovered(words: Sequence[Word], speech: Sequence[Segment]) -> tuple[Segment, ...]:
    """Stretches of found speech that no word covers.

    A word covers the speech it is said in and `REACH_S` on either side, so that words at most twice that apart cover
    what lies between. What is left for less than `SHORTEST_S` is let go: together with the words' reach, the returned
    stretches make up all found speech, and nothing is counted twice.

    Parameters
    ----------
    words : sequence of Word
        In leg time.
    speech : sequence of Segment
        This leg's found speech.

    Returns
    -------
    tuple of Segment
        Sorted, not overlapping; all of `speech` without any word.

    Examples
    --------
    >>> uncovered([Word(1.0, 1.5, "您好", 0.9)], [Segment(1.0, 2.0), Segment(5.0, 6.0)])
    (Segment(start_s=5.0, end_s=6.0),)
    """
    found = union(speech)
    reach: list[Segment] = []
    for word in words:
        if word.confidence < _LEAST_CONFIDENCE and word.end_s - word.start_s > _LONGEST_FIRST_SIGN_S:
            continue
        said = spoken_within(word) or Segment(word.start_s - SHORTEST_S / 2, word.start_s + SHORTEST_S / 2)
        # a word of one stretch says nothing of its neighbour across a pause
        near = _around(found, (said.start_s + said.end_s) / 2)
        inside = near.intersect(Segment(said.start_s - REACH_S, said.end_s + REACH_S)) if near else None
        if inside:
            reach.append(inside)
        reach += intersection([said], found)
    return tuple(s for s in subtract(found, reach) if s.duration_s >= SHORTEST_S)


def _around(segments: Sequence[Segment], t_s: float) -> Segment | None:
    """The sorted segment that holds a moment or lies nearest to it."""
    if not segments:
        return None
    i = bisect_left(segments, t_s, key=lambda s: s.end_s)
    near = segments[max(i - 1, 0) : i + 1] or segments[-1:]
    return min(near, key=lambda s: max(s.start_s - t_s, t_s - s.end_s, 0.0))


def coverage_ratio(uncovered_s: float, speech: Sequence[Sequence[Segment]]) -> float | None:
    """Share of all legs' found speech that carries words; None without speech.

    Parameters
    ----------
    uncovered_s : float
        Seconds without words, of all legs.
    speech : sequence of sequence of Segment
        Found speech, one for each leg.
    """
    speech_s = sum(total_s(leg) for leg in speech)
    return 1.0 - uncovered_s / speech_s if speech_s > 0 else None

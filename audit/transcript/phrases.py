"""Phrases that are expected, written as they are spelt where they were said.

As with names (:mod:`audit.transcript.names`), nothing is told to the decoder: what it wrote is compared by sound
afterwards. 让您摆跑 is 让您白跑, and 给您打负 is 给您答复, where the model was not sure of the signs that differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from audit.transcript.names import syllable
from audit.words import Transcript, Turn, Word

#: Shorter ones have homophones that mean something else.
LEAST_SIGNS = 4
#: One of the signs that differ must be less sure than this: 还有什么是… is a sentence of its own where it is heard well.
_SURE = 0.8
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Phrases by their toneless syllables.

    Attributes
    ----------
    spelt : mapping of tuple of str to str
        The first phrase of each sound.
    known : frozenset of str
        All phrases: what is one of them already stays.
    lengths : tuple of int
        In signs, the longest first.
    """

    spelt: dict[tuple[str, ...], str]
    known: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, phrases: Iterable[str]) -> PhraseBook:
        """A book of phrases; only those wholly of Chinese signs and long enough count.

        Examples
        --------
        >>> book = PhraseBook.of(["给您答复", "您好", "OK吗没问题"])
        >>> book.known, book.lengths
        (frozenset({'给您答复'}), (4,))
        """
        kept = [p for p in dict.fromkeys(phrases) if len(p) >= LEAST_SIGNS and _HAN.fullmatch(p)]
        spelt: dict[tuple[str, ...], str] = {}
        for p in kept:
            spelt.setdefault(tuple(map(syllable, p)), p)
        return cls(spelt, frozenset(kept), tuple(sorted({len(p) for p in kept}, reverse=True)))


def spell_phrases(transcript: Transcript, book: PhraseBook) -> Transcript:
    """A Mandarin transcript with the phrases spelt as they are; times and confidences stay, other languages do.

    Parameters
    ----------
    transcript : Transcript
        Turns without words stay as they are: nothing tells how sure their signs are.
    book : PhraseBook
    """
    if transcript.language != "zh" or not book.lengths:
        return transcript
    return replace(transcript, turns=tuple(_spelt(turn, book) for turn in transcript.turns))


def _spelt(turn: Turn, book: PhraseBook) -> Turn:
    of_word = _words_of_signs(turn)
    signs = list(turn.text)
    found = list(_found(turn, book, of_word))
    if not found:
        return turn
    words = [list(w.text) for w in turn.words]
    for start, phrase in found:
        for i, sign in enumerate(phrase, start):
            signs[i] = sign
            number, place = of_word[i]
            words[number][place] = sign
    spelt = tuple(replace(w, text="".join(t)) for w, t in zip(turn.words, words, strict=True))
    return replace(turn, text="".join(signs), words=spelt)


def _found(turn: Turn, book: PhraseBook, of_word: dict[int, tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Places of phrases that are spelt otherwise, the longest first, none over another."""
    taken: set[int] = set()
    for n in book.lengths:
        for run in _HAN.finditer(turn.text):
            for start in range(run.start(), run.end() - n + 1):
                span = range(start, start + n)
                if not taken.isdisjoint(span):
                    continue
                heard = turn.text[start : start + n]
                phrase = book.spelt.get(tuple(map(syllable, heard)))
                if phrase is None:
                    continue
                taken.update(span)
                if heard not in book.known and _is_unsure(heard, phrase, start, turn.words, of_word):
                    yield start, phrase


def _is_unsure(heard: str, phrase: str, start: int, words: Sequence[Word], of_word: dict[int, tuple[int, int]]) -> bool:
    differing = [i for i, (a, b) in enumerate(zip(heard, phrase, strict=True), start) if a != b]
    if any(i not in of_word for i in differing):
        return False
    return min(words[of_word[i][0]].confidence for i in differing) < _SURE


def _words_of_signs(turn: Turn) -> dict[int, tuple[int, int]]:
    """For each sign of a turn's text that a word holds: the word's number, and the sign's place in it."""
    out: dict[int, tuple[int, int]] = {}
    at = 0
    for number, word in enumerate(turn.words):
        found = turn.text.find(word.text, at) if word.text else -1
        if found < 0:
            continue
        out |= {found + i: (number, i) for i in range(len(word.text))}
        at = found + len(word.text)
    return out

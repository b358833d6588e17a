"""A phrase spelled out: its alternatives, its numbers in every way they are said, and the searches for each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from audit.evaluation.heard import sounds_of
from audit.evaluation.normalise import normalise
from audit.evaluation.numbers import number_edges, spellings

_SIGN = re.compile(r"(\([^()]*\)|…)")
#: English endings that do not change what a word is, for words of this length at least.
_SHORTEST_STEM = 4
_SUFFIX = "(?:s|es|ed|d|ing)?"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to say a phrase: literal pieces with gaps between.

    Where a key is not in the text no search need be tried; that saves nine tenths of the time.

    Attributes
    ----------
    text : str
        The phrase as it is written in the rule, gaps as ``…``, for evidence.
    pieces : tuple of str
        Normalised.
    words_key, sounds_key : str
        A stretch that every text holds in which the search finds something; of English with a space before and, where
        the word cannot go on, after.
    pattern : str
        Of English: the search for it. Chinese is searched piece by piece (:func:`placed`).
    gap_chars : int
        Longest gap.
    edges : (bool, bool)
        Whether it begins, and ends, with a number, which must not be cut out of a longer one.
    other_keys : tuple of str
        Of English: the other stretches that every such text holds.
    sounds_keys : tuple of str
        The sounds of all its pieces.
    """

    text: str
    pieces: tuple[str, ...]
    words_key: str
    sounds_key: str
    pattern: str
    gap_chars: int
    edges: tuple[bool, bool] = (False, False)
    other_keys: tuple[str, ...] = ()
    sounds_keys: tuple[str, ...] = ()

    @property
    def words(self) -> re.Pattern[str]:
        """The search; of thousands of ways to say things few are ever sought, so it is made when asked for."""
        return _compiled(self.pattern)


def placed(pieces: Sequence[str], text: str, gap_chars: int) -> list[tuple[int, ...]]:
    """Where some pieces stand one after the other, with gaps as short as they can be, from the left and without overlap.

    Parameters
    ----------
    pieces : sequence of str
        None of them empty.
    text : str
    gap_chars : int
        Longest gap.

    Returns
    -------
    list of tuple of int
        The place of each piece, once for each time that they are found.

    Examples
    --------
    >>> placed(("请", "稍等"), "请您稍等请稍等", 8), placed(("请", "稍等"), "请您在线稍等", 2)
    ([(0, 2), (4, 5)], [])
    """
    found: list[tuple[int, ...]] = []
    first = pieces[0]
    at = text.find(first)
    while at >= 0:
        places = _following(pieces, 1, text, at + len(first), gap_chars)
        if places is None:
            at = text.find(first, at + 1)
        else:
            found.append((at, *places))
            at = text.find(first, found[-1][-1] + len(pieces[-1]))
    return found


def _following(pieces: Sequence[str], i: int, text: str, after: int, gap_chars: int) -> tuple[int, ...] | None:
    """The places of the pieces from the `i`-th on, the first of them no more than a gap after a place."""
    if i == len(pieces):
        return ()
    piece = pieces[i]
    limit = after + gap_chars + len(piece)
    at = text.find(piece, after, limit)
    while at >= 0:
        rest = _following(pieces, i + 1, text, at + len(piece), gap_chars)
        if rest is not None:
            return (at, *rest)
        at = text.find(piece, at + 1, limit)
    return None


@lru_cache(maxsize=50_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@lru_cache(maxsize=20_000)
def variants(phrase: str, language: str, mode: str, gap_chars: int) -> tuple[Variant, ...]:
    """Spell out a phrase.

    Parameters
    ----------
    phrase : str
        With ``(a|b|)`` and ``…`` as in :mod:`audit.evaluation.match`.
    language : {"zh", "en"}
    mode : str
        In "exact" numbers are left as they are written.
    gap_chars : int
        Longest ``…``.
    """
    parts: list[list[str]] = []
    for part in _SIGN.split(phrase):
        if part == "…":
            parts.append(["\0"])
        elif part.startswith("("):
            parts.append(part[1:-1].split("|"))
        elif part:
            parts.append([part])
    spelled = dict.fromkeys("".join(p) for p in itertools.product(*parts))
    found: dict[tuple[str, ...], Variant] = {}
    for text in spelled:
        pieces = tuple(p for p in (normalise(piece, language)[0] for piece in text.split("\0")) if p)
        if not pieces:
            continue
        shown = "…".join(pieces)
        options = [(p,) if mode == "exact" else spellings(p, language) for p in pieces]
        for said in itertools.product(*options):
            if said not in found:
                words_key, *others = _keys(said, language, mode)
                sounds_key = sounds_of(max(said, key=len))
                pattern = _pattern(said, mode, gap_chars) if language == "en" else ""
                edges = number_edges(said[0], language)[0], number_edges(said[-1], language)[1]
                sounds = tuple(map(sounds_of, said))
                found[said] = Variant(shown, said, words_key, sounds_key, pattern, gap_chars, edges, tuple(others), sounds)
    return tuple(found.values())


class Way(NamedTuple):
    """One way to say a phrase, as it is looked up by a search key.

    Attributes
    ----------
    order : int
        Its place among all ways of the phrase.
    variant : Variant
    other : str
        A second stretch that its turn must hold, words or sounds as the key is; empty where there is none.
    unbroken : bool
        The key is all of it: a Chinese phrase without gaps.
    """

    order: int
    variant: Variant
    other: str
    unbroken: bool


#: The turns, by their numbers, that hold a search key, and where in their full texts.
Places = Mapping[int, Sequence[int]]
#: A search key that was found: the ways to say a phrase that have it, and its places.
Spot = tuple[tuple[Way, ...], Places]
#: The ways of saying a phrase by their search keys; those of one key in the order of the phrase.
Lookup = Mapping[str, tuple[Way, ...]]


@lru_cache(maxsize=20_000)
def lookup(phrase: str, language: str, mode: str, gap_chars: int, by_sound: bool) -> Lookup:
    """:func:`variants`, to be looked up by their words or, where sound-alikes count, by their sounds."""
    by_key: dict[str, list[Way]] = {}
    for i, v in enumerate(variants(phrase, language, mode, gap_chars)):
        # The same words sound the same, so the key of the sounds covers both searches.
        key = v.sounds_key if by_sound else v.words_key
        others = v.other_keys if language == "en" else v.sounds_keys if by_sound else v.pieces
        other = next((p for p in others if p != key), "")
        by_key.setdefault(key, []).append(Way(i, v, other, language == "zh" and len(v.pieces) == 1))
    return {key: tuple(ways) for key, ways in by_key.items()}


def _keys(pieces: tuple[str, ...], language: str, mode: str) -> list[str]:
    """Stretches that every form of a phrase holds, the longest first."""
    if language != "en":
        return [max(pieces, key=len)]
    stretches = []
    for piece in pieces:
        stretches.append(" ")
        for word in piece.split(" "):
            if mode != "exact" and len(word) >= _SHORTEST_STEM:
                # What follows the stem is open: the next stretch begins at the next word.
                stretches[-1] += _base(word)
                stretches.append(" ")
            else:
                # A word that no ending may follow is whole: the text has spaces at its ends.
                stretches[-1] += word + " "
    return sorted({s for s in stretches if s != " "}, key=lambda s: (-len(s), s))


def _base(word: str) -> str:
    """What all forms of an English word begin with."""
    return re.sub(r"(?<=...)(?:ing|es|ed|s|e)$", "", word)


def _stem(word: str) -> str:
    """A pattern for an English word with or without its everyday ending."""
    if len(word) < _SHORTEST_STEM:
        return re.escape(word)
    return f"(?:{re.escape(word)}|{re.escape(_base(word))}e?){_SUFFIX}"


def _pattern(pieces: tuple[str, ...], mode: str, gap_chars: int) -> str:
    """The search for English words with gaps between."""
    loose = mode != "exact"
    spelled = [" ".join(_stem(w) if loose else re.escape(w) for w in p.split(" ")) for p in pieces]
    return rf"\b.{{0,{gap_chars}}}?\b".join(f"\\b({s})\\b" for s in spelled)

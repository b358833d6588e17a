"""A phrase spelled out: its alternatives, its numbers in every way they are said, and the searches for each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from audit.evaluation.heard import sounds_of
from audit.evaluation.normalise import normalised
from audit.evaluation.numbers import holds_number, number_edges, spellings

_SIGN = re.compile(r"(\([^()]*\)|…)")
#: English endings that do not change what a word is, for words of this length at least.
_SHORTEST_STEM = 4
_SUFFIX = "(?:s|es|ed|d|ing)?"
#: Stands for ``…`` while a phrase is spelled out.
_GAP = "\0"
_BREAKS = " \0"


class Variant(NamedTuple):
    """One way to say a phrase: literal pieces with gaps between.

    Where a key is not in the text no search need be tried; that saves nine tenths of the time. A scorecard has a hundred
    thousand ways to say its phrases and few are ever met: what only a search needs is made when asked for.

    Attributes
    ----------
    text : str
        The phrase as it is written in the rule, gaps as ``…``, for evidence.
    pieces : tuple of str
        Normalised.
    words_key : str
        A stretch that every text holds in which the search finds something; of English with a space before and, where
        the word cannot go on, after.
    loose : bool
        Of English: words may have their everyday endings.
    gap_chars : int
        Longest gap.
    language : {"zh", "en"}
    other_keys : tuple of str
        Of English: the other stretches that every such text holds.
    """

    text: str
    pieces: tuple[str, ...]
    words_key: str
    loose: bool
    gap_chars: int
    language: str
    other_keys: tuple[str, ...] = ()

    @property
    def sounds_key(self) -> str:
        """The sounds of the longest piece, which every text holds that sounds like the phrase."""
        return sounds_of(max(self.pieces, key=len))

    @property
    def sounds_keys(self) -> tuple[str, ...]:
        """The sounds of all its pieces."""
        return _sounds(self.pieces)

    @property
    def edges(self) -> tuple[bool, bool]:
        """Whether it begins, and ends, with a number, which must not be cut out of a longer one."""
        edges = _EDGES[self.language]
        return edges[self.pieces[0]][0], edges[self.pieces[-1]][1]

    @property
    def words(self) -> re.Pattern[str]:
        """The search for it in English; Chinese is searched piece by piece (:func:`placed`).

        Of a hundred thousand ways to say things few are ever sought, so it is made when asked for.
        """
        return _compiled(self.pieces, self.loose, self.gap_chars)


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
def _sounds(pieces: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(sounds_of, pieces))


class _Edges(dict[str, tuple[bool, bool]]):
    """Whether a piece begins and ends with a number, found out when first asked for: only of pieces that were heard."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, piece: str) -> tuple[bool, bool]:
        found = self[piece] = number_edges(piece, self._language)
        return found


_EDGES = {language: _Edges(language) for language in ("zh", "en")}


@lru_cache(maxsize=50_000)
def _compiled(pieces: tuple[str, ...], loose: bool, gap_chars: int) -> re.Pattern[str]:
    """English words with gaps between."""
    spelled = [" ".join(_stem(w) if loose else re.escape(w) for w in p.split(" ")) for p in pieces]
    return re.compile(rf"\b.{{0,{gap_chars}}}?\b".join(f"\\b({s})\\b" for s in spelled))


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
            parts.append([_GAP])
        elif part.startswith("("):
            parts.append(part[1:-1].split("|"))
        elif part:
            parts.append([part])
    loose = mode != "exact"
    read_out = loose and any(holds_number(normalised(alt, language), language) for part in parts for alt in part)
    found: dict[tuple[str, ...], Variant] = {}
    for pieces in _spelled_out(parts, language):
        shown = "…".join(pieces)
        ways = itertools.product(*(spellings(p, language) for p in pieces)) if read_out else (pieces,)
        for said in ways:
            if said not in found:
                words_key, *others = _keys(said, language, mode)
                found[said] = Variant(shown, said, words_key, loose, gap_chars, language, tuple(others))
    return tuple(found.values())


def _spelled_out(parts: Sequence[Sequence[str]], language: str) -> Iterator[tuple[str, ...]]:
    """Every choice of alternatives, normalised, as the pieces between its gaps; a choice without words is left out."""
    if _can_be_joined(parts, language):
        between = " " if language == "en" else ""
        each = [dict.fromkeys(alt if alt == _GAP else normalised(alt, language) for alt in part) for part in parts]
        for text in dict.fromkeys(between.join(filter(None, chosen)) for chosen in itertools.product(*each)):
            if pieces := tuple(p for p in map(str.strip, text.split(_GAP)) if p):
                yield pieces
        return
    for text in dict.fromkeys("".join(chosen) for chosen in itertools.product(*parts)):
        if pieces := tuple(p for p in (normalised(piece, language) for piece in text.split(_GAP)) if p):
            yield pieces


def _can_be_joined(parts: Sequence[Sequence[str]], language: str) -> bool:
    """Whether the parts may be normalised one by one: no word or number can reach from one into the next."""
    if language != "en":
        return not any(
            holds_number(alt, language) or not alt.isalpha() for part in parts for alt in part if alt and alt != _GAP
        )
    open_ends = False  # a word of an earlier part may go on
    for part in parts:
        said = [alt for alt in part if alt]
        if open_ends and not all(alt[0] in _BREAKS for alt in said):
            return False
        open_ends = (open_ends and len(said) < len(part)) or not all(alt[-1] in _BREAKS for alt in said)
    return True


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
        if language == "zh" and len(v.pieces) == 1:
            way = Way(i, v, "", True)
        else:
            others = v.other_keys if language == "en" else v.sounds_keys if by_sound else v.pieces
            way = Way(i, v, next((p for p in others if p != key), ""), False)
        by_key.setdefault(key, []).append(way)
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


@lru_cache(maxsize=20_000)
def _base(word: str) -> str:
    """What all forms of an English word begin with."""
    return re.sub(r"(?<=...)(?:ing|es|ed|s|e)$", "", word)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """A pattern for an English word with or without its everyday ending."""
    if len(word) < _SHORTEST_STEM:
        return re.escape(word)
    return f"(?:{re.escape(word)}|{re.escape(_base(word))}e?){_SUFFIX}"

"""Find wording in what was recognised, and say when it was said and how sure that is.

A *phrase* is written as it is spoken, with two signs: ``(a|b|)`` for alternatives, the empty one
allowed, and ``…`` for a gap of up to `gap_chars` characters. ``{name}`` is filled in from the call's own data before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from audit.evaluation.normalise import normalise
from audit.evaluation.sound import sound_class, sound_cost
from audit.words import Turn, Word

MatchMode = Literal["exact", "normalised", "pinyin", "fuzzy"]

_SIGN = re.compile(r"(\([^()]*\)|…)")
#: English endings that do not change what a word is, for words of this length at least.
_SHORTEST_STEM = 4
_SUFFIX = "(?:s|es|ed|d|ing)?"


@dataclass(frozen=True, slots=True)
class Matching:
    """What likeness costs; every figure is a parameter of the scorecard.

    Attributes
    ----------
    same_sound_cost, near_sound_cost : float
        Price of hearing another character of the same toneless syllable, and of one that only sounds alike.
    max_cost_ratio : float
        Highest mean price for each character at which a phrase still counts as said.
    max_name_distance_ratio : float
        The same for a long name heard as a whole.
    omission_cost : float
        Price of a character of a long name that is not there; above 1, since recognisers rather
        mistake than drop, while people abbreviate.
    gap_chars : int
        Longest ``…``, in characters.
    regex_timeout_s : float
        Processor time that the expressions of one rule may take on one call; beyond it, the rule is not evaluable there.
    """

    same_sound_cost: float = 0.1
    near_sound_cost: float = 0.4
    max_cost_ratio: float = 0.2
    max_name_distance_ratio: float = 0.25
    omission_cost: float = 1.5
    gap_chars: int = 8
    regex_timeout_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn ready for matching.

    Attributes
    ----------
    turn : Turn
        Consecutive turns of one role may have been joined.
    plain : str
        Normalised text.
    sound : str
        Sound classes of `plain`, one character each; the same as `plain` for English.
    origin : tuple of (int, int)
        For each character of `plain`, its range in ``turn.text``.
    times_s : tuple of (float, float)
        For each character of `plain`, when it was said.
    confidences : tuple of float or None
        For each character of `plain`, that of its word.
    """

    turn: Turn
    plain: str
    sound: str
    origin: tuple[tuple[int, int], ...]
    times_s: tuple[tuple[float, float], ...]
    confidences: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found in a turn: ``heard.plain[start:end]``, at `cost_ratio` from what was sought."""

    heard: Heard
    start: int
    end: int
    sought: str
    how: Literal["exact", "normalised", "pinyin"]
    cost_ratio: float = 0.0

    @property
    def start_s(self) -> float:
        """When the first character begins."""
        return self.heard.times_s[self.start][0]

    @property
    def end_s(self) -> float:
        """When the last character ends."""
        return self.heard.times_s[self.end - 1][1]

    @property
    def written(self) -> str:
        """What the recogniser wrote there."""
        return self.heard.turn.text[self.heard.origin[self.start][0] : self.heard.origin[self.end - 1][1]]

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the words times the likeness; None where the recogniser gave none."""
        known = [c for c in self.heard.confidences[self.start : self.end] if c is not None]
        if not known:
            return None
        return round(sum(known) / len(known) * (1.0 - min(1.0, self.cost_ratio)), 3)


def prepare(turn: Turn, language: str) -> Heard:
    """Normalise a turn and give every character its time.

    A word's time is shared evenly by its characters. Where the turn has no words, or a
    character belongs to none, the turn's time is shared out by position instead.

    Parameters
    ----------
    turn : Turn
    language : {"zh", "en"}
    """
    plain, origin = normalise(turn.text, language)
    raw_times, raw_confidences = _raw_times(turn)
    times = tuple((raw_times[a][0], raw_times[max(a, b - 1)][1]) for a, b in origin)
    confidences = tuple(raw_confidences[a] for a, _ in origin)
    sound = "".join(sound_class(c) for c in plain) if language == "zh" else plain
    return Heard(turn, plain, sound, origin, times, confidences)


def _raw_times(turn: Turn) -> tuple[list[tuple[float, float]], list[float | None]]:
    """Time and confidence of each character of the turn's text."""
    n = len(turn.text)
    step = (turn.end_s - turn.start_s) / max(1, n)
    times = [(turn.start_s + i * step, turn.start_s + (i + 1) * step) for i in range(n)]
    confidences: list[float | None] = [turn.confidence] * n
    at = 0
    for word in turn.words:
        bare = word.text.strip()
        found = turn.text.find(bare, at) if bare else -1
        if found < 0:
            continue
        _share(word, bare, found, times, confidences)
        at = found + len(bare)
    return times, confidences


def _share(word: Word, bare: str, at: int, times: list[tuple[float, float]], confidences: list[float | None]) -> None:
    """Spread one word's time over its spoken characters."""
    spoken = [i for i, c in enumerate(bare) if c.isalnum()] or list(range(len(bare)))
    step = (word.end_s - word.start_s) / len(spoken)
    done = 0
    for i in range(len(bare)):
        start = word.start_s + min(done, len(spoken) - 1) * step
        times[at + i] = (start, start + step)
        confidences[at + i] = word.confidence
        done += i in spoken


@dataclass(frozen=True, slots=True)
class _Variant:
    """One way to say a phrase: literal pieces with gaps between, and the searches for it.

    Where a key is not in the text the search need not be tried; that saves nine tenths of the time.
    """

    pieces: tuple[str, ...]
    words_key: str
    sounds_key: str
    words: re.Pattern[str]
    sounds: re.Pattern[str]


@lru_cache(maxsize=20_000)
def _variants(phrase: str, language: str, mode: str, gap_chars: int) -> tuple[_Variant, ...]:
    """Spell out the alternatives of a phrase."""
    parts: list[list[str]] = []
    for part in _SIGN.split(phrase):
        if part == "…":
            parts.append(["\0"])
        elif part.startswith("("):
            parts.append(part[1:-1].split("|"))
        elif part:
            parts.append([part])
    spelled = dict.fromkeys("".join(p) for p in itertools.product(*parts))
    gap = f".{{0,{gap_chars}}}?"
    found = []
    for text in spelled:
        pieces = tuple(p for p in (normalise(piece, language)[0] for piece in text.split("\0")) if p)
        if pieces:
            longest = max(pieces, key=len)
            keys = (_rarest(longest, language), "".join(sound_class(c) for c in longest))
            found.append(_Variant(pieces, *keys, _words(pieces, language, mode, gap), _sounds(pieces, gap)))
    return tuple(found)


def _rarest(piece: str, language: str) -> str:
    """A stretch that every form of a piece holds: all of it in Chinese, the start of its longest word in English."""
    if language != "en":
        return piece
    word = max(piece.split(" "), key=len)
    return word if len(word) < _SHORTEST_STEM else word[: _SHORTEST_STEM - 1]


def _words(pieces: tuple[str, ...], language: str, mode: str, gap: str) -> re.Pattern[str]:
    if language != "en":
        return re.compile(gap.join(f"({re.escape(p)})" for p in pieces))
    loose = mode != "exact"
    spelled = [" ".join(_stem(w) if loose else re.escape(w) for w in p.split(" ")) for p in pieces]
    return re.compile((r"\b" + gap + r"\b").join(f"\\b({s})\\b" for s in spelled))


def _stem(word: str) -> str:
    """A pattern for an English word with or without its everyday ending."""
    if len(word) < _SHORTEST_STEM:
        return re.escape(word)
    base = re.sub(r"(?<=...)(?:ing|es|ed|s|e)$", "", word)
    return f"(?:{re.escape(word)}|{re.escape(base)}e?){_SUFFIX}"


def _sounds(pieces: tuple[str, ...], gap: str) -> re.Pattern[str]:
    return re.compile(gap.join("(" + re.escape("".join(sound_class(c) for c in p)) + ")" for p in pieces))


def find(phrase: str, turns: Iterable[Heard], *, language: str, mode: MatchMode, matching: Matching) -> tuple[Hit, ...]:
    """Every place where the phrase is said.

    Parameters
    ----------
    phrase : str
        With its variables filled in.
    turns : iterable of Heard
    language : {"zh", "en"}
    mode : {"exact", "normalised", "pinyin", "fuzzy"}
        *exact*: the recogniser wrote these very characters, nothing between them. *normalised*: the same
        words, whatever the script, width, punctuation, numerals (English: endings). *pinyin*: sound-alikes too, at
        a price. *fuzzy*: a long name as a whole, with other mistakes too, at a price.
    matching : Matching
        The prices.

    Returns
    -------
    tuple of Hit
        In order of time; overlapping hits of one phrase are given once, the likeliest.
    """
    variants = _variants(phrase, language, mode, matching.gap_chars)
    by_sound = mode in ("pinyin", "fuzzy") and language == "zh"
    hits: list[Hit] = []
    for heard in turns:
        found: list[Hit] = []
        for v in variants:
            if v.words_key in heard.plain:
                found += _literal(v, heard, mode)
            if by_sound and v.sounds_key in heard.sound:
                found += _sound_alike(v, heard, matching)
            if mode == "fuzzy":
                found += _long_name(v, heard, language, matching)
        if found:
            hits += cheapest(found)
    return tuple(hits)


def _literal(variant: _Variant, heard: Heard, mode: str) -> list[Hit]:
    hits = []
    for m in variant.words.finditer(heard.plain):
        raw = heard.turn.text[heard.origin[m.start()][0] : heard.origin[m.end() - 1][1]]
        exact = len(variant.pieces) == 1 and raw.lower() == variant.pieces[0]
        if exact or mode != "exact":
            hits.append(Hit(heard, m.start(), m.end(), "…".join(variant.pieces), "exact" if exact else "normalised"))
    return hits


def _sound_alike(variant: _Variant, heard: Heard, matching: Matching) -> list[Hit]:
    hits = []
    expected = "".join(variant.pieces)
    for m in variant.sounds.finditer(heard.sound):
        said = "".join(heard.plain[m.start(g) : m.end(g)] for g in range(1, len(variant.pieces) + 1))
        cost = sum(
            sound_cost(e, s, same_sound_cost=matching.same_sound_cost, near_sound_cost=matching.near_sound_cost)
            for e, s in zip(expected, said, strict=True)
        ) / len(expected)
        if 0 < cost <= matching.max_cost_ratio:
            hits.append(Hit(heard, m.start(), m.end(), "…".join(variant.pieces), "pinyin", cost))
    return hits


def _long_name(variant: _Variant, heard: Heard, language: str, matching: Matching) -> list[Hit]:
    """The place most like a name, if it is like enough."""
    name = "".join(variant.pieces)
    if not heard.plain:
        return []
    if language == "en":
        place = _nearest_words(" ".join(variant.pieces), heard.plain)
    else:
        place = _nearest_stretch(name, heard.plain, matching)
    if place is None or not 0 < place[2] <= matching.max_name_distance_ratio:
        return []
    return [Hit(heard, place[0], place[1], "…".join(variant.pieces), "pinyin", place[2])]


def _nearest_words(name: str, plain: str) -> tuple[int, int, float] | None:
    """Best run of words for an English name, compared without spaces ("petro max" is PetroMax)."""
    starts = [m.start() for m in re.finditer(r"\S+", plain)]
    ends = [m.end() for m in re.finditer(r"\S+", plain)]
    n = len(name.split(" "))
    best: tuple[int, int, float] | None = None
    for i, width in itertools.product(range(len(starts)), range(max(1, n - 1), n + 3)):
        if i + width <= len(starts):
            a, b = starts[i], ends[i + width - 1]
            distance = 1.0 - fuzz.ratio(name.replace(" ", ""), plain[a:b].replace(" ", "")) / 100.0
            # A different spelling of the same letters is still a hit that must not look perfect.
            distance = max(distance, 0.01)
            if best is None or distance < best[2]:
                best = (a, b, distance)
    return best


def _nearest_stretch(name: str, plain: str, matching: Matching) -> tuple[int, int, float] | None:
    """Approximate search by dynamic programming (Sellers, J. Algorithms 1, 1980) with prices by sound."""
    # Each column: price of matching name[:i] to a stretch that ends here, and where that stretch began.
    column: list[tuple[float, int]] = [(i * matching.omission_cost, 0) for i in range(len(name) + 1)]
    best: tuple[int, int, float] | None = None
    for j, character in enumerate(plain):
        new: list[tuple[float, int]] = [(0.0, j + 1)]
        for i, expected in enumerate(name, 1):
            swap = sound_cost(
                expected, character, same_sound_cost=matching.same_sound_cost, near_sound_cost=matching.near_sound_cost
            )
            diagonal = column[i - 1][1] if i > 1 else j
            new.append(
                min(
                    (column[i - 1][0] + swap, diagonal),
                    (new[i - 1][0] + matching.omission_cost, new[i - 1][1]),
                    (column[i][0] + 1.0, column[i][1]),
                )
            )
        column = new
        cost, start = column[-1]
        if start <= j and (best is None or cost / len(name) < best[2]):
            best = (start, j + 1, cost / len(name))
    return best


def cheapest(hits: Iterable[Hit]) -> list[Hit]:
    """Overlapping hits reduced to the cheapest, the longer of equals."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.cost_ratio, h.start - h.end, h.start)):
        if all(hit.end <= k.start or hit.start >= k.end for k in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)


def without(hits: Sequence[Hit], excused: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that no excused stretch of the same turn touches."""
    return tuple(h for h in hits if not any(e.heard is h.heard and e.start < h.end and h.start < e.end for e in excused))

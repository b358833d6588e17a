"""Find wording in what was recognised, and say when it was said and how sure that is.

A *phrase* is written as it is spoken, with two signs: ``(a|b|)`` for alternatives, the empty one
allowed, and ``…`` for a gap of up to `gap_chars` characters. ``{name}`` is filled in from the call's own data before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from audit.evaluation.heard import Heard, prepare, together
from audit.evaluation.longname import nearest_stretch, nearest_words
from audit.evaluation.matching import Matching
from audit.evaluation.numbers import goes_on
from audit.evaluation.sound import Prices
from audit.evaluation.spelling import Spot, Variant, Way, placed, variants

__all__ = ["Heard", "Hit", "MatchMode", "Matching", "cheapest", "find", "find_spotted", "prepare", "together", "without"]

MatchMode = Literal["exact", "normalised", "pinyin", "fuzzy"]
How = Literal["exact", "normalised", "pinyin"]


class Hit:
    """A phrase found in a turn: ``heard.plain[start:end]``, at `cost_ratio` from what was sought; never changed."""

    __slots__ = ("cost_ratio", "end", "heard", "how", "sought", "start")

    def __init__(self, heard: Heard, start: int, end: int, sought: str, how: How, cost_ratio: float = 0.0) -> None:
        self.heard = heard
        self.start = start
        self.end = end
        self.sought = sought
        self.how = how
        self.cost_ratio = cost_ratio

    @property
    def start_s(self) -> float:
        """When the first character begins."""
        return self.heard.time_of(self.start)[0]

    @property
    def end_s(self) -> float:
        """When the last character ends."""
        return self.heard.time_of(self.end - 1)[1]

    @property
    def written(self) -> str:
        """What the recogniser wrote there."""
        return self.heard.written(self.start, self.end)

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the words times the likeness; None where the recogniser gave none."""
        known = self.heard.confidence_of(self.start, self.end)
        return None if known is None else round(known * (1.0 - min(1.0, self.cost_ratio)), 3)


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
        words, whatever the script, width, punctuation, numerals, fillers (English: endings). *pinyin*: sound-alikes too,
        at a price. *fuzzy*: a long name as a whole, with other mistakes too, at a price.
    matching : Matching
        The prices.

    Returns
    -------
    tuple of Hit
        In order of the turns; overlapping hits of one phrase are given once, the likeliest.
    """
    by_sound = mode in ("pinyin", "fuzzy") and language == "zh"
    ways = variants(phrase, language, mode, matching.gap_chars)
    hits: list[Hit] = []
    for heard in turns:
        found: list[Hit] = []
        for v in ways:
            if mode == "fuzzy" or _may_be_in(v, heard, by_sound):
                found += _in_turn(v, heard, mode, by_sound, matching)
        hits += cheapest(found)
    return tuple(hits)


def find_spotted(spots: Sequence[Spot], turns: Mapping[int, Heard], mode: MatchMode, matching: Matching) -> list[Hit]:
    """The same as :func:`find`, where it is known which search keys of the phrase are in a text, and where.

    Parameters
    ----------
    spots : sequence of Spot
        Of all turns of the text.
    turns : mapping of int to Heard
        Those to be searched, by their numbers.
    mode : {"exact", "normalised", "pinyin"}
    matching : Matching
    """
    by_sound = mode == "pinyin"
    if len(spots) == 1 and len(spots[0][0]) == 1:  # the commonest case
        (way,), places = spots[0]
        _, variant, other, unbroken = way
        alone: list[Hit] = []
        for number in sorted(places) if len(places) > 1 else places:
            heard = turns.get(number)
            if heard is None:
                continue
            if unbroken:
                here = _unbroken(variant, heard, places[number], mode, matching)
            elif (
                not other
                or heard.lean is not None
                or other in (heard.sound if by_sound and heard.language == "zh" else heard.padded)
            ):
                here = _by_way(way, heard, places[number], mode, matching)
            else:
                continue
            alone += here if len(here) < 2 else cheapest(here)
        return alone
    ways_in: dict[int, list[tuple[int, Way, Sequence[int]]]] = {}
    for ways, places in spots:
        for number, starts in places.items():
            heard = turns.get(number)
            if heard is None:
                continue
            text = heard.sound if by_sound and heard.language == "zh" else heard.padded
            for way in ways:
                if not way.other or way.other in text or heard.lean is not None:
                    if number in ways_in:
                        ways_in[number].append((way.order, way, starts))
                    else:
                        ways_in[number] = [(way.order, way, starts)]
    hits: list[Hit] = []
    for number in sorted(ways_in) if len(ways_in) > 1 else ways_in:
        asked, heard, found = ways_in[number], turns[number], []
        if len(asked) > 1:
            asked.sort(key=_ORDER)
        for _, way, starts in asked:
            found += _by_way(way, heard, starts, mode, matching)
        hits += found if len(found) < 2 else cheapest(found)
    return hits


_ORDER = itemgetter(0)


def _by_way(way: Way, heard: Heard, starts: Sequence[int], mode: MatchMode, matching: Matching) -> list[Hit]:
    """Hits of one way to say a phrase in a turn that holds its keys."""
    if way.unbroken:
        return _unbroken(way.variant, heard, starts, mode, matching)
    if heard.language == "zh":
        return _in_turn(way.variant, heard, mode, mode == "pinyin", matching)
    return _in_turn(way.variant, heard, mode, False, matching) if _may_be_in(way.variant, heard, False) else []


def _unbroken(variant: Variant, heard: Heard, starts: Sequence[int], mode: MatchMode, matching: Matching) -> list[Hit]:
    """Hits of a Chinese way to say a phrase in one piece, whose words or sounds begin at some places of a turn."""
    text, pieces = variant[0], variant[1]
    piece, plain = pieces[0], heard.plain
    n = len(piece)
    if heard.lean is not None or (len(starts) > 1 and any(b - a < n for a, b in itertools.pairwise(starts))):
        return _in_turn(variant, heard, mode, mode == "pinyin", matching)
    hits = []
    for start in starts:
        end = start + n
        said = plain[start:end]
        how: How = "normalised"
        cost = 0.0
        if said != piece:
            cost, how = _cost(piece, said, matching), "pinyin"
            if not 0 < cost <= matching.max_cost_ratio:
                continue
        elif heard.written(start, end).lower() == piece:
            how = "exact"
        elif mode == "exact":
            continue
        if not _cut_out(variant, plain, start, end, "zh"):
            hits.append(Hit(heard, start, end, text, how, cost))
    return hits


def _cost(expected: str, said: str, matching: Matching) -> float:
    """Mean price of taking what was said for what was expected, as long as it."""
    return sum(map(matching.prices.__getitem__, zip(expected, said, strict=True))) / len(expected)


def _may_be_in(variant: Variant, heard: Heard, by_sound: bool) -> bool:
    """Whether the keys of a phrase are in a turn, with or without its fillers."""
    lean = heard.lean
    if heard.language == "en":
        key, text = variant.words_key, heard.padded
        if key in text and all(k in text for k in variant.other_keys):
            return True
        return lean is not None and key in f" {lean.plain} "
    if by_sound:
        key = variant.sounds_key
        return key in heard.sound or (lean is not None and key in lean.sound)
    return variant.words_key in heard.plain or (lean is not None and variant.words_key in lean.plain)


def _in_turn(variant: Variant, heard: Heard, mode: MatchMode, by_sound: bool, matching: Matching) -> list[Hit]:
    """Hits of one way to say a phrase in one turn, with and without its fillers."""
    found = _literal(variant, heard, mode)
    if by_sound:
        found += _sound_alike(variant, heard, heard.plain, heard.sound, matching)
    if mode == "fuzzy":
        found += _long_name(variant, heard, matching)
    if mode == "exact" or heard.lean is None:
        return found
    lean, n = heard.lean, len("".join(variant.pieces))
    over: list[Hit] = []
    if variant.words_key.strip() in lean.plain:
        over += [
            Hit(heard, start, end, variant.text, "normalised")
            for start, end in _spans(variant, lean.plain, heard.language)
            if not _cut_out(variant, lean.plain, start, end, heard.language)
        ]
    if by_sound:
        over += _sound_alike(variant, heard, lean.plain, lean.sound, matching)
    for hit in over:
        start, end = lean.places[hit.start], lean.places[hit.end - 1] + 1
        n_skipped = _n_skipped(lean.places[hit.start : hit.end], heard)
        if 0 < n_skipped <= matching.max_fillers:
            cost = hit.cost_ratio + matching.filler_cost * n_skipped / n
            if cost <= matching.max_cost_ratio:
                found.append(Hit(heard, start, end, variant.text, hit.how, cost))
    return found


def _n_skipped(places: Sequence[int], heard: Heard) -> int:
    """How many stretches of the full text are left out between these places."""
    return sum(b - a > 1 for a, b in itertools.pairwise(places))


def _cut_out(variant: Variant, plain: str, start: int, end: int, language: str) -> bool:
    """Whether a number at an edge of the phrase is only a part of the number that was said."""
    edges = variant.edges
    return (edges[0] or edges[1]) and goes_on(plain, start, end, language, edges)


def _spans(variant: Variant, plain: str, language: str) -> list[tuple[int, int]]:
    """Where a text holds the words of a phrase, from the left and without overlap."""
    if language == "en":
        return [m.span() for m in variant.words.finditer(plain)]
    n = len(variant.pieces[-1])
    return [(places[0], places[-1] + n) for places in placed(variant.pieces, plain, variant.gap_chars)]


def _literal(variant: Variant, heard: Heard, mode: str) -> list[Hit]:
    if heard.language == "en" and variant.words_key not in heard.padded:
        return []
    alone = len(variant.pieces) == 1
    hits = []
    for start, end in _spans(variant, heard.plain, heard.language):
        if _cut_out(variant, heard.plain, start, end, heard.language):
            continue
        exact = alone and heard.written(start, end).lower() == variant.pieces[0]
        if exact or mode != "exact":
            hits.append(Hit(heard, start, end, variant.text, "exact" if exact else "normalised"))
    return hits


def _sound_alike(variant: Variant, heard: Heard, plain: str, sound: str, matching: Matching) -> list[Hit]:
    expected = "".join(variant.pieces)
    lengths = [len(p) for p in variant.pieces]
    hits = []
    for places in placed(variant.sounds_keys, sound, variant.gap_chars):
        said = "".join([plain[a : a + n] for a, n in zip(places, lengths, strict=True)])
        if said == expected:  # what was said is no sound-alike
            continue
        cost, start, end = _cost(expected, said, matching), places[0], places[-1] + lengths[-1]
        if 0 < cost <= matching.max_cost_ratio and not _cut_out(variant, plain, start, end, heard.language):
            hits.append(Hit(heard, start, end, variant.text, "pinyin", cost))
    return hits


def _long_name(variant: Variant, heard: Heard, matching: Matching) -> list[Hit]:
    """The place most like a name, if it is like enough."""
    name = "".join(variant.pieces)
    text, places = (heard.plain, None) if heard.lean is None else (heard.lean.plain, heard.lean.places)
    if not text:
        return []
    english = heard.language == "en"
    if english:
        place = nearest_words(" ".join(variant.pieces), text)
    else:
        # The limit differs between those who ask, the place does not.
        key = ("long name", name, matching.prices, matching.omission_cost)
        if key not in heard.memo:
            heard.memo[key] = nearest_stretch(name, text, _costs_of(name, matching.prices), matching.omission_cost)
        place = heard.memo[key]
    if place is None or not 0 < place[2] <= matching.max_name_distance_ratio:
        return []
    start, end = place[:2] if places is None else (places[place[0]], places[place[1] - 1] + 1)
    return [Hit(heard, start, end, variant.text, "pinyin", place[2])]


#: So many different characters are kept in mind for a name; people use some thousands.
_MOST_COSTS = 5_000


class _Costs(dict[str, list[float]]):
    """What it costs to take a character for each one of a name, worked out when the character is first heard."""

    def __init__(self, name: str, prices: Prices) -> None:
        super().__init__()
        self._name, self._prices = name, prices

    def __missing__(self, heard: str) -> list[float]:
        if len(self) > _MOST_COSTS:
            self.clear()
        found = self[heard] = [self._prices.cost_of(expected, heard) for expected in self._name]
        return found


@lru_cache(maxsize=200)
def _costs_of(name: str, prices: Prices) -> _Costs:
    return _Costs(name, prices)


def cheapest(hits: Iterable[Hit]) -> list[Hit]:
    """Overlapping hits reduced to the cheapest, the longer of equals."""
    every = list(hits)
    if len(every) < 2:
        return every
    kept: list[Hit] = []
    for hit in sorted(every, key=lambda h: (h.cost_ratio, h.start - h.end, h.start)):
        if all([hit.end <= k.start or hit.start >= k.end for k in kept]):  # noqa: C419 (a generator takes twice as long)
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)


def without(hits: Sequence[Hit], excused: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that no excused stretch of the same turn touches."""
    return tuple(h for h in hits if not any(e.heard is h.heard and e.start < h.end and h.start < e.end for e in excused))

"""What people tell each other in a call so that it can be acted on: numbers, times, amounts, dates, telephones, addresses,
names, order and account numbers; and how much of one is in what somebody else says.

Found by rule in the normalised words, so as recognisers write them: digits or words, with or without punctuation. Each has a
value in one form, so that 下午三点半, *15:30* and *half past three* are the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, get_args

from audit.evaluation import entities_en, entities_zh
from audit.evaluation.heard import Heard, sounds_of
from audit.evaluation.spotted import Spotted

EntityKind = Literal["number", "time", "amount", "date", "phone", "address", "name", "id"]
KINDS: tuple[EntityKind, ...] = get_args(EntityKind)
#: Compared digit by digit, so that a part counts.
_DIGITS = ("phone", "id", "number")
#: A shorter stretch of digits is in any number by chance.
_SHORTEST_STRETCH = 3


@dataclass(frozen=True, slots=True)
class Entity:
    """Something said: ``heard.plain[start:end]``, and its value in one form.

    Attributes
    ----------
    value : str
        Digits of a number, telephone or order; minutes after twelve for a time; see the modules of the languages.
    """

    kind: EntityKind
    value: str
    heard: Heard
    start: int
    end: int

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.heard.time_of(self.start)[0]

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.heard.time_of(self.end - 1)[1]

    @property
    def written(self) -> str:
        """As the recogniser wrote it."""
        return self.heard.turn.text[self.heard.origin[self.start][0] : self.heard.origin[self.end - 1][1]]


def extract(heard: Heard, kinds: Iterable[EntityKind], *, asked: str = "") -> tuple[Entity, ...]:
    """The entities of some kinds that are said in a turn, in order, none inside another.

    Parameters
    ----------
    heard : Heard
    kinds : iterable of str
    asked : str
        Normalised text of the turn before, by somebody else: an answer of bare digits is what was asked for.
    """
    wanted = frozenset(kinds)
    every: tuple[Entity, ...] | None = heard.memo.get(("entities", asked))
    if every is None:
        language = entities_en if heard.language == "en" else entities_zh
        found: list[Spotted] = []
        # Every kind is looked for, the most particular first: the digits of an address are no number.
        for spotted in language.spot(heard, asked):
            if all(spotted.end <= f.start or spotted.start >= f.end for f in found):
                found.append(spotted)
        found.sort(key=lambda f: f.start)
        every = heard.memo["entities", asked] = tuple(Entity(f.kind, f.value, heard, f.start, f.end) for f in found)
    return tuple(e for e in every if e.kind in wanted)


def share_said(entity: Entity, heard: Heard) -> tuple[float, int, int]:
    """How much of an entity a turn says, 0-1, and where.

    Of telephones, orders and numbers it is the share of the digits, in stretches of three or more in their order; of an
    address that of its characters (English: words) heard in order, sound-alikes counted; of all else 0 or 1.

    Returns
    -------
    share : float
    start, end : int
        In ``heard.plain``; both 0 where nothing is found.
    """
    if entity.kind in _DIGITS:
        return _digits_said(entity, heard)
    if entity.kind == "address":
        return _address_said(entity, heard)
    if entity.kind == "name":
        language = entities_en if heard.language == "en" else entities_zh
        place = language.name_said(entity.value, heard)
        return (1.0, *place) if place is not None else (0.0, 0, 0)
    for other in extract(heard, (entity.kind,)):
        if _same(entity, other):
            return 1.0, other.start, other.end
    return 0.0, 0, 0


def _same(a: Entity, b: Entity) -> bool:
    """Whether two values are one; a day is the same whether its month is named or not."""
    if a.kind == "date" and ("-" in a.value) != ("-" in b.value) and not {a.value[0], b.value[0]} & set("+w"):
        return a.value.split("-")[-1] == b.value.split("-")[-1]
    return a.value == b.value


def _digits_said(entity: Entity, heard: Heard) -> tuple[float, int, int]:
    wanted = "".join(c for c in entity.value if c.isdigit())
    language = entities_en if heard.language == "en" else entities_zh
    best = (0.0, 0, 0)
    places = language.digits_of(heard.plain)
    said = "".join(digits for digits, _, _ in places)
    owner = [(start, end) for digits, start, end in places for _ in digits]
    if not wanted or not said:
        return best
    least = min(_SHORTEST_STRETCH, len(wanted))
    if len(wanted) <= _SHORTEST_STRETCH:
        # A short number is said as a whole number or not at all: 15 is not in 2150.
        whole = next(((1.0, s, e) for d, s, e in places if d == wanted), None)
        return whole or best
    blocks = [b for b in SequenceMatcher(None, wanted, said, autojunk=False).get_matching_blocks() if b.size >= least]
    if not blocks:
        return best
    first, last = owner[blocks[0].b], owner[blocks[-1].b + blocks[-1].size - 1]
    return min(1.0, sum(b.size for b in blocks) / len(wanted)), first[0], last[1]


def _address_said(entity: Entity, heard: Heard) -> tuple[float, int, int]:
    wanted, said, places = _units(entity.value, heard.language), *_placed_units(heard)
    blocks = [b for b in SequenceMatcher(None, wanted, said, autojunk=False).get_matching_blocks() if b.size]
    # Single characters of an address turn up in any talk.
    least = 1 if heard.language == "en" else 2
    blocks = [b for b in blocks if b.size >= min(least, len(wanted))]
    if not wanted or not blocks:
        return 0.0, 0, 0
    first, last = places[blocks[0].b], places[blocks[-1].b + blocks[-1].size - 1]
    return sum(b.size for b in blocks) / len(wanted), first[0], last[1]


def _units(text: str, language: str) -> Sequence[str]:
    return text.split() if language == "en" else list(sounds_of(text))


def _placed_units(heard: Heard) -> tuple[Sequence[str], Sequence[tuple[int, int]]]:
    """Words, or sound classes, and where each stands."""
    if heard.language != "en":
        return list(heard.sound), [(i, i + 1) for i in range(len(heard.plain))]
    words, places, at = heard.plain.split(" "), [], 0
    for word in words:
        places.append((at, at + len(word)))
        at += len(word) + 1
    return words, places

"""Which of all the phrases of a scorecard can be in a call at all, and where, found out for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import add, itemgetter
from threading import Lock
from typing import Any, TypeVar

from audit.evaluation.heard import LOOKED_UP_BY, Among, Heard, beginning
from audit.evaluation.match import Hit, Matching, MatchMode, find, find_spotted
from audit.evaluation.spelling import Lookup, Spot, Way, lookup
from audit.evaluation.wordings import Phrase, Phrases

T = TypeVar("T")
V = TypeVar("V")
#: The turns to be searched, by the text that they are part of and their numbers in it.
Numbered = Sequence[tuple[Among, Mapping[int, Heard]]]
#: Where the search keys of a phrase are, text by text, with the turns of it to be searched.
Spotted = Sequence[tuple[Sequence[Spot], Mapping[int, Heard]]]
#: A phrase's number, and where its keys are; None where only a search can tell.
Wanted = Sequence[tuple[int, Spotted | None]]
#: What of a list of phrases, by their numbers, is in a text.
_Present = Mapping[int, Sequence[Spot]]
_NOTHING: _Present = {}
#: Who asks for a key: the number of a list of phrases, that of a phrase in it, and the ways to say it.
_Owner = tuple[int, int, tuple[Way, ...]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A list of phrases in the index; `always` are those that only a search can tell."""

    number: int
    always: tuple[int, ...]


class _Keys:
    """Search keys, each with those who ask for it.

    Attributes
    ----------
    by_start : dict
        By their beginnings, then by their lengths.
    short : dict
        Those too short to be looked up by their beginnings.
    """

    __slots__ = ("by_start", "short")

    def __init__(self) -> None:
        self.by_start: dict[str, dict[int, dict[str, list[_Owner]]]] = {}
        self.short: dict[str, list[_Owner]] = {}

    def add(self, key: str, is_chinese: bool, owner: _Owner) -> None:
        """Take up a key."""
        start = beginning(key, is_chinese)
        keys = self.by_start.setdefault(start, {}).setdefault(len(key), {}) if start else self.short
        keys.setdefault(key, []).append(owner)

    def find(self, text: str, among: Among, present: dict[int, dict[int, list[Spot]]]) -> None:
        """Add what is in a text, the words or the sounds of `among`, to what is present."""
        n = LOOKED_UP_BY[among.is_chinese]
        found: dict[str, tuple[list[_Owner], dict[int, list[int]]]] = {}
        by_start, places = self.by_start, range(len(text) - n + 1)
        stretches = list(map(add, text, text[1:])) if n == 2 else [text[at : at + n] for at in places]
        for at in compress(places, map(by_start.__contains__, stretches)):
            for length, keys in by_start[stretches[at]].items():
                key = text[at : at + length]
                if key in found:
                    among.add_place(found[key][1], at)
                elif key in keys:
                    found[key] = keys[key], among.add_place({}, at)
        for key, owners in self.short.items():
            if key in text:
                found[key] = owners, _places(key, text, among)
        for owners, where in found.values():
            for plan, phrase, ways in owners:
                phrases = present.get(plan)
                if phrases is None:
                    present[plan] = {phrase: [(ways, where)]}
                elif phrase in phrases:
                    phrases[phrase].append((ways, where))
                else:
                    phrases[phrase] = [(ways, where)]


class PhraseIndex:
    """The search keys of all phrases that a scorecard has asked for so far.

    A text is searched for all of them once; each rule then only asks which of its own were found. It grows by what rules
    ask for, never by what calls hold.
    """

    def __init__(self) -> None:
        self._words, self._sounds = _Keys(), _Keys()
        self._of_checks: dict[tuple[int, MatchMode], tuple[tuple[Phrase, ...], _Plan]] = {}
        self._of_texts: dict[tuple[tuple[str, ...], MatchMode], _Plan] = {}
        self._kept: dict[int, tuple[object, Any]] = {}
        self._n_plans = 0
        self._lock = Lock()  # calls may be judged in several threads

    def plan_of_check(self, check: Phrases, language: str, gap_chars: int) -> _Plan:
        """By the identity of the check's phrases, since their hash takes longer than what is kept by it; so they are kept, too.

        A check that is made anew for each of many places has the same phrases.
        """
        key = id(check.phrases), check.match
        known = self._of_checks.get(key)
        if known is None:
            items = tuple((p.text, p.match or check.match) for p in check.phrases)
            known = self._of_checks[key] = check.phrases, self._plan(items, language, gap_chars)
        return known[1]

    def plan_of_texts(self, phrases: tuple[str, ...], mode: MatchMode, language: str, gap_chars: int) -> _Plan:
        """The same of phrases that are all sought alike."""
        known = self._of_texts.get((phrases, mode))
        if known is None:
            known = self._of_texts[phrases, mode] = self._plan(tuple((p, mode) for p in phrases), language, gap_chars)
        return known

    def kept(self, part: T, work_out: Callable[[T], V]) -> V:
        """What is the same of a part of the scorecard in every call, worked out once and kept with it, by its identity."""
        known = self._kept.get(id(part))
        if known is None:
            known = self._kept[id(part)] = part, work_out(part)
        found: V = known[1]
        return found

    def present(self, among: Among, plan: _Plan) -> _Present:
        """What of a list is in a text, which is searched once, and again after the index has grown."""
        known = among.present
        if known is None or known[0] is not self or known[1] != self._n_plans:
            found: dict[int, dict[int, list[Spot]]] = {}
            with self._lock:
                self._words.find(among.words, among, found)
                if self._sounds.by_start or self._sounds.short:
                    self._sounds.find(among.sounds, among, found)
                known = among.present = (self, self._n_plans, found)
        return known[2].get(plan.number, _NOTHING)

    def _plan(self, items: tuple[tuple[str, MatchMode], ...], language: str, gap_chars: int) -> _Plan:
        """Take up what phrases begin with."""
        with self._lock:
            return self._taken_up(items, language, gap_chars)

    def _taken_up(self, items: tuple[tuple[str, MatchMode], ...], language: str, gap_chars: int) -> _Plan:
        number, always = self._n_plans, []
        for i, (text, mode) in enumerate(items):
            by_sound = mode == "pinyin" and language == "zh"
            if "{" in text or mode == "fuzzy":
                always.append(i)
                continue
            keys = self._sounds if by_sound else self._words
            for key, ways in lookup(text, language, mode, gap_chars, by_sound).items():
                keys.add(key, language == "zh", (number, i, ways))
        self._n_plans += 1
        return _Plan(number, tuple(always))


class Same:
    """A scorecard's part as a key by its identity."""

    __slots__ = ("owner",)

    def __init__(self, owner: object) -> None:
        self.owner = owner

    def __hash__(self) -> int:
        return id(self.owner)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.owner is self.owner


@lru_cache(maxsize=8)
def _index(_: Same) -> PhraseIndex:
    return PhraseIndex()


def index_of(scorecard: object) -> PhraseIndex:
    """The index of one of the scorecards in use."""
    return _index(Same(scorecard))


def phrases_worth_seeking(check: Phrases, turns: Turns, index: PhraseIndex, language: str, gap_chars: int) -> Wanted:
    """Numbers of a check's phrases that may be said in some turns, in order; the others are not.

    Parameters
    ----------
    check : Phrases
    turns : Turns
    index : PhraseIndex
        Of the scorecard.
    language : {"zh", "en"}
    gap_chars : int
        Longest ``…``.
    """
    return _wanted(index, index.plan_of_check(check, language, gap_chars), turns)


def texts_worth_seeking(
    phrases: tuple[str, ...], turns: Turns, index: PhraseIndex, mode: MatchMode, language: str, gap_chars: int
) -> Wanted:
    """The same of phrases that are all sought alike."""
    return _wanted(index, index.plan_of_texts(phrases, mode, language, gap_chars), turns)


def _wanted(index: PhraseIndex, plan: _Plan, turns: Turns) -> Wanted:
    found: dict[int, Spotted | None] = {}
    for among, numbered in turns.by_text:
        for i, spots in index.present(among, plan).items():
            known = found.get(i)
            found[i] = [(spots, numbered)] if known is None else [*known, (spots, numbered)]
    for i in plan.always:
        found[i] = None
    return sorted(found.items(), key=_NUMBER) if len(found) > 1 else list(found.items())


_NUMBER = itemgetter(0)


class Turns:
    """Turns to be searched.

    Attributes
    ----------
    all : tuple of Heard
        In the order in which hits are given.
    by_text : sequence
        The same, by the texts that they are part of and by their numbers.

    Raises
    ------
    ValueError
        If a turn was not made ready together with others.
    """

    __slots__ = ("all", "by_text")

    def __init__(self, turns: tuple[Heard, ...]) -> None:
        self.all = turns
        by_text: dict[Among, dict[int, Heard]] = {}
        for heard in turns:
            if heard.among is None:
                raise ValueError("a turn that is part of no text")
            by_text.setdefault(heard.among, {})[heard.number] = heard
        self.by_text: Numbered = tuple(by_text.items())


def find_wanted(
    phrase: str, spotted: Spotted | None, turns: Turns, *, language: str, mode: MatchMode, matching: Matching
) -> Sequence[Hit]:
    """Every place in some turns where a phrase is said, in order of the turns.

    Parameters
    ----------
    phrase : str
        With its variables filled in.
    spotted : sequence or None
        Where its search keys are in these turns, if that is known.
    turns : Turns
    language, mode, matching
        As those of :func:`audit.evaluation.match.find`.
    """
    if mode == "fuzzy":
        return find(phrase, turns.all, language=language, mode=mode, matching=matching)
    if spotted is None:
        sought = lookup(phrase, language, mode, matching.gap_chars, mode == "pinyin" and language == "zh")
        spotted = [(_spots(sought, among, mode), numbered) for among, numbered in turns.by_text]
    if len(spotted) == 1:
        return find_spotted(*spotted[0], mode, matching)
    hits = [h for spots, numbered in spotted for h in find_spotted(spots, numbered, mode, matching)]
    if len(hits) > 1:
        order = {id(heard): i for i, heard in enumerate(turns.all)}
        hits.sort(key=lambda h: order[id(h.heard)])
    return hits


def _spots(sought: Lookup, among: Among, mode: MatchMode) -> list[Spot]:
    """The search keys of one phrase that are in a text."""
    text = among.sounds if mode == "pinyin" else among.words
    return [(ways, _places(key, text, among)) for key, ways in sought.items() if key in text]


def _places(key: str, text: str, among: Among) -> dict[int, list[int]]:
    """Everywhere that a key is in a text."""
    places: dict[int, list[int]] = {}
    at = text.find(key)
    while at >= 0:
        among.add_place(places, at)
        at = text.find(key, at + 1)
    return places

"""Which of all the phrases of a scorecard can be in a call at all, found out for all of them at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from operator import add
from threading import Lock

from audit.evaluation.heard import LOOKED_UP_BY, Among, Heard, beginning
from audit.evaluation.match import MatchMode
from audit.evaluation.spelling import lookup
from audit.evaluation.wordings import Phrases

#: The turns, by their numbers, that hold a search key.
Found = Mapping[str, set[int]]
#: A phrase's number, and the search keys of it that are there; None where they are not known.
Wanted = Sequence[tuple[int, Found | None]]
#: A list of phrases by its number, then a phrase in it, then the keys found.
_Present = dict[int, dict[int, dict[str, set[int]]]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A list of phrases in the index; `always` are those that only a search can tell."""

    number: int
    always: tuple[int, ...]


@dataclass(slots=True)
class _Keys:
    """Search keys by their beginnings, then by their lengths, each with the lists and the phrases in them that hold it."""

    by_start: dict[str, dict[int, dict[str, list[tuple[int, int]]]]] = field(default_factory=dict)

    def add(self, start: str, key: str, plan: int, phrase: int) -> None:
        self.by_start.setdefault(start, {}).setdefault(len(key), {}).setdefault(key, []).append((plan, phrase))

    def find(self, text: str, among: Among, present: _Present) -> None:
        """Add what is in a text, the words or the sounds of `among`, to what is present."""
        n = LOOKED_UP_BY[among.is_chinese]
        found: dict[str, set[int]] = {}
        starts, owners = among.starts, among.owners
        by_start, places = self.by_start, range(len(text) - n + 1)
        stretches = list(map(add, text, text[1:])) if n == 2 else [text[at : at + n] for at in places]
        for at in compress(places, map(by_start.__contains__, stretches)):
            for length, keys in by_start[stretches[at]].items():
                key = text[at : at + length]
                if key in keys:
                    turn = owners[bisect_right(starts, at) - 1]
                    if key in found:
                        found[key].add(turn)
                        continue
                    turns = found[key] = {turn}
                    for plan, phrase in keys[key]:
                        if plan not in present:
                            present[plan] = {phrase: {key: turns}}
                        elif phrase not in present[plan]:
                            present[plan][phrase] = {key: turns}
                        else:
                            present[plan][phrase][key] = turns


class PhraseIndex:
    """The search keys of all phrases that a scorecard has asked for so far.

    A text is searched for all of them once; each rule then only asks which of its own were found. It grows by what rules
    ask for, never by what calls hold.
    """

    def __init__(self) -> None:
        self._words, self._sounds = _Keys(), _Keys()
        self._of_checks: dict[int, tuple[Phrases, _Plan]] = {}
        self._of_texts: dict[tuple[tuple[str, ...], MatchMode], _Plan] = {}
        self._n_plans = 0
        self._lock = Lock()  # calls may be judged in several threads

    def plan_of_check(self, check: Phrases, language: str, gap_chars: int) -> _Plan:
        """By the check's identity, since its hash takes longer than what is kept by it; so the check is kept, too."""
        known = self._of_checks.get(id(check))
        if known is None:
            items = tuple((p.text, p.match or check.match) for p in check.phrases)
            known = self._of_checks[id(check)] = check, self._plan(items, language, gap_chars)
        return known[1]

    def plan_of_texts(self, phrases: tuple[str, ...], mode: MatchMode, language: str, gap_chars: int) -> _Plan:
        """The same of phrases that are all sought alike."""
        known = self._of_texts.get((phrases, mode))
        if known is None:
            known = self._of_texts[phrases, mode] = self._plan(tuple((p, mode) for p in phrases), language, gap_chars)
        return known

    def present(self, among: Among) -> _Present:
        """All that is in a text, worked out once, and again after the index has grown."""
        known: tuple[PhraseIndex, int, _Present] | None = among.memo.get("present")
        if known is None or known[0] is not self or known[1] != self._n_plans:
            found: _Present = {}
            with self._lock:
                self._words.find(among.words, among, found)
                if self._sounds.by_start:
                    self._sounds.find(among.sounds, among, found)
                known = among.memo["present"] = (self, self._n_plans, found)
        return known[2]

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
            sought = lookup(text, language, mode, gap_chars, by_sound)
            if sought.short:
                always.append(i)
            for key in sought.by_key:
                if start := beginning(key, language == "zh"):
                    (self._sounds if by_sound else self._words).add(start, key, number, i)
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


def phrases_worth_seeking(
    check: Phrases, turns: Sequence[Heard], index: PhraseIndex | None, language: str, gap_chars: int
) -> Wanted:
    """Numbers of a check's phrases that may be said in some turns, in order; the others are not.

    Parameters
    ----------
    check : Phrases
    turns : sequence of Heard
    index : PhraseIndex or None
        Of the scorecard; without one, all phrases are worth seeking.
    language : {"zh", "en"}
    gap_chars : int
        Longest ``…``.
    """
    amongs = _texts(turns)
    if amongs is None or index is None:
        return [(i, None) for i in range(len(check.phrases))]
    return _wanted(index, index.plan_of_check(check, language, gap_chars), amongs)


def texts_worth_seeking(
    phrases: tuple[str, ...],
    turns: Sequence[Heard],
    index: PhraseIndex | None,
    mode: MatchMode,
    language: str,
    gap_chars: int,
) -> Wanted:
    """The same of phrases that are all sought alike."""
    amongs = _texts(turns)
    if amongs is None or index is None:
        return [(i, None) for i in range(len(phrases))]
    return _wanted(index, index.plan_of_texts(phrases, mode, language, gap_chars), amongs)


def _wanted(index: PhraseIndex, plan: _Plan, amongs: list[Among]) -> Wanted:
    if len(amongs) == 1:
        present = index.present(amongs[0]).get(plan.number)
        if not present:
            return [(i, None) for i in plan.always]
        found: dict[int, Found | None] = {**present}
    else:
        found = {i: None for a in amongs for i in index.present(a).get(plan.number, ())}
    for i in plan.always:
        found[i] = None
    return sorted(found.items()) if len(found) > 1 else list(found.items())


def _texts(turns: Sequence[Heard]) -> list[Among] | None:
    """The texts that some turns are part of; None where one is part of none."""
    amongs = {h.among for h in turns}
    return None if None in amongs else [a for a in amongs if a is not None]

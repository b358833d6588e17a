"""Which of all the phrases of a scorecard can be in a call at all, and where, found out for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from threading import Lock
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from audit.evaluation.heard import LOOKED_UP_BY, Among, Heard, beginning
from audit.evaluation.match import Hit, Matching, MatchMode, find, find_spotted
from audit.evaluation.spelling import Spot, Way, lookup
from audit.evaluation.wordings import Phrase, Phrases

T = TypeVar("T")
V = TypeVar("V")
#: The turns of a call to be searched, by their numbers, in order.
Turns = Mapping[int, Heard]
#: A phrase's number, and where its keys are in the call; None where only a search can tell.
Wanted = Sequence[tuple[int, Sequence[Spot] | None]]
#: What of each list of phrases is in a text: the number of a phrase and where one of its keys is.
Present = dict[int, list[tuple[int, Spot]]]
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
    owners : dict
        Of each key.
    lengths : dict
        Of the keys, by how they begin.
    short : list of str
        Those too short to be looked up by their beginnings.
    marks : array, shape (MARKS,), bool
        True at the mark of each beginning; by it most places of a text are passed over at once.
    """

    __slots__ = ("lengths", "marks", "owners", "short")

    def __init__(self) -> None:
        self.marks: NDArray[np.bool_] = np.zeros(MARKS, np.bool_)
        self.owners: dict[str, list[_Owner]] = {}
        self.lengths: dict[str, tuple[int, ...]] = {}
        self.short: list[str] = []

    def add(self, key: str, is_chinese: bool, owner: _Owner) -> None:
        """Take up a key."""
        if key not in self.owners:
            start = beginning(key, is_chinese)
            if not start:
                self.short.append(key)
            elif len(key) not in self.lengths.get(start, ()):
                self.marks[_marks_of(start, len(start))] = True
                self.lengths[start] = (*self.lengths.get(start, ()), len(key))
        self.owners.setdefault(key, []).append(owner)

    def find(self, text: str, among: Among, present: Present) -> None:
        """Add what is in a text, the words or the sounds of `among`, to what is present."""
        n = LOOKED_UP_BY[among.is_chinese]
        owners, lengths, add_place = self.owners, self.lengths, among.add_place
        found: dict[str, dict[int, list[int]]] = {}
        places: list[int] = np.flatnonzero(self.marks[_marks_of(text, n)]).tolist()
        for at in places:
            for length in lengths.get(text[at : at + n], ()):
                key = text[at : at + length]
                if key in found:
                    add_place(found[key], at)
                elif key in owners:
                    found[key] = add_place({}, at)
        for key in self.short:
            if key in text:
                found[key] = _places(key, text, among)
        for key, where in found.items():
            for plan, phrase, ways in owners[key]:
                if plan in present:
                    present[plan].append((phrase, (ways, where)))
                else:
                    present[plan] = [(phrase, (ways, where))]


#: So many marks tell beginnings apart: some thousands of beginnings leave a few places of a text in a hundred to be looked at.
MARKS = 1 << 17


def _marks_of(text: str, n: int) -> NDArray[np.uint32]:
    """A mark, below `MARKS`, of each stretch of `n` characters; equal stretches have equal ones."""
    if len(text) < n:
        return np.zeros(0, np.uint32)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    found = codes[: len(codes) - n + 1]
    for i in range(1, n):
        found = found * np.uint32(769) + codes[i : i + len(found)]
    return found & np.uint32(MARKS - 1)


class PhraseIndex:
    """The search keys of all phrases that a scorecard has asked for so far.

    A call is searched for all of them once; each rule then only asks which of its own were found. It grows by what rules
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

    def present(self, among: Among, plan: _Plan) -> Sequence[tuple[int, Spot]]:
        """What of a list is in a text, which is searched once, and again after the index has grown."""
        known = among.present
        if known is None or known[0] is not self or known[1] != self._n_plans:
            found: Present = {}
            with self._lock:
                self._words.find(among.words, among, found)
                if self._sounds.owners:
                    self._sounds.find(among.sounds, among, found)
                known = among.present = (self, self._n_plans, found)
        return known[2].get(plan.number, ())

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
    """Numbers of a check's phrases that may be said in a call, in order; the others are not.

    Parameters
    ----------
    check : Phrases
    turns : mapping of int to Heard
        Made ready together with all others of the call.
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
    present: Sequence[tuple[int, Spot]] = ()
    for heard in turns.values():  # the text that they are part of is the same for all
        if heard.among is not None:
            present = index.present(heard.among, plan)
        break
    if not plan.always:
        if not present:
            return ()
        if len(present) == 1:
            return [(present[0][0], [present[0][1]])]
    found: dict[int, list[Spot] | None] = {}
    for i, spot in present:
        spots = found.get(i)
        if spots is None:
            found[i] = [spot]
        else:
            spots.append(spot)
    found.update(dict.fromkeys(plan.always))
    return sorted(found.items(), key=_NUMBER) if len(found) > 1 else list(found.items())


_NUMBER = itemgetter(0)


def _text_of(turns: Turns) -> Among | None:
    """The text that turns are part of, which is the same for all of a call; None without a turn."""
    for heard in turns.values():
        return heard.among
    return None


def find_wanted(
    phrase: str, spots: Sequence[Spot] | None, turns: Turns, *, language: str, mode: MatchMode, matching: Matching
) -> Sequence[Hit]:
    """Every place in some turns where a phrase is said, in order of the turns.

    Parameters
    ----------
    phrase : str
        With its variables filled in.
    spots : sequence or None
        Where its search keys are in the call, if that is known.
    turns : mapping of int to Heard
    language, mode, matching
        As those of :func:`audit.evaluation.match.find`.
    """
    if mode == "fuzzy":
        return find(phrase, turns.values(), language=language, mode=mode, matching=matching)
    if spots is None:
        among = _text_of(turns)
        if among is None:
            return ()
        sought = lookup(phrase, language, mode, matching.gap_chars, mode == "pinyin" and language == "zh")
        text = among.sounds if mode == "pinyin" else among.words
        spots = [(ways, _places(key, text, among)) for key, ways in sought.items() if key in text]
    return find_spotted(spots, turns, mode, matching)


def _places(key: str, text: str, among: Among) -> dict[int, list[int]]:
    """Everywhere that a key is in a text."""
    places: dict[int, list[int]] = {}
    at = text.find(key)
    while at >= 0:
        among.add_place(places, at)
        at = text.find(key, at + 1)
    return places

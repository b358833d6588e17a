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
#: What of each list of phrases is in a text: where the keys of each phrase are, by its number.
Present = dict[int, dict[int, list[Spot]]]
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
        Of the long keys, by how they begin.
    short : list of str
        Those too short to be looked up by their beginnings.
    marks : array, shape (3 * MARKS,), bool
        True at the marks of keys no longer than a beginning, of those with one character more, and of how all others
        begin. By it most places of a text are passed over at once: a look into a hundred thousand keys takes far longer.
    """

    __slots__ = ("lengths", "marks", "owners", "short")

    def __init__(self) -> None:
        self.marks: NDArray[np.bool_] = np.zeros(3 * MARKS, np.bool_)
        self.owners: dict[str, list[_Owner]] = {}
        self.lengths: dict[str, tuple[int, ...]] = {}
        self.short: list[str] = []

    def add(self, key: str, is_chinese: bool, owner: _Owner) -> None:
        """Take up a key."""
        if key in self.owners:
            self.owners[key].append(owner)
            return
        self.owners[key] = [owner]
        start = beginning(key, is_chinese)
        if not start:
            self.short.append(key)
            return
        row = min(len(key) - len(start), 2)
        start = key[: len(start) + row]
        if row == 2:
            known = self.lengths.get(start, ())
            if len(key) in known:
                return
            self.lengths[start] = (*known, len(key))
        self.marks[_mark_of(start) + row * MARKS] = True

    def find(self, text: str, among: Among, present: Present) -> None:
        """Add what is in a text, the words or the sounds of `among`, to what is present."""
        n, length = LOOKED_UP_BY[among.is_chinese], len(text)
        owners, lengths, add_place = self.owners, self.lengths, among.add_place
        found: dict[str, dict[int, list[int]]] = {}
        places: list[int] = self.marks[_marks_of(text, n)].nonzero()[0].tolist()
        for place in places:
            row, at = divmod(place, length)
            end = at + n + row
            if row == 2:
                for n_key in lengths.get(text[at:end], ()):
                    key = text[at : at + n_key]
                    if key in found:
                        add_place(found[key], at)
                    elif key in owners:
                        found[key] = add_place({}, at)
                continue
            key = text[at:end]
            if key in found:
                add_place(found[key], at)
            elif key in owners:
                found[key] = add_place({}, at)
        for key in self.short:
            if key in text:
                found[key] = _places(key, text, among)
        for key, where in found.items():
            for plan, phrase, ways in owners[key]:
                mine = present.get(plan)
                if mine is None:
                    present[plan] = {phrase: [(ways, where)]}
                elif phrase in mine:
                    mine[phrase].append((ways, where))
                else:
                    mine[phrase] = [(ways, where)]


#: So many marks tell beginnings apart: some ten thousands of them leave a few places of a hundred to be looked at in vain.
MARKS = 1 << 18
_FACTOR = 769


def _mark_of(start: str) -> int:
    """The mark of a stretch of characters, below `MARKS`; :func:`_marks_of` gives equal stretches equal ones."""
    found = 0
    for character in start:
        found = found * _FACTOR + ord(character)
    return found & (MARKS - 1)


def _marks_of(text: str, n: int) -> NDArray[np.uint32]:
    """The marks of each stretch of `n`, `n` + 1 and `n` + 2 characters, one after the other; a text goes on with nulls."""
    length = len(text)
    codes = np.frombuffer(f"{text}{_NULLS}".encode("utf-32-le", "surrogatepass"), np.uint32)
    found = np.empty((3, length), np.uint32)
    mark = codes[:length]
    for i in range(1, n):
        mark = mark * _STEP + codes[i : i + length]
    found[0] = mark
    for row in (1, 2):
        mark = mark * _STEP + codes[n + row - 1 : n + row - 1 + length]
        found[row] = mark
    found &= _MASK
    found[1] += _ROW
    found[2] += _ROW + _ROW
    return found.ravel()


_NULLS = "\0" * 8
_STEP, _MASK, _ROW = np.uint32(_FACTOR), np.uint32(MARKS - 1), np.uint32(MARKS)


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

    def present(self, among: Among, plan: _Plan) -> Mapping[int, Sequence[Spot]]:
        """What of a list is in a text, which is searched once, and again after the index has grown."""
        known = among.present
        if known is None or known[0] is not self or known[1] != self._n_plans:
            found: Present = {}
            with self._lock:
                self._words.find(among.words, among, found)
                if self._sounds.owners:
                    self._sounds.find(among.sounds, among, found)
                known = among.present = (self, self._n_plans, found)
        return known[2].get(plan.number, _NONE)

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
    present: Mapping[int, Sequence[Spot]] = _NONE
    for heard in turns.values():  # the text that they are part of is the same for all
        if heard.among is not None:
            present = index.present(heard.among, plan)
        break
    if not plan.always:
        return sorted(present.items(), key=_NUMBER) if len(present) > 1 else tuple(present.items())
    found: dict[int, Sequence[Spot] | None] = {**present, **dict.fromkeys(plan.always)}
    return sorted(found.items(), key=_NUMBER)


_NONE: Mapping[int, Sequence[Spot]] = {}
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

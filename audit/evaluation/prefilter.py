"""Which of many phrases can be in a call at all, found out for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from audit.evaluation.heard import Among, Heard
from audit.evaluation.match import MatchMode
from audit.evaluation.spelling import lookup
from audit.evaluation.wordings import Phrases


@dataclass(frozen=True, slots=True)
class _Starts:
    """Beginnings of search keys; each with the keys that begin so and the numbers of their phrases."""

    starts: frozenset[str]
    keys: dict[str, tuple[tuple[str, int], ...]]

    def found(self, text: str, stretches: frozenset[str]) -> list[int]:
        """The phrases one of whose keys is in a text; one may come twice."""
        return [i for start in self.starts & stretches for key, i in self.keys[start] if key in text]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Phrases by how they are sought; `always` are those that only a search can tell."""

    by_words: _Starts
    by_sounds: _Starts
    always: tuple[int, ...]

    def found(self, amongs: Iterable[Among]) -> list[int]:
        """The phrases that may be said in some texts, in order."""
        numbers = set(self.always)
        for among in amongs:
            if self.by_words.starts:
                numbers.update(self.by_words.found(among.words, among.word_starts))
            if self.by_sounds.starts:
                numbers.update(self.by_sounds.found(among.sounds, among.sound_starts))
        return sorted(numbers)


class _Same:
    """A check as a key by its identity: its hash takes longer than what is kept by it."""

    __slots__ = ("check",)

    def __init__(self, check: Phrases) -> None:
        self.check = check

    def __hash__(self) -> int:
        return id(self.check)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.check is self.check


def phrases_worth_seeking(check: Phrases, turns: Sequence[Heard], language: str, gap_chars: int) -> Sequence[int]:
    """Numbers of a check's phrases that may be said in some turns, in order; the others are not.

    Parameters
    ----------
    check : Phrases
    turns : sequence of Heard
    language : {"zh", "en"}
    gap_chars : int
        Longest ``…``.
    """
    amongs = _texts(turns)
    return range(len(check.phrases)) if amongs is None else _plan_of_check(_Same(check), language, gap_chars).found(amongs)


def texts_worth_seeking(
    phrases: tuple[str, ...], turns: Sequence[Heard], mode: MatchMode, language: str, gap_chars: int
) -> Sequence[int]:
    """The same of phrases that are all sought alike."""
    amongs = _texts(turns)
    return range(len(phrases)) if amongs is None else _plan_of_texts(phrases, mode, language, gap_chars).found(amongs)


def _texts(turns: Sequence[Heard]) -> list[Among] | None:
    """The texts that some turns are part of; None where one is part of none."""
    amongs: list[Among] = []
    for heard in turns:
        if heard.among is None:
            return None
        if not amongs or heard.among is not amongs[-1]:
            amongs.append(heard.among)
    return amongs


@lru_cache(maxsize=10_000)
def _plan_of_check(same: _Same, language: str, gap_chars: int) -> _Plan:
    items = tuple((p.text, p.match or same.check.match) for p in same.check.phrases)
    return _plan(items, language, gap_chars)


@lru_cache(maxsize=10_000)
def _plan_of_texts(phrases: tuple[str, ...], mode: MatchMode, language: str, gap_chars: int) -> _Plan:
    return _plan(tuple((p, mode) for p in phrases), language, gap_chars)


def _plan(items: tuple[tuple[str, MatchMode], ...], language: str, gap_chars: int) -> _Plan:
    """Work out what phrases begin with."""
    words: dict[str, list[tuple[str, int]]] = {}
    sounds: dict[str, list[tuple[str, int]]] = {}
    always: list[int] = []
    for i, (text, mode) in enumerate(items):
        by_sound = mode == "pinyin" and language == "zh"
        if "{" in text or mode == "fuzzy":
            always.append(i)
            continue
        sought = lookup(text, language, mode, gap_chars, by_sound)
        if sought.short:
            always.append(i)
        for start, keyed in sought.by_start.items():
            (sounds if by_sound else words).setdefault(start, []).extend((key, i) for key, _ in keyed)
    return _Plan(_starts(words), _starts(sounds), tuple(always))


def _starts(found: dict[str, list[tuple[str, int]]]) -> _Starts:
    return _Starts(frozenset(found), {k: tuple(v) for k, v in found.items()})

"""Which of a rule's phrases can be in a call at all, found out for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from audit.evaluation.heard import Among, Heard
from audit.evaluation.spelling import lookup
from audit.evaluation.wordings import Phrases


@dataclass(frozen=True, slots=True)
class _Starts:
    """Beginnings of search keys, and the phrases that may be there where one of them is in the text."""

    starts: frozenset[str]
    phrases: dict[str, tuple[int, ...]]

    def found(self, stretches: frozenset[str]) -> list[int]:
        """The phrases by their number; one may come twice."""
        return [i for start in self.starts & stretches for i in self.phrases[start]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A check's phrases by how they are sought; `always` are those that only a search can tell."""

    by_words: _Starts
    by_sounds: _Starts
    always: frozenset[int]


class _Same:
    """A check as a key by its identity: its hash takes longer than what is kept by it."""

    __slots__ = ("check",)

    def __init__(self, check: Phrases) -> None:
        self.check = check

    def __hash__(self) -> int:
        return id(self.check)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.check is self.check


def worth_seeking(check: Phrases, turns: Sequence[Heard], language: str, gap_chars: int) -> frozenset[int] | set[int]:
    """Numbers of the phrases that may be said in some turns; the others are not.

    Parameters
    ----------
    check : Phrases
    turns : sequence of Heard
    language : {"zh", "en"}
    gap_chars : int
        Longest ``…``.
    """
    amongs: list[Among] = []
    for heard in turns:
        if heard.among is None:
            return frozenset(range(len(check.phrases)))
        if not any(heard.among is a for a in amongs):
            amongs.append(heard.among)
    plan = _plan(_Same(check), language, gap_chars)
    found = set(plan.always)
    for among in amongs:
        if plan.by_words.starts:
            found.update(plan.by_words.found(among.word_starts))
        if plan.by_sounds.starts:
            found.update(plan.by_sounds.found(among.sound_starts))
    return found


@lru_cache(maxsize=10_000)
def _plan(same: _Same, language: str, gap_chars: int) -> _Plan:
    """Work out once for each check what its phrases begin with."""
    words: dict[str, list[int]] = {}
    sounds: dict[str, list[int]] = {}
    always: set[int] = set()
    for i, phrase in enumerate(same.check.phrases):
        mode = phrase.match or same.check.match
        by_sound = mode == "pinyin" and language == "zh"
        if "{" in phrase.text or mode == "fuzzy":
            always.add(i)
            continue
        sought = lookup(phrase.text, language, mode, gap_chars, by_sound)
        if sought.short:
            always.add(i)
        for start in sought.starts:
            (sounds if by_sound else words).setdefault(start, []).append(i)
    return _Plan(_starts(words), _starts(sounds), frozenset(always))


def _starts(found: dict[str, list[int]]) -> _Starts:
    return _Starts(frozenset(found), {k: tuple(v) for k, v in found.items()})

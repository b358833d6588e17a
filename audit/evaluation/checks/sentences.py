"""The sentences and clauses of a turn, found by its punctuation, as ranges of its normalised text."""

from __future__ import annotations

import re
from bisect import bisect_left

from audit.evaluation.match import Heard

Span = tuple[int, int]

#: A point between digits, or one of an abbreviation in the middle of a sentence, ends nothing.
_SENTENCE_END = re.compile(r"[。！？!?；;…]+|\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[。！？!?；;…，,、：:]+|\.(?=\s|$)")


def sentences(heard: Heard) -> list[Span]:
    """Half-open ranges of ``heard.plain``, one for each sentence with words in it."""
    return _ranges(heard, _SENTENCE_END)


def clauses(heard: Heard) -> list[Span]:
    """The same for what lies between any two marks of punctuation."""
    return _ranges(heard, _CLAUSE_END)


def _ranges(heard: Heard, end: re.Pattern[str]) -> list[Span]:
    starts = [a for a, _ in heard.origin]
    out: list[Span] = []
    begin = 0
    for m in [*end.finditer(heard.turn.text), None]:
        until = len(starts) if m is None else bisect_left(starts, m.start())
        a, b = begin, until
        while a < b and heard.plain[a] == " ":
            a += 1
        while b > a and heard.plain[b - 1] == " ":
            b -= 1
        if a < b:
            out.append((a, b))
        begin = max(begin, until)
    return out


def sentence_around(heard: Heard, start: int, end: int) -> Span:
    """From the beginning of the sentence that holds a place to the end of the one in which the place ends."""
    found = [s for s in sentences(heard) if s[0] < end and start < s[1]]
    return (found[0][0], found[-1][1]) if found else (start, end)

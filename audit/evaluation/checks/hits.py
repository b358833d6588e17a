"""Hits of wordings and expressions in a scope, as the checks share them, and the evidence made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from time import process_time

import regex

from audit.evaluation.call import Call
from audit.evaluation.checks.scope import Searched
from audit.evaluation.match import Heard, Hit, MatchMode, cheapest
from audit.evaluation.prefilter import find_wanted, texts_worth_seeking
from audit.records import Evidence
from audit.words import Role

_INNERMOST_GROUP = re.compile(r"\(([^()]*)\)")
#: How many wordings a reason quotes.
QUOTED = 3


def evidence_of(hit: Hit, role: Role, suggestion: str | None = None) -> Evidence:
    """A hit as evidence: when, who, what was sought, what was heard and how sure that is."""
    heard, start, end, cost = hit.heard, hit.start, hit.end, hit.cost_ratio
    written = heard.written(start, end)
    known = heard.confidence_of(start, end)
    return Evidence(
        round(heard.time_of(start)[0], 2),
        round(heard.time_of(end - 1)[1], 2),
        heard.turn.role if role == "unknown" else role,
        hit.sought if cost else written,
        hit.how,
        None if hit.how == "exact" else written,
        None if known is None else round(known * (1.0 - min(1.0, cost)), 3),
        suggestion,
        (round(cost, 3) or None) if cost else None,
    )


def excused_hits(phrases: tuple[str, ...], searched: Searched, call: Call, mode: MatchMode = "normalised") -> list[Hit]:
    """Stretches in which a wording does not count."""
    return hits_of_texts(phrases, searched, call, mode) if phrases else []


def hits_of_texts(texts: tuple[str, ...], searched: Searched, call: Call, mode: MatchMode = "normalised") -> list[Hit]:
    """Every place where some wordings are said, by wording, then by time; a variable that the call lacks is nothing."""
    language, matching, turns = call.language, call.matching, searched.numbered
    hits: list[Hit] = []
    for i, spots in texts_worth_seeking(texts, turns, call.index, mode, language, matching.gap_chars):
        hits += find_wanted(call.fill(texts[i])[0], spots, turns, language=language, mode=mode, matching=matching)
    return hits


@lru_cache(maxsize=20_000)
def one_wording(phrase: str) -> str:
    """One of the wordings that a phrase with alternatives stands for: the first of each group.

    Examples
    --------
    >>> one_wording("(how|what) (can|may) (i|we) help")
    'how can i help'
    >>> one_wording("(很高兴|高兴)(能|可以|)为(您|你)服务")
    '很高兴能为您服务'
    """
    while (simpler := _INNERMOST_GROUP.sub(lambda m: m[1].split("|")[0], phrase)) != phrase:
        phrase = simpler
    return " ".join(phrase.split())


def distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Hits of several phrases on the same words given once."""
    every = list(hits)
    if len(every) < 2:
        return every
    by_turn: dict[int, list[Hit]] = {}
    for h in every:
        by_turn.setdefault(id(h.heard), []).append(h)
    return [h for group in by_turn.values() for h in cheapest(group)]


@lru_cache(maxsize=5_000)
def compiled(pattern: str) -> regex.Pattern[str]:
    """An expression, compiled once.

    Raises
    ------
    regex.error
        If it is none.
    """
    return regex.compile(pattern)


class Budget:
    """Processor time that the expressions of one rule may take on one call.

    The load of the machine does not count, only what the search itself uses.
    """

    __slots__ = ("_end_s",)

    def __init__(self, seconds: float) -> None:
        self._end_s = process_time() + seconds

    def finditer(self, pattern: str, text: str) -> Iterator[regex.Match[str]]:
        """Every non-empty place where an expression is found.

        Raises
        ------
        TimeoutError
            If the time is used up.
        """
        left = self._end_s - process_time()
        if left <= 0:
            raise TimeoutError
        return (m for m in compiled(pattern).finditer(text, timeout=left) if m.end() > m.start())


def pattern_hits(patterns: Iterable[str], turns: Iterable[Heard], budget: Budget) -> list[Hit]:
    """Every non-empty place where one of the expressions is found in the normalised text.

    Raises
    ------
    TimeoutError
        If the expressions take longer than they may.
    """
    return [
        Hit(heard, m.start(), m.end(), m[0], "normalised")
        for heard in turns
        for p in patterns
        for m in budget.finditer(p, heard.plain)
    ]


def limits(least: float | None, most: float | None) -> dict[str, str]:
    """Two limits, either of which may be missing, in words."""
    if least is not None and most is not None:
        return {"zh": f"{least:g}–{most:g}", "en": f"{least:g}–{most:g}"}
    if least is not None:
        return {"zh": f"至少 {least:g}", "en": f"at least {least:g}"}
    return {"zh": f"至多 {most:g}", "en": f"at most {most:g}"}


def n_units(heard: Heard, language: str) -> int:
    """How much was said: characters as they are spoken; words in English."""
    return heard.plain.count(" ") + 1 if language == "en" else len(heard.plain)


def n_units_between(gap: str, language: str) -> int:
    """Words between two places; in Chinese each character is one."""
    return len(gap.split()) if language == "en" else len(gap.replace(" ", ""))

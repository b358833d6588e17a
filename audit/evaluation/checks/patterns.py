"""Expressions, wordings close to each other, and how often one wording is used beside another."""

from __future__ import annotations

from collections.abc import Iterable

from audit.evaluation.call import Call, Judge, Result, say
from audit.evaluation.checks.hits import (
    QUOTED,
    Budget,
    distinct,
    evidence_of,
    excused_hits,
    hits_of_texts,
    n_units_between,
    one_wording,
    pattern_hits,
)
from audit.evaluation.checks.scope import Searched, search
from audit.evaluation.checks.sentences import sentence_around
from audit.evaluation.match import Hit, without
from audit.evaluation.wordings import Expect, Proximity, Ratio, Regex


def judge_regex(check: Regex, call: Call, judge: Judge) -> Result:
    """Whether any or none of the expressions is found."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    budget = Budget(call.matching.regex_timeout_s)
    hits = searched.keep(pattern_hits(check.patterns, searched.turns, budget))
    if hits:
        hits = without(hits, excused_hits(check.unless, searched, call))
    if check.unless_pattern and hits:
        excused = pattern_hits(check.unless_pattern, {id(h.heard): h.heard for h in hits}.values(), budget)
        hits = tuple(h for h in hits if not _same_sentence(h, excused))
    return _said(hits, "unsaid" if check.quantifier == "none" else "said", searched, call, "")


def _same_sentence(hit: Hit, excused: Iterable[Hit]) -> bool:
    """Whether one of some places lies in the sentence of a hit."""
    start, end = sentence_around(hit.heard, hit.start, hit.end)
    return any(e.heard is hit.heard and e.start < end and start < e.end for e in excused)


def _said(hits: Iterable[Hit], expect: Expect, searched: Searched, call: Call, wanted: str) -> Result:
    """The verdict on hits that are expected or must not be."""
    proof = tuple(evidence_of(h, searched.role) for h in sorted(distinct(hits), key=lambda h: h.start_s))
    quoted = "、".join(f"“{e.heard or e.text}”" for e in proof[:QUOTED])
    if expect == "unsaid":
        if proof:
            return Result("fail", say(f"说了{quoted}", f"said {quoted}"), proof)
        return Result("pass", say("没有这类用语", "no such wording"))
    if proof:
        return Result("pass", say(f"说了{quoted}", f"said {quoted}"), proof)
    reason = say("没有听到所要的话", "the wording asked for was not heard")
    if wanted:
        reason = say(f"没有听到：{wanted}", f"not heard: {wanted}")
    return Result("fail", reason, (searched.evidence(call, wanted),))


def judge_proximity(check: Proximity, call: Call, judge: Judge) -> Result:
    """Whether one wording is said near another in the same turn, away from it, or not as part of it."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    filled: list[list[str]] = []
    for phrases in (check.first, check.second):
        both = [call.fill(p) for p in phrases]
        lacking = next((missing for _, missing in both if missing), None)
        if lacking is not None:
            return Result("not_evaluable", say(f"通话资料中没有 {lacking}", f"the call's data has no {lacking}"))
        filled.append([text for text, _ in both])
    first, second = (hits_of_texts(phrases, searched, call, check.match) for phrases in (check.first, check.second))
    by_turn: dict[int, list[Hit]] = {}
    for h in second:
        by_turn.setdefault(id(h.heard), []).append(h)
    hits: list[Hit] = []
    for a in first:
        others = by_turn.get(id(a.heard), [])
        if check.relation == "not_in":
            if not any(b.start <= a.start and a.end <= b.end for b in others):
                hits.append(a)
            continue
        near = [b for b in others if _close(check, a, b, call.language)]
        if check.relation == "not_near":
            if not near:
                hits.append(a)
        elif near:
            hits.append(_together(a, min(near, key=lambda b: _between(a, b))))
    signs = {"near": "≈", "not_near": "≉", "not_in": "∉"}
    wanted = f" {signs[check.relation]} ".join("/".join(one_wording(p) for p in ps[:QUOTED]) for ps in filled)
    return _said(searched.keep(hits), check.expect, searched, call, wanted)


def _between(a: Hit, b: Hit) -> int:
    """Characters between two places; negative where they overlap."""
    return max(a.start, b.start) - min(a.end, b.end)


def _close(check: Proximity, a: Hit, b: Hit, language: str) -> bool:
    if _between(a, b) < 0 or (check.ordered and b.start < a.start):
        return False
    gap = a.heard.plain[min(a.end, b.end) : max(a.start, b.start)]
    if check.within_chars is not None:
        return len(gap.strip()) <= check.within_chars
    return n_units_between(gap, language) <= (check.within_words or 0)


def _together(a: Hit, b: Hit) -> Hit:
    """Two hits of a turn and what lies between them as one."""
    start, end = min(a.start, b.start), max(a.end, b.end)
    order = (a, b) if a.start <= b.start else (b, a)
    how = "pinyin" if "pinyin" in (a.how, b.how) else "normalised"
    return Hit(a.heard, start, end, " … ".join(h.sought for h in order), how, max(a.cost_ratio, b.cost_ratio))  # type: ignore[arg-type]


def judge_ratio(check: Ratio, call: Call, judge: Judge) -> Result:
    """Whether one wording stays within a count, or within a share of another."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched

    def hits(phrases: tuple[str, ...]) -> tuple[Hit, ...]:
        return searched.keep(distinct(hits_of_texts(phrases, searched, call)))

    counted = without(hits(check.counted), excused_hits(check.excused, searched, call))
    against = hits(check.against)
    n, m = len(counted), len(against)
    too_many = check.max_count is not None and n > check.max_count
    outnumbers = check.max_ratio is not None and n > check.max_ratio * m
    words, others = "/".join(check.counted), "/".join(check.against)
    reason = say(f"“{words}”{n} 次，“{others}”{m} 次", f"“{words}” {n} times, “{others}” {m} times")
    if n and (too_many or outnumbers):
        proof = tuple(evidence_of(h, searched.role, check.suggestion) for h in sorted(counted, key=lambda h: h.start_s))
        return Result("fail", reason, proof)
    return Result("pass", reason)

"""Expressions, and how often one wording is used beside another."""

from __future__ import annotations

from collections.abc import Iterable

from audit.evaluation.call import Call, Judge, Result, say
from audit.evaluation.checks.hits import QUOTED, distinct, evidence_of, excused_hits, pattern_hits
from audit.evaluation.checks.scope import search
from audit.evaluation.conditions import Ratio, Regex
from audit.evaluation.match import Hit, find, without


def judge_regex(check: Regex, call: Call, judge: Judge) -> Result:
    """Whether any or none of the expressions is found."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    hits = without(
        searched.keep(pattern_hits(check.patterns, searched.turns)), excused_hits(check.unless, searched.turns, call)
    )
    proof = tuple(evidence_of(h, searched.role) for h in sorted(distinct(hits), key=lambda h: h.start_s))
    quoted = "、".join(f"“{e.heard or e.text}”" for e in proof[:QUOTED])
    if check.quantifier == "none":
        if proof:
            return Result("fail", say(f"说了{quoted}", f"said {quoted}"), proof)
        return Result("pass", say("没有这类用语", "no such wording"))
    if proof:
        return Result("pass", say(f"说了{quoted}", f"said {quoted}"), proof)
    return Result("fail", say("没有听到所要的话", "the wording asked for was not heard"), (searched.evidence(call, ""),))


def judge_ratio(check: Ratio, call: Call, judge: Judge) -> Result:
    """Whether one wording stays within a count, or within a share of another."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched

    def hits(phrases: Iterable[str]) -> tuple[Hit, ...]:
        every = [
            h
            for p in phrases
            for h in find(p, searched.turns, language=call.language, mode="normalised", matching=call.matching)
        ]
        return searched.keep(distinct(every))

    counted = without(hits(check.counted), excused_hits(check.excused, searched.turns, call))
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

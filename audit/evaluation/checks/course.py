"""The course of a call: steps in order, how often something is found, and hits that are forgiven."""

from __future__ import annotations

import math
from collections.abc import Sequence as Rows
from dataclasses import dataclass, replace

from audit.evaluation.call import Call, Judge, Result, say, window_evidence
from audit.evaluation.checks.figures import against_usual
from audit.evaluation.checks.hits import limits, n_units
from audit.evaluation.checks.scope import occurrences
from audit.evaluation.conditions import Check
from audit.evaluation.flow import Count, Events, Except, Sequence, Step, count_field
from audit.evaluation.wordings import Phrases
from audit.records import Evidence

#: Words follow each other without a gap, and evidence is rounded to hundredths.
_SLACK_S = 0.05


# --- order ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Chain:
    """Steps found so far, in order."""

    hits: tuple[tuple[Step, Evidence], ...] = ()

    @property
    def end_s(self) -> float:
        return self.hits[-1][1].end_s if self.hits else -math.inf


def judge_sequence(check: Sequence, call: Call, judge: Judge) -> Result:
    """Whether the steps can be found one after the other.

    A step that cannot be judged is passed over; if the others are in order, nobody can tell. A step that does not apply
    is no part of the flow.
    """
    chains: list[_Chain] = [_Chain()]
    unknown: Result | None = None
    for step in check.steps:
        result = judge(step.check, call)
        if result.verdict == "not_evaluable" and not step.optional:
            unknown = unknown or result
            continue
        if result.verdict == "not_applicable":
            continue
        hits = occurrences(result)
        further = [_Chain((*best.hits, (step, e))) for e in hits if (best := _best(chains, e, check.max_gap_s)) is not None]
        if step.optional:
            chains = _useful([*chains, *further], check.max_gap_s)
        elif further:
            chains = _useful(further, check.max_gap_s)
        else:
            return _broken(step, hits, chains, result, call)
    if unknown is not None:
        return unknown
    chain = max(chains, key=lambda c: (len(c.hits), -c.end_s))
    if not chain.hits:
        return Result("not_applicable", say("流程中没有一步适用", "no step of the flow applies"))
    told = {lang: " → ".join(f"{s.name[lang]} {e.start_s:.1f} s" for s, e in chain.hits) for lang in ("zh", "en")}
    return Result(
        "pass",
        say(f"各步按顺序出现：{told['zh']}", f"the steps are in order: {told['en']}"),
        tuple(e for _, e in chain.hits),
    )


def _useful(chains: Rows[_Chain], max_gap_s: float | None) -> list[_Chain]:
    """Without a limit to the gaps, of chains equally long only the one that ends first can matter."""
    if max_gap_s is not None:
        return list(chains)
    first: dict[int, _Chain] = {}
    for chain in chains:
        n = len(chain.hits)
        if n not in first or chain.end_s < first[n].end_s:
            first[n] = chain
    return list(first.values())


def _best(chains: Rows[_Chain], hit: Evidence, max_gap_s: float | None) -> _Chain | None:
    """The longest chain that a hit can go on from, the one that ends last of equals."""
    fitting = [
        c
        for c in chains
        if c.end_s <= hit.start_s + _SLACK_S
        and (max_gap_s is None or not c.hits or hit.start_s - c.end_s <= max_gap_s + _SLACK_S)
    ]
    return max(fitting, key=lambda c: (len(c.hits), c.end_s), default=None)


def _broken(step: Step, hits: Rows[Evidence], chains: Rows[_Chain], result: Result, call: Call) -> Result:
    """Where the flow breaks off."""
    so_far = max(chains, key=lambda c: (len(c.hits), -c.end_s))
    proof = tuple(e for _, e in so_far.hits)
    zh, en = step.name["zh"], step.name["en"]
    if not hits:
        windows = tuple(e for e in result.evidence if e.match == "window") or (_whole(call, zh),)
        return Result("fail", say(f"没有“{zh}”这一步", f"the step “{en}” is missing"), (*proof, *windows))
    last, before = so_far.hits[-1]
    later = next((e for e in hits if e.start_s + _SLACK_S >= before.end_s), None)
    if later is not None:
        gap = later.start_s - before.end_s
        reason = say(
            f"“{last.name['zh']}”之后 {gap:.1f} 秒才“{zh}”", f"“{en}” comes {gap:.1f} s after “{last.name['en']}”, too late"
        )
        return Result("fail", reason, (*proof, later))
    reason = say(
        f"“{zh}”（{hits[-1].start_s:.1f} 秒）不在“{last.name['zh']}”（{before.start_s:.1f} 秒）之后",
        f"“{en}” ({hits[-1].start_s:.1f} s) does not follow “{last.name['en']}” ({before.start_s:.1f} s)",
    )
    return Result("fail", reason, (*proof, hits[-1]))


def _whole(call: Call, text: str) -> Evidence:
    """The call from the answer to its end, searched in vain."""
    return window_evidence(call.record.timeline.answer_at_s or 0.0, call.end_s, "unknown", text)


# --- how often ------------------------------------------------------------------------------------
def counted(check: Count, call: Call, judge: Judge) -> tuple[float, tuple[Evidence, ...], Result] | Result:
    """The figure that a count is about, its hits and what the counted check found; why there is none otherwise."""
    result = judge(check.of, call)
    if result.verdict in ("not_evaluable", "not_applicable"):
        return result
    hits = occurrences(result)
    figure = float(len(hits))
    if check.per == "minute":
        figure *= 60.0 / max(1.0, call.end_s - (call.record.timeline.answer_at_s or 0.0))
    elif check.per == "hundred_chars":
        problem = call.problem(check.of_role)
        if problem is not None:
            return Result("not_evaluable", problem)
        figure *= 100.0 / max(1, sum(n_units(h, call.language) for h in call.turns[check.of_role]))
    return figure, hits, result


def judge_count(check: Count, call: Call, judge: Judge) -> Result:
    """How often another check finds something, by itself, a minute or a hundred characters, and against what is usual."""
    found = counted(check, call, judge)
    if isinstance(found, Result):
        return found
    figure, hits, result = found
    too_few = check.min is not None and figure < check.min
    good = not too_few and (check.max is None or figure <= check.max)
    bounds = [limits(check.min, check.max)] if (check.min, check.max) != (None, None) else []
    if check.baseline is not None:
        held = against_usual(check.baseline, count_field(check), figure, call)
        if isinstance(held, Result):
            return held
        good = good and held[0]
        bounds.append(dict(held[1]))
    unit = _UNITS[check.per]
    en = "times in a hundred words" if check.per == "hundred_chars" and call.language == "en" else unit["en"]
    reason = say(
        f"{figure:.3g} {unit['zh']}（{'；'.join(b['zh'] for b in bounds)}）",
        f"{figure:.3g} {en} ({'; '.join(b['en'] for b in bounds)})",
    )
    if too_few:
        windows = tuple(e for e in result.evidence if e.match == "window") or (_whole(call, reason[_spoken(call)]),)
        return Result("fail", reason, (*hits, *windows))
    return Result("pass" if good else "fail", reason, hits)


_UNITS = {
    "call": say("次", "times"),
    "minute": say("次/分钟", "times a minute"),
    "hundred_chars": say("次/百字", "times in a hundred characters"),
}


def _spoken(call: Call) -> str:
    return "en" if call.language == "en" else "zh"


# --- exceptions -----------------------------------------------------------------------------------
def judge_except(check: Except, call: Call, judge: Judge) -> Result:
    """A fail without the hits that are forgiven; a pass where none, or no more than is allowed anyway, are left."""
    result = judge(check.check, call)
    if result.verdict != "fail":
        return result
    excuse = judge(check.when, call)
    if excuse.verdict == "not_evaluable":
        return excuse
    excuses = occurrences(excuse)
    left = tuple(
        e
        for e in result.evidence
        if not any(x.start_s <= e.end_s + check.after_s and e.start_s - check.before_s <= x.end_s for x in excuses)
    )
    n = len(result.evidence) - len(left)
    if not n:
        return result
    reason = say(f"{result.reason['zh']}；其中 {n} 处情有可原", f"{result.reason['en']}; {n} of them excused")
    if left and not _allowed(check.check, left):
        return Result("fail", reason, left)
    return Result("pass", reason, tuple(replace(e, suggestion=None) for e in result.evidence))


def _allowed(check: Check, left: Rows[Evidence]) -> bool:
    """Whether what is left after forgiving would have been let pass by the check's own limits."""
    while isinstance(check, Except):
        check = check.check
    if isinstance(check, Events):
        return (
            (check.max_count is None or len(left) <= check.max_count)
            and (check.max_each_s is None or all(e.end_s - e.start_s <= check.max_each_s for e in left))
            and (check.max_total_s is None or sum(e.end_s - e.start_s for e in left) <= check.max_total_s)
        )
    if isinstance(check, Count):
        return check.per == "call" and check.min is None and check.max is not None and len(left) <= check.max
    return isinstance(check, Phrases) and check.quantifier == "none" and len(left) <= (check.max_hits or 0)

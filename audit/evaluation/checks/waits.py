"""Waits of the customer: found, asked for, thanked for, short enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.evaluation.call import Call, Reason, Result, say
from audit.evaluation.conditions import HoldEtiquette
from audit.evaluation.match import Hit
from audit.evaluation.prefilter import find_wanted, texts_worth_seeking
from audit.records import Evidence
from audit.segments import Segment, union

#: A hold's edges are known to about a second (detectors work on frames and joined bursts), so words that run this far into
#: a wait still come before it.
EDGE_TOLERANCE_S = 1.0
#: A hold and the dead air around it are one wait when no more than this lies between.
_JOIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits of a call; `unclear` are silences of which nobody can say who kept whom waiting."""

    waits: tuple[Segment, ...]
    unclear: tuple[Segment, ...]


def find_waits(call: Call, min_silence_s: float) -> Waits:
    """Holds, and silences of at least `min_silence_s` that the agent ends.

    A silence that the customer ends was the customer's own (looking for a number, calming a
    child). Silence before the first and after the last word is no wait.
    """
    speech = call.record.speech
    agent, customer = speech.get("agent", ()), speech.get("customer", ())
    everyone = [s for segments in speech.values() for s in segments]
    waits: list[Segment] = [Segment(h.start_s, h.end_s) for h in call.record.timeline.holds]
    unclear: list[Segment] = []
    for silence in call.record.timeline.silences:
        if silence.duration_s < min_silence_s:
            continue
        before = any(s.start_s < silence.start_s for s in everyone)
        after = any(s.end_s > silence.end_s for s in everyone)
        if not (before and after):
            continue
        if not (agent or customer):
            unclear.append(silence)
            continue
        next_agent = min((s.start_s for s in agent if s.end_s > silence.end_s), default=float("inf"))
        next_customer = min((s.start_s for s in customer if s.end_s > silence.end_s), default=float("inf"))
        if next_agent < next_customer:
            waits.append(silence)
    return Waits(union(waits, join_gap_s=_JOIN_S), tuple(unclear))


def judge_hold_etiquette(check: HoldEtiquette, call: Call) -> Result:
    """Judge every wait; one that falls short fails the call."""
    found = find_waits(call, check.min_silence_s)
    if not found.waits:
        if found.unclear:
            return Result(
                "not_evaluable",
                say("有长时间静音，但分不清是谁让谁等", "there is a long silence, but not who kept whom waiting"),
            )
        return Result("not_applicable", say("通话中没有等待", "nobody was kept waiting"))
    problem = call.problem("agent")
    if check.aspect == "length":
        return _length(check, call, found.waits, problem)
    if problem is not None:
        return Result("not_evaluable", problem)
    good: list[Evidence] = []
    bad: list[Evidence] = []
    hits = _hits(check, call)
    for wait in found.waits:
        hit = _said(check, hits, wait)
        if hit is None:
            start, end = _window(check, wait)
            asked = check.aspect == "asked"
            label = (
                say("等待前没有征求同意", "not asked before the wait")
                if asked
                else say("等待后没有致歉或致谢", "no thanks after the wait")
            )
            bad.append(Evidence(round(start, 2), round(end, 2), "agent", label[_language(call)], "window"))
        else:
            good.append(_evidence(hit))
    n = len(found.waits)
    what = say("事先征求了同意", "asked for") if check.aspect == "asked" else say("事后致歉或致谢", "thanked for")
    reason = say(f"{n} 次等待中 {len(good)} 次{what['zh']}", f"{len(good)} of {n} {'wait' if n == 1 else 'waits'} {what['en']}")
    return Result("fail" if bad else "pass", reason, tuple(bad or good))


def _language(call: Call) -> str:
    return "en" if call.language == "en" else "zh"


def _window(check: HoldEtiquette, wait: Segment) -> tuple[float, float]:
    if check.aspect == "thanked":
        return max(0.0, wait.end_s - EDGE_TOLERANCE_S), wait.end_s + check.within_s
    return max(0.0, wait.start_s - check.within_s), wait.start_s + EDGE_TOLERANCE_S


def _hits(check: HoldEtiquette, call: Call) -> list[Hit]:
    """Wherever the agent says one of the phrases, by phrase, then by time."""
    language, matching, turns = call.language, call.matching, {h.number: h for h in call.turns.get("agent", ())}
    wanted = texts_worth_seeking(check.phrases, turns, call.index, check.match, language, matching.gap_chars)
    return [
        hit
        for i, spots in wanted
        for hit in find_wanted(check.phrases[i], spots, turns, language=language, mode=check.match, matching=matching)
    ]


def _said(check: HoldEtiquette, hits: Iterable[Hit], wait: Segment) -> Hit | None:
    """The words looked for, on their side of the wait."""
    start, end = _window(check, wait)
    return next((hit for hit in hits if hit.end_s > start and hit.start_s < end), None)


def _evidence(hit: Hit) -> Evidence:
    return Evidence(round(hit.start_s, 2), round(hit.end_s, 2), "agent", hit.written, hit.how, confidence=hit.confidence)


def _length(check: HoldEtiquette, call: Call, waits: tuple[Segment, ...], problem: Reason | None) -> Result:
    untold, told = check.max_untold_s or 0.0, check.max_told_s or float("inf")
    bad: list[Evidence] = []
    unsure = False
    hits = [] if problem is not None else _hits(check, call)
    for wait in waits:
        if problem is not None and untold < wait.duration_s <= told:
            unsure = True
            continue
        announced = _said(check, hits, wait) is not None
        if wait.duration_s > (told if announced or problem is not None else untold):
            bad.append(
                Evidence(
                    round(wait.start_s, 2),
                    round(wait.end_s, 2),
                    "agent",
                    f"{wait.duration_s:.1f} s, {'told' if announced else 'untold'}",
                    "event",
                )
            )
    longest, total = max(w.duration_s for w in waits), sum(w.duration_s for w in waits)
    reason = say(
        f"{len(waits)} 次等待，最长 {longest:.1f} 秒，共 {total:.1f} 秒（未告知至多 {untold:g} 秒，告知后至多 {told:g} 秒）",
        f"waits: {len(waits)}, longest {longest:.1f} s, {total:.1f} s in all "
        f"(untold at most {untold:g} s, told at most {told:g} s)",
    )
    if bad:
        return Result("fail", reason, tuple(bad))
    if unsure and problem is not None:
        return Result("not_evaluable", problem)
    longest_wait = max(waits, key=lambda w: w.duration_s)
    proof = Evidence(round(longest_wait.start_s, 2), round(longest_wait.end_s, 2), "agent", f"{longest:.1f} s", "event")
    return Result("pass", reason, (proof,))

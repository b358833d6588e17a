"""Where a check searches: whose turns, which of them, and the stretches of time a hit must begin in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.evaluation.call import Call, Judge, Reason, Result, say, span, window_evidence
from audit.evaluation.checks.happened import NAMES, happened
from audit.evaluation.match import Heard, Hit
from audit.evaluation.prefilter import Turns
from audit.evaluation.scopes import Near, Where, Window
from audit.records import Evidence
from audit.segments import Segment, intersection, union
from audit.verdicts import Verdict
from audit.words import Role

#: Evidence is rounded to hundredths; a window that begins at evidence must not lose it by that.
_ROUNDING_S = 0.01


class Searched:
    """Turns to search and the stretches of time a hit must begin in (None: anywhere).

    Attributes
    ----------
    turns : tuple of Heard
        By time.
    windows : tuple of Segment or None
        Sorted and apart from each other.
    role : Role
        "unknown" where anybody's words are searched.
    """

    __slots__ = ("_numbered", "_stretch", "role", "turns", "windows")

    def __init__(self, turns: tuple[Heard, ...], windows: tuple[Segment, ...] | None, role: Role) -> None:
        self.turns = turns
        self.windows = windows
        self.role = role
        self._numbered: Turns | None = None
        self._stretch: tuple[float, float] | None = None

    @property
    def numbered(self) -> Turns:
        """The turns as phrases are sought in them."""
        if self._numbered is None:
            self._numbered = {h.number: h for h in self.turns}
        return self._numbered

    def keep(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits that begin inside the windows."""
        if self.windows is None:
            return tuple(hits)
        return tuple([h for h in hits if _touches(self.windows, h.start_s, h.start_s)])

    def evidence(self, call: Call, text: str) -> Evidence:
        """The stretch searched, for a person to listen to."""
        if self._stretch is None:
            window = window_evidence(*self._reach(call), self.role, text)
            self._stretch = window.start_s, window.end_s
            return window
        return Evidence(*self._stretch, self.role, text, "window")

    def _reach(self, call: Call) -> tuple[float, float]:
        """From where to where is searched."""
        whole = span(self.turns)
        if self.windows:
            start = max(0.0, self.windows[0].start_s)
            end = min(call.end_s, self.windows[-1].end_s)
            if whole is not None:
                start, end = max(start, min(whole.start_s, end)), min(end, max(whole.end_s, start + 0.01))
            return start, end
        if whole is None:
            return call.record.timeline.answer_at_s or 0.0, call.end_s
        return whole.start_s, whole.end_s


@dataclass(frozen=True, slots=True)
class Given:
    """A check that has already found something; stands for one anchor where each is judged by itself."""

    evidence: tuple[Evidence, ...]


def judge_given(check: Given, call: Call, judge: Judge) -> Result:
    """What was found."""
    return Result("pass", {}, check.evidence)


def occurrences(result: Result) -> tuple[Evidence, ...]:
    """Where the thing that a check looks for is in the call: its hits, by time, whether they made it pass or fail.

    A check that failed and shows a window has searched in vain, even if it shows parts of what it sought.
    """
    if result.verdict in ("not_evaluable", "not_applicable"):
        return ()
    if result.verdict == "fail" and any(e.match == "window" for e in result.evidence):
        return ()
    return tuple(sorted((e for e in result.evidence if e.match != "window"), key=lambda e: (e.start_s, e.end_s)))


def anchors(near: Near, call: Call, judge: Judge) -> tuple[Evidence, ...] | Result:
    """The places near which is searched; a result where there are none or nobody can tell."""
    if near.timeline is not None:
        found = happened(near.timeline, call, by=near.by, min_s=near.min_s)
        if isinstance(found, Result):
            return found
        zh, en = NAMES[near.timeline]
        none = say(f"通话中没有{zh}", f"there was no {en} in the call")
    else:
        assert near.event is not None  # the schema asks for one of the two
        event = judge(near.event, call)
        if event.verdict == "not_evaluable":
            return event
        found = occurrences(event)
        none = say("没有出现该情形", "the occasion did not arise")
    if near.hit not in ("any", "every"):
        at = {"first": 1, "last": -1}.get(str(near.hit)) or int(near.hit)
        found = found[at - 1 : at] if at > 0 else found[at : len(found) + at + 1] if -at <= len(found) else ()
    return found or Result("not_applicable", none)


def judge_near_each(check: Any, call: Call, judge: Judge) -> Result:
    """A check that must hold near every anchor: each is judged alone, and one fail fails.

    Parameters
    ----------
    check : Check
        With ``where.near.hit == "every"``.
    """
    near = check.where.near
    found = anchors(near, call, judge)
    if isinstance(found, Result):
        return found
    parts: list[tuple[Evidence, Result]] = []
    for anchor in found:
        alone: Any = Given((anchor,))
        where = replace(check.where, near=replace(near, event=alone, timeline=None, hit="any"))
        parts.append((anchor, judge(replace(check, where=where), call)))
    order: tuple[Verdict, ...] = ("fail", "not_evaluable", "pass", "not_applicable")
    verdict = next(v for v in order if any(r.verdict == v for _, r in parts))
    decisive = [(a, r) for a, r in parts if r.verdict == verdict]
    if len(parts) == 1:
        return decisive[0][1]
    what: dict[Verdict, tuple[str, str]] = {
        "fail": ("不合格", "fail"),
        "pass": ("合格", "pass"),
        "not_evaluable": ("无法评定", "cannot be judged"),
        "not_applicable": ("不适用", "do not apply"),
    }
    first, result = decisive[0]
    reason = say(
        f"{len(parts)} 处中 {len(decisive)} 处{what[verdict][0]}（{first.start_s:.1f} 秒处：{result.reason['zh']}）",
        f"{len(decisive)} of {len(parts)} places {what[verdict][1]} (at {first.start_s:.1f} s: {result.reason['en']})",
    )
    return Result(verdict, reason, tuple(e for _, r in decisive for e in r.evidence))


def search(where: Where, call: Call, judge: Judge) -> Searched | Result:
    """Resolve a scope, or say why there is nothing to search.

    Parameters
    ----------
    where : Where
    call : Call
    judge : Judge
        For the checks that anchor the scope.
    """
    known = call.scopes.get(id(where))
    if known is None:
        known = call.scopes[id(where)] = where, _resolved(where, call, judge)
    found: Searched | Result = known[1]
    return found


def _resolved(where: Where, call: Call, judge: Judge) -> Searched | Result:
    """A scope that was not asked for in this call before."""
    problem = call.problem(where.role)
    if problem is not None:
        return Result("not_evaluable", problem)
    turns = call.everyone if where.role == "any" else call.turns[where.role]
    role: Role = "unknown" if where.role == "any" else where.role
    windows = _windows(where, turns, call, judge)
    if isinstance(windows, Result):
        return windows
    if windows is not None:
        turns = tuple(h for h in turns if _touches(windows, h.turn.start_s, max(h.turn.end_s, h.turn.start_s + 0.01)))
    if where.first_turns is not None:
        turns = turns[: where.first_turns]
    if where.last_turns is not None:
        turns = turns[-where.last_turns :]
    if where.turns is not None:
        start, end = (n - 1 if n > 0 else max(0, len(turns) + n) for n in where.turns)
        turns = turns[start : end + 1] if where.turns[1] > 0 or len(turns) + where.turns[1] >= 0 else ()
    return Searched(turns, windows, role)


def stretches(where: Where | None, call: Call, judge: Judge) -> tuple[Segment, ...] | Result | None:
    """The stretches of time a scope allows (None: all), for what is no words; needs words only where turns are counted."""
    if where is None:
        return None
    near = where.near
    counted = (where.turns, where.first_turns, where.last_turns, where.first_s)
    if any(c is not None for c in counted) or (near is not None and (near.before_turns, near.after_turns) != (None, None)):
        searched = search(where, call, judge)
        if isinstance(searched, Result):
            return searched
        spans = union(Segment(h.turn.start_s, max(h.turn.end_s, h.turn.start_s + 0.01)) for h in searched.turns)
        return spans if searched.windows is None else intersection(spans, searched.windows)
    return _windows(where, (), call, judge)


def within(windows: tuple[Segment, ...] | None, start_s: float) -> bool:
    """Whether a moment lies in some sorted windows; None is everywhere."""
    return windows is None or _touches(windows, start_s, start_s)


def _windows(where: Where, turns: Sequence[Heard], call: Call, judge: Judge) -> tuple[Segment, ...] | Result | None:
    """What is left of the time after the anchors and the limits by the clock; None is all of it."""
    windows: tuple[Segment, ...] | None = None
    if where.near is not None:
        found = anchors(where.near, call, judge)
        if isinstance(found, Result):
            return found
        pieces = [w for e in found if (w := _around(where.near, e, turns, call)) is not None]
        if not pieces:
            return Result("not_applicable", say("该处前后没有可查的话", "there is nothing to search there"))
        windows = union(pieces)
    limits = _limits(where, turns, call)
    if isinstance(limits, Result):
        return limits
    for limit in limits:
        windows = _cut(windows, limit)
    return windows


def _limits(where: Where, turns: Sequence[Heard], call: Call) -> list[Segment] | Result:
    """The stretches that the limits by the clock allow, all to be met; times before the recording are nothing's."""
    far, end = _far(call), call.end_s
    out: list[Segment] = []
    if where.first_s is not None:
        began = min([h.began_s for h in turns])
        out.append(Segment(began - 0.01, began + where.first_s))
    if where.last_s is not None:
        out.append(Segment(min(end - where.last_s, end), far))
    answer = call.record.timeline.answer_at_s
    if (where.from_answer_s is not None or where.share is not None) and answer is None:
        return Result("not_evaluable", say("不知道何时接起", "the moment of the answer is not known"))
    if where.share is not None:
        begin, length = answer or 0.0, max(0.01, end - (answer or 0.0))
        a, b = where.share
        out.append(Segment(begin + a * length, far if b >= 1.0 else begin + b * length))
    for window, zero in ((where.from_start_s, 0.0), (where.from_answer_s, answer or 0.0)):
        if window is None:
            continue
        if zero + window[0] >= end:
            return Result("not_applicable", _too_short(window, end - zero))
        out.append(Segment(zero + window[0], far if window[1] is None else zero + window[1]))
    if where.from_end_s is not None:
        a, last = where.from_end_s
        if a >= end:
            return Result("not_applicable", _too_short(where.from_end_s, end))
        out.append(Segment(-far if last is None else end - last, far if a == 0 else end - a))
    return out


def _too_short(window: Window, length_s: float) -> Reason:
    return say(
        f"通话只有 {length_s:.0f} 秒，没有 {window[0]:g} 秒之后的部分",
        f"the call lasts {length_s:.0f} s; there is nothing beyond {window[0]:g} s",
    )


def _around(near: Near, anchor: Evidence, turns: Sequence[Heard], call: Call) -> Segment | None:
    """The stretch near one anchor in which a hit must begin; None where there is no such stretch."""
    begin, end = anchor.start_s, max(anchor.end_s, anchor.start_s)
    far = _far(call)
    own = _turn_of(anchor, call) if near.side == "same_turn" or anchor.match != "event" else None
    if near.side == "same_turn":
        return None if own is None else Segment(own.turn.start_s - _ROUNDING_S, own.turn.end_s + _ROUNDING_S)
    if near.side == "after":
        start_s = end - _ROUNDING_S
    elif near.before_s is not None:
        start_s = begin - near.before_s - _ROUNDING_S
    else:
        start_s = -far if near.side == "before" or near.before_turns is not None else begin - _ROUNDING_S
    end_s = far if near.after_s is None else end + near.after_s
    if near.side == "before":
        end_s = begin - _ROUNDING_S
    if near.before_turns is not None and near.side != "after":
        earlier = [h.turn.start_s for h in turns if h.turn.start_s < begin and h is not own]
        reach = ([begin if own is None else own.turn.start_s, *reversed(earlier)])[: near.before_turns + 1][-1]
        start_s = max(start_s, reach - _ROUNDING_S)
    if near.after_turns is not None and near.side != "before":
        later = [h.turn.end_s for h in turns if h.turn.end_s > end and h is not own]
        reach = ([end if own is None else own.turn.end_s, *later])[: near.after_turns + 1][-1]
        end_s = min(end_s, reach + _ROUNDING_S)
    return Segment(start_s, end_s) if start_s < end_s else None


def _turn_of(anchor: Evidence, call: Call) -> Heard | None:
    """The turn in which an anchor begins; of an interruption, the interrupter's."""
    mine = call.everyone if anchor.role == "unknown" else call.turns.get(anchor.role, ())
    at = anchor.start_s + _ROUNDING_S
    return next((h for h in mine if h.turn.start_s - _ROUNDING_S <= at < h.turn.end_s + _ROUNDING_S), None)


def _far(call: Call) -> float:
    return max(call.end_s, call.record.recording.duration_s) + 1.0


def _touches(windows: Sequence[Segment], start_s: float, end_s: float) -> bool:
    """Whether a stretch, or a moment where both are the same, shares time with one of some sorted windows."""
    i = bisect_right(windows, max(start_s, end_s - 1e-9), key=lambda w: w.start_s) - 1
    return i >= 0 and windows[i].end_s > start_s


def _cut(windows: tuple[Segment, ...] | None, to: Segment) -> tuple[Segment, ...]:
    if windows is None:
        return (to,)
    return tuple(s for s in (w.intersect(to) for w in windows) if s is not None)

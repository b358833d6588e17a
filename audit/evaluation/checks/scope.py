"""Where a check searches: whose turns, which of them, and the stretches of time a hit must begin in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.evaluation.call import Call, Judge, Result, say, span, window_evidence
from audit.evaluation.conditions import Where
from audit.evaluation.match import Heard, Hit
from audit.records import Evidence
from audit.segments import Segment, union
from audit.words import Role

#: Evidence is rounded to hundredths; a window that begins at evidence must not lose it by that.
_ROUNDING_S = 0.01


@dataclass(frozen=True, slots=True)
class Searched:
    """Turns to search and the stretches of time a hit must begin in (None: anywhere)."""

    turns: tuple[Heard, ...]
    windows: tuple[Segment, ...] | None
    role: Role

    def keep(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits that begin inside the windows."""
        if self.windows is None:
            return tuple(hits)
        return tuple(h for h in hits if any(w.contains(h.start_s) for w in self.windows))

    def evidence(self, call: Call, text: str, role: Role) -> Evidence:
        """The stretch searched, for a person to listen to."""
        whole = span(self.turns)
        if self.windows:
            start = max(0.0, min(w.start_s for w in self.windows))
            end = min(call.end_s, max(w.end_s for w in self.windows))
            if whole is not None:
                start, end = max(start, min(whole.start_s, end)), min(end, max(whole.end_s, start + 0.01))
            return window_evidence(start, end, role, text)
        if whole is None:
            return window_evidence(call.record.timeline.answer_at_s or 0.0, call.end_s, role, text)
        return window_evidence(whole.start_s, whole.end_s, role, text)


def search(where: Where, call: Call, judge: Judge) -> Searched | Result:
    """Resolve a scope, or say why there is nothing to search.

    Parameters
    ----------
    where : Where
    call : Call
    judge : Judge
        For the checks that anchor the scope.
    """
    problem = call.problem(where.role)
    if problem is not None:
        return Result("not_evaluable", problem)
    turns = call.turns[where.role]
    windows: tuple[Segment, ...] | None = None
    if where.near is not None:
        event = judge(where.near.event, call)
        if event.verdict == "not_evaluable":
            return event
        heard = [e for e in event.evidence if e.match != "window"]
        if not heard:
            return Result("not_applicable", say("没有出现该情形", "the occasion did not arise"))
        after = where.near.after_s
        windows = union(
            Segment(
                e.start_s - where.near.before_s - _ROUNDING_S,
                max(e.end_s, e.start_s) + after if after is not None else _far(call),
            )
            for e in heard
        )
    if where.first_s is not None:
        began = min(h.times_s[0][0] for h in turns)
        windows = _cut(windows, Segment(began - 0.01, began + where.first_s))
    if where.last_s is not None:
        windows = _cut(windows, Segment(min(call.end_s - where.last_s, call.end_s), _far(call)))
    if windows is not None:
        turns = tuple(
            h
            for h in turns
            if any(w.intersect(Segment(h.turn.start_s, max(h.turn.end_s, h.turn.start_s + 0.01))) for w in windows)
        )
    if where.first_turns is not None:
        turns = turns[: where.first_turns]
    if where.last_turns is not None:
        turns = turns[-where.last_turns :]
    return Searched(turns, windows, where.role)


def _far(call: Call) -> float:
    return max(call.end_s, call.record.recording.duration_s) + 1.0


def _cut(windows: tuple[Segment, ...] | None, to: Segment) -> tuple[Segment, ...]:
    if windows is None:
        return (to,)
    return tuple(s for s in (w.intersect(to) for w in windows) if s is not None)

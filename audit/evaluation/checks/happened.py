"""What happened in a call by its timeline: holds, silences, interruptions, transfers and the like, as evidence."""

from __future__ import annotations

from collections.abc import Iterable

from audit.evaluation.call import Call, Result, say
from audit.evaluation.scopes import TimelineEvent
from audit.records import Evidence, Overlap
from audit.segments import Segment
from audit.words import Role

#: The events in words, for reasons.
NAMES: dict[TimelineEvent, tuple[str, str]] = {
    "hold": ("保持", "hold"),
    "silence": ("静音", "silence"),
    "transfer": ("转接", "transfer"),
    "interruption": ("打断", "interruption"),
    "overlap": ("同时说话", "overlap"),
    "answer": ("接起", "answer"),
    "hangup": ("挂断", "hang-up"),
    "ring": ("振铃", "ring"),
}
#: A moment as a stretch that can be listened to.
_MOMENT_S = 0.01
_OTHER: dict[Role, Role] = {"agent": "customer", "customer": "agent"}


def happened(
    of: TimelineEvent, call: Call, *, by: Role | None = None, min_s: float | None = None
) -> tuple[Evidence, ...] | Result:
    """Every such event in order of time, or why nobody can tell.

    Parameters
    ----------
    of : str
        One of :data:`TimelineEvent`. An interruption is one that took the word; an overlap is any talking at once.
    call : Call
    by : {"agent", "customer"}, optional
        Who interrupted; for a silence, who had the word when it began; without meaning for the rest.
    min_s : float, optional
        Shorter ones are left out.
    """
    timeline = call.record.timeline
    if of == "hold":
        found = [_event(of, h, "agent") for h in timeline.holds]
    elif of == "silence":
        if timeline.hangup_at_s is None and not timeline.silences:
            return Result("not_evaluable", say("不知道何时挂断，没有测静音", "without a hang-up, silences were not measured"))
        found = [_event(of, s, _before(s, call)) for s in timeline.silences]
        if by is not None and any(e.role == "unknown" for e in found):
            return Result("not_evaluable", say("分不清静音之前是谁在说话", "it is not known who spoke before a silence"))
    elif of in ("interruption", "overlap"):
        if not _separate_legs(call):
            return Result(
                "not_evaluable",
                say("双方没有各自的声道，听不出谁打断谁", "without a channel each, who talks over whom is not known"),
            )
        found = [_talked_over(of, o) for o in timeline.overlaps if of == "overlap" or o.kind == "interruption"]
    elif of == "transfer":
        if not timeline.transfers_s and call.record.metadata.source in ("none", "file_name"):
            return Result(
                "not_evaluable",
                say("没有话单，不知道是否转接过", "without a call record, transfers are not known"),
            )
        found = [_moment(of, t) for t in timeline.transfers_s]
    elif of == "answer":
        if timeline.answer_at_s is None:
            return Result("not_evaluable", say("不知道何时接起", "the moment of the answer is not known"))
        found = [_moment(of, timeline.answer_at_s)]
    elif of == "hangup":
        if timeline.hangup_at_s is None:
            return Result("not_evaluable", say("不知道何时挂断", "the moment of the hang-up is not known"))
        found = [_moment(of, timeline.hangup_at_s)]
    else:
        found = [_event(of, t, "unknown") for t in timeline.tones if t.kind == "ringback"]
        if not found and timeline.n_rings.value is None:
            return Result("not_evaluable", say("录音中听不到振铃", "the ringing is not in the recording"))
    return tuple(sorted(_kept(found, by, min_s), key=lambda e: (e.start_s, e.end_s)))


def _kept(found: Iterable[Evidence], by: Role | None, min_s: float | None) -> Iterable[Evidence]:
    return (e for e in found if (by is None or e.role == by) and (min_s is None or e.end_s - e.start_s >= min_s - 0.005))


def _separate_legs(call: Call) -> bool:
    return call.record.recording.layout == "stereo" and {"agent", "customer"} <= call.record.speech.keys()


def _before(silence: Segment, call: Call) -> Role:
    """Who spoke last before a silence; "unknown" where the voices are not told apart."""
    ends = {
        role: max((s.end_s for s in call.record.speech.get(role, ()) if s.start_s < silence.start_s), default=None)
        for role in _OTHER
    }
    known = {role: end for role, end in ends.items() if end is not None}
    return max(known, key=lambda r: known[r], default="unknown")


def _event(of: TimelineEvent, s: Segment, role: Role) -> Evidence:
    return Evidence(round(s.start_s, 2), round(s.end_s, 2), role, f"{NAMES[of][1]} {s.duration_s:.1f} s", "event")


def _talked_over(of: TimelineEvent, o: Overlap) -> Evidence:
    return _event(of, o, o.interrupter)


def _moment(of: TimelineEvent, at_s: float) -> Evidence:
    start = max(0.0, round(at_s, 2))
    return Evidence(start, start + _MOMENT_S, "agent", NAMES[of][1], "event")

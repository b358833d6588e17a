"""The timeline strip of a call: who speaks when, ringing, holds, dead air and where criteria failed."""

from __future__ import annotations

from collections.abc import Iterable

from audit.records import CallRecord
from audit.report.context import Strip, StripMark
from audit.report.messages import Messages
from audit.report.wording import clock, length, span
from audit.segments import Segment, total_s, union
from audit.words import Role

_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_MAX_TICKS = 6
#: Gaps shorter than this part of the recording cannot be seen at a phone's width.
_INVISIBLE_RATIO = 0.002


def timeline_strip(record: CallRecord, failed: Iterable[Segment], messages: Messages) -> Strip | None:
    """Lay out one call.

    Parameters
    ----------
    record : CallRecord
    failed : iterable of Segment
        Where evidence of failed criteria lies.
    messages : Messages

    Returns
    -------
    Strip or None
        None for a recording without length.
    """
    duration_s = record.recording.duration_s
    if duration_s <= 0:
        return None
    timeline = record.timeline
    ringing = tuple(Segment(t.start_s, t.end_s) for t in timeline.tones if t.kind == "ringback")
    speech: dict[Role, tuple[Segment, ...]] = {r: record.speech.get(r, ()) for r in ("agent", "customer", "unknown")}
    places = sorted(set(failed))
    lanes: tuple[tuple[str, Iterable[Segment]], ...] = (
        ("hold", timeline.holds),
        ("dead", timeline.silences),
        ("ring", ringing),
        ("agent", speech["agent"]),
        ("customer", speech["customer"]),
        ("unknown", speech["unknown"]),
    )
    marks = [
        StripMark(kind, *_place(s, duration_s), title=f"{messages(f'strip.{kind}')} {span(s.start_s, s.end_s)}")
        for kind, segments in lanes
        for s in union(segments, join_gap_s=_INVISIBLE_RATIO * duration_s)
    ]
    marks += [StripMark("mark", _place(s, duration_s)[0], 0, f"{messages('strip.mark')} {clock(s.start_s)}") for s in places]
    present = dict.fromkeys(m.kind for m in marks)
    order = ("ring", "agent", "customer", "unknown", "hold", "dead", "mark")
    return Strip(
        title=messages("strip.title", call_id=record.call_id),
        description=messages(
            "strip.description",
            ring=length(total_s(ringing), messages),
            agent=length(total_s(speech["agent"]), messages),
            customer=length(total_s(speech["customer"]), messages),
            hold=length(timeline.hold_s, messages),
            dead=length(total_s(timeline.silences), messages),
            n=len(places),
        ),
        marks=tuple(marks),
        ticks=ticks(duration_s),
        kinds=tuple((k, messages(f"strip.{k}")) for k in order if k in present),
    )


def ticks(duration_s: float) -> tuple[tuple[float, str], ...]:
    """Round moments along the strip, as per cent of its width and a label; at most six after 0:00.

    Examples
    --------
    >>> ticks(100.0)
    ((0.0, '0:00'), (30.0, '0:30'), (60.0, '1:00'), (90.0, '1:30'))
    """
    step = next((s for s in _STEPS_S if duration_s / s <= _MAX_TICKS), None)
    if step is None:
        step = 3600 * (1 + int(duration_s // (3600 * _MAX_TICKS)))
    n = int(duration_s // step)
    found = [(round(100 * i * step / duration_s, 2), clock(i * step)) for i in range(n + 1)]
    return tuple(t for t in found if t[0] <= 96)


def _place(segment: Segment, duration_s: float) -> tuple[float, float]:
    """Start and width in per mille of the recording, inside the strip and wide enough to be seen."""
    x = min(max(1000 * segment.start_s / duration_s, 0.0), 998.0)
    width = min(max(1000 * segment.duration_s / duration_s, 2.0), 1000 - x)
    return round(x, 2), round(width, 2)

"""What a timeline says in words: its heading, its description for those who do not see it, and each mark's title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from audit.records import CallRecord, Hold, Overlap, Timeline
from audit.report.messages import Messages
from audit.report.wording import clock, length, moment, span
from audit.segments import Segment, total_s

#: Of one kind of event, so many times are written out in the description.
_MOST_TIMES = 8
#: What XML cannot hold, and what a file name that is no UTF-8 brings with it.
_NO_XML = dict.fromkeys((*range(0, 9), 11, 12, *range(14, 32), *range(55296, 57344), 65534, 65535), "�")


def xml_text(text: str) -> str:
    """A text that an XML file can hold.

    Examples
    --------
    >>> xml_text("a\\x00b\\udcff")
    'a�b�'
    """
    return text.translate(_NO_XML)


def title(record: CallRecord, messages: Messages) -> str:
    """The name of the picture."""
    return xml_text(messages("strip.title", call_id=record.call_id))


def heading(record: CallRecord, messages: Messages) -> str:
    """The line above the picture."""
    return xml_text(messages("call.title", call_id=record.call_id))


def facts(record: CallRecord, messages: Messages) -> tuple[str, ...]:
    """The figures under the heading, each a few words; only what is known."""
    t = record.timeline
    found = [length(record.recording.duration_s, messages)]
    if record.metadata.started_at is not None:
        found.insert(0, moment(record.metadata.started_at, messages))
    if (rings := n_rings(t)) is not None:
        found.append(messages("timeline.fact_rings", rings=messages.count("call.rings", rings)))
    if isinstance(t.ring_s.value, int | float):
        found.append(messages("timeline.fact_ring", length=length(float(t.ring_s.value), messages)))
    if t.holds:
        found.append(messages("timeline.fact_hold", length=length(t.hold_s, messages)))
    if t.silences:
        found.append(messages("timeline.fact_dead", length=length(total_s(t.silences), messages)))
    if t.overlaps:
        found.append(messages("timeline.fact_overlap", length=length(total_s(t.overlaps), messages)))
    return tuple(xml_text(f) for f in found)


def n_rings(timeline: Timeline) -> int | None:
    """The count of rings, if it is known."""
    return timeline.n_rings.value if isinstance(timeline.n_rings.value, int) else None


def description(record: CallRecord, messages: Messages) -> str:
    """The whole picture in sentences, for readers who hear it."""
    t = record.timeline
    sentences = [messages("timeline.says_length", length=length(record.recording.duration_s, messages))]
    bursts = [x for x in t.tones if x.kind == "ringback"]
    if bursts:
        rung = ringing(t, messages)
        sentences.append(messages("timeline.says", what=rung, times=span(bursts[0].start_s, bursts[-1].end_s)))
    if t.music_before_answer is not None:
        sentences += _listed([(messages("timeline.music_before_answer"), t.music_before_answer)], messages)
    sentences += [answer_title(t, messages)] if t.answer_at_s is not None else []
    for role, segments in record.speech.items():
        if segments:
            seconds = length(total_s(segments), messages)
            if role == "unknown":
                sentences.append(messages("timeline.says_someone", length=seconds))
            else:
                sentences.append(messages("timeline.says_speech", who=messages(f"role.{role}"), length=seconds))
    sentences += _listed(((hold_title(h, messages), h) for h in t.holds), messages)
    sentences += _listed(((messages("strip.dead"), s) for s in t.silences), messages)
    sentences += _listed(((cut_in([o], messages), o) for o in t.overlaps), messages)
    sentences += _listed(((tone_kind(x.kind, messages), x) for x in t.tones if x.kind != "ringback"), messages)
    if t.transfers_s:
        times = messages("list_separator").join(tenth(at_s) for at_s in t.transfers_s[:_MOST_TIMES])
        sentences.append(messages("timeline.transferred", times=times))
    sentences += [hung_up(t, messages)] if t.hangup_at_s is not None else []
    stop = messages("timeline.stop")
    return xml_text(stop.join(s.removesuffix(stop.strip()) for s in sentences) + stop.strip())


def _listed(events: Iterable[tuple[str, Segment]], messages: Messages) -> list[str]:
    """One sentence for each wording, with the times of its first events."""
    by_wording: dict[str, list[Segment]] = {}
    for wording, segment in events:
        by_wording.setdefault(wording, []).append(segment)
    found = []
    for wording, segments in by_wording.items():
        times = messages("list_separator").join(span(s.start_s, s.end_s) for s in segments[:_MOST_TIMES])
        if len(segments) > _MOST_TIMES:
            times = messages("timeline.says_more", times=times, n=len(segments) - _MOST_TIMES)
        found.append(messages("timeline.says", what=wording, times=times))
    return found


# --- one mark -------------------------------------------------------------------------------------
def timed(what: str, segment: Segment, n_merged: int, messages: Messages) -> str:
    """A mark's title: what and when, and how many it stands for where several are too close to be told apart."""
    said = messages("timeline.says", what=what, times=span(segment.start_s, segment.end_s))
    return messages("timeline.merged", text=said, n=n_merged) if n_merged > 1 else said


def ringing(timeline: Timeline, messages: Messages) -> str:
    """ "Ringing, 2 rings"."""
    rings = n_rings(timeline)
    if rings is None:
        return messages("strip.ring")
    return messages("timeline.ringing", rings=messages.count("call.rings", rings))


def tenth(seconds: float) -> str:
    """A moment to a tenth of a second.

    Examples
    --------
    >>> tenth(7.06), tenth(119.97)
    ('0:07.1', '2:00.0')
    """
    n = round(max(0.0, seconds) * 10)
    return f"{clock(n / 10 + 1e-6)}.{n % 10}"


def answered(timeline: Timeline, messages: Messages) -> str:
    """When the call was answered, or that the recording begins there or is taken to."""
    at_s = timeline.answer_at_s or 0.0
    if timeline.recording_starts == "at_answer" and at_s == 0:
        return messages("timeline.answer_start")
    if timeline.answer_source == "none":
        return messages("timeline.answer_taken", at=tenth(at_s))
    return messages("timeline.answered", at=tenth(at_s))


def answer_title(timeline: Timeline, messages: Messages) -> str:
    """The same with how far it may be out, where that is a tenth of a second or more."""
    said, tolerance_s = answered(timeline, messages), timeline.answer_tolerance_s
    if tolerance_s is None or tolerance_s < 0.05 or timeline.answer_source == "none":
        return said
    return messages("timeline.within", text=said, length=length(tolerance_s, messages))


def hung_up(timeline: Timeline, messages: Messages) -> str:
    """When the call was released, by whom if that is known, and whether somebody was speaking."""
    at, who = tenth(timeline.hangup_at_s or 0.0), timeline.hangup_by.value
    if who is None:
        said = messages("timeline.hangup_unknown", at=at)
    else:
        said = messages("timeline.hangup_by", at=at, who=messages(f"by.{who}"))
    return messages("timeline.cut_off", text=said) if timeline.cut_off.value else said


def hold(what: Hold, messages: Messages) -> str:
    """A hold by its kind; a kind without words of its own is a hold."""
    return messages.find(f"timeline.hold.{what.kind}") or messages("strip.hold")


def hold_title(what: Hold, messages: Messages) -> str:
    """The same with where it comes from, unless it was heard."""
    if what.source == "audio":
        return hold(what, messages)
    return messages("timeline.from_source", text=hold(what, messages), source=messages(f"source.{what.source}"))


def tone_kind(kind: str, messages: Messages) -> str:
    """A tone by its kind."""
    return messages.find(f"timeline.tone.{kind}") or kind


def cut_in(overlaps: Sequence[Overlap], messages: Messages) -> str:
    """Who began while the other talked; an assent and a hand-over are not cutting in."""
    kinds = {o.kind for o in overlaps}
    if kinds == {"backchannel"}:
        return messages("timeline.assent")
    if kinds == {"handover"}:
        return messages("timeline.handover")
    who = {o.interrupter for o in overlaps}
    return messages(f"timeline.cut_in.{who.pop() if len(who) == 1 else 'both'}")


def speaks(role: str, messages: Messages) -> str:
    """Whose speech a mark is."""
    return messages(f"strip.{role}") if role != "unknown" else messages("timeline.someone")

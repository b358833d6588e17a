"""The timeline of a call: what was heard, held against what the record says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from audit import acoustics, telephony
from audit.pipeline.hearing import Heard
from audit.records import Measured, Metadata, Overlap, Role, Segment, Timeline, subtract, total_s, union

#: Dead air is listed from here on; rules choose their own, longer limit.
MIN_DEAD_AIR_S = 3.0
#: Talking together for less is a back-channel or a hand-over (call-ai-metrics counts from 0.5 s on).
MIN_OVERLAP_S = 0.5
#: A record in whole seconds and a recorder that starts a moment late still mean the same call.
RECORD_TOLERANCE_S = 2.0
#: The release is looked for in the end of a long call.
TAIL_S = 600.0


def timeline_of(heard: Heard, metadata: Metadata, roles: Sequence[Role]) -> Timeline:
    """Put the timeline together.

    Parameters
    ----------
    heard : Heard
    metadata : Metadata
    roles : sequence of Role
        One for each leg.

    Returns
    -------
    Timeline
    """
    ringing = heard.ringing
    release = _release(heard)
    answer_s, answer_source = _answer(heard, metadata)
    hangup_s = release.hangup_at_s
    holds = tuple(sorted(h.hold for h in heard.holds))
    everyone = union(s for leg in heard.speech for s in leg)
    silences: tuple[Segment, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    talk_s = None
    if hangup_s is not None and hangup_s > answer_s:
        call = Segment(answer_s, hangup_s)
        talk_s = total_s(subtract([call], holds))
        silences = acoustics.dead_air(everyone, call=call, busy=(*holds, *heard.tones), min_gap_s=MIN_DEAD_AIR_S)
    if set(roles) == {"agent", "customer"}:
        by_role = dict(zip(roles, heard.speech, strict=True))
        overlaps = acoustics.overlaps(by_role["agent"], by_role["customer"], min_overlap_s=MIN_OVERLAP_S)
    ring_s, n_rings = _rings(ringing, metadata)
    return Timeline(
        ring_s=ring_s,
        n_rings=n_rings,
        hangup_by=_hangup_by(metadata, release, roles),
        tone_plan=ringing.tone_plan if ringing else None,
        answer_at_s=answer_s,
        answer_source=answer_source,
        hangup_at_s=hangup_s,
        talk_s=talk_s,
        holds=holds,
        silences=silences,
        overlaps=overlaps,
        tones=heard.tones,
    )


def _release(heard: Heard) -> telephony.Release:
    """The release, from the last ten minutes of a longer call."""
    begin_s = max(0.0, float(int(heard.duration_s - TAIL_S)))
    if heard.duration_s <= begin_s:
        return telephony.Release(None, None, "none", "the recording is empty")
    tail = Segment(begin_s, heard.duration_s)

    def moved(segments: Sequence[Segment]) -> tuple[Segment, ...]:
        return tuple(Segment(s.start_s - begin_s, s.end_s - begin_s) for x in segments if (s := x.intersect(tail)))

    tones = tuple(replace(t, start_s=t.start_s - begin_s, end_s=t.end_s - begin_s) for t in heard.tones if t.start_s >= begin_s)
    release = telephony.find_release(
        heard.legs(tail), heard.sample_rate_hz, tones=tones, speech=[moved(s) for s in heard.speech]
    )
    return replace(release, hangup_at_s=None if release.hangup_at_s is None else release.hangup_at_s + begin_s)


def _answer(heard: Heard, metadata: Metadata) -> tuple[float, str]:
    """When the call was answered, in the recording's time.

    Heard ringing ends there. Without it, a recording as long as the record's whole call began with the ringing, and
    one as long as its talk began at the answer; where nothing is known, the recording is taken to begin at the answer.
    """
    if heard.ringing:
        return heard.ringing.answer_at_s, "audio"
    ring_s, whole_s, talk_s = metadata.ring_s, metadata.duration_s, metadata.talk_s
    if ring_s and whole_s is not None and talk_s is not None:
        near_whole, near_talk = abs(heard.duration_s - whole_s), abs(heard.duration_s - talk_s)
        if near_whole <= RECORD_TOLERANCE_S and near_whole < near_talk:
            return min(ring_s, heard.duration_s), "cdr"
    return 0.0, "none"


def _rings(ringing: telephony.Ringing | None, metadata: Metadata) -> tuple[Measured, Measured]:
    """Ringing in seconds and rings: the record first, then the ringback heard.

    A record whose whole call is as long as its talk says nothing of the ringing: its clock started at the answer.
    """
    n_rings = Measured(ringing.n_rings, "audio") if ringing else Measured(None, "none", reason="no ringback in the recording")
    if metadata.ring_s and metadata.source in ("cdr", "vcon"):
        return Measured(float(metadata.ring_s), metadata.source, metadata.ring_tolerance_s), n_rings
    if ringing:
        return Measured(ringing.answer_at_s - ringing.ring_start_s, "audio", ringing.tolerance_s), n_rings
    return Measured(None, "none", reason="no ringing in the recording and none in the record"), n_rings


def _hangup_by(metadata: Metadata, release: telephony.Release, roles: Sequence[Role]) -> Measured:
    """Who released first: the record, else the channel that the audio points to."""
    if metadata.hangup_by:
        return Measured(metadata.hangup_by, "vcon" if metadata.source == "vcon" else "cdr")
    if release.channel is None or release.channel >= len(roles) or roles[release.channel] == "unknown":
        return Measured(None, "none", reason=release.reason or "the parties are not on channels of their own")
    return Measured(roles[release.channel], "audio")

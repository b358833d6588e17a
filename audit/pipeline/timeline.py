"""The timeline of a call: what was heard, held against what the record says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from audit import acoustics, telephony
from audit.pipeline.hearing import Heard
from audit.pipeline.parties import Party, party_of
from audit.records import CutOff, Measured, Metadata, Overlap, Timeline
from audit.segments import Segment, subtract, total_s, union
from audit.words import Transcript

#: Dead air is listed from here on; rules choose their own, longer limit.
MIN_DEAD_AIR_S = 3.0
#: Talking together for less is no overlap worth a name (call-ai-metrics counts from 0.5 s on).
MIN_OVERLAP_S = 0.5
#: The release is looked for in the end of a long call.
TAIL_S = 600.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is settled before the timeline is put together.

    Attributes
    ----------
    answer : Answer
    events : RecordedEvents
        Of the record, in the recording's time.
    holds : ReconciledHolds
        Those of the record, or those heard.
    """

    answer: telephony.Answer
    events: telephony.RecordedEvents
    holds: telephony.ReconciledHolds

    @property
    def warnings(self) -> tuple[str, ...]:
        """Where the record and the recording disagree."""
        return (*self.answer.warnings, *self.holds.warnings)

    @property
    def parked(self) -> tuple[Segment, ...]:
        """Time on hold, by the record or by what is heard: nobody can be waited for there."""
        return union(Segment(h.start_s, h.end_s) for h in (*self.holds.holds, *self.holds.heard))


def hold_against_record(heard: Heard, answer: telephony.Answer, metadata: Metadata) -> Known:
    """Lay the record's events over what was heard.

    Parameters
    ----------
    heard : Heard
        Of which nothing before the answer counts as a hold any more.
    answer : Answer
    metadata : Metadata

    Returns
    -------
    Known
    """
    events = telephony.place_recorded(metadata, answer, duration_s=heard.duration_s)
    holds = telephony.reconcile_holds(events, sorted(h.hold for h in heard.holds), recorded_hold_s=metadata.hold_s)
    return Known(answer, events, holds)


def timeline_of(
    heard: Heard, known: Known, metadata: Metadata, parties: Sequence[Party], *, damaged: str | None = None
) -> Timeline:
    """Put the timeline together.

    Parameters
    ----------
    heard : Heard
    known : Known
    metadata : Metadata
    parties : sequence of Party
        Only of those with legs of their own is it known when they talk at once, and whose leg went dead.
    damaged : str, optional
        Why the recording is not whole.

    Returns
    -------
    Timeline
    """
    answer, release = known.answer, _release(heard, known.answer, damaged)
    holds, hangup_s = known.holds.holds, release.hangup_at_s
    silences: tuple[Segment, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    talk_s = None
    if hangup_s is not None and hangup_s > answer.at_s:
        call = Segment(answer.at_s, hangup_s)
        talk_s = total_s(subtract([call], holds))
        everyone = union(s for leg in heard.speech for s in leg)
        behind = (s for leg in heard.background for s in leg)
        # Who is asked for a key takes his time: nobody leaves anybody waiting there.
        busy = (*known.parked, *heard.tones, *behind, *_after(survey_at_s(parties), hangup_s))
        silences = acoustics.dead_air(everyone, call=call, busy=busy, min_gap_s=MIN_DEAD_AIR_S)
    agent, customer = party_of("agent", parties), party_of("customer", parties)
    if agent and customer and not agent.shared:
        overlaps = acoustics.overlaps(agent.speech, customer.speech, min_overlap_s=MIN_OVERLAP_S)
    return Timeline(
        ring_s=answer.ring_s,
        n_rings=answer.n_rings,
        hangup_by=_hangup_by(metadata, release, parties),
        tone_plan=heard.ringing.tone_plan if heard.ringing else None,
        tone_plan_alternatives=heard.ringing.plan_alternatives if heard.ringing else (),
        answer_at_s=answer.at_s,
        answer_source=answer.source,
        hangup_at_s=hangup_s,
        talk_s=talk_s,
        holds=holds,
        silences=silences,
        overlaps=overlaps,
        tones=heard.tones,
        answer_tolerance_s=answer.tolerance_s,
        answer_reason=answer.reason,
        recording_starts=answer.recording_starts,
        music_before_answer=answer.music,
        holds_source=known.holds.source,
        holds_heard=known.holds.heard,
        transfers_s=known.events.transfers_s,
        hangup_source=release.source,
        release_evidence=release.evidence,
        cut_off=_cut_off(release.cut_off, parties),
        ring_heard=answer.ring_heard,
    )


def with_words(timeline: Timeline, transcript: Transcript) -> Timeline:
    """Let the words have their say: what is only an assent is no interruption, and an announced silence is a hold.

    Parameters
    ----------
    timeline : Timeline
    transcript : Transcript
        With the roles that were found.

    Returns
    -------
    Timeline
    """
    assents = acoustics.backchannel_words(transcript.language)
    words = {r: [w for t in transcript.turns if t.role == r for w in t.words] for r in ("agent", "customer")}
    judged = tuple(acoustics.judge_overlap(o, words.get(o.interrupter, ()), assents) for o in timeline.overlaps)
    return telephony.with_spoken_holds(replace(timeline, overlaps=judged), transcript)


def _release(heard: Heard, answer: telephony.Answer, damaged: str | None) -> telephony.Release:
    """The release, from the last ten minutes of a longer call."""
    begin_s = max(0.0, float(int(heard.duration_s - TAIL_S)))
    return telephony.find_release(
        heard.audio.read(begin_s, heard.duration_s)[: heard.n_legs],
        heard.sample_rate_hz,
        tones=heard.tones,
        speech=heard.speech,
        offset_s=begin_s,
        answer_at_s=answer.at_s,
        damaged=damaged,
    )


def survey_at_s(parties: Sequence[Party]) -> float | None:
    """When a recorded prompt has the last word; None where a party has it."""
    last_s = max((s.end_s for p in parties if p.role != "ivr" for s in p.speech), default=0.0)
    late = [s.start_s for p in parties if p.role == "ivr" for s in p.speech if s.end_s > last_s]
    return min(late, default=None)


def _after(start_s: float | None, end_s: float) -> tuple[Segment, ...]:
    return (Segment(start_s, end_s),) if start_s is not None and start_s < end_s else ()


def _cut_off(found: CutOff, parties: Sequence[Party]) -> CutOff:
    """A recording that is hung up on is nobody who was cut off."""
    at_s = survey_at_s(parties)
    prompted = at_s is not None and found.segment is not None and found.segment.end_s > at_s
    return CutOff(False) if prompted else found


def _hangup_by(metadata: Metadata, release: telephony.Release, parties: Sequence[Party]) -> Measured:
    """Who released first: the record, else the channel that the audio points to."""
    if metadata.hangup_by:
        return Measured(metadata.hangup_by, "vcon" if metadata.source == "vcon" else "cdr")
    known = (p.role for p in parties if p.channel == release.channel and not p.shared and p.role != "unknown")
    role = next(known, None)
    if role is not None and any(p.role == "ivr" and p.channel == release.channel for p in parties):
        return Measured(None, "none", reason="a recorded prompt ends the call on that party's channel")
    if role is None:
        return Measured(None, "none", reason=release.reason or "the parties are not on channels of their own")
    return Measured(role, "audio")

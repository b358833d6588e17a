"""The moment of the answer: from the ringing heard, from the line that opens, from the record, each held against the other.

docs/answer-and-release.md says which is trusted when, and to what tolerance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from audit.records import Measured, Metadata, RecordingStart, Tone
from audit.segments import Segment
from audit.telephony.before_answer import MUSIC_EDGE_S, OPENING_TOLERANCE_S, LineOpening
from audit.telephony.plans import TONE_PLANS
from audit.telephony.ringing import Ringing

#: A record in whole seconds and a recorder that starts a moment late still mean the same call.
RECORD_TOLERANCE_S = 2.0
#: What a record that does not say how fine its clock is may be off by.
WHOLE_SECOND_S = 1.0
#: Switch and line do not act at the same moment.
SIGNALLING_S = 0.5
BEGUN_S = 0.06  # a burst that sounds from the recording's first samples began before it
BEGUN_SHORT_S = 0.1
EDGE_S = 0.01
NO_RINGING_REASON = "no ringback in the recording"
MUSIC_REASON = "music was played instead of ringback; rings cannot be counted"


@dataclass(frozen=True, slots=True)
class Answer:
    """When the call was answered, and what is known of the waiting before.

    Attributes
    ----------
    at_s : float
        In the recording's time; 0.0 where the recording begins at the answer or nothing tells of one.
    tolerance_s : float or None
        None where nothing bounds it.
    source : {"audio", "cdr", "vcon", "none"}
    reason : str
        How it was placed, in plain words.
    recording_starts : {"before_ringing", "in_ringing", "at_answer", "unknown"}
    ring_s, n_rings : Measured
    music : Segment or None
        What was played instead of ringback.
    warnings : tuple of str
        Where the record and the recording disagree.
    ring_heard : Measured
        Seconds of ringing in the recording alone; with a reason where that is not all of it.
    """

    at_s: float
    tolerance_s: float | None
    source: str
    reason: str
    recording_starts: RecordingStart
    ring_s: Measured
    n_rings: Measured
    music: Segment | None = None
    warnings: tuple[str, ...] = ()
    ring_heard: Measured = field(default_factory=lambda: Measured(None, reason=NO_RINGING_REASON))


def find_answer(
    ringing: Ringing | None,
    metadata: Metadata,
    *,
    duration_s: float,
    tones: Sequence[Tone] = (),
    opening: LineOpening | None = None,
    music: Segment | None = None,
    music_end_s: float | None = None,
    first_speech_s: float | None = None,
    plan: str = "auto",
) -> Answer:
    """Place the answer in the recording and hold the record against what is heard.

    Parameters
    ----------
    ringing : Ringing or None
        From :func:`~audit.telephony.ringing.measure_ringing`.
    metadata : Metadata
    duration_s : float
        Of the recording.
    tones : sequence of Tone
        Tell whether the recording begins within a burst.
    opening : LineOpening, optional
        From :func:`find_line_opening`; sharpens an answer between two rings.
    music : Segment, optional
        From :func:`find_music_before_answer`.
    music_end_s : float, optional
        From :func:`find_music_end`; sharpens the music's end.
    first_speech_s : float, optional
        From :func:`first_dialogue_s`.
    plan : str, default "auto"
        National tone plan of the centre; its ring's length turns recorded seconds into rings where music hides them.

    Returns
    -------
    Answer
        What is heard places the answer; the record does where nothing is heard. The record's ring time stands as the
        ring time as long as the two agree, for it counts what the recording may lack.

    Examples
    --------
    >>> a = find_answer(None, Metadata("1"), duration_s=60.0)
    >>> a.at_s, a.source, a.tolerance_s
    (0.0, 'none', None)
    """
    if music is not None:
        if music_end_s is not None:
            music = Segment(music.start_s, music_end_s)
        tolerance_s = MUSIC_EDGE_S if music_end_s is None else OPENING_TOLERANCE_S
        return _after_music(
            music, tolerance_s, ringing, metadata, duration_s=duration_s, first_speech_s=first_speech_s, plan=plan
        )
    if ringing is not None:
        return _after_ringing(ringing, metadata, duration_s=duration_s, tones=tones, opening=opening)
    return _by_record(metadata, duration_s=duration_s)


def _after_music(
    music: Segment,
    tolerance_s: float,
    ringing: Ringing | None,
    metadata: Metadata,
    *,
    duration_s: float,
    first_speech_s: float | None,
    plan: str,
) -> Answer:
    """The answer ends the music that was played instead of ringback."""
    at_s = min(music.end_s, duration_s)
    if first_speech_s is not None:
        at_s = min(at_s, max(first_speech_s, music.start_s))
    stated_s, stated_tolerance_s = _stated(metadata)
    source = _record_of(metadata)
    ring_s, n_rings = Measured(None, "none", reason=MUSIC_REASON), Measured(None, "none", reason=MUSIC_REASON)
    warnings: tuple[str, ...] = ()
    if stated_s is not None:
        ring_s = Measured(stated_s, source, stated_tolerance_s)
        known = plan if plan != "auto" else ringing.tone_plan if ringing else None
        if known is not None:
            n = _rings_in(stated_s, known)
            n_rings = Measured(n, source, reason="music was played instead of ringback; counted from the recorded seconds")
        if stated_s + stated_tolerance_s + SIGNALLING_S < music.duration_s - MUSIC_EDGE_S:
            warnings = (
                f"the record says {stated_s:g} s of ringing, but music plays for {music.duration_s:.1f} s before anybody "
                "answers: the record's figure was taken, the rest may be a queue",
            )
    reason = "music plays until the answer instead of ringback"
    if ringing:
        heard = f"{ringing.n_rings} {'ring' if ringing.n_rings == 1 else 'rings'}"
        reason = f"{heard} and then music until the answer"
    starts: RecordingStart = "before_ringing" if music.start_s >= MUSIC_EDGE_S or ringing else "in_ringing"
    ring_heard = Measured(None, reason=MUSIC_REASON)
    return Answer(at_s, tolerance_s, "audio", reason, starts, ring_s, n_rings, music, warnings, ring_heard)


def _after_ringing(
    ringing: Ringing, metadata: Metadata, *, duration_s: float, tones: Sequence[Tone], opening: LineOpening | None
) -> Answer:
    """The answer after ringback: the burst it cut, the line that opens, or the window in between."""
    at_s, tolerance_s = ringing.answer_at_s, ringing.tolerance_s
    reason = "the answer lies between the end of the last ring and the next ring or the first word"
    if ringing.cuts_a_ring:
        reason = "the answer cuts a ring short"
    elif opening is not None and ringing.answer_earliest_s <= opening.at_s <= ringing.answer_latest_s:
        at_s, tolerance_s = opening.at_s, opening.tolerance_s
        reason = f"the line of channel {opening.channel} opens between the last ring and the first word"
    at_s = min(at_s, duration_s)
    heard_s = at_s - ringing.ring_start_s
    starts: RecordingStart = "in_ringing" if _begins_in_burst(ringing, tones) else "before_ringing"
    n_rings = Measured(ringing.n_rings, "audio")
    ring_s = ring_heard = Measured(heard_s, "audio", tolerance_s)
    warnings: tuple[str, ...] = ()
    stated_s, stated_tolerance_s = _stated(metadata)
    if stated_s is not None:
        source = _record_of(metadata)
        slack_s = stated_tolerance_s + tolerance_s + SIGNALLING_S
        if stated_s < heard_s - slack_s:
            warnings = (_differ(stated_s, heard_s, "the recording's was taken, because it can be listened to"),)
        elif stated_s <= at_s + slack_s:
            ring_s = Measured(stated_s, source, stated_tolerance_s)
        elif _is_whole(metadata, duration_s) and starts != "in_ringing":
            why = "the recording's was taken: it is as long as the whole call, and the record may count a menu or a queue"
            warnings = (_differ(stated_s, heard_s, why),)
        else:
            starts = "in_ringing"
            ring_s = Measured(stated_s, source, stated_tolerance_s)
            n = max(ringing.n_rings, _rings_in(stated_s, ringing.tone_plan))
            n_rings = Measured(n, source, reason=f"{ringing.n_rings} heard; counted from the recorded seconds")
            warnings = (_differ(stated_s, heard_s, "the record's was taken, because the recording begins while it is ringing"),)
    if starts == "in_ringing":
        reason += "; the recording begins while it is ringing"
        least = "the recording begins while it is ringing: it rang for longer than that"
        ring_heard = replace(ring_heard, reason=least)
        if ring_s.source == "audio":
            ring_s, n_rings = replace(ring_s, reason=least), replace(n_rings, reason=least)
    return Answer(at_s, tolerance_s, "audio", reason, starts, ring_s, n_rings, None, warnings, ring_heard)


def _by_record(metadata: Metadata, *, duration_s: float) -> Answer:
    """The answer where no ringing is heard: as the record has it, else the start of the recording."""
    stated_s, stated_tolerance_s = _stated(metadata)
    source = _record_of(metadata)
    n_rings = Measured(None, "none", reason=NO_RINGING_REASON)
    ring_s = Measured(None, "none", reason="no ringing in the recording and none in the record")
    if stated_s is not None:
        ring_s = Measured(stated_s, source, stated_tolerance_s)
    began, answered = metadata.recording_started_at, metadata.answered_at
    if began is not None and answered is not None:
        at_s = (answered - began).total_seconds()
        if 0 <= at_s <= duration_s:
            starts: RecordingStart = "at_answer" if at_s <= stated_tolerance_s else "unknown"
            why = "no ringing is heard; the record says when the recording began and when the call was answered"
            return Answer(at_s, stated_tolerance_s, source, why, starts, ring_s, n_rings)
    if stated_s is not None and _is_whole(metadata, duration_s):
        why = "no ringing is heard, but the recording is as long as the whole call in the record: its ring time was taken"
        tolerance_s = stated_tolerance_s + RECORD_TOLERANCE_S
        return Answer(min(stated_s, duration_s), tolerance_s, source, why, "unknown", ring_s, n_rings)
    if metadata.talk_s is not None and abs(duration_s - metadata.talk_s) <= RECORD_TOLERANCE_S:
        why = "no ringing is heard, and the recording is as long as the record's talk time: it begins at the answer"
        return Answer(0.0, RECORD_TOLERANCE_S, source, why, "at_answer", ring_s, n_rings)
    why = "no ringing is heard and no record tells of the answer: the recording is taken to begin at the answer"
    return Answer(0.0, None, "none", why, "unknown", ring_s, n_rings)


def _record_of(metadata: Metadata) -> Literal["cdr", "vcon"]:
    return "vcon" if metadata.source == "vcon" else "cdr"


def _stated(metadata: Metadata) -> tuple[float | None, float]:
    """The record's ring time and its tolerance; a record without ringing (0 s) says nothing of it."""
    tolerance_s = metadata.ring_tolerance_s if metadata.ring_tolerance_s is not None else WHOLE_SECOND_S
    known = metadata.ring_s if metadata.source in ("cdr", "vcon") else None
    return (float(known) if known else None), tolerance_s


def _is_whole(metadata: Metadata, duration_s: float) -> bool:
    """Whether the recording is as long as the whole call, and nearer to it than to the talk."""
    whole_s, talk_s = metadata.duration_s, metadata.talk_s
    if whole_s is None or abs(duration_s - whole_s) > RECORD_TOLERANCE_S:
        return False
    return talk_s is None or abs(duration_s - whole_s) < abs(duration_s - talk_s)


def _begins_in_burst(ringing: Ringing, tones: Sequence[Tone]) -> bool:
    """Whether the recording begins in the middle of a ring: its first burst sounds at once and is short."""
    first = next((t for t in sorted(tones) if t.kind == "ringback" and t.start_s >= ringing.ring_start_s - EDGE_S), None)
    if first is None or first.start_s > BEGUN_S or first.end_s >= ringing.last_burst_end_s:
        return False
    on_s = TONE_PLANS[ringing.tone_plan].ringback.pattern_s[0]
    return first.duration_s < on_s - BEGUN_SHORT_S


def _rings_in(seconds: float, plan: str) -> int:
    """Rings begun within the seconds, at the plan's cadence."""
    return int(seconds / TONE_PLANS[plan].ringback.period_s) + 1


def _differ(stated_s: float, heard_s: float, taken: str) -> str:
    return f"the record says {stated_s:g} s of ringing, {heard_s:.1f} s are heard: {taken}"

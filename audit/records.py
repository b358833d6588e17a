"""The facts of a call, as frozen values.

Everything that travels between the parts of callaudit is one of these. Times
are seconds from the start of the recording, half-open ``[start_s, end_s)``.
What could not be measured is ``None`` with a reason, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from audit.frozen import quick
from audit.segments import Segment, total_s
from audit.words import Role, Transcript

Layout = Literal["mono", "stereo", "dual_mono", "one_dead_leg"]
HoldKind = Literal["music", "silence", "tone", "announcement"]
HoldSource = Literal["audio", "cdr", "vcon", "words"]
RecordingStart = Literal["before_ringing", "in_ringing", "at_answer", "unknown"]
OverlapKind = Literal["interruption", "backchannel", "handover"]
ToneKind = Literal["ringback", "busy", "congestion", "dial", "call_waiting", "special_information", "dtmf", "fax", "beep"]
MetadataSource = Literal["cdr", "vcon", "file_name", "none"]


# --- what is known before listening ---------------------------------------------------------------
@quick
@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of those that share a channel.

    Attributes
    ----------
    role : {"agent", "customer", "ivr", "unknown"}
    segments : tuple of Segment
        When it speaks.
    """

    role: Role
    segments: tuple[Segment, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class SharedChannel:
    """How well the voices on one channel were told apart.

    Attributes
    ----------
    n_voices : int or None
        None where it was not found out.
    confidence : float or None
        0-1, that the voices are told apart rightly.
    roles_confidence : float or None
        0-1, that agent and customer are named rightly, the voices' own confidence included.
    reason : str
        What told who is who, or what is missing.
    voices : tuple of Voice
        In the order in which they are first heard, nameless ones, too; empty where they were not told apart.
    """

    n_voices: int | None = None
    confidence: float | None = None
    roles_confidence: float | None = None
    reason: str = ""
    voices: tuple[Voice, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Recording:
    """Facts of one audio file; its samples travel apart.

    Attributes
    ----------
    path : str
        As found on the command line's paths.
    sha256 : str
        Of the file's bytes, hex.
    duration_s : float
        Of the audio that could be decoded.
    sample_rate_hz, n_channels : int
        Of the file, before any resampling.
    layout : {"mono", "stereo", "dual_mono", "one_dead_leg"}
        What the channels really hold.
    agent_channel : int or None
        0-based; None where the roles are not on channels of their own.
    agent_channel_source : {"option", "profile", "metadata", "audio", "words", "none"}
        Who says so.
    warnings : tuple of str
        What a reader of the figures must know, in plain words.
    damaged : str or None
        Why this is not the whole recording: packets lost, shorter than its container or its record says.
    shared_channel : SharedChannel or None
        How well the voices of a mono or dual-mono recording, or of the only live leg, were told apart; None where each
        has its own channel, or nobody asked.
    """

    path: str
    sha256: str
    duration_s: float
    sample_rate_hz: int
    n_channels: int
    layout: Layout
    agent_channel: int | None = None
    agent_channel_source: str = "none"
    warnings: tuple[str, ...] = ()
    damaged: str | None = None
    shared_channel: SharedChannel | None = None


@quick
@dataclass(frozen=True, slots=True)
class RecordedHold:
    """A hold as the switch recorded it, by the clock.

    Attributes
    ----------
    start_at : datetime
        With a time zone, as `end_at`.
    end_at : datetime or None
        None where the record does not say that it ended: the call did before.
    source : {"cdr", "vcon"}
    tolerance_s : float
        What each moment may be off by; records in whole seconds have 1.0.
    """

    start_at: datetime
    end_at: datetime | None = None
    source: Literal["cdr", "vcon"] = "cdr"
    tolerance_s: float = 1.0


@quick
@dataclass(frozen=True, slots=True)
class Metadata:
    """What the call-detail record, the vCon or the file name says of a call.

    Attributes
    ----------
    call_id : str
        Unique in an archive; the file name without its extension where nothing better is known.
    agent_id, agent_name, customer_number : str or None
    direction : {"inbound", "outbound", "internal"} or None
    started_at, answered_at, ended_at : datetime or None
        Always with a time zone.
    ring_s : float or None
        Ringing to answer as the record says it.
    ring_tolerance_s : float or None
        Half the resolution of that figure's clock; records in whole seconds have 1.0.
    duration_s, talk_s : float or None
        Start to end and answer to end, as the record says (``duration`` and ``billsec``).
    hangup_by : {"agent", "customer", "system"} or None
    agent_channel : int or None
        0-based, where the record names it.
    source : {"cdr", "vcon", "file_name", "none"}
        The best source that was found.
    variables : mapping of str to str
        Every further column, by its name in the record.
    warnings : tuple of str
        Disagreements between sources and the like.
    recording_started_at : datetime or None
        When the recording itself began, where a source says so (a vCon's dialog); a switch's record does not.
    holds : tuple of RecordedHold
        As the record or the vCon tells them, sorted.
    hold_s : float or None
        All holds together, where the record counts them.
    transferred_at : tuple of datetime
        Moments at which the record says the call was transferred.
    utc_only : bool
        The times are written in UTC and nobody said which zone the call was in: its local hour is not known.
    """

    call_id: str
    agent_id: str | None = None
    agent_name: str | None = None
    customer_number: str | None = None
    direction: str | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ring_s: float | None = None
    ring_tolerance_s: float | None = None
    duration_s: float | None = None
    talk_s: float | None = None
    hangup_by: str | None = None
    agent_channel: int | None = None
    source: MetadataSource = "none"
    variables: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    recording_started_at: datetime | None = None
    holds: tuple[RecordedHold, ...] = ()
    hold_s: float | None = None
    transferred_at: tuple[datetime, ...] = ()
    utc_only: bool = False


# --- proof ----------------------------------------------------------------------------------------
@quick
@dataclass(frozen=True, slots=True)
class Evidence:
    """Where in the audio a verdict is proved.

    Attributes
    ----------
    match : {"exact", "normalised", "pinyin", "window", "measure", "event"}
        How it was found; "window" is a stretch searched in vain.
    heard : str or None
        For words: what the recogniser wrote, `text` being what it was taken for.
    confidence : float or None
        0-1, of the recogniser's words times the match.
    suggestion : str or None
        The polite form for this very wording.
    cost : float or None
        For words taken for others: the mean price of a character, 0-1, that made `heard` pass for `text`; None where
        nothing was paid.
    """

    start_s: float
    end_s: float
    role: Role
    text: str
    match: str
    heard: str | None = None
    confidence: float | None = None
    suggestion: str | None = None
    cost: float | None = None


# --- the timeline ---------------------------------------------------------------------------------
@quick
@dataclass(frozen=True, slots=True)
class Measured:
    """A figure together with where it comes from.

    `value` is None where it could not be measured; `reason` then says why.
    """

    value: float | int | str | None
    source: Literal["cdr", "vcon", "audio", "none"] = "none"
    tolerance_s: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Hold(Segment):
    """The customer is parked: music, a periodic tone, an announcement or a dead leg.

    `source` is where it comes from: heard, recorded by the switch, or told by the agent's words, which are then its
    `evidence`.
    """

    kind: HoldKind = "music"
    source: HoldSource = field(default="audio", compare=False)
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Tone(Segment):
    """One burst of a signalling tone; `freqs_hz`, its one or two components, lowest first, are not published."""

    kind: ToneKind = "ringback"
    channel: int = 0
    freqs_hz: tuple[float, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Overlap(Segment):
    """Both parties talk; `interrupter` is the one who began second, whatever the kind.

    Attributes
    ----------
    kind : {"interruption", "backchannel", "handover"}
        Whether the second took the word or talked over the first, only assented, or began on the other's last syllable.
    together_s : float or None
        Seconds in which both sound: breaths inside the overlap left out. None where it was not measured.
    other_stopped : bool or None
        Whether the other party gave up the word: fell silent while the interrupter went on.
    """

    interrupter: Role = "unknown"
    kind: OverlapKind = "interruption"
    together_s: float | None = field(default=None, compare=False)
    other_stopped: bool | None = field(default=None, compare=False)

    @property
    def interrupted(self) -> Role:
        """The party who had the word; "unknown" where it is not known who began second."""
        others: Mapping[Role, Role] = {"agent": "customer", "customer": "agent"}
        return others.get(self.interrupter, "unknown")


@quick
@dataclass(frozen=True, slots=True)
class CutOff:
    """Whether the call ended while somebody was speaking.

    Attributes
    ----------
    value : bool or None
        None where it cannot be told; `reason` then says why.
    segment : Segment or None
        The speech that was cut, up to the hang-up; None unless `value` is true.
    channel : int or None
        0-based, of the party who was speaking.
    """

    value: bool | None = None
    reason: str | None = None
    segment: Segment | None = None
    channel: int | None = None


#: Timelines from before the ringing heard was kept beside a record's.
RING_NOT_KEPT = "the ringing heard was not kept"


@quick
@dataclass(frozen=True, slots=True)
class Timeline:
    """When things happened in the call.

    Attributes
    ----------
    ring_s, n_rings : Measured
        Ringing to answer in seconds, and the count of rings (a partial last one included). A record's figure where there is
        one that what is heard does not speak against.
    tone_plan : str or None
        The national plan whose ringback was heard.
    tone_plan_alternatives : tuple of str
        Other plans that sound the same, most likely first.
    answer_at_s : float or None
        Seconds into the recording; 0.0 where the recording begins at the answer.
    answer_source : {"cdr", "vcon", "audio", "none"}
    hangup_at_s : float or None
    hangup_by : Measured
        "agent", "customer" or "system".
    talk_s : float or None
        Answer to hang-up less holds (the sense of automatic call distribution).
    holds, silences, overlaps, tones : tuples, sorted
        `silences` are dead air: nobody speaks and nothing plays.
    answer_tolerance_s : float or None
        The answer lies within this of `answer_at_s`; None where nothing bounds it.
    answer_reason : str
        How the answer was placed, or why it could not be, in plain words.
    recording_starts : {"before_ringing", "in_ringing", "at_answer", "unknown"}
    music_before_answer : Segment or None
        Music or speech that the caller heard instead of ringback, or while queueing.
    holds_source : {"audio", "cdr", "vcon"}
        Whose holds `holds` are, those told by words apart.
    holds_heard : tuple of Hold
        What the audio alone says of the holds, where a record won over it.
    transfers_s : tuple of float
        Recorded transfers, in the recording's time.
    hangup_source : {"tone", "dead_leg", "noise_drop", "end_of_recording", "none"}
    release_evidence : Segment or None
        The release tone, or the dead leg.
    cut_off : CutOff
    ring_heard : Measured
        Seconds of ringing to answer in the recording alone, whatever a record says; with a `reason` where that is not all of
        it. None with a reason where none was heard, or where what made the timeline kept it only without a record.
    """

    ring_s: Measured
    n_rings: Measured
    hangup_by: Measured
    tone_plan: str | None = None
    answer_at_s: float | None = None
    answer_source: str = "none"
    hangup_at_s: float | None = None
    talk_s: float | None = None
    holds: tuple[Hold, ...] = ()
    silences: tuple[Segment, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    tones: tuple[Tone, ...] = ()
    answer_tolerance_s: float | None = None
    answer_reason: str = ""
    recording_starts: RecordingStart = "unknown"
    music_before_answer: Segment | None = None
    holds_source: HoldSource = "audio"
    holds_heard: tuple[Hold, ...] = ()
    transfers_s: tuple[float, ...] = ()
    hangup_source: str = "none"
    release_evidence: Segment | None = None
    cut_off: CutOff = field(default_factory=CutOff)
    tone_plan_alternatives: tuple[str, ...] = ()
    ring_heard: Measured = Measured(None, reason=RING_NOT_KEPT)

    @property
    def hold_s(self) -> float:
        """Seconds on hold in all."""
        return total_s(self.holds)

    @property
    def longest_hold_s(self) -> float | None:
        """Seconds of the longest hold; None without one."""
        return max((h.duration_s for h in self.holds), default=None)


# --- figures --------------------------------------------------------------------------------------
@quick
@dataclass(frozen=True, slots=True)
class Measures:
    """Acoustic and conversational figures of one role; None where not measurable.

    Definitions and sources stand in docs/acoustic-measures.md and in the
    functions that compute them (:mod:`audit.acoustics`). Ratios are 0-1, but
    `dc_offset_ratio` has a sign. `crosstalk_db` is what this role's leg
    carries of the other party, against the same sound in that party's leg.
    """

    speech_s: float | None = None
    speech_rate_cpm: float | None = None
    speech_rate_wpm: float | None = None
    fastest_rate_cpm: float | None = None
    fastest_rate_wpm: float | None = None
    fastest_start_s: float | None = None
    fastest_end_s: float | None = None
    active_level_dbfs: float | None = None
    loudness_lufs: float | None = None
    peak_dbfs: float | None = None
    clipping_ratio: float | None = None
    snr_db: float | None = None
    dc_offset_ratio: float | None = None
    crosstalk_db: float | None = None
    crosstalk_delay_s: float | None = None
    level_spread_db: float | None = None
    max_level_jump_db: float | None = None
    max_level_jump_at_s: float | None = None
    loudest_turn_over_median_db: float | None = None
    loudest_turn_start_s: float | None = None
    loudest_turn_end_s: float | None = None
    loudest_turn_f0_rise_semitones: float | None = None
    f0_median_hz: float | None = None
    f0_sd_semitones: float | None = None
    talk_share_ratio: float | None = None
    longest_monologue_s: float | None = None
    response_time_median_s: float | None = None
    n_interruptions: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class CallRecord:
    """All that was measured of one call. Re-scoring needs nothing else.

    Attributes
    ----------
    speech : mapping of role to tuple of Segment
        Voiced time of each role's leg. A mono call has the single role "unknown".
    measures : mapping of role to Measures
    transcript : Transcript or None
        None where recognition was not asked for.
    """

    call_id: str
    recording: Recording
    metadata: Metadata
    timeline: Timeline
    speech: Mapping[Role, tuple[Segment, ...]] = field(default_factory=dict)
    measures: Mapping[Role, Measures] = field(default_factory=dict)
    transcript: Transcript | None = None
    tool_version: str = ""


# --- what did not go well -------------------------------------------------------------------------
@quick
@dataclass(frozen=True, slots=True)
class Failure:
    """One line of ``failures.csv``: a recording or a row of a call-detail record that needs somebody's look.

    Attributes
    ----------
    call_id : str
    path : str
        Of the recording; empty for a row of a call-detail record without one.
    stage : {"metadata", "recording", "audit", "worker", "cdr", "discovery"}
        Where it happened: reading what is known, reading the audio, measuring and
        transcribing, the worker process itself, matching rows and recordings, or
        searching the folders.
    error : str
        Name of the error's class, such as ``DamagedRecording``; empty for a warning.
    reason : str
        What happened, in plain words.
    next_step : str
        What to do about it; empty where nothing need be done.
    severity : {"failure", "warning"}
        A failure was not audited; a warning was audited, or is no recording at all.
    """

    call_id: str
    path: str
    stage: str
    error: str
    reason: str
    next_step: str = ""
    severity: Literal["failure", "warning"] = "failure"

"""One call, from its file to its evaluation: the only module that knows the order.

`measure` turns a recording and its metadata into a timeline, speech and acoustics of each party; `Auditor` adds the
transcript and the scorecard. An auditor is built once per worker, because a speech model takes seconds to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audit import __version__, acoustics, telephony
from audit.audio import Audio, file_sha256, read_audio
from audit.contract import call_to_json, record_from_json
from audit.evaluation import Scorecard, evaluate, load_scorecard
from audit.profile import Profile
from audit.records import (
    CallRecord,
    Evaluation,
    Layout,
    Measured,
    Measures,
    Metadata,
    Overlap,
    Recording,
    Role,
    Segment,
    Timeline,
    Tone,
    Transcript,
    subtract,
    total_s,
    union,
)
from audit.speakers import ChannelFinding, agent_channel, channel_layout
from audit.transcript import LegAudio, Recogniser

#: Dead air is listed from here on; rules choose their own, longer limit.
MIN_DEAD_AIR_S = 3.0
#: Talking together for less is a back-channel or a hand-over (call-ai-metrics counts from 0.5 s on).
MIN_OVERLAP_S = 0.5
#: A record in whole seconds and a recorder that starts a moment late still mean the same call.
RECORD_TOLERANCE_S = 2.0

SCORECARD_OF_LANGUAGE: Mapping[str, str] = {"zh": "zh-service", "en": "en-service"}

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked to do; the same for all of its calls.

    Attributes
    ----------
    agent_channel : int or None
        0-based, for all calls; None leaves it to the profile, the record and the audio.
    language : {"zh", "en", "auto"}
    model : str
        Name of an installed speech model, a directory, or a name that faster-whisper knows.
    scorecard : str or None
        Name or path; None takes the shipped one of each call's language.
    transcribe : bool
        False measures timing and acoustics only.
    """

    profile: Profile = field(default_factory=Profile)
    agent_channel: int | None = None
    tone_plan: str = "auto"
    transcribe: bool = True
    language: str = "auto"
    model: str = "base"
    device: str = "cpu"
    compute_type: str = "int8"
    cpu_threads: int = 2
    scorecard: str | None = None


@dataclass(frozen=True, slots=True)
class AuditedCall:
    """A call and, where a scorecard applied, its evaluation."""

    record: CallRecord
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What the audio says, leg by leg, before it is known whose leg is whose.

    Attributes
    ----------
    legs : ndarray of float32, shape (n_legs, n)
        One leg for mono and dual-mono, else two; a leg's index is its channel.
    speech : tuple of tuple of Segment
        One per leg.
    """

    legs: Samples
    sample_rate_hz: int
    layout: Layout
    tones: tuple[Tone, ...]
    holds: tuple[telephony.LegHold, ...]
    ringing: telephony.Ringing | None
    speech: tuple[tuple[Segment, ...], ...]

    @property
    def duration_s(self) -> float:
        """Length of the audio."""
        return self.legs.shape[1] / self.sample_rate_hz


def hear(audio: Audio, *, tone_plan: str = "auto") -> Heard:
    """Find tones, ringing, holds and speech on each leg.

    Parameters
    ----------
    audio : Audio
    tone_plan : str
        National plan of the ringback, or "auto".

    Returns
    -------
    Heard
    """
    finding = channel_layout(audio.samples, audio.sample_rate_hz)
    legs = audio.samples[:1] if finding.layout in ("mono", "dual_mono") else audio.samples
    rate = audio.sample_rate_hz
    tones = tuple(sorted(t for c, leg in enumerate(legs) for t in telephony.find_tones(leg, rate, channel=c)))
    ringing = telephony.measure_ringing(tones, plan=tone_plan)
    answer_s = ringing.answer_at_s if ringing else 0.0
    holds = telephony.find_holds(legs, rate, tones=tones, answer_at_s=answer_s)
    refused = [_refused(c, tones, holds) for c in range(len(legs))]
    speech = acoustics.find_speech(legs, rate, exclude=refused)
    first = min((s[0].start_s for s in speech if s), default=None)
    if ringing and first is not None:
        ringing = telephony.measure_ringing(tones, plan=tone_plan, first_speech_s=first)
    return Heard(legs, rate, finding.layout, tones, holds, ringing, speech)


def _refused(channel: int, tones: Sequence[Tone], holds: Sequence[telephony.LegHold]) -> tuple[Segment, ...]:
    """Where a leg carries tones or hold music, which are not speech."""
    spans = [Segment(t.start_s, t.end_s) for t in tones if t.channel == channel]
    spans += [Segment(h.hold.start_s, h.hold.end_s) for h in holds if h.channel == channel]
    return union(spans)


class Auditor:
    """Audits one call after another with the same settings.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._recogniser: Recogniser | None = None
        self._scorecards: dict[str, Scorecard] = {}

    def audit(self, path: Path, metadata: Metadata) -> AuditedCall:
        """Audit one recording.

        Parameters
        ----------
        path : Path
        metadata : Metadata
            What the record, vCon or file name says of the call.

        Returns
        -------
        AuditedCall

        Raises
        ------
        RecordingError
            If the file cannot be audited.
        ModelError
            If the speech model cannot be used.
        """
        audio = read_audio(path)
        heard = hear(audio, tone_plan=self._tone_plan())
        transcript = self._transcribe(heard, metadata) if self.settings.transcribe else None
        whose = self._whose(heard, metadata, transcript)
        roles = _roles(heard, whose.channel)
        if transcript is not None:
            transcript = _with_roles(transcript, roles)
        record = CallRecord(
            call_id=metadata.call_id,
            tool_version=__version__,
            recording=_recording(path, audio, heard, whose, metadata),
            metadata=metadata,
            timeline=_timeline(heard, metadata, roles),
            speech=_speech(heard, roles),
            measures=_measures(heard, roles, transcript),
            transcript=transcript,
        )
        # What is judged is what is published, to the last digit: rescoring a stored call must come to the same verdicts.
        record = record_from_json(call_to_json(record))
        scorecard = self.scorecard(transcript.language if transcript else self.settings.language)
        return AuditedCall(record, evaluate(record, scorecard) if scorecard else None)

    def scorecard(self, language: str) -> Scorecard | None:
        """The scorecard of the settings, or the shipped one of a language; None where there is none."""
        name = self.settings.scorecard or SCORECARD_OF_LANGUAGE.get(language)
        if name is None:
            return None
        if name not in self._scorecards:
            self._scorecards[name] = load_scorecard(name)
        return self._scorecards[name]

    def _tone_plan(self) -> str:
        plan = self.settings.tone_plan
        return plan if plan != "auto" else self.settings.profile.tone_plan

    def _transcribe(self, heard: Heard, metadata: Metadata) -> Transcript:
        """Recognise the speech of all legs; each leg stands under the role that `_CHANNEL_ROLES` lends it."""
        if self._recogniser is None:
            s = self.settings
            self._recogniser = Recogniser.load(s.model, device=s.device, compute_type=s.compute_type, cpu_threads=s.cpu_threads)
        lent: Sequence[Role] = _CHANNEL_ROLES if len(heard.legs) > 1 else ("unknown",)
        legs = [
            LegAudio(role, leg, heard.sample_rate_hz, speech)
            for role, leg, speech in zip(lent, heard.legs, heard.speech, strict=True)
        ]
        return self._recogniser.transcribe(legs, language=self.settings.language, hotwords=_hotwords(metadata))

    def _whose(self, heard: Heard, metadata: Metadata, transcript: Transcript | None) -> ChannelFinding:
        """Find out which channel is the agent's."""
        texts = None
        if transcript is not None and len(heard.legs) > 1:
            texts = [" ".join(t.text for t in transcript.turns if t.role == role) for role in _CHANNEL_ROLES]
        starts = [(s[0].start_s, c) for c, s in enumerate(heard.speech) if s]
        return agent_channel(
            option=self.settings.agent_channel,
            profile=self.settings.profile,
            metadata=metadata,
            ringing_channel=heard.tones[0].channel if heard.ringing and heard.tones else None,
            hold_channels=tuple(h.channel for h in heard.holds),
            first_speaker_channel=min(starts)[1] if starts else None,
            texts=texts,
        )


#: Roles lent to channels 0 and 1 while nobody knows whose they are.
_CHANNEL_ROLES: tuple[Role, Role] = ("agent", "customer")


def _roles(heard: Heard, agent: int | None) -> tuple[Role, ...]:
    """The role of each leg; all "unknown" where the agent's channel is not known or both people share one."""
    if len(heard.legs) == 1 or agent is None:
        return tuple("unknown" for _ in heard.legs)
    return ("agent", "customer") if agent == 0 else ("customer", "agent")


def _with_roles(transcript: Transcript, roles: Sequence[Role]) -> Transcript:
    """Replace the lent roles by the found ones."""
    if len(roles) == 1:
        return transcript
    found = dict(zip(_CHANNEL_ROLES, roles, strict=True))
    return replace(transcript, turns=tuple(replace(t, role=found[t.role]) for t in transcript.turns))


def _speech(heard: Heard, roles: Sequence[Role]) -> dict[Role, tuple[Segment, ...]]:
    """Speech by role; legs of unknown role are taken together."""
    out: dict[Role, tuple[Segment, ...]] = {}
    for role, segments in zip(roles, heard.speech, strict=True):
        out[role] = union((*out.get(role, ()), *segments)) if role in out else segments
    return out


def _hotwords(metadata: Metadata) -> tuple[str, ...]:
    """Names that may be said in this call and that no recogniser knows."""
    names = (metadata.variables.get("company"), metadata.agent_name)
    return tuple(n for n in names if n)


_SHARED_CHANNEL: Mapping[Layout, str] = {
    "mono": "both parties share one channel: what depends on who speaks is not evaluable",
    "dual_mono": "both channels hold the same sound: what depends on who speaks is not evaluable",
}


# --- the record of the recording ------------------------------------------------------------------
def _recording(path: Path, audio: Audio, heard: Heard, whose: ChannelFinding, metadata: Metadata) -> Recording:
    warnings = [*audio.warnings, *metadata.warnings]
    disagreement = _length_disagreement(audio.duration_s, metadata)
    if disagreement:
        warnings.append(disagreement)
    damage = [x for x in (audio.damaged, disagreement) if x]
    if heard.layout == "one_dead_leg":
        warnings.append("one channel carries no sound of its own: nothing can be said of that party")
    if len(heard.legs) == 1:
        warnings.append(_SHARED_CHANNEL[heard.layout])
    elif whose.channel is None:
        warnings.append(f"it is not known which channel is the agent's: {whose.reason}")
    return Recording(
        path=str(path),
        sha256=file_sha256(path),
        duration_s=audio.duration_s,
        sample_rate_hz=audio.source_sample_rate_hz,
        n_channels=audio.n_channels,
        layout=heard.layout,
        agent_channel=whose.channel if len(heard.legs) > 1 else None,
        agent_channel_source=whose.source,
        warnings=tuple(dict.fromkeys(warnings)),
        damaged="; ".join(damage) or None,
    )


def _length_disagreement(audio_s: float, metadata: Metadata) -> str | None:
    """Say where the recording is shorter or longer than both lengths that the record can mean."""
    known = [x for x in (metadata.duration_s, metadata.talk_s) if x is not None]
    if not known or any(abs(audio_s - x) <= RECORD_TOLERANCE_S for x in known):
        return None
    if min(known) - RECORD_TOLERANCE_S <= audio_s <= max(known) + RECORD_TOLERANCE_S:
        return None
    said = " or ".join(f"{x:.0f} s" for x in dict.fromkeys(known))
    word = "shorter" if audio_s < min(known) else "longer"
    return f"the recording is {word} ({audio_s:.1f} s) than the call-detail record says ({said})"


# --- the timeline ---------------------------------------------------------------------------------
def _timeline(heard: Heard, metadata: Metadata, roles: Sequence[Role]) -> Timeline:
    ringing = heard.ringing
    release = telephony.find_release(heard.legs, heard.sample_rate_hz, tones=heard.tones, speech=heard.speech)
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


# --- figures of each role -------------------------------------------------------------------------
def _measures(heard: Heard, roles: Sequence[Role], transcript: Transcript | None) -> dict[Role, Measures]:
    out: dict[Role, Measures] = {}
    for c, role in enumerate(roles):
        if role == "unknown" and c > 0:
            continue
        own = heard.speech[c]
        level = acoustics.measure_level(heard.legs[c], heard.sample_rate_hz, own)
        measures = Measures(
            speech_s=total_s(own),
            active_level_dbfs=level.active_level_dbfs,
            loudness_lufs=level.loudness_lufs,
            peak_dbfs=level.peak_dbfs,
            clipping_ratio=level.clipping_ratio,
            snr_db=level.snr_db,
        )
        if role != "unknown":
            measures = _of_party(measures, heard, c, role, transcript)
        out[role] = measures
    return out


def _of_party(measures: Measures, heard: Heard, channel: int, role: Role, transcript: Transcript | None) -> Measures:
    """Add what only makes sense for one person: pitch, pace, and figures against the other party."""
    own, other = heard.speech[channel], heard.speech[1 - channel]
    pitch = acoustics.measure_pitch(heard.legs[channel], heard.sample_rate_hz, own)
    replies = acoustics.response_times(own, other, busy=[h.hold for h in heard.holds])
    measures = replace(
        measures,
        f0_median_hz=pitch.f0_median_hz,
        f0_sd_semitones=pitch.f0_sd_semitones,
        talk_share_ratio=acoustics.talk_share_ratio(own, other),
        longest_monologue_s=acoustics.longest_monologue_s(own, other),
        response_time_median_s=float(np.median(replies)) if replies else None,
        n_interruptions=sum(
            o.interrupter == role for o in acoustics.overlaps(*_as_parties(own, other, role), min_overlap_s=MIN_OVERLAP_S)
        ),
    )
    if transcript is None:
        return measures
    turns = [t for t in transcript.turns if t.role == role]
    words = [w for t in turns for w in t.words]
    n_units = acoustics.count_units(" ".join(t.text for t in turns), transcript.language)
    rate = acoustics.articulation_rate(n_units, total_s(own))
    stretch = acoustics.fastest_rate(words, transcript.language, speech=own)
    fastest = stretch.rate_per_minute if stretch else None
    if stretch:
        measures = replace(measures, fastest_start_s=stretch.segment.start_s, fastest_end_s=stretch.segment.end_s)
    if transcript.language == "zh":
        return replace(measures, speech_rate_cpm=rate, fastest_rate_cpm=fastest)
    return replace(measures, speech_rate_wpm=rate, fastest_rate_wpm=fastest)


def _as_parties(
    own: tuple[Segment, ...], other: tuple[Segment, ...], role: Role
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Order two legs as agent, customer."""
    return (own, other) if role == "agent" else (other, own)

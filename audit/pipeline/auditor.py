"""One recording to one audited call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from audit import __version__, telephony
from audit.audio import Audio, Leg, file_sha256, read_audio
from audit.contract import call_to_json, record_from_json
from audit.pipeline import parties
from audit.pipeline.audited import AuditedCall
from audit.pipeline.doubt import doubt_of_words
from audit.pipeline.hearing import Heard, answered, hear
from audit.pipeline.imported import take_imported, voices_beside
from audit.pipeline.measures import measures_of
from audit.pipeline.scorecards import Scorecards
from audit.pipeline.settings import Settings
from audit.pipeline.stages import Stages
from audit.pipeline.surveys import named_survey
from audit.pipeline.timeline import hold_against_record, timeline_of, with_words
from audit.records import CallRecord, Layout, Metadata, Recording
from audit.speakers import ChannelFinding, agent_channel
from audit.words import Role, Transcript

if TYPE_CHECKING:
    from audit.transcript import SpeechRecogniser


class Auditor:
    """Audits one call after another with the same settings.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._recogniser: SpeechRecogniser | None = None
        self._scorecards = Scorecards(settings)
        self._shared = parties.SharedChannels(settings.profile)

    def audit(self, path: Path, metadata: Metadata, kept: bytes | None = None) -> AuditedCall:
        """Audit one recording.

        Parameters
        ----------
        path : Path
        metadata : Metadata
            What the record, vCon or file name says of the call.
        kept : bytes, optional
            The stages of an earlier audit (`AuditedCall.stages`): what they were made from the same is not made again.

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
        sha256, stages = file_sha256(path), Stages(kept)
        stages.begin(sha256, path.suffix.lower())  # headerless audio is read by its suffix
        heard: Heard = stages.of(
            "heard", Heard, self._tone_plan(), lambda: hear(audio, tone_plan=self._tone_plan()), given={"audio": audio}
        )
        answer = telephony.find_answer(
            heard.ringing,
            metadata,
            duration_s=heard.duration_s,
            tones=heard.tones,
            opening=heard.opening,
            music=heard.music_before_answer,
            music_end_s=heard.music_end_s,
            first_speech_s=heard.first_speech_s,
            plan=self._tone_plan(),
        )
        heard = answered(heard, answer)
        known = hold_against_record(heard, answer, metadata)
        taken = take_imported(path, heard, self.settings, lent=_CHANNEL_ROLES)
        transcript = taken.transcript
        if transcript is None and self.settings.transcribe:
            transcript = self._transcribe(heard, metadata, stages)
        survey = None
        if transcript is not None and heard.layout == "stereo":
            survey = self._shared.survey_on_a_leg(heard, transcript, _CHANNEL_ROLES, stages=stages)
        if transcript is not None and survey is not None:
            transcript = named_survey(transcript, survey, heard.speech[survey.channel], _CHANNEL_ROLES[survey.channel])
        whose = self._whose(heard, taken.naming_channel(metadata), transcript, answer_at_s=answer.at_s)
        rttm = voices_beside(path, self.settings)
        found = self._parties(heard, whose.channel, taken.on_one_leg, transcript, metadata, rttm, stages)
        if survey is not None:
            found = replace(found, parties=parties.beside_survey(found.parties, heard, survey))
        transcript = found.transcript
        recording = _recording(
            path,
            sha256,
            audio,
            heard,
            whose,
            metadata,
            (*known.warnings, *taken.against(whose), *doubt_of_words(transcript)),
            found,
        )
        timeline = timeline_of(heard, known, metadata, found.parties, damaged=recording.damaged)
        if transcript is not None:
            timeline = with_words(timeline, transcript)
        record = CallRecord(
            call_id=metadata.call_id,
            tool_version=__version__,
            recording=recording,
            metadata=metadata,
            timeline=timeline,
            speech=parties.speech_by_role(found.parties),
            measures=measures_of(heard, found.parties, transcript, timeline, stages),
            transcript=transcript,
        )
        # What is judged is what is published, to the last digit: rescoring a stored call must come to the same verdicts.
        record = record_from_json(call_to_json(record))
        scorecard = self._scorecards.of(transcript.language if transcript else self.settings.language)
        if scorecard is None:
            return AuditedCall(record, None, stages.to_bytes())
        from audit.evaluation import evaluate  # with its tables of pinyin half a second, which measuring alone never needs

        return AuditedCall(record, evaluate(record, scorecard), stages.to_bytes())

    def _tone_plan(self) -> str:
        plan = self.settings.tone_plan
        return plan if plan != "auto" else self.settings.profile.tone_plan

    def _transcribe(self, heard: Heard, metadata: Metadata, stages: Stages) -> Transcript:
        """The words of all legs; each leg stands under the role that `_CHANNEL_ROLES` lends it.

        They depend on where speech was found, not on what else was measured. Phrases of the rules are spelt afterwards, and
        other rules ask for no other recognition, though it listens for their phrases: each edit of a pack would cost it.
        """
        s = self.settings
        hotwords = (*_hotwords(metadata), *s.profile.names)
        made_from = (s.profile.recogniser, s.model, s.compute_type, s.language, hotwords, heard.sample_rate_hz, heard.speech)
        written = stages.of("words", Transcript, made_from, lambda: self._recognised(heard, hotwords))
        from audit.transcript import spell_phrases  # not for who only measures

        return spell_phrases(written, self._scorecards.phrase_book()) if written.language == "zh" else written

    def _recognised(self, heard: Heard, hotwords: Sequence[str]) -> Transcript:
        """Recognise the speech of all legs."""
        from audit.transcript import LegAudio, RecogniserOptions, load_recogniser

        if self._recogniser is None:
            s = self.settings
            options = RecogniserOptions(
                s.model, s.device, s.compute_type, s.cpu_threads, lambda: self._scorecards.phrase_book().known
            )
            self._recogniser = load_recogniser(s.profile.recogniser, options)
        lent: Sequence[Role] = _CHANNEL_ROLES if heard.n_legs > 1 else ("unknown",)
        legs = [
            LegAudio(role, Leg(heard.audio.store, c), heard.sample_rate_hz, speech)
            for c, (role, speech) in enumerate(zip(lent, heard.speech, strict=True))
        ]
        return self._recogniser.transcribe(legs, language=self.settings.language, hotwords=hotwords)

    def _whose(self, heard: Heard, metadata: Metadata, transcript: Transcript | None, *, answer_at_s: float) -> ChannelFinding:
        """Find out which channel is the agent's."""
        texts = None
        if transcript is not None and heard.n_legs > 1:
            texts = [" ".join(t.text for t in transcript.turns if t.role == role) for role in _CHANNEL_ROLES]
        # A word into the ringing is somebody who waits, not who takes the call.
        after = [[s.start_s for s in leg if s.end_s > answer_at_s] for leg in heard.speech]
        starts = [(leg[0], c) for c, leg in enumerate(after) if leg]
        return agent_channel(
            option=self.settings.agent_channel,
            profile=self.settings.profile,
            metadata=metadata,
            ringing_channel=heard.tones[0].channel if heard.ringing and heard.tones else None,
            hold_channels=tuple(h.channel for h in heard.holds),
            # Beside a dead leg the live one speaks first, whosever it is.
            first_speaker_channel=min(starts)[1] if starts and heard.layout != "one_dead_leg" else None,
            texts=texts,
        )

    def _parties(
        self,
        heard: Heard,
        agent: int | None,
        on_one_leg: bool,
        transcript: Transcript | None,
        metadata: Metadata,
        rttm: Path | None,
        stages: Stages,
    ) -> parties.ToldApart:
        """Who speaks where; without words nobody on a shared channel is named, for who opens says too little."""
        if heard.n_legs == 1 and (transcript is not None or rttm is not None):
            return self._shared.tell_apart(heard, transcript, metadata, rttm=rttm, stages=stages)
        if heard.layout == "one_dead_leg" and transcript is not None:
            found = self._shared.beside_dead_leg(
                heard, agent, transcript, metadata, rttm=rttm, as_written=on_one_leg, stages=stages
            )
            return found if found.shared else replace(found, transcript=_with_roles(transcript, found.parties))
        if heard.layout == "one_dead_leg":
            return parties.beside_dead_leg_by_pauses(heard, agent)
        legs = parties.of_legs(heard, agent)
        if transcript is not None and heard.n_legs > 1:
            transcript = _with_roles(transcript, legs)
        return parties.ToldApart(legs, transcript, None)


#: Roles lent to channels 0 and 1 while nobody knows whose they are.
_CHANNEL_ROLES: tuple[Role, Role] = ("agent", "customer")


def _with_roles(transcript: Transcript, found: Sequence[parties.Party]) -> Transcript:
    """Replace the lent roles by the found ones."""
    roles = dict(zip(_CHANNEL_ROLES, (p.role for p in found), strict=True))
    return replace(
        transcript,
        turns=tuple(replace(t, role=roles.get(t.role, t.role)) for t in transcript.turns),
        uncovered=tuple(replace(u, role=roles.get(u.role, u.role)) for u in transcript.uncovered),
    )


def _hotwords(metadata: Metadata) -> tuple[str, ...]:
    """Names that may be said in this call and that no recogniser knows."""
    names = (metadata.variables.get("company"), metadata.agent_name)
    return tuple(n for n in names if n)


#: A record in whole seconds and a recorder that starts a moment late still mean the same call.
RECORD_TOLERANCE_S = 2.0

_SHARED_CHANNEL: Mapping[Layout, str] = {
    "mono": "both parties share one channel",
    "dual_mono": "both channels hold the same sound",
    "one_dead_leg": "one channel carries no sound of its own, and the other both parties",
}


def _shared_channel_warning(layout: Layout, found: parties.ToldApart) -> str:
    """What a reader must know of a call whose parties share a channel."""
    what = _SHARED_CHANNEL[layout]
    if parties.party_of("agent", found.parties) is None:
        because = f" ({found.finding.reason})" if found.finding and found.finding.reason else ""
        return f"{what}: what depends on who speaks is not evaluable{because}"
    if found.finding is None or found.finding.roles_confidence is None:
        return f"{what}: who speaks is as the transcript says"
    return f"{what}: who speaks is told by the voices and their words (confidence {found.finding.roles_confidence:.2f})"


# --- the record of the recording ------------------------------------------------------------------
def _recording(
    path: Path,
    sha256: str,
    audio: Audio,
    heard: Heard,
    whose: ChannelFinding,
    metadata: Metadata,
    disagreements: Sequence[str],
    found: parties.ToldApart,
) -> Recording:
    warnings = [*audio.warnings, *metadata.warnings, *disagreements]
    disagreement = _length_disagreement(audio.duration_s, metadata)
    if disagreement:
        warnings.append(disagreement)
    damage = [x for x in (audio.damaged, disagreement) if x]
    shared = heard.n_legs == 1 or found.shared
    if heard.layout == "one_dead_leg" and not shared:
        warnings.append("one channel carries no sound of its own: nothing can be said of that party")
    if shared:
        warnings.append(_shared_channel_warning(heard.layout, found))
    elif whose.channel is None:
        warnings.append(f"it is not known which channel is the agent's: {whose.reason}")
    return Recording(
        path=str(path),
        sha256=sha256,
        duration_s=audio.duration_s,
        sample_rate_hz=audio.source_sample_rate_hz,
        n_channels=audio.n_channels,
        layout=heard.layout,
        agent_channel=None if shared else whose.channel,
        agent_channel_source=whose.source,
        warnings=tuple(dict.fromkeys(warnings)),
        damaged="; ".join(damage) or None,
        shared_channel=found.finding,
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

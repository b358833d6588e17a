"""Who is a party to the call, and where its voice is: on a leg of its own, or told apart on a shared channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audit.audio import Leg
from audit.errors import MetadataError, ModelError
from audit.pipeline.hearing import Heard
from audit.pipeline.imported import MIN_ON_LEG_RATIO
from audit.pipeline.stages import Stages
from audit.pipeline.surveys import FoundSurvey, heard_survey, named_survey, proposed_survey, without_survey
from audit.profile import Profile
from audit.records import Metadata, SharedChannel, Voice
from audit.segments import Segment, intersection, subtract, total_s, union
from audit.speakers import (
    Diarization,
    SpeakerEncoder,
    assign_roles,
    before_survey,
    diarize,
    first_prompt_by_words,
    read_voices,
    split_turns,
    survey_speech,
    two_speak_by_words,
    with_survey,
)
from audit.speakers.how_many import channel_log_odds
from audit.words import Role, Transcript, Turn

#: The speaker encoder: a model of ``models/``, fetched like the recogniser's when the first shared channel comes.
ENCODER = "resemblyzer"


@dataclass(frozen=True, slots=True)
class Party:
    """One party's voice.

    Attributes
    ----------
    role : {"agent", "customer", "ivr", "unknown"}
    channel : int
        0-based: its own leg, or the one that all share.
    speech : tuple of Segment
        When it speaks.
    shared : bool
        Whether others speak on the same channel.
    """

    role: Role
    channel: int
    speech: tuple[Segment, ...]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ToldApart:
    """The parties of a shared channel, and the words with them.

    Attributes
    ----------
    parties : tuple of Party
        One of role "unknown" where the voices could not be told apart.
    transcript : Transcript or None
        Its turns cut where the voice changes, with roles where they are known.
    finding : SharedChannel or None
        How sure that is, and why; None where each has its own channel, or nobody asked. One voice beside a dead leg is
        a party with a channel of its own all the same.
    """

    parties: tuple[Party, ...]
    transcript: Transcript | None
    finding: SharedChannel | None

    @property
    def shared(self) -> bool:
        """Whether the parties share one channel."""
        return any(p.shared for p in self.parties)


def of_legs(heard: Heard, agent: int | None) -> tuple[Party, ...]:
    """The parties by channel.

    Parameters
    ----------
    heard : Heard
    agent : int or None
        The agent's channel.

    Returns
    -------
    tuple of Party
        One for each leg, in order; all "unknown" where the agent's channel is not known or all share one.
    """
    roles: tuple[Role, ...] = tuple("unknown" for _ in range(heard.n_legs))
    if heard.n_legs > 1 and agent is not None:
        roles = ("agent", "customer") if agent == 0 else ("customer", "agent")
    shared = heard.n_legs == 1
    return tuple(Party(r, c, s, shared) for c, (r, s) in enumerate(zip(roles, heard.speech, strict=True)))


def beside_survey(parties: Sequence[Party], heard: Heard, survey: FoundSurvey) -> tuple[Party, ...]:
    """The parties of legs of their own, on one of which a recorded survey ends the call.

    Parameters
    ----------
    parties : sequence of Party
        Of `of_legs`.
    heard : Heard
    survey : FoundSurvey

    Returns
    -------
    tuple of Party
        The survey last, with the role "ivr".
    """
    spoken = survey_speech(heard.speech[survey.channel], survey.voice.start_s)
    own = (replace(p, speech=without_survey(p.speech, survey)) if p.channel == survey.channel else p for p in parties)
    return (*own, Party("ivr", survey.channel, spoken))


def beside_dead_leg_by_pauses(heard: Heard, agent: int | None) -> ToldApart:
    """The parties of a call of which one leg is dead, where no words are known.

    One party's leg is silent while the other speaks. A live leg without such pauses carries both parties, and nobody can
    be named: in composed calls of real voices 36 of 40 (unseen; 38 of 40 of those that the evidence was fitted on)
    and 16 of 16 Mandarin calls were known for both, 105 of 112 single parties of these for one.

    Parameters
    ----------
    heard : Heard
        Of two legs.
    agent : int or None
        The agent's channel, should the live leg be one party's own.

    Returns
    -------
    ToldApart
        Without a transcript.
    """
    live = max(range(heard.n_legs), key=lambda c: total_s(heard.speech[c]))
    if channel_log_odds(heard.speech[live], lone_leg=True) <= 0:
        return ToldApart(of_legs(heard, agent), None, None)
    reason = "the live channel leaves too few pauses for one party, and without words nobody is named"
    return ToldApart(_nobody(heard, live), None, SharedChannel(reason=reason))


def party_of(role: Role, parties: Sequence[Party]) -> Party | None:
    """The first party in a role; None without one."""
    return next((p for p in parties if p.role == role), None)


def speech_by_role(parties: Sequence[Party]) -> dict[Role, tuple[Segment, ...]]:
    """Speech of each role; parties of one role are taken together."""
    out: dict[Role, tuple[Segment, ...]] = {}
    for p in parties:
        out[p.role] = union((*out[p.role], *p.speech)) if p.role in out else p.speech
    return out


class SharedChannels:
    """Tells the voices of shared channels apart; the speaker encoder is loaded once, when the first one comes.

    Parameters
    ----------
    profile : Profile
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._encoder: SpeakerEncoder | None = None
        self._missing = ""

    def tell_apart(
        self,
        heard: Heard,
        transcript: Transcript | None,
        metadata: Metadata,
        *,
        rttm: Path | None = None,
        stages: Stages | None = None,
    ) -> ToldApart:
        """Find the parties of a call whose voices share one channel.

        Parameters
        ----------
        heard : Heard
            Of one leg.
        transcript : Transcript or None
            Without roles, or with those that came with it, which then stand.
        metadata : Metadata
        rttm : Path, optional
            Where another tool has written who speaks when; then our own ears are not asked.
        stages : Stages, optional
            Of an earlier audit: who speaks when does not depend on the words.

        Returns
        -------
        ToldApart
        """
        if rttm is not None:
            return self._as_given(rttm, heard, transcript, metadata)
        if transcript is not None and any(t.role != "unknown" for t in transcript.turns):
            return _as_written(heard, 0, transcript)
        encoder = self._load()
        if encoder is None:
            return ToldApart(_nobody(heard, 0), transcript, SharedChannel(reason=self._missing))
        found, survey = self._apart(heard, 0, encoder, stages, transcript)
        return self._named(found, heard, 0, transcript, metadata, survey)

    def survey_on_a_leg(
        self, heard: Heard, transcript: Transcript, roles: Sequence[Role], *, stages: Stages | None = None
    ) -> FoundSurvey | None:
        """Find a recorded survey at the end of a call with a channel for each party.

        Parameters
        ----------
        heard : Heard
            Of two legs.
        transcript : Transcript
        roles : sequence of Role
            Under which each channel's turns stand.
        stages : Stages, optional

        Returns
        -------
        FoundSurvey or None
            The encoder is asked for only where words propose one; without it the words must say more.
        """
        for channel in range(heard.n_legs):
            words = proposed_survey(heard, channel, transcript, roles, self._profile)
            if words is not None:
                leg = (heard.speech[channel],)
                found = heard_survey(heard, channel, words, leg, self._load(), stages, encoder_name=ENCODER)
                if found is not None:
                    return found
        return None

    def beside_dead_leg(
        self,
        heard: Heard,
        agent: int | None,
        transcript: Transcript,
        metadata: Metadata,
        *,
        rttm: Path | None = None,
        as_written: bool = False,
        stages: Stages | None = None,
    ) -> ToldApart:
        """Find the parties of a call of which one leg is dead: the other carries one of them, or both.

        Parameters
        ----------
        heard : Heard
            Of two legs.
        agent : int or None
            The agent's channel, should the live leg be one party's own.
        transcript : Transcript
            Of the live leg. Its roles are not looked at, but for `as_written`.
        metadata : Metadata
        rttm : Path, optional
            Where another tool has written who speaks when, who then stand, where two of them are on the live leg.
        as_written : bool
            The roles came with the words, and both parties' words lie on the live leg.
        stages : Stages, optional

        Returns
        -------
        ToldApart
            By legs, with the transcript as it is, unless two voices are heard on the live one.
        """
        live = max(range(heard.n_legs), key=lambda c: total_s(heard.speech[c]))
        if as_written:
            return _as_written(heard, live, transcript)
        unnamed = replace(
            transcript,
            turns=tuple(replace(t, role="unknown") for t in transcript.turns),
            uncovered=tuple(replace(u, role="unknown") for u in transcript.uncovered),
        )
        if rttm is not None and _voices_on_leg(rttm, heard.speech[live]) > 1:
            return self._as_given(rttm, heard, unnamed, metadata, channel=live)
        by_legs = of_legs(heard, agent)
        encoder = self._load()
        if encoder is None:
            return ToldApart(by_legs, transcript, SharedChannel(reason=self._missing))
        found, survey = self._apart(heard, live, encoder, stages, unnamed, lone_leg=True)
        if found.n_speakers < 2:
            perhaps, survey = self._apart(heard, live, encoder, stages, unnamed)
            if perhaps.n_speakers > 1 and two_speak_by_words(split_turns(unnamed.turns, perhaps), metadata):
                return self._named(perhaps, heard, live, unnamed, metadata, survey)
            reason = "one voice is heard on the live channel" if found.n_speakers else "nobody speaks"
            return ToldApart(by_legs, transcript, SharedChannel(found.n_speakers or None, found.confidence, reason=reason))
        return self._named(found, heard, live, unnamed, metadata, survey)

    def _apart(
        self,
        heard: Heard,
        channel: int,
        encoder: SpeakerEncoder,
        stages: Stages | None,
        transcript: Transcript | None,
        *,
        lone_leg: bool = False,
    ) -> tuple[Diarization, FoundSurvey | None]:
        """The voices of a channel; those before a recorded survey, and the survey, where there is one."""
        words = proposed_survey(heard, channel, transcript, ("unknown",), self._profile) if transcript is not None else None
        if words is not None:
            speech = heard.speech[channel]
            before = subtract(speech, survey_speech(speech, words.start_s))
            found = _diarized(heard, channel, encoder, stages, lone_leg=lone_leg, before=before)
            voices = [found.speech_of(k) for k in range(found.n_speakers)]
            survey = heard_survey(heard, channel, words, voices, encoder, stages, encoder_name=ENCODER)
            if survey is not None:
                return before_survey(found, survey.voice), survey
        return _diarized(heard, channel, encoder, stages, lone_leg=lone_leg), None

    def _as_given(
        self, rttm: Path, heard: Heard, transcript: Transcript | None, metadata: Metadata, *, channel: int = 0
    ) -> ToldApart:
        """The voices of an RTTM file; one that cannot be used costs the roles, but no call."""
        try:
            found, roles = read_voices(rttm)
        except MetadataError as error:
            return ToldApart(_nobody(heard, channel), transcript, SharedChannel(reason=str(error)))
        if "agent" not in roles:
            return self._named(found, heard, channel, transcript, metadata)
        if transcript is not None:
            turns = split_turns(transcript.turns, found)
            transcript = replace(transcript, turns=tuple(replace(t.turn, role=roles[t.speaker]) for t in turns))
        said = f"as {rttm.name} says"
        finding = SharedChannel(found.n_speakers, found.confidence, found.confidence, said, _heard_voices(found, roles))
        return ToldApart(_voices(found, roles, channel), transcript, finding)

    def _named(
        self,
        found: Diarization,
        heard: Heard,
        channel: int,
        transcript: Transcript | None,
        metadata: Metadata,
        survey: FoundSurvey | None = None,
    ) -> ToldApart:
        """Voices told apart, with the roles that their words give away; a survey's voice comes last."""
        speech = heard.speech[channel]
        if transcript is not None and survey is not None:
            transcript = named_survey(transcript, survey, speech, "unknown")
        said = [t for t in transcript.turns if t.role != "ivr"] if transcript is not None else []
        prompts = [t for t in transcript.turns if t.role == "ivr"] if transcript is not None else []
        found, turns = first_prompt_by_words(found, split_turns(said, found))
        who = assign_roles(found, turns or None, metadata=metadata, profile=self._profile)
        roles = who.roles
        if survey is not None:
            found, roles = with_survey(found, speech, survey.voice), (*roles, "ivr")
        finding = SharedChannel(
            found.n_speakers or None, found.confidence, who.confidence, who.reason, _heard_voices(found, roles)
        )
        if "agent" not in roles:
            parties = _nobody(heard, channel) if survey is None else _voices(found, roles, channel)
            return ToldApart(parties, transcript, finding)
        if transcript is not None:
            named = [replace(t.turn, role=roles[t.speaker]) for t in turns]
            transcript = replace(
                transcript, turns=tuple(sorted((*named, *prompts), key=lambda t: t.start_s)) if prompts else tuple(named)
            )
        return ToldApart(_voices(found, roles, channel), transcript, finding)

    def _load(self) -> SpeakerEncoder | None:
        """The encoder; None where it cannot be had, which costs the roles of shared channels but no call."""
        if self._encoder is None and not self._missing:
            from audit.transcript import ensure_model

            try:
                self._encoder = SpeakerEncoder.load(ensure_model(ENCODER))
            except ModelError as error:
                self._missing = f"the voices were not told apart, for the speaker model is missing: {error}"
        return self._encoder


def _diarized(
    heard: Heard,
    channel: int,
    encoder: SpeakerEncoder,
    stages: Stages | None,
    *,
    lone_leg: bool = False,
    before: tuple[Segment, ...] | None = None,
) -> Diarization:
    """Who speaks when on a channel, or in that part of its speech that comes before a survey."""
    leg, speech = Leg(heard.audio.store, channel), heard.speech[channel] if before is None else before
    kind = "alone" if lone_leg else "both"
    return (stages or Stages()).of(
        f"voices {channel} {kind}" if before is None else f"voices {channel} {kind} before a survey",
        Diarization,
        (ENCODER, heard.sample_rate_hz, speech),
        lambda: diarize(leg, heard.sample_rate_hz, speech, encoder, lone_leg=lone_leg),
    )


def _voices_on_leg(rttm: Path, speech: Sequence[Segment]) -> int:
    """How many of a file's voices speak when the leg does; 0 where it cannot be read."""
    try:
        found, _ = read_voices(rttm)
    except MetadataError:
        return 0
    voices = (found.speech_of(k) for k in range(found.n_speakers))
    return sum(total_s(intersection(v, speech)) >= MIN_ON_LEG_RATIO * total_s(v) for v in voices)


def _heard_voices(found: Diarization, roles: Sequence[Role]) -> tuple[Voice, ...]:
    return tuple(Voice(role, found.speech_of(k)) for k, role in enumerate(roles))


def _nobody(heard: Heard, channel: int) -> tuple[Party, ...]:
    """All who share a channel, told apart or named by nothing."""
    return (Party("unknown", channel, heard.speech[channel], shared=True),)


def _voices(found: Diarization, roles: Sequence[Role], channel: int) -> tuple[Party, ...]:
    """One party for each role, agent and customer first."""
    order: tuple[Role, ...] = ("agent", "customer", "ivr", "unknown")
    return tuple(
        Party(role, channel, union(s for k, r in enumerate(roles) if r == role for s in found.speech_of(k)), shared=True)
        for role in order
        if role in roles
    )


def _as_written(heard: Heard, channel: int, transcript: Transcript) -> ToldApart:
    """The parties as the words that came with the call name them: each has the speech under its own words."""
    roles = sorted({t.role for t in transcript.turns})
    said = {r: union(s for t in transcript.turns if t.role == r for s in _times(t)) for r in roles}
    parties = []
    for role in roles:
        others = union(s for r in roles if r != role for s in said[r])
        parties.append(Party(role, channel, subtract(intersection(heard.speech[channel], said[role]), others), shared=True))
    return ToldApart(tuple(parties), transcript, SharedChannel(len(roles), reason="who speaks came with the transcript"))


def _times(turn: Turn) -> tuple[Segment, ...]:
    return (Segment(turn.start_s, turn.end_s),) if turn.end_s > turn.start_s else ()

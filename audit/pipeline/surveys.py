"""A recorded survey after the call: proposed by words, heard out, and taken from the party on whose leg it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from audit.audio import Leg
from audit.pipeline.hearing import Heard
from audit.pipeline.stages import Stages
from audit.profile import Profile
from audit.segments import Segment, subtract
from audit.speakers import (
    Diarization,
    SpeakerEncoder,
    SpeakerSegment,
    SurveyVoice,
    SurveyWords,
    hear_survey,
    is_survey,
    pieces_of,
    split_turns,
    survey_by_words,
    survey_speech,
    with_survey,
)
from audit.words import Role, Transcript


@dataclass(frozen=True, slots=True)
class FoundSurvey:
    """A recorded survey at the end of a leg.

    Attributes
    ----------
    channel : int
        0-based.
    voice : SurveyVoice
    """

    channel: int
    voice: SurveyVoice


def proposed_survey(
    heard: Heard, channel: int, transcript: Transcript, roles: Sequence[Role], profile: Profile
) -> SurveyWords | None:
    """What the words say of a survey at the end of a leg.

    Parameters
    ----------
    heard : Heard
    channel : int
    transcript : Transcript
    roles : sequence of Role
        Under which each channel's turns stand; one for a channel that all share.
    profile : Profile
        With the wordings of the centre's own recordings.

    Returns
    -------
    SurveyWords or None
    """
    legs = [pieces_of((t for t in transcript.turns if t.role == r), heard.speech[c]) for c, r in enumerate(roles)]
    return survey_by_words(
        legs[channel if len(roles) > 1 else 0],
        [p for c, leg in enumerate(legs) if c != channel for p in leg] if len(roles) > 1 else (),
        language=transcript.language,
        keys_heard_s=[t.start_s for t in heard.tones if t.kind == "dtmf"],
        known=profile.prompts,
    )


def heard_survey(
    heard: Heard,
    channel: int,
    words: SurveyWords,
    parties: Sequence[Sequence[Segment]],
    encoder: SpeakerEncoder | None,
    stages: Stages | None,
    *,
    encoder_name: str,
) -> FoundSurvey | None:
    """Hold the voice of a proposed survey against the parties' on its leg.

    Parameters
    ----------
    heard : Heard
    channel : int
    words : SurveyWords
    parties : sequence of sequence of Segment
        Speech of each party on that channel.
    encoder : SpeakerEncoder or None
        None where it cannot be had: then the words must say more.
    stages : Stages or None
    encoder_name : str

    Returns
    -------
    FoundSurvey or None
        None where a party speaks.
    """
    speech = heard.speech[channel]
    if encoder is None:
        voice = SurveyVoice(words.start_s, None)
    else:
        known = encoder
        voice = (stages or Stages()).of(
            f"survey {channel}",
            SurveyVoice,
            (encoder_name, heard.sample_rate_hz, words, speech, [tuple(p) for p in parties]),
            lambda: hear_survey(Leg(heard.audio.store, channel), heard.sample_rate_hz, words, speech, parties, known),
        )
    return FoundSurvey(channel, voice) if is_survey(words, voice) else None


def without_survey(speech: Sequence[Segment], survey: FoundSurvey) -> tuple[Segment, ...]:
    """The speech of the survey's leg that is its party's."""
    return subtract(speech, survey_speech(speech, survey.voice.start_s))


def named_survey(transcript: Transcript, survey: FoundSurvey, speech: Sequence[Segment], role: Role) -> Transcript:
    """Give the survey's words to nobody who talks.

    Parameters
    ----------
    transcript : Transcript
    survey : FoundSurvey
    speech : sequence of Segment
        Found speech of its channel.
    role : Role
        Under which the turns of its channel stand.

    Returns
    -------
    Transcript
        With the role "ivr" from the survey on; a turn in which it begins is cut there.
    """
    at_s = survey.voice.start_s
    theirs = [t for t in transcript.turns if t.role == role]
    pieces = split_turns(theirs, with_survey(alone(speech, survey), speech, survey.voice))
    turns = [t for t in transcript.turns if t.role != role]
    turns += [replace(p.turn, role="ivr") if p.speaker else p.turn for p in pieces]
    uncovered = (replace(u, role="ivr") if u.role == role and u.start_s >= at_s else u for u in transcript.uncovered)
    return replace(transcript, turns=tuple(sorted(turns, key=lambda t: t.start_s)), uncovered=tuple(uncovered))


def alone(speech: Sequence[Segment], survey: FoundSurvey) -> Diarization:
    """The speech before the survey as one voice's."""
    own = tuple(SpeakerSegment(s.start_s, s.end_s) for s in without_survey(speech, survey))
    return Diarization(own, 1, 1.0, None)

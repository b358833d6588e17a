"""A recorded survey after the call: nobody's who talks in it, however like a party its voice is.

Words propose it (:mod:`audit.speakers.survey_words`), and the voice decides with them: a recording speaks in another voice
than the party that is heard on the same leg. An agent who reads a survey out herself keeps her own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from audit.audio import Leg
from audit.segments import Segment, intersection, subtract, total_s
from audit.speakers.clustering import Floats, Window
from audit.speakers.diarize import Diarization, Encoder, SpeakerSegment, windows_of
from audit.speakers.embedding import FRAMES_PER_S, mel_features
from audit.speakers.how_many import likeness_log_odds, probability
from audit.speakers.survey_words import SurveyWords

#: A voice of less speech before the survey is no party to compare with.
MIN_PARTY_S = 3.0
#: The voice says no more than this, one way or the other.
MOST_BY_VOICE = 4.0
#: A voice that is more like a party's than unlike it (over 0.81) counts double, for an agent may read a survey out: 0.86 and
#: more on composed calls. Of 27 recordings in other voices none was nearer than 0.79.
OWN_VOICE_WEIGHT = 2.0
#: Too short to have a mean point of its own.
_MIN_WINDOWS = 2
#: And of a whole survey: 3 s.
_MIN_SURVEY_WINDOWS = 5
#: A rest of speech before the survey's first word that is no voice's.
_EDGE_S = 0.05
#: Nobody can tell whose voice it is: so much more must the words say.
UNHEARD_VOICE = -2.0


@dataclass(frozen=True, slots=True)
class SurveyVoice:
    """What the voice says of a survey that words propose.

    Attributes
    ----------
    start_s : float
        Where its voice is first heard: at or before the words that gave it away.
    likeness : float or None
        Cosine to the nearest party's voice; None where one of the two says too little.
    """

    start_s: float
    likeness: float | None

    def log_odds(self) -> float:
        """For a recording, in natural log-odds."""
        if self.likeness is None:
            return UNHEARD_VOICE
        evidence = likeness_log_odds(self.likeness)
        return float(np.clip(evidence if evidence > 0 else OWN_VOICE_WEIGHT * evidence, -MOST_BY_VOICE, MOST_BY_VOICE))


def is_survey(words: SurveyWords, voice: SurveyVoice | None) -> bool:
    """Whether a recording speaks rather than a party.

    Parameters
    ----------
    words : SurveyWords
    voice : SurveyVoice or None
        None where there was no encoder to hear it with.

    Returns
    -------
    bool
    """
    return words.log_odds + (voice.log_odds() if voice is not None else UNHEARD_VOICE) > 0


def hear_survey(
    samples: npt.NDArray[np.float32] | Leg,
    sample_rate_hz: int,
    words: SurveyWords,
    speech: Sequence[Segment],
    parties: Sequence[Sequence[Segment]],
    encoder: Encoder,
) -> SurveyVoice:
    """Hold the voice of a proposed survey against those of the parties, and find where it begins.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), or Leg
        The leg that it is on.
    sample_rate_hz : {8000, 16000}
    words : SurveyWords
    speech : sequence of Segment
        Found speech of the leg.
    parties : sequence of sequence of Segment
        When each party speaks on this leg; only what lies before the survey counts.
    encoder : Encoder

    Returns
    -------
    SurveyVoice
    """
    features = mel_features(samples, sample_rate_hz)
    before = Segment(0.0, words.earliest_s) if words.earliest_s > 0 else None
    voices = []
    for party in parties:
        sure = intersection(party, [before]) if before is not None else ()
        if total_s(sure) >= MIN_PARTY_S and (point := _mean(features, sure, encoder)) is not None:
            voices.append(point)
    own = intersection(speech, [Segment(words.start_s, max(words.end_s, words.start_s + 0.01) + 60.0)])
    survey, start_s = _mean(features, own, encoder, _MIN_SURVEY_WINDOWS), words.start_s
    if survey is None and before is not None:  # its first words were misheard
        own = survey_speech(speech, words.earliest_s)
        survey, start_s = _mean(features, own, encoder, _MIN_SURVEY_WINDOWS), own[0].start_s if own else start_s
    if survey is None or not voices:
        return SurveyVoice(words.start_s, None)
    if words.earliest_s < start_s:
        for stretch in reversed(intersection(speech, [Segment(words.earliest_s, start_s)])):
            point = _mean(features, [stretch], encoder, 1)
            if point is not None and point @ survey <= max(point @ v for v in voices):
                break
            if point is not None:
                start_s = stretch.start_s
    return SurveyVoice(start_s, float(max(survey @ v for v in voices)))


def _mean(
    features: npt.NDArray[np.float32], stretches: Sequence[Segment], encoder: Encoder, least: int = _MIN_WINDOWS
) -> Floats | None:
    """The mean point of length 1; None of too little speech."""
    windows: list[Window] = []
    for s in stretches:
        first = min(round(s.start_s * FRAMES_PER_S), len(features) - 1)
        windows += windows_of(first, min(max(round(s.end_s * FRAMES_PER_S), first + 1), len(features)))
    if len(windows) < least:
        return None
    mean = encoder.embed(features, windows).astype(np.float64).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def before_survey(diarization: Diarization, voice: SurveyVoice) -> Diarization:
    """The voices of a call up to the survey.

    Parameters
    ----------
    diarization : Diarization
        Of the speech before the survey's words.
    voice : SurveyVoice

    Returns
    -------
    Diarization
        Numbered as they are first heard; a voice that only began the survey is gone.
    """
    kept = [replace(s, end_s=min(s.end_s, voice.start_s)) for s in diarization.segments if s.start_s < voice.start_s - _EDGE_S]
    number = {k: i for i, k in enumerate(dict.fromkeys(s.speaker for s in kept))}
    return replace(diarization, segments=tuple(replace(s, speaker=number[s.speaker]) for s in kept), n_speakers=len(number))


def with_survey(before: Diarization, speech: Sequence[Segment], voice: SurveyVoice) -> Diarization:
    """The voices of a call with one more, the survey's, which speaks from its beginning to the end.

    Parameters
    ----------
    before : Diarization
        Of `before_survey`.
    speech : sequence of Segment
        All found speech of the channel.
    voice : SurveyVoice

    Returns
    -------
    Diarization
        The survey is the last voice.
    """
    sure = max(probability(voice.log_odds()), 0.5)
    spoken = (SpeakerSegment(s.start_s, s.end_s, before.n_speakers, sure) for s in survey_speech(speech, voice.start_s))
    return replace(before, segments=(*before.segments, *spoken), n_speakers=before.n_speakers + 1)


def survey_speech(speech: Sequence[Segment], start_s: float) -> tuple[Segment, ...]:
    """The speech of a leg from the survey on."""
    return subtract(speech, [Segment(0.0, start_s)]) if start_s > 0 else tuple(speech)

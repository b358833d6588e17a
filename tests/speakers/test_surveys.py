"""A recorded survey is told from a party who reads one out by its voice."""

from __future__ import annotations

import numpy as np
import pytest

from audit.segments import Segment
from audit.speakers.diarize import Diarization, SpeakerSegment
from audit.speakers.survey_words import SurveyWords
from audit.speakers.surveys import SurveyVoice, before_survey, hear_survey, is_survey, with_survey
from tests.speakers.voices import HIGH, LOW, RATE_HZ, Resonances, conversation

#: Pitch and formants of a voice unlike those of the parties.
RECORDED = (160, (270, 2200, 3700))


def heard(last: tuple, *, log_odds: float = 1.0) -> tuple[SurveyVoice, list[tuple[float, float]], SurveyWords]:
    """Two parties on one leg, then two sentences of somebody, of whom the second one is known by its words."""
    samples, edges = conversation([(LOW, 5.0), (HIGH, 5.0), (LOW, 5.0), (last, 2.0), (last, 6.0)])
    speech = [Segment(*e) for e in edges]
    words = SurveyWords(edges[2][1], edges[4][0], edges[4][1], log_odds)
    voice = hear_survey(samples, RATE_HZ, words, speech, [(speech[0], speech[2]), (speech[1],)], Resonances())
    return voice, edges, words


def test_another_voice_is_a_recordings_and_begins_before_its_telling_words() -> None:
    voice, edges, words = heard(RECORDED)
    assert voice.likeness is not None and voice.likeness < 0.8
    assert voice.start_s == pytest.approx(edges[3][0])
    assert is_survey(words, voice)


def test_a_party_who_reads_a_survey_out_keeps_her_words() -> None:
    voice, _, words = heard(LOW)
    assert voice.likeness is not None and voice.likeness > 0.9
    assert not is_survey(words, voice)


def test_without_a_voice_to_compare_the_words_must_say_more() -> None:
    said_little, said_much = SurveyWords(0, 5, 9, 1.0), SurveyWords(0, 5, 9, 4.0)
    assert not is_survey(said_little, None)
    assert is_survey(said_much, None)
    samples, edges = conversation([(RECORDED, 8.0)])
    voice = hear_survey(samples, RATE_HZ, SurveyWords(0.0, 0.0, 8.0, 4.0), [Segment(*edges[0])], [], Resonances())
    assert voice == SurveyVoice(0.0, None)


def test_the_survey_is_the_last_of_the_voices_and_the_others_end_where_it_begins() -> None:
    parties = Diarization((SpeakerSegment(0, 4, 0), SpeakerSegment(5, 8, 1), SpeakerSegment(9, 12, 2)), 3, 0.9, 0.6)
    voice = SurveyVoice(9.0, 0.5)
    before = before_survey(parties, voice)
    assert [(s.end_s, s.speaker) for s in before.segments] == [(4, 0), (8, 1)]
    speech = (Segment(0, 4), Segment(5, 8), Segment(9, 12), Segment(13, 20))
    found = with_survey(before, speech, voice)
    assert found.n_speakers == 3
    assert found.speech_of(2) == speech[2:]
    assert all(0.5 <= s.confidence <= 1.0 for s in found.segments)
    assert np.all(np.diff([s.start_s for s in found.segments]) > 0)

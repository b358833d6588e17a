"""A recorded survey after the call is nobody's who talks in it: on a leg of its own, and on a channel that all share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from audit.audio import read_audio
from audit.pipeline import Settings, parties
from audit.pipeline.auditor import Auditor
from audit.pipeline.hearing import Heard
from audit.pipeline.surveys import FoundSurvey, named_survey
from audit.profile import Profile
from audit.records import Metadata
from audit.segments import Segment
from audit.speakers import SurveyVoice
from audit.words import Transcript, Turn, Uncovered, Word
from tests.pipeline.test_sample_calls import wav
from tests.speakers.voices import HIGH, LOW, RATE_HZ, Resonances, conversation

#: Pitch and formants of a voice unlike those of the parties.
RECORDED = (160, (270, 2200, 3700))
LINES = ("您好，很高兴为您服务，请问有什么可以帮您？", "我想问一下，你们怎么扣了我话费？", "感谢您的来电，再见。", "再见。")
SURVEY = ("请对本次服务进行评价，", "满意请按一，不满意请按二。")
VOICES = (LOW, HIGH, LOW, HIGH, RECORDED, RECORDED)


def call(tmp_path: Path, last: Sequence[tuple] = VOICES[-2:], *, legs: Sequence[int] | None = None) -> Heard:
    """A call of made voices with two sentences more after the goodbye; by leg, or all on one channel."""
    samples, edges = conversation(list(zip((*VOICES[:4], *last), (5.0, 5.0, 4.0, 3.0, 3.0, 6.0), strict=True)))
    samples = np.concatenate([samples, np.full(4 * RATE_HZ, 1e-4, np.float32)])
    spans = [Segment(*e) for e in edges]
    if legs is None:
        path = wav(tmp_path / "call.wav", samples[None])
        return Heard(read_audio(path), "mono", 1, speech=(tuple(spans),), background=((),))
    sound = np.random.default_rng(1).normal(0, 1e-3, (2, samples.size)).astype(np.float32)
    for s, c in zip(spans, legs, strict=True):
        part = slice(round(s.start_s * RATE_HZ), round(s.end_s * RATE_HZ))
        sound[c, part] += samples[part]
    speech = tuple(tuple(s for s, k in zip(spans, legs, strict=True) if k == c) for c in (0, 1))
    return Heard(read_audio(wav(tmp_path / "call.wav", sound)), "stereo", 2, speech=speech, background=((), ()))


def written(heard: Heard, legs: Sequence[int] | None = None, lines: Sequence[str] = (*LINES, *SURVEY)) -> Transcript:
    """The lines under the speech of the call, with the roles that are lent to its channels."""
    spans = sorted(s for leg in heard.speech for s in leg)
    roles = ["unknown"] * len(spans) if legs is None else [("agent", "customer")[c] for c in legs]
    turns = [
        Turn(s.start_s, s.end_s, role, text, 0.9, (Word(s.start_s, s.end_s, text, 0.9),))
        for s, role, text in zip(spans, roles, lines, strict=True)
    ]
    return Transcript("zh", "imported", tuple(turns))


@pytest.fixture
def shared() -> parties.SharedChannels:
    """With an encoder that knows the made voices."""
    channels = parties.SharedChannels(Profile())
    channels._encoder = Resonances()
    return channels


@pytest.mark.parametrize("channel", [0, 1], ids=["on the agent's leg", "on the customer's leg"])
def test_a_survey_on_a_leg_is_taken_from_its_party(tmp_path, shared, channel):
    legs = (0, 1, 0, 1, channel, channel)
    heard = call(tmp_path, legs=legs)
    transcript = written(heard, legs)
    survey = shared.survey_on_a_leg(heard, transcript, ("agent", "customer"))
    assert survey is not None and survey.channel == channel
    own, other, prompt = (p.speech for p in parties.beside_survey(parties.of_legs(heard, channel), heard, survey)[:3])
    assert prompt == heard.speech[channel][2:]
    assert {own, other} == {heard.speech[0][:2], heard.speech[1][:2]}
    named = named_survey(transcript, survey, heard.speech[channel], ("agent", "customer")[channel])
    assert [t.role for t in named.turns] == ["agent", "customer", "agent", "customer", "ivr", "ivr"]
    assert [t.text for t in named.turns] == [t.text for t in transcript.turns]


def test_a_survey_that_the_agent_reads_out_herself_is_hers(tmp_path, shared):
    legs = (0, 1, 0, 1, 0, 0)
    heard = call(tmp_path, (LOW, LOW), legs=legs)
    assert shared.survey_on_a_leg(heard, written(heard, legs), ("agent", "customer")) is None


def test_a_call_without_such_words_asks_for_no_speaker_model(tmp_path, monkeypatch):
    heard = call(tmp_path, legs=(0, 1, 0, 1, 0, 0))
    channels = parties.SharedChannels(Profile())
    monkeypatch.setattr(channels, "_load", lambda: pytest.fail("the model was asked for"))
    words = written(heard, (0, 1, 0, 1, 0, 0), (*LINES, "喂您好", "听得到吗"))
    assert channels.survey_on_a_leg(heard, words, ("agent", "customer")) is None


def test_a_survey_on_a_shared_channel_is_a_voice_of_its_own(tmp_path, shared):
    heard = call(tmp_path)
    found = shared.tell_apart(heard, written(heard), Metadata("c"))
    assert [t.role for t in found.transcript.turns] == ["agent", "customer", "agent", "customer", "ivr", "ivr"]
    assert parties.speech_by_role(found.parties)["ivr"] == heard.speech[0][4:]
    assert [v.role for v in found.finding.voices] == ["agent", "customer", "ivr"]


def test_a_survey_the_agent_reads_out_on_a_shared_channel_is_hers(tmp_path, shared):
    heard = call(tmp_path, (LOW, LOW))
    found = shared.tell_apart(heard, written(heard), Metadata("c"))
    assert [t.role for t in found.transcript.turns] == ["agent", "customer", "agent", "customer", "agent", "agent"]


def test_a_turn_is_cut_where_the_survey_begins_and_what_was_not_recognised_goes_with_it():
    words = tuple(Word(a, b, text, 0.9) for a, b, text in ((0.0, 0.9, "再见。"), (2.0, 3.0, "请评价"), (3.0, 4.0, "请按一")))
    uncovered = (Uncovered(1.0, 1.2, "agent"), Uncovered(5.0, 6.0, "agent"), Uncovered(5.0, 6.0, "customer"))
    transcript = Transcript("zh", "m", (Turn(0.0, 4.0, "agent", "再见。请评价请按一", 0.9, words),), uncovered=uncovered)
    survey = FoundSurvey(0, SurveyVoice(2.0, 0.5))
    named = named_survey(transcript, survey, (Segment(0.0, 1.0), Segment(2.0, 4.0)), "agent")
    assert [(t.role, t.text) for t in named.turns] == [("agent", "再见。"), ("ivr", "请评价请按一")]
    assert [u.role for u in named.uncovered] == ["agent", "ivr", "customer"]


def test_a_survey_counts_for_no_partys_talk_and_its_pauses_for_nobodys_silence(tmp_path):
    legs = (0, 1, 0, 1, 0, 0)
    heard = call(tmp_path, legs=legs)
    survey = FoundSurvey(0, SurveyVoice(heard.speech[0][2].start_s, 0.5))
    told = parties.beside_survey(parties.of_legs(heard, 0), heard, survey)
    auditor = Auditor(Settings(transcribe=False))
    without, with_it = (timeline(auditor, heard, p) for p in (parties.of_legs(heard, 0), told))
    assert len(without.silences) == 1  # the four seconds at the end
    assert with_it.silences == ()


def timeline(auditor: Auditor, heard: Heard, told: Sequence[parties.Party]):
    from audit import telephony
    from audit.pipeline.timeline import hold_against_record, timeline_of

    metadata = Metadata("c")
    answer = telephony.find_answer(
        heard.ringing, metadata, duration_s=heard.duration_s, tones=(), first_speech_s=0.0, plan=auditor._tone_plan()
    )
    return timeline_of(heard, hold_against_record(heard, answer, metadata), metadata, told)

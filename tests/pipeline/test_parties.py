"""Who speaks on a shared channel: told by voice and words, as the transcript says, or honestly nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit.audio import read_audio
from audit.errors import ModelError
from audit.ingest import ImportedTranscript
from audit.pipeline import Settings, parties
from audit.pipeline.auditor import Auditor
from audit.pipeline.hearing import Heard
from audit.pipeline.imported import lay_out
from audit.pipeline.measures import measures_of
from audit.profile import Profile
from audit.records import CallRecord, Measured, Metadata, Timeline
from audit.segments import Segment, intersection, total_s
from audit.words import Transcript, Turn
from tests.pipeline.test_sample_calls import SAMPLES, TRUTH, audited, labels, spans, wav
from tests.signals import noise

RATE_HZ = 8000
NOTHING = Timeline(Measured(None, "none"), Measured(None, "none"), Measured(None, "none"))
SPEECH = (Segment(1.0, 3.0), Segment(4.0, 6.0), Segment(7.0, 9.0))


@pytest.fixture(scope="module")
def heard(tmp_path_factory) -> Heard:
    """Three loud stretches, of a party each, over a line noise of -60 dBFS; who speaks when is given."""
    samples = noise(10.0, -60.0, seed=1)
    for s in SPEECH:
        part = slice(round(s.start_s * RATE_HZ), round(s.end_s * RATE_HZ))
        samples[part] += noise(s.duration_s, -20.0, seed=2)
    path = wav(tmp_path_factory.mktemp("shared") / "call.wav", samples[None])
    return Heard(read_audio(path), "mono", 1, speech=(SPEECH,), background=((),))


def said(*turns: tuple[float, float, str]) -> Transcript:
    return Transcript("zh", "imported", tuple(Turn(a, b, role, "您好", 0.9, ()) for a, b, role in turns))


def test_roles_that_came_with_the_words_stand(heard):
    written = said((0.9, 3.1, "agent"), (4.0, 6.0, "customer"), (7.0, 9.0, "agent"))
    found = parties.SharedChannels(Profile()).tell_apart(heard, written, Metadata("c"))
    assert {p.role: p.speech for p in found.parties} == {"agent": (SPEECH[0], SPEECH[2]), "customer": (SPEECH[1],)}
    assert found.transcript is written


def test_a_word_into_the_ringing_is_not_the_first_word_of_who_takes_the_call(heard):
    caller, agent = (Segment(1.0, 1.5), Segment(5.0, 6.0)), (Segment(3.2, 4.5),)
    call = replace(heard, layout="stereo", n_legs=2, speech=(caller, agent), background=((), ()))
    auditor = Auditor(Settings(transcribe=False))
    inbound = Metadata("c", direction="inbound")
    assert auditor._whose(call, inbound, None, answer_at_s=3.0).channel == 1
    assert auditor._whose(call, inbound, None, answer_at_s=0.0).channel == 0


def test_time_that_two_parties_claim_is_nobodys(heard):
    written = said((1.0, 5.0, "agent"), (4.5, 6.0, "customer"))
    found = parties.SharedChannels(Profile()).tell_apart(heard, written, Metadata("c"))
    assert {p.role: p.speech for p in found.parties} == {
        "agent": (Segment(1.0, 3.0), Segment(4.0, 4.5)),
        "customer": (Segment(5.0, 6.0),),
    }


def test_without_the_speaker_model_nobody_is_named_and_the_call_lives(heard, monkeypatch):
    def missing(name: str) -> None:
        raise ModelError(f"{name} cannot be fetched")

    monkeypatch.setattr("audit.transcript.models.ensure_model", missing)
    found = parties.SharedChannels(Profile()).tell_apart(heard, said((1.0, 3.0, "unknown")), Metadata("c"))
    assert [p.role for p in found.parties] == ["unknown"]
    assert "cannot be fetched" in found.finding.reason


def test_voices_that_another_tool_told_apart_stand(heard, tmp_path):
    path = tmp_path / "call.rttm"
    path.write_text(
        "SPEAKER call 1 0.9 2.2 <NA> <NA> agent <NA> <NA>\nSPEAKER call 1 4.0 2.0 <NA> <NA> customer <NA> <NA>\n", "utf-8"
    )
    found = parties.SharedChannels(Profile()).tell_apart(heard, said((1.0, 3.0, "unknown")), Metadata("c"), rttm=path)
    assert {p.role: p.speech for p in found.parties} == {"agent": (Segment(0.9, 3.1),), "customer": (Segment(4.0, 6.0),)}
    assert [t.role for t in found.transcript.turns] == ["agent"]


def test_a_file_of_voices_that_is_none_costs_the_roles_and_not_the_call(heard, tmp_path):
    path = tmp_path / "call.rttm"
    path.write_text("who speaks when\n", "utf-8")
    found = parties.SharedChannels(Profile()).tell_apart(heard, said((1.0, 3.0, "unknown")), Metadata("c"), rttm=path)
    assert [p.role for p in found.parties] == ["unknown"]
    assert "line 1" in found.finding.reason


def test_nothing_is_said_of_talking_at_once_on_a_shared_channel(heard):
    both = (
        parties.Party("agent", 0, (SPEECH[0], SPEECH[2]), shared=True),
        parties.Party("customer", 0, (SPEECH[1],), shared=True),
    )
    measures = measures_of(heard, both, None, NOTHING)
    assert measures["agent"].speech_s == pytest.approx(4.0)
    assert measures["agent"].talk_share_ratio == pytest.approx(2 / 3)
    assert measures["agent"].n_interruptions is None
    assert measures["agent"].crosstalk_db is None


def test_the_other_partys_words_are_no_noise_of_the_line(heard):
    one = parties.Party("agent", 0, (SPEECH[0], SPEECH[2]), shared=True)
    assert measures_of(heard, (one,), None, NOTHING)["agent"].snr_db == pytest.approx(40.0, abs=3.0)


@pytest.fixture(scope="module")
def speaker_model() -> None:
    """The speaker encoder, or a skip with the command that installs it."""
    from audit.transcript.models import installed_dir

    if installed_dir(parties.ENCODER) is None:
        pytest.skip("the speaker model is not installed: run callaudit models install resemblyzer")


# --- one leg is dead ------------------------------------------------------------------------------
def on_one_leg(tmp_path: Path, call_id: str, *, of: str | None, live: int) -> CallRecord:
    """A sample audited with its words given, both parties or one of them on the live leg, nothing on the other."""
    truth = TRUTH[call_id]
    audio = read_audio(SAMPLES / truth["path"])
    legs = audio.read(0.0, audio.duration_s)
    heard_there = (
        legs.mean(axis=0) if of is None else legs[truth["agent_channel"] if of == "agent" else 1 - truth["agent_channel"]]
    )
    two = np.zeros((2, heard_there.size), np.float32)
    two[live] = heard_there
    path = wav(tmp_path / f"{call_id}.wav", two)
    said = (t for t in truth["turns"] if of in (None, t["role"]))
    path.with_suffix(".vtt").write_text(
        "WEBVTT\n\n" + "".join(f"{clock(t['start_s'])} --> {clock(t['end_s'])}\n{t['text']}\n\n" for t in said), "utf-8"
    )
    settings = Settings(transcribe=False, transcripts=tmp_path)
    return Auditor(settings).audit(path, Metadata(call_id, direction="inbound")).record


@pytest.mark.parametrize(
    ("pause_s", "roles"),
    [
        pytest.param(0.4, ["unknown"], id="few pauses: both parties"),
        pytest.param(3.5, ["customer", "agent"], id="room for another"),
    ],
)
def test_without_words_the_pauses_of_a_live_leg_tell_whether_it_is_one_partys(heard, pause_s, roles):
    speech = tuple(Segment(at, at + 2.5) for at in np.arange(6) * (2.5 + pause_s))
    call = replace(heard, layout="one_dead_leg", n_legs=2, speech=((), speech), background=((), ()))
    found = parties.beside_dead_leg_by_pauses(call, 1)
    assert [p.role for p in found.parties] == roles
    assert found.parties[-1].speech == speech
    assert found.shared == (roles == ["unknown"])
    assert (found.finding is not None) == found.shared


def clock(time_s: float) -> str:
    """A moment as WebVTT writes it."""
    return f"{int(time_s) // 60:02}:{time_s % 60:06.3f}"


@pytest.mark.parametrize(("call_id", "live"), [("zh-01", 0), ("zh-04", 1), ("en-01", 1)])
def test_both_voices_on_the_only_live_leg_are_told_apart_and_named(tmp_path, speaker_model, call_id, live):
    record = on_one_leg(tmp_path, call_id, of=None, live=live)
    assert record.recording.layout == "one_dead_leg"
    assert (record.recording.agent_channel, record.recording.shared_channel.n_voices) == (None, 2)
    for role in ("agent", "customer"):
        true = spans(TRUTH[call_id][role])
        assert total_s(intersection(record.speech[role], true)) > 0.95 * total_s(record.speech[role])
    assert record.measures["agent"].crosstalk_db is None
    assert record.timeline.overlaps == ()


@pytest.mark.parametrize("of", ["agent", "customer"])
@pytest.mark.parametrize("call_id", ["zh-01", "zh-04"])
def test_one_voice_on_the_only_live_leg_is_one_party(tmp_path, speaker_model, call_id, of):
    record = on_one_leg(tmp_path, call_id, of=of, live=1)
    assert record.recording.shared_channel.n_voices == 1
    assert sum(s != () for s in record.speech.values()) == 1
    assert {t.role for t in record.transcript.turns} == {r for r, s in record.speech.items() if s}


def test_roles_that_came_with_the_words_of_both_parties_stand_on_the_only_live_leg(tmp_path):
    samples = noise(10.0, -60.0, seed=1)
    for s in SPEECH:
        part = slice(round(s.start_s * RATE_HZ), round(s.end_s * RATE_HZ))
        samples[part] += noise(s.duration_s, -20.0, seed=2)
    path = wav(tmp_path / "call.wav", np.stack([np.zeros_like(samples), samples]))
    heard = Heard(read_audio(path), "one_dead_leg", 2, speech=((), SPEECH), background=((), ()))
    written = said((0.9, 3.1, "agent"), (4.0, 6.0, "customer"), (7.0, 9.0, "agent"))
    taken = lay_out(ImportedTranscript(path, "vtt", written, ("a", "c", "a")), heard, lent=("agent", "customer"))
    assert taken.on_one_leg
    found = parties.SharedChannels(Profile()).beside_dead_leg(heard, 1, taken.transcript, Metadata("c"), as_written=True)
    assert {(p.role, p.channel): p.speech for p in found.parties} == {
        ("agent", 1): (SPEECH[0], SPEECH[2]),
        ("customer", 1): (SPEECH[1],),
    }


@pytest.mark.model
def test_the_voices_of_a_mono_call_are_told_apart_and_named(model_dir, speaker_model):
    record = audited("zh-06", words=True).record
    assert record.transcript is not None
    wrong = []
    for turn in TRUTH["zh-06"]["turns"]:
        middle_s = (turn["start_s"] + turn["end_s"]) / 2
        roles = {t.role for t in record.transcript.turns if t.start_s <= middle_s < t.end_s}
        wrong += [(turn, roles)] if roles != {turn["role"]} else []
    assert not wrong
    assert record.recording.shared_channel.roles_confidence > 0.65


def test_one_voice_alone_on_a_mono_channel_is_given_no_role(tmp_path, speaker_model):
    # The agent's leg of a call, taken down without the customer's.
    truth = TRUTH["zh-01"]
    audio = read_audio(SAMPLES / truth["path"])
    path = wav(tmp_path / "zh-01.wav", audio.read(0.0, audio.duration_s)[truth["agent_channel"]][None])
    told = [t for t in truth["turns"] if t["role"] == "agent"]
    path.with_suffix(".vtt").write_text(
        "WEBVTT\n\n" + "".join(f"{clock(t['start_s'])} --> {clock(t['end_s'])}\n{t['text']}\n\n" for t in told), "utf-8"
    )
    record = Auditor(Settings(transcribe=False, transcripts=tmp_path)).audit(path, Metadata("zh-01")).record
    assert record.recording.shared_channel.n_voices == 1
    assert set(record.speech) == {"unknown"}


@pytest.mark.model
def test_a_mono_call_is_judged_like_any_other_once_its_voices_are_known(model_dir, speaker_model):
    evaluation = audited("zh-06", words=True).evaluation
    assert evaluation is not None
    got = {o.criterion: o.outcome for o in evaluation.outcomes}
    assert {c: got[c] for call, c, _ in labels() if call == "zh-06"} == {c: v for call, c, v in labels() if call == "zh-06"}

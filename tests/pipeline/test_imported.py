"""Transcripts that came with a call: taken where they fit, laid on the right channels, refused with a word where not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.audio import read_audio
from audit.batch.plan import audit_keys
from audit.pipeline import Settings, make_auditor
from audit.pipeline.hearing import Heard
from audit.pipeline.imported import Taken, take_imported
from audit.records import Metadata
from audit.segments import Segment
from audit.speakers import ChannelFinding
from tests.cli.calls import write_call
from tests.pipeline.test_sample_calls import wav

LENT = ("agent", "customer")
#: Channel 0 speaks, then channel 1, then 0 again, then both at once.
LEFT = (Segment(1.0, 3.0), Segment(7.0, 9.0), Segment(10.0, 12.0))
RIGHT = (Segment(4.0, 6.0), Segment(10.0, 12.0))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wav(tmp_path_factory.mktemp("imported") / "call.wav", np.zeros((2, 14 * 8000), np.float32))


@pytest.fixture
def stereo(recording: Path) -> Heard:
    return Heard(read_audio(recording), "stereo", 2, speech=(LEFT, RIGHT), background=((), ()))


@pytest.fixture
def mono(recording: Path) -> Heard:
    return Heard(read_audio(recording), "dual_mono", 1, speech=(LEFT + RIGHT[:1],), background=((),))


def taken(folder: Path, heard: Heard, segments: list[dict[str, Any]], *, transcribe: bool = True) -> Taken:
    (folder / "call.transcript.json").write_text(json.dumps({"segments": segments, "language": "zh"}), encoding="utf-8")
    settings = Settings(transcripts=str(folder), transcribe=transcribe)
    return take_imported(Path("elsewhere/call.wav"), heard, settings, lent=LENT)


def line(start: float, end: float, text: str, speaker: str | None = None) -> dict[str, Any]:
    return {"start": start, "end": end, "text": text, **({"speaker": speaker} if speaker else {})}


NAMED = [
    line(0.9, 3.1, "您好", "customer"),
    line(4, 6, "請問", "agent"),
    line(7, 9, "谢谢", "customer"),
    line(10, 12, "再见", "agent"),
]


def test_named_roles_tell_which_channel_is_the_agents(tmp_path: Path, stereo: Heard) -> None:
    found = taken(tmp_path, stereo, NAMED)
    assert found.agent_channel == 1
    assert found.transcript is not None
    # roles as they are lent to the channels: "agent" stands for channel 0 until whose it is has been settled
    assert [t.role for t in found.transcript.turns] == ["agent", "customer", "agent", "customer"]
    assert found.transcript.turns[1].text == "请问", "written as recognised text is"
    assert found.naming_channel(Metadata("c")).agent_channel == 1
    assert found.naming_channel(Metadata("c", agent_channel=0)).agent_channel == 0


def test_a_channel_told_otherwise_is_followed_with_a_warning(tmp_path: Path, stereo: Heard) -> None:
    found = taken(tmp_path, stereo, NAMED)
    assert found.against(ChannelFinding(1, "metadata", 1.0, "")) == ()
    (warning,) = found.against(ChannelFinding(0, "option", 1.0, ""))
    assert "by the option the agent's channel is 0" in warning


@pytest.mark.parametrize("labels", [("spk_1", "spk_0"), ("ch_0", "ch_1"), (None, None)], ids=["speakers", "channels", "none"])
def test_speakers_without_a_role_are_laid_on_the_channel_they_speak_on(
    tmp_path: Path, stereo: Heard, labels: tuple[str | None, str | None]
) -> None:
    a, b = labels
    found = taken(tmp_path, stereo, [line(1, 3, "一", a), line(4, 6, "二", b), line(7, 9, "三", a), line(10, 12, "四", b)])
    assert found.agent_channel is None
    assert found.transcript is not None
    roles = [t.role for t in found.transcript.turns]
    assert roles[:3] == ["agent", "customer", "agent"]
    # both speak at the end: a label knows its channel from before, a line without one cannot be placed
    assert roles[3] == ("unknown" if b is None else "customer")
    assert len(found.warnings) == (b is None)


def test_coverage_counts_each_legs_speech_under_its_own_turns(tmp_path: Path, stereo: Heard) -> None:
    found = taken(tmp_path, stereo, NAMED[:3])
    assert found.transcript is not None
    assert found.transcript.coverage_ratio == pytest.approx(6 / 10)
    assert [(u.start_s, u.end_s, u.role) for u in found.transcript.uncovered] == [(10, 12, "agent"), (10, 12, "customer")]


def test_on_a_shared_channel_the_roles_of_the_file_stand(tmp_path: Path, mono: Heard) -> None:
    found = taken(tmp_path, mono, NAMED)
    assert found.transcript is not None
    assert [t.role for t in found.transcript.turns] == ["customer", "agent", "customer", "agent"]
    assert found.agent_channel is None


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ([*NAMED, line(15, 16.5, "x")], "ends at 16.5 s, the recording at 14.0 s"),
        ([line(1, 1.5, "x", "agent")], "covers 12% of the speech"),
        ([line(0, 12.0, "x", "agent"), line(0, 12, "y", "customer")], "do not speak when the two channels do"),
        ([line(3.2, 5.2, "x"), line(6.3, 8.3, "y"), line(8.6, 10.6, "z")], "only 38% of the time"),
        ([line(5, 4, "x")], "ends at 4 s, before it begins"),
    ],
    ids=["longer than the call", "hardly anything", "spread over both", "of another call", "impossible times"],
)
@pytest.mark.parametrize("transcribe", [True, False])
def test_what_does_not_fit_is_refused_with_a_word(
    tmp_path: Path, stereo: Heard, segments: list[dict[str, Any]], reason: str, transcribe: bool
) -> None:
    found = taken(tmp_path, stereo, segments, transcribe=transcribe)
    assert found.transcript is None
    (warning,) = found.warnings
    assert reason in warning
    assert warning.endswith("recognised instead" if transcribe else "has no transcript")


def test_nobody_heard_is_no_fit(tmp_path: Path, stereo: Heard) -> None:
    silent = Heard(stereo.audio, "stereo", 2, speech=((), ()), background=((), ()))
    assert "nobody is heard" in taken(tmp_path, silent, NAMED).warnings[0]


def test_an_end_within_two_seconds_of_the_recordings_is_cut_to_it(tmp_path: Path, stereo: Heard) -> None:
    found = taken(tmp_path, stereo, [*NAMED, line(13.5, 15.5, "再见", "agent"), line(14.2, 15.0, "x", "agent")])
    assert found.transcript is not None
    assert [(t.start_s, t.end_s) for t in found.transcript.turns][-1] == (13.5, 14.0)
    assert found.warnings == ("1 of the imported transcript's turns begin after the recording's end",)


def test_nothing_is_looked_for_unless_it_is_asked_for(recording: Path, stereo: Heard) -> None:
    cues = "1\n00:00:01,000 --> 00:00:03,000\nx\n\n2\n00:00:04,000 --> 00:00:06,000\ny\n\n3\n00:00:07,000 --> 00:00:09,000\nz\n"
    recording.with_suffix(".srt").write_text(cues, encoding="utf-8")
    assert take_imported(recording, stereo, Settings(), lent=LENT) == Taken()
    beside = take_imported(recording, stereo, Settings(transcripts="beside"), lent=LENT)
    assert beside.transcript is not None
    recording.with_suffix(".srt").unlink()
    assert take_imported(recording, stereo, Settings(transcripts="beside"), lent=LENT) == Taken()
    (warning,) = take_imported(recording, stereo, Settings(transcripts="beside", transcribe=False), lent=LENT).warnings
    assert "no transcript" in warning


def test_a_call_with_a_transcript_is_audited_and_scored_without_a_speech_model(tmp_path: Path) -> None:
    call = write_call(tmp_path / "call.wav")
    rows = "start,end,speaker,text\n0.2,1.7,Customer,您好我想退货\n2.2,3.7,Agent,您好请问有什么可以帮您\n"
    (tmp_path / "call.csv").write_text(rows, encoding="utf-8")
    settings = Settings(transcripts="beside", model="/nowhere/such-a-model")
    audited = make_auditor(settings).audit(call, Metadata("call"))
    record = audited.record
    assert record.transcript is not None
    assert record.transcript.model == "imported:csv"
    assert [(t.role, t.text) for t in record.transcript.turns] == [
        ("customer", "您好我想退货"),
        ("agent", "您好请问有什么可以帮您"),
    ]
    assert (record.recording.agent_channel, record.recording.agent_channel_source) == (1, "metadata")
    assert record.measures["agent"].fastest_rate_cpm is None, "without times of words there is no fastest stretch"
    assert audited.evaluation is not None
    assert any(o.outcome == "pass" for o in audited.evaluation.outcomes)


def test_a_transcript_in_another_language_is_kept_without_a_rate_or_a_score(tmp_path: Path) -> None:
    call = write_call(tmp_path / "call.wav")
    rows = "start,end,speaker,text,language\n0.2,1.7,Agent,Buenos dias,es-ES\n2.2,3.7,Customer,Gracias,es-ES\n"
    (tmp_path / "call.csv").write_text(rows, encoding="utf-8")
    audited = make_auditor(Settings(transcripts="beside")).audit(call, Metadata("call"))
    assert audited.record.transcript is not None
    assert audited.record.transcript.language == "es"
    assert audited.record.measures["agent"].speech_rate_wpm is None
    assert audited.evaluation is None


def test_another_transcript_asks_for_another_audit_and_none_changes_nothing() -> None:
    metadata = Metadata("c")
    keys = [audit_keys(Settings(), metadata, transcript_sha256=x) for x in (None, "a", "b")]
    assert len({k.words for k in keys}) == 3
    assert len({k.measuring for k in keys}) == 1
    measured = audit_keys(Settings(transcribe=False), metadata)
    assert measured.words is None
    assert audit_keys(Settings(transcribe=False), metadata, transcript_sha256="a").words is not None

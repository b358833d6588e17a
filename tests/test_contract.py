"""The published form of a call: complete, in units, and readable back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from audit.contract import call_to_json, evaluation_from_json, record_from_json
from audit.records import (
    CallRecord,
    CutOff,
    Evidence,
    Hold,
    Measured,
    Measures,
    Metadata,
    Overlap,
    Recording,
    SharedChannel,
    Timeline,
    Tone,
)
from audit.segments import Segment
from audit.verdicts import Evaluation, Outcome, SectionScore
from audit.words import Dropped, Transcript, Turn, Uncovered, Word


@pytest.fixture
def record() -> CallRecord:
    started = datetime(2026, 11, 20, 9, 14, 5, tzinfo=timezone(timedelta(hours=8)))
    turn = Turn(9.4, 13.2, "agent", "您好。", 0.83, (Word(9.4, 9.8, "您好", 0.9),))
    voices = SharedChannel(2, 0.95, 0.9, "“at your service”")
    return CallRecord(
        call_id="c-1",
        tool_version="0.1.0",
        recording=Recording("a/c-1.wav", "ab" * 32, 245.38, 8000, 2, "stereo", 1, "option", ("short",), None, voices),
        metadata=Metadata("c-1", agent_id="A1", started_at=started, source="cdr", variables={"company": "示例"}),
        timeline=Timeline(
            ring_s=Measured(9.0, "cdr", 1.0),
            n_rings=Measured(2, "audio"),
            hangup_by=Measured(None, "none", reason="both legs end together"),
            tone_plan="cn",
            answer_at_s=9.02,
            answer_source="audio",
            hangup_at_s=240.1,
            talk_s=206.0,
            holds=(Hold(80.2, 105.3, "music"),),
            silences=(Segment(150.0, 158.2),),
            overlaps=(Overlap(60.1, 61.4, "agent"),),
            tones=(Tone(0.0, 1.0, "ringback", 1),),
        ),
        speech={"agent": (Segment(9.4, 13.2),), "customer": ()},
        measures={"agent": Measures(speech_s=3.8, active_level_dbfs=-24.123), "customer": Measures()},
        transcript=Transcript(
            "zh", "base", (turn,), 0.99, (Uncovered(14.0, 14.4, "customer", "not_believed"),), (Dropped("too_fast", 1, 9),)
        ),
    )


@pytest.fixture
def evaluation() -> Evaluation:
    proof = Evidence(9.4, 9.8, "agent", "您好", "exact", confidence=0.9)
    both = {"zh": "说了", "en": "said"}
    return Evaluation(
        "zh-service", "1.0.0", "cd" * 32, 87.5, "satisfying", both, False, "closing",
        (SectionScore("opening", both, 100.0, 4.0, 4.0),),
        (Outcome("open.greet", "pass", "opening", both, both, 4.0, 4.0, clause="001", evidence=(proof,)),),
    )  # fmt: skip


def test_a_call_survives_the_way_through_json(record, evaluation):
    data = json.loads(json.dumps(call_to_json(record, evaluation), ensure_ascii=False))
    assert record_from_json(data) == CallRecord(
        **{
            **{f: getattr(record, f) for f in record.__dataclass_fields__},
            "measures": {"agent": Measures(speech_s=3.8, active_level_dbfs=-24.12), "customer": Measures()},
        }
    )
    assert evaluation_from_json(data["evaluation"]) == evaluation


def test_what_could_not_be_measured_is_null_with_its_reason(record):
    timing = call_to_json(record)["timing"]
    assert timing["hangup_by"] == {"value": None, "source": "none", "reason": "both legs end together"}


def test_the_keys_that_others_rely_on_are_all_there(record, evaluation):
    data = call_to_json(record, evaluation)
    assert data["schema"] == "callaudit.call/1"
    assert {"path", "sha256", "duration_s", "sample_rate_hz", "n_channels", "layout", "agent_channel", "warnings"} <= set(
        data["recording"]
    )
    assert {"value": 2, "source": "audio", "tone_plan": "cn"}.items() <= data["timing"]["n_rings"].items()
    assert data["timing"]["hold_s"] == pytest.approx(25.1)
    assert (data["timing"]["hold_count"], data["timing"]["longest_hold_s"]) == (1, pytest.approx(25.1))
    assert data["speech"]["agent"] == {"segments": [[9.4, 13.2]], "speech_s": 3.8}
    assert data["metadata"]["variables"] == {"company": "示例"}
    assert data["evaluation"]["outcomes"][0]["evidence"][0]["match"] == "exact"


def test_reason_follows_the_language_asked_for(record, evaluation):
    outcome = call_to_json(record, evaluation, lang="zh")["evaluation"]["outcomes"][0]
    assert (outcome["reason"], outcome["reasons"]["en"]) == ("说了", "said")


def test_a_foreign_schema_is_refused(record):
    with pytest.raises(ValueError, match="other/9"):
        record_from_json({**call_to_json(record), "schema": "other/9"})


def test_a_call_stored_before_a_field_was_added_is_still_read(record, evaluation):
    data = call_to_json(record, evaluation)
    del data["recording"]["damaged"], data["evaluation"]["score_reason"], data["measures"]["agent"]["fastest_start_s"]
    assert record_from_json(data).recording == record.recording
    assert evaluation_from_json(data["evaluation"]) == evaluation


def test_how_the_answer_the_holds_and_the_release_were_found_is_published_and_read_back(record):
    quote = Evidence(78.0, 79.0, "agent", "请您稍等", "exact")
    timeline = replace(
        record.timeline,
        answer_tolerance_s=0.05,
        answer_reason="the answer cuts a ring short",
        recording_starts="before_ringing",
        music_before_answer=Segment(0.5, 8.0),
        holds=(Hold(80.2, 105.3, "silence", "words", (quote,)),),
        holds_source="vcon",
        holds_heard=(Hold(81.0, 100.0, "music"),),
        ring_heard=Measured(7.9, "audio", 0.4),
        transfers_s=(120.5,),
        hangup_source="tone",
        release_evidence=Segment(240.1, 243.0),
        cut_off=CutOff(True, None, Segment(238.1, 240.1), 1),
    )
    data = json.loads(json.dumps(call_to_json(replace(record, timeline=timeline))))
    read = record_from_json(data).timeline
    assert read == timeline
    assert (read.holds[0].source, read.holds[0].evidence) == ("words", (quote,))
    assert data["timing"]["cut_off"] == {"value": True, "reason": None, "channel": 1, "start_s": 238.1, "end_s": 240.1}
    assert data["timing"]["holds"][0]["evidence"][0]["text"] == "请您稍等"


@pytest.mark.parametrize(
    ("ring_s", "heard_s"), [(Measured(8.0, "audio"), 8.0), (Measured(9.0, "cdr"), None)], ids=["heard", "the record's"]
)
def test_a_record_from_before_the_ringing_heard_was_kept_says_only_what_it_can(record, ring_s, heard_s):
    data = call_to_json(replace(record, timeline=replace(record.timeline, ring_s=ring_s)))
    del data["timing"]["ring_heard"]
    read = record_from_json(data).timeline.ring_heard
    assert read.value == heard_s
    assert (read.reason is None) == (heard_s is not None)

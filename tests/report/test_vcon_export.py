"""A call as a vCon: valid by the vCon library, and read back as the same call and the same words."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.contract import call_to_json, record_from_json, transcript_to_json
from audit.errors import MetadataError
from audit.ingest import read_transcript, read_vcon
from audit.records import CallRecord
from audit.report.vcon_export import to_vcon
from audit.words import Transcript, Turn, Word
from tests.cli.calls import spoken

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HASH = "sha512-abc"


@pytest.fixture
def record() -> CallRecord:
    record = spoken("c-1", [("agent", "您好，请问有什么可以帮您？"), ("customer", "我要退货。")])
    words = (Word(0.1, 0.5, "您好，", 0.91), Word(0.5, 1.8, "请问有什么可以帮您？", 0.875))
    first = Turn(0.1, 1.9, "agent", "您好，请问有什么可以帮您？", 0.893, words)
    assert record.transcript is not None
    transcript = replace(record.transcript, turns=(first, *record.transcript.turns[1:]))
    metadata = replace(record.metadata, agent_name="林悦", customer_number="13900001001", direction="inbound")
    return replace(record, transcript=transcript, metadata=metadata)


def made(record: CallRecord) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(to_vcon(record, content_hash=HASH, created_at=NOW))
    return data


def test_the_vcon_library_finds_no_fault(record: CallRecord) -> None:
    with warnings.catch_warnings(record=True):
        from vcon import Vcon
    assert Vcon.build_from_json(to_vcon(record, content_hash=HASH, created_at=NOW)).is_valid() == (True, [])


def test_the_recording_is_referred_to_and_not_within(record: CallRecord) -> None:
    (dialog,) = made(record)["dialog"]
    assert dialog["content_hash"] == HASH
    assert dialog["filename"] == dialog["url"] == Path(record.recording.path).name
    assert "body" not in dialog
    assert dialog["originator"] == 1


def test_the_body_is_the_transcript_of_the_contract(record: CallRecord) -> None:
    (analysis,) = made(record)["analysis"]
    assert (analysis["type"], analysis["vendor"], analysis["encoding"]) == ("transcript", "callaudit", "json")
    assert record.transcript is not None
    assert json.loads(analysis["body"]) == transcript_to_json(record.transcript)


def test_it_is_read_back_as_the_same_call(record: CallRecord, tmp_path: Path) -> None:
    path = tmp_path / "c-1.vcon.json"
    path.write_text(to_vcon(record, content_hash=HASH, created_at=NOW), encoding="utf-8")
    metadata = read_vcon(path)
    assert metadata.agent_name == "林悦"
    assert metadata.customer_number == "13900001001"
    assert metadata.direction == "inbound"
    assert metadata.started_at == record.metadata.started_at
    found = read_transcript(path).transcript
    assert record.transcript is not None
    assert found.turns == record.transcript.turns
    assert (found.language, found.model) == ("zh", "imported:vcon-callaudit:base")


@pytest.mark.parametrize("whole", [True, False], ids=["a stored call", "its transcript"])
def test_json_is_read_back_as_the_same_turns(record: CallRecord, tmp_path: Path, whole: bool) -> None:
    assert record.transcript is not None
    data = call_to_json(record) if whole else transcript_to_json(record.transcript)
    path = tmp_path / "c-1.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert read_transcript(path).transcript.turns == record_from_json(call_to_json(record)).transcript.turns  # type: ignore[union-attr]


def test_writing_twice_gives_the_same(record: CallRecord) -> None:
    assert made(record) == made(record)
    other = replace(record, call_id="c-2")
    assert made(record)["uuid"] != made(other)["uuid"]


def test_a_call_without_a_start_is_refused_and_one_without_words_is_a_fault(record: CallRecord) -> None:
    nameless = replace(record, metadata=replace(record.metadata, started_at=None, recording_started_at=None))
    with pytest.raises(MetadataError, match="not known when the call began"):
        made(nameless)
    with pytest.raises(ValueError, match="without a transcript"):
        made(replace(record, transcript=None))


def test_a_transcript_without_turns_is_a_transcript(record: CallRecord) -> None:
    assert made(replace(record, transcript=Transcript("zh", "base")))["analysis"]

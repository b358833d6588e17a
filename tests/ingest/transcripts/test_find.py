"""The transcript that belongs to a recording, by its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.errors import UsageError
from audit.ingest import find_transcript, transcripts_folder

SEGMENTS = json.dumps([{"start": 0, "end": 1, "text": "x"}])
VCON = json.dumps({"vcon": "0.0.1", "parties": [], "dialog": [], "analysis": []})


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "beside", "elsewhere"),
    [
        ("call.vtt", "WEBVTT", True, True),
        ("call.wav.srt", "x", True, True),
        ("call.transcript.json", "{", True, True),
        ("call.json", SEGMENTS, True, True),
        ("call.wav.json", SEGMENTS, True, True),
        ("call.json", '{"some": "settings"}', False, False),
        ("call.json", '{"cut": ', False, True),
        ("call.vcon.json", VCON, False, False),
        ("call.csv", "start,end,text\n0,1,x\n", True, True),
        ("call.csv", "uniqueid,calldate\n1,2026\n", False, True),
        ("calls.vtt", "WEBVTT", False, False),
        ("other.vtt", "WEBVTT", False, False),
    ],
)  # fmt: skip
def test_a_name_and_what_is_in_it_make_a_transcript(
    tmp_path: Path, name: str, text: str, beside: bool, elsewhere: bool
) -> None:
    path = put(tmp_path / name, text)
    assert find_transcript(tmp_path / "call.wav", None) == (path if beside else None)
    assert find_transcript(Path("far/away/call.wav"), tmp_path) == (path if elsewhere else None)


def test_words_with_times_are_taken_before_subtitles(tmp_path: Path) -> None:
    put(tmp_path / "call.srt")
    best = put(tmp_path / "call.transcript.json")
    assert find_transcript(tmp_path / "call.wav", None) == best


def test_a_folder_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    assert transcripts_folder(None) is None
    assert transcripts_folder("beside") is None
    assert transcripts_folder(str(tmp_path)) == tmp_path
    with pytest.raises(UsageError, match="no folder of transcripts"):
        transcripts_folder(str(tmp_path / "none"))

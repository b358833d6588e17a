"""Voices told apart by another tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import MetadataError
from audit.records import CallRecord, Measured, Metadata, Recording, Timeline
from audit.segments import Segment
from audit.speakers import read_voices, rttm_of

NOTHING = Timeline(Measured(None, "none"), Measured(None, "none"), Measured(None, "none"))


def rttm(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"SPEAKER {line}\n" for line in lines), "utf-8")
    return path


def test_voices_keep_their_time_and_named_ones_their_roles(tmp_path):
    path = rttm(
        tmp_path / "call.rttm",
        "call 1 1.0 2.0 <NA> <NA> Agent 0.9 <NA>",
        "call 1 3.5 1.0 <NA> <NA> Customer 0.7 <NA>",
        "call 1 5.0 1.0 <NA> <NA> spk2 <NA> <NA>",
    )
    found, roles = read_voices(path)
    assert roles == ("agent", "customer", "unknown")
    assert [found.speech_of(k) for k in range(3)] == [(Segment(1.0, 3.0),), (Segment(3.5, 4.5),), (Segment(5.0, 6.0),)]
    assert found.confidence == pytest.approx((2 * 0.9 + 0.7 + 1.0) / 4)


def test_time_that_two_claim_goes_to_the_one_who_began_first(tmp_path):
    path = rttm(tmp_path / "call.rttm", "call 1 1.0 2.0 <NA> <NA> a <NA> <NA>", "call 1 2.0 2.0 <NA> <NA> b <NA> <NA>")
    found, _ = read_voices(path)
    assert (found.speech_of(0), found.speech_of(1)) == ((Segment(1.0, 3.0),), (Segment(3.0, 4.0),))


def test_of_a_file_of_many_recordings_only_its_own_lines_count(tmp_path):
    lines = ("call 1 1.0 2.0 <NA> <NA> a <NA> <NA>", "other 1 0.0 9.0 <NA> <NA> b <NA> <NA>")
    found, _ = read_voices(rttm(tmp_path / "call.wav.rttm", *lines))
    assert found.n_speakers == 1
    with pytest.raises(MetadataError, match="no voice of the recording third"):
        read_voices(rttm(tmp_path / "third.rttm", *lines))


def test_a_measured_call_is_written_and_read_back(tmp_path):
    speech = {"agent": (Segment(1.0, 3.0),), "customer": (Segment(3.5, 4.5), Segment(6.0, 7.25))}
    recording = Recording("in/the call.wav", "0" * 64, 9.0, 8000, 1, "mono")
    path = tmp_path / "the_call.rttm"
    path.write_text(rttm_of(CallRecord("c", recording, Metadata("c"), NOTHING, speech)), "utf-8")
    found, roles = read_voices(path)
    assert {role: found.speech_of(k) for k, role in enumerate(roles)} == speech

"""RTTM in and out."""

from __future__ import annotations

import pytest

from audit.errors import MetadataError
from audit.records import CallRecord, Measured, Metadata, Recording, SharedChannel, Timeline, Voice
from audit.segments import Segment
from audit.speakers.given import read_voices
from audit.speakers.rttm import RttmSegment, read_rttm, rttm_of, write_rttm

#: Laid out after the appendix of NIST's evaluation plan.
EXAMPLE = """\
;; a comment
SPKR-INFO call-7 1 <NA> <NA> <NA> unknown kunde <NA> <NA>
SPEAKER call-7 1 12.500 0.250 <NA> <NA> kunde <NA> <NA>

SPEAKER call-7 2 1.000 11.872 <NA> <NA> 坐席 0.75 <NA>
SPEAKER call-7 1 3 4 <NA> <NA> kunde <NA>
"""


def test_speaker_lines_are_read_in_order_with_channels_from_zero() -> None:
    assert read_rttm(EXAMPLE) == (
        RttmSegment(1.0, 12.872, "坐席", "call-7", 1, 0.75),
        RttmSegment(3.0, 7.0, "kunde", "call-7", 0, None),
        RttmSegment(12.5, 12.75, "kunde", "call-7", 0, None),
    )


def test_what_is_written_reads_back_to_the_millisecond() -> None:
    segments = (
        RttmSegment(0.0004, 1.2346, "agent", "call-1", 0, 0.5),
        RttmSegment(1.2346, 7.0, "customer", "call-1", 0, None),
        RttmSegment(3600.0, 3600.001, "agent", "call-1", 1, 1.0),
    )
    back = read_rttm(write_rttm(segments))
    assert [(s.speaker, s.recording, s.channel, s.confidence) for s in back] == [
        (s.speaker, s.recording, s.channel, s.confidence) for s in segments
    ]
    assert [x for s in back for x in (s.start_s, s.end_s)] == pytest.approx([0.0, 1.235, 1.235, 7.0, 3600.0, 3600.001])


def test_a_line_has_ten_fields_and_counts_channels_from_one() -> None:
    line = write_rttm([RttmSegment(1.44, 13.312, "MEE009", "dev00", 0)])
    assert line == "SPEAKER dev00 1 1.440 11.872 <NA> <NA> MEE009 <NA> <NA>\n"


def mono_call(*voices: Voice) -> CallRecord:
    nothing = Measured(None)
    shared = SharedChannel(len(voices), 0.9, 0.9, "", voices)
    recording = Recording("calls/c 1.wav", "", 20.0, 8000, 1, "mono", shared_channel=shared)
    speech = {v.role: v.segments for v in voices}
    return CallRecord("c-1", recording, Metadata("c-1"), Timeline(nothing, nothing, nothing), speech)


def test_voices_without_a_role_and_several_of_one_role_stay_apart(tmp_path) -> None:
    call = mono_call(
        Voice("ivr", (Segment(0, 2),)),
        Voice("agent", (Segment(2, 4),)),
        Voice("customer", (Segment(4, 6),)),
        Voice("unknown", (Segment(6, 7),)),
        Voice("agent", (Segment(8, 9),)),
    )
    path = tmp_path / "c_1.rttm"
    path.write_text(rttm_of(call), "utf-8")
    assert [s.speaker for s in read_rttm(rttm_of(call))] == ["ivr", "agent", "customer", "voice-4", "agent-2"]
    found, roles = read_voices(path)
    assert found.n_speakers == 5
    assert roles == ("ivr", "agent", "customer", "unknown", "agent")


def test_nothing_is_written_of_nothing() -> None:
    assert write_rttm([]) == ""
    assert read_rttm("") == ()


@pytest.mark.parametrize(
    "segment",
    [
        RttmSegment(0, 1, "the agent", "call"),
        RttmSegment(0, 1, "", "call"),
        RttmSegment(0, 1, "<NA>", "call"),
        RttmSegment(0, 1, "agent", "my call"),
        RttmSegment(0, 1, "agent", "call", -1),
        RttmSegment(-0.1, 1, "agent", "call"),
        RttmSegment(1, 1.0001, "agent", "call"),
        RttmSegment(0, 1, "agent", "call", 0, 1.5),
    ],
    ids=[
        "space in a name",
        "no name",
        "reserved name",
        "space in the recording",
        "channel",
        "start",
        "too short",
        "confidence",
    ],
)
def test_what_the_format_cannot_hold_is_refused(segment: RttmSegment) -> None:
    with pytest.raises(ValueError, match=r"RTTM|confidence"):
        write_rttm([segment])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("SPEAKER c 0 1 2 <NA> <NA> a <NA> <NA>", "channels count from 1"),
        ("SPEAKER c 1 1 0 <NA> <NA> a <NA> <NA>", "must last"),
        ("SPEAKER c 1 -1 2 <NA> <NA> a <NA> <NA>", "before 0"),
        ("SPEAKER c 1 nan 2 <NA> <NA> a <NA> <NA>", "before 0"),
        ("SPEAKER c 1 1 2 <NA> <NA> <NA> <NA> <NA>", "speaker is missing"),
        ("SPEAKER c 1 1 2 <NA> <NA> a b c <NA> <NA>", "9 or 10 fields"),
        ("SPEAKER c 1 one 2 <NA> <NA> a <NA> <NA>", "could not convert"),
        ("speaker c 1 1 2 <NA> <NA> a <NA> <NA>", "no type of line"),
    ],
)
def test_a_line_that_is_not_of_the_format_is_named(line: str, what: str) -> None:
    with pytest.raises(MetadataError, match=rf"x\.rttm, line 2: .*{what}"):
        read_rttm(f"\n{line}\n", source="x.rttm")


@pytest.mark.shared
def test_the_excerpts_truth_can_be_read(shared_dir) -> None:
    files = sorted((shared_dir / "data/diarization").glob("*.rttm"))
    assert files
    for path in files:
        found = read_rttm(path.read_text("utf8"), source=path.name)
        assert len(found) == sum(line.startswith("SPEAKER") for line in path.read_text("utf8").splitlines()) > 0

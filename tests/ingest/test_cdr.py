"""Call-detail records: dialects, encodings, matching, and errors that stay with their call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from audit.errors import MetadataError
from audit.ingest import CallDetails, read_cdr
from audit.profile import Profile
from audit.records import Metadata

CHINA = timezone(timedelta(hours=8))

FREEPBX = """calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,\
accountcode,uniqueid,userfield,did,recordingfile,cnum,cnam
2026-11-16 09:12:00,"""
FREEPBX += '''"""Li"" <13900004471>",13900004471,600,ext-queues,PJSIP/trunk-0000001a,PJSIP/1001-0000001b,Queue,"600,t",102,95,\
ANSWERED,3,,1794791520.42,,95000,q-600-13900004471-20261116-091200-1794791520.42.wav,13900004471,Li
'''


def read(tmp_path: Path, text: str, profile: Profile | None = None, *, encoding: str = "utf-8") -> CallDetails:
    path = tmp_path / "cdr.csv"
    path.write_bytes(text.encode(encoding))
    return read_cdr(path, profile or Profile())


def only(details: CallDetails, recording: str) -> Metadata:
    found = details.for_recording(Path(recording))
    assert found is not None
    return found


def test_a_freepbx_export_is_understood(tmp_path: Path) -> None:
    call = only(read(tmp_path, FREEPBX), "x/q-600-13900004471-20261116-091200-1794791520.42.wav")
    assert call.call_id == "1794791520.42"
    assert call.started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)
    assert (call.direction, call.customer_number, call.agent_id) == ("inbound", "13900004471", "1001")
    assert (call.duration_s, call.talk_s) == (102, 95)
    # Asterisk counts whole seconds: 102 - 95, true to one second.
    assert (call.ring_s, call.ring_tolerance_s) == (7.0, 1.0)
    assert call.variables["did"] == "95000"
    assert call.variables["cnam"] == "Li"
    assert "recordingfile" not in call.variables
    assert call.source == "cdr"


def test_asterisk_without_a_header_is_read_by_its_order(tmp_path: Path) -> None:
    row = (
        '"","1001","13900004471","from-internal","""A"" <1001>","PJSIP/1001-01","PJSIP/trunk-02","Dial","x",'
        '"2026-11-16 09:12:00","2026-11-16 09:12:11","2026-11-16 09:13:00",60,49,'
        '"ANSWERED","DOCUMENTATION","1794791520.7","q"\n'
    )
    call = only(read(tmp_path, row), "1794791520.7.wav")
    assert (call.direction, call.agent_id, call.customer_number) == ("outbound", "1001", "13900004471")
    assert (call.ring_s, call.talk_s) == (11.0, 49.0)
    assert call.answered_at == datetime(2026, 11, 16, 9, 12, 11, tzinfo=CHINA)
    assert call.ended_at == datetime(2026, 11, 16, 9, 13, tzinfo=CHINA)
    assert call.variables["userfield"] == "q"


def test_freeswitch_without_a_header_is_read_by_its_order(tmp_path: Path) -> None:
    uuid = "7d3f6c1e-0b0a-4c5e-9a55-2f1f6f0f9a10"
    row = (
        f'"Li","13900004471","1000","default","2026-11-16 09:12:00","2026-11-16 09:12:08","2026-11-16 09:13:08",'
        f'"68","60","NORMAL_CLEARING","{uuid}","","acc"\n'
    )
    call = only(read(tmp_path, row), f"{uuid}.wav")
    assert (call.ring_s, call.direction, call.customer_number) == (8.0, "inbound", "13900004471")
    assert call.variables["hangup_cause"] == "NORMAL_CLEARING"
    assert call.hangup_by is None


def test_an_unanswered_freeswitch_call_has_no_ring_to_answer(tmp_path: Path) -> None:
    text = "uuid,start_stamp,answer_stamp,end_stamp,duration,billsec\nabcdef01,2026-11-16 09:12:00,,2026-11-16 09:12:40,40,0\n"
    call = only(read(tmp_path, text), "abcdef01.wav")
    assert (call.ring_s, call.answered_at) == (None, None)


def test_moments_with_fractions_give_a_finer_ring_time(tmp_path: Path) -> None:
    text = "uuid,start_stamp,answer_stamp\nabcdef01,2026-11-16T09:12:00.250+08:00,2026-11-16T09:12:08.500+08:00\n"
    call = only(read(tmp_path, text), "abcdef01.wav")
    assert call.ring_s == pytest.approx(8.25)
    assert call.ring_tolerance_s is not None
    assert call.ring_tolerance_s < 1.0


def test_any_table_is_read_through_the_column_map(tmp_path: Path) -> None:
    profile = Profile(
        cdr_columns={"call_id": "CallGuid", "agent_id": "AgentLogin", "started_at": "Begin", "hangup_by": "Ended by"}
    )
    text = "CallGuid;AgentLogin;Begin;Ended by;CSAT\nG-000001;lwx;2026/11/16 9:12;客户;4\n"
    call = only(read(tmp_path, text, profile), "G-000001.mp3")
    assert (call.agent_id, call.hangup_by) == ("lwx", "customer")
    assert call.started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)
    assert call.variables == {"CSAT": "4"}


def test_a_mapped_column_that_is_not_there_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="CallGuide") as caught:
        read(tmp_path, "CallGuid,x\n1,2\n", Profile(cdr_columns={"call_id": "CallGuide"}))
    assert "CallGuid" in str(caught.value.hint)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_every_encoding_and_delimiter_gives_the_same_call(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "uniqueid,recordingfile,agent_name,company\nzh-1,zh-1.wav,林晓,晨曦示例服务中心\n".replace(",", delimiter)
    call = only(read(tmp_path, text, encoding=encoding), "zh-1.wav")
    assert (call.call_id, call.agent_name, call.variables["company"]) == ("zh-1", "林晓", "晨曦示例服务中心")


def test_bytes_in_no_known_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cdr.csv"
    path.write_bytes(b"uniqueid,agent\n1,\xff\xff\xff\n")
    with pytest.raises(MetadataError, match="neither UTF-8"):
        read_cdr(path, Profile())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"alpha,beta\n1,2\n", "no column is known"),
        (b"src,dst\n1,2\n", "which recording"),
    ],
    ids=["empty", "xlsx", "unknown columns", "nothing to match by"],
)
def test_a_file_that_cannot_serve_says_why_and_what_to_do(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "cdr.csv"
    path.write_bytes(data)
    with pytest.raises(MetadataError, match=says) as caught:
        read_cdr(path, Profile())
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match="No such file"):
        read_cdr(tmp_path / "nowhere.csv", Profile())


@pytest.mark.parametrize(
    ("recording", "column"),
    [
        ("call-7.wav", "call-7.wav"),
        ("call-7.mp3", "call-7.wav"),
        ("CALL-7.WAV", "call-7.wav"),
        ("call-7.wav", "/var/spool/2026/11/call-7.wav"),
        ("call-7.wav", r"D:\rec\call-7.wav"),
        ("call-7.wav", "call-7"),
    ],
)
def test_a_row_names_its_recording_with_or_without_folder_and_extension(tmp_path: Path, recording: str, column: str) -> None:
    assert only(read(tmp_path, f"recordingfile,agent\n{column},A1\n"), recording).agent_id == "A1"


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("1794791520.42", "A42"),
        ("out-139-1001-20261116-091200-1794791520.42", "A42"),
        ("1794791520.421", None),
        ("x1794791520.42", None),
        ("1794791520.42-1794791520.4", "A42"),
    ],
)
def test_a_call_id_is_found_in_the_file_name_as_a_whole_word_only(tmp_path: Path, stem: str, expected: str | None) -> None:
    details = read(tmp_path, "uniqueid,agent\n1794791520.42,A42\n1794791520.4,A4\n12,A12\n")
    found = details.for_recording(Path(f"{stem}.wav"))
    assert (found.agent_id if found else None) == expected


def test_a_short_id_matches_only_the_whole_name(tmp_path: Path) -> None:
    details = read(tmp_path, "uniqueid,agent\n12,A12\n")
    assert details.for_recording(Path("queue-12-x.wav")) is None
    assert only(details, "12.wav").agent_id == "A12"


def test_rows_without_a_recording_and_the_reverse_are_told(tmp_path: Path) -> None:
    details = read(tmp_path, "uniqueid,agent\naaaaaa,A1\nbbbbbb,A2\n")
    recordings = [Path("aaaaaa.wav"), Path("cccccc.wav")]
    assert [row.line for row in details.rows_without_recording(recordings)] == [3]
    assert details.for_recording(recordings[1]) is None


def test_of_several_legs_the_answered_one_is_taken_with_a_warning(tmp_path: Path) -> None:
    text = (
        "uniqueid,recordingfile,agent,disposition,billsec\n"
        "1.1,c.wav,A1,NO ANSWER,0\n1.2,c.wav,A2,ANSWERED,30\n1.3,c.wav,A3,BUSY,0\n"
    )
    call = only(read(tmp_path, text), "c.wav")
    assert call.agent_id == "A2"
    assert "3 rows" in call.warnings[0]
    assert "line 3" in call.warnings[0]


@pytest.mark.parametrize(
    "text", ["16/11/2026 09:12", "2026-13-01 00:00:00", "yesterday", "2026-11-16 25:00:00", "0000-00-00 00:00:00"]
)
def test_a_date_that_cannot_be_read_is_an_error_of_that_call_alone(tmp_path: Path, text: str) -> None:
    details = read(tmp_path, f"uniqueid,calldate\naaaaaa,{text}\nbbbbbb,2026-11-16 09:12:00\n")
    with pytest.raises(MetadataError, match=r"cdr\.csv:2"):
        details.for_recording(Path("aaaaaa.wav"))
    assert only(details, "bbbbbb.wav").started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)


def test_a_time_without_an_offset_is_local_to_the_profile(tmp_path: Path) -> None:
    profile = Profile(time_zone="Europe/Berlin")
    text = "uniqueid,calldate\na,2026-07-01 12:00:00\nb,2026-12-01 12:00:00\nc,2026-07-01T12:00:00Z\n"
    details = read(tmp_path, text, profile)
    # Central European Summer Time is two hours ahead of UTC, winter time one (Directive 2000/84/EC).
    assert [only(details, f"{n}.wav").started_at for n in "abc"] == [
        datetime(2026, 7, 1, 10, tzinfo=UTC),
        datetime(2026, 12, 1, 11, tzinfo=UTC),
        datetime(2026, 7, 1, 12, tzinfo=UTC),
    ]


def test_a_row_with_too_many_cells_is_an_error_of_that_call(tmp_path: Path) -> None:
    details = read(tmp_path, "uniqueid,agent\naaaaaa,Li, Wei\n")
    assert "3 cells" in details.problems[0]
    with pytest.raises(MetadataError, match="3 cells"):
        details.for_recording(Path("aaaaaa.wav"))


def test_talk_longer_than_the_call_is_told_and_gives_no_ring(tmp_path: Path) -> None:
    call = only(read(tmp_path, "uniqueid,duration,billsec,disposition\na,10,20,ANSWERED\n"), "a.wav")
    assert call.ring_s is None
    assert "longer than the whole call" in call.warnings[0]


@pytest.mark.parametrize(
    ("direction", "word", "expected"),
    [
        ("inbound", "caller", "customer"),
        ("outbound", "caller", "agent"),
        ("inbound", "坐席", "agent"),
        ("inbound", "PBX", "system"),
    ],
)
def test_who_hung_up_is_understood(tmp_path: Path, direction: str, word: str, expected: str) -> None:
    call = only(read(tmp_path, f"uniqueid,direction,hangup_by\na,{direction},{word}\n"), "a.wav")
    assert call.hangup_by == expected


def test_an_unknown_word_for_who_hung_up_is_a_warning_and_not_a_guess(tmp_path: Path) -> None:
    call = only(read(tmp_path, "uniqueid,hangup_by\na,martian\n"), "a.wav")
    assert call.hangup_by is None
    assert "martian" in call.warnings[0]


def test_the_measuring_archives_are_matched_without_a_profile(shared_dir: Path) -> None:
    for name, n in (("calls-zh", 16), ("calls-en", 20)):
        folder = shared_dir / "data" / name
        details = read_cdr(folder / "cdr.csv", Profile())
        recordings = [p for p in folder.iterdir() if p.suffix in (".wav", ".mp3", ".opus")]
        assert details.problems == ()
        assert details.rows_without_recording(recordings) == []
        found = [m for p in recordings if (m := details.for_recording(p))]
        assert len(found) == n
        assert all(m.agent_id and m.started_at and m.direction == "inbound" and m.variables["company"] for m in found)
        assert not any(m.warnings for m in found)

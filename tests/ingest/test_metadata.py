"""vCon files, file names, and the join of all sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.errors import MetadataError
from audit.ingest import find_metadata, parse_file_name, read_cdr, read_vcon, safe_id, vcon_beside
from audit.profile import Profile

CHINA = timezone(timedelta(hours=8))
AMAZON = "Auto0_GUID_000_AGENT_ChrisL_DT_2025-02-19T06-01-22_Mono.wav"


def vcon(**dialog: Any) -> dict[str, Any]:
    """A vCon with the agent as party 0 and the customer as party 1."""
    return {
        "vcon": "0.0.2",
        "uuid": "018e3c5a-0000-8000-8000-000000000001",
        "created_at": "2026-11-16T09:20:00+08:00",
        "parties": [
            {"tel": "+8610000001", "name": "Lin Xiao", "mailto": "lin@example.org", "role": "agent"},
            {"tel": "tel:+8613900004471", "name": "Chen", "role": "customer"},
        ],
        "dialog": [
            {"type": "recording", "start": "2026-11-16T09:12:00.000+08:00", "parties": [1, 0], "duration": 60.5, **dialog}
        ],
        "analysis": [],
        "attachments": [{"type": "tags", "body": '["queue:billing"]', "encoding": "json"}],
    }


def save(path: Path, data: dict[str, Any]) -> Path:
    path.write_text(json.dumps(data))
    return path


def test_a_vcon_tells_parties_direction_and_start(tmp_path: Path) -> None:
    call = read_vcon(save(tmp_path / "a.vcon.json", vcon()))
    assert (call.agent_id, call.agent_name) == ("lin@example.org", "Lin Xiao")
    assert (call.customer_number, call.variables["customer_name"]) == ("+8613900004471", "Chen")
    assert call.direction == "inbound"  # the customer stands first in the dialog's parties
    assert call.started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)
    assert call.duration_s == 60.5
    assert call.variables["queue"] == "billing"
    assert (call.source, call.ring_s, call.hangup_by) == ("vcon", None, None)


def test_party_history_tells_ring_answer_and_who_hung_up(tmp_path: Path) -> None:
    history = [
        {"party": 1, "event": "join", "time": "2026-11-16T09:12:00.000+08:00"},
        {"party": 0, "event": "join", "time": "2026-11-16T09:12:07.500+08:00"},
        {"party": 1, "event": "drop", "time": "2026-11-16T09:13:00.000+08:00"},
        {"party": 0, "event": "drop", "time": "2026-11-16T09:13:00.400+08:00"},
    ]
    call = read_vcon(save(tmp_path / "a.vcon", vcon(party_history=history)))
    assert call.ring_s == pytest.approx(7.5)
    assert call.hangup_by == "customer"
    assert call.ended_at == datetime(2026, 11, 16, 9, 13, 0, 400_000, tzinfo=CHINA)


def test_legs_dropped_at_one_moment_name_nobody(tmp_path: Path) -> None:
    history = [{"party": p, "event": "drop", "time": "2026-11-16T09:13:00+08:00"} for p in (0, 1)]
    assert read_vcon(save(tmp_path / "a.vcon", vcon(party_history=history))).hangup_by is None


def test_the_dialog_of_this_recording_is_picked(tmp_path: Path) -> None:
    data = vcon(filename="a.wav")
    data["dialog"].append({**data["dialog"][0], "filename": "b.wav", "duration": 9.0})
    path = save(tmp_path / "b.vcon", data)
    assert read_vcon(path, recording=Path("x/b.mp3")).duration_s == 9.0
    assert read_vcon(path).duration_s == 60.5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not a vCon"),
        ("[]", "not a vCon"),
        ('{"uuid": "x"}', "not a vCon"),
        ('{"payload": "x", "signatures": []}', "signed"),
        (json.dumps(vcon(start="19 Nov")), "start"),
        (json.dumps(vcon(duration="long")), "duration"),
    ],
    ids=["broken", "list", "no parties", "signed", "date", "duration"],
)
def test_a_vcon_that_cannot_be_read_says_why(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.vcon"
    path.write_text(text)
    with pytest.raises(MetadataError, match=says):
        read_vcon(path)


def test_only_a_vcon_counts_as_one_beside_the_recording(tmp_path: Path) -> None:
    recording = tmp_path / "a.wav"
    assert vcon_beside(recording) is None
    save(tmp_path / "a.json", {"whatever": 1})
    assert vcon_beside(recording) is None
    by_content = save(tmp_path / "a.json", vcon())
    assert vcon_beside(recording) == by_content
    by_name = save(tmp_path / "a.vcon.json", vcon())
    assert vcon_beside(recording) == by_name


@pytest.mark.parametrize(
    ("name", "direction", "agent", "customer"),
    [
        ("out-13900004471-1001-20261116-091200-1794791520.42.wav", "outbound", "1001", "13900004471"),
        ("external-1001-13900004471-20261116-091200-1794791520.42.wav", "inbound", "1001", "13900004471"),
        ("q-600-13900004471-20261116-091200-1794791520.42.mp3", "inbound", None, "13900004471"),
        ("exten-1002-1001-20261116-091200-1794791520.42.wav", "internal", None, None),
        ("force-13900004471-1001-20261116-091200-1794791520.42.wav", "outbound", "1001", "13900004471"),
    ],
)
def test_freepbx_names_are_built_in(name: str, direction: str, agent: str | None, customer: str | None) -> None:
    call = parse_file_name(Path(name), Profile())
    assert call is not None
    assert (call.call_id, call.direction, call.agent_id, call.customer_number) == ("1794791520.42", direction, agent, customer)
    assert call.started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)


def documented_profiles() -> list[dict[str, Any]]:
    """The YAML examples of docs/profile.md, as a reader would copy them."""
    text = (Path(__file__).parents[2] / "docs" / "profile.md").read_text("utf-8")
    return [yaml.safe_load(block.split("```")[0]) for block in text.split("```yaml\n")[1:]]


def test_the_documented_pattern_reads_names_of_amazons_sample() -> None:
    pattern = next(p["file_name_pattern"] for p in documented_profiles() if "AGENT" in p.get("file_name_pattern", ""))
    call = parse_file_name(Path(AMAZON), Profile(file_name_pattern=pattern, time_zone="UTC"))
    assert call is not None
    assert (call.agent_id, call.call_id) == ("ChrisL", "Auto0_GUID_000")
    assert call.started_at == datetime(2025, 2, 19, 6, 1, 22, tzinfo=UTC)


def test_every_documented_profile_is_accepted(tmp_path: Path) -> None:
    from audit.profile import load_profile

    examples = documented_profiles()
    assert len(examples) >= 3
    for example in examples:
        path = tmp_path / "profile.yml"
        path.write_text(yaml.safe_dump(example, allow_unicode=True), encoding="utf-8")
        load_profile(path)


def test_other_groups_of_a_pattern_become_variables() -> None:
    profile = Profile(file_name_pattern=r"(?P<queue>[a-z]+)_(?P<agent_id>\d+)_(?P<date>\d{8})_(?P<time>\d{6})")
    call = parse_file_name(Path("billing_1001_20261116_091200.wav"), profile)
    assert call is not None
    assert call.variables == {"queue": "billing"}
    assert call.started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)


def test_a_name_without_a_pattern_tells_nothing() -> None:
    assert parse_file_name(Path("holiday.wav"), Profile()) is None


def test_an_impossible_date_in_a_name_is_an_error() -> None:
    with pytest.raises(MetadataError, match="date and time"):
        parse_file_name(Path("out-1-2-20261332-091200-1794791520.42.wav"), Profile())


def test_sources_fill_each_others_gaps_in_order(tmp_path: Path) -> None:
    recording = tmp_path / "out-13900004471-1001-20261116-091203-1794791520.42.wav"
    save(recording.with_suffix(".vcon"), {**vcon(), "uuid": "1794791520.42"})
    cdr = tmp_path / "cdr.csv"
    cdr.write_text("uniqueid,calldate,agent\n1794791520.42,2026-11-16 09:12:01,A101\n")
    call = find_metadata(recording, cdr=read_cdr(cdr, Profile()), profile=Profile())
    assert (call.agent_id, call.agent_name) == ("A101", "Lin Xiao")
    assert call.started_at == datetime(2026, 11, 16, 9, 12, 1, tzinfo=CHINA)
    assert (call.duration_s, call.source) == (60.5, "cdr")
    assert call.variables["queue"] == "billing"
    assert call.variables["kind"] == "out"
    assert call.warnings == ()


def test_sources_that_disagree_on_start_and_id_are_told(tmp_path: Path) -> None:
    recording = tmp_path / "out-13900004471-1001-20261116-171200-1794791520.42.wav"
    save(recording.with_suffix(".vcon"), vcon())
    call = find_metadata(recording, cdr=None, profile=Profile())
    assert call.started_at == datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)
    assert any("time zone" in w for w in call.warnings)
    assert any("1794791520.42" in w for w in call.warnings)


def test_without_any_source_the_file_name_is_the_id(tmp_path: Path) -> None:
    call = find_metadata(tmp_path / "通话 7.wav", cdr=None, profile=Profile())
    assert (call.call_id, call.source, call.started_at) == ("通话_7", "none", None)


def test_the_company_of_a_column_wins_over_the_profiles(tmp_path: Path) -> None:
    cdr = tmp_path / "cdr.csv"
    cdr.write_text("uniqueid,company\na,Column Ltd\nb,\n")
    profile = Profile(company="Profile Ltd", variables={"queue": "billing"})
    details = read_cdr(cdr, profile)
    assert find_metadata(Path("a.wav"), cdr=details, profile=profile).variables == {"company": "Column Ltd", "queue": "billing"}
    assert find_metadata(Path("b.wav"), cdr=details, profile=profile).variables["company"] == "Profile Ltd"


def test_a_bad_date_in_a_lesser_source_is_only_a_warning(tmp_path: Path) -> None:
    recording = tmp_path / "aaaaaa.wav"
    save(recording.with_suffix(".vcon"), vcon(start="soon"))
    with pytest.raises(MetadataError, match="start"):
        find_metadata(recording, cdr=None, profile=Profile())
    cdr = tmp_path / "cdr.csv"
    cdr.write_text("uniqueid,calldate\naaaaaa,2026-11-16 09:12:00\n")
    call = find_metadata(recording, cdr=read_cdr(cdr, Profile()), profile=Profile())
    assert "start" in call.warnings[0]


@pytest.mark.parametrize("text", ["../../etc/passwd", "a/b", "a\\b", "con:1", "", "...", "x" * 300, "通" * 200, "a\0b", "-rf"])
def test_any_call_id_can_name_a_file(tmp_path: Path, text: str) -> None:
    name = safe_id(text)
    (tmp_path / f"{name}.json").write_text("x")
    assert [p.name for p in tmp_path.iterdir()] == [f"{name}.json"]
    assert not name.startswith((".", "-"))


def test_two_ids_never_become_one() -> None:
    texts = ["a/b", "a_b", "a:b", "a\\b", "x" * 200, "x" * 201]
    assert len({safe_id(t) for t in texts}) == len(texts)


def test_the_measuring_vcons_are_read(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "data" / "calls-en").glob("*.vcon.json"))
    assert len(paths) == 20
    for path in paths:
        call = read_vcon(path)
        assert call.agent_name
        assert call.customer_number
        assert (call.direction, call.warnings) == ("inbound", ())
        assert call.started_at is not None
        assert call.started_at.year == 2024


def test_a_day_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "cdr.csv").write_text("uniqueid,calldate\nc-1,2026-02-31 09:40:00\n", "utf-8")
    cdr = read_cdr(tmp_path / "cdr.csv", Profile())
    with pytest.raises(MetadataError, match="2026-02-31 09:40:00"):
        cdr.for_recording(Path("c-1.wav"))


@pytest.mark.parametrize(
    ("zone", "hour", "utc_only"),
    [("America/New_York", 9, False), ("UTC", 14, False), (None, 14, True)],
    ids=["brought to the profile's zone", "a centre in UTC", "nobody says where"],
)
def test_times_written_in_utc_tell_the_local_hour_only_with_the_profiles_zone(
    tmp_path: Path, zone: str | None, hour: int, utc_only: bool
) -> None:
    from audit.ingest import read_cdr

    cdr = tmp_path / "cdr.csv"
    cdr.write_text("call_id,recording,started_at\nc1,c1.wav,2026-01-05T14:00:00Z\n", encoding="utf-8")
    profile = Profile(time_zone=zone)
    found = find_metadata(Path("c1.wav"), cdr=read_cdr(cdr, profile), profile=profile)
    assert found.started_at == datetime(2026, 1, 5, 14, tzinfo=UTC)
    assert (found.started_at.hour, found.utc_only) == (hour, utc_only)

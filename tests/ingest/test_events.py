"""Holds and transfers that a call-detail record or a vCon tells of."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from audit.contract import call_to_json, record_from_json
from audit.ingest import find_metadata, read_cdr, read_vcon
from audit.profile import Profile
from audit.records import CallRecord, Measured, Metadata, RecordedHold, Recording, Timeline

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 11, 16, 9, 12, tzinfo=CHINA)


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def spans(metadata: Metadata) -> list[tuple[float, float | None]]:
    """Holds in seconds from the start of the call."""
    return [
        ((h.start_at - START).total_seconds(), (h.end_at - START).total_seconds() if h.end_at else None) for h in metadata.holds
    ]


def of_row(tmp_path: Path, columns: str, values: str, profile: Profile | None = None) -> Metadata:
    path = tmp_path / "cdr.csv"
    path.write_text(f"call_id,started_at,{columns}\ncall-77,2026-11-16 09:12:00,{values}\n", "utf-8")
    found = read_cdr(path, profile or Profile()).for_recording(Path("call-77.wav"))
    assert found is not None
    return found


# --- call-detail records --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "values"),
    [
        ("hold_start,hold_end", "2026-11-16 09:12:40,2026-11-16 09:13:05"),
        ("hold_events", '"{{1794791560,1794791585}}"'),
        ("holds", "2026-11-16T09:12:40+08:00/2026-11-16T09:13:05+08:00"),
        ("保持记录", "2026年11月16日 09:12:40 ~ 2026年11月16日 09:13:05"),
    ],
    ids=["two columns", "epoch pairs", "ISO interval", "Chinese"],
)
def test_a_hold_is_read_in_every_writing(tmp_path: Path, columns: str, values: str) -> None:
    call = of_row(tmp_path, columns, values)
    assert spans(call) == [(40.0, 65.0)]
    assert (call.holds[0].source, call.holds[0].tolerance_s) == ("cdr", 1.0)
    assert call.warnings == ()


def test_several_holds_stand_in_one_cell_each_and_fractions_sharpen_them(tmp_path: Path) -> None:
    cells = "2026-11-16 09:12:40.250;2026-11-16 09:20:00.000,2026-11-16 09:13:05.500;2026-11-16 09:20:30.000"
    call = of_row(tmp_path, "hold_start,hold_end", cells)
    assert spans(call) == [(40.25, 65.5), (480.0, 510.0)]
    assert {h.tolerance_s for h in call.holds} == {0.1}


def test_a_hold_that_the_call_did_not_outlive_has_no_end(tmp_path: Path) -> None:
    assert spans(of_row(tmp_path, "hold_start,hold_end", "2026-11-16 09:12:40,")) == [(40.0, None)]


def test_the_column_may_be_named_in_the_profile(tmp_path: Path) -> None:
    profile = Profile(cdr_columns={"holds": "parked"})
    call = of_row(tmp_path, "parked", "2026-11-16 09:12:40/2026-11-16 09:13:05", profile)
    assert spans(call) == [(40.0, 65.0)]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ("soon,later", "'soon'"),
        ("2026-11-16 09:13:05,2026-11-16 09:12:40", "before it begins"),
        (",2026-11-16 09:12:40", "do not go together"),
    ],
    ids=["words", "end before start", "end without start"],
)
def test_a_hold_that_cannot_be_read_is_left_to_the_audio_with_a_warning(tmp_path: Path, values: str, says: str) -> None:
    call = of_row(tmp_path, "hold_start,hold_end", values)
    assert (call.holds, call.started_at) == ((), START)
    (warning,) = call.warnings
    assert says in warning


@pytest.mark.parametrize(("value", "seconds"), [("67", 67.0), ("0", 0.0), ("", None), ("0:01:07", 67.0)])
def test_the_seconds_of_all_holds_are_read(tmp_path: Path, value: str, seconds: float | None) -> None:
    assert of_row(tmp_path, "hold_accum_seconds", value).hold_s == seconds


def test_the_time_in_a_queue_is_no_hold(tmp_path: Path) -> None:
    call = of_row(tmp_path, "holdtime", "31")
    assert (call.hold_s, call.variables["holdtime"]) == (None, "31")


def test_a_transfer_is_read(tmp_path: Path) -> None:
    assert of_row(tmp_path, "transferred_at", "2026-11-16 09:14:00").transferred_at == (moment(120),)


# --- vCon -----------------------------------------------------------------------------------------
def vcon(tmp_path: Path, history: list[dict[str, Any]], *more: dict[str, Any]) -> Metadata:
    dialog = {
        "type": "recording",
        "start": "2026-11-16T01:12:00.000Z",
        "duration": 120.0,
        "parties": [0, 1],
        "party_history": history,
        "mediatype": "audio/wav",
        "filename": "call-77.wav",
    }
    data = {
        "vcon": "0.0.2",
        "uuid": "018f-77",
        "created_at": "2026-11-16T01:20:00Z",
        "parties": [{"tel": "+8613900004471", "role": "customer"}, {"name": "Lin", "role": "agent"}],
        "dialog": [dialog, *more],
    }
    path = tmp_path / "call-77.vcon.json"
    path.write_text(json.dumps(data), "utf-8")
    return read_vcon(path, recording=tmp_path / "call-77.wav")


def event(name: str, seconds: float, party: int = 0) -> dict[str, Any]:
    return {"party": party, "event": name, "time": moment(seconds).astimezone(UTC).isoformat(timespec="milliseconds")}


def test_hold_and_unhold_of_the_party_history_make_holds(tmp_path: Path) -> None:
    call = vcon(tmp_path, [event("unhold", 65.5), event("hold", 40.25), event("hold", 80)])
    assert spans(call) == [(40.25, 65.5), (80.0, None)]
    assert {h.source for h in call.holds} == {"vcon"}
    assert call.recording_started_at == START


def test_a_hold_of_both_parties_is_one_and_mute_is_none(tmp_path: Path) -> None:
    history = [
        event("hold", 40, 0), event("hold", 41, 1), event("unhold", 60, 1), event("unhold", 62, 0),
        event("mute", 70, 1), event("unmute", 90, 1),
    ]  # fmt: skip
    assert spans(vcon(tmp_path, history)) == [(40.0, 62.0)]


def test_an_unhold_without_a_hold_makes_none(tmp_path: Path) -> None:
    assert spans(vcon(tmp_path, [event("unhold", 30)])) == []


def test_a_transfer_dialog_gives_the_moment_of_the_transfer(tmp_path: Path) -> None:
    transfer = {"type": "transfer", "start": "2026-11-16T01:13:30Z", "transferee": 0, "transferor": 1, "original": 0}
    other = {"type": "transfer", "start": "2026-11-16T01:19:00Z", "transferee": 0, "transferor": 1, "original": 5}
    assert vcon(tmp_path, [], transfer, other).transferred_at == (moment(90),)


def test_the_record_wins_over_the_vcon_and_gaps_are_filled(tmp_path: Path) -> None:
    vcon(tmp_path, [event("hold", 40), event("unhold", 65)])
    recording = tmp_path / "call-77.wav"
    path = tmp_path / "cdr.csv"
    path.write_text("call_id,started_at,hold_seconds\ncall-77,2026-11-16 09:12:00,30\n", "utf-8")
    call = find_metadata(recording, cdr=read_cdr(path, Profile()), profile=Profile())
    assert (call.source, call.hold_s, spans(call)) == ("cdr", 30.0, [(40.0, 65.0)])
    assert call.recording_started_at == START


# --- published ------------------------------------------------------------------------------------
def test_recorded_events_are_published_and_read_back() -> None:
    metadata = Metadata(
        "1",
        recording_started_at=START,
        holds=(RecordedHold(moment(40), moment(65), "vcon", 0.1), RecordedHold(moment(80))),
        hold_s=25.0,
        transferred_at=(moment(90),),
    )
    nothing = Measured(None, "none", reason="-")
    record = CallRecord("1", Recording("a.wav", "", 60.0, 8000, 1, "mono"), metadata, Timeline(nothing, nothing, nothing))
    assert record_from_json(json.loads(json.dumps(call_to_json(record)))) == record

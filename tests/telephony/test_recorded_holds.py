from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit.records import Hold, Metadata, RecordedHold
from audit.telephony.answer import Answer, find_answer
from audit.telephony.recorded_holds import RecordedEvents, place_recorded, reconcile_holds
from audit.telephony.ringing import Ringing

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


#: The call starts at 0 s, is answered at 10 s, held from 40 to 70 s by the clock, and transferred at 80 s.
CALL = Metadata(
    "1",
    started_at=at(0),
    answered_at=at(10),
    duration_s=120.0,
    talk_s=110.0,
    holds=(RecordedHold(at(40), at(70)),),
    transferred_at=(at(80),),
    source="cdr",
)


def heard_answer(answer_s: float) -> Answer:
    ringing = Ringing(2, 0.5, answer_s, "cn", answer_s, answer_s, answer_s, 0.02, cuts_a_ring=True)
    return find_answer(ringing, Metadata("1"), duration_s=120.0)


def placed(metadata: Metadata, duration_s: float, answer: Answer | None = None) -> RecordedEvents:
    answer = answer or find_answer(None, metadata, duration_s=duration_s)
    return place_recorded(metadata, answer, duration_s=duration_s)


@pytest.mark.parametrize(
    ("duration_s", "start_s"), [(120.0, 40.0), (110.5, 30.0)], ids=["the whole call recorded", "recorded from the answer"]
)
def test_the_recordings_length_places_the_holds(duration_s: float, start_s: float) -> None:
    events = placed(CALL, duration_s)
    assert [(h.start_s, h.end_s, h.source) for h in events.holds] == [(start_s, start_s + 30.0, "cdr")]
    assert events.transfers_s == (start_s + 40.0,)


def test_the_answer_heard_places_the_holds_better_than_the_length() -> None:
    (hold,) = placed(CALL, 120.0, heard_answer(8.7)).holds
    assert hold.start_s == pytest.approx(38.7)


def test_a_vcon_places_the_holds_by_its_own_clock() -> None:
    metadata = Metadata("1", recording_started_at=at(35), holds=(RecordedHold(at(40), at(70), "vcon", 0.1),), source="vcon")
    events = placed(metadata, 90.0)
    assert [(h.start_s, h.end_s, h.source) for h in events.holds] == [(5.0, 35.0, "vcon")]
    assert events.tolerance_s == pytest.approx(0.1)


def test_holds_that_nothing_places_are_left_to_the_audio_with_a_warning() -> None:
    events = placed(CALL, 60.0)
    assert events.holds == ()
    assert "cannot be placed" in events.warnings[0]


def test_a_hold_without_an_end_lasts_until_the_end_and_one_outside_is_left_out() -> None:
    metadata = Metadata(
        "1", recording_started_at=START, holds=(RecordedHold(at(50)), RecordedHold(at(200), at(220))), source="vcon"
    )
    events = placed(metadata, 90.0)
    assert [(h.start_s, h.end_s) for h in events.holds] == [(50.0, 90.0)]
    assert len(events.warnings) == 1


def record(*spans: tuple[float, float], tolerance_s: float = 0.1) -> RecordedEvents:
    return RecordedEvents(tuple(Hold(a, b, "silence", "cdr") for a, b in spans), tolerance_s=tolerance_s)


def test_a_recorded_hold_wins_and_takes_the_kind_of_the_one_heard() -> None:
    found = reconcile_holds(record((40.0, 70.0)), [Hold(40.4, 69.5, "music")])
    assert [(h.start_s, h.end_s, h.kind, h.source) for h in found.holds] == [(40.0, 70.0, "music", "cdr")]
    assert (found.source, found.heard, found.warnings) == ("cdr", (Hold(40.4, 69.5, "music"),), ())


@pytest.mark.parametrize(
    ("heard", "says"),
    [
        ([Hold(40.0, 55.0, "music")], ["40.0 to 70.0", "40.0 to 55.0"]),
        ([], ["40.0 to 70.0", "none is heard"]),
        ([Hold(40.0, 70.0, "music"), Hold(90.0, 99.0, "tone")], ["90.0 to 99.0", "left out"]),
    ],
    ids=["shorter", "not heard", "one more heard"],
)
def test_a_disagreement_is_reported_with_both_figures(heard: list[Hold], says: list[str]) -> None:
    found = reconcile_holds(record((40.0, 70.0)), heard)
    assert [(h.start_s, h.end_s) for h in found.holds] == [(40.0, 70.0)]
    assert found.heard == tuple(heard)
    (warning,) = found.warnings
    assert all(s in warning for s in says)


@pytest.mark.parametrize(("tolerance_s", "n_warnings"), [(0.1, 1), (1.0, 0)], ids=["record in fractions", "in whole seconds"])
def test_what_the_records_clock_explains_is_no_disagreement(tolerance_s: float, n_warnings: int) -> None:
    found = reconcile_holds(record((40.0, 70.0), tolerance_s=tolerance_s), [Hold(41.5, 70.0, "music")])
    assert len(found.warnings) == n_warnings


def test_music_that_pauses_within_a_recorded_hold_is_one_hold() -> None:
    found = reconcile_holds(record((40.0, 70.0)), [Hold(40.2, 54.0, "music"), Hold(57.0, 69.8, "music")])
    assert (len(found.holds), found.warnings) == (1, ())


def test_without_recorded_holds_those_heard_stand() -> None:
    found = reconcile_holds(RecordedEvents(), [Hold(40.0, 70.0, "music")])
    assert (found.holds, found.source, found.heard, found.warnings) == ((Hold(40.0, 70.0, "music"),), "audio", (), ())


@pytest.mark.parametrize(("total_s", "n_warnings"), [(30.0, 0), (31.5, 0), (0.0, 1), (45.0, 1)])
def test_recorded_seconds_of_all_holds_are_held_against_those_heard(total_s: float, n_warnings: int) -> None:
    found = reconcile_holds(RecordedEvents(), [Hold(40.0, 70.0, "music")], recorded_hold_s=total_s)
    assert len(found.warnings) == n_warnings
    assert len(found.holds) == 1

"""The store keeps what it is given, all or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from audit.errors import StoreError
from audit.records import CallRecord, Evidence, Failure, Hold, Measured, Measures, Metadata, Recording, Timeline
from audit.segments import Segment
from audit.storage import AuditKeys, Store
from audit.verdicts import Evaluation, Outcome, SectionScore
from audit.words import Transcript, Turn, Word

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEYS = AuditKeys("measuring", "words", "metadata")


def a_record(call_id: str = "c1", *, sha256: str = "a" * 64, started_at: datetime | None = NOW, agent: str = "1001"):
    return CallRecord(
        call_id=call_id,
        recording=Recording(f"{call_id}.wav", sha256, 12.5, 8000, 2, "stereo", 0, "option", ("短了",)),
        metadata=Metadata(call_id, agent_id=agent, started_at=started_at, variables={"company": "示例科技"}),
        timeline=Timeline(
            Measured(3.0, "cdr", 1.0), Measured(None, reason="没有"), Measured("agent", "audio"), holds=(Hold(4, 6),)
        ),
        speech={"agent": (Segment(0.5, 2.0),)},
        measures={"agent": Measures(speech_s=1.5)},
        transcript=Transcript("zh", "base", (Turn(0.5, 2.0, "agent", "您好", 0.5, (Word(0.5, 1.0, "您好", 0.5),)),), 1.0),
        tool_version="0.1.0",
    )


def an_evaluation(score: float | None = 87.5, *, sha256: str = "b" * 64) -> Evaluation:
    title = {"zh": "问候", "en": "Greeting"}
    outcome = Outcome(
        "open.greet", "fail", "opening", {"zh": "没有", "en": "absent"}, title, 0.0, 4.0,
        evidence=(Evidence(0.5, 2.0, "agent", "喂", "exact"),),
    )  # fmt: skip
    return Evaluation(
        "zh-service", "1", sha256, score, "good", {"en": "Good"}, False, "opening",
        (SectionScore("opening", title, score, 0.0, 4.0),), (outcome,),
    )  # fmt: skip


def saved(store: Store, record: CallRecord, evaluation: Evaluation | None = None, *, path: str | None = None) -> int:
    number = store.begin(path or f"/rec/{record.call_id}.wav", record.call_id, size_bytes=9, mtime_ns=7, now=NOW)
    return store.save_result(number, record, evaluation, KEYS, options={"lang": "zh"}, now=NOW)


def test_a_record_and_its_evaluation_come_back_as_they_were(store):
    saved(store, a_record(), an_evaluation())
    (call,) = store.calls()
    assert call.record == a_record()
    assert call.evaluation == an_evaluation()
    assert call.keys == KEYS


def test_a_begun_recording_is_running_until_its_result_is_saved(store):
    number = store.begin("/rec/c1.wav", "c1", size_bytes=9, mtime_ns=7, now=NOW)
    assert [e.state for e in store.ledger()] == ["running"]
    store.save_result(number, a_record(), None, KEYS, options={}, now=NOW)
    (entry,) = store.ledger()
    assert (entry.state, entry.sha256, entry.size_bytes, entry.keys) == ("done", "a" * 64, 9, KEYS)


def test_a_second_evaluation_is_added_and_the_newest_counts(store):
    row = saved(store, a_record(), an_evaluation(50.0))
    store.save_evaluation(row, a_record(), an_evaluation(90.0, sha256="c" * 64), options={}, now=NOW)
    (call,) = store.calls()
    assert call.evaluation is not None and call.evaluation.score == 90.0
    with store.reading() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM evaluations").scalar() == 2
    assert store.ledger()[0].scorecard_sha256 == "c" * 64


def test_auditing_a_call_anew_keeps_the_old_record_and_shows_the_new(store):
    saved(store, a_record())
    saved(store, replace(a_record(), tool_version="0.2.0"))
    assert [c.record.tool_version for c in store.calls()] == ["0.2.0"]
    with store.reading() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM calls").scalar() == 2


def test_a_recording_that_moved_supersedes_its_old_place(store):
    saved(store, a_record(), path="/old/c1.wav")
    saved(store, a_record(), path="/new/c1.wav")
    assert [e.path for e in store.ledger()] == ["/new/c1.wav"]


def test_a_failure_is_kept_with_its_reason_until_the_recording_succeeds(store):
    failure = Failure("c1", "/rec/c1.wav", "recording", "UnreadableRecording", "empty file", "copy it again")
    number = store.begin("/rec/c1.wav", "c1", size_bytes=0, mtime_ns=7, now=NOW)
    store.save_failure(number, failure, now=NOW)
    assert store.failures() == (failure,)
    saved(store, a_record())
    assert store.failures() == ()


def test_notices_are_those_of_the_newest_run(store):
    for call_id in ("old", "new"):
        run = store.begin_run("run", {}, tool_version="0.1.0", now=NOW)
        store.save_notices(run, [Failure(call_id, "", "cdr", "", "no recording", severity="warning")])
        store.finish_run(run, "done", {"n_audited": 0}, now=NOW)
    assert [(f.call_id, f.severity) for f in store.failures()] == [("new", "warning")]


def test_a_period_is_half_open_and_compares_moments_not_clock_faces(store):
    china = timezone(timedelta(hours=8))
    for call_id, hour in (("a", 0), ("b", 8), ("c", 9)):
        saved(store, a_record(call_id, started_at=datetime(2026, 11, 20, hour, tzinfo=china)))
    saved(store, a_record("without a start", started_at=None))
    found = store.calls(since=datetime(2026, 11, 19, 16, tzinfo=UTC), until=datetime(2026, 11, 20, 1, tzinfo=UTC))
    assert [c.record.call_id for c in found] == ["a", "b"]
    assert len(list(store.calls())) == 4


def test_calls_of_one_agent(store):
    saved(store, a_record("a", agent="1001"))
    saved(store, a_record("b", agent="1002"))
    assert [c.record.call_id for c in store.calls(agent_id="1002")] == ["b"]


def test_a_result_that_cannot_be_stored_leaves_the_recording_unfinished(store):
    number = store.begin("/rec/c1.wav", "c1", size_bytes=9, mtime_ns=7, now=NOW)
    broken = replace(an_evaluation(), sections=(SectionScore("opening", {}, float("nan"), 0.0, 4.0),))
    with pytest.raises(StoreError, match="cannot write"):
        store.save_result(number, a_record(), broken, KEYS, options={}, now=NOW)
    assert [e.state for e in store.ledger()] == ["running"]
    assert list(store.calls()) == []


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(StoreError, match="no time zone"):
        store.begin("/rec/c1.wav", "c1", size_bytes=9, mtime_ns=7, now=datetime(2026, 11, 20))


def test_a_row_must_refer_to_something_that_exists(store):
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.save_result(99, a_record(), None, KEYS, options={}, now=NOW)


def test_a_url_that_is_none_says_what_one_looks_like():
    with pytest.raises(StoreError, match="sqlite:////"):
        Store("callaudit.db")

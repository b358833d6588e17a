"""A second run over an archive: nothing is done twice, and what changed is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.pipeline import Settings
from audit.records import Metadata
from audit.storage import Store
from tests.batch.archives import archive, counts

__all__ = ["archive"]


def test_a_second_run_opens_no_audio(archive):
    archive.add("a.wav")
    archive.add("b.wav")
    archive.run()
    assert counts(archive.run()) == (0, 0, 2)
    assert archive.audited() == ["a.wav", "b.wav"]


def test_only_what_is_new_or_changed_is_audited(archive):
    archive.add("a.wav")
    archive.add("b.wav")
    archive.run()
    archive.add("b.wav", "fine and longer")
    archive.add("c.wav")
    assert counts(archive.run()) == (2, 0, 1)
    assert archive.audited() == ["a.wav", "b.wav", "b.wav", "c.wav"]


def test_a_new_time_stamp_alone_changes_nothing(archive):
    path = archive.add("a.wav")
    archive.run()
    os.utime(path, (1, 1))
    assert counts(archive.run()) == (0, 0, 1)


@pytest.mark.parametrize(
    "settings",
    [Settings(model="small"), Settings(language="zh"), Settings(agent_channel=1), Settings(tone_plan="us")],
    ids=["model", "language", "agent channel", "tone plan"],
)
def test_other_options_that_matter_audit_anew(archive, settings):
    archive.add("a.wav")
    archive.run()
    assert counts(archive.run(settings=settings)) == (1, 0, 0)
    assert len(archive.audited()) == 2


def test_options_that_only_change_the_speed_audit_nothing_anew(archive):
    archive.add("a.wav")
    archive.run()
    assert counts(archive.run(settings=Settings(cpu_threads=7))) == (0, 0, 1)


def test_a_measured_call_does_not_satisfy_a_run_but_the_reverse_does(archive):
    archive.add("a.wav")
    measure = Settings(transcribe=False)
    assert counts(archive.run(settings=measure)) == (1, 0, 0)
    assert counts(archive.run()) == (1, 0, 0)
    assert counts(archive.run(settings=measure)) == (0, 0, 1)
    (call,) = archive.stored()
    assert call.record.transcript is not None and call.evaluation is not None


def test_another_scorecard_is_applied_without_opening_audio(archive):
    archive.add("a.wav")
    archive.run()
    summary = archive.run(version="v2")
    assert (summary.n_audited, summary.n_rescored) == (1, 1)
    assert archive.audited() == ["a.wav"]
    assert archive.written()["a.json"]["evaluation"]["score"] == 90.0
    assert archive.stored()[0].evaluation.score == 90.0
    assert counts(archive.run(version="v2")) == (0, 0, 1)


def test_a_corrected_label_in_the_record_opens_no_audio(archive):
    archive.add("a.wav")
    archive.run()
    archive.metadata["a"] = Metadata("a", agent_id="1002", variables={"queue": "billing"})
    summary = archive.run()
    assert (summary.n_audited, summary.n_rescored) == (1, 1)
    assert archive.written()["a.json"]["metadata"]["agent_id"] == "1002"
    assert counts(archive.run()) == (0, 0, 1)


def test_a_corrected_ring_time_measures_anew(archive):
    archive.add("a.wav")
    archive.run()
    archive.metadata["a"] = Metadata("a", ring_s=4.0)
    assert archive.run().n_rescored == 0
    assert archive.audited() == ["a.wav", "a.wav"]


def test_a_folder_that_was_moved_is_not_audited_again(archive, tmp_path):
    archive.add("a.wav")
    archive.run()
    archive.folder = archive.folder.rename(tmp_path / "moved")
    assert archive.run().n_rescored == 1
    assert archive.audited() == ["a.wav"]
    assert archive.written()["a.json"]["recording"]["path"] == str(tmp_path / "moved" / "a.wav")
    assert counts(archive.run()) == (0, 0, 1)


def test_a_renamed_recording_is_recognised_and_the_old_name_is_superseded(archive):
    archive.add("a.wav")
    archive.metadata = {name: Metadata("call-7") for name in ("a", "b")}
    archive.run()
    (archive.folder / "a.wav").rename(archive.folder / "b.wav")
    assert archive.run().n_rescored == 1
    assert archive.audited() == ["a.wav"]
    assert states(archive) == {"a.wav": "superseded", "b.wav": "done"}


def test_a_replaced_recording_supersedes_and_its_history_stays(archive):
    archive.add("a.wav")
    archive.run()
    archive.add("a.wav", "fine and replaced")
    assert counts(archive.run()) == (1, 0, 0)
    with Store.in_folder(archive.out) as store, store.reading() as c:
        rows = c.exec_driver_sql("SELECT call_id, sha256 FROM calls ORDER BY id").fetchall()
        n_evaluations = c.exec_driver_sql("SELECT count(*) FROM evaluations").scalar()
    assert [r[0] for r in rows] == ["a", "a"] and rows[0][1] != rows[1][1]
    assert n_evaluations == 2
    assert len(archive.stored()) == 1, "the newest counts"


def test_a_call_that_moves_to_another_file_keeps_the_row_of_the_first(archive):
    first = archive.add("a.wav")
    archive.metadata = {name: Metadata("call-7") for name in ("a", "b")}
    archive.run()
    first.unlink()
    archive.add("b.wav", "fine and recorded anew")
    assert counts(archive.run()) == (1, 0, 0)
    assert states(archive) == {"a.wav": "superseded", "b.wav": "done"}
    with Store.in_folder(archive.out) as store, store.reading() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM calls WHERE call_id = 'call-7'").scalar() == 2


def test_a_row_of_the_record_that_comes_late_joins_the_call(archive):
    archive.add("a.wav")
    archive.run()
    archive.metadata["a"] = Metadata("a", agent_id="1002", agent_name="Wang", ring_s=4.0, source="cdr")
    assert counts(archive.run()) == (1, 0, 0)
    (call,) = archive.stored()
    assert (call.record.metadata.agent_id, call.record.metadata.ring_s) == ("1002", 4.0)
    assert counts(archive.run()) == (0, 0, 1)


def test_what_the_stages_of_an_audit_found_is_there_for_the_next(archive):
    archive.add("a.wav")
    archive.run(settings=Settings(model="one"), n_workers=1)
    archive.run(settings=Settings(model="two"), n_workers=1)
    archive.run(settings=Settings(model="three"))
    with Store.in_folder(archive.out) as store:
        assert store.stages("a") == b" one two three"


def test_other_rules_and_labels_leave_the_stages_alone(archive):
    archive.add("a.wav")
    archive.run(settings=Settings(model="one"))
    archive.run(settings=Settings(model="one"), version="v2")
    archive.metadata["a"] = Metadata("a", agent_id="1002")
    archive.run(settings=Settings(model="one"), version="v2")
    with Store.in_folder(archive.out) as store:
        assert store.stages("a") == b" one"


@pytest.mark.parametrize(
    ("text", "transcribe", "stage"),
    [("fine", True, "evaluated"), ("fine", False, "measured"), ("unreadable", True, "recording"), ("bug", True, "audit")],
)
def test_the_ledger_says_how_far_each_recording_came(archive, text, transcribe, stage):
    archive.add("a.wav", text)
    archive.run(settings=Settings(transcribe=transcribe))
    with Store.in_folder(archive.out) as store:
        (entry,) = store.ledger()
    assert entry.stage == stage


def states(archive) -> dict[str, str]:
    """The state of every recording ever met, by its name."""
    with Store.in_folder(archive.out) as store, store.reading() as c:
        return {Path(p).name: s for p, s in c.exec_driver_sql("SELECT path, state FROM recordings")}


def test_a_deleted_result_file_is_written_again_from_the_store(archive):
    archive.add("a.wav")
    archive.run()
    before = archive.written()
    (archive.out / "calls" / "a.json").unlink()
    archive.run()
    assert archive.written() == before
    assert archive.audited() == ["a.wav"]


def test_a_failed_recording_is_tried_again_and_leaves_the_list_when_it_succeeds(archive):
    archive.add("a.wav", "unreadable")
    assert counts(archive.run()) == (0, 1, 0)
    assert counts(archive.run()) == (0, 1, 0)
    archive.add("a.wav")
    assert counts(archive.run()) == (1, 0, 0)
    assert archive.failures() == ()


def test_a_failed_recording_that_was_deleted_leaves_the_list(archive):
    archive.add("a.wav", "unreadable")
    archive.add("b.wav")
    archive.run()
    (archive.folder / "a.wav").unlink()
    archive.run()
    assert archive.failures() == ()

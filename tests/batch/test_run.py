"""An archive: every recording once, whatever happens to some of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from audit.batch import BatchSummary, Job, call_file_name, run_batch, write_json
from audit.errors import MetadataError, ModelError, StoreError, UsageError
from audit.pipeline import Settings
from audit.records import Failure, Metadata
from audit.storage import Removal, Store, forget_words
from tests.conftest import ROOT
from tests.scripted import ScriptedAuditor, ScriptedJudge

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Witness:
    """Remembers what a run tells of its progress."""

    ends: list[tuple[str, str]] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    after_each: Callable[[], None] = lambda: None
    n_known: int = 0

    def started(self, *, n_calls: int, n_bytes: int) -> None:
        pass

    def ended(self, call_id: str, end: str, *, n_bytes: int, audio_s: float) -> None:
        self.ends.append((call_id, end))
        self.after_each()

    def known(self, n_calls: int) -> None:
        self.n_known += n_calls

    def stopping(self, level: int) -> None:
        self.levels.append(level)


@dataclass
class Archive:
    """A folder of scripted recordings and the means to run over it."""

    folder: Path
    out: Path
    metadata: dict[str, Metadata] = field(default_factory=dict)

    def add(self, name: str, text: str = "fine") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text} {name}")
        return path

    def find_metadata(self, path: Path) -> Metadata:
        if path.stem.startswith("bad-date"):
            raise MetadataError(f"{path}: the date 31/31 cannot be read", hint="correct the record")
        return self.metadata.get(path.stem, Metadata(path.stem))

    def run(
        self, *, witness: Witness | None = None, version: str = "v1", n_workers: int = 0, clock=lambda: NOW, **changes
    ) -> BatchSummary:
        settings = changes.pop("settings", Settings())
        recordings = changes.pop("recordings", None) or tuple(sorted(p for p in self.folder.rglob("*.wav")))
        job = Job(
            command="run" if settings.transcribe else "measure",
            recordings=recordings,
            out=self.out,
            settings=settings,
            n_workers=n_workers,
            find_metadata=self.find_metadata,
            make_auditor=partial(ScriptedAuditor, self.folder / "journal", settings.model, settings.transcribe),
            judge=ScriptedJudge(version),
        )
        self.out.mkdir(exist_ok=True)
        with Store.in_folder(self.out) as store:
            return run_batch(replace(job, **changes), store, progress=witness or Witness(), clock=clock)

    def audited(self) -> list[str]:
        """Names of all recordings ever opened by an auditor, in order."""
        journal = self.folder / "journal"
        return journal.read_text().split() if journal.exists() else []

    def written(self) -> dict[str, dict]:
        return {p.name: json.loads(p.read_text("utf-8")) for p in (self.out / "calls").iterdir()}

    def stored(self):
        with Store.in_folder(self.out) as store:
            return list(store.calls())

    def failures(self) -> tuple[Failure, ...]:
        with Store.in_folder(self.out) as store:
            return store.failures()


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "rec").mkdir()
    return Archive(tmp_path / "rec", tmp_path / "out")


def counts(s: BatchSummary) -> tuple[int, int, int]:
    return s.n_audited, s.n_failed, s.n_skipped


# --- words removed by age ---
def test_a_call_whose_words_were_removed_is_not_judged_again_by_other_rules(archive):
    archive.add("a.wav")
    archive.run()
    with Store.in_folder(archive.out) as store:
        forget_words(store, Removal("a", "transcript", "a.wav"), now=NOW)
    archive.run(version="v2")
    (call,) = archive.stored()
    assert call.record.transcript is None
    assert call.evaluation is not None
    assert call.evaluation.score == 70.0


# --- results --------------------------------------------------------------------------------------
def test_each_call_gets_its_file_and_its_rows(archive):
    for name in ("b.wav", "a.wav", "deep/er/c.wav"):
        archive.add(name)
    assert counts(archive.run()) == (3, 0, 0)
    assert archive.audited() == ["a.wav", "b.wav", "c.wav"]
    assert sorted(archive.written()) == ["a.json", "b.json", "c.json"]
    assert archive.written()["a.json"]["evaluation"]["score"] == 70.0
    assert sorted(c.record.call_id for c in archive.stored()) == ["a", "b", "c"]


def test_worker_processes_give_the_same_results_as_none(archive):
    for i in range(5):
        archive.add(f"{i}.wav")
    assert counts(archive.run(n_workers=2)) == (5, 0, 0)
    assert sorted(archive.written()) == [f"{i}.json" for i in range(5)]
    assert len(archive.stored()) == 5


def test_a_call_id_can_never_write_outside_the_folder(archive):
    archive.add("a.wav")
    archive.metadata["a"] = Metadata("../../evil")
    archive.run()
    assert list(archive.written()) == ["%2E.%2F..%2Fevil.json"]


@pytest.mark.parametrize(
    "call_id", ["x" * 400, "通" * 150, "", ".", "a\nb"], ids=["long", "long Chinese", "empty", "dot", "newline"]
)
def test_any_call_id_has_a_file_name(call_id, tmp_path):
    path = tmp_path / call_file_name(call_id)
    write_json(path, {"call_id": call_id})
    assert path.parent == tmp_path and json.loads(path.read_text("utf-8")) == {"call_id": call_id}


def test_two_call_ids_never_share_a_file_name():
    ids = ["a/b", "a%2Fb", "a%b", ".a", "%2Ea", "x" * 400, "x" * 401]
    assert len({call_file_name(i) for i in ids}) == len(ids)


# --- resume ---------------------------------------------------------------------------------------
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


# --- trouble --------------------------------------------------------------------------------------
def test_one_bad_recording_never_stops_the_rest(archive):
    for name, text in (("a.wav", "unreadable"), ("b.wav", "bug"), ("bad-date.wav", "fine"), ("c.wav", "fine")):
        archive.add(name, text)
    summary = archive.run()
    assert counts(summary) == (1, 3, 0)
    found = {f.call_id: (f.stage, f.error, f.next_step) for f in summary.failures}
    assert found["a"] == ("recording", "UnreadableRecording", "copy it again")
    assert found["b"][:2] == ("audit", "ZeroDivisionError")
    assert found["bad-date"] == ("metadata", "MetadataError", "correct the record")
    assert set(archive.failures()) == {replace(f, path=str(archive.folder / Path(f.path).name)) for f in summary.failures}


def test_the_traceback_of_a_fault_of_ours_goes_to_the_log(archive):
    archive.add("b.wav", "bug")
    archive.add("a.wav", "unreadable")
    archive.run()
    log = (archive.out / "callaudit.log").read_text()
    assert "ZeroDivisionError: a fault of ours" in log and 'raise ZeroDivisionError("a fault' in log
    assert "UnreadableRecording" not in log


def test_a_worker_that_dies_costs_exactly_its_call(archive):
    for i in range(6):
        archive.add(f"{i}.wav", "crash" if i in (1, 4) else "fine")
    summary = archive.run(n_workers=2)
    assert counts(summary) == (4, 2, 0)
    assert {f.call_id for f in summary.failures} == {"1", "4"}
    assert all(f.error == "WorkerDied" and "SIGKILL" in f.reason for f in summary.failures)
    assert sorted(archive.written()) == ["0.json", "2.json", "3.json", "5.json"]


@pytest.mark.parametrize("n_workers", [0, 1])
def test_what_every_call_would_meet_ends_the_run(archive, n_workers):
    archive.add("a.wav")
    archive.add("b.wav", "no-model")
    archive.add("c.wav")
    with pytest.raises(ModelError, match="models install base"):
        archive.run(n_workers=n_workers)
    assert [c.record.call_id for c in archive.stored()] == ["a"]
    with Store.in_folder(archive.out) as store:
        assert {e.call_id: e.state for e in store.ledger()} == {"a": "done", "b": "new"}


def test_of_two_recordings_with_one_call_id_the_first_is_audited_and_both_are_named(archive):
    first, second = archive.add("a.wav"), archive.add("b.wav")
    archive.metadata = {"a": Metadata("call-7"), "b": Metadata("call-7")}
    summary = archive.run()
    assert counts(summary) == (1, 1, 0)
    (failure,) = summary.failures
    assert (failure.error, failure.path) == ("DuplicateCall", str(second))
    assert str(first) in failure.reason
    assert archive.audited() == ["a.wav"]
    assert counts(archive.run()) == (0, 1, 1)


def test_a_newcomer_does_not_take_the_call_id_of_an_audited_recording(archive):
    archive.add("m.wav")
    archive.metadata = {"m": Metadata("call-7"), "a": Metadata("call-7")}
    archive.run()
    archive.add("a.wav")
    summary = archive.run()
    assert counts(summary) == (0, 1, 1)
    assert summary.failures[0].path.endswith("a.wav")


def test_a_recording_elsewhere_with_the_id_of_an_audited_one_is_refused(archive, tmp_path):
    archive.add("a.wav")
    archive.run()
    archive.folder = tmp_path / "other"
    archive.add("a.wav", "fine but different")
    summary = archive.run()
    assert [f.error for f in summary.failures] == ["DuplicateCall"]
    assert str(tmp_path / "rec" / "a.wav") in summary.failures[0].reason


def test_a_recording_that_vanishes_meanwhile_is_one_failure(archive):
    archive.add("a.wav")
    summary = archive.run(recordings=(archive.folder / "gone.wav", archive.folder / "a.wav"))
    assert counts(summary) == (1, 1, 0)


def test_a_file_name_that_is_no_utf8_is_audited(archive):
    name = os.fsdecode(b"\xd6\xd0.wav")  # 中 in GBK
    try:
        (archive.folder / name).write_text("fine")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert counts(archive.run()) == (1, 0, 0)
    assert counts(archive.run()) == (0, 0, 1)
    assert list(archive.written()) == ["%5Cxd6%5Cxd0.json"]


# --- the disk -------------------------------------------------------------------------------------
def test_an_output_folder_that_is_a_file_is_wrong_usage(archive):
    archive.add("a.wav")
    archive.out.mkdir()
    (archive.out / "calls").write_text("in the way")
    with pytest.raises(UsageError, match="--out"):
        archive.run()


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(StoreError, match="free some disk space"):
            write_json(path, {"new": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert json.loads(path.read_text()) == {"old": 1}


def test_a_number_that_json_has_not_is_never_written(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"score": float("nan")})
    assert list(tmp_path.iterdir()) == []


# --- stopping -------------------------------------------------------------------------------------
def test_ctrl_c_ends_after_the_call_in_progress_and_the_next_run_goes_on(archive):
    for i in range(4):
        archive.add(f"{i}.wav")
    witness = Witness()
    witness.after_each = lambda: os.kill(os.getpid(), signal.SIGINT) if len(witness.ends) == 2 else None
    summary = archive.run(witness=witness)
    assert (summary.stopped_by, counts(summary), summary.n_not_begun) == (signal.SIGINT, (2, 0, 0), 2)
    assert witness.levels == [1]
    assert counts(archive.run()) == (2, 0, 2)
    assert archive.audited() == ["0.wav", "1.wav", "2.wav", "3.wav"]


def test_the_terminal_gets_its_ctrl_c_back(archive):
    archive.add("a.wav")
    before = signal.getsignal(signal.SIGINT)
    archive.run()
    assert signal.getsignal(signal.SIGINT) is before


PROGRAM = """
import sys
from pathlib import Path
if __name__ == "__main__":
    from tests.batch.test_run import Archive, Witness
    archive = Archive(Path(sys.argv[1]), Path(sys.argv[2]))
    witness = Witness()
    witness.after_each = lambda: print("one", flush=True)
    summary = archive.run(witness=witness, n_workers=1)
    print(summary.stopped_by, summary.n_audited, summary.n_not_begun)
"""


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_a_run_that_is_ended_from_outside_is_finished_by_the_next(archive, signum, tmp_path):
    for i in range(6):
        archive.add(f"{i}.wav", "slow")
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(script), str(archive.folder), str(archive.out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "one\n"
        os.killpg(process.pid, signum) if signum == signal.SIGINT else process.send_signal(signum)
        said = process.communicate(timeout=30)[0].split()
    n_done = len(archive.written())
    assert 1 <= n_done < 6
    if signum != signal.SIGKILL:
        assert said[-3:] == [str(int(signum)), str(n_done), str(6 - n_done)]
    assert not list((archive.out / "calls").glob(".*"))
    for i in range(6):
        archive.add(f"{i}.wav", "slow")
    summary = archive.run()
    assert summary.n_skipped >= n_done
    assert summary.n_audited + summary.n_skipped == 6
    assert len(archive.written()) == len(archive.stored()) == 6

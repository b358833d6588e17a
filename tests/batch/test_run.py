"""An archive: every recording once, whatever happens to some of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from audit.batch import call_file_name, write_json
from audit.errors import ModelError, StoreError, UsageError
from audit.records import Metadata
from audit.storage import Removal, Store, forget_words
from tests.batch.archives import NOW, Witness, archive, counts
from tests.conftest import ROOT

__all__ = ["archive"]


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
        states = {e.call_id: e.state for e in store.ledger()}
    assert states | {"c": "new"} == {"a": "done", "b": "new", "c": "new"}, "c may have been begun, and was put back"


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
    from tests.batch.archives import Archive, Witness
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

"""What is too old goes, nothing else, and what went is written down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.errors import StoreError
from audit.nightly import Retention, apply_retention
from audit.storage import Removal, Store, intend_removal, intended, removed
from tests.conftest import ROOT
from tests.storage.test_ledger import KEYS, a_record, an_evaluation

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path):
    """Two audited calls, 10 and 100 days old, and a store that knows them."""
    root = tmp_path / "rec"
    with Store.in_folder(tmp_path) as store:
        for name, days in (("new", 10), ("old", 100)):
            path = root / "2026" / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            number = store.begin(str(path), name, size_bytes=3, mtime_ns=1, now=NOW)
            record = a_record(name, started_at=NOW - timedelta(days=days))
            store.save_result(number, record, an_evaluation(), KEYS, options={}, now=NOW)
        yield root, store


def kept(archive, retention: Retention, forgotten: list[str] | None = None):
    root, store = archive
    forget = (forgotten if forgotten is not None else []).append
    return apply_retention(retention, store, roots=(root,), now=NOW, forget=forget)


def test_without_limits_nothing_goes(archive):
    assert kept(archive, Retention()).removed == ()


def test_recordings_past_their_time_are_deleted_and_written_down(archive):
    root, store = archive
    assert [r.call_id for r in kept(archive, Retention(audio_days=90)).removed] == ["old"]
    assert sorted(p.name for p in root.rglob("*.wav")) == ["new.wav"]
    assert [(r.call_id, r.kind, r.moved_to) for r in removed(store)] == [("old", "audio", "")]
    assert kept(archive, Retention(audio_days=90)).removed == ()


def test_with_an_archive_they_are_moved_as_they_lay(archive, tmp_path):
    root, store = archive
    kept(archive, Retention(audio_days=90, archive=tmp_path / "attic"))
    assert (tmp_path / "attic" / "2026" / "old.wav").read_text() == "old"
    assert not (root / "2026" / "old.wav").exists()
    assert removed(store)[0].moved_to == str(tmp_path / "attic" / "2026" / "old.wav")


def test_a_recording_outside_the_archive_is_never_touched(archive, tmp_path):
    root, store = archive
    done = apply_retention(Retention(audio_days=1), store, roots=(tmp_path / "elsewhere",), now=NOW, forget=lambda _: None)
    assert done.removed == ()
    assert len(list(root.rglob("*.wav"))) == 2


KILLED = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from audit.nightly import Retention, apply_retention, retention
from audit.storage import Store
from tests.nightly.test_retention import NOW
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
moment, folder = sys.argv[1], Path(sys.argv[2])
if moment == "before":
    retention._remove = kill
elif moment == "half":
    Path.unlink = kill
else:
    retention._remove = lambda *a, done=retention._remove: (done(*a), kill())
with Store.in_folder(folder) as store:
    where = folder / "attic" if len(sys.argv) > 3 else None
    apply_retention(Retention(audio_days=90, archive=where), store, roots=(folder / "rec",), now=NOW, forget=print)
"""


@pytest.mark.parametrize("moment", ["before", "half", "after"])
@pytest.mark.parametrize("attic", [(), ("attic",)], ids=["deleted", "moved"])
def test_a_removal_that_was_killed_is_finished_and_logged_once(archive, tmp_path, moment, attic):
    root, store = archive
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", KILLED, moment, str(tmp_path), *attic], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert removed(store) == ()
    where = tmp_path / "attic" if attic else None
    assert [r.call_id for r in kept(archive, Retention(audio_days=90, archive=where)).removed] == ["old"]
    assert not (root / "2026" / "old.wav").exists()
    (row,) = removed(store)
    assert row.moved_to == (str(tmp_path / "attic" / "2026" / "old.wav") if attic else "")
    assert not attic or Path(row.moved_to).read_text() == "old"
    assert intended(store) == ()
    assert kept(archive, Retention(audio_days=90, archive=where)).removed == ()


def test_a_removal_that_was_intended_and_is_no_longer_wanted_is_not_done(archive, tmp_path):
    root, store = archive
    intend_removal(store, Removal("old", "audio", str(root / "2026" / "old.wav")), now=NOW)
    assert kept(archive, Retention()).removed == ()
    assert (root / "2026" / "old.wav").exists()
    assert intended(store) == removed(store) == ()


def test_words_of_a_call_that_was_audited_again_go_again(archive):
    _, store = archive
    kept(archive, Retention(transcripts_days=90))
    number = store.begin(str(archive[0] / "2026" / "old.wav"), "old", size_bytes=3, mtime_ns=1, now=NOW)
    record = a_record("old", started_at=NOW - timedelta(days=100))
    store.save_result(number, record, None, KEYS, options={}, now=NOW + timedelta(minutes=1), stages=b"with words")
    assert [r.call_id for r in kept(archive, Retention(transcripts_days=90)).removed] == ["old"]
    assert store.stages("old") is None


def test_an_archive_that_cannot_be_written_is_a_problem_and_the_recording_stays(archive, tmp_path):
    root, _ = archive
    (tmp_path / "file").write_text("in the way")
    found = kept(archive, Retention(audio_days=90, archive=tmp_path / "file"))
    assert found.removed == ()
    assert "cannot be removed" in found.problems[0]
    assert (root / "2026" / "old.wav").exists()


def test_words_past_their_time_go_from_record_and_verdicts_and_the_scores_stay(archive):
    _, store = archive
    forgotten: list[str] = []
    kept(archive, Retention(transcripts_days=90), forgotten)
    assert forgotten == ["old"]
    calls = {c.record.call_id: c for c in store.calls()}
    old = calls["old"]
    assert old.record.transcript is None
    assert old.evaluation is not None
    assert old.evaluation.score == 87.5
    assert [(e.start_s, e.text) for o in old.evaluation.outcomes for e in o.evidence] == [(0.5, "")]
    assert calls["new"].record == replace(a_record("new", started_at=NOW - timedelta(days=10)))
    assert kept(archive, Retention(transcripts_days=90)).removed == ()


def test_words_that_cannot_be_taken_out_of_a_file_stay_listed_for_the_next_night(archive):
    root, store = archive

    def full_disk(call_id: str) -> None:
        raise StoreError(f"{call_id}.json: cannot be written: no space left on device")

    with pytest.raises(StoreError):
        apply_retention(Retention(transcripts_days=90), store, roots=(root,), now=NOW, forget=full_disk)
    assert [r.call_id for r in kept(archive, Retention(transcripts_days=90)).removed] == ["old"]

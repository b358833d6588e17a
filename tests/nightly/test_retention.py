"""What is too old goes, nothing else, and what went is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit.errors import StoreError
from audit.nightly import Retention, apply_retention
from audit.storage import Store, removed
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

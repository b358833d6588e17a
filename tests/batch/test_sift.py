"""Known recordings are told at a glance, and nothing that could have changed is missed."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit.batch import run
from audit.batch import sift as sift_module
from audit.batch.plan import path_key
from audit.pipeline import Settings
from audit.records import Metadata
from audit.storage import Store
from tests.batch.archives import Archive, Witness, archive, counts

__all__ = ["archive"]

LATER = datetime.now(UTC) + timedelta(days=2)  # of the file system's clock: long after whatever these tests write


def again(archive: Archive, *, scope: str | None = "cdr-1", clock=lambda: LATER, **changes) -> tuple[int, int, Witness]:
    """A run: how many were known at a glance, how many of all were skipped, and what it told."""
    witness = Witness()
    summary = archive.run(witness=witness, clock=clock, metadata_scope=scope, **changes)
    return witness.n_known, summary.n_skipped, witness


@pytest.fixture
def audited(archive):
    for name in ("a.wav", "b.wav", "deep/c.wav"):
        archive.add(name)
    assert again(archive)[:2] == (0, 0)
    return archive


def test_what_an_earlier_run_did_is_known_without_its_metadata(audited):
    audited.metadata = {}
    asked = []
    known, skipped, _ = again(audited, find_metadata=lambda p: asked.append(p) or Metadata(p.stem))
    assert (known, skipped, asked) == (3, 3, [])
    assert again(audited)[2].ends == []


def test_without_a_word_on_where_metadata_comes_from_all_are_looked_at(audited):
    assert again(audited, scope=None)[:2] == (0, 3)


def test_a_new_a_changed_and_a_moved_recording_are_found_among_known_ones(audited):
    audited.add("b.wav", "fine and longer")
    audited.add("d.wav")
    (audited.folder / "deep" / "c.wav").rename(audited.folder / "c.wav")
    witness = Witness()
    summary = audited.run(witness=witness, clock=lambda: LATER, metadata_scope="cdr-1")
    assert witness.n_known == 1
    assert (counts(summary), summary.n_rescored) == ((3, 0, 1), 1)
    assert audited.audited()[3:] == ["b.wav", "d.wav"]
    assert again(audited)[:2] == (4, 4)


@pytest.mark.parametrize(
    "change",
    [{"scope": "cdr-2"}, {"settings": Settings(model="small")}, {"version": "v2"}],
    ids=["another call-detail file", "another model", "another scorecard"],
)
def test_what_results_depend_on_is_compared_once_and_then_known(audited, change):
    assert again(audited, **change)[0] == 0
    assert again(audited, **change)[0] == 3


def test_options_that_only_change_the_speed_change_nothing(audited):
    assert again(audited, settings=Settings(cpu_threads=7))[0] == 3


def test_a_late_row_of_the_call_detail_record_joins_its_call(audited):
    audited.metadata["a"] = Metadata("a", agent_id="1002")
    assert again(audited)[0] == 3, "the same file cannot say anything new"
    summary = audited.run(metadata_scope="cdr-2")
    assert summary.n_rescored == 1
    assert audited.written()["a.json"]["metadata"]["agent_id"] == "1002"


def test_a_vcon_that_comes_later_is_looked_at(audited):
    when = datetime.now(UTC) - timedelta(days=2)
    again(audited, scope="cdr-2", clock=lambda: when)
    (audited.folder / "b.vcon.json").write_text(json.dumps({"vcon": "0.0.1"}))
    os.utime(audited.folder / "b.vcon.json", (1, 1))  # copied with its old time
    assert again(audited, scope="cdr-2")[:2] == (2, 3)
    assert again(audited, scope="cdr-2")[:2] == (3, 3)


def test_a_deleted_result_is_written_again(audited):
    (audited.out / "calls" / "b.json").unlink()
    assert again(audited)[0] == 2
    assert sorted(audited.written()) == ["a.json", "b.json", "c.json"]


def test_a_copy_of_a_known_recording_is_refused_and_names_it(audited):
    audited.add("other/a.wav", "fine but another")
    summary = audited.run(metadata_scope="cdr-1", clock=lambda: LATER)
    assert counts(summary) == (0, 1, 3)
    (failure,) = summary.failures
    assert (failure.error, str(audited.folder / "a.wav") in failure.reason) == ("DuplicateCall", True)


def test_verdicts_by_other_rules_from_elsewhere_are_noticed(audited):
    with Store.in_folder(audited.out) as store:
        (call,) = [c for c in store.calls() if c.record.call_id == "a"]
        other = replace(call.evaluation, scorecard_sha256="other")
        store.save_evaluation(call.call_row_id, call.record, other, options={}, now=LATER)
    assert again(audited)[0] == 2
    assert audited.written()["a.json"]["evaluation"]["scorecard_sha256"] == "v1-zh"


def test_an_archive_with_more_than_is_planned_at_once_ends_the_same(archive, monkeypatch):
    monkeypatch.setattr(run, "PLANNED_AT_ONCE", 3)
    for i in range(8):
        archive.add(f"{i}.wav")
    archive.add("other/5.wav", "fine but another")
    summary = archive.run(metadata_scope="cdr-1")
    assert (counts(summary), [f.error for f in summary.failures]) == ((8, 1, 0), ["DuplicateCall"])
    archive.add("9.wav")
    summary = archive.run(metadata_scope="cdr-2", settings=Settings(model="small"))
    assert counts(summary) == (9, 1, 0)
    assert archive.audited()[8] == "9.wav", "what is new comes before what is known"


@pytest.mark.parametrize("path", ["a.wav", "x/a.wav", "./x/../y/a.wav", "/a.wav", "//a.wav", "x/通.wav", "x/.."])
def test_the_key_of_a_path_is_the_same_by_the_short_way(path):
    key_of = sift_module._keys()
    assert [key_of(path), key_of(path), key_of("x/b.wav")] == [path_key(path), path_key(path), path_key("x/b.wav")]

"""What must not stop a night: calls that hang or eat memory, two batches at once, a store that is away for a while."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from datetime import datetime, timedelta

import pytest

from audit.archive import answering
from audit.batch import Limits, insist
from audit.errors import StoreError, StoreGone, UsageError
from audit.storage import Lease, Store
from tests.batch.archives import NOW, Witness, archive, counts
from tests.shares import dead

__all__ = ["archive"]


def test_a_call_that_hangs_is_ended_and_the_others_go_on(archive):
    archive.add("a.wav", "hang")
    archive.add("b.wav")
    summary = archive.run(n_workers=1, limits=Limits(base_s=2.0, per_mib_s=0.0))
    assert counts(summary) == (1, 1, 0)
    (failure,) = archive.failures()
    assert (failure.call_id, failure.stage, failure.error) == ("a", "worker", "TimeLimit")
    assert "not done after" in failure.reason


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="this system does not tell what memory a process has")  # noqa: PTH110
def test_a_call_that_takes_too_much_memory_is_ended_and_the_others_go_on(archive):
    archive.add("a.wav", "greedy")
    archive.add("b.wav")
    assert counts(archive.run(n_workers=1, limits=Limits(memory_bytes=500 << 20))) == (1, 1, 0)
    assert [(f.call_id, f.error) for f in archive.failures()] == [("a", "MemoryLimit")]


def test_a_larger_file_gets_more_time():
    assert Limits(base_s=60, per_mib_s=10).time_s(3 << 20) == 90


def test_a_recording_that_crashes_thrice_is_left_alone_until_it_changes_or_a_retry_is_asked_for(archive):
    bad = archive.add("a.wav", "crash")
    archive.add("b.wav")
    for _ in range(3):
        assert archive.run(n_workers=1).n_failed == 1
    assert archive.audited().count("a.wav") == 3
    fourth = archive.run(n_workers=1)
    assert (fourth.n_failed, archive.audited().count("a.wav")) == (1, 3)
    assert [f.error for f in fourth.failures] == ["Quarantined"]
    assert [f.error for f in archive.failures()] == ["WorkerDied"], "the store keeps why"
    archive.run(n_workers=1, retry=True)
    assert archive.audited().count("a.wav") == 4
    bad.write_text("fine again")
    assert counts(archive.run(n_workers=1)) == (1, 0, 1)
    bad.write_text("crash once more")
    archive.run(n_workers=1)
    archive.run(n_workers=1)
    assert archive.audited().count("a.wav") == 7, "a success wipes the count"


def test_what_another_batch_is_at_is_left_to_it(archive):
    archive.add("a.wav")
    path = archive.add("b.wav")
    archive.out.mkdir()
    with Store.in_folder(archive.out) as store:
        other = store.begin_run("run", {}, tool_version="0.1.0", now=NOW)
        lease = Lease(other, NOW + timedelta(minutes=5))
        store.claim(str(path), "b", size_bytes=1, mtime_ns=1, lease=lease, seen_row_id=None, now=NOW)
    witness = Witness()
    summary = archive.run(witness=witness)
    assert (counts(summary), summary.n_elsewhere, summary.n_not_begun) == ((1, 0, 0), 1, 0)
    assert ("b", "elsewhere") in witness.ends


def test_two_batches_started_at_once_do_each_recording_once(archive):
    for i in range(12):
        archive.add(f"{i:02}.wav", "slow")
    summaries = []
    threads = [threading.Thread(target=lambda: summaries.append(archive.run())) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(archive.audited()) == [f"{i:02}.wav" for i in range(12)]
    assert sum(s.n_audited for s in summaries) == 12
    assert len(archive.stored()) == 12


def test_a_lease_is_renewed_while_a_call_takes_long(archive, monkeypatch):
    archive.add("a.wav", "slow")
    ticks = iter(range(10_000))
    renewed: list[datetime] = []
    monkeypatch.setattr(Store, "renew", lambda self, ids, lease: renewed.append(lease.until))
    archive.run(n_workers=1, clock=lambda: NOW + timedelta(minutes=2 * next(ticks)))
    assert len(renewed) > 1
    assert renewed == sorted(renewed)


def test_a_store_that_is_away_for_a_while_loses_nothing(archive, monkeypatch):
    archive.add("a.wav")
    archive.add("b.wav")
    save, away, pauses = Store.save_results, iter([True, True, False, True, False]), []

    def now_and_then(self, *args, **kwargs):
        kept = save(self, *args, **kwargs)
        if next(away):  # it was kept, and the answer was lost on the way
            raise StoreGone("server closed the connection")
        return kept

    monkeypatch.setattr(Store, "save_results", now_and_then)
    monkeypatch.setattr(insist, "__kwdefaults__", {**(insist.__kwdefaults__ or {}), "sleep": pauses.append})
    assert counts(archive.run()) == (2, 0, 0)
    with Store.in_folder(archive.out) as store, store.reading() as c:
        assert c.exec_driver_sql("SELECT count(*) FROM calls").scalar() == 2
    assert pauses == [0.5, 1.0, 0.5]


def test_patience_ends():
    pauses: list[float] = []

    def away():
        raise StoreGone("connection refused")

    with pytest.raises(StoreGone):
        insist(away, sleep=pauses.append, patience_s=60)
    assert 60 <= sum(pauses) < 75
    assert max(pauses) <= 15


# --- shares, clocks, disks ------------------------------------------------------------------------
def test_a_share_that_stalls_costs_the_call_that_is_read_from_it(archive):
    archive.add("a.wav", "stall")
    archive.add("b.wav")
    assert counts(archive.run(n_workers=1, limits=Limits(base_s=2.0, per_mib_s=0.0))) == (1, 1, 0)
    assert [(f.call_id, f.error) for f in archive.failures()] == [("a", "TimeLimit")]


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(hours=3)], ids=["back", "forward"])
def test_a_clock_that_is_set_during_a_run_neither_loses_nor_repeats_a_call(archive, monkeypatch, jump):
    for i in range(6):
        archive.add(f"{i}.wav", "slow")
    moved: list[timedelta] = []
    started = time.monotonic()

    def clock() -> datetime:
        return NOW + timedelta(seconds=time.monotonic() - started) + (jump if moved else timedelta())

    renewed: list[tuple[datetime, datetime]] = []
    renew = Store.renew

    def watched(self, ids, lease):
        renewed.append((clock(), lease.until))
        renew(self, ids, lease)

    monkeypatch.setattr(Store, "renew", watched)
    witness = Witness()
    witness.after_each = lambda: moved.append(jump) if len(witness.ends) == 1 else None
    summary = archive.run(witness=witness, n_workers=2, clock=clock)
    assert counts(summary) == (6, 0, 0)
    assert sorted(archive.audited()) == [f"{i}.wav" for i in range(6)]
    assert summary.wall_s >= 0
    assert any(at > NOW + jump / 2 if jump > timedelta() else at < NOW for at, _ in renewed), "renewed by the new time"
    assert all(timedelta(minutes=4) < until - at < timedelta(minutes=6) for at, until in renewed)
    assert counts(archive.run(clock=lambda: NOW)) == (0, 0, 6)


@pytest.fixture
def own_disk(tmp_path):
    """A file system of its own, which can be made read-only; not everybody may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], capture_output=True).returncode
    ):
        pytest.skip("this user may mount nothing")
    yield place
    subprocess.run(["umount", "-l", place], check=False)


def remount(place, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", place], check=True)


def test_an_output_folder_on_a_read_only_disk_is_wrong_usage(archive, own_disk):
    archive.add("a.wav")
    remount(own_disk, "ro")
    with pytest.raises(UsageError, match="cannot be written to"):
        archive.run(out=own_disk / "out")


def test_a_disk_that_becomes_read_only_ends_the_run_and_the_next_goes_on(archive, own_disk):
    for i in range(4):
        archive.add(f"{i}.wav")
    witness = Witness()
    witness.after_each = lambda: remount(own_disk, "ro") if len(witness.ends) == 2 else None
    with pytest.raises(StoreError, match="Read-only file system"):
        archive.run(out=own_disk / "out", witness=witness)
    remount(own_disk, "rw")
    assert counts(archive.run(out=own_disk / "out")) == (2, 0, 2)
    assert len(list((own_disk / "out" / "calls").glob("*.json"))) == 4


def test_a_share_that_falls_silent_waits_for_the_next_run(archive, monkeypatch):
    monkeypatch.setattr(answering, "PROBE_S", 0.3)
    here = archive.add("here.wav")
    there = [archive.add("share/a.wav"), archive.add("share/b.wav")]
    with dead(archive.folder / "share") as share:
        summary = archive.run(recordings=(here, *there), silence_s=0.3)
    assert counts(summary) == (1, 0, 0)
    assert summary.n_not_begun == 2
    assert summary.problems == (f"{share}: its file system does not answer; 2 recordings below it were not looked at",)
    assert [(f.reason, f.severity) for f in archive.failures()] == [(summary.problems[0], "warning")]
    assert counts(archive.run()) == (2, 0, 1)
    assert archive.failures() == ()


def test_known_recordings_on_a_silent_share_stay_known(archive, monkeypatch):
    monkeypatch.setattr(answering, "PROBE_S", 0.3)
    paths = (archive.add("here.wav"), archive.add("share/a.wav"))
    archive.run(metadata_scope="cdr")
    with dead(archive.folder / "share"):
        summary = archive.run(recordings=paths, silence_s=0.3, metadata_scope="cdr")
    assert (counts(summary), summary.n_not_begun) == ((0, 0, 1), 1)
    assert counts(archive.run(metadata_scope="cdr")) == (0, 0, 2)

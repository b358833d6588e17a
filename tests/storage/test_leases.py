"""Two runs at one store: each recording is one run's, and a dead run's are free at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audit.records import Failure
from audit.storage import Lease, Store
from audit.storage.leases import is_gone, this_process
from audit.storage.tables import runs
from tests.storage.test_ledger import KEYS, NOW, a_record


def a_run(store: Store, *, holder: str | None = "") -> int:
    """A run of this process, or of the one named."""
    number = store.begin_run("run", {}, tool_version="0.1.0", now=NOW)
    if holder != "":
        with store.writing() as c:
            c.execute(runs.update().where(runs.c.id == number).values(holder=holder))
    return number


def claim(store: Store, run_id: int, *, call_id: str = "c1", seen: int | None = None, after_s: float = 0.0, path: str = ""):
    now = NOW + timedelta(seconds=after_s)
    return store.claim(
        path or f"/rec/{call_id}.wav",
        call_id,
        size_bytes=9,
        mtime_ns=7,
        lease=Lease(run_id, now + timedelta(minutes=5)),
        seen_row_id=seen,
        now=now,
    )


def dead_process() -> str:
    """The name of a process that has ended."""
    code = "from audit.storage.leases import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_a_recording_that_one_run_is_at_is_left_to_it(store):
    mine, theirs = a_run(store), a_run(store)
    assert claim(store, mine) is not None
    assert claim(store, theirs) is None


def test_the_same_call_under_another_path_is_left_to_it_too(store):
    mine, theirs = a_run(store), a_run(store)
    claim(store, mine)
    assert claim(store, theirs, path="/elsewhere/c1.mp3") is None


def test_a_lease_ends_by_the_clock(store):
    mine, theirs = a_run(store), a_run(store, holder=None)
    claim(store, theirs)
    assert claim(store, mine, after_s=299) is None
    assert claim(store, mine, after_s=301) is not None


def test_a_lease_that_is_renewed_goes_on(store):
    mine, theirs = a_run(store), a_run(store)
    number = claim(store, theirs)
    store.renew([number], Lease(theirs, NOW + timedelta(minutes=9)))
    assert claim(store, mine, after_s=301) is None


def test_a_lease_of_a_process_that_has_ended_is_void_at_once(store):
    mine, theirs = a_run(store), a_run(store, holder=dead_process())
    claim(store, theirs)
    assert claim(store, mine, after_s=1) is not None


def test_a_call_that_another_run_has_finished_meanwhile_is_left_alone(store):
    mine, theirs = a_run(store), a_run(store)
    number = claim(store, theirs)
    row = store.save_result(number, a_record(), None, KEYS, options={}, now=NOW)
    assert claim(store, mine, seen=None) is None
    assert claim(store, mine, seen=row) is not None


def test_a_result_that_is_sent_twice_is_kept_once(store):
    number = claim(store, a_run(store))
    rows = {store.save_result(number, a_record(), None, KEYS, options={}, now=NOW, token="t" * 32) for _ in range(2)}
    assert len(rows) == 1
    assert len(list(store.calls())) == 1


def test_crashes_are_counted_until_the_recording_is_audited(store):
    run = a_run(store)
    for n in (1, 2):
        store.save_failure(claim(store, run), Failure("c1", "/rec/c1.wav", "worker", "WorkerDied", "killed"), now=NOW)
        assert [e.n_crashes for e in store.ledger()] == [n]
    store.save_result(claim(store, run), a_record(), None, KEYS, options={}, now=NOW)
    assert [e.n_crashes for e in store.ledger()] == [0]


def test_of_many_who_claim_at_once_one_gets_the_recording(store_url):
    with Store(store_url) as first:
        run_ids = [a_run(first) for _ in range(6)]
    got: list[int | None] = []

    def try_it(run_id: int) -> None:
        with Store(store_url) as own:
            got.append(claim(own, run_id))

    threads = [threading.Thread(target=try_it, args=(r,)) for r in run_ids]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(got) == 6
    assert sum(g is not None for g in got) == 1


@pytest.mark.skipif(this_process() is None, reason="this system has no /proc to name processes by")
def test_a_process_is_known_to_be_gone_only_where_that_can_be_seen():
    mine = this_process()
    assert mine is not None
    boot, space, pid, began = mine.split(" ")
    assert not is_gone(mine)
    assert is_gone(dead_process())
    assert is_gone(f"{boot} {space} {pid} {int(began) - 1}"), "the number was given to another process since"
    assert not is_gone(f"another-boot {space} {pid} 1")
    assert not is_gone(None)
    assert str(os.getpid()) == pid


def test_a_server_that_is_gone_is_told_apart_from_a_wrong_question(postgres_server):
    from audit.errors import StoreGone

    nowhere = sa.make_url(postgres_server).set(query={"host": "127.0.0.1", "port": "1"})
    with pytest.raises(StoreGone, match="refused"):
        Store(nowhere.render_as_string(hide_password=False))


def test_a_database_that_is_not_there_is_wrong_for_good(postgres_server):
    from audit.errors import StoreError, StoreGone

    with pytest.raises(StoreError, match="does not exist") as caught:
        Store(sa.make_url(postgres_server).set(database="nowhere").render_as_string(hide_password=False))
    assert not isinstance(caught.value, StoreGone)

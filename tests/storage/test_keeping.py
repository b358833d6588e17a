"""A result is kept whole, once, and in few words: on either database the same rows, over a connection in one trip."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
import sqlalchemy as sa

from audit.batch import insist
from audit.errors import StoreError, StoreGone
from audit.storage import LEASE, Attempt, Lease, Result, Store, sqlite_url
from audit.storage import migrate as migrate_module
from audit.storage.tables import (
    UtcDateTime,
    calls,
    catalogues,
    digests,
    evaluations,
    phrases,
    recordings,
    stages,
    touched_calls,
)
from audit.storage.trips import sendable
from tests.storage.conftest import blank_database
from tests.storage.test_leases import a_run, claim
from tests.storage.test_ledger import KEYS, NOW, a_record, an_evaluation

WRITTEN = (calls, evaluations, digests, phrases, catalogues, stages, touched_calls)


@pytest.fixture
def on_server(postgres_server) -> Iterator[Store]:
    """A store on the server."""
    with Store(blank_database(postgres_server)) as store:
        yield store


def rows(store: Store) -> dict[str, int]:
    with store.reading() as c:
        return {t.name: c.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in WRITTEN}


def keep(store: Store, number: int, *, score: float | None = 87.5, token: str | None = None, found: bytes | None = b"1") -> int:
    evaluation = an_evaluation(score) if score is not None else None
    return store.save_result(number, a_record(), evaluation, KEYS, options={}, now=NOW, token=token, stages=found)


def several(store: Store, names: str) -> list[Result]:
    """Results of calls that are claimed together."""
    attempts = [Attempt(f"/rec/{n}.wav", n, 9, 7, None) for n in names]
    numbers = store.claim_all(attempts, lease=Lease(a_run(store), NOW + LEASE), now=NOW)
    return [
        Result(number or 0, a_record(n), an_evaluation(), KEYS, f"token-{n}", b"1")
        for n, number in zip(names, numbers, strict=True)
    ]


def kept(store: Store) -> list[str]:
    """Call ids in the order of their records."""
    with store.reading() as c:
        return list(c.execute(sa.select(calls.c.call_id).order_by(calls.c.id)).scalars())


def test_a_result_sent_twice_leaves_what_it_left_the_first_time(store):
    number = claim(store, a_run(store))
    first = keep(store, number, token="t")
    before = rows(store)
    assert before == dict.fromkeys((t.name for t in WRITTEN), 1)
    assert keep(store, number, token="t", score=12.0, found=b"2") == first
    assert rows(store) == before
    assert store.stages("c1") == b"1"
    assert [c.evaluation.score for c in store.calls() if c.evaluation] == [87.5]


def test_of_a_result_that_cannot_be_kept_nothing_is(store):
    with pytest.raises(StoreError):
        keep(store, 4711)  # no such recording
    assert set(rows(store).values()) == {0}
    keep(store, claim(store, a_run(store)))
    assert rows(store)["calls"] == 1


@pytest.mark.parametrize("score", [None, 50.0], ids=["measured only", "with verdicts"])
@pytest.mark.parametrize("found", [None, b"2"], ids=["no stages", "with stages"])
def test_a_call_audited_anew_gets_a_row_more_and_its_digest_and_stages_take_the_place_of_the_old(store, score, found):
    number = claim(store, a_run(store))
    first = keep(store, number)
    second = keep(store, number, score=score, found=found)
    assert second != first
    n_verdicts = 1 + (score is not None)
    assert rows(store) == {
        "calls": 2,
        "evaluations": n_verdicts,
        "digests": 1,
        "phrases": 1,
        "catalogues": 1,
        "stages": 1,
        "touched_calls": 2,
    }
    with store.reading() as c:
        digest = c.execute(sa.select(digests)).one()
        newest = c.execute(sa.select(sa.func.max(evaluations.c.id))).scalar_one()
    assert digest.call_row_id == second
    assert digest.evaluation_id == (newest if score is not None else None)
    assert store.stages("c1") == (found or b"1")


def test_the_recording_that_had_the_call_before_is_superseded(store):
    run = a_run(store)
    keep(store, claim(store, run))
    keep(store, claim(store, run, path="/moved/c1.wav", seen=1))
    with store.reading() as c:
        found = c.execute(sa.select(recordings.c.path, recordings.c.state, recordings.c.reason).order_by(recordings.c.id)).all()
    taken = "another recording has taken this call's place"
    assert [tuple(r) for r in found] == [("/rec/c1.wav", "superseded", taken), ("/moved/c1.wav", "done", None)]


def test_a_recording_tried_again_keeps_when_it_was_first_seen_and_counts_its_attempts(store):
    run = a_run(store)
    assert (
        claim(store, run)
        == claim(store, run, after_s=3600)
        == store.begin("/rec/c1.wav", "c1", size_bytes=5, mtime_ns=6, now=NOW)
    )
    with store.reading() as c:
        (row,) = c.execute(sa.select(recordings)).all()
    assert (row.n_attempts, row.first_seen_at, row.size_bytes, row.mtime_ns, row.run_id) == (3, NOW, 5, 6, None)


def test_several_are_claimed_in_one_transaction_and_kept_in_one(store, store_url):
    if store_url.startswith("sqlite"):
        sent: list[str] = []
        with store.reading() as c:
            c.connection.driver_connection.set_trace_callback(sent.append)
        sent.clear()  # of what looked
        store.save_results(several(store, "abc"), options={}, now=NOW)
        assert sent.count("COMMIT") == 3, "of the run, of the claims, of the results"
    else:  # PostgreSQL writes beside each row which transaction it is of
        found = several(store, "abc")
        with store.reading() as c:
            assert len(set(c.exec_driver_sql("SELECT xmin::text FROM recordings").scalars())) == 1
        store.save_results(found, options={}, now=NOW)
        with store.reading() as c:
            everywhere = " UNION ".join(f"SELECT xmin::text FROM {t.name}" for t in (*WRITTEN, recordings))
            assert len(set(c.exec_driver_sql(everywhere).scalars())) == 1


def test_several_leave_what_they_leave_one_by_one(store_url, tmp_path, request):
    with Store(store_url) as store:
        numbers = store.save_results(several(store, "bac"), options={"lang": "zh"}, now=NOW)
        together = everything(store)
    other = sqlite_url(tmp_path / "other.db")
    if not store_url.startswith("sqlite"):
        other = blank_database(request.getfixturevalue("postgres_server"))
    with Store(other) as store:
        alone = [store.save_results([r], options={"lang": "zh"}, now=NOW)[0] for r in several(store, "bac")]
        assert (numbers, together) == (alone, everything(store))


def everything(store: Store) -> dict[str, list[tuple]]:
    """All rows, as SQLAlchemy reads them."""
    with store.reading() as c:
        return {t.name: [tuple(r) for r in c.execute(sa.select(t))] for t in (*WRITTEN, recordings)}


def test_results_that_are_sent_again_together_are_kept_once(store):
    found = several(store, "abcd")
    first = store.save_results(found[:2], options={}, now=NOW)
    again = store.save_results(found, options={}, now=NOW)
    assert again[:2] == first
    assert kept(store) == ["a", "b", "c", "d"]
    assert store.save_results(found, options={}, now=NOW) == again
    assert rows(store)["evaluations"] == rows(store)["touched_calls"] == 4


def test_of_several_results_those_before_one_that_cannot_be_kept_are_kept(store):
    found = several(store, "abc")
    found[1] = replace(found[1], recording_id=4711)  # no such recording
    with pytest.raises(StoreError):
        store.save_results(found, options={}, now=NOW)
    assert kept(store) == ["a"]
    with store.reading() as c:
        states = c.execute(sa.select(recordings.c.call_id, recordings.c.state)).tuples().all()
    assert dict(states) == {"a": "done", "b": "running", "c": "running"}


def test_two_who_keep_the_same_calls_in_another_order_and_try_again_both_come_to_an_end(store_url):
    with Store(store_url) as first:
        found = several(first, "abcdefgh")
    troubles: list[Exception] = []

    def keep_them(name: str, results: list[Result]) -> None:
        try:
            with Store(store_url) as own:
                for i in range(2):
                    again = [replace(r, token=f"{name}-{i}-{r.token}") for r in results]
                    insist(partial(own.save_results, again, options={}, now=NOW), sleep=lambda _: None)
        except Exception as e:  # noqa: BLE001 - told by the test's thread
            troubles.append(e)

    orders = {"forth": found, "back": found[::-1], "from the middle": found[4:] + found[:4]}
    threads = [threading.Thread(target=keep_them, args=order) for order in orders.items()]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not troubles
    with Store(store_url) as last:
        assert rows(last)["calls"] == 3 * 2 * 8


@pytest.mark.parametrize("value", [NOW, NOW.replace(microsecond=1), True, None, b"1", 1.5, "ä", {"a": ["ä", None]}], ids=repr)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_the_driver_is_given_is_what_sqlalchemy_would_give_it(database, value):
    if database == "postgresql" and isinstance(value, dict):
        assert json.loads(sendable(database, value)) == value
        return
    types = {datetime: UtcDateTime(), bool: sa.Boolean(), dict: sa.JSON()}
    kind = types.get(type(value), sa.types.NullType())
    dialect = sa.make_url(f"{database}://").get_dialect()()
    dialect._json_serializer = json.dumps
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    assert sendable(database, value) == (process(value) if process else value)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="carries no time zone"):
        sendable("sqlite", datetime(2026, 11, 20))


def test_after_a_claim_a_transaction_is_one_again(store):
    claim(store, a_run(store))
    with pytest.raises(ZeroDivisionError), store.writing() as c:
        c.execute(touched_calls.insert(), {"call_id": "x"})
        raise ZeroDivisionError
    assert rows(store)["touched_calls"] == 0


@pytest.mark.parametrize("path, size_bytes", [("/\udc80", 1), ("/a", 1 << 70)], ids=["by the driver", "by the server"])
def test_a_claim_that_is_refused_leaves_the_connection_as_good_as_new(on_server, path, size_bytes):
    run = a_run(on_server)
    with pytest.raises(StoreError):
        on_server.claim(path, "c", size_bytes=size_bytes, mtime_ns=0, lease=Lease(run, NOW), seen_row_id=None, now=NOW)
    number = claim(on_server, run)
    assert keep(on_server, number)
    assert rows(on_server)["calls"] == 1


def test_many_results_of_one_call_at_once_all_arrive(store_url):
    with Store(store_url) as first:
        number = claim(first, a_run(first))
    troubles: list[Exception] = []

    def try_it(name: int) -> None:
        try:
            with Store(store_url) as own:
                for i in range(5):
                    keep(own, number, token=f"{name}-{i}")
        except Exception as e:  # noqa: BLE001 - told by the test's thread
            troubles.append(e)

    threads = [threading.Thread(target=try_it, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not troubles
    with Store(store_url) as last:
        assert rows(last) == {
            "calls": 20, "evaluations": 20, "digests": 1, "phrases": 1, "catalogues": 1, "stages": 1, "touched_calls": 20,
        }  # fmt: skip


def cut_off(store: Store, postgres_server: str) -> None:
    """End the store's connections at the server, as a restart does."""
    engine = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        ended = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        c.execute(ended, {"name": sa.make_url(store.address).database})
    engine.dispose()


@pytest.mark.parametrize("doing", ["claim", "keep"])
def test_a_connection_that_breaks_is_told_as_a_store_that_is_away_and_the_next_try_has_a_new_one(
    on_server, postgres_server, doing
):
    run = a_run(on_server)
    number = claim(on_server, run)
    cut_off(on_server, postgres_server)
    again = (lambda: claim(on_server, run)) if doing == "claim" else (lambda: keep(on_server, number, token="t"))
    with pytest.raises(StoreGone):
        again()
    assert again() == 1


def test_a_connection_that_broke_while_it_was_idle_is_replaced_without_a_word(on_server, postgres_server, monkeypatch):
    run = a_run(on_server)
    monkeypatch.setattr(migrate_module, "ASK_AFTER_S", 0.0)
    cut_off(on_server, postgres_server)
    assert claim(on_server, run) == 1

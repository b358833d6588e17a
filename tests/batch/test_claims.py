"""Claiming ahead: as many as were begun of late, none twice, none forgotten."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audit.batch.claims import MOST_AHEAD, Claims
from audit.batch.plan import Planned
from audit.records import Metadata
from audit.storage import AuditKeys, Lease, Store
from tests.batch.archives import NOW, archive, counts

__all__ = ["archive"]


def planned(n: int) -> Planned:
    return Planned(Path(f"/rec/{n}.wav"), f"/rec/{n}.wav", Metadata(str(n)), AuditKeys("m", None, "d"), 1, 1, "audit")


@dataclass
class Desk:
    """Claims for numbers of their own, at a time that is set by hand; `others` are in other hands."""

    n: int
    others: set[str] = field(default_factory=set)
    groups: list[int] = field(default_factory=list)
    now_s: float = 0.0

    def open(self) -> Claims:
        return Claims(iter([planned(i) for i in range(self.n)]), self.claim, lambda: self.now_s)

    def claim(self, some):
        self.groups.append(len(some))
        return [None if p.metadata.call_id in self.others else 100 + int(p.metadata.call_id) for p in some]


def test_calls_that_take_long_are_claimed_one_by_one():
    desk = Desk(20)
    claims = desk.open()
    for place, p in claims:
        assert claims.begin(place) == 100 + place
        assert p.metadata.call_id == str(place)
        desk.now_s += 1.0
    assert desk.groups == [1] * 20
    assert not claims.held


def test_calls_that_go_fast_are_claimed_as_many_at_once_as_were_begun_in_the_last_half_second():
    desk = Desk(300)
    claims = desk.open()
    for place, _ in claims:
        assert claims.begin(place) == 100 + place
        desk.now_s += 0.01
    assert desk.groups[:5] == [1, 1, 2, 4, 8]
    assert max(desk.groups) == MOST_AHEAD
    assert sum(desk.groups) == 300


def test_what_is_drawn_ahead_and_begun_later_is_claimed_with_the_first_of_it():
    desk = Desk(12)
    claims = desk.open()
    given = iter(claims)
    for _ in range(4):  # four are begun: as many are claimed next
        claims.begin(next(given)[0])
    drawn = [next(given)[0] for _ in range(4)]
    desk.groups.clear()
    assert [claims.begin(place) for place in drawn] == [104, 105, 106, 107]
    assert desk.groups == [4]
    assert [place for place, _ in given] == [8, 9, 10, 11]


def test_one_in_other_hands_is_told_when_its_turn_comes():
    desk = Desk(9, others={"6"})
    claims = desk.open()
    assert [claims.begin(place) for place, _ in claims] == [100, 101, 102, 103, 104, 105, None, 107, 108]


def test_what_was_claimed_ahead_and_not_begun_is_known():
    desk = Desk(30)
    claims = desk.open()
    for place, _ in claims:
        claims.begin(place)
        if len(claims.held) >= 3:
            break
    assert [*claims.held.values()] == [100 + n for n in claims.held]
    assert min(claims.held) == place + 1


@pytest.mark.parametrize("n_workers", [0, 2], ids=["in this process", "two workers"])
def test_what_was_claimed_ahead_is_put_back_when_a_run_ends(archive, n_workers, monkeypatch):
    monkeypatch.setattr("audit.batch.claims.AHEAD_S", 600.0)
    for i in range(30):
        archive.add(f"{i:02}.wav", "no-model" if i == 10 else "fine")
    with pytest.raises(Exception, match="no speech model"):
        archive.run(n_workers=n_workers)
    with Store.in_folder(archive.out) as store:
        states = [e.state for e in store.ledger()]
    assert set(states) == {"done", "new"}
    assert states.count("new") > 2, "some were claimed ahead"
    archive.add("10.wav")
    assert archive.run(n_workers=n_workers).n_failed == 0
    assert len(archive.stored()) == 30


def test_what_is_claimed_ahead_is_renewed(archive, monkeypatch):
    monkeypatch.setattr("audit.batch.claims.AHEAD_S", 600.0)
    for i in range(12):
        archive.add(f"{i:02}.wav")
    monkeypatch.setattr("audit.batch.run.LEASE", NOW - NOW)  # each look renews
    renewed: list[int] = []
    renew = Store.renew

    def note(self, ids, lease: Lease):
        renewed.append(len(list(ids)))
        renew(self, ids, lease)

    monkeypatch.setattr(Store, "renew", note)
    ticks = iter(range(10_000))
    archive.run(n_workers=0, clock=lambda: NOW.replace(microsecond=next(ticks)))
    assert max(renewed) > 1, "more than the one that is at work"


def test_two_runs_that_claim_ahead_do_each_recording_once(archive, monkeypatch):
    monkeypatch.setattr("audit.batch.claims.AHEAD_S", 600.0)
    for i in range(40):
        archive.add(f"{i:02}.wav")
    summaries = []
    threads = [threading.Thread(target=lambda: summaries.append(archive.run())) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(archive.audited()) == [f"{i:02}.wav" for i in range(40)]
    assert sum(counts(s)[0] for s in summaries) == 40
    assert len(archive.stored()) == 40

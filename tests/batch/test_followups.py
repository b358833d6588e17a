"""Chains of calls in a store: found, kept, and worked out again only for whom something changed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from audit.batch.followups import follow_up
from audit.batch.known_facts import KnownFacts
from audit.chains import CaseEvent
from audit.digests import CallDigest
from audit.records import CutOff
from audit.storage import (
    Judged,
    Store,
    judged_again,
    known_calls,
    load_followups,
    save_events,
    stale_calls,
    team_counts,
)
from audit.verdicts import Evaluation
from tests.followup.calls import LATER, TERMS, at, call
from tests.storage.test_ledger import NOW, a_record, an_evaluation, saved

#: Calls to customers are recorded, too.
TO_SOMEBODY = call("o", at(), "out", number="13600136000", agent="B")


@pytest.fixture
def store(tmp_path):
    with Store(f"sqlite:///{tmp_path}/callaudit.db") as opened:
        yield opened


def keep(store: Store, digest: CallDigest) -> int:
    """Audit a call that has such a digest; the number of its record."""
    record = a_record(digest.call_id, started_at=digest.started_at, agent=digest.agent_id or "")
    metadata = replace(
        record.metadata,
        customer_number=digest.customer_number,
        direction=digest.direction,
        ended_at=digest.ended_at,
        variables={"team": "T1"},
    )
    timeline = replace(record.timeline, cut_off=CutOff(digest.cut_off), talk_s=digest.talk_s)
    return saved(store, replace(record, metadata=metadata, timeline=timeline), signed(digest))


def signed(digest: CallDigest) -> Evaluation:
    return replace(an_evaluation(), signs=dict(digest.signs))


def keep_all(store, *calls):
    for digest in calls:
        keep(store, digest)


def facts(store, call_id):
    return dict(known_calls(store, [call_id])[call_id].contact.facts)


def everything(store):
    """All that is known across the calls, in an order of its own."""
    f = load_followups(store)
    ids = [c.call_id for c in store.standings()]
    known = {i: (dict(k.contact.facts), k.n_that_day, k.contact.repeated) for i, k in known_calls(store, ids).items()}
    return (
        {r.call_id: r for r in f.redials},
        {r.call_id: r for r in f.repeats},
        {c.complaint_id: c for c in f.complaints},
        {c.call_id: c for c in f.callbacks},
        f.resolution,
        known,
        team_counts(store, "T1", "2026-01-01", "2027-01-01"),
    )


def some_calls(n, seed):
    """Calls of a few customers who do all there is to do."""
    pick = random.Random(seed)
    signs = ("complaint", "major_complaint", "apology_first", "cause_told", "solved", "callback_promised", "callback_today")
    return [
        call(
            f"c{seed}-{i}",
            at(minutes=pick.uniform(0, 20 * 24 * 60)),
            pick.choice(["in", "in", "out", None]),
            *(s for s in signs if pick.random() < 0.2),
            cut=pick.random() < 0.2,
            number=pick.choice(["13800138000", "13900139000", "+8613700137000", "anonymous", "01062551234"]),
            agent=pick.choice(["A1", "A2"]),
        )
        for i in range(n)
    ]


def test_a_redial_is_found_and_joins_both_calls(store):
    keep_all(store, call("a", at(), cut=True), call("b", at(minutes=4), "out", "apology_first", "cause_told"))
    follow_up(store, now=LATER, terms=TERMS)
    (found,) = load_followups(store).redials
    assert (found.call_id, found.next_call_id, found.status) == ("a", "b", "called_back")
    assert facts(store, "a")["call.redialled_within_s"] == 60.0


def test_a_second_pass_over_the_same_store_follows_nobody(store):
    keep_all(store, *some_calls(20, 1))
    assert follow_up(store, now=LATER, terms=TERMS).n_owners > 0
    assert follow_up(store, now=LATER, terms=TERMS).n_owners == 0


def test_a_new_call_touches_its_customer_only(store):
    keep_all(store, *(call(f"c{i}", at(minutes=i), number=f"1390000{i:04d}") for i in range(30)))
    follow_up(store, now=LATER, terms=TERMS)
    keep(store, call("new", at(minutes=9.5), number="13900000003"))
    assert follow_up(store, now=LATER, terms=TERMS).n_owners == 1
    assert [(r.call_id, r.next_call_id) for r in load_followups(store).repeats] == [("c3", "new")]


@pytest.mark.parametrize("seed", range(4))
def test_call_by_call_comes_to_the_same_as_all_at_once(tmp_path, seed):
    calls = some_calls(40, seed)
    with Store(f"sqlite:///{tmp_path}/whole.db") as whole, Store(f"sqlite:///{tmp_path}/parts.db") as parts:
        keep_all(whole, *calls)
        follow_up(whole, now=LATER, terms=TERMS)
        random.Random(seed).shuffle(calls)
        for begin in range(0, len(calls), 7):
            keep_all(parts, *calls[begin : begin + 7])
            follow_up(parts, now=LATER, terms=TERMS)
        assert everything(parts) == everything(whole)


def test_a_call_that_turns_out_to_be_another_customers_leaves_the_first(store):
    a, b = call("a", at()), call("b", at(days=1))
    keep_all(store, a, b)
    follow_up(store, now=LATER, terms=TERMS)
    assert len(load_followups(store).repeats) == 1
    keep(store, replace(b, customer_number="13900139000"))
    follow_up(store, now=LATER, terms=TERMS)
    assert load_followups(store).repeats == ()
    assert facts(store, "b")["call.contacts_before"] == 0


def test_what_waited_is_decided_when_the_calls_of_others_reach_further(store):
    keep_all(store, call("a", at(), cut=True), TO_SOMEBODY)
    follow_up(store, now=LATER, terms=TERMS)
    assert [r.status for r in load_followups(store).redials] == ["pending"]
    assert "call.redialled" not in facts(store, "a")
    keep(store, call("z", at(days=2), number="13900139000"))
    follow_up(store, now=LATER, terms=TERMS)
    assert [r.status for r in load_followups(store).redials] == ["missed"]
    assert facts(store, "a")["call.redialled"] is False


def test_where_no_call_to_a_customer_is_recorded_nobody_is_said_not_to_have_called_back(store):
    keep_all(
        store, call("a", at(), "in", "callback_promised", "complaint", cut=True), call("z", at(days=9), number="13900139000")
    )
    follow_up(store, now=LATER, terms=TERMS)
    found = load_followups(store)
    assert ([r.status for r in found.redials], found.callbacks) == (["unknown"], ())
    assert not {"call.redialled", "complaint.overdue"} & set(facts(store, "a"))
    keep(store, TO_SOMEBODY)
    follow_up(store, now=LATER, terms=TERMS)
    found = load_followups(store)
    assert [x.status for x in (*found.redials, *found.callbacks)] == ["missed", "missed"]
    assert facts(store, "a")["complaint.overdue"] is True


def test_a_call_dated_in_the_future_decides_nothing(store):
    keep_all(store, call("a", at(), cut=True), TO_SOMEBODY, call("z", at(days=900), number="13900139000"))
    follow_up(store, now=at(days=1), terms=TERMS)
    assert [r.status for r in load_followups(store).redials] == ["pending"]


def test_other_terms_start_anew_and_none_keep_those_of_the_last_time(store):
    keep_all(store, call("a", at()), call("b", at(days=9)))
    follow_up(store, now=LATER, terms=TERMS)
    assert load_followups(store).repeats == ()
    follow_up(store, now=LATER, terms=replace(TERMS, repeat_days=10.0))
    assert len(load_followups(store).repeats) == 1
    assert follow_up(store, now=LATER).n_owners == 0
    assert len(load_followups(store).repeats) == 1


def test_a_number_that_grows_into_a_switchboards_lets_its_calls_go(store):
    keep_all(store, *(call(f"c{i}", at(minutes=10 * i), "in", "complaint") for i in range(8)))
    follow_up(store, now=LATER, terms=TERMS)
    assert len(load_followups(store).complaints) == 1
    keep_all(store, *(call(f"d{i}", at(minutes=100 + 10 * i)) for i in range(8)))
    follow_up(store, now=LATER, terms=TERMS)
    found = load_followups(store)
    assert (found.repeats, len(found.complaints)) == ((), 8)
    keep(store, call("e", at(days=1), cut=True))
    follow_up(store, now=LATER, terms=TERMS)
    assert load_followups(store).redials == ()


def test_the_crm_closes_a_complaint_and_is_told_once(store):
    keep_all(store, call("a", at(), "in", "complaint"), call("z", at(days=30), number="13900139000"))
    follow_up(store, now=LATER, terms=TERMS)
    told = CaseEvent("crm", "T1", call_id="a", answered_at=at(hours=2), closed_at=at(days=1))
    assert save_events(store, [(told, None)], now=NOW) == 1
    assert save_events(store, [(told, None)], now=NOW) == 0
    assert follow_up(store, now=LATER, terms=TERMS).n_owners == 1
    (found,) = load_followups(store).complaints
    assert (found.closed_by, found.closed_at, found.status(LATER)) == ("crm", at(days=1), "closed")
    assert facts(store, "a")["complaint.closed_within_d"] == round((24 * 60 - 3) / 1440, 3)


def test_the_crm_knows_a_customer_by_his_number_however_it_is_written(store):
    keep_all(store, call("a", at(), "in", "complaint"))
    save_events(store, [(CaseEvent("crm", "T1", opened_at=at(hours=1), closed_at=at(days=1)), "+86 138-0013-8000")], now=NOW)
    follow_up(store, now=LATER, terms=TERMS)
    assert [c.closed_by for c in load_followups(store).complaints] == ["crm"]


def test_the_crm_may_be_told_of_a_call_before_it_is_audited(store):
    save_events(store, [(CaseEvent("crm", "T1", call_id="a", opened_at=at(), closed_at=at(days=1)), None)], now=NOW)
    follow_up(store, now=LATER, terms=TERMS)
    assert [c.complaint_id for c in load_followups(store).complaints] == ["crm:T1"]
    keep(store, call("a", at(), "in", "complaint"))
    follow_up(store, now=LATER, terms=TERMS)
    assert [(c.complaint_id, c.closed_by) for c in load_followups(store).complaints] == [("a", "crm")]


def test_a_person_closes_an_entry_of_a_call_with_a_withheld_number(store):
    keep(store, call("a", at(), "in", "complaint", number="anonymous"))
    follow_up(store, now=LATER, terms=TERMS)
    save_events(store, [(CaseEvent("person", "", complaint_id="a", closed_at=at(days=1), by="QA 7"), None)], now=NOW)
    follow_up(store, now=LATER, terms=TERMS)
    assert [(c.closed_by, c.by) for c in load_followups(store).complaints] == [("person", "QA 7")]


def test_calls_become_stale_when_what_is_known_of_them_changes_and_no_others(store):
    keep_all(
        store, call("a", at()), call("b", at(days=1), number="13900139000", agent="A2"), call("z", at(days=20), agent="A3")
    )
    follow_up(store, now=LATER, terms=TERMS)
    assert set(stale_calls(store)) == {"a", "b", "z"}
    judged_again(store, stale_calls(store))
    assert stale_calls(store) == {}
    keep(store, call("c", at(days=2), agent="A4"))
    follow_up(store, now=LATER, terms=TERMS)
    assert set(stale_calls(store)) == {"a", "c"}


def test_an_agents_further_call_of_a_day_makes_his_others_stale(store):
    keep_all(store, call("a", at()), call("z", at(days=20), agent="A3"))
    follow_up(store, now=LATER, terms=TERMS)
    judged_again(store, stale_calls(store))
    keep(store, call("b", at(hours=2), number="13900139000"))
    follow_up(store, now=LATER, terms=TERMS)
    assert set(stale_calls(store)) == {"a", "b"}
    assert known_calls(store, ["a"])["a"].n_that_day == 2


def test_a_rate_that_rules_read_makes_the_calls_of_its_days_stale_when_it_changes(store):
    keep_all(store, *(call(f"c{i}", at(days=i), number=f"1390000{i:04d}", agent=f"A{i}") for i in range(5)))
    follow_up(store, now=LATER, terms=TERMS, needed=["team.complaint_rate"])
    judged_again(store, stale_calls(store))
    keep(store, call("x", at(days=3, hours=1), "in", "complaint", number="13700137000", agent="B"))
    follow_up(store, now=LATER, terms=TERMS, needed=["team.complaint_rate"])
    assert set(stale_calls(store)) == {"c3", "c4", "x"}


def test_a_verdict_that_changes_with_the_facts_touches_no_chain(store):
    digest = call("a", at())
    row = keep(store, digest)
    follow_up(store, now=LATER, terms=TERMS)
    (stored,) = store.calls()
    again = replace(signed(digest), score=12.0)
    store.save_judged([Judged(row, stored.record, again, None, "key")], options={}, now=NOW)
    assert follow_up(store, now=LATER, terms=TERMS).n_owners == 0


def test_a_call_audited_anew_is_to_be_judged_with_what_is_known_of_it(store):
    keep(store, call("a", at()))
    follow_up(store, now=LATER, terms=TERMS)
    judged_again(store, stale_calls(store))
    keep(store, call("a", at()))
    follow_up(store, now=LATER, terms=TERMS)
    assert set(stale_calls(store)) == {"a"}


def test_a_period_takes_what_began_in_it(store):
    keep_all(store, *(call(f"c{i}", at(days=i), cut=True, number=f"1390000{i:04d}") for i in range(5)))
    follow_up(store, now=LATER, terms=TERMS)
    found = load_followups(store, at(days=1), at(days=3)).redials
    assert [r.call_id for r in found] == ["c1", "c2"]


def test_first_call_resolution_counts_first_calls_whose_time_is_over(store):
    keep_all(
        store,
        call("a", at()),
        call("b", at(days=2)),
        call("c", at(), number="13900139000", agent="A2"),
        call("z", at(days=30), number="13700137000"),
    )
    follow_up(store, now=LATER, terms=TERMS)
    found = load_followups(store)
    assert (found.resolution.n_first_calls, found.resolution.n_resolved) == (2, 1)
    assert {a: r.rate for a, r in found.by_agent.items()} == {"A1": 0.0, "A2": 1.0}


def test_a_store_from_before_chains_is_followed_whole(tmp_path):
    with Store(f"sqlite:///{tmp_path}/old.db") as old:
        keep_all(old, call("a", at(), cut=True), call("b", at(minutes=4), "out"))
        with old.writing() as c:  # what the change of tables does with the digests that it finds
            c.exec_driver_sql("DELETE FROM touched_calls")
            c.exec_driver_sql("INSERT INTO touched_calls (call_id) SELECT call_id FROM digests")
        follow_up(old, now=LATER, terms=TERMS)
        assert [r.status for r in load_followups(old).redials] == ["called_back"]


def test_progress_is_told_to_the_end(store):
    keep_all(store, *some_calls(12, 3))
    told = []
    follow_up(store, now=LATER, terms=TERMS, advanced=lambda n, of: told.append((n, of)))
    assert told[0] == (12, 12)
    assert all(n <= of for n, of in told)


def test_the_time_of_a_pass_is_up_to_where_calls_are_known(store):
    keep(store, call("a", at()))
    assert follow_up(store, now=LATER, terms=TERMS).as_of == at()
    assert load_followups(store).as_of == at()
    assert at() + timedelta(days=1) < LATER


@pytest.mark.parametrize(("whole", "counted"), [(True, 1), (False, None)], ids=["every call", "a sample"])
def test_calls_a_day_are_counted_only_where_the_store_holds_every_call(tmp_path, whole, counted):
    with Store.in_folder(tmp_path) as store:
        keep(store, call("a", at()))
        follow_up(store, now=LATER, terms=replace(TERMS, whole_days=whole))
        assert KnownFacts(store).facts("a", ["team.calls_per_day"]).get("team.calls_per_day") == counted

"""What is known across calls is kept alike in both kinds of database."""

from audit.batch.followups import follow_up
from audit.chains import CaseEvent
from audit.storage import judged_again, load_followups, save_events, stale_calls
from tests.batch.test_followups import facts, keep_all
from tests.followup.calls import LATER, TERMS, at, call
from tests.storage.test_ledger import NOW


def test_links_facts_events_and_what_is_stale_are_kept(store):
    keep_all(
        store,
        call("a", at(), "in", "complaint", "callback_promised", cut=True),
        call("b", at(minutes=4), "out", "apology_first"),
        call("c", at(days=1), number="13900139000"),
        call("d", at(days=2), number="13900139000"),
        call("e", at(days=1), "in", "complaint", number="anonymous", agent="A2"),
        call("z", at(days=40), number="13700137000", agent="A2"),
    )
    save_events(store, [(CaseEvent("crm", "T1", call_id="a", closed_at=at(days=2)), None)], now=NOW)
    assert follow_up(store, now=LATER, terms=TERMS, needed=["team.complaint_rate"]).n_owners > 0
    found = load_followups(store)
    assert [(r.call_id, r.next_call_id, r.after_s) for r in found.redials] == [("a", "b", 60.0)]
    assert [(r.call_id, r.next_call_id) for r in found.repeats] == [("c", "d")]
    assert {c.complaint_id: c.closed_by for c in found.complaints} == {"a": "crm", "e": None}
    assert [(c.call_id, c.status) for c in found.callbacks] == [("a", "kept")]
    assert facts(store, "a")["call.is_complaint"] is True
    assert facts(store, "c")["team.repeat_contacts"] == 1
    stale = stale_calls(store)
    assert len(stale) == 6
    judged_again(store, stale)
    assert stale_calls(store) == {}
    assert follow_up(store, now=LATER).n_owners == 0

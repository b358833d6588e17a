"""Customers who call again."""

from audit.followup import follow
from tests.followup.calls import LATER, TERMS, at, call


def followed(*calls, as_of=LATER):
    return follow("k", calls, TERMS, as_of=as_of)


def links(*calls):
    return [(r.call_id, r.next_call_id) for r in followed(*calls).repeats]


def counts(*calls, as_of=LATER):
    return {a.call_id: (a.n_before, a.n_after) for a in followed(*calls, as_of=as_of).around}


def test_a_customer_who_calls_again_within_the_days_is_linked_to_the_call_before():
    assert links(call("a", at()), call("b", at(days=3)), call("c", at(days=6))) == [("a", "b"), ("b", "c")]


def test_a_customer_who_calls_again_after_the_days_is_not():
    assert links(call("a", at()), call("b", at(days=8))) == []


def test_calls_to_the_customer_are_no_repeat():
    assert links(call("a", at()), call("b", at(days=1), "out"), call("c", at(days=2), None)) == []


def test_a_transferred_call_is_one_contact():
    assert links(call("a", at()), call("b", at(minutes=3))) == []
    assert counts(call("a", at()), call("b", at(minutes=2.9))) == {"a": (0, 0)}


def test_a_customer_who_calls_again_after_a_cut_goes_on_with_the_same_contact():
    assert links(call("a", at(), cut=True), call("b", at(minutes=5)), call("c", at(days=2))) == [("a", "c")]


def test_earlier_and_later_contacts_are_counted_within_the_days():
    assert counts(call("a", at()), call("b", at(days=5)), call("c", at(days=10))) == {"a": (0, 1), "b": (1, 1), "c": (1, 0)}


def test_that_no_further_contact_came_is_known_only_when_the_time_is_over():
    assert counts(call("a", at()), as_of=at(days=6)) == {"a": (0, None)}
    assert counts(call("a", at()), as_of=at(days=8)) == {"a": (0, 0)}


def test_a_switchboard_is_no_customer():
    busy = [call(str(i), at(minutes=10 * i), cut=True) for i in range(11)]
    found = followed(*busy)
    assert found.is_switchboard
    assert (found.redials, found.repeats, found.around) == ((), (), ())


def test_ten_calls_a_day_are_still_a_customer():
    assert len(followed(*[call(str(i), at(minutes=10 * i)) for i in range(10)]).repeats) == 9

"""Promises to call back."""

from datetime import datetime

from audit.followup import follow
from tests.followup.calls import LATER, TERMS, ZONE, at, call

PROMISE = call("a", at(), "in", "callback_promised")  # ends at minute 3


def callback(*calls, made=PROMISE, as_of=LATER):
    (found,) = follow("k", [made, *calls], TERMS, as_of=as_of).callbacks
    return found


def test_a_call_back_in_time_keeps_the_promise():
    found = callback(call("b", at(hours=20), "out"))
    assert (found.status, found.next_call_id, found.due_at) == ("kept", "b", at(hours=24, minutes=3))


def test_a_call_back_after_the_time_is_late():
    assert callback(call("b", at(hours=30), "out")).status == "late"


def test_no_call_back_is_missed_once_the_time_is_over():
    assert callback().status == "missed"
    assert callback(as_of=at(hours=10)).status == "pending"


def test_a_customer_who_calls_first_and_is_content_overtakes_the_promise():
    assert callback(call("b", at(hours=2), "in", "solved"), call("c", at(hours=3), "out")).status == "overtaken"


def test_a_customer_who_calls_first_and_is_not_content_still_waits():
    assert callback(call("b", at(hours=2)), call("c", at(hours=3), "out")).next_call_id == "c"


def test_today_and_tomorrow_end_with_the_local_day():
    today = call("a", at(), "in", "callback_promised", "callback_today")
    tomorrow = call("a", at(), "in", "callback_promised", "callback_tomorrow")
    assert callback(made=today).due_at == datetime(2026, 11, 3, 0, 0, tzinfo=ZONE)
    assert callback(made=tomorrow).due_at == datetime(2026, 11, 4, 0, 0, tzinfo=ZONE)


def test_a_call_back_that_promises_another_is_followed_too():
    again = call("b", at(hours=1), "out", "callback_promised")
    found = follow("k", [PROMISE, again, call("c", at(hours=2), "out")], TERMS, as_of=LATER).callbacks
    assert [(c.call_id, c.next_call_id, c.status) for c in found] == [("a", "b", "kept"), ("b", "c", "kept")]


def test_a_week_after_the_time_it_is_another_matter():
    assert callback(call("b", at(days=10), "out")).status == "missed"

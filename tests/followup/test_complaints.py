"""The complaint register."""

from dataclasses import replace
from datetime import datetime, time

import pytest

from audit.chains import CaseEvent
from audit.followup import WorkingTime, follow
from tests.followup.calls import LATER, TERMS, ZONE, at, call

COMPLAINT = call("a", at(), "in", "complaint")  # ends at minute 3
KEY = "13800138000"


def register(*calls, events=(), terms=TERMS, key=KEY):
    return follow(key, calls, terms, as_of=LATER, events=events).complaints


def entry(*calls, **more):
    (found,) = register(*calls, **more)
    return found


def test_a_complaint_has_its_due_times_from_the_end_of_its_call():
    found = entry(COMPLAINT)
    assert (found.complaint_id, found.opened_at) == ("a", at(minutes=3))
    assert found.answer_due_at == at(days=1, minutes=3)
    assert found.close_due_at == at(days=3, minutes=3)
    assert found.issue_due_at == at(hours=8, minutes=3)


def test_a_major_one_has_fifteen_days():
    found = entry(call("a", at(), "in", "complaint", "major_complaint"))
    assert (found.is_major, found.close_due_at) == (True, at(days=15, minutes=3))


@pytest.mark.parametrize(
    ("when", "status"),
    [(at(hours=1), "open"), (at(hours=25), "overdue"), (at(days=4), "overdue")],
)
def test_how_an_unanswered_one_stands(when, status):
    assert entry(COMPLAINT).status(when) == status


def test_a_call_to_the_customer_answers_it_and_his_word_closes_it():
    found = entry(COMPLAINT, call("b", at(hours=5), "out"), call("c", at(days=2), "out", "solved"))
    assert (found.call_ids, found.answered_call_id, found.closed_call_id) == (("a", "b", "c"), "b", "c")
    assert (found.answered_at, found.closed_at) == (at(hours=5), at(days=2, minutes=3))
    assert [found.status(t) for t in (at(hours=1), at(hours=6), at(days=2, hours=1))] == ["open", "answered", "closed"]


def test_a_call_that_reached_nobody_is_no_answer():
    assert entry(COMPLAINT, call("b", at(hours=5), "out", talk_s=0.0)).answered_at is None


def test_one_that_is_settled_in_its_own_call_is_closed_with_it():
    found = entry(call("a", at(), "in", "complaint", "solved"))
    assert (found.closed_call_id, found.closed_at, found.answered_at) == ("a", at(minutes=3), at(minutes=3))


def test_a_further_complaint_belongs_to_the_open_entry():
    assert entry(COMPLAINT, call("b", at(days=1), "in", "complaint")).call_ids == ("a", "b")


def test_a_complaint_after_the_end_of_one_is_another():
    found = register(COMPLAINT, call("b", at(days=1), "out", "solved"), call("c", at(days=2), "in", "complaint"))
    assert [c.complaint_id for c in found] == ["a", "c"]


def test_a_complaint_long_after_is_another():
    assert len(register(COMPLAINT, call("b", at(days=40), "in", "complaint"))) == 2


def test_complaints_of_nobody_in_particular_are_each_their_own():
    found = register(COMPLAINT, call("b", at(hours=1), "out", "solved"), call("c", at(hours=2), "in", "complaint"), key=None)
    assert [(c.complaint_id, c.customer_key, c.closed_at) for c in found] == [("a", None, None), ("c", None, None)]


def test_the_crm_closes_by_call_id():
    found = entry(COMPLAINT, events=[CaseEvent("crm", "T1", call_id="a", closed_at=at(days=1), satisfaction=80.0)])
    assert (found.closed_by, found.closed_at, found.answered_at, found.satisfaction) == ("crm", at(days=1), at(days=1), 80.0)
    assert found.registered


def test_the_crm_closes_by_number_and_day():
    told = CaseEvent("crm", "T1", customer_key=KEY, opened_at=at(hours=2), closed_at=at(days=1))
    assert entry(COMPLAINT, events=[told]).closed_by == "crm"


def test_another_day_in_the_crm_is_another_complaint():
    told = CaseEvent("crm", "T1", customer_key=KEY, opened_at=at(days=9), closed_at=at(days=10))
    assert [c.complaint_id for c in register(COMPLAINT, events=[told])] == ["a", "crm:T1"]


def test_of_one_ticket_the_last_word_counts_and_takes_back_nothing_by_silence():
    told = [
        CaseEvent("crm", "T1", call_id="a", answered_at=at(hours=3), note="first"),
        CaseEvent("crm", "T1", call_id="a", closed_at=at(days=2), note="second"),
    ]
    found = entry(COMPLAINT, events=told)
    assert (found.answered_at, found.closed_at, found.note) == (at(hours=3), at(days=2), "second")


def test_the_crm_registers_a_call_in_which_nobody_heard_a_complaint():
    found = entry(call("a", at()), events=[CaseEvent("crm", "T1", call_id="a", is_major=True)])
    assert (found.complaint_id, found.is_major, found.registered) == ("a", True, True)


def test_a_person_closes_it():
    told = CaseEvent("person", "", complaint_id="a", closed_at=at(days=1), by="QA 7", note="called him")
    found = entry(COMPLAINT, events=[told])
    assert (found.closed_by, found.by, found.note) == ("person", "QA 7", "called him")


def test_after_the_crm_has_closed_it_a_complaint_is_another():
    told = CaseEvent("crm", "T1", call_id="a", closed_at=at(days=1))
    assert len(register(COMPLAINT, call("b", at(days=2), "in", "complaint"), events=[told])) == 2


def test_the_earliest_of_several_ends_counts():
    told = CaseEvent("crm", "T1", call_id="a", closed_at=at(days=2))
    found = entry(COMPLAINT, call("b", at(days=1), "out", "solved"), events=[told])
    assert (found.closed_by, found.closed_call_id) == ("call", "b")


def test_deadlines_may_run_in_working_time_only():
    terms = replace(TERMS, working_time=WorkingTime((1, 2, 3, 4, 5), time(9), time(18)))
    friday = call("a", datetime(2026, 11, 6, 17, 0, tzinfo=ZONE), "in", "complaint", minutes=0)
    found = entry(friday, terms=terms)
    assert found.issue_due_at == datetime(2026, 11, 9, 16, 0, tzinfo=ZONE)
    assert found.close_due_at == datetime(2026, 11, 11, 17, 0, tzinfo=ZONE)
    assert terms.hours_between(friday.started_at, found.issue_due_at) == pytest.approx(8.0)

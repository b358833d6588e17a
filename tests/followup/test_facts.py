"""The facts that rules read of a call, from what other calls say."""

from dataclasses import replace
from datetime import date, timedelta

from audit.chains import CaseEvent
from audit.evaluation.facts import KNOWN_FACTS
from audit.followup import DayCount, call_facts, day_rates, follow
from tests.followup.calls import LATER, TERMS, at, call


def facts(*calls, as_of=LATER, events=()):
    return call_facts(follow("k", calls, TERMS, as_of=as_of, events=events), TERMS, as_of=as_of)


def test_every_fact_is_one_that_rules_may_read():
    calls = [
        call("a", at(), "in", "complaint", "callback_promised", cut=True),
        call("b", at(minutes=4), "out", "solved"),
        call("c", at(days=40), "in", "complaint", cut=True),
    ]
    events = [
        CaseEvent("crm", "T", call_id="c", satisfaction=70.0),
        CaseEvent("crm", "U", "issue", opened_at=at(), closed_at=at(1)),
    ]
    found = {name for one in facts(*calls, events=events).values() for name in one}
    rates = {name for one in day_rates([DayCount(date(2026, 11, 2), 1, 1, 1, 1, 1, 1)], TERMS).values() for name in one}
    assert found | rates <= set(KNOWN_FACTS)
    assert len(found) >= 10


def test_a_call_back_gives_its_seconds_and_words():
    found = facts(call("a", at(), cut=True), call("b", at(minutes=4), "out", "apology_first"))["a"]
    assert found["call.redialled_within_s"] == 60.0
    assert (found["call.redialled"], found["call.redial_apologised"], found["call.redial_explained"]) == (True, True, False)


def test_a_missed_call_back_gives_no_seconds():
    found = facts(call("a", at(), cut=True))["a"]
    assert found["call.redialled"] is False
    assert "call.redialled_within_s" not in found


def test_what_waits_is_no_fact():
    assert facts(call("a", at(), "out", "callback_promised", cut=True), as_of=at(hours=1)) == {}


def test_a_complaint_gives_hours_and_days_to_its_opening_call():
    found = facts(call("a", at(), "in", "complaint"), call("b", at(hours=12, minutes=3), "out", "solved"))
    assert found["a"]["complaint.answered_within_h"] == 12.0
    assert found["a"]["complaint.closed_within_d"] == round((12 * 60 + 3) / 1440, 3)
    assert "complaint.closed" not in found.get("b", {})


def test_an_overdue_complaint_says_so_and_an_open_one_does_not():
    assert facts(call("a", at(), "in", "complaint"), as_of=at(days=2))["a"]["complaint.overdue"] is True
    assert "complaint.overdue" not in facts(call("a", at(), "in", "complaint"), as_of=at(hours=2))["a"]


def test_an_issue_of_the_crm_gives_its_hours():
    events = [CaseEvent("crm", "T", "issue", call_id="a", closed_at=at(hours=6, minutes=3))]
    found = facts(call("a", at()), events=events)["a"]
    assert (found["issue.closed_within_h"], found["call.is_complaint"]) == (6.0, False)


def test_rates_are_taken_over_the_days_that_end_with_the_day():
    first = date(2026, 11, 1)
    days = [DayCount(first + timedelta(days=n), n_calls=10, n_complaints=1 if n == 0 else 0) for n in range(40)]
    rates = day_rates(days, TERMS)
    assert rates[first]["team.complaint_rate"] == 0.1
    assert rates[first + timedelta(days=29)]["team.complaint_rate"] == 0.003
    assert rates[first + timedelta(days=30)]["team.complaint_rate"] == 0.0


def test_a_rate_of_nothing_is_no_rate():
    assert day_rates([DayCount(date(2026, 11, 1))], TERMS)[date(2026, 11, 1)] == {}


def test_a_rate_over_few_calls_is_no_rate():
    days = [DayCount(date(2026, 11, 1), n_calls=99, n_complaints=1), DayCount(date(2026, 11, 2), n_calls=1)]
    rates = day_rates(days, replace(TERMS, rate_min_calls=100))
    assert "team.complaint_rate" not in rates[date(2026, 11, 1)]
    assert rates[date(2026, 11, 2)]["team.complaint_rate"] == 0.01

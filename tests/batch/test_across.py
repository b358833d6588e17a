"""What calls say of each other reaches the verdicts, and then there is an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audit.batch.across import look_across
from audit.batch.judge import ScorecardJudge
from audit.batch.rescore import rescore
from audit.chains import CaseEvent
from audit.evaluation.cases import record_of_case
from audit.pipeline import Settings
from audit.records import Metadata
from audit.storage import Store, load_followups, save_events, stale_calls
from tests.followup.calls import at
from tests.storage.test_ledger import saved

NOW = datetime(2026, 12, 31, tzinfo=UTC)
BACK = ["Agent: 您好，不好意思刚才线路断了，我们接着说", "Customer: 好的"]


@pytest.fixture
def out(tmp_path):
    (tmp_path / "calls").mkdir()
    return tmp_path


def keep(store, judge, call_id, start, way, turns, *, cut=False, number="13800138000"):
    record = record_of_case({"turns": turns, "cut_off": cut}, "zh")
    metadata = Metadata(
        call_id,
        "A1",
        customer_number=number,
        direction=way,
        started_at=start,
        ended_at=start + timedelta(minutes=3),
        source="cdr",
    )
    record = replace(record, call_id=call_id, metadata=metadata)
    saved(store, record, judge.evaluate(record))


def look(store, out, **more):
    judge = ScorecardJudge(Settings(), store)
    return look_across(store, judge, out, options={}, lang="en", clock=lambda: NOW, languages={"zh"}, **more)


def verdicts(store, criterion):
    return {c.record.call_id: next(o.outcome for o in c.evaluation.outcomes if o.criterion == criterion) for c in store.calls()}


def test_a_call_back_found_later_decides_the_rule_of_the_call_that_was_cut_off(out):
    judge = ScorecardJudge(Settings())
    with Store.in_folder(out) as store:
        keep(store, judge, "a", at(), "inbound", ["Agent: 您好", "Customer: 那我这个月的"], cut=True)
        assert verdicts(store, "close.cut-off-redial") == {"a": "not_evaluable"}
        keep(store, judge, "b", at(minutes=4), "outbound", BACK)
        found = look(store, out)
        assert found.n_rejudged == 1  # of the call back nothing new is known
        assert verdicts(store, "close.cut-off-redial") == {"a": "pass", "b": "not_applicable"}
        assert verdicts(store, "team.calls-per-day") == {"a": "not_evaluable", "b": "not_evaluable"}  # a sample
        again = look(store, out)
        assert (again.n_owners, again.n_rejudged, stale_calls(store)) == (0, 0, {})


def test_a_cut_off_call_that_nobody_called_back_fails_once_the_time_is_over(out):
    judge = ScorecardJudge(Settings())
    with Store.in_folder(out) as store:
        keep(store, judge, "a", at(), "inbound", ["Agent: 您好", "Customer: 那我这个月的"], cut=True)
        keep(store, judge, "z", at(days=3), "outbound", ["Agent: 您好", "Customer: 你好"], number="13900139000")
        look(store, out)
        assert verdicts(store, "close.cut-off-redial")["a"] == "fail"


def test_what_the_crm_says_decides_the_deadlines(out):
    judge = ScorecardJudge(Settings())
    with Store.in_folder(out) as store:
        keep(store, judge, "a", at(), "inbound", ["Agent: 您好", "Customer: 我要投诉你们"])
        look(store, out)
        assert verdicts(store, "complaint.deadlines") == {"a": "not_evaluable"}
        told = CaseEvent("crm", "T1", call_id="a", answered_at=at(hours=2), closed_at=at(days=2))
        save_events(store, [(told, None)], now=NOW)
        look(store, out)
        assert verdicts(store, "complaint.deadlines") == {"a": "pass"}


def test_a_rescore_with_the_same_facts_leaves_the_calls_alone(out):
    judge = ScorecardJudge(Settings())
    with Store.in_folder(out) as store:
        keep(store, judge, "a", at(), "inbound", ["Agent: 您好", "Customer: 那我这个月的"], cut=True)
        look(store, out)
        more = {"options": {}, "lang": "en", "clock": lambda: NOW}
        assert rescore(store, ScorecardJudge(Settings(), store), out, **more, files_here_only=True).n_unchanged == 1


def test_a_file_that_lies_elsewhere_is_not_written_here(out):
    judge = ScorecardJudge(Settings())
    with Store.in_folder(out) as store:
        keep(store, judge, "a", at(), "inbound", ["Agent: 您好", "Customer: 你好"])
        look(store, out)
    assert list((out / "calls").iterdir()) == []


def test_promises_fall_due_as_the_scorecard_says_and_a_profile_may_say_otherwise(out):
    judge = ScorecardJudge(Settings())
    with Store.in_folder(out) as store:
        keep(store, judge, "a", at(), "inbound", ["Customer: 那怎么办", "Agent: 我核实后给您回电"])
        keep(store, judge, "o", at(), "outbound", ["Agent: 您好"], number="13600136000")
        look(store, out)
        (found,) = load_followups(store).callbacks
        assert found.due_at == at(hours=24, minutes=3)
        look(store, out, terms={"promises": {"callback_promised": {"due_h": 2}}})
        assert load_followups(store).callbacks[0].due_at == at(hours=2, minutes=3)

"""When and how calls came, from digests made by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from audit.digests import CallDigest
from audit.report.activity import activity_of, add_activities
from audit.report.rates import Rate

AT = datetime(2026, 11, 16, 9, 30, tzinfo=timezone(timedelta(hours=8)))


def test_calls_count_as_answered_in_time_by_their_local_hour() -> None:
    calls = [CallDigest(str(i), started_at=AT, n_rings=n, direction="inbound") for i, n in enumerate([2, 3, 4])]
    made = activity_of(calls, 3)
    assert (made.hours, made.answered) == ({9: Rate(2, 3)}, Rate(2, 3))


def test_calls_of_unknown_local_hour_are_in_no_hour_and_no_day() -> None:
    made = activity_of([CallDigest("a", started_at=AT, utc_only=True, n_rings=1)], 3)
    assert (made.hours, made.days, made.answered) == ({}, {}, Rate(1, 1))


@pytest.mark.parametrize("call", [CallDigest("a", n_rings=None), CallDigest("b", n_rings=1, direction="outbound")])
def test_calls_without_known_rings_and_the_agents_own_are_not_in_the_service_level(call: CallDigest) -> None:
    assert activity_of([call], 3).answered == Rate()


def test_complaints_are_of_the_calls_in_which_they_could_be_judged() -> None:
    calls = [
        CallDigest(str(i), signs=s) for i, s in enumerate([{"complaint": True}, {"complaint": False}, {"complaint": None}, {}])
    ]
    assert activity_of(calls, None).complaints == Rate(1, 2)


def test_the_activity_of_two_agents_is_that_of_all_their_calls() -> None:
    calls = [CallDigest(str(i), started_at=AT + timedelta(hours=8 * i), score=70.0 + i, n_rings=i) for i in range(6)]
    assert add_activities([activity_of(calls[:2], 3), activity_of(calls[2:], 3)]) == activity_of(calls, 3)
    assert list(activity_of(calls, 3).days) == [date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)]

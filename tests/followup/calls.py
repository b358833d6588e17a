"""Calls as the links see them, made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from audit.digests import CallDigest
from audit.followup import FollowUpTerms, Promise

ZONE = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 2, 10, 0, tzinfo=ZONE)
LATER = MONDAY + timedelta(days=60)
TERMS = FollowUpTerms(
    rate_min_calls=1,
    whole_days=True,
    promises={
        "callback_promised": Promise(due_h=24),
        "callback_tomorrow": Promise(due_days=1),
        "callback_today": Promise(due_days=0),
    },
)
SIGNS = (
    "complaint",
    "major_complaint",
    "apology_first",
    "cause_told",
    "solved",
    "callback_promised",
    "callback_tomorrow",
    "callback_today",
)


def at(days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
    """A moment after Monday at ten."""
    return MONDAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def call(
    call_id: str,
    start: datetime,
    way: str | None = "in",
    *signs: str,
    minutes: float = 3,
    cut: bool = False,
    words: bool = True,
    number: str = "13800138000",
    agent: str = "A1",
    talk_s: float | None = 100.0,
) -> CallDigest:
    """A call of some minutes; the signs named are there, the others are not, and without words none can be told."""
    return CallDigest(
        call_id,
        agent_id=agent,
        customer_number=number,
        direction={"in": "inbound", "out": "outbound"}.get(way or "", way),
        started_at=start,
        ended_at=start + timedelta(minutes=minutes),
        duration_s=minutes * 60,
        talk_s=talk_s,
        cut_off=cut,
        signs={s: s in signs for s in SIGNS} if words else dict.fromkeys(SIGNS),
    )

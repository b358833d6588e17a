"""Customers who call again within some days (team.fast-resolution)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from audit.chains import Repeat
from audit.followup.contacts import Contact
from audit.followup.terms import FollowUpTerms


@dataclass(frozen=True, slots=True)
class Around:
    """How often a customer called before and after one call, within the days that count.

    Attributes
    ----------
    n_after : int or None
        None while none came and the time for it is not over.
    """

    call_id: str
    n_before: int
    n_after: int | None


def inbound(contacts: Sequence[Contact], terms: FollowUpTerms) -> tuple[Contact, ...]:
    """The times the customer called, each once: what continues a call is no call of its own.

    A call continues another where it begins before that has ended, or where that was cut off and the customer is the first
    to call again.
    """
    kept: list[Contact] = []
    end: datetime | None = None
    cut_until: datetime | None = None
    for c in contacts:
        joined = end is not None and c.start <= end + timedelta(seconds=terms.joined_s)
        resumed = cut_until is not None and c.start <= cut_until
        if c.way == "in" and not joined and not resumed:
            kept.append(c)
        end = c.end if end is None else max(end, c.end)
        cut_until = c.end + timedelta(hours=terms.redial_within_h) if c.is_cut else None
    return tuple(kept)


def repeats(key: str, calls: Sequence[Contact], terms: FollowUpTerms) -> Iterator[Repeat]:
    """Each call of the customer's joined to the next, where that came soon enough.

    Parameters
    ----------
    calls : sequence of Contact
        As :func:`inbound` gives them.
    """
    for earlier, later in pairwise(calls):
        gap = later.start - earlier.end
        if gap <= timedelta(days=terms.repeat_days):
            after_h = round(max(0.0, gap.total_seconds()) / 3600.0, 3)
            e = earlier.call
            yield Repeat(e.call_id, later.call.call_id, key, e.agent_id, earlier.start, after_h)


def around(calls: Sequence[Contact], terms: FollowUpTerms, as_of: datetime) -> Iterator[Around]:
    """How often the customer called before and after each of the calls."""
    window = timedelta(days=terms.repeat_days)
    for i, c in enumerate(calls):
        n_before = sum(c.start - b.end <= window for b in calls[:i])
        n_after = sum(a.start - c.end <= window for a in calls[i + 1 :])
        yield Around(c.call.call_id, n_before, n_after if n_after or as_of > c.end + window else None)

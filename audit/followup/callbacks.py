"""Promises to call back, kept or not (talk.callback-commitment, followed up)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from audit.chains import CallBack
from audit.followup.contacts import SOLVED, Contact, after
from audit.followup.terms import FollowUpTerms, Promise


def callbacks(key: str, contacts: Sequence[Contact], terms: FollowUpTerms, as_of: datetime) -> Iterator[CallBack]:
    """Each promise of a call back to a customer and what became of it.

    Any later call to the customer keeps it, whether it reached him or not, and several promises may be kept by one call.
    """
    for i, c in enumerate(contacts):
        promise = promised(c, terms)
        if promise is not None:
            yield _followed(key, c, due_at(c, promise, terms), after(contacts, i, terms), terms, as_of)


def promised(contact: Contact, terms: FollowUpTerms) -> Promise | None:
    """What is promised in a call; None where nothing is."""
    return next((p for sign, p in reversed(tuple(terms.promises.items())) if contact.sign(sign)), None)


def due_at(contact: Contact, promise: Promise, terms: FollowUpTerms) -> datetime:
    """When a promise made in a call falls due."""
    if promise.due_days is None:
        return terms.due(contact.end, hours=promise.due_h or 0.0)
    day = contact.end.date() + timedelta(days=promise.due_days + 1)
    return datetime.combine(day, time(0), tzinfo=contact.end.tzinfo)


def _followed(
    key: str, made: Contact, due: datetime, later: Sequence[Contact], terms: FollowUpTerms, as_of: datetime
) -> CallBack:
    late_from = due + timedelta(minutes=terms.callback_grace_min)
    given_up_at = due + timedelta(days=terms.callback_search_days)
    head = (made.call.call_id, key, made.call.agent_id, made.end, due)
    for c in later:
        if c.start > given_up_at:
            break
        if c.way == "out":
            return CallBack(*head, "kept" if c.start <= late_from else "late", c.call.call_id, c.start)
        if c.way == "in" and c.sign(SOLVED):
            return CallBack(*head, "overtaken", c.call.call_id, c.start)
    return CallBack(*head, "missed" if as_of > late_from else "pending")

"""All that the calls of one customer say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from audit.chains import CallBack, CaseEvent, Complaint, Redial, Repeat
from audit.digests import CallDigest
from audit.followup.callbacks import callbacks
from audit.followup.complaints import complaints
from audit.followup.contacts import Contact, contacts_of, is_switchboard
from audit.followup.redials import redials
from audit.followup.repeats import Around, around, inbound, repeats
from audit.followup.terms import FollowUpTerms


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of one customer's calls.

    Attributes
    ----------
    around : tuple of Around
        For each time the customer called.
    is_switchboard : bool
        The number has too many calls to be one customer's: nothing but complaints is told, each by itself.
    recheck_at : datetime or None
        When something that waits now is decided, if no call comes before; None where nothing waits.
    """

    redials: tuple[Redial, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    callbacks: tuple[CallBack, ...] = ()
    around: tuple[Around, ...] = ()
    is_switchboard: bool = False
    recheck_at: datetime | None = None


def follow(
    key: str | None,
    calls: Iterable[CallDigest],
    terms: FollowUpTerms,
    *,
    as_of: datetime,
    events: Sequence[CaseEvent] = (),
    sees_outbound: bool = True,
) -> Followed:
    """Link the calls of one customer.

    Parameters
    ----------
    key : str or None
        The customer; None for calls whose number tells nobody apart, of which complaints alone are told, each by itself.
    calls : iterable of CallDigest
        All the calls of this customer, in any order.
    terms : FollowUpTerms
    as_of : datetime
        The moment up to which calls are known, with a zone: what has not been seen until then did not happen.
    events : sequence of CaseEvent
        What the CRM and people say of this customer's complaints, in the order in which they said it.
    sees_outbound : bool
        Calls to customers are recorded at all. Where they are not, nobody can be said not to have called back: a cut-off
        without a further call is of *unknown* end, and promises are not followed.
    """
    contacts = contacts_of(calls, terms)
    is_alone = key is None or is_switchboard(contacts, terms)
    if key is None or is_alone:
        found = complaints(None, contacts, events, terms)
        return Followed(complaints=found, is_switchboard=key is not None, recheck_at=_next(_dues(found), as_of))
    customers = inbound(contacts, terms)
    redialled = tuple(redials(key, contacts, terms, as_of))
    promised = tuple(callbacks(key, contacts, terms, as_of)) if sees_outbound else ()
    if not sees_outbound:
        redialled = tuple(r if r.next_call_id else replace(r, status="unknown", in_time=None) for r in redialled)
    complained = complaints(key, contacts, events, terms)
    around_ = tuple(around(customers, terms, as_of))
    waits = [*_dues(complained), *_waits(contacts, customers, redialled, promised, around_, terms)]
    return Followed(
        redialled,
        tuple(repeats(key, customers, terms)),
        complained,
        promised,
        around_,
        recheck_at=_next(waits, as_of),
    )


def _dues(found: Iterable[Complaint]) -> Iterator[datetime]:
    for c in found:
        if c.closed_at is None:
            yield c.issue_due_at if c.kind == "issue" else c.close_due_at
        if c.answered_at is None and c.kind == "complaint":
            yield c.answer_due_at


def _waits(
    contacts: Sequence[Contact],
    customers: Sequence[Contact],
    redialled: Iterable[Redial],
    promised: Iterable[CallBack],
    around_: Iterable[Around],
    terms: FollowUpTerms,
) -> Iterator[datetime]:
    """Moments at which something that waits is decided."""
    for r in redialled:
        if r.status == "pending":
            yield r.cut_off_at + timedelta(hours=terms.redial_within_h)
    for p in promised:
        if p.status == "pending":
            yield p.due_at + timedelta(minutes=terms.callback_grace_min)
    for c, a in zip(customers, around_, strict=True):
        if a.n_after is None:
            yield c.end + timedelta(days=terms.repeat_days)


def _next(moments: Iterable[datetime], as_of: datetime) -> datetime | None:
    return min((m for m in moments if m >= as_of), default=None)

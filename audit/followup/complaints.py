"""The complaint register: one entry a complaint, its due times, and who answered and closed it (complaint.deadlines)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from audit.chains import CaseEvent, Complaint, Source
from audit.followup.contacts import COMPLAINT, MAJOR, SOLVED, Contact
from audit.followup.terms import FollowUpTerms

#: When something ended, who says so, and the call that did it.
_End = tuple[datetime, Source, str | None]
#: What a later word of the CRM on a ticket does not take back by leaving it out.
_KEPT = (
    "complaint_id", "call_id", "customer_key", "opened_at", "answered_at", "closed_at", "is_major", "satisfaction", "by",
    "note",
)  # fmt: skip


@dataclass(slots=True)
class _Entry:
    """An entry while it grows."""

    made: Complaint
    calls: list[Contact] = field(default_factory=list)

    def told_by(self, event: CaseEvent, terms: FollowUpTerms) -> bool:
        """Whether an event speaks of this entry."""
        if event.complaint_id is not None:
            return event.complaint_id == self.made.complaint_id
        if event.call_id is not None:
            return event.call_id in (c.call.call_id for c in self.calls)
        if event.opened_at is None or event.customer_key is None or event.customer_key != self.made.customer_key:
            return False
        return abs(event.opened_at - self.made.opened_at) <= timedelta(hours=terms.crm_match_h)


def complaints(
    key: str | None, contacts: Sequence[Contact], events: Sequence[CaseEvent], terms: FollowUpTerms
) -> tuple[Complaint, ...]:
    """The register's entries of one customer.

    A call in which the customer complains, or that the CRM names, opens one, or belongs to the one that is open. A later
    call to the customer that reached him answers it; a call in which he says that it is settled answers and closes it.
    What the CRM or a person says is taken with it: the earliest counts.

    Parameters
    ----------
    key : str or None
        None for calls whose number tells nobody apart: each is then a customer of its own.
    contacts : sequence of Contact
        Of one customer, by start.
    events : sequence of CaseEvent
        Of this customer, in the order in which they were told; of one ticket the last word counts.
    """
    told = _last_words(events)
    named = {t.call_id for t in told if t.source == "crm" and t.call_id is not None}
    entries: list[_Entry] = []
    entry: _Entry | None = None
    for c in contacts:
        if entry is not None and (_is_over(entry, c, told, terms) or key is None):
            entry = None
        if c.sign(COMPLAINT) or c.call.call_id in named:
            if entry is None:
                entry = _Entry(_opened(key, c, terms))
                entries.append(entry)
            entry.calls.append(c)
        elif entry is not None and (c.way == "out" or c.sign(SOLVED)):
            entry.calls.append(c)
    registered = [_applied(e, [t for t in told if e.told_by(t, terms)], terms) for e in entries]
    unknown = [t for t in told if not any(e.told_by(t, terms) for e in entries)]
    return (*registered, *(_from_register(t, t.opened_at, terms) for t in unknown if t.opened_at is not None))


def _is_over(entry: _Entry, c: Contact, told: Sequence[CaseEvent], terms: FollowUpTerms) -> bool:
    """Whether an entry had ended before a call."""
    closed = any(before.sign(SOLVED) for before in entry.calls)
    told_closed = any(t.closed_at is not None and t.closed_at <= c.start for t in told if entry.told_by(t, terms))
    last = entry.calls[-1].end
    return closed or told_closed or c.start - last > timedelta(days=terms.complaint_chain_days)


def _opened(key: str | None, c: Contact, terms: FollowUpTerms) -> Complaint:
    due = _due_times(c.end, is_major=False, terms=terms)
    return Complaint(c.call.call_id, "complaint", key, c.call.agent_id, (c.call.call_id,), c.end, False, *due)


def _due_times(opened: datetime, *, is_major: bool, terms: FollowUpTerms) -> tuple[datetime, datetime, datetime]:
    days = terms.major_close_days if is_major else terms.close_days
    return terms.due(opened, hours=terms.answer_h), terms.due(opened, days=days), terms.due(opened, hours=terms.issue_h)


def _applied(entry: _Entry, told: Sequence[CaseEvent], terms: FollowUpTerms) -> Complaint:
    """An entry with what its calls and what CRM and people say of it."""
    first, calls = entry.calls[0], entry.calls
    solved = next((c for c in calls if c.sign(SOLVED)), None)
    reply = next((c for c in calls[1:] if c.way == "out" and c.is_reached), None)
    answers: list[_End] = [(c.start, "call", c.call.call_id) for c in [reply] if c is not None]
    answers += [(c.end, "call", c.call.call_id) for c in [solved] if c is not None]
    answers += [(t.answered_at, t.source, None) for t in told if t.answered_at is not None]
    closings: list[_End] = [(c.end, "call", c.call.call_id) for c in [solved] if c is not None]
    closings += [(t.closed_at, t.source, None) for t in told if t.closed_at is not None]
    closed = min(closings, key=lambda a: a[0], default=None)
    answered = min([*answers, *([closed] if closed else [])], key=lambda a: a[0], default=None)
    said_major = [t.is_major for t in told if t.is_major is not None]
    is_major = said_major[-1] if said_major else any(c.sign(MAJOR) for c in calls)
    answer_due, close_due, issue_due = _due_times(first.end, is_major=is_major, terms=terms)
    made = replace(
        entry.made,
        call_ids=tuple(c.call.call_id for c in calls),
        is_major=is_major,
        answer_due_at=answer_due,
        close_due_at=close_due,
        issue_due_at=issue_due,
        kind=next((t.kind for t in reversed(told) if t.source == "crm"), "complaint"),
    )
    return _told(_ended(made, answered, closed), told)


def _from_register(event: CaseEvent, opened: datetime, terms: FollowUpTerms) -> Complaint:
    """An entry that only the CRM knows."""
    due = _due_times(opened, is_major=event.is_major is True, terms=terms)
    name, calls = f"crm:{event.ref}", (event.call_id,) if event.call_id else ()
    made = Complaint(name, event.kind, event.customer_key, None, calls, opened, event.is_major is True, *due)
    closed = (event.closed_at, event.source, None) if event.closed_at else None
    answered = (event.answered_at, event.source, None) if event.answered_at else closed
    return _told(_ended(made, answered, closed), [event])


def _ended(made: Complaint, answered: _End | None, closed: _End | None) -> Complaint:
    if answered is not None:
        at, by, call_id = answered
        made = replace(made, answered_at=at, answered_by=by, answered_call_id=call_id)
    if closed is not None:
        at, by, call_id = closed
        made = replace(made, closed_at=at, closed_by=by, closed_call_id=call_id)
    return made


def _told(made: Complaint, told: Sequence[CaseEvent]) -> Complaint:
    """With the words of those who told of it."""
    scores = [t.satisfaction for t in told if t.satisfaction is not None]
    return replace(
        made,
        satisfaction=scores[-1] if scores else None,
        registered=bool(told),
        by=next((t.by for t in reversed(told) if t.by), ""),
        note=next((t.note for t in reversed(told) if t.note), ""),
    )


def _last_words(events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """Of one ticket of the CRM's what was told last, with what only earlier words said of it; all that people said."""
    out: list[CaseEvent] = []
    places: dict[str, int] = {}
    for event in events:
        if event.source == "crm" and event.ref:
            if event.ref in places:
                before = out[places[event.ref]]
                kept = {n: getattr(before, n) for n in _KEPT if getattr(event, n) in (None, "")}
                out[places[event.ref]] = replace(event, **kept)
                continue
            places[event.ref] = len(out)
        out.append(event)
    return out

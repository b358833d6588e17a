"""From links to the facts that rules read, by the names of :mod:`audit.evaluation.facts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from audit.chains import Complaint, Redial
from audit.followup.follow import Followed
from audit.followup.terms import FollowUpTerms

Value = float | int | bool

#: A rate is rounded to this many decimals, so that verdicts are not made anew for a change that nobody would see.
RATE_DECIMALS = 3
_TIME_DECIMALS = 3


def call_facts(
    followed: Followed, terms: FollowUpTerms, *, as_of: datetime, sees_outbound: bool = True
) -> dict[str, dict[str, Value]]:
    """Facts of each call of a customer, by call id; calls of which there is nothing to say are left out.

    What waits is not handed in: a rule that asks for it is not evaluable until it is decided.

    Parameters
    ----------
    followed : Followed
    terms : FollowUpTerms
    as_of : datetime
        As it was given to :func:`audit.followup.follow.follow`.
    sees_outbound : bool
        The same. Without calls to customers a complaint that nobody answered may have been answered.
    """
    facts: dict[str, dict[str, Value]] = {}

    def of(call_id: str) -> dict[str, Value]:
        return facts.setdefault(call_id, {})

    for redial in followed.redials:
        of(redial.call_id).update(_redial_facts(redial))
    for a in followed.around:
        of(a.call_id)["call.contacts_before"] = a.n_before
        if a.n_after is not None:
            of(a.call_id)["team.repeat_contacts"] = a.n_after
    for promise in followed.callbacks:
        if promise.status in ("kept", "late", "missed"):
            of(promise.call_id)["call.callback_kept"] = promise.status == "kept"
    for c in followed.complaints:
        found = _complaint_facts(c, terms, as_of)
        if not sees_outbound and not c.registered:
            found.pop("complaint.overdue", None)
        for call_id in c.call_ids[:1]:
            of(call_id).update(found)
    return {call_id: found for call_id, found in facts.items() if found}


def _redial_facts(r: Redial) -> dict[str, Value]:
    if r.status == "called_back" and r.after_s is not None:
        out: dict[str, Value] = {"call.redialled": True, "call.redialled_within_s": round(r.after_s, 1)}
        if r.apologised is not None:
            out["call.redial_apologised"] = r.apologised
        if r.explained is not None:
            out["call.redial_explained"] = r.explained
        return out
    if r.status == "missed" or (r.status == "customer_called" and r.in_time is False):
        return {"call.redialled": False}
    return {}


def _complaint_facts(c: Complaint, terms: FollowUpTerms, as_of: datetime) -> dict[str, Value]:
    out: dict[str, Value] = {}
    if c.registered:
        out["call.is_complaint"] = c.kind == "complaint"
    if c.kind == "issue":
        if c.closed_at is not None:
            out["issue.closed_within_h"] = _hours(c.opened_at, c.closed_at, terms)
        return out
    out["complaint.is_major"] = c.is_major
    if c.answered_at is not None:
        out["complaint.answered_within_h"] = _hours(c.opened_at, c.answered_at, terms)
    if c.closed_at is not None:
        out["complaint.closed_within_d"] = round(
            max(0.0, terms.hours_between(c.opened_at, c.closed_at)) / terms.hours_per_day, _TIME_DECIMALS
        )
        out["complaint.closed"] = True
    elif as_of > c.close_due_at:
        out["complaint.closed"] = False
    if c.is_overdue(as_of):
        out["complaint.overdue"] = True
    if c.satisfaction is not None:
        out["complaint.satisfaction"] = c.satisfaction
    return out


def _hours(start: datetime, end: datetime, terms: FollowUpTerms) -> float:
    return round(max(0.0, terms.hours_between(start, end)), _TIME_DECIMALS)


@dataclass(frozen=True, slots=True)
class DayCount:
    """What one day of one team adds to its rates.

    Attributes
    ----------
    n_calls : int
        In which it can be told whether somebody complained.
    n_complaints : int
        Of these, those in which somebody did.
    n_asked, n_repeated : int
        Calls of customers of which it is known whether another came, and those after which one did.
    n_due, n_closed : int
        Complaints opened that day which are closed or ought to be, and those that are closed.
    """

    day: date
    n_calls: int = 0
    n_complaints: int = 0
    n_asked: int = 0
    n_repeated: int = 0
    n_due: int = 0
    n_closed: int = 0


def day_rates(days: Iterable[DayCount], terms: FollowUpTerms) -> Mapping[date, Mapping[str, float]]:
    """The rates that hold on each day: over the days that end with it.

    Taken so, and not over the calendar month, a rate stands once its day is over: the calls of a month are not judged
    anew each night.

    Parameters
    ----------
    days : iterable of DayCount
        Of one team, in any order.

    Returns
    -------
    mapping of day to facts
        ``team.complaint_rate``, ``team.repeat_rate`` and ``complaint.closure_rate``, as far as there is enough to count.
    """
    known = {d.day: d for d in days}
    out: dict[date, Mapping[str, float]] = {}
    for day in known:
        within = [d for n in range(terms.rate_days) if (d := known.get(day - timedelta(days=n))) is not None]
        least = terms.rate_min_calls
        rates = {
            "team.complaint_rate": (sum(d.n_complaints for d in within), sum(d.n_calls for d in within), least),
            "team.repeat_rate": (sum(d.n_repeated for d in within), sum(d.n_asked for d in within), least),
            "complaint.closure_rate": (sum(d.n_closed for d in within), sum(d.n_due for d in within), 1),
        }
        out[day] = {name: round(n / of, RATE_DECIMALS) for name, (n, of, least) in rates.items() if of >= least}
    return out

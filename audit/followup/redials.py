"""Calls that were cut off, and whether somebody called back (close.cut-off-redial)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from audit.chains import Redial, RedialStatus
from audit.followup.contacts import APOLOGY, CAUSE, Contact, after
from audit.followup.terms import FollowUpTerms


def redials(key: str, contacts: Sequence[Contact], terms: FollowUpTerms, as_of: datetime) -> Iterator[Redial]:
    """What followed each call of a customer that was cut off.

    The next call of the customer counts, whichever way it went; of several attempts to call back the first gives the
    time, the first in which somebody was reached the words.

    Parameters
    ----------
    key : str
    contacts : sequence of Contact
        Of one customer, by start.
    terms : FollowUpTerms
    as_of : datetime
        Up to where calls are known.
    """
    for i, cut in enumerate(contacts):
        if not cut.is_cut:
            continue
        limit = cut.end + timedelta(hours=terms.redial_within_h)
        later = [c for c in after(contacts, i, terms) if c.start <= limit]
        is_over = as_of > limit
        made = Redial(
            cut.call.call_id,
            key,
            cut.call.agent_id,
            cut.end,
            "missed" if is_over else "pending",
            in_time=False if is_over else None,
        )
        if later:
            made = _followed(made, later, terms)
        yield made


def _followed(redial: Redial, later: Sequence[Contact], terms: FollowUpTerms) -> Redial:
    first = later[0]
    after_s = max(0.0, (first.start - redial.cut_off_at).total_seconds())
    joined = (redial.call_id, redial.customer_key, redial.agent_id, redial.cut_off_at)
    if first.way != "out":
        status: RedialStatus = "customer_called" if first.way == "in" else "unknown"
        # A customer who was quicker than anybody could be has spared the agent the call.
        in_time = False if status == "customer_called" and after_s > terms.redial_in_time_s else None
        return Redial(*joined, status, first.call.call_id, after_s, in_time)
    attempts = []
    for c in later:
        if c.way != "out":
            break
        attempts.append(c)
    spoken = next((c for c in attempts if c.is_reached), first)
    return Redial(
        *joined,
        "called_back",
        spoken.call.call_id,
        after_s,
        after_s <= terms.redial_in_time_s,
        spoken.sign(APOLOGY) if spoken.is_reached else None,
        spoken.sign(CAUSE) if spoken.is_reached else None,
    )

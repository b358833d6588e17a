"""The calls of one customer in order, as the links see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from audit.digests import CallDigest
from audit.followup.terms import FollowUpTerms

Way = Literal["in", "out", "unknown"]

#: Signs of the packs that links rest on.
COMPLAINT, MAJOR, APOLOGY, CAUSE, SOLVED = "complaint", "major_complaint", "apology_first", "cause_told", "solved"


@dataclass(frozen=True, slots=True)
class Contact:
    """One call with both its times known.

    Attributes
    ----------
    way : {"in", "out", "unknown"}
        Who called whom.
    is_cut : bool
        It was cut off.
    is_reached : bool
        Somebody spoke, or it is not known that nobody did.
    """

    call: CallDigest
    start: datetime
    end: datetime
    way: Way
    is_cut: bool
    is_reached: bool

    def sign(self, name: str) -> bool | None:
        """What a sign says of the call; None where it cannot be told."""
        return self.call.signs.get(name)


def contacts_of(calls: Iterable[CallDigest], terms: FollowUpTerms) -> tuple[Contact, ...]:
    """Calls with customers by their start; those without times and those within the house are left out."""
    found = []
    for call in calls:
        if call.started_at is None or call.ended_at is None or call.direction == "internal":
            continue
        ways: dict[str | None, Way] = {"inbound": "in", "outbound": "out"}
        cut = call.cut_off is True or (terms.cut_off_by_system and call.hangup_by == "system")
        end = max(call.started_at, call.ended_at)
        found.append(Contact(call, call.started_at, end, ways.get(call.direction, "unknown"), cut, call.talk_s != 0.0))
    return tuple(sorted(found, key=lambda c: (c.start, c.call.call_id)))


def is_switchboard(contacts: Sequence[Contact], terms: FollowUpTerms) -> bool:
    """Whether so many calls came on one local day that the number cannot be one customer's."""
    per_day = Counter(c.start.date() for c in contacts)
    return max(per_day.values(), default=0) > terms.max_calls_per_day


def after(contacts: Sequence[Contact], at: int, terms: FollowUpTerms) -> Sequence[Contact]:
    """The calls that begin after the one at a place has ended."""
    earliest = contacts[at].end - timedelta(seconds=terms.joined_s)
    return [c for c in contacts[at + 1 :] if c.start >= earliest]

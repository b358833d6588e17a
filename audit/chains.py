"""What several calls of one customer say together, as frozen values; every link names the calls it joins.

Nothing here holds a word that was said. How the links are found stands in :mod:`audit.followup`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypeVar

RedialStatus = Literal["called_back", "customer_called", "missed", "pending", "unknown"]
CallBackStatus = Literal["kept", "late", "missed", "overtaken", "pending"]
ComplaintStatus = Literal["open", "answered", "closed", "overdue"]
Source = Literal["call", "crm", "person"]
CaseKind = Literal["complaint", "issue"]
Kind = Literal["redial", "repeat", "complaint", "callback"]


@dataclass(frozen=True, slots=True)
class Redial:
    """A call that was cut off, and what followed.

    Attributes
    ----------
    status : {"called_back", "customer_called", "missed", "pending", "unknown"}
        The agent's side called the customer; the customer called again first; nobody did in the time in which it is looked
        for; that time is not over; or a call followed whose direction is not known.
    next_call_id : str or None
        The call that followed.
    after_s : float or None
        From the cut to that call.
    in_time : bool or None
        Called back soon enough; None while it is not known.
    apologised, explained : bool or None
        Of a call back; None where it has no words.
    """

    call_id: str
    customer_key: str
    agent_id: str | None
    cut_off_at: datetime
    status: RedialStatus
    next_call_id: str | None = None
    after_s: float | None = None
    in_time: bool | None = None
    apologised: bool | None = None
    explained: bool | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """A customer who called again within some days: told by the number alone, not by the matter."""

    call_id: str
    next_call_id: str
    customer_key: str
    agent_id: str | None
    started_at: datetime
    after_h: float


@dataclass(frozen=True, slots=True)
class CallBack:
    """A promise to call back.

    Attributes
    ----------
    promised_at : datetime
        The end of the call in which it was made.
    status : {"kept", "late", "missed", "overtaken", "pending"}
        *Overtaken*: the customer called again first, and the matter is settled.
    next_call_id, called_at
        The call that kept, missed or overtook it.
    """

    call_id: str
    customer_key: str
    agent_id: str | None
    promised_at: datetime
    due_at: datetime
    status: CallBackStatus
    next_call_id: str | None = None
    called_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """One entry of the complaint register.

    Attributes
    ----------
    complaint_id : str
        The call that opened it; ``crm:`` and the ticket where only the CRM knows it.
    kind : {"complaint", "issue"}
        An issue is what the CRM registers without its being a complaint.
    customer_key : str or None
        None where the number is withheld: it is then closed by the CRM or a person only.
    call_ids : tuple of str
        Its calls, the one that opened it first.
    answer_due_at, close_due_at, issue_due_at : datetime
        By when it is to be answered, closed, and, as any customer's issue, settled.
    answered_by, closed_by : {"call", "crm", "person"} or None
    answered_call_id, closed_call_id : str or None
        Where a call did it.
    registered : bool
        A CRM or a person says that it is one.
    by, note : str
        Who closed it, and what was noted.
    """

    complaint_id: str
    kind: CaseKind
    customer_key: str | None
    agent_id: str | None
    call_ids: tuple[str, ...]
    opened_at: datetime
    is_major: bool
    answer_due_at: datetime
    close_due_at: datetime
    issue_due_at: datetime
    answered_at: datetime | None = None
    answered_by: Source | None = None
    answered_call_id: str | None = None
    closed_at: datetime | None = None
    closed_by: Source | None = None
    closed_call_id: str | None = None
    satisfaction: float | None = None
    registered: bool = False
    by: str = ""
    note: str = ""

    def status(self, now: datetime) -> ComplaintStatus:
        """How it stands: *overdue* while a due time has gone by without what was due."""
        if self.closed_at is not None and self.closed_at <= now:
            return "closed"
        if self.is_overdue(now):
            return "overdue"
        return "answered" if self.answered_at is not None and self.answered_at <= now else "open"

    def is_overdue(self, now: datetime) -> bool:
        """Whether it waits for an answer or its end longer than it may."""
        if self.kind == "issue":
            return self.closed_at is None and now > self.issue_due_at
        return (self.answered_at is None and now > self.answer_due_at) or (self.closed_at is None and now > self.close_due_at)


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """What a CRM or a person says of a complaint; never changed, later ones are added.

    Attributes
    ----------
    ref : str
        The CRM's ticket, or empty.
    complaint_id, call_id, customer_key : str or None
        What it speaks of; at least one is known.
    """

    source: Literal["crm", "person"]
    ref: str
    kind: CaseKind = "complaint"
    complaint_id: str | None = None
    call_id: str | None = None
    customer_key: str | None = None
    opened_at: datetime | None = None
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    is_major: bool | None = None
    satisfaction: float | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """First-call resolution: of the customers' first calls whose time for calling again is over, those not called again."""

    n_first_calls: int = 0
    n_resolved: int = 0

    @property
    def rate(self) -> float | None:
        """0-1; None where there is no such call."""
        return self.n_resolved / self.n_first_calls if self.n_first_calls else None


@dataclass(frozen=True, slots=True)
class FollowUps:
    """What is known across the calls of a period.

    Attributes
    ----------
    as_of : datetime or None
        The moment up to which the store's calls reach: what was not seen until then is missed, not pending. None for a
        store without calls.
    by_agent : mapping of agent to Resolution
        First-call resolution by the agent who took the first call.
    """

    redials: tuple[Redial, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    callbacks: tuple[CallBack, ...] = ()
    resolution: Resolution = field(default_factory=Resolution)
    as_of: datetime | None = None
    by_agent: Mapping[str | None, Resolution] = field(default_factory=dict)


# --- as the store keeps them ----------------------------------------------------------------------
Link = Redial | Repeat | Complaint | CallBack
KINDS: Mapping[Kind, type[Link]] = MappingProxyType(
    {"redial": Redial, "repeat": Repeat, "complaint": Complaint, "callback": CallBack}
)
_T = TypeVar("_T", bound=Link | CaseEvent)


def chain_to_json(link: Link | CaseEvent) -> dict[str, Any]:
    """Write a link, an entry or an event; what is not known is left out."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(link).items()
        if value is not None
    }


def chain_from_json(kind: type[_T], data: Mapping[str, Any]) -> _T:
    """Read one back."""
    known: dict[str, Any] = {}
    for f in fields(kind):
        if f.name in data or f.default is MISSING:
            value = data.get(f.name)
            if isinstance(value, str) and f.name.endswith("_at"):
                value = datetime.fromisoformat(value)
            known[f.name] = tuple(value) if isinstance(value, list) else value
    return kind(**known)

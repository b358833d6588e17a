"""Chains of calls as the store keeps them: whose each call is, what changed, the links, the counts of days.

What is written here is worked out elsewhere (:mod:`audit.batch.followups`), within one transaction for a few hundred
calls at a time: what is taken from the queue is followed, or stays in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from audit.chains import CaseEvent, Kind, Link, chain_from_json, chain_to_json
from audit.digests import CallDigest, digest_from_json
from audit.storage.tables import (
    agent_days,
    case_events,
    chain_links,
    contacts,
    customers,
    digests,
    followup_state,
    team_days,
    touched_calls,
)

#: Values in one IN (...): below the least that any database allows.
_CHUNK = 500
#: Owners that are one call: the number tells nobody apart.
ALONE = "call:"
#: Owners that only the CRM knows.
UNKNOWN = "crm:"
_FOLLOWUP_LOCK = 0x63616C6D
#: Kept with the terms, and no term itself.
_SEES_OUTBOUND = "sees_outbound"


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A call as its customer's; see the table ``contacts``.

    Attributes
    ----------
    stale : int
        The number of the pass after which it has to be judged again, 0 where it has been.
    """

    call_id: str
    owner: str
    agent_id: str | None
    team: str
    day: str | None
    started_at: datetime | None
    complained: int | None = None
    repeated: int | None = None
    complaint_due: int | None = None
    complaint_closed: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    stale: int = 0


_CONTACT = tuple(f.name for f in fields(ContactRow))


@dataclass(frozen=True, slots=True)
class FollowUpState:
    """The terms that calls were followed on, up to where, and how often.

    Attributes
    ----------
    sees_outbound : bool
        A call to a customer was met.
    """

    terms: Mapping[str, Any]
    as_of: datetime | None
    n_passes: int
    sees_outbound: bool = False


def hold(c: sa.Connection) -> None:
    """Let no other process follow calls until the end of this transaction."""
    if c.dialect.name == "postgresql":  # SQLite has one writer anyway
        c.execute(sa.select(sa.func.pg_advisory_xact_lock(_FOLLOWUP_LOCK)))


def state_of(c: sa.Connection) -> FollowUpState | None:
    """How far calls were followed; None where they never were."""
    row = c.execute(sa.select(followup_state)).one_or_none()
    if row is None:
        return None
    terms = {n: value for n, value in row.terms.items() if n != _SEES_OUTBOUND}
    return FollowUpState(terms, row.as_of, row.n_passes, bool(row.terms.get(_SEES_OUTBOUND)))


def save_state(c: sa.Connection, state: FollowUpState) -> None:
    """Keep how far calls were followed."""
    c.execute(followup_state.delete())
    terms = {**state.terms, _SEES_OUTBOUND: state.sees_outbound}
    values = {"terms": terms, "as_of": state.as_of, "n_passes": state.n_passes}
    c.execute(followup_state.insert().values(id=1, **values))


def start_anew(c: sa.Connection) -> None:
    """Forget every link and put all calls and events in the queue again: the terms are others."""
    for table in (chain_links, customers, touched_calls):
        c.execute(table.delete())
    # In their order: a few hundred calls are then of few days, and days are counted seldom.
    every = sa.select(digests.c.call_id).order_by(digests.c.started_at, digests.c.call_id)
    c.execute(touched_calls.insert().from_select(["call_id"], every))
    c.execute(case_events.update().values(owner=None))


def newest_start(c: sa.Connection, now: datetime) -> datetime | None:
    """When the newest call began that is not in the future."""
    return c.execute(sa.select(sa.func.max(digests.c.started_at)).where(digests.c.started_at <= now)).scalar()


# --- what has to be followed ----------------------------------------------------------------------
def n_touched(c: sa.Connection) -> int:
    """How many changes wait."""
    return int(c.execute(sa.select(sa.func.count()).select_from(touched_calls)).scalar_one())


def take_touched(c: sa.Connection, limit: int) -> tuple[str, ...]:
    """Take the oldest changes out of the queue; their calls, each once."""
    rows = c.execute(sa.select(touched_calls).order_by(touched_calls.c.id).limit(limit)).all()
    for part in _parts([r.id for r in rows]):
        c.execute(touched_calls.delete().where(touched_calls.c.id.in_(part)))
    return tuple(dict.fromkeys(r.call_id for r in rows))


def due_owners(c: sa.Connection, as_of: datetime, limit: int) -> tuple[str, ...]:
    """Owners of whom something that waited is decided by now."""
    query = sa.select(customers.c.owner).where(customers.c.recheck_at < as_of).order_by(customers.c.owner)
    return tuple(c.execute(query.limit(limit)).scalars())


def unrouted_events(c: sa.Connection, limit: int) -> list[tuple[int, CaseEvent, str | None]]:
    """Events of which it is not known yet with whose calls they are followed: number, event, customer's number."""
    query = sa.select(case_events).where(case_events.c.owner.is_(None)).order_by(case_events.c.id).limit(limit)
    return [(r.id, chain_from_json(CaseEvent, r.event), r.customer_number) for r in c.execute(query)]


def events_of_calls(c: sa.Connection, call_ids: Sequence[str]) -> list[tuple[int, CaseEvent, str | None, str | None]]:
    """Events that name some calls, with the owners that they have so far."""
    return [
        (r.id, chain_from_json(CaseEvent, r.event), r.customer_number, r.owner)
        for part in _parts(call_ids)
        for r in c.execute(sa.select(case_events).where(case_events.c.call_id.in_(part)))
    ]


def route_event(c: sa.Connection, number: int, owner: str, event: CaseEvent) -> None:
    """Note with whose calls an event is followed."""
    c.execute(case_events.update().where(case_events.c.id == number).values(owner=owner, event=chain_to_json(event)))


def owner_of_entry(c: sa.Connection, complaint_id: str) -> str | None:
    """Whose entry of the register that is."""
    query = sa.select(chain_links.c.owner).where(chain_links.c.kind == "complaint", chain_links.c.name == complaint_id)
    return c.execute(query.limit(1)).scalar()


def digests_of_calls(c: sa.Connection, call_ids: Sequence[str]) -> dict[str, CallDigest]:
    """Digests by call id."""
    out: dict[str, CallDigest] = {}
    for part in _parts(call_ids):
        found = c.execute(sa.select(digests.c.digest).where(digests.c.call_id.in_(part))).scalars()
        out |= {d["call_id"]: digest_from_json(d) for d in found}
    return out


def calls_of_owners(c: sa.Connection, owners: Sequence[str]) -> dict[str, list[CallDigest]]:
    """All calls of some owners."""
    out: dict[str, list[CallDigest]] = {owner: [] for owner in owners}
    for part in _parts(owners):
        query = (
            sa.select(contacts.c.owner, digests.c.digest)
            .select_from(contacts.join(digests, digests.c.call_id == contacts.c.call_id))
            .where(contacts.c.owner.in_(part))
        )
        for owner, digest in c.execute(query):
            out[owner].append(digest_from_json(digest))
    return out


def events_of_owners(c: sa.Connection, owners: Sequence[str]) -> dict[str, list[CaseEvent]]:
    """What CRM and people said of some owners' complaints, in the order in which they did."""
    out: dict[str, list[CaseEvent]] = {owner: [] for owner in owners}
    for part in _parts(owners):
        query = sa.select(case_events.c.owner, case_events.c.event).where(case_events.c.owner.in_(part))
        for owner, event in c.execute(query.order_by(case_events.c.id)):
            out[owner].append(chain_from_json(CaseEvent, event))
    return out


def switchboards(c: sa.Connection, owners: Collection[str]) -> set[str]:
    """Which of some owners are known to be no one customer."""
    found: set[str] = set()
    for part in _parts(sorted(owners)):
        found |= set(
            c.execute(sa.select(customers.c.owner).where(customers.c.owner.in_(part), customers.c.is_switchboard)).scalars()
        )
    return found


def contact_rows(c: sa.Connection, call_ids: Sequence[str]) -> dict[str, ContactRow]:
    """Calls as their customers', as they stand."""
    out: dict[str, ContactRow] = {}
    for part in _parts(call_ids):
        query = sa.select(*(contacts.c[n] for n in _CONTACT)).where(contacts.c.call_id.in_(part))
        out |= {r.call_id: ContactRow(**r._mapping) for r in c.execute(query)}
    return out


# --- what came of it ------------------------------------------------------------------------------
def save_contacts(c: sa.Connection, rows: Sequence[ContactRow]) -> None:
    """Keep calls as their customers'."""
    for part in _parts([r.call_id for r in rows]):
        c.execute(contacts.delete().where(contacts.c.call_id.in_(part)))
    if rows:
        c.execute(contacts.insert(), [{n: getattr(r, n) for n in _CONTACT} | {"facts": dict(r.facts)} for r in rows])


def forget_links(c: sa.Connection, owners: Sequence[str]) -> None:
    """Take out what was known of some owners."""
    for part in _parts(owners):
        c.execute(chain_links.delete().where(chain_links.c.owner.in_(part)))
        c.execute(customers.delete().where(customers.c.owner.in_(part)))


def save_links(c: sa.Connection, links: Iterable[tuple[str, Kind, str, datetime, Link]]) -> None:
    """Keep links: owner, kind, name (of a complaint its id, else its first call), moment, and the link."""
    rows = [{"owner": o, "kind": k, "name": n, "at": at, "link": chain_to_json(link)} for o, k, n, at, link in links]
    if rows:
        c.execute(chain_links.insert(), rows)


def save_owners(c: sa.Connection, found: Iterable[tuple[str, datetime | None, bool]]) -> None:
    """Keep when to look at owners again, and which are no one customer."""
    rows = [{"owner": o, "recheck_at": at, "is_switchboard": is_switchboard} for o, at, is_switchboard in found]
    if rows:
        c.execute(customers.insert(), rows)


# --- days -----------------------------------------------------------------------------------------
def count_agent_day(c: sa.Connection, agent_id: str, day: str, n_pass: int) -> None:
    """Count an agent's calls of a day again; where the number has changed, they have to be judged again."""
    mine = sa.and_(contacts.c.agent_id == agent_id, contacts.c.day == day)
    n = int(c.execute(sa.select(sa.func.count()).select_from(contacts).where(mine)).scalar_one())
    here = sa.and_(agent_days.c.agent_id == agent_id, agent_days.c.day == day)
    if c.execute(sa.select(agent_days.c.n_calls).where(here)).scalar() == n:
        return
    c.execute(agent_days.delete().where(here))
    if n:
        c.execute(agent_days.insert().values(agent_id=agent_id, day=day, n_calls=n))
        c.execute(contacts.update().where(mine).values(stale=n_pass))


_COUNTS = ("n_calls", "n_complaints", "n_asked", "n_repeated", "n_due", "n_closed")


def count_team_day(c: sa.Connection, team: str, day: str) -> None:
    """Count a team's calls of a day again."""
    sums = [sa.func.count(contacts.c.complained), sa.func.sum(contacts.c.complained)]
    sums += [sa.func.count(contacts.c.repeated), sa.func.sum(contacts.c.repeated)]
    sums += [sa.func.sum(contacts.c.complaint_due), sa.func.sum(contacts.c.complaint_closed)]
    row = c.execute(sa.select(*sums).where(contacts.c.team == team, contacts.c.day == day)).one()
    c.execute(team_days.delete().where(team_days.c.team == team, team_days.c.day == day))
    values = {name: int(n or 0) for name, n in zip(_COUNTS, row, strict=True)}
    if any(values.values()):
        c.execute(team_days.insert().values(team=team, day=day, **values))


def counts_of_team(c: sa.Connection, team: str, first: str, last: str) -> list[tuple[str, dict[str, int]]]:
    """A team's counts by day, from a day to another, both included."""
    query = sa.select(team_days).where(team_days.c.team == team, team_days.c.day >= first, team_days.c.day <= last)
    return [(r.day, {n: getattr(r, n) for n in _COUNTS}) for r in c.execute(query.order_by(team_days.c.day))]


def make_stale(c: sa.Connection, team: str, day: str, n_pass: int, *, complaints_only: bool) -> None:
    """A rate that holds on a day has changed: the calls that are told of it have to be judged again."""
    mine = sa.and_(contacts.c.team == team, contacts.c.day == day)
    if complaints_only:
        mine = sa.and_(mine, contacts.c.complaint_due.is_not(None))
    c.execute(contacts.update().where(mine).values(stale=n_pass))


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(values), _CHUNK):
        yield values[begin : begin + _CHUNK]

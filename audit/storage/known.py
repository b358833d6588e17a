"""What is known across calls, as others read it: links of a period, facts of calls, what CRM and people said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audit.chains import (
    KINDS,
    CallBack,
    CaseEvent,
    Complaint,
    FollowUps,
    Redial,
    Repeat,
    Resolution,
    chain_from_json,
    chain_to_json,
)
from audit.storage.followups import ContactRow, contact_rows, counts_of_team, state_of
from audit.storage.tables import agent_days, calls, case_events, chain_links, contacts, touched_calls

if TYPE_CHECKING:
    from audit.storage.ledger import Store

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class KnownCall:
    """What other calls say of one.

    Attributes
    ----------
    n_that_day : int or None
        Calls of its agent on its local day.
    """

    contact: ContactRow
    n_that_day: int | None


def load_followups(store: Store, since: datetime | None = None, until: datetime | None = None) -> FollowUps:
    """All that is known across the calls of a period, as calls were last followed.

    Parameters
    ----------
    since, until : datetime, optional
        Half-open, with a zone: of the cut, of the earlier of two contacts, of the complaint's opening, of the promise.

    Returns
    -------
    FollowUps
        Each kind by moment and call.
    """
    query = sa.select(chain_links.c.kind, chain_links.c.link).order_by(chain_links.c.at, chain_links.c.name, chain_links.c.id)
    asked = sa.select(contacts.c.agent_id, contacts.c.repeated, contacts.c.facts).where(contacts.c.repeated.is_not(None))
    if since is not None:
        query, asked = query.where(chain_links.c.at >= since), asked.where(contacts.c.started_at >= since)
    if until is not None:
        query, asked = query.where(chain_links.c.at < until), asked.where(contacts.c.started_at < until)
    found: dict[type[Any], list[Any]] = {kind: [] for kind in KINDS.values()}
    tally: dict[str | None, list[int]] = {}
    with store.reading() as c:
        for kind, link in c.execute(query):
            found[KINDS[kind]].append(chain_from_json(KINDS[kind], link))
        for agent_id, repeated, facts in c.execute(asked):
            if facts.get("call.contacts_before") == 0:
                n = tally.setdefault(agent_id, [0, 0])
                n[0] += 1
                n[1] += repeated == 0
        state = state_of(c)
    by_agent = {agent: Resolution(*n) for agent, n in sorted(tally.items(), key=lambda item: item[0] or "")}
    return FollowUps(
        tuple(found[Redial]),
        tuple(found[Repeat]),
        tuple(found[Complaint]),
        tuple(found[CallBack]),
        Resolution(sum(r.n_first_calls for r in by_agent.values()), sum(r.n_resolved for r in by_agent.values())),
        state.as_of if state else None,
        by_agent,
    )


def find_complaint(store: Store, complaint_id: str) -> Complaint | None:
    """An entry of the register by its id; None where there is none."""
    query = sa.select(chain_links.c.link).where(chain_links.c.kind == "complaint", chain_links.c.name == complaint_id)
    with store.reading() as c:
        link = c.execute(query.limit(1)).scalar()
    return None if link is None else chain_from_json(Complaint, link)


def save_events(store: Store, events: Iterable[tuple[CaseEvent, str | None]], *, now: datetime) -> int:
    """Add what a CRM or a person says, with the customer's number; what was told before is not added again.

    Returns
    -------
    int
        How many were new.
    """
    n_new = 0
    with store.writing() as c:
        for event, number in events:
            written = chain_to_json(event)
            text = json.dumps([written, number], sort_keys=True)
            sha256 = hashlib.sha256(text.encode("ascii")).hexdigest()
            if c.execute(sa.select(case_events.c.id).where(case_events.c.sha256 == sha256)).scalar() is None:
                row = {"sha256": sha256, "call_id": event.call_id, "customer_number": number, "event": written}
                c.execute(case_events.insert().values(**row, told_at=now))
                n_new += 1
    return n_new


def known_calls(store: Store, call_ids: Sequence[str]) -> dict[str, KnownCall]:
    """What other calls say of some, by call id; calls that were not followed yet are left out."""
    out: dict[str, KnownCall] = {}
    with store.reading() as c:
        for begin in range(0, len(call_ids), _CHUNK):
            part = call_ids[begin : begin + _CHUNK]
            joined = contacts.outerjoin(
                agent_days, sa.and_(agent_days.c.agent_id == contacts.c.agent_id, agent_days.c.day == contacts.c.day)
            )
            query = sa.select(contacts.c.call_id, agent_days.c.n_calls).select_from(joined).where(contacts.c.call_id.in_(part))
            of_day: dict[str, int | None] = dict(c.execute(query).tuples().all())
            out |= {call_id: KnownCall(row, of_day[call_id]) for call_id, row in contact_rows(c, part).items()}
    return out


def team_counts(store: Store, team: str, first: str, last: str) -> list[tuple[str, dict[str, int]]]:
    """A team's counts by local day, from a day to another, both included."""
    with store.reading() as c:
        return counts_of_team(c, team, first, last)


def anything_touched(store: Store) -> bool:
    """Whether any call changed, or any event came, since calls were last followed."""
    with store.reading() as c:
        waits = c.execute(sa.select(touched_calls.c.id).limit(1)).scalar()
        return (
            waits is not None or c.execute(sa.select(case_events.c.id).where(case_events.c.owner.is_(None))).first() is not None
        )


def touched_languages(store: Store) -> frozenset[str]:
    """The languages of the calls that changed since calls were last followed."""
    joined = touched_calls.join(calls, calls.c.call_id == touched_calls.c.call_id)
    query = sa.select(calls.c.language).select_from(joined).where(calls.c.language.is_not(None)).distinct()
    with store.reading() as c:
        return frozenset(c.execute(query).scalars())


def stale_calls(store: Store) -> dict[str, int]:
    """Calls that have to be judged again, each with the number of the pass that found so."""
    with store.reading() as c:
        query = sa.select(contacts.c.call_id, contacts.c.stale).where(contacts.c.stale > 0)
        return dict(c.execute(query).tuples().all())


def judged_again(store: Store, stale: dict[str, int]) -> None:
    """Note that calls were judged with what was known of them; those that became stale once more meanwhile stay so."""
    call_ids = sorted(stale)
    last = max(stale.values(), default=0)
    with store.writing() as c:
        for begin in range(0, len(call_ids), _CHUNK):
            mine = contacts.c.call_id.in_(call_ids[begin : begin + _CHUNK])
            c.execute(contacts.update().where(mine, contacts.c.stale <= last).values(stale=0))

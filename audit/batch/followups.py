"""Follow the chains of calls in a store: only those customers whose calls are new or changed, or for whom time has decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from audit.chains import CaseEvent, Complaint, Kind, Link
from audit.digests import CallDigest
from audit.followup import (
    DayCount,
    Followed,
    FollowUpTerms,
    call_facts,
    customer_key,
    day_rates,
    follow,
    read_terms,
    terms_to_json,
)
from audit.storage import Store, complete_digests
from audit.storage import followups as kept
from audit.storage.followups import ALONE, UNKNOWN, ContactRow, FollowUpState

#: Changes that are followed, and kept, in one transaction.
CHUNK_CALLS = 500

Advanced = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FollowUpSummary:
    """How a pass went.

    Attributes
    ----------
    n_owners : int
        Customers whose calls were joined anew, and single calls whose number tells nobody apart.
    as_of : datetime or None
        Up to where calls are known.
    """

    n_owners: int = 0
    as_of: datetime | None = None


def follow_up(
    store: Store,
    *,
    now: datetime,
    terms: FollowUpTerms | None = None,
    needed: Iterable[str] = (),
    advanced: Advanced = lambda n, of: None,
) -> FollowUpSummary:
    """Bring the chains of calls up to date.

    What costs time is what changed: calls whose digest is new or another, what CRM and people said, and customers of whom
    something that waited is decided, because the store's calls now reach further. Other terms than last time start anew.

    Parameters
    ----------
    store : Store
    now : datetime
        With a zone. A call later than this does not move the moment up to which calls are known.
    terms : FollowUpTerms, optional
        None: those of the last time, else the defaults.
    needed : iterable of str
        Facts that rules read: where a rate among them has changed, the calls that are told of it become stale.
    advanced : callable
        Told how many of how many changed calls are followed.

    Raises
    ------
    StoreError
        If the store cannot be read or written. What was followed until then stays followed.
    """
    with store.reading() as c:
        before = kept.state_of(c)
    if before is None:
        complete_digests(store)
    with store.writing() as c:
        kept.hold(c)
        state = kept.state_of(c)
        asked = terms if terms is not None else read_terms(state.terms) if state is not None else FollowUpTerms()
        written = terms_to_json(asked)
        if state is not None and dict(state.terms) != written:
            kept.start_anew(c)
        as_of = kept.newest_start(c, now)
        n_pass = (state.n_passes if state is not None else 0) + 1
        sees_outbound = state is not None and state.sees_outbound
        kept.save_state(c, FollowUpState(written, as_of, n_pass, sees_outbound))
        n_all = kept.n_touched(c)
    if as_of is None:
        as_of = now
    run = _Pass(asked, as_of, n_pass, frozenset(needed), sees_outbound)
    n_done = 0
    for take in (run.take_touched, run.take_events, run.take_due):
        while True:
            with store.writing() as c:
                kept.hold(c)
                n = take(c)
            if not n:
                break
            n_done = min(n_all, n_done + n)
            advanced(n_done, n_all)
    return FollowUpSummary(run.n_owners, as_of)


@dataclass(slots=True)
class _Pass:
    """One pass under way."""

    terms: FollowUpTerms
    as_of: datetime
    n_pass: int
    needed: frozenset[str]
    sees_outbound: bool
    n_owners: int = 0
    _agent_days: set[tuple[str, str]] = field(default_factory=set)
    _team_days: set[tuple[str, str]] = field(default_factory=set)

    def take_touched(self, c: sa.Connection) -> int:
        """Follow the customers of some changed calls; how many calls."""
        call_ids = kept.take_touched(c, CHUNK_CALLS)
        if not call_ids:
            return 0
        digests, before = kept.digests_of_calls(c, call_ids), kept.contact_rows(c, call_ids)
        if not self.sees_outbound and any(d.direction == "outbound" for d in digests.values()):
            self._see_outbound(c)
            return len(call_ids)
        keys = {i: customer_key(d.customer_number, self.terms.numbers) for i, d in digests.items()}
        no_one = kept.switchboards(c, {k for k in keys.values() if k is not None})
        rows, owners = [], {row.owner for row in before.values()}
        for call_id, digest in digests.items():
            key = keys[call_id]
            owner = key if key is not None and key not in no_one else ALONE + call_id
            owners.add(owner)
            rows.append(_contact(digest, owner, before.get(call_id), self.n_pass))
            self._counts_for(rows[-1], before.get(call_id))
        kept.save_contacts(c, rows)
        for number, event, phone, owner_before in kept.events_of_calls(c, list(digests)):
            owners |= {self._route(c, number, event, phone), owner_before or ""}
        self._follow(c, sorted(owners - {""}))
        return len(call_ids)

    def _see_outbound(self, c: sa.Connection) -> None:
        """The first call to a customer: from now on one that is not there was not made, and all is followed again."""
        self.sees_outbound = True
        state = kept.state_of(c)
        if state is not None:
            kept.save_state(c, replace(state, sees_outbound=True))
        kept.start_anew(c)

    def take_events(self, c: sa.Connection) -> int:
        """Follow the customers of whom CRM or people told something; how many events."""
        found = kept.unrouted_events(c, CHUNK_CALLS)
        self._follow(c, sorted({self._route(c, number, event, phone) for number, event, phone in found}))
        return len(found)

    def take_due(self, c: sa.Connection) -> int:
        """Follow customers of whom something that waited is decided by now; how many."""
        owners = kept.due_owners(c, self.as_of, CHUNK_CALLS)
        self._follow(c, owners)
        return len(owners)

    def _route(self, c: sa.Connection, number: int, event: CaseEvent, phone: str | None) -> str:
        """With whose calls an event is followed."""
        key = customer_key(phone, self.terms.numbers)
        row = None
        for call_id in (event.call_id, event.complaint_id):
            if call_id is not None and row is None:
                row = kept.contact_rows(c, [call_id]).get(call_id)
        if row is not None:
            owner = row.owner
        elif event.complaint_id is not None and (known := kept.owner_of_entry(c, event.complaint_id)) is not None:
            owner = known
        elif key is not None and not kept.switchboards(c, [key]):
            owner = key
        else:
            owner = UNKNOWN + (event.ref or str(number))
        kept.route_event(c, number, owner, replace(event, customer_key=key))
        return owner

    def _follow(self, c: sa.Connection, owners: Sequence[str]) -> None:
        """Join the calls of some owners anew and keep what came of it."""
        if owners:
            self._follow_some(c, owners)
        for agent_id, day in sorted(self._agent_days):
            kept.count_agent_day(c, agent_id, day, self.n_pass)
        self._count_teams(c)
        self._agent_days.clear()
        self._team_days.clear()

    def _follow_some(self, c: sa.Connection, owners: Sequence[str]) -> None:
        calls, events = kept.calls_of_owners(c, owners), kept.events_of_owners(c, owners)
        links: list[tuple[str, Kind, str, datetime, Link]] = []
        found: list[tuple[str, datetime | None, bool]] = []
        contacts: list[ContactRow] = []
        freed: list[ContactRow] = []
        all_rows = kept.contact_rows(c, [d.call_id for mine in calls.values() for d in mine])
        for owner in owners:
            key = None if owner.startswith((ALONE, UNKNOWN)) else owner
            followed = follow(
                key, calls[owner], self.terms, as_of=self.as_of, events=events[owner], sees_outbound=self.sees_outbound
            )
            rows = {d.call_id: all_rows[d.call_id] for d in calls[owner]}
            if followed.is_switchboard:  # its calls are from now on each by itself
                found.append((owner, None, True))
                freed += [replace(row, owner=ALONE + call_id) for call_id, row in rows.items()]
                continue
            if followed.recheck_at is not None:
                found.append((owner, followed.recheck_at, False))
            links += _links(owner, followed)
            contacts += self._judged_by(rows, followed)
        kept.forget_links(c, owners)
        kept.save_links(c, links)
        kept.save_owners(c, found)
        kept.save_contacts(c, [*contacts, *freed])
        self.n_owners += len(owners)
        if freed:
            for number, event, phone, _ in kept.events_of_calls(c, [row.call_id for row in freed]):
                self._route(c, number, event, phone)
            self._follow_some(c, [row.owner for row in freed])

    def _judged_by(self, rows: Mapping[str, ContactRow], followed: Followed) -> list[ContactRow]:
        """Calls with what the others now say of them; those of whom nothing changed are left out."""
        facts = call_facts(followed, self.terms, as_of=self.as_of, sees_outbound=self.sees_outbound)
        after = {a.call_id: a.n_after for a in followed.around}
        opened = {x.call_ids[0]: x for x in followed.complaints if x.call_ids and x.kind == "complaint"}
        out = []
        for call_id, row in rows.items():
            n_after, entry = after.get(call_id), opened.get(call_id)
            now = replace(
                row,
                facts=facts.get(call_id, {}),
                repeated=None if n_after is None else int(n_after > 0),
                complaint_due=None if entry is None else int(self._counts(entry)),
                complaint_closed=None if entry is None else int(self._counts(entry) and entry.closed_at is not None),
            )
            if now != row:
                is_other = dict(now.facts) != dict(row.facts)
                out.append(replace(now, stale=self.n_pass if is_other else row.stale))
                if now.day is not None:
                    self._team_days.add((now.team, now.day))
        return out

    def _counts(self, entry: Complaint) -> bool:
        """Whether an entry is closed or ought to be."""
        return entry.closed_at is not None or self.as_of > entry.close_due_at

    def _counts_for(self, now: ContactRow, before: ContactRow | None) -> None:
        """Note which days have to be counted anew, since a call is new or another."""
        for row in (now, before):
            if row is not None and row.day is not None:
                self._team_days.add((row.team, row.day))
        here, there = ((row.agent_id, row.day) if row is not None else (None, None) for row in (now, before))
        if here != there:
            self._agent_days |= {(agent, day) for agent, day in (here, there) if agent is not None and day is not None}

    def _count_teams(self, c: sa.Connection) -> None:
        """Count days of teams anew; where a rate that rules read has changed, its calls are to be judged again."""
        for team in sorted({team for team, _ in self._team_days}):
            days = sorted(day for t, day in self._team_days if t == team)
            reach = timedelta(days=self.terms.rate_days - 1)
            first = (date.fromisoformat(days[0]) - reach).isoformat()
            last = (date.fromisoformat(days[-1]) + reach).isoformat()
            before = self._rates(kept.counts_of_team(c, team, first, last))
            for day in days:
                kept.count_team_day(c, team, day)
            after = self._rates(kept.counts_of_team(c, team, first, last))
            for when, rates in after.items():
                changed = {n for n in self.needed if rates.get(n) != before.get(when, {}).get(n)}
                if changed and when.isoformat() >= days[0]:
                    of_complaints = changed == {"complaint.closure_rate"}
                    kept.make_stale(c, team, when.isoformat(), self.n_pass, complaints_only=of_complaints)

    def _rates(self, counts: Iterable[tuple[str, Mapping[str, int]]]) -> Mapping[date, Mapping[str, float]]:
        return day_rates([DayCount(date.fromisoformat(day), **n) for day, n in counts], self.terms)


def _contact(digest: CallDigest, owner: str, before: ContactRow | None, n_pass: int) -> ContactRow:
    """A call as its customer's, with what was known of it before; it is to be judged again, since it is new or another."""
    day = digest.started_at.date().isoformat() if digest.started_at is not None and not digest.utc_only else None
    complained = digest.signs.get("complaint")
    row = ContactRow(
        digest.call_id,
        owner,
        digest.agent_id,
        digest.team or "",
        day,
        digest.started_at,
        None if complained is None else int(complained),
        stale=n_pass,
    )
    if before is None:
        return row
    known = {n: getattr(before, n) for n in ("repeated", "complaint_due", "complaint_closed", "facts")}
    return replace(row, **known)


def _links(owner: str, f: Followed) -> list[tuple[str, Kind, str, datetime, Link]]:
    """Links as the store keeps them: owner, kind, name, moment, link."""
    return [
        *((owner, "redial", x.call_id, x.cut_off_at, x) for x in f.redials),
        *((owner, "repeat", x.call_id, x.started_at, x) for x in f.repeats),
        *((owner, "complaint", x.complaint_id, x.opened_at, x) for x in f.complaints),
        *((owner, "callback", x.call_id, x.promised_at, x) for x in f.callbacks),
    ]

"""What several calls say together, as pages show it: call backs after a cut-off, repeat contacts, complaints, promises."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from audit.chains import CallBack, Complaint, FollowUps, Link, Redial, Repeat, Resolution
from audit.report.context import ChainCell, ChainRow, ChainsView, ChainTable, Figure
from audit.report.messages import Messages
from audit.report.sheet_context import Around
from audit.report.wording import NONE, length, moment
from audit.statistics import proportion_estimate

#: Rows of a kind on the page of an agent, and on that of a team, the most pressing first; the command lists all.
MAX_AGENT_ROWS = 10
MAX_TEAM_ROWS = 25
_REDIALS = ("missed", "called_back", "customer_called", "pending", "unknown")
_CALLBACKS = ("missed", "late", "pending", "overtaken", "kept")
_COMPLAINTS = ("overdue", "open", "answered", "closed")
_BAD = ("missed", "late", "overdue")
_T = TypeVar("_T", Redial, Repeat, Complaint, CallBack)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the calls of chains are shown.

    Attributes
    ----------
    owners : mapping of call id to agent
        Of the calls of the report.
    addresses : mapping of call id to address
        Of the calls that have a page of their own, as seen from the page at hand.
    names : mapping of agent to str
        As a reader calls them; empty on a page of one agent, which then has no column for it.
    """

    owners: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def first_call(link: Link) -> str | None:
    """The call that a chain begins with; None where only the CRM knows of it."""
    if isinstance(link, Complaint):
        return link.call_ids[0] if link.call_ids else None
    return link.call_id


def calls_of(link: Link) -> tuple[str, ...]:
    """Every call that a chain joins, the one it begins with first."""
    if isinstance(link, Complaint):
        found: tuple[str | None, ...] = (*link.call_ids, link.answered_call_id, link.closed_call_id)
    else:
        found = (link.call_id, link.next_call_id)
    return tuple(dict.fromkeys(i for i in found if i is not None))


def links_of(known: FollowUps) -> Iterator[Link]:
    """All chains."""
    yield from known.redials
    yield from known.repeats
    yield from known.complaints
    yield from known.callbacks


def calls_in_chains(known: FollowUps) -> frozenset[str]:
    """Every call that any chain joins."""
    return frozenset(i for link in links_of(known) for i in calls_of(link))


def of_agents(known: FollowUps, owners: Mapping[str, str], agents: Collection[str], *, everybody: bool = False) -> FollowUps:
    """The chains that begin with a call of one of some agents.

    Parameters
    ----------
    known : FollowUps
    owners : mapping of call id to agent
    agents : collection of str
    everybody : bool
        The agents are all of the report: complaints that only the CRM knows stand with them.
    """

    def is_mine(link: Link) -> bool:
        first = first_call(link)
        return everybody if first is None else owners.get(first) in agents and first in owners

    firsts = [known.by_agent[a] for a in agents if a in known.by_agent]
    resolution = Resolution(sum(r.n_first_calls for r in firsts), sum(r.n_resolved for r in firsts))
    return replace(_only(known, is_mine), resolution=resolution)


def near_agents(known: FollowUps, owners: Mapping[str, str]) -> dict[str, FollowUps]:
    """For each agent the chains that join any of his calls, wherever they begin; found in one pass."""
    found: dict[str, list[Link]] = {}
    for link in links_of(known):
        for agent in {owners[i] for i in calls_of(link) if i in owners}:
            found.setdefault(agent, []).append(link)
    return {
        agent: replace(
            known,
            redials=tuple(x for x in links if isinstance(x, Redial)),
            repeats=tuple(x for x in links if isinstance(x, Repeat)),
            complaints=tuple(x for x in links if isinstance(x, Complaint)),
            callbacks=tuple(x for x in links if isinstance(x, CallBack)),
        )
        for agent, links in found.items()
    }


def _only(known: FollowUps, is_meant: Callable[[Link], bool]) -> FollowUps:
    return replace(
        known,
        redials=tuple(x for x in known.redials if is_meant(x)),
        repeats=tuple(x for x in known.repeats if is_meant(x)),
        complaints=tuple(x for x in known.complaints if is_meant(x)),
        callbacks=tuple(x for x in known.callbacks if is_meant(x)),
    )


def most_pressing(known: FollowUps, n: int) -> FollowUps:
    """The chains to show: of each kind so many, what went wrong first, and of these the newest."""
    at = known.as_of

    def chosen(links: Sequence[_T], rank: Mapping[str, int]) -> tuple[_T, ...]:
        def key(x: _T) -> tuple[int, float]:
            is_well = isinstance(x, Redial) and x.status == "called_back" and x.apologised and x.in_time
            return rank.get(_state(x, at), 0) + (len(rank) if is_well else 0), -_moment_of(x).timestamp()

        return tuple(sorted(links, key=key)[:n])

    def order(names: Sequence[str]) -> dict[str, int]:
        return {name: i for i, name in enumerate(names)}

    return replace(
        known,
        redials=chosen(known.redials, order(_REDIALS)),
        repeats=chosen(known.repeats, {}),
        complaints=chosen(known.complaints, order(_COMPLAINTS)),
        callbacks=chosen(known.callbacks, order(_CALLBACKS)),
    )


def _state(link: Link, at: datetime | None) -> str:
    if isinstance(link, Complaint):
        return link.status(at) if at is not None else "open"
    return link.status if isinstance(link, Redial | CallBack) else ""


def _moment_of(link: Link) -> datetime:
    if isinstance(link, Redial):
        return link.cut_off_at
    if isinstance(link, Repeat):
        return link.started_at
    return link.opened_at if isinstance(link, Complaint) else link.promised_at


# --- a page's section ------------------------------------------------------------------------------
def chains_view(known: FollowUps | None, n_rows: int, places: Places, messages: Messages) -> ChainsView | None:
    """The section of a page.

    Parameters
    ----------
    known : FollowUps or None
        The chains of the page's calls, from :func:`of_agents`; None where the source knows none.
    n_rows : int
        Of each kind, at most.
    places : Places
    messages : Messages

    Returns
    -------
    ChainsView or None
        None without `known`. Where calls were never followed the section says so.
    """
    if known is None:
        return None
    if known.as_of is None:
        return ChainsView(messages("chain.never"), (), ())
    zone = next((_moment_of(x).tzinfo for x in links_of(known)), known.as_of.tzinfo)
    note = messages("chain.as_of", when=moment(known.as_of.astimezone(zone), messages))
    shown = most_pressing(known, n_rows)
    tables = (
        _table("redial", [_redial(x, places, messages) for x in shown.redials], len(known.redials), places, messages),
        _table("repeat", [_repeat(x, places, messages) for x in shown.repeats], len(known.repeats), places, messages),
        _table(
            "complaint",
            [_complaint(x, known.as_of, places, messages) for x in shown.complaints],
            len(known.complaints),
            places,
            messages,
        ),
        _table("callback", [_callback(x, places, messages) for x in shown.callbacks], len(known.callbacks), places, messages),
    )
    return ChainsView(note, _figures(known, messages), tuple(t for t in tables if t.rows))


def _figures(known: FollowUps, messages: Messages) -> tuple[Figure, ...]:
    """What came of them, each with what it rests on."""
    at = known.as_of
    decided = [r for r in known.redials if r.status in ("called_back", "missed", "customer_called")]
    back = [r for r in decided if r.status == "called_back"]
    heard = [r for r in back if r.apologised is not None]
    entries = [c for c in known.complaints if c.kind == "complaint"]
    due = [c for c in entries if at is not None and (c.closed_at is not None or at > c.close_due_at)]
    in_time = [c for c in due if c.closed_at is not None and c.closed_at <= c.close_due_at]
    promises = [c for c in known.callbacks if c.status in ("kept", "late", "missed")]
    first = known.resolution
    return (
        _share("redial", len(back), len(decided), messages),
        _share("apology", sum(bool(r.apologised) for r in heard), len(heard), messages),
        _share("resolution", first.n_resolved, first.n_first_calls, messages),
        Figure(
            messages("chain.figure.complaints"),
            str(len(entries)),
            messages("chain.figure.complaints_note", n=sum(_state(c, at) == "overdue" for c in entries)),
        ),
        _share("in_time", len(in_time), len(due), messages),
        _share("kept", sum(c.status == "kept" for c in promises), len(promises), messages),
    )


def _share(name: str, n: int, of: int, messages: Messages) -> Figure:
    """A share with numerator, denominator, interval and what it means."""
    label, definition = messages(f"chain.figure.{name}"), messages(f"chain.figure.{name}_is")
    found = proportion_estimate(n, of)
    if found is None:
        return Figure(label, NONE, messages("chain.figure.none"), definition=definition)
    note = messages("chain.figure.share_note", n=n, of=of, low=_tenth(found.low), high=_tenth(found.high))
    return Figure(label, _tenth(found.value), note, found.value, found.low, found.high, definition=definition)


def _tenth(ratio: float) -> str:
    """As a percentage to a tenth: ten of three thousand must not look like all."""
    return f"{100 * ratio:.1f} %"


def _table(kind: str, rows: list[ChainRow], n: int, places: Places, messages: Messages) -> ChainTable:
    columns = [messages(f"chain.{kind}.{i}") for i in range(1, 6)]
    if places.names:
        columns.insert(0, messages("agents.agent"))
    more = messages("chain.more", n=len(rows), of=n, kind=kind) if n > len(rows) else ""
    return ChainTable(messages(f"chain.{kind}.title", n=n), messages(f"chain.{kind}.note"), tuple(columns), tuple(rows), more)


def _call(call_id: str | None, when: datetime | None, places: Places, messages: Messages) -> ChainCell:
    """A call by its moment, with its page where it has one."""
    if call_id is None:
        return ChainCell(NONE)
    text = moment(when, messages) if when is not None else call_id
    note = "" if call_id in places.owners else messages("chain.elsewhere")
    return ChainCell(text, places.addresses.get(call_id, ""), note=note)


def _row(link: Link, places: Places, *cells: ChainCell) -> ChainRow:
    if not places.names:
        return ChainRow(cells)
    first = first_call(link)
    owner = places.owners.get(first) if first is not None else None
    return ChainRow((ChainCell(places.names.get(owner, owner) if owner is not None else NONE), *cells))


def _chip(kind: str, state: str, messages: Messages, note: str = "") -> ChainCell:
    return ChainCell(messages(f"chain.{kind}.{state}"), chip="bad" if state in _BAD else "plain", note=note)


def _said(value: bool | None, messages: Messages) -> ChainCell:
    if value is None:
        return ChainCell(NONE)
    return ChainCell(messages("chain.yes" if value else "chain.no"), chip="plain" if value else "bad")


def _redial(x: Redial, places: Places, messages: Messages) -> ChainRow:
    began = x.cut_off_at + timedelta(seconds=x.after_s) if x.after_s is not None else None
    return _row(
        x, places,
        _call(x.call_id, x.cut_off_at, places, messages),
        _chip("redial", x.status, messages),
        ChainCell(length(x.after_s, messages), chip="bad" if x.in_time is False and x.after_s is not None else ""),
        _said(x.apologised, messages),
        _call(x.next_call_id, began, places, messages),
    )  # fmt: skip


def _repeat(x: Repeat, places: Places, messages: Messages) -> ChainRow:
    again = places.owners.get(x.next_call_id)
    same = None if again is None or x.call_id not in places.owners else again == places.owners[x.call_id]
    return _row(
        x, places,
        _call(x.call_id, x.started_at, places, messages),
        ChainCell(length(3600 * x.after_h, messages)),
        _call(x.next_call_id, x.started_at + timedelta(hours=x.after_h), places, messages),
        ChainCell(NONE if same is None else messages("chain.repeat.same" if same else "chain.repeat.other")),
        ChainCell(messages("chain.repeat.by_number")),
    )  # fmt: skip


def _due(due: datetime, done: datetime | None, now: datetime, messages: Messages) -> ChainCell:
    """A due time and how it stands."""
    if done is not None:
        state = "met" if done <= due else "missed"
        note = messages(f"chain.due.{state}", when=moment(done, messages))
    else:
        state = "missed" if now > due else "waits"
        note = messages("chain.due.gone" if now > due else "chain.due.waits")
    return ChainCell(moment(due, messages), chip="bad" if state == "missed" else "", note=note)


def _complaint(x: Complaint, now: datetime, places: Places, messages: Messages) -> ChainRow:
    state, by = _state(x, now), ""
    if state == "closed" and x.closed_by is not None:
        by = messages(f"chain.by.{x.closed_by}", who=x.by) if x.by or x.closed_by != "person" else messages("chain.by.someone")
    elif state in ("answered", "overdue") and x.answered_by is not None:
        by = messages("chain.answered_by", how=messages(f"chain.by.{x.answered_by}", who=x.by))
    settled = next((i for i in (x.closed_call_id, x.answered_call_id) if i is not None), None)
    opened = _call(first_call(x), x.opened_at, places, messages) if x.call_ids else ChainCell(x.complaint_id)
    if x.is_major:
        opened = replace(opened, note=messages("chain.complaint.major"))
    done = ChainCell(by or NONE)
    if settled is not None:
        when = x.closed_at if settled == x.closed_call_id else x.answered_at
        done = replace(_call(settled, when, places, messages), note=by)
    deadlines = (
        (ChainCell(NONE), _due(x.issue_due_at, x.closed_at, now, messages))
        if x.kind == "issue"
        else (_due(x.answer_due_at, x.answered_at, now, messages), _due(x.close_due_at, x.closed_at, now, messages))
    )
    issue = _due(x.issue_due_at, x.closed_at, now, messages)
    close = deadlines[1]
    if x.kind == "complaint":  # the eight hours of any issue stand with it, and make no complaint overdue
        close = replace(close, note=f"{close.note} · {messages('chain.complaint.issue', when=issue.text)}")
    return _row(x, places, opened, _chip("complaint", state, messages), deadlines[0], close, done)


def _callback(x: CallBack, places: Places, messages: Messages) -> ChainRow:
    return _row(
        x, places,
        _call(x.call_id, x.promised_at, places, messages),
        ChainCell(moment(x.due_at, messages)),
        _chip("callback", x.status, messages),
        _call(x.next_call_id, x.called_at, places, messages),
        ChainCell(length((x.called_at - x.promised_at).total_seconds(), messages) if x.called_at is not None else NONE),
    )  # fmt: skip


# --- a call's own page -----------------------------------------------------------------------------
def around(call_id: str, known: FollowUps | None, places: Places, messages: Messages) -> tuple[Around, ...]:
    """What came before a call and after it, in a sentence each.

    Parameters
    ----------
    call_id : str
    known : FollowUps or None
        Chains among which those of the call are looked for.
    places : Places
        `addresses` as seen from the call's page.
    messages : Messages

    Returns
    -------
    tuple of Around
        By moment; empty where the call stands alone.
    """
    found: list[tuple[datetime, Around]] = []

    def add(when: datetime, key: str, other: str | None, **values: str) -> None:
        text = messages(f"around.{key}", when=moment(when, messages), **values)
        found.append((when, Around(text, places.addresses.get(other, "") if other is not None else "")))

    for x in links_of(known) if known is not None else ():
        if call_id not in calls_of(x):
            continue
        begins = first_call(x) == call_id
        if isinstance(x, Redial):
            then = x.cut_off_at + timedelta(seconds=x.after_s or 0.0)
            apology = messages(f"around.apology.{'unknown' if x.apologised is None else 'yes' if x.apologised else 'no'}")
            if begins:
                add(then, f"redial_{x.status}", x.next_call_id, after=length(x.after_s, messages), apology=apology)
            else:
                add(x.cut_off_at, "cut_off_before", x.call_id, apology=apology if x.status == "called_back" else "")
        elif isinstance(x, Repeat):
            if begins:
                add(x.started_at + timedelta(hours=x.after_h), "again", x.next_call_id)
            else:
                add(x.started_at, "before", x.call_id)
        elif isinstance(x, CallBack):
            if begins:
                add(x.called_at or x.due_at, f"callback_{x.status}", x.next_call_id)
            else:
                add(x.promised_at, "promised_before", x.call_id)
        elif begins:
            now = known.as_of if known is not None and known.as_of is not None else x.opened_at
            state = messages(f"chain.complaint.{x.status(now)}")
            add(x.opened_at, "complaint", None, state=state, due=moment(x.close_due_at, messages))
            if x.closed_call_id not in (None, call_id) and x.closed_at is not None:
                add(x.closed_at, "complaint_closed", x.closed_call_id)
        else:
            add(x.opened_at, "complaint_before", first_call(x))
    return tuple(row for _, row in sorted(found, key=lambda pair: pair[0]))

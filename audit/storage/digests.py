"""The digests of calls: kept with each result, made anew where they are of another form, read by aggregates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audit.contract import outcome_from_json
from audit.digests import (
    DIGEST_FORM,
    CallDigest,
    Catalogue,
    catalogue_from_json,
    catalogue_of,
    catalogue_to_json,
    digest_call,
    digest_from_json,
    digest_to_json,
)
from audit.records import CallRecord
from audit.storage.rows import StoredCall, calls_query, newest_calls, stored_call
from audit.storage.tables import calls, catalogues, digests, evaluations, touched_calls
from audit.storage.upserts import upsert
from audit.verdicts import Evaluation, Outcome

if TYPE_CHECKING:
    from audit.storage.ledger import Store

#: Values in one IN (...): below the least that any database allows.
_CHUNK = 500


#: What chains of calls are made of: while it is as it was, a digest that changes touches no other call.
_FOLLOWED = (
    "agent_id", "team", "customer_number", "direction", "started_at", "ended_at", "utc_only", "talk_s", "hangup_by", "cut_off",
    "signs",
)  # fmt: skip

# Asked for every call: built once, for that takes longer than its execution.
_DIGEST = sa.select(digests.c.digest).where(digests.c.call_id == sa.bindparam("its"))


def digest_row(record: CallRecord, evaluation: Evaluation | None) -> dict[str, Any]:
    """The values of a call's row of digests, but for the numbers of its record and its evaluation."""
    digest = digest_call(record, evaluation)
    return {
        "call_id": digest.call_id,
        "form": DIGEST_FORM,
        "agent_id": digest.agent_id,
        "customer_number": digest.customer_number,
        "started_at": digest.started_at,
        "digest": digest_to_json(digest),
    }


def put_digest(
    c: sa.Connection,
    call_row_id: int,
    evaluation_id: int | None,
    record: CallRecord,
    evaluation: Evaluation | None,
    *,
    judged_with_facts: bool = False,
) -> None:
    """Keep the digest of a call within the transaction that keeps its evaluation; with a new record it is kept by
    :mod:`audit.storage.keeping`.

    Chains of calls are to be followed anew (:mod:`audit.storage.followups`) where what they are made of has changed, and
    where the evaluation knew nothing of other calls.
    """
    row = digest_row(record, evaluation) | {"call_row_id": call_row_id, "evaluation_id": evaluation_id}
    mine = {"its": record.call_id}
    before = c.execute(_DIGEST, mine).scalar() if judged_with_facts else None
    if before is None or any(before.get(n) != row["digest"].get(n) for n in _FOLLOWED):
        c.execute(touched_calls.insert(), {"call_id": record.call_id})
    c.execute(upsert(c.dialect.name, digests), row)
    if evaluation is not None:
        known = sa.select(catalogues.c.scorecard_sha256).where(catalogues.c.scorecard_sha256 == evaluation.scorecard_sha256)
        if c.execute(known).scalar() is None:
            words = {"scorecard_sha256": evaluation.scorecard_sha256, "catalogue": catalogue_to_json(catalogue_of(evaluation))}
            c.execute(upsert(c.dialect.name, catalogues), words)


def complete_digests(store: Store, advanced: Callable[[int, int], None] = lambda n, of: None) -> int:
    """Make the digests that are missing, of another form or of an older record; returns how many.

    Results keep their digests themselves: this is for stores from before there were any.

    Parameters
    ----------
    advanced : callable
        Told how many of how many are made.
    """
    newest_evaluation = (
        sa.select(sa.func.max(evaluations.c.id))
        .where(evaluations.c.call_row_id == calls.c.id)
        .correlate(calls)
        .scalar_subquery()
    )
    query = (
        sa.select(calls.c.id)
        .select_from(calls.outerjoin(digests, digests.c.call_id == calls.c.call_id))
        .where(
            calls.c.id.in_(sa.select(newest_calls().c.id)),
            sa.or_(
                digests.c.call_id.is_(None),
                digests.c.form != DIGEST_FORM,
                digests.c.call_row_id != calls.c.id,
                sa.func.coalesce(digests.c.evaluation_id, 0) != sa.func.coalesce(newest_evaluation, 0),
            ),
        )
        .order_by(calls.c.id)
    )
    with store.reading() as c:
        missing = [int(n) for n in c.execute(query).scalars()]
    for begin in range(0, len(missing), 100):
        part = tuple(missing[begin : begin + 100])
        with store.writing() as c:
            for row in c.execute(calls_query(part)).all():
                found = stored_call(row)
                put_digest(c, found.call_row_id, found.evaluation_id, found.record, found.evaluation)
        advanced(begin + len(part), len(missing))
    return len(missing)


def read_digests(
    store: Store,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    agent_ids: Collection[str | None] | None = None,
    customer_numbers: Collection[str] | None = None,
) -> Iterator[CallDigest]:
    """Digests by start and call id.

    Parameters
    ----------
    since, until : datetime, optional
        Half-open, of the call's start, with a zone. A call without a start is left out where either is given.
    agent_ids, customer_numbers : collection of str, optional
        Only calls of these; None among the agents stands for calls that name none.

    Yields
    ------
    CallDigest
    """
    query = sa.select(digests.c.digest).order_by(digests.c.started_at.nulls_first(), digests.c.call_id)
    if since is not None:
        query = query.where(digests.c.started_at >= since)
    if until is not None:
        query = query.where(digests.c.started_at < until)
    if agent_ids is not None:
        named = digests.c.agent_id.in_(sorted(a for a in agent_ids if a is not None))
        query = query.where(sa.or_(named, digests.c.agent_id.is_(None)) if None in agent_ids else named)
    numbers: Sequence[str | None] = sorted(customer_numbers) if customer_numbers is not None else [None]
    for begin in range(0, len(numbers), _CHUNK):
        part: Any = query
        if customer_numbers is not None:
            part = query.where(digests.c.customer_number.in_(numbers[begin : begin + _CHUNK]))
        with store.reading() as c:
            for row in c.execution_options(yield_per=1000).execute(part):
                yield digest_from_json(row[0])


def digest_agents(store: Store, *, since: datetime | None = None, until: datetime | None = None) -> dict[str | None, int]:
    """The agents of a period and how many calls each has; None stands for calls that name none by id."""
    query = sa.select(digests.c.agent_id, sa.func.count()).group_by(digests.c.agent_id)
    if since is not None:
        query = query.where(digests.c.started_at >= since)
    if until is not None:
        query = query.where(digests.c.started_at < until)
    with store.reading() as c:
        return {agent: int(n) for agent, n in c.execute(query).tuples()}


def digest_span(store: Store) -> tuple[datetime, datetime] | None:
    """The first and the last start of a call; None where no start is known."""
    with store.reading() as c:
        first, last = c.execute(sa.select(sa.func.min(digests.c.started_at), sa.func.max(digests.c.started_at))).one()
    return None if first is None or last is None else (first, last)


def read_calls(store: Store, call_ids: Collection[str]) -> dict[str, StoredCall]:
    """Whole records with their newest evaluations, by call id; ids that have none are left out.

    A few dozen at a time are quick: each costs a thousand times what its digest does.
    """
    rows: list[int] = []
    wanted = sorted(call_ids)
    with store.reading() as c:
        for begin in range(0, len(wanted), _CHUNK):
            part = digests.c.call_id.in_(wanted[begin : begin + _CHUNK])
            rows += c.execute(sa.select(digests.c.call_row_id).where(part)).scalars()
    found: dict[str, StoredCall] = {}
    for begin in range(0, len(rows), 50):
        found |= {call.record.call_id: call for call in store.calls_by_row(rows[begin : begin + 50])}
    return found


def read_failed(store: Store, call_ids: Collection[str]) -> Iterator[tuple[str, tuple[Outcome, ...]]]:
    """The failed criteria of calls with their evidence, from their newest evaluations alone: no record is read.

    Yields
    ------
    call_id, outcomes
        In the order of the ids; calls without an evaluation are left out.
    """
    wanted = sorted(call_ids)
    joined = digests.join(evaluations, evaluations.c.id == digests.c.evaluation_id)
    query = sa.select(digests.c.call_id, evaluations.c.evaluation).select_from(joined).order_by(digests.c.call_id)
    for begin in range(0, len(wanted), _CHUNK):
        part = query.where(digests.c.call_id.in_(wanted[begin : begin + _CHUNK]))
        with store.reading() as c:
            for call_id, evaluation in c.execution_options(yield_per=100).execute(part).tuples():
                yield call_id, tuple(outcome_from_json(o) for o in evaluation["outcomes"] if o["outcome"] == "fail")


def read_catalogues(store: Store) -> dict[str, Catalogue]:
    """The words of every scorecard version in the store, by its hash."""
    with store.reading() as c:
        return {sha: catalogue_from_json(words) for sha, words in c.execute(sa.select(catalogues)).tuples()}

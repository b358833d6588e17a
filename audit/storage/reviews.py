"""Reviewers and their decisions: kept as they come, never changed, and laid over the newest evaluation of each call."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audit.contract import evaluation_to_json
from audit.storage.digests import put_digest
from audit.storage.rows import StoredCall, calls_query, evaluation_row, new_id, stored_call
from audit.storage.tables import calls, decisions, digests, evaluations, judgings, reviewers
from audit.verdicts import Decision, Evaluation, Verdict

if TYPE_CHECKING:
    from audit.storage.ledger import Store

#: Values in one IN (...): below the least that any database allows.
_CHUNK = 500
#: Number of the advisory lock under which PostgreSQL's evaluations are reviewed; any, as long as it stays the same.
_REVIEW_LOCK = 0x63616C72


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who may sign decisions.

    Attributes
    ----------
    key_id : str
        Named by each file that is signed with the key.
    secret : bytes
        Of the signature.
    revoked_at : datetime or None
        From then on nothing new is taken that is signed with this key.
    """

    name: str
    key_id: str
    secret: bytes
    made_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A decision as the store keeps it.

    Attributes
    ----------
    file_sha256 : str
        Of the file that it first came with.
    imported_at : datetime
    """

    decision: Decision
    reviewer: str
    file_sha256: str
    imported_at: datetime
    number: int = 0

    @property
    def counts_from(self) -> datetime:
        """When it was taken, but not after it was told: a clock that is ahead decides nothing."""
        return min(self.decision.decided_at, self.imported_at)


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """What an evaluation of the store said: whose it is, by which rules, and the rules' verdict on each criterion."""

    call_id: str
    scorecard: str
    scorecard_sha256: str
    verdicts: Mapping[str, Verdict]


# --- reviewers ------------------------------------------------------------------------------------
def add_reviewer(store: Store, reviewer: Reviewer) -> bool:
    """Make a reviewer's key known; False, and nothing is changed, where the name has a key that is not revoked."""
    with store.writing() as c:
        its = sa.select(reviewers.c.id).where(reviewers.c.name == reviewer.name, reviewers.c.revoked_at.is_(None))
        if c.execute(its).first() is not None:
            return False
        c.execute(
            reviewers.insert().values(
                name=reviewer.name, key_id=reviewer.key_id, secret=reviewer.secret.hex(), made_at=reviewer.made_at
            )
        )
    return True


def revoke_reviewer(store: Store, name: str, *, now: datetime) -> bool:
    """Take no more decisions signed with a reviewer's key; False where the name has none."""
    with store.writing() as c:
        valid = reviewers.update().where(reviewers.c.name == name, reviewers.c.revoked_at.is_(None))
        return c.execute(valid.values(revoked_at=now)).rowcount > 0


def all_reviewers(store: Store) -> tuple[Reviewer, ...]:
    """Every key ever made, oldest first."""
    with store.reading() as c:
        rows = c.execute(sa.select(reviewers).order_by(reviewers.c.id)).all()
    return tuple(Reviewer(r.name, r.key_id, bytes.fromhex(r.secret), r.made_at, r.revoked_at) for r in rows)


def store_file(store: Store) -> Path | None:
    """The file of a store that is one; None for a server."""
    url = sa.make_url(store.address)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def keep_to_owner(path: Path) -> bool:
    """Let nobody but its owner read or write a store's file and those that SQLite lays beside it; False where that held."""
    changed = False
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if each.exists() and stat.S_IMODE(each.stat().st_mode) & 0o077:
            each.chmod(0o600)
            changed = True
    return changed


# --- decisions ------------------------------------------------------------------------------------
def save_decisions(store: Store, given: Iterable[tuple[Reviewer, str, Decision]], *, now: datetime) -> int:
    """Keep decisions with their reviewer and the hash of their file; returns how many were not known yet.

    All or none. A decision that the same reviewer told before, in whatever file and under whichever key, is known.
    """
    rows: dict[str, tuple[str, dict[str, Any]]] = {}
    for reviewer, file_sha256, d in given:
        values = {n: getattr(d, n) for n in Decision.__slots__}
        told = {**values, "decided_at": d.decided_at.astimezone(UTC).isoformat(), "reviewer": reviewer.name}
        sha256 = hashlib.sha256(json.dumps(told, sort_keys=True).encode("ascii")).hexdigest()
        rows.setdefault(sha256, (reviewer.key_id, {**values, "sha256": sha256, "file_sha256": file_sha256, "imported_at": now}))
    with store.writing() as c:
        if c.dialect.name == "postgresql":
            c.execute(sa.select(sa.func.pg_advisory_xact_lock(_REVIEW_LOCK)))
        known: set[str] = set()
        for part in _parts(sorted(rows)):
            known |= set(c.execute(sa.select(decisions.c.sha256).where(decisions.c.sha256.in_(part))).scalars())
        numbers = {r.key_id: r.id for r in c.execute(sa.select(reviewers.c.id, reviewers.c.key_id))}
        new = [{**values, "reviewer_id": numbers[key_id]} for sha, (key_id, values) in rows.items() if sha not in known]
        if new:
            c.execute(decisions.insert(), new)
    return len(new)


def read_decisions(store: Store, call_ids: Collection[str] | None = None) -> tuple[KeptDecision, ...]:
    """Decisions on all calls or on some, in the order in which they count: the last of an outcome decides.

    That is the order of the times of decision, a time after the import standing for that of the import; of two at one time
    the one that was imported later comes later.
    """
    parts: list[Sequence[str] | None] = [None] if call_ids is None else [*_parts(sorted(call_ids))]
    with store.reading() as c:
        found = [d for part in parts for d in _decisions_of(c, part)]
    return tuple(sorted(found, key=_order))


def unreviewed_calls(store: Store) -> frozenset[str]:
    """Calls with decisions whose newest evaluation nobody held against them: they were audited anew since."""
    query = (
        sa.select(decisions.c.call_id)
        .distinct()
        .select_from(decisions.join(digests, digests.c.call_id == decisions.c.call_id))
        .outerjoin(judgings, judgings.c.evaluation_id == digests.c.evaluation_id)
        .where(digests.c.evaluation_id.is_not(None), judgings.c.evaluation_id.is_(None))
    )
    with store.reading() as c:
        return frozenset(c.execute(query).scalars())


def judged_calls(store: Store, evaluation_ids: Collection[int]) -> dict[int, JudgedCall]:
    """What some evaluations said, by number; those that the store does not have are left out."""
    found = {}
    with store.reading() as c:
        for part in _parts(sorted(evaluation_ids)):
            query = sa.select(evaluations.c.id, evaluations.c.evaluation, calls.c.call_id).select_from(
                evaluations.join(calls, calls.c.id == evaluations.c.call_row_id)
            )
            for number, e, call_id in c.execute(query.where(evaluations.c.id.in_(part))).tuples():
                verdicts = {o["criterion"]: o.get("tool", o)["outcome"] for o in e["outcomes"]}
                found[number] = JudgedCall(call_id, e["scorecard"], e["scorecard_sha256"], verdicts)
    return found


Reviewing = Callable[[StoredCall, Sequence[KeptDecision]], Evaluation | None]


def review_calls(
    store: Store,
    call_ids: Collection[str],
    review: Reviewing,
    *,
    options: Mapping[str, Any],
    now: datetime,
    before: Callable[[StoredCall, Evaluation], None] = lambda call, new: None,
) -> tuple[str, ...]:
    """Add to calls what their evaluation says once reviewers were heard; those of which it says something else now.

    Parameters
    ----------
    review : callable
        Told a call and the decisions on it, in the order in which they count; gives its evaluation with them, or None where
        there is none. It is called while nobody else can add decisions or evaluations.
    options : mapping
        Kept with each evaluation.
    before : callable
        Told each call and its new evaluation before that is kept: what it does is done again, should this be broken off.
    """
    changed: list[str] = []
    wanted = sorted(call_ids)
    for begin in range(0, len(wanted), 50):
        part = wanted[begin : begin + 50]
        with store.writing() as c:
            if c.dialect.name == "postgresql":
                c.execute(sa.select(sa.func.pg_advisory_xact_lock(_REVIEW_LOCK)))
            rows = tuple(c.execute(sa.select(digests.c.call_row_id).where(digests.c.call_id.in_(part))).scalars())
            said: dict[str, list[KeptDecision]] = {}
            for d in sorted(_decisions_of(c, part), key=_order):
                said.setdefault(d.decision.call_id, []).append(d)
            for row in c.execute(calls_query(rows)).all() if rows else ():
                call = stored_call(row)
                new = review(call, said.get(call.record.call_id, ()))
                if new is None or call.evaluation is None or evaluation_to_json(new) == evaluation_to_json(call.evaluation):
                    continue
                before(call, new)
                values = {"call_row_id": call.call_row_id, **evaluation_row(call.record, new, options, now)}
                number = new_id(c.execute(evaluations.insert().values(**values)))
                put_digest(c, call.call_row_id, number, call.record, new, judged_with_facts=True)
                changed.append(call.record.call_id)
    return tuple(changed)


def _decisions_of(c: sa.Connection, call_ids: Sequence[str] | None) -> Iterator[KeptDecision]:
    query = sa.select(decisions, reviewers.c.name).select_from(
        decisions.join(reviewers, reviewers.c.id == decisions.c.reviewer_id)
    )
    if call_ids is not None:
        query = query.where(decisions.c.call_id.in_(call_ids))
    for r in c.execute(query):
        its = r._mapping
        decision = Decision(**{n: its[n] for n in Decision.__slots__})
        yield KeptDecision(decision, r.name, r.file_sha256, r.imported_at, r.id)


def _order(d: KeptDecision) -> tuple[datetime, datetime, int]:
    return d.counts_from, d.imported_at, d.number


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(values), _CHUNK):
        yield values[begin : begin + _CHUNK]

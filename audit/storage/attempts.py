"""An attempt at a recording: begun, unless another run is at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from audit.storage.leases import Lease, is_gone
from audit.storage.tables import calls, recordings, runs
from audit.storage.trips import Answer, one_trip, sendable
from audit.storage.upserts import insertion

#: What is not yet known of an attempt that begins.
_BLANK = ("finished_at", "stage", "error", "reason", "next_step")
_GIVEN = ("path", "call_id", "size_bytes", "mtime_ns", "started_at", "run_id", "lease_until")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recording that is to be claimed.

    Attributes
    ----------
    seen_row_id : int or None
        The newest record of its call as the plan saw it; where there is a newer one by now, another run was first.
    """

    path: str
    call_id: str
    size_bytes: int | None
    mtime_ns: int | None
    seen_row_id: int | None

    def values(self, lease: Lease, now: datetime) -> dict[str, Any]:
        """What the statements of this module are executed with."""
        size, mtime = self.size_bytes, self.mtime_ns
        known = attempt_values(self.path, self.call_id, size_bytes=size, mtime_ns=mtime, now=now, lease=lease)
        return known | {"seen": self.seen_row_id}


def attempt_values(
    path: str, call_id: str, *, size_bytes: int | None, mtime_ns: int | None, now: datetime, lease: Lease | None = None
) -> dict[str, Any]:
    """Values that the statements of this module are executed with; `seen` is added by who looks for newer records."""
    return {
        "path": path, "call_id": call_id, "size_bytes": size_bytes, "mtime_ns": mtime_ns, "started_at": now,
        "run_id": lease.run_id if lease else None, "lease_until": lease.until if lease else None, "seen": None,
    }  # fmt: skip


def begin_attempt(c: sa.Connection, values: Mapping[str, Any]) -> int:
    """Note that the audit of a recording begins; returns the recording's number."""
    return int(c.execute(_beginning(c.dialect.name), values).scalar_one())


def claim_at_once(c: sa.Connection, told: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """Claim recordings in one transaction, where no other run, dead or alive, is at them; see :func:`claiming`.

    Parameters
    ----------
    c : sqlalchemy.Connection
        As :func:`audit.storage.trips.one_trip` asks for it.
    told : sequence of mapping
        Of each. Two that claim the same at once must not wait for each other's: the calls are taken by their ids.

    Returns
    -------
    list of int or None
        Each one's number; None where it is not settled that it may be claimed.
    """
    database = c.dialect.name
    answers: dict[int, Answer] = {}
    with one_trip(c) as send:
        for i in sorted(range(len(told)), key=lambda i: str(told[i]["call_id"])):
            values = {name: sendable(database, value) for name, value in told[i].items()}
            if database == "postgresql":
                send(CALL_LOCK, values)
            answers[i] = send(claiming(database), values)
    rows = [answers[i]() for i in range(len(told))]
    return [int(row[0]) if row else None for row in rows]


def is_in_other_hands(c: sa.Connection, values: Mapping[str, Any]) -> bool:
    """Whether another run, whose process is not known to be gone, holds the recording or another one of its call."""
    return any(not is_gone(holder) for holder in c.execute(_HOLDERS, values).scalars())


@cache
def claiming(database: str) -> Any:
    """Begin an attempt where no other run is at the recording or its call, and the call has no newer record than was seen.

    Returns the recording's number, or no row. That a lease of a dead process is void it does not know.
    """
    values = _values()
    nobody = sa.and_(NEWEST.scalar_subquery().is_not_distinct_from(_bound("seen", calls.c.id)), ~_AT_WORK.exists())
    return _again(insertion(database, recordings).from_select(list(values), sa.select(*values.values()).where(nobody)))


@cache
def _beginning(database: str) -> Any:
    return _again(insertion(database, recordings).values(_values()))


def _again(inserted: Any) -> Any:
    """Of a recording that was met before the row is taken, and when it was first seen stays."""
    taken = {n: inserted.excluded[n] for n in (*_GIVEN, *_BLANK, "state") if n != "path"}
    counted = {"n_attempts": recordings.c.n_attempts + 1}
    return inserted.on_conflict_do_update(index_elements=["path"], set_=taken | counted).returning(recordings.c.id)


def _values() -> dict[str, Any]:
    """The columns of a recording whose first attempt begins."""
    given = {n: _bound(n, recordings.c[n]) for n in _GIVEN}
    blank = {n: sa.cast(sa.null(), recordings.c[n].type) for n in _BLANK}
    first = {
        "state": sa.literal("running"),
        "n_attempts": sa.literal(1),
        "first_seen_at": _bound("started_at", recordings.c.started_at),
    }
    return {**given, **blank, **first}


def _bound(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


# What is asked for every call: built once, for SQLAlchemy takes longer to put such a statement together than SQLite to run it.
_HELD = recordings.alias("held")
_AT_WORK = (
    sa.select(_HELD.c.id)
    .where(sa.or_(_HELD.c.path == sa.bindparam("path"), _HELD.c.call_id == sa.bindparam("call_id")))
    .where(_HELD.c.state == "running", _HELD.c.run_id != sa.bindparam("run_id"))
    .where(_HELD.c.lease_until > sa.bindparam("started_at"))
)
_HOLDERS = _AT_WORK.join_from(_HELD, runs, runs.c.id == _HELD.c.run_id).with_only_columns(runs.c.holder)
NEWEST = sa.select(sa.func.max(calls.c.id)).where(calls.c.call_id == sa.bindparam("call_id"))
#: Of PostgreSQL: a transaction there locks what it changes, not what it looked at.
CALL_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("call_id"), 0)))

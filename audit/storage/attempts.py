"""An attempt at a recording: begun, unless another run is at it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from audit.storage.leases import Lease, is_gone
from audit.storage.tables import calls, recordings, runs
from audit.storage.upserts import insertion

#: What is not yet known of an attempt that begins.
_BLANK = ("finished_at", "stage", "error", "reason", "next_step")
_GIVEN = ("path", "call_id", "size_bytes", "mtime_ns", "started_at", "run_id", "lease_until")


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

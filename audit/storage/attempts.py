"""An attempt at a recording: begun, unless another run is at it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from audit.storage.leases import Lease, is_gone
from audit.storage.rows import new_id
from audit.storage.tables import recordings, runs


def begin_attempt(
    c: sa.Connection,
    path: str,
    call_id: str,
    *,
    size_bytes: int | None,
    mtime_ns: int | None,
    now: datetime,
    lease: Lease | None = None,
) -> int:
    """Note that the audit of a recording begins; returns the recording's number."""
    values = {
        "call_id": call_id, "size_bytes": size_bytes, "mtime_ns": mtime_ns, "state": "running", "started_at": now,
        "finished_at": None, "stage": None, "error": None, "reason": None, "next_step": None,
        "run_id": lease.run_id if lease else None, "lease_until": lease.until if lease else None,
    }  # fmt: skip
    known = c.execute(_AT, {"at": path}).scalar()
    if known is None:
        return new_id(c.execute(recordings.insert(), {"path": path, "n_attempts": 1, "first_seen_at": now, **values}))
    c.execute(_AGAIN, {"number": known, **values})
    return int(known)


def is_in_other_hands(c: sa.Connection, call_id: str, path: str, run_id: int, now: datetime) -> bool:
    """Whether another run, whose process is not known to be gone, holds the recording or another one of its call."""
    asked = {"its": call_id, "at": path, "mine": run_id, "now": now}
    return any(not is_gone(holder) for holder in c.execute(_AT_WORK, asked).scalars())


# What is asked for every call: built once, for SQLAlchemy takes longer to put such a statement together than SQLite to run it.
_AT = sa.select(recordings.c.id).where(recordings.c.path == sa.bindparam("at"))
_AGAIN = recordings.update().where(recordings.c.id == sa.bindparam("number")).values(n_attempts=recordings.c.n_attempts + 1)
_AT_WORK = (
    sa.select(runs.c.holder)
    .select_from(recordings.join(runs, runs.c.id == recordings.c.run_id))
    .where(sa.or_(recordings.c.path == sa.bindparam("at"), recordings.c.call_id == sa.bindparam("its")))
    .where(recordings.c.state == "running", recordings.c.run_id != sa.bindparam("mine"))
    .where(recordings.c.lease_until > sa.bindparam("now"))
)

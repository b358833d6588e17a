"""What a run asks the store before it begins: a few columns of many recordings, and all of a few.

An archive grows for years and a night brings one day of it, so nothing here reads the whole ledger at once, and what is
asked of every known file stands in its row of ``recordings`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from audit.storage.rows import LedgerEntry, State, entry
from audit.storage.tables import calls, evaluations, recordings, runs

if TYPE_CHECKING:
    from audit.storage.ledger import Store

#: Values in one IN (...): below the least that any database allows.
_CHUNK = 500


class KnownFile(NamedTuple):
    """A file as the ledger knows it; `run_id` is that of the run that last audited it or found it up to date."""

    path: str
    recording_id: int
    call_id: str
    state: State
    size_bytes: int | None
    mtime_ns: int | None
    run_id: int | None


_KNOWN = sa.select(*(recordings.c[n] for n in ("path", "id", "call_id", "state", "size_bytes", "mtime_ns", "run_id"))).where(
    recordings.c.path.in_(sa.bindparam("paths", expanding=True))
)


def ledger_query() -> sa.Select[Any]:
    """Recordings that are not superseded, each with the newest record of its call where that is of this recording."""
    found, other = calls.alias("found"), calls.alias("other")
    newest = sa.select(sa.func.max(other.c.id)).where(other.c.call_id == found.c.call_id).correlate(found).scalar_subquery()
    verdict, older = evaluations.alias("verdict"), evaluations.alias("older")
    last = sa.select(sa.func.max(older.c.id)).where(older.c.call_row_id == found.c.id).correlate(found).scalar_subquery()
    return (
        sa.select(
            *(recordings.c[n] for n in ("id", "path", "call_id", "state", "size_bytes", "mtime_ns", "n_crashes", "stage")),
            found.c.id.label("call_row_id"),
            *(found.c[n] for n in ("sha256", "language", "tool_version", "measuring_key", "words_key", "metadata_key")),
            verdict.c.scorecard,
            verdict.c.scorecard_sha256,
        )
        .select_from(
            recordings.outerjoin(found, sa.and_(found.c.recording_id == recordings.c.id, found.c.id == newest)).outerjoin(
                verdict, verdict.c.id == last
            )
        )
        .where(recordings.c.state != "superseded")
        .order_by(recordings.c.id)
    )


def known_files(store: Store, paths: Sequence[str]) -> dict[str, KnownFile]:
    """What the ledger knows of some files, by path; a few hundred at a time."""
    with store.reading() as c:
        return {row[0]: KnownFile._make(row) for row in c.execute(_KNOWN, {"paths": list(paths)})}


def entries(store: Store, *, paths: Iterable[str], call_ids: Iterable[str]) -> tuple[LedgerEntry, ...]:
    """The ledger's entries of some paths and of some calls, by number, superseded ones left out."""
    found: dict[int, LedgerEntry] = {}
    with store.reading() as c:
        for column, wanted in ((recordings.c.path, paths), (recordings.c.call_id, call_ids)):
            for some in _chunks(wanted):
                found.update((row.id, entry(row)) for row in c.execute(ledger_query().where(column.in_(some))))
    return tuple(found[number] for number in sorted(found))


def failed_files(store: Store) -> tuple[tuple[int, str], ...]:
    """Number and path of each recording that failed."""
    with store.reading() as c:
        query = sa.select(recordings.c.id, recordings.c.path).where(recordings.c.state == "failed")
        return tuple((row.id, row.path) for row in c.execute(query.order_by(recordings.c.id)))


def runs_of_scope(store: Store, scope: str) -> dict[int, datetime]:
    """Runs that were asked for the same of the same sources, and when each began: what one left up to date still is."""
    with store.reading() as c:
        rows = c.execute(sa.select(runs.c.id, runs.c.options, runs.c.started_at).where(runs.c.command.in_(("run", "measure"))))
        return {row.id: row.started_at for row in rows if row.options.get("scope") == scope}


def note_checked(store: Store, recording_ids: Iterable[int], run_id: int) -> None:
    """Note that a run found recordings up to date."""
    with store.writing() as c:
        for some in _chunks(recording_ids):
            mine = recordings.c.id.in_(some) & (recordings.c.state == "done")
            c.execute(recordings.update().where(mine).values(run_id=run_id))


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    listed = list(dict.fromkeys(values))
    return (listed[i : i + _CHUNK] for i in range(0, len(listed), _CHUNK))

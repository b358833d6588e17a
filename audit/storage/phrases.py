"""What agents say, as counted sequences: kept with each record, made anew where of another form, gone with the words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audit.contract import record_from_json
from audit.phrases import PHRASES_FORM, CallPhrases, call_phrases
from audit.records import CallRecord
from audit.storage.rows import newest_calls
from audit.storage.tables import calls, phrases
from audit.storage.upserts import upsert

if TYPE_CHECKING:
    from audit.storage.ledger import Store

#: Values in one IN (...): below the least that any database allows.
_CHUNK = 500


def phrases_row(record: CallRecord) -> dict[str, Any]:
    """The values of a call's row of phrases, but for the number of its record."""
    found = call_phrases(record)
    return {"call_id": found.call_id, "form": PHRASES_FORM, "stratum": found.stratum, "counts": found.counts}


def complete_phrases(store: Store, advanced: Callable[[int, int], None] = lambda n, of: None) -> int:
    """Count what is missing, of another form or of an older record; returns of how many calls.

    Results keep their phrases themselves: this is for stores from before there were any.

    Parameters
    ----------
    advanced : callable
        Told how many of how many are made.
    """
    joined = calls.outerjoin(phrases, phrases.c.call_id == calls.c.call_id)
    query = (
        sa.select(calls.c.id)
        .select_from(joined)
        .where(
            calls.c.id.in_(sa.select(newest_calls().c.id)),
            sa.or_(phrases.c.call_id.is_(None), phrases.c.form != PHRASES_FORM, phrases.c.call_row_id != calls.c.id),
        )
        .order_by(calls.c.id)
    )
    with store.reading() as c:
        missing = [int(n) for n in c.execute(query).scalars()]
    for begin in range(0, len(missing), 100):
        part = missing[begin : begin + 100]
        with store.writing() as c:
            found = c.execute(sa.select(calls.c.id, calls.c.record).where(calls.c.id.in_(part)).order_by(calls.c.id)).all()
            rows = [phrases_row(record_from_json(record)) | {"call_row_id": number} for number, record in found]
            c.execute(upsert(c.dialect.name, phrases), rows)
        advanced(begin + len(part), len(missing))
    return len(missing)


def read_phrases(store: Store, call_ids: Collection[str]) -> Iterator[CallPhrases]:
    """What was said in some calls, by call id; calls without words are left out."""
    wanted = sorted(call_ids)
    query = sa.select(phrases.c.call_id, phrases.c.stratum, phrases.c.counts).where(phrases.c.stratum != "")
    for begin in range(0, len(wanted), _CHUNK):
        part = query.where(phrases.c.call_id.in_(wanted[begin : begin + _CHUNK])).order_by(phrases.c.call_id)
        with store.reading() as c:
            for row in c.execute(part).tuples():
                yield CallPhrases(*row)

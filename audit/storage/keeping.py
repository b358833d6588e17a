"""What a result writes: record, verdicts, digest, phrases, stages and its place in the ledger, or none of them.

SQLite is told one statement after the other. PostgreSQL, which answers each over a connection, is told all in one: the
insertion of the record and what follows from it are parts (``WITH``) of one query, which is a transaction by itself. The
parts are the same. The record comes first and has a token of its sender's; sent again it is not inserted again, and then
nothing follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from audit.contract import call_to_json
from audit.digests import catalogue_of, catalogue_to_json
from audit.records import CallRecord
from audit.storage.digests import digest_row
from audit.storage.phrases import phrases_row
from audit.storage.rows import AuditKeys, evaluation_row
from audit.storage.tables import calls, catalogues, digests, evaluations, phrases, recordings, stages, touched_calls
from audit.storage.upserts import in_place, insertion
from audit.verdicts import Evaluation

_CALL = ("call_id", "recording_id", "sha256", "agent_id", "started_at", "language", "measuring_key", "words_key",
         "metadata_key", "tool_version", "audited_at", "record", "token")  # fmt: skip
_VERDICT = ("scorecard", "scorecard_version", "scorecard_sha256", "score", "critical_failed", "n_failed_criteria",
            "tool_version", "options", "created_at", "evaluation")  # fmt: skip
_DIGEST = ("call_id", "form", "agent_id", "customer_number", "started_at", "digest")
_PHRASES = ("call_id", "form", "stratum", "counts")


def keep_result(
    c: sa.Connection,
    recording_id: int,
    record: CallRecord,
    evaluation: Evaluation | None,
    keys: AuditKeys,
    *,
    options: Mapping[str, Any],
    now: datetime,
    token: str | None,
    found: bytes | None,
) -> int:
    """Keep a result; see :meth:`audit.storage.Store.save_result`.

    Parameters
    ----------
    c : sqlalchemy.Connection
        Of SQLite within a transaction; of PostgreSQL without one, for the statement is one by itself.
    found : bytes, optional
        What the stages found, in place of what they found before; None leaves that.

    Returns
    -------
    int
        The call's row number.
    """
    row = {
        "call_id": record.call_id, "recording_id": recording_id, "sha256": record.recording.sha256,
        "agent_id": record.metadata.agent_id, "started_at": record.metadata.started_at,
        "language": record.transcript.language if record.transcript else None, "measuring_key": keys.measuring,
        "words_key": keys.words, "metadata_key": keys.metadata, "tool_version": record.tool_version, "audited_at": now,
        "record": call_to_json(record), "token": token,
    }  # fmt: skip
    values = _named(calls, row) | _named(digests, digest_row(record, evaluation))
    values |= _named(phrases, phrases_row(record))
    if evaluation is not None:
        values |= _named(evaluations, evaluation_row(record, evaluation, options, now))
        values["catalogue"] = catalogue_to_json(catalogue_of(evaluation))
    if found is not None:
        values["found"] = found
    asked = _statements(c.dialect.name, judged=evaluation is not None, staged=found is not None)
    number = c.execute(asked.first, values).scalar()
    if number is None:  # it has been sent before
        return int(c.execute(_SENT, values).scalar_one())
    values["call_row_id"], values["evaluation_id"] = number, None
    if asked.verdict is not None:
        values["evaluation_id"] = c.execute(asked.verdict, values).scalar_one()
    for statement in asked.rest:
        c.execute(statement, values)
    return int(number)


class _Statements(NamedTuple):
    """What is executed in turn: the first returns the record's number or nothing, the verdict its own."""

    first: Any
    verdict: Any = None
    rest: tuple[Any, ...] = ()


@cache
def _statements(database: str, *, judged: bool, staged: bool) -> _Statements:
    """Built once for each kind of result: SQLAlchemy takes longer to put such a statement together than SQLite to run it."""
    kept = _kept(database)
    if database != "postgresql":
        number: Any = sa.bindparam("call_row_id")
        verdict: Any = sa.bindparam("evaluation_id")
        judging = _row(database, evaluations, _VERDICT, None, call_row_id=number).returning(evaluations.c.id)
        rest = _what_follows(database, None, number, verdict, judged=judged, staged=staged)
        return _Statements(kept, judging if judged else None, (*rest, *_ledger()))
    record = kept.cte("kept")
    parts: list[Any] = []
    source, evaluation_id = record, sa.null()
    if judged:
        judging = _row(database, evaluations, _VERDICT, record, call_row_id=record.c.id)
        verdicts = judging.returning(evaluations.c.id, evaluations.c.call_row_id).cte("verdict")
        source, evaluation_id = record.join(verdicts, verdicts.c.call_row_id == record.c.id), verdicts.c.id
    parts += _what_follows(database, source, record.c.id, evaluation_id, judged=judged, staged=staged)
    parts += [update.where(sa.select(record.c.id).exists()) for update in _ledger()]
    return _Statements(sa.select(record.c.id).add_cte(*(p.cte(f"part_{i}") for i, p in enumerate(parts))))


def _kept(database: str) -> Any:
    """The record, unless its token is there."""
    record = insertion(database, calls).values({n: _bound(calls, n) for n in _CALL})
    return record.on_conflict_do_nothing(index_elements=["token"]).returning(calls.c.id)


def _what_follows(database: str, source: Any, number: Any, verdict: Any, *, judged: bool, staged: bool) -> list[Any]:
    """The digest, the phrases, the call's place in the queue of those to follow, the words of its scorecard, its stages."""
    known = {"call_row_id": number, "evaluation_id": verdict}
    call_id = _bound(calls, "call_id")
    follow: list[Any] = [
        in_place(_row(database, digests, _DIGEST, source, **known), digests),
        in_place(_row(database, phrases, _PHRASES, source, call_row_id=number), phrases),
        _row(database, touched_calls, (), source, call_id=call_id),
    ]
    if judged:
        words = sa.bindparam("catalogue", type_=sa.JSON)
        by_hash = {"scorecard_sha256": _bound(evaluations, "scorecard_sha256"), "catalogue": words}
        follow.append(_row(database, catalogues, (), source, **by_hash).on_conflict_do_nothing())
    if staged:
        kept = {"call_id": call_id, "found": sa.bindparam("found", type_=sa.LargeBinary)}
        follow.append(in_place(_row(database, stages, (), source, **kept), stages))
    return follow


def _ledger() -> tuple[Any, Any]:
    """The recording is done; others of the same call are no longer the call's.

    Two statements, for with "or" between their conditions PostgreSQL reads a young table from end to end.
    """
    number, call_id = _bound(calls, "recording_id"), _bound(calls, "call_id")
    done = {"state": "done", "sha256": _bound(calls, "sha256"), "finished_at": _bound(calls, "audited_at"),
            "lease_until": None, "n_crashes": 0}  # fmt: skip
    others = sa.and_(recordings.c.call_id == call_id, recordings.c.id != number, recordings.c.state.in_(("done", "running")))
    gone = {"state": "superseded", "reason": "another recording has taken this call's place"}
    return (
        recordings.update().where(recordings.c.id == number).values(done),
        recordings.update().where(others).values(gone),
    )


def _row(database: str, table: sa.Table, names: tuple[str, ...], source: Any, **known: Any) -> Any:
    """Insert a row: columns by their bound values, and some by what is known; once for each row of a source, if any."""
    values = {n: _bound(table, n) for n in names} | known
    inserted = insertion(database, table)
    if source is None:
        return inserted.values(values)
    return inserted.from_select(list(values), sa.select(*values.values()).select_from(source))


def _bound(table: sa.Table, name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(f"{table.name}_{name}", type_=table.c[name].type)


def _named(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row by the names of :func:`_bound`."""
    return {f"{table.name}_{name}": value for name, value in row.items()}


_SENT = sa.select(calls.c.id).where(calls.c.token == _bound(calls, "token"))

"""What a result writes: record, verdicts, digest, phrases, stages and its place in the ledger, or none of them.

SQLite is told one statement after the other. PostgreSQL, which answers each over a connection, is told all in one: the
insertion of the record and what follows from it are parts (``WITH``) of one query, which is a transaction by itself. The
parts are the same. The record comes first and has a token of its sender's; sent again it is not inserted again, and then
nothing follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from audit.contract import call_to_json
from audit.digests import catalogue_of, catalogue_to_json
from audit.errors import StoreError
from audit.records import CallRecord
from audit.storage.digests import digest_row
from audit.storage.phrases import phrases_row
from audit.storage.rows import AuditKeys, evaluation_row
from audit.storage.tables import calls, catalogues, digests, evaluations, phrases, recordings, stages, touched_calls
from audit.storage.trips import Send, one_trip, sendable
from audit.storage.upserts import in_place, insertion
from audit.verdicts import Evaluation

_CALL = ("call_id", "recording_id", "sha256", "agent_id", "started_at", "language", "measuring_key", "words_key",
         "metadata_key", "tool_version", "audited_at", "record", "token")  # fmt: skip
_VERDICT = ("scorecard", "scorecard_version", "scorecard_sha256", "score", "critical_failed", "n_failed_criteria",
            "tool_version", "options", "created_at", "evaluation")  # fmt: skip
_DIGEST = ("call_id", "form", "agent_id", "customer_number", "started_at", "digest")
_PHRASES = ("call_id", "form", "stratum", "counts")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call, to be kept.

    Attributes
    ----------
    recording_id : int
        As the claim gave it.
    keys : AuditKeys
    token : str or None
        Of the sender's: a result that is sent again, because the answer to the first time was lost, is kept once.
    stages : bytes or None
        What the stages found, in place of what they found before; None leaves that.
    """

    recording_id: int
    record: CallRecord
    evaluation: Evaluation | None
    keys: AuditKeys
    token: str | None = None
    stages: bytes | None = None


def keep_results(c: sa.Connection, results: Sequence[Result], *, options: Mapping[str, Any], now: datetime) -> list[int]:
    """Keep results, all or none of them; see :meth:`audit.storage.Store.save_results`.

    Parameters
    ----------
    c : sqlalchemy.Connection
        As :func:`audit.storage.trips.one_trip` asks for it.

    Returns
    -------
    list of int
        The calls' row numbers.
    """
    database = c.dialect.name
    told = [_values(database, r, options, now) for r in results]
    if database == "sqlite":
        with one_trip(c) as send:
            return [_in_turn(send, r, values) for r, values in zip(results, told, strict=True)]
    with one_trip(c) as send:
        sent = [send(_at_once(_kind(r)), values) for r, values in zip(results, told, strict=True)]
    rows = [answer() for answer in sent]
    return [int(row[0]) if row else _number_sent(c, r) for row, r in zip(rows, results, strict=True)]


def _in_turn(send: Send, result: Result, values: dict[str, Any]) -> int:
    """The statements of a result one after the other, each with the numbers that came of those before."""

    def number(statement: Any) -> int | None:
        row = send(statement, values)()
        return int(row[0]) if row else None

    asked = _one_by_one(_kind(result))
    if (kept := number(asked.first)) is None:
        kept = number(_SENT)
        if kept is None:
            raise StoreError(f"the database neither took the record of {result.record.call_id} nor had it")
        return kept
    values["call_row_id"] = kept
    values["evaluation_id"] = number(asked.verdict) if asked.verdict is not None else None
    for statement in asked.rest:
        send(statement, values)
    return kept


def _number_sent(c: sa.Connection, result: Result) -> int:
    """Of a result that has been sent before."""
    return int(c.execute(_SENT, {"calls_token": result.token}).scalar_one())


def _values(database: str, result: Result, options: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The values of all statements of a result, as the driver takes them."""
    record, evaluation, keys = result.record, result.evaluation, result.keys
    row = {
        "call_id": record.call_id, "recording_id": result.recording_id, "sha256": record.recording.sha256,
        "agent_id": record.metadata.agent_id, "started_at": record.metadata.started_at,
        "language": record.transcript.language if record.transcript else None, "measuring_key": keys.measuring,
        "words_key": keys.words, "metadata_key": keys.metadata, "tool_version": record.tool_version, "audited_at": now,
        "record": call_to_json(record), "token": result.token,
    }  # fmt: skip
    values = _named(calls, row) | _named(digests, digest_row(record, evaluation))
    values |= _named(phrases, phrases_row(record))
    if evaluation is not None:
        values |= _named(evaluations, evaluation_row(record, evaluation, options, now))
        values["catalogue"] = catalogue_to_json(catalogue_of(evaluation))
    if result.stages is not None:
        values["found"] = result.stages
    return {name: sendable(database, value) for name, value in values.items()}


class _Kind(NamedTuple):
    """What a result has beside its record."""

    judged: bool
    staged: bool


def _kind(result: Result) -> _Kind:
    return _Kind(result.evaluation is not None, result.stages is not None)


class _Statements(NamedTuple):
    """What is executed in turn: the first returns the record's number or nothing, the verdict its own."""

    first: Any
    verdict: Any = None
    rest: tuple[Any, ...] = ()


@cache
def _one_by_one(kind: _Kind) -> _Statements:
    """For SQLite."""
    number: Any = sa.bindparam("call_row_id")
    verdict: Any = sa.bindparam("evaluation_id")
    judging = _row("sqlite", evaluations, _VERDICT, None, call_row_id=number).returning(evaluations.c.id)
    rest = _what_follows("sqlite", None, number, verdict, kind)
    return _Statements(_kept("sqlite"), judging if kind.judged else None, (*rest, *_ledger()))


@cache
def _at_once(kind: _Kind) -> Any:
    """For PostgreSQL: returns the record's number or nothing."""
    record = _kept("postgresql").cte("kept")
    parts: list[Any] = []
    source, evaluation_id = record, sa.null()
    if kind.judged:
        judging = _row("postgresql", evaluations, _VERDICT, record, call_row_id=record.c.id)
        verdicts = judging.returning(evaluations.c.id, evaluations.c.call_row_id).cte("verdict")
        source, evaluation_id = record.join(verdicts, verdicts.c.call_row_id == record.c.id), verdicts.c.id
    parts += _what_follows("postgresql", source, record.c.id, evaluation_id, kind)
    parts += [update.where(sa.select(record.c.id).exists()) for update in _ledger()]
    return sa.select(record.c.id).add_cte(*(p.cte(f"part_{i}") for i, p in enumerate(parts)))


def _kept(database: str) -> Any:
    """The record, unless its token is there."""
    record = insertion(database, calls).values({n: _bound(calls, n) for n in _CALL})
    return record.on_conflict_do_nothing(index_elements=["token"]).returning(calls.c.id)


def _what_follows(database: str, source: Any, number: Any, verdict: Any, kind: _Kind) -> list[Any]:
    """The digest, the phrases, the call's place in the queue of those to follow, the words of its scorecard, its stages."""
    known = {"call_row_id": number, "evaluation_id": verdict}
    call_id = _bound(calls, "call_id")
    follow: list[Any] = [
        in_place(_row(database, digests, _DIGEST, source, **known), digests),
        in_place(_row(database, phrases, _PHRASES, source, call_row_id=number), phrases),
        _row(database, touched_calls, (), source, call_id=call_id),
    ]
    if kind.judged:
        words = sa.bindparam("catalogue", type_=sa.JSON)
        by_hash = {"scorecard_sha256": _bound(evaluations, "scorecard_sha256"), "catalogue": words}
        follow.append(_row(database, catalogues, (), source, **by_hash).on_conflict_do_nothing())
    if kind.staged:
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
    is_current = sa.or_(recordings.c.state == "done", recordings.c.state == "running")
    others = sa.and_(recordings.c.call_id == call_id, recordings.c.id != number, is_current)
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

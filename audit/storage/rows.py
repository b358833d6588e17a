"""What the store's rows mean: its values, and the queries and conversions that its methods share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from audit.contract import evaluation_from_json, evaluation_to_json, record_from_json
from audit.errors import StoreError
from audit.records import CallRecord
from audit.storage.tables import calls, evaluations, judgings, recordings
from audit.verdicts import Evaluation

State = Literal["new", "running", "done", "failed", "skipped", "superseded"]
RunState = Literal["done", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """What a record depends on beside the recording's bytes, as hashes.

    Attributes
    ----------
    measuring : str
        Of the options and the metadata that change a measurement.
    words : str or None
        Of the options that change a transcript; None where none was asked for.
    metadata : str
        Of all the metadata.
    """

    measuring: str
    words: str | None
    metadata: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the store knows of one recording, without the record itself.

    The attributes from `keys` on are those of the newest record of this recording's call, and
    None where there is none; `scorecard_sha256` and `tool_version` are those of its newest evaluation.
    `n_crashes` counts how often it took its worker down since it was last audited, `failed_in` is the stage in which it
    failed.
    """

    recording_id: int
    path: str
    call_id: str
    state: State
    sha256: str | None
    size_bytes: int | None
    mtime_ns: int | None
    call_row_id: int | None = None
    keys: AuditKeys | None = None
    language: str | None = None
    scorecard: str | None = None
    scorecard_sha256: str | None = None
    tool_version: str | None = None
    n_crashes: int = 0
    failed_in: str | None = None

    @property
    def stage(self) -> str | None:
        """How far it came: measured, transcribed, evaluated; where it failed, in what; None where nothing is known."""
        if self.state == "failed":
            return self.failed_in
        if self.keys is None:
            return None
        if self.scorecard is not None:
            return "evaluated"
        return "transcribed" if self.language is not None else "measured"


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A record and its newest evaluation as stored."""

    call_row_id: int
    recording_id: int
    path: str
    record: CallRecord
    evaluation: Evaluation | None
    keys: AuditKeys
    evaluation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a call stands, without its record: enough to know whether it has to be judged again.

    Attributes
    ----------
    judging_key : str or None
        What its newest evaluation was made from, as a hash; None where that is not known, or it has none.
    """

    call_row_id: int
    call_id: str
    agent_id: str | None
    language: str | None
    evaluation_id: int | None
    judging_key: str | None
    scorecard_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A stored record that was judged again.

    Attributes
    ----------
    evaluation : Evaluation or None
        None where it says what the newest stored one says; that one, `evaluation_id`, then stands.
    judging_key : str
        Hash of what it was made from.
    """

    call_row_id: int
    record: CallRecord
    evaluation: Evaluation | None
    evaluation_id: int | None
    judging_key: str


def newest_calls() -> sa.Subquery:
    """The newest record of each call."""
    newest = sa.select(sa.func.max(calls.c.id)).group_by(calls.c.call_id)
    return sa.select(*(c for c in calls.c if c.name != "record")).where(calls.c.id.in_(newest)).subquery("newest_call")


def standings_query(call_ids: Sequence[str] | None = None) -> sa.Select[Any]:
    """The newest record of each call with its newest evaluation's number and what that was made from: all, or some.

    For some, the newest are looked up one by one, so that it takes no longer in a larger store.
    """
    if call_ids is None:
        newest = sa.select(evaluations.c.call_row_id, sa.func.max(evaluations.c.id).label("evaluation_id")).group_by(
            evaluations.c.call_row_id
        )
        found = newest.subquery("newest_evaluation_id")
        number: sa.ColumnElement[Any] = found.c.evaluation_id
        joined = calls.outerjoin(found, found.c.call_row_id == calls.c.id)
        wanted: sa.ColumnElement[bool] = calls.c.id.in_(sa.select(newest_calls().c.id))
    else:
        last = sa.select(sa.func.max(evaluations.c.id)).where(evaluations.c.call_row_id == calls.c.id).correlate(calls)
        number = last.scalar_subquery()
        other = calls.alias("other")
        newest_row = sa.select(sa.func.max(other.c.id)).where(other.c.call_id == calls.c.call_id).correlate(calls)
        joined = calls  # type: ignore[assignment]  # a table is joined to as a join is
        wanted = sa.and_(calls.c.call_id.in_(call_ids), calls.c.id == newest_row.scalar_subquery())
    return (
        sa.select(
            calls.c.id.label("call_row_id"), calls.c.call_id, calls.c.agent_id, calls.c.language,
            evaluations.c.id.label("evaluation_id"), judgings.c.judging_key, evaluations.c.scorecard_sha256,
        )
        .select_from(
            joined.outerjoin(evaluations, evaluations.c.id == number).outerjoin(
                judgings, sa.and_(judgings.c.call_row_id == calls.c.id, judgings.c.evaluation_id == evaluations.c.id)
            )
        )
        .where(wanted)
        .order_by(calls.c.started_at.nulls_first(), calls.c.call_id)
    )  # fmt: skip


def newest_evaluations() -> sa.Subquery:
    """The newest evaluation of each record."""
    newest = sa.select(sa.func.max(evaluations.c.id)).group_by(evaluations.c.call_row_id)
    return sa.select(evaluations).where(evaluations.c.id.in_(newest)).subquery("newest_evaluation")


def calls_query(call_row_ids: tuple[int, ...] | None = None) -> sa.Select[Any]:
    """Records with their newest evaluations: all, or those of some row numbers.

    For a few, the newest evaluation is looked up by each record's number; for all, in one pass over the numbers.
    """
    if call_row_ids is not None:
        latest = (
            sa.select(sa.func.max(evaluations.c.id))
            .where(evaluations.c.call_row_id == calls.c.id)
            .correlate(calls)
            .scalar_subquery()
        )
        joined = calls.join(recordings).outerjoin(evaluations, evaluations.c.id == latest)
        found: Any = evaluations.c
    else:
        verdicts = newest_evaluations()
        joined = calls.join(recordings).outerjoin(verdicts, verdicts.c.call_row_id == calls.c.id)
        found = verdicts.c
    query = sa.select(
        *(calls.c[n] for n in ("id", "recording_id", "record", "measuring_key", "words_key", "metadata_key")),
        recordings.c.path,
        found.evaluation.label("evaluation"),
        found.id.label("evaluation_id"),
    ).select_from(joined)
    return query if call_row_ids is None else query.where(calls.c.id.in_(call_row_ids))


def entry(row: Any) -> LedgerEntry:
    """A row of the ledger's query."""
    r = row._mapping
    keys = AuditKeys(r["measuring_key"], r["words_key"], r["metadata_key"]) if r["call_row_id"] is not None else None
    return LedgerEntry(
        recording_id=r["id"],
        keys=keys,
        **{
            n: r[n]
            for n in (
                "path", "call_id", "state", "sha256", "size_bytes", "mtime_ns", "call_row_id", "language", "scorecard",
                "scorecard_sha256", "tool_version", "n_crashes",
            )
        },
        failed_in=r["stage"],
    )  # fmt: skip


def stored_call(row: sa.Row[Any]) -> StoredCall:
    """A row of :func:`calls_query`."""
    return StoredCall(
        call_row_id=row.id,
        recording_id=row.recording_id,
        path=row.path,
        record=record_from_json(row.record),
        evaluation=evaluation_from_json(row.evaluation) if row.evaluation is not None else None,
        keys=AuditKeys(row.measuring_key, row.words_key, row.metadata_key),
        evaluation_id=row.evaluation_id,
    )


def evaluation_row(record: CallRecord, evaluation: Evaluation, options: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The values of a new row of evaluations, but for the number of its call's row."""
    return {
        "scorecard": evaluation.scorecard,
        "scorecard_version": evaluation.scorecard_version,
        "scorecard_sha256": evaluation.scorecard_sha256,
        "score": evaluation.score,
        "critical_failed": evaluation.critical_failed,
        "n_failed_criteria": sum(o.outcome == "fail" for o in evaluation.outcomes),
        "tool_version": record.tool_version,
        "options": dict(options),
        "created_at": now,
        "evaluation": evaluation_to_json(evaluation),
    }


def new_id(result: sa.CursorResult[Any]) -> int:
    """The number that the database gave a new row."""
    key = result.inserted_primary_key
    if key is None:
        raise StoreError("the database returned no number for a new row")
    return int(key[0])

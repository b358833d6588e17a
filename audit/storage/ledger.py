"""The store: which recordings were audited, what was measured, what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa

from audit.contract import json_place
from audit.errors import StoreError, StoreGone
from audit.records import CallRecord, Failure
from audit.storage.attempts import (
    CALL_LOCK,
    NEWEST,
    Attempt,
    attempt_values,
    begin_attempt,
    claim_at_once,
    claiming,
    is_in_other_hands,
)
from audit.storage.digests import put_digest
from audit.storage.keeping import Result, keep_results
from audit.storage.leases import Lease, this_process
from audit.storage.migrate import driver_message, is_gone_for_now, migrate, next_step, open_engine
from audit.storage.planning import ledger_query
from audit.storage.rows import (
    AuditKeys,
    Judged,
    LedgerEntry,
    RunState,
    Standing,
    StoredCall,
    calls_query,
    entry,
    evaluation_row,
    new_id,
    newest_calls,
    standings_query,
    stored_call,
)
from audit.storage.stages import note_object, object_sha256, stages_of
from audit.storage.tables import calls, evaluations, judgings, notices, recordings, runs
from audit.storage.upserts import upsert
from audit.verdicts import Evaluation

#: Values in one IN (...): below the least that any database allows.
_CHUNK = 500


class Store:
    """Everything callaudit remembers, in SQLite or PostgreSQL.

    Opening brings the tables up to date. Each method is one transaction. Times
    are passed in as `now`, with a zone.

    Parameters
    ----------
    url : str
        SQLAlchemy URL.

    Raises
    ------
    StoreError
        From every method, where the database cannot be opened, read or written.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self.url = self._engine.url.render_as_string(hide_password=True)
        try:
            migrate(self._engine)
        except StoreError:
            self._engine.dispose()
            raise

    @property
    def address(self) -> str:
        """The URL with its password, for a process of this one's that opens the same store; never to be shown."""
        return self._engine.url.render_as_string(hide_password=False)

    @classmethod
    def in_folder(cls, out: Path) -> Store:
        """The default store of an output folder: SQLite in ``callaudit.db``."""
        return cls(sqlite_url(out / "callaudit.db"))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # --- runs -------------------------------------------------------------------------------------
    def begin_run(self, command: str, options: Mapping[str, Any], *, tool_version: str, now: datetime) -> int:
        """Note that a command began, and which process it is; returns the run's number."""
        row = {
            "command": command,
            "options": dict(options),
            "tool_version": tool_version,
            "state": "running",
            "started_at": now,
            "holder": this_process(),
        }
        with self.writing() as c:
            return new_id(c.execute(runs.insert().values(**row)))

    def finish_run(self, run_id: int, state: RunState, counts: Mapping[str, int], *, now: datetime) -> None:
        """Note how a run ended."""
        with self.writing() as c:
            c.execute(runs.update().where(runs.c.id == run_id).values(state=state, counts=dict(counts), finished_at=now))

    def save_notices(self, run_id: int, found: Iterable[Failure]) -> None:
        """Keep what a run found beside its recordings."""
        rows = [
            {
                "run_id": run_id,
                "call_id": f.call_id,
                "path": f.path,
                "stage": f.stage,
                "reason": f.reason,
                "next_step": f.next_step,
            }
            for f in found
        ]
        if rows:
            with self.writing() as c:
                c.execute(notices.insert(), rows)

    def last_command(self) -> tuple[str, Mapping[str, Any]] | None:
        """The newest run over recordings and its options; None where there was none."""
        newest = sa.select(runs.c.command, runs.c.options).where(runs.c.command.in_(("run", "measure")))
        with self.reading() as c:
            row = c.execute(newest.order_by(runs.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else (row.command, row.options)

    # --- the ledger -------------------------------------------------------------------------------
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Every recording ever met, by number, superseded ones left out."""
        with self.reading() as c:
            return tuple(entry(row) for row in c.execute(ledger_query()))

    def begin(self, path: str, call_id: str, *, size_bytes: int | None, mtime_ns: int | None, now: datetime) -> int:
        """Note that the audit of a recording begins; returns the recording's number."""
        values = attempt_values(path, call_id, size_bytes=size_bytes, mtime_ns=mtime_ns, now=now)
        with self.writing() as c:
            return begin_attempt(c, values)

    def claim(
        self,
        path: str,
        call_id: str,
        *,
        size_bytes: int | None,
        mtime_ns: int | None,
        lease: Lease,
        seen_row_id: int | None,
        now: datetime,
    ) -> int | None:
        """Note that a run begins the audit of a recording, unless another is at it or has just done it.

        Parameters
        ----------
        seen_row_id : int or None
            The newest record of this call as the plan saw it; where there is a newer one by now, another run was first.

        Returns
        -------
        int or None
            The recording's number; None where it is left to another run.
        """
        return self.claim_all([Attempt(path, call_id, size_bytes, mtime_ns, seen_row_id)], lease=lease, now=now)[0]

    def claim_all(self, attempts: Sequence[Attempt], *, lease: Lease, now: datetime) -> list[int | None]:
        """:meth:`claim` several recordings in one transaction, which takes little longer than to claim one.

        Returns
        -------
        list of int or None
            Of each.
        """
        told = [a.values(lease, now) for a in attempts]
        try:
            with self._at_once() as c:
                numbers = claim_at_once(c, told)
        except StoreError as e:
            if len(attempts) == 1 or isinstance(e, StoreGone):
                raise
            return [n for a in attempts for n in self.claim_all([a], lease=lease, now=now)]  # what is wrong with one
        return [self._claim_alone(values) if n is None else n for n, values in zip(numbers, told, strict=True)]

    def _claim_alone(self, values: Mapping[str, Any]) -> int | None:
        """Claim a recording that another run may be at, or may have been at when it ended."""
        with self.writing() as c:
            if c.dialect.name == "postgresql":
                c.execute(CALL_LOCK, values)
            if (number := c.execute(claiming(c.dialect.name), values).scalar()) is not None:
                return int(number)
            if c.execute(NEWEST, values).scalar() != values["seen"] or is_in_other_hands(c, values):
                return None
            return begin_attempt(c, values)

    def renew(self, recording_ids: Iterable[int], lease: Lease) -> None:
        """Go on holding recordings that a run is still at work on."""
        with self.writing() as c:
            mine = recordings.c.id.in_(list(recording_ids)) & (recordings.c.run_id == lease.run_id)
            c.execute(recordings.update().where(mine).values(lease_until=lease.until))

    def save_result(
        self,
        recording_id: int,
        record: CallRecord,
        evaluation: Evaluation | None,
        keys: AuditKeys,
        *,
        options: Mapping[str, Any],
        now: datetime,
        token: str | None = None,
        stages: bytes | None = None,
    ) -> int:
        """Keep a record and its evaluation, and mark the recording done; returns the call's row number.

        All or nothing: a recording is "done" only together with its record. With a `token` of the caller's a result
        that is sent again, because the answer to the first time was lost, is kept once. `stages` take the place of those
        of this call's last audit; None leaves them.
        """
        result = Result(recording_id, record, evaluation, keys, token, stages)
        return self.save_results([result], options=options, now=now)[0]

    def save_results(self, results: Sequence[Result], *, options: Mapping[str, Any], now: datetime) -> list[int]:
        """:meth:`save_result` of several in one transaction, which is one wait for the disk; returns their row numbers.

        All are kept or none, unless one cannot be: then each is tried alone, and those before that one are kept.
        """
        try:
            with self._at_once() as c:
                return keep_results(c, results, options=options, now=now)
        except StoreError as e:
            if len(results) == 1 or isinstance(e, StoreGone):
                raise
        return [n for r in results for n in self.save_results([r], options=options, now=now)]

    def save_evaluation(
        self, call_row_id: int, record: CallRecord, evaluation: Evaluation, *, options: Mapping[str, Any], now: datetime
    ) -> None:
        """Add an evaluation to a stored record; earlier ones stay."""
        with self.writing() as c:
            row = {"call_row_id": call_row_id, **evaluation_row(record, evaluation, options, now)}
            _doubt(c, call_row_id, evaluation)
            put_digest(c, call_row_id, new_id(c.execute(evaluations.insert().values(**row))), record, evaluation)

    def save_judged(self, judged: Sequence[Judged], *, options: Mapping[str, Any], now: datetime) -> None:
        """Add the evaluations of calls that were judged again, all or none of them; earlier ones stay.

        Of a call whose evaluation came out as it was, only what it was made from is noted.
        """
        with self.writing() as c:
            for j in judged:
                number = j.evaluation_id
                if j.evaluation is not None:
                    row = {"call_row_id": j.call_row_id, **evaluation_row(j.record, j.evaluation, options, now)}
                    _doubt(c, j.call_row_id, j.evaluation)
                    number = new_id(c.execute(evaluations.insert().values(**row)))
                    put_digest(c, j.call_row_id, number, j.record, j.evaluation, judged_with_facts=True)
                if number is None:
                    c.execute(judgings.delete().where(judgings.c.call_row_id == j.call_row_id))
                else:
                    made = {"call_row_id": j.call_row_id, "evaluation_id": number, "judging_key": j.judging_key}
                    c.execute(upsert(c.dialect.name, judgings), made)

    def save_failure(self, recording_id: int, failure: Failure, *, now: datetime) -> None:
        """Mark a recording failed, with the reason; one that took its worker down is counted. A record from before stays."""
        values: dict[str, Any] = {
            "state": "failed", "stage": failure.stage, "error": failure.error, "reason": failure.reason,
            "next_step": failure.next_step, "finished_at": now, "lease_until": None,
        }  # fmt: skip
        if failure.stage == "worker":
            values["n_crashes"] = recordings.c.n_crashes + 1
        with self.writing() as c:
            c.execute(recordings.update().where(recordings.c.id == recording_id).values(**values))

    def put_back(self, recording_ids: Iterable[int]) -> None:
        """Mark recordings whose audit was broken off as new again."""
        with self.writing() as c:
            for number in recording_ids:
                c.execute(recordings.update().where(recordings.c.id == number).values(state="new", lease_until=None))

    def note_unchanged(self, recording_id: int, *, size_bytes: int | None, mtime_ns: int | None) -> None:
        """Keep the new time of change of a recording whose bytes are as they were."""
        with self.writing() as c:
            changed = recordings.update().where(recordings.c.id == recording_id)
            c.execute(changed.values(size_bytes=size_bytes, mtime_ns=mtime_ns))

    def supersede(self, recording_ids: Iterable[int], reason: str, *, now: datetime) -> None:
        """Take recordings out of the ledger's current ones; their rows stay."""
        with self.writing() as c:
            for number in recording_ids:
                values = {"state": "superseded", "reason": reason, "finished_at": now}
                c.execute(recordings.update().where(recordings.c.id == number).values(**values))

    # --- results ----------------------------------------------------------------------------------
    def stages(self, call_id: str) -> bytes | None:
        """What the stages of a call's last audit found; None where none are kept."""
        with self.reading() as c:
            return stages_of(c, call_id)

    def object_sha256(self, path: str, etag: str) -> str | None:
        """The hash of an object's bytes; None where this mark of them is not known."""
        with self.reading() as c:
            return object_sha256(c, path, etag)

    def note_object(self, path: str, etag: str, sha256: str) -> None:
        """Keep the hash of an object's bytes beside its store's mark of them."""
        with self.writing() as c:
            note_object(c, path, etag, sha256)

    def call(self, call_row_id: int) -> StoredCall:
        """One record with its newest evaluation.

        Raises
        ------
        StoreError
            If there is none of that number.
        """
        with self.reading() as c:
            row = c.execute(calls_query((call_row_id,))).one_or_none()
        if row is None:
            raise StoreError(f"{self.url}: no call has the row number {call_row_id}")
        return stored_call(row)

    def calls(
        self, *, since: datetime | None = None, until: datetime | None = None, agent_id: str | None = None
    ) -> Iterator[StoredCall]:
        """The newest record of each call with its newest evaluation, by start and call id.

        Parameters
        ----------
        since, until : datetime, optional
            Half-open, of the call's start, with a zone. A call without a start is left out
            where either is given.
        agent_id : str, optional
            Only this agent's.

        Yields
        ------
        StoredCall
            One is held in memory at a time.
        """
        query = (
            calls_query()
            .where(calls.c.id.in_(sa.select(newest_calls().c.id)))
            .order_by(calls.c.started_at.nulls_first(), calls.c.call_id)
        )
        if since is not None:
            query = query.where(calls.c.started_at >= since)
        if until is not None:
            query = query.where(calls.c.started_at < until)
        if agent_id is not None:
            query = query.where(calls.c.agent_id == agent_id)
        with self.reading() as c:
            for row in c.execution_options(yield_per=50).execute(query):
                yield stored_call(row)

    def standings(
        self, *, since: datetime | None = None, until: datetime | None = None, only: Collection[str] | None = None
    ) -> tuple[Standing, ...]:
        """How the newest record of each call stands, by start and call id; a period as :meth:`calls` takes it.

        With `only`, those of some calls; a few hundred after a few hundred, each by start.
        """
        ids = sorted(only) if only is not None else []
        parts = [ids[begin : begin + _CHUNK] for begin in range(0, len(ids), _CHUNK)] if only is not None else [None]
        found: list[Standing] = []
        with self.reading() as c:
            for part in parts:
                query = standings_query(part)
                if since is not None:
                    query = query.where(calls.c.started_at >= since)
                if until is not None:
                    query = query.where(calls.c.started_at < until)
                found += [Standing(**row._mapping) for row in c.execute(query)]
        return tuple(found)

    def languages(self) -> frozenset[str]:
        """The languages of all calls with words."""
        with self.reading() as c:
            return frozenset(c.execute(sa.select(calls.c.language).where(calls.c.language.is_not(None)).distinct()).scalars())

    def calls_by_row(self, call_row_ids: Sequence[int]) -> tuple[StoredCall, ...]:
        """Some records with their newest evaluations, in the order asked for; a few dozen at a time are quick and small."""
        with self.reading() as c:
            rows = {row.id: row for row in c.execute(calls_query(tuple(call_row_ids)))}
        return tuple(stored_call(rows[number]) for number in call_row_ids if number in rows)

    def figures(self, fields: Sequence[str], language: str) -> Iterator[tuple[str | None, tuple[Any, ...]]]:
        """Some fields of the newest record of every call in a language, with the agent's id, by row number.

        Parameters
        ----------
        fields : sequence of str
            As rules name them (:func:`audit.contract.json_place` must know their place).

        Yields
        ------
        tuple
            Agent and the values as stored, None where a record lacks one.
        """
        places = [calls.c.record[json_place(f)].as_string() for f in fields]
        query = sa.select(calls.c.agent_id, *places).where(
            calls.c.id.in_(sa.select(newest_calls().c.id)), calls.c.language == language
        )
        with self.reading() as c:
            for row in c.execution_options(yield_per=500).execute(query.order_by(calls.c.id)):
                yield row[0], tuple(row[1:])

    def mean_scores(self) -> dict[str, float]:
        """The mean score of each agent, over the newest evaluation of each of the agent's calls that has a score."""
        newest = sa.select(sa.func.max(evaluations.c.id)).group_by(evaluations.c.call_row_id)
        query = (
            sa.select(calls.c.agent_id, sa.func.avg(evaluations.c.score))
            .select_from(evaluations.join(calls, calls.c.id == evaluations.c.call_row_id))
            .where(evaluations.c.id.in_(newest), calls.c.agent_id.is_not(None), evaluations.c.score.is_not(None))
            .group_by(calls.c.agent_id)
        )
        with self.reading() as c:
            return {agent: float(mean) for agent, mean in c.execute(query)}

    def failures(self) -> tuple[Failure, ...]:
        """Recordings that cannot be audited as things stand, then the notices of the newest run."""
        of_last_run = sa.select(sa.func.max(runs.c.id)).where(runs.c.command.in_(("run", "measure")))
        with self.reading() as c:
            failed = c.execute(sa.select(recordings).where(recordings.c.state == "failed").order_by(recordings.c.path)).all()
            noted = c.execute(
                sa.select(notices).where(notices.c.run_id == of_last_run.scalar_subquery()).order_by(notices.c.id)
            ).all()
        return tuple(
            Failure(r.call_id, r.path, r.stage or "", r.error or "", r.reason or "", r.next_step or "") for r in failed
        ) + tuple(Failure(n.call_id, n.path, n.stage, "", n.reason, n.next_step, "warning") for n in noted)

    # --- transactions -----------------------------------------------------------------------------
    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction that takes the write lock at its start."""
        with self._connected("write", write=True) as c, c.begin():
            yield c

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One transaction that sees one state of the store."""
        with self._connected("read") as c, c.begin():
            yield c

    @contextmanager
    def _at_once(self) -> Iterator[sa.Connection]:
        """What :func:`audit.storage.trips.one_trip` asks for."""
        own = {} if self._engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
        with self._connected("write", **own) as c:
            yield c

    @contextmanager
    def _connected(self, doing: str, **options: Any) -> Iterator[sa.Connection]:
        """A connection whose errors are told in the store's words."""
        try:
            with self._engine.connect().execution_options(**options) as c:
                yield c
        except sa.exc.SQLAlchemyError as e:
            raise _error(e, f"{self.url}: cannot {doing}: ") from e
        except ValueError as e:  # psycopg lets the encoder's own error through
            if doing == "read":
                raise
            raise _error(e, f"{self.url}: cannot {doing}: ") from e


def _error(e: Exception, what: str) -> StoreError:
    kind = StoreGone if is_gone_for_now(e) else StoreError
    return kind(what + driver_message(e), hint=next_step(e))


def _doubt(c: sa.Connection, call_row_id: int, evaluation: Evaluation) -> None:
    """No run has found a call up to date that now gets verdicts by other rules than before."""
    before = sa.select(evaluations.c.scorecard_sha256).where(evaluations.c.call_row_id == call_row_id)
    if c.execute(before.order_by(evaluations.c.id.desc()).limit(1)).scalar() != evaluation.scorecard_sha256:
        its = sa.select(calls.c.recording_id).where(calls.c.id == call_row_id).scalar_subquery()
        c.execute(recordings.update().where(recordings.c.id == its, recordings.c.state == "done").values(run_id=None))


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return sa.URL.create("sqlite", database=str(path.absolute())).render_as_string()

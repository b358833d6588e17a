"""An archive: every recording once, whatever happens to some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import uuid4

from audit import __version__
from audit.archive import ObjectPath, Shares, answers, as_local, place, silent, sweep
from audit.batch.claims import Claims
from audit.batch.engines import open_pool
from audit.batch.files import append_log, call_file_name, make_out_folder, printable, write_json
from audit.batch.job import BatchSummary, End, Job, Progress, job_options
from audit.batch.patience import insist
from audit.batch.plan import QUARANTINED, Plan, Planned, Refused, make_plan
from audit.batch.sift import in_turn, scope_of, sift
from audit.batch.stopping import StopSignals
from audit.batch.workers import AuditedCall, Task, Trouble
from audit.contract import call_to_json
from audit.errors import AuditError
from audit.records import CallRecord, Failure, Metadata
from audit.storage import LEASE, Attempt, Lease, LedgerEntry, Result, Store, entries, failed_files, note_checked
from audit.verdicts import Evaluation

#: Recordings that are planned together; of an archive with more to do the plan is made as it is carried out.
PLANNED_AT_ONCE = 20_000


def run_batch(job: Job, store: Store, *, progress: Progress, clock: Callable[[], datetime]) -> BatchSummary:
    """Audit recordings, keeping each result as it comes.

    A call's file in ``calls/`` is replaced in one step, then the store takes the
    record, the evaluation and the mark "done" in one transaction. Whatever ends the
    process, the next run finds each call either done or to do.

    Parameters
    ----------
    job : Job
    store : Store
    progress : Progress
    clock : callable
        Tells the time, with a zone.

    Returns
    -------
    BatchSummary

    Raises
    ------
    UsageError
        If the output folder cannot be written to.
    AuditError
        If every further call would meet the same error: no model, no scorecard, no space.
    """
    make_out_folder(job.out)
    started_at = clock()
    options = job_options(job)
    scope = scope_of(job.settings, job.metadata_scope, job.judge)
    asked = {**options, "scope": scope}
    run_id = insist(partial(store.begin_run, job.command, asked, tool_version=__version__, now=started_at))
    run = _Run(job, store, progress, clock, options, run_id, scope=scope)
    state: Literal["done", "interrupted", "failed"] = "failed"
    try:
        with StopSignals(progress.stopping) as stop:
            run.all(stop)
        insist(partial(store.save_notices, run_id, (*job.notices, *run.unheard())))
        state = "interrupted" if stop.level or run.summary(None, 0.0).n_not_begun else "done"
    finally:
        summary = run.summary(stop.signum if stop.level else None, max(0.0, (clock() - started_at).total_seconds()))
        insist(partial(store.finish_run, run_id, state, _counts(summary), now=clock()))
    return summary


def _sha256(store: Store, path: Path) -> str:
    """Hash of a recording that may be one already known; an object whose mark is known is not fetched for it."""
    from audit.audio import file_sha256  # with the decoders a fifth of a second, and a first run hashes nothing here

    if isinstance(path, ObjectPath) and path.etag is not None:
        known = insist(partial(store.object_sha256, path.url, path.etag))
        if known is not None:
            return known
    with as_local(path) as local:
        return file_sha256(local)


def _counts(summary: BatchSummary) -> dict[str, int]:
    return {
        n: getattr(summary, n)
        for n in ("n_found", "n_audited", "n_rescored", "n_failed", "n_skipped", "n_elsewhere", "n_not_begun")
    }


@dataclass(slots=True)
class _Run:
    """One run under way: what its steps share."""

    job: Job
    store: Store
    progress: Progress
    clock: Callable[[], datetime]
    options: Mapping[str, Any]
    run_id: int
    ends: dict[End, int] = field(default_factory=lambda: dict.fromkeys(get_args(End), 0))
    call_ids: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    audio_s: float = 0.0
    in_hand: dict[int, int] = field(default_factory=dict)  # task number -> recording's number in the store
    renewed_at: datetime | None = None
    scope: str | None = None
    given_out: set[str] = field(default_factory=set)  # call ids that a plan of this run audits
    lined_up: dict[str, str] = field(default_factory=dict)  # those of them that are not begun, with their paths
    shares: Shares = field(default_factory=Shares)
    claims: Claims | None = None

    def all(self, stop: StopSignals) -> None:
        """Tell what is known, plan the rest, do the cheap work, then the work that opens audio."""
        sweep()
        self.shares = Shares(silence_s=self.job.silence_s, give_up=stop.look)
        self._forget_lost()
        recordings = self.job.recordings
        sifted = sift(recordings, self.store, scope=self.scope, out=self.job.out, shares=self.shares, alive=stop.look)
        turns = in_turn(sifted, recordings, PLANNED_AT_ONCE)
        first = self._plan(next(turns, []))
        is_all = len(first.planned) + len(first.refused) + sifted.n_known == len(recordings)
        sizes = sum(p.size_bytes or 0 for p in first.planned if p.work == "audit")
        self.progress.started(n_calls=len(recordings), n_bytes=sizes if is_all else sifted.new_bytes)
        self.ends["skipped"] += sifted.n_known
        self.call_ids |= sifted.known
        self.progress.known(sifted.n_known)
        self._audit(self._opening(first, turns, stop), stop)

    def _plan(self, recordings: Sequence[Path]) -> Plan:
        """What to do with some recordings; nothing, with those on a share that does not answer."""
        n_looked = 0

        def looked() -> None:
            nonlocal n_looked
            n_looked += 1

        planned = self.shares.ask(recordings, partial(self._planned, looked), moved=lambda: n_looked)
        plan = planned or Plan()
        lined_up = {p.metadata.call_id: p.key for p in plan.planned if p.work == "audit"}
        self.given_out.update(lined_up)
        self.lined_up |= lined_up
        return plan

    def _planned(self, looked: Callable[[], None], recordings: Sequence[Path]) -> Plan:

        def look_up(paths: Sequence[str], call_ids: Sequence[str]) -> Iterable[LedgerEntry]:
            return insist(partial(entries, self.store, paths=paths, call_ids=call_ids))

        def find_metadata(path: Path) -> Metadata:
            looked()
            return self.job.find_metadata(path)

        def sha256(path: Path) -> str:
            looked()
            return _sha256(self.store, path)

        def taken(call_id: str) -> bool:
            looked()
            return call_id in self.call_ids or call_id in self.given_out

        return make_plan(
            recordings,
            look_up,
            settings=self.job.settings,
            find_metadata=find_metadata,
            sha256=sha256,
            judge=self.job.judge,
            out=self.job.out,
            max_crashes=None if self.job.retry else self.job.max_crashes,
            taken=taken,
            lined_up=self.lined_up,
        )

    def _opening(self, first: Plan, turns: Iterator[list[Path]], stop: StopSignals) -> Iterator[Planned]:
        """Recordings whose audio has to be opened; what needs none is done on the way to them."""
        plan = first
        while True:
            for refused in plan.refused:
                self._refuse(refused)
            checked: list[int] = []
            for p in plan.planned:
                if self._look(stop):
                    return
                if p.work == "skip":
                    self._skip(p)
                elif p.work == "rescore":
                    self._rescore(p)
                if p.work != "audit" and p.entry is not None and p.entry.path == p.key:
                    checked.append(p.entry.recording_id)
            if self.scope is not None and checked:
                insist(partial(note_checked, self.store, checked, self.run_id))
            yield from (p for p in plan.planned if p.work == "audit")
            if (paths := next(turns, None)) is None:
                return
            plan = self._plan(paths)

    def summary(self, stopped_by: int | None, wall_s: float) -> BatchSummary:
        """The figures so far."""
        return BatchSummary(
            n_found=len(self.job.recordings),
            n_audited=self.ends["audited"] + self.ends["rescored"],
            n_rescored=self.ends["rescored"],
            n_failed=self.ends["failed"],
            n_skipped=self.ends["skipped"],
            call_ids=frozenset(self.call_ids),
            failures=tuple(self.failures),
            audio_s=self.audio_s,
            wall_s=wall_s,
            stopped_by=stopped_by,
            n_elsewhere=self.ends["elsewhere"],
            problems=self.shares.problems,
        )

    def unheard(self) -> Iterator[Failure]:
        """Shares that fell silent, as warnings."""
        for problem in self.shares.problems:
            yield Failure("", "", "discovery", "", problem, silent("").hint or "", "warning")

    def _forget_lost(self) -> None:
        """Take failed recordings that are gone out of the list of failures."""
        failed = [(number, place(path)) for number, path in insist(partial(failed_files, self.store))]
        gone = [number for number, path in failed if answers(path) and not path.exists()]
        if gone:
            insist(partial(self.store.supersede, gone, "the file is gone", now=self.clock()))

    def _audit(self, opening: Iterator[Planned], stop: StopSignals) -> None:
        """Give the recordings to the workers and keep what comes back."""
        if (head := next(opening, None)) is None:
            return
        self.claims = claims = Claims(chain((head,), opening), self._claim)
        todo: dict[int, Planned] = {}

        def begin(task: Task) -> bool:
            p = todo[task.number]
            number = claims.begin(task.number)
            self.lined_up.pop(p.metadata.call_id, None)
            if number is None:
                self._count(todo.pop(task.number), "elsewhere", 0.0)
                return False
            self.in_hand[task.number] = number
            if p.seen_row_id is not None:  # audited before: what its stages found may still hold
                task.kept.found = insist(partial(self.store.stages, p.metadata.call_id))
            return True

        def tasks() -> Iterator[Task]:
            for i, p in claims:
                todo[i] = p
                yield Task(i, p.path, p.metadata, p.size_bytes or 0)

        job = self.job
        try:
            with open_pool(job.engine, job.make_auditor, job.n_workers, job.limits) as pool:
                doing = pool.run(tasks(), begin=begin, stop_level=partial(self._look, stop), is_busy=job.is_busy)
                for came in doing:
                    self._take([(task, todo.pop(task.number), one) for task, one in came])
        finally:
            insist(partial(self.store.put_back, self._held()))

    def _held(self) -> list[int]:
        """The store's numbers of what is claimed and not done."""
        ahead = self.claims.held.values() if self.claims is not None else ()
        return [*self.in_hand.values(), *(number for number in ahead if number is not None)]

    def _claim(self, some: Sequence[Planned]) -> list[int | None]:
        """Take recordings for this run; None where another run has one."""
        now = self.clock()
        attempts = [Attempt(p.key, p.metadata.call_id, p.size_bytes, p.mtime_ns, p.seen_row_id) for p in some]
        return insist(partial(self.store.claim_all, attempts, lease=Lease(self.run_id, now + LEASE), now=now))

    def _take(self, came: Sequence[tuple[Task, Planned, AuditedCall | Trouble]]) -> None:
        """Keep what came since the last time: results together, for that is one wait for the disk."""
        done: list[tuple[Planned, Result]] = []
        fatal: AuditError | None = None
        for task, p, one in came:
            task.kept.found = None
            if not isinstance(one, Trouble):
                done.append((p, self._result(p, self.in_hand[task.number], one.record, one.evaluation, one.stages)))
            elif one.fatal is None:
                self._fail(self.in_hand[task.number], str(p.path), p.metadata.call_id, one, n_bytes=p.size_bytes or 0)
                del self.in_hand[task.number]
            else:
                fatal = fatal or one.fatal
        if done:
            self._keep(done)
        kept = {result.recording_id for _, result in done}
        self.in_hand = {number: recording_id for number, recording_id in self.in_hand.items() if recording_id not in kept}
        for p, result in done:
            self._count(p, "audited", result.record.recording.duration_s)
        if fatal is not None:
            raise fatal

    def _look(self, stop: StopSignals) -> int:
        """Whether to stop; by the way, renew what is in hand."""
        now = self.clock()
        # a clock that was set back must not let leases end: others may have kept theirs
        is_due = self.renewed_at is None or now < self.renewed_at or now - self.renewed_at > LEASE / 3
        if is_due and (held := self._held()):
            self.renewed_at = now
            insist(partial(self.store.renew, held, Lease(self.run_id, now + LEASE)))
        level = stop.look()
        return max(level, 1) if self._is_late() else level

    def _is_late(self) -> bool:
        """Whether the time to begin recordings is over."""
        return self.job.until is not None and self.clock() >= self.job.until

    def _result(
        self, p: Planned, recording_id: int, record: CallRecord, evaluation: Evaluation | None, stages: bytes | None = None
    ) -> Result:
        return Result(recording_id, record, evaluation, p.keys, uuid4().hex, stages)

    def _keep(self, done: Sequence[tuple[Planned, Result]]) -> None:
        """Write calls' files, then their rows."""
        for _, result in done:
            self._write(result.record, result.evaluation)
        results = [result for _, result in done]
        insist(partial(self.store.save_results, results, options=self.options, now=self.clock()))
        for p, result in done:
            if isinstance(p.path, ObjectPath) and p.path.etag is not None:
                insist(partial(self.store.note_object, p.path.url, p.path.etag, result.record.recording.sha256))

    def _write(self, record: CallRecord, evaluation: Evaluation | None) -> None:
        path = self.job.out / "calls" / call_file_name(record.call_id)
        write_json(path, call_to_json(record, evaluation, lang=self.job.lang))

    def _rescore(self, p: Planned) -> None:
        """Bring a stored call up to date without opening its audio."""
        if p.entry is None or p.entry.call_row_id is None or p.entry.keys is None:
            raise AuditError(f"{p.path}: nothing is stored of this call")
        stored = insist(partial(self.store.call, p.entry.call_row_id))
        same_words = p.keys.words is not None and p.keys.words == p.entry.keys.words
        evaluation = stored.evaluation
        if p.entry.keys.metadata == p.keys.metadata and p.entry.path == p.key and p.entry.state == "done":
            record = stored.record
            # a call whose words were removed by age keeps the verdicts that they led to
            if same_words and record.transcript is not None and self._scorecard_changed(p, record):
                evaluation = self.job.judge.evaluate(record)
                if evaluation is not None:
                    add = partial(self.store.save_evaluation, stored.call_row_id, record, evaluation)
                    insist(partial(add, options=self.options, now=self.clock()))
            self._write(record, evaluation)
        else:
            record = replace(stored.record, metadata=p.metadata, recording=replace(stored.record.recording, path=str(p.path)))
            if record.transcript is not None:
                evaluation = self.job.judge.evaluate(record)
            (recording_id,) = self._claim([p])
            if recording_id is None:
                self._count(p, "elsewhere", 0.0)
                return
            kept = replace(p, keys=replace(p.keys, words=p.entry.keys.words))
            self._keep([(kept, self._result(kept, recording_id, record, evaluation))])
        self._count(p, "rescored", 0.0)

    def _scorecard_changed(self, p: Planned, record: CallRecord) -> bool:
        language = record.transcript.language if record.transcript else self.job.settings.language
        return p.entry is not None and self.job.judge.scorecard_sha256(language) != p.entry.scorecard_sha256

    def _skip(self, p: Planned) -> None:
        if p.entry is not None and p.entry.path == p.key and p.mtime_ns != p.entry.mtime_ns:
            insist(partial(self.store.note_unchanged, p.entry.recording_id, size_bytes=p.size_bytes, mtime_ns=p.mtime_ns))
        self._count(p, "skipped", 0.0)

    def _count(self, p: Planned, end: End, audio_s: float) -> None:
        self.ends[end] += 1
        if end != "elsewhere":
            self.call_ids.add(p.metadata.call_id)
        self.audio_s += audio_s
        n_bytes = (p.size_bytes or 0) if p.work == "audit" else 0
        self.progress.ended(p.metadata.call_id, end, n_bytes=n_bytes, audio_s=audio_s)

    def _refuse(self, r: Refused) -> None:
        begin = partial(self.store.begin, r.key, r.call_id, size_bytes=None, mtime_ns=None, now=self.clock())
        kept = r.trouble.error == QUARANTINED  # it stands in the store as it failed, and is not failing anew
        self._fail(None if kept else insist(begin), str(r.path), r.call_id, r.trouble, n_bytes=0)

    def _fail(self, recording_id: int | None, path: str, call_id: str, trouble: Trouble, *, n_bytes: int) -> None:
        """Keep a failure; its traceback, if it has one, goes to the log."""
        shown = printable(path)
        failure = Failure(call_id, shown, trouble.stage, trouble.error, trouble.reason, trouble.next_step)
        if trouble.traceback:
            append_log(self.job.out, self.clock(), f"{call_id} {shown}", trouble.traceback)
        if recording_id is not None:
            insist(partial(self.store.save_failure, recording_id, failure, now=self.clock()))
        self.failures.append(failure)
        self.ends["failed"] += 1
        self.progress.ended(call_id, "failed", n_bytes=n_bytes, audio_s=0.0)

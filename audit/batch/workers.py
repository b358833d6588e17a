"""Worker processes, each with an auditor of its own that is built once.

A worker holds one call at a time, so when one dies (a fault in a decoder, the
memory of the machine used up) it is known which call was its last; the others
go on and a new worker takes its place. ``concurrent.futures`` cannot say that:
it gives up every call of the pool.
"""

from __future__ import annotations

import gc
import multiprocessing as mp
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from audit.archive import as_local
from audit.batch.memory import give_back_memory
from audit.errors import AuditError, MetadataError, ModelError, RecordingError, StoreError, UsageError
from audit.records import CallRecord, Metadata
from audit.verdicts import Evaluation

#: Seconds between two looks at whether somebody asked to stop.
POLL_S = 0.25
#: What a worker process starts with, where the user has not set it.
#: NumPy's small matrix products gain nothing from threads that wait for each other; the workers are the threads.
#: The speech model's attention takes and gives back hundreds of megabytes at a time: in large pages that is a fiftieth
#: of the page faults. What is freed stays with the process up to 1 GiB, arrays above 32 MiB excepted, in one heap for all
#: threads: else each thread's heap grows to its own top, and every window pays for its pages again
#: (docs/decisions/018-recognition-speed.md). glibc reads it when a process starts; others ignore it.
WORKER_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "GLIBC_TUNABLES": ":".join(
        f"glibc.malloc.{name}={value}"
        for name, value in {"hugetlb": 1, "arena_max": 1, "mmap_threshold": 32 << 20, "trim_threshold": 1 << 30}.items()
    ),
}


class AuditedCall(Protocol):
    """What an auditor gives back: see :class:`audit.pipeline.audited.AuditedCall`."""

    @property
    def record(self) -> CallRecord:
        """What was measured."""
        ...

    @property
    def evaluation(self) -> Evaluation | None:
        """The verdicts; None where no scorecard applied."""
        ...

    @property
    def stages(self) -> bytes | None:
        """What its stages found, for an audit of the same recording with other settings."""
        ...


class Auditor(Protocol):
    """What a worker needs: see :class:`audit.pipeline.auditor.Auditor`."""

    def audit(self, path: Path, metadata: Metadata, kept: bytes | None = None) -> AuditedCall:
        """Audit one recording; `kept` are the stages of an earlier audit."""
        ...


MakeAuditor = Callable[[], Auditor]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a worker may take for one call before it is ended.

    Attributes
    ----------
    base_s, per_mib_s : float
        Seconds for any call, and more for each mebibyte of its file: at 8 kbit/s, the fewest that speech takes, one holds
        17 minutes.
    memory_bytes : float
        Of memory in use, the speech model included.
    """

    base_s: float = 600.0
    per_mib_s: float = 240.0
    memory_bytes: float = inf

    def time_s(self, size_bytes: int) -> float:
        """Seconds for a call whose file has so many bytes."""
        return self.base_s + self.per_mib_s * size_bytes / (1 << 20)


@dataclass(slots=True)
class KeptStages:
    """What earlier audits of a recording found, fetched only when its turn comes: an archive's would not fit in memory."""

    found: bytes | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One recording to audit; `number` is the caller's.

    `kept` is filled by the caller when the task begins.
    """

    number: int
    path: Path
    metadata: Metadata
    size_bytes: int = 0
    kept: KeptStages = field(default_factory=KeptStages)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a call has no result.

    Attributes
    ----------
    stage : {"metadata", "recording", "audit", "worker"}
    error : str
        Name of the error's class.
    traceback : str
        Empty for errors raised on purpose.
    fatal : AuditError or None
        Set where every further call would meet the same.
    """

    stage: str
    error: str
    reason: str
    next_step: str
    traceback: str = ""
    fatal: AuditError | None = None


#: A call, and what came of it.
Came = tuple[Task, AuditedCall | Trouble]


def audit_one(auditor: Auditor, task: Task) -> AuditedCall | Trouble:
    """Audit one call; an error becomes a value, so that the others go on."""
    try:
        with as_local(task.path) as local:
            came = auditor.audit(local, task.metadata, task.kept.found)
            if came.record.transcript is not None:
                give_back_memory()
            return came if local is task.path else _named(came, str(task.path))
    except Exception as e:  # noqa: BLE001 - one call must never stop the rest; the traceback goes to the log
        return trouble_of(e)


def _named(came: Any, path: str) -> Any:
    """What came of a fetched recording, under the name that it has in its archive."""
    recording = replace(came.record.recording, path=path)
    return replace(came, record=replace(came.record, recording=recording))


def trouble_of(error: Exception) -> Trouble:
    """Describe an error as the line of ``failures.csv`` it becomes."""
    name = type(error).__name__
    if isinstance(error, AuditError):
        stage = {RecordingError: "recording", MetadataError: "metadata"}
        where = next((s for kind, s in stage.items() if isinstance(error, kind)), "audit")
        fatal = error if isinstance(error, (ModelError, UsageError, StoreError)) else None
        return Trouble(where, name, error.message, error.hint or "", fatal=fatal)
    reason = str(error).strip() or name
    hint = "see callaudit.log; please report it with the traceback"
    if isinstance(error, MemoryError):
        hint = "not enough memory: use fewer --jobs or a smaller --model"
    return Trouble("audit", name, reason, hint, traceback="".join(traceback.format_exception(error)))


class WorkerPool:
    """A fixed number of worker processes.

    Parameters
    ----------
    make_auditor : callable
        Builds the auditor in the worker; must be picklable.
    n_workers : int
        At least 1.
    limits : Limits
        A worker that goes beyond is ended; the call is reported and the others go on.
    """

    def __init__(self, make_auditor: MakeAuditor, n_workers: int, limits: Limits | None = None) -> None:
        if n_workers < 1:
            raise ValueError(f"n_workers must be at least 1, not {n_workers}")
        self._make_auditor = make_auditor
        self._n_workers = n_workers
        self._limits = limits or Limits()
        self._workers: list[_Worker] = []

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for w in self._workers:
            w.dismiss()

    def prepare(self) -> None:
        """Start all workers before there is work for them."""
        while len(self._workers) < self._n_workers:
            self._workers.append(_Worker(self._make_auditor))

    def run(
        self,
        tasks: Iterable[Task],
        *,
        begin: Callable[[Task], bool],
        stop_level: Callable[[], int],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> Iterator[list[Came]]:
        """Audit all tasks and yield the results as they come.

        Parameters
        ----------
        tasks : iterable of Task
        begin : callable
            Told of each task before a worker gets it; False leaves it out.
        stop_level : callable
            0 go on, 1 begin nothing more, 2 drop what is being done.
        is_busy : callable
            While it is true no task is begun.

        Yields
        ------
        list of (Task, AuditedCall or Trouble)
            What came since the last time, in the order in which they ended. Workers have their next task by then.

        Raises
        ------
        AuditError
            If a worker cannot even start.
        """
        left, came = Waiting(tasks), list[Came]()
        while True:
            level = stop_level()
            waits = level == 0 and bool(left) and is_busy()
            if level == 0 and not waits:
                self._hand_out(left, begin)
            if came:
                yield came
            if level >= 2 or (level == 1 and not self._busy()):
                return
            if not self._busy() and not waits:
                return
            came = []
            try:
                came.extend(self._listen())
            except AuditError:
                if came:
                    yield came
                raise

    def _listen(self) -> Iterator[Came]:
        """Wait a moment for news of workers, and tell what came; end those that go beyond the limits."""
        if not self._busy():
            time.sleep(POLL_S)
            return
        ready = set(wait([x for w in self._workers for x in (w.pipe, w.process.sentinel)], timeout=POLL_S))
        for w in list(self._workers):
            if w.pipe not in ready and w.process.sentinel not in ready:
                continue
            if (answer := self._hear(w)) is not None:
                yield answer
        for w in list(self._workers):
            if (ended := self._end_beyond_limits(w)) is not None:
                yield ended

    def _busy(self) -> bool:
        return any(w.task for w in self._workers)

    def _hand_out(self, left: Waiting, begin: Callable[[Task], bool]) -> None:
        """Give every idle worker a task, starting workers as there is work for them."""
        while len(self._workers) < self._n_workers and all(w.task for w in self._workers):
            if (task := left.next(begin)) is None:
                return
            self._workers.append(_Worker(self._make_auditor))
            self._workers[-1].give(task)
        for w in self._workers:
            if w.task is None and (task := left.next(begin)) is not None:
                w.give(task)

    def _end_beyond_limits(self, w: _Worker) -> Came | None:
        """End a worker that takes too long, or too much memory, for its call."""
        if w.task is None:
            return None
        most_s = self._limits.time_s(w.task.size_bytes)
        if (took_s := time.monotonic() - w.given_at) > most_s:
            name, reason = "TimeLimit", f"not done after {took_s:.0f} s: ended"
            hint = "the file may be crafted or damaged: try it alone; --time-limit allows more"
        elif (memory := w.memory_bytes()) > self._limits.memory_bytes:
            name, reason = "MemoryLimit", f"the worker process took {memory / (1 << 20):.0f} MiB for this call: ended"
            hint = "the file may be crafted or damaged: try it alone; --memory-limit allows more"
        else:
            return None
        task = w.task
        self._workers.remove(w)
        w.dismiss(at_once=True)
        return task, Trouble("worker", name, reason, hint)

    def _hear(self, w: _Worker) -> Came | None:
        """Take a worker's message, or its death."""
        try:
            message = w.pipe.recv() if w.pipe.poll() else None
        except (EOFError, OSError):
            message = None
        if message == _READY:
            w.is_ready = True
            return None
        if message is not None and w.task is not None:
            done, w.task = w.task, None
            return done, message
        w.process.join(timeout=5.0)
        if w.process.is_alive():
            return None
        self._workers.remove(w)
        task, code = w.task, w.process.exitcode
        w.dismiss()
        if not w.is_ready:
            raise AuditError(f"a worker process could not start ({_ended(code)})", hint="run callaudit doctor")
        if task is None:
            return None
        hint = "the file may be crafted or damaged, or memory ran out: try it alone, with --jobs 1"
        reason = f"the worker process ended while auditing this call ({_ended(code)})"
        return task, Trouble("worker", "WorkerDied", reason, hint)


class Waiting:
    """Tasks that are still to be begun, drawn from their source as they are needed: there may be a million.

    Parameters
    ----------
    tasks : iterable of Task
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._source = iter(tasks)
        self._drawn: deque[Task] = deque()

    def __bool__(self) -> bool:
        return self.has(1)

    def has(self, n: int) -> bool:
        """Whether there are so many."""
        while len(self._drawn) < n:
            if (task := next(self._source, None)) is None:
                return False
            self._drawn.append(task)
        return True

    def next(self, begin: Callable[[Task], bool]) -> Task | None:
        """The next task that is to be done; None where there is none."""
        while self:
            task = self._drawn.popleft()
            if begin(task):
                return task
        return None


class InProcess:
    """The same without a process of its own, for a debugger: a call that crashes takes all down.

    Parameters
    ----------
    make_auditor : callable
    """

    def __init__(self, make_auditor: MakeAuditor) -> None:
        self._make_auditor = make_auditor

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to end."""

    def run(
        self,
        tasks: Iterable[Task],
        *,
        begin: Callable[[Task], bool],
        stop_level: Callable[[], int],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> Iterator[list[Came]]:
        """Audit all tasks, one after the other; see :meth:`WorkerPool.run`."""
        auditor: Auditor | None = None
        for task in tasks:
            while not stop_level() and is_busy():
                time.sleep(POLL_S)
            if stop_level():
                return
            if not begin(task):
                continue
            auditor = auditor or self._make_auditor()
            yield [(task, audit_one(auditor, task))]


_READY = "ready"


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set variables that are not set, for processes that are started meanwhile."""
    new = {k: v for k, v in variables.items() if k not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for k in new:
            del os.environ[k]


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, make_auditor: MakeAuditor) -> None:
        spawn = mp.get_context("spawn")  # a forked copy of a process with threads may hang
        self.pipe, theirs = spawn.Pipe()
        self.process: BaseProcess = spawn.Process(target=_work, args=(theirs, make_auditor), daemon=True)
        with _environment(**WORKER_ENVIRONMENT):
            self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.given_at = 0.0
        self.is_ready = False

    def give(self, task: Task) -> None:
        """Send a task; if the worker died while idle, its sentinel tells, and the task is reported there."""
        self.task, self.given_at = task, time.monotonic()
        with suppress(OSError):
            self.pipe.send(task)

    def memory_bytes(self) -> int:
        """Memory that the process has in use; 0 where the system does not tell."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def dismiss(self, *, at_once: bool = False) -> None:
        """Let an idle worker end; end a busy one, `at_once` without asking."""
        self.pipe.close()
        if at_once:
            self.process.kill()
        elif self.task is not None:
            self.process.terminate()
        self.process.join(timeout=3.0)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def _work(pipe: Connection, make_auditor: MakeAuditor) -> None:
    """A worker's life: take a task, send back what came of it, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    gc.set_threshold(20_000)  # as the command does for itself: libraries load sooner
    pipe.send(_READY)
    auditor: Auditor | None = None
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)  # all is sent; taking a speech model and SciPy down in order takes a second that nobody waits for
        try:
            auditor = auditor or make_auditor()
        except Exception as e:  # noqa: BLE001 - sent to the parent, which reports it
            answer: AuditedCall | Trouble = trouble_of(e)
        else:
            answer = audit_one(auditor, task)
        try:
            pipe.send(answer)
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as e:  # noqa: BLE001 - a result that cannot travel is this call's failure
            pipe.send(trouble_of(e))


def _ended(code: int | None) -> str:
    """How a process ended, in words."""
    if code is not None and code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"

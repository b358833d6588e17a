"""The calls of a run on the nodes of a Ray cluster.

The driver (this process) plans, claims and keeps the results; actors only audit. So the store stays the one truth, and only
the driver writes it. An actor gets a call when it is up and has room; a call whose worker process crashes is that call's
failure, a call whose node is lost is given to another node.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit import __version__
from audit.batch.engines import Engine
from audit.batch.ray_actor import CallActor, NotOnNode, Place
from audit.batch.workers import POLL_S, Came, Limits, MakeAuditor, Task, Trouble, Waiting, trouble_of
from audit.errors import AuditError, UsageError

_LOG = logging.getLogger(__name__)

#: Calls that an actor holds: the one it is at, and the next, so that it does not wait for the driver between two.
CALLS_PER_ACTOR = 2
#: Results that are handed on at once: what is not kept yet is lost with the driver, and done again.
MOST_AT_ONCE = 32
#: A call that was at work on so many nodes when they were lost may be what takes them down.
MAX_NODES_LOST = 3
#: A node that could not read so many recordings in a row gets no more.
MAX_UNREAD = 3
#: Seconds between two looks at which nodes there are, and how long a run waits for a node when it has lost all.
LOOK_AT_NODES_S, NODE_PATIENCE_S = 3.0, 600.0
#: Bytes that a node of a local cluster sets aside for results on their way; Ray takes no less than 75 MiB.
_OBJECT_STORE_BYTES = 80 << 20
#: What Ray is told before it is imported, where the user has not told it otherwise. It sends figures of its use to its makers,
#: and lets workers stand back (nice 15) behind all else on the machine: in a local cluster they are as other workers here.
_TOLD = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",
}


@dataclass(eq=False, slots=True)
class _Hand:
    """An actor as the driver sees it: coming up until it has a place."""

    node: str
    handle: Any
    coming: Any
    place: Place | None = None
    calls: deque[tuple[Any, Task]] = field(default_factory=deque)


class RayPool:
    """Actors on a Ray cluster, one worker process each; the same to its caller as :class:`audit.batch.workers.WorkerPool`.

    Parameters
    ----------
    make_auditor : callable
        Builds the auditor on the node; must be picklable, and the same callaudit installed there.
    n_workers : int
        The most actors; 0: as many as the nodes have room for. Nodes that join the cluster later get theirs, too.
    limits : Limits
        Of a worker process, watched on its node.
    engine : Engine

    Raises
    ------
    UsageError
        If Ray is not installed; from ``with``, if there is no such cluster.
    """

    def __init__(self, make_auditor: MakeAuditor, n_workers: int, limits: Limits | None = None, engine: Engine | None = None):
        for name, value in _TOLD.items():
            os.environ.setdefault(name, value)
        self._engine = engine or Engine("ray")
        _show_token(self._engine.address)
        try:
            import ray
        except ImportError as e:
            hint = "pip install 'callaudit[ray]' here and on every node, or leave --engine out"
            raise UsageError(f"--engine ray: the package ray cannot be imported ({e})", hint=hint) from e
        self._ray: Any = ray
        self._make_auditor = make_auditor
        self._most = n_workers or math.inf
        self._limits = limits or Limits()
        self._hands: list[_Hand] = []
        self._again: deque[Task] = deque()  # begun, and given back by a node
        self._n_lost: Counter[int] = Counter()  # task number -> nodes lost under it
        self._suspects: set[int] = set()
        self._refused: dict[int, set[str]] = {}  # task number -> nodes that cannot read it
        self._n_unread: Counter[str] = Counter()  # node -> recordings in a row
        self._shut_out: set[str] = set()
        self._looked_at = self._had_room_at = -math.inf
        self._owns = False
        self._folder: str | None = None

    def __enter__(self) -> RayPool:
        if not self._ray.is_initialized():
            self._connect()
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            self._end(hand)
        if self._owns:
            self._ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def run(
        self,
        tasks: Iterable[Task],
        *,
        begin: Callable[[Task], bool],
        stop_level: Callable[[], int],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> Iterator[list[Came]]:
        """Audit all tasks and yield the results as they come; see :meth:`audit.batch.workers.WorkerPool.run`.

        Raises
        ------
        AuditError
            If no node can audit, or a worker process cannot even start on one.
        """
        left = Waiting(tasks)
        while True:
            level = stop_level()
            if level == 1:
                self._take_back_what_waits()
            if level >= 2 or (level == 1 and not self._busy()):
                return
            waits = level == 0 and bool(left or self._again) and is_busy()
            if level == 0 and not waits:
                self._grow(left)
                self._hand_out(left, begin)
            if not self._busy() and not waits and not left and not self._again:
                return
            came: list[Came] = []
            try:
                for one in self._listen():
                    came.append(one)
                    if len(came) == MOST_AT_ONCE:
                        yield came
                        came = []
            except AuditError:
                if came:
                    yield came
                raise
            if came:
                yield came

    def _busy(self) -> bool:
        return any(h.calls for h in self._hands)

    # --- the cluster ------------------------------------------------------------------------------
    def _connect(self) -> None:
        """Join the cluster, quietly, and leave signals to whom they belonged."""
        address = self._engine.address
        options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
        if address == "local":
            self._folder = tempfile.mkdtemp(prefix="callaudit-ray-")
            options |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES, "_temp_dir": self._folder}
            options |= {"_node_ip_address": "127.0.0.1"}
            if self._most < math.inf:
                options["num_cpus"] = int(self._most) * self._engine.n_threads
        in_main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM)
        try:
            _knock(address)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # a client without an answer warns before it gives up
                self._ray.init(**options)
        except (RuntimeError, ValueError, OSError, ImportError) as e:  # a ConnectionError is an OSError
            reason = " ".join(str(e).split())
            hint = "start one (ray start --head), give its --address, or take --address local"
            if "ersion mismatch" in reason:
                hint = "install the same Ray and Python here and on the cluster"
            elif "client connection timeout" in reason:
                hint = (
                    "give the port of its Ray client (10001 unless told otherwise); if it asks for a token, put that (ray "
                    "get-auth-token there) into ~/.ray/auth_token here; or work on a machine of the cluster, --address auto"
                )
            raise UsageError(f"--address {address}: this Ray cluster cannot be used: {reason}", hint=hint) from e
        finally:
            if in_main and before is not None:
                signal.signal(signal.SIGTERM, before)
        self._owns = True
        _mute(self._ray)

    def _nodes(self) -> dict[str, dict[str, Any]]:
        """The nodes that live, by Ray's number."""
        return {n["NodeID"]: n for n in self._ray.nodes() if n["Alive"]}

    def _room(self, node: dict[str, Any]) -> int:
        """How many actors a node can take."""
        has = node.get("Resources", {})
        room = int(has.get("CPU", 0) // self._engine.n_threads)
        return min(room, int(has.get("GPU", 0))) if self._engine.needs_gpu else room

    def _grow(self, left: Waiting) -> None:
        """Start actors where there is room and work for them; the first ones one to a node."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_AT_NODES_S:
            return
        self._looked_at = now
        nodes = {number: n for number, n in self._nodes().items() if number not in self._shut_out}
        rooms = {number: self._room(n) for number, n in nodes.items()}
        if any(rooms.values()):
            self._had_room_at = now
        elif not self._hands and now - self._had_room_at > NODE_PATIENCE_S:  # at the start at once: it never had any
            raise self._no_room(nodes)
        taken = Counter(h.node for h in self._hands)
        n_wanted = min(self._most, sum(rooms.values()))
        n_given = len(self._again) + sum(len(h.calls) for h in self._hands)
        while len(self._hands) < n_wanted and (len(self._hands) < n_given or left.has(len(self._hands) + 1 - n_given)):
            free = [number for number in rooms if taken[number] < rooms[number]]
            if not free:
                return
            node = min(free, key=lambda number: taken[number])
            taken[node] += 1
            self._hands.append(self._start(node))

    def _no_room(self, nodes: dict[str, dict[str, Any]]) -> AuditError:
        """Why nothing can be audited, and what to do."""
        needs = f"{self._engine.n_threads} CPU" + (" and 1 GPU" if self._engine.needs_gpu else "")
        if self._shut_out:
            reason = f"none of the {len(self._shut_out)} nodes of the Ray cluster can read the recordings"
            return UsageError(reason, hint="mount the archive on every node under the same path")
        hint = "add nodes (ray start --address), or give them processors (--num-cpus, --num-gpus)"
        return UsageError(f"none of the {len(nodes)} nodes of the Ray cluster has {needs} for a worker", hint=hint)

    def _start(self, node: str) -> _Hand:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        actor = self._ray.remote(CallActor).options(
            num_cpus=self._engine.n_threads,
            num_gpus=1 if self._engine.needs_gpu else 0,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
        )
        handle = actor.remote(self._make_auditor, self._limits, str(Path.cwd()))
        return _Hand(node, handle, handle.where.remote(node))

    def _end(self, hand: _Hand) -> None:
        """Let go of an actor; its worker process ends with it."""
        with suppress(self._ray.exceptions.RayError):  # it may be gone already
            self._ray.kill(hand.handle)

    # --- giving calls -----------------------------------------------------------------------------
    def _hand_out(self, left: Waiting, begin: Callable[[Task], bool]) -> None:
        """Give every actor that is up a call; a second one while there are plenty."""
        up = [h for h in self._hands if h.place is not None]
        for n_held in range(CALLS_PER_ACTOR):
            for hand in up:
                if n_held and not left.has(len(up)):
                    return
                if n_held and hand.calls and hand.calls[0][1].number in self._suspects:
                    continue  # alone, so that nothing else can be to blame
                if len(hand.calls) == n_held and (task := self._next(hand, left, begin, beside=n_held > 0)) is not None:
                    hand.calls.append((hand.handle.audit.remote(task), task))
            if not n_held:
                self._even_out(up)

    def _even_out(self, up: list[_Hand]) -> None:
        """Give an actor that found nothing to do a call that waits at another: else the last calls of a run wait in line."""
        for idle in [h for h in up if not h.calls]:
            for busy in [h for h in up if len(h.calls) > 1]:
                ref, task = busy.calls[-1]
                is_at_first = not self._ray.wait([busy.calls[0][0]], timeout=0)[0]
                if is_at_first and idle.node not in self._refused.get(task.number, ()):
                    busy.calls.pop()
                    self._ray.cancel(ref)
                    idle.calls.append((idle.handle.audit.remote(task), task))
                    break

    def _next(self, hand: _Hand, left: Waiting, begin: Callable[[Task], bool], *, beside: bool) -> Task | None:
        """The next call for an actor: first those that another node gave back; no suspect beside another call."""
        for task in self._again:
            if beside and task.number in self._suspects:
                continue
            if hand.node not in self._refused.get(task.number, ()):
                self._again.remove(task)
                return task
        return left.next(begin)

    def _take_back_what_waits(self) -> None:
        """Drop the calls that are not begun; the caller puts them back."""
        self._again.clear()
        for hand in self._hands:
            while len(hand.calls) > 1:
                ref, _ = hand.calls.pop()
                self._ray.cancel(ref)

    # --- taking results ---------------------------------------------------------------------------
    def _listen(self) -> Iterator[Came]:
        """Wait a moment for news of actors, and tell what came."""
        coming = [h.coming for h in self._hands if h.place is None]
        refs = coming + [ref for h in self._hands for ref, _ in h.calls]
        if not refs:
            time.sleep(POLL_S)
            return
        ready, rest = self._ray.wait(refs, num_returns=1, timeout=POLL_S)
        if ready and rest:
            ready += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        news = set(ready)
        for hand in list(self._hands):
            if hand.place is None:
                if hand.coming in news:
                    self._welcome(hand)
                continue
            while hand.calls and hand.calls[0][0] in news and hand in self._hands:
                yield from self._hear(hand)

    def _welcome(self, hand: _Hand) -> None:
        """An actor is up, or will never be."""
        errors = self._ray.exceptions
        try:
            place: Place = self._ray.get(hand.coming)
        except errors.RayError as e:
            self._hands.remove(hand)
            if hand.node in self._nodes():
                reason = " ".join(str(e).split())
                hint = "install the same callaudit, Python and Ray on every node"
                raise AuditError(f"a worker could not start on a node of the Ray cluster: {reason}", hint=hint) from e
            self._looked_at = -math.inf  # the node was lost meanwhile: look for another at once
            return
        if place.version != __version__:
            reason = f"the node {place.host} has callaudit {place.version}, this machine {__version__}"
            raise UsageError(reason, hint="install the same callaudit on every node")
        hand.place = place
        _LOG.info("a worker is up on the node %s (%s)", place.host, place.node)

    def _hear(self, hand: _Hand) -> Iterator[Came]:
        """Take what came of an actor's first call."""
        errors = self._ray.exceptions
        ref, task = hand.calls[0]
        try:
            came = self._ray.get(ref)
        except errors.RayActorError as e:
            yield from self._bury(hand, is_known_dead=isinstance(e, errors.ActorDiedError))
            return
        except errors.RayTaskError as e:
            hand.calls.popleft()
            if isinstance(e.cause, AuditError):
                raise AuditError(f"on the node {_host(hand)}: {e.cause.message}", hint=e.cause.hint) from e
            yield task, trouble_of(e.cause if isinstance(e.cause, Exception) else e)
            return
        except (errors.ObjectLostError, errors.TaskCancelledError):
            hand.calls.popleft()
            self._again.append(task)
            return
        hand.calls.popleft()
        if isinstance(came, Trouble) and came.error == NotOnNode.__name__:
            yield from self._not_read(hand, task, came)
            return
        self._n_unread[hand.node] = 0
        yield task, came

    def _bury(self, hand: _Hand, *, is_known_dead: bool) -> Iterator[Came]:
        """An actor is gone: with its node, or alone, and then because of its call."""
        self._hands.remove(hand)
        self._looked_at = -math.inf
        self._end(hand)
        calls = [task for _, task in hand.calls]
        task = calls[0]
        self._again.extend(calls[1:])
        if is_known_dead and hand.node in self._nodes():
            if len(calls) > 1 and task.number not in self._suspects:  # it may have been done, and the next one to blame
                self._suspects.add(task.number)
                self._again.append(task)
                return
            hint = "the file may be crafted or damaged, or memory ran out on the node: try it alone, with --jobs 1"
            reason = f"the worker of the node {_host(hand)} ended while auditing this call"
            yield task, Trouble("worker", "WorkerDied", reason, hint)
            return
        self._n_lost[task.number] += 1
        _LOG.warning("the node %s was lost: its call is given to another", _host(hand))
        if self._n_lost[task.number] < MAX_NODES_LOST:
            self._again.append(task)
            return
        reason = f"{MAX_NODES_LOST} nodes of the cluster were lost while they audited this call"
        yield task, Trouble("worker", "WorkerDied", reason, "see the nodes' memory and logs, and try it alone")

    def _not_read(self, hand: _Hand, task: Task, trouble: Trouble) -> Iterator[Came]:
        """A node cannot read a recording: try another, and leave out a node that reads none."""
        self._n_unread[hand.node] += 1
        if self._n_unread[hand.node] >= MAX_UNREAD:
            self._shut_out.add(hand.node)
            _LOG.warning("the node %s gets no more calls: %s", _host(hand), trouble.reason)
            for h in [h for h in self._hands if h.node == hand.node]:
                self._again.extend(t for _, t in h.calls)
                self._hands.remove(h)
                self._end(h)
            self._looked_at = -math.inf
        refused = self._refused.setdefault(task.number, set())
        refused.add(hand.node)
        others = {n for n, node in self._nodes().items() if self._room(node)} - self._shut_out - refused
        if others:
            self._again.append(task)
        elif not self._shut_out.isdisjoint(refused) and not self._hands:
            raise UsageError(trouble.reason, hint=trouble.next_step)
        else:
            yield task, trouble


def _show_token(address: str) -> None:
    """Let Ray's client show the token that lies here.

    ``ray start`` makes a cluster ask for a token as soon as the user who starts it has one, and a driver on a machine of the
    cluster then shows it by itself. A client does only if told so, before Ray is imported; else it gets no answer, for half
    a minute (seen with Ray 2.60).
    """
    if not address.startswith("ray://") or "RAY_AUTH_MODE" in os.environ:
        return
    kept = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if os.environ.get("RAY_AUTH_TOKEN") or kept.is_file():
        os.environ["RAY_AUTH_MODE"] = "token"


def _knock(address: str) -> None:
    """See whether anybody listens; Ray itself tries for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10.0).close()


def _host(hand: _Hand) -> str:
    return hand.place.host if hand.place else hand.node


def _mute(ray: Any) -> None:
    """Keep Ray's own words on lost nodes, which it prints to standard output, out of ours: the pool warns of them itself."""
    with suppress(AttributeError):  # a private place: with another version of Ray it prints again, and nothing breaks
        if callable(ray._private.worker.print_to_stdstream):
            ray._private.worker.print_to_stdstream = _to_log


def _to_log(data: Mapping[str, Any], **_: object) -> None:
    _LOG.debug("%s", " ".join(str(line) for line in data.get("lines", ())))

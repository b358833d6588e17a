"""The same archive on a Ray cluster of several nodes: the same results, and a node that is lost loses no call."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import wave
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.batch import Engine, Job, Limits, run_batch
from audit.batch.engines import open_pool
from audit.batch.ray_actor import MakeOnNode, NotOnNode, Place
from audit.batch.ray_engine import _TOLD, RayPool, _Hand, _show_token
from audit.batch.workers import Task, Trouble, Waiting
from audit.errors import UnreadableRecording, UsageError
from audit.ingest import find_metadata
from audit.pipeline import Settings, make_auditor
from audit.profile import Profile
from audit.records import Metadata
from audit.storage import Store
from tests.batch.archives import NOW, Archive, Witness, archive, counts
from tests.scripted import ScriptedAuditor, ScriptedJudge

__all__ = ["archive"]

pytestmark = [
    pytest.mark.enable_socket,  # of this machine alone
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # Ray's own processes and log files
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).resolve().parents[2]
#: Small enough for a test, and quick to notice a lost node.
NODE = {"object_store_memory": 80 << 20, "include_log_monitor": False}
NOTICE = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 4}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that audits nothing and a node of one processor, on loopback; the tests are its driver."""
    os.environ.update(_TOLD)
    ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'callaudit[ray]'")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "no_monitor": True}
    cluster = Cluster(initialize_head=True, head_node_args={**head, **NODE, "_system_config": NOTICE})
    cluster.add_node(num_cpus=1, **NODE)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def on(cluster: Any) -> Engine:
    return Engine("ray", cluster.address)


@dataclass
class Calls:
    """Short calls with a ring, a voice and a pause, each a little different."""

    folder: Path
    n: int

    def make(self) -> None:
        dice = np.random.default_rng(7)
        self.folder.mkdir()
        t = np.arange(2 * 8000) / 8000
        for i in range(self.n):
            ring = 0.2 * np.sin(2 * np.pi * 450 * t) * (t < 0.9)
            voice = 0.3 * np.sin(2 * np.pi * (110 + 7 * i) * t) * np.sin(2 * np.pi * 3 * t) * (t > 1.1)
            both = np.stack([voice + 0.001 * dice.standard_normal(t.size), ring + 0.001 * dice.standard_normal(t.size)])
            with wave.open(str(self.folder / f"{i:02}.wav"), "wb") as w:
                w.setnchannels(2)
                w.setsampwidth(2)
                w.setframerate(8000)
                w.writeframes((both.T * 32767).astype("<i2").tobytes())

    def measure(self, out: Path, engine: Engine, n_workers: int, witness: Witness | None = None, is_busy=lambda: False):
        settings = Settings(transcribe=False, cpu_threads=1)
        job = Job(
            command="measure",
            recordings=tuple(sorted(self.folder.glob("*.wav"))),
            out=out,
            settings=settings,
            n_workers=n_workers,
            find_metadata=partial(find_metadata, cdr=None, profile=Profile()),
            make_auditor=partial(make_auditor, settings),
            judge=ScriptedJudge("v1"),
            engine=engine,
            is_busy=is_busy,
        )
        out.mkdir()
        with Store.in_folder(out) as store:
            summary = run_batch(job, store, progress=witness or Witness(), clock=lambda: NOW)
            rows = [c.record.call_id for c in store.calls()]
            assert store.failures() == ()
        return summary, sorted(rows), {p.name: p.read_bytes() for p in (out / "calls").iterdir()}


def go_dark(node: Any) -> None:
    """End all that runs on a node at once, as when its machine loses power: its actor has no time to end a call."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    gone = [process.process.pid for processes in node.all_processes.values() for process in processes]
    for pid in gone:
        gone += [child for child, parent in parents.items() if parent == pid and child not in gone]
    for pid in gone:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_a_node_that_is_lost_loses_no_call_and_the_results_are_those_of_worker_processes(cluster, tmp_path, caplog):
    calls = Calls(tmp_path / "calls", 16)
    calls.make()
    _, rows, wanted = calls.measure(tmp_path / "processes", Engine(), 1)
    doomed = cluster.add_node(num_cpus=1, **NODE)
    caplog.set_level(logging.INFO, "audit.batch.ray_engine")
    witness, seen = Witness(), []

    def is_up() -> bool:
        return doomed.node_id in caplog.text

    def kill_it() -> None:
        seen.append(is_up())
        if seen.count(True) == 3:
            go_dark(doomed)

    witness.after_each = kill_it
    waits = lambda: len(witness.ends) >= 2 and not is_up()  # noqa: E731 - until both nodes are at work
    summary, found_rows, found = calls.measure(tmp_path / "ray", on(cluster), 0, witness, waits)
    assert "was lost: its call is given to another" in caplog.text
    assert counts(summary) == (16, 0, 0)
    assert found_rows == rows, "each call once"
    assert found == wanted
    cluster.remove_node(doomed, allow_graceful=False)
    cluster.wait_for_nodes()  # until the cluster itself knows: else the next test's actor may be sent there


def test_what_goes_wrong_with_a_call_is_told_and_counted_as_by_worker_processes(cluster, archive):
    for name, order in (("a", "crash"), ("b", "fine"), ("c", "unreadable"), ("d", "bug"), ("e", "hang"), ("f", "fine")):
        archive.add(f"{name}.wav", order)
    limits = Limits(base_s=3.0, per_mib_s=0.0)
    assert counts(archive.run(n_workers=1, limits=limits, engine=on(cluster))) == (2, 4, 0)
    on_ray = archive.failures()
    other = Archive(archive.folder, archive.out.with_name("processes"))
    assert counts(other.run(n_workers=1, limits=limits)) == (2, 4, 0)
    told = [[(f.call_id, f.stage, f.error, f.next_step) for f in failures] for failures in (on_ray, other.failures())]
    assert told[0] == told[1]
    with Store.in_folder(archive.out) as store:
        assert {e.call_id: e.n_crashes for e in store.ledger() if e.n_crashes} == {"a": 1, "e": 1}


def test_an_actor_that_dies_is_a_crash_of_its_call_alone(cluster, archive):
    for name, order in (("a", "fine"), ("b", "orphan"), ("c", "fine"), ("d", "fine")):
        archive.add(f"{name}.wav", order)
    assert counts(archive.run(n_workers=1, engine=on(cluster))) == (3, 1, 0)
    assert [(f.call_id, f.stage, f.error) for f in archive.failures()] == [("b", "worker", "WorkerDied")]


def test_ctrl_c_lets_the_call_in_progress_end_and_leaves_the_rest_new(cluster, archive):
    for i in range(5):
        archive.add(f"{i}.wav", "slow")
    witness = Witness()
    witness.after_each = lambda: os.kill(os.getpid(), signal.SIGINT) if len(witness.ends) == 1 else None
    summary = archive.run(witness=witness, n_workers=1, engine=on(cluster))
    assert (summary.stopped_by, summary.n_failed, witness.levels) == (signal.SIGINT, 0, [1])
    assert summary.n_audited == 2, "the one that had ended and the one in progress"
    assert summary.n_not_begun == 3
    assert counts(archive.run(n_workers=1, engine=on(cluster))) == (3, 0, 2)


def test_a_recording_that_no_node_can_read_fails_with_the_nodes_name_and_what_to_do(cluster, tmp_path):
    make = partial(ScriptedAuditor, tmp_path / "journal", "base", False)
    task = Task(0, tmp_path / "only-here.wav", Metadata("a"), 10)
    with open_pool(on(cluster), make, 1, Limits()) as pool:
        (((_, came),),) = pool.run([task], begin=lambda _: True, stop_level=lambda: 0)
    assert isinstance(came, Trouble)
    assert (came.stage, came.error) == ("recording", "NotOnNode")
    assert f"the node {os.uname().nodename} cannot read it" in came.reason
    assert "mount the archive" in came.next_step


def test_workers_of_a_cluster_started_here_stand_back_behind_nothing(cluster, tmp_path):
    def niceness() -> int:
        return os.nice(0)

    with open_pool(on(cluster), partial(ScriptedAuditor, tmp_path / "journal", "base", False), 1, Limits()) as pool:
        assert pool._ray.get(pool._ray.remote(niceness).remote()) == os.nice(0)


def test_a_cluster_without_room_for_a_worker_says_so(cluster, tmp_path):
    make = partial(ScriptedAuditor, tmp_path / "journal", "base", False)
    engine = replace(on(cluster), needs_gpu=True)
    with open_pool(engine, make, 1, Limits()) as pool, pytest.raises(UsageError, match="1 CPU and 1 GPU"):
        next(pool.run([Task(0, tmp_path / "a.wav", Metadata("a"))], begin=lambda _: True, stop_level=lambda: 0))


# --- from outside a cluster -----------------------------------------------------------------------
@pytest.fixture
def guarded(tmp_path) -> Iterator[tuple[int, dict[str, str]]]:
    """The port of the Ray client of a cluster that asks for a token, as ``ray start`` makes one; and who has the token."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'callaudit[ray]'")
    token = tmp_path / "token"
    token.write_text("b4" * 32)
    known = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    known |= {"RAY_AUTH_TOKEN_PATH": str(token), "RAY_USAGE_STATS_ENABLED": "0"}
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:  # short: sockets lie in it
        port, gcs_port = free_port(), free_port()
        options = {"port": gcs_port, "ray-client-server-port": port, "num-cpus": 1, "object-store-memory": 80 << 20}
        options |= {"temp-dir": folder, "include-dashboard": "false", "node-ip-address": "127.0.0.1"}
        argv = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
        with (tmp_path / "head.log").open("wb") as log:
            head = subprocess.Popen([*argv, *(f"--{n}={v}" for n, v in options.items())], env=known, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until and head.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.2)
        yield port, known
        head.terminate()
        head.wait()


def free_port() -> int:
    """A port that Ray gives to none of its workers (10002 to 19999)."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            if (port := s.getsockname()[1]) > 20000:
                return port


@pytest.mark.slow
def test_a_client_shows_the_token_that_the_cluster_asks_for(guarded, tmp_path):
    port, known = guarded
    calls = Calls(tmp_path / "calls", 3)
    calls.make()
    argv = [sys.executable, "-m", "audit", "measure", calls.folder, "--out", tmp_path / "out"]
    argv += ["--engine", "ray", "--address", f"ray://127.0.0.1:{port}"]
    for _ in range(3):  # on a busy machine Ray's own patience of 30 s may not do
        done = subprocess.run(argv, env=known, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        if "this Ray cluster cannot be used" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out" / "calls").iterdir())) == 3
    assert "3 audited, 0 failed" in done.stdout


@pytest.mark.parametrize(
    "address, set_to, has_token, wanted",
    [
        ("ray://h:1", None, True, "token"),
        ("ray://h:1", None, False, None),
        ("ray://h:1", "disabled", True, "disabled"),
        ("h:1", None, True, None),
    ],
    ids=["a client with a token", "a client without", "the user has decided", "a driver in the cluster does so itself"],
)
def test_a_token_is_shown_by_clients_that_have_one(monkeypatch, tmp_path, address, set_to, has_token, wanted):
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", set_to or "")
    if set_to is None:
        monkeypatch.delenv("RAY_AUTH_MODE")
    if has_token:
        (tmp_path / "token").write_text("x")
    _show_token(address)
    assert os.environ.get("RAY_AUTH_MODE") == wanted


# --- without a cluster ----------------------------------------------------------------------------
@dataclass
class Desk:
    """An actor and its cluster at once, by their words alone: what is asked for and what is taken back."""

    asked: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def remote(self, task: Task) -> str:
        self.asked.append(f"call {task.number}")
        return self.asked[-1]

    @property
    def audit(self) -> Desk:
        return self

    def cancel(self, ref: str) -> None:
        self.cancelled.append(ref)

    def wait(self, refs: list[str], timeout: float) -> tuple[list[str], list[str]]:
        return [r for r in refs if r in self.ended], [r for r in refs if r not in self.ended]


@pytest.mark.parametrize("is_heard", [True, False], ids=["the first call lasts", "the first call has just ended"])
def test_a_call_that_waits_in_line_goes_to_an_actor_that_has_nothing_to_do(is_heard, tmp_path):
    pytest.importorskip("ray", reason="ray is not installed: pip install 'callaudit[ray]'")
    tasks = [Task(i, tmp_path / f"{i}.wav", Metadata(str(i))) for i in range(2)]
    busy, idle, cluster = Desk(), Desk(), Desk(ended=[] if is_heard else ["call 0"])
    pool = RayPool(partial(ScriptedAuditor, tmp_path, "base", False), 2)
    pool._ray = cluster
    place = Place("n", "host", "1")
    calls = deque((busy.audit.remote(t), t) for t in tasks)
    pool._hands = [_Hand("n", busy, None, place, calls), _Hand("n", idle, None, place)]
    pool._hand_out(Waiting([]), lambda _: True)
    if is_heard:
        assert (cluster.cancelled, idle.asked, len(calls)) == (["call 1"], ["call 1"], 1)
    else:  # the actor is at the second by now
        assert (cluster.cancelled, idle.asked, len(calls)) == ([], [], 2)


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="ray cannot be imported") as e:
        open_pool(Engine("ray"), make_auditor, 1, Limits())
    assert "pip install 'callaudit[ray]'" in (e.value.hint or "")


def test_an_address_where_nothing_listens_is_told_at_once():
    pytest.importorskip("ray", reason="ray is not installed: pip install 'callaudit[ray]'")
    with (
        pytest.raises(UsageError, match=r"--address 127\.0\.0\.1:1: this Ray cluster cannot be used") as e,
        open_pool(Engine("ray", "127.0.0.1:1"), make_auditor, 1, Limits()),
    ):
        pass
    assert "ray start --head" in (e.value.hint or "")


def test_a_node_reads_relative_paths_from_the_folder_of_the_command(tmp_path, monkeypatch):
    (tmp_path / "a.wav").write_text("fine a")
    monkeypatch.chdir("/")
    monkeypatch.setattr("audit.batch.ray_actor._end_with_parent", lambda: None)
    auditor = MakeOnNode(partial(ScriptedAuditor, tmp_path / "journal", "base", False), str(tmp_path))()
    assert auditor.audit(Path("a.wav"), Metadata("a")).record.recording.path == "a.wav"
    with pytest.raises(NotOnNode):
        auditor.audit(Path("b.wav"), Metadata("b"))


def test_a_pipe_that_nobody_writes_to_is_refused_at_once_on_a_node_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("audit.batch.ray_actor._end_with_parent", lambda: None)
    os.mkfifo(tmp_path / "call.wav")
    measuring = partial(make_auditor, Settings(transcribe=False))
    with pytest.raises(UnreadableRecording, match="a device or a pipe"):
        MakeOnNode(measuring, str(tmp_path))().audit(tmp_path / "call.wav", Metadata("call"))

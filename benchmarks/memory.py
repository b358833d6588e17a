#!/usr/bin/env python3
"""Audit many short calls in one process and watch its memory.

A worker of ``callaudit run`` lives as long as the archive. Here one process audits
short stretches of recordings one after the other, whole: reading, measuring,
recognition. Resident memory is noted after each call; what a worker needs is
its peak, and what leaks is the rise from the 30th call, or the 100th, to the last.

Usage::

    python benchmarks/memory.py                          300 calls of 10 s out of $CALLAUDIT_SHARED/data/calls-zh
    python benchmarks/memory.py --calls 40 CALL.wav …    other recordings
    python benchmarks/memory.py --calls 1000 --seconds 6 --after 100    from the 100th on; an hour or less
    python benchmarks/memory.py --command measure        without recognition
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
#: Caches and the allocator have found their size by then.
SETTLED_AFTER = 30


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of one process in MiB: after it has settled, after the last call, and the most.

    Of the first two also the part that is the process's own: the rest are pages of files, the speech model's among them,
    which the system takes back and reads again as it likes.
    """

    settled_mib: float
    last_mib: float
    peak_mib: float
    settled_own_mib: float
    last_own_mib: float

    @property
    def rise(self) -> float:
        """From when it has settled to the last call, as a part of the former."""
        return self.last_mib / self.settled_mib - 1

    @property
    def own_rise(self) -> float:
        """The same of the process's own part."""
        return self.last_own_mib / self.settled_own_mib - 1


def main() -> None:
    """Cut the calls, audit them, print the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="*", type=Path, help="to cut calls from (default: those of the measuring data)")
    parser.add_argument("--calls", type=int, default=300, help="how many (default 300)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a call (default 10)")
    parser.add_argument("--after", type=int, default=SETTLED_AFTER, help=f"compare with this call (default {SETTLED_AFTER})")
    parser.add_argument("--command", choices=("run", "measure"), default="run", help="default run")
    parser.add_argument("--model", default="base", help="name or directory (default base)")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.calls <= options.after:
        parser.error(f"--calls must be above {options.after}")
    if not options.inside:
        sys.exit(as_a_worker(sys.argv[1:]))
    memory = audit_many(options.recordings or measuring_calls(), options)
    figures = {
        "command": options.command,
        "calls": options.calls,
        "seconds_each": options.seconds,
        f"after_{options.after}_mib": round(memory.settled_mib, 1),
        f"after_{options.calls}_mib": round(memory.last_mib, 1),
        "rise_percent": round(100 * memory.rise, 1),
        "peak_mib": round(memory.peak_mib),
        f"own_after_{options.after}_mib": round(memory.settled_own_mib, 1),
        f"own_after_{options.calls}_mib": round(memory.last_own_mib, 1),
        "own_rise_percent": round(100 * memory.own_rise, 1),
    }
    if options.json:
        print(json.dumps(figures))
    else:
        print(
            f"{options.calls} calls of {options.seconds:g} s in one process: {memory.settled_mib:.0f} MiB after call "
            f"{options.after}, {memory.last_mib:.0f} MiB after the last ({100 * memory.rise:+.1f} %), "
            f"at most {memory.peak_mib:.0f} MiB; its own part {memory.settled_own_mib:.0f} and {memory.last_own_mib:.0f} MiB "
            f"({100 * memory.own_rise:+.1f} %)"
        )


def as_a_worker(arguments: list[str]) -> int:
    """Run this file again in the environment that a worker process gets; its exit code."""
    from audit.batch.workers import WORKER_ENVIRONMENT

    environment = {**WORKER_ENVIRONMENT, **os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, __file__, "--inside", *arguments], env=environment, check=False).returncode


def measuring_calls() -> list[Path]:
    """The Mandarin calls of the measuring data."""
    shared = Path(os.environ.get("CALLAUDIT_SHARED") or ROOT / "../shared").resolve() / "data"
    found = [p for p in sorted((shared / "calls-zh").glob("zh-*")) if p.suffix in (".wav", ".mp3", ".opus")]
    if not found:
        sys.exit(f"no measuring data at {shared}: set CALLAUDIT_SHARED, or name recordings")
    return found


def audit_many(recordings: list[Path], options: argparse.Namespace) -> Memory:
    """Audit stretches of the recordings in turn, and note the memory after each."""
    from audit.batch.workers import Task, Trouble, audit_one
    from audit.pipeline import Settings, make_auditor
    from audit.records import Metadata

    settings = Settings(model=options.model, language="zh", cpu_threads=1, transcribe=options.command == "run")
    auditor = make_auditor(settings)
    settled = last = (0.0, 0.0)
    with tempfile.TemporaryDirectory(prefix="callaudit-memory-") as folder:
        path = Path(folder) / "call.wav"
        for i in range(options.calls):
            recording = recordings[i % len(recordings)]
            cut(recording, path, i // len(recordings), options.seconds)
            done = audit_one(auditor, Task(i, path, Metadata(call_id=f"{i}")))
            if isinstance(done, Trouble):
                sys.exit(f"call {i} out of {recording}: {done.reason}")
            last = resident_mib()
            if i + 1 == options.after:
                settled = last
            if i + 1 == options.after or (i + 1) % (100 if options.calls > 300 else SETTLED_AFTER) == 0:
                print(f"{i + 1} calls: {last[0]:.0f} MiB, its own {last[1]:.0f}", file=sys.stderr, flush=True)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Memory(settled[0], last[0], peak_mib, settled[1], last[1])


def cut(recording: Path, path: Path, number: int, seconds: float) -> None:
    """Write a stretch of a recording as a call of its own; past its end it begins anew, half a stretch later."""
    from audit.audio import read_audio

    audio = read_audio(recording)
    n_stretches = max(int(audio.duration_s / seconds), 1)
    start_s = (number % n_stretches + 0.5 * (number // n_stretches % 2)) * seconds
    samples = audio.read(start_s, min(start_s + seconds, audio.duration_s))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(len(samples))
        out.setsampwidth(2)
        out.setframerate(audio.sample_rate_hz)
        out.writeframes(np.round(samples.T.clip(-1, 1) * 32767).astype("<i2").tobytes())


def resident_mib() -> tuple[float, float]:
    """Resident memory of this process, and the part of it that is no file's."""
    status = Path("/proc/self/status").read_text("ascii")
    kib = {name: int(line.split()[0]) for name, _, line in (row.partition(":") for row in status.splitlines()) if "kB" in line}
    return kib["VmRSS"] / 1024, kib["RssAnon"] / 1024


if __name__ == "__main__":
    main()

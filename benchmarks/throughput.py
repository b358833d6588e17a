#!/usr/bin/env python3
"""Time ``callaudit run`` beside faster-whisper on the same recordings, in the same run.

All are whole processes, model loading included, with the same model directory
and the same number of threads. faster-whisper decodes each leg with
``WhisperModel.transcribe(word_timestamps=True)`` and with
``BatchedInferencePipeline.transcribe(word_timestamps=True, batch_size=8)``, else
with default options, which is less than callaudit does: it measures nothing else
and writes nothing. Repeats alternate, so that other work on the machine hits all
alike; the median counts. All run as installed packages do, with their bytecode
compiled before. Processor time is that of each process and its children.

Usage::

    python benchmarks/throughput.py                         the stereo calls of $CALLAUDIT_SHARED/data
    python benchmarks/throughput.py --repeats 3 CALL.wav …  other recordings
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


#: The competitors: name in the figures, name in the table.
PLAIN = {"faster_whisper": "WhisperModel.transcribe, each leg", "batched": "BatchedInferencePipeline, each leg"}


@dataclass(frozen=True, slots=True)
class Took:
    """What a job took: seconds by the clock and seconds of processors."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Recordings of one language."""

    language: str
    paths: tuple[Path, ...]
    duration_s: float


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="*", type=Path, help="stereo recordings (default: those of the measuring data)")
    parser.add_argument("--language", default="zh", choices=("zh", "en"), help="of the recordings named (default zh)")
    parser.add_argument("--model", default="base", help="name or directory (default base)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for each (default: all usable)")
    parser.add_argument("--repeats", type=int, default=2, help="of each, alternating (default 2)")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    parser.add_argument("--plain", nargs=3, metavar=("HOW", "MODEL_DIR", "LANGUAGE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        how, model, language = options.plain
        plain(how, Path(model), language, options.threads, options.recordings)
        return
    compare(options)


def compare(options: argparse.Namespace) -> None:
    """Alternate both, and print audio hours per hour."""
    from audit.transcript.models import ensure_model

    model = ensure_model(options.model)
    batches = [batch(options.language, options.recordings)] if options.recordings else measuring_calls()
    took: dict[str, list[Took]] = {name: [] for name in ("callaudit", *PLAIN)}
    with tempfile.TemporaryDirectory(prefix="callaudit-bytecode-") as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        short = batch("zh", [ROOT / "samples/zh-06.mp3"])  # compiles, and fills the caches of files
        timed(callaudit_command(short, model), options.threads)
        for how in PLAIN:
            timed(plain_command(how, short, model, options.threads), options.threads)
        alternate(options, model, batches, took)
    audio_s = sum(b.duration_s for b in batches)
    wall_s = {name: statistics.median(t.wall_s for t in repeats) for name, repeats in took.items()}
    cpu_s = {name: statistics.median(t.cpu_s for t in repeats) for name, repeats in took.items()}
    figures: dict[str, object] = {
        "recordings": sum(len(b.paths) for b in batches),
        "audio_s": round(audio_s, 1),
        "threads": options.threads,
    }
    for name, repeats in took.items():
        figures[f"{name}_audio_hours_per_hour"] = round(audio_s / wall_s[name], 2)
        figures[f"{name}_s"] = [round(t.wall_s, 1) for t in repeats]
        figures[f"{name}_processor_s"] = [round(t.cpu_s, 1) for t in repeats]
    for name in PLAIN:
        figures[f"times_{name}"] = round(wall_s[name] / wall_s["callaudit"], 2)
        figures[f"times_{name}_processor"] = round(cpu_s[name] / cpu_s["callaudit"], 2)
    if options.json:
        print(json.dumps(figures))
        return
    print(
        f"{figures['recordings']} stereo calls, {audio_s / 60:.1f} min of audio, {options.threads} threads, model {model.name}"
    )
    print(f"{'':36} audio hours per hour   seconds of each repeat (of processors)")
    for name, title in {"callaudit": "callaudit run", **PLAIN}.items():
        seconds = ", ".join(f"{t.wall_s:.1f} ({t.cpu_s:.1f})" for t in took[name])
        print(f"{title:36} {audio_s / wall_s[name]:>20.2f}   {seconds}")
    for name, title in PLAIN.items():
        print(f"times {title}: {figures[f'times_{name}']} (processor time: {figures[f'times_{name}_processor']})")


def alternate(options: argparse.Namespace, model: Path, batches: list[Batch], took: dict[str, list[Took]]) -> None:
    """Time each over all batches, one after the other, so many times."""
    for _ in range(options.repeats):
        took["callaudit"].append(added(timed(callaudit_command(b, model), options.threads) for b in batches))
        for how in PLAIN:
            took[how].append(added(timed(plain_command(how, b, model, options.threads), options.threads) for b in batches))


def measuring_calls() -> list[Batch]:
    """The stereo calls of the measuring data."""
    shared = Path(os.environ.get("CALLAUDIT_SHARED") or ROOT / "../shared").resolve() / "data"
    if not shared.is_dir():
        sys.exit(f"no measuring data at {shared}: set CALLAUDIT_SHARED, or name recordings")
    from audit.audio import read_audio

    found = [p for p in sorted((shared / "calls-zh").glob("zh-*")) if p.suffix in (".wav", ".mp3", ".opus")]
    stereo = [p for p in found if read_audio(p).n_channels == 2]
    return [batch("zh", stereo), batch("en", [shared / "calls-en/lca_auto_repairs_40_stereo.wav"])]


def batch(language: str, paths: list[Path]) -> Batch:
    """Recordings with their length in all."""
    from audit.audio import read_audio

    return Batch(language, tuple(paths), sum(read_audio(p).duration_s for p in paths))


def callaudit_command(recordings: Batch, model: Path) -> list[str]:
    """The main job with its default options; the folder of results is appended when it runs."""
    command = [sys.executable, "-m", "audit", "run", *map(str, recordings.paths), "--model", str(model)]
    return [*command, "--language", recordings.language, "--out"]


def plain_command(how: str, recordings: Batch, model: Path, threads: int) -> list[str]:
    """This very file as a process that only transcribes."""
    command = [sys.executable, str(Path(__file__).resolve()), *map(str, recordings.paths)]
    return [*command, "--threads", str(threads), "--plain", how, str(model), recordings.language]


def timed(command: list[str], threads: int) -> Took:
    """What a whole process took that has to succeed, its own processes included."""
    with tempfile.TemporaryDirectory(prefix="callaudit-throughput-") as folder:
        full = [*command, str(Path(folder) / "out")] if command[-1] == "--out" else command
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            full, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        took_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(full[:6])} … ended with {done.returncode}:\n{done.stderr[-2000:]}\n{done.stdout[-2000:]}")
    return Took(took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def added(parts: Iterable[Took]) -> Took:
    """One after the other."""
    parts = list(parts)
    return Took(sum(t.wall_s for t in parts), sum(t.cpu_s for t in parts))


def plain(how: str, model: Path, language: str, threads: int, paths: list[Path]) -> None:
    """Transcribe each leg as the library's documentation shows it, with word times."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel
    from faster_whisper.audio import decode_audio

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads)
    batched = BatchedInferencePipeline(model=whisper)
    for path in paths:
        for leg in decode_audio(str(path), split_stereo=True):
            if how == "batched":
                segments, _ = batched.transcribe(leg, language=language, word_timestamps=True, batch_size=8)
            else:
                segments, _ = whisper.transcribe(leg, language=language, word_timestamps=True)
            for _segment in segments:  # the library decodes only as it is read
                pass


if __name__ == "__main__":
    main()

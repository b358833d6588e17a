#!/usr/bin/env python3
"""Time ``callaudit run`` beside plain faster-whisper on the same recordings, in the same run.

Both are whole processes, model loading included, with the same model directory
and the same number of threads. Plain faster-whisper decodes each leg with
``WhisperModel.transcribe(word_timestamps=True)`` and default options, which is
less than callaudit does: it measures nothing else and writes nothing. Repeats
alternate, so that other work on the machine hits both alike; the median counts.

Usage::

    python benchmarks/throughput.py                         the stereo calls of $CALLAUDIT_SHARED/data
    python benchmarks/throughput.py --repeats 3 CALL.wav …  other recordings
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for both (default: all usable)")
    parser.add_argument("--repeats", type=int, default=2, help="of each, alternating (default 2)")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    parser.add_argument("--plain", nargs=2, metavar=("MODEL_DIR", "LANGUAGE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        plain(Path(options.plain[0]), options.plain[1], options.threads, options.recordings)
        return
    compare(options)


def compare(options: argparse.Namespace) -> None:
    """Alternate both, and print audio hours per hour."""
    from audit.transcript.models import ensure_model

    model = ensure_model(options.model)
    batches = [batch(options.language, options.recordings)] if options.recordings else measuring_calls()
    ours_s: list[float] = []
    plain_s: list[float] = []
    for _ in range(options.repeats):
        ours_s.append(sum(timed(callaudit_command(b, model), options.threads) for b in batches))
        plain_s.append(sum(timed(plain_command(b, model, options.threads), options.threads) for b in batches))
    audio_s = sum(b.duration_s for b in batches)
    ours, theirs = statistics.median(ours_s), statistics.median(plain_s)
    figures = {
        "recordings": sum(len(b.paths) for b in batches),
        "audio_s": round(audio_s, 1),
        "threads": options.threads,
        "callaudit_audio_hours_per_hour": round(audio_s / ours, 2),
        "faster_whisper_audio_hours_per_hour": round(audio_s / theirs, 2),
        "ratio": round(theirs / ours, 2),
        "callaudit_s": [round(t, 1) for t in ours_s],
        "faster_whisper_s": [round(t, 1) for t in plain_s],
    }
    if options.json:
        print(json.dumps(figures))
        return
    print(
        f"{figures['recordings']} stereo calls, {audio_s / 60:.1f} min of audio, {options.threads} threads, model {model.name}"
    )
    print(f"{'':34} audio hours per hour   seconds of each repeat")
    for name, key in (("callaudit run", "callaudit"), ("WhisperModel.transcribe, each leg", "faster_whisper")):
        seconds = ", ".join(f"{t:.1f}" for t in figures[f"{key}_s"])  # type: ignore[attr-defined]
        print(f"{name:34} {figures[f'{key}_audio_hours_per_hour']:>20}   {seconds}")
    print(f"ratio {figures['ratio']}")


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


def plain_command(recordings: Batch, model: Path, threads: int) -> list[str]:
    """This very file as a process that only transcribes."""
    command = [sys.executable, str(Path(__file__).resolve()), *map(str, recordings.paths)]
    return [*command, "--threads", str(threads), "--plain", str(model), recordings.language]


def timed(command: list[str], threads: int) -> float:
    """Seconds of a whole process that has to succeed."""
    with tempfile.TemporaryDirectory(prefix="callaudit-throughput-") as folder:
        full = [*command, str(Path(folder) / "out")] if command[-1] == "--out" else command
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
        began = time.perf_counter()
        done = subprocess.run(
            full, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        took_s = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(full[:6])} … ended with {done.returncode}:\n{done.stderr[-2000:]}\n{done.stdout[-2000:]}")
    return took_s


def plain(model: Path, language: str, threads: int, paths: list[Path]) -> None:
    """Transcribe each leg as the library's documentation shows it, with word times."""
    from faster_whisper import WhisperModel
    from faster_whisper.audio import decode_audio

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads)
    for path in paths:
        for leg in decode_audio(str(path), split_stereo=True):
            segments, _ = whisper.transcribe(leg, language=language, word_timestamps=True)
            for _segment in segments:  # the library decodes only as it is read
                pass


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Set what ``callaudit run`` writes beside plain faster-whisper, with the same model, in one run.

Two tables: errors on speech whose words are known (utterances at 16 kHz and through 8 kHz µ-law, scripted calls), split
into substituted, deleted and inserted signs or words; and what is written where nobody says anything (noise, hold music,
call progress tones, an hour of line noise made here). Plain faster-whisper is ``WhisperModel.transcribe`` with default
options and the language given. Both are compared with the truth by the functions of ``bench/score_calls.py``.

Usage::

    python benchmarks/transcripts.py                        everything, with the data of $CALLAUDIT_SHARED
    python benchmarks/transcripts.py --only utterances-8k   one set
    python benchmarks/transcripts.py --keep DIR             plain's texts are kept in DIR, and not made again next time
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
#: The line noise made here: white and 50 Hz hum with its third harmonic, at the level of a quiet telephone line.
NOISE_DBFS, HUM_DBFS, NOISE_S = -50.0, -56.0, 3600
#: Call progress tones without an announcement; in baresip-ring.wav a voice says that the phone is ringing.
TONES = ("busy", "callwaiting", "ringback")
#: Plain faster-whisper decodes every window of noise up to six times; it gets this much of each recording.
PLAIN_NOISE_S = 60


@dataclass(frozen=True, slots=True)
class Item:
    """A recording and its words; "" where nobody speaks."""

    path: Path
    truth: str


@dataclass(frozen=True, slots=True)
class Set:
    """Recordings of one kind."""

    name: str
    language: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of a recording; confidence of its words, weighted by their signs."""

    text: str
    confidence: float | None = None
    coverage_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """Edits that turn the truth into what was written."""

    substituted: int = 0
    deleted: int = 0
    inserted: int = 0
    n: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
            self.n + other.n,
        )

    @property
    def ratio(self) -> float:
        """Errors for each sign or word of the truth; may exceed 1."""
        return (self.substituted + self.deleted + self.inserted) / max(self.n, 1)


def main() -> None:
    """Run both on every set and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base", help="name or directory (default base)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for both (default: all usable)")
    parser.add_argument("--only", action="append", help="name of a set; may be given again")
    parser.add_argument("--keep", type=Path, help="folder for plain's texts")
    parser.add_argument("--alone", action="store_true", help="without plain, which takes several times as long")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    options = parser.parse_args()
    shared = Path(os.environ.get("CALLAUDIT_SHARED") or ROOT / "../shared").resolve()
    if not shared.is_dir():
        sys.exit(f"no measuring data at {shared}: set CALLAUDIT_SHARED")
    from audit.transcript.models import ensure_model

    model = ensure_model(options.model)
    score = scorer(shared)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="callaudit-transcripts-") as scratch:
        for found in sets(shared / "data", Path(scratch)):
            if options.only and found.name not in options.only:
                continue
            ours = by_callaudit(found, model, options.threads)
            figures[found.name] = {"callaudit": summed(score, found, ours)}
            if not options.alone:
                plain = by_faster_whisper(found, model, options.threads, options.keep)
                figures[found.name]["faster_whisper"] = summed(score, found, plain)
            if not options.json:
                report(found, figures[found.name])
    if options.json:
        print(json.dumps(figures))


def report(found: Set, figures: dict[str, dict[str, Any]]) -> None:
    """Print the rows of one set."""
    for who, row in figures.items():
        if any(i.truth for i in found.items):
            print(
                f"{found.name:16} {who:15} {row['error_ratio']:7.2%}   S {row['substituted']:4} D {row['deleted']:4} "
                f"I {row['inserted']:4} of {row['n']}",
                flush=True,
            )
            continue
        sure = "" if row["highest_confidence"] is None else f", of confidence {row['highest_confidence']:.2f} at most"
        print(f"{found.name:16} {who:15} {row['inserted']:4} signs or words where nobody speaks{sure}", flush=True)


# --- the sets -------------------------------------------------------------------------------------
def sets(data: Path, scratch: Path) -> list[Set]:
    """All sets; what is made for them lies in the scratch folder."""
    utterances = tuple(
        Item(data / "zh-utterances" / u["path"], u["text"])
        for u in map(json.loads, (data / "zh-utterances/speech.jsonl").read_text("utf8").splitlines())
        if u["text"]
    )
    through_a_line = tuple(Item(on_a_line(i.path, scratch / "line"), i.truth) for i in utterances)
    calls = tuple(
        Item(p.with_suffix(".mp3"), " ".join(x.split(":", 1)[1] for x in p.read_text("utf8").splitlines() if ":" in x))
        for p in sorted((data / "calls-en").glob("*.txt"))
    )
    return [
        Set("utterances", "zh", utterances),
        Set("utterances-8k", "zh", through_a_line),
        Set("calls-en", "en", calls),
        Set("noise", "zh", silent((data / "noise").glob("noise*.wav"))),
        Set("music", "zh", silent((data / "music").glob("*.wav"))),
        Set("tones", "zh", silent(data / "signalling" / f"baresip-{n}.wav" for n in TONES)),
        Set("line-noise", "zh", (Item(line_noise(scratch / "line-noise.wav"), ""),)),
        Set("babble", "zh", silent((data / "noise").glob("callcenter.wav"))),
    ]


def silent(paths: Any) -> tuple[Item, ...]:
    """Recordings in which nobody says anything."""
    return tuple(Item(p, "") for p in sorted(paths))


def on_a_line(path: Path, folder: Path) -> Path:
    """The same sound at 8 kHz, µ-law."""
    import soundfile

    from audit.audio import read_audio, resample

    folder.mkdir(parents=True, exist_ok=True)
    audio = read_audio(path)
    samples = resample(audio.read(0.0, audio.duration_s)[0], audio.sample_rate_hz, 8000)
    out = folder / path.with_suffix(".wav").name
    soundfile.write(out, np.clip(samples, -1, 1), 8000, subtype="ULAW")
    return out


def line_noise(path: Path) -> Path:
    """An hour of a line on which nobody speaks."""
    import soundfile

    rng, t_s = np.random.default_rng(1), np.arange(NOISE_S * 8000) / 8000
    hum = 10 ** (HUM_DBFS / 20) * (np.sin(2 * np.pi * 50 * t_s) + 0.3 * np.sin(2 * np.pi * 150 * t_s))
    soundfile.write(path, rng.normal(0, 10 ** (NOISE_DBFS / 20), t_s.size) + hum, 8000, subtype="PCM_16")
    return path


# --- both recognisers -----------------------------------------------------------------------------
def by_callaudit(found: Set, model: Path, threads: int) -> list[Written]:
    """The main job on all recordings of a set, as a user runs it."""
    with tempfile.TemporaryDirectory(prefix="callaudit-run-") as out:
        command = [sys.executable, "-m", "audit", "run", *(str(i.path) for i in found.items), "--language", found.language]
        subprocess.run(
            [*command, "--model", str(model), "--out", out],
            check=False,  # a recording that cannot be audited counts as one without words
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        calls = [json.loads(p.read_text("utf8")) for p in Path(out, "calls").glob("*.json")]
    by_name = {Path(c["recording"]["path"]).name: c["transcript"] for c in calls}
    return [_written(by_name.get(i.path.name)) for i in found.items]


def _written(transcript: dict[str, Any] | None) -> Written:
    if transcript is None:
        return Written("")
    turns = sorted(transcript["turns"], key=lambda t: t["start_s"])
    confidences = [t["confidence"] for t in turns if t["confidence"] is not None]
    text = " ".join(t["text"] for t in turns)
    return Written(text, max(confidences, default=None), transcript["coverage_ratio"])


def by_faster_whisper(found: Set, model: Path, threads: int, keep: Path | None) -> list[Written]:
    """``WhisperModel.transcribe`` with default options on each recording."""
    kept = keep / f"{found.name}.json" if keep else None
    if kept and kept.is_file():
        return [Written(text) for text in json.loads(kept.read_text("utf8"))]
    from faster_whisper import WhisperModel
    from faster_whisper.audio import decode_audio

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=threads)
    texts = []
    for item in found.items:
        samples = decode_audio(str(item.path))[: None if item.truth else PLAIN_NOISE_S * 16000]
        segments, _ = whisper.transcribe(samples, language=found.language, word_timestamps=True)
        texts.append(" ".join(s.text for s in segments))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(texts, ensure_ascii=False), "utf8")
    return [Written(text) for text in texts]


# --- scoring --------------------------------------------------------------------------------------
def scorer(shared: Path) -> ModuleType:
    """The measuring tool, for its way of comparing texts."""
    spec = importlib.util.spec_from_file_location("score_calls", shared / "bench/score_calls.py")
    if spec is None or spec.loader is None:
        sys.exit(f"no score_calls.py under {shared}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def summed(score: ModuleType, found: Set, written: list[Written]) -> dict[str, Any]:
    """Errors of a set."""
    errors = Errors()
    for item, w in zip(found.items, written, strict=True):
        zh = found.language == "zh"
        errors += errors_of(score.tokens(item.truth, zh), score.tokens(w.text, zh))
    return {
        "error_ratio": round(errors.ratio, 4),
        "substituted": errors.substituted,
        "deleted": errors.deleted,
        "inserted": errors.inserted,
        "n": errors.n,
        "highest_confidence": max((w.confidence for w in written if w.confidence is not None), default=None),
    }


def errors_of(truth: list[str], written: list[str]) -> Errors:
    """The fewest edits between two rows of signs or words."""
    from rapidfuzz.distance import Levenshtein

    tags = Counter(op.tag for op in Levenshtein.editops(truth, written))
    return Errors(tags["replace"], tags["delete"], tags["insert"], len(truth))


if __name__ == "__main__":
    main()

"""Small real recordings, and stored calls, for the tests of commands."""

from __future__ import annotations

import wave
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from audit.batch.plan import audit_keys
from audit.pipeline import Settings
from audit.records import CallRecord
from audit.segments import Segment
from audit.storage import Store
from audit.words import Transcript, Turn
from tests.signals import SAMPLE_RATE_HZ, Samples, silence, speechlike
from tests.storage.test_ledger import NOW, a_record


def write_call(path: Path, *, seed: int = 1, seconds: float = 4.0) -> Path:
    """A two-legged call: the agent talks first and louder, then the customer."""
    half = seconds / 2
    agent = _padded(speechlike(half - 0.5, -20.0, seed).samples, 0.2, seconds)
    customer = _padded(speechlike(half - 0.5, -26.0, seed + 100).samples, half + 0.2, seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as f:
        f.setnchannels(2)
        f.setsampwidth(2)
        f.setframerate(SAMPLE_RATE_HZ)
        f.writeframes((np.stack([agent, customer], axis=1) * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return path


def _padded(samples: Samples, start_s: float, seconds: float) -> Samples:
    leg = silence(seconds)
    start = round(start_s * SAMPLE_RATE_HZ)
    end = min(len(leg), start + len(samples))
    leg[start:end] = samples[: end - start]
    return leg


def spoken(call_id: str, lines: list[tuple[str, str]], *, started_at: datetime | None = NOW, agent: str = "A1") -> CallRecord:
    """A stereo record in which each line takes two seconds; ``("agent", "您好")``."""
    turns = tuple(Turn(2.0 * i, 2.0 * i + 1.9, role, text, 0.9) for i, (role, text) in enumerate(lines))
    speech = {r: tuple(Segment(t.start_s, t.end_s) for t in turns if t.role == r) for r in ("agent", "customer")}
    record = a_record(call_id, started_at=started_at, agent=agent)
    recording = replace(record.recording, duration_s=2.0 * len(lines) + 1, warnings=())
    return replace(record, recording=recording, speech=speech, transcript=Transcript("zh", "base", turns, 1.0))


def fill_store(out: Path, records: list[CallRecord]) -> None:
    """Keep records as a run would have, without evaluations."""
    out.mkdir(parents=True, exist_ok=True)
    with Store.in_folder(out) as store:
        for record in records:
            path = str(out / f"{record.call_id}.wav")
            number = store.begin(path, record.call_id, size_bytes=1, mtime_ns=1, now=NOW)
            keys = audit_keys(Settings(), record.metadata)
            store.save_result(number, record, None, keys, options={}, now=NOW)

"""An auditor for tests of the batch: it reads what to do from the recording itself.

It stands apart and imports little, because each worker process imports it anew.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from audit.errors import ModelError, UnreadableRecording
from audit.records import CallRecord, Measured, Metadata, Recording, Timeline
from audit.verdicts import Evaluation
from audit.words import Transcript


@dataclass(frozen=True)
class Audited:
    """A call and its evaluation."""

    record: CallRecord
    evaluation: Evaluation | None
    stages: bytes | None = None


@dataclass(frozen=True)
class ScriptedAuditor:
    """Obeys the first word of the file; each audit leaves a line in the journal."""

    journal: Path
    model: str
    transcribe: bool

    def audit(self, path: Path, metadata: Metadata, kept: bytes | None = None) -> Audited:
        with self.journal.open("a", errors="backslashreplace") as f:
            f.write(f"{path.name}\n")
        order = path.read_text().split()[0]
        if order == "unreadable":
            raise UnreadableRecording(f"{path}: empty", hint="copy it again")
        if order == "bug":
            raise ZeroDivisionError("a fault of ours")
        if order == "no-model":
            raise ModelError("no speech model", hint="callaudit models install base")
        if order == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "orphan":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        if order == "slow":
            time.sleep(0.5)
        if order == "stall":  # as on a share whose server has gone: the call into the system never comes back
            pipe = path.with_suffix(".pipe")
            os.mkfifo(pipe)
            pipe.read_bytes()
        if order == "hang":
            time.sleep(600)
        if order == "greedy":
            taken = b"x" * (600 << 20)
            time.sleep(600 + len(taken))
        transcript = Transcript("zh", self.model, (), None) if self.transcribe else None
        record = CallRecord(
            metadata.call_id,
            Recording(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), 10.0, 8000, 2, "stereo", 0, "option"),
            metadata,
            Timeline(Measured(None, reason="none"), Measured(None, reason="none"), Measured(None, reason="none")),
            transcript=transcript,
            tool_version="0.1.0",
        )
        stages = (kept or b"") + f" {self.model}".encode()  # a trace of all audits of this call
        return Audited(record, ScriptedJudge("v1").evaluate(record) if transcript else None, stages)


@dataclass(frozen=True)
class ScriptedJudge:
    """A scorecard that scores by its version."""

    version: str

    def scorecard_sha256(self, language: str) -> str:
        return f"{self.version}-{language}"

    def evaluate(self, record: CallRecord) -> Evaluation:
        score = {"v1": 70.0, "v2": 90.0}[self.version]
        assert record.transcript is not None
        sha256 = self.scorecard_sha256(record.transcript.language)
        return Evaluation("zh-service", self.version, sha256, score, None, {}, False, None, (), ())

    def compares(self, language: str) -> bool:
        return False

    def facts_needed(self, language: str) -> frozenset[str]:
        return frozenset()

    def promises(self, language: str) -> tuple[()]:
        return ()

    def prepare(self, call_ids: Collection[str]) -> None:
        pass

    def forget(self) -> None:
        pass

    def judging_key(self, agent_id: str | None, language: str, call_id: str | None = None) -> str:
        return self.scorecard_sha256(language)

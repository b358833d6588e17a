"""An archive of scripted recordings, and what tests of the batch look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from audit.batch import BatchSummary, Job, run_batch
from audit.errors import MetadataError
from audit.pipeline import Settings
from audit.records import Failure, Metadata
from audit.storage import Store
from tests.scripted import ScriptedAuditor, ScriptedJudge

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@dataclass
class Witness:
    """Remembers what a run tells of its progress."""

    ends: list[tuple[str, str]] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    after_each: Callable[[], None] = lambda: None
    n_known: int = 0

    def started(self, *, n_calls: int, n_bytes: int) -> None:
        pass

    def ended(self, call_id: str, end: str, *, n_bytes: int, audio_s: float) -> None:
        self.ends.append((call_id, end))
        self.after_each()

    def known(self, n_calls: int) -> None:
        self.n_known += n_calls

    def stopping(self, level: int) -> None:
        self.levels.append(level)


@dataclass
class Archive:
    """A folder of scripted recordings and the means to run over it."""

    folder: Path
    out: Path
    metadata: dict[str, Metadata] = field(default_factory=dict)

    def add(self, name: str, text: str = "fine") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text} {name}")
        return path

    def find_metadata(self, path: Path) -> Metadata:
        if path.stem.startswith("bad-date"):
            raise MetadataError(f"{path}: the date 31/31 cannot be read", hint="correct the record")
        return self.metadata.get(path.stem, Metadata(path.stem))

    def run(
        self, *, witness: Witness | None = None, version: str = "v1", n_workers: int = 0, clock=lambda: NOW, **changes
    ) -> BatchSummary:
        settings = changes.pop("settings", Settings())
        recordings = changes.pop("recordings", None) or tuple(sorted(p for p in self.folder.rglob("*.wav")))
        job = Job(
            command="run" if settings.transcribe else "measure",
            recordings=recordings,
            out=self.out,
            settings=settings,
            n_workers=n_workers,
            find_metadata=self.find_metadata,
            make_auditor=partial(ScriptedAuditor, self.folder / "journal", settings.model, settings.transcribe),
            judge=ScriptedJudge(version),
        )
        self.out.mkdir(exist_ok=True)
        with Store.in_folder(self.out) as store:
            return run_batch(replace(job, **changes), store, progress=witness or Witness(), clock=clock)

    def audited(self) -> list[str]:
        """Names of all recordings ever opened by an auditor, in order."""
        journal = self.folder / "journal"
        return journal.read_text().split() if journal.exists() else []

    def written(self) -> dict[str, dict]:
        return {p.name: json.loads(p.read_text("utf-8")) for p in (self.out / "calls").iterdir()}

    def stored(self):
        with Store.in_folder(self.out) as store:
            return list(store.calls())

    def failures(self) -> tuple[Failure, ...]:
        with Store.in_folder(self.out) as store:
            return store.failures()


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "rec").mkdir()
    return Archive(tmp_path / "rec", tmp_path / "out")


def counts(s: BatchSummary) -> tuple[int, int, int]:
    return s.n_audited, s.n_failed, s.n_skipped

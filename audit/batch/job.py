"""What a batch is asked for, what it tells on its way, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from audit.archive import SILENCE_S
from audit.batch.engines import Engine
from audit.batch.plan import Judge
from audit.batch.workers import Limits, MakeAuditor
from audit.records import Failure, Metadata

if TYPE_CHECKING:
    from audit.pipeline import Settings

End = Literal["audited", "rescored", "skipped", "failed", "elsewhere"]


class Progress(Protocol):
    """Who shows how far a run is."""

    def started(self, *, n_calls: int, n_bytes: int) -> None:
        """The plan stands: so many recordings, so many bytes of audio to open."""
        ...

    def ended(self, call_id: str, end: End, *, n_bytes: int, audio_s: float) -> None:
        """One recording is dealt with; bytes and seconds are those of audio that was opened for it."""
        ...

    def known(self, n_calls: int) -> None:
        """So many recordings are known and up to date: they are skipped."""
        ...

    def stopping(self, level: int) -> None:
        """Somebody asked to stop: 1 after the calls in progress, 2 now."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What to audit, and how.

    Attributes
    ----------
    command : {"run", "measure"}
    recordings : sequence of Path
        In the order in which they are to be audited.
    out : Path
    n_workers : int
        Processes; 0 audits in this one. On Ray the most actors; 0: as many as the cluster has room for.
    find_metadata : callable
        Metadata of a recording; raises `MetadataError`.
    make_auditor : callable
        Builds a worker's auditor; must be picklable.
    judge : Judge
    notices : tuple of Failure
        Found before the run: rows of the call-detail record without a recording.
    lang : {"en", "zh"}
        Of the reasons in ``calls/*.json``.
    limits : Limits
        Of a worker process.
    max_crashes : int
        A recording that took its worker down so often is not tried again until its file changes or `retry` is asked for.
    retry : bool
    argv : tuple of str
        The command line, kept with the run so that it can be given again.
    until : datetime or None
        No recording is begun from then on; those in progress end.
    is_busy : callable
        While it is true no recording is begun.
    engine : Engine
        Processes of this machine, or a Ray cluster.
    metadata_scope : str or None
        Hash of all that `find_metadata` reads beside the recordings and vCons beside them: where it is that of an earlier run,
        known recordings are not looked at again. None looks at all.
    silence_s : float
        A share that says nothing for so long is not asked again; its recordings wait for the next run.
    """

    command: Literal["run", "measure"]
    recordings: Sequence[Path]
    out: Path
    settings: Settings
    n_workers: int
    find_metadata: Callable[[Path], Metadata]
    make_auditor: MakeAuditor
    judge: Judge
    notices: tuple[Failure, ...] = ()
    lang: str = "en"
    limits: Limits = field(default_factory=Limits)
    max_crashes: int = 3
    retry: bool = False
    argv: tuple[str, ...] = ()
    until: datetime | None = None
    is_busy: Callable[[], bool] = lambda: False
    engine: Engine = field(default_factory=Engine)
    metadata_scope: str | None = None
    silence_s: float = SILENCE_S


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """How a run went.

    Attributes
    ----------
    n_found : int
        Recordings; each is counted once below, or was not begun.
    n_audited : int
        Measured now, or given a new evaluation or new metadata (`n_rescored` of them without opening audio).
    n_skipped : int
        Done before, with the same content, options and scorecard.
    call_ids : frozenset of str
        Calls of this run that have a result, skipped ones included.
    failures : tuple of Failure
    audio_s, wall_s : float
        Seconds of audio measured, and the seconds it took.
    stopped_by : int or None
        Number of the signal that ended the run early.
    n_elsewhere : int
        Left to another run that is at work on them, or has done them meanwhile.
    """

    n_found: int = 0
    n_audited: int = 0
    n_rescored: int = 0
    n_failed: int = 0
    n_skipped: int = 0
    call_ids: frozenset[str] = frozenset()
    failures: tuple[Failure, ...] = ()
    audio_s: float = 0.0
    wall_s: float = 0.0
    stopped_by: int | None = None
    n_elsewhere: int = 0
    problems: tuple[str, ...] = ()

    @property
    def n_not_begun(self) -> int:
        """Recordings that a stopped run left alone."""
        return self.n_found - self.n_audited - self.n_failed - self.n_skipped - self.n_elsewhere


def job_options(job: Job) -> dict[str, Any]:
    """The options of a run as plain values, kept with each of its evaluations."""
    s = asdict(job.settings)
    s["profile"] = {k: dict(v) if isinstance(v, Mapping) else v for k, v in s["profile"].items()}
    return {**s, "n_workers": job.n_workers, "lang": job.lang, "argv": list(job.argv), "folder": str(Path.cwd())}

"""What a report is made from and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from audit.records import CallRecord
from audit.verdicts import Evaluation


@dataclass(frozen=True, slots=True)
class ReportedCall:
    """One audited call.

    Attributes
    ----------
    record : CallRecord
    evaluation : Evaluation or None
        None where the call was measured only; it is listed and never enters a score.
    """

    record: CallRecord
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """One band of a scorecard: scores from `min_score` (0-100, inclusive) up to the next band.

    Attributes
    ----------
    band : str
        Its id.
    title : mapping of language to str
    min_score : float
    """

    band: str
    min_score: float
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The files that were written.

    Attributes
    ----------
    index : Path
    agents_csv, calls_csv, failures_csv : Path
    scorecards : mapping of agent id to Path
        The HTML pages written now; calls without an agent stand under ``""``.
    """

    index: Path
    agents_csv: Path
    calls_csv: Path
    failures_csv: Path
    scorecards: Mapping[str, Path]

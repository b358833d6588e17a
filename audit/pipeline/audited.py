"""What comes of auditing a call. Apart from the auditor: who receives one from a worker need not load the detectors."""

from __future__ import annotations

from dataclasses import dataclass

from audit.records import CallRecord
from audit.verdicts import Evaluation


@dataclass(frozen=True, slots=True)
class AuditedCall:
    """A call and, where a scorecard applied, its evaluation.

    Attributes
    ----------
    stages : bytes or None
        What its stages found, for an audit of the same recording with other settings (:mod:`audit.pipeline.stages`).
    """

    record: CallRecord
    evaluation: Evaluation | None
    stages: bytes | None = None

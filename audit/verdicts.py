"""What a scorecard says of a call, as frozen values: outcomes, sections, the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from audit.records import Evidence

Verdict = Literal["pass", "fail", "not_applicable", "not_evaluable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one criterion.

    `points` and `max_points` are None when the criterion leaves the denominator.
    `title`, `reason` and `suggestion` are given per language ("zh", "en").
    """

    criterion: str
    outcome: Verdict
    section: str
    reason: Mapping[str, str]
    title: Mapping[str, str]
    points: float | None = None
    max_points: float | None = None
    critical: bool = False
    clause: str = ""
    suggestion: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class SectionScore:
    """Points of one section as a percentage of what could be earned there; None where nothing could."""

    section: str
    title: Mapping[str, str]
    score: float | None
    points: float
    max_points: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A call held against one scorecard. Never changed; overrides are added beside it.

    Attributes
    ----------
    score : float or None
        0-100; None where no criterion could be evaluated.
    band : str or None
        Id of the band of the scorecard that the score falls in.
    score_reason : mapping of language to str
        Why there is no score; empty where there is one.
    """

    scorecard: str
    scorecard_version: str
    scorecard_sha256: str
    score: float | None
    band: str | None
    band_title: Mapping[str, str]
    critical_failed: bool
    weakest_section: str | None
    sections: tuple[SectionScore, ...]
    outcomes: tuple[Outcome, ...]
    score_reason: Mapping[str, str] = field(default_factory=dict)

"""Scorecards as frozen values: criteria, sections, bands and how they are scored.

A rule file is turned into these by :mod:`audit.evaluation.pack`; the checks that criteria hold are in
:mod:`audit.evaluation.conditions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from audit.evaluation.conditions import Check, Texts
from audit.evaluation.match import Matching


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that the standard asks, and how it is judged.

    Attributes
    ----------
    id : str
        Permanent; never reused.
    clause : str
        Where the handbook asks for it.
    points : float
        Earned by a pass.
    critical : bool
        A failure sets the whole score to 0.
    applies_when : Check or None
        Where it does not pass, the criterion is not applicable.
    path : Path
        The file it was read from.
    """

    id: str
    section: str
    title: Texts
    clause: str
    points: float
    critical: bool
    why: Texts
    suggestion: Texts
    false_alarms: Texts
    check: Check
    applies_when: Check | None
    path: Path


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the scorecard with its share of the score."""

    id: str
    title: Texts
    weight: float
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A step of the ladder of service, from `min_score` up."""

    id: str
    min_score: float
    title: Texts


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A versioned evaluation form.

    Attributes
    ----------
    sha256 : str
        Over the bytes of ``scorecard.yml`` and of every criterion file in the scorecard's order; the
        cases are left out, since they judge no call.
    min_coverage_ratio : float
        Below this share of the speech with words, nothing is judged by words.
    min_evaluable_ratio : float
        Below this share of the applicable points judged, a call has no score.
    join_gap_s : float
        Pauses up to this length do not end a turn, when turns are counted.
    bands : tuple of Band
        From the lowest up.
    """

    id: str
    version: str
    language: str
    title: Texts
    pass_score: float
    sections: tuple[Section, ...]
    bands: tuple[Band, ...]
    sha256: str
    folder: Path
    min_coverage_ratio: float
    min_evaluable_ratio: float
    join_gap_s: float
    matching: Matching = field(default_factory=Matching)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria in order."""
        return tuple(c for s in self.sections for c in s.criteria)

    def criterion(self, criterion_id: str) -> Criterion | None:
        """The criterion of that id, or None."""
        return next((c for c in self.criteria if c.id == criterion_id), None)

"""Scorecards as frozen values: criteria, sections, bands and how they are scored.

A rule file is turned into these by :mod:`audit.evaluation.pack`; the checks that criteria hold are in
:mod:`audit.evaluation.conditions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from audit.evaluation.conditions import Check, Texts
from audit.evaluation.match import Matching
from audit.verdicts import AuditMode


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points that a failure takes off its section.

    Attributes
    ----------
    points : float
        For each failure, or for each hit.
    per : {"once", "hit"}
    max : float or None
        No more than this comes off for one rule.
    """

    points: float
    per: Literal["once", "hit"] = "once"
    max: float | None = None

    def of(self, n_hits: int) -> float:
        """What so many hits take off.

        Examples
        --------
        >>> Deduction(2, "hit", 5).of(3), Deduction(2).of(3)
        (5, 2)
        """
        points = self.points * (n_hits if self.per == "hit" else 1)
        return points if self.max is None else min(points, self.max)


@dataclass(frozen=True, slots=True)
class Effective:
    """The days on which a rule is in force, both included; None is open."""

    first: date | None = None
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on that day."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


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
        Earned by a pass; 0 where a failure deducts instead, or where the verdict is shown but not counted.
    critical : bool
        A failure sets the whole score to 0.
    check : Check or None
        None only where a person alone decides.
    applies_when : Check or None
        Where it does not pass, the criterion is not applicable.
    path : Path
        The file it was read from.
    critical_section : bool
        A failure sets the score of its section to 0.
    deduct : Deduction or None
        What a failure takes off the section, instead of points that a pass earns.
    bonus : bool
        A pass adds the points to the score of the call; they are never in the denominator.
    effective : Effective or None
        Calls of other days are not judged by it.
    audit : {"automated", "assisted", "human"}
        Who decides: the rule; the rule, but a person confirms each failure; a person alone.
    min_confidence : float or None
        If it is critical, words heard less surely go to a person; None for that of the scorecard's matching.
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
    check: Check | None
    applies_when: Check | None
    path: Path
    critical_section: bool = False
    deduct: Deduction | None = None
    bonus: bool = False
    effective: Effective | None = None
    audit: AuditMode = "automated"
    min_confidence: float | None = None

    @property
    def stake(self) -> float:
        """Points that hang on it: what it earns, or the most it takes off; 0 for a bonus."""
        if self.bonus:
            return 0.0
        if self.deduct is not None:
            return self.deduct.points if self.deduct.max is None else self.deduct.max
        return self.points


#: What the points of a section amount to where none of its criteria earns any: deductions come off a hundred.
FULL_SECTION = 100.0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the scorecard with its share of the score.

    Attributes
    ----------
    max_deduct : float or None
        Deductions of the section together take off no more.
    """

    id: str
    title: Texts
    weight: float
    criteria: tuple[Criterion, ...]
    max_deduct: float | None = None

    @property
    def full_points(self) -> float:
        """What all its criteria together can earn, and so what a deduction is a share of."""
        return sum(c.stake for c in self.criteria if c.deduct is None) or FULL_SECTION


@dataclass(frozen=True, slots=True)
class Band:
    """A step of the ladder of service, from `min_score` up."""

    id: str
    min_score: float
    title: Texts


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that a call shows and that scores nothing: other calls are held against it.

    Attributes
    ----------
    due_h : float or None
        What is promised is due so many hours after the call.
    due_days : int or None
        It is due by the end of the local day so many days after that of the call; 0 is the same day.
    """

    id: str
    title: Texts
    check: Check
    due_h: float | None = None
    due_days: int | None = None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A versioned evaluation form.

    Attributes
    ----------
    sha256 : str
        Over the bytes of ``scorecard.yml``, of every criterion file in the scorecard's order and of ``signs.yml``; the
        cases are left out, since they judge no call.
    min_coverage_ratio : float
        Below this share of the speech with words, nothing is judged by words.
    min_evaluable_ratio : float
        Below this share of the applicable points judged, a call has no score.
    join_gap_s : float
        Pauses up to this length do not end a turn, when turns are counted.
    bands : tuple of Band
        From the lowest up.
    signs : tuple of Sign
        What each call is looked through for besides; () where the scorecard has none.
    min_transcript_confidence : float
        Below this mean confidence of a call's words, nothing is judged by words.
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
    signs: tuple[Sign, ...] = ()
    min_transcript_confidence: float = 0.0

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria in order."""
        return tuple(c for s in self.sections for c in s.criteria)

    def criterion(self, criterion_id: str) -> Criterion | None:
        """The criterion of that id, or None."""
        return next((c for c in self.criteria if c.id == criterion_id), None)

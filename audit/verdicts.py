"""What a scorecard says of a call, as frozen values: outcomes, sections, the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from audit.records import Evidence

Verdict = Literal["pass", "fail", "not_applicable", "not_evaluable"]
#: Who decides on a criterion: the rule, the rule with a person's confirmation of each failure, or a person.
AuditMode = Literal["automated", "assisted", "human"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one criterion.

    `points` and `max_points` are None when the criterion leaves the denominator.
    `title`, `reason` and `suggestion` are given per language ("zh", "en").

    Attributes
    ----------
    points, max_points : float or None
        A deduction that was made is a negative `points` of a `max_points` of 0; a bonus that was
        earned a positive one.
    critical_section : bool
        A failure sets the score of the section to 0.
    bonus : bool
        Its points are added to the score of the call.
    audit : {"automated", "assisted", "human"}
    for_person : bool
        A person has to look: found by an assisted rule, or never judged by the machine.
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
    critical_section: bool = False
    bonus: bool = False
    audit: AuditMode = "automated"
    for_person: bool = False


@dataclass(frozen=True, slots=True)
class SectionScore:
    """Points of one section as a percentage of what could be earned there; None where nothing could.

    Attributes
    ----------
    points : float
        Earned, less what was deducted.
    deducted : float
        Points that deductions took off, after every cap.
    critical_failed : bool
        A criterion failed that sets the section to 0.
    """

    section: str
    title: Mapping[str, str]
    score: float | None
    points: float
    max_points: float
    deducted: float = 0.0
    critical_failed: bool = False


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
    bonus_points : float
        Added to the score, which goes no higher than 100.
    weakest_cost : float or None
        Points of the score that the weakest section cost; None without a weakest section.
    band_reason : mapping of language to str
        Why the call is in its band.
    signs : mapping of str to bool or None
        What the scorecard's signs say of the call: facts that score nothing and that other calls are held against;
        None where one could not be judged.
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
    bonus_points: float = 0.0
    weakest_cost: float | None = None
    band_reason: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, bool | None] = field(default_factory=dict)

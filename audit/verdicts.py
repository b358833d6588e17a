"""What a scorecard says of a call, as frozen values: outcomes, sections, the evaluation; and what reviewers say of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from audit.frozen import quick
from audit.records import Evidence

Verdict = Literal["pass", "fail", "not_applicable", "not_evaluable"]
#: Who decides on a criterion: the rule, the rule with a person's confirmation of each failure, or a person.
AuditMode = Literal["automated", "assisted", "human"]
#: What a person says of a verdict: it is right, it is wrong, or neither.
ReviewKind = Literal["accept", "reject", "comment"]


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said of the verdict that the rules gave on a criterion.

    Attributes
    ----------
    kind : {"accept", "reject", "comment"}
    outcome : {"pass", "fail", "not_applicable", "not_evaluable"}
        What the reviewer holds right; the rules' own verdict unless `kind` is "reject".
    reviewer : str
    decided_at : datetime
        With a zone, by the reviewer's clock.
    comment : str
        The reason of a rejection; of the others a remark, or empty.
    """

    kind: ReviewKind
    outcome: Verdict
    reviewer: str
    decided_at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ToolVerdict:
    """What the rules said of a criterion on which a person overruled them; the fields are those of :class:`Outcome`."""

    outcome: Verdict
    reason: Mapping[str, str]
    points: float | None = None
    max_points: float | None = None
    for_person: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of a reviewer as a decision file carries it: what was judged, and what was said of it.

    Attributes
    ----------
    call_id, criterion : str
    evaluation_id : int
        Number of the evaluation in the store whose verdict the reviewer saw.
    scorecard, scorecard_version, scorecard_sha256 : str
        Of that evaluation.
    outcome : {"pass", "fail", "not_applicable", "not_evaluable"}
        The rules' verdict that was judged, whoever overruled it before.
    kind : {"accept", "reject", "comment"}
    held : {"pass", "fail", "not_applicable", "not_evaluable"}
        What the reviewer holds right; `outcome` unless `kind` is "reject".
    comment : str
    decided_at : datetime
        With a zone.
    """

    call_id: str
    criterion: str
    evaluation_id: int
    scorecard: str
    scorecard_version: str
    scorecard_sha256: str
    outcome: Verdict
    kind: ReviewKind
    held: Verdict
    comment: str
    decided_at: datetime

    def review(self, reviewer: str) -> Review:
        """What it says, with who says it."""
        return Review(self.kind, self.held, reviewer, self.decided_at, self.comment)


@quick
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
    reviews : tuple of Review
        What reviewers said of the rules' verdict, the one that counts last.
    tool : ToolVerdict or None
        What the rules said, where a reviewer overruled it; `outcome`, points and reason are then the reviewer's.
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
    reviews: tuple[Review, ...] = ()
    tool: ToolVerdict | None = None

    @property
    def by_rules(self) -> Verdict:
        """The verdict of the rules, overruled or not."""
        return self.outcome if self.tool is None else self.tool.outcome

    @property
    def upheld(self) -> bool:
        """Whether reviewers let the verdict of the rules stand."""
        return self.tool is None and any(r.kind == "accept" for r in self.reviews)


@quick
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


@quick
@dataclass(frozen=True, slots=True)
class Evaluation:
    """A call held against one scorecard. Never changed; one with what reviewers say is added beside it.

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
    tool_score : float or None
        The score by the rules alone, where a reviewer overruled one of their verdicts; None also where that had no score.
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
    tool_score: float | None = None

    @property
    def overruled(self) -> tuple[Outcome, ...]:
        """Outcomes on which a reviewer overruled the rules."""
        return tuple(o for o in self.outcomes if o.tool is not None)

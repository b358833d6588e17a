"""An evaluation with what reviewers say of it: verdicts they hold wrong are replaced, and the score follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from audit.evaluation.call import Reason, say
from audit.evaluation.language import Criterion, Scorecard
from audit.evaluation.score import points_of, put_together
from audit.verdicts import Evaluation, Outcome, Review, ToolVerdict, Verdict


def with_reviews(evaluation: Evaluation, scorecard: Scorecard, reviews: Mapping[str, Sequence[Review]]) -> Evaluation:
    """What an evaluation says once reviewers were heard. Pure, and what was applied before does not matter.

    The score is put together from the outcomes by the code that scores a call (:func:`audit.evaluation.score.put_together`).
    A deduction costs for a reviewer's failure what it costs for one place, or for the places that the rule found. That a
    bonus was not earned is no failure.

    Parameters
    ----------
    evaluation : Evaluation
        Of that scorecard; with reviews or without.
    scorecard : Scorecard
    reviews : mapping of criterion to sequence of Review
        Those that speak of the verdict that the rules gave in this evaluation; of a criterion the one that counts last.

    Returns
    -------
    Evaluation
        Without reviews what the rules alone said.

    Raises
    ------
    ValueError
        If the evaluation is of another scorecard, or another version of it.
    """
    if evaluation.scorecard_sha256 != scorecard.sha256:
        raise ValueError(f"an evaluation by {evaluation.scorecard_sha256[:12]} is not of the scorecard {scorecard.sha256[:12]}")
    by_rules = tuple(_by_rules(o) for o in evaluation.outcomes)
    criteria = {c.id: c for c in scorecard.criteria}
    outcomes = tuple(_reviewed(o, criteria[o.criterion], tuple(reviews.get(o.criterion, ()))) for o in by_rules)
    if all(o.tool is None for o in outcomes):
        if all(o.tool is None for o in evaluation.outcomes):
            return replace(evaluation, outcomes=outcomes)
        return put_together(scorecard, outcomes, evaluation.signs)
    alone = put_together(scorecard, by_rules, evaluation.signs)
    return replace(put_together(scorecard, outcomes, evaluation.signs), tool_score=alone.score)


def _by_rules(o: Outcome) -> Outcome:
    """The outcome as the rules gave it."""
    if o.tool is None:
        return replace(o, reviews=()) if o.reviews else o
    t = o.tool
    return replace(
        o, outcome=t.outcome, reason=t.reason, points=t.points, max_points=t.max_points, for_person=t.for_person,
        reviews=(), tool=None,
    )  # fmt: skip


def _reviewed(o: Outcome, criterion: Criterion, reviews: tuple[Review, ...]) -> Outcome:
    """The outcome as the last reviewer who took a side holds it right."""
    counts = next((r for r in reversed(reviews) if r.kind != "comment"), None)
    if counts is None or counts.kind == "accept":
        return replace(o, reviews=reviews) if reviews else o
    held: Verdict = "not_applicable" if criterion.bonus and counts.outcome == "fail" else counts.outcome
    points, possible = points_of(criterion, held, o.evidence)
    return replace(
        o,
        outcome=held,
        reason=_why(counts),
        points=points,
        max_points=possible,
        for_person=False,
        reviews=reviews,
        tool=ToolVerdict(o.outcome, o.reason, o.points, o.max_points, o.for_person),
    )


def _why(r: Review) -> Reason:
    return say(f"复核（{r.reviewer}）：{r.comment}", f"reviewed by {r.reviewer}: {r.comment}")

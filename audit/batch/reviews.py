"""What reviewers say of the verdicts of calls: which of it counts, and how it is laid over an evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from audit.storage import KeptDecision, Store, read_decisions
from audit.verdicts import Decision, Evaluation, Review

if TYPE_CHECKING:
    from audit.evaluation import Scorecard


class KnownReviews:
    """The decisions of a store as they stood when they were first asked for.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._said: dict[str, list[KeptDecision]] = {}
        for kept in read_decisions(store):
            self._said.setdefault(kept.decision.call_id, []).append(kept)

    def key(self, call_id: str) -> list[object]:
        """What tells whether a call has to be judged again: its decisions, in the order in which they count."""
        return [[d.number for d in self._said[call_id]]] if call_id in self._said else []

    def apply(self, call_id: str, evaluation: Evaluation, scorecard: Scorecard) -> Evaluation:
        """The evaluation once reviewers were heard."""
        return reviewed(evaluation, scorecard, self._said.get(call_id, ()))


def reviewed(evaluation: Evaluation, scorecard: Scorecard, said: Iterable[KeptDecision]) -> Evaluation:
    """An evaluation with the decisions on its call that speak of its verdicts.

    Parameters
    ----------
    evaluation : Evaluation
        Of that scorecard.
    said : iterable of KeptDecision
        In the order in which they count.
    """
    verdicts = {o.criterion: o.by_rules for o in evaluation.outcomes}
    reviews: dict[str, list[Review]] = {}
    for kept in said:
        if speaks_of(kept.decision, evaluation.scorecard, verdicts.get(kept.decision.criterion)):
            reviews.setdefault(kept.decision.criterion, []).append(kept.decision.review(kept.reviewer))
    if not reviews and not any(o.reviews for o in evaluation.outcomes):
        return evaluation
    from audit.evaluation.reviewed import with_reviews

    return with_reviews(evaluation, scorecard, reviews)


def speaks_of(decision: Decision, scorecard: str | None, verdict: str | None) -> bool:
    """Whether a decision speaks of a verdict: the same criterion of a scorecard of that name, judged as it was then.

    The version of the scorecard may be another. Where the rules now say something else, nobody has judged that yet.

    Parameters
    ----------
    verdict : str or None
        Of the rules, on the decision's criterion; None where they have none of that name.
    """
    return decision.scorecard == scorecard and decision.outcome == verdict

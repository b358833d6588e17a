"""A figure held against the others and against the time before, with as much as the intervals allow to be said."""

from __future__ import annotations

from collections.abc import Mapping

from audit.report.context import Comparison, Figure
from audit.report.messages import Messages
from audit.report.scorecard import AgentSummary, CriterionSummary, SectionSummary, VerdictCounts
from audit.report.together import BatchSummary, others_of
from audit.report.wording import signed
from audit.statistics import Estimate, difference, pooled_ratio, proportion_estimate

#: What went well: more would bury the best.
MAX_STRENGTHS = 3
#: Fewer calls in which a criterion counted than this, and never failing it is no strength.
MIN_STRENGTH_CALLS = 10


def comparison(key: str, own: Estimate | None, other: Estimate | None, scale: float, messages: Messages) -> Comparison | None:
    """How far a figure lies from another of its kind; None where one of them has no interval.

    Parameters
    ----------
    key : str
        Of the message that names the other: ``compare.team`` or ``compare.before``.
    scale : float
        100 for proportions, 1 for scores.
    """
    if own is None or other is None:
        return None
    gap = difference(own, other)
    kind = "better" if gap.low > 0 else "worse" if gap.high < 0 else "same"
    figures = {"gap": signed(scale * gap.value), "low": signed(scale * gap.low), "high": signed(scale * gap.high)}
    return Comparison(kind, f"{messages(f'{key}')} {messages(f'compare.{kind}', **figures)}")


def _known(*found: Comparison | None) -> tuple[Comparison, ...]:
    return tuple(c for c in found if c is not None)


def of_score(own: AgentSummary, before: AgentSummary | None, messages: Messages) -> tuple[Comparison, ...]:
    """The agent's score against the time before."""
    return _known(comparison("compare.before", own.estimate, before.estimate if before else None, 1, messages))


def of_section(
    own: SectionSummary, batch: BatchSummary | None, before: AgentSummary | None, messages: Messages
) -> tuple[Comparison, ...]:
    """A section against that of all others, and against the time before."""
    everybody = next((s for s in batch.sections if s.section == own.section), None) if batch else None
    earlier = next((s for s in before.sections if s.section == own.section), None) if before else None
    others = pooled_ratio(everybody.sums - own.sums) if everybody else None
    return _known(
        comparison("compare.team", own.estimate, others, 100, messages),
        comparison("compare.before", own.estimate, earlier.estimate if earlier else None, 100, messages),
    )


def of_criterion(
    own: CriterionSummary,
    batch: Mapping[str, CriterionSummary],
    before: Mapping[str, CriterionSummary],
    messages: Messages,
) -> tuple[Comparison, ...]:
    """A criterion against that of all others, and against the time before."""
    others = _rate(others_of(batch, own)) if own.criterion in batch else None
    earlier = before.get(own.criterion)
    return _known(
        comparison("compare.team", own.estimate, others, 100, messages),
        comparison("compare.before", own.estimate, earlier.estimate if earlier else None, 100, messages),
    )


def surely_below(own: CriterionSummary, batch: Mapping[str, CriterionSummary]) -> bool:
    """Whether an agent passes a criterion less often than the others, beyond chance."""
    others = _rate(others_of(batch, own)) if own.criterion in batch else None
    return own.estimate is not None and others is not None and difference(own.estimate, others).high < 0


def _rate(counts: VerdictCounts) -> Estimate | None:
    return proportion_estimate(counts.pass_rate.n, counts.pass_rate.of)


def strengths(own: AgentSummary, batch: Mapping[str, CriterionSummary], messages: Messages) -> tuple[Figure, ...]:
    """What went well: first where the agent is surely above the others, then what never failed, the dearest first."""
    ranked = []
    for c in own.criteria:
        rate = c.counts.pass_rate
        if c.estimate is None or rate.of < MIN_STRENGTH_CALLS or not rate.n:
            continue
        others = _rate(others_of(batch, c)) if c.criterion in batch else None
        gap = difference(c.estimate, others) if others is not None else None
        if gap is not None and gap.low > 0:
            ranked.append((0, -gap.low, -c.max_points, c))
        elif rate.n == rate.of and c.max_points > 0:
            ranked.append((1, -c.max_points, 0.0, c))
    ranked.sort(key=lambda r: (*r[:3], r[3].criterion))
    return tuple(
        Figure(
            messages.pick(c.title, c.criterion),
            messages("criteria.rate_of", n=c.counts.pass_rate.n, of=c.counts.pass_rate.of),
            "",
            c.counts.pass_rate.ratio,
            comparisons=_known(
                comparison(
                    "compare.team", c.estimate, _rate(others_of(batch, c)) if c.criterion in batch else None, 100, messages
                )
            ),
        )
        for *_, c in ranked[:MAX_STRENGTHS]
    )

"""What a page needs so that its verdicts can be reviewed, and how it tells what reviewers said."""

from __future__ import annotations

import json

from audit.report.context import Figure, ReviewTarget
from audit.report.inputs import ReportedCall
from audit.report.messages import Messages
from audit.report.wording import moment, percent, score
from audit.statistics import proportion_estimate
from audit.verdicts import Evaluation, Outcome, Review


def review_words(messages: Messages) -> str:
    """The words of ``review.js`` as JSON: those under ``review.`` and the names of verdicts."""
    words = {k.removeprefix("review."): v for k, v in messages.texts.items() if k.startswith("review.")}
    words |= {k.removeprefix("verdict."): v for k, v in messages.texts.items() if k.startswith("verdict.")}
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


def review_target(call: ReportedCall) -> ReviewTarget | None:
    """What decisions on a call's verdicts speak of; None where no store holds them."""
    e = call.evaluation
    if e is None or call.evaluation_id is None:
        return None
    return ReviewTarget(call.evaluation_id, e.scorecard, e.scorecard_version, e.scorecard_sha256)


def score_note(evaluation: Evaluation | None, messages: Messages) -> str:
    """The score by the rules alone, where reviewers overruled them."""
    if evaluation is None or not evaluation.overruled:
        return ""
    return messages("reviewed.score", tool=score(evaluation.tool_score))


def upheld_figure(n_upheld: int, n_reviewed: int, messages: Messages) -> tuple[Figure, ...]:
    """The share of the reviewed verdicts that was upheld, with Wilson's interval; nothing where nobody reviewed any."""
    e = proportion_estimate(n_upheld, n_reviewed)
    if e is None:
        return ()
    note = messages("reviewed.upheld_note", n=n_upheld, of=n_reviewed, low=f"{100 * e.low:.0f}", high=f"{100 * e.high:.0f}")
    return (Figure(messages("reviewed.upheld"), percent(e.value), note),)


def what_reviewers_said(outcome: Outcome, messages: Messages) -> tuple[str, ...]:
    """A line for each reviewer, in the order in which they count, and what the rules had said where they were overruled."""
    sides = [r for r in outcome.reviews if r.kind != "comment"]
    counts = sides[-1] if sides else None
    lines = [_line(r, counts, outcome, messages) for r in outcome.reviews]
    if outcome.tool is not None:
        verdict, reason = messages(f"verdict.{outcome.tool.outcome}"), messages.pick(outcome.tool.reason)
        verdict = messages("reviewed.because", verdict=verdict, reason=reason) if reason else verdict
        lines.append(messages("reviewed.tool", verdict=verdict))
    return tuple(lines)


def _line(r: Review, counts: Review | None, outcome: Outcome, messages: Messages) -> str:
    when, comment = f"{moment(r.decided_at, messages)} UTC", r.comment
    if r.kind == "comment":
        return messages("reviewed.remark", who=r.reviewer, when=when, comment=comment)
    if counts is not None and r.outcome != counts.outcome:
        held = messages(f"verdict.{r.outcome}")
        said = messages("reviewed.outvoted", who=r.reviewer, when=when, held=held)
    elif outcome.tool is not None:
        return messages("reviewed.overruled", who=r.reviewer, when=when, comment=comment)
    else:
        said = messages("reviewed.accepted", who=r.reviewer, when=when)
    return messages("reviewed.with_remark", said=said, comment=comment) if comment else said

"""Calls made ready to be shown: what is to be hidden is hidden where a report reads them, so that no page can forget it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from audit import redaction
from audit.report import Hidden, ReportedCall
from audit.verdicts import Outcome
from audit.words import Turn

if TYPE_CHECKING:
    from audit.redaction import Found, Kind


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is hidden, why, and what is shown instead.

    Attributes
    ----------
    reasons : mapping of Kind to str
        The kinds that are hidden; a reason may be empty.
    labels : mapping of Kind to str
        In the language of the pages.
    """

    reasons: Mapping[Kind, str] = field(default_factory=dict)
    labels: Mapping[Kind, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.reasons)

    def applied(self, call: ReportedCall) -> ReportedCall:
        """The call without what is hidden in it, and how much that is."""
        if not self.reasons:
            return call
        kinds, found = tuple(self.reasons), self._found(call)
        counted = Counter(f.kind for f in found)
        return replace(
            call,
            record=redaction.hide_record(call.record, found, kinds, self.labels),
            evaluation=None
            if call.evaluation is None
            else redaction.hide_evaluation(call.evaluation, found, kinds, self.labels),
            hidden=tuple(Hidden(self.labels[k], counted[k], self.reasons[k]) for k in kinds if counted[k]),
        )

    def failed(self, call: ReportedCall) -> tuple[Outcome, ...]:
        """The failed criteria of a call, their evidence without what is hidden."""
        failed = tuple(o for o in (call.evaluation.outcomes if call.evaluation else ()) if o.outcome == "fail")
        return redaction.hide_outcomes(failed, self._found(call), tuple(self.reasons), self.labels)

    def _found(self, call: ReportedCall) -> tuple[Found, ...]:
        transcript = call.record.transcript
        if transcript is None:
            return ()
        from audit.redaction.find import find  # with its patterns, where something is hidden

        return find(transcript, tuple(self.reasons), addresses=_addresses if "address" in self.reasons else None)


def _addresses(turn: Turn, language: str) -> Iterator[tuple[int, int]]:
    """Where a turn names an address, as the rules find them."""
    from audit.evaluation.entities import extract
    from audit.evaluation.heard import prepare

    for entity in extract(prepare(turn, language), ("address",)):
        yield entity.heard.origin[entity.start][0], entity.heard.origin[entity.end - 1][1]

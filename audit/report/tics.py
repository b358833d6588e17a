"""Words that an agent says more often than the others do, with places to hear it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from audit.digests import CallDigest
from audit.fillers import places_of_filler
from audit.records import Evidence
from audit.report.call_page import PlayerBoard, evidence_view
from audit.report.clips import CallClips
from audit.report.context import TicPlace, TicView
from audit.report.inputs import ReportedCall
from audit.report.messages import Messages
from audit.report.rates import Fillers
from audit.report.together import BatchSummary
from audit.report.wording import moment
from audit.statistics import OverUse, over_used

#: Shown of an agent, and places of each: one call each, in which it is said most.
MAX_TICS = 3
MAX_PLACES = 2
#: Of everything else that was said; over-use of it is none.
_REST = ""
#: Characters shown on either side.
_CONTEXT = 40


@dataclass(frozen=True, slots=True)
class TicExample:
    """A place where one is said."""

    word: str
    call: ReportedCall
    evidence: Evidence
    clips: CallClips = field(default_factory=CallClips)


def tics_of(own: Fillers, batch: BatchSummary) -> tuple[OverUse, ...]:
    """The fillers that an agent over-uses against the others, the most striking first; rates are of a thousand."""
    others = batch.fillers - own
    found = over_used(_with_rest(own), _with_rest(others))
    return tuple(o for o in found if o.word != _REST)[:MAX_TICS]


def _with_rest(fillers: Fillers) -> dict[str, int]:
    said = sum(fillers.counts.values())
    return {**fillers.counts, _REST: max(0, fillers.n_units - said)}


def tic_calls(tics: Sequence[OverUse], calls: Iterable[CallDigest]) -> dict[str, tuple[str, ...]]:
    """For each the calls in which it is said most."""
    calls = tuple(calls)
    found = {}
    for tic in tics:
        said = Counter({c.call_id: n for c in calls if (n := c.fillers.get(tic.word, 0))})
        found[tic.word] = tuple(i for i, _ in said.most_common(MAX_PLACES))
    return found


def tic_examples(wanted: Mapping[str, Sequence[str]], found: Mapping[str, ReportedCall]) -> tuple[TicExample, ...]:
    """The first place of each in each of its calls."""
    examples = []
    for word, ids in wanted.items():
        for call in (found[i] for i in ids if i in found):
            place = next(places_of_filler(call.record.transcript, word), None)
            if place is not None:
                segment, text = place
                examples.append(
                    TicExample(word, call, Evidence(segment.start_s, segment.end_s, "agent", _near(text, word), "exact"))
                )
    return tuple(examples)


def _near(text: str, word: str) -> str:
    """A turn, or of a long one what stands beside the word."""
    at = text.lower().find(word)
    if len(text) <= 2 * _CONTEXT or at < 0:
        return text
    start, end = max(0, at - _CONTEXT), min(len(text), at + len(word) + _CONTEXT)
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"


def tic_views(
    tics: Sequence[OverUse],
    examples: Sequence[TicExample],
    counts: Mapping[str, int],
    addresses: Mapping[str, str],
    messages: Messages,
) -> tuple[TicView, ...]:
    """What the page says of each.

    Parameters
    ----------
    counts : mapping of word to int
        The agent's own.
    addresses : mapping of call id to address
        Of the calls that have pages.
    """
    board = PlayerBoard()
    for e in examples:
        board.claim_evidence(e.evidence, e.clips)
    views = []
    for tic in tics:
        places = []
        for e in (x for x in examples if x.word == tic.word):
            recording = e.call.record.recording
            player = board.player(e.evidence, e.clips, messages)
            shown = evidence_view(e.evidence, recording, e.clips, player, messages, listen=True)
            when = moment(e.call.record.metadata.started_at, messages)
            places.append(TicPlace(when, addresses.get(e.call.record.call_id, ""), shown))
        ratio = tic.rate / tic.others_rate if tic.others_rate else None
        views.append(
            TicView(
                tic.word,
                messages.count("tic.n", counts.get(tic.word, tic.n)),
                messages("tic.rates", own=f"{tic.rate:.1f}", others=f"{tic.others_rate:.1f}"),
                messages("tic.times", times=f"{ratio:.1f}") if ratio is not None else messages("tic.alone"),
                tuple(places),
            )
        )
    return tuple(views)

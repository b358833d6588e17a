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
from audit.report.habits import AgentHabits
from audit.report.inputs import ReportedCall
from audit.report.messages import Messages
from audit.report.rates import Fillers
from audit.report.spoken import SpokenHabit
from audit.report.together import BatchSummary
from audit.report.wording import moment, percent
from audit.statistics import HabitTerms, OverUse, over_used

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


def habit_views(
    habits: Sequence[SpokenHabit],
    clips: Sequence[CallClips],
    addresses: Mapping[str, str],
    messages: Messages,
) -> tuple[TicView, ...]:
    """What the page says of each habit that no list knows; `clips` are those of all their places in order."""
    places = [(h, p) for h in habits for p in h.places]
    board = PlayerBoard()
    for (_, p), c in zip(places, clips, strict=True):
        board.claim_evidence(p.evidence, c)
    shown: dict[str, list[TicPlace]] = {h.text: [] for h in habits}
    for (h, p), c in zip(places, clips, strict=True):
        record = p.call.record
        player = board.player(p.evidence, c, messages)
        view = evidence_view(p.evidence, record.recording, c, player, messages, listen=True)
        when = moment(record.metadata.started_at, messages)
        shown[h.text].append(TicPlace(when, addresses.get(record.call_id, ""), view))
    return tuple(
        TicView(
            h.text,
            messages.count("tic.n", h.habit.n),
            messages("tic.rates", own=f"{h.habit.rate:.1f}", others=f"{h.habit.others_rate:.1f}"),
            _times(h.habit.ratio, messages),
            tuple(shown[h.text]),
            messages("habit.calls", n=h.habit.n_calls, of=h.habit.of_calls),
        )
        for h in habits
    )


def habits_note(found: AgentHabits, habits: Sequence[SpokenHabit], terms: HabitTerms, messages: Messages) -> str:
    """What was compared, or why nothing was; empty where no call has words."""
    c, n_calls = found.compared, found.words.n_calls if found.words is not None else 0
    if not n_calls:
        return ""
    if not c.n_units:
        text = messages("habit.alone", n=terms.min_others)
    elif c.n_calls < terms.min_calls:
        text = messages.count("habit.few", c.n_calls, least=terms.min_calls)
    else:
        basis = messages("habit.basis", n=f"{c.n_units:,}", calls=c.n_calls, others=f"{c.others_units:,}")
        text = basis if habits else messages("habit.none", basis=basis)
    return messages("habit.note", found=text)


def habits_rule(terms: HabitTerms, messages: Messages) -> str:
    """When something is called a habit, in the terms of this report."""
    return messages(
        "habit.rule", calls=terms.min_calls, share=percent(terms.min_call_ratio), n=terms.min_count,
        ratio=f"{terms.min_ratio:g}", sure=f"{terms.sure_ratio:g}", false=percent(terms.max_false_ratio),
    )  # fmt: skip


def _times(ratio: float | None, messages: Messages) -> str:
    return messages("tic.times", times=f"{ratio:.1f}") if ratio is not None else messages("tic.alone")


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
                _times(ratio, messages),
                tuple(places),
            )
        )
    return tuple(views)

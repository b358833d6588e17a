"""A call without what must not be shown: its words, what is quoted of them, and the seconds in which they are said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace

from audit.records import CallRecord, Evidence, Recording
from audit.redaction.find import Found, Kind, kind_of, muted, of_turn, word_places
from audit.redaction.muted import MutedRecording
from audit.redaction.numbers import digits_in
from audit.segments import Segment
from audit.verdicts import Evaluation, Outcome
from audit.words import Transcript, Turn, Word

#: So many digits of a number that is hidden are hidden wherever the call is quoted; the last four are its everyday name.
LEAST_QUOTED = 5


def hide_record(
    record: CallRecord, found: Collection[Found], kinds: Collection[Kind], labels: Mapping[Kind, str]
) -> CallRecord:
    """The record with labels in the place of what was found, and the seconds in which it is said as muted.

    A call without words may hold anything: all of it is muted.

    Parameters
    ----------
    record : CallRecord
    found : collection of Found
        Of its transcript.
    kinds : collection of Kind
        Asked for.
    labels : mapping of Kind to str
        What is shown instead.
    """
    recording, metadata, transcript = record.recording, record.metadata, record.transcript
    if transcript is None:
        quiet: tuple[Segment, ...] = (Segment(0.0, recording.duration_s),) if recording.duration_s > 0 else ()
    else:
        quiet = muted(transcript, found)
    number = metadata.customer_number
    if number and "phone-number" in kinds:
        label = labels["phone-number"]
        warnings = tuple(w.replace(number, label) for w in metadata.warnings)
        metadata = replace(metadata, customer_number=label, warnings=warnings)
    if transcript is not None and found:
        transcript = hide_words(transcript, found, labels)
    return replace(record, recording=_muted(recording, quiet), metadata=metadata, transcript=transcript)


def _muted(recording: Recording, quiet: tuple[Segment, ...]) -> Recording:
    return (
        MutedRecording(**{f.name: getattr(recording, f.name) for f in fields(Recording)}, muted=quiet) if quiet else recording
    )


def hide_words(transcript: Transcript, found: Collection[Found], labels: Mapping[Kind, str]) -> Transcript:
    """The transcript with labels in the place of what was found; each is one word, from the first it stands for to the last."""
    touched = {p.turn for f in found for p in f.parts}
    turns = tuple(_hidden(t, of_turn(found, i), labels) if i in touched else t for i, t in enumerate(transcript.turns))
    return replace(transcript, turns=turns)


def _hidden(turn: Turn, spans: tuple[tuple[int, int, Kind], ...], labels: Mapping[Kind, str]) -> Turn:
    places = word_places(turn)
    text, words, at, n_done = "", [], 0, 0
    for start, end, kind in spans:
        text += turn.text[at:start]
        if places is not None:
            while n_done < len(places) and places[n_done][1] <= start:
                words.append(turn.words[n_done])
                n_done += 1
            inside = []
            while n_done < len(places) and places[n_done][0] < end:
                inside.append(n_done)
                n_done += 1
            if inside:  # what a word holds beside it stays
                before, after = turn.text[places[inside[0]][0] : start], turn.text[end : places[inside[-1]][1]]
                its = [turn.words[i] for i in inside]
                words.append(Word(its[0].start_s, its[-1].end_s, before + labels[kind] + after, min(w.confidence for w in its)))
        text += labels[kind]
        at = end
    if places is not None:
        words += turn.words[n_done:]
    return replace(turn, text=text + turn.text[at:], words=tuple(words))


def hide_outcomes(
    outcomes: Iterable[Outcome], found: Collection[Found], kinds: Collection[Kind], labels: Mapping[Kind, str]
) -> tuple[Outcome, ...]:
    """Outcomes whose reasons, quotes and remarks say nothing of what was found."""

    def cleaned(text: str, *, within: bool = False) -> str:
        return hide_text(text, found, kinds, labels, within=within)

    def each(texts: Mapping[str, str]) -> Mapping[str, str]:
        return {language: cleaned(text) for language, text in texts.items()}

    def proof(e: Evidence) -> Evidence:
        within = any(p.segment.start_s < e.end_s and e.start_s < p.segment.end_s for f in found for p in f.parts)
        return replace(
            e,
            text=cleaned(e.text, within=within),
            heard=None if e.heard is None else cleaned(e.heard, within=within),
            suggestion=None if e.suggestion is None else cleaned(e.suggestion),
        )

    return tuple(
        replace(
            o,
            reason=each(o.reason),
            suggestion=each(o.suggestion),
            evidence=tuple(proof(e) for e in o.evidence),
            reviews=tuple(replace(r, comment=cleaned(r.comment)) for r in o.reviews),
            tool=None if o.tool is None else replace(o.tool, reason=each(o.tool.reason)),
        )
        for o in outcomes
    )


def hide_evaluation(
    evaluation: Evaluation, found: Collection[Found], kinds: Collection[Kind], labels: Mapping[Kind, str]
) -> Evaluation:
    """The same of a whole evaluation."""
    return replace(evaluation, outcomes=hide_outcomes(evaluation.outcomes, found, kinds, labels))


def hide_text(
    text: str, found: Collection[Found], kinds: Collection[Kind], labels: Mapping[Kind, str], *, within: bool = False
) -> str:
    """A text that quotes a call, without numbers that are to be hidden by their own length or are parts of those found.

    Parameters
    ----------
    within : bool
        The quote is of the very seconds: every stretch of digits in it that a number holds is hidden, however short.

    Examples
    --------
    >>> hide_text("重复了 13800138000", (), ["phone-number"], {"phone-number": "[电话号码]"})
    '重复了 [电话号码]'
    """
    for f in found:
        for said in f.said:
            if len(said) >= LEAST_QUOTED:
                text = text.replace(said, labels[f.kind])
    out, at = "", 0
    for d in digits_in(text):
        kind = kind_of(d.digits, kinds)
        if kind is None and (within or len(d.digits) >= LEAST_QUOTED):
            kind = next((f.kind for f in found if d.digits.replace("?", "") in f.digits), None)
        if kind is not None:
            out += text[at : d.start] + labels[kind]
            at = d.end
    return out + text[at:]

"""From words to turns: who says what, until the other speaks or a pause ends it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from audit.segments import Segment, intersection, total_s
from audit.transcript.normalise import ends_with_stop, has_han, tidy
from audit.transcript.packing import nearest_segment
from audit.transcript.punctuation import with_mark
from audit.words import Role, Turn, Word

#: A longer pause of the same speaker ends the turn, though nobody else speaks.
LONGEST_PAUSE_S = 1.0
#: The other party must be heard this long inside a pause to end the turn: shorter is a breath or leakage.
SHORTEST_REPLY_S = 0.25
#: Where both parties share a leg, a pause after a finished sentence ends the turn: it may be the other who goes on.
SHARED_LEG_PAUSE_S = 0.3
#: A turn's end is taken from the found speech where that lies this near to the words.
_SNAP_S = 0.5
#: A pause inside a turn this long is written as a comma where the recogniser wrote no mark (Chinese only).
_COMMA_PAUSE_S = 0.35


def build_turns(
    words: Sequence[Word], *, role: Role, speech: Sequence[Segment], others: Sequence[Segment], language: str
) -> tuple[Turn, ...]:
    """Group one leg's words into turns.

    Parameters
    ----------
    words : sequence of Word
        In order, in leg time.
    role : Role
    speech : sequence of Segment
        This leg's found speech, sorted.
    others : sequence of Segment
        Speech of all other legs, sorted, not overlapping.
    language : str

    Returns
    -------
    tuple of Turn
        In order. A turn's confidence is the mean of its words'.
    """
    turns: list[Turn] = []
    group: list[Word] = []
    for word in words:
        if group and _ends_turn(group[-1], word, speech, others, shared_leg=role == "unknown"):
            turns.append(_turn(group, role, speech, language))
            group = []
        group.append(word)
    if group:
        turns.append(_turn(group, role, speech, language))
    return tuple(turns)


def _pause(before: Word, after: Word, speech: Sequence[Segment]) -> Segment | None:
    """The pause of the leg's speech between two neighbouring words; None within one stretch."""
    if not speech:
        return Segment(before.end_s, after.start_s) if after.start_s > before.end_s else None
    i = nearest_segment(speech, (before.start_s + before.end_s) / 2)
    j = nearest_segment(speech, (after.start_s + after.end_s) / 2)
    if j <= i:
        return None
    # the longest pause between the two words' stretches: a stretch without words may lie between
    gaps = [Segment(a.end_s, b.start_s) for a, b in zip(speech[i:j], speech[i + 1 : j + 1], strict=True)]
    return max(gaps, key=lambda g: g.duration_s)


def _ends_turn(before: Word, after: Word, speech: Sequence[Segment], others: Sequence[Segment], *, shared_leg: bool) -> bool:
    pause = _pause(before, after, speech)
    if pause is None:
        return False
    if shared_leg and pause.duration_s >= SHARED_LEG_PAUSE_S and ends_with_stop(before.text):
        return True
    if pause.duration_s > LONGEST_PAUSE_S:
        return True
    first = bisect_left(others, pause.start_s, key=lambda s: s.end_s)
    last = bisect_left(others, pause.end_s, key=lambda s: s.start_s)
    return total_s(intersection([pause], others[first:last])) >= SHORTEST_REPLY_S


def _turn(words: Sequence[Word], role: Role, speech: Sequence[Segment], language: str) -> Turn:
    start, end = words[0].start_s, words[-1].end_s
    if speech:
        first = speech[nearest_segment(speech, (words[0].start_s + words[0].end_s) / 2)]
        last = speech[nearest_segment(speech, (words[-1].start_s + words[-1].end_s) / 2)]
        start = first.start_s if abs(first.start_s - start) <= _SNAP_S else start
        end = last.end_s if abs(last.end_s - end) <= _SNAP_S else end
    return Turn(
        start_s=start,
        end_s=max(end, words[-1].end_s),
        role=role,
        text=_text(words, speech, language),
        confidence=sum(w.confidence for w in words) / len(words),
        words=tuple(_tidy_word(w, language) for w in words),
    )


def _text(words: Sequence[Word], speech: Sequence[Segment], language: str) -> str:
    if language != "zh":
        return tidy("".join(w.text for w in words), language=language)
    text = ""
    for word, following in zip(words, (*words[1:], None), strict=True):
        text += word.text
        if following is None:
            return with_mark(tidy(text, language=language), ends=True)
        pause = _pause(word, following, speech)
        # in place of a mark the model often writes a space: 32 of 36 stood where the script had a mark
        parted = (word.text[-1:].isspace() or following.text[:1].isspace()) and has_han(following.text.strip()[:1])
        if parted or (pause is not None and pause.duration_s >= _COMMA_PAUSE_S):
            text = with_mark(text, ends=False)
    return text


def _tidy_word(word: Word, language: str) -> Word:
    return Word(word.start_s, word.end_s, tidy(word.text, language=language), word.confidence)

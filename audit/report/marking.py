"""Words of a transcript that are evidence, and when each word is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.report.context import TextPart
from audit.report.sheet_context import SpokenPart
from audit.segments import Segment
from audit.words import Role, Turn


@dataclass(frozen=True, slots=True)
class MarkedPlace:
    """A stretch in which somebody's words are evidence.

    Attributes
    ----------
    segment : Segment
    role : Role
        Whose words; "unknown" for anybody's.
    title : str
        Of what they are evidence.
    number : int
        Of the place on its page.
    anchor : str
        HTML id of what is said about it.
    """

    segment: Segment
    role: Role
    title: str
    number: int
    anchor: str


def spoken_parts(turn: Turn, places: Sequence[MarkedPlace]) -> tuple[SpokenPart, ...]:
    """A turn's text word by word, each with the second at which it is said and the places that it belongs to.

    Words are looked up in the punctuated text one after the other. From the first that cannot be found on, what is left
    of the text is one part; where no word lies in a place that the turn reaches into, the whole turn does.

    Examples
    --------
    >>> from audit.words import Word
    >>> turn = Turn(0, 2, "agent", "你好, 你等着。", words=(Word(0, 1, "你好", 1.0), Word(1.2, 2, "你等着", 1.0)))
    >>> place = MarkedPlace(Segment(1.3, 1.9), "agent", "command", 3, "e3")
    >>> [(p.text, p.at, p.marked, p.refs) for p in spoken_parts(turn, [place])]
    [('你好', '0', False, ()), (', ', '', False, ()), ('你等着', '1.2', True, (('3', 'e3'),)), ('。', '', False, ())]
    """
    here = [
        p
        for p in places
        if p.role in (turn.role, "unknown") and p.segment.start_s < turn.end_s and turn.start_s < p.segment.end_s
    ]
    found: list[tuple[str, float | None, list[MarkedPlace]]] = []
    at, rest_s = 0, None if turn.words else turn.start_s
    for word in turn.words:
        text = word.text.strip()
        start = turn.text.find(text, at)
        if start < 0:
            rest_s = word.start_s
            break
        found.append((turn.text[at:start], None, []))
        found.append((text, word.start_s, [p for p in here if _overlaps(word.start_s, word.end_s, p.segment)]))
        at = start + len(text)
    found.append((turn.text[at:], rest_s, [p for p in here if rest_s is not None and p.segment.end_s > rest_s]))
    found = [part for part in found if part[0]]
    placed = {p.number for _, _, ps in found for p in ps}
    lost = [p for p in here if p.number not in placed]
    return _referred([(text, start_s, [*ps, *lost]) for text, start_s, ps in found])


def _referred(parts: Sequence[tuple[str, float | None, list[MarkedPlace]]]) -> tuple[SpokenPart, ...]:
    """With a reference after the last word of each place."""
    last = {p.number: i for i, (_, _, ps) in enumerate(parts) for p in ps}
    return tuple(
        SpokenPart(
            text=text,
            at="" if start_s is None else f"{start_s:.2f}".rstrip("0").rstrip("."),
            marked=bool(ps),
            title=" · ".join(dict.fromkeys(p.title for p in ps)),
            refs=tuple((str(p.number), p.anchor) for p in ps if last[p.number] == i),
        )
        for i, (text, start_s, ps) in enumerate(parts)
    )


def mark_words(turn: Turn, places: Sequence[tuple[Segment, str]]) -> tuple[TextPart, ...]:
    """Split a turn's text into marked and plain runs.

    Words are looked up in the punctuated text one after the other. Where a turn has no words of its own, or one of them
    cannot be found in the text, the whole turn is marked rather than the wrong words.

    Examples
    --------
    >>> from audit.words import Word
    >>> turn = Turn(0, 2, "agent", "你好, 你等着。", words=(Word(0, 1, "你好", 1.0), Word(1.2, 2, "你等着", 1.0)))
    >>> [(p.text, p.marked) for p in mark_words(turn, [(Segment(1.3, 1.9), "command")])]
    [('你好, ', False), ('你等着', True), ('。', False)]
    """
    if not places:
        return (TextPart(turn.text, False),)
    title = " · ".join(dict.fromkeys(t for _, t in places))
    parts: list[TextPart] = []
    at = 0
    for word in turn.words:
        text = word.text.strip()
        start = turn.text.find(text, at)
        if start < 0:
            return (TextPart(turn.text, True, title),)
        names = [t for s, t in places if _overlaps(word.start_s, word.end_s, s)]
        if start > at:
            joined = parts and parts[-1].marked and bool(names) and not turn.text[at:start].strip()
            parts.append(TextPart(turn.text[at:start], bool(joined), parts[-1].title if joined else ""))
        parts.append(TextPart(text, bool(names), " · ".join(dict.fromkeys(names))))
        at = start + len(text)
    if not any(p.marked for p in parts):
        return (TextPart(turn.text, True, title),)
    parts.append(TextPart(turn.text[at:], False))
    return _joined(parts)


def _overlaps(start_s: float, end_s: float, place: Segment) -> bool:
    """Whether half of the word at least lies in the place, so that neighbours that merely touch stay plain."""
    common = min(end_s, place.end_s) - max(start_s, place.start_s)
    return common > 0 and common >= 0.5 * min(end_s - start_s, place.duration_s)


def _joined(parts: Iterable[TextPart]) -> tuple[TextPart, ...]:
    """Neighbours of one kind as one run."""
    runs: list[TextPart] = []
    for part in parts:
        if not part.text:
            continue
        if runs and runs[-1].marked == part.marked and (not part.marked or runs[-1].title == part.title):
            runs[-1] = TextPart(runs[-1].text + part.text, part.marked, part.title)
        else:
            runs.append(part)
    return tuple(runs)

"""Where in a transcript something is said that must not be shown or played."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from audit.redaction.numbers import Digits, digits_in, linked, passes_identity, passes_luhn
from audit.segments import Segment, union
from audit.words import Role, Transcript, Turn

Kind = Literal["card-number", "id-number", "phone-number", "address"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: So many digits at least, one fewer than the shortest number of a kind, as one is easily lost: cards have 13-19
#: (ISO/IEC 7812-1), identity numbers 15 or 18, Chinese telephones without their area code 7 or 8.
LEAST_DIGITS: dict[Kind, int] = {"card-number": 12, "id-number": 14, "phone-number": 7}
#: A number read out over several turns goes on after so many seconds at most.
MAX_PAUSE_S = 20.0
#: Muted before and after the words: their times are a recogniser's.
PAD_S = 0.3
#: Between two parts of a number that lie this close all is muted.
BRIDGED_S = 2.0
#: Speech without words is muted where it lies this close to a number.
NEAR_S = 5.0
#: What others put in the place of what they hid: [PII] and [CREDIT_DEBIT_NUMBER] of Amazon Transcribe, [PHONE_NUMBER_1].
_HIDDEN_BEFORE = re.compile(r"\[(?:[A-Z]{2,}(?:_[A-Z]+)*(?:_\d+)?)\]")
_MOBILE = re.compile(r"(?:86)?1[3-9]\d{9}|0\d{9,11}|400\d{7}")

#: Finds places of one kind in a turn: pairs of start and end in its text.
Spotter = Callable[[Turn, str], Iterable[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is hidden, within one turn.

    Attributes
    ----------
    turn : int
        Its number in the transcript.
    start, end : int
        In the turn's text.
    segment : Segment
        What is muted for it.
    """

    turn: int
    start: int
    end: int
    segment: Segment


@dataclass(frozen=True, slots=True)
class Found:
    """One number or address that is said.

    Attributes
    ----------
    kind : Kind
    parts : tuple of Part
        In the order in which they are said.
    digits : str
        Of a number; empty for an address.
    said : tuple of str
        As it is written, part by part.
    """

    kind: Kind
    parts: tuple[Part, ...]
    digits: str
    said: tuple[str, ...]


def find(transcript: Transcript, kinds: Collection[Kind], *, addresses: Spotter | None = None) -> tuple[Found, ...]:
    """All that is to be hidden in a call.

    Length decides: a number is hidden with one digit misheard, too, and its check digit tells no more than what it is called.
    A number read out over several turns of a speaker is one.

    Parameters
    ----------
    transcript : Transcript
    kinds : collection of Kind
    addresses : callable, optional
        Finds postal addresses in a turn; without, none is hidden.
    """
    found: list[Found] = []
    for group in _groups(transcript):
        digits = "".join(d.digits for _, d in group)
        kind = kind_of(digits, kinds)
        if kind is not None:
            found.append(_found(kind, transcript, [(i, d.start, d.end) for i, d in group], digits))
    if addresses is not None and "address" in kinds:
        for i, turn in enumerate(transcript.turns):
            found += [_found("address", transcript, [(i, a, b)], "") for a, b in addresses(turn, transcript.language)]
    return tuple(sorted(found, key=lambda f: (f.parts[0].turn, f.parts[0].start)))


def kind_of(digits: str, kinds: Collection[Kind]) -> Kind | None:
    """What a number of so many digits is hidden as; None where it is too short for all kinds that are asked for.

    Examples
    --------
    >>> kind_of("13800138000", KINDS), kind_of("4111111111111111", KINDS), kind_of("11010519491231002X", KINDS)
    ('phone-number', 'card-number', 'id-number')
    >>> kind_of("4111111111111112", KINDS), kind_of("13800138000", ["card-number"])
    ('card-number', None)
    """
    n = len(digits)
    long_enough = [k for k, least in LEAST_DIGITS.items() if k in kinds and n >= least]
    if not long_enough:
        return None
    likely: list[Kind] = []
    if passes_identity(digits):
        likely.append("id-number")
    if 13 <= n <= 19 and passes_luhn(digits):
        likely.append("card-number")
    if _MOBILE.fullmatch(digits) or n < LEAST_DIGITS["id-number"]:
        likely.append("phone-number")
    likely += ["id-number", "card-number"] if n in (15, 17, 18) else ["card-number", "id-number"]
    return next((k for k in likely if k in long_enough), long_enough[0])


def hidden_before(transcript: Transcript) -> tuple[Segment, ...]:
    """When something was said that whoever made the transcript hid in it."""
    return union(
        _segment(turn, m.start(), m.end())
        for turn in transcript.turns
        if "[" in turn.text
        for m in _HIDDEN_BEFORE.finditer(turn.text)
    )


def muted(transcript: Transcript, found: Iterable[Found]) -> tuple[Segment, ...]:
    """All seconds of a call that are not to be heard.

    Between the parts of a number and close to them speech for which there are no words is muted as well.
    """
    hidden: list[Segment] = [*hidden_before(transcript)]
    for f in found:
        hidden += union((p.segment for p in f.parts), join_gap_s=BRIDGED_S)
    near = [
        Segment(u.start_s, u.end_s)
        for u in transcript.uncovered
        if any(u.start_s < h.end_s + NEAR_S and h.start_s - NEAR_S < u.end_s for h in hidden)
    ]
    return union([*hidden, *near])


def _groups(transcript: Transcript) -> Iterator[list[tuple[int, Digits]]]:
    """Numbers with the turns that they are said in; those that go on in the next turn of the same speaker as one."""
    open_: dict[Role, tuple[list[tuple[int, Digits]], float]] = {}
    for i, turn in enumerate(transcript.turns):
        numbers = digits_in(turn.text)
        going, until_s = open_.get(turn.role, ([], 0.0))
        if not numbers:
            if going and linked(turn.text, 0, len(turn.text)) and turn.start_s - until_s <= MAX_PAUSE_S:
                continue  # 嗯
            if going:
                yield going
            open_.pop(turn.role, None)
            continue
        first = numbers[0]
        groups = [[(i, d)] for d in numbers]
        if going:
            if linked(turn.text, 0, first.start) and turn.start_s - until_s <= MAX_PAUSE_S:
                groups[0] = [*going, (i, first)]
            else:
                yield going
        yield from groups[:-1]
        if linked(turn.text, numbers[-1].end, len(turn.text)):
            open_[turn.role] = (groups[-1], turn.end_s)
        else:
            open_.pop(turn.role, None)
            yield groups[-1]
    for going, _ in open_.values():
        yield going


def _found(kind: Kind, transcript: Transcript, places: list[tuple[int, int, int]], digits: str) -> Found:
    parts = tuple(Part(i, a, b, _segment(transcript.turns[i], a, b)) for i, a, b in places)
    return Found(kind, parts, digits, tuple(transcript.turns[i].text[a:b] for i, a, b in places))


def _segment(turn: Turn, start: int, end: int) -> Segment:
    """When a part of a turn's text is said, padded; the whole turn where its words do not tell."""
    at = word_places(turn)
    inside = [w for w, (a, b) in zip(turn.words, at, strict=True) if a < end and start < b] if at is not None else []
    begin_s = min((w.start_s for w in inside), default=turn.start_s)
    end_s = max((w.end_s for w in inside), default=turn.end_s)
    return Segment(max(0.0, begin_s - PAD_S), max(end_s, begin_s) + PAD_S)


def word_places(turn: Turn) -> tuple[tuple[int, int], ...] | None:
    """Where each word stands in the turn's text; None where there are no words or one is not found."""
    places, at = [], 0
    for word in turn.words:
        text = word.text.strip()
        start = turn.text.find(text, at)
        if start < 0:
            return None
        at = start + len(text)
        places.append((start, at))
    return tuple(places) or None


def of_turn(found: Iterable[Found], turn: int) -> tuple[tuple[int, int, Kind], ...]:
    """What is hidden in one turn, by place; of two that overlap the first, as long as both."""
    spans: list[tuple[int, int, Kind]] = []
    for start, end, kind in sorted((p.start, p.end, f.kind) for f in found for p in f.parts if p.turn == turn):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), spans[-1][2])
        else:
            spans.append((start, end, kind))
    return tuple(spans)

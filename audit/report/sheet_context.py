"""What the page of a call shows: sound, words that follow it, places and measures."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from audit.report.context import CallView


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """A word, or the signs between words; `at` is the second at which it is said, empty where that is not known.

    `refs` are the numbers of the places of evidence that end with it, and the ids of what is said about them.
    """

    text: str
    at: str
    marked: bool = False
    title: str = ""
    refs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """What one party said, word by word."""

    when: str
    at: str
    role: str
    role_id: str
    parts: tuple[SpokenPart, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where evidence of failed criteria lies.

    Attributes
    ----------
    number : str
    anchor : str
        HTML id of the first evidence there.
    at, start, end : str
        Seconds: where to begin listening, and the stretch itself.
    label : str
        When, and what failed.
    critical : bool
    searched : bool
        A stretch that was searched in vain; it may be most of the call.
    """

    number: str
    anchor: str
    at: str
    start: str
    end: str
    label: str
    critical: bool
    searched: bool


@dataclass(frozen=True, slots=True)
class Pin:
    """A place on a drawing: `x` and `width` are per cent of the drawing, `row` counts from the top."""

    place: Place
    x: float
    width: float
    row: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The timeline of a call for one width of screen: `kind` is "wide", "middle" or "narrow".

    `x` and `span` say in per cent of the drawing where the recording begins and how much it takes, `below` how much of
    its height lies under the lanes.
    """

    kind: str
    picture: Markup
    x: float
    span: float
    below: float
    pins: tuple[Pin, ...]
    n_rows: int


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """Sound of a stretch of the call, from `start` to `end` seconds."""

    key: str
    src: str
    start: str
    end: str
    label: str


@dataclass(frozen=True, slots=True)
class CallSheet:
    """The page of a single call.

    Attributes
    ----------
    sound : str
        "whole", "clips" or "none"; `sound_note` says why where it is not the whole.
    made_from : str
        SHA-256 of what it was made from.
    """

    lang: str
    title: str
    agent: str
    home: str
    call: CallView
    sound: str
    sound_note: str
    length_s: str
    length: str
    pieces: tuple[SoundPiece, ...]
    drawings: tuple[Drawing, ...]
    places: tuple[Place, ...]
    turns: tuple[SpokenTurn, ...]
    made_from: str
    generated: str
    around: tuple[Around, ...] = ()


@dataclass(frozen=True, slots=True)
class Around:
    """What came before a call or after it; `href` leads to the other call's page, where it has one."""

    text: str
    href: str = ""

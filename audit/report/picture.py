"""A drawing as its template gets it: placed shapes and final texts, nothing left to decide.

Coordinates are pixels of the picture, from its upper left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Shape:
    """An outline; `css` names its class in the style sheet, `fill` a pattern of the picture."""

    css: str
    d: str
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A text; `y` is its baseline."""

    css: str
    x: float
    y: float
    text: str
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, with its time, so that a page can make it play.

    Attributes
    ----------
    kind : str
        Its class, and ``data-kind``.
    start_s, end_s : float
        In the recording; equal for a moment.
    title : str
        What it is and when, in words.
    shapes : tuple of Shape
    covered : float
        0-1: how much of the time the event takes, where several are drawn as one.
    """

    kind: str
    start_s: float
    end_s: float
    title: str
    shapes: tuple[Shape, ...]
    covered: float = 1.0


@dataclass(frozen=True, slots=True)
class Wave:
    """The envelope of one leg; what lies in `speech` (an outline) is drawn in the colour of `css`."""

    css: str
    key: str
    d: str
    speech: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The timeline of one call, back to front.

    Attributes
    ----------
    key : str
        Begins every id of the picture, so that several can stand on one page.
    ground : tuple of Shape
        Lanes, grid, and the bands of holds and dead air.
    waves : tuple of Wave
    lines : tuple of Shape
        Pitch contours.
    marks : tuple of Mark
    legend : tuple of Shape
        Its samples; their words are among the labels.
    labels : tuple of Label
    axis_y : float
        Where the lanes end and the axis of time begins.
    """

    lang: str
    key: str
    width: int
    height: int
    title: str
    description: str
    ground: tuple[Shape, ...]
    waves: tuple[Wave, ...]
    lines: tuple[Shape, ...]
    marks: tuple[Mark, ...]
    legend: tuple[Shape, ...]
    labels: tuple[Label, ...]
    axis_y: float = 0.0


def rect(x: float, y: float, width: float, height: float) -> str:
    """The outline of a rectangle.

    Examples
    --------
    >>> rect(1, 2.04, 3.5, 4)
    'M1 2h3.5v4h-3.5z'
    """
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"


def number(value: float) -> str:
    """To a tenth of a pixel, as short as can be.

    Examples
    --------
    >>> number(2.0), number(-0.04), number(0.55), number(-12.25)
    ('2', '0', '0.6', '-12.2')
    """
    return tenths(round(value * 10))


def tenths(n: int) -> str:
    """A count of tenths of a pixel.

    Examples
    --------
    >>> tenths(-5), tenths(120), tenths(123)
    ('-0.5', '12', '12.3')
    """
    whole, rest = divmod(abs(n), 10)
    return f"{'-' if n < 0 else ''}{whole}{f'.{rest}' if rest else ''}"


def text_width(text: str, size_px: float, *, bold: bool = False) -> float:
    """About how wide a text is, on the safe side: fonts differ from machine to machine.

    Examples
    --------
    >>> text_width("振铃", 10), round(text_width("Hold", 10), 1)
    (20.0, 23.2)
    """
    latin = 0.67 if bold else 0.58
    return sum(1.0 if ord(c) >= 0x2E80 else latin for c in text) * size_px

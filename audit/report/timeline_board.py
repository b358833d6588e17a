"""The board that a timeline is drawn on: time to pixels, lanes, marks, the axis and the legend."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from audit.records import CallRecord
from audit.report import timeline_words as words
from audit.report.messages import Messages
from audit.report.picture import Label, Mark, Picture, Shape, Wave, rect, text_width
from audit.report.wording import clock
from audit.segments import Segment, total_s

#: Sizes of the style sheet: most words, names of lanes, the figures of the heading, numbers of the axes.
LABEL_PX, NAME_PX, FACT_PX, SMALL_PX = 12.0, 13.0, 13.0, 11.0
#: Below this width names stand above the lanes instead of beside them.
_COMPACT_BELOW_PX = 640
#: Marks nearer than this would run into each other; they are drawn as one that says how many it stands for.
_MERGE_PX = 1.5
#: But no more than this is drawn as one, or a talk of hours would become a single mark; how much of it is covered shows
#: in how strongly it is drawn.
_CELL_PX = 6.0
_FAINTEST = 0.3
_MIN_MARK_PX = 1.5
_TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
#: The legend, first to last; only what is drawn is in it.
_KEY_ORDER = ("agent", "customer", "unknown", "quiet", "pitch", "ring", "music", "tone", "hold", "dead")

S = TypeVar("S", bound=Segment)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Heights and margins of a wide or of a narrow picture, in pixels."""

    margin: int = 18
    gutter: int = 106
    wave: int = 78
    pitch: int = 42
    between: int = 10
    arrow: int = 10
    bar: int = 14
    name_line: int = 0


_WIDE = Sizes()
_COMPACT = Sizes(margin=12, gutter=0, wave=58, pitch=34, between=6, bar=12, name_line=20)


def _sizes(width_px: int) -> Sizes:
    return _COMPACT if width_px < _COMPACT_BELOW_PX else _WIDE


def time_axis(width_px: int) -> tuple[int, int]:
    """Where the recording begins in a picture of that width, and how many pixels it takes.

    Examples
    --------
    >>> time_axis(1080), time_axis(360)
    ((124, 938), (12, 336))
    """
    sizes = _sizes(width_px)
    x = sizes.margin + sizes.gutter
    return x, width_px - x - sizes.margin


@dataclass
class Board:
    """Collects the parts of one picture from top to bottom."""

    record: CallRecord
    messages: Messages
    width: int
    ground: list[Shape] = field(default_factory=list)
    waves: list[Wave] = field(default_factory=list)
    lines: list[Shape] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    moments: list[Mark] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    samples: list[Shape] = field(default_factory=list)
    keys: dict[str, tuple[Shape, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = _sizes(self.width)
        self.duration_s = self.record.recording.duration_s
        self.x, self.span = time_axis(self.width)
        self.y = float(self.sizes.margin)
        self.stems_from: list[tuple[float, str, Mark]] = []
        self.lanes_top = self.axis_y = self.y
        self.legs_top = self.first_leg_bottom = self.legs_bottom = self.y

    def at(self, t_s: float) -> float:
        """Where a moment lies, inside the lanes."""
        return self.x + self.span * min(max(t_s / self.duration_s, 0.0), 1.0)

    def extent(self, s: Segment) -> tuple[float, float]:
        """Left edge and width of a stretch, wide enough to be seen and inside the lanes."""
        x0, x1 = self.at(s.start_s), self.at(s.end_s)
        width = max(x1 - x0, _MIN_MARK_PX)
        return min(x0, self.x + self.span - width), width

    def box(self, s: Segment, y: float, height: float) -> str:
        """The outline of a stretch of time between two heights."""
        x, width = self.extent(s)
        return rect(x, y, width, height)

    def merged(self, segments: Iterable[S], within_px: float = _MERGE_PX) -> list[tuple[Segment, list[S]]]:
        """Stretches too near to be told apart, taken together, each with what it consists of."""
        gap_s, cell_s = (px * self.duration_s / self.span for px in (within_px, _CELL_PX))
        groups: list[tuple[Segment, list[S]]] = []
        for s in sorted(segments, key=lambda s: (s.start_s, s.end_s)):
            if s.start_s >= self.duration_s or s.end_s <= 0:
                continue
            if groups:
                whole, parts = groups[-1]
                near = s.start_s < whole.end_s + gap_s and s.start_s < whole.start_s + cell_s
                if near or s.start_s < whole.end_s:
                    parts.append(s)
                    groups[-1] = (Segment(whole.start_s, max(whole.end_s, s.end_s)), parts)
                    continue
            groups.append((Segment(s.start_s, s.end_s), [s]))
        return groups

    def name(self, text: str, lane_y: float, height: float, note: str = "") -> None:
        """Name a lane: beside it, or above it in a narrow picture."""
        if self.sizes.name_line:
            self.labels.append(Label("name", self.x, lane_y - 5, text))
            if note:
                self.labels.append(Label("note", self.x + text_width(text, NAME_PX, bold=True) + 8, lane_y - 5, note))
            return
        middle = lane_y + height / 2 + 4
        self.labels.append(Label("name", self.sizes.margin, middle - (8 if note else 0), text))
        if note:
            self.labels.append(Label("note", self.sizes.margin, middle + 9, note))

    def row(self, name: str) -> tuple[float, float]:
        """A thin lane; gives its top and height."""
        y, height = self.y + self.sizes.name_line, float(self.sizes.bar)
        self.ground.append(Shape("lane", rect(self.x, y, self.span, height)))
        self.name(name, y, height)
        return y, height

    def close(self) -> None:
        """Stems, axis and legend."""
        bottom = self.axis_y = self.y
        for y, css, mark in self.stems_from:
            stem = Shape(css, f"M{self.at(mark.start_s):.1f} {y:.1f}V{bottom:.1f}")
            self.moments.append(Mark(mark.kind, mark.start_s, mark.end_s, mark.title, (stem, *mark.shapes)))
        for t_s, text in time_ticks(self.duration_s, self.span):
            x = self.at(t_s)
            self.ground.append(Shape("grid", f"M{x:.1f} {self.lanes_top:.1f}V{bottom + 4:.1f}"))
            width = text_width(text, SMALL_PX)
            self.labels.append(Label("tick", min(max(x - width / 2, self.x - 8), self.width - width - 4), bottom + 16, text))
        self.y = bottom + 34
        x = float(self.x)
        names = sorted(self.keys, key=lambda k: _KEY_ORDER.index(k) if k in _KEY_ORDER else len(_KEY_ORDER))
        for shape, text in (self.keys[name] for name in names):
            width = 14 + 6 + text_width(text, LABEL_PX)
            if x > self.x and x + width > self.width - self.sizes.margin:
                x, self.y = float(self.x), self.y + 20
            self.samples.append(_sample(shape, x, self.y - 9))
            self.labels.append(Label("key", x + 20, self.y, text))
            x += width + 18
        self.y += self.sizes.margin - 2

    def picture(self) -> Picture:
        """All of it."""
        named = f"{self.record.call_id} {self.messages.lang} {self.width}".encode("utf-8", "surrogatepass")
        return Picture(
            lang=self.messages.lang,
            key=f"ct{hashlib.sha256(named).hexdigest()[:8]}",
            width=self.width,
            height=round(self.y),
            title=words.title(self.record, self.messages),
            description=words.description(self.record, self.messages),
            ground=tuple(self.ground),
            waves=tuple(self.waves),
            lines=tuple(self.lines),
            marks=(*self.marks, *self.moments),
            legend=tuple(self.samples),
            labels=tuple(self.labels),
            axis_y=self.axis_y,
        )

    def mark(self, kind: str, what: str, group: tuple[Segment, list[S]], *shapes: Shape) -> None:
        """Add what happened in a stretch of time, or in several that are drawn as one."""
        segment, parts = group
        inside = Segment(max(0.0, segment.start_s), min(segment.end_s, self.duration_s))
        covered = max(_FAINTEST, total_s(parts) / segment.duration_s) if len(parts) > 1 else 1.0
        title = words.timed(what, segment, len(parts), self.messages)
        self.marks.append(Mark(kind, inside.start_s, inside.end_s, title, shapes, round(covered, 2)))

    def key(self, name: str, shape: Shape, text: str) -> None:
        """Add a line to the legend, unless it is there."""
        self.keys.setdefault(name, (shape, text))


def time_ticks(duration_s: float, width_px: float, least_px: float = 64.0) -> tuple[tuple[float, str], ...]:
    """Round moments at least `least_px` apart, with their words.

    Examples
    --------
    >>> time_ticks(25.0, 350)
    ((0, '0:00'), (5, '0:05'), (10, '0:10'), (15, '0:15'), (20, '0:20'), (25, '0:25'))
    """
    step = next((s for s in _TICK_STEPS_S if s * width_px / duration_s >= least_px), None)
    if step is None:
        days = -(-least_px * duration_s / width_px // _TICK_STEPS_S[-1])
        step = int(days) * _TICK_STEPS_S[-1]
    return tuple((t, clock(t)) for t in range(0, int(duration_s) + 1, step))


def _sample(shape: Shape, x: float, y: float) -> Shape:
    """A shape of the legend, 14 by 10 pixels from its corner."""
    if shape.css.startswith("pitch"):
        return Shape(shape.css, f"M{x:.1f} {y + 7:.1f}l5-4l4 3l5-5")
    if shape.css == "over":
        dx, dy = shape.d[1:].split("h")[0].split("l")[0].split(" ")
        return Shape("over", shape.d.replace(f"{dx} {dy}", f"{x + float(dx):.1f} {y + float(dy):.1f}", 1))
    return Shape(shape.css, rect(x, y, 14, 10), shape.fill)

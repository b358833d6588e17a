"""What the charts show, as values, and drawing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from audit.report.charts.drawing import ACCENT, BAD, CARD, FAINT, INK, LINE, SOFT, TRACK, blank, quiet_grid, to_svg

#: Width of a chart in pixels: two stand side by side on a desk's screen, one fills a telephone's.
WIDTH_PX = 430
_ROW_PX = 34


@dataclass(frozen=True, slots=True)
class Level:
    """A mean that held from one day to another, and the days between which it began; None for the first."""

    first: date
    last: date
    mean: float
    earliest: date | None = None
    latest: date | None = None


@dataclass(frozen=True, slots=True)
class Trend:
    """Daily means, the number of calls behind each, and the levels between changes."""

    days: Sequence[date]
    means: Sequence[float]
    weights: Sequence[float]
    levels: Sequence[Level]
    begin: date | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """How a measure is spread over calls, beside the band it should keep to.

    Attributes
    ----------
    quantiles : (p10, p25, p50, p75, p90)
    low, high : float or None
        Ends of the band; None where it has none on that side.
    team_median : float or None
    """

    label: str
    quantiles: tuple[float, float, float, float, float]
    value: str
    low: float | None = None
    high: float | None = None
    team_median: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """Labelled heights, with what should be reached; None where nothing is known."""

    labels: Sequence[str]
    heights: Sequence[float | None]
    target: float | None = None
    greatest: float | None = None


@dataclass(frozen=True, slots=True)
class Dots:
    """Labelled values with their intervals, and a line for the mean of all."""

    labels: Sequence[str]
    values: Sequence[float]
    lows: Sequence[float | None]
    highs: Sequence[float | None]
    mean: float | None = None


def draw_trend(trend: Trend, name: str, title: str, description: str) -> Markup:
    """Days as dots whose size is their number of calls, levels as lines, the span of each change shaded."""
    figure, axes = blank(WIDTH_PX, 200)
    most = max(trend.weights, default=1.0)
    x = [d.toordinal() for d in trend.days]
    axes.scatter(x, trend.means, s=[8 + 34 * w / most for w in trend.weights], color=SOFT, alpha=0.45, linewidths=0)
    for level in trend.levels:
        axes.plot([level.first.toordinal() - 0.4, level.last.toordinal() + 0.4], [level.mean] * 2, color=ACCENT, linewidth=2.4)
        if level.earliest is not None and level.latest is not None:
            axes.axvspan(level.earliest.toordinal() - 0.5, level.latest.toordinal() + 0.5, color=BAD, alpha=0.16, linewidth=0)
            axes.axvline(level.first.toordinal() - 0.5, color=BAD, linewidth=1.4, linestyle=(0, (4, 2)))
    if trend.begin is not None and x and min(x) < trend.begin.toordinal():
        axes.axvline(trend.begin.toordinal() - 0.5, color=SOFT, linewidth=1, linestyle=(0, (1, 2)))
    low, high = min(trend.means, default=0.0), max(trend.means, default=100.0)
    axes.set_ylim(max(0, low - 6), min(102, high + 6))
    ticks = _day_ticks(trend.days)
    axes.set_xticks([d.toordinal() for d in ticks], [f"{d:%m-%d}" for d in ticks])
    quiet_grid(axes)
    return to_svg(figure, name, title, description, (34, 10, 24, 10))


def _day_ticks(days: Sequence[date]) -> list[date]:
    """About five days to write below the axis."""
    if not days:
        return []
    first, last = days[0].toordinal(), days[-1].toordinal()
    step = max(1, round((last - first) / 4 / 7) * 7 if last - first >= 28 else (last - first) // 4)
    return [date.fromordinal(n) for n in range(first, last + 1, step)]


def draw_spreads(rows: Sequence[Spread], name: str, title: str, description: str) -> Markup:
    """One row a measure on a scale of its own: the band, middle half and 80 % of the calls, the median, the team's."""
    height = _ROW_PX * len(rows) + 10
    figure, axes = blank(2 * WIDTH_PX, height)
    axes.set_xlim(0, 100)
    axes.set_ylim(len(rows), 0)
    axes.axis("off")
    left, right = 30.0, 84.0
    # what is drawn alike is drawn at once: a call of the library costs as much as what it draws
    eighty, half, band, edges, inside, outside, team = (list[tuple[float, ...]]() for _ in range(7))
    for i, row in enumerate(rows):
        known = [*row.quantiles, *(v for v in (row.low, row.high, row.team_median) if v is not None)]
        low, high = min(known), max(known)
        room = 0.06 * (high - low) or 1.0
        scale, y = (right - left) / (high - low + 2 * room), i + 0.5

        def at(v: float, zero: float = low - room, scale: float = scale) -> float:
            return left + (v - zero) * scale

        axes.text(0, y, row.label, va="center", ha="left", color=INK)
        axes.text(100, y, row.value, va="center", ha="right", color=INK, fontweight="bold")
        if row.low is not None or row.high is not None:
            band.append((y, left if row.low is None else at(row.low), right if row.high is None else at(row.high)))
        edges += [(at(edge), y - 0.31, y + 0.31) for edge in (row.low, row.high) if edge is not None]
        p10, p25, p50, p75, p90 = (at(q) for q in row.quantiles)
        eighty.append((y, p10, p90))
        half.append((y, p25, max(p75, p25 + 0.2)))
        missed = (row.low is not None and row.quantiles[2] < row.low) or (row.high is not None and row.quantiles[2] > row.high)
        (outside if missed else inside).append((p50, y - 0.3, y + 0.3))
        if row.team_median is not None:
            team.append((at(row.team_median), y - 0.38))
    for lines, colour, width, opacity in (
        ([(i + 0.5, left, right) for i in range(len(rows))], TRACK, 1.0, 1.0),
        (band, FAINT, 20.0, 1.0),
        (eighty, SOFT, 1.6, 1.0),
        (half, SOFT, 10.0, 0.75),
    ):
        if lines:
            axes.hlines(*zip(*lines, strict=True), colors=colour, linewidths=width, alpha=opacity)
    for lines, colour, width, style in (
        (edges, ACCENT, 1.0, (0, (2, 2))),
        (inside, INK, 2.6, "solid"),
        (outside, BAD, 2.6, "solid"),
    ):
        if lines:
            axes.vlines(*zip(*lines, strict=True), colors=colour, linewidths=width, linestyles=style)
    if team:
        axes.scatter(*zip(*team, strict=True), marker="v", s=26, color=ACCENT, linewidths=0)
    return to_svg(figure, name, title, description, (2, 2, 2, 4))


def draw_bars(bars: Bars, name: str, title: str, description: str, *, percent: bool = False) -> Markup:
    """Bars, and what they should reach as a dashed line."""
    figure, axes = blank(WIDTH_PX, 190)
    known = [(i, h) for i, h in enumerate(bars.heights) if h is not None]
    if known:
        axes.bar(*zip(*known, strict=True), width=0.74, color=ACCENT, linewidth=0)
    if bars.target is not None:
        axes.axhline(bars.target, color=INK, linewidth=1.2, linestyle=(0, (5, 3)))
    top = bars.greatest or max([h for h in bars.heights if h is not None] + [bars.target or 0.0], default=1.0) * 1.08 or 1.0
    axes.set_ylim(0, top)
    axes.set_xlim(-0.6, len(bars.labels) - 0.4)
    step = max(1, -(-len(bars.labels) // 12))
    axes.set_xticks(range(0, len(bars.labels), step), bars.labels[::step])
    if percent:
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "100 %"])
    else:
        axes.yaxis.get_major_locator().set_params(integer=True)  # calls are counted whole
    quiet_grid(axes)
    return to_svg(figure, name, title, description, (40, 8, 24, 8))


def draw_dots(dots: Dots, name: str, title: str, description: str) -> Markup:
    """One row an agent: the score as a dot, its interval as a line, the mean of all as a dashed one."""
    n = len(dots.labels)
    figure, axes = blank(2 * WIDTH_PX, 17 * n + 34)
    known = [v for v in (*dots.values, *dots.lows, *dots.highs) if v is not None]
    low, high = min(known, default=0.0), max(known, default=100.0)
    sure = [i for i in range(n) if dots.lows[i] is not None]
    unsure = [i for i in range(n) if dots.lows[i] is None]
    if sure:
        ends = [[v[i] for i in sure] for v in (dots.lows, dots.highs)]
        axes.hlines(sure, *ends, colors=ACCENT, linewidths=2.2, alpha=0.55)
        axes.scatter([dots.values[i] for i in sure], sure, s=28, color=ACCENT, linewidths=0, zorder=3)
    if unsure:
        axes.scatter([dots.values[i] for i in unsure], unsure, s=24, facecolors=CARD, edgecolors=SOFT, zorder=3)
    if dots.mean is not None:
        axes.axvline(dots.mean, color=INK, linewidth=1.1, linestyle=(0, (5, 3)))
    axes.set_ylim(n - 0.4, -0.6)
    axes.set_xlim(max(0, low - 2), min(101, high + 2))
    axes.set_yticks(range(n), dots.labels)
    axes.grid(axis="x", color=LINE, linewidth=0.8)
    axes.tick_params(length=0, pad=4)
    longest = max((sum(2 if ord(c) > 0x2E80 else 1 for c in label) for label in dots.labels), default=4)
    return to_svg(figure, name, title, description, (12 + 6.2 * min(longest, 28), 10, 24, 8))

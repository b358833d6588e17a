"""Charts of the pages, as static SVG that takes its colours and letters from the page it stands in."""

from audit.report.charts.drawing import available
from audit.report.charts.pictures import (
    Bars,
    Dots,
    Level,
    Spread,
    Trend,
    draw_bars,
    draw_dots,
    draw_spreads,
    draw_trend,
)

__all__ = [
    "Bars",
    "Dots",
    "Level",
    "Spread",
    "Trend",
    "available",
    "draw_bars",
    "draw_dots",
    "draw_spreads",
    "draw_trend",
]

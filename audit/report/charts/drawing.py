"""From a figure of matplotlib to SVG that belongs to a page.

The library draws shapes and axes. What it cannot know is done here: colours become the page's CSS variables, so that dark
screens and paper get theirs; letters are text in the page's own fonts, Chinese ones too; names for screen readers are added;
ids are made unique; and nothing names an address outside the file.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

from markupsafe import Markup, escape

#: Colours that stand in for the page's variables while the library draws.
INK, SOFT, LINE, TRACK, ACCENT, BAD, CARD, FAINT = (f"#0102{i:02x}" for i in range(1, 9))
_VARIABLES = {
    INK: "var(--ink)", SOFT: "var(--soft)", LINE: "var(--line)", TRACK: "var(--track)", ACCENT: "var(--accent)",
    BAD: "var(--bad)", CARD: "var(--card)", FAINT: "var(--accent-soft)",
}  # fmt: skip

_SETTINGS: Any = {
    "svg.fonttype": "none",  # letters as text
    "svg.hashsalt": "callaudit",  # the same picture each time
    "path.simplify": False,
    "font.size": 11,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "text.color": INK,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "ytick.left": False,
    "xtick.major.size": 3,
    "axes.titlesize": 11,
}


@cache
def available() -> bool:
    """Whether the library is installed; without it pages have their tables and no charts, and say so."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def blank(width_px: float, height_px: float) -> tuple[Any, Any]:
    """A figure of so many pixels with one set of axes that fills it but for its labels."""
    # looking for fonts, once for each user, takes seconds and would be told as a warning among what a run prints
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(width_px / 72, height_px / 72), dpi=72)
        axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    figure.patch.set_alpha(0)
    axes.set_axisbelow(True)
    return figure, axes


def to_svg(figure: Any, name: str, title: str, description: str, margins: Sequence[float]) -> Markup:
    """The figure as an ``svg`` element.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    name : str
        Unique on its page, fit for an HTML id.
    title, description : str
        What a screen reader says: what is drawn, and what it shows.
    margins : (left, right, bottom, top)
        Room for labels, in pixels.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    width, height = (72 * v for v in figure.get_size_inches())
    left, right, bottom, top = margins
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height)
    out = io.StringIO()
    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        # the library looks for every letter in its own font, to measure it; the reader's browser has the Chinese ones
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _adopt(out.getvalue(), name, title, description)


_ID = re.compile(r'(<(?:g|text|rect|svg)\b[^>]*?) id="[^"]*"')
_DEFINED = re.compile(r'\bid="([^"]+)"')
_FONT = re.compile(r"font: ?(?:[a-z]+ )*([\d.]+)px [^;\"]*")
_FAMILY = re.compile(r"font-family: ?[^;\"]*;? ?")
_LONG_NUMBER = re.compile(r"(\d+\.\d{2})\d+")


def _adopt(svg: str, name: str, title: str, description: str) -> Markup:
    """What the library wrote, as a part of the page."""
    start, end = svg.index("<svg"), svg.rindex("</svg>")
    head_end = svg.index(">", start)
    box = re.search(r'viewBox="([^"]+)"', svg[start:head_end])
    inner = svg[head_end + 1 : end]
    inner = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", inner, flags=re.DOTALL)
    inner = _ID.sub(r"\1", inner)
    for defined in set(_DEFINED.findall(inner)):
        inner = inner.replace(f'"{defined}"', f'"{name}-{defined}"').replace(f"#{defined}", f"#{name}-{defined}")
    inner = _FAMILY.sub("", _FONT.sub(r"font-size: \1px", inner.replace("xlink:href", "href")))
    for colour, variable in _VARIABLES.items():
        inner = inner.replace(colour, variable)
    inner = _LONG_NUMBER.sub(r"\1", inner)
    inner = re.sub(r">\s+<", "><", inner).strip()
    return Markup(
        f'<svg class="chart" viewBox="{box[1] if box else ""}" role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>{inner}</svg>'
    )


def quiet_grid(axes: Any) -> None:
    """Lines to read a value by, behind everything."""
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.tick_params(length=3, pad=3)

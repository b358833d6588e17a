"""Charts as parts of a page."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from audit.report.charts import Bars, Dots, Level, Spread, Trend, draw_bars, draw_dots, draw_spreads, draw_trend

DAYS = [date(2026, 10, 1) + timedelta(days=i) for i in range(20)]
PICTURES = {
    "trend": lambda: draw_trend(
        Trend(DAYS, [80.0 + i for i in range(20)], [9.0] * 20, [Level(DAYS[0], DAYS[-1], 85.0)]), "trend", "趋势 <x>", "说明"
    ),
    "spreads": lambda: draw_spreads([Spread("语速", (1, 2, 3, 4, 5), "3 字/分", 2, 4, 3)], "spreads", "分布", "说明"),
    "bars": lambda: draw_bars(Bars(["9", "10"], [0.5, None], 0.8, 1.0), "bars", "时段", "说明", percent=True),
    "dots": lambda: draw_dots(Dots(["林晓", "A2"], [80.0, 70.0], [78.0, None], [82.0, None], 75.0), "dots", "得分", "说明"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_chart_is_named_takes_the_pages_colours_and_names_no_address(name: str) -> None:
    svg = str(PICTURES[name]())
    root = ElementTree.fromstring(svg)
    assert (root.attrib["role"], root.attrib["aria-labelledby"]) == ("img", f"{name}-t {name}-d")
    assert (root[0].tag, root[1].tag, root[1].text) == ("title", "desc", "说明")
    assert "var(--" in svg
    assert not re.search(r"https?:|#0102|font-family|<style|<metadata", svg)
    assert all(i.startswith(f"{name}-") for i in re.findall(r'\bid="([^"]+)"', svg))


def test_a_chart_is_the_same_each_time() -> None:
    assert PICTURES["trend"]() == PICTURES["trend"]()


def test_chinese_labels_are_text() -> None:
    assert ">语速<" in str(PICTURES["spreads"]())

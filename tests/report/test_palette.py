"""Colours of pages and pictures: enough contrast, and told apart by readers who see no red or no green.

Seen with the matrices for full severity of Machado, Oliveira and Fernandes (2009), A physiologically-based model for
simulation of color vision deficiency; distances are CIE 1976 in L*a*b* under D65; contrast is that of WCAG 2.2.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

import audit.report

TEMPLATES = Path(audit.report.__file__).parent / "templates"
SEEN = {
    "by most": np.eye(3),
    "without red (protanopia)": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "without green (deuteranopia)": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
#: About six times what can just be seen (2.3): for areas of a few pixels.
APART = 14.0
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
WHITE = np.array([0.95047, 1.0, 1.08883])


def palettes(name: str, prefix: str) -> dict[str, dict[str, str]]:
    """The colours of a style sheet by setting; on paper also where the reader's screen is dark."""
    text = (TEMPLATES / name).read_text("utf-8")

    def colours(block: str) -> dict[str, str]:
        return dict(re.findall(rf"{prefix}([\w-]+):(#[0-9a-f]{{3,6}})\b", block))

    light = colours(text.split("@media", 1)[0])
    dark = text.split("@media (prefers-color-scheme:dark)", 1)[1].split("\n", 1)[0]
    return {
        "light": light,
        "dark": light | colours(dark),
        "print": light | colours(dark) | colours(text.split("@media print", 1)[1]),
    }


def linear(colour: str) -> np.ndarray:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    value = np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(TO_XYZ[1] @ linear(c)) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    t = TO_XYZ @ rgb / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(a: str, b: str, eye: np.ndarray) -> float:
    return float(np.linalg.norm(lab(np.clip(eye @ linear(a), 0, 1)) - lab(np.clip(eye @ linear(b), 0, 1))))


PICTURE = palettes("timeline.css", "--ct-")
PAGE = palettes("style.css", "--")
SETTINGS = ("light", "dark", "print")


def test_the_arithmetic_holds_against_known_values() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the grey that just fails for text
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert distance("#d00000", "#6a6a00", SEEN["without green (deuteranopia)"]) < 25 < distance("#d00000", "#6a6a00", np.eye(3))


@pytest.mark.parametrize("eye", SEEN)
@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_timeline_shows_is_told_apart(setting: str, eye: str) -> None:
    colours = PICTURE[setting]
    kinds = ("agent", "customer", "ring", "tone", "hold", "dead", "over", "quiet")
    near = {(a, b): d for a, b in combinations(kinds, 2) if (d := distance(colours[a], colours[b], SEEN[eye])) < APART}
    assert near == {}


@pytest.mark.parametrize("eye", SEEN)
@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_strip_shows_is_told_apart(setting: str, eye: str) -> None:
    colours = PAGE[setting]
    kinds = ("agent", "customer", "ring", "hold", "dead", "bad")
    near = {(a, b): d for a, b in combinations(kinds, 2) if (d := distance(colours[a], colours[b], SEEN[eye])) < APART}
    # the mark of a failure is a thin line over the lanes, a hold a hatched stretch behind them
    assert near.keys() <= {("hold", "bad"), ("ring", "bad")}


@pytest.mark.parametrize("eye", SEEN)
@pytest.mark.parametrize("setting", SETTINGS)
def test_good_and_bad_and_each_step_of_the_heat_map_are_told_apart(setting: str, eye: str) -> None:
    colours = PAGE[setting]
    assert distance(colours["good"], colours["bad"], SEEN[eye]) > 3 * APART
    lightness = [lab(linear(colours[f"h{i}"]))[0] for i in range(1, 6)]
    assert all(abs(a - b) >= 8 for a, b in pairwise(lightness))
    assert lightness in (sorted(lightness), sorted(lightness, reverse=True))


@pytest.mark.parametrize("setting", SETTINGS)
def test_marks_of_a_timeline_stand_out_from_their_ground(setting: str) -> None:
    colours = PICTURE[setting]
    # sound that is nobody's speech is drawn faintly: what it may tell (ringing, tones, music) has marks of its own
    for kind in ("agent", "customer", "unknown", "ring", "tone", "hold", "dead", "over"):
        assert min(contrast(colours[kind], colours[ground]) for ground in ("bg", "lane")) >= 3, kind
    assert min(contrast(colours[ink], colours["bg"]) for ink in ("ink", "soft")) >= 4.5


@pytest.mark.parametrize("setting", SETTINGS)
def test_text_of_pages_stands_out_from_its_ground(setting: str) -> None:
    colours = PAGE[setting]
    pairs = [("ink", "card"), ("ink", "bg"), ("soft", "card"), ("soft", "bg"), ("accent", "card"), ("accent", "bg"),
             ("accent", "accent-soft"), ("bad", "card"), ("bad", "bad-soft"), ("ink", "mark-bg"), ("hi", "h1"), ("hi", "h2"),
             ("ink", "h3"), ("ink", "h4"), ("ink", "h5"), ("card", "bad"), ("card", "ink"), ("card", "accent")]  # fmt: skip
    assert {pair: c for pair in pairs if (c := contrast(colours[pair[0]], colours[pair[1]])) < 4.5} == {}


@pytest.mark.parametrize("setting", SETTINGS)
def test_bars_and_strips_stand_out_from_their_ground(setting: str) -> None:
    colours = PAGE[setting]
    pairs = [("accent", "track"), *((k, "card") for k in ("agent", "customer", "ring", "hold", "dead", "bad", "good"))]
    assert {pair: c for pair in pairs if (c := contrast(colours[pair[0]], colours[pair[1]])) < 3} == {}

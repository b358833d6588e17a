"""Where in a text something most like a long name is said, whatever the mistakes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from rapidfuzz import fuzz


def nearest_words(name: str, plain: str) -> tuple[int, int, float] | None:
    """Best run of words for an English name, compared without spaces ("petro max" is PetroMax)."""
    starts = [m.start() for m in re.finditer(r"\S+", plain)]
    ends = [m.end() for m in re.finditer(r"\S+", plain)]
    n = len(name.split(" "))
    best: tuple[int, int, float] | None = None
    for i, width in itertools.product(range(len(starts)), range(max(1, n - 1), n + 3)):
        if i + width <= len(starts):
            a, b = starts[i], ends[i + width - 1]
            distance = 1.0 - fuzz.ratio(name.replace(" ", ""), plain[a:b].replace(" ", "")) / 100.0
            # A different spelling of the same letters is still a hit that must not look perfect.
            distance = max(distance, 0.01)
            if best is None or distance < best[2]:
                best = (a, b, distance)
    return best


def nearest_stretch(
    name: str, plain: str, cost_of: Callable[[str, str], float], omission_cost: float
) -> tuple[int, int, float] | None:
    """Approximate search by dynamic programming (Sellers, J. Algorithms 1, 1980) with prices by sound."""
    # Each column: price of matching name[:i] to a stretch that ends here, and where that stretch began.
    column: list[tuple[float, int]] = [(i * omission_cost, 0) for i in range(len(name) + 1)]
    best: tuple[int, int, float] | None = None
    prices: dict[str, list[float]] = {}
    for j, character in enumerate(plain):
        new: list[tuple[float, int]] = [(0.0, j + 1)]
        swaps = prices.get(character)
        if swaps is None:
            swaps = prices[character] = [cost_of(expected, character) for expected in name]
        for i in range(1, len(name) + 1):
            swap = swaps[i - 1]
            diagonal = column[i - 1][1] if i > 1 else j
            new.append(
                min(
                    (column[i - 1][0] + swap, diagonal),
                    (new[i - 1][0] + omission_cost, new[i - 1][1]),
                    (column[i][0] + 1.0, column[i][1]),
                )
            )
        column = new
        cost, start = column[-1]
        if start <= j and (best is None or cost / len(name) < best[2]):
            best = (start, j + 1, cost / len(name))
    return best

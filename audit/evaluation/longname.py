"""Where in a text something most like a long name is said, whatever the mistakes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

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
    name: str, plain: str, costs_of: Mapping[str, Sequence[float]], omission_cost: float
) -> tuple[int, int, float] | None:
    """Approximate search by dynamic programming (Sellers, J. Algorithms 1, 1980) with prices by sound."""
    # Each column: price of matching name[:i] to a stretch that ends here, and where that stretch began. Of equal prices
    # the earlier beginning is taken.
    n = len(name)
    costs = [i * omission_cost for i in range(n + 1)]
    begins = [0] * (n + 1)
    best: tuple[int, int, float] | None = None
    for j, character in enumerate(plain):
        swaps = costs_of[character]
        # What stands before in the old column and what stands above in the new one.
        before, before_begin = costs[0], j
        above, above_begin = 0.0, j + 1
        begins[0] = j + 1
        for i, swap in enumerate(swaps, 1):
            cost, begin = before + swap, before_begin
            before, before_begin = costs[i], begins[i]
            omitted, added = above + omission_cost, before + 1.0
            if omitted < cost or (omitted == cost and above_begin < begin):
                cost, begin = omitted, above_begin
            if added < cost or (added == cost and before_begin < begin):
                cost, begin = added, before_begin
            costs[i] = above = cost
            begins[i] = above_begin = begin
        if above_begin <= j and (best is None or above / n < best[2]):
            best = (above_begin, j + 1, above / n)
    return best

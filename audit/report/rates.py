"""Ratios and counts that keep their parts, so that those of several agents add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rate:
    """A ratio that shows its parts."""

    n: int = 0
    of: int = 0

    @property
    def ratio(self) -> float | None:
        """0-1; None where there is nothing to divide by."""
        return self.n / self.of if self.of else None

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.n + other.n, self.of + other.of)


@dataclass(frozen=True, slots=True)
class Fillers:
    """How often each filler was said, of so many characters or words."""

    counts: Mapping[str, int] = field(default_factory=dict)
    n_units: int = 0

    def __sub__(self, other: Fillers) -> Fillers:
        left = {w: n - other.counts.get(w, 0) for w, n in self.counts.items()}
        return Fillers({w: n for w, n in left.items() if n > 0}, max(0, self.n_units - other.n_units))


def add_fillers(parts: Iterable[Fillers]) -> Fillers:
    """Several together."""
    total: Counter[str] = Counter()
    n_units = 0
    for part in parts:
        total.update(part.counts)
        n_units += part.n_units
    return Fillers(dict(total), n_units)

"""A ratio that keeps its parts."""

from __future__ import annotations

from dataclasses import dataclass


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

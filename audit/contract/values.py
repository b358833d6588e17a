"""Values as they are published: seconds to the millisecond."""

from __future__ import annotations


def ms(seconds: float) -> float:
    """Seconds rounded to the millisecond."""
    return round(float(seconds), 3)


def opt_ms(seconds: float | None) -> float | None:
    """The same of what may be unknown."""
    return None if seconds is None else ms(seconds)

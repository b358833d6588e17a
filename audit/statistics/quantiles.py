"""Quantiles: of values at hand, and of the distributions that intervals are made from.

The latter by SciPy, which is loaded when the first is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Floats = npt.NDArray[np.float64]


def quantiles_of(values: Sequence[float], probabilities: Sequence[float]) -> tuple[float, ...]:
    """Quantiles of some values, straight lines between neighbours (definition 7 of Hyndman and Fan 1996), as NumPy has them.

    Parameters
    ----------
    values : sequence of float
        At least one, in any order.
    probabilities : sequence of float
        Each 0-1.

    Returns
    -------
    tuple of float
        One for each of `probabilities`.

    Raises
    ------
    ValueError
        Of no values.

    Examples
    --------
    >>> quantiles_of([4.0, 1.0, 2.0], (0.25, 0.5, 1.0))
    (1.5, 2.0, 4.0)
    """
    if not values:
        raise ValueError("quantiles of no values")
    x = sorted(values)
    found = []
    for p in probabilities:
        place = p * (len(x) - 1)
        i = min(math.floor(place), len(x) - 1)
        below, above, part = x[i], x[min(i + 1, len(x) - 1)], place - i
        # from the nearer neighbour, so that rounding leaves no quantile beyond it
        found.append(above - (above - below) * (1 - part) if part >= 0.5 else below + (above - below) * part)
    return tuple(found)


def student_t(degrees: float, probability: float) -> float:
    """Quantile of Student's t."""
    from scipy.special import stdtrit  # a third of a second that a report of measures never needs

    return float(stdtrit(degrees, probability))


def normal(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def student_ts(degrees: float, probabilities: _Floats) -> _Floats:
    """Quantiles of Student's t."""
    from scipy.special import stdtrit

    found: _Floats = stdtrit(degrees, probabilities)
    return found


def betas(a: float, b: float, probabilities: _Floats) -> _Floats:
    """Quantiles of the beta distribution."""
    from scipy.special import betaincinv

    found: _Floats = betaincinv(a, b, probabilities)
    return found

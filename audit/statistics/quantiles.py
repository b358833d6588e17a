"""Quantiles of the distributions that intervals are made from, by SciPy, which is loaded when the first is asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]


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

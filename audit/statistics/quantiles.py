"""Quantiles of the distributions that intervals are made from, by SciPy, which is loaded when the first is asked for."""

from __future__ import annotations


def student_t(degrees: float, probability: float) -> float:
    """Quantile of Student's t."""
    from scipy.special import stdtrit  # a third of a second that a report of measures never needs

    return float(stdtrit(degrees, probability))


def normal(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def beta(a: float, b: float, probability: float) -> float:
    """Quantile of the beta distribution."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))

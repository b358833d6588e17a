"""Figures with their intervals: means of scores, proportions, pooled points, and differences of any two of them.

Intervals hold 95 % of the time for calls like those at hand; what each covers in fact is measured by
``benchmarks/scorecards.py`` and stands in docs/report.md. Below `MIN_CALLS` none is given.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit.statistics.quantiles import betas, normal, student_t, student_ts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Floats = npt.NDArray[np.float64]

#: Share of intervals that hold the truth.
LEVEL = 0.95
#: Fewer calls than this and a mean has no interval and no rank. Measured on six shapes of call scores: at eight the
#: studentised bootstrap covers 94-96 %, at five 92-94 %, with intervals twice as wide as at ten.
MIN_CALLS = 8
#: From here on Student's t covers as well as the bootstrap (94-96 % on the same shapes), and costs nothing.
MANY_CALLS = 60
#: Resamples; the ends of an interval then move by a hundredth of its width from seed to seed.
N_RESAMPLES = 1999

#: Its multiples fill 0 to 1 evenly whatever their number (Niederreiter 1992): the second side of a lattice.
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval it lies in.

    Attributes
    ----------
    value : float
    low, high : float
        Ends of the interval.
    n : int
        Calls it rests on.
    method : {"bootstrap", "t", "two_part_bootstrap", "two_part_t", "wilson", "wilson_effective", "pooled_t", "difference"}
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    def overlaps(self, other: Estimate) -> bool:
        """Whether the two intervals share a point.

        Examples
        --------
        >>> Estimate(80, 78, 82, 9, "t").overlaps(Estimate(84, 82, 86, 9, "t"))
        True
        """
        return self.low <= other.high and other.low <= self.high


def mean_estimate(
    values: Sequence[float] | _Floats, *, least: float = -math.inf, greatest: float = math.inf
) -> Estimate | None:
    """The mean of some values with its interval.

    Up to `MANY_CALLS` values the studentised bootstrap (Efron and Tibshirani 1993, section 12.5), which follows the skew
    of scores that crowd under their ceiling; beyond, Student's t. The resamples are drawn with a seed made from the values,
    so that a page says the same each time it is written.

    Parameters
    ----------
    values : sequence of float
    least, greatest : float
        What the mean cannot go beyond.

    Returns
    -------
    Estimate or None
        None below `MIN_CALLS` values.
    """
    import numpy as np  # a report of measures gets by without

    x = np.sort(np.asarray(values, dtype=float))
    n = len(x)
    if n < MIN_CALLS:
        return None
    mean = float(x.mean())
    error = float(x.std(ddof=1)) / math.sqrt(n)
    tail = (1 - LEVEL) / 2
    t = _studentised(x, mean) if n < MANY_CALLS and error > 0 else None
    if t is not None:
        low, high = np.quantile(t, (tail, 1 - tail))
        below, above, method = -float(low), float(high), "bootstrap"
    else:
        below = above = student_t(n - 1, 1 - tail)
        method = "t"
    return Estimate(mean, max(least, mean - above * error), min(greatest, mean + below * error), n, method)


def _studentised(x: _Floats, mean: float) -> _Floats | None:
    """How many of their own standard errors the resamples' means lie from the mean; None where nearly all values are one."""
    import numpy as np

    seed = int.from_bytes(hashlib.sha256(x.tobytes()).digest()[:8], "little")
    drawn = x[np.random.default_rng(seed).integers(0, len(x), (N_RESAMPLES, len(x)))]
    errors = drawn.std(axis=1, ddof=1) / math.sqrt(len(x))
    usable = errors > 1e-9 * max(1.0, abs(mean))
    t = (drawn.mean(axis=1)[usable] - mean) / errors[usable]
    return t if len(t) >= N_RESAMPLES // 2 else None  # fewer: resamples say nothing of the spread


def proportion_estimate(n_hits: int, n: int) -> Estimate | None:
    """A proportion with Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001); None of nothing.

    Examples
    --------
    >>> e = proportion_estimate(9, 10)
    >>> round(e.low, 3), round(e.high, 3)
    (0.596, 0.982)
    """
    if n == 0:
        return None
    p = n_hits / n
    low, high = _wilson(p, n, normal(1 - (1 - LEVEL) / 2))
    return Estimate(p, low, high, n, "wilson")


def _wilson(p: float, n: float, z: float) -> tuple[float, float]:
    """Ends of Wilson's interval of a share of `n`, which need be no whole number."""
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # at the two ends the interval reaches the proportion itself; rounding must not leave it outside
    return min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half))


def score_estimate(scores: Sequence[float] | _Floats, n_critical: int | None = None) -> Estimate | None:
    """The mean score of an agent's calls, 0-100, with its interval.

    Where a critical failure sets a call to 0, the scores are two things at once: how well calls go, and how often one is
    lost altogether. An interval of their plain mean misses the second until it has been seen: with 4 % of calls at 0 it
    covers 84 % at ten to thirty calls. So the two are estimated apart, and the interval is a generalised one (Weerahandi
    1993; for means of two parts Tian 2005): the share of calls without a critical failure is drawn from Jeffreys'
    distribution of it, the mean of those calls from that of :func:`mean_estimate`, and the ends are quantiles of the
    products. Drawn is from a lattice, so that a page says the same each time it is written.

    Measured on 2,000 sets of calls each, of ten skills, 10-400 calls and 0-4 % of them lost: 93.5-96.3 % (±0.5) hold the
    truth; put together end by end (Zou and Donner 2008) they were wider and held it in up to 98.1 %.

    Parameters
    ----------
    scores : sequence of float
        Of all scored calls, or where `n_critical` is given of those without a critical failure.
    n_critical : int, optional
        Calls at 0 for a critical failure beside `scores`; None where the scorecard knows none.

    Returns
    -------
    Estimate or None
        None below `MIN_CALLS` scores.
    """
    import numpy as np

    part = mean_estimate(scores, least=0.0, greatest=100.0)
    if part is None or n_critical is None:
        return part
    n = part.n + n_critical
    kept = part.n / n
    x = np.sort(np.asarray(scores, dtype=float))
    error = float(x.std(ddof=1)) / math.sqrt(part.n)
    t = _studentised(x, part.value) if part.method == "bootstrap" else None
    t = np.sort(t) if t is not None else student_ts(part.n - 1, _places(N_RESAMPLES))
    shares = betas(part.n + 0.5, n_critical + 0.5, np.modf(np.arange(1, len(t) + 1) * _GOLDEN)[0])
    low, high = np.quantile(shares * np.clip(part.value - t * error, 0.0, 100.0), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    value = kept * part.value
    return Estimate(value, min(value, float(low)), max(value, float(high)), n, f"two_part_{part.method}")


def _places(n: int) -> _Floats:
    """The middles of `n` equal parts of 0 to 1."""
    import numpy as np

    places: _Floats = (np.arange(n) + 0.5) / n
    return places


@dataclass(frozen=True, slots=True)
class PointSums:
    """Sums over calls that :func:`pooled_ratio` needs; those of two groups add and subtract.

    Attributes
    ----------
    n : int
        Calls in which something could be earned.
    points, max_points : float
        Earned, and what could have been.
    points2, max_points2, product : float
        Sums of squares and of products.
    """

    n: int = 0
    points: float = 0.0
    max_points: float = 0.0
    points2: float = 0.0
    max_points2: float = 0.0
    product: float = 0.0

    @classmethod
    def of(cls, points: float, max_points: float) -> PointSums:
        """Of one call; nothing where nothing could be earned."""
        if max_points <= 0:
            return cls()
        return cls(1, points, max_points, points * points, max_points * max_points, points * max_points)

    def __add__(self, other: PointSums) -> PointSums:
        return PointSums(
            self.n + other.n, self.points + other.points, self.max_points + other.max_points,
            self.points2 + other.points2, self.max_points2 + other.max_points2, self.product + other.product,
        )  # fmt: skip

    def __sub__(self, other: PointSums) -> PointSums:
        return PointSums(
            self.n - other.n, self.points - other.points, self.max_points - other.max_points,
            self.points2 - other.points2, self.max_points2 - other.max_points2, self.product - other.product,
        )  # fmt: skip


def pooled_ratio(sums: PointSums) -> Estimate | None:
    """Points earned of points that could be earned, over calls, 0-1, with its interval.

    Wilson's interval of the effective number (Korn and Graubard 1998; Dean and Pagano 2015): as many independent points as
    would have the variance that the ratio estimator's linearisation finds between calls (Cochran 1977, section 6.8), with
    Student's t in place of the normal quantile. The symmetric interval of the same variance holds the truth less often the
    fewer the calls and the nearer the ratio is to 1. Measured on 1.8 million sets of ten calls, 0.9 million of twenty and
    0.2 million of a hundred: 95.5, 95.3 and 95.1 % hold the truth, of the symmetric ones 93.8, 94.4 and 94.9 %.

    Where every point was earned, or none, each call counts as one. Where points are taken off or given on top, so that the
    ratio leaves 0 to 1, and where calls do not differ, the interval is the symmetric one.

    Returns
    -------
    Estimate or None
        None below `MIN_CALLS` calls.
    """
    n = sums.n
    if n < MIN_CALLS or sums.max_points <= 0:
        return None
    ratio = sums.points / sums.max_points
    rest = max(0.0, sums.points2 - 2 * ratio * sums.product + ratio * ratio * sums.max_points2)
    error = math.sqrt(rest / (n - 1) * n) / sums.max_points
    t = student_t(n - 1, 1 - (1 - LEVEL) / 2)
    spread = ratio * (1 - ratio)
    if ratio in (0.0, 1.0) and error < 1e-9:
        return Estimate(ratio, *_wilson(ratio, n, t), n, "wilson_effective")
    if spread > 0 and error > 1e-9:
        return Estimate(ratio, *_wilson(ratio, spread / error**2, t), n, "wilson_effective")
    half = t * error
    return Estimate(ratio, min(ratio, max(0.0, ratio - half)), max(ratio, min(1.0, ratio + half)), n, "pooled_t")


def difference(a: Estimate, b: Estimate) -> Estimate:
    """How far `a` lies above `b`, two independent figures, with its interval.

    Put together from the two intervals (Zou and Donner 2008); for two Wilson intervals it is Newcombe's method 10 (1998).

    Examples
    --------
    >>> d = difference(proportion_estimate(56, 70), proportion_estimate(48, 80))
    >>> round(d.value, 4), round(d.low, 4), round(d.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(value, low, high, min(a.n, b.n), "difference")

"""When a series of days moved to another level, and how sure that is."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from audit.statistics.quantiles import student_t

#: Chance of a change being found in a stretch that has none; measured by ``benchmarks/scorecards.py``.
FALSE_ALARM_RATIO = 0.01
#: Orders of the days that are tried: one in a hundred must be well told from one in fifty.
N_ORDERS = 999
N_ORDERS_AT_ONCE = 111
#: Resamples for the interval of the date.
N_RESAMPLES = 399
#: Days on either side of a change; two or three days are a mood, no level.
MIN_DAYS = 4

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Change:
    """A move of the mean from one level to another.

    Attributes
    ----------
    at : date
        First day of the new level.
    earliest, latest : date
        Between which that day lies, 95 % of the time.
    before, after : float
        Mean on either side, up to the next change.
    p_value : float
        Share of the orders of the same days that show a change as great.
    """

    at: date
    earliest: date
    latest: date
    before: float
    after: float
    p_value: float


def change_points(days: Sequence[date], means: Sequence[float], weights: Sequence[float]) -> tuple[Change, ...]:
    """Find where the level of a daily series changed.

    Days, not calls, are the unit, because the calls of one day have the day's trouble in common. Sought is the stretch of
    days whose weighted mean stands out most from the others' (the likelihood ratio of a normal mean): a move to a new level,
    or one there and back. It counts if fewer than `FALSE_ALARM_RATIO` of the orders of the same days show one as great, and
    each part is then searched again (circular binary segmentation: Olshen and others 2004). The interval of a date comes
    from resampling the days of either side.

    Parameters
    ----------
    days : sequence of date
        Ascending; days without calls are left out.
    means : sequence of float
        Of the calls of each day.
    weights : sequence of float
        Number of calls of each day, above 0.

    Returns
    -------
    tuple of Change
        By date.
    """
    y, w = np.asarray(means, dtype=float), np.asarray(weights, dtype=float)
    if not len(days) == len(y) == len(w):
        raise ValueError(f"{len(days)} days, {len(y)} means and {len(w)} weights are no series")
    seed = int.from_bytes(hashlib.sha256(y.tobytes() + w.tobytes()).digest()[:8], "little")
    rng = np.random.default_rng(seed)
    found: dict[int, float] = {}
    to_search = [(0, len(y))]
    while to_search:
        begin, end = to_search.pop()
        splits, p_value = _significant_splits(y[begin:end], w[begin:end], rng)
        if splits:
            found |= dict.fromkeys((begin + at for at in splits), p_value)
            parts = [begin, *(begin + at for at in splits), end]
            to_search += pairwise(parts)
    bounds = _lasting([0, *sorted(found), len(y)], y, w)
    changes = []
    for left, at, right in zip(bounds, bounds[1:], bounds[2:], strict=False):
        earliest, latest = _interval(y[left:right], w[left:right], at - left, rng)
        before = float(np.average(y[left:at], weights=w[left:at]))
        after = float(np.average(y[at:right], weights=w[at:right]))
        changes.append(Change(days[at], days[left + earliest], days[left + latest], before, after, found[at]))
    return tuple(changes)


def _gains(y: _Floats, w: _Floats) -> tuple[_Floats, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each stretch of days: how much a mean of its own explains beyond one mean for all.

    Parameters
    ----------
    y, w : arrays (..., n_days)

    Returns
    -------
    gains : array (..., n_stretches)
    begins, ends : int arrays (n_stretches,)
        The stretches, half-open: `MIN_DAYS` long at least, as is what they leave over on either side, if anything.
    """
    n = y.shape[-1]
    begins, ends = np.triu_indices(n + 1, MIN_DAYS)
    left, right = begins, n - ends
    allowed = ((left == 0) | (left >= MIN_DAYS)) & ((right == 0) | (right >= MIN_DAYS)) & (left + right > 0)
    begins, ends = begins[allowed], ends[allowed]
    zero = np.zeros((*y.shape[:-1], 1))
    sums, weights = (np.concatenate([zero, np.cumsum(v, axis=-1)], axis=-1) for v in (w * y, w))
    inside_w, all_w = weights[..., ends] - weights[..., begins], weights[..., -1:]
    inside, outside_w = sums[..., ends] - sums[..., begins], all_w - inside_w
    gap = inside / inside_w - (sums[..., -1:] - inside) / outside_w
    return gap**2 * inside_w * outside_w / all_w, begins, ends


def _significant_splits(y: _Floats, w: _Floats, rng: np.random.Generator) -> tuple[tuple[int, ...], float]:
    """The bounds of the stretch that stands out most, and its p value; no bounds where none counts."""
    if len(y) < 2 * MIN_DAYS or float(np.ptp(y)) == 0:
        return (), 1.0
    seen, begins, ends = _gains(y, w)
    best = int(np.argmax(seen))
    as_great = 0
    for n_orders in (N_ORDERS_AT_ONCE,) * (N_ORDERS // N_ORDERS_AT_ONCE):
        orders = rng.permuted(np.tile(np.arange(len(y)), (n_orders, 1)), axis=1)
        as_great += int((_gains(y[orders], w[orders])[0].max(axis=1) >= seen[best] * (1 - 1e-12)).sum())
        if as_great + 1 >= FALSE_ALARM_RATIO * (N_ORDERS + 1):  # whatever the other orders show, it will not count
            return (), 1.0
    return tuple(int(i) for i in (begins[best], ends[best]) if 0 < i < len(y)), (as_great + 1) / (N_ORDERS + 1)


def _lasting(bounds: list[int], y: _Floats, w: _Floats) -> list[int]:
    """The bounds whose two sides differ, the least different taken out one by one.

    A stretch that stands out may begin or end a little beside the only change there is; its other end is then none.
    """
    while len(bounds) > 2:
        parts = [slice(a, b) for a, b in pairwise(bounds)]
        means = [float(np.average(y[p], weights=w[p])) for p in parts]
        rest = sum(float((w[p] * (y[p] - m) ** 2).sum()) for p, m in zip(parts, means, strict=True))
        variance = rest / max(1, len(y) - len(parts))
        sizes = [float(w[p].sum()) for p in parts]
        t = [
            abs(b - a) / math.sqrt(variance * (1 / v + 1 / u) + 1e-300)
            for (a, b), (v, u) in zip(pairwise(means), pairwise(sizes), strict=True)
        ]
        weakest = int(np.argmin(t))
        if t[weakest] >= student_t(max(1, len(y) - len(parts)), 1 - FALSE_ALARM_RATIO / 2):
            break
        del bounds[weakest + 1]
    return bounds


def _interval(y: _Floats, w: _Floats, at: int, rng: np.random.Generator) -> tuple[int, int]:
    """Between which indices the first day of the new level lies, from days drawn anew on either side."""
    n = len(y)
    drawn = np.concatenate([rng.integers(0, at, (N_RESAMPLES, at)), rng.integers(at, n, (N_RESAMPLES, n - at))], axis=1)
    left_w = np.cumsum(w[drawn], axis=1)[:, :-1]
    left = np.cumsum((w * y)[drawn], axis=1)
    all_w, total = w[drawn].sum(axis=1, keepdims=True), left[:, -1:]
    gain = (left[:, :-1] / left_w - (total - left[:, :-1]) / (all_w - left_w)) ** 2 * left_w * (all_w - left_w)
    found = gain.argmax(axis=1) + 1
    low, high = np.quantile(found, (0.025, 0.975), method="nearest")
    return min(at, int(low)), max(at, int(high))

"""Each value with its neighbours: the greatest of them, and their mean.

Along the first axis, by as many whole-array operations as the logarithm of the number of neighbours; much faster on a few
columns than filters that walk down each of them.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)


def greatest_of(values: NDArray[Scalar], size: int) -> NDArray[Scalar]:
    """The greatest of each `size` neighbours, as many as there are places for them.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
        Numbers or truth values; at least `size` of them.
    size : int

    Returns
    -------
    ndarray, shape (n - size + 1, ...)

    Examples
    --------
    >>> greatest_of(np.array([3, 1, 2, 0, 5, 4]), 3).tolist()
    [3, 2, 5, 5]
    """
    greatest, width = values, 1
    while width < size:
        step = min(width, size - width)
        greatest = np.maximum(greatest[:-step], greatest[step:])
        width += step
    return greatest


def greatest_around(values: NDArray[Scalar], before: int, after: int) -> NDArray[Scalar]:
    """The greatest of each value, those up to `before` places before it and those up to `after` places after it.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
        Numbers or truth values.
    before, after : int

    Returns
    -------
    ndarray, shape (n, ...)

    Examples
    --------
    >>> greatest_around(np.array([3, 1, 2, 0, 5, 4]), 1, 0).tolist()
    [3, 3, 2, 2, 5, 5]
    """
    if not len(values):
        return values
    padded = np.concatenate([np.repeat(values[:1], before, axis=0), values, np.repeat(values[-1:], after, axis=0)])
    return greatest_of(padded, before + 1 + after)


def mean_around(values: NDArray[Any], size: int) -> Floats:
    """The mean of each value and its neighbours; past either end the values are taken to come back in reverse.

    Parameters
    ----------
    values : ndarray, shape (n, ...)
    size : int
        Values in a mean, the value in the middle; of an even number one more before it than after it.

    Returns
    -------
    ndarray of float32, shape (n, ...)

    Examples
    --------
    >>> mean_around(np.array([3, 0, 0, 6]), 3).tolist()
    [2.0, 1.0, 2.0, 4.0]
    """
    before, n = size // 2, len(values)
    if not n:
        return values.astype(np.float32)
    if before <= n:
        padded = np.concatenate([values[:before][::-1], values, values[n - (size - 1 - before) :][::-1]])
    else:
        padded = np.pad(values, [(before, size - 1 - before), *[(0, 0)] * (values.ndim - 1)], mode="symmetric")
    if values.ndim == 1:
        up_to = np.zeros(len(padded) + 1)
        np.cumsum(padded, out=up_to[1:])
        sums = up_to[size:] - up_to[:-size]
    else:
        sums = _sums_of(padded, size)
    means: Floats = np.divide(sums, size, dtype=np.float32, casting="same_kind")
    return means


def _sums_of(values: NDArray[Any], size: int) -> NDArray[Any]:
    """Sums of each `size` neighbours: those of half as many, twice, and one more if it is odd."""
    if size == 1:
        return values
    half = _sums_of(values, size // 2)
    sums: NDArray[Any] = half[: len(half) - size // 2] + half[size // 2 :]
    return sums if size % 2 == 0 else np.asarray(sums[: len(values) - size + 1] + values[size - 1 :])

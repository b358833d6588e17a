"""The greatest and the mean of neighbours, against going through them one by one."""

from __future__ import annotations

import numpy as np
import pytest

from audit.acoustics.neighbours import greatest_around, greatest_of, mean_around

SIZES = pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 15, 41], ids=lambda n: f"{n} neighbours")
COLUMNS = pytest.mark.parametrize("columns", [(), (3,)], ids=["one column", "three columns"])


def values(n: int, columns: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((n, *columns)).astype(np.float32)


@SIZES
@COLUMNS
def test_the_greatest_of_each_run_is_found(size: int, columns: tuple[int, ...]) -> None:
    x = values(50, columns)
    wanted = [x[k : k + size].max(axis=0).tolist() for k in range(50 - size + 1)]
    assert greatest_of(x, size).tolist() == wanted


@pytest.mark.parametrize(("before", "after"), [(0, 0), (2, 2), (5, 1), (0, 60)], ids=str)
def test_past_the_ends_nothing_is_greater(before: int, after: int) -> None:
    x = values(50, (3,))
    wanted = [x[max(0, k - before) : k + after + 1].max(axis=0).tolist() for k in range(50)]
    assert greatest_around(x, before, after).tolist() == wanted


def test_of_truth_values_the_greatest_is_whether_any_is_true() -> None:
    x = np.zeros(7, bool)
    x[3] = True
    assert greatest_around(x, 1, 2).tolist() == [False, True, True, True, True, False, False]


@SIZES
@COLUMNS
@pytest.mark.parametrize("n", [1, 4, 50], ids=lambda n: f"{n} values")
def test_the_mean_goes_back_at_the_ends(n: int, columns: tuple[int, ...], size: int) -> None:
    x = values(n, columns)
    there_and_back = np.concatenate([x, x[::-1]])
    around = np.arange(n)[:, None] + np.arange(size) - size // 2
    wanted = there_and_back[around % (2 * n)].mean(axis=1)
    assert mean_around(x, size) == pytest.approx(wanted, abs=1e-5)


def test_nothing_has_no_neighbours() -> None:
    assert len(mean_around(np.zeros(0), 5)) == 0
    assert len(greatest_around(np.zeros(0), 1, 1)) == 0

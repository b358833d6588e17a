"""Changes planted in daily series, and series without any."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from audit.statistics import Change, change_points

FIRST = date(2026, 3, 2)


def series(levels: list[tuple[int, float]], seed: int) -> tuple[list[date], np.ndarray, np.ndarray]:
    """Daily means of calls whose scores spread by 14 about the level, of 10 to 24 calls a day."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.full(n, level) for n, level in levels])
    weights = rng.integers(10, 25, len(truth)).astype(float)
    return [FIRST + timedelta(days=i) for i in range(len(truth))], truth + rng.normal(0, 14 / np.sqrt(weights)), weights


def found(levels: list[tuple[int, float]], seed: int) -> tuple[Change, ...]:
    return change_points(*series(levels, seed))  # type: ignore[arg-type]


def test_a_fall_of_eight_points_is_found_with_its_day_and_both_levels() -> None:
    for seed in range(20):
        changes = found([(25, 84.0), (20, 76.0)], seed)
        planted = FIRST + timedelta(days=25)
        (near,) = [c for c in changes if abs((c.at - planted).days) <= 3]
        assert near.earliest <= planted <= near.latest
        assert near.after < near.before - 4


def test_two_changes_are_both_found() -> None:
    changes = found([(25, 84.0), (15, 72.0), (25, 85.0)], 4)
    assert [abs((c.at - FIRST).days - at) <= 2 for c, at in zip(changes, (25, 40), strict=True)] == [True, True]


def test_a_steady_series_raises_at_most_five_false_alarms_in_a_hundred() -> None:
    assert sum(bool(found([(40, 82.0)], seed)) for seed in range(200)) <= 10


@pytest.mark.parametrize("n_days", [0, 1, 7])
def test_a_few_days_show_no_change(n_days: int) -> None:
    assert found([(n_days // 2, 90.0), (n_days - n_days // 2, 10.0)], 1) == ()


def test_equal_days_show_no_change() -> None:
    days = [FIRST + timedelta(days=i) for i in range(30)]
    assert change_points(days, [80.0] * 30, [5.0] * 30) == ()


def test_a_series_whose_parts_differ_in_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 days, 2 means"):
        change_points([FIRST], [1.0, 2.0], [1.0])

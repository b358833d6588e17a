"""Intervals against published figures and against populations whose mean is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audit.statistics import MIN_CALLS, PointSums, difference, mean_estimate, pooled_ratio, proportion_estimate, score_estimate

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]

#: Shapes of call scores with their true means.
POPULATIONS: dict[str, tuple[float, Draw]] = {
    "skewed": (1000 / 11, lambda rng, shape: 100 * rng.beta(20, 2, shape)),
    "wide": (80.0, lambda rng, shape: 100 * rng.beta(8, 2, shape)),
    "twelve equal items": (85.0, lambda rng, shape: 100 * rng.binomial(12, 0.85, shape) / 12),
}


@pytest.mark.parametrize("shape", POPULATIONS)
@pytest.mark.parametrize("n", [8, 15, 30, 80])
def test_the_interval_of_a_mean_holds_the_truth_about_ninety_five_times_in_a_hundred(shape: str, n: int) -> None:
    truth, draw = POPULATIONS[shape]
    rng = np.random.default_rng(5)
    found = [mean_estimate(x, least=0, greatest=100) for x in draw(rng, (400, n))]
    covered = np.mean([e is not None and e.low <= truth <= e.high for e in found])
    assert 0.92 <= covered <= 0.985  # 400 draws: two standard errors are 2.2 %


@pytest.mark.parametrize(("n", "lost_ratio"), [(12, 0.04), (30, 0.04), (30, 0.1), (200, 0.01)])
def test_calls_lost_to_critical_failures_are_in_the_interval_before_any_was_seen(n: int, lost_ratio: float) -> None:
    rng = np.random.default_rng(7)
    truth = (1 - lost_ratio) * 100 * 12 / 14
    covered = []
    for _ in range(400):
        n_critical = int(rng.binomial(n, lost_ratio))
        found = score_estimate(100 * rng.beta(12, 2, n - n_critical), n_critical)
        covered.append(found is not None and found.low <= truth <= found.high)
    assert np.mean(covered) >= 0.925


def test_the_mean_with_critical_failures_is_the_mean_of_all_calls() -> None:
    found = score_estimate([80.0, 90.0] * 5, 10)
    assert found is not None
    assert (found.value, found.n) == (42.5, 20)
    assert found.low < 42.5 < found.high


def test_too_few_calls_have_no_interval() -> None:
    assert mean_estimate([80.0] * (MIN_CALLS - 1)) is None
    assert score_estimate([80.0] * (MIN_CALLS - 1), 40) is None
    assert pooled_ratio(PointSums.of(3, 4)) is None


def test_the_same_values_in_any_order_give_the_same_interval() -> None:
    values = [71.0, 94.5, 88.0, 60.0, 97.0, 82.5, 79.0, 90.0]
    assert mean_estimate(values) == mean_estimate(values[::-1])


def test_equal_values_have_an_interval_of_no_width() -> None:
    found = mean_estimate([75.0] * 20)
    assert found is not None
    assert (found.low, found.high) == (75.0, 75.0)


@pytest.mark.parametrize(
    ("n_hits", "n", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_those_published(n_hits: int, n: int, low: float, high: float) -> None:
    found = proportion_estimate(n_hits, n)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_a_proportion_of_nothing_is_none() -> None:
    assert proportion_estimate(0, 0) is None


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17:873), table II, method 10.
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_differences_of_proportions_are_those_published(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    first, second = proportion_estimate(*a), proportion_estimate(*b)
    assert first is not None and second is not None
    found = difference(first, second)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_pooled_points_cover_their_ratio() -> None:
    rng = np.random.default_rng(3)
    truth = (0.9 * 4 + 0.6 * 2 * 0.5) / (4 + 2 * 0.5)
    covered = []
    for _ in range(600):
        sums = PointSums()
        for kept, counted, won in zip(rng.random(25) < 0.9, rng.random(25) < 0.5, rng.random(25) < 0.6, strict=True):
            sums += PointSums.of(4.0 * kept + 2.0 * (counted and won), 4 + 2.0 * counted)
        found = pooled_ratio(sums)
        covered.append(found is not None and found.low <= truth <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.975


def test_the_sums_of_the_others_are_those_of_all_less_the_own() -> None:
    own, others = PointSums.of(3, 4), PointSums.of(1, 2) + PointSums.of(2, 2)
    assert (own + others) - own == others


@pytest.mark.parametrize("lost_ratio", [0.0, 0.003], ids=["none ever lost", "three in a thousand"])
def test_where_calls_are_hardly_ever_lost_the_interval_is_not_far_too_wide(lost_ratio: float) -> None:
    rng = np.random.default_rng(11)
    truth = (1 - lost_ratio) * 100 * 12 / 14
    covered = []
    for _ in range(600):
        n_critical = int(rng.binomial(100, lost_ratio))
        found = score_estimate(100 * rng.beta(12, 2, 100 - n_critical), n_critical)
        covered.append(found is not None and found.low <= truth <= found.high)
    assert 0.93 <= np.mean(covered) <= 0.975  # put together end by end it is 98


def test_a_section_in_which_every_point_was_earned_may_still_lose_some() -> None:
    sums = PointSums()
    for _ in range(20):
        sums += PointSums.of(4, 4)
    found = pooled_ratio(sums)
    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.75 < found.low < 0.85  # as of twenty independent points: Wilson's 0.84, and Student's t widens it


def test_of_one_point_a_call_the_pooled_interval_is_wilsons_but_for_students_t() -> None:
    sums = PointSums()
    for i in range(400):
        sums += PointSums.of(float(i % 10 > 0), 1)
    pooled, plain = pooled_ratio(sums), proportion_estimate(360, 400)
    assert pooled is not None and plain is not None
    assert pooled.low == pytest.approx(plain.low, abs=5e-4)
    assert pooled.high == pytest.approx(plain.high, abs=5e-4)


@pytest.mark.parametrize(("points", "ratio"), [([-1.0, 1.0] * 10, 0.0), ([3.0, 1.5] * 10, 1.125)], ids=["taken off", "on top"])
def test_points_beyond_what_could_be_earned_leave_the_interval_within_its_limits(points: list[float], ratio: float) -> None:
    sums = PointSums()
    for p in points:
        sums += PointSums.of(p, 2)
    found = pooled_ratio(sums)
    assert found is not None
    assert found.value == ratio
    assert found.low <= found.value <= found.high

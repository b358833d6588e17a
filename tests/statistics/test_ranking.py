from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from audit.statistics import Estimate, RankRange, rank_ranges, separated

_estimates = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 30)).map(lambda t: Estimate(t[0], t[0] - t[1], t[0] + t[1], 20, "t")), max_size=12
)


@given(_estimates)
def test_agents_whose_intervals_meet_share_a_place_and_the_others_do_not(estimates: list[Estimate]) -> None:
    named = {str(i): e for i, e in enumerate(estimates)}
    ranges = rank_ranges(named)
    for a, b in combinations(named, 2):
        shared = max(ranges[a].first, ranges[b].first) <= min(ranges[a].last, ranges[b].last)
        assert shared or separated(named[a], named[b])
        if separated(named[a], named[b]):
            better, worse = (a, b) if named[a].low > named[b].high else (b, a)
            assert ranges[better].first < ranges[worse].first or ranges[better].last < ranges[worse].last


def test_clear_differences_give_clear_places() -> None:
    ranges = rank_ranges({"a": Estimate(90, 89, 91, 30, "t"), "b": Estimate(80, 79, 81, 30, "t")})
    assert ranges == {"a": RankRange(1, 1, 2), "b": RankRange(2, 2, 2)}


def test_nobody_to_rank_gives_no_places() -> None:
    assert rank_ranges({}) == {}

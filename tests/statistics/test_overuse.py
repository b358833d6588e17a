from __future__ import annotations

from collections import Counter

import numpy as np

from audit.statistics import over_used

WORDS = [f"w{i}" for i in range(300)]
RATES = 1 / np.arange(1, 301)


def said(n: int, seed: int) -> Counter[str]:
    return Counter(np.random.default_rng(seed).choice(WORDS, n, p=RATES / RATES.sum()).tolist())


def test_a_habit_is_found_and_nothing_else() -> None:
    own = said(3000, 1)
    own["就是说"] += 60
    others = said(60_000, 2) + Counter({"就是说": 120})
    found = over_used(own, others)
    assert [o.word for o in found] == ["就是说"]
    assert found[0].n == 60
    assert found[0].rate > 5 * found[0].others_rate


def test_people_who_speak_alike_over_use_nothing() -> None:
    assert sum(len(over_used(said(3000, seed), said(60_000, 100 + seed))) for seed in range(30)) <= 1


def test_a_word_that_nobody_else_says_is_no_habit_after_four_times() -> None:
    assert over_used(said(3000, 1) + Counter({"rare": 4}), said(60_000, 2)) == ()


def test_without_others_there_is_no_comparison() -> None:
    assert over_used({"a": 50}, {}) == () == over_used({}, {"a": 50})


def test_what_is_all_that_anybody_says_is_over_used_by_nobody() -> None:
    assert over_used({"a": 50, "b": 0}, {"a": 9}) == ()

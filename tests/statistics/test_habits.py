from __future__ import annotations

import numpy as np
import pytest

from audit.statistics import HabitTerms, Said, compared, find_habits, is_topic, terms_from, word_table

N_WORDS, HABIT = 400, 300


def people(
    seed: int,
    *,
    n: int = 12,
    n_calls: int = 40,
    habit: float = 0.0,
    burst: float = 0.5,
    stratum: str = "zh",
    differ: float = 0.0,
) -> list[Said]:
    """People who say words by their own chances, which differ a little; the first also says `HABIT` so often of a thousand.

    Calls differ more than chance would have it: what is said in one is said again in it.
    """
    rng = np.random.default_rng(seed)
    base = 1 / np.arange(3, N_WORDS + 3)
    base /= base.sum()
    said = []
    for i in range(n):
        units = rng.poisson(200, n_calls) + 20
        rates = base * np.exp(rng.normal(0, differ, N_WORDS))
        counts = rng.poisson(units[:, None] * rates * rng.gamma(1 / burst, burst, (n_calls, N_WORDS)))
        if i == 0:
            counts[:, HABIT] += rng.poisson(units * habit / 1000)
        table = word_table(units.tolist(), [np.flatnonzero(c).astype(np.uint32) for c in counts], [c[c > 0] for c in counts])
        units2 = float((units.astype(float) ** 2).sum())
        said.append(Said(f"p{i}", stratum, n_calls, int(units.sum()), units2, lambda table=table: table))
    return said


def test_a_habit_is_found_with_its_figures() -> None:
    said = people(1, habit=6.0)
    ((person, (h,)),) = find_habits(said, HabitTerms()).items()
    assert (person, h.key, h.n_units, h.of_calls) == ("p0", HABIT, said[0].n_units, 40)
    tables = [{int(r["key"]): r for r in s.table()} for s in said]
    others = sum(float(t[HABIT]["n"]) for t in tables[1:] if HABIT in t)
    assert h.n == tables[0][HABIT]["n"] and h.n_calls == tables[0][HABIT]["n_calls"]
    assert h.others_rate == pytest.approx(1000 * others / sum(s.n_units for s in said[1:]))
    assert h.p_value < 1e-6


def test_of_people_who_speak_alike_hardly_any_has_a_habit() -> None:
    assert sum(len(h) for seed in range(12) for h in find_habits(people(seed), HabitTerms()).values()) <= 1


def test_people_differ_a_little_without_a_habit() -> None:
    assert sum(len(h) for seed in range(8) for h in find_habits(people(seed, differ=0.15), HabitTerms()).values()) <= 1


def test_what_fills_one_call_is_no_habit() -> None:
    said = people(2)
    units = [200] * 40
    keys = [np.array([7], np.uint32), *[np.array([1], np.uint32)] * 39]
    table = word_table(units, keys, [np.array([190]), *[np.array([20])] * 39])
    said.append(Said("x", "zh", 40, 8000, 40 * 200.0**2, lambda: table))
    assert 7 not in [h.key for h in find_habits(said, HabitTerms()).get("x", ())]
    assert 7 not in [h.key for h in find_habits(said, HabitTerms(min_calls=1, min_call_ratio=0)).get("x", ())]


def test_people_are_held_against_those_of_their_stratum_only() -> None:
    loud = people(3, n=6, habit=0.0, stratum="a")
    quiet = [Said(f"q{s.person}", "b", s.n_calls, s.n_units, s.n_units2, s.table) for s in people(4, n=6)]
    alone = Said("z", "c", 5, 100, 2000.0, loud[0].table)
    found = compared([*loud, *quiet, alone], HabitTerms())
    assert found["z"].n_units == 0
    assert found["p0"].others_units == sum(s.n_units for s in loud[1:])


def test_of_fewer_than_enough_others_nothing_is_said() -> None:
    assert find_habits(people(1, n=3, habit=9.0), HabitTerms()) == {}
    assert find_habits([], HabitTerms()) == {}


@pytest.mark.parametrize(
    ("own", "everybody", "expected"),
    [(60, 80, True), (60, 600, False), (0, 50, False), (3, 4, False), (100, 100, True)],
    ids=["hers alone", "everybody's", "nobody says it to her", "too few to tell", "in all of hers and no other"],
)
def test_a_topic_is_what_ones_own_customers_speak_of(own: int, everybody: int, expected: bool) -> None:
    assert is_topic(own, 100, everybody, 1000) is expected


@pytest.mark.parametrize(
    ("given", "match"),
    [({"min_cals": 3}, "min_cals is none of"), ({"min_calls": 2.5}, "min_calls: 2.5"), ({"min_ratio": -1}, "min_ratio: -1")],
    ids=["no such term", "half a call", "below nothing"],
)
def test_terms_that_are_none_are_refused(given: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        terms_from(given)

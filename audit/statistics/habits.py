"""Which of all the sequences that people say one of them says surely more often than the others do.

How often somebody says something is a count over calls, and a call that is about something says its words again and again. So
calls are the unit: a habit has to be heard in many of them, and how much they differ widens what counts as chance.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    _Floats = npt.NDArray[np.float64]
    _Table = npt.NDArray[Any]

#: Of a sequence in the calls of one person and stratum: its number, how often it was said, the sums over calls of the
#: squares of that and of its products with the call's units, and in how many calls.
TABLE = (("key", "<u4"), ("n", "<f4"), ("n2", "<f4"), ("n_units", "<f4"), ("n_calls", "<f4"))
#: What is surely said more by one person's customers is what his calls are about: standard scores, ratio, and calls
#: in which they say it.
_TOPIC_Z, _TOPIC_RATIO, _TOPIC_CALLS = 3.0, 1.5, 5


@dataclass(frozen=True, slots=True)
class HabitTerms:
    """When a sequence is called a habit.

    Attributes
    ----------
    min_calls : int
        In at least so many calls.
    min_call_ratio : float
        And in at least so large a part of the person's calls, 0-1.
    min_count : int
        Said so often at least.
    min_rate : float
        Of a thousand units at least so often.
    min_ratio : float
        So many times as often as by the others at least, as counted.
    sure_ratio : float
        And surely more than so many times, whatever calls chance might have dealt out.
    max_false_ratio : float
        Share of false ones that is put up with among all that are named (Benjamini and Hochberg 1995), 0-1.
    min_others : int
        People in a stratum beside this one; with fewer its calls are held against nobody.
    max_named : int
        Of one person at most.
    """

    min_calls: int = 5
    min_call_ratio: float = 0.1
    min_count: int = 10
    min_rate: float = 0.5
    min_ratio: float = 2.0
    sure_ratio: float = 1.5
    max_false_ratio: float = 0.01
    min_others: int = 3
    max_named: int = 5


@dataclass(frozen=True, slots=True)
class Said:
    """What one person says in the calls of one stratum.

    Attributes
    ----------
    person, stratum : str
    n_calls : int
    n_units : int
        Characters and words in all of them.
    n_units2 : float
        Sum of their squares over calls.
    table : callable
        Gives the array of `TABLE`, by ascending number; it is asked for whenever it is needed and not kept.
    """

    person: str
    stratum: str
    n_calls: int
    n_units: int
    n_units2: float
    table: Callable[[], _Table]


@dataclass(frozen=True, slots=True)
class Habit:
    """A sequence that one person surely says more often.

    Attributes
    ----------
    key : int
    n, n_units : int
        How often, of how many units.
    others_rate : float
        Of a thousand units, the others' in the same strata, weighted as this person's calls are.
    n_calls, of_calls : int
        In how many calls, of how many.
    z, p_value : float
        One-sided; before the correction for the number of sequences looked at.
    """

    key: int
    n: int
    n_units: int
    others_rate: float
    n_calls: int
    of_calls: int
    z: float
    p_value: float

    @property
    def rate(self) -> float:
        """Of a thousand units."""
        return 1000 * self.n / self.n_units

    @property
    def ratio(self) -> float | None:
        """To the others' rate; None where they never say it."""
        return self.rate / self.others_rate if self.others_rate > 0 else None


@dataclass(frozen=True, slots=True)
class Compared:
    """What was held against others: calls and units of one person, units of the others in the same strata.

    Nothing was where `n_units` is 0.
    """

    n_calls: int = 0
    n_units: int = 0
    others_units: int = 0


def word_table(units: Sequence[int], keys: Sequence[npt.NDArray[Any]], counts: Sequence[npt.NDArray[Any]]) -> _Table:
    """The array of `TABLE` of some calls: their units, and of each its numbers and counts."""
    import numpy as np

    table_type = np.dtype(list(TABLE))
    if not len(units):
        return np.zeros(0, table_type)
    found, place = np.unique(np.concatenate(keys), return_inverse=True)
    n = np.concatenate(counts).astype(np.float64)
    of_call = np.repeat(np.asarray(units, np.float64), [len(k) for k in keys])
    table = np.zeros(len(found), table_type)
    table["key"] = found
    for name, weights in (("n", n), ("n2", n * n), ("n_units", n * of_call), ("n_calls", None)):
        table[name] = np.bincount(place, weights, len(found))
    return table


def compared(said: Sequence[Said], terms: HabitTerms) -> dict[str, Compared]:
    """What of each person's calls can be held against others."""
    found = {s.person: Compared() for s in said}
    units: dict[str, int] = defaultdict(int)
    for s in said:
        units[s.stratum] += s.n_units
    for s in _with_others(said, terms):
        own, others = found[s.person], units[s.stratum] - s.n_units
        found[s.person] = Compared(own.n_calls + s.n_calls, own.n_units + s.n_units, own.others_units + others)
    return found


def find_habits(said: Sequence[Said], terms: HabitTerms) -> dict[str, tuple[Habit, ...]]:
    """What each person surely says more often than the others, the most certain first.

    Tested is whether somebody says it more than `sure_ratio` times as often, one-sided, by the likelihood ratio of two counts
    (Dunning 1993), the others' rate being that of the same strata, weighted as this person's calls are (direct
    standardisation). Calls, not words, are what chance deals out: the statistic is divided by the design effect of the
    person's calls (Rao and Scott 1984), which is the linearised variance of a ratio over calls (Cochran 1977, section 6.8)
    over that of as many single words, and its root is held against Student's t with one degree less than calls. Of all
    people and all sequences that anybody says often enough, the share of false ones among those named is kept below
    `max_false_ratio` (Benjamini and Hochberg 1995).

    Parameters
    ----------
    said : sequence of Said
        At most one of each person and stratum.
    terms : HabitTerms

    Returns
    -------
    mapping of person to tuple of Habit
        People of whom nothing was found are not there. Parts of one habit stand beside it: 说白 and 白了 beside 说白了.
    """
    import numpy as np

    of_person: dict[str, list[Said]] = defaultdict(list)
    for s in _with_others(said, terms):
        of_person[s.person].append(s)
    wanted = {p: keys for p, its in of_person.items() if len(keys := _said_often(its, terms))}
    if not wanted:
        return {}
    every = np.unique(np.concatenate([*wanted.values()]))
    strata = _strata([s for its in of_person.values() for s in its], every)
    tested = [(p, h) for p, keys in wanted.items() for h in _tested(of_person[p], keys, every, strata, terms)]
    tested.sort(key=lambda t: t[1].p_value)
    allowed = terms.max_false_ratio / (len(of_person) * len(every))
    n_named = max((i for i, (_, h) in enumerate(tested, 1) if h.p_value <= allowed * i), default=0)
    found: dict[str, list[Habit]] = defaultdict(list)
    for person, habit in tested[:n_named]:
        found[person].append(habit)
    return {p: tuple(sorted(habits, key=lambda h: (-h.z, h.key))) for p, habits in found.items()}


def is_topic(own: int, n_calls: int, everybody: int, of_calls: int) -> bool:
    """Whether customers of one person say something surely more often than those of the others.

    Parameters
    ----------
    own, everybody : int
        Calls in which the customer says it.
    n_calls, of_calls : int
        Of how many.
    """
    others, of_others = everybody - own, of_calls - n_calls
    if own < _TOPIC_CALLS or of_others <= 0:
        return False
    mine, theirs, both = own / n_calls, others / of_others, everybody / of_calls
    error = math.sqrt(both * (1 - both) * (1 / n_calls + 1 / of_others))
    return mine >= _TOPIC_RATIO * theirs and (error == 0 or (mine - theirs) / error >= _TOPIC_Z)


def _with_others(said: Iterable[Said], terms: HabitTerms) -> list[Said]:
    """What is held against that of enough others; who says nothing is nobody to be held against."""
    spoken = [s for s in said if s.n_units]
    people = Counter(s.stratum for s in spoken)
    return [s for s in spoken if people[s.stratum] > terms.min_others]


def _said_often(rows: Sequence[Said], terms: HabitTerms) -> npt.NDArray[Any]:
    """The numbers that one person says in enough calls and often enough."""
    import numpy as np

    tables = [r.table() for r in rows]
    keys, place = np.unique(np.concatenate([t["key"] for t in tables]), return_inverse=True)
    n, n_calls = (np.bincount(place, np.concatenate([t[name] for t in tables])) for name in ("n", "n_calls"))
    of_calls, n_units = sum(r.n_calls for r in rows), sum(r.n_units for r in rows)
    enough = (n_calls >= max(terms.min_calls, terms.min_call_ratio * of_calls)) & (n >= terms.min_count)
    kept: npt.NDArray[Any] = keys[enough & (1000 * n >= terms.min_rate * n_units)]
    return kept


def _strata(said: Iterable[Said], keys: npt.NDArray[Any]) -> dict[str, tuple[_Floats, int]]:
    """How often everybody in a stratum says each, and of how many units."""
    found: dict[str, tuple[_Floats, int]] = {}
    for s in said:
        n = _looked_up(s.table(), keys, ("n",))[0]
        before, n_units = found.get(s.stratum, (0.0, 0))
        found[s.stratum] = before + n, n_units + s.n_units
    return found


def _tested(
    own: Sequence[Said],
    keys: npt.NDArray[Any],
    every: npt.NDArray[Any],
    strata: Mapping[str, tuple[_Floats, int]],
    terms: HabitTerms,
) -> Iterator[Habit]:
    """One person against the others in what he says often; what is not said so much more often as is asked for is left out."""
    import numpy as np

    columns = np.searchsorted(every, keys)
    n, n2, products, n_calls, expected = np.zeros((5, len(keys)))
    n_units, of_calls, units2, spread = 0, 0, 0.0, 0.0
    for s in own:
        mine = _looked_up(s.table(), keys, ("n", "n2", "n_units", "n_calls"))
        n, n2, products, n_calls = (a + b for a, b in zip((n, n2, products, n_calls), mine, strict=True))
        said, units = strata[s.stratum]
        others_units = units - s.n_units
        expected = expected + (said[columns] - mine[0]) * s.n_units / others_units
        n_units, of_calls, units2 = n_units + s.n_units, of_calls + s.n_calls, units2 + s.n_units2
        spread += s.n_units**2 / others_units
    as_many = n_units**2 / spread  # units of others in one stratum that would tell as much
    rate = n / n_units
    between = n2 - 2 * rate * products + rate**2 * units2
    design = np.maximum(1.0, between / n * of_calls / max(1, of_calls - 1))
    others = expected * as_many / n_units
    share = terms.sure_ratio * n_units / (terms.sure_ratio * n_units + as_many)  # of all that is said, were it just that ratio
    usual = share * (n + others)
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = np.where(others > 0, others * np.log(others / (n + others - usual)), 0.0)
        t = np.sqrt(np.maximum(0.0, 2 * (n * np.log(n / usual) + theirs) / design)) * np.sign(n - usual)
    for i in np.flatnonzero((t > 0) & (n >= terms.min_ratio * expected)):
        z = _normal_of_t(float(t[i]), of_calls - 1)
        yield Habit(
            int(keys[i]), round(float(n[i])), n_units, 1000 * float(expected[i]) / n_units, int(n_calls[i]), of_calls,
            z, 0.5 * math.erfc(z / math.sqrt(2)),
        )  # fmt: skip


def _normal_of_t(t: float, df: int) -> float:
    """The normal quantile of the same probability as one of Student's t (Wallace 1959, equation 3.4)."""
    return math.copysign((8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(t * t / df)), t)


def _looked_up(table: _Table, keys: npt.NDArray[Any], names: Sequence[str]) -> list[_Floats]:
    """Columns of a table for some numbers, by ascending number; 0 where one is not there."""
    import numpy as np

    if not len(table):
        return [np.zeros(len(keys)) for _ in names]
    known = table["key"]
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    there = known[at] == keys
    return [np.where(there, table[name][at], 0.0) for name in names]


def terms_from(given: Mapping[str, Any]) -> HabitTerms:
    """Terms of which some are given.

    Raises
    ------
    ValueError
        For a name or a value that is none; it says which.

    Examples
    --------
    >>> terms_from({"min_calls": 8}).min_calls
    8
    """
    known = {name: getattr(HabitTerms(), name) for name in HabitTerms.__dataclass_fields__}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{name} is none of {', '.join(known)}")
        whole = isinstance(known[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value < 0:
            raise ValueError(f"{name}: {value!r} is no {'whole number' if whole else 'number'} of 0 or more")
    return HabitTerms(**{name: type(known[name])(value) for name, value in given.items()})

"""Sequences of words that an agent surely says more often than the others do, found by comparison and by no list.

What each agent says is put aside on disk as numbers while all are read; then all are compared; then the few numbers that
stand out are read as words in the calls in which they are heard most.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.phrases import CallPhrases, places_in
from audit.report.inputs import CallSource, ReportSettings
from audit.report.spoken import SpokenHabit, spoken_habits
from audit.statistics import Compared, Habit, HabitTerms, Said, compared, find_habits, is_topic, word_table

if TYPE_CHECKING:
    import numpy.typing as npt

#: Numbers that are read as words, of one agent: parts of one habit are many, and parts of what has to be said are more.
MAX_READ = 60
#: Calls that are read for that, and of each number at most so many.
MAX_CALLS = 12
CALLS_EACH = 3
_HEARD = "heard.npy"


@dataclass(frozen=True, slots=True)
class AgentWords:
    """What was put aside of one agent: a file for each stratum of calls, and one of the customers.

    Attributes
    ----------
    agent : str
    parts : tuple of (stratum, calls, units, sum of squared units, file)
    """

    agent: str
    parts: tuple[tuple[str, int, int, float, Path], ...] = ()
    heard: Path | None = None

    @property
    def n_calls(self) -> int:
        """Calls with words."""
        return sum(p[1] for p in self.parts)


@dataclass(frozen=True, slots=True)
class AgentHabits:
    """What was found of one agent, still as numbers.

    Attributes
    ----------
    compared : Compared
    found : tuple of Habit
        The most certain first, at most `MAX_READ`.
    of_calls : int
        Calls of everybody, to tell what calls were about.
    """

    compared: Compared = field(default_factory=Compared)
    found: tuple[Habit, ...] = ()
    words: AgentWords | None = None
    of_calls: int = 0


def put_aside(folder: Path, agent: str, phrases: Iterable[CallPhrases]) -> AgentWords:
    """Count what one agent says in calls of each stratum, and in how many his customers say what."""
    grouped: dict[str, list[bytes]] = defaultdict(list)
    for p in phrases:
        if p.counts:
            grouped[p.stratum].append(p.counts)
    if not grouped:
        return AgentWords(agent)
    import numpy as np  # a report of measures gets by without

    stem = hashlib.sha256(agent.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    heard = np.zeros(1 << 16, np.uint32)
    parts = []
    for i, (stratum, packed) in enumerate(sorted(grouped.items())):
        calls = [_arrays(p) for p in packed]
        for _, _, _, marks in calls:
            heard[marks] += 1
        path = folder / f"{stem}.{i}.npy"
        units = [n for n, _, _, _ in calls]
        np.save(path, word_table(units, [keys for _, keys, _, _ in calls], [n for _, _, n, _ in calls]))
        parts.append((stratum, len(calls), sum(units), float(sum(n * n for n in units)), path))
    path = folder / f"{stem}.{_HEARD}"
    np.save(path, heard.astype(np.uint16) if sum(p[1] for p in parts) < 1 << 16 else heard)
    return AgentWords(agent, tuple(parts), path)


def compare(folder: Path, words: Sequence[AgentWords], terms: HabitTerms) -> dict[str, AgentHabits]:
    """What each agent surely says more often than the others; calls that name nobody are of nobody."""
    spoken = [w for w in words if w.agent and w.parts]
    if not spoken:
        return {}
    import numpy as np

    said = [Said(w.agent, s, n, units, units2, _Table(path)) for w in spoken for s, n, units, units2, path in w.parts]
    heard = np.zeros(1 << 16, np.uint32)
    for w in spoken:
        if w.heard is not None:
            heard += np.load(w.heard)
    np.save(folder / _HEARD, heard)
    against, found = compared(said, terms), find_habits(said, terms)
    of_calls = sum(w.n_calls for w in spoken)
    return {w.agent: AgentHabits(against[w.agent], found.get(w.agent, ())[:MAX_READ], w, of_calls) for w in spoken}


def named_habits(
    folder: Path,
    habits: AgentHabits,
    source: CallSource,
    call_ids: Collection[str],
    settings: ReportSettings,
) -> tuple[SpokenHabit, ...]:
    """The numbers of one agent as words, without what he has to say and what his calls are about.

    Parameters
    ----------
    folder : Path
        Where `compare` put what is known of all customers.
    source : CallSource
    call_ids : collection of str
        The agent's.
    settings : ReportSettings
        Of these what is called a habit, and the names of the company and its products, which no habit holds.
    """
    if not habits.found or habits.words is None:
        return ()
    import numpy as np

    agent = habits.words.agent
    keys = np.array([h.key for h in habits.found], np.uint32)
    said_in: dict[int, Counter[str]] = {int(k): Counter() for k in keys}
    for p in source.phrases(agent, call_ids):
        _, own, n, _ = _arrays(p.counts)
        there = np.isin(own, keys)
        for key, times in zip(own[there].tolist(), n[there].tolist(), strict=True):
            said_in[key][p.call_id] += times
    chosen: dict[str, None] = {}
    for h in habits.found:
        for call_id, _ in said_in[h.key].most_common(CALLS_EACH):
            if call_id in chosen or len(chosen) < MAX_CALLS:
                chosen[call_id] = None
    calls = source.calls(agent, tuple(chosen))
    everybody, own_heard = np.load(folder / _HEARD), np.load(habits.words.heard) if habits.words.heard else None

    def of_topic(mark: int) -> bool:
        own = int(own_heard[mark]) if own_heard is not None else 0
        return is_topic(own, habits.words.n_calls if habits.words else 0, int(everybody[mark]), habits.of_calls)

    read = [calls[i] for i in chosen if i in calls]
    return spoken_habits(habits.found, read, said_in, of_topic, settings.names)[: settings.habits.max_named]


@dataclass(frozen=True, slots=True)
class _Table:
    """An array in a file, read when it is asked for."""

    path: Path

    def __call__(self) -> npt.NDArray[Any]:
        import numpy as np

        found: npt.NDArray[Any] = np.load(self.path)
        return found


def _arrays(packed: bytes) -> tuple[int, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Units, numbers, counts and the customer's marks of a call, without a copy."""
    import numpy as np

    n_units, n, keys, counts, marks = places_in(packed)
    return (
        n_units, np.frombuffer(packed, "<u4", n, keys), np.frombuffer(packed, "u1", n, counts),
        np.frombuffer(packed, "<u2", -1, marks),
    )  # fmt: skip


def habits_json(habits: AgentHabits, named: Sequence[SpokenHabit]) -> Mapping[str, Any] | None:
    """What the data file of a scorecard says; None where nothing could be compared."""
    if not habits.compared.n_units:
        return None
    c = habits.compared
    return {
        "n_calls": c.n_calls,
        "n_units": c.n_units,
        "n_others_units": c.others_units,
        "found": [habit_row(s) | {"calls": [p.call.record.call_id for p in s.places]} for s in named],
    }


def habit_row(s: SpokenHabit) -> dict[str, Any]:
    """One habit's figures, as tables and data files have them."""
    h = s.habit
    return {
        "phrase": s.text,
        "n_said": h.n,
        "rate_per_1000": h.rate,
        "others_rate_per_1000": h.others_rate,
        "times_as_often": h.ratio,
        "n_calls_with": h.n_calls,
        "n_calls": h.of_calls,
        "z": h.z,
        "p_value": h.p_value,
    }

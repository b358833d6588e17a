"""Habits read as words: what the numbers stand for, where they are heard, and which of them are none.

None is what the scorecard asks for, a name, a word of what the calls were about, a filler of the closed list, and a piece
of another habit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from audit.fillers import FILLERS
from audit.phrases import MAX_HAN, MAX_HEARD, N_HEARD, Place, agent_units, find_phrases, key_of, names_of, text_of, units_of
from audit.records import Evidence
from audit.report.inputs import ReportedCall
from audit.segments import Segment
from audit.statistics import Habit

#: Places shown of each, one call each.
MAX_PLACES = 2
#: So large a part of the places decides: of two sequences one is a piece of the other, or what the scorecard asked for.
_MOSTLY = 0.5
#: A sequence grows by its neighbour where it has that one in so large a part of its places.
_ALWAYS = 0.8
#: The longest that one grows to.
_MAX_GROWN = 12
#: Characters shown on either side of a place.
_CONTEXT = 40
#: Evidence that consists of words.
_WORDS = ("exact", "normalised", "pinyin")


def _split(text: str) -> tuple[str, ...]:
    """A text as the units that are counted."""
    return tuple(u for u, _, _ in units_of(text) if u)


_FILLERS = tuple(_split(f) for f in FILLERS)
#: The same by how they begin.
_FILLERS_FROM = {first: [f for f in _FILLERS if f[0] == first] for first in {f[0] for f in _FILLERS}}


@dataclass(frozen=True, slots=True)
class HeardIn:
    """A call in which a habit is heard, and where."""

    call: ReportedCall
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class SpokenHabit:
    """A habit as words, with places to hear it."""

    text: str
    habit: Habit
    places: tuple[HeardIn, ...]


@dataclass(slots=True)
class _Read:
    """A call that was read: its units by turn, where sequences are, what its scorecard asked for and heard, listed fillers."""

    call: ReportedCall
    units: Mapping[int, tuple[str, ...]]
    places: Mapping[int, Sequence[Place]]
    demanded: Sequence[Segment]
    fillers: frozenset[tuple[int, int]]


def spoken_habits(
    found: Sequence[Habit],
    calls: Sequence[ReportedCall],
    said_in: Mapping[int, Counter[str]],
    of_topic: Callable[[int], bool],
    names: Collection[str] = (),
) -> tuple[SpokenHabit, ...]:
    """Read numbers as words.

    Parameters
    ----------
    found : sequence of Habit
        The most certain first.
    calls : sequence of ReportedCall
        In which they are said.
    said_in : mapping of number to Counter
        How often each is said in which call.
    of_topic : callable
        Whether customers' words of that mark belong to what the agent's calls are about.
    names : collection of str
        That no habit holds.
    """
    keys = [h.key for h in found]
    read = [r for c in calls if (r := _read(c, keys)) is not None]
    by_key = {h.key: h for h in found}
    texts: dict[int, tuple[str, ...]] = {}
    for r in read:
        for key, (p, *_) in r.places.items():
            texts.setdefault(key, r.units[p.turn][p.first : p.last + 1])
    habits: list[SpokenHabit] = []
    taken: set[tuple[str, int, int]] = set()
    for candidate in found:
        if candidate.key not in texts:
            continue  # not said in any call that was read, or no longer there
        habit = _longest(candidate, texts, by_key)
        units = texts[habit.key]
        places = [(one, place) for one in read for place in one.places.get(habit.key, ())]
        spans = [{(one.call.record.call_id, p.turn, i) for i in range(p.first, p.last + 1)} for one, p in places]
        if sum(not taken.isdisjoint(s) for s in spans) >= _MOSTLY * len(spans):
            continue
        whole, before, after = _grown(places)
        if not _is_none(units, places, of_topic, names):
            heard = {one.call.record.call_id: one for one, _ in places}
            most = said_in[habit.key].most_common()
            shown = tuple(HeardIn(heard[i].call, _evidence(heard[i], habit.key)) for i, _ in most if i in heard)[:MAX_PLACES]
            habits.append(SpokenHabit(text_of(whole), habit, shown))
        for one, p in places:  # what is none takes its pieces along
            taken |= {(one.call.record.call_id, p.turn, i) for i in range(p.first - before, p.last + after + 1)}
    return tuple(habits)


def _read(call: ReportedCall, keys: Sequence[int]) -> _Read | None:
    words = call.record.transcript
    if words is None:
        return None
    names = names_of(call.record)
    asked = [
        Segment(e.start_s, e.end_s)
        for o in (call.evaluation.outcomes if call.evaluation else ())
        if o.outcome == "pass"
        for e in o.evidence
        if e.role == "agent" and e.match in _WORDS and e.end_s > e.start_s
    ]
    units = agent_units(words, names)
    listed = {
        (turn, i + j)
        for turn, said in units.items()
        for i in range(len(said))
        for f in _FILLERS_FROM.get(said[i], ())
        if said[i : i + len(f)] == f
        for j in range(len(f))
    }
    return _Read(call, units, find_phrases(words, keys, names), asked, frozenset(listed))


def _longest(h: Habit, texts: Mapping[int, tuple[str, ...]], by_key: Mapping[int, Habit]) -> Habit:
    """The longest sequence of which this one is a piece nearly whenever it is said; 行 is twice a piece of 行不行."""
    own = texts[h.key]
    around = [
        by_key[k] for k, t in texts.items() if len(t) > len(own) and _n_in(t, own) * by_key[k].n >= _ALWAYS * h.n
    ]  # fmt: skip
    return max(around, key=lambda a: (len(texts[a.key]), a.n, -a.key), default=h)


def _n_in(whole: Sequence[str], part: Sequence[str]) -> int:
    return sum(tuple(whole[i : i + len(part)]) == tuple(part) for i in range(len(whole) - len(part) + 1))


def _holds(whole: Sequence[str], part: Sequence[str]) -> bool:
    return _n_in(whole, part) > 0


def _mostly(places: Sequence[tuple[_Read, Place]], test: Callable[[_Read, Place], bool]) -> bool:
    return sum(test(r, p) for r, p in places) >= _MOSTLY * len(places)


def _is_none(
    units: tuple[str, ...],
    places: Sequence[tuple[_Read, Place]],
    of_topic: Callable[[int], bool],
    names: Collection[str],
) -> bool:
    """Whether it is asked for, known already, a name, of the topic, or a single character out of words."""
    if any(_holds(units, f) and 2 * len(f) >= len(units) for f in _FILLERS):
        return True
    if _mostly(places, lambda r, p: all((p.turn, i) in r.fillers for i in range(p.first, p.last + 1))):
        return True
    if any(_holds(n, units) or _holds(units, n) for n in map(_split, names) if len("".join(n)) > 1):
        return True
    if _mostly(places, lambda r, p: any(d.start_s < p.segment.end_s and p.segment.start_s < d.end_s for d in r.demanded)):
        return True
    if len(units) == 1 and not units[0].isascii() and not _mostly(places, _stands_at_an_edge):
        return True
    sizes = [1] if len(units) == 1 or units[0].isascii() else [MAX_HEARD]
    parts = {units[i : i + n] for n in sizes for i in range(len(units) - n + 1)}
    return any(of_topic(key_of(p) % N_HEARD) for p in parts)


def _stands_at_an_edge(r: _Read, p: Place) -> bool:
    """Whether a place begins or ends a clause: a single character in the middle is a part of some word."""
    units = r.units[p.turn]
    return p.first == 0 or p.last + 1 == len(units) or not units[p.first - 1] or not units[p.last + 1]


def _grown(places: Sequence[tuple[_Read, Place]]) -> tuple[tuple[str, ...], int, int]:
    """A sequence of the greatest length that is counted, with the neighbours that it nearly always has.

    Returns
    -------
    units : tuple of str
    before, after : int
        How many neighbours on each side.
    """
    spans = [(r.units[p.turn], p.first, p.last) for r, p in places]
    units, first, last = spans[0]
    n_all, before, after = len(spans), 0, 0
    while last - first + 1 >= MAX_HAN - units[first].isascii() and n_all > 1 and before + after < _MAX_GROWN:
        left = Counter(u[a - before - 1] for u, a, _ in spans if a > before and u[a - before - 1])
        right = Counter(u[b + after + 1] for u, _, b in spans if b + after + 1 < len(u) and u[b + after + 1])
        (one, n), (other, m) = ((c.most_common(1) or [("", 0)])[0] for c in (left, right))
        if max(n, m) < _ALWAYS * n_all:
            break
        if n >= m:
            before += 1
            spans = [(u, a, b) for u, a, b in spans if a >= before and u[a - before] == one]
        else:
            after += 1
            spans = [(u, a, b) for u, a, b in spans if b + after < len(u) and u[b + after] == other]
    units, first, last = spans[0]
    return units[first - before : last + after + 1], before, after


def _evidence(r: _Read, key: int) -> Evidence:
    """The first place in a call as evidence: the words of its turn, or of a long one what stands beside it."""
    place = r.places[key][0]
    words = r.call.record.transcript
    text = words.turns[place.turn].text if words is not None else ""
    if len(text) > 2 * _CONTEXT and words is not None:
        at = round(len(text) * place.first / max(1, len(r.units[place.turn])))
        start, end = max(0, at - _CONTEXT), min(len(text), at + _CONTEXT)
        text = f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"
    return Evidence(place.segment.start_s, place.segment.end_s, "agent", text, "exact")

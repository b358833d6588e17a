"""When and how calls came, and how well the tool could hear them: sums that add up over agents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date

from audit.digests import CallDigest
from audit.report.rates import Rate


@dataclass(frozen=True, slots=True)
class Day:
    """The calls of one local day: how many, how many of them have a score, and the sum of those."""

    n_calls: int = 0
    n_scored: int = 0
    scores: float = 0.0

    def __add__(self, other: Day) -> Day:
        return Day(self.n_calls + other.n_calls, self.n_scored + other.n_scored, self.scores + other.scores)


@dataclass(frozen=True, slots=True)
class Health:
    """How well calls could be audited.

    Attributes
    ----------
    n_calls, n_judged, n_scored : int
    n_with_words : int
        Calls with a transcript, of which `coverage` is the sum of their shares of speech with words.
    n_warned, n_damaged, n_mono : int
        Calls that warn of something; whose recording is not whole; whose parties share a channel.
    n_ring_compared, n_ring_apart : int
        Calls whose ringing was both heard and recorded, and of those the ones that differ by two seconds or more.
    n_reviewed, n_upheld : int
        Verdicts that a reviewer decided on, and of those the ones upheld.
    """

    n_calls: int = 0
    n_judged: int = 0
    n_scored: int = 0
    n_with_words: int = 0
    coverage: float = 0.0
    n_warned: int = 0
    n_damaged: int = 0
    n_mono: int = 0
    n_ring_compared: int = 0
    n_ring_apart: int = 0
    n_reviewed: int = 0
    n_upheld: int = 0

    def __add__(self, other: Health) -> Health:
        return Health(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Health)))


#: Records count whole seconds, and the ends of ringing are heard to a few tenths; what is further apart is not one ringing.
RING_APART_S = 2.0


@dataclass(frozen=True, slots=True)
class Activity:
    """Calls by day and by hour, complaints among them, their scores, and the tool's own health.

    Attributes
    ----------
    days : mapping of date to Day
        Local days; calls whose local time is not known are in none.
    hours : mapping of hour (0-23) to Rate
        Answered within the limit of rings, of the calls whose rings are known, by local hour.
    answered : Rate
        The same of all calls whose rings are known, whatever is known of their hour.
    complaints : Rate
        Calls with a complaint, of those in which it could be judged.
    scores : tuple of float
        Of all scored calls.
    health : Health
    """

    days: Mapping[date, Day] = field(default_factory=dict)
    hours: Mapping[int, Rate] = field(default_factory=dict)
    answered: Rate = field(default_factory=Rate)
    complaints: Rate = field(default_factory=Rate)
    scores: tuple[float, ...] = ()
    health: Health = field(default_factory=Health)


def activity_of(calls: Sequence[CallDigest], max_rings: int | None) -> Activity:
    """Sum up calls.

    Parameters
    ----------
    calls : sequence of CallDigest
    max_rings : int or None
        The limit of rings; None where no scorecard names one.
    """
    days: dict[date, Day] = {}
    hours: dict[int, Rate] = {}
    answered = complaints = Rate()
    for c in calls:
        local = c.started_at if c.started_at is not None and not c.utc_only else None
        if local is not None:
            day = Day(1, int(c.score is not None), c.score or 0.0)
            days[local.date()] = days.get(local.date(), Day()) + day
        if max_rings is not None and c.n_rings is not None and c.direction != "outbound":
            rate = Rate(int(c.n_rings <= max_rings), 1)
            answered += rate
            if local is not None:
                hours[local.hour] = hours.get(local.hour, Rate()) + rate
        complaint = c.signs.get("complaint")
        if complaint is not None:
            complaints += Rate(int(complaint), 1)
    return Activity(
        dict(sorted(days.items())), dict(sorted(hours.items())), answered, complaints,
        tuple(c.score for c in calls if c.score is not None), _health(calls),
    )  # fmt: skip


def _health(calls: Sequence[CallDigest]) -> Health:
    covered = [c.coverage_ratio for c in calls if c.coverage_ratio is not None]
    gaps = [c.ring_gap_s for c in calls if c.ring_gap_s is not None]
    return Health(
        n_calls=len(calls),
        n_judged=sum(c.scorecard is not None for c in calls),
        n_scored=sum(c.score is not None for c in calls),
        n_with_words=len(covered),
        coverage=sum(covered),
        n_warned=sum(c.n_warnings > 0 for c in calls),
        n_damaged=sum(c.damaged is not None for c in calls),
        n_mono=sum(c.layout in ("mono", "dual_mono") for c in calls),
        n_ring_compared=len(gaps),
        n_ring_apart=sum(abs(g) >= RING_APART_S for g in gaps),
        n_reviewed=sum(c.n_reviewed for c in calls),
        n_upheld=sum(c.n_upheld for c in calls),
    )


def add_activities(parts: Iterable[Activity]) -> Activity:
    """Several agents together."""
    days: dict[date, Day] = {}
    hours: dict[int, Rate] = {}
    answered = complaints = Rate()
    scores: list[float] = []
    health = Health()
    for part in parts:
        for when, day in part.days.items():
            days[when] = days.get(when, Day()) + day
        for hour, rate in part.hours.items():
            hours[hour] = hours.get(hour, Rate()) + rate
        answered += part.answered
        complaints += part.complaints
        scores += part.scores
        health += part.health
    return Activity(dict(sorted(days.items())), dict(sorted(hours.items())), answered, complaints, tuple(scores), health)

"""The conditions on the course of a call: order of steps, counts, events of the line, figures of single turns, exceptions."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from audit.evaluation.scopes import AGENT, Texts, TimelineEvent, Where
from audit.words import Role

if TYPE_CHECKING:
    from audit.evaluation.conditions import Baseline, Check

Per = Literal["call", "minute", "hundred_chars"]
TurnFigure = Literal["rate_cpm", "rate_wpm", "duration_s", "n_chars", "response_s"]
Aggregate = Literal["each", "mean", "max", "min"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow; an optional one may be left out."""

    name: Texts
    check: Check
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps of a flow are found one after the other.

    Attributes
    ----------
    steps : tuple of Step
    max_gap_s : float or None
        From the end of one step to the beginning of the next.
    """

    steps: tuple[Step, ...]
    max_gap_s: float | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """What another check finds is found often enough and not too often; limits are inclusive.

    Attributes
    ----------
    min, max : float or None
        Of the count, or of the rate that `per` makes of it.
    baseline : Baseline or None
        What is usual for the same count, by the calls in the store.
    per : {"call", "minute", "hundred_chars"}
        A minute from the answer to the end; a hundred characters (English: words) of `of_role`.
    """

    of: Check
    min: float | None = None
    max: float | None = None
    per: Per = "call"
    of_role: Role = "agent"
    baseline: Baseline | None = None


def count_field(check: Count) -> str:
    """Name of what a count counts, for base lines: the same for every count of the same, whatever its limits."""
    made_of = repr((check.of, check.per, check.of_role))
    return f"count.{hashlib.sha256(made_of.encode('utf-8')).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Events:
    """Events of the line are not too many, too long, or too few.

    Attributes
    ----------
    of : str
        One of :data:`audit.evaluation.scopes.TimelineEvent`.
    by : {"agent", "customer"} or None
        Whose interruptions; whose silences, by who spoke before.
    min_s, max_s : float or None
        Shorter and longer ones are not counted.
    where : Where or None
        Events that begin there; None: anywhere.
    """

    of: TimelineEvent
    by: Role | None = None
    min_s: float | None = None
    min_count: int | None = None
    max_count: int | None = None
    max_each_s: float | None = None
    max_total_s: float | None = None
    where: Where | None = None
    max_s: float | None = None


@dataclass(frozen=True, slots=True)
class Turns:
    """A figure of single turns lies within limits, both inclusive.

    Attributes
    ----------
    figure : {"rate_cpm", "rate_wpm", "duration_s", "n_chars", "response_s"}
        Characters or words a minute of that turn's own speech; its length; its characters (English: words);
        seconds from the end of the other party's turn before it, 0 where they overlap.
    min_chars : int
        Turns with fewer characters (English: words) are left out.
    aggregate : {"each", "mean", "max", "min"}
        What is held against the limits.
    """

    figure: TurnFigure
    min_chars: int = 1
    min: float | None = None
    max: float | None = None
    aggregate: Aggregate = "each"
    where: Where = AGENT


@dataclass(frozen=True, slots=True)
class Except:
    """A failing check whose hits are forgiven where another check finds something close by."""

    check: Check
    when: Check
    before_s: float = 0.0
    after_s: float = 0.0

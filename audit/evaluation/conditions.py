"""The conditions of the rule language as frozen values: the closed set of checks, and where each of them looks.

A rule file is turned into these by :mod:`audit.evaluation.pack`, which has validated it against ``rules/schema.json``
before; what each check means is in :mod:`audit.evaluation.checks` and, for those who write rules, in ``docs/writing-rules.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from audit.evaluation.flow import Count, Events, Except, Sequence, Step, Turns
from audit.evaluation.match import MatchMode
from audit.evaluation.scopes import AGENT, Near, Where
from audit.evaluation.scopes import Texts as Texts
from audit.evaluation.told import EntitiesSaid, SaidAgain
from audit.evaluation.wordings import Phrase, Phrases, Proximity, Quantifier, Ratio, Regex, Repetition, Similarity
from audit.verdicts import Verdict
from audit.words import Role

Aspect = Literal["asked", "thanked", "length"]
Statistic = Literal["mean", "median"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual for the call's agent or for the whole team, by the calls in the store.

    Attributes
    ----------
    of : {"agent", "team"}
    statistic : {"mean", "median"}
    min_ratio, max_ratio : float or None
        Limits of the figure over the base line.
    max_difference : float or None
        Limit of the size of their difference.
    min_calls : int
        With fewer calls to compare with, nothing can be said.
    """

    of: Literal["agent", "team"]
    statistic: Statistic = "median"
    min_ratio: float | None = None
    max_ratio: float | None = None
    max_difference: float | None = None
    min_calls: int = 5


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured figure, or the size of its difference from another one, lies within limits or near what is usual."""

    field: str
    label: Texts
    minus: str | None = None
    min: float | None = None
    max: float | None = None
    missing: Verdict = "not_evaluable"
    baseline: Baseline | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What the record or a fact says is there, is one of a few, matches an expression, or lies within limits."""

    field: str
    one_of: tuple[str, ...] = ()
    present: bool = False
    missing: Verdict = "not_evaluable"
    min: float | None = None
    max: float | None = None
    matches: str | None = None


@dataclass(frozen=True, slots=True)
class FirstVoice:
    """The agent's voice is heard within `max_delay_s` of the answer."""

    max_delay_s: float


@dataclass(frozen=True, slots=True)
class HoldEtiquette:
    """Every wait of the customer is asked for before, thanked for after, or short enough.

    A wait is a hold, or a silence of at least `min_silence_s` after which the agent speaks first.

    Attributes
    ----------
    aspect : {"asked", "thanked", "length"}
    phrases : tuple of str
        What counts as asking or telling (asked, length) or as thanking (thanked).
    within_s : float
        How close to the wait it must be said.
    max_untold_s, max_told_s : float or None
        For ``length``: longest wait without and with such words.
    """

    aspect: Aspect
    phrases: tuple[str, ...]
    within_s: float
    min_silence_s: float
    max_untold_s: float | None = None
    max_told_s: float | None = None
    match: MatchMode = "pinyin"


@dataclass(frozen=True, slots=True)
class GreetingHour:
    """A greeting that names a time of day agrees with the call's local time.

    `greetings` maps each greeting to its hours ``[from, to)``.
    """

    greetings: Mapping[str, tuple[float, float]]
    where: Where = AGENT
    match: MatchMode = "pinyin"


@dataclass(frozen=True, slots=True)
class Recall:
    """Something learned in the call, or known before, is used again.

    Attributes
    ----------
    learned : tuple of str
        Regular expressions with one group, on the normalised text of `from_role`.
    said : tuple of str
        Phrases in which ``{it}`` stands for what was learned.
    known_as : str or None
        Name of a variable that holds it, if the record already knows; in English each word of it counts.
    answered : tuple of str
        As `learned`, but only in answers: in what is searched by `answered_where`.
    answered_where : Where or None
        Most often the next turn of `from_role` after a question.
    """

    learned: tuple[str, ...]
    said: tuple[str, ...]
    from_role: Role = "customer"
    known_as: str | None = None
    where: Where = AGENT
    match: MatchMode = "pinyin"
    answered: tuple[str, ...] = ()
    answered_where: Where | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part passes."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part passes."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class FirstOf:
    """The first part that can be judged decides."""

    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Pass and fail exchanged; what cannot be judged stays so."""

    check: Check


Check = (
    Phrases
    | Regex
    | Ratio
    | Measure
    | Fact
    | FirstVoice
    | HoldEtiquette
    | GreetingHour
    | Similarity
    | Recall
    | AllOf
    | AnyOf
    | FirstOf
    | Not
    | Sequence
    | Count
    | Events
    | Turns
    | Except
    | Proximity
    | Repetition
    | EntitiesSaid
    | SaidAgain
)

#: The word for each check in a rule file.
KINDS: Mapping[str, type[Any]] = {
    "phrases": Phrases,
    "regex": Regex,
    "ratio": Ratio,
    "measure": Measure,
    "fact": Fact,
    "first_voice": FirstVoice,
    "hold_etiquette": HoldEtiquette,
    "greeting_hour": GreetingHour,
    "similarity": Similarity,
    "recall": Recall,
    "all_of": AllOf,
    "any_of": AnyOf,
    "first_of": FirstOf,
    "not": Not,
    "sequence": Sequence,
    "count": Count,
    "events": Events,
    "turns": Turns,
    "except": Except,
    "proximity": Proximity,
    "repetition": Repetition,
    "entities_said": EntitiesSaid,
    "said_again": SaidAgain,
}


def parse_check(data: Mapping[str, Any]) -> Check:
    """A check from its validated mapping.

    Raises
    ------
    KeyError
        If the kind is unknown; validation has ruled that out.

    Notes
    -----
    Equal mappings give the very same check, so that what several rules ask alike (their occasion, an anchor) is judged
    once in a call.
    """
    return _same_check(json.dumps(data, ensure_ascii=False))


@lru_cache(maxsize=50_000)
def _same_check(text: str) -> Check:
    """The check of a mapping written as JSON."""
    data: Mapping[str, Any] = json.loads(text)
    kind = KINDS[data["kind"]]
    rest = {k: _parsed(v) for k, v in data.items() if k not in ("kind", "where", "answered_where", "steps")}
    for place in ("where", "answered_where"):
        if place in data:
            rest[place] = _where(data[place])
    if kind is Sequence:
        rest["steps"] = tuple(_step(s) for s in data["steps"])
    if kind is Turns and "role" in rest:
        rest["where"] = Where(role=rest.pop("role"))
    if kind in (Phrases, Regex):
        quantifier = next(q for q in get_args(Quantifier) if q in rest)
        items = rest.pop(quantifier)
        rest["quantifier"] = quantifier
        rest["phrases" if kind is Phrases else "patterns"] = (
            tuple(_phrase(i) for i in items) if kind is Phrases else tuple(items)
        )
    if kind in (Measure, Count) and "baseline" in rest:
        rest["baseline"] = Baseline(**rest["baseline"])
    if kind is GreetingHour:
        rest["greetings"] = {k: (float(a), float(b)) for k, (a, b) in rest["greetings"].items()}
    check: Check = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in rest.items()})
    return check


def _parsed(value: Any) -> Any:
    """A value of a check, with the checks in it parsed."""
    if isinstance(value, Mapping) and "kind" in value:
        return parse_check(value)
    if isinstance(value, list) and value and isinstance(value[0], Mapping) and "kind" in value[0]:
        return tuple(parse_check(v) for v in value)
    return value


def _step(data: Mapping[str, Any]) -> Step:
    name = data["name"]
    return Step(
        {"zh": name, "en": name} if isinstance(name, str) else name, parse_check(data["check"]), data.get("optional", False)
    )


def parts_of(check: Check) -> tuple[tuple[str, Check], ...]:
    """The checks that a check holds, each with its place in it; those that anchor its scope too.

    Examples
    --------
    >>> inner = parse_check({"kind": "phrases", "any": ["您好"]})
    >>> [place for place, _ in parts_of(Count(of=inner))], [place for place, _ in parts_of(Not(inner))]
    (['of'], ['check'])
    """
    if isinstance(check, AllOf | AnyOf | FirstOf):
        return tuple((f"checks[{i}]", part) for i, part in enumerate(check.checks))
    if isinstance(check, Sequence):
        return tuple((f"steps[{i}]", step.check) for i, step in enumerate(check.steps))
    parts: list[tuple[str, Check]] = []
    if isinstance(check, Not | Except):
        parts.append(("check", check.check))
    if isinstance(check, Except):
        parts.append(("when", check.when))
    if isinstance(check, Count):
        parts.append(("of", check.of))
    for place, name in (("where", "near"), ("answered_where", "answered_where.near")):
        where: Where | None = getattr(check, place, None)
        if where is not None and where.near is not None and where.near.event is not None:
            parts.append((name, where.near.event))
    return tuple(parts)


def _where(data: Mapping[str, Any]) -> Where:
    """The scope of a mapping; equal mappings give the very same one, which is looked up once in a call."""
    return _same_where(json.dumps(data, ensure_ascii=False))


@lru_cache(maxsize=50_000)
def _same_where(text: str) -> Where:
    """The scope of a mapping written as JSON."""
    data: Mapping[str, Any] = json.loads(text)
    rest: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k != "near"}
    near = data.get("near")
    if near is not None:
        event = parse_check(near["event"]) if "event" in near else None
        rest["near"] = Near(event, **{k: v for k, v in near.items() if k != "event"})
    return Where(**rest)


def _phrase(item: str | Mapping[str, Any]) -> Phrase:
    if isinstance(item, str):
        return Phrase(item)
    return Phrase(item["text"], item.get("suggestion"), tuple(item.get("unless", ())), item.get("match"))

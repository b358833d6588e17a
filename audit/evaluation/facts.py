"""What other calls and registers say of a call: the names under which rules may read it.

A rule reads a fact as ``facts.<name>``. Whoever evaluates hands the facts in; nothing is computed here, so that an
evaluation stays a function of its inputs. A fact that is not handed in is looked for in the call's own variables; one
that is nowhere makes the rule not evaluable. Base lines, what is usual for an agent or the team, are facts too, with
names made by :func:`baseline_name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

FactValue = float | int | str | bool
Facts = Mapping[str, FactValue]
NO_FACTS: Facts = MappingProxyType({})

FACT_PREFIX = "facts."


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One fact that rules may read.

    Attributes
    ----------
    kind : {"number", "text", "yes_no"}
    zh, en : str
        What it is, for people.
    columns : tuple of str
        Further variables of the call that may hold it, beside its name and its name with ``_`` for ``.``.
    """

    kind: Literal["number", "text", "yes_no"]
    zh: str
    en: str
    columns: tuple[str, ...] = ()


#: The closed list. Durations run from the call's end, complaints' from their registration.
KNOWN_FACTS: Mapping[str, KnownFact] = {
    "team.calls_per_day": KnownFact("number", "坐席当日处理的通话数", "calls that the agent handled that day"),
    "team.complaint_rate": KnownFact("number", "投诉通话占比（0–1）", "share of calls that are complaints, 0-1"),
    "team.satisfaction": KnownFact("number", "满意度（0–100）", "satisfaction, 0-100", ("satisfaction", "csat")),
    "team.repeat_contacts": KnownFact(
        "number", "客户就同一事项再次来电的次数", "later contacts of the customer on the same matter"
    ),
    "team.repeat_rate": KnownFact("number", "重复来电占比（0–1）", "share of calls followed by a repeat contact, 0-1"),
    "call.contacts_before": KnownFact(
        "number", "客户此前就同一事项的来电次数", "earlier contacts of the customer on the same matter"
    ),
    "call.is_complaint": KnownFact("yes_no", "登记为投诉", "registered as a complaint", ("complaint",)),
    "call.redialled": KnownFact("yes_no", "中断后有回拨", "somebody called back after the cut-off"),
    "call.redialled_within_s": KnownFact(
        "number", "中断后回拨间隔（秒）", "seconds from a cut-off to the call back to the same number"
    ),
    "call.redial_apologised": KnownFact("yes_no", "回拨时致歉", "the call back apologised"),
    "call.redial_explained": KnownFact("yes_no", "回拨时说明原因", "the call back said why"),
    "call.callback_kept": KnownFact("yes_no", "承诺的回电按时打了", "the promised call back was made in time"),
    "complaint.answered_within_h": KnownFact("number", "投诉答复用时（小时）", "hours until the complaint was answered"),
    "complaint.closed_within_d": KnownFact("number", "投诉办结用时（天）", "days until the complaint was closed"),
    "complaint.is_major": KnownFact("yes_no", "重大投诉", "a major complaint"),
    "complaint.closed": KnownFact("yes_no", "投诉已办结", "the complaint is closed"),
    "complaint.overdue": KnownFact("yes_no", "投诉已超过时限", "the complaint is past a due time"),
    "complaint.closure_rate": KnownFact("number", "投诉办结率（0–1）", "share of complaints closed, 0-1"),
    "complaint.satisfaction": KnownFact("number", "投诉处理满意度（0–100）", "satisfaction with the handling, 0-100"),
    "issue.closed_within_h": KnownFact("number", "问题解决用时（小时）", "hours until the customer's issue was closed"),
}

_YES = frozenset({"1", "true", "yes", "y", "是", "有"})
_NO = frozenset({"0", "false", "no", "n", "否", "无"})


def fact_fields() -> tuple[str, ...]:
    """Every fact as a rule names it."""
    return tuple(FACT_PREFIX + name for name in KNOWN_FACTS)


def read_fact(name: str, facts: Facts, variables: Mapping[str, str]) -> tuple[FactValue | None, str | None]:
    """A fact by name, and the text that could not be read as what it should be.

    Parameters
    ----------
    name : str
        Of `KNOWN_FACTS`.
    facts : mapping
        Handed in; it comes before the variables.
    variables : mapping
        Of the call's metadata.

    Examples
    --------
    >>> read_fact("team.satisfaction", {}, {"csat": "82"})
    (82.0, None)
    >>> read_fact("team.satisfaction", {}, {"csat": "good"})
    (None, 'good')
    """
    if name in facts:
        return facts[name], None
    known = KNOWN_FACTS[name]
    text = next((variables[c] for c in (name, name.replace(".", "_"), *known.columns) if variables.get(c)), None)
    if text is None:
        return None, None
    if known.kind == "yes_no":
        bare = text.strip().lower()
        return (True, None) if bare in _YES else (False, None) if bare in _NO else (None, text)
    if known.kind == "number":
        figure = as_number(text)
        return figure, None if figure is not None else text
    return text, None


def as_number(value: FactValue) -> float | None:
    """A value as a number; None for a text that is none, for yes and no, and for what is not finite.

    Examples
    --------
    >>> as_number(" 4.5 "), as_number("n/a"), as_number("80%"), as_number(True)
    (4.5, None, 0.8, None)
    """
    if isinstance(value, bool):
        return None
    try:
        text = value.strip() if isinstance(value, str) else value
        figure = float(text[:-1]) / 100.0 if isinstance(text, str) and text.endswith("%") else float(text)
    except (ValueError, OverflowError):
        return None
    return figure if abs(figure) < float("inf") else None


def baseline_name(of: str, statistic: str, field: str) -> str:
    """Name under which a base line is handed in; the statistic ``n`` is the count of calls it rests on.

    Examples
    --------
    >>> baseline_name("team", "median", "measures.agent.f0_sd_semitones")
    'baseline.team.median.measures.agent.f0_sd_semitones'
    """
    return f"baseline.{of}.{statistic}.{field}"

"""The terms on which calls are joined and deadlines run: all that is a choice and not a fact, with the standard's defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from audit.errors import ProfileError
from audit.followup.numbers import NumberPlan


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When the clock of deadlines runs.

    Attributes
    ----------
    days : collection of int
        Monday is 1.
    start, end : time
        Of each of these days, local.
    """

    days: Collection[int] = (1, 2, 3, 4, 5)
    start: time = time(9)
    end: time = time(18)

    @property
    def day_h(self) -> float:
        """Hours of one day."""
        return (self.end.hour - self.start.hour) + (self.end.minute - self.start.minute) / 60.0


@dataclass(frozen=True, slots=True)
class Promise:
    """When what a sign promises falls due: hours after the call, or at the end of a local day."""

    due_h: float | None = None
    due_days: int | None = None


@dataclass(frozen=True, slots=True)
class FollowUpTerms:
    """Windows, deadlines and whose calls are never joined.

    Attributes
    ----------
    numbers : NumberPlan
    max_calls_per_day : int
        A number with more calls on one local day is a switchboard's, and nothing is concluded from it.
    joined_s : float
        A call that begins at most so long after another's end, or before it, continues it, as a transfer does, unless the
        first was cut off; also how far the clocks of two records may be apart.
    redial_within_h : float
        How long after a cut a call is looked for.
    redial_in_time_s : float
        Called back at once. The handbooks name no figure; 300 s is that of close.cut-off-redial.
    cut_off_by_system : bool
        A hang-up by the system is a cut, too.
    repeat_days : float
        A customer who calls again within them had a matter that was not settled. McKinsey's figures, which team.fast-resolution
        rests on, name none; seven days are usual for first-call resolution.
    answer_h, close_days, major_close_days, issue_h : float
        complaint.deadlines: 24 h, 3 and 15 days, 8 h.
    complaint_chain_days : float
        A complaint so long after the last call of an open entry opens another.
    crm_match_h : float
        A CRM's entry without a call id is that complaint of the customer which was opened at most so far from it.
    callback_grace_min : float
        Minutes after the due time in which a call back still counts as kept.
    callback_search_days : float
        How long after the due time a call back is looked for.
    rate_days : int
        Days over which rates are taken, the day of the call the last: so a rate stands once its day is over.
    rate_min_calls : int
        A rate over fewer calls is no rate: one complaint in ten calls says nothing of a target of one in a hundred.
    whole_days : bool
        The store holds every call of its agents, so that calls a day can be counted; of a sample they cannot.
    working_time : WorkingTime or None
        None: deadlines run round the clock.
    promises : mapping of sign to Promise
        From general to particular: of those that are there the last counts.
    """

    numbers: NumberPlan = field(default_factory=NumberPlan)
    max_calls_per_day: int = 10
    joined_s: float = 2.0
    redial_within_h: float = 24.0
    redial_in_time_s: float = 300.0
    cut_off_by_system: bool = False
    repeat_days: float = 7.0
    answer_h: float = 24.0
    close_days: float = 3.0
    major_close_days: float = 15.0
    issue_h: float = 8.0
    complaint_chain_days: float = 30.0
    crm_match_h: float = 24.0
    callback_grace_min: float = 15.0
    callback_search_days: float = 7.0
    rate_days: int = 30
    working_time: WorkingTime | None = None
    promises: Mapping[str, Promise] = field(default_factory=dict)
    rate_min_calls: int = 100
    whole_days: bool = False

    def due(self, start: datetime, *, hours: float = 0.0, days: float = 0.0) -> datetime:
        """The moment so long after another, by the clock of working time where there is one."""
        if self.working_time is None:
            return start + timedelta(hours=hours, days=days)
        return _after(start, hours + days * self.working_time.day_h, self.working_time)

    def hours_between(self, start: datetime, end: datetime) -> float:
        """How long it took, by the clock of working time where there is one."""
        if self.working_time is None:
            return (end - start).total_seconds() / 3600.0
        return _worked_h(start, end, self.working_time)

    @property
    def hours_per_day(self) -> float:
        """Of the clock that deadlines run by."""
        return 24.0 if self.working_time is None else self.working_time.day_h


def _span(day: date, like: datetime, working: WorkingTime) -> tuple[datetime, datetime] | None:
    """The working time of a day, in the zone of `like`; None on a day off."""
    if day.isoweekday() not in working.days:
        return None
    return (
        datetime.combine(day, working.start, tzinfo=like.tzinfo),
        datetime.combine(day, working.end, tzinfo=like.tzinfo),
    )


def _after(start: datetime, hours: float, working: WorkingTime) -> datetime:
    left, day = timedelta(hours=hours), start.date()
    while True:
        span = _span(day, start, working)
        if span is not None:
            begin = max(span[0], start)
            if begin < span[1]:
                if begin + left <= span[1]:
                    return begin + left
                left -= span[1] - begin
        day += timedelta(days=1)


def _worked_h(start: datetime, end: datetime, working: WorkingTime) -> float:
    total, day = timedelta(0), start.date()
    last = end.astimezone(start.tzinfo).date()
    while day <= last:
        span = _span(day, start, working)
        if span is not None:
            total += max(timedelta(0), min(span[1], end) - max(span[0], start))
        day += timedelta(days=1)
    return total.total_seconds() / 3600.0


# --- as a profile writes them, and as the store keeps them ------------------------------------------
def terms_to_json(terms: FollowUpTerms) -> dict[str, Any]:
    """Write the terms as a profile's ``followups``."""
    out = asdict(terms)
    out["numbers"]["withheld"] = sorted(terms.numbers.withheld)
    if terms.working_time is not None:
        w = terms.working_time
        out["working_time"] = {"days": sorted(w.days), "start": f"{w.start:%H:%M}", "end": f"{w.end:%H:%M}"}
    return out


def read_terms(data: Mapping[str, Any], *, where: str = "followups") -> FollowUpTerms:
    """Read terms; what is left out keeps its default.

    Raises
    ------
    ProfileError
        At an unknown key, or a value that cannot be meant.
    """
    _known(data, FollowUpTerms, where)
    values: dict[str, Any] = {}
    for key, value in data.items():
        at = f"{where}: {key}"
        if key == "numbers":
            values[key] = _numbers(value, at)
        elif key == "working_time":
            values[key] = None if value is None else _working_time(value, at)
        elif key == "promises":
            values[key] = {str(sign): _promise(due, f"{at}: {sign}") for sign, due in _mapping(value, at).items()}
        elif key in ("cut_off_by_system", "whole_days"):
            if not isinstance(value, bool):
                raise ProfileError(f"{at} must be true or false, not {value!r}")
            values[key] = value
        else:
            values[key] = _positive(value, at, whole=key in ("max_calls_per_day", "rate_days", "rate_min_calls"))
    return FollowUpTerms(**values)


def _numbers(value: Any, at: str) -> NumberPlan:
    data = dict(_mapping(value, at))
    _known(data, NumberPlan, at)
    for key in ("country_code", "trunk_prefix"):
        if key in data and not (
            isinstance(data[key], str) and (data[key].isdigit() or (key == "trunk_prefix" and not data[key]))
        ):
            raise ProfileError(f'{at}: {key} must be digits in quotes, such as "86", not {data[key]!r}')
    for key in ("max_national_digits", "min_digits"):
        if key in data:
            data[key] = _positive(data[key], f"{at}: {key}", whole=True)
    if "withheld" in data:
        if not isinstance(data["withheld"], list | tuple):
            raise ProfileError(f"{at}: withheld must be a list, not {data['withheld']!r}")
        data["withheld"] = tuple(str(v).casefold() for v in data["withheld"])
    return NumberPlan(**data)


def _working_time(value: Any, at: str) -> WorkingTime:
    data = _mapping(value, at)
    _known(data, WorkingTime, at)
    try:
        start, end = (time.fromisoformat(str(data.get(k, d))) for k, d in (("start", "09:00"), ("end", "18:00")))
    except ValueError as e:
        raise ProfileError(f"{at}: start and end are times such as 09:00: {e}") from e
    days = data.get("days", [1, 2, 3, 4, 5])
    if not isinstance(days, list | tuple) or not days or not set(days) <= set(range(1, 8)):
        raise ProfileError(f"{at}: days are numbers from 1, Monday, to 7, not {days!r}")
    if start >= end:
        raise ProfileError(f"{at}: start ({start:%H:%M}) must be before end ({end:%H:%M})")
    return WorkingTime(tuple(sorted(days)), start, end)


def _promise(value: Any, at: str) -> Promise:
    data = {k: v for k, v in _mapping(value, at).items() if v is not None}
    _known(data, Promise, at)
    if len(data) != 1:
        raise ProfileError(f"{at}: either due_h or due_days is needed")
    if "due_h" in data:
        return Promise(due_h=_positive(data["due_h"], f"{at}: due_h"))
    days = data["due_days"]
    if isinstance(days, bool) or not isinstance(days, int) or days < 0:
        raise ProfileError(f"{at}: due_days must be a whole number from 0, not {days!r}")
    return Promise(due_days=days)


def _positive(value: Any, at: str, *, whole: bool = False) -> Any:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or value <= 0:
        raise ProfileError(f"{at} must be a {'whole ' if whole else ''}number above 0, not {value!r}")
    return value if whole else float(value)


def _mapping(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ProfileError(f"{at} must be a mapping, not {value!r}")
    return value


def _known(data: Mapping[str, Any], kind: type[Any], where: str) -> None:
    names = [f.name for f in fields(kind)]
    for key in data:
        if key not in names:
            from rapidfuzz import process  # only for who misspelt something

            near = process.extractOne(str(key), names, score_cutoff=60)
            raise ProfileError(f"{where}: unknown key {key!r}", hint=f"did you mean {near[0]!r}?" if near else ", ".join(names))

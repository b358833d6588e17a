"""Checks on what was measured or recorded: figures, facts, the first voice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any

from audit.evaluation.call import Call, Reason, Result, say
from audit.evaluation.checks.hits import compiled
from audit.evaluation.conditions import Baseline, Fact, FirstVoice, Measure
from audit.evaluation.facts import FACT_PREFIX, NO_FACTS, Facts, as_number, baseline_name, fact_fields, read_fact
from audit.records import CallRecord, Evidence, Measured, Measures, Metadata, Recording, Timeline
from audit.segments import total_s
from audit.words import Role

Value = float | int | str | bool | None

#: Groups of a record that a rule may read, and what they may be asked for.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "timeline": tuple(f.name for f in fields(Timeline)),
    "metadata": tuple(f.name for f in fields(Metadata)),
    "recording": tuple(f.name for f in fields(Recording)),
    "measures.agent": tuple(f.name for f in fields(Measures)),
    "measures.customer": tuple(f.name for f in fields(Measures)),
}
#: What is no single value: lists, spans and mappings.
_NOT_VALUES = frozenset(
    {
        "holds", "silences", "overlaps", "tones", "variables", "warnings", "holds_heard", "transfers_s", "transferred_at",
        "tone_plan_alternatives", "music_before_answer", "release_evidence", "cut_off", "shared_channel",
    }
)  # fmt: skip


def _local(record: CallRecord) -> datetime | None:
    """When the call began where it was; None where that is not known."""
    return None if record.metadata.utc_only else record.metadata.started_at


#: Values that are no field of the record but follow from it.
_DERIVED: Mapping[str, Callable[[CallRecord], Value]] = {
    "timeline.hold_s": lambda r: r.timeline.hold_s,
    "timeline.longest_hold_s": lambda r: r.timeline.longest_hold_s,
    "timeline.hold_count": lambda r: len(r.timeline.holds),
    "timeline.n_silences": lambda r: len(r.timeline.silences),
    "timeline.silence_s": lambda r: total_s(r.timeline.silences),
    "timeline.longest_silence_s": lambda r: max((s.duration_s for s in r.timeline.silences), default=None),
    "timeline.n_overlaps": lambda r: len(r.timeline.overlaps),
    "timeline.overlap_s": lambda r: total_s(r.timeline.overlaps),
    "timeline.n_transfers": lambda r: len(r.timeline.transfers_s),
    "timeline.cut_off": lambda r: r.timeline.cut_off.value,
    "metadata.hour": lambda r: None if (t := _local(r)) is None else t.hour + t.minute / 60,
    "metadata.weekday": lambda r: None if (t := _local(r)) is None else t.isoweekday(),
    "recording.n_voices": lambda r: None if r.recording.shared_channel is None else r.recording.shared_channel.n_voices,
    "transcript.language": lambda r: None if r.transcript is None else r.transcript.language,
    "transcript.model": lambda r: None if r.transcript is None else r.transcript.model,
    "transcript.coverage_ratio": lambda r: None if r.transcript is None else r.transcript.coverage_ratio,
    "transcript.n_turns": lambda r: None if r.transcript is None else len(r.transcript.turns),
}

#: Every dotted field that ``measure`` and ``fact`` may name; ``metadata.variables.<any>`` comes on top.
KNOWN_FIELDS: tuple[str, ...] = (
    *(f"{g}.{n}" for g, names in _GROUPS.items() for n in names if n not in _NOT_VALUES),
    *_DERIVED,
    *fact_fields(),
)
VARIABLE_PREFIX = "metadata.variables."


def look_up(record: CallRecord, path: str, facts: Facts = NO_FACTS) -> tuple[Value, Reason | None]:
    """The value of a dotted field and, where it is None, the reason if one is known.

    Parameters
    ----------
    record : CallRecord
    path : str
        One of `KNOWN_FIELDS`, or ``metadata.variables.<name>``.
    facts : mapping, optional
        For fields under ``facts.``.
    """
    return _reader(path)(record, facts)


@lru_cache(maxsize=5_000)
def _reader(path: str) -> Callable[[CallRecord, Facts], tuple[Value, Reason | None]]:
    """What reads a field; a scorecard asks for the same few in every call, so their names are taken apart once."""
    if path.startswith(VARIABLE_PREFIX):
        variable = path.removeprefix(VARIABLE_PREFIX)
        return lambda record, _: (record.metadata.variables.get(variable) or None, None)
    if path.startswith(FACT_PREFIX):
        return partial(_fact, path.removeprefix(FACT_PREFIX))
    if path in _DERIVED:
        derived = _DERIVED[path]
        return lambda record, _: (derived(record), None)
    group, _, name = path.rpartition(".")
    if group.startswith("measures."):
        role: Role = "agent" if group.endswith("agent") else "customer"
        return lambda record, _: _read(getattr(record.measures[role], name)) if role in record.measures else (None, None)
    value_of = attrgetter(path)
    return lambda record, _: _read(value_of(record))


def _fact(name: str, record: CallRecord, facts: Facts) -> tuple[Value, Reason | None]:
    value, unread = read_fact(name, facts, record.metadata.variables)
    return value, None if unread is None else _unreadable(unread)


def _read(found: Any) -> tuple[Value, Reason | None]:
    """A field's value, and why there is none."""
    if isinstance(found, Measured):
        return found.value, None if found.reason is None else say(found.reason, found.reason)
    return found.isoformat() if isinstance(found, datetime) else found, None


def _unreadable(text: str) -> Reason:
    return say(f"“{text}”不是所需的数值", f"“{text}” is not the kind of value it should be")


def _figure(call: Call, path: str) -> tuple[float | None, Reason | None]:
    """A field as a number; None with a reason where it is missing or is none."""
    value, why = _reader(path)(call.record, call.facts)
    if value is None:
        return None, why
    if type(value) is float and value - value == 0.0:  # neither nan nor infinite
        return value, None
    figure = as_number(value)
    return figure, None if figure is not None else _unreadable(str(value))


def judge_measure(check: Measure, call: Call) -> Result:
    """Hold a figure against its limits, all inclusive, and against what is usual."""
    value, why = _figure(call, check.field)
    if value is not None and check.minus is not None:
        other, why = _figure(call, check.minus)
        value = abs(value - other) if other is not None else None
    if value is None:
        return Result(check.missing, _missing(check.label, why))
    good = (check.min is None or value >= check.min) and (check.max is None or value <= check.max)
    usual: Reason | None = None
    if check.baseline is not None:
        held = against_usual(check.baseline, check.field, value, call)
        if isinstance(held, Result):
            return held
        good, usual = good and held[0], held[1]
    limits = _in_brackets(check.min, check.max) if usual is None else _with_usual(check.min, check.max, usual)
    figure = _plain(value)
    zh, en = check.label.get("zh", check.field), check.label.get("en", check.field)
    reason = say(f"{zh}：{figure}{limits['zh']}", f"{en}: {figure}{limits['en']}")
    start, end = _span(check.field, call, too_high=check.max is not None and value > check.max)
    proof = Evidence(round(start, 2), round(end, 2), _role(check.field), f"{check.field} = {figure}", "measure")
    return Result("pass" if good else "fail", reason, (proof,))


def against_usual(baseline: Baseline, field: str, value: float, call: Call) -> tuple[bool, Reason] | Result:
    """Whether a figure is near enough to its base line, and both in words."""
    who = say("该坐席", "the agent's") if baseline.of == "agent" else say("团队", "the team's")
    base = call.facts.get(baseline_name(baseline.of, baseline.statistic, field))
    n_calls = call.facts.get(baseline_name(baseline.of, "n", field), 0)
    if not isinstance(base, int | float) or not isinstance(n_calls, int | float) or n_calls < baseline.min_calls:
        least = baseline.min_calls
        return Result(
            "not_evaluable",
            say(
                f"{who['zh']}可比通话不足：{n_calls} 通（至少 {least} 通）",
                f"too few calls for {who['en']} base line: {n_calls} (at least {least})",
            ),
        )
    ratio_asked = baseline.min_ratio is not None or baseline.max_ratio is not None
    if ratio_asked and base == 0:
        return Result("not_evaluable", say("基线为 0，无法比较", "the base line is 0; nothing is a ratio of it"))
    ratio = value / base if base else 0.0
    good = not (
        (baseline.min_ratio is not None and ratio < baseline.min_ratio)
        or (baseline.max_ratio is not None and ratio > baseline.max_ratio)
        or (baseline.max_difference is not None and abs(value - base) > baseline.max_difference)
    )
    kind = say("中位数", "median") if baseline.statistic == "median" else say("平均", "mean")
    zh = f"{who['zh']} {n_calls:g} 通{kind['zh']} {_plain(base)}"
    en = f"{who['en']} {kind['en']} of {n_calls:g} calls {_plain(base)}"
    if ratio_asked:
        zh, en = f"{zh}，为其 {_plain(ratio)} 倍", f"{en}, {_plain(ratio)} times that"
        limit = _range(baseline.min_ratio, baseline.max_ratio)
        zh, en = f"{zh}（{limit['zh']}）", f"{en} ({limit['en']})"
    if baseline.max_difference is not None:
        zh = f"{zh}，相差 {_plain(abs(value - base))}（至多 {baseline.max_difference:g}）"
        en = f"{en}, {_plain(abs(value - base))} from it (at most {baseline.max_difference:g})"
    return good, say(zh, en)


@lru_cache(maxsize=5_000)
def _in_brackets(low: float | None, high: float | None) -> Reason:
    """Limits in words, in brackets; empty where there are none."""
    return _with_usual(low, high, _NOTHING)


def _with_usual(low: float | None, high: float | None, usual: Reason) -> Reason:
    """Limits, and how a figure compares with what is usual, in brackets."""
    zh = "；".join(p for p in (_limits(low, high, "至少", "至多"), usual["zh"]) if p)
    en = "; ".join(p for p in (_limits(low, high, "at least ", "at most "), usual["en"]) if p)
    return say(f"（{zh}）" if zh else "", f" ({en})" if en else "")


_NOTHING = say("", "")


def _limits(low: float | None, high: float | None, least: str, most: str) -> str:
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    if low is None and high is None:
        return ""
    return f"{least}{low:g}" if low is not None else f"{most}{high:g}"


def _range(low: float | None, high: float | None) -> Reason:
    """Limits in words."""
    if low is not None and high is not None:
        return say(f"{low:g}–{high:g}", f"{low:g}–{high:g}")
    return say(f"至少 {low:g}", f"at least {low:g}") if low is not None else say(f"至多 {high:g}", f"at most {high:g}")


def _missing(label: Mapping[str, str], why: Reason | None) -> Reason:
    return say(
        f"没有测得{label.get('zh', '')}" + (f"：{why['zh']}" if why else ""),
        f"{label.get('en', '')} was not measured" + (f": {why['en']}" if why else ""),
    )


def _role(field: str) -> Role:
    return "customer" if field.startswith("measures.customer") else "agent"


def _plain(figure: float) -> str:
    """A figure as a person reads it: no more than two decimals, none where it has none."""
    return f"{figure:.2f}".rstrip("0").rstrip(".")


def _span(field: str, call: Call, *, too_high: bool) -> tuple[float, float]:
    """Where a figure can be listened to: the ringing, the fastest stretch, or the call from answer to end."""
    timeline = call.record.timeline
    if too_high and "_rate_" in field and (measures := call.record.measures.get(_role(field))) is not None:
        start_s, end_s = measures.fastest_start_s, measures.fastest_end_s
        if start_s is not None and end_s is not None:
            return start_s, end_s
    answer = timeline.answer_at_s or 0.0
    if field in ("timeline.n_rings", "timeline.ring_s"):
        rings = [t for t in timeline.tones if t.kind == "ringback"]
        start = rings[0].start_s if rings else 0.0
        return start, max(answer, start + 0.01)
    return answer, max(call.end_s, answer + 0.01)


def judge_fact(check: Fact, call: Call) -> Result:
    """Whether what the record says is there, is one of a few, matches, or lies within limits; all that is asked must hold."""
    value, why = look_up(call.record, check.field, call.facts)
    name = check.field.removeprefix(FACT_PREFIX) if check.field.startswith(FACT_PREFIX) else check.field.rpartition(".")[2]
    if check.present:
        there = value is not None
        return Result(
            "pass" if there else "fail",
            say(f"记录中{'有' if there else '没有'} {name}", f"the call's data {'has' if there else 'lacks'} {name}"),
        )
    if value is None:
        return Result(check.missing, _missing({"zh": f" {name}", "en": name}, why))
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    good = not check.one_of or text in check.one_of or str(value) in check.one_of
    wanted = [" / ".join(check.one_of)] if check.one_of else []
    if check.matches is not None:
        good = good and compiled(check.matches).search(text, timeout=call.matching.regex_timeout_s) is not None
        wanted.append(check.matches)
    if check.min is not None or check.max is not None:
        figure = as_number(value)
        if figure is None:
            return Result(check.missing, _missing({"zh": f" {name}", "en": name}, _unreadable(text)))
        good = good and (check.min is None or figure >= check.min) and (check.max is None or figure <= check.max)
        wanted.append(_limits(check.min, check.max, "≥ ", "≤ "))
    proof = Evidence(
        round(max(0.0, call.end_s - 2.0), 2) if name == "hangup_by" else 0.0,
        round(max(call.end_s, 0.01), 2),
        "agent",
        f"{name} = {text}",
        "event",
    )
    asked = ", ".join(wanted)
    return Result(
        "pass" if good else "fail", say(f"{name}：{text}（应为 {asked}）", f"{name}: {text} (wanted: {asked})"), (proof,)
    )


def judge_first_voice(check: FirstVoice, call: Call) -> Result:
    """How soon after the answer the agent is heard."""
    record = call.record
    answer = record.timeline.answer_at_s
    if answer is None:
        return Result("not_evaluable", say("不知道何时接起", "the moment of the answer is not known"))
    spoken = [s for s in record.speech.get("agent", ()) if s.end_s > answer]
    if not spoken:
        return Result("not_evaluable", say("没有分出坐席的声音", "the agent's voice could not be told apart"))
    delay = max(0.0, min(s.start_s for s in spoken) - answer)
    proof = Evidence(round(answer, 2), round(answer + max(delay, 0.5), 2), "agent", f"first voice after {delay:.1f} s", "event")
    return Result(
        "pass" if delay <= check.max_delay_s else "fail",
        say(
            f"接起 {delay:.1f} 秒后开口（至多 {check.max_delay_s:g} 秒）",
            f"first voice {delay:.1f} s after the answer (at most {check.max_delay_s:g} s)",
        ),
        (proof,),
    )

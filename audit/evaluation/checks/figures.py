"""Checks on what was measured or recorded: figures, facts, the first voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from audit.evaluation.call import Call, Reason, Result, say
from audit.evaluation.conditions import Fact, FirstVoice, Measure
from audit.records import CallRecord, Evidence, Measured, Measures, Metadata, Recording, Timeline
from audit.words import Role

Value = float | int | str | bool | None

#: Groups of a record that a rule may read, and what they may be asked for.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "timeline": (*(f.name for f in fields(Timeline)), "hold_s", "longest_hold_s", "hold_count"),
    "metadata": tuple(f.name for f in fields(Metadata)),
    "recording": tuple(f.name for f in fields(Recording)),
    "measures.agent": tuple(f.name for f in fields(Measures)),
    "measures.customer": tuple(f.name for f in fields(Measures)),
}
_NOT_VALUES = frozenset({"holds", "silences", "overlaps", "tones", "variables", "warnings"})

#: Every dotted field that ``measure`` and ``fact`` may name; ``metadata.variables.<any>`` comes on top.
KNOWN_FIELDS: tuple[str, ...] = tuple(f"{g}.{n}" for g, names in _GROUPS.items() for n in names if n not in _NOT_VALUES)
VARIABLE_PREFIX = "metadata.variables."


def look_up(record: CallRecord, path: str) -> tuple[Value, Reason | None]:
    """The value of a dotted field and, where it is None, the reason if one is known.

    Parameters
    ----------
    record : CallRecord
    path : str
        One of `KNOWN_FIELDS`, or ``metadata.variables.<name>``.
    """
    if path.startswith(VARIABLE_PREFIX):
        return record.metadata.variables.get(path.removeprefix(VARIABLE_PREFIX)) or None, None
    group, _, name = path.rpartition(".")
    if group == "timeline" and name == "hold_count":
        return len(record.timeline.holds), None
    if group.startswith("measures."):
        role: Role = "agent" if group.endswith("agent") else "customer"
        found = getattr(record.measures[role], name) if role in record.measures else None
    else:
        found = getattr(getattr(record, group), name)
    if isinstance(found, Measured):
        return found.value, None if found.reason is None else say(found.reason, found.reason)
    return found.isoformat() if isinstance(found, datetime) else found, None


def judge_measure(check: Measure, call: Call) -> Result:
    """Hold a figure against its limits, both inclusive."""
    value, why = look_up(call.record, check.field)
    if value is not None and check.minus is not None:
        other, why = look_up(call.record, check.minus)
        value = abs(float(value) - float(other)) if other is not None else None
    if value is None:
        return Result(check.missing, _missing(check.label, why))
    figure = float(value)
    good = (check.min is None or figure >= check.min) and (check.max is None or figure <= check.max)
    limits = {"zh": _limits(check, "至少", "至多"), "en": _limits(check, "at least ", "at most ")}
    reason = {
        lang: f"{check.label.get(lang, check.field)}{'：' if lang == 'zh' else ': '}{_plain(figure)}"
        + (f"（{limits[lang]}）" if lang == "zh" else f" ({limits[lang]})")
        for lang in ("zh", "en")
    }
    start, end = _span(check.field, call, too_high=check.max is not None and figure > check.max)
    proof = Evidence(round(start, 2), round(end, 2), _role(check.field), f"{check.field} = {_plain(figure)}", "measure")
    return Result("pass" if good else "fail", reason, (proof,))


def _limits(check: Measure, least: str, most: str) -> str:
    if check.min is not None and check.max is not None:
        return f"{check.min:g}–{check.max:g}"
    return f"{least}{check.min:g}" if check.min is not None else f"{most}{check.max:g}"


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
    """Whether a text of the record is there, or is one of a few."""
    value, why = look_up(call.record, check.field)
    name = check.field.rpartition(".")[2]
    if check.present:
        there = value is not None
        return Result(
            "pass" if there else "fail",
            say(f"记录中{'有' if there else '没有'} {name}", f"the call's data {'has' if there else 'lacks'} {name}"),
        )
    if value is None:
        return Result(check.missing, _missing({"zh": f" {name}", "en": name}, why))
    good = str(value) in check.one_of
    proof = Evidence(
        round(max(0.0, call.end_s - 2.0), 2) if name == "hangup_by" else 0.0,
        round(max(call.end_s, 0.01), 2),
        "agent",
        f"{name} = {value}",
        "event",
    )
    wanted = " / ".join(check.one_of)
    return Result(
        "pass" if good else "fail", say(f"{name}：{value}（应为 {wanted}）", f"{name}: {value} (wanted: {wanted})"), (proof,)
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

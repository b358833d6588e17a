"""Events of the line held against limits: how many, how long each, how long together."""

from __future__ import annotations

from audit.evaluation.call import Call, Judge, Result, say, window_evidence
from audit.evaluation.checks.happened import NAMES, happened
from audit.evaluation.checks.scope import stretches, within
from audit.evaluation.flow import Events

#: Evidence is rounded to hundredths.
_ROUNDING_S = 0.005


def judge_events(check: Events, call: Call, judge: Judge) -> Result:
    """Whether the events are within their limits, all inclusive; the offending ones are the proof."""
    windows = stretches(check.where, call, judge)
    if isinstance(windows, Result):
        return windows
    found = happened(check.of, call, by=check.by, min_s=check.min_s)
    if isinstance(found, Result):
        return found
    found = tuple(
        e
        for e in found
        if within(windows, e.start_s) and (check.max_s is None or e.end_s - e.start_s <= check.max_s + _ROUNDING_S)
    )
    zh, en = NAMES[check.of]
    lengths = [e.end_s - e.start_s for e in found]
    total, longest = sum(lengths), max(lengths, default=0.0)
    bounds = _bounds(check)
    reason = say(
        f"{zh} {len(found)} 次" + (f"，最长 {longest:.1f} 秒，共 {total:.1f} 秒" if found else "") + f"（{bounds['zh']}）",
        f"{en}: {len(found)}" + (f", longest {longest:.1f} s, {total:.1f} s in all" if found else "") + f" ({bounds['en']})",
    )
    if check.min_count is not None and len(found) < check.min_count:
        start = windows[0].start_s if windows else call.record.timeline.answer_at_s or 0.0
        end = min(call.end_s, windows[-1].end_s) if windows else call.end_s
        return Result("fail", reason, (*found, window_evidence(max(0.0, start), end, "unknown", en)))
    too_many = check.max_count is not None and len(found) > check.max_count
    too_much = check.max_total_s is not None and total > check.max_total_s + _ROUNDING_S
    if too_many or too_much:
        return Result("fail", reason, found)
    too_long = tuple(e for e in found if check.max_each_s is not None and e.end_s - e.start_s > check.max_each_s + _ROUNDING_S)
    return Result("fail" if too_long else "pass", reason, too_long or found)


def _bounds(check: Events) -> dict[str, str]:
    zh, en = [], []
    for value, words in (
        (check.min_count, ("至少 {:g} 次", "at least {:g}")),
        (check.max_count, ("至多 {:g} 次", "at most {:g}")),
        (check.max_each_s, ("每次至多 {:g} 秒", "each at most {:g} s")),
        (check.max_total_s, ("共至多 {:g} 秒", "at most {:g} s in all")),
    ):
        if value is not None:
            zh.append(words[0].format(value))
            en.append(words[1].format(value))
    return {"zh": "，".join(zh), "en": ", ".join(en)}

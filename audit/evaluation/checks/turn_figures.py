"""Figures of single turns: how fast, how long, how soon after the other party."""

from __future__ import annotations

from collections.abc import Mapping

from audit.evaluation.call import Call, Judge, Result, say
from audit.evaluation.checks.hits import limits, n_units
from audit.evaluation.checks.scope import search
from audit.evaluation.flow import Turns
from audit.evaluation.match import Heard
from audit.records import Evidence
from audit.segments import Segment, intersection, total_s

#: What each figure is called and counted in.
_NAMES = {
    "rate_cpm": (("语速", "字/分钟"), ("rate of speech", "characters a minute")),
    "rate_wpm": (("语速", "词/分钟"), ("rate of speech", "words a minute")),
    "duration_s": (("一段话的长度", "秒"), ("length of a turn", "s")),
    "n_chars": (("一段话的字数", "字"), ("size of a turn", "characters")),
    "response_s": (("应答时间", "秒"), ("time to respond", "s")),
}


def judge_turns(check: Turns, call: Call, judge: Judge) -> Result:
    """Hold a figure of turns against its limits, each by itself or all together."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    long_enough = [h for h in searched.turns if n_units(h, call.language) >= check.min_chars]
    place = {id(h): i for i, h in enumerate(call.everyone)} if check.figure == "response_s" else {}
    found = [(h, value) for h in long_enough if (value := _figure(check, h, call, place)) is not None]
    if not found:
        return Result("not_applicable", say("没有可以衡量的话", "no turn to be measured"))
    values = [v for _, v in found]
    if check.aggregate == "mean":
        mean = sum(values) / len(values)
        bad = found if _outside(check, mean) else []
        figure, shown = mean, bad or found
    elif check.aggregate == "each":
        shown = [(h, v) for h, v in found if _outside(check, v)]
        bad = shown
        worst = min if check.max is None else max
        figure = worst((v for _, v in bad), default=worst(values))
        shown = shown or [next((h, v) for h, v in found if v == figure)]
    else:
        figure = max(values) if check.aggregate == "max" else min(values)
        shown = [next((h, v) for h, v in found if v == figure)]
        bad = shown if _outside(check, figure) else []
    (name_zh, unit_zh), (name_en, unit_en) = _NAMES[check.figure]
    bounds = limits(check.min, check.max)
    reason = say(
        f"{name_zh} {figure:.4g} {unit_zh}（{bounds['zh']}）" + (f"，{len(bad)} 段" if len(bad) > 1 else ""),
        f"{name_en}: {figure:.4g} {unit_en} ({bounds['en']})" + (f", {len(bad)} turns" if len(bad) > 1 else ""),
    )
    return Result("fail" if bad else "pass", reason, tuple(_evidence(check, h, v) for h, v in shown))


def _outside(check: Turns, value: float) -> bool:
    return (check.min is not None and value < check.min) or (check.max is not None and value > check.max)


def _figure(check: Turns, heard: Heard, call: Call, place: Mapping[int, int]) -> float | None:
    turn = heard.turn
    if check.figure == "n_chars":
        return float(n_units(heard, call.language))
    if check.figure == "duration_s":
        return turn.end_s - turn.start_s
    if check.figure == "response_s":
        return _response_s(heard, call, place[id(heard)])
    spoken_s = _spoken_s(heard, call)
    return 60.0 * n_units(heard, call.language) / spoken_s if spoken_s > 0 else None


def _spoken_s(heard: Heard, call: Call) -> float:
    """Seconds of that role's speech in a turn, pauses left out; the turn's length where its speech is not known."""
    turn = heard.turn
    if turn.end_s <= turn.start_s:
        return 0.0
    speech = [s for s in call.record.speech.get(turn.role, ()) if s.start_s < turn.end_s and s.end_s > turn.start_s]
    return total_s(intersection(speech, [Segment(turn.start_s, turn.end_s)])) if speech else turn.end_s - turn.start_s


def _response_s(heard: Heard, call: Call, at: int) -> float | None:
    """Seconds from the end of the other party's turn; None where the turn before is not the other party's."""
    if at == 0:
        return None
    before = call.everyone[at - 1].turn
    if {before.role, heard.turn.role} != {"agent", "customer"}:
        return None
    return max(0.0, heard.turn.start_s - before.end_s)


def _evidence(check: Turns, heard: Heard, value: float) -> Evidence:
    turn = heard.turn
    start, end = round(turn.start_s, 2), round(max(turn.end_s, turn.start_s + 0.01), 2)
    return Evidence(start, end, turn.role, f"{check.figure} = {value:.4g}", "measure", heard=turn.text)

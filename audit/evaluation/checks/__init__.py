"""What each check means: pure functions from a prepared call to a verdict with its proof.

The set is closed (:data:`audit.evaluation.conditions.KINDS`). A check opens no file, asks no clock
and calls no model. What it needs and does not find makes it not evaluable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from audit.evaluation import conditions as c
from audit.evaluation import flow, told, wordings
from audit.evaluation.call import Call, Judge, Reason, Result, say
from audit.evaluation.checks.composition import judge_all_of, judge_any_of, judge_first_of, judge_not
from audit.evaluation.checks.course import judge_count, judge_except, judge_sequence
from audit.evaluation.checks.events import judge_events
from audit.evaluation.checks.facts_said import judge_greeting_hour, judge_recall
from audit.evaluation.checks.figures import judge_fact, judge_first_voice, judge_measure
from audit.evaluation.checks.likeness import judge_repetition, judge_similarity
from audit.evaluation.checks.patterns import judge_proximity, judge_ratio, judge_regex
from audit.evaluation.checks.said_again import judge_entities_said, judge_said_again
from audit.evaluation.checks.scope import Given, judge_given, judge_near_each
from audit.evaluation.checks.turn_figures import judge_turns
from audit.evaluation.checks.waits import judge_hold_etiquette
from audit.evaluation.checks.wording import judge_phrases

__all__ = ["judge"]


def _alone(function: Callable[[Any, Call], Result]) -> Callable[[Any, Call, Judge], Result]:
    """A check that holds no other check and has no scope."""
    return lambda check, call, _: function(check, call)


#: What judges each kind. Checks that hold others, or are searched near others, get `judge` handed in.
_JUDGES: Mapping[type[Any], Callable[[Any, Call, Judge], Result]] = {
    wordings.Phrases: judge_phrases,
    wordings.Regex: judge_regex,
    wordings.Ratio: judge_ratio,
    c.Measure: _alone(judge_measure),
    c.Fact: _alone(judge_fact),
    c.FirstVoice: _alone(judge_first_voice),
    c.HoldEtiquette: _alone(judge_hold_etiquette),
    c.GreetingHour: judge_greeting_hour,
    wordings.Similarity: judge_similarity,
    c.Recall: judge_recall,
    c.AllOf: judge_all_of,
    c.AnyOf: judge_any_of,
    c.FirstOf: judge_first_of,
    c.Not: judge_not,
    flow.Sequence: judge_sequence,
    flow.Count: judge_count,
    flow.Events: judge_events,
    flow.Turns: judge_turns,
    flow.Except: judge_except,
    wordings.Proximity: judge_proximity,
    wordings.Repetition: judge_repetition,
    Given: judge_given,
    told.EntitiesSaid: judge_entities_said,
    told.SaidAgain: judge_said_again,
}


_SCOPED = frozenset(kind for kind in _JUDGES if "where" in getattr(kind, "__dataclass_fields__", ()))


def judge(check: c.Check, call: Call) -> Result:
    """Apply one check.

    Parameters
    ----------
    check : Check
    call : Call

    Returns
    -------
    Result
        With a reason in both languages; evidence wherever there is something to listen to.
    """
    known = call.memo.get(id(check))
    if known is not None:
        return known[1]
    kind = type(check)
    where = check.where if kind in _SCOPED else None  # type: ignore[union-attr]
    try:
        if where is not None and where.near is not None and where.near.hit == "every":
            result = judge_near_each(check, call, judge)
        else:
            result = _JUDGES[kind](check, call, judge)
    except TimeoutError:
        result = Result("not_evaluable", _too_slow(call.matching.regex_timeout_s))
    call.memo[id(check)] = (check, result)
    return result


def _too_slow(seconds: float) -> Reason:
    return say(
        f"正则表达式在本次通话上超过了 {seconds:g} 秒的时限，请改写",
        f"a regular expression took longer than its {seconds:g} s on this call; rewrite it",
    )

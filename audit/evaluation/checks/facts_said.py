"""What is said held against what is known: the hour of the call, what was learned earlier in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from audit.evaluation.call import Call, Judge, Result, say
from audit.evaluation.checks.hits import Budget, distinct, evidence_of
from audit.evaluation.checks.scope import Searched, search
from audit.evaluation.conditions import GreetingHour, Recall
from audit.evaluation.match import Heard, Hit, MatchMode
from audit.evaluation.normalise import normalise
from audit.evaluation.prefilter import find_wanted, texts_worth_seeking


def judge_greeting_hour(check: GreetingHour, call: Call, judge: Judge) -> Result:
    """Whether a greeting that names a time of day fits the local hour of the call."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    language, matching, turns = call.language, call.matching, searched.numbered
    greetings = tuple(check.greetings)
    found = [
        (h, greetings[i])
        for i, spots in texts_worth_seeking(greetings, turns, call.index, check.match, language, matching.gap_chars)
        for h in searched.keep(find_wanted(greetings[i], spots, turns, language=language, mode=check.match, matching=matching))
    ]
    if not found:
        return Result("not_applicable", say("问候语没有提到时段", "the greeting names no time of day"))
    started = call.record.metadata.started_at
    if started is None:
        return Result("not_evaluable", say("不知道通话时间", "the time of the call is not known"))
    if call.record.metadata.utc_only:
        return Result(
            "not_evaluable",
            say(
                "只有 UTC 时间，不知道当地几点；请在 profile 中写 time_zone",
                "the time is known in UTC only, not the local hour: name time_zone in the profile",
            ),
        )
    hit, greeting = min(found, key=lambda f: (f[0].start_s, f[0].cost_ratio))
    hour = started.hour + started.minute / 60
    start, end = check.greetings[greeting]
    fitting = next((g for g, (a, b) in check.greetings.items() if a <= hour < b), None)
    good = start <= hour < end
    reason = say(
        f"{started:%H:%M} 说“{greeting}”（{start:g}–{end:g} 点适用）",
        f"“{greeting}” at {started:%H:%M} (fits {start:g} to {end:g} o'clock)",
    )
    return Result("pass" if good else "fail", reason, (evidence_of(hit, searched.role, None if good else fitting),))


def judge_recall(check: Recall, call: Call, judge: Judge) -> Result:
    """Whether what was learned in the call is said again by the one who learned it."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    learned: list[tuple[str, float, Hit | None]] = []
    budget = Budget(call.matching.regex_timeout_s)
    known = call.variable(check.known_as) if check.known_as else None
    if known:
        learned += [(name, 0.0, None) for name in _names(normalise(known, call.language)[0], call.language)]
    learned += _learned(check.learned, call.turns.get(check.from_role, ()), budget)
    if check.answered_where is not None:
        answers = search(check.answered_where, call, judge)
        if isinstance(answers, Searched):
            learned += _learned(check.answered, answers.turns, budget, answers)
    if not learned:
        return Result("not_applicable", say("通话中没有得知", "it was never learned in the call"))
    hits = _recalled(check.said, learned, searched, call, check.match)
    if hits:
        proof = tuple(evidence_of(h, searched.role) for h in hits)
        return Result(
            "pass", say(f"说了“{proof[0].heard or proof[0].text}”", f"said “{proof[0].heard or proof[0].text}”"), proof
        )
    it, at_s, source = min(learned, key=lambda x: x[1])
    window = searched.evidence(call, it)
    window = replace(window, start_s=round(max(window.start_s, at_s), 2), end_s=round(max(window.end_s, at_s + 0.01), 2))
    before = (evidence_of(source, check.from_role),) if source is not None else ()
    return Result("fail", say(f"得知“{it}”后没有再用", f"“{it}” was learned and not used"), (*before, window))


def _names(known: str, language: str) -> list[str]:
    """What of a name on record may be said: in English each of its words, since few people are called by all of them.

    Examples
    --------
    >>> _names("theresa a allen", "en"), _names("欧阳", "zh")
    (['theresa', 'allen'], ['欧阳'])
    """
    return [w for w in known.split(" ") if len(w) > 1] or [known] if language == "en" else [known]


def _learned(
    patterns: Iterable[str], turns: Iterable[Heard], budget: Budget, within: Searched | None = None
) -> list[tuple[str, float, Hit | None]]:
    """What the one group of each expression caught, from when it is known, and where that was said."""
    found = [
        (m[1], heard.time_of(m.end() - 1)[1], Hit(heard, m.start(), m.end(), m[0], "normalised"))
        for heard in turns
        for pattern in patterns
        for m in budget.finditer(pattern, heard.plain)
        if m[1]
    ]
    return [(it, at_s, hit) for it, at_s, hit in found if within is None or within.keep((hit,))]


def _recalled(
    said: Iterable[str], learned: Iterable[tuple[str, float, Hit | None]], searched: Searched, call: Call, mode: MatchMode
) -> list[Hit]:
    """Where something learned is said, later than it was learned."""
    hits = [
        h
        for it, at_s, _ in learned
        for phrase in said
        for h in find_wanted(
            phrase.replace("{it}", it), None, searched.numbered, language=call.language, mode=mode, matching=call.matching
        )
        if h.start_s >= at_s
    ]
    return sorted(distinct(searched.keep(hits)), key=lambda h: h.start_s)

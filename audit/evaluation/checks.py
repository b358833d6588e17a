"""What each check means: pure functions from a prepared call to a verdict with its proof.

The set is closed (:data:`audit.evaluation.language.KINDS`). A check opens no file, asks no clock
and calls no model. What it needs and does not find makes it not evaluable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import LCSseq

from audit.evaluation import figures, waits
from audit.evaluation.call import Call, Result, say, span, window_evidence
from audit.evaluation.language import (
    AllOf,
    AnyOf,
    Check,
    Fact,
    FirstOf,
    FirstVoice,
    GreetingHour,
    HoldEtiquette,
    Measure,
    Not,
    Phrases,
    Ratio,
    Recall,
    Regex,
    Similarity,
    Where,
)
from audit.evaluation.match import Heard, Hit, Matching, MatchMode, cheapest, find, without
from audit.evaluation.normalise import normalise
from audit.records import Evidence
from audit.segments import Segment, union
from audit.verdicts import Verdict
from audit.words import Role

_INNERMOST_GROUP = re.compile(r"\(([^()]*)\)")
#: How many of the sought wordings a reason quotes.
_QUOTED = 3
#: Evidence is rounded to hundredths; a window that begins at evidence must not lose it by that.
_ROUNDING_S = 0.01
#: A name this far from what was said is not even shown as the nearest thing heard.
_NEAREST_SHOWN_RATIO = 0.45


def judge(check: Check, call: Call) -> Result:
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
    match check:
        case Phrases():
            return _phrases(check, call)
        case Regex():
            return _regex(check, call)
        case Ratio():
            return _ratio(check, call)
        case Measure():
            return figures.judge_measure(check, call)
        case Fact():
            return figures.judge_fact(check, call)
        case FirstVoice():
            return figures.judge_first_voice(check, call)
        case HoldEtiquette():
            return waits.judge_hold_etiquette(check, call)
        case GreetingHour():
            return _greeting_hour(check, call)
        case Similarity():
            return _similarity(check, call)
        case Recall():
            return _recall(check, call)
        case AllOf():
            return _all_of([judge(c, call) for c in check.checks])
        case AnyOf():
            return _any_of([judge(c, call) for c in check.checks])
        case FirstOf():
            return _first_of([judge(c, call) for c in check.checks])
        case Not():
            return _not(judge(check.check, call))


# --- composition ----------------------------------------------------------------------------------
def _joined(verdict: Verdict, parts: Sequence[Result]) -> Result:
    """The parts that led to a verdict as one result."""
    reason = {lang: "；".join(dict.fromkeys(p.reason[lang] for p in parts)) for lang in ("zh", "en")}
    return Result(verdict, {**reason, "en": reason["en"].replace("；", "; ")}, tuple(e for p in parts for e in p.evidence))


def _of(parts: Sequence[Result], *verdicts: Verdict) -> list[Result]:
    return [p for p in parts if p.verdict in verdicts]


def _all_of(parts: Sequence[Result]) -> Result:
    for verdict in ("fail", "not_evaluable", "pass", "not_applicable"):
        found = [p for p in parts if p.verdict == verdict]
        if found:
            return _joined(found[0].verdict, found)
    raise ValueError("all_of without parts")


def _any_of(parts: Sequence[Result]) -> Result:
    for verdict in ("pass", "not_evaluable", "fail", "not_applicable"):
        found = [p for p in parts if p.verdict == verdict]
        if found:
            return _joined(found[0].verdict, found)
    raise ValueError("any_of without parts")


def _first_of(parts: Sequence[Result]) -> Result:
    return next(iter(_of(parts, "pass", "fail")), parts[0])


def _not(result: Result) -> Result:
    turned: dict[Verdict, Verdict] = {"pass": "fail", "fail": "pass"}
    return replace(result, verdict=turned.get(result.verdict, result.verdict))


# --- where to search ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Searched:
    """Turns to search and the stretches of time a hit must begin in (None: anywhere)."""

    turns: tuple[Heard, ...]
    windows: tuple[Segment, ...] | None
    role: Role

    def keep(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits that begin inside the windows."""
        if self.windows is None:
            return tuple(hits)
        return tuple(h for h in hits if any(w.contains(h.start_s) for w in self.windows))

    def evidence(self, call: Call, text: str, role: Role) -> Evidence:
        """The stretch searched, for a person to listen to."""
        whole = span(self.turns)
        if self.windows:
            start = max(0.0, min(w.start_s for w in self.windows))
            end = min(call.end_s, max(w.end_s for w in self.windows))
            if whole is not None:
                start, end = max(start, min(whole.start_s, end)), min(end, max(whole.end_s, start + 0.01))
            return window_evidence(start, end, role, text)
        if whole is None:
            return window_evidence(call.record.timeline.answer_at_s or 0.0, call.end_s, role, text)
        return window_evidence(whole.start_s, whole.end_s, role, text)


def _search(where: Where, call: Call) -> _Searched | Result:
    """Resolve a scope, or say why there is nothing to search."""
    problem = call.problem(where.role)
    if problem is not None:
        return Result("not_evaluable", problem)
    turns = call.turns[where.role]
    windows: tuple[Segment, ...] | None = None
    if where.near is not None:
        event = judge(where.near.event, call)
        if event.verdict == "not_evaluable":
            return event
        heard = [e for e in event.evidence if e.match != "window"]
        if not heard:
            return Result("not_applicable", say("没有出现该情形", "the occasion did not arise"))
        after = where.near.after_s
        windows = union(
            Segment(
                e.start_s - where.near.before_s - _ROUNDING_S,
                max(e.end_s, e.start_s) + after if after is not None else _far(call),
            )
            for e in heard
        )
    if where.first_s is not None:
        began = min(h.times_s[0][0] for h in turns)
        windows = _cut(windows, Segment(began - 0.01, began + where.first_s))
    if where.last_s is not None:
        windows = _cut(windows, Segment(min(call.end_s - where.last_s, call.end_s), _far(call)))
    if windows is not None:
        turns = tuple(
            h
            for h in turns
            if any(w.intersect(Segment(h.turn.start_s, max(h.turn.end_s, h.turn.start_s + 0.01))) for w in windows)
        )
    if where.first_turns is not None:
        turns = turns[: where.first_turns]
    if where.last_turns is not None:
        turns = turns[-where.last_turns :]
    return _Searched(turns, windows, where.role)


def _far(call: Call) -> float:
    return max(call.end_s, call.record.recording.duration_s) + 1.0


def _cut(windows: tuple[Segment, ...] | None, to: Segment) -> tuple[Segment, ...]:
    if windows is None:
        return (to,)
    return tuple(s for s in (w.intersect(to) for w in windows) if s is not None)


# --- words ----------------------------------------------------------------------------------------
def _evidence(hit: Hit, role: Role, suggestion: str | None = None) -> Evidence:
    return Evidence(
        start_s=round(hit.start_s, 2),
        end_s=round(hit.end_s, 2),
        role=role,
        text=hit.sought if hit.how == "pinyin" else hit.written,
        match=hit.how,
        heard=hit.written if hit.how != "exact" else None,
        confidence=hit.confidence,
        suggestion=suggestion,
    )


def _matching(check: Phrases, call: Call) -> Matching:
    """The scorecard's prices with this rule's own limits."""
    return replace(
        call.matching,
        max_cost_ratio=call.matching.max_cost_ratio if check.max_cost_ratio is None else check.max_cost_ratio,
        max_name_distance_ratio=(
            call.matching.max_name_distance_ratio if check.max_name_distance_ratio is None else check.max_name_distance_ratio
        ),
    )


def _excused(phrases: Iterable[str], turns: Sequence[Heard], call: Call, mode: MatchMode = "normalised") -> list[Hit]:
    """Stretches in which a wording does not count."""
    return [h for p in phrases for h in find(call.fill(p)[0], turns, language=call.language, mode=mode, matching=call.matching)]


def _phrases(check: Phrases, call: Call) -> Result:
    searched = _search(check.where, call)
    if isinstance(searched, Result):
        return searched
    matching = _matching(check, call)
    # What is sought by sound is excused by sound; but 喂 must not be excused as a sound-alike of 为您 where it is forbidden.
    excuse_mode: MatchMode = "pinyin" if check.match == "pinyin" and check.quantifier != "none" else "normalised"
    excused = _excused(check.unless, searched.turns, call, excuse_mode)
    found: list[tuple[str, str | None, tuple[Hit, ...]]] = []
    lacking: str | None = None
    for phrase in check.phrases:
        text, missing = call.fill(phrase.text)
        if missing is not None:
            lacking = missing
            continue
        hits = find(text, searched.turns, language=call.language, mode=phrase.match or check.match, matching=matching)
        hits = without(searched.keep(hits), excused + _excused(phrase.unless, searched.turns, call, excuse_mode))
        if check.at_start:
            hits = tuple(h for h in hits if h.start in _beginnings(h.heard, check.skip, call.language))
        found.append((text, phrase.suggestion, hits))
    decided = check.quantifier != "all" and any(hits for _, _, hits in found)
    if lacking is not None and not decided:
        return Result("not_evaluable", say(f"通话资料中没有 {lacking}", f"the call's data has no {lacking}"))
    return _quantified(check, call, searched, found, matching)


def _quantified(
    check: Phrases, call: Call, searched: _Searched, found: list[tuple[str, str | None, tuple[Hit, ...]]], matching: Matching
) -> Result:
    """Turn hits into the verdict that any, all or none of the phrases asks for."""
    suggested = {id(h): s for _, s, hits in found for h in hits}
    role = check.where.role
    hits = sorted(_distinct(h for _, _, hs in found for h in hs), key=lambda h: h.start_s)
    proof = tuple(_evidence(h, role, suggested[id(h)]) for h in hits)
    quoted = "、".join(f"“{e.heard or e.text}”" for e in proof[:_QUOTED])
    if check.quantifier == "none":
        if proof:
            return Result("fail", say(f"说了{quoted}", f"said {quoted}"), proof)
        return Result("pass", say("没有这类用语", "no such wording"))
    absent = [text for text, _, hs in found if not hs]
    if (check.quantifier == "any" and proof) or not absent:
        return Result("pass", say(f"说了{quoted}", f"said {quoted}"), proof)
    wanted = " / ".join(dict.fromkeys(one_wording(text) for text in absent[:_QUOTED]))
    if len(absent) > _QUOTED:
        wanted += " / …"
    window = searched.evidence(call, wanted, role)
    near = _nearest(check, searched, absent, call, matching)
    reason = say(f"没有听到：{wanted}", f"not heard: {wanted}")
    if near is not None:
        window = replace(window, heard=near.written)
        like = f"{1 - near.cost_ratio:.0%}"
        reason = say(
            f"{reason['zh']}；最接近的是“{near.written}”（相似 {like}）",
            f"{reason['en']}; nearest: “{near.written}” (likeness {like})",
        )
    return Result("fail", reason, (window,))


def one_wording(phrase: str) -> str:
    """One of the wordings that a phrase with alternatives stands for: the first of each group.

    Examples
    --------
    >>> one_wording("(how|what) (can|may) (i|we) help")
    'how can i help'
    >>> one_wording("(很高兴|高兴)(能|可以|)为(您|你)服务")
    '很高兴能为您服务'
    """
    while (simpler := _INNERMOST_GROUP.sub(lambda m: m[1].split("|")[0], phrase)) != phrase:
        phrase = simpler
    return " ".join(phrase.split())


def _nearest(check: Phrases, searched: _Searched, absent: list[str], call: Call, matching: Matching) -> Hit | None:
    """For a long name that was not said as it should be: what came closest."""
    if check.match != "fuzzy":
        return None
    loose = replace(matching, max_name_distance_ratio=_NEAREST_SHOWN_RATIO)
    hits = [h for t in absent for h in find(t, searched.turns, language=call.language, mode="fuzzy", matching=loose)]
    return min(hits, key=lambda h: h.cost_ratio, default=None)


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Hits of several phrases on the same words given once."""
    by_turn: dict[int, list[Hit]] = {}
    for h in hits:
        by_turn.setdefault(id(h.heard), []).append(h)
    return [h for group in by_turn.values() for h in cheapest(group)]


def _beginnings(heard: Heard, skip: tuple[str, ...], language: str) -> set[int]:
    """Positions at which a turn can be said to begin: its first character, and after each filler that may be passed over."""
    at, places = 0, {0}
    fillers = [f for f in (normalise(s, language)[0] for s in skip) if f]
    while True:
        step = next((len(f) for f in fillers if heard.plain.startswith(f, at)), 0)
        if not step:
            return places
        at += step + (language == "en" and heard.plain[at + step : at + step + 1] == " ")
        places.add(at)


@lru_cache(maxsize=5_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _pattern_hits(patterns: Iterable[str], turns: Iterable[Heard]) -> list[Hit]:
    return [
        Hit(heard, m.start(), m.end(), m[0], "normalised")
        for heard in turns
        for p in patterns
        for m in _compiled(p).finditer(heard.plain)
        if m.end() > m.start()
    ]


def _regex(check: Regex, call: Call) -> Result:
    searched = _search(check.where, call)
    if isinstance(searched, Result):
        return searched
    hits = without(searched.keep(_pattern_hits(check.patterns, searched.turns)), _excused(check.unless, searched.turns, call))
    proof = tuple(_evidence(h, check.where.role) for h in sorted(_distinct(hits), key=lambda h: h.start_s))
    quoted = "、".join(f"“{e.heard or e.text}”" for e in proof[:_QUOTED])
    if check.quantifier == "none":
        if proof:
            return Result("fail", say(f"说了{quoted}", f"said {quoted}"), proof)
        return Result("pass", say("没有这类用语", "no such wording"))
    if proof:
        return Result("pass", say(f"说了{quoted}", f"said {quoted}"), proof)
    return Result(
        "fail", say("没有听到所要的话", "the wording asked for was not heard"), (searched.evidence(call, "", check.where.role),)
    )


def _ratio(check: Ratio, call: Call) -> Result:
    searched = _search(check.where, call)
    if isinstance(searched, Result):
        return searched

    def hits(phrases: Iterable[str]) -> tuple[Hit, ...]:
        every = [
            h
            for p in phrases
            for h in find(p, searched.turns, language=call.language, mode="normalised", matching=call.matching)
        ]
        return searched.keep(_distinct(every))

    counted = without(hits(check.counted), _excused(check.excused, searched.turns, call))
    against = hits(check.against)
    n, m = len(counted), len(against)
    too_many = check.max_count is not None and n > check.max_count
    outnumbers = check.max_ratio is not None and n > check.max_ratio * m
    words, others = "/".join(check.counted), "/".join(check.against)
    reason = say(f"“{words}”{n} 次，“{others}”{m} 次", f"“{words}” {n} times, “{others}” {m} times")
    if n and (too_many or outnumbers):
        proof = tuple(_evidence(h, check.where.role, check.suggestion) for h in sorted(counted, key=lambda h: h.start_s))
        return Result("fail", reason, proof)
    return Result("pass", reason)


def _greeting_hour(check: GreetingHour, call: Call) -> Result:
    searched = _search(check.where, call)
    if isinstance(searched, Result):
        return searched
    found = [
        (h, greeting)
        for greeting in check.greetings
        for h in searched.keep(find(greeting, searched.turns, language=call.language, mode=check.match, matching=call.matching))
    ]
    if not found:
        return Result("not_applicable", say("问候语没有提到时段", "the greeting names no time of day"))
    started = call.record.metadata.started_at
    if started is None:
        return Result("not_evaluable", say("不知道通话时间", "the time of the call is not known"))
    hit, greeting = min(found, key=lambda f: (f[0].start_s, f[0].cost_ratio))
    hour = started.hour + started.minute / 60
    start, end = check.greetings[greeting]
    fitting = next((g for g, (a, b) in check.greetings.items() if a <= hour < b), None)
    good = start <= hour < end
    reason = say(
        f"{started:%H:%M} 说“{greeting}”（{start:g}–{end:g} 点适用）",
        f"“{greeting}” at {started:%H:%M} (fits {start:g} to {end:g} o'clock)",
    )
    return Result("pass" if good else "fail", reason, (_evidence(hit, check.where.role, None if good else fitting),))


def _similarity(check: Similarity, call: Call) -> Result:
    searched = _search(check.where, call)
    if isinstance(searched, Result):
        return searched
    text, missing = call.fill(check.to)
    # A script may itself hold variables (the agent's name, the company).
    script, missing_inside = call.fill(text)
    if missing or missing_inside:
        lacking = missing or missing_inside
        return Result("not_evaluable", say(f"通话资料中没有 {lacking}", f"the call's data has no {lacking}"))
    wanted = _units(normalise(script, call.language)[0], call.language)
    said = _units(" ".join(h.plain for h in searched.turns), call.language)
    ratio = LCSseq.similarity(wanted, said) / len(wanted) if wanted else 0.0
    good = ratio >= check.min_ratio
    whole = span(searched.turns) or Segment(0.0, 0.01)
    heard = " ".join(h.turn.text for h in searched.turns)
    proof = Evidence(round(whole.start_s, 2), round(whole.end_s, 2), check.where.role, script, "measure", heard=heard)
    reason = say(
        f"与规定话术相同 {ratio:.0%}（至少 {check.min_ratio:.0%}）",
        f"{ratio:.0%} of the script was said (at least {check.min_ratio:.0%})",
    )
    return Result("pass" if good else "fail", reason, (proof,))


def _units(text: str, language: str) -> list[str]:
    """Characters of Chinese, words of English."""
    return text.split() if language == "en" else [c for c in text if c != " "]


def _recall(check: Recall, call: Call) -> Result:
    searched = _search(check.where, call)
    if isinstance(searched, Result):
        return searched
    learned: list[tuple[str, float, Hit | None]] = []
    known = call.variable(check.known_as) if check.known_as else None
    if known:
        learned.append((normalise(known, call.language)[0], 0.0, None))
    for heard in call.turns.get(check.from_role, ()):
        for pattern in check.learned:
            learned += [
                (m[1], heard.times_s[m.end() - 1][1], Hit(heard, m.start(), m.end(), m[0], "normalised"))
                for m in _compiled(pattern).finditer(heard.plain)
            ]
    if not learned:
        return Result("not_applicable", say("通话中没有得知", "it was never learned in the call"))
    hits = _recalled(check.said, learned, searched, call, check.match)
    if hits:
        proof = tuple(_evidence(h, check.where.role) for h in hits)
        return Result(
            "pass", say(f"说了“{proof[0].heard or proof[0].text}”", f"said “{proof[0].heard or proof[0].text}”"), proof
        )
    it, at_s, source = min(learned, key=lambda x: x[1])
    window = searched.evidence(call, it, check.where.role)
    window = replace(window, start_s=round(max(window.start_s, at_s), 2), end_s=round(max(window.end_s, at_s + 0.01), 2))
    before = (_evidence(source, check.from_role),) if source is not None else ()
    return Result("fail", say(f"得知“{it}”后没有再用", f"“{it}” was learned and not used"), (*before, window))


def _recalled(
    said: Iterable[str], learned: Iterable[tuple[str, float, Hit | None]], searched: _Searched, call: Call, mode: MatchMode
) -> list[Hit]:
    """Where something learned is said, later than it was learned."""
    hits = [
        h
        for it, at_s, _ in learned
        for phrase in said
        for h in find(phrase.replace("{it}", it), searched.turns, language=call.language, mode=mode, matching=call.matching)
        if h.start_s >= at_s
    ]
    return sorted(_distinct(searched.keep(hits)), key=lambda h: h.start_s)

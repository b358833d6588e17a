"""Is a wording said: any, all or none of some phrases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from audit.evaluation.call import Call, Judge, Reason, Result, say
from audit.evaluation.checks.hits import QUOTED, distinct, evidence_of, excused_hits, one_wording
from audit.evaluation.checks.scope import Searched, search
from audit.evaluation.match import Heard, Hit, Matching, MatchMode, find, without
from audit.evaluation.normalise import normalise
from audit.evaluation.prefilter import phrases_worth_seeking
from audit.evaluation.wordings import Phrases
from audit.verdicts import Verdict

#: A name this far from what was said is not even shown as the nearest thing heard.
_NEAREST_SHOWN_RATIO = 0.45
_NOT_SAID = Result("pass", say("没有这类用语", "no such wording"))


def _matching(check: Phrases, call: Call) -> Matching:
    """The scorecard's prices with this rule's own limits."""
    if check.max_cost_ratio is None and check.max_name_distance_ratio is None:
        return call.matching
    return _limited(call.matching, check.max_cost_ratio, check.max_name_distance_ratio)


@lru_cache(maxsize=500)
def _limited(matching: Matching, max_cost_ratio: float | None, max_name_distance_ratio: float | None) -> Matching:
    return replace(
        matching,
        max_cost_ratio=matching.max_cost_ratio if max_cost_ratio is None else max_cost_ratio,
        max_name_distance_ratio=(
            matching.max_name_distance_ratio if max_name_distance_ratio is None else max_name_distance_ratio
        ),
    )


def judge_phrases(check: Phrases, call: Call, judge: Judge) -> Result:
    """Whether any, all or none of the phrases is said."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    matching = _matching(check, call)
    # What is sought by sound is excused by sound; but 喂 must not be excused as a sound-alike of 为您 where it is forbidden.
    excuse_mode: MatchMode = "pinyin" if check.match == "pinyin" and check.quantifier != "none" else "normalised"
    excused: list[Hit] | None = None  # sought only once there is something to excuse
    unfilled: set[int] = set()
    lacking: str | None = None
    said: dict[int, tuple[Hit, ...]] = {}
    filled: dict[int, str] = {}
    for i, keys in phrases_worth_seeking(check, searched.turns, call.index, call.language, matching.gap_chars):
        phrase = check.phrases[i]
        text = phrase.text
        if "{" in text:
            text, missing = call.fill(text)
            if missing is not None:
                lacking = missing
                unfilled.add(i)
                continue
            filled[i] = text
        mode = phrase.match or check.match
        hits = find(text, searched.turns, language=call.language, mode=mode, matching=matching, keys=keys)
        if hits and searched.windows is not None:
            hits = searched.keep(hits)
        if hits and (check.unless or phrase.unless):
            if excused is None:
                excused = excused_hits(check.unless, searched.turns, call, excuse_mode)
            hits = without(hits, excused + excused_hits(phrase.unless, searched.turns, call, excuse_mode))
        if hits and check.at_start:
            hits = tuple(h for h in hits if h.start in _beginnings(h.heard, check.skip, call.language))
        if hits:
            said[i] = hits
    if not said and check.quantifier == "none" and lacking is None:
        return _NOT_SAID
    decided = check.quantifier != "all" and len(said) >= (check.at_least or 1) and not check.min_hits and not check.max_hits
    if lacking is not None and not decided:
        return Result("not_evaluable", say(f"通话资料中没有 {lacking}", f"the call's data has no {lacking}"))
    return _quantified(check, call, searched, _Found(check, said, filled, unfilled), matching)


class _Found(NamedTuple):
    """What was heard of a check's phrases, by their numbers in order.

    Attributes
    ----------
    said : mapping of int to tuple of Hit
        Those that were heard.
    filled : mapping of int to str
        Those with variables, filled in; any other is sought as it is written.
    unfilled : set of int
        Those that nobody can tell, since the call's data lacks their variables.
    """

    check: Phrases
    said: Mapping[int, tuple[Hit, ...]]
    filled: Mapping[int, str]
    unfilled: set[int]

    @property
    def n_absent(self) -> int:
        """How many were sought in vain."""
        return len(self.check.phrases) - len(self.unfilled) - len(self.said)

    def absent(self) -> Iterator[str]:
        """The wordings that were sought in vain; a check may have hundreds of which three are quoted."""
        for i, phrase in enumerate(self.check.phrases):
            if i not in self.said and i not in self.unfilled:
                yield self.filled.get(i, phrase.text)


def _quantified(check: Phrases, call: Call, searched: Searched, found: _Found, matching: Matching) -> Result:
    """Turn hits into the verdict that any, all or none of the phrases asks for."""
    if not found.said and check.quantifier == "none":
        return _NOT_SAID
    number_of = {id(h): i for i, hits in found.said.items() for h in hits}
    # The hits of one phrase lie apart.
    hits = [h for hs in found.said.values() for h in hs]
    if len(found.said) > 1:
        hits = distinct(hits)
    if len(hits) > 1:
        hits.sort(key=_BY_START)
    proof = tuple([evidence_of(h, searched.role, check.phrases[number_of[id(h)]].suggestion) for h in hits])
    quoted = "、".join([f"“{e.heard or e.text}”" for e in proof[:QUOTED]])
    if check.quantifier == "none":
        allowed = check.max_hits or 0
        times = (
            say(f"，{len(proof)} 次（至多 {allowed} 次）", f", {len(proof)} times (at most {allowed})")
            if allowed
            else say("", "")
        )
        if proof:
            verdict: Verdict = "fail" if len(proof) > allowed else "pass"
            return Result(verdict, say(f"说了{quoted}{times['zh']}", f"said {quoted}{times['en']}"), proof)
        return _NOT_SAID
    if (check.quantifier == "any" and proof) or not found.n_absent:
        short = None
        if check.at_least is not None or check.min_hits is not None:
            short = _too_few(check, len({number_of[id(h)] for h in hits}), len(hits))
        if short is None:
            return Result("pass", say(f"说了{quoted}", f"said {quoted}"), proof)
        reason = say(f"说了{quoted}，{short['zh']}", f"said {quoted}: {short['en']}")
        wanted = " / ".join(one_wording(t) for t in islice(found.absent(), QUOTED))
        return Result("fail", reason, (*proof, searched.evidence(call, wanted)))
    wanted = " / ".join(dict.fromkeys(one_wording(t) for t in islice(found.absent(), QUOTED)))
    if found.n_absent > QUOTED:
        wanted += " / …"
    window = searched.evidence(call, wanted)
    near = _nearest(check, searched, found, call, matching)
    reason = say(f"没有听到：{wanted}", f"not heard: {wanted}")
    if near is not None:
        window = replace(window, heard=near.written)
        like = f"{1 - near.cost_ratio:.0%}"
        reason = say(
            f"{reason['zh']}；最接近的是“{near.written}”（相似 {like}）",
            f"{reason['en']}; nearest: “{near.written}” (likeness {like})",
        )
    return Result("fail", reason, (window,))


_BY_START = attrgetter("start_s")


def _too_few(check: Phrases, n_phrases: int, n_hits: int) -> Reason | None:
    """How much is missing where more than one phrase or more than one hit is asked for."""
    if n_phrases < (check.at_least or 1):
        return say(
            f"其中 {n_phrases} 种，至少要 {check.at_least} 种", f"{n_phrases} of them, at least {check.at_least} are needed"
        )
    if n_hits < (check.min_hits or 1):
        return say(f"共 {n_hits} 次，至少要 {check.min_hits} 次", f"{n_hits} times, at least {check.min_hits} are needed")
    return None


def _nearest(check: Phrases, searched: Searched, found: _Found, call: Call, matching: Matching) -> Hit | None:
    """For a long name that was not said as it should be: what came closest."""
    if check.match != "fuzzy":
        return None
    loose = replace(matching, max_name_distance_ratio=_NEAREST_SHOWN_RATIO)
    hits = [h for t in found.absent() for h in find(t, searched.turns, language=call.language, mode="fuzzy", matching=loose)]
    return min(hits, key=lambda h: h.cost_ratio, default=None)


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

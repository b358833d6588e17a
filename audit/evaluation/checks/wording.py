"""Is a wording said: any, all or none of some phrases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from audit.evaluation.call import Call, Judge, Reason, Result, say
from audit.evaluation.checks.hits import QUOTED, distinct, evidence_of, excused_hits, one_wording
from audit.evaluation.checks.scope import Searched, search
from audit.evaluation.match import Heard, Hit, Matching, MatchMode, find, find_spotted, without
from audit.evaluation.normalise import normalise
from audit.evaluation.prefilter import find_wanted, phrases_worth_seeking
from audit.evaluation.wordings import Phrase, Phrases
from audit.records import Evidence
from audit.words import Role

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


class _Asked(NamedTuple):
    """What is the same of a check's phrases in every call.

    Attributes
    ----------
    wanted : str
        The first of them, as a window shows that was searched for them in vain.
    not_heard : Reason
        That none of them was heard.
    """

    wanted: str
    not_heard: Reason


def _asked(phrases: tuple[Phrase, ...]) -> _Asked:
    wanted = _shown((phrase.text for phrase in phrases), len(phrases))
    return _Asked(wanted, _not_heard(wanted))


def _shown(absent: Iterable[str], n_absent: int) -> str:
    """The first of the wordings that were sought in vain."""
    return " / ".join(dict.fromkeys(map(one_wording, islice(absent, QUOTED)))) + (" / …" if n_absent > QUOTED else "")


def _not_heard(wanted: str) -> Reason:
    return say(f"没有听到：{wanted}", f"not heard: {wanted}")


def judge_phrases(check: Phrases, call: Call, judge: Judge) -> Result:
    """Whether any, all or none of the phrases is said."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    matching, language, turns = _matching(check, call), call.language, searched.numbered
    found = _Found(check, {}, {}, set())
    lacking: str | None = None
    excused: list[Hit] | None = None  # sought only once there is something to excuse
    for i, spots in phrases_worth_seeking(check, turns, call.index, language, matching.gap_chars):
        phrase = check.phrases[i]
        text = phrase.text
        if "{" in text:
            text, missing = call.fill(text)
            if missing is not None:
                lacking = missing
                found.unfilled.add(i)
                continue
            found.filled[i] = text
        mode = phrase.match or check.match
        if spots is not None and mode != "fuzzy":
            hits: Sequence[Hit] = find_spotted(spots, turns, mode, matching)
        else:
            hits = find_wanted(text, spots, turns, language=language, mode=mode, matching=matching)
        if hits and searched.windows is not None:
            hits = searched.keep(hits)
        if hits and (check.unless or phrase.unless):
            if excused is None:
                excused = excused_hits(check.unless, searched, call, _excuse_mode(check))
            hits = without(hits, excused + excused_hits(phrase.unless, searched, call, _excuse_mode(check)))
        if hits and check.at_start:
            hits = [h for h in hits if h.start in _beginnings(h.heard, check.skip, language)]
        if hits:
            found.said[i] = hits
    said = found.said
    if lacking is not None:
        decided = check.quantifier != "all" and len(said) >= (check.at_least or 1) and not check.min_hits and not check.max_hits
        if not decided:
            return Result("not_evaluable", say(f"通话资料中没有 {lacking}", f"the call's data has no {lacking}"))
    if check.quantifier == "none":
        return _forbidden(check, searched, found) if said else _NOT_SAID
    if not said and not found.filled and check.match != "fuzzy":  # the commonest case
        asked = call.index.kept(check.phrases, _asked)
        return Result("fail", asked.not_heard, (searched.evidence(call, asked.wanted),))
    return _wanted(check, call, searched, found, matching)


def _excuse_mode(check: Phrases) -> MatchMode:
    """What is sought by sound is excused by sound; but a forbidden 喂 must not be excused as a sound-alike of 为您."""
    return "pinyin" if check.match == "pinyin" and check.quantifier != "none" else "normalised"


class _Found(NamedTuple):
    """What was heard of a check's phrases, by their numbers in order.

    Attributes
    ----------
    said : mapping of int to sequence of Hit
        Those that were heard.
    filled : mapping of int to str
        Those with variables, filled in; any other is sought as it is written.
    unfilled : set of int
        Those that nobody can tell, since the call's data lacks their variables.
    """

    check: Phrases
    said: dict[int, Sequence[Hit]]
    filled: dict[int, str]
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

    def proof(self, role: Role) -> tuple[list[Evidence], int]:
        """The hits by time as evidence, overlapping ones once, and of how many of the phrases they are."""
        if len(self.said) == 1:
            ((i, hits),) = self.said.items()
            number_of = dict.fromkeys(map(id, hits), i)  # the hits of one phrase lie apart
        else:
            number_of = {id(h): i for i, hits in self.said.items() for h in hits}
            hits = distinct([h for hits in self.said.values() for h in hits])
        if len(hits) > 1:
            hits = sorted(hits, key=_BY_START)
        numbers = [number_of[id(h)] for h in hits]
        phrases = self.check.phrases
        return [evidence_of(h, role, phrases[i].suggestion) for h, i in zip(hits, numbers, strict=True)], len(set(numbers))


def _quoted(proof: Sequence[Evidence]) -> str:
    return "、".join([f"“{e.heard or e.text}”" for e in proof[:QUOTED]])


def _forbidden(check: Phrases, searched: Searched, found: _Found) -> Result:
    """The verdict on wordings that should not be said and are."""
    proof, _ = found.proof(searched.role)
    quoted, allowed = _quoted(proof), check.max_hits or 0
    zh, en = f"说了{quoted}", f"said {quoted}"
    if allowed:
        zh, en = f"{zh}，{len(proof)} 次（至多 {allowed} 次）", f"{en}, {len(proof)} times (at most {allowed})"
    return Result("fail" if len(proof) > allowed else "pass", say(zh, en), tuple(proof))


def _wanted(check: Phrases, call: Call, searched: Searched, found: _Found, matching: Matching) -> Result:
    """The verdict on wordings any or all of which should be said."""
    if found.said if check.quantifier == "any" else not found.n_absent:
        proof, n_phrases = found.proof(searched.role)
        quoted = _quoted(proof)
        short = _too_few(check, n_phrases, len(proof))
        if short is None:
            return Result("pass", say(f"说了{quoted}", f"said {quoted}"), tuple(proof))
        reason = say(f"说了{quoted}，{short['zh']}", f"said {quoted}: {short['en']}")
        wanted = " / ".join(one_wording(t) for t in islice(found.absent(), QUOTED))
        return Result("fail", reason, (*proof, searched.evidence(call, wanted)))
    wanted = _shown(found.absent(), found.n_absent)
    window, reason = searched.evidence(call, wanted), _not_heard(wanted)
    near = _nearest(check, searched, found, call, matching)
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

"""What is told, and whether it is said again: numbers, times, amounts, dates, telephones, addresses, names, orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

from audit.evaluation.call import Call, Judge, Result, say
from audit.evaluation.checks.hits import QUOTED
from audit.evaluation.checks.scope import Searched, search, within
from audit.evaluation.entities import Entity, EntityKind, extract, share_said
from audit.evaluation.heard import Heard
from audit.evaluation.normalise import normalise
from audit.evaluation.told import EntitiesSaid, SaidAgain
from audit.records import Evidence
from audit.words import Turn

_NAMES = {
    "number": ("数字", "number"),
    "time": ("时间", "time"),
    "amount": ("金额", "amount"),
    "date": ("日期", "date"),
    "phone": ("电话", "telephone number"),
    "address": ("地址", "address"),
    "name": ("姓名", "name"),
    "id": ("号码或单号", "order or account number"),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """Something told, by when, and where it was first said again: which turn, from and to which character, how much."""

    entity: Entity
    at_s: float
    known: bool = False
    again: tuple[Heard, int, int] | None = None
    share: float = 0.0


def judge_entities_said(check: EntitiesSaid, call: Call, judge: Judge) -> Result:
    """Whether enough different entities of some kinds are said, or none."""
    searched = search(check.where, call, judge)
    if isinstance(searched, Result):
        return searched
    found = _told(check.of, searched, call)
    different = {(e.kind, e.value): e for e in reversed(found)}
    kinds = _kinds(check.of)
    proof = tuple(_evidence(e.heard, e.start, e.end, e.written) for e in sorted(different.values(), key=lambda e: e.start_s))
    quoted = "、".join(f"“{e.written}”" for e in found[:QUOTED])
    if check.expect == "unsaid":
        if proof:
            return Result("fail", say(f"说了{kinds[0]}：{quoted}", f"said a {kinds[1]}: {quoted}"), proof)
        return Result("pass", say(f"没有说{kinds[0]}", f"no {kinds[1]} was said"))
    if len(different) >= check.at_least:
        return Result("pass", say(f"说了{kinds[0]}：{quoted}", f"said a {kinds[1]}: {quoted}"), proof)
    reason = say(
        f"要说出{kinds[0]}（至少 {check.at_least} 项），听到 {len(different)} 项",
        f"asked for a {kinds[1]} (at least {check.at_least}), heard {len(different)}",
    )
    return Result("fail", reason, (*proof, searched.evidence(call, kinds[1])))


def judge_said_again(check: SaidAgain, call: Call, judge: Judge) -> Result:
    """Whether what one person tells is said again by the other, after it."""
    problem = call.problem(check.by)
    if problem is not None:
        return Result("not_evaluable", problem)
    told = _known(check, call)
    searched = search(replace(check.where, role=check.from_role), call, judge)
    if isinstance(searched, Result):
        if not told:  # what is known beforehand can be said again to somebody who says nothing
            return searched
    else:
        told += _news(check, searched, call)
    if not told:
        return Result("not_applicable", say("通话中没有说到这类信息", "nothing of the kind was told in the call"))
    told = [_said_again(t, check, call) for t in told]
    good = [t for t in told if t.again is not None]
    bad = [t for t in told if t.again is None]
    n = say(f"{len(told)} 项中复述了 {len(good)} 项", f"{len(good)} of {len(told)} said again")
    if good and (not bad or check.require == "any"):
        return Result("pass", n, tuple(e for t in good for e in (*_source(t), _repeat(t, check))))
    missing = "、".join(f"“{t.entity.written}”" for t in bad[:QUOTED])
    reason = say(f"{n['zh']}；没有复述{missing}", f"{n['en']}; not said again: {missing}")
    return Result("fail", reason, tuple(e for t in bad for e in (*_source(t), _searched_in_vain(t, check, call))))


def _told(kinds: tuple[EntityKind, ...], searched: Searched, call: Call) -> list[Entity]:
    """Entities in a scope, each turn read together with what was asked before it."""
    return [
        e
        for heard in searched.turns
        for e in extract(heard, kinds, asked=_asked(heard, call))
        if within(searched.windows, e.start_s)
    ]


def _asked(heard: Heard, call: Call) -> str:
    """What somebody else said last before a turn."""
    before = [h for h in call.everyone if h.turn.role != heard.turn.role and h.turn.start_s < heard.turn.start_s]
    return before[-1].plain if before else ""


def _known(check: SaidAgain, call: Call) -> list[_Told]:
    """A name that the call's data holds from the start."""
    known = call.variable(check.known_as) if check.known_as else None
    plain = normalise(known, call.language)[0] if known else ""
    if known is None or not plain:
        return []
    card = Heard(Turn(0.0, 0.01, check.from_role, known), *normalise(known, call.language), call.language)
    return [_Told(Entity("name", plain, card, 0, len(plain)), 0.0, known=True)]


def _news(check: SaidAgain, searched: Searched, call: Call) -> list[_Told]:
    """What is told for the first time, by anybody: to repeat what the other has just said is to confirm it."""
    own_name = normalise(call.record.metadata.agent_name or "", call.language)[0] if check.by == "agent" else ""
    heard_before = list(call.turns.get(check.by, ()))
    told: dict[tuple[str, str], _Told] = {}
    for e in _told(check.entities, searched, call):
        if e.kind == "name" and own_name and (e.value in own_name or own_name in e.value):
            continue
        if e.kind == "date" and e.value.startswith("-"):  # yesterday is no appointment
            continue
        earlier = (h for h in heard_before if h.turn.start_s < e.start_s)
        if (e.kind, e.value) not in told and not any(share_said(e, h)[0] >= check.min_share for h in earlier):
            told[e.kind, e.value] = _Told(e, e.end_s)
    return list(told.values())


def _said_again(told: _Told, check: SaidAgain, call: Call) -> _Told:
    """The first place where enough of it is said again; a long number may be said again bit by bit."""
    after = [h for h in call.turns.get(check.by, ()) if h.turn.end_s > told.at_s]
    own = told.entity.heard.turn
    later = [h for h in after if told.known or h.turn.start_s >= own.start_s]
    best = told
    for heard in later[: check.within_turns]:
        share, start, end = share_said(told.entity, heard)
        if share > best.share and heard.time_of(end - 1)[1] > told.at_s:
            best = replace(best, share=share, again=(heard, start, end))
        if best.share >= check.min_share:
            return best
    return replace(best, again=None)


def _source(told: _Told) -> tuple[Evidence, ...]:
    if told.known:
        return ()
    e = told.entity
    return (_evidence(e.heard, e.start, e.end, e.written),)


def _repeat(told: _Told, check: SaidAgain) -> Evidence:
    assert told.again is not None
    heard, start, end = told.again
    e = _evidence(heard, start, end, told.entity.written)
    return replace(e, role=check.by, heard=_written(heard, start, end), cost=round(1.0 - told.share, 3) or None)


def _searched_in_vain(told: _Told, check: SaidAgain, call: Call) -> Evidence:
    """The turns in which it should have been said again."""
    own = told.entity.heard.turn
    later = [h for h in call.turns.get(check.by, ()) if told.known or h.turn.start_s >= own.start_s][: check.within_turns]
    start = told.at_s
    end = max([start + 0.01, *(h.turn.end_s for h in later)]) if later else max(call.end_s, start + 0.01)
    return Evidence(round(start, 2), round(end, 2), check.by, told.entity.written, "window")


def _written(heard: Heard, start: int, end: int) -> str:
    return heard.turn.text[heard.origin[start][0] : heard.origin[end - 1][1]]


def _evidence(heard: Heard, start: int, end: int, text: str) -> Evidence:
    sure = heard.confidence_of(start, end)
    return Evidence(
        start_s=round(heard.time_of(start)[0], 2),
        end_s=round(heard.time_of(end - 1)[1], 2),
        role=heard.turn.role,
        text=text,
        match="normalised",
        heard=_written(heard, start, end),
        confidence=None if sure is None else round(sure, 3),
    )


def _kinds(kinds: tuple[EntityKind, ...]) -> tuple[str, str]:
    return "或".join(_NAMES[k][0] for k in kinds), " or ".join(_NAMES[k][1] for k in kinds)

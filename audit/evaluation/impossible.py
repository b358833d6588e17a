"""Rules that can never fire, or never fail: empty windows, limits that contradict each other, hits that cannot come about.

A rule like that is not wrong by the schema and judges no call; it looks like one more thing that is watched. The faults
are found in the file as written, so that each names its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from audit.evaluation.yamlfile import Place, YamlFile

Data = Mapping[str, Any]
#: A fault and where in the check it stands.
Fault = tuple[Place, str]

#: Limits of which the first may not exceed the second, wherever they stand.
_LIMITS = (("min", "max"), ("min_count", "max_count"), ("min_s", "max_s"), ("min_ratio", "max_ratio"))
#: Events of the line that are moments, and those of which a call has but one.
_MOMENTS = frozenset({"answer", "hangup", "transfer"})
_SINGLE = frozenset({"answer", "hangup"})
_WHOSE = frozenset({"interruption", "overlap", "silence"})

#: No turn has so many characters.
MAX_MATCH = 10_000
_SILLY, _WITHOUT_END = 1_000_000, 2**31


def impossible(file: YamlFile, checks: Iterable[tuple[Place, Data]]) -> Iterator[str]:
    """Every such fault of a criterion, as ``file:line:column: what is wrong``.

    Parameters
    ----------
    file : YamlFile
        Without faults by the schema.
    checks : iterable of (place, mapping)
        Every check in it, however deep.
    """
    for place, check in checks:
        for inner, fault in _of_check(check):
            yield f"{file.at((*place, *inner))}: {fault}"
    applies, check = file.data.get("applies_when"), file.data.get("check")
    if applies is not None and check is not None and _exclude_each_other(applies, check):
        yield f"{file.at(('check',))}: where the criterion applies, its check can never pass: they contradict each other"


def _of_check(check: Data) -> Iterator[Fault]:
    kind = check["kind"]
    for low, high in _LIMITS:
        a, b = check.get(low), check.get(high)
        if isinstance(a, (int, float)) and isinstance(b, (int, float)) and a > b:
            yield (low,), f"{low} ({a:g}) is above {high} ({b:g}): nothing can lie between"
    if isinstance(check.get("where"), Mapping):
        yield from _of_where(check["where"])
    if kind == "phrases":
        yield from _of_phrases(check)
    elif kind == "regex":
        yield from _of_regex(check)
    elif kind == "events":
        yield from _of_events(check, check["of"], ())
    elif kind in ("all_of", "any_of"):
        yield from _of_parts(check["checks"], kind)
    elif kind == "sequence" and all(s.get("optional") for s in check["steps"]):
        yield ("steps",), "every step is optional: the flow can never fail"
    elif kind == "similarity" and not check["min_ratio"]:
        yield ("min_ratio",), "everything is like it by 0: the check can never tell calls apart"
    elif kind == "greeting_hour":
        for name, (start, end) in check["greetings"].items():
            if start >= end:
                yield ("greetings", str(name)), f"no hour lies from {start:g} to {end:g}: {name!r} can never fit"
    elif kind == "proximity" and check.get("relation") == "not_in" and set(check["first"]) & set(check["second"]):
        both = min(set(check["first"]) & set(check["second"]))
        yield ("second",), f"{both!r} always lies inside itself: it can never count"


# --- scopes ---------------------------------------------------------------------------------------
def _of_where(where: Data) -> Iterator[Fault]:
    for key in ("from_start_s", "from_answer_s", "from_end_s", "share"):
        window = where.get(key)
        if window is not None and window[1] is not None and window[0] >= window[1]:
            yield ("where", key), f"the window from {window[0]:g} to {window[1]:g} is empty: nothing can be said in it"
    turns = where.get("turns")
    if turns is not None and turns[0] > turns[1] and (turns[0] > 0) == (turns[1] > 0):
        yield ("where", "turns"), f"no turn is from {turns[0]} to {turns[1]}: write the first one first"
    kept = [where[k] for k in ("first_turns", "last_turns") if k in where]
    if turns is not None and kept and min(abs(turns[0]), abs(turns[1])) > min(kept) and (turns[0] > 0) == (turns[1] > 0):
        yield ("where", "turns"), f"no more than {min(kept)} turns are left of which turns {turns} could be one"
    start, answer, end = (where.get(k) for k in ("from_start_s", "from_answer_s", "from_end_s"))
    if start is not None and answer is not None and start[1] is not None and answer[0] >= start[1]:
        yield (
            ("where", "from_answer_s"),
            f"{answer[0]:g} s after the answer is never in the first {start[1]:g} s of the recording",
        )
    if end is not None and "last_s" in where and end[0] >= where["last_s"]:
        yield ("where", "from_end_s"), f"the last {where['last_s']:g} s hold nothing that is {end[0]:g} s before the end"
    if isinstance(where.get("near"), Mapping):
        yield from _of_near(where["near"])


def _of_near(near: Data) -> Iterator[Fault]:
    place: Place = ("where", "near")
    side = near.get("side", "around")
    idle = {
        "before": ("after_s", "after_turns"),
        "after": ("before_s", "before_turns"),
        "same_turn": ("before_s", "after_s", "before_turns", "after_turns"),
    }
    for key in idle.get(side, ()):
        if key in near:
            yield (*place, key), f"{key} says nothing where side is {side}"
    if near.get(f"{side}_s") == 0:
        yield (*place, f"{side}_s"), f"nothing is said within 0 s {side} anything"
    timeline = near.get("timeline")
    if timeline is None:
        for key in ("by", "min_s"):
            if key in near:
                yield (*place, key), f"{key} is for a timeline, not for another check's hits"
        return
    yield from _of_events(near, timeline, place)
    hit = near.get("hit")
    if timeline in _SINGLE and isinstance(hit, int) and hit not in (1, -1):
        yield (*place, "hit"), f"a call has one {timeline}: hit {hit} can never come"


def _of_events(data: Data, of: str, place: Place) -> Iterator[Fault]:
    if "min_s" in data and of in _MOMENTS:
        yield (*place, "min_s"), f"{of} is a moment: none is ever as long as {data['min_s']:g} s"
    if "by" in data and of not in _WHOSE:
        yield (*place, "by"), f"{of} is nobody's: by is for interruptions, overlaps and silences"
    if of in _SINGLE and data.get("min_count", 0) > 1:
        yield (*place, "min_count"), f"a call has one {of}: {data['min_count']} can never come"


# --- wording --------------------------------------------------------------------------------------
def _of_phrases(check: Data) -> Iterator[Fault]:
    quantifier = next(q for q in ("any", "all", "none") if q in check)
    items = check[quantifier]
    texts = [i if isinstance(i, str) else i["text"] for i in items]
    wanted = check.get("at_least")
    if wanted is not None and wanted > len(set(texts)):
        yield ("at_least",), f"at_least {wanted} of {len(set(texts))} phrases can never be said"
    most = _most_turns(check.get("where", {}))
    if check.get("at_start") and not check.get("skip") and most is not None and check.get("min_hits", 0) > most:
        yield ("min_hits",), f"{most} turns have {most} beginnings: {check['min_hits']} hits can never come"
    for i, (item, text) in enumerate(zip(items, texts, strict=True)):
        excuses = [*check.get("unless", ()), *(item.get("unless", ()) if not isinstance(item, str) else ())]
        if text in excuses:
            yield (quantifier, i), f"the phrase {text!r} is excused by itself (unless): it can never be found"


def _most_turns(where: Data) -> int | None:
    """How many turns a scope can have; None without a limit."""
    limits = [where[k] for k in ("first_turns", "last_turns") if k in where]
    turns = where.get("turns")
    if turns is not None and (turns[0] > 0) == (turns[1] > 0):
        limits.append(turns[1] - turns[0] + 1)
    return min(limits, default=None)


def _of_regex(check: Data) -> Iterator[Fault]:
    for key in ("any", "none"):
        for i, pattern in enumerate(check.get(key, ())):
            if pattern in check.get("unless_pattern", ()):
                yield (key, i), "the expression is excused by itself (unless_pattern): it can never be found"
            sign = _never_written(pattern)
            if sign is not None:
                yield (
                    (key, i),
                    f"the text that is searched never holds {sign}: digits are written out as words, capitals are small, "
                    "punctuation is left out; the expression can never be found",
                )


def too_long(pattern: str) -> str | None:
    """Why an expression is longer than any turn; repeats of repeats take minutes only to be compiled. None if it is not."""
    tree = _tree(pattern)
    if tree is None:
        return None
    least, most = tree.getwidth()
    if least > MAX_MATCH:
        return f"a match needs at least {least:,} characters, more than anybody says in one turn"
    if _SILLY <= most < _WITHOUT_END:
        return f"a match may have {most:,} characters: write * or + instead of repeats of repeats"
    return None


def _tree(pattern: str) -> Any:
    """What Python's own parser makes of an expression; None for what only the regex library reads."""
    parser: Any = getattr(re, "_parser", None)
    if parser is None:
        return None
    try:
        return parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None


def _never_written(pattern: str) -> str | None:
    """A character that every match must hold and no normalised text does; None where there is none or nobody can tell."""
    tree = _tree(pattern)
    return None if tree is None or tree.state.flags & re.IGNORECASE else _required(tree)


def _required(items: Iterable[tuple[Any, Any]]) -> str | None:
    """The first character of an expression's tree that must be there and never is."""
    for op, value in items:
        name = str(op)
        found: str | None = None
        if name == "LITERAL":
            found = chr(value) if _absent(value) else None
        elif name == "SUBPATTERN":
            found = _required(value[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[0] >= 1:
            found = _required(value[2])
        elif name == "ATOMIC_GROUP":
            found = _required(value)
        elif name == "BRANCH":
            each = [_required(branch) for branch in value[1]]
            found = each[0] if all(each) else None
        elif name == "IN":
            found = "a digit" if all(_only_absent(member) for member in value) else None
        if found is not None:
            return found if len(found) > 1 else repr(found)
    return None


def _only_absent(member: tuple[Any, Any]) -> bool:
    name, value = str(member[0]), member[1]
    if name == "LITERAL":
        return _absent(value)
    if name == "RANGE":
        return _absent(value[0]) and _absent(value[1]) and chr(value[0]).isalnum() == chr(value[1]).isalnum()
    return name == "CATEGORY" and str(value) == "CATEGORY_DIGIT"


def _absent(code: int) -> bool:
    """Whether normalising leaves no such character: ASCII digits and capitals, and signs other than the space."""
    character = chr(code)
    if character.isascii():
        return character.isdigit() or character.isupper() or not (character.isalnum() or character.isspace())
    return character in "。，、？！；：“”‘’（）《》…—·" or "０" <= character <= "９"


# --- parts that contradict each other -------------------------------------------------------------
def _of_parts(parts: Sequence[Data], kind: str) -> Iterator[Fault]:
    for j, later in enumerate(parts):
        for i, earlier in enumerate(parts[:j]):
            if _same(earlier, later):
                yield ("checks", j), f"the same check stands here as checks[{i}]"
            elif kind == "all_of" and _exclude_each_other(earlier, later):
                yield ("checks", j), f"it contradicts checks[{i}]: both can never pass"
            elif kind == "any_of" and _negation_of(earlier, later):
                yield ("checks", j), f"it is the opposite of checks[{i}]: one of them always passes"


def _same(a: Data, b: Data) -> bool:
    return _written(a) == _written(b)


def _written(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _negation_of(a: Data, b: Data) -> bool:
    return (b["kind"] == "not" and _same(a, b["check"])) or (a["kind"] == "not" and _same(b, a["check"]))


def _exclude_each_other(a: Data, b: Data) -> bool:
    """Whether one asks for what the other forbids, in the same words and the same place."""
    return _negation_of(a, b) or _asked_and_forbidden(a, b) or _asked_and_forbidden(b, a)


def _asked_and_forbidden(asking: Data, forbidding: Data) -> bool:
    if asking["kind"] != forbidding["kind"] or asking["kind"] not in ("phrases", "regex") or "none" not in forbidding:
        return False
    asked = asking.get("any") or asking.get("all") or ()
    rest = [{k: v for k, v in c.items() if k not in ("any", "all", "none")} for c in (asking, forbidding)]
    if not asked or not _same(rest[0], rest[1]):
        return False
    forbidden = [_written(i) for i in forbidding["none"]]
    every = [_written(i) in forbidden for i in asked]
    return any(every) if "all" in asking else all(every)

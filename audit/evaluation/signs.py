"""Signs: what a call shows that scores nothing, and that other calls are held against.

A complaint, an apology, a promise to call back: named conditions in ``signs.yml`` beside ``scorecard.yml``, in the language
of the checks. What several calls say together (:mod:`audit.followup`) rests on them and becomes facts that rules read; so
that this never runs in a circle, a sign reads neither facts nor base lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from audit.evaluation.call import Call, Result
from audit.evaluation.checks import judge
from audit.evaluation.conditions import parse_check
from audit.evaluation.facts import FACT_PREFIX
from audit.evaluation.language import Sign
from audit.evaluation.yamlfile import Place, YamlFile, read_yaml

SIGNS_FILE = "signs.yml"
#: The kind of a check that is one of the signs.
SIGN_KIND = "sign"
#: Beside it: lists of cases by the sign's id, written as those of a criterion.
SIGN_CASES_FILE = "signs.cases.yml"


def judge_signs(signs: Iterable[Sign], call: Call) -> dict[str, bool | None]:
    """What each sign says of a call: there, not there, or None where that cannot be told."""
    return {sign.id: _as_sign(judge(sign.check, call)) for sign in signs}


def _as_sign(result: Result) -> bool | None:
    return None if result.verdict == "not_evaluable" else result.verdict == "pass"


def parse_signs(data: Mapping[str, Any]) -> tuple[Sign, ...]:
    """Signs from a file that was validated against the schema."""
    return tuple(
        Sign(
            s["id"],
            s["title"],
            parse_check(s["check"]),
            float(s["due_h"]) if "due_h" in s else None,
            s.get("due_days"),
        )
        for s in data["signs"]
    )


def sign_checks(file: YamlFile | None) -> dict[str, Mapping[str, Any]]:
    """What each sign of a file checks, as it is written; nothing where there is no file, or one that cannot be used."""
    signs = file.data.get("signs") if file is not None and isinstance(file.data, Mapping) else None
    found = (s for s in signs if isinstance(s, Mapping)) if isinstance(signs, list) else ()
    return {s["id"]: s["check"] for s in found if "id" in s and "check" in s}


def spelled_out(data: Any, checks: Mapping[str, Mapping[str, Any]]) -> Any:
    """A check with each ``kind: sign`` in it replaced by what that sign checks.

    Parameters
    ----------
    data : mapping, list or scalar
        Written as in a rule.
    checks : mapping of sign to mapping
        As :func:`sign_checks` gives them.

    Examples
    --------
    >>> spelled_out({"kind": "not", "check": {"kind": "sign", "sign": "late"}}, {"late": {"kind": "first_voice"}})
    {'kind': 'not', 'check': {'kind': 'first_voice'}}
    """
    if isinstance(data, Mapping):
        if data.get("kind") == SIGN_KIND:
            return checks[data["sign"]]
        return {key: spelled_out(value, checks) for key, value in data.items()}
    return [spelled_out(value, checks) for value in data] if isinstance(data, list) else data


def unknown_signs(data: Any, checks: Mapping[str, object], place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Signs that a rule names and the scorecard does not have, each with the place where it is named."""
    if isinstance(data, Mapping):
        if data.get("kind") == SIGN_KIND and data.get("sign") not in checks:
            yield (*place, "sign"), str(data.get("sign"))
        for key, value in data.items():
            yield from unknown_signs(value, checks, (*place, str(key)))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from unknown_signs(value, checks, (*place, i))


def sign_faults(file: YamlFile, schema_faults: Callable[[YamlFile, str], Iterator[str]]) -> Iterator[str]:
    """What a schema cannot see: ids that are taken, signs that read facts, and cases that are missing or of no sign.

    Parameters
    ----------
    file : YamlFile
        That holds to the schema's ``signs``.
    schema_faults : callable
        What the schema says of the file with the cases.
    """
    ids: set[str] = set()
    for i, sign in enumerate(file.data["signs"]):
        if sign["id"] in ids:
            yield f"{file.at(('signs', i, 'id'))}: the sign {sign['id']!r} is there twice"
        ids.add(sign["id"])
        for place in _reads_others(sign["check"], ("signs", i, "check")):
            yield f"{file.at(place)}: a sign reads no fact and no base line: what other calls say rests on signs"
        for place, _ in unknown_signs(sign["check"], {}, ("signs", i, "check")):
            yield f"{file.at(place)}: a sign is made of no other sign: write out what is meant"
    path = file.path.with_name(SIGN_CASES_FILE)
    if not path.is_file():
        yield f"{path}:1:1: no cases beside {SIGNS_FILE}: {SIGN_CASES_FILE} is missing"
        return
    cases = read_yaml(path)
    found = [*cases.faults, *schema_faults(cases, "sign_cases")]
    yield from found
    if not found:
        yield from (f"{cases.at((name,), key=True)}: cases without a sign: {name!r}" for name in cases.data if name not in ids)
        yield from (f"{path}:1:1: no cases of the sign {name!r}" for name in sorted(ids - set(cases.data)))


def _reads_others(data: Any, place: Place) -> Iterator[Place]:
    """Where a check, or one inside it, reads what is in no single call."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            inner: Place = (*place, str(key))
            if key == "baseline" or (key in ("field", "minus") and str(value).startswith(FACT_PREFIX)):
                yield inner
            yield from _reads_others(value, inner)
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _reads_others(value, (*place, i))

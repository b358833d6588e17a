"""What is wrong with a pack, each fault named by file, line and column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from rapidfuzz import process

from audit.contract import json_place
from audit.evaluation.checks.figures import KNOWN_FIELDS, VARIABLE_PREFIX
from audit.evaluation.checks.hits import compiled
from audit.evaluation.impossible import impossible, too_long
from audit.evaluation.pack import CASES_SUFFIX, schema
from audit.evaluation.signs import sign_checks, sign_faults, unknown_signs
from audit.evaluation.yamlfile import Place, YamlFile, read_yaml

#: A phrase with more ways to say it, alternatives multiplied, was not meant so; each is looked for.
MAX_WORDINGS = 10_000
#: Names closer than this are offered as what may have been meant (0-100).
_NEAR_ENOUGH = 60


def pack_faults(card: YamlFile, signs: YamlFile | None, rules: Iterable[Path]) -> tuple[dict[str, YamlFile], list[str]]:
    """The files of a pack's criteria by id, and every fault found in it."""
    faults = [*card.faults, *schema_faults(card, "scorecard")]
    files: dict[str, YamlFile] = {}
    for path in rules:
        if path.name.endswith(CASES_SUFFIX):
            faults += _cases_faults(path)
            continue
        file = read_yaml(path)
        found = [*file.faults, *schema_faults(file, "criterion")]
        faults += found or [*_name_faults(file), *_meaning_faults(file), *_sign_name_faults(file, signs)]
        if isinstance(file.data, dict) and isinstance(file.data.get("id"), str):
            name = file.data["id"]
            if name in files:
                faults.append(f"{file.at(('id',))}: the id {name!r} is taken by {files[name].path}")
            files.setdefault(name, file)
        if not path.with_name(path.stem + CASES_SUFFIX).is_file():
            faults.append(f"{path}:1:1: no cases beside it: {path.stem}{CASES_SUFFIX} is missing")
    if not card.faults and isinstance(card.data, dict):
        faults += _listing_faults(card, files)
    if signs is not None:
        found = [*signs.faults, *schema_faults(signs, "signs")]
        faults += found or [*_meaning_faults(signs), *sign_faults(signs, schema_faults)]
    return files, faults


def rule_faults(file: YamlFile, signs: YamlFile | None) -> list[str]:
    """Every fault of one criterion that need not be in any scorecard, nor have cases."""
    faults = [*file.faults, *schema_faults(file, "criterion")]
    return faults or [*_meaning_faults(file), *_sign_name_faults(file, signs)]


def meant(name: str, choices: Iterable[str]) -> str:
    """The end of a sentence that offers the nearest of the known names, where one is near."""
    near = process.extractOne(name, list(choices), score_cutoff=_NEAR_ENOUGH)
    return f"; did you mean {near[0]!r}?" if near else ""


def _of_own_kind(validator: Any, branches: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    """``allOf`` without the branches for other kinds of check, which would take most of the time for nothing."""
    kind = instance.get("kind") if isinstance(instance, Mapping) else None
    for i, branch in enumerate(branches):
        meant = branch.get("if", {}).get("properties", {}).get("kind", {}).get("const", kind)
        if meant == kind:
            yield from validator.descend(instance, branch, schema_path=i)


_Validator: Any = extend(Draft202012Validator, {"allOf": _of_own_kind})  # type: ignore[no-untyped-call]


@cache
def _validator(kind: str) -> Any:
    whole = schema()
    return _Validator({"$schema": whole["$schema"], "$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]})


def schema_faults(file: YamlFile, kind: str) -> Iterator[str]:
    """What the schema says, in a person's words."""
    if file.faults and file.data is None:
        return
    errors = sorted(_validator(kind).iter_errors(file.data), key=lambda e: [str(p) for p in e.absolute_path])
    for error in errors:
        yield from _worded(file, error)


def _worded(file: YamlFile, error: ValidationError) -> Iterator[str]:
    """One fault of the schema's as a person would put it; several unknown or missing keys are several faults."""
    place: Place = tuple(error.absolute_path)
    here = file.at(place)
    name = place[-1] if place else "the file"
    known = list(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else []
    asked: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        for key in error.instance:
            if key not in known:
                yield f"{file.at((*place, str(key)), key=True)}: unknown key {str(key)!r}{meant(str(key), known)}"
    elif error.validator == "required":
        # The validator reports each missing key as an error of its own and names it only in its message.
        yield f"{here}: the key {error.message.split(' is a required')[0]} is missing"
    elif error.validator == "enum":
        choices = [str(v) for v in asked]
        yield f"{here}: unknown value {error.instance!r}{meant(str(error.instance), choices)} (one of {', '.join(choices)})"
    elif error.validator in ("oneOf", "anyOf"):
        options = ", ".join(k for option in asked for k in option.get("required", []))
        how = "exactly" if error.validator == "oneOf" else "at least"
        yield f"{here}: {how} one of {options} is needed"
    elif error.validator in ("minItems", "minProperties", "minLength"):
        yield f"{here}: {name} must not be shorter than {asked}"
    elif error.validator == "type":
        wanted = asked if isinstance(asked, str) else " or ".join(asked)
        yield f"{here}: {name} must be of type {wanted}, not {error.instance!r}"
    else:
        yield f"{here}: {error.message}"


def _name_faults(file: YamlFile) -> Iterator[str]:
    """A criterion of a pack in a file of another name."""
    if file.data["id"] != file.path.stem:
        yield f"{file.at(('id',))}: the id {file.data['id']!r} must be the file's name ({file.path.stem!r})"


def _meaning_faults(file: YamlFile) -> Iterator[str]:
    """What a schema cannot see: patterns that do not compile, fields that no record has, scoring that contradicts itself."""
    yield from _scoring_faults(file)
    for place, data in _checks(file.data):
        if data["kind"] == "fact" and "matches" in data:
            yield from _pattern_faults(file, (*place, "matches"), data["matches"], n_groups=0)
        for key in ("field", "minus"):
            name = data.get(key)
            if name is not None and name not in KNOWN_FIELDS and not name.startswith(VARIABLE_PREFIX):
                yield f"{file.at((*place, key))}: no record has the field {name!r}{meant(name, KNOWN_FIELDS)}"
        if data["kind"] == "measure" and "baseline" in data:
            yield from _baseline_faults(file, place, data)
        patterns = {"regex": ("any", "none", "unless_pattern"), "recall": ("learned", "answered")}.get(data["kind"], ())
        for key in patterns:
            for i, pattern in enumerate(data.get(key, ())):
                yield from _pattern_faults(file, (*place, key, i), pattern, n_groups=1 if data["kind"] == "recall" else 0)
        yield from _phrase_faults(file, place, data)
    yield from impossible(file, _checks(file.data))


def _sign_name_faults(file: YamlFile, signs: YamlFile | None) -> Iterator[str]:
    """Signs that are named and that the scorecard does not have."""
    known = sign_checks(signs)
    for place, name in unknown_signs(file.data, known):
        yield f"{file.at(place)}: the scorecard has no sign {name!r}{meant(name, known)}"


def _scoring_faults(file: YamlFile) -> Iterator[str]:
    """Points, dates and audit modes that contradict each other."""
    data = file.data
    days: list[date] = []
    for key in ("from", "to"):
        text = data.get("effective", {}).get(key)
        if text is not None:
            try:
                days.append(date.fromisoformat(text))
            except ValueError as e:
                yield f"{file.at(('effective', key))}: {text!r} is no day: {e}"
    if len(days) == 2 and days[0] > days[1]:
        yield f"{file.at(('effective', 'to'))}: the last day ({days[1]}) is before the first ({days[0]}): it is never in force"
    if data.get("bonus") and "deduct" in data:
        yield f"{file.at(('bonus',))}: a bonus adds points; it cannot deduct any"
    if data.get("bonus") and data.get("critical"):
        yield f"{file.at(('bonus',))}: a bonus cannot be critical: to lack it is no failure"
    deduct = data.get("deduct", {})
    if "max" in deduct and deduct["max"] < deduct["points"]:
        yield f"{file.at(('deduct', 'max'))}: max ({deduct['max']:g}) is less than the points of one ({deduct['points']:g})"


def _baseline_faults(file: YamlFile, place: Place, data: Mapping[str, Any]) -> Iterator[str]:
    """A base line of something that no store can give one of."""
    if "minus" in data:
        yield f"{file.at((*place, 'minus'))}: a base line is that of the field alone; leave `minus` out"
    try:
        json_place(data["field"])
    except KeyError:
        yield f"{file.at((*place, 'field'))}: the store holds no number for {data['field']!r}, so there is no base line of it"


def _pattern_faults(file: YamlFile, place: Place, pattern: str, *, n_groups: int) -> Iterator[str]:
    long = too_long(pattern)
    if long is not None:
        yield f"{file.at(place)}: {long}"
        return
    try:
        expression = compiled(pattern)
    except regex.error as e:
        yield f"{file.at(place)}: not a regular expression: {e}"
        return
    if expression.groups < n_groups:
        yield f"{file.at(place)}: the expression needs a group in parentheses around what is learned"
    if expression.match(""):
        yield f"{file.at(place)}: the expression also matches nothing at all, so it would match every turn"


def _phrase_faults(file: YamlFile, place: Place, data: Mapping[str, Any]) -> Iterator[str]:
    """Phrases with a parenthesis left open, nested alternatives or nothing to say."""
    for inner, text in _texts(data):
        if text.count("(") != text.count(")") or re.search(r"\([^()]*\(", text):
            yield f"{file.at((*place, *inner))}: alternatives are written (a|b), neither nested nor left open: {text!r}"
        elif not re.search(r"\w", text):
            yield f"{file.at((*place, *inner))}: a phrase must hold words, not {text!r}"
        elif (n := math.prod(m.count("|") + 1 for m in re.findall(r"\([^()]*\)", text))) > MAX_WORDINGS:
            yield f"{file.at((*place, *inner))}: the phrase has {n:,} wordings, at most {MAX_WORDINGS:,}: write several phrases"


def _texts(data: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    keys = {
        "phrases": ("any", "all", "none", "unless", "skip"),
        "ratio": ("counted", "against", "excused"),
        "hold_etiquette": ("phrases",),
        "regex": ("unless",),
        "recall": ("said",),
        "proximity": ("first", "second"),
        "repetition": ("excludes",),
    }.get(data["kind"], ())
    for key in keys:
        for i, item in enumerate(data.get(key, ())):
            if isinstance(item, str):
                yield (key, i), item
            else:
                yield (key, i, "text"), item["text"]
                yield from (((key, i, "unless", j), u) for j, u in enumerate(item.get("unless", ())))


def _checks(data: Any, place: Place = ()) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Every check inside a criterion, with its place."""
    if isinstance(data, Mapping):
        if "kind" in data:
            yield place, data
        for key, value in data.items():
            yield from _checks(value, (*place, str(key)))
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _checks(value, (*place, i))


def _cases_faults(path: Path) -> list[str]:
    file = read_yaml(path)
    found = [*file.faults, *schema_faults(file, "cases")]
    if not path.with_name(path.name.removesuffix(CASES_SUFFIX) + ".yml").is_file():
        found.append(f"{path}:1:1: cases without a criterion: {path.name.removesuffix(CASES_SUFFIX)}.yml is missing")
    return found


def _listing_faults(card: YamlFile, files: Mapping[str, YamlFile]) -> Iterator[str]:
    """Criteria that the scorecard names and nobody wrote, or that were written and are not named."""
    listed: set[str] = set()
    sections = card.data.get("sections")
    for i, section in enumerate(sections if isinstance(sections, list) else ()):
        names = section.get("criteria") if isinstance(section, dict) else None
        for j, name in enumerate(names if isinstance(names, list) else ()):
            place = ("sections", i, "criteria", j)
            if name in listed:
                yield f"{card.at(place)}: the criterion {name!r} is listed twice"
            elif name not in files:
                yield f"{card.at(place)}: unknown criterion {name!r}{meant(str(name), files)}"
            elif files[name].path.parent.name != section.get("id"):
                yield f"{card.at(place)}: {name!r} lies in {files[name].path.parent.name}/, not in {section.get('id')}/"
            listed.add(str(name))
    for name, file in files.items():
        if name not in listed:
            yield f"{file.at(('id',))}: the criterion {name!r} is in no section of {card.path.name}"
    if not files:
        yield f"{card.at(('sections',))}: the scorecard has no criteria; a call cannot pass an empty scorecard"

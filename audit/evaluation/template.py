"""A new rule with its cases, written into a pack; what stands in the pack's files stays as it was, comments too."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from audit.errors import ScorecardError, UsageError
from audit.evaluation.pack import CASES_SUFFIX, load_scorecard
from audit.evaluation.yamlfile import YamlFile, read_yaml


@dataclass(frozen=True, slots=True)
class NewRule:
    """What a template asks for.

    Attributes
    ----------
    must : {"said", "unsaid"}
        Whether one of the phrases has to be said, or none may be.
    """

    id: str
    section: str
    title_zh: str
    title_en: str
    clause: str
    points: float
    must: Literal["said", "unsaid"]
    role: Literal["agent", "customer"]
    phrases: tuple[str, ...]


#: Turns in which nobody says anything in particular, for the case in which the phrase is missing.
_NEUTRAL = {"zh": "嗯，我看一下。", "en": "Let me have a look."}


def write_rule(rule: NewRule, folder: Path) -> tuple[Path, Path]:
    """Write criterion and cases, and list the criterion at the end of its section.

    Returns
    -------
    tuple of Path
        Of the criterion and of its cases.

    Raises
    ------
    UsageError
        If the pack has no such section, or the rule is there already.
    ScorecardError
        If the pack would have a fault; nothing is left behind.
    """
    pack = load_scorecard(folder)
    sections = [s.id for s in pack.sections]
    if rule.section not in sections:
        raise UsageError(f"{folder}: no section {rule.section!r}", hint=f"it has: {', '.join(sections)}")
    path = pack.folder / rule.section / f"{rule.id}.yml"
    cases = path.with_name(rule.id + CASES_SUFFIX)
    if pack.criterion(rule.id) is not None or path.exists():
        raise UsageError(f"{folder}: there is a rule {rule.id!r} already", hint="choose another id; ids are never reused")
    card = pack.folder / "scorecard.yml"
    before = card.read_bytes()
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(_criterion_text(rule), "utf-8")
        cases.write_text(_cases_text(rule, pack.language), "utf-8")
        card.write_bytes(_listed(read_yaml(card), rule).encode("utf-8"))
        load_scorecard(pack.folder)
    except ScorecardError:
        card.write_bytes(before)
        path.unlink(missing_ok=True)
        cases.unlink(missing_ok=True)
        raise
    return path, cases


def _quoted(text: str) -> str:
    """A text as YAML takes it wherever it stands."""
    return json.dumps(text, ensure_ascii=False)


def _criterion_text(rule: NewRule) -> str:
    quantifier = "any" if rule.must == "said" else "none"
    match = "    match: pinyin\n" if rule.must == "said" else ""
    phrases = "".join(f"    - {_quoted(p)}\n" for p in rule.phrases)
    return f"""\
id: {rule.id}
title: {{zh: {_quoted(rule.title_zh)}, en: {_quoted(rule.title_en)}}}
clause: {_quoted(rule.clause)}
points: {rule.points:g}
why:
  zh: {_quoted(rule.title_zh)}
  en: {_quoted(rule.title_en)}
# What the agent should say instead; shown with each failure.
suggestion: {{zh: {_quoted(rule.title_zh)}, en: {_quoted(rule.title_en)}}}
# Where it is known to err; shown to the reviewer.
false_alarms: {{zh: 暂无, en: none known yet}}
check:
  kind: phrases
  where: {{role: {rule.role}}}
  {quantifier}:
{phrases}""" + match.replace("    ", "  ", 1)


def _cases_text(rule: NewRule, language: str) -> str:
    who = rule.role.capitalize()
    with_it = json.dumps([f"{who}: {_plain(rule.phrases[0])}"], ensure_ascii=False)
    without = json.dumps([f"{who}: {_NEUTRAL[language]}"], ensure_ascii=False)
    said, unsaid = ("pass", "fail") if rule.must == "said" else ("fail", "pass")
    return f"""\
cases:
  - {{name: said, expect: {said}, turns: {with_it}}}
  - {{name: not said, expect: {unsaid}, turns: {without}}}
  - {{name: not transcribed, expect: not_evaluable, transcribed: false, turns: {with_it}}}
# Add near misses: what looks like it but is not ({{name: …, expect: {unsaid}, near_miss: true, turns: […]}}).
"""


def _plain(phrase: str) -> str:
    """A phrase as one way to say it."""
    return re.sub(r"\(([^()|]*)[^()]*\)", r"\1", phrase).replace("…", "")


def _listed(card: YamlFile, rule: NewRule) -> str:
    """The scorecard's text with the rule at the end of its section."""
    lines = card.text.decode("utf-8-sig").splitlines(keepends=True)
    sections = card.data["sections"]
    i = next(n for n, s in enumerate(sections) if s["id"] == rule.section)
    names = sections[i]["criteria"]
    line, column = card.values["sections", i, "criteria", len(names) - 1]
    here = lines[line - 1]
    end = column - 1 + len(names[-1])
    if here[: column - 1].strip() == "-":  # one on a line
        ending = "" if here.endswith("\n") else "\n"
        lines[line - 1] = here + ending
        lines.insert(line, f"{here[: column - 1]}{rule.id}\n")
    else:  # within brackets; quotes around the last name stay before the comma
        while end < len(here) and here[end] in "\"'":
            end += 1
        lines[line - 1] = f"{here[:end]}, {rule.id}{here[end:]}"
    return "".join(lines)

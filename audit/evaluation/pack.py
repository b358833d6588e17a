"""Load rule packs: YAML to frozen scorecards, with every fault named by file, line and column."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from audit.errors import ScorecardError
from audit.evaluation.conditions import parse_check
from audit.evaluation.faultless import is_known, pack_sha256, remember
from audit.evaluation.language import Band, Criterion, Deduction, Effective, Scorecard, Section
from audit.evaluation.match import Matching
from audit.evaluation.signs import SIGNS_FILE, parse_signs, sign_checks, spelled_out
from audit.evaluation.yamlfile import YamlFile, read_yaml
from audit.resources import resource_dir

CASES_SUFFIX = ".cases.yml"
_HINT = "see docs/writing-rules.md; `callaudit rules check` lists every fault"


def shipped_scorecards() -> tuple[str, ...]:
    """Names of the scorecards that come with callaudit, sorted."""
    return tuple(sorted(p.parent.name for p in resource_dir("rules").glob("*/scorecard.yml")))


@cache
def schema() -> Mapping[str, Any]:
    """The published JSON schema (draft 2020-12) of scorecards, criteria and cases."""
    data: Mapping[str, Any] = json.loads((resource_dir("rules") / "schema.json").read_text("utf-8"))
    return data


def load_scorecard(name_or_path: str | Path) -> Scorecard:
    """Load and check a scorecard with all its criteria.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped scorecard, or the folder of one, or its ``scorecard.yml``.

    Returns
    -------
    Scorecard

    Raises
    ------
    ScorecardError
        With every fault found, each as ``file:line:column: what is wrong``. A scorecard without
        criteria is a fault, and so is a criterion without cases beside it.
    """
    folder = _folder(name_or_path)
    rules = sorted(folder.glob("*/*.yml"))
    sha256 = pack_sha256(folder, [*folder.glob("*.yml"), *rules])
    card, signs = read_yaml(folder / "scorecard.yml"), _signs_file(folder)
    files: dict[str, YamlFile] = {}
    if is_known(sha256):
        files = {p.stem: read_yaml(p) for p in rules if not p.name.endswith(CASES_SUFFIX)}
    else:
        from audit.evaluation.faults import pack_faults  # with the validator of schemas, which a known pack does not need

        files, faults = pack_faults(card, signs, rules)
        if faults:
            raise ScorecardError(faults, hint=_HINT)
        remember(sha256)
    return _built(card, files, folder, signs)


def load_rule(path: Path) -> Criterion:
    """Load and check one criterion that need not be in any scorecard, nor have cases.

    Raises
    ------
    ScorecardError
        With every fault found.
    OSError
        If the file cannot be read.
    """
    file = read_yaml(path)
    signs = _signs_file(path.parent.parent)
    from audit.evaluation.faults import rule_faults

    if faults := rule_faults(file, signs):
        raise ScorecardError(faults, hint=_HINT)
    return _criterion(file, path.parent.name, sign_checks(signs))


def _signs_file(folder: Path) -> YamlFile | None:
    """The signs beside a scorecard; None where it has none."""
    path = folder / SIGNS_FILE
    return read_yaml(path) if path.is_file() else None


def _folder(name_or_path: str | Path) -> Path:
    """Where the scorecard lies."""
    path = Path(name_or_path)
    if path.name == "scorecard.yml" and path.is_file():
        return path.parent
    if (path / "scorecard.yml").is_file():
        return path
    if path.is_dir():
        raise ScorecardError(f"{path}: no scorecard.yml in this folder", hint=_HINT)
    names = shipped_scorecards()
    if str(name_or_path) in names:
        return resource_dir("rules") / str(name_or_path)
    from audit.evaluation.faults import meant

    known = f"shipped scorecards: {', '.join(names)}" if names else "no scorecards are shipped"
    raise ScorecardError(
        f"no scorecard {str(name_or_path)!r}{meant(str(name_or_path), names)}", hint=f"{known}; or give a folder"
    )


# --- building -------------------------------------------------------------------------------------
def _built(card: YamlFile, files: Mapping[str, YamlFile], folder: Path, signs: YamlFile | None) -> Scorecard:
    data = card.data
    digest = hashlib.sha256(card.text)
    checks = sign_checks(signs)
    sections = []
    for section in data["sections"]:
        criteria = []
        for name in section["criteria"]:
            digest.update(files[name].text)
            criteria.append(_criterion(files[name], section["id"], checks))
        cap = section.get("max_deduct")
        sections.append(
            Section(
                section["id"], section["title"], float(section["weight"]), tuple(criteria), None if cap is None else float(cap)
            )
        )
    bands = [Band(b["id"], float(b["min_score"]), b["title"]) for b in data["bands"]]
    digest.update(signs.text if signs is not None else b"")
    return Scorecard(
        id=data["id"],
        version=data["version"],
        language=data["language"],
        title=data["title"],
        pass_score=float(data["pass_score"]),
        sections=tuple(sections),
        bands=tuple(sorted(bands, key=lambda b: b.min_score)),
        sha256=digest.hexdigest(),
        folder=folder,
        min_coverage_ratio=float(data["min_coverage_ratio"]),
        min_evaluable_ratio=float(data["min_evaluable_ratio"]),
        join_gap_s=float(data["join_gap_s"]),
        matching=_matching(data.get("matching", {})),
        signs=parse_signs(signs.data) if signs is not None else (),
        min_transcript_confidence=float(data.get("min_transcript_confidence", 0.0)),
    )


def _matching(data: Mapping[str, Any]) -> Matching:
    lists: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return Matching(**lists)


def _criterion(file: YamlFile, section: str, signs: Mapping[str, Mapping[str, Any]]) -> Criterion:
    data = spelled_out(file.data, signs)
    applies = data.get("applies_when")
    return Criterion(
        id=data["id"],
        section=section,
        title=data["title"],
        clause=data["clause"],
        points=float(data.get("points", 0.0)),
        critical=data.get("critical", False) is True,
        why=data["why"],
        suggestion=data.get("suggestion", {}),
        false_alarms=data["false_alarms"],
        check=parse_check(data["check"]) if "check" in data else None,
        applies_when=parse_check(applies) if applies is not None else None,
        path=file.path,
        critical_section=data.get("critical") == "section",
        deduct=_deduction(data["deduct"]) if "deduct" in data else None,
        bonus=data.get("bonus", False),
        effective=_effective(data["effective"]) if "effective" in data else None,
        audit=data.get("audit", "automated"),
        min_confidence=data.get("min_confidence"),
    )


def _deduction(data: Mapping[str, Any]) -> Deduction:
    most = data.get("max")
    return Deduction(float(data["points"]), data.get("per", "once"), None if most is None else float(most))


def _effective(data: Mapping[str, str]) -> Effective:
    return Effective(*(date.fromisoformat(data[k]) if k in data else None for k in ("from", "to")))

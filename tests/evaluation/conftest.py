"""A small rule pack that tests may bend."""

from __future__ import annotations

from pathlib import Path

import pytest

SCORECARD = """\
id: tiny
version: "1"
language: zh
title: {zh: 小, en: Tiny}
pass_score: 60
min_coverage_ratio: 0.5
join_gap_s: 3.0
sections:
  - {id: opening, title: {zh: 开场, en: Opening}, weight: 30, criteria: [open.greet, open.offer]}
  - {id: wording, title: {zh: 用语, en: Wording}, weight: 70, criteria: [word.abuse]}
bands:
  - {id: low, min_score: 0, title: {zh: 低, en: Low}}
  - {id: high, min_score: 80, title: {zh: 高, en: High}}
min_evaluable_ratio: 0.5
"""

CRITERION = """\
id: {id}
title: {{zh: 题, en: Title}}
clause: 手册 一
points: {points}
critical: {critical}
why: {{zh: 因为, en: Because}}
false_alarms: {{zh: 无, en: None}}
check:
  kind: phrases
  where: {{role: agent}}
  {quantifier}: [{phrase}]
"""

CASES = """\
cases:
  - {name: one, expect: pass, turns: ["Agent: 您好"]}
"""


def write_criterion(
    folder: Path,
    section: str,
    name: str,
    *,
    points: int = 1,
    critical: str = "false",
    quantifier: str = "any",
    phrase: str = "您好",
) -> Path:
    path = folder / section / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CRITERION.format(id=name, points=points, critical=critical, quantifier=quantifier, phrase=phrase), "utf-8")
    path.with_name(f"{name}.cases.yml").write_text(CASES, "utf-8")
    return path


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Greeting (3 points) and offer (1 point) weigh 30, abuse (critical) weighs 70."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "scorecard.yml").write_text(SCORECARD, "utf-8")
    write_criterion(folder, "opening", "open.greet", points=3)
    write_criterion(folder, "opening", "open.offer", phrase="可以帮您")
    write_criterion(folder, "wording", "word.abuse", points=2, critical="true", quantifier="none", phrase="混蛋")
    return folder

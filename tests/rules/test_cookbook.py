"""Every example of docs/rule-cookbook.md is loaded as a pack, checked, and judged on its own cases."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.evaluation import CaseResult, load_scorecard, run_cases

PAGE = (Path(__file__).parents[2] / "docs/rule-cookbook.md").read_text("utf-8")
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS: tuple[dict[str, Any], ...] = tuple(yaml.safe_load(m[1]) for m in BLOCK.finditer(PAGE))
TEXTS = {"zh": "例", "en": "Example"}


def scorecard(language: str, ids: list[str]) -> dict[str, Any]:
    return {
        "id": f"cookbook-{language}",
        "version": "1",
        "language": language,
        "title": TEXTS,
        "pass_score": 60,
        "min_coverage_ratio": 0.5,
        "min_evaluable_ratio": 0.5,
        "join_gap_s": 3.0,
        "sections": [{"id": "cook", "title": TEXTS, "weight": 100, "criteria": ids}],
        "bands": [{"id": "all", "min_score": 0, "title": TEXTS}],
    }


@cache
def results(folder: Path) -> dict[str, list[CaseResult]]:
    """The cases of every block, by its id."""
    found: dict[str, list[CaseResult]] = {b["id"]: [] for b in BLOCKS}
    for language in ("zh", "en"):
        mine = [b for b in BLOCKS if b.get("language", "zh") == language]
        pack = folder / language
        (pack / "cook").mkdir(parents=True)
        (pack / "scorecard.yml").write_text(yaml.safe_dump(scorecard(language, [b["id"] for b in mine])), "utf-8")
        for block in mine:
            rule = {"title": TEXTS, "clause": "-", "points": 1, "why": TEXTS, "false_alarms": TEXTS}
            rule |= {k: v for k, v in block.items() if k not in ("language", "cases", "given")}
            if "deduct" in rule:
                del rule["points"]
            cases = {k: block[k] for k in ("given", "cases") if k in block}
            for name, data in ((f"{block['id']}.yml", rule), (f"{block['id']}.cases.yml", cases)):
                (pack / "cook" / name).write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
        for result in run_cases(load_scorecard(pack)):
            found[result.criterion].append(result)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cookbook")


@pytest.mark.parametrize("block", BLOCKS, ids=[b["id"] for b in BLOCKS])
def test_the_example_gives_the_verdicts_that_stand_beside_it(block: dict[str, Any], folder: Path):
    mine = results(folder)[block["id"]]
    assert len(mine) == len(block["cases"]) >= 2
    assert len({r.expected for r in mine}) >= 2, "an example must be shown to tell calls apart"
    for result in mine:
        assert (result.got, result.missing_evidence) == (result.expected, ()), (result.case, result.reason)


def test_the_ids_of_the_examples_are_their_own():
    ids = [b["id"] for b in BLOCKS]
    assert len(ids) == len(set(ids)) >= 40


def test_every_check_of_the_language_is_used_in_an_example_or_a_shipped_rule():
    from audit.evaluation.conditions import KINDS

    used = set(re.findall(r"kind: (\w+)", PAGE))
    for path in (Path(__file__).parents[2] / "rules").glob("*-service/*/*.yml"):
        used |= set(re.findall(r"kind: (\w+)", path.read_text("utf-8")))
    assert used >= set(KINDS)

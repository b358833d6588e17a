"""Which form of the evaluation runs: the compiled one, only where it was made from these very sources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.evaluation import compiled

ROOT = Path(__file__).resolve().parent.parent.parent
ASK = "import audit.evaluation.compiled as c, audit.evaluation.match as m; print(c.IN_USE, m.__file__.endswith('.py'))"


def asked(**environment: str) -> str:
    """What a fresh process says of the form that runs, and whether it is a source."""
    known = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, "-c", ASK], env=known, capture_output=True, text=True, check=True).stdout.strip()


def test_the_sources_run_where_the_switch_says_so() -> None:
    assert asked(CALLAUDIT_COMPILED="0") == "False True"


def test_the_compiled_form_runs_only_while_it_is_of_these_sources() -> None:
    listed = compiled.FOLDER / compiled.LIST
    if not listed.is_file():
        pytest.skip("nothing is compiled: run make compiled")
    is_of_these = json.loads(listed.read_text("utf-8"))["sources_sha256"] == compiled.sources_sha256()
    assert asked(CALLAUDIT_COMPILED="1") == f"{is_of_these} {not is_of_these}"


def test_a_changed_source_makes_another_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "audit" / "evaluation"
    package.mkdir(parents=True)
    for name in ("records.py", "segments.py", "verdicts.py", "words.py"):
        (package.parent / name).write_text("", "utf-8")
    (package / "match.py").write_text("A = 1\n", "utf-8")
    monkeypatch.setattr(compiled, "_HERE", package)
    before = compiled.sources_sha256()
    (package / "match.py").write_text("A = 2\n", "utf-8")
    assert compiled.sources_sha256() != before


def test_without_a_list_nothing_compiled_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    monkeypatch.setenv(compiled.SWITCH, "1")
    assert compiled._use() is False


def test_libraries_of_other_sources_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / compiled.LIST).write_text(json.dumps({"sources_sha256": "other", "modules": {}}), "utf-8")
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    monkeypatch.setenv(compiled.SWITCH, "1")
    assert compiled._use() is False

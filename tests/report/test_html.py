"""How templates become pages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from audit.report import html


def test_compiled_templates_lie_where_python_keeps_its_bytecode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for _ in range(2):  # the second time they are read
        html._environment.cache_clear()
        html._environment().get_template("scorecard.html")
    assert [p.suffix for p in tmp_path.rglob("*.*") if p.is_file()] == [".pyc"]
    html._environment.cache_clear()

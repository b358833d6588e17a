"""The layers of docs/architecture.md hold, and asking for help stays cheap."""

from __future__ import annotations

import subprocess
import sys

import pytest
from importlinter.cli import lint_imports

from tests.conftest import ROOT


def test_every_import_follows_the_layers(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0, capsys.readouterr().out


def loaded_by(code: str) -> set[str]:
    """Modules that a fresh Python has once it ran some code."""
    program = f"import sys, {code}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("audit.cli", {"numpy", "scipy", "faster_whisper"}),
        ("audit.batch.workers, audit.pipeline.auditor", {"importlib.metadata", "sqlalchemy", "jinja2", "yaml", "av", "click"}),
        (
            "audit.batch.run, audit.batch.reporting",
            {
                "numpy",
                "scipy",
                "matplotlib",
                "soxr",
                "yaml",
                "alembic",
                "audit.redaction.find",
                "psycopg",
                "sqlalchemy.dialects.postgresql",
            },
        ),
    ],
    ids=["asking for help", "a worker that measures", "a batch that was measured, and its pages"],
)
def test_libraries_that_take_time_are_not_loaded_by(code, unwanted):
    assert not loaded_by(code) & unwanted

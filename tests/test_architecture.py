"""The layers of docs/architecture.md hold, and asking for help stays cheap."""

from __future__ import annotations

import subprocess
import sys

from importlinter.cli import lint_imports

from tests.conftest import ROOT


def test_every_import_follows_the_layers(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0, capsys.readouterr().out


def test_help_does_not_load_numerical_packages():
    code = "import sys, audit.cli; print(*(m for m in ('numpy', 'scipy', 'faster_whisper') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""

"""The command itself: help, version, errors and their exit codes."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from audit import __version__
from audit.cli import COMMANDS, cli, default_lang
from audit.errors import AuditError, ScorecardError, StoreError, UsageError
from tests.conftest import ROOT


@pytest.fixture
def raising(monkeypatch):
    """Make ``callaudit doctor`` raise an error of the test's choice."""

    def install(error: Exception) -> None:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr("audit.cli.doctor.doctor", command)

    return install


def test_help_imports_no_library_that_takes_time():
    program = "import sys, audit.cli as c\ntry: c.main(['--help'])\nexcept SystemExit: pass\nprint(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].strip("[]").replace("'", "").split(", "))
    assert "click" in loaded
    assert not loaded & {"numpy", "scipy", "sqlalchemy", "av", "rich", "faster_whisper", "jinja2", "audit.pipeline"}


def every_command() -> list[tuple[str, ...]]:
    """All commands, those of groups too."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        found += [(name, sub) for sub in command.commands] if isinstance(command, click.Group) else [(name,)]
    return found


@pytest.mark.parametrize("names", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(names):
    done = CliRunner().invoke(cli, [*names, "--help"])
    assert done.exit_code == 0, done.output
    assert f"callaudit {' '.join(names)}" in done.output


def test_the_version_is_told():
    assert __version__ in CliRunner().invoke(cli, ["--version"]).output


def test_a_misspelt_command_is_guessed():
    done = CliRunner().invoke(cli, ["rescor", "x"])
    assert done.exit_code == 2
    assert "did you mean 'rescore'?" in done.output


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong option", hint="use another"), 2),
        (ScorecardError(["a.yml:1:1: bad", "b.yml:2:2: worse"]), 2),
        (StoreError("no store", hint="make one"), 1),
        (AuditError("broken"), 1),
        (RuntimeError("unforeseen"), 1),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else str(v),
)
def test_an_error_becomes_a_message_and_an_exit_code(error, code, raising):
    raising(error)
    done = CliRunner().invoke(cli, ["doctor"])
    assert done.exit_code == code
    for line in str(error).splitlines():
        assert line in done.stderr
    assert "Traceback" not in done.output


def test_an_unforeseen_error_says_how_to_see_more_and_debug_shows_it(raising):
    raising(RuntimeError("unforeseen"))
    assert "--debug" in CliRunner().invoke(cli, ["doctor"]).stderr
    shown = CliRunner().invoke(cli, ["--debug", "doctor"])
    assert isinstance(shown.exception, RuntimeError)


@pytest.mark.parametrize(
    ("variables", "lang"),
    [({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "de_DE"}, "en"), ({"LC_ALL": "C", "LANG": "zh_CN"}, "en"), ({}, "en")],
    ids=["Chinese", "other", "LC_ALL wins", "none"],
)
def test_the_language_follows_the_environment(variables, lang, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_lang() == lang


def test_every_exit_code_and_command_is_documented():
    page = (ROOT / "docs" / "exit-codes.md").read_text("utf-8")
    for code in ("0", "1", "2", "3", "4", "130", "143"):
        assert f"| {code} |" in page

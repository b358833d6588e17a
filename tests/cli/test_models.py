"""``callaudit models``: listing, installing and verifying."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli.models import models
from audit.errors import ModelError


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without any model."""
    monkeypatch.setenv("CALLAUDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path / "cache/models"


def invoke(*arguments: str) -> str:
    """Output of a command; an error comes through as it was raised."""
    return CliRunner().invoke(models, arguments, catch_exceptions=False, standalone_mode=False).output


def test_the_list_names_every_model_its_licence_and_the_cache(empty_cache: Path) -> None:
    output = invoke("list")
    assert "base (default)" in output
    assert "large-v3" in output
    assert "MIT" in output
    assert str(empty_cache) in output


def test_installing_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match="no speech model is called 'bass'"):
        invoke("install", "bass")


def test_verifying_nothing_names_the_command_that_installs() -> None:
    with pytest.raises(ModelError, match="no pinned model is installed") as caught:
        invoke("verify")
    assert caught.value.hint == "callaudit models install base"


def test_verifying_a_model_that_is_not_there_says_so() -> None:
    with pytest.raises(ModelError, match="'base' is not installed"):
        invoke("verify", "base")


@pytest.mark.parametrize("command", ["list", "install", "verify"])
def test_help_shows_an_example(command: str) -> None:
    assert f"callaudit models {command}" in CliRunner().invoke(models, [command, "--help"]).output


def test_the_installed_default_is_every_byte_as_pinned(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLAUDIT_CACHE", str(model_dir.parent.parent))
    assert f"base: every byte is as pinned, in {model_dir}" in invoke("verify", "base")

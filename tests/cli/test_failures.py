"""``callaudit failures`` lists what failed, why, and gives the last command again."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from audit.cli import cli


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """An output folder with one recording that cannot be audited, started from `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "bad.wav").write_text("no audio")
    command = ["measure", "rec", "--out", "out", "--jobs", "0"]
    monkeypatch.setattr("sys.argv", ["callaudit", *command])
    assert CliRunner().invoke(cli, command).exit_code == 4
    return tmp_path / "out"


def test_each_failure_is_listed_with_its_reason_and_the_next_step(measured):
    shown = CliRunner().invoke(cli, ["failures", str(measured), "--lang", "en"])
    assert shown.exit_code == 0
    assert "holds text, not audio" in shown.output
    assert "fetch it again" in shown.output
    assert "1 recording could not be audited" in shown.output


def test_a_retry_gives_the_last_command_again_where_it_was_given(measured, tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    shown = CliRunner().invoke(cli, ["failures", str(measured), "--retry"])
    assert "callaudit measure rec --out out --jobs 0 --retry" in shown.output
    assert "1 failed" in shown.output


def test_a_folder_without_a_store_is_named(tmp_path):
    shown = CliRunner().invoke(cli, ["failures", str(tmp_path)])
    assert shown.exit_code == 2
    assert "holds no callaudit.db" in shown.output

"""``callaudit doctor`` says what is missing and the command that gets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from audit.cli import doctor as module
from audit.cli.doctor import Finding, doctor, examine
from audit.errors import AuditError


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache without any model."""
    monkeypatch.setenv("CALLAUDIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def whole_model(tmp_path: Path) -> Path:
    """A directory with the files of a model; doctor does not load it."""
    path = tmp_path / "my-model"
    path.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (path / name).write_text("{}", "utf8")
    return path


def finding(subject: str, *, model: str = "base", out: Path) -> Finding:
    """The one line about a subject."""
    (found,) = (f for f in examine(model=model, out=out) if f.subject == subject)
    return found


def test_a_missing_model_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    found = finding("speech model", out=tmp_path)
    assert (found.state, found.next_step) == ("missing", "callaudit models install base")


def test_a_model_directory_will_do(whole_model: Path, tmp_path: Path) -> None:
    assert finding("speech model", model=str(whole_model), out=tmp_path).state == "ok"


def test_an_incomplete_model_directory_is_named_by_what_it_lacks(whole_model: Path, tmp_path: Path) -> None:
    (whole_model / "model.bin").unlink()
    found = finding("speech model", model=str(whole_model), out=tmp_path)
    assert found.state == "missing"
    assert "model.bin" in found.text


def test_results_cannot_go_where_a_file_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", "utf8")
    assert finding("results", out=tmp_path / "taken" / "out").state == "missing"


def test_a_package_that_is_not_installed_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEEDED_DISTRIBUTIONS", ("numpy", "no-such-distribution-as-this"))
    found = finding("packages", out=tmp_path)
    assert found.state == "missing"
    assert str(found.next_step).endswith("pip install no-such-distribution-as-this")


def test_doctor_fails_with_the_next_step_while_something_is_missing(tmp_path: Path) -> None:
    result = CliRunner().invoke(doctor, ["--out", str(tmp_path)])
    assert isinstance(result.exception, AuditError)
    assert result.exception.hint == "callaudit models install base"


def test_doctor_is_content_when_everything_is_there(whole_model: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(doctor, ["--model", str(whole_model), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "Everything is there" in result.output


def test_doctor_changes_nothing(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    examine(model="base", out=tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_report_cannot_be_written_as_is_a_note_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLAUDIT_BROWSER", str(tmp_path / "none"))
    monkeypatch.setattr("audit.report.exports.parquet.find_spec", lambda name: None)
    found = finding("exports", out=tmp_path)
    assert (found.state, found.text) == ("note", "XLSX")
    assert "for PDF: " in (found.next_step or "") and "pip install 'callaudit[parquet]'" in (found.next_step or "")

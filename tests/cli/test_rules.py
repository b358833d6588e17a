"""The command ``callaudit rules``: output and exit codes."""

import json

import pytest
from click.testing import CliRunner

from audit.cli import cli
from audit.contract import call_to_json
from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.cases import record_of_case


def run(*args):
    return CliRunner().invoke(cli, ["rules", *map(str, args)], prog_name="callaudit")


@pytest.fixture
def call_file(tmp_path):
    record = record_of_case({"turns": ["Agent 3-5: 喂，哪位？", "Customer 6-8: 你好"]}, "zh")
    path = tmp_path / "case.json"
    path.write_text(json.dumps(call_to_json(record, evaluate(record, load_scorecard("zh-service")))), "utf-8")
    return path


def test_check_accepts_the_shipped_packs():
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "zh-service" in result.output
    assert "en-service" in result.output


def test_check_of_a_broken_pack_is_a_usage_error_with_every_fault(tmp_path):
    (tmp_path / "scorecard.yml").write_text("id: x\nversoin: '1'\n", "utf-8")
    result = run("check", tmp_path)
    assert result.exit_code == 2
    assert f"{tmp_path}/scorecard.yml:2:1: unknown key 'versoin'; did you mean 'version'?" in result.output
    assert "the key 'sections' is missing" in result.output


def test_test_runs_the_cases():
    result = run("test", "zh-service")
    assert result.exit_code == 0, result.output
    assert "cases hold" in result.output


def test_explain_shows_verdict_evidence_and_polite_form(call_file):
    result = run("explain", call_file, "open.no-wei", "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert "fail" in result.output
    assert "3.00" in result.output
    assert "您好！" in result.output


def test_explain_of_an_unknown_criterion_is_a_usage_error(call_file):
    result = run("explain", call_file, "open.nothing")
    assert result.exit_code == 2
    assert "no criterion 'open.nothing'" in result.output


@pytest.mark.parametrize("text", ["not json", "[]", "{}"])
def test_explain_of_something_that_is_no_call_is_a_usage_error(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    assert run("explain", path, "open.greet").exit_code == 2


def test_explain_of_a_missing_file_is_a_usage_error(tmp_path):
    assert run("explain", tmp_path / "gone.json", "open.greet").exit_code == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_coverage_lists_every_clause_of_the_standard(lang):
    result = run("coverage", "--lang", lang)
    assert result.exit_code == 0, result.output
    for clause in ("open.greet", "talk.intonation", "team.weakest-link"):
        assert clause in result.output


@pytest.mark.parametrize("command", ["check", "test", "explain", "coverage"])
def test_help_gives_examples(command):
    assert f"callaudit rules {command}" in run(command, "--help").output

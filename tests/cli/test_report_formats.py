"""``callaudit report --format``."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from audit.cli import cli
from audit.cli.formats import FORMATS, formats_asked
from audit.storage import Removal, Store, forget_words
from tests.cli.calls import fill_store, spoken
from tests.cli.test_rescore import POLITE, RUDE, call
from tests.storage.test_ledger import NOW


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    out = tmp_path_factory.mktemp("audited") / "out"
    november = datetime(2026, 11, 20, 9, tzinfo=UTC)
    december = datetime(2026, 12, 1, 9, tzinfo=UTC)
    fill_store(out, [spoken("polite", POLITE, started_at=november), spoken("rude", RUDE, started_at=december, agent="A2")])
    assert call("rescore", out).exit_code == 0
    return out


def names(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_formats_are_named_with_commas_or_one_by_one_and_written_where_the_last_line_says(audited, tmp_path):
    done = call("report", audited, "--out", tmp_path, "--format", "xlsx, CSV", "--format", "json", "--format", "xlsx")
    assert done.exit_code == 0, done.output
    assert names(tmp_path) == {
        "report.xlsx", "report.json", "agents.csv", "criteria.csv", "calls.csv", "evidence.csv", "habits.csv", "failures.csv",
    }  # fmt: skip
    assert done.stdout == f"see {tmp_path}/report.xlsx, {tmp_path}/agents.csv, {tmp_path}/report.json\n"


def test_exports_hold_the_chosen_calls_only_and_say_so(audited, tmp_path):
    done = call("report", audited, "--out", tmp_path, "--format", "json,csv", "--agent", "A2", "--from", "2026-11-30")
    assert done.exit_code == 0, done.output
    said = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [r["call_id"] for r in said["tables"]["calls"]] == ["rude"]
    assert said["agent_id"] == "A2" and said["period"]["from"].startswith("2026-11-30T00:00:00") and said["lang"] == "en"
    evidence = list(csv.DictReader(io.StringIO((tmp_path / "evidence.csv").read_text("utf-8-sig"), newline="")))
    wei = [r for r in evidence if r["criterion"] == "open.no-wei"]
    assert wei and wei[0]["quote"] and wei[0]["clause"] and float(wei[0]["start_s"]) < 2.0


def test_words_that_retention_removed_are_in_no_format(audited, tmp_path):
    kept = tmp_path / "kept"
    shutil.copytree(audited, kept)
    with Store.in_folder(kept) as store:
        forget_words(store, Removal("rude", "transcript", "rude.wav"), now=NOW)
    out = tmp_path / "out"
    assert call("report", kept, "--out", out, "--format", "json,csv,xlsx,parquet").exit_code == 0
    rows = json.loads((out / "report.json").read_text("utf-8"))["tables"]["evidence"]
    mine = [r for r in rows if r["call_id"] == "rude"]
    assert mine and all((r["quote"], r["heard"], r["reason"]) == (None, None, None) for r in mine)
    assert any(r["start_s"] is not None for r in mine)
    for path in (p for p in out.iterdir() if p.is_file()):
        raw = path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                raw = b"".join(book.read(n) for n in book.namelist())
        assert "烦死了".encode() not in raw, path.name


def test_pages_come_first_so_that_tables_link_them(audited, tmp_path):
    assert call("report", audited, "--out", tmp_path, "--format", "json,html").exit_code == 0
    calls = json.loads((tmp_path / "report.json").read_text("utf-8"))["tables"]["calls"]
    assert all((tmp_path / c["page"]).is_file() for c in calls)


@pytest.mark.parametrize(
    ("given", "said"),
    [("xls", "did you mean xlsx?"), ("word", "is none of html, xlsx"), (",", "name one or several"), ("csv;json", "none of")],
)
def test_an_unknown_format_is_wrong_usage(audited, tmp_path, given, said):
    done = call("report", audited, "--out", tmp_path / "new", "--format", given)
    assert done.exit_code == 2 and said in done.stderr
    assert not (tmp_path / "new").exists()


def test_what_is_missing_is_said_before_anything_is_read_or_written(audited, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLAUDIT_BROWSER", str(tmp_path / "no-browser"))
    done = call("report", audited, "--out", tmp_path / "new", "--format", "html,pdf")
    assert done.exit_code == 2 and "no such program" in done.stderr and "next:" in done.stderr
    monkeypatch.setattr("audit.report.exports.parquet.find_spec", lambda name: None)
    done = call("report", audited, "--out", tmp_path / "new", "--format", "html,parquet")
    assert done.exit_code == 2 and "pip install 'callaudit[parquet]'" in done.stderr
    assert not (tmp_path / "new").exists()


def browser(folder, body='printf "%%PDF-1.7\\n%%%%EOF\\n" > "$PDF"'):
    path = folder / "browser"
    path.write_text(f'#!/bin/sh\nfor a; do case "$a" in --print-to-pdf=*) PDF="${{a#*=}}";; esac; done\n{body}\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        (["--format", "pdf"], {"team.pdf", "scorecards/A1.pdf", "scorecards/A2.pdf"}),
        (["--format", "pdf", "--agent", "A2"], {"scorecards/A2.pdf"}),
    ],
    ids=["everybody", "one agent"],
)
def test_pdf_alone_leaves_no_pages_and_stands_where_they_would(audited, tmp_path, monkeypatch, options, printed):
    monkeypatch.setenv("CALLAUDIT_BROWSER", browser(tmp_path))
    done = call("report", audited, "--out", tmp_path / "new", *options)
    assert done.exit_code == 0, done.output
    assert names(tmp_path / "new") == printed
    assert done.stdout.strip().endswith(".pdf")


def test_a_browser_that_fails_is_an_error_of_the_tool_with_the_next_step(audited, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLAUDIT_BROWSER", browser(tmp_path, "echo no screen; exit 1"))
    done = call("report", audited, "--out", tmp_path / "new", "--format", "pdf")
    assert done.exit_code == 1 and "no screen" in done.stderr and "next:" in done.stderr
    assert names(tmp_path / "new") == set()


def test_help_shows_the_formats_with_examples():
    said = CliRunner().invoke(cli, ["report", "--help"]).output
    assert all(f in said for f in FORMATS) and "--format html,xlsx" in said


def test_without_the_option_pages_are_written():
    assert formats_asked([]) == ("html",)

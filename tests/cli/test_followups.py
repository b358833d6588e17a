"""``callaudit followups``: lists, takes in the CRM's table, closes."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

from audit.cli import cli
from audit.storage import Store
from tests.batch.test_followups import keep_all
from tests.followup.calls import at, call


@pytest.fixture
def folder(tmp_path):
    with Store.in_folder(tmp_path) as store:
        keep_all(
            store,
            call("cut", at(), cut=True),
            call("back", at(minutes=4), "out", "apology_first"),
            call("bad", at(), "in", "complaint", number="13900139000", agent="A2"),
            call("first", at(), number="13700137000"),
            call("second", at(days=2), number="13700137000"),
            call("z", at(days=10), number="13600136000"),
        )
    return tmp_path


def followups(*args):
    return CliRunner().invoke(cli, ["followups", *(str(a) for a in args)])


def test_everything_is_listed_with_both_calls(folder):
    done = followups(folder, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "redial  called back  cut → back  A1  60 s, apology, no reason" in done.stdout
    assert "repeat  repeated  first → second" in done.stdout
    assert "complaint  overdue  bad  A2" in done.stdout
    assert "1 redial, 1 repeat, 1 complaint, 0 callbacks; first-call resolution" in done.stdout


def test_a_list_in_chinese(folder):
    done = followups(folder, "--lang", "zh")
    assert "中断回拨  已回拨  cut → back  A1  60 s，致歉，未说明原因" in done.stdout
    assert "首次解决率" in done.stdout


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["--kind", "redial"], ["cut"]),
        (["--kind", "redial", "--kind", "repeat"], ["cut", "first"]),
        (["--overdue"], ["bad"]),
        (["--open"], ["bad"]),
        (["--agent", "A2"], ["bad"]),
        (["--from", "2026-11-03"], []),
    ],
)
def test_a_list_of_some(folder, args, shown):
    done = followups(folder, "--json", *args)
    found = json.loads(done.stdout)
    assert sorted(x.get("complaint_id") or x["call_id"] for x in found) == sorted(shown)


def test_a_table_for_spreadsheets(folder, tmp_path):
    path = tmp_path / "all.csv"
    assert followups(folder, "--csv", path).exit_code == 0
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {r["kind"]: r["status"] for r in rows} == {"redial": "called_back", "repeat": "repeated", "complaint": "overdue"}


def test_the_crms_table_closes_a_complaint_once(folder, tmp_path):
    path = tmp_path / "crm.csv"
    path.write_text("ticket,call_id,closed_at\nT1,bad,2026-11-03 09:00\n", "utf-8")
    done = followups("import", path, folder, "--lang", "en")
    assert (done.exit_code, done.stdout) == (0, "1 taken in, 0 known before\n")
    assert followups("import", path, folder, "--lang", "en").stdout == "0 taken in, 1 known before\n"
    (found,) = json.loads(followups(folder, "--kind", "complaint", "--json").stdout)
    assert (found["status"], found["closed_by"]) == ("closed", "crm")


def test_a_faulty_table_is_wrong_usage_and_takes_in_nothing(folder, tmp_path):
    path = tmp_path / "crm.csv"
    path.write_text("call_id,closed_at\nbad,yesterday\n", "utf-8")
    done = followups("import", path, folder)
    assert done.exit_code == 2 and "crm.csv:2: closed_at" in done.stderr
    (found,) = json.loads(followups(folder, "--kind", "complaint", "--json").stdout)
    assert found["status"] == "overdue"


def test_a_person_closes_a_complaint(folder):
    done = followups("close", "bad", folder, "--by", "QA 7", "--note", "sent a new one", "--at", "2026-11-03", "--lang", "en")
    assert (done.exit_code, done.stdout) == (0, "bad closed\n")
    (found,) = json.loads(followups(folder, "--kind", "complaint", "--json").stdout)
    assert (found["closed_by"], found["by"], found["note"]) == ("person", "QA 7", "sent a new one")
    again = followups("close", "bad", folder, "--by", "QA 7", "--note", "again", "--lang", "en")
    assert again.exit_code == 0 and "was closed at 2026-11-03" in again.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["close", "nobody", "{}", "--by", "a", "--note", "b"], "holds no complaint 'nobody'"),
        (["close", "bad", "{}", "--by", "a", "--note", "b", "--at", "2020-01-01"], "after the time given"),
        (["list"], "name either the DIR"),
    ],
)
def test_what_cannot_be_done_is_wrong_usage(folder, args, says):
    done = followups(*(a.format(folder) for a in args))
    assert done.exit_code == 2 and says in done.stderr


def test_a_profile_sets_other_windows(folder, tmp_path):
    path = tmp_path / "profile.yml"
    path.write_text("followups: {repeat_days: 1}\n", "utf-8")
    assert json.loads(followups(folder, "--kind", "repeat", "--json", "--profile", path).stdout) == []
    path.write_text("followups: {repeat_day: 1}\n", "utf-8")
    done = followups(folder, "--profile", path)
    assert done.exit_code == 2 and "did you mean 'repeat_days'?" in done.stderr

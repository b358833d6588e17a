"""``callaudit rescore`` and ``report``: from the store alone."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from audit.cli import cli
from audit.cli.demo import score_table
from audit.cli.options import moment
from audit.errors import UsageError
from audit.storage import Store
from tests.cli.calls import fill_store, spoken
from tests.conftest import ROOT
from tests.storage.test_ledger import a_record

POLITE = [
    ("agent", "您好，示例科技，请问有什么可以帮您？"),
    ("customer", "我想查一下话费。"),
    ("agent", "好的，请稍等。您的话费是五十元。请问还有什么可以帮您？"),
    ("customer", "没有了。"),
    ("agent", "感谢您的来电，再见。"),
]
RUDE = [("agent", "喂，说。"), ("customer", "我想查一下话费。"), ("agent", "你自己去查，烦死了。")]


def call(*args: object) -> Result:
    done = CliRunner().invoke(cli, [*map(str, args), "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def audited(tmp_path):
    out = tmp_path / "out"
    november = datetime(2026, 11, 20, 9, tzinfo=UTC)
    december = datetime(2026, 12, 1, 9, tzinfo=UTC)
    fill_store(out, [spoken("polite", POLITE, started_at=november), spoken("rude", RUDE, started_at=december, agent="A2")])
    return out


def test_rescoring_adds_an_evaluation_and_writes_files_and_pages(audited):
    done = call("rescore", audited, "--scorecard", "zh-service")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("2 rescored, 0 unchanged, 0 without words; see ")
    scores = {p.stem: json.loads(p.read_text("utf-8"))["evaluation"]["score"] for p in (audited / "calls").iterdir()}
    assert scores["polite"] > scores["rude"]
    assert (audited / "index.html").exists() and (audited / "scorecards" / "A1.html").exists()


def test_the_same_scorecard_again_adds_nothing(audited):
    call("rescore", audited)
    assert call("rescore", audited).stdout.startswith("0 rescored, 2 unchanged")


def test_another_version_of_the_scorecard_leaves_the_first_verdict_in_the_store(audited, tmp_path):
    call("rescore", audited)
    mine = tmp_path / "zh-service"
    shutil.copytree(ROOT / "rules" / "zh-service", mine)
    text = (mine / "scorecard.yml").read_text("utf-8")
    (mine / "scorecard.yml").write_text("# ours\n" + text, "utf-8")
    assert call("rescore", audited, "--scorecard", mine).stdout.startswith("2 rescored")
    with Store.in_folder(audited) as store, store.reading() as c:
        kept = c.exec_driver_sql("SELECT scorecard_sha256, count(DISTINCT call_row_id) FROM evaluations GROUP BY 1").all()
    assert [n for _, n in kept] == [2, 2]


def test_a_call_that_was_only_measured_gets_no_verdict(tmp_path):
    record = a_record("measured")
    fill_store(tmp_path, [type(record)(**{**{f: getattr(record, f) for f in record.__slots__}, "transcript": None})])
    assert call("rescore", tmp_path).stdout.startswith("0 rescored, 0 unchanged, 1 without words")
    assert json.loads((tmp_path / "calls" / "measured.json").read_text("utf-8"))["evaluation"] is None


def test_rescoring_a_period_leaves_the_others(audited):
    assert call("rescore", audited, "--from", "2026-12-01").stdout.startswith("1 rescored")


def test_fail_on_names_the_calls(audited):
    done = call("rescore", audited, "--fail-on", "criterion=open.no-wei")
    assert done.exit_code == 3
    assert "rude: criterion=open.no-wei" in done.stderr and "polite" not in done.stderr


def test_a_report_of_a_period_and_an_agent_holds_those_calls_only(audited, tmp_path):
    call("rescore", audited)
    for args, expected in (
        (("--from", "2026-11-01", "--to", "2026-11-30"), {"A1.html"}),
        (("--agent", "A2"), {"A2.html"}),
        ((), {"A1.html", "A2.html"}),
    ):
        pages = tmp_path / "-".join(["pages", *args])
        done = call("report", audited, "--out", pages, *args)
        assert done.exit_code == 0, done.output
        assert {p.name for p in (pages / "scorecards").glob("*.html")} == expected


def test_a_report_of_nothing_is_wrong_usage(audited):
    done = call("report", audited, "--from", "2030-01-01")
    assert done.exit_code == 2 and "no call" in done.stderr


def test_a_report_in_chinese(audited, tmp_path):
    done = CliRunner().invoke(cli, ["report", str(audited), "--out", str(tmp_path / "zh"), "--lang", "zh"])
    assert done.exit_code == 0 and done.stdout.startswith("请打开 ")
    assert 'lang="zh' in (tmp_path / "zh" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("command", ["rescore", "report"])
@pytest.mark.parametrize("args", [[], ["{tmp}"], ["{tmp}/absent"], ["{tmp}", "--store", "sqlite://"]])
def test_a_store_must_be_named_once_and_be_there(command, args, tmp_path):
    done = call(command, *(a.format(tmp=tmp_path) for a in args))
    assert done.exit_code == 2 and "next:" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        ("2026-11-01", False, "2026-10-31T16:00:00+00:00"),
        ("2026-11-30", True, "2026-11-30T16:00:00+00:00"),
        ("2026-11-30T12:00", True, "2026-11-30T04:00:00+00:00"),
        ("2026-11-30T12:00Z", False, "2026-11-30T12:00:00+00:00"),
    ],
    ids=["day's beginning", "day's end", "local time", "with an offset"],
)
def test_a_date_is_read_in_the_centres_time_zone(text, end, expected):
    assert moment(text, ZoneInfo("Asia/Shanghai"), end=end) == datetime.fromisoformat(expected)


def test_a_date_that_is_none_is_wrong_usage():
    with pytest.raises(UsageError, match="no date"):
        moment("yesterday", ZoneInfo("Asia/Shanghai"), end=False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_score_table_names_each_call(audited, lang):
    call("rescore", audited)
    with Store.in_folder(audited) as store:
        table = score_table(store, lang)
    assert table.row_count == 2
    assert list(table.columns[0].cells) == ["polite", "rude"]

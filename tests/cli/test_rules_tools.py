"""``callaudit rules new, test, explain, try, diff, coverage, release``: what rule writers work with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.cli import cli
from audit.contract import call_to_json
from audit.evaluation import evaluate, load_scorecard
from audit.evaluation.cases import record_of_case
from tests.cli.calls import fill_store, spoken
from tests.evaluation.conftest import SCORECARD, write_criterion

OPTIONS = {
    "--section": "wording", "--id": "word.no-boss", "--title-zh": "不说老板", "--title-en": "No boss", "--clause": "手册 三",
    "--points": "2", "--must": "unsaid", "--role": "agent", "--phrase": "(老板|大哥)",
}  # fmt: skip


def rules(*args: object, **more: object) -> Result:
    done = CliRunner().invoke(cli, ["rules", *map(str, args)], **more)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def flat(options: dict[str, str]) -> list[str]:
    return [part for pair in options.items() for part in pair]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Greeting and offer weigh 30, abuse 70."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    text = SCORECARD.replace("criteria: [word.abuse]}", "criteria: [word.abuse]}  # keep me")
    (folder / "scorecard.yml").write_text("# our pack\n" + text, "utf-8")
    write_criterion(folder, "opening", "open.greet", points=3)
    write_criterion(folder, "opening", "open.offer", phrase="可以帮您")
    write_criterion(folder, "wording", "word.abuse", points=2, quantifier="none", phrase="混蛋")
    for name in ("opening/open.greet", "opening/open.offer", "wording/word.abuse"):
        cases = "cases: [{name: a, expect: not_evaluable, transcribed: false}]\n"
        (folder / f"{name}.cases.yml").write_text(cases, "utf-8")
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three calls: polite and of A1, rude and of A2, English."""
    out = tmp_path / "archive"
    polite = spoken("polite", [("agent", "您好，可以帮您吗"), ("customer", "查话费"), ("agent", "再见")])
    rude = spoken("rude", [("agent", "喂，老板"), ("customer", "查话费"), ("agent", "混蛋，老板")], agent="A2")
    english = spoken("english", [("agent", "Hello")])
    transcript = replace(english.transcript, language="en")
    fill_store(out, [polite, rude, replace(english, transcript=transcript)])
    return out


# --- new ------------------------------------------------------------------------------------------
def test_new_writes_a_rule_whose_cases_hold_and_keeps_the_comments(pack):
    done = rules("new", pack, *flat(OPTIONS), "--lang", "en")
    assert done.exit_code == 0, done.output
    text = (pack / "scorecard.yml").read_text("utf-8")
    assert "criteria: [word.abuse, word.no-boss]}  # keep me" in text and text.startswith("# our pack\n")
    assert load_scorecard(pack).criterion("word.no-boss").points == 2
    assert rules("test", pack).exit_code == 0


def test_new_lists_a_rule_under_others_that_stand_one_on_a_line(pack):
    card = pack / "scorecard.yml"
    long = "criteria:\n      - word.abuse  # the worst\n"
    card.write_text(
        card.read_text("utf-8").replace(
            "  - {id: wording, title: {zh: 用语, en: Wording}, weight: 70, criteria: [word.abuse]}  # keep me\n",
            f"  - id: wording\n    title: {{zh: 用语, en: Wording}}\n    weight: 70\n    {long}",
        ),
        "utf-8",
    )
    assert rules("new", pack, *flat(OPTIONS)).exit_code == 0
    assert "      - word.abuse  # the worst\n      - word.no-boss\n" in card.read_text("utf-8")


def test_new_asks_for_what_no_option_gives(pack):
    answers = "opening\nopen.name\n报名\nGives a name\n手册 一\n3\nsaid\nagent\n我是\n敝姓\n\n"
    done = rules("new", pack, "--lang", "en", input=answers)
    assert done.exit_code == 0, done.output
    rule = load_scorecard(pack).criterion("open.name")
    assert [p.text for p in rule.check.phrases] == ["我是", "敝姓"]
    assert rules("test", pack).exit_code == 0


@pytest.mark.parametrize(
    ("changes", "fault"),
    [({"--section": "nowhere"}, "no section"), ({"--id": "word.abuse"}, "already"), ({"--id": "Bad Id"}, "Bad Id")],
    ids=["unknown section", "taken id", "malformed id"],
)
def test_new_leaves_nothing_behind_where_the_pack_would_have_a_fault(pack, changes, fault):
    before = {p: p.read_bytes() for p in pack.rglob("*.yml")}
    done = rules("new", pack, *flat(OPTIONS | changes))
    assert done.exit_code == 2 and fault in done.output
    assert {p: p.read_bytes() for p in pack.rglob("*.yml")} == before


# --- test -----------------------------------------------------------------------------------------
def test_whole_transcripts_are_judged_and_compared(pack):
    (pack / "lines.txt").write_text("Agent: 您好\nCustomer: 你好\n", "utf-8")
    record = record_of_case({"turns": ["Agent: 混蛋"]}, "zh")
    (pack / "call.json").write_text(json.dumps(call_to_json(record)), "utf-8")
    (pack / "call.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nAgent: 您好\n", "utf-8")
    listed = """transcripts:
  - {file: lines.txt, expect: {open.greet: pass, word.abuse: pass}}
  - {file: call.json, expect: {word.abuse: fail, open.greet: pass}}
  - {file: call.srt, expect: {open.greet: pass}}
"""
    (pack / "transcripts.yml").write_text(listed, "utf-8")
    done = rules("test", pack, "--lang", "en")
    assert done.exit_code == 2
    assert "open.greet: call.json: expected pass, got fail" in done.output
    assert "7 of 8 cases hold" in done.output


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ("{file: gone.txt, expect: {open.greet: pass}}", "cannot be read"),
        ("{file: x.txt, expect: {open.nothing: pass}}", "no criterion 'open.nothing'"),
        ("{file: x.txt}", "'expect' is missing"),
    ],
    ids=["no file", "no criterion", "nothing expected"],
)
def test_a_fault_of_the_list_of_transcripts_is_named_with_its_place(pack, item, fault):
    (pack / "transcripts.yml").write_text(f"transcripts:\n  - {item}\n", "utf-8")
    done = rules("test", pack)
    assert done.exit_code == 2 and f"{pack}/transcripts.yml:2:" in done.output and fault in done.output


# --- explain --------------------------------------------------------------------------------------
def test_explain_says_what_was_searched(pack, tmp_path):
    record = record_of_case({"turns": ["Agent 3-5: 讲", "Customer 6-8: 你好", "Agent 9-10: 再见"]}, "zh")
    path = tmp_path / "c.json"
    path.write_text(json.dumps(call_to_json(record, evaluate(record, load_scorecard(pack)))), "utf-8")
    done = rules("explain", path, "open.greet", "--scorecard", pack, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "check: phrases: fail" in done.output and "searched: 3.00–10.00 s" in done.output


# --- try and diff ---------------------------------------------------------------------------------
def test_try_tells_hits_rate_and_examples_with_seconds(pack, archive):
    rules("new", pack, *flat(OPTIONS))
    rule = shutil.copy(pack / "wording" / "word.no-boss.yml", archive / "new.yml")  # any name will do here
    done = rules("try", rule, "--on", archive, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "2 calls: " in done.output and "fail rate 50.0%, 2 hits" in done.output
    assert "rude (A2): fail" in done.output and "“老板”" in done.output
    assert "polite (A1)" in rules("try", rule, "--on", archive, "--show", "pass").output


def test_trying_and_comparing_write_nothing(pack, archive):
    before = (archive / "callaudit.db").read_bytes()
    rules("diff", pack, pack, "--on", archive)
    rules("try", pack / "wording" / "word.abuse.yml", "--on", archive)
    assert (archive / "callaudit.db").read_bytes() == before
    assert not (archive / "calls").exists()


def test_a_rule_with_faults_is_not_tried(tmp_path, archive):
    rule = tmp_path / "x.yml"
    rule.write_text("id: x.y\n", "utf-8")
    assert rules("try", rule, "--on", archive).exit_code == 2


def test_diff_tells_criteria_calls_agents_and_ranks_that_change(pack, archive, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(pack, other)
    rules("new", other, *flat(OPTIONS | {"--must": "said", "--id": "word.boss"}))
    done = rules("diff", pack, other, "--on", archive, "--lang", "en")
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.output.splitlines()]
    assert ["word.boss", "absent", "fail", "1"] in lines
    assert ["A1", "1", "100.0", "65.0", "1", "1"] in lines
    assert ["A2", "1", "0.0", "35.0", "2", "2"] in lines
    assert any(line[:2] == ["polite", "A1"] for line in lines)


def test_packs_of_two_languages_are_not_compared(pack, archive):
    done = rules("diff", pack, "en-service", "--on", archive)
    assert done.exit_code == 2 and "one language" in done.output


# --- coverage and release -------------------------------------------------------------------------
def test_a_clause_without_a_rule_is_an_error(pack):
    done = rules("coverage", pack, "--lang", "en")
    assert done.exit_code == 2
    assert "open.greet" in done.output and "tiny (automated)" in done.output
    assert "talk.hold-max: no rule of tiny audits this clause" in done.output


def test_a_released_version_never_changes(pack):
    assert "released" in rules("release", pack, "--date", "2026-12-01", "--lang", "en").output
    assert 'version: "1"' in (pack / "releases.yml").read_text("utf-8")
    assert ", released" in rules("check", pack).output
    path = pack / "opening" / "open.greet.yml"
    path.write_text(path.read_text("utf-8").replace("points: 3", "points: 4"), "utf-8")
    for command in ("check", "release"):
        done = rules(command, pack)
        assert done.exit_code == 2 and "raise the version" in done.output
    card = pack / "scorecard.yml"
    card.write_text(card.read_text("utf-8").replace('version: "1"', 'version: "2"'), "utf-8")
    assert rules("release", pack).exit_code == 0
    assert (pack / "releases.yml").read_text("utf-8").count("version:") == 2
    assert "before" in rules("release", pack, "--lang", "en").output


def test_a_pack_whose_cases_do_not_hold_is_not_released(pack):
    (pack / "opening/open.greet.cases.yml").write_text("cases: [{name: a, expect: pass, transcribed: false}]\n", "utf-8")
    assert rules("release", pack).exit_code == 2
    assert not (pack / "releases.yml").exists()


@pytest.mark.parametrize("name", ["zh-service", "en-service"])
def test_shipped_packs_are_as_they_were_released(name):
    from audit.evaluation.releases import read_releases, release_faults

    card = load_scorecard(name)
    assert list(release_faults(card, read_releases(card.folder))) == []
    for release in read_releases(card.folder):
        datetime.strptime(release.day, "%Y-%m-%d")


@pytest.mark.parametrize("command", ["new", "try", "diff", "release"])
def test_help_gives_examples(command):
    assert f"callaudit rules {command}" in rules(command, "--help").output

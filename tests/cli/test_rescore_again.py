"""``callaudit rescore``: what need not be judged again is left alone; stopped ones go on; base lines come from the store."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit.batch import rescore as rescoring
from audit.batch.baselines import Baselines
from audit.batch.judge import ScorecardJudge
from audit.batch.rescore import rescore
from audit.cli import cli
from audit.evaluation.needs import BaselineNeed
from audit.pipeline import Settings
from audit.records import Measures
from audit.storage import Store
from tests.cli.calls import fill_store, spoken
from tests.conftest import ROOT

LINES = [("agent", "您好，请问有什么可以帮您？"), ("customer", "我想查话费。"), ("agent", "再见。")]
RATE = "measures.agent.speech_rate_cpm"


def call(*args: object) -> Result:
    done = CliRunner().invoke(cli, [*map(str, args), "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def with_rate(call_id: str, rate: float | None, agent: str = "A1"):
    return replace(spoken(call_id, LINES, agent=agent), measures={"agent": Measures(speech_rate_cpm=rate)})


@pytest.fixture
def audited(tmp_path) -> Path:
    out = tmp_path / "out"
    fill_store(out, [with_rate(f"c{i}", 200.0 + i) for i in range(6)])
    return out


class Counted:
    """A judge that says how often it was asked."""

    def __init__(self, judge):
        self.judge, self.asked, self.on_call = judge, [], None

    def evaluate(self, record):
        self.asked.append(record.call_id)
        if self.on_call:
            self.on_call(len(self.asked))
        return self.judge.evaluate(record)

    def prepare(self, call_ids):
        self.judge.prepare(call_ids)

    def judging_key(self, *of):
        return self.judge.judging_key(*of)


def again(out, judge, **more):
    (out / "calls").mkdir(exist_ok=True)
    with Store.in_folder(out) as store:
        return rescore(store, judge, out, options={}, lang="en", clock=lambda: datetime.now(UTC), **more)


def test_a_call_judged_from_the_same_is_not_judged_again(audited):
    judge = Counted(ScorecardJudge(Settings()))
    assert again(audited, judge).n_rescored == 6
    judge.asked.clear()
    summary = again(audited, judge)
    assert (judge.asked, summary.n_unchanged, len(summary.call_ids)) == ([], 6, 6)


def test_all_judges_every_call_and_adds_nothing_that_says_the_same(audited):
    assert call("rescore", audited).stdout.startswith("6 rescored")
    assert call("rescore", audited, "--all").stdout.startswith("0 rescored, 6 unchanged")


def test_a_call_whose_file_is_gone_gets_it_again(audited):
    call("rescore", audited)
    path = audited / "calls" / "c3.json"
    path.unlink()
    call("rescore", audited)
    assert json.loads(path.read_text("utf-8"))["evaluation"]["score"] is not None


def test_reasons_in_another_language_rewrite_the_files(audited):
    call("rescore", audited)
    CliRunner().invoke(cli, ["rescore", str(audited), "--lang", "zh"])
    outcome = json.loads((audited / "calls" / "c0.json").read_text("utf-8"))["evaluation"]["outcomes"][0]
    assert outcome["reason"] == outcome["reasons"]["zh"]


def test_ctrl_c_keeps_what_is_done_and_the_next_rescore_does_the_rest(audited, monkeypatch):
    monkeypatch.setattr(rescoring, "CHUNK_CALLS", 2)
    judge = Counted(ScorecardJudge(Settings()))
    judge.on_call = lambda n: os.kill(os.getpid(), signal.SIGINT) if n == 3 else None
    first = again(audited, judge)
    assert (first.stopped_by, first.n_rescored, first.n_not_begun) == (signal.SIGINT, 3, 3)
    judge.on_call = None
    judge.asked.clear()
    second = again(audited, judge)
    assert (len(judge.asked), second.n_rescored, second.n_unchanged) == (3, 3, 3)
    with Store.in_folder(audited) as store, store.reading() as c:
        assert c.exec_driver_sql("SELECT state FROM runs ORDER BY id").scalars().all() == ["interrupted", "done"]


def comparing(folder: Path) -> Path:
    """The Mandarin pack with one more rule: no faster than 1.02 times the agent's median."""
    mine = folder / "zh-service"
    shutil.copytree(ROOT / "rules" / "zh-service", mine)
    name = "talk.no-faster"
    (mine / "conversation" / f"{name}.yml").write_text(
        f"id: {name}\ntitle: {{zh: 快, en: Faster}}\nclause: x\npoints: 1\n"
        "why: {zh: x, en: x}\nfalse_alarms: {zh: x, en: x}\n"
        f"check: {{kind: measure, field: {RATE}, label: {{zh: 语速, en: rate}}, baseline: {{of: agent, max_ratio: 1.02}}}}\n",
        "utf-8",
    )
    (mine / "conversation" / f"{name}.cases.yml").write_text("cases: [{name: a, expect: not_evaluable}]\n", "utf-8")
    card = mine / "scorecard.yml"
    card.write_text(
        card.read_text("utf-8").replace("      - talk.hold-max\n", f"      - talk.hold-max\n      - {name}\n"), "utf-8"
    )
    return mine


def verdicts(out: Path) -> dict[str, str]:
    found = {}
    for path in sorted((out / "calls").glob("*.json")):
        outcomes = json.loads(path.read_text("utf-8"))["evaluation"]["outcomes"]
        found[path.stem] = next(o["outcome"] for o in outcomes if o["criterion"] == "talk.no-faster")
    return found


def test_calls_are_compared_with_what_is_usual_and_again_when_that_changes(audited, tmp_path):
    pack = comparing(tmp_path)
    call("rescore", audited, "--scorecard", pack)  # 200 to 205; their median is 202.5
    assert set(verdicts(audited).values()) == {"pass"}
    assert call("rescore", audited, "--scorecard", pack).stdout.startswith("0 rescored, 6 unchanged")
    fill_store(audited, [with_rate(f"slow{i}", 150.0) for i in range(8)])
    call("rescore", audited, "--scorecard", pack)
    after = verdicts(audited)
    assert {after["c0"], after["slow0"]} == {"fail", "pass"}


def test_base_lines_are_of_the_agent_or_of_all(tmp_path):
    rates = [("A1", 100.0), ("A1", 300.0), ("A2", 500.0), ("A2", None)]
    fill_store(tmp_path, [with_rate(f"c{i}", rate, agent) for i, (agent, rate) in enumerate(rates)])
    needs = (BaselineNeed("agent", "median", RATE), BaselineNeed("team", "mean", RATE))
    with Store.in_folder(tmp_path) as store:
        usual = Baselines(store, needs, "zh")
    assert usual.facts("A1") == {
        f"baseline.agent.median.{RATE}": 200.0,
        f"baseline.agent.n.{RATE}": 2,
        f"baseline.team.mean.{RATE}": 300.0,
        f"baseline.team.n.{RATE}": 3,
    }
    assert usual.facts("A2")[f"baseline.agent.median.{RATE}"] == 500.0
    assert f"baseline.agent.median.{RATE}" not in usual.facts(None)

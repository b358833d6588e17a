"""Base lines of counts: what the team says how often, counted anew in the stored calls."""

from __future__ import annotations

from dataclasses import replace

from audit.batch.baselines import Baselines
from audit.evaluation import load_scorecard
from audit.evaluation.conditions import parse_check
from audit.evaluation.flow import count_field
from audit.evaluation.needs import BaselineNeed, baselines_needed
from audit.storage import Store
from tests.cli.calls import fill_store, spoken

TICS = parse_check({"kind": "count", "of": {"kind": "phrases", "none": ["那个"]}, "baseline": {"of": "team", "max_ratio": 2}})


def said(call_id: str, n: int, agent: str, language: str = "zh"):
    record = spoken(call_id, [("agent", "您好" + "那个" * n), ("customer", "那个")], agent=agent)
    return replace(record, transcript=replace(record.transcript, language=language))


def test_a_count_is_taken_of_every_stored_call_of_the_language_that_has_words(tmp_path):
    silent = replace(said("c4", 9, "A1"), transcript=None)
    fill_store(tmp_path, [said("c0", 1, "A1"), said("c1", 3, "A1"), said("c2", 8, "A2"), said("c3", 9, "A1", "en"), silent])
    name = count_field(TICS)
    needs = (BaselineNeed("team", "mean", name, TICS), BaselineNeed("agent", "mean", name, TICS))
    with Store.in_folder(tmp_path) as store:
        usual = Baselines(store, needs, "zh", load_scorecard("zh-service")).facts("A1")
    assert usual == {
        f"baseline.team.mean.{name}": 4.0,
        f"baseline.team.n.{name}": 3,
        f"baseline.agent.mean.{name}": 2.0,
        f"baseline.agent.n.{name}": 2,
    }


def test_a_scorecard_says_which_counts_it_compares(tmp_path):
    card = load_scorecard("zh-service")
    section = card.sections[0]
    mine = replace(card, sections=(replace(section, criteria=(replace(section.criteria[0], check=TICS),)),))
    (need,) = baselines_needed(mine)
    assert (need.of, need.field, need.count) == ("team", count_field(TICS), TICS)

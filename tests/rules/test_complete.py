"""The shipped packs audit every clause of the standard, and every rule is tried from all sides."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from audit.evaluation import Scorecard, load_clauses, load_scorecard, shipped_scorecards
from audit.evaluation.conditions import KINDS
from audit.evaluation.yamlfile import read_yaml

#: A pack of version 1 was the first step and not yet held to this.
PACKS: tuple[Scorecard, ...] = tuple(
    card for card in map(load_scorecard, shipped_scorecards()) if not card.version.startswith("1.")
)
CRITERIA = [(card, criterion.id) for card in PACKS for criterion in card.criteria]
IDS = [f"{card.id} {criterion}" for card, criterion in CRITERIA]
CLAUSES = [clause for clause in load_clauses() if not clause.by_score]

N_CASES, N_NEAR_MISSES = 3, 10
#: Checks that listen to words; the others read figures and events.
WORDLESS = {"measure", "fact", "first_voice", "events", "turns", "count", "all_of", "any_of", "first_of", "not", "except"}


def cases_of(card: Scorecard, criterion: str) -> list[dict[str, Any]]:
    """What stands beside a rule."""
    path = card.criterion(criterion).path
    return read_yaml(path.with_name(f"{path.stem}.cases.yml")).data["cases"]


def kinds_in(value: Any) -> Iterator[str]:
    """Every kind of check inside a check, those in scopes included."""
    names = {kind: name for name, kind in KINDS.items()}
    if type(value) in names:
        yield names[type(value)]
    if is_dataclass(value):
        for field in fields(value):
            yield from kinds_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from kinds_in(item)


def is_judged_by_words(card: Scorecard, criterion: str) -> bool:
    """Whether a rule's own check listens to words; where it applies is another matter."""
    return not set(kinds_in(card.criterion(criterion).check)) <= WORDLESS


@pytest.mark.parametrize("card", PACKS, ids=[card.id for card in PACKS])
@pytest.mark.parametrize("clause", CLAUSES, ids=[clause.id for clause in CLAUSES])
def test_every_clause_of_the_standard_has_a_rule(card, clause):
    assert card.criterion(clause.id) is not None


@pytest.mark.parametrize(("card", "criterion"), CRITERIA, ids=IDS)
def test_a_rule_has_cases_that_pass_fail_and_abstain(card, criterion):
    expected = [case["expect"] for case in cases_of(card, criterion)]
    assert len(expected) >= N_CASES
    assert "not_evaluable" in expected or "not_applicable" in expected
    if getattr(card.criterion(criterion), "audit", "automated") != "human":
        assert {"pass", "fail"} <= set(expected)


@pytest.mark.parametrize(("card", "criterion"), CRITERIA, ids=IDS)
def test_a_rule_judged_by_words_has_near_misses(card, criterion):
    if is_judged_by_words(card, criterion):
        near = [case["name"] for case in cases_of(card, criterion) if case.get("near_miss")]
        assert len(near) >= N_NEAR_MISSES


@pytest.mark.parametrize(("card", "criterion"), CRITERIA, ids=IDS)
def test_no_case_is_written_twice(card, criterion):
    names = [case["name"] for case in cases_of(card, criterion)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("card", "criterion"), CRITERIA, ids=IDS)
def test_a_rule_names_its_source_and_what_it_advises(card, criterion):
    rule = card.criterion(criterion)
    assert rule.clause
    assert all(text[lang].strip() for text in (rule.why, rule.suggestion, rule.false_alarms) for lang in ("zh", "en"))

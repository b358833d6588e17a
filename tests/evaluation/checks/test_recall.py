"""What was learned in a call, or is on record, is said again."""

import pytest

from tests.evaluation.checks.judging import judged

ASKED = {"role": "customer", "near": {"event": {"kind": "phrases", "any": ["your name"]}, "side": "after", "after_turns": 1}}
RECALL = {
    "kind": "recall",
    "match": "normalised",
    "known_as": "customer_name",
    "learned": ["my name is ([a-z]+)"],
    "answered": ["^(?:yes )?([a-z]+)"],
    "answered_where": ASKED,
    "said": ["{it}"],
}
NAMED = {"metadata": {"variables": {"customer_name": "Theresa Allen"}}}


@pytest.mark.parametrize("said", ["thank you theresa", "thank you ms allen"], ids=["first name", "surname"])
def test_either_part_of_an_english_name_on_record_counts(said):
    assert judged(RECALL, language="en", turns=[f"Agent: {said}"], **NAMED).verdict == "pass"


def test_neither_part_of_a_name_on_record_fails():
    assert judged(RECALL, language="en", turns=["Agent: thank you"], **NAMED).verdict == "fail"


@pytest.mark.parametrize(
    ("turns", "verdict"),
    [
        (["Agent: may I take your name", "Customer: yes carmichael", "Agent: thank you carmichael"], "pass"),
        (["Agent: may I take your name", "Customer: yes carmichael", "Agent: thank you"], "fail"),
        (["Agent: how can I help", "Customer: carmichael sent me", "Agent: thank you carmichael"], "not_applicable"),
    ],
    ids=["answered and used", "answered and not used", "no answer to the question"],
)
def test_an_answer_is_learned_only_after_its_question(turns, verdict):
    assert judged(RECALL, language="en", turns=turns).verdict == verdict

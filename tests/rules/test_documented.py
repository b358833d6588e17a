"""What the rule language offers stands in docs/writing-rules.md."""

from pathlib import Path

import pytest

from audit.evaluation import schema
from audit.evaluation.conditions import KINDS
from audit.evaluation.signs import SIGN_KIND

PAGE = (Path(__file__).parents[2] / "docs/writing-rules.md").read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_is_documented_with_its_parameters(kind):
    assert f"`{kind}`" in PAGE
    for parameter in schema()["$defs"][f"check_{kind}"]["properties"]:
        assert parameter == "kind" or f"`{parameter}" in PAGE, parameter


@pytest.mark.parametrize("key", ["where", "near", "criterion", "case_facts"])
def test_every_key_is_documented(key):
    for name in schema()["$defs"][key]["properties"]:
        assert name in PAGE, name


def test_schema_and_language_know_the_same_checks():
    kinds = schema()["$defs"]["check"]["properties"]["kind"]["enum"]
    assert SIGN_KIND in kinds  # stands for another check before any is made
    assert [k for k in kinds if k != SIGN_KIND] == list(KINDS)

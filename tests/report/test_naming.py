"""File names for agents."""

from __future__ import annotations

import pytest

from audit.report.naming import file_stems


@pytest.mark.parametrize(
    ("agent_id", "stem"),
    [
        ("A101", "A101"),
        ("Louis Anderson", "Louis Anderson"),
        ("林晓", "林晓"),
        ("sales/east", "sales_east"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a:b*c?", "a_b_c_"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        (" A1. ", "A1"),
        ("", "unassigned"),
    ],
)
def test_an_agent_id_becomes_a_safe_file_name(agent_id: str, stem: str) -> None:
    assert file_stems([agent_id]) == {agent_id: stem}


@pytest.mark.parametrize("agent_id", ["...", "unassigned", "Unassigned", " "])
def test_no_agent_takes_the_name_of_the_page_without_an_agent(agent_id: str) -> None:
    stems = file_stems([agent_id])
    assert stems[agent_id].casefold() != "unassigned"
    assert file_stems([agent_id, ""]) == stems | {"": "unassigned"}


def test_long_names_are_cut_between_characters_and_stay_different() -> None:
    stems = file_stems(["客" * 200, "客" * 201])
    assert len(set(stems.values())) == 2
    assert all(len(s.encode()) <= 140 for s in stems.values())


def test_names_differ_also_where_case_is_ignored() -> None:
    stems = file_stems(["bob", "Bob", "BOB"])
    assert len({s.casefold() for s in stems.values()}) == 3


def test_a_name_does_not_depend_on_the_order_of_agents() -> None:
    ids = ["a/b", "a_b", "a?b", "A_B"]
    assert file_stems(ids) == file_stems(reversed(ids))

"""Deductions, bonuses and sections set to zero, as the pages say them."""

from dataclasses import replace

import pytest

from audit.report import write_reports
from tests.report.made_calls import BANDS, GENERATED_AT, call, evaluation, outcome


@pytest.fixture(
    params=[
        ("en", "3 points taken off", "+2 bonus points", "a failure set it to 0"),
        ("zh", "扣 3 分", "加 2 分", "本部分为 0 分"),
    ]
)
def page(request, tmp_path):
    lang, *said = request.param
    deducted = outcome("open.no-wei", "fail", (-3.0, 0.0), ("不说喂", "No wei"), ("说了喂", "said wei"))
    bonus = replace(outcome("close.gift", "pass", (2.0, 0.0), ("增值", "Added value"), ("好", "good")), bonus=True)
    items = (deducted, bonus, outcome("open.greet", "pass", (4.0, 4.0), ("问好", "Greets"), ("好", "good")))
    made = evaluation(items)
    sections = tuple(replace(s, deducted=3.0, critical_failed=True) if s.section == "opening" else s for s in made.sections)
    shown = replace(call(items=items), evaluation=replace(made, sections=sections))
    written = write_reports(tmp_path, [shown], lang=lang, failures=(), generated_at=GENERATED_AT, with_audio=False, bands=BANDS)
    return (written.index.parent / "scorecards" / "A101.html").read_text("utf-8"), said


def test_the_page_says_what_was_taken_off_what_was_added_and_what_fell_to_zero(page):
    text, said = page
    for words in said:
        assert words in text
    assert "-3" not in text

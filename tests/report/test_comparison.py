"""What a figure is said to be against the others and against the time before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.report.comparison import comparison, of_criterion, of_score, of_section, strengths, surely_below
from audit.report.messages import load_messages
from audit.report.scorecard import AgentSummary, CriterionSummary, SectionSummary, VerdictCounts
from audit.report.together import BatchSummary, summarise_batch
from audit.statistics import Estimate, PointSums

EN, ZH = load_messages("en"), load_messages("zh")


def criterion(n_pass: int, n_fail: int, name: str = "open.greet", max_points: float = 4.0) -> CriterionSummary:
    counts = VerdictCounts(n_pass, n_fail)
    return CriterionSummary(name, "open", {"en": name}, "", False, counts, max_points * n_pass, max_points * (n_pass + n_fail))


def section(points: float, n: int) -> SectionSummary:
    sums = PointSums()
    for i in range(n):
        sums += PointSums.of(points - 0.5 + (i % 2), 10)
    return SectionSummary("open", {"en": "Opening"}, n * points, 10.0 * n, n, sums)


def agent(
    *criteria: CriterionSummary, sections: tuple[SectionSummary, ...] = (), estimate: Estimate | None = None
) -> AgentSummary:
    return AgentSummary(
        "A", None, 100, 100, 0, 80.0, 60.0, 95.0, None, (), 0.0, VerdictCounts(), sections, criteria, estimate=estimate
    )


@pytest.mark.parametrize(
    ("own", "kind", "text"),
    [
        (Estimate(90, 88, 92, 50, "t"), "better", "+10.0"),
        (Estimate(70, 68, 72, 50, "t"), "worse", "−10.0"),
        (Estimate(81, 76, 86, 50, "t"), "same", "+1.0"),
    ],
    ids=["above", "below", "too near"],
)
def test_a_difference_counts_only_where_its_interval_leaves_nought_out(own: Estimate, kind: str, text: str) -> None:
    found = comparison("compare.team", own, Estimate(80, 78, 82, 500, "t"), 1, EN)
    assert found is not None
    assert found.kind == kind
    assert text in found.text


def test_the_interval_of_a_difference_is_put_together_from_the_two() -> None:
    found = comparison("compare.before", Estimate(90, 87, 93, 50, "t"), Estimate(80, 76, 84, 50, "t"), 1, EN)
    assert found is not None
    assert "+5.0" in found.text  # 10 - hypot(3, 4)
    assert "+15.0" in found.text


@pytest.mark.parametrize("messages", [EN, ZH], ids=["en", "zh"])
def test_team_and_time_before_are_named_differently(messages) -> None:
    pair = Estimate(90, 88, 92, 50, "t"), Estimate(80, 78, 82, 50, "t")
    texts = [comparison(key, *pair, 1, messages) for key in ("compare.team", "compare.before")]
    assert texts[0] is not None and texts[1] is not None
    assert texts[0].text != texts[1].text


@pytest.mark.parametrize("missing", ["own", "other"])
def test_without_an_interval_nothing_is_compared(missing: str) -> None:
    known = Estimate(90, 88, 92, 50, "t")
    own, other = (None, known) if missing == "own" else (known, None)
    assert comparison("compare.team", own, other, 1, EN) is None


def test_a_score_is_held_against_the_time_before_where_there_was_one() -> None:
    now, then = agent(estimate=Estimate(90, 88, 92, 50, "t")), agent(estimate=Estimate(80, 78, 82, 50, "t"))
    assert [c.kind for c in of_score(now, then, EN)] == ["better"]
    assert of_score(now, None, EN) == ()


def batch_of(*members: AgentSummary) -> BatchSummary:
    return summarise_batch([replace(a, agent_id=str(i)) for i, a in enumerate(members)], ())


def test_a_section_is_held_against_all_the_others_and_not_against_itself() -> None:
    own, others = agent(sections=(section(9.0, 40),)), agent(sections=(section(6.0, 400),))
    (found,) = of_section(own.sections[0], batch_of(own, others), None, EN)
    assert found.kind == "better"
    assert "+30.0" in found.text  # 90 against 60, not against the mean of both


def test_a_criterion_is_held_against_the_others_and_the_time_before() -> None:
    own, others = criterion(50, 50), criterion(900, 100)
    everybody = {c.criterion: c for c in batch_of(agent(own), agent(others)).criteria}
    found = of_criterion(own, everybody, {"open.greet": criterion(52, 48)}, EN)
    assert [c.kind for c in found] == ["worse", "same"]
    assert "−40.0" in found[0].text
    assert surely_below(own, everybody)
    assert not surely_below(criterion(1, 1), everybody)


def test_what_is_surely_above_the_others_comes_before_what_never_failed() -> None:
    above, clean = criterion(95, 5, "a.above"), criterion(40, 0, "b.clean")
    others = agent(criterion(500, 500, "a.above"), criterion(4000, 10, "b.clean"))
    own = agent(clean, above)
    everybody = {c.criterion: c for c in batch_of(own, others).criteria}
    assert [f.label for f in strengths(own, everybody, EN)] == ["a.above", "b.clean"]


def test_a_few_calls_without_a_failure_are_no_strength() -> None:
    assert strengths(agent(criterion(9, 0)), {}, EN) == ()

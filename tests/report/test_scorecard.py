"""Aggregation over the calls of an agent, against sums done by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from audit.digests import catalogue_of, digest_call
from audit.report.inputs import Band, ReportedCall
from audit.report.scorecard import AgentSummary, agent_key
from audit.report.scorecard import summarise_agent as of_digests
from audit.report.together import summarise_batch
from audit.verdicts import Outcome
from tests.report.made_calls import BANDS, call, measured_only, outcome


def summarise_agent(
    agent_id: str, calls: Sequence[ReportedCall], bands: Mapping[str, Sequence[Band]], max_rings: int | None = None
) -> AgentSummary:
    """The summary of calls, by way of their digests."""
    words = {c.evaluation.scorecard_sha256: catalogue_of(c.evaluation) for c in calls if c.evaluation}
    return of_digests(agent_id, [digest_call(c.record, c.evaluation) for c in calls], words, bands, max_rings=max_rings)


def greet(points: float | None) -> Outcome:
    if points is None:
        return outcome("open.greet", "not_evaluable", None, ("问候", "Greets"))
    return outcome("open.greet", "pass" if points == 4 else "fail", (points, 4), ("问候", "Greets"))


def bye(points: float) -> Outcome:
    return outcome("close.bye", "pass" if points == 10 else "fail", (points, 10), ("道别", "Goodbye"))


def test_the_score_is_the_mean_of_scored_calls_only() -> None:
    calls = [call("a", score=40.0), call("b", score=90.0), call("c", score=None), measured_only(call("d"))]
    summary = summarise_agent("A101", calls, {})
    assert (summary.score, summary.n_scored, summary.n_calls) == (65.0, 2, 4)


def test_no_scored_call_gives_no_score() -> None:
    summary = summarise_agent("A101", [call("a", score=None)], BANDS)
    assert (summary.score, summary.band, summary.lowest_score) == (None, None, None)


def test_the_pass_rate_of_a_criterion_leaves_out_what_was_not_evaluable() -> None:
    calls = [call(str(i), items=[greet(p)]) for i, p in enumerate([4, 4, 0, None])]
    (criterion,) = summarise_agent("A101", calls, {}).criteria
    assert (criterion.counts.pass_rate.n, criterion.counts.pass_rate.of) == (2, 3)
    assert criterion.counts.pass_rate.ratio == pytest.approx(2 / 3)
    assert criterion.counts.n_not_evaluable == 1
    assert (criterion.points, criterion.max_points, criterion.points_lost) == (8, 12, 4)


def test_a_criterion_never_evaluated_has_no_rate_and_costs_nothing() -> None:
    summary = summarise_agent("A101", [call(items=[greet(None)])], {})
    assert summary.criteria[0].counts.pass_rate.ratio is None
    assert summary.coaching == ()


def test_section_scores_pool_points_over_calls() -> None:
    calls = [call("a", items=[greet(4), bye(2)]), call("b", items=[greet(0)])]
    sections = {s.section: s for s in summarise_agent("A101", calls, {}).sections}
    assert (sections["opening"].score, sections["opening"].n_calls) == (50.0, 2)
    assert (sections["closing"].score, sections["closing"].n_calls) == (20.0, 1)
    assert sections["wording"].score is None


def test_the_weakest_section_is_the_lowest_that_lost_points() -> None:
    summary = summarise_agent("A101", [call(items=[greet(0), bye(8)])], {})
    assert summary.weakest is not None
    assert (summary.weakest.section, summary.weakest.points_lost) == ("opening", 4)
    assert summarise_agent("A101", [call(items=[greet(4)])], {}).weakest is None


def test_coaching_puts_critical_failures_first_and_then_the_most_points_lost() -> None:
    rude = outcome("word.no-profanity", "fail", (0, 1), ("辱骂", "Abuse"), critical=True)
    summary = summarise_agent("A101", [call(items=[greet(0), bye(0), rude])], {})
    assert [c.criterion for c in summary.coaching] == ["word.no-profanity", "close.bye", "open.greet"]


def test_a_critical_criterion_that_passed_is_not_coached() -> None:
    clean = outcome("word.no-profanity", "pass", (0, 0), ("辱骂", "Abuse"), critical=True)
    assert summarise_agent("A101", [call(items=[clean])], {}).coaching == ()


@pytest.mark.parametrize(
    ("score", "band"), [(0.0, "poor"), (59.9, "poor"), (60.0, "fair"), (100.0, "good")], ids=lambda v: str(v)
)
def test_the_band_of_a_mean_begins_at_its_floor(score: float, band: str) -> None:
    found = summarise_agent("A101", [call(score=score)], BANDS).band
    assert found is not None
    assert found.band == band


def test_bands_of_unknown_scorecards_are_not_guessed() -> None:
    assert summarise_agent("A101", [call(score=90.0)], {}).band is None


def test_measures_are_medians_with_their_count() -> None:
    measure = summarise_agent("A101", [call("a"), call("b")], {}).measures["speech_rate_cpm"]
    assert (measure.median, measure.n_calls) == (212.0, 2)
    assert "speech_rate_wpm" not in summarise_agent("A101", [call("a")], {}).measures


def test_a_batch_mean_weighs_each_call_alike() -> None:
    one = summarise_agent("A1", [call("a", score=100.0)], {})
    three = summarise_agent("A2", [call(str(i), score=20.0) for i in range(3)], {})
    none = summarise_agent("A3", [call("x", score=None)], {})
    batch = summarise_batch([one, three, none], [])
    assert (batch.score, batch.n_scored, batch.n_calls) == (40.0, 4, 5)
    assert batch.first_at is None


@pytest.mark.parametrize(
    ("agent_id", "agent_name", "key"),
    [("A1", "林晓", "A1"), (None, "林晓", "林晓"), ("  ", None, ""), (None, None, "")],
    ids=["id", "name only", "blank", "nothing"],
)
def test_a_call_belongs_to_its_agent_id_else_name(agent_id: str | None, agent_name: str | None, key: str) -> None:
    assert agent_key(digest_call(call(agent_id=agent_id, agent_name=agent_name).record, None)) == key

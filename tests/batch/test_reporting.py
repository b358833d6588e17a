"""What rules ask of the figures on a page, read from the shipped scorecard."""

from __future__ import annotations

from audit.batch.reporting import Period, asked_by
from audit.report import MeasureBand, Targets
from audit.resources import resource_dir
from tests.report.made_calls import GENERATED_AT


def test_bands_and_targets_are_those_of_the_rules() -> None:
    asked = asked_by([resource_dir("rules") / "zh-service"])
    assert asked.measures["speech_rate_cpm"] == MeasureBand(160, 260)
    assert asked.measures["active_level_dbfs"] == MeasureBand(-36, -14)  # the narrower of two; a difference is no limit
    assert asked.measures["response_time_median_s"] == MeasureBand(None, 2.0)
    assert asked.measures["talk_share_ratio"] == MeasureBand(None, 0.5)
    assert asked.targets == Targets(3, 20, 0.01)
    assert [b.band for b in asked.bands["zh-service"]][:2] == ["below-basic", "basic"]


def test_without_a_scorecard_nothing_is_asked() -> None:
    assert asked_by(()).targets == Targets()


def test_the_period_before_is_as_long_and_ends_where_this_begins() -> None:
    period = Period(GENERATED_AT.replace(day=15), GENERATED_AT, team="T1")
    assert period.before == Period(GENERATED_AT.replace(day=8), GENERATED_AT.replace(day=15), team="T1")
    assert Period(GENERATED_AT, None).before is None

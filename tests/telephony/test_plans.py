from __future__ import annotations

import pytest

from audit.telephony.plans import SOURCES, TONE_PLANS, Cadence

COUNTRIES = (
    "cn us ca uk de fr jp it es au nz in hk tw sg my kr th ph id vn br mx ar za ru pl se no dk fi nl be at ch pt gr il tr ae"
)


@pytest.mark.parametrize("name", COUNTRIES.split())
def test_every_country_promised_has_a_plan_with_its_source(name: str) -> None:
    assert TONE_PLANS[name].source in SOURCES


@pytest.mark.parametrize("plan", TONE_PLANS.values(), ids=lambda p: p.name)
def test_tones_are_in_the_telephone_band_and_take_turns_with_pauses(plan: object) -> None:
    for cadence in (*plan.ringbacks, plan.busy, plan.congestion):  # type: ignore[attr-defined]
        assert all(300 <= f <= 700 for f in cadence.freqs_hz)
        assert len(cadence.pattern_s) % 2 == 0
        assert all(0.04 <= s <= 15 for s in cadence.pattern_s)


# Facts of ITU-T E.180 Supplement 2 that everybody knows, to find a row that was copied wrong.
@pytest.mark.parametrize(
    ("name", "freqs_hz", "pattern_s"),
    [
        ("cn", (450,), (1, 4)),
        ("us", (440, 480), (2, 4)),
        ("uk", (400, 450), (0.4, 0.2, 0.4, 2)),
        ("de", (425,), (1, 4)),
        ("fr", (440,), (1.5, 3.5)),
        ("jp", (400,), (1, 2)),
    ],
)
def test_ringback_is_the_standards(name: str, freqs_hz: tuple[float, ...], pattern_s: tuple[float, ...]) -> None:
    assert (TONE_PLANS[name].ringback.freqs_hz, TONE_PLANS[name].ringback.pattern_s) == (freqs_hz, pattern_s)


def test_a_modulated_tone_is_known_with_and_without_its_side_tones() -> None:
    japan = TONE_PLANS["jp"].ringback
    assert japan.mismatch_ratio((384.0, 400.0, 416.0)) == 0.0
    assert japan.mismatch_ratio((400.0,)) is not None
    assert japan.mismatch_ratio((367.0, 400.0, 433.0)) is None  # South Africa's 33 Hz


def test_bursts_of_a_cycle_are_where_the_pattern_has_them() -> None:
    assert Cadence((400.0,), (0.4, 0.2, 0.4, 2.0)).bursts_s == ((0.0, 0.4), (pytest.approx(0.6), pytest.approx(1.0)))

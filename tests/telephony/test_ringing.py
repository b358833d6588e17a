from __future__ import annotations

import numpy as np
import pytest

from audit.records import Tone
from audit.telephony import TONE_PLANS, find_tones, measure_ringing
from tests import signals

TALK = signals.speechlike(6, -22, 3).samples
COMMON = ("cn", "us", "uk", "de", "fr", "jp")


def ring(name: str, seconds: float, *, lead_s: float = 0.7, talk_after_s: float = 1.5) -> tuple[Tone, ...]:
    """The tones of a call that rings for `seconds` and then talks, through a noisy line."""
    ringback = TONE_PLANS[name].ringback
    made = signals.cadence(ringback.freqs_hz, ringback.pattern_s, seconds, -24)
    parts = [signals.silence(lead_s), made.samples, signals.silence(talk_after_s), TALK]
    leg = signals.join(parts)
    return find_tones(leg + signals.noise(len(leg) / 8000, -52, 9)[: len(leg)], 8000)


@pytest.mark.parametrize("name", COMMON)
@pytest.mark.parametrize("rings", [0.1, 1.0, 1.5, 3.1, 5.6], ids=lambda r: f"{r} rings")
def test_rings_are_counted_by_cadence_the_partial_last_one_included(name: str, rings: float) -> None:
    found = measure_ringing(ring(name, rings * TONE_PLANS[name].ringback.period_s))
    assert found is not None
    assert found.tone_plan == name
    assert found.n_rings == int(np.ceil(rings))
    assert found.ring_start_s == pytest.approx(0.7, abs=0.02)


def test_two_bursts_are_one_ring_in_britain() -> None:
    found = measure_ringing(ring("uk", 1.0))
    assert found is not None
    assert found.n_rings == 1


def test_answer_is_where_it_cuts_a_burst() -> None:
    found = measure_ringing(ring("us", 6.0 + 1.2))
    assert found is not None
    assert found.cuts_a_ring
    assert found.answer_at_s == pytest.approx(0.7 + 7.2, abs=0.02)
    assert found.tolerance_s <= 0.05


def test_answer_in_the_pause_lies_between_burst_and_speech() -> None:
    found = measure_ringing(ring("cn", 7.0), first_speech_s=9.3)
    assert found is not None
    assert not found.cuts_a_ring
    assert found.answer_earliest_s == pytest.approx(6.7, abs=0.02)
    assert found.answer_latest_s == pytest.approx(9.3)
    assert found.answer_earliest_s < found.answer_at_s < found.answer_latest_s
    assert found.tolerance_s == pytest.approx((9.3 - 6.7) / 2, abs=0.02)


def test_answer_comes_before_the_next_ring_would_have_begun() -> None:
    found = measure_ringing(ring("cn", 7.0, talk_after_s=9), first_speech_s=16.0)
    assert found is not None
    assert found.answer_latest_s == pytest.approx(0.7 + 10.0, abs=0.05)


def test_recording_that_begins_inside_a_burst_counts_that_ring() -> None:
    made = signals.cadence([450], (1.0, 4.0), 11, -20)
    found = measure_ringing(find_tones(made.samples[round(0.6 * 8000) :], 8000))
    assert found is not None
    assert (found.n_rings, found.tone_plan) == (3, "cn")


def test_ringing_after_the_first_words_is_not_this_answer() -> None:
    tones = ring("cn", 6.0)
    later = tuple(Tone(t.start_s + 40, t.end_s + 40, t.kind, t.channel, t.freqs_hz) for t in tones)
    found = measure_ringing((*tones, *later), first_speech_s=8.5)
    assert found is not None
    assert found.n_rings == 2


def test_the_leg_with_most_ringback_is_used() -> None:
    whole = ring("cn", 11.0)
    part = tuple(Tone(t.start_s, t.end_s, t.kind, 1, t.freqs_hz) for t in whole[:1])
    found = measure_ringing((*part, *whole))
    assert found is not None
    assert found.n_rings == 3


def test_without_ringback_there_is_no_ringing() -> None:
    busy = signals.cadence([450], (0.35, 0.35), 5, -20)
    assert measure_ringing(find_tones(busy.samples, 8000)) is None
    assert measure_ringing(()) is None


def test_a_plan_that_was_named_is_the_only_one_tried() -> None:
    tones = ring("cn", 6.0)
    assert measure_ringing(tones, plan="us") is None
    found = measure_ringing(tones, plan="cn")
    assert found is not None
    assert found.n_rings == 2


def test_an_unknown_plan_is_an_error() -> None:
    with pytest.raises(ValueError, match="no tone plan 'xx'"):
        measure_ringing((), plan="xx")

"""Each kind of tone, through each kind of line."""

from __future__ import annotations

import numpy as np
import pytest

from audit.telephony import TONE_PLANS, find_tones, measure_ringing
from tests import signals
from tests.telephony.lines import LINES

MODULATION_DEPTH = 0.95
HARD_LINES = ["A-law", "GSM", "Opus 8 kbit/s", "MP3 16 kbit/s"]  # one of each family, at its lowest rate
TALK = signals.speechlike(4, -22, 4).samples


def noisy(leg: signals.Samples, seed: int = 5) -> signals.Samples:
    return leg + signals.noise(len(leg) / 8000 + 1, -58, seed)[: len(leg)]


def ringback(name: str, rings: float, level_dbfs: float = -22) -> signals.Samples:
    """So many rings of a plan, modulated where the plan says so, 0.7 s after the start."""
    tone = TONE_PLANS[name].ringback
    made = signals.cadence(tone.freqs_hz, tone.pattern_s, rings * tone.period_s, level_dbfs).samples
    if tone.modulation_hz:
        t = np.arange(len(made)) / 8000
        made = (made * (1 + MODULATION_DEPTH * np.cos(2 * np.pi * tone.modulation_hz * t))).astype(np.float32)
    return signals.join([signals.silence(0.7), made, signals.silence(1.5)])


@pytest.mark.parametrize(
    ("name", "line"), [*(("cn", line) for line in LINES), *((name, line) for name in ("us", "au") for line in HARD_LINES)]
)
def test_rings_are_counted_through_every_line(name: str, line: str) -> None:
    found = measure_ringing(find_tones(LINES[line](noisy(ringback(name, 2.45))), 8000))
    assert found is not None
    assert (found.n_rings, found.tone_plan) == (3, name)


@pytest.mark.parametrize("name", TONE_PLANS)
def test_every_plan_is_found_or_named_as_an_alternative(name: str) -> None:
    found = measure_ringing(find_tones(LINES["A-law"](noisy(ringback(name, 1.9))), 8000))
    assert found is not None
    assert found.n_rings == 2
    assert name in (found.tone_plan, *found.plan_alternatives)


@pytest.mark.parametrize(("name", "line"), [*(("cn", line) for line in LINES), ("us", "A-law"), ("us", "GSM")])
@pytest.mark.parametrize("kind", ["busy", "congestion"])
def test_busy_and_congestion_are_told_apart(kind: str, name: str, line: str) -> None:
    tone = getattr(TONE_PLANS[name], kind)
    made = signals.cadence(tone.freqs_hz, tone.pattern_s, 4.4 * tone.period_s, -22).samples
    found = find_tones(LINES[line](noisy(signals.join([TALK, made]))), 8000)
    assert len(found) >= 4
    assert {t.kind for t in found} == {kind}


@pytest.mark.parametrize(
    ("name", "line"), [("cn", "A-law"), ("cn", "MP3 16 kbit/s"), ("de", "mu-law"), ("de", "Opus 24 kbit/s")]
)
def test_call_waiting_keeps_its_plans_times(name: str, line: str) -> None:
    tone = TONE_PLANS[name].call_waiting
    assert tone is not None
    made = signals.cadence(tone.freqs_hz, tone.pattern_s, 2.4 * tone.period_s, -22)
    found = find_tones(LINES[line](noisy(signals.join([signals.silence(1), made.samples]))), 8000)
    assert [t.kind for t in found] == ["call_waiting"] * len(made.segments)


SIT = [((950,), 0.33), ((1400,), 0.33), ((1800,), 0.33)]


@pytest.mark.parametrize("line", HARD_LINES)
@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (SIT, "special_information"),
        ([((1100,), 0.5), ((), 3.0), ((1100,), 0.5)], "fax"),
        ([((2100,), 3.0)], "fax"),
        ([((350, 440), 4.0)], "dial"),
        ([((450,), 6.0)], "dial"),
    ],
    ids=["special information", "fax calling", "fax answering", "dial us", "dial cn"],
)
def test_other_tones_are_named(parts: list[tuple[tuple[float, ...], float]], kind: str, line: str) -> None:
    made = [signals.tone(f, s, -20) if f else signals.silence(s) for f, s in parts]
    found = find_tones(LINES[line](noisy(signals.join([signals.silence(1), *made, signals.silence(1)]))), 8000)
    assert [t.kind for t in found] == [kind] * sum(bool(f) for f, _ in parts)


@pytest.mark.parametrize("line", ["mu-law", "A-law", "Opus 24 kbit/s", "MP3 16 kbit/s"])
@pytest.mark.parametrize(("on_s", "twist_db"), [(0.05, -6), (0.05, 4), (0.1, 4)], ids=["short", "short, high", "long, high"])
def test_keypad_digits_are_found_with_their_frequencies(twist_db: float, on_s: float, line: str) -> None:
    keys = [(697, 1209), (941, 1336), (852, 1477), (770, 1633), (697, 1336)]
    parts = [signals.silence(0.6)]
    for low, high in keys:
        parts += [signals.tone([low], on_s, -20) + signals.tone([high], on_s, -20 + twist_db), signals.silence(on_s)]
    found = find_tones(LINES[line](noisy(signals.join([*parts, signals.silence(0.6)]))), 8000)
    assert [t.kind for t in found] == ["dtmf"] * len(keys)
    for tone, key in zip(found, keys, strict=True):
        assert tone.freqs_hz == pytest.approx(key, rel=0.018)


@pytest.mark.parametrize("freq_hz", [400, 425, 440, 450])
def test_a_constant_tone_is_no_ringing(freq_hz: float) -> None:
    assert measure_ringing(find_tones(noisy(signals.tone([freq_hz], 30, -30)), 8000)) is None


def test_a_missing_ring_is_counted_where_the_others_keep_time() -> None:
    leg = ringback("us", 3.9)
    leg[round(6.5 * 8000) : round(12.5 * 8000)] = 0  # the second and the pause after it
    found = measure_ringing(find_tones(noisy(leg), 8000))
    assert found is not None
    assert found.n_rings == 4


def test_words_into_the_ringing_do_not_end_it() -> None:
    tones = find_tones(noisy(ringback("cn", 4.5)), 8000)
    found = measure_ringing(tones, first_speech_s=7.0)
    assert found is not None
    assert found.n_rings == 5


def test_plans_that_sound_alike_are_named() -> None:
    found = measure_ringing(find_tones(noisy(ringback("de", 2.5)), 8000))
    assert found is not None
    assert {"it", "ch", "nl", "br"} <= set(found.plan_alternatives)
    assert "cn" not in found.plan_alternatives

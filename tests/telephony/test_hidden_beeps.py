from __future__ import annotations

import numpy as np
import pytest

from audit.records import Tone
from audit.telephony import find_holds, find_tones, measure_ringing
from audit.telephony.hidden_beeps import hidden_beeps
from tests import signals

EVERY_S = 5.0
STARTS_S = (21.0, 26.0, 31.0, 36.0)


def beep(freq_hz: float = 425.0, level: float = 0.09) -> np.ndarray:
    x = level * np.sin(2 * np.pi * freq_hz * np.arange(2000) / 8000)
    x[:40] *= np.linspace(0, 1, 40)
    x[-40:] *= np.linspace(1, 0, 40)
    return x.astype(np.float32)


def covered_leg(cover_dbfs: float) -> np.ndarray:
    """Four beeps under noise, the second alone in a quiet moment."""
    leg = signals.noise(60, cover_dbfs, 4)[: 60 * 8000].copy()
    leg[25 * 8000 : 27 * 8000] *= 10 ** ((-60 - cover_dbfs) / 20)
    for start_s in STARTS_S:
        signals.place(leg, beep(), start_s)
    return leg


def known() -> Tone:
    return Tone(26.0, 26.25, "beep", 0, (425.0,))


@pytest.mark.parametrize("cover_dbfs", [-40, -28, -24])
def test_beeps_under_other_sound_are_found_from_one_that_is_known(cover_dbfs: float) -> None:
    found = hidden_beeps(covered_leg(cover_dbfs), [known()])
    assert [t.start_s for t in found] == pytest.approx([21.0, 31.0, 36.0], abs=0.03)
    assert all(t.duration_s == pytest.approx(0.25) and t.kind == "beep" for t in found)


def test_a_note_held_longer_or_louder_is_no_beep() -> None:
    leg = signals.noise(60, -50, 4)[: 60 * 8000].copy()
    signals.place(leg, beep(), 26.0)
    signals.place(leg, beep(level=0.2), 31.0)
    signals.place(leg, (0.09 * np.sin(2 * np.pi * 425 * np.arange(8000) / 8000)).astype(np.float32), 36.0)
    assert hidden_beeps(leg, [known()]) == []


def test_a_tone_of_two_components_is_not_looked_for() -> None:
    assert hidden_beeps(covered_leg(-40), [Tone(26.0, 26.25, "beep", 0, (425.0, 440.0))]) == []


@pytest.mark.parametrize("every_s", [3.0, 3.03, 3.17])
def test_a_beep_every_three_seconds_is_a_hold_and_no_busy_tone(every_s: float) -> None:
    leg = signals.noise(60, -60, 5)[: 60 * 8000].copy()
    signals.place(leg, signals.speechlike(19, -22, 1, 200).samples, 0.5)
    signals.place(leg, signals.speechlike(20, -22, 2, 200).samples, 35.0)
    for k in range(4):
        signals.place(leg, beep(400.0), 21.0 + k * every_s)
    tones = find_tones(leg, 8000)
    assert not [t for t in tones if t.kind in ("busy", "congestion")]
    assert measure_ringing(tones) is None
    found = find_holds(leg[None], 8000, tones=tones, answer_at_s=None)
    assert [h.hold.kind for h in found] == ["tone"]


def test_a_beep_of_which_a_window_shows_only_the_beginning_is_looked_for_nowhere() -> None:
    leg = covered_leg(-40)
    assert hidden_beeps(leg, [Tone(59.99, 60.0, "beep", 0, (425.0,))]) == []

from __future__ import annotations

import numpy as np
import pytest

from audit.telephony.behind import edge_over_background, over_background
from audit.telephony.musicness import levels_of
from tests import signals

RATE_HZ = 8000


def conversation(background_dbfs: float | None) -> tuple[np.ndarray, np.ndarray]:
    """40 s of words of 0.7 s at -20 dBFS with gaps of 0.3 s between them, and where they are, each 10 ms."""
    n = 40 * RATE_HZ
    leg = signals.noise(40, -60, 1)[:n].copy()
    if background_dbfs is not None:
        swell_db = 4 * np.sin(2 * np.pi * 1.3 * np.arange(n) / RATE_HZ)
        leg += signals.noise(40, background_dbfs, 2)[:n] * (10 ** (swell_db / 20)).astype(np.float32)
    words = np.arange(n // 80) % 100 < 70
    leg += signals.noise(40, -20, 3)[:n] * np.repeat(words, 80)
    return leg, words


def test_line_noise_in_the_gaps_of_the_talk_is_no_background() -> None:
    leg, words = conversation(None)
    assert over_background(levels_of(leg), words, 0.0) is None


@pytest.mark.parametrize("background_dbfs", [-45.0, -35.0])
def test_what_swells_and_sinks_in_the_gaps_of_the_talk_becomes_the_floor(background_dbfs: float) -> None:
    leg, words = conversation(background_dbfs)
    raised = over_background(levels_of(leg), words, 0.0)
    assert raised is not None
    assert raised.floor_dbfs == pytest.approx(background_dbfs, abs=4.0)


def test_without_talk_nothing_is_behind_it() -> None:
    leg, words = conversation(-35.0)
    assert over_background(levels_of(leg), np.zeros_like(words), 0.0) is None


def over_noise(level_dbfs: float) -> np.ndarray:
    """25 s at -45 dBFS, from 10 to 16 s with more noise of the level given."""
    leg = signals.noise(25, -45, 1)[: 25 * RATE_HZ].copy()
    leg[10 * RATE_HZ : 16 * RATE_HZ] += signals.noise(6, level_dbfs, 2)[: 6 * RATE_HZ]
    return leg


@pytest.mark.parametrize(("inwards", "step_s"), [(1, 10.0), (-1, 16.0)], ids=["start", "end"])
@pytest.mark.parametrize("out_s", [0.3, 1.1])
def test_an_edge_goes_inside_to_where_the_music_comes_out_of_its_background(inwards: int, step_s: float, out_s: float) -> None:
    found_s = edge_over_background(over_noise(-30), -65.0, step_s - inwards * out_s, inwards=inwards)
    assert found_s == pytest.approx(step_s, abs=0.05)


@pytest.mark.parametrize(("inwards", "edge_s"), [(1, 10.03), (-1, 15.97)], ids=["start", "end"])
def test_an_edge_at_which_only_music_is_heard_stays(inwards: int, edge_s: float) -> None:
    assert edge_over_background(over_noise(-30), -65.0, edge_s, inwards=inwards) == edge_s


def test_a_fall_of_less_than_four_decibels_is_no_edge() -> None:
    assert edge_over_background(over_noise(-44), -65.0, 9.2, inwards=1) == 9.2


def test_an_edge_near_the_end_of_the_recording_stays() -> None:
    assert edge_over_background(over_noise(-30), -65.0, 24.0, inwards=1) == 24.0


def test_music_that_comes_straight_out_of_the_line_noise_keeps_its_edge() -> None:
    leg = over_noise(-30)
    leg[int(10.15 * RATE_HZ) : int(11.0 * RATE_HZ)] *= 0.1  # a rest that looks like the end of a background
    assert edge_over_background(leg, -45.0, 10.0, inwards=1, level_dbfs=-30.0) == 10.0
    assert edge_over_background(leg, -45.0, 10.0, inwards=1) > 10.5

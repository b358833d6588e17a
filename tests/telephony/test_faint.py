from __future__ import annotations

import numpy as np
import pytest

from audit.telephony.faint import last_heard
from audit.telephony.music import quiet_of
from audit.telephony.musicness import levels_of
from tests import signals

NOISE_DBFS, MUSIC_S = -50.0, 10.0


def leg_of(*, sunk_s: float, sunk_db: float, tail_db: float = 0.0) -> np.ndarray:
    """Noise of 20 s; notes to 10 s, 20 dB over it, whose last `sunk_s` are `sunk_db` under it and fall by `tail_db` more."""
    leg = signals.noise(20, NOISE_DBFS, 7)[: 20 * 8000].copy()
    t = np.arange(round(MUSIC_S * 8000)) / 8000
    notes = sum(np.sin(2 * np.pi * hz * t + hz) for hz in (262.0, 330.0, 392.0, 784.0)) * 10 ** (NOISE_DBFS / 20) / np.sqrt(2)
    late_s = t - (MUSIC_S - sunk_s)
    gain_db = np.where(late_s < 0, 20.0, -sunk_db - tail_db * late_s / max(sunk_s, 1e-9))
    fall = np.clip(late_s / 0.1 + 1, 0, 1)  # over 100 ms
    gain_db = np.where(late_s < 0, 20.0 - fall * (20.0 + sunk_db), gain_db)
    leg[: len(t)] += (notes * 10 ** (gain_db / 20)).astype(np.float32)
    return leg


def heard(leg: np.ndarray, end_s: float, until_s: float = 12.0) -> float | None:
    return last_heard(leg, quiet_of(levels_of(leg)), end_s, until_s=until_s, since_s=0.0)


@pytest.mark.parametrize("sunk_db", [3.0, 6.0, 9.0])
def test_music_under_the_line_noise_is_heard_to_its_end(sunk_db: float) -> None:
    found_s = heard(leg_of(sunk_s=2.0, sunk_db=sunk_db), 8.0)
    assert found_s is not None
    assert found_s == pytest.approx(MUSIC_S, abs=0.2)


def test_music_that_stops_is_heard_no_longer() -> None:
    found_s = heard(leg_of(sunk_s=0.0, sunk_db=0.0), 10.0)
    assert found_s is not None
    assert found_s == pytest.approx(10.0, abs=0.2)


def test_music_that_goes_on_too_faint_is_lost_before_its_end() -> None:
    found_s = heard(leg_of(sunk_s=2.0, sunk_db=3.0, tail_db=30.0), 8.0)
    assert found_s is not None
    assert 8.0 < found_s < 9.8


def test_nothing_is_heard_once_somebody_talks() -> None:
    found_s = heard(leg_of(sunk_s=3.0, sunk_db=3.0), 7.0, until_s=8.5)
    assert found_s is not None
    assert found_s <= 8.5


def test_without_line_noise_to_compare_with_nothing_is_said() -> None:
    leg = leg_of(sunk_s=2.0, sunk_db=6.0)
    assert last_heard(leg, np.zeros(2000, bool), 8.0, until_s=12.0, since_s=0.0) is None
    assert last_heard(leg, quiet_of(levels_of(leg)), 8.0, until_s=12.0, since_s=19.9) is None


def test_a_pause_too_short_to_listen_to_says_nothing() -> None:
    assert heard(leg_of(sunk_s=2.0, sunk_db=6.0), 8.0, until_s=8.2) is None

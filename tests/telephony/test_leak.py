from __future__ import annotations

import numpy as np
import pytest

from audit.telephony.leak import judged_together
from audit.telephony.musicness import Musicness
from tests import signals

N_STEPS, STEP = 50, 1280  # answers of 160 ms at 8 kHz


def judgement(log_odds: float, sounding: bool = True) -> Musicness:
    return Musicness(np.full(N_STEPS, log_odds, np.float32), np.full(N_STEPS, sounding))


def legs(leak_db: float | None, noise_dbfs: float = -60) -> list[np.ndarray]:
    """A sound on the first leg, its leak or none on the second, line noise on both."""
    n = N_STEPS * STEP
    sound = signals.noise(n / 8000 + 1, -20, 1)[:n]
    noise = [signals.noise(n / 8000 + 1, noise_dbfs, seed)[:n] for seed in (2, 3)]
    leak = np.zeros_like(sound) if leak_db is None else sound * np.float32(10 ** (leak_db / 20))
    return [sound + noise[0], leak + noise[1]]


@pytest.mark.parametrize("leak_db", [-25.0, -35.0])
def test_a_sound_and_its_leak_are_judged_by_the_mean_of_both(leak_db: float) -> None:
    together = judged_together([judgement(4.0), judgement(-10.0)], legs(leak_db))
    assert [j.log_odds[1:-1].tolist() for j in together] == [[-3.0] * (N_STEPS - 2)] * 2


def test_two_legs_with_sounds_of_their_own_keep_their_judgements() -> None:
    together = judged_together([judgement(4.0), judgement(-10.0)], legs(None, noise_dbfs=-30))
    assert [j.log_odds[20] for j in together] == [4.0, -10.0]


def test_a_leak_under_the_line_noise_says_nothing() -> None:
    together = judged_together([judgement(4.0), judgement(0.0, sounding=False)], legs(-25.0))
    assert [j.log_odds[20] for j in together] == [4.0, 0.0]


def test_an_echo_that_comes_late_is_another_sound() -> None:
    first, second = legs(-25.0)
    together = judged_together([judgement(4.0), judgement(-10.0)], [first, np.roll(second, 400)])
    assert together[0].log_odds[20] == 4.0


def test_one_leg_is_judged_alone() -> None:
    assert judged_together([judgement(4.0)], legs(None)[:1])[0].log_odds[0] == 4.0

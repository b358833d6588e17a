from __future__ import annotations

import numpy as np
import pytest

from audit.segments import Segment
from audit.telephony.familiar import familiar
from audit.telephony.musicness import Musicness
from tests import signals

STEP_S = 0.16
TALK_S, MUSIC_S = (0.0, 20.0), (20.5, 50.0)  # the talk goes on at 51 s


def leg() -> np.ndarray:
    out = signals.noise(70, -60, 9)[: 70 * 8000].copy()
    voice = signals.speechlike(39, -22, 3, 180).samples
    signals.place(out, voice[: 20 * 8000], 0.0)
    signals.place(out, signals.music(29.5, -22, 5), 20.5)
    signals.place(out, voice[20 * 8000 :], 51.0)
    return out


def undecided(samples: np.ndarray) -> Musicness:
    n = len(samples) // 1280
    power = np.square(samples[: n * 1280]).reshape(n, 1280).mean(axis=1)
    return Musicness(np.zeros(n, np.float32), power > 10 ** (-50 / 10), STEP_S)


def mean_odds(judged: Musicness, start_s: float, end_s: float) -> float:
    part = slice(int(start_s / STEP_S) + 2, int(end_s / STEP_S) - 2)
    return float(judged.log_odds[part][judged.sounding[part]].mean())


@pytest.mark.parametrize("found", [Segment(24.0, 46.0), Segment(20.5, 50.0)], ids=["too short", "right"])
def test_what_sounds_like_the_middle_of_the_music_is_music_and_the_voice_is_none(found: Segment) -> None:
    samples = leg()
    judged = familiar(undecided(samples), samples, [found])
    assert mean_odds(judged, 20.5, 24.0) > 1
    assert mean_odds(judged, 46.0, 50.0) > 1
    assert mean_odds(judged, 15.0, 20.0) < -1
    assert mean_odds(judged, 51.0, 55.0) < -1


def test_far_from_the_music_nothing_changes() -> None:
    samples = leg()
    judged = familiar(undecided(samples), samples, [Segment(20.5, 50.0)])
    assert not judged.log_odds[: int(10 / STEP_S)].any()


@pytest.mark.parametrize("found", [Segment(20.5, 27.0), Segment(0.0, 70.0)], ids=["little music", "no voice"])
def test_where_too_little_is_known_nothing_changes(found: Segment) -> None:
    samples = leg()
    before = undecided(samples)
    assert familiar(before, samples, [found]) is before


def test_what_lies_before_the_call_is_no_known_voice() -> None:
    samples = leg()[: 52 * 8000]
    before = undecided(samples)
    assert familiar(before, samples, [Segment(20.5, 50.0)], since_s=20.0) is before

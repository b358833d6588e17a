from __future__ import annotations

import numpy as np
import pytest

from audit.telephony.hold_edges import Talk, end_of_hold, heard_talk, start_of_hold, whole_sounds
from audit.telephony.music import quiet_of
from audit.telephony.musicness import levels_of
from tests import signals


def leg_of(*, fade_s: float, talk_at_s: float) -> np.ndarray:
    """Talk to 4 s, sound from 5 to 15 s that rises and falls by 50 dB within `fade_s`, then talk; line noise throughout."""
    n = 25 * 8000
    leg = signals.noise(25, -60, 1)[:n].copy()
    t = np.arange(10 * 8000) / 8000
    sound = 0.1 * np.sin(2 * np.pi * 440 * t)
    gain_db = np.zeros_like(t)
    if fade_s:
        gain_db = -50 * np.clip(np.maximum((fade_s - t) / fade_s, (t - (10 - fade_s)) / fade_s), 0, None)
    leg[5 * 8000 : 15 * 8000] += (sound * 10 ** (gain_db / 20)).astype(np.float32)
    for start_s in (1.0, talk_at_s):
        signals.place(leg, signals.noise(3, -25, 2)[: 3 * 8000], start_s)
    return leg


def edges(leg: np.ndarray, start_s: float, end_s: float) -> tuple[float, float]:
    levels = levels_of(leg)
    quiet = quiet_of(levels)
    music = np.zeros_like(quiet)
    music[int(start_s * 100) : int(end_s * 100) + 1] = True
    talk = heard_talk(levels, quiet, ~quiet & ~music, music)
    talks = [Talk(talk, levels.dbfs)]
    level_dbfs = float(np.median(levels.dbfs[int(start_s * 100) : int(end_s * 100)]))
    end_s = end_of_hold(leg, levels, quiet, talks, end_s, level_dbfs=level_dbfs, since_s=0.0)
    return start_of_hold(levels, quiet, talks, start_s), end_s


def last_sound_s(leg: np.ndarray) -> float:
    quiet = quiet_of(levels_of(leg))
    return float(np.flatnonzero(~quiet[900:1505])[-1] + 901) / 100


def first_sound_s(leg: np.ndarray) -> float:
    quiet = quiet_of(levels_of(leg))
    return float(np.flatnonzero(~quiet[495:1000])[0] + 495) / 100


def test_music_that_is_cut_off_ends_the_hold_there() -> None:
    assert edges(leg_of(fade_s=0, talk_at_s=16.2), 5.0, 15.0) == (5.0, 15.0)


@pytest.mark.parametrize("talk_at_s", [15.5, 16.0, 16.4])
def test_a_hold_goes_on_while_its_music_sinks_under_the_line_noise(talk_at_s: float) -> None:
    leg = leg_of(fade_s=4, talk_at_s=talk_at_s)
    heard = last_sound_s(leg)
    assert heard < 14.8
    assert edges(leg, first_sound_s(leg), heard)[1] == pytest.approx(15.0, abs=0.5)


def test_a_hold_begins_before_its_music_has_faded_in() -> None:
    leg = leg_of(fade_s=4, talk_at_s=15.5)
    heard = first_sound_s(leg)
    assert 4.5 <= edges(leg, heard, 15.0)[0] < heard


def test_music_that_stops_long_before_the_talk_ends_just_before_it() -> None:
    assert edges(leg_of(fade_s=0, talk_at_s=18.0), 5.0, 15.03)[1] == pytest.approx(18.0 - 0.85, abs=0.1)


def test_a_long_silence_after_the_music_is_no_hold() -> None:
    assert edges(leg_of(fade_s=0, talk_at_s=22.0), 5.0, 15.0)[1] == 15.0


def test_a_track_that_has_faded_out_may_be_silent_for_longer() -> None:
    leg = leg_of(fade_s=4, talk_at_s=22.0)
    assert edges(leg, first_sound_s(leg), last_sound_s(leg))[1] == pytest.approx(22.0 - 0.85, abs=0.1)


@pytest.mark.parametrize("rise_db", [2.0, 4.0])
def test_who_breathes_before_the_first_word_has_come_back_then(rise_db: float) -> None:
    leg = leg_of(fade_s=0, talk_at_s=18.0)
    breath = slice(round(17.4 * 8000), 18 * 8000)
    leg[breath] += signals.noise(1, -60, 5)[: breath.stop - breath.start] * np.float32(np.sqrt(10 ** (rise_db / 10) - 1))
    assert edges(leg, 5.0, 15.03)[1] == pytest.approx(17.4 - 0.85, abs=0.1)


def test_what_sounds_behind_a_leg_all_the_time_is_no_talk() -> None:
    leg = signals.noise(20, -40, 3)[: 20 * 8000].copy()
    leg[: 2 * 8000] *= 0.1
    levels = levels_of(leg)
    quiet, voice = quiet_of(levels), np.zeros(len(levels.dbfs), bool)
    voice[1000:1100] = True
    talk = heard_talk(levels, quiet, voice, np.zeros_like(quiet))
    assert np.array_equal(talk, voice)


def test_a_click_is_no_talk() -> None:
    leg = signals.noise(20, -60, 3)[: 20 * 8000].copy()
    leg[80000:80400] += 0.1
    levels = levels_of(leg)
    quiet = quiet_of(levels)
    assert not heard_talk(levels, quiet, np.zeros_like(quiet), np.zeros_like(quiet)).any()


def test_music_first_heard_long_after_the_last_word_began_a_moment_sooner() -> None:
    leg = leg_of(fade_s=0, talk_at_s=16.2)
    leg[int(3.4 * 8000) : 4 * 8000] = signals.noise(1, -60, 4)[: 4 * 8000 - int(3.4 * 8000)]
    assert edges(leg, 4.96, 15.0)[0] == pytest.approx(4.66, abs=0.02)


def test_a_sound_with_a_word_in_it_is_talk_from_its_beginning_and_another_is_none() -> None:
    sounds = np.array([0, 1, 1, 1, 0, 1, 1, 0], bool)
    word = np.array([0, 0, 0, 1, 0, 0, 0, 0], bool)
    assert whole_sounds(sounds, word).tolist() == [False, True, True, True, False, False, False, False]

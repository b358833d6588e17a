from __future__ import annotations

import numpy as np
import pytest

from audit.segments import Segment
from audit.telephony.music import quiet_of
from audit.telephony.musicness import LEVEL_HOP_S, Musicness, levels_of
from audit.telephony.parting import words_between
from tests import signals

STEP_S = 0.16
WORD_S, WHOLE = (40.0, 41.2), Segment(22.0, 60.0)


def leg(*, word: str) -> np.ndarray:
    """Talk to 20 s; music from 22 to 60 s but for a rest from 39.5 to 41.7 s, in which something is heard."""
    out = signals.noise(62, -60, 9)[: 62 * 8000].copy()
    voice = signals.speechlike(22, -22, 3, 180).samples
    signals.place(out, voice[: 20 * 8000], 0.0)
    music = signals.music(38, -22, 5)[: 38 * 8000].copy()
    music[round(17.5 * 8000) : round(19.7 * 8000)] = 0
    signals.place(out, music, 22.0)
    n = round((WORD_S[1] - WORD_S[0]) * 8000)
    if word == "voice":
        signals.place(out, voice[20 * 8000 : 20 * 8000 + n], WORD_S[0])
    elif word == "music":
        signals.place(out, signals.music(38, -22, 5)[10 * 8000 : 10 * 8000 + n], WORD_S[0])
    return out


def words(samples: np.ndarray, *, voice: tuple[float, float] = WORD_S, whole: Segment = WHOLE) -> list[Segment]:
    n = len(samples) // 1280
    power = np.square(samples[: n * 1280]).reshape(n, 1280).mean(axis=1)
    judged = Musicness(np.zeros(n, np.float32), power > 10 ** (-50 / 10), STEP_S)
    quiet = quiet_of(levels_of(samples))
    like_voice = np.zeros_like(quiet)
    like_voice[round(voice[0] / LEVEL_HOP_S) : round(voice[1] / LEVEL_HOP_S)] = True
    return words_between(judged, samples, [whole], quiet=quiet, voice=like_voice & ~quiet)


def test_a_word_in_the_rest_of_music_is_found() -> None:
    found = words(leg(word="voice"))
    assert found
    assert found[0].start_s == pytest.approx(WORD_S[0], abs=0.2)
    assert found[-1].end_s == pytest.approx(WORD_S[1], abs=0.2)


def test_a_note_of_the_same_music_is_no_word() -> None:
    assert not words(leg(word="music"))


@pytest.mark.parametrize(
    ("voice", "whole"), [((0.0, 0.0), WHOLE), (WORD_S, Segment(38.5, 60.0))], ids=["not like a voice", "beside an edge"]
)
def test_nothing_else_is_asked_for(voice: tuple[float, float], whole: Segment) -> None:
    assert not words(leg(word="voice"), voice=voice, whole=whole)

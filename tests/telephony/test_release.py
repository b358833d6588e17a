from __future__ import annotations

import numpy as np
import pytest

from audit.records import Segment
from audit.telephony import find_release, find_tones
from tests import signals


def talk() -> tuple[np.ndarray, tuple[tuple[Segment, ...], ...]]:
    """Twenty seconds of two people over noisy legs, and who spoke when."""
    agent, customer = signals.speechlike(10, -20, 1, 200), signals.speechlike(9, -25, 2, 110)
    legs = np.zeros((2, 160000), np.float32)
    signals.place(legs[0], agent.samples, 0)
    signals.place(legs[1], customer.samples, 10.5)
    legs += np.stack([signals.noise(20, -50, 3), signals.noise(20, -53, 4)])
    return legs, (agent.segments, tuple(Segment(s.start_s + 10.5, s.end_s + 10.5) for s in customer.segments))


@pytest.mark.parametrize("on", [0, 1])
def test_the_party_that_hears_the_release_tone_did_not_release(on: int) -> None:
    legs, speech = talk()
    tail = np.stack([signals.noise(3, -50, 5), signals.noise(3, -50, 6)])
    tail[on] += signals.cadence([450], (0.35, 0.35), 3, -20).samples
    legs = np.concatenate([legs, tail], axis=1)
    tones = [t for c, leg in enumerate(legs) for t in find_tones(leg, 8000, channel=c)]
    release = find_release(legs, 8000, tones=tones, speech=speech)
    assert release.hangup_at_s == pytest.approx(20.0, abs=0.03)
    assert (release.channel, release.source) == (1 - on, "tone")


def test_a_release_tone_on_both_legs_names_nobody() -> None:
    legs, speech = talk()
    busy = signals.cadence([450], (0.35, 0.35), 3, -20).samples
    legs = np.concatenate([legs, np.stack([busy, busy])], axis=1)
    tones = [t for c, leg in enumerate(legs) for t in find_tones(leg, 8000, channel=c)]
    release = find_release(legs, 8000, tones=tones, speech=speech)
    assert release.hangup_at_s == pytest.approx(20.0, abs=0.03)
    assert release.channel is None
    assert release.reason


@pytest.mark.parametrize("dead", [0, 1])
def test_the_leg_that_goes_dead_first_is_the_one_that_released(dead: int) -> None:
    legs, speech = talk()
    legs = np.concatenate([legs, np.stack([signals.noise(2, -50, 5), signals.noise(2, -50, 6)])], axis=1)
    legs[dead, 160000 + 4000 :] = 0
    release = find_release(legs, 8000, tones=(), speech=speech)
    assert release.hangup_at_s == pytest.approx(20.5, abs=0.02)
    assert (release.channel, release.source) == (dead, "dead_leg")


def test_a_leg_with_silence_suppression_proves_nothing() -> None:
    legs, _ = talk()
    legs[1, 8000:24000] = 0
    legs[1, -16000:] = 0
    assert find_release(legs, 8000, tones=(), speech=((), ())).channel is None


def test_without_a_sign_the_recording_ends_with_the_call_and_nobody_is_named() -> None:
    legs, speech = talk()
    release = find_release(legs, 8000, tones=(), speech=speech)
    assert (release.hangup_at_s, release.channel, release.source) == (20.0, None, "end_of_recording")
    assert release.reason


def test_mono_names_nobody() -> None:
    legs, speech = talk()
    release = find_release(legs[:1], 8000, tones=(), speech=speech[:1])
    assert release.channel is None
    assert release.reason == "the parties are not on channels of their own"


def test_an_empty_recording_has_no_hangup() -> None:
    release = find_release(np.zeros((2, 0), np.float32), 8000, tones=(), speech=((), ()))
    assert (release.hangup_at_s, release.source) == (None, "none")

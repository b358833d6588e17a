from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit.audio import read_audio
from audit.segments import Segment
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


# --- more of the same ------------------------------------------------------------------------------
def test_a_few_words_over_the_release_tone_do_not_hide_it() -> None:
    legs, speech = talk()
    tail = np.stack([signals.noise(4, -50, 5), signals.noise(4, -50, 6)])
    tail[0] += signals.cadence([450], (0.35, 0.35), 4, -20).samples
    legs = np.concatenate([legs, tail], axis=1)
    tones = [t for c, leg in enumerate(legs) for t in find_tones(leg, 8000, channel=c)]
    release = find_release(legs, 8000, tones=tones, speech=((*speech[0], Segment(21.0, 22.0)), speech[1]))
    assert release.hangup_at_s == pytest.approx(20.0, abs=0.03)
    assert release.evidence is not None
    assert release.evidence.start_s == release.hangup_at_s


@pytest.mark.parametrize("gone", [0, 1])
def test_the_leg_that_loses_its_line_noise_first_is_the_one_that_released(gone: int) -> None:
    legs, speech = talk()
    tail = np.stack([signals.noise(2, -50, 5), signals.noise(2, -53, 6)])
    tail[gone] = signals.noise(2, -75, 7)
    release = find_release(np.concatenate([legs, tail], axis=1), 8000, tones=(), speech=speech)
    assert (release.hangup_at_s, release.channel) == (pytest.approx(20.0, abs=0.02), gone)
    assert release.source == "noise_drop"


def test_a_leg_that_was_as_quiet_before_shows_no_release() -> None:
    legs, speech = talk()
    legs[0, 84000:100000] = signals.noise(2, -75, 8)
    tail = np.stack([signals.noise(2, -75, 7), signals.noise(2, -53, 6)])
    release = find_release(np.concatenate([legs, tail], axis=1), 8000, tones=(), speech=speech)
    assert (release.source, release.channel) == ("end_of_recording", None)


def test_a_leg_that_was_quiet_before_the_answer_only_shows_its_release() -> None:
    legs, speech = talk()
    legs = np.concatenate([np.zeros((2, 40000), np.float32), legs, np.zeros((2, 16000), np.float32)], axis=1)
    legs[1] += signals.noise(27, -55, 9)
    moved = tuple(tuple(Segment(s.start_s + 5, s.end_s + 5) for s in leg) for leg in speech)
    release = find_release(legs, 8000, tones=(), speech=moved, answer_at_s=5.0)
    assert (release.hangup_at_s, release.channel) == (pytest.approx(25.0, abs=0.02), 0)


@pytest.mark.parametrize("n_legs", [1, 2])
def test_legs_that_go_dead_together_tell_the_moment_but_not_the_party(n_legs: int) -> None:
    legs, speech = talk()
    legs = np.concatenate([legs, np.zeros((2, 24000), np.float32)], axis=1)[:n_legs]
    release = find_release(legs, 8000, tones=(), speech=speech[:n_legs])
    assert (release.hangup_at_s, release.channel) == (pytest.approx(20.0, abs=0.01), None)
    assert release.reason


def test_the_tail_of_a_long_call_with_its_offset_gives_the_same_release() -> None:
    legs, speech = talk()
    legs = np.concatenate([legs, np.stack([signals.noise(2, -50, 5), np.zeros(16000, np.float32)])], axis=1)
    whole = find_release(legs, 8000, tones=(), speech=speech)
    tail = find_release(legs[:, 8 * 8000 :], 8000, tones=(), speech=speech, offset_s=8.0)
    assert (tail.hangup_at_s, tail.channel, tail.source) == (pytest.approx(whole.hangup_at_s), 1, "dead_leg")


# --- cut off --------------------------------------------------------------------------------------
def spoken_until(end_s: float, seed: int) -> tuple[np.ndarray, tuple[tuple[Segment, ...], ...]]:
    """A call that is cut at a moment: the customer's utterance is a steady vowel from 15 s to 19 s, then fades in 0.2 s."""
    legs, speech = talk()
    legs[1, 120000:] = signals.noise(5, -53, seed)
    vowel = signals.tone([130.0 * k for k in range(1, 12)], 4.2, -22)
    vowel[-1600:] *= np.linspace(1, 0, 1600, dtype=np.float32) ** 3
    signals.place(legs[1], vowel, 15.0)
    before = tuple(s for s in speech[1] if s.end_s < 14.8)
    said = (speech[0], (*before, Segment(15.0, min(end_s, 19.15))))
    return legs[:, : round(end_s * 8000)], said


@pytest.mark.parametrize("end_s", [16.3, 17.1, 18.5])
def test_a_call_that_ends_within_an_utterance_is_cut_off(end_s: float) -> None:
    legs, speech = spoken_until(end_s, 11)
    cut = find_release(legs, 8000, tones=(), speech=speech).cut_off
    assert (cut.value, cut.channel) == (True, 1)
    assert cut.segment is not None
    assert cut.segment.end_s == pytest.approx(end_s, abs=0.01)


@pytest.mark.parametrize("end_s", [19.2, 19.3, 20.0])
def test_a_call_that_ends_after_the_last_word_is_not_cut_off(end_s: float) -> None:
    legs, speech = spoken_until(end_s, 11)
    assert find_release(legs, 8000, tones=(), speech=speech).cut_off.value is False


@pytest.mark.parametrize(("end_s", "is_cut"), [(17.1, True), (20.0, False)], ids=["within an utterance", "after a pause"])
def test_a_release_tone_does_not_change_whether_somebody_was_cut_off(end_s: float, is_cut: bool) -> None:
    legs, speech = spoken_until(end_s, 11)
    tail = np.stack([signals.noise(3, -50, 5), signals.noise(3, -53, 6)])
    tail[0] += signals.cadence([450], (0.35, 0.35), 3, -20).samples
    legs = np.concatenate([legs, tail], axis=1)
    tones = [t for c, leg in enumerate(legs) for t in find_tones(leg, 8000, channel=c)]
    assert find_release(legs, 8000, tones=tones, speech=speech).cut_off.value is is_cut


def test_a_damaged_recording_does_not_say_whether_the_call_was_cut_off() -> None:
    legs, speech = spoken_until(17.1, 11)
    cut = find_release(legs, 8000, tones=(), speech=speech, damaged="packets are lost").cut_off
    assert cut.value is None
    assert "packets are lost" in (cut.reason or "")


def test_music_behind_the_last_pause_is_nobody_cut_off() -> None:
    legs, speech = talk()
    legs[1] += signals.music(20, -40, 3)
    ends = (speech[0], (*speech[1], Segment(19.6, 20.0)))  # the music was taken for speech
    assert find_release(legs, 8000, tones=(), speech=ends).cut_off.value is False


# --- composed calls -------------------------------------------------------------------------------
def test_recorded_calls_with_a_release_tone_name_the_party_that_the_record_names(shared_dir: Path) -> None:
    folder = shared_dir / "data/calls-zh"
    with (folder / "cdr.csv").open(encoding="utf-8-sig") as f:
        hung_up = {row["uniqueid"]: row["hangup_by"] for row in csv.DictReader(f)}
    seen = 0
    for line in (folder / "truth.jsonl").read_text("utf8").splitlines():
        truth = json.loads(line)
        if truth["layout"] != "stereo" or not any(t["kind"] == "busy" for t in truth["tones"]):
            continue
        audio = read_audio(folder / truth["path"])
        offset_s = float(int(audio.duration_s - 30))
        tail = audio.samples[:, round(offset_s * audio.sample_rate_hz) :]
        tones = [
            replace(t, start_s=t.start_s + offset_s, end_s=t.end_s + offset_s)
            for c, leg in enumerate(tail)
            for t in find_tones(leg, audio.sample_rate_hz, channel=c)
        ]
        release = find_release(tail, audio.sample_rate_hz, tones=tones, speech=((), ()), offset_s=offset_s)
        assert release.hangup_at_s == pytest.approx(truth["hangup_at_s"], abs=0.05)
        assert release.channel is not None
        by = "agent" if release.channel == truth["agent_channel"] else "customer"
        assert by == hung_up[truth["call_id"]], truth["call_id"]
        seen += 1
    assert seen >= 4

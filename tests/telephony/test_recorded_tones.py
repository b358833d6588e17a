"""Real recordings of tones and prompts, and of everything that is no tone."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.audio import read_audio
from audit.telephony import find_tones, measure_ringing

SIT = ["special_information"] * 3
# What each holds, by its spectrogram: "error", "notfound" and "ring" are voices saying so.
SIGNALLING = {
    "baresip-busy.wav": ["busy"] * 8,
    "baresip-callwaiting.wav": ["call_waiting"] * 2,
    "baresip-error.wav": [],
    "baresip-notfound.wav": [],
    "baresip-ring.wav": [],
    "baresip-ringback.wav": ["ringback"] * 2,
    "callattendant-res-IC_SIT.wav": SIT,
    "callattendant-res-beep.wav": ["beep"],
    "callattendant-res-disconnected-with-sit.wav": SIT,
    "callattendant-res-not-in-service-with-sit.wav": SIT,
    "prompt-basic-pbx-ivr-main.wav": [],
    "prompt-one-moment-please.wav": [],
    "prompt-pls-hold-while-try.wav": [],
    "prompt-queue-periodic-announce.wav": [],
    "prompt-queue-thankyou.wav": [],
    "prompt-queue-youarenext.wav": [],
}


@pytest.mark.shared
@pytest.mark.parametrize("name", SIGNALLING)
def test_a_signalling_recording_is_what_it_is(name: str, shared_dir: Path) -> None:
    audio = read_audio(shared_dir / "data/signalling" / name)
    found = find_tones(audio.samples[0], audio.sample_rate_hz)
    assert [t.kind for t in found] == SIGNALLING[name]
    ringing = measure_ringing(found)
    assert (ringing.n_rings if ringing else None) == (2 if name == "baresip-ringback.wav" else None)


@pytest.mark.shared
def test_every_signalling_recording_is_known(shared_dir: Path) -> None:
    assert {f.name for f in (shared_dir / "data/signalling").iterdir()} == set(SIGNALLING)


@pytest.mark.shared
@pytest.mark.parametrize("folder", ["noise", "music", "speech-en", "diarization"])
def test_no_tone_in_noise_music_and_speech(folder: str, shared_dir: Path) -> None:
    files = [f for f in sorted((shared_dir / "data" / folder).iterdir()) if f.suffix in (".wav", ".flac")]
    assert files
    for file in files:
        audio = read_audio(file)
        assert [find_tones(leg, audio.sample_rate_hz) for leg in audio.samples] == [()] * len(audio.samples), file.name

"""Speech of real telephone codecs' calls, against the timeline from which they were composed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.acoustics import find_speech
from audit.audio import read_audio, resample
from audit.records import Segment, intersection, total_s

#: Missed and invented speech over speech. One in twenty-five is what a whole archive may lose without moving a rate.
MOST_ERROR = 0.04


@pytest.mark.parametrize("role", ["agent", "customer"])
def test_speech_of_composed_calls_is_found_to_four_per_cent(shared_dir: Path, role: str) -> None:
    """Twelve stereo calls in linear, mu-law, A-law, MP3 and Opus; tones and holds are known, as the pipeline knows them."""
    folder = shared_dir / "data" / "calls-zh"
    wrong_s = speech_s = 0.0
    n_calls = 0
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        if truth["layout"] != "stereo":
            continue
        n_calls += 1
        audio = read_audio(folder / truth["path"])
        legs = resample(audio.samples, audio.sample_rate_hz, 8000)
        agent = truth["agent_channel"]
        tones = [Segment(t["start_s"], t["end_s"]) for t in truth["tones"]]
        exclude = [list(tones), list(tones)]
        exclude[agent] += [Segment(h["start_s"], h["end_s"]) for h in truth["holds"]]
        found = find_speech(legs, 8000, exclude=exclude)[agent if role == "agent" else 1 - agent]
        said = [Segment(a, b) for a, b in truth[role]]
        speech_s += total_s(said)
        wrong_s += total_s(said) + total_s(found) - 2 * total_s(intersection(said, found))
    assert n_calls >= 10
    assert wrong_s / speech_s < MOST_ERROR

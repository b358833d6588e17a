"""Speech of real telephone codecs' calls, against the timeline from which they were composed."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from audit.acoustics import find_speech
from audit.audio import read_audio, resample
from audit.segments import Segment, intersection, total_s

#: Missed and invented speech over speech. Far less than what moves a rate of a whole archive.
MOST_ERROR = 0.03


def test_speech_of_composed_calls_is_found_to_three_per_cent(shared_dir: Path) -> None:
    """Twelve stereo calls in linear, mu-law, A-law, MP3 and Opus; tones and holds are known, as the pipeline knows them."""
    folder = shared_dir / "data" / "calls-zh"
    wrong_s, speech_s = defaultdict[str, float](float), defaultdict[str, float](float)
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
        found = find_speech(legs, 8000, exclude=exclude)
        for role, channel in (("agent", agent), ("customer", 1 - agent)):
            said = [Segment(a, b) for a, b in truth[role]]
            speech_s[role] += total_s(said)
            wrong_s[role] += total_s(said) + total_s(found[channel]) - 2 * total_s(intersection(said, found[channel]))
    assert n_calls >= 10
    for role in ("agent", "customer"):
        assert wrong_s[role] / speech_s[role] < MOST_ERROR

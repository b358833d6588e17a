"""A later audit takes what earlier stages found where it would come to the same, and comes to the same in every case."""

from __future__ import annotations

import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from audit.pipeline import Settings
from audit.pipeline.auditor import Auditor
from audit.pipeline.stages import Stages
from audit.records import Metadata, Tone
from audit.segments import Segment
from audit.words import Transcript, Turn, Word
from tests.conftest import ROOT
from tests.signals import noise, speechlike

STEREO, SHARED = ROOT / "samples" / "zh-02.opus", ROOT / "samples" / "zh-06.mp3"


@dataclass
class Recogniser:
    """Writes a word for each second of speech it is given, in the voice of its model, and counts."""

    model: str = "one"
    language: str = "fr"  # no scorecard is for it: verdicts are not the matter here, and take a second
    n_calls: int = 0

    def transcribe(self, legs, *, language="auto", hotwords=()):
        self.n_calls += 1
        turns = [
            Turn(s.start_s, s.end_s, leg.role, f"{self.model}说了话。", 0.9, (Word(s.start_s, s.end_s, self.model, 1 / 3),))
            for leg in legs
            for s in leg.speech
        ]
        return Transcript(self.language, self.model, tuple(sorted(turns, key=lambda t: t.start_s)), 1.0)


@pytest.fixture
def recogniser(monkeypatch) -> Recogniser:
    """Stands for the speech model: what is tested is who asks it, and when."""
    heard = Recogniser()

    def load(name, options):
        heard.model = options.model
        return heard

    monkeypatch.setattr("audit.transcript.load_recogniser", load)
    return heard


def anew(settings: Settings, path: Path, metadata: Metadata | None = None, kept: bytes | None = None):
    return Auditor(settings).audit(path, metadata or Metadata("c1"), kept)


def forbid(monkeypatch, *names: str) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("this was made before")

    for name in names:
        monkeypatch.setattr(name, never)


HEAR, SOUND, VOICES = "audit.pipeline.auditor.hear", "audit.pipeline.measures._sound", "audit.pipeline.parties.diarize"


@pytest.mark.parametrize("path", [STEREO, SHARED], ids=["two channels", "shared channel"])
def test_another_speech_model_measures_nothing_again(recogniser, monkeypatch, model_dir, path):
    first = anew(Settings(model="one"), path)
    wanted = anew(Settings(model="two"), path)
    forbid(monkeypatch, HEAR, VOICES)
    if path == STEREO:  # where voices share a channel, whose speech is whose is told by the words, too
        forbid(monkeypatch, SOUND)
    again = anew(Settings(model="two"), path, kept=first.stages)
    assert again.record == wanted.record != first.record


@pytest.mark.parametrize(
    ("settings", "metadata"),
    [
        (Settings(model="one", agent_channel=1), Metadata("c1")),
        (Settings(model="one", tone_plan="us"), Metadata("c1")),
        (Settings(model="one"), Metadata("c1", ring_s=4.0, talk_s=30.0)),
    ],
    ids=["agent's channel", "tone plan", "call-detail row"],
)
def test_what_changes_only_measures_recognises_nothing_again(recogniser, settings, metadata):
    first = anew(Settings(model="one", agent_channel=0), STEREO)
    wanted = anew(settings, STEREO, metadata)
    n_before = recogniser.n_calls
    assert anew(settings, STEREO, metadata, kept=first.stages).record == wanted.record
    assert recogniser.n_calls == n_before


def test_measuring_first_and_recognising_later_measures_once(recogniser, monkeypatch):
    first = anew(Settings(transcribe=False, agent_channel=0), STEREO)
    wanted = anew(Settings(model="one", agent_channel=0), STEREO)
    forbid(monkeypatch, HEAR, SOUND)
    assert anew(Settings(model="one", agent_channel=0), STEREO, kept=first.stages).record == wanted.record


def test_words_outlive_an_audit_that_asked_for_none(recogniser):
    first = anew(Settings(model="one"), STEREO)
    between = anew(Settings(transcribe=False), STEREO, kept=first.stages)
    assert between.record.transcript is None
    assert anew(Settings(model="one"), STEREO, kept=between.stages).record == first.record
    assert recogniser.n_calls == 1


def test_another_name_to_listen_for_is_listened_for(recogniser):
    first = anew(Settings(model="one"), STEREO)
    anew(Settings(model="one"), STEREO, Metadata("c1", agent_name="王小明"), kept=first.stages)
    assert recogniser.n_calls == 2


def test_another_recording_is_audited_from_its_beginning(recogniser, tmp_path):
    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for seed, path in enumerate(paths):
        with wave.open(str(path), "wb") as w:
            w.setnchannels(2)
            w.setsampwidth(2)
            w.setframerate(8000)
            legs = [speechlike(6.0, -20.0, seed=seed * 2 + c).samples + noise(6.0, -60.0, seed=c) for c in (0, 1)]
            w.writeframes((np.clip(np.stack(legs, axis=1), -1, 1) * 20000).astype("<i2").tobytes())
    first = anew(Settings(model="one"), paths[0])
    assert anew(Settings(model="one"), paths[1], kept=first.stages).record == anew(Settings(model="one"), paths[1]).record
    assert recogniser.n_calls == 3


@pytest.mark.parametrize("kept", [b"", b"\0\1", Stages().to_bytes()], ids=["nothing", "no stages", "empty"])
def test_stages_that_cannot_be_read_are_made_anew(recogniser, kept):
    assert anew(Settings(model="one"), STEREO, kept=kept).record.transcript is not None


# --- what is kept ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Found:
    tones: tuple[Tone, ...]
    pair: tuple[tuple[Segment, ...], ...]
    perhaps: Segment | None
    figure: float
    text: str
    loaded: object = None


FOUND = Found((Tone(0.1, 1 / 3, "busy", 1, (450.0,)),), ((Segment(0.0, 1e-9),), ()), None, 2 / 3, "\udcff喂", 7)


def test_a_stage_is_kept_to_the_last_bit():
    first = Stages()
    first.of("x", Found, 1, lambda: FOUND, given={"loaded": 7})
    second = Stages(first.to_bytes())
    forbidden = pytest.fail
    assert second.of("x", Found, 1, lambda: forbidden("made again"), given={"loaded": 8}) == replace(FOUND, loaded=8)
    assert second.taken == ["x"]


@pytest.mark.parametrize(("begun", "made_from"), [("a", 2), ("b", 1)], ids=["made from other things", "another recording"])
def test_what_is_made_from_something_else_is_made_anew(begun, made_from):
    first = Stages()
    first.begin("a")
    first.of("x", tuple[float, ...], 1, lambda: (1.0,))
    second = Stages(first.to_bytes())
    second.begin(begun)
    assert second.of("x", tuple[float, ...], made_from, lambda: (2.0,)) == (2.0,)


def test_a_stage_of_another_form_is_made_anew():
    first = Stages()
    first.of("x", tuple[float, ...], 1, lambda: (1.0,))
    assert Stages(first.to_bytes()).of("x", Segment, 1, lambda: Segment(0, 1)) == Segment(0, 1)

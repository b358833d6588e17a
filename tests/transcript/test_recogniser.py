"""The recogniser: evidence against text, and real words from the real model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audit.errors import ModelError
from audit.segments import Segment
from audit.transcript.packing import Window, pack
from audit.transcript.recogniser import Recogniser
from audit.transcript.sound import LegAudio, Sound
from tests.conftest import ROOT


def window(*segments: Segment, duration_s: float = 100.0) -> Window:
    (packed,) = pack(segments, duration_s=duration_s, quietest=lambda a, b: (a + b) / 2)
    return packed


def test_a_window_holds_the_sound_of_its_stretches_and_silence_between() -> None:
    samples = np.arange(16000 * 10, dtype=np.float32)
    sound = Sound.of(LegAudio("agent", samples, 16000, (Segment(1, 2), Segment(5, 6))))
    packed = window(*sound.speech, duration_s=10)
    heard = sound.window_samples(packed, n_samples=480000)
    for piece in packed.pieces:
        middle_s = (piece.speech.start_s + piece.speech.end_s) / 2
        assert heard[round(piece.to_packed(middle_s) * 16000)] == samples[round(middle_s * 16000)]
    assert not heard[round(packed.duration_s * 16000) :].any()


def test_a_long_stretch_is_cut_where_it_is_quietest() -> None:
    samples = np.ones(16000 * 10, np.float32)
    samples[16000 * 7 : 16000 * 7 + 1600] = 0
    assert Sound.of(LegAudio("agent", samples, 16000, ())).quietest(4.0, 9.0) == pytest.approx(7.05, abs=0.05)


def test_a_stretch_is_resampled_without_moving() -> None:
    """A 500 Hz tone from 8 to 16 kHz: the made signal at the new rate is the truth, 1 % for the filter's ripple."""
    tone = np.sin(2 * np.pi * 500 * np.arange(8000 * 3) / 8000).astype(np.float32)
    cut = Sound.of(LegAudio("agent", tone, 8000, ())).cut(1.003, 2.003)
    assert cut == pytest.approx(np.sin(2 * np.pi * 500 * (1.003 + np.arange(16000) / 16000)), abs=0.02)


def test_speech_past_the_end_of_the_leg_is_ignored() -> None:
    sound = Sound.of(LegAudio("agent", np.zeros(8000, np.float32), 8000, (Segment(0.5, 3), Segment(4, 5))))
    assert sound.speech == (Segment(0.5, 1.0),)


def test_a_model_that_cannot_be_loaded_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}", "utf8")
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        Recogniser(tmp_path)
    assert "models verify" in str(caught.value.hint)


def test_a_directory_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        Recogniser(tmp_path)


@pytest.fixture(scope="module")
def recogniser(model_dir: Path) -> Recogniser:
    return Recogniser(model_dir, cpu_threads=1)


def test_there_is_no_text_where_there_is_no_speech(recogniser: Recogniser) -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, 8000 * 40).astype(np.float32)
    transcript = recogniser.transcribe([LegAudio("agent", noise, 8000, ())], language="zh")
    assert transcript.turns == ()
    assert transcript.coverage_ratio is None
    assert transcript.model == "base"


def test_two_legs_of_real_mandarin_keep_their_words_and_times(recogniser: Recogniser, shared_dir: Path) -> None:
    """Two recorded clips laid on two legs at known times; truth is the clips' own script."""
    from audit.audio import read_audio

    clips = [read_audio(shared_dir / "data/zh-utterances" / n).samples[0] for n in ("asr_example.wav", "BAC009S0252W0104.wav")]
    legs, spans = [], []
    for start_s, clip in zip((2.0, 12.0), clips, strict=True):
        leg = np.zeros(16000 * 25, np.float32)
        leg[round(start_s * 16000) : round(start_s * 16000) + len(clip)] = clip
        legs.append(leg)
        spans.append(Segment(start_s, start_s + len(clip) / 16000))
    transcript = recogniser.transcribe(
        [LegAudio(r, leg, 16000, (s,)) for r, leg, s in zip(("agent", "customer"), legs, spans, strict=True)]  # type: ignore[arg-type]
    )
    assert transcript.language == "zh"
    assert [t.role for t in transcript.turns] == ["agent", "customer"]
    for turn, span in zip(transcript.turns, spans, strict=True):
        assert span.start_s <= turn.start_s < turn.end_s <= span.end_s
        assert all(span.start_s <= w.start_s <= w.end_s <= span.end_s for w in turn.words)
        assert turn.confidence is not None and 0.3 < turn.confidence <= 1
    assert "欢迎大家来体验" in transcript.turns[0].text


def test_windows_worked_on_at_once_come_out_as_one_after_the_other(recogniser: Recogniser, model_dir: Path) -> None:
    from audit.acoustics import find_speech
    from audit.audio import read_audio

    audio = read_audio(ROOT / "samples/zh-06.mp3")
    samples = audio.read(0.0, audio.duration_s)
    legs = [LegAudio("agent", samples[0], audio.sample_rate_hz, find_speech(samples, audio.sample_rate_hz)[0])]
    in_turn = recogniser.transcribe(legs, language="zh")
    assert sum(len(t.words) for t in in_turn.turns) > 60  # more than one window holds
    assert Recogniser(model_dir, cpu_threads=2).transcribe(legs, language="zh") == in_turn


def test_a_mandarin_number_is_written_as_it_was_said(recogniser: Recogniser) -> None:
    """The agent of a sample call says 每套九十八元, between 24.8 and 31.5 s."""
    from audit.audio import read_audio

    audio = read_audio(ROOT / "samples/zh-06.mp3")
    samples = audio.read(0.0, audio.duration_s)[0]
    transcript = recogniser.transcribe(
        [LegAudio("agent", samples, audio.sample_rate_hz, (Segment(24.8, 31.5),))], language="zh"
    )
    said = "".join(t.text for t in transcript.turns)
    assert "九十八元" in said
    assert not any(c.isdecimal() for c in said)


@pytest.mark.parametrize("name", ["noise1.wav", "noise2.wav", "noise3.wav"])
def test_nothing_is_invented_on_noise_even_where_it_was_taken_for_speech(
    name: str, recogniser: Recogniser, shared_dir: Path
) -> None:
    """The whole file is claimed to be speech, and a name is offered; truth is that nobody speaks."""
    from audit.audio import read_audio

    audio = read_audio(shared_dir / "data/noise" / name)
    speech = (Segment(0.0, audio.duration_s),)
    leg = LegAudio("agent", audio.read(0.0, audio.duration_s)[0], audio.sample_rate_hz, speech)
    transcript = recogniser.transcribe([leg], language="zh", hotwords=["晨星电信客户服务中心"])
    assert transcript.turns == ()
    assert transcript.coverage_ratio == 0.0
    assert sum(u.duration_s for u in transcript.uncovered) == pytest.approx(audio.duration_s, abs=0.1)

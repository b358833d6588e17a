"""Mel features against their formula, and the speaker encoder against real voices."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from audit.audio import read_audio
from audit.errors import ModelError
from audit.speakers import embedding
from audit.speakers.checkpoint import read_checkpoint
from audit.speakers.embedding import MODEL_NAME, SpeakerEncoder, mel_features, mel_filters


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    from audit.transcript.models import installed_dir

    path = installed_dir(MODEL_NAME)
    if path is None:
        pytest.skip(f"the speaker encoder is not installed: run callaudit models install {MODEL_NAME}")
    return SpeakerEncoder.load(path)


def tone(freq_hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * rate_hz)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("freq_hz", [200.0, 1000.0, 3000.0])
def test_a_tone_is_loudest_in_the_band_of_its_own_mel(freq_hz: float, rate_hz: int) -> None:
    # Slaney's scale by hand: 3 f / 200 to 1 kHz, above 15 + 27 ln(f / 1000) / ln 6.4; 8 kHz is mel 45.245.
    mel = 3 * freq_hz / 200 if freq_hz <= 1000 else 15 + 27 * np.log(freq_hz / 1000) / np.log(6.4)
    features = mel_features(tone(freq_hz, rate_hz), rate_hz)
    assert features.shape == (101, 40)
    assert abs(int(features[50].argmax()) - (mel / (45.245 / 41) - 1)) <= 1


@pytest.mark.parametrize("freq_hz", [300.0, 1000.0, 2700.0])
def test_eight_kilohertz_gives_the_features_of_sixteen(freq_hz: float) -> None:
    narrow, wide = mel_features(tone(freq_hz, 8000), 8000), mel_features(tone(freq_hz, 16000), 16000)
    assert narrow[5:95] == pytest.approx(wide[5:95], rel=0.02, abs=float(wide.max()) * 1e-3)


def test_a_band_has_area_one_in_hertz() -> None:
    # Bins stand 40 Hz apart; narrow bands hold few of them, so only wide ones come near the integral.
    assert mel_filters(16000).sum(axis=1)[20:] * 40 == pytest.approx(np.ones(20), rel=0.05)


def test_frames_begin_at_the_first_sample_and_end_with_the_last() -> None:
    assert [len(mel_features(np.zeros(n, np.float32), 8000)) for n in (0, 1, 79, 80, 8000)] == [1, 1, 1, 2, 101]


def test_another_rate_and_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="8000 or 16000"):
        mel_features(np.zeros(10, np.float32), 44100)
    with pytest.raises(ValueError, match="one channel"):
        mel_features(np.zeros((2, 10), np.float32), 8000)


@pytest.mark.parametrize("content", [b"", b"garbage", pickle.dumps(1)], ids=["empty", "no pickle", "another pickle"])
def test_what_is_no_checkpoint_is_refused_with_the_command_that_helps(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "pretrained.pt").write_bytes(content)
    with pytest.raises(ModelError) as caught:
        SpeakerEncoder.load(tmp_path)
    assert "models install resemblyzer" in str(caught.value)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no speaker encoder"):
        SpeakerEncoder.load(tmp_path)


def test_a_checkpoint_that_asks_for_anything_but_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(pickle.dumps(Path("a file")))
    with pytest.raises(pickle.UnpicklingError, match="asks for"):
        read_checkpoint(path)


@pytest.mark.model
def test_the_network_computes_what_its_equations_say(encoder: SpeakerEncoder) -> None:
    from audit.transcript.models import installed_dir

    path = installed_dir(MODEL_NAME)
    assert path is not None
    state = {k: v.astype(np.float64) for k, v in read_checkpoint(path / "pretrained.pt")["model_state"].items()}
    features = mel_features(np.random.default_rng(1).normal(0, 0.05, 8000).astype(np.float32), 8000)[:40]
    # One layer after the other, one frame after the other, in double precision.
    level = embedding._gain(features)
    sequence = [f * level for f in features.astype(np.float64)]
    for layer in range(3):
        h, c, out = np.zeros(256), np.zeros(256), []
        for x in sequence:
            z = state[f"lstm.weight_ih_l{layer}"] @ x + state[f"lstm.bias_ih_l{layer}"]
            z += state[f"lstm.weight_hh_l{layer}"] @ h + state[f"lstm.bias_hh_l{layer}"]
            i, f, g, o = np.split(z, 4)
            c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            h = np.tanh(c) / (1 + np.exp(-o))
            out.append(h)
        sequence = out
    raw = np.maximum(state["linear.weight"] @ h + state["linear.bias"], 0)
    assert encoder.embed(features, [(0, 40), (3, 20)])[0] == pytest.approx(raw / np.linalg.norm(raw), abs=1e-5)


@pytest.mark.parametrize("level_dbfs", [-50.0, -10.0])
def test_the_training_level_is_reached_from_any_level(level_dbfs: float) -> None:
    noise = np.random.default_rng(2).normal(0, 10 ** (level_dbfs / 20), 80_000).astype(np.float32)
    gain_db = 10 * np.log10(embedding._gain(mel_features(noise, 8000)))
    assert gain_db == pytest.approx(-30.0 - level_dbfs, abs=0.3)  # white noise: bands at both ends are cut off


@pytest.mark.model
def test_how_loud_somebody_speaks_does_not_count(encoder: SpeakerEncoder) -> None:
    x = np.random.default_rng(3).normal(0, 0.05, 16000).astype(np.float32)
    points = [encoder.embed(mel_features((g * x).astype(np.float32), 8000), [(0, 160)])[0] for g in (0.1, 1.0, 5.0)]
    assert points[0] == pytest.approx(points[1], abs=1e-3)
    assert points[2] == pytest.approx(points[1], abs=1e-3)


@pytest.mark.model
def test_a_window_outside_of_the_features_is_refused(encoder: SpeakerEncoder) -> None:
    with pytest.raises(ValueError, match="outside"):
        encoder.embed(np.ones((50, 40), np.float32), [(0, 51)])


@pytest.mark.model
@pytest.mark.shared
def test_two_halves_of_a_speaker_are_nearer_than_two_speakers(encoder: SpeakerEncoder, shared_dir: Path) -> None:
    folder = shared_dir / "data"
    of_speaker: dict[str, list[Path]] = {}
    for line in (folder / "speech.jsonl").read_text("utf8").splitlines():
        entry = json.loads(line)
        of_speaker.setdefault(entry["speaker"], []).append(folder / entry["path"])
    voices = {k: v[:8] for k, v in of_speaker.items() if len(v) >= 8}
    assert len(voices) >= 4
    halves = {name: [_voice(encoder, paths[:4]), _voice(encoder, paths[4:])] for name, paths in voices.items()}
    for name, (one, other) in halves.items():
        own = float(one @ other)
        others = [float(a @ b) for k, both in halves.items() if k != name for a in (one, other) for b in both]
        assert own > 0.85
        assert own > max(others) + 0.05


def _voice(encoder: SpeakerEncoder, paths: list[Path]) -> np.ndarray:
    points = []
    for path in paths:
        audio = read_audio(path)
        features = mel_features(audio.samples[0], audio.sample_rate_hz)
        points.append(
            encoder.embed(features, [(i, min(i + 160, len(features))) for i in range(0, max(len(features) - 100, 1), 160)])
        )
    mean = np.concatenate(points).mean(axis=0)
    return mean / np.linalg.norm(mean)

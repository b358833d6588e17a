"""What the channels hold, on signals whose making is the truth."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from audit.audio import read_audio
from audit.speakers import channel_layout

RATE_HZ = 8000
FULL_CALL_S = 30.0


def db(value: float) -> float:
    return float(10 ** (value / 20))


def noise(seconds: float, level_dbfs: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(0, db(level_dbfs), round(seconds * RATE_HZ))).astype(np.float32)


@functools.cache
def speech(turns: tuple[tuple[float, float], ...], level_dbfs: float, seed: int, seconds: float = FULL_CALL_S) -> np.ndarray:
    """Syllables of band noise (4 a second) within the turns, silence outside."""
    band = butter(4, [300, 3000], "band", fs=RATE_HZ, output="sos")
    carrier = sosfilt(band, noise(seconds, 0.0, seed))
    t = np.arange(carrier.size) / RATE_HZ
    envelope = (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t)) * sum((t >= a) & (t < b) for a, b in turns)
    x = carrier * envelope
    loud = x[envelope > 0]
    return (x * db(level_dbfs) / np.sqrt(np.mean(loud**2))).astype(np.float32)


AGENT = ((1.0, 5.0), (9.0, 14.0), (20.0, 26.0))
CUSTOMER = ((5.5, 8.5), (14.5, 19.5), (26.5, 28.0))


def legs(*, leak_db: float | None = None, floor_dbfs: float = -60.0) -> np.ndarray:
    """An agent at -22 dBFS and a customer at -27 dBFS, over line noise, with or without crosstalk."""
    a, b = speech(AGENT, -22, 1), speech(CUSTOMER, -27, 2)
    if leak_db is not None:
        a, b = a + db(leak_db) * b, b + db(leak_db) * a
    return np.stack([a + noise(FULL_CALL_S, floor_dbfs, 3), b + noise(FULL_CALL_S, floor_dbfs, 4)])


@functools.cache
def both_parties() -> np.ndarray:
    return legs().sum(axis=0)


def through(codec: str, samples: np.ndarray, tmp_path: Path) -> np.ndarray:
    """Encode and decode two channels together, as a joint-stereo codec sees them."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format={"libmp3lame": "mp3", "pcm_mulaw": "wav"}[codec]) as out:
        stream: Any = out.add_stream(codec, rate=RATE_HZ, layout="stereo")
        if codec == "libmp3lame":
            stream.codec_context.bit_rate = 24_000
        frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
        frame.sample_rate = RATE_HZ
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=RATE_HZ, frame_size=576)
        for f in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(f))
        out.mux(stream.encode(None))
    path = tmp_path / "call"
    path.write_bytes(buffer.getvalue())
    return read_audio(path).samples


def test_one_channel_is_mono() -> None:
    for samples in (both_parties(), both_parties()[None]):
        finding = channel_layout(samples, RATE_HZ)
        assert (finding.layout, finding.live_channels, finding.correlation) == ("mono", (0,), None)


def test_one_party_on_each_channel_is_stereo() -> None:
    finding = channel_layout(legs(), RATE_HZ)
    assert (finding.layout, finding.live_channels) == ("stereo", (0, 1))
    assert finding.correlation is None or finding.correlation < 0.1


@pytest.mark.parametrize("leak_db", [-40.0, -25.0, -18.0])
def test_crosstalk_does_not_make_a_stereo_call_dual_mono(leak_db: float) -> None:
    assert channel_layout(legs(leak_db=leak_db), RATE_HZ).layout == "stereo"


@pytest.mark.parametrize("codec", ["libmp3lame", "pcm_mulaw"])
def test_a_stereo_call_stays_stereo_through_a_codec(tmp_path: Path, codec: str) -> None:
    assert channel_layout(through(codec, legs(), tmp_path), RATE_HZ).layout == "stereo"


COPIES: dict[str, Callable[[np.ndarray], list[np.ndarray]]] = {
    "the same": lambda x: [x, x],
    "6 dB fainter": lambda x: [x, x * db(-6)],
    "10 dB louder": lambda x: [x * db(-10), x],
    "inverted": lambda x: [x, -x],
    "3 samples late": lambda x: [x[:-3], x[3:]],
    "20 ms early": lambda x: [x[160:], x[:-160]],
    "with noise of its own": lambda x: [x + noise(FULL_CALL_S, -45, 8), x + noise(FULL_CALL_S, -45, 9)],
}


def copies(kind: str) -> np.ndarray:
    return np.stack(COPIES[kind](both_parties())).astype(np.float32)


@pytest.mark.parametrize("kind", COPIES)
def test_the_same_sound_twice_is_dual_mono(kind: str) -> None:
    finding = channel_layout(copies(kind), RATE_HZ)
    assert finding.layout == "dual_mono"
    assert len(finding.live_channels) == 1
    assert finding.correlation is not None
    assert finding.correlation > 0.9


@pytest.mark.parametrize("codec", ["libmp3lame", "pcm_mulaw"])
def test_copies_with_a_gain_are_dual_mono_through_a_codec(tmp_path: Path, codec: str) -> None:
    x = both_parties()
    assert channel_layout(through(codec, np.stack([x, x * db(-4)]), tmp_path), RATE_HZ).layout == "dual_mono"


def test_the_louder_of_two_copies_is_the_one_to_listen_to() -> None:
    assert channel_layout(copies("6 dB fainter"), RATE_HZ).live_channels == (0,)
    assert channel_layout(copies("10 dB louder"), RATE_HZ).live_channels == (1,)


def clicks(n: int) -> np.ndarray:
    x = np.zeros(n, np.float32)
    x[:: 4 * RATE_HZ] = 0.5
    return x


DEAD: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "digital silence": np.zeros_like,
    "line noise": lambda live: noise(FULL_CALL_S, -55, 5),
    "hum": lambda live: db(-45) * np.sin(2 * np.pi * 50 * np.arange(live.size) / RATE_HZ),
    "an offset": lambda live: np.full_like(live, 0.02),
    "a leak of the other": lambda live: live * db(-30) + noise(FULL_CALL_S, -65, 6),
    "clicks": lambda live: clicks(live.size) + noise(FULL_CALL_S, -65, 7),
}


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("kind", DEAD)
def test_a_leg_without_sound_of_its_own_is_dead(kind: str, channel: int) -> None:
    two = [both_parties(), both_parties()]
    two[channel] = DEAD[kind](both_parties())
    finding = channel_layout(np.stack(two).astype(np.float32), RATE_HZ)
    assert (finding.layout, finding.live_channels) == ("one_dead_leg", (1 - channel,))


def test_one_short_answer_keeps_a_leg_alive() -> None:
    a = speech(((1.0, 28.0),), -22, 1) + noise(FULL_CALL_S, -60, 3)
    b = speech(((10.0, 10.75),), -27, 2) + noise(FULL_CALL_S, -60, 4)
    assert channel_layout(np.stack([a, b]), RATE_HZ).layout == "stereo"


def test_silence_on_both_channels_has_no_live_channel() -> None:
    assert channel_layout(np.zeros((2, 10 * RATE_HZ), np.float32), RATE_HZ).live_channels == ()
    faint = np.stack([noise(10, -65, 1), noise(10, -65, 2)])
    assert channel_layout(faint, RATE_HZ).live_channels == ()


def test_a_fifth_of_a_second_is_still_told() -> None:
    a, b = noise(0.2, -25, 1), noise(0.2, -30, 2)
    assert channel_layout(np.stack([a, b]), RATE_HZ).layout == "stereo"
    assert channel_layout(np.stack([a, a]), RATE_HZ).layout == "dual_mono"
    assert channel_layout(np.stack([a, 0 * b]), RATE_HZ).live_channels == (0,)


def test_no_samples_and_too_many_channels() -> None:
    assert channel_layout(np.zeros((2, 0), np.float32), RATE_HZ).live_channels == ()
    assert channel_layout(np.zeros((2, 1), np.float32) + np.float32([[0.1], [0.2]]), RATE_HZ).layout in ("stereo", "dual_mono")
    with pytest.raises(ValueError, match="not 3"):
        channel_layout(np.zeros((3, 10), np.float32), RATE_HZ)


def test_layouts_of_the_measuring_calls(shared_dir: Path) -> None:
    import json

    lines = (shared_dir / "data" / "calls-zh" / "truth.jsonl").read_text("utf-8").splitlines()
    truth = {call["path"]: call["layout"] for call in map(json.loads, lines)}
    found = {}
    for name in truth:
        audio = read_audio(shared_dir / "data" / "calls-zh" / name)
        found[name] = channel_layout(audio.samples, audio.sample_rate_hz).layout
    assert found == truth
    audio = read_audio(shared_dir / "data" / "calls-en" / "lca_auto_repairs_40_stereo.wav")
    assert channel_layout(audio.samples, audio.sample_rate_hz).layout == "stereo"

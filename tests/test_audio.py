"""Reading audio: every format at its own rate, nothing quietly shortened, and errors that say what the file is."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audit.audio import Audio, cut_encoded, encode_blocks, encode_clip, file_sha256, read_audio, resample
from audit.errors import DamagedRecording, UnreadableRecording

RATE_HZ = 8000


def tone(freq_hz: float, seconds: float, amplitude: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def legs(seconds: float = 3.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Two legs that differ in pitch and level, so that a swap shows."""
    return np.stack([tone(400, seconds, 0.5, rate_hz), tone(900, seconds, 0.1, rate_hz)])


def write(path: Path, samples: np.ndarray, rate_hz: int = RATE_HZ, *, codec: str, container: str | None = None) -> Path:
    """Encode with FFmpeg's own encoders."""
    layout = {1: "mono", 2: "stereo", 3: "2.1"}[samples.shape[0]]
    with av.open(str(path), "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate_hz, layout=layout)
        if not codec.startswith("pcm_"):
            stream.codec_context.bit_rate = 12_200 if "amr" in codec else 48_000
        frame: Any = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate_hz, frame_size=stream.codec_context.frame_size or 1024
        )
        for f in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(f))
        out.mux(stream.encode(None))
    return path


def wav_header(data_bytes: int, *, channels: int = 1, rate_hz: int = RATE_HZ) -> bytes:
    """A PCM 16-bit header with whatever length it is told to claim."""
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate_hz, rate_hz * 2 * channels, 2 * channels, 16)
    return (
        b"RIFF" + struct.pack("<I", min(36 + data_bytes, 0xFFFFFFFF)) + b"WAVE" + fmt + struct.pack("<4sI", b"data", data_bytes)
    )


def pcm16(samples: np.ndarray) -> bytes:
    return (samples.T * 32767).astype("<i2").tobytes()


FORMATS = {
    "wav 16-bit": ("a.wav", "pcm_s16le", 8000, 1e-4),
    "wav 24-bit": ("a.wav", "pcm_s24le", 8000, 1e-4),
    "wav 8-bit": ("a.wav", "pcm_u8", 8000, 0.01),
    "wav float": ("a.wav", "pcm_f32le", 11025, 1e-3),
    "wav mu-law": ("a.wav", "pcm_mulaw", 8000, 0.02),
    "wav A-law": ("a.wav", "pcm_alaw", 8000, 0.02),
    "flac": ("a.flac", "flac", 16000, 1e-3),
    "mp3 8 kHz": ("a.mp3", "libmp3lame", 8000, 0.05),
    "mp3 44.1 kHz": ("a.mp3", "libmp3lame", 44100, 0.05),
    "m4a": ("a.m4a", "aac", 8000, 0.05),
    "opus": ("a.opus", "libopus", 48000, 0.1),
    "IMA ADPCM": ("a.wav", "adpcm_ima_wav", 8000, 0.1),
}


@pytest.mark.parametrize(("name", "codec", "rate_hz", "tolerance"), FORMATS.values(), ids=FORMATS)
def test_every_format_keeps_length_level_and_channel_order(
    tmp_path: Path, name: str, codec: str, rate_hz: int, tolerance: float
) -> None:
    truth = legs(3.0, rate_hz)
    audio = read_audio(write(tmp_path / name, truth, rate_hz, codec=codec))
    assert audio.damaged is None
    assert audio.warnings == ()
    assert audio.source_sample_rate_hz == rate_hz
    assert audio.sample_rate_hz == (8000 if rate_hz <= 8000 else 16000)
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape[0] == audio.n_channels == 2
    # At most the padding of the last frames.
    assert audio.duration_s + 1e-3 >= 3.0
    assert audio.duration_s <= 3.3
    middle = slice(audio.sample_rate_hz, 2 * audio.sample_rate_hz)
    peaks = np.abs(audio.samples[:, middle]).max(axis=1)
    assert peaks == pytest.approx([0.5, 0.1], abs=tolerance)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp3", "libmp3lame"), ("a.m4a", "aac"), ("a.opus", "libopus"), ("a.flac", "flac")]
)
def test_encoder_delay_does_not_move_the_sound(tmp_path: Path, name: str, codec: str) -> None:
    rate_hz = 48000 if codec == "libopus" else 16000
    truth = np.concatenate([np.zeros(rate_hz), tone(440, 1.0, 0.5, rate_hz), np.zeros(rate_hz)])[None].astype(np.float32)
    audio = read_audio(write(tmp_path / name, truth, rate_hz, codec=codec))
    loud = np.flatnonzero(np.abs(audio.samples[0]) > 0.2) / audio.sample_rate_hz
    # 10 ms: the codecs smear an onset by some milliseconds; one undropped MP3 frame would be 36 to 72 ms.
    assert loud[0] == pytest.approx(1.0, abs=0.01)
    assert loud[-1] == pytest.approx(2.0, abs=0.01)


def test_amr_narrow_band_is_decoded(tmp_path: Path) -> None:
    audio = read_audio(write(tmp_path / "a.amr", legs()[:1], codec="libopencore_amrnb"))
    assert (audio.n_channels, audio.sample_rate_hz, audio.damaged) == (1, 8000, None)
    assert audio.duration_s == pytest.approx(3.0, abs=0.02 + 1e-6)  # one AMR frame


def test_raw_gsm_is_decoded_frame_by_frame(tmp_path: Path) -> None:
    # GSM 06.10: 33 bytes a frame that begin with the nibble 0xD, 160 samples each (ETSI EN 300 961).
    path = tmp_path / "a.gsm"
    path.write_bytes(bytes([0xD0, *[0] * 32]) * 150)
    assert read_audio(path).duration_s == pytest.approx(3.0, abs=1e-6)


def test_gsm_in_wav_is_decoded(tmp_path: Path) -> None:
    # Format 0x31: blocks of 65 bytes, 320 samples each, 1625 bytes a second.
    fmt = struct.pack("<4sIHHIIHHHH", b"fmt ", 20, 0x31, 1, 8000, 1625, 65, 0, 2, 320)
    data = bytes(65 * 75)
    path = tmp_path / "a.WAV"
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 40 + len(data)) + b"WAVE" + fmt + struct.pack("<4sI", b"data", len(data)) + data
    )
    audio = read_audio(path)
    assert (audio.duration_s, audio.damaged) == (pytest.approx(3.0), None)


def test_headerless_mu_law_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.ulaw"
    path.write_bytes(b"\xff" * 16000)  # 0xFF is mu-law's zero
    audio = read_audio(path)
    assert audio.duration_s == pytest.approx(2.0)
    assert not audio.samples.any()


def test_sources_above_16_khz_come_down_and_keep_their_pitch(tmp_path: Path) -> None:
    audio = read_audio(write(tmp_path / "a.wav", tone(1000, 2.0, 0.5, 44100)[None], 44100, codec="pcm_s16le"))
    assert (audio.sample_rate_hz, audio.source_sample_rate_hz) == (16000, 44100)
    assert audio.duration_s == pytest.approx(2.0, abs=1e-3)
    spectrum = np.abs(np.fft.rfft(audio.samples[0, 8000:24000]))
    assert np.argmax(spectrum) == 1000  # bins of 1 Hz


def test_more_than_two_channels_keep_the_first_two_with_a_warning(tmp_path: Path) -> None:
    three = np.concatenate([legs(), tone(100, 3.0, 0.9)[None]])
    audio = read_audio(write(tmp_path / "a.wav", three, codec="pcm_s16le"))
    assert audio.n_channels == 2
    assert np.abs(audio.samples).max(axis=1) == pytest.approx([0.5, 0.1], abs=1e-3)
    assert "3 channels" in audio.warnings[0]


def test_a_call_of_a_fifth_of_a_second_is_read(tmp_path: Path) -> None:
    audio = read_audio(write(tmp_path / "a.wav", legs(0.2), codec="pcm_s16le"))
    assert (audio.duration_s, audio.damaged) == (pytest.approx(0.2), None)


@pytest.mark.parametrize("value", [0, 0xFFFFFFFF, 0x7FFFFFFF - 44], ids=["zero", "all ones", "sox pipe"])
def test_a_streaming_recorders_placeholder_length_is_no_damage(tmp_path: Path, value: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(value) + pcm16(legs()[:1]))
    audio = read_audio(path)
    assert audio.duration_s == pytest.approx(3.0)
    assert (audio.declared_duration_s, audio.damaged, audio.warnings) == (None, None, ())


def test_a_wav_header_that_claims_more_is_damage_with_both_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(4 * RATE_HZ * 2) + pcm16(legs()[:1]))
    audio = read_audio(path)
    assert audio.duration_s == pytest.approx(3.0)
    assert audio.declared_duration_s == pytest.approx(4.0)
    assert audio.damaged is not None
    assert "4.00 s" in audio.damaged
    assert "3.00 s" in audio.damaged
    assert audio.damaged in audio.warnings


def test_a_wav_header_that_claims_less_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(1 * RATE_HZ * 2) + pcm16(legs()[:1]))
    audio = read_audio(path)
    assert audio.duration_s == pytest.approx(3.0)
    assert "1.00 s" in audio.warnings[0]
    assert audio.damaged is None


def test_chunks_after_the_audio_are_not_taken_for_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(3 * RATE_HZ * 2) + pcm16(legs()[:1]) + struct.pack("<4sI", b"LIST", 10) + b"INFOISFT\0\0")
    audio = read_audio(path)
    assert (audio.duration_s, audio.warnings) == (pytest.approx(3.0), ())


def test_less_than_half_of_the_claimed_audio_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_header(10 * RATE_HZ * 2) + pcm16(legs()[:1]))
    with pytest.raises(DamagedRecording, match=r"claims 10\.00 s, 3\.00 s"):
        read_audio(path)


def cut(path: Path, part: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * part)])
    return path


def test_a_truncated_mp3_is_reported_with_the_seconds_lost(tmp_path: Path) -> None:
    audio = read_audio(cut(write(tmp_path / "a.mp3", legs(10.0), codec="libmp3lame"), 0.7))
    assert audio.damaged is not None
    assert "10.0" in audio.damaged
    assert 6.5 < audio.duration_s < 7.5


def test_a_truncated_mp3_without_a_frame_count_is_reported_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", legs(10.0), codec="libmp3lame")
    data = path.read_bytes()
    tag = max(data.find(b"Xing"), data.find(b"Info"))
    path.write_bytes(data[:tag] + b"\0\0\0\0" + data[tag + 4 :])  # the count is gone
    assert read_audio(path).damaged is None
    assert read_audio(cut(path, 0.701)).damaged is not None


def test_a_truncated_opus_file_is_reported(tmp_path: Path) -> None:
    audio = read_audio(cut(write(tmp_path / "a.opus", legs(10.0, 48000), 48000, codec="libopus"), 0.7))
    assert audio.damaged is not None
    assert "last page" in audio.damaged


def test_a_truncated_flac_is_reported(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (1, 80_000)).astype(np.float32)
    audio = read_audio(cut(write(tmp_path / "a.flac", noise, codec="flac"), 0.7))
    assert audio.damaged is not None
    assert "10.00 s" in audio.damaged


def test_an_m4a_without_its_index_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecording, match="index"):
        read_audio(cut(write(tmp_path / "a.m4a", legs(10.0), codec="aac"), 0.7))


def test_bytes_destroyed_in_the_middle_do_not_move_what_follows(tmp_path: Path) -> None:
    noisy = np.random.default_rng(2).normal(0, 0.01, (1, 11 * 16000)).astype(np.float32)
    noisy[0, 5 * 16000 : 6 * 16000] += tone(440, 1.0, 0.5, 16000)
    path = write(tmp_path / "a.flac", noisy, 16000, codec="flac")
    data = bytearray(path.read_bytes())
    data[len(data) // 5 : len(data) // 5 + 3000] = bytes(3000)
    path.write_bytes(bytes(data))
    audio = read_audio(path)
    assert audio.damaged is not None
    loud = np.flatnonzero(np.abs(audio.samples[0]) > 0.3) / 16000
    assert loud[-1] == pytest.approx(6.0, abs=0.01)


def unreadable(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "a.wav"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is not a recording\n" * 40)
    elif kind == "page":
        path = tmp_path / "a.mp3"
        path.write_text("<!DOCTYPE html><html><body>404 not found</body></html>")
    elif kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "picture":
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    elif kind == "header only":
        path.write_bytes(wav_header(0))
    elif kind == "playlist":
        path = tmp_path / "a.m3u8"
        path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.mp3\n#EXT-X-ENDLIST\n")
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "empty"),
        ("text", "text, not audio"),
        ("page", "text, not audio"),
        ("directory", "directory"),
        ("pipe", "pipe"),
        ("picture", "not audio"),
        ("header only", "no audio"),
        ("playlist", "text, not audio"),
        ("vanished", "no such file"),
    ],
)
def test_what_is_not_a_recording_is_named_with_its_cause_and_a_hint(tmp_path: Path, kind: str, says: str) -> None:
    path = unreadable(tmp_path, kind)
    with pytest.raises(UnreadableRecording, match=says) as caught:
        read_audio(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", legs(0.5), codec="pcm_s16le")
    path.chmod(0)
    with pytest.raises(UnreadableRecording, match="ermission"):
        read_audio(path)


def test_two_hours_of_silence_are_read_whole(tmp_path: Path) -> None:
    seconds = 2 * 3600
    path = tmp_path / "a.wav"
    with path.open("wb") as f:
        f.write(wav_header(seconds * RATE_HZ * 2))
        f.truncate(44 + seconds * RATE_HZ * 2)
    audio = read_audio(path)
    assert audio.duration_s == seconds
    assert audio.damaged is None
    assert not audio.samples.any()


def test_resampling_keeps_shape_and_time() -> None:
    stereo = legs(1.0, 16000)
    out = resample(stereo, 16000, 8000)
    assert out.shape == (2, 8000)
    assert out[0, 1000:7000] == pytest.approx(legs(1.0)[0, 1000:7000], abs=1e-3)
    assert resample(stereo, 16000, 16000) is stereo
    assert resample(stereo[0], 16000, 8000).shape == (8000,)


@pytest.mark.parametrize(("rate_hz", "kbit_s"), [(8000, 16), (16000, 24)])
def test_a_clip_is_small_complete_and_the_same_each_time(tmp_path: Path, rate_hz: int, kbit_s: int) -> None:
    sound = legs(5.0, rate_hz)
    clip = encode_clip(sound, rate_hz)
    assert clip == encode_clip(sound, rate_hz)
    assert len(clip) < 5.2 * kbit_s * 1000 / 8 + 1000
    path = tmp_path / "clip.mp3"
    path.write_bytes(clip)
    audio: Audio = read_audio(path)
    assert (audio.duration_s, audio.n_channels, audio.damaged) == (pytest.approx(5.0, abs=0.01), 1, None)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 2.0), (3.1, 7.9), (17.33, 18.0), (18.5, 90.0)])
def test_a_stretch_taken_out_of_encoded_sound_is_that_stretch(rate_hz: int, start_s: float, end_s: float) -> None:
    noise = np.random.default_rng(3).standard_normal(20 * rate_hz + 7)  # no second is like another
    leg = (0.3 * np.convolve(noise, np.ones(8) / 8, "valid")).astype(np.float32)
    cut = decoded(cut_encoded(encode_blocks([leg], rate_hz), rate_hz, start_s, end_s))
    at, frame = int(start_s * rate_hz), 576
    near = np.pad(leg[max(0, at) : at + len(cut)], (2 * frame, 2 * frame))
    inside = cut[2 * frame : min(len(cut), len(leg) - at) - 2 * frame]
    shift = int(np.correlate(near, inside, "valid").argmax()) - 4 * frame  # of the cut against what was asked for
    assert -frame <= shift <= 0
    assert len(cut) >= min(end_s, 20.0) * rate_hz - at - shift


def test_what_was_not_encoded_here_is_not_cut() -> None:
    sound = encode_blocks([np.zeros(8000, np.float32)], 8000)
    for other in (sound[:-1], b"\x00" * 1000):
        with pytest.raises(ValueError, match="constant bit rate"):
            cut_encoded(other, 8000, 0.0, 1.0)
    with pytest.raises(ValueError, match="nothing from 9 to 10 s"):
        cut_encoded(sound, 8000, 9, 10)


def decoded(mp3: bytes) -> np.ndarray:
    with av.open(io.BytesIO(mp3)) as container:
        return np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)[0]


def test_a_clip_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        encode_clip(np.zeros((1, 0), np.float32), 8000)


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


SPOILED = [("a.wav", "pcm_mulaw"), ("a.mp3", "libmp3lame"), ("a.ogg", "libopus"), ("a.flac", "flac")]


@pytest.mark.parametrize(("name", "codec"), SPOILED)
def test_any_spoiled_file_is_read_or_refused_and_never_crashes(tmp_path: Path, name: str, codec: str) -> None:
    rng = np.random.default_rng(7)
    rate_hz = 48000 if codec == "libopus" else 8000
    whole = write(tmp_path / name, legs(0.5, rate_hz), rate_hz, codec=codec).read_bytes()
    path = tmp_path / f"spoiled-{name}"
    for n in [*range(1, 64, 7), *rng.integers(64, len(whole), 12)]:
        path.write_bytes(whole[:n])
        with contextlib.suppress(UnreadableRecording, DamagedRecording):
            assert read_audio(path).duration_s <= 0.8
    for _ in range(25):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), 6):
            data[at] = rng.integers(0, 256)
        path.write_bytes(bytes(data))
        with contextlib.suppress(UnreadableRecording, DamagedRecording):
            assert np.isfinite(read_audio(path).samples).all()


@pytest.mark.parametrize("n_channels", [1, 2], ids=lambda n: f"{n} channels")
def test_every_sample_of_linear_wav_is_read_exactly(tmp_path: Path, n_channels: int) -> None:
    values = np.random.default_rng(7).integers(-32768, 32768, (n_channels, 40_001)).astype("<i2")
    values[:, :4] = [-32768, 32767, -1, 0]
    path = tmp_path / "call.wav"
    path.write_bytes(wav_header(values.nbytes, channels=n_channels) + values.T.tobytes())
    audio = read_audio(path)
    assert np.array_equal(audio.samples, values / np.float32(32768))
    assert (audio.codec, audio.container, audio.declared_duration_s, audio.damaged) == ("pcm_s16le", "wav", 40_001 / 8000, None)


@pytest.mark.parametrize(("source_hz", "rate_hz"), [(6000, 8000), (11025, 16000), (12000, 16000), (22050, 16000)])
def test_every_rate_is_brought_to_one_of_the_two_that_are_worked_at(tmp_path, source_hz, rate_hz):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(source_hz)
        w.writeframes((np.sin(2 * np.pi * 500 * np.arange(2 * source_hz) / source_hz) * 9000).astype("<i2").tobytes())
    audio = read_audio(path)
    assert (audio.sample_rate_hz, audio.source_sample_rate_hz) == (rate_hz, source_hz)
    assert audio.duration_s == pytest.approx(2.0, abs=0.01)
    spectrum = np.abs(np.fft.rfft(audio.read(0.5, 1.5)[0]))
    assert np.argmax(spectrum) == 500  # bins of 1 Hz


def test_a_header_with_a_rate_that_no_speech_has_is_damage(tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(1)
        w.writeframes(b"\1\2" * 8000)
    with pytest.raises(DamagedRecording, match="1 samples a second"):
        read_audio(path)

"""What may lie among recordings and is none, or not a sound one: made in thirty ways for benchmarks/chaos.py."""

from __future__ import annotations

import io
import os
import random
import struct
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def as_wav(samples: np.ndarray, rate: int) -> bytes:
    """Float samples (channels, n) as 16-bit WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as w:
        w.setnchannels(samples.shape[0])
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes((np.clip(samples.T, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


Make = Callable[[Path, bytes], "str | None"]


def ways_to_be_bad(dice: random.Random) -> Iterator[tuple[str, Make]]:
    """What may lie among recordings; each makes one from the bytes of a good call, and says its name where it is another."""
    noise = dice.randbytes(4000)

    def holding(of: Callable[[bytes], bytes]) -> Make:
        return lambda path, good: path.write_bytes(of(good)) and None

    yield "empty", holding(lambda good: b"")
    yield "plain text", holding(lambda good: b"plain text, no audio\n" * 10)
    yield "an error page", holding(lambda good: b"<html><body>404 Not Found</body></html>")
    yield "cut within its header", holding(lambda good: good[:20])
    yield "a header without samples", holding(lambda good: good[:44])
    yield "cut after 2 ms of sound", holding(lambda good: good[:108])
    yield "noise", holding(lambda good: noise)
    yield "RIFF, then noise", holding(lambda good: b"RIFF" + noise)
    yield "a picture", holding(lambda good: b"\x89PNG\r\n\x1a\n" + noise)
    yield "a zip archive", holding(lambda good: b"PK\x03\x04" + noise)
    yield "a gzip file", holding(lambda good: b"\x1f\x8b\x08" + noise)
    yield "Ogg, then noise", holding(lambda good: b"OggS" + noise)
    yield "MP3, then noise", holding(lambda good: b"ID3\x03\x00" + noise)
    yield "FLAC, then noise", holding(lambda good: b"fLaC" + noise)
    yield "only zeros", holding(lambda good: b"\0" * 4000)
    yield "no channels", holding(lambda good: good[:22] + b"\0\0" + good[24:])
    yield "three channels", holding(_three_channels)
    yield "no sample rate", holding(lambda good: good[:24] + b"\0\0\0\0" + good[28:])
    yield "1 Hz", holding(lambda good: good[:24] + (1).to_bytes(4, "little") + good[28:])
    yield "seven bits a sample", holding(lambda good: good[:34] + b"\x07\0" + good[36:])
    yield "samples that are no numbers", holding(_nans)
    yield (
        "a header that claims 2 GiB",
        holding(lambda good: good[:4] + b"\xff" * 4 + good[8:40] + b"\xff\xff\xff\x7f" + good[44:]),
    )
    yield "video without sound", _video
    yield "an MP3 called WAV", _mp3
    yield "a folder called WAV", _folder_called_wav
    yield "a link to itself", lambda path, good: path.symlink_to(path.name)
    yield "a link to nothing", lambda path, good: path.symlink_to("gone.wav")
    yield "a pipe", lambda path, good: os.mkfifo(path)
    yield "a name in GBK", lambda path, good: _named(path, os.fsdecode(b"\xd6\xd0\xce\xc4-" + path.name.encode()), good)
    yield "a line break in its name", lambda path, good: _named(path, f"a\nb-{path.name}", good)
    yield "a call id twice", _twin
    if os.geteuid():
        yield "not readable", _not_readable


def _named(path: Path, name: str, good: bytes) -> str:
    path.with_name(name).write_bytes(good)
    return name


def _folder_called_wav(path: Path, good: bytes) -> None:
    path.mkdir()
    (path / "inner.txt").write_text("a folder with the name of a recording")


def _not_readable(path: Path, good: bytes) -> None:
    path.write_bytes(good)
    path.chmod(0)


def _twin(path: Path, good: bytes) -> str:
    """The file name, and so the call id, of the first good call, in a folder of its own."""
    other = path.parent / "twin" / "00001.wav"
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(good)
    return other.name


def _three_channels(good: bytes) -> bytes:
    samples = np.frombuffer(good[44 : 44 + (len(good) - 44) // 2 * 2], "<i2")
    return as_wav(np.stack([samples[:16000] / 32768] * 3), 8000)


def _nans(good: bytes) -> bytes:
    data = np.full(16000, np.nan, "<f4").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 8000, 32000, 4, 32)
    return struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + fmt + struct.pack("<4sI", b"data", len(data)) + data


def _video(path: Path, good: bytes) -> str:
    import av

    target = path.with_suffix(".mp4")
    with av.open(str(target), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode())
    return target.name


def _mp3(path: Path, good: bytes) -> None:
    path.write_bytes((ROOT / "samples" / "zh-01.mp3").read_bytes()[: 16 << 10])

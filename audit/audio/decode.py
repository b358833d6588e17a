"""Frames to samples in time order: what cannot be decoded becomes silence and a count."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import soxr

from audit.audio.store import Samples, SampleStore

#: Telephone speech ends at 4 or 8 kHz and the recogniser takes 16 kHz: nothing above is of use to anything here.
MAX_SAMPLE_RATE_HZ = 16_000
#: What a telephone line has, and the least that anything here works at: other rates are brought to one of the two.
LINE_RATE_HZ = 8_000
#: Below, nothing of speech is left but its melody: the rate is a damaged header's.
MIN_SAMPLE_RATE_HZ = 4_000
#: Time stamps of Matroska and FLV are whole milliseconds and Opus packets last 20 to 60 ms: a smaller jump is rounding.
GAP_TOLERANCE_S = 0.06
#: A jump longer than this is a broken clock, not lost audio; it is reported and not filled.
MAX_FILLED_GAP_S = 600.0


#: Samples taken together: they stay in the processor's cache while they are turned and looked through. A resampler gets ten
#: seconds at a time.
_BLOCK_SAMPLES = 16_384


class Collector:
    """Takes frames in time order; keeps float32 at the target rate. `expected_s` is what the container says of its length."""

    def __init__(self, source_rate_hz: int, n_channels: int, *, expected_s: float = 0.0) -> None:
        self.source_rate_hz = source_rate_hz
        self.n_channels = n_channels
        self.rate_hz = LINE_RATE_HZ if source_rate_hz <= LINE_RATE_HZ else MAX_SAMPLE_RATE_HZ
        self.n_in = 0
        self._stream = None
        self._n_block = _BLOCK_SAMPLES
        if self.rate_hz != source_rate_hz:
            self._stream = soxr.ResampleStream(source_rate_hz, self.rate_hz, n_channels, dtype="float32")
            self._n_block = 10 * source_rate_hz
        self._store = SampleStore(n_channels, n_expected=math.ceil(expected_s * self.rate_hz))
        self._pending: list[Samples] = []
        self._n_pending = 0

    def add(self, samples: Samples) -> None:
        """Append (n_channels, n) samples at the source's rate."""
        self.n_in += samples.shape[1]
        self._pending.append(samples)
        self._n_pending += samples.shape[1]
        if self._n_pending >= self._n_block:
            self._flush(last=False)

    def _flush(self, *, last: bool) -> None:
        block = _joined(self._pending) if self._pending else np.zeros((self.n_channels, 0), np.float32)
        self._pending, self._n_pending = [], 0
        flat = block.ravel(order="K")  # as it lies in memory: no copy
        if not np.isfinite(np.dot(flat, flat)):
            np.nan_to_num(block, copy=False)
        if self._stream is not None:
            block = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last).reshape(-1, self.n_channels).T
        self._store.append(block)

    def finish(self) -> SampleStore:
        """All samples."""
        self._flush(last=True)
        return self._store


def _joined(pieces: list[Samples]) -> Samples:
    """Pieces one after the other; where channels alternate in memory they are left so, for the store turns them."""
    if len(pieces) == 1:
        return pieces[0]
    if all(p.flags.f_contiguous for p in pieces):
        return np.concatenate([p.T for p in pieces]).T
    return np.concatenate(pieces, axis=1)


@dataclass(slots=True)
class Trouble:
    """What went wrong while decoding."""

    n_bad_packets: int = 0
    gaps: list[tuple[float, float]] = field(default_factory=list)
    n_backward: int = 0
    stopped: str | None = None
    changes: list[str] = field(default_factory=list)
    last_packet: bytes = b""


def _as_float(frame: Any, n_channels: int) -> Samples:
    """A frame's samples as float32 (n_channels, n) in -1 to 1; only the first channels where there are more.

    Thousands of frames make a call, so this avoids what costs per frame. Not a number is dealt with in `Collector`.
    """
    form, present = frame.format, frame.layout.nb_channels
    kind, full_scale = _SAMPLE_KINDS[form.name.removesuffix("p")]
    if form.is_planar:
        planes = [np.frombuffer(p, kind, frame.samples) for p in frame.planes[:n_channels]]
        data = np.stack(planes) if len(planes) > 1 else planes[0][None]
    else:
        data = np.frombuffer(frame.planes[0], kind, frame.samples * present).reshape(-1, present).T[:n_channels]
    if kind == np.uint8:
        out = (data.astype(np.float32) - np.float32(128)) / np.float32(128)
    elif full_scale != 1:
        out = data.astype(np.float32)
        out *= np.float32(1 / full_scale)  # a power of two: its inverse is exact
    else:
        out = data.astype(np.float32)
    if out.shape[0] < n_channels:
        out = np.concatenate([out, np.zeros((n_channels - out.shape[0], out.shape[1]), np.float32)])
    return out


#: FFmpeg's sample formats: how a sample lies in memory, and what it reads at full scale.
_SAMPLE_KINDS: dict[str, tuple[Any, float]] = {
    "u8": (np.uint8, 128), "s16": (np.int16, 2**15), "s32": (np.int32, 2**31), "s64": (np.int64, 2**63),
    "flt": (np.float32, 1), "dbl": (np.float64, 1),
}  # fmt: skip


def _frames(container: Any, stream: Any, trouble: Trouble) -> Iterator[Any]:
    """Every frame that decodes, whatever comes between."""
    import av.error

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.error.FFmpegError, OSError) as e:
            trouble.stopped = str(e)
            return
        if packet.size and stream.codec_context.name.startswith("mp3"):
            trouble.last_packet = bytes(packet)
        try:
            yield from packet.decode()
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            trouble.n_bad_packets += 1


def decode(container: Any, stream: Any, trouble: Trouble) -> Collector | None:
    """Decode the stream in time order; lost stretches become silence. None where nothing decodes."""
    collector: Collector | None = None
    origin_s = 0.0
    for frame in _frames(container, stream, trouble):
        if frame.samples == 0:
            continue
        n_channels = min(2, frame.layout.nb_channels)
        if collector is None:
            collector = Collector(frame.sample_rate, n_channels, expected_s=_expected_s(container, stream))
            if stream.start_time is not None:
                origin_s = float(stream.start_time * stream.time_base)
            elif frame.time is not None:
                origin_s = frame.time
        now_s = collector.n_in / collector.source_rate_hz
        if frame.time is not None:
            gap_s = frame.time - origin_s - now_s
            if gap_s > GAP_TOLERANCE_S:
                trouble.gaps.append((now_s, gap_s))
                if gap_s <= MAX_FILLED_GAP_S:
                    collector.add(np.zeros((collector.n_channels, round(gap_s * collector.source_rate_hz)), np.float32))
                else:
                    origin_s += gap_s
            elif gap_s < -GAP_TOLERANCE_S:
                trouble.n_backward += 1
                origin_s += gap_s
        samples = _as_float(frame, collector.n_channels)
        if frame.sample_rate != collector.source_rate_hz:
            trouble.changes.append(f"sample rate changes to {frame.sample_rate} Hz at {now_s:.2f} s")
            samples = resample(samples, frame.sample_rate, collector.source_rate_hz)
        if n_channels != collector.n_channels:
            trouble.changes.append(f"number of channels changes to {frame.layout.nb_channels} at {now_s:.2f} s")
        collector.add(samples)
    return collector


def _expected_s(container: Any, stream: Any) -> float:
    """How long the recording should be, as far as its container says; a wrong figure costs time or room, no sample."""
    if stream.duration and stream.duration > 0:
        return float(stream.duration * stream.time_base)
    import av

    return max(0.0, (container.duration or 0) / av.time_base)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Change the sample rate (soxr, high quality, no delay).

    Parameters
    ----------
    samples : ndarray, shape (n,) or (n_channels, n)
    from_hz, to_hz : int

    Returns
    -------
    ndarray of float32
        Same number of dimensions; the input itself where the rates are equal.
    """
    if from_hz == to_hz:
        return samples
    out = soxr.resample(np.ascontiguousarray(samples.T, dtype=np.float32), from_hz, to_hz)
    return np.ascontiguousarray(out.T)

"""Frames to samples in time order: what cannot be decoded becomes silence and a count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av.error
import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]

#: Telephone speech ends at 4 or 8 kHz and the recogniser takes 16 kHz: nothing above is of use to anything here.
MAX_SAMPLE_RATE_HZ = 16_000
#: Time stamps of Matroska and FLV are whole milliseconds and Opus packets last 20 to 60 ms: a smaller jump is rounding.
GAP_TOLERANCE_S = 0.06
#: A jump longer than this is a broken clock, not lost audio; it is reported and not filled.
MAX_FILLED_GAP_S = 600.0


class Collector:
    """Takes frames in time order; keeps float32 at the target rate in blocks."""

    def __init__(self, source_rate_hz: int, n_channels: int) -> None:
        self.source_rate_hz = source_rate_hz
        self.n_channels = n_channels
        self.rate_hz = min(source_rate_hz, MAX_SAMPLE_RATE_HZ)
        self.n_in = 0
        self._stream = None
        if self.rate_hz != source_rate_hz:
            self._stream = soxr.ResampleStream(source_rate_hz, self.rate_hz, n_channels, dtype="float32")
        self._blocks: list[Samples] = []
        self._pending: list[Samples] = []
        self._n_pending = 0

    def add(self, samples: Samples) -> None:
        """Append (n_channels, n) samples at the source's rate."""
        self.n_in += samples.shape[1]
        self._pending.append(samples)
        self._n_pending += samples.shape[1]
        if self._n_pending >= 10 * self.source_rate_hz:
            self._flush(last=False)

    def _flush(self, *, last: bool) -> None:
        block = np.concatenate([*self._pending, np.zeros((self.n_channels, 0), np.float32)], axis=1)
        self._pending, self._n_pending = [], 0
        if self._stream is not None:
            block = self._stream.resample_chunk(np.ascontiguousarray(block.T), last=last).reshape(-1, self.n_channels).T
        self._blocks.append(block)

    def finish(self) -> Samples:
        """All samples, (n_channels, n); the blocks are freed while they are copied, so the peak is one copy."""
        self._flush(last=True)
        n = sum(b.shape[1] for b in self._blocks)
        out = np.empty((self.n_channels, n), np.float32)
        at = n
        while self._blocks:
            block = self._blocks.pop()
            out[:, at - block.shape[1] : at] = block
            at -= block.shape[1]
        return out


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
    """A frame's samples as float32 (n_channels, n) in -1 to 1; only the first channels where there are more."""
    data = frame.to_ndarray()
    present = frame.layout.nb_channels
    if not frame.format.is_planar:
        data = data.reshape(-1, present).T
    data = data[:n_channels]
    if data.dtype == np.uint8:
        out = (data.astype(np.float32) - 128.0) / 128.0
    elif np.issubdtype(data.dtype, np.integer):
        out = data.astype(np.float32) / np.float32(-float(np.iinfo(data.dtype).min))
    else:
        out = np.nan_to_num(data.astype(np.float32, copy=False))
    if out.shape[0] < n_channels:
        out = np.concatenate([out, np.zeros((n_channels - out.shape[0], out.shape[1]), np.float32)])
    return out


def _frames(container: Any, stream: Any, trouble: Trouble) -> Iterator[Any]:
    """Every frame that decodes, whatever comes between."""
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
            collector = Collector(frame.sample_rate, n_channels)
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

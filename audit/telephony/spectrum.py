"""Short-time power spectra of a leg, in blocks, so that two hours need no more memory than a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import soxr
from numpy.typing import NDArray

from audit.fourier import rfft

Floats = NDArray[np.float32]

LINE_RATE_HZ = 8000  # signalling and hold music live in the telephone band
CHUNK_SAMPLES = 49152  # transformed at a time: with their spectra they stay in the processor's cache


def at_line_rate(leg: Floats, sample_rate_hz: int) -> Floats:
    """The leg at 8 kHz, float32, not finite samples as zero.

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate is not positive.
    """
    if leg.ndim != 1 or sample_rate_hz <= 0:
        raise ValueError(f"a leg is one-dimensional with a positive rate, not shape {leg.shape} at {sample_rate_hz} Hz")
    x = leg.astype(np.float32, copy=False)
    if not np.isfinite(np.dot(x, x)):
        x = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0)
    if sample_rate_hz == LINE_RATE_HZ or len(x) == 0:
        return x
    return np.asarray(soxr.resample(x, sample_rate_hz, LINE_RATE_HZ, quality="MQ"), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Framing:
    """How a leg is cut into frames.

    Attributes
    ----------
    n_window, n_hop, n_fft : int
        In samples at 8 kHz. Frame i is centred on sample ``i * n_hop``; the leg is padded with zeros.
    low_hz, high_hz : float
        Bins outside this band are left out.
    """

    n_window: int
    n_hop: int
    n_fft: int
    low_hz: float
    high_hz: float

    @property
    def first_bin(self) -> int:
        """Index of the first bin kept, in the full transform."""
        return int(np.ceil(self.low_hz * self.n_fft / LINE_RATE_HZ))

    @property
    def bin_hz(self) -> float:
        """Distance of two bins."""
        return LINE_RATE_HZ / self.n_fft

    @property
    def hop_s(self) -> float:
        """Seconds between frames."""
        return self.n_hop / LINE_RATE_HZ

    def n_frames(self, n_samples: int) -> int:
        """Frames of a leg of that length."""
        return n_samples // self.n_hop + 1 if n_samples else 0

    def power_of(self, leg: Floats, frames: NDArray[np.intp]) -> Floats:
        """Power of the chosen frames, shape (len(frames), n_bins), scaled so that a sine's bins add up to its power.

        `frames` is sorted. Few are transformed at a time, so that memory grows with the result only.
        """
        window, scale = _window(self.n_window), self._scale
        half, last_bin = self.n_window // 2, int(self.high_hz * self.n_fft / LINE_RATE_HZ)
        power = np.empty((len(frames), last_bin + 1 - self.first_bin), np.float32)
        inside = _stretches(leg, self.n_window) if len(leg) >= self.n_window else None
        starts = frames * self.n_hop - half
        n_chunk = CHUNK_SAMPLES // self.n_window
        for i in range(0, len(frames), n_chunk):
            here = starts[i : i + n_chunk]
            if inside is not None and here[0] >= 0 and here[-1] < len(inside):
                cut = inside[here]
            else:
                a, b = int(here[0]), int(here[-1]) + self.n_window
                piece = leg[max(0, a) : max(0, b)]
                piece = np.pad(piece, (max(0, -a), b - max(0, a) - len(piece)))
                cut = _stretches(piece, self.n_window)[here - a]
            cut *= window
            lines = rfft(cut, self.n_fft)[:, self.first_bin : last_bin + 1]
            squares = np.square(lines.view(np.float32))
            np.add(squares[:, ::2], squares[:, 1::2], out=power[i : i + n_chunk])
        power *= scale
        return power

    @property
    def _scale(self) -> np.float32:
        """Parseval over the positive half: the sum over a sine's main lobe is its mean square."""
        return np.float32(2.0 / (self.n_fft * np.sum(_window(self.n_window).astype(np.float64) ** 2)))

    def blocks(self, n_samples: int, *, block_s: float = 60.0) -> Iterator[range]:
        """Ranges of frames that cover a leg; a last one shorter than half joins the one before."""
        total, per_block = self.n_frames(n_samples), max(1, int(block_s / self.hop_s))
        start = 0
        while start < total:
            stop = total if total - start < 1.5 * per_block else start + per_block
            yield range(start, stop)
            start = stop


def _stretches(leg: Floats, n: int) -> Floats:
    """A view of every stretch of `n` samples, one sample after the other."""
    leg = np.ascontiguousarray(leg)
    return np.ndarray((len(leg) - n + 1, n), np.float32, leg, strides=(4, 4))


@cache
def _window(n: int) -> Floats:
    """Hann's window of `n` samples, neither end zero."""
    return np.hanning(n + 2)[1:-1].astype(np.float32)

"""The noise of a line, in the pauses of whoever speaks on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audit.segments import Segment

Floats = NDArray[np.float32]

#: Pauses count for the noise only from this far from speech, over at least this much time, at their quiet end: what is
#: left of the other party or of music in them is louder than the line.
_GUARD_S, _BLOCK_S, _MIN_S, _PERCENTILE = 0.1, 0.05, 0.5, 20
#: Below this there is no noise but a line that was muted; one step of 16-bit samples has about -90 dBFS.
_DIGITAL_SILENCE_DBFS = -90.0


class NoiseFloor:
    """Power of the pauses between the first and the last speech of a leg that is read in windows."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._n_block = max(1, round(_BLOCK_S * sample_rate_hz))
        self._mean = np.full(self._n_block, 1 / self._n_block, np.float32)
        self._guard = round(_GUARD_S * sample_rate_hz)
        self._powers: list[Floats] = []
        #: Of the pause after the last speech so far: it counts once speech follows.
        self._pending: list[Floats] = []
        self._rest = np.zeros(0, np.float32)
        self._rest_end = -1
        self._spoken = False

    def add(self, samples: Floats, first: int, speech: Sequence[Segment]) -> None:
        """Take up a window that begins at sample `first` of the recording; `speech` is sorted."""
        last = first + len(samples)
        at = first
        for s in speech:
            begin, end = (round(t * self._rate) for t in (s.start_s, s.end_s))
            if end + self._guard <= first:
                self._spoken = True  # before this window
                continue
            if begin - self._guard >= last:
                break
            self._pause(samples, first, at, min(begin - self._guard, last))
            if begin < last:
                self._powers += self._pending
                self._pending.clear()
                self._spoken = True
            at = max(at, end + self._guard)
        self._pause(samples, first, at, last)

    def _pause(self, samples: Floats, first: int, begin: int, end: int) -> None:
        """Blocks of a pause, or of the part of it that lies in the window."""
        if not self._spoken or begin >= end:
            return
        part = samples[begin - first : end - first]
        if self._rest_end == begin:
            part = np.concatenate([self._rest, part])
        n = len(part) // self._n_block
        self._rest, self._rest_end = part[n * self._n_block :].copy(), end
        if n:
            self._pending.append(np.square(part[: n * self._n_block]).reshape(n, self._n_block) @ self._mean)

    def level_dbfs(self) -> float | None:
        """The noise; None with less than half a second of pauses and for digital silence."""
        blocks = np.concatenate(self._powers) if self._powers else np.zeros(0, np.float32)
        if len(blocks) * _BLOCK_S < _MIN_S:
            return None
        power = float(np.percentile(blocks, _PERCENTILE))
        noise_dbfs = 10 * math.log10(power) if power > 0 else -math.inf
        return noise_dbfs if noise_dbfs > _DIGITAL_SILENCE_DBFS else None

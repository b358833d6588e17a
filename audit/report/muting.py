"""Samples in which some seconds are silent."""

from __future__ import annotations

from collections.abc import Iterable

from audit.audio import Samples, SampleStore
from audit.segments import Segment


class MutedStore(SampleStore):
    """Samples as another store holds them, with nothing but zeros in some seconds of every channel.

    Parameters
    ----------
    samples : SampleStore
        Not changed.
    muted : iterable of Segment
    sample_rate_hz : int
    """

    def __init__(self, samples: SampleStore, muted: Iterable[Segment], sample_rate_hz: int) -> None:
        super().__init__(samples.n_channels)
        self.n_samples = samples.n_samples
        self._under = samples
        self._muted = [(int(m.start_s * sample_rate_hz), -int(-m.end_s * sample_rate_hz)) for m in muted]

    def read(self, start: int, stop: int) -> Samples:
        """Samples `start` to `stop`, as far as there are any."""
        start, stop = max(0, start), min(stop, self.n_samples)
        samples = self._under.read(start, stop)
        inside = [(max(a, start), min(b, stop)) for a, b in self._muted if a < stop and start < b]
        if not inside:
            return samples
        samples = samples.copy()
        for a, b in inside:
            samples[:, a - start : b - start] = 0
        return samples

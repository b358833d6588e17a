"""Where decoded samples lie: in memory, or for a long recording in a file without a name that goes when it is closed."""

from __future__ import annotations

import tempfile
import weakref
from typing import IO

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

#: Samples of a longer recording (35 minutes of stereo at 8 kHz) lie on disk and are read a window at a time.
MEMORY_LIMIT_BYTES = 128 * 1024 * 1024


class SampleStore:
    """Samples of one recording, appended in blocks and read back by position.

    Parameters
    ----------
    n_channels : int
    memory_limit_bytes : int, optional
        From here on the samples go to a temporary file; `MEMORY_LIMIT_BYTES` if not given.
    n_expected : int, default 0
        Samples for which room is made at once; where they are as many, none is copied a second time.

    Notes
    -----
    The file lies where the environment variable ``TMPDIR`` says. It has no name, so that nothing of a call is left
    behind by a process that is killed.
    """

    def __init__(self, n_channels: int, *, memory_limit_bytes: int | None = None, n_expected: int = 0) -> None:
        self.n_channels = n_channels
        self.n_samples = 0
        self._limit_bytes = MEMORY_LIMIT_BYTES if memory_limit_bytes is None else memory_limit_bytes
        n_room = min(n_expected, self._limit_bytes // (4 * n_channels))
        self._room = np.empty((n_channels, max(0, n_room)), np.float32)  # takes memory as it fills
        self._file: IO[bytes] | None = None

    @property
    def in_memory(self) -> bool:
        """Whether a window costs no copy."""
        return self._file is None

    def append(self, block: Samples) -> None:
        """Add samples, (n_channels, n).

        Raises
        ------
        OSError
            If the temporary file cannot be written.
        """
        first, self.n_samples = self.n_samples, self.n_samples + block.shape[1]
        if self._file is None and self.n_samples * self.n_channels * 4 > self._limit_bytes:
            self._file = tempfile.TemporaryFile(prefix="callaudit-", suffix=".f32")  # noqa: SIM115  (goes with the store)
            weakref.finalize(self, self._file.close)
            self._write(self._room[:, :first])
            self._room = np.empty((self.n_channels, 0), np.float32)
        if self._file is not None:
            self._write(block)
            return
        if self.n_samples > self._room.shape[1]:
            room = np.empty((self.n_channels, max(self.n_samples, 3 * first // 2)), np.float32)
            room[:, :first] = self._room[:, :first]
            self._room = room
        self._room[:, first : self.n_samples] = block

    def _write(self, block: Samples) -> None:
        assert self._file is not None
        # One moment of all channels together, so that a window is one stretch of the file.
        self._file.write(np.ascontiguousarray(block.T, dtype=np.float32).data)

    def read(self, start: int, stop: int) -> Samples:
        """Samples `start` to `stop`, as far as there are any; shape (n_channels, at most stop - start).

        In memory the result is a view, not to be written to.
        """
        start, stop = max(0, start), min(stop, self.n_samples)
        if stop <= start:
            return np.zeros((self.n_channels, 0), np.float32)
        if self._file is None:
            return self._room[:, start:stop]
        width = 4 * self.n_channels
        self._file.flush()
        self._file.seek(start * width)
        moments = np.frombuffer(self._file.read((stop - start) * width), np.float32).reshape(-1, self.n_channels)
        return np.ascontiguousarray(moments.T)


class Leg:
    """One channel of a store, sliced like an array of its samples; only the slice is read.

    Parameters
    ----------
    store : SampleStore
    channel : int
        0-based.
    """

    ndim = 1

    def __init__(self, store: SampleStore, channel: int) -> None:
        self._store = store
        self._channel = channel

    def __len__(self) -> int:
        return self._store.n_samples

    def __getitem__(self, where: slice) -> Samples:
        start, stop, step = where.indices(len(self))
        return self._store.read(start, stop)[self._channel, ::step]

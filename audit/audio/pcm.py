"""Linear 16-bit WAV, which most telephone recorders write, as it lies in the file: FFmpeg would only copy it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audit.audio.claims import PlainPcm
from audit.audio.store import Samples, SampleStore

#: Moments read at a time: they stay in the processor's cache while they are turned into numbers.
_BLOCK_MOMENTS = 16_384
_SCALE = np.float32(2.0**-31)  # a sample in the upper half of 32 bits, to 1.0 at full scale: exact


def read_pcm(path: Path, pcm: PlainPcm) -> SampleStore | None:
    """Read the samples of a WAV file whose header is sound.

    Parameters
    ----------
    path : Path
    pcm : PlainPcm
        Where they lie, and in which form.

    Returns
    -------
    SampleStore or None
        Full scale 1.0; None where the file has become shorter meanwhile.

    Raises
    ------
    OSError
        If the file cannot be read or the store cannot be written.
    """
    store = SampleStore(pcm.n_channels, n_expected=pcm.n_moments)
    width = 2 * pcm.n_channels
    moments = np.empty((_BLOCK_MOMENTS, pcm.n_channels), "<i2")
    with path.open("rb") as f:
        f.seek(pcm.first_byte)
        for first in range(0, pcm.n_moments, _BLOCK_MOMENTS):
            here = moments[: min(_BLOCK_MOMENTS, pcm.n_moments - first)]
            if f.readinto(here.data.cast("B")) != len(here) * width:
                return None
            store.append(_as_float(here))
    return store


def _as_float(moments: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> Samples:
    """Samples of each channel, (n_channels, n); both of a moment are taken apart in one number of 32 bits."""
    out = np.empty(moments.shape[::-1], np.float32)
    if moments.shape[1] == 1:
        np.multiply(moments[:, 0], np.float32(2.0**-15), out=out[0])
        return out
    pairs = moments.view("<i4")[:, 0]
    out[0] = pairs << np.int32(16)
    out[1] = pairs & np.int32(-65536)
    out *= _SCALE
    return out

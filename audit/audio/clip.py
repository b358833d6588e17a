"""Short stretches of sound for a page."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from audit.audio.decode import resample
from audit.audio.store import Samples


def encode_clip(samples: Samples, sample_rate_hz: int) -> bytes:
    """Encode a short stretch as a small MP3 for a page.

    Parameters
    ----------
    samples : ndarray, shape (n,) or (n_channels, n)
        Channels are mixed here: a clip is for the ear only.
    sample_rate_hz : int
        16 kbit/s up to 12 kHz, 24 kbit/s above; rates over 16 kHz are brought down.

    Returns
    -------
    bytes
        A complete MP3 file; the same samples give the same bytes.

    Raises
    ------
    ValueError
        If there are no samples.
    """
    import av

    mono = samples if samples.ndim == 1 else samples.mean(axis=0)
    if mono.size == 0:
        raise ValueError("a clip needs at least one sample")
    rate_hz = 16_000 if sample_rate_hz > 12_000 else 8_000
    mono = np.clip(resample(mono.astype(np.float32), sample_rate_hz, rate_hz), -1.0, 1.0)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3", options={"id3v2_version": "0", "write_id3v1": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz)
        context: Any = stream.codec_context
        context.layout, context.format = "mono", "fltp"
        context.bit_rate = 24_000 if rate_hz > 12_000 else 16_000
        context.options = {"compression_level": "7"}  # LAME's fast mode: half the time of its default, the same size
        context.open()
        step = context.frame_size or 576
        for start in range(0, mono.size, step):
            frame: Any = av.AudioFrame.from_ndarray(mono[None, start : start + step], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate_hz, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()

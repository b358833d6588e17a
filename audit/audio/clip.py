"""Short stretches of sound for a page."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np

from audit.audio.decode import resample
from audit.audio.store import Samples

_BIT_RATES = {8_000: 16_000, 16_000: 24_000}


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
    mono = samples if samples.ndim == 1 else samples.mean(axis=0)
    if mono.size == 0:
        raise ValueError("a clip needs at least one sample")
    rate_hz = 16_000 if sample_rate_hz > 12_000 else 8_000
    return encode_blocks([resample(mono.astype(np.float32), sample_rate_hz, rate_hz)], rate_hz)


def encode_blocks(blocks: Iterable[Samples], sample_rate_hz: int) -> bytes:
    """Encode sound that comes in pieces, so that a long recording is never in memory as a whole.

    Parameters
    ----------
    blocks : iterable of ndarray, shape (n,)
        One after the other, of any lengths. What lies beyond full scale is cut off.
    sample_rate_hz : {8000, 16000}
        Those that recordings are read at; 16 and 24 kbit/s.

    Returns
    -------
    bytes
        A complete MP3 file of constant bit rate, whose header tells a player how much of its start is padding.

    Raises
    ------
    ValueError
        For another rate.
    """
    import av

    if sample_rate_hz not in _BIT_RATES:
        raise ValueError(f"sound is encoded at 8000 or 16000 Hz, not at {sample_rate_hz}")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3", options={"id3v2_version": "0", "write_id3v1": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=sample_rate_hz)
        context: Any = stream.codec_context
        context.layout, context.format = "mono", "fltp"
        context.bit_rate = _BIT_RATES[sample_rate_hz]
        context.options = {"compression_level": "7"}  # LAME's fast mode: half the time of its default, the same size
        context.open()
        step, start = context.frame_size or 576, 0
        rest = np.zeros(0, np.float32)
        for block in chain(blocks, (None,)):
            if block is not None:
                rest = np.concatenate([rest, np.clip(block, -1.0, 1.0, dtype=np.float32)])
            end = rest.size if block is None else rest.size - rest.size % step
            for i in range(0, end, step):
                frame: Any = av.AudioFrame.from_ndarray(rest[None, i : min(i + step, end)], format="fltp", layout="mono")
                frame.sample_rate, frame.pts = sample_rate_hz, start + i
                container.mux(stream.encode(frame))
            rest, start = rest[end:], start + end
        container.mux(stream.encode(None))
    return buffer.getvalue()

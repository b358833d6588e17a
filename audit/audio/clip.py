"""Short stretches of sound for a page."""

from __future__ import annotations

import io
from collections.abc import Iterable
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

    No frame borrows room from those before it (19.1 dB instead of 19.3 between a call and its image, at the same size), so
    that :func:`cut_encoded` can take any of them out.

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
        # 7 is LAME's fast mode: half the time of its default, the same size
        context.options = {"compression_level": "7", "reservoir": "0"}
        context.open()
        start = 0
        for block in blocks:
            if not block.size:
                continue
            samples = np.clip(block, -1.0, 1.0, dtype=np.float32)
            frame: Any = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = sample_rate_hz, start
            container.mux(stream.encode(frame))  # cut into the codec's frames there
            start += block.size
        container.mux(stream.encode(None))
    return buffer.getvalue()


#: Samples of an MP3 frame at the rates of :func:`encode_blocks`, and by how many LAME's filters and a decoder's delay sound.
_FRAME, _DELAY = 576, 1105


def cut_encoded(mp3: bytes, sample_rate_hz: int, start_s: float, end_s: float) -> bytes:
    """Take a stretch out of what :func:`encode_blocks` made, without encoding it again.

    Parameters
    ----------
    mp3 : bytes
    sample_rate_hz : {8000, 16000}
    start_s, end_s : float
        In seconds of the sound; the end may lie beyond it.

    Returns
    -------
    bytes
        An MP3 that a player begins at most one frame (72 or 36 ms) before `start_s`.

    Raises
    ------
    ValueError
        If it is no such sound or nothing of it lies in the stretch.
    """
    n_bytes = _BIT_RATES[sample_rate_hz] * _FRAME // (8 * sample_rate_hz)
    mark = mp3[-n_bytes:][:4]
    begin = mp3.find(mark, 4)  # behind the header, a frame of another size
    n_frames, rest = divmod(len(mp3) - begin, n_bytes)
    if begin < 0 or rest or mark[:1] != b"\xff":
        raise ValueError("not an MP3 of constant bit rate made here")
    first = max(0, int((start_s * sample_rate_hz + _DELAY) // _FRAME))
    last = min(n_frames, int(-(-(end_s * sample_rate_hz + _DELAY) // _FRAME)))
    if first >= last:
        raise ValueError(f"the sound has nothing from {start_s} to {end_s} s")
    return mp3[begin + first * n_bytes : begin + last * n_bytes]

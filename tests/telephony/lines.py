"""Samples sent through real telephone and recorder codecs and back."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import numpy as np
import soundfile as sf

from tests.signals import SAMPLE_RATE_HZ, Samples


def g711_or_gsm(subtype: str) -> Callable[[Samples], Samples]:
    """A codec of libsndfile: ULAW, ALAW, GSM610."""

    def send(samples: Samples) -> Samples:
        file = io.BytesIO()
        sf.write(file, np.clip(samples, -1, 1), SAMPLE_RATE_HZ, format="WAV", subtype=subtype)
        file.seek(0)
        return np.asarray(sf.read(file, dtype="float32")[0][: len(samples)], dtype=np.float32)

    return send


def compressed(encoder: str, container: str, bits_per_s: int) -> Callable[[Samples], Samples]:
    """A codec of FFmpeg, mono, 8 kHz."""

    def send(samples: Samples) -> Samples:
        file = io.BytesIO()
        pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
        with av.open(file, "w", format=container) as out:
            stream = out.add_stream(encoder, rate=SAMPLE_RATE_HZ, layout="mono")
            stream.bit_rate = bits_per_s
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            context = stream.codec_context
            cutter = av.AudioResampler(
                format=context.format or "s16", layout="mono", rate=SAMPLE_RATE_HZ, frame_size=context.frame_size
            )
            for piece in [*cutter.resample(frame), *cutter.resample(None)]:
                out.mux(stream.encode(piece))
            out.mux(stream.encode(None))
        file.seek(0)
        with av.open(file) as back:
            to_float = av.AudioResampler(format="fltp", layout="mono", rate=SAMPLE_RATE_HZ)
            parts = [g.to_ndarray()[0] for f in back.decode(audio=0) for g in to_float.resample(f)]
            parts += [g.to_ndarray()[0] for g in to_float.resample(None)]
        return np.concatenate(parts)[: len(samples)].astype(np.float32)

    return send


LINES: dict[str, Callable[[Samples], Samples]] = {
    "mu-law": g711_or_gsm("ULAW"),
    "A-law": g711_or_gsm("ALAW"),
    "GSM": g711_or_gsm("GSM610"),
    "Opus 8 kbit/s": compressed("libopus", "ogg", 8000),
    "Opus 24 kbit/s": compressed("libopus", "ogg", 24000),
    "MP3 16 kbit/s": compressed("libmp3lame", "mp3", 16000),
}

"""The sound of the calls that several pages show, each read and encoded once, and ahead of its turn.

A scorecard plays places of a call whose own page plays all of it. Encoding is most of what a page costs, so a call is
encoded as a whole and its clips are taken out of that; the codec works without the interpreter's lock, so threads do it
while pages are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audit.records import Recording
from audit.report.clips import MAX_PAGE_AUDIO_BYTES, data_uri, summed, with_audio
from audit.segments import Segment
from audit.words import Role

if TYPE_CHECKING:
    from audit.audio import Audio, Samples

#: Of a waveform: two for each pixel of the widest drawing of a page.
N_BINS = 2160
#: Most sound that is kept for pages still to come, as MP3; what a page needs beyond it is encoded for each page anew.
MAX_KEPT_BYTES = 64_000_000
#: Read at a time.
_WINDOW_S = 60.0
#: Of a second of sound at 8 and at 16 kHz, by :func:`audit.audio.encode_blocks`.
_BYTES_PER_S = {8_000: 2_000, 16_000: 3_000}
_BASE64 = 4 / 3


@dataclass(frozen=True, slots=True)
class WholeSound:
    """What was taken from a recording.

    Attributes
    ----------
    waves : mapping of channel to ndarray of float32, shape (2, n_bins)
        Highest and lowest samples.
    mp3 : bytes or None
        All of it on one channel; None for a call that is too long for a page.
    sample_rate_hz : int
    """

    waves: Mapping[Role | int, NDArray[np.float32]]
    mp3: bytes | None
    sample_rate_hz: int

    def clips(self, segments: Iterable[Segment]) -> list[str] | None:
        """Stretches of it as data URIs; None where there is no sound as a whole."""
        from audit.audio import cut_encoded

        if self.mp3 is None:
            return None
        return [data_uri(cut_encoded(self.mp3, self.sample_rate_hz, s.start_s, s.end_s)) for s in segments]


def whole_sound(
    recording: Recording, *, n_bins: int, max_bytes: int = MAX_PAGE_AUDIO_BYTES
) -> tuple[str | None, WholeSound | None]:
    """Take the sound and the waveform of a call from its recording, a minute at a time.

    Parameters
    ----------
    recording : Recording
    n_bins : int
        Of the waveform.
    max_bytes : int
        Of base64 text, for the sound.

    Returns
    -------
    tuple of (str or None, WholeSound or None)
        Why nothing could be taken, as :func:`audit.report.clips.with_audio` says it; and what was.
    """
    from audit.report.curves import waveforms_of

    def taken(audio: Audio) -> WholeSound:
        waves = waveforms_of(audio, n_bins)
        fits = audio.duration_s * _BYTES_PER_S[audio.sample_rate_hz] * _BASE64 <= max_bytes
        return WholeSound(waves, _encoded(audio, recording) if fits and audio.duration_s > 0 else None, audio.sample_rate_hz)

    return with_audio(recording, taken)


def _encoded(audio: Audio, recording: Recording) -> bytes:
    """All of it on one channel, turned down as a whole if its loudest moment would clip."""
    from audit.audio import encode_blocks

    peak = max((float(abs(block).max(initial=0.0)) for block in _mixed(audio, recording)), default=0.0)
    gain = np.float32(1 / max(1.0, peak))
    return encode_blocks((block * gain for block in _mixed(audio, recording)), audio.sample_rate_hz)


def _mixed(audio: Audio, recording: Recording) -> Iterator[Samples]:
    for i in range(int(-(-audio.duration_s // _WINDOW_S))):
        yield summed(audio.read(i * _WINDOW_S, (i + 1) * _WINDOW_S), recording.layout)


class Sounds:
    """Sounds that are being taken, by recording.

    Parameters
    ----------
    begun : mapping of Recording to Future
    n_bins : int
        Of their waveforms.
    """

    def __init__(self, begun: Mapping[Recording, Future[tuple[str | None, WholeSound | None]]], n_bins: int) -> None:
        self._begun = begun
        self._n_bins = n_bins

    def of(self, recording: Recording, n_bins: int | None = None) -> tuple[str | None, WholeSound | None] | None:
        """What :func:`whole_sound` says of a recording, once it is there; None for one that was not asked for.

        Parameters
        ----------
        recording : Recording
        n_bins : int, optional
            Who wants a waveform of other bins takes it anew.
        """
        future = self._begun.get(recording)
        return future.result() if future is not None and n_bins in (None, self._n_bins) else None


@contextmanager
def taking(recordings: Iterable[Recording], *, n_bins: int = N_BINS, n_threads: int = 1) -> Iterator[Sounds]:
    """Take the sound of recordings in threads while the caller goes on; what was not begun at the end is left.

    Parameters
    ----------
    recordings : iterable of Recording
        In the order in which they will be asked for. What would come beyond 64 MB is not kept, and not taken ahead.
    n_bins : int, optional
        Of the waveforms.
    n_threads : int, default 1
    """
    n_bytes = 0.0
    with ThreadPoolExecutor(n_threads, "sound") as pool:
        begun = {}
        for recording in dict.fromkeys(recordings):
            n_bytes += recording.duration_s * _BYTES_PER_S[16_000 if recording.sample_rate_hz > 12_000 else 8_000]
            if n_bytes <= MAX_KEPT_BYTES:
                begun[recording] = pool.submit(whole_sound, recording, n_bins=n_bins)
        try:
            yield Sounds(begun, n_bins)
        finally:
            pool.shutdown(cancel_futures=True)

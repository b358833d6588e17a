"""What the page of one call lets hear and see of its recording: the sound as a whole, and its waveform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audit.records import Recording
from audit.report.clips import (
    CLIP_MARGIN_S,
    MAX_PAGE_AUDIO_BYTES,
    CallClips,
    Clip,
    Heard,
    Wanted,
    cut_page,
    data_uri,
    summed,
    with_audio,
)
from audit.segments import Segment
from audit.words import Role

if TYPE_CHECKING:
    from audit.audio import Audio, Samples

#: HTML id of the element that holds a whole call.
WHOLE = "sound"
#: Read at a time.
_WINDOW_S = 60.0
#: Base64 text of a second of sound at 8 and at 16 kHz, by :func:`audit.audio.encode_blocks`.
_PAGE_BYTES_PER_S = {8_000: 2_000 * 4 / 3, 16_000: 3_000 * 4 / 3}


@dataclass(frozen=True, slots=True)
class CallSound:
    """What could be taken from a recording.

    Attributes
    ----------
    waves : mapping of channel to ndarray of float32, shape (2, n_bins)
        Highest and lowest samples; empty without a recording.
    pieces : tuple of Clip
        The whole call as one, or of a long one a clip for each place, by start.
    clips : CallClips
        The same as players of evidence look for it.
    """

    waves: Mapping[Role | int, NDArray[np.float32]] = field(default_factory=dict)
    pieces: tuple[Clip, ...] = ()
    clips: CallClips = field(default_factory=CallClips)

    @property
    def is_whole(self) -> bool:
        """Whether every second can be played."""
        return any(p.key == WHOLE for p in self.pieces)


def hear_call(
    recording: Recording, wanted: Sequence[Wanted], *, n_bins: int, max_bytes: int = MAX_PAGE_AUDIO_BYTES
) -> CallSound:
    """Take the sound and the waveform of a call from its recording, a minute at a time.

    Parameters
    ----------
    recording : Recording
    wanted : sequence of Wanted
        Where evidence lies.
    n_bins : int
        Of the waveform.
    max_bytes : int
        Of base64 text. A call that takes more (about 75 minutes at 8 kHz) has clips of its evidence only.

    Returns
    -------
    CallSound
        Where the recording is gone, is not the one that was audited or no longer decodes, only why.
    """
    from audit.report.curves import waveforms_of

    def taken(audio: Audio) -> tuple[dict[Role | int, NDArray[np.float32]], str | None]:
        waves = waveforms_of(audio, n_bins)
        fits = audio.duration_s * _PAGE_BYTES_PER_S[audio.sample_rate_hz] <= max_bytes
        return waves, _whole(audio, recording) if fits and audio.duration_s > 0 else None

    reason, found = with_audio(recording, taken)
    if found is None:
        return CallSound(clips=CallClips(unavailable=reason))
    waves, uri = found
    if uri is None:
        clips = cut_page([(recording, wanted)], max_bytes=max_bytes)[0]
        cut = {h.clip.key: h.clip for h in clips.heard.values()}
        return CallSound(waves, tuple(sorted(cut.values(), key=lambda c: c.segment)), clips)
    clip = Clip(WHOLE, Segment(0.0, recording.duration_s), uri)
    heard = {(w.start_s, w.end_s): Heard(clip, max(0.0, w.start_s - CLIP_MARGIN_S), True) for w in wanted}
    return CallSound(waves, (clip,), CallClips(heard))


def _whole(audio: Audio, recording: Recording) -> str:
    """All of it on one channel, turned down as a whole if its loudest moment would clip."""
    from audit.audio import encode_blocks

    peak = max((float(abs(block).max(initial=0.0)) for block in _mixed(audio, recording)), default=0.0)
    gain = np.float32(1 / max(1.0, peak))
    return data_uri(encode_blocks((block * gain for block in _mixed(audio, recording)), audio.sample_rate_hz))


def _mixed(audio: Audio, recording: Recording) -> Iterator[Samples]:
    for i in range(int(-(-audio.duration_s // _WINDOW_S))):
        yield summed(audio.read(i * _WINDOW_S, (i + 1) * _WINDOW_S), recording.layout)

"""What the page of one call lets hear and see of its recording: the sound as a whole, and its waveform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
)
from audit.report.sounds import Sounds, whole_sound
from audit.segments import Segment
from audit.words import Role

#: HTML id of the element that holds a whole call.
WHOLE = "sound"


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
    recording: Recording,
    wanted: Sequence[Wanted],
    *,
    n_bins: int,
    max_bytes: int = MAX_PAGE_AUDIO_BYTES,
    sounds: Sounds | None = None,
) -> CallSound:
    """Take the sound and the waveform of a call from its recording.

    Parameters
    ----------
    recording : Recording
    wanted : sequence of Wanted
        Where evidence lies.
    n_bins : int
        Of the waveform.
    max_bytes : int
        Of base64 text. A call that takes more (about 75 minutes at 8 kHz) has clips of its evidence only.
    sounds : Sounds, optional
        What was taken already.

    Returns
    -------
    CallSound
        Where the recording is gone, is not the one that was audited or no longer decodes, only why.
    """
    known = sounds.of(recording, n_bins) if sounds is not None else None
    reason, found = known or whole_sound(recording, n_bins=n_bins, max_bytes=max_bytes)
    if found is None:
        return CallSound(clips=CallClips(unavailable=reason))
    if found.mp3 is None:
        clips = cut_page([(recording, wanted)], max_bytes=max_bytes)[0]
        cut = {h.clip.key: h.clip for h in clips.heard.values()}
        return CallSound(found.waves, tuple(sorted(cut.values(), key=lambda c: c.segment)), clips)
    clip = Clip(WHOLE, Segment(0.0, recording.duration_s), data_uri(found.mp3))
    heard = {(w.start_s, w.end_s): Heard(clip, max(0.0, w.start_s - CLIP_MARGIN_S), True) for w in wanted}
    return CallSound(found.waves, (clip,), CallClips(heard))

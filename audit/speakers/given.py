"""Voices of a shared channel that another diarization tool has told apart: an RTTM file in the place of our own ears."""

from __future__ import annotations

import re
from pathlib import Path

from audit.errors import MetadataError
from audit.segments import Segment, subtract
from audit.speakers.diarize import Diarization, SpeakerSegment
from audit.speakers.rttm import RttmSegment, read_rttm
from audit.words import Role

#: Names by which a file says itself who is who; any other name is a voice whose role its words tell.
_NAMED: dict[str, Role] = {"agent": "agent", "customer": "customer", "ivr": "ivr"}
#: Of several voices of one role.
_NUMBER = re.compile(r"-\d+$")


def read_voices(path: Path) -> tuple[Diarization, tuple[Role, ...]]:
    """Read who speaks when from an RTTM file.

    Parameters
    ----------
    path : Path
        Named like its recording, ``call.rttm`` or ``call.wav.rttm``: of a file with several recordings only the lines
        of this one are read.

    Returns
    -------
    diarization : Diarization
        Time that two voices claim goes to the one who began first. Its confidence is the mean of the file's, 1.0 where
        it gives none.
    roles : tuple of Role
        Of each voice by its name in the file; "unknown" for a name that says nothing.

    Raises
    ------
    MetadataError
        If the file cannot be read, is no RTTM, or says nothing of this recording.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MetadataError(f"{path}: cannot be read: {error}", hint="export the voices again, as RTTM in UTF-8") from error
    lines = read_rttm(text, source=str(path))
    if len({s.recording for s in lines}) > 1:
        own = {path.stem, Path(path.stem).stem}
        lines = tuple(s for s in lines if s.recording in own)
    if not lines:
        raise MetadataError(f"{path}: no voice of the recording {path.stem}", hint="name the recording in the second field")
    return _diarization(lines)


def _diarization(lines: tuple[RttmSegment, ...]) -> tuple[Diarization, tuple[Role, ...]]:
    order: dict[str, int] = {}
    segments: list[SpeakerSegment] = []
    for line in lines:  # sorted by start
        speaker = order.setdefault(line.speaker, len(order))
        confidence = 1.0 if line.confidence is None else min(max(line.confidence, 0.0), 1.0)
        free = subtract([Segment(line.start_s, line.end_s)], segments)
        segments += (SpeakerSegment(s.start_s, s.end_s, speaker, confidence) for s in free)
    segments.sort()
    total_s = sum(s.duration_s for s in segments)
    mean = sum(s.confidence * s.duration_s for s in segments) / total_s
    roles: tuple[Role, ...] = tuple(_NAMED.get(_NUMBER.sub("", name.lower()), "unknown") for name in order)
    return Diarization(tuple(segments), len(order), mean, None), roles

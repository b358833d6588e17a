"""Who spoke when, in the exchange format of diarization tools: RTTM.

One line a stretch, ten fields: type, recording, channel (from 1), start, duration, orthography, subtype, speaker,
confidence, look-ahead; ``<NA>`` where there is nothing to say.

References
----------
NIST (2009), The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan, appendix A: Rich Transcription Time
Marked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from audit.errors import MetadataError
from audit.records import CallRecord
from audit.segments import Segment

_NOTHING = "<NA>"
#: Other types of line that the format knows and that say nothing of who speaks when.
_OTHER_TYPES = frozenset(
    (
        "SEGMENT",
        "NOSCORE",
        "NO_RT_METADATA",
        "LEXEME",
        "NON-LEX",
        "NON-SPEECH",
        "FILLER",
        "EDIT",
        "IP",
        "SU",
        "CB",
        "A/P",
        "SPKR-INFO",
    ),
)
#: The format's times are milliseconds.
_SHORTEST_S = 0.001
_N_FIELDS = (9, 10)  # the older version of the format has no look-ahead


@dataclass(frozen=True, slots=True, order=True)
class RttmSegment(Segment):
    """One SPEAKER line; the channel is 0-based here."""

    speaker: str = ""
    recording: str = ""
    channel: int = 0
    confidence: float | None = None


def read_rttm(text: str, *, source: str = "RTTM") -> tuple[RttmSegment, ...]:
    """Read the SPEAKER lines.

    Parameters
    ----------
    text : str
        Of the whole file. Empty lines, comments (``;;``) and lines of other types are passed over.
    source : str
        Named in errors.

    Returns
    -------
    tuple of RttmSegment
        Sorted; may overlap.

    Raises
    ------
    MetadataError
        If a line is none of the format: the message names it.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or fields[0].startswith(";") or fields[0] in _OTHER_TYPES:
            continue
        try:
            found.append(_segment(fields))
        except ValueError as error:
            raise MetadataError(
                f"{source}, line {number}: {error}", hint="correct the line, or export the file again"
            ) from error
    return tuple(sorted(found, key=lambda s: (s.start_s, s.end_s, s.speaker)))


def _segment(fields: list[str]) -> RttmSegment:
    """The stretch that one line describes."""
    if fields[0] != "SPEAKER":
        raise ValueError(f"{fields[0]!r} is no type of line of the format")
    if len(fields) not in _N_FIELDS:
        raise ValueError(f"a SPEAKER line has 9 or 10 fields, not {len(fields)}")
    channel, start_s, duration_s = int(fields[2]), float(fields[3]), float(fields[4])
    if channel < 1:
        raise ValueError(f"channels count from 1, not {channel}")
    if fields[7] == _NOTHING:
        raise ValueError("the speaker is missing")
    if not (start_s >= 0 and duration_s > 0 and math.isfinite(start_s + duration_s)):
        raise ValueError(f"a stretch must not start before 0 and must last, not {fields[3]} and {fields[4]}")
    confidence = None if fields[8] == _NOTHING else float(fields[8])
    return RttmSegment(start_s, start_s + duration_s, fields[7], fields[1], channel - 1, confidence)


def write_rttm(segments: Iterable[RttmSegment]) -> str:
    """Write SPEAKER lines, times in milliseconds.

    Parameters
    ----------
    segments : iterable of RttmSegment
        Written in order of recording, channel and start; may overlap.

    Returns
    -------
    str
        With a line feed at the end of each line; empty without segments.

    Raises
    ------
    ValueError
        If the format cannot hold it: an empty name or one with white space, a name that means "nothing", a negative
        channel or start, a confidence outside 0-1, a stretch of less than half a millisecond.

    Examples
    --------
    >>> print(write_rttm([RttmSegment(1.0, 2.5, "agent", "call-1", 0, 0.9)]), end="")
    SPEAKER call-1 1 1.000 1.500 <NA> <NA> agent 0.900 <NA>
    """
    lines = []
    for s in sorted(segments, key=lambda s: (s.recording, s.channel, s.start_s, s.end_s)):
        for what, name in (("recording", s.recording), ("speaker", s.speaker)):
            if not name or name.split() != [name] or name == _NOTHING:
                raise ValueError(f"RTTM cannot hold {name!r} as the name of a {what}")
        if s.channel < 0 or s.start_s < 0:
            raise ValueError(f"RTTM cannot hold the channel {s.channel} or the start {s.start_s} s")
        if s.confidence is not None and not 0 <= s.confidence <= 1:
            raise ValueError(f"a confidence lies in 0-1, not at {s.confidence}")
        # Both edges are rounded, not the duration: neighbours stay neighbours.
        start_ms, end_ms = round(s.start_s * 1000), round(s.end_s * 1000)
        if end_ms <= start_ms:
            raise ValueError(f"RTTM in milliseconds cannot hold a stretch of {s.duration_s} s")
        confidence = _NOTHING if s.confidence is None else f"{s.confidence:.3f}"
        times = f"{start_ms / 1000:.3f} {(end_ms - start_ms) / 1000:.3f}"
        lines.append(
            f"SPEAKER {s.recording} {s.channel + 1} {times} {_NOTHING} {_NOTHING} {s.speaker} {confidence} {_NOTHING}\n"
        )
    return "".join(lines)


def rttm_of(record: CallRecord) -> str:
    """Who speaks when in a call that was measured, as RTTM.

    Parameters
    ----------
    record : CallRecord
        Its speech by role; a role that has a leg of its own stands with its channel, others on the first.

    Returns
    -------
    str
        Speakers are named by their roles; several voices of one role that share a channel are numbered (``agent-2``), and
        those without a role are ``voice-1`` and so on, in the order in which they are first heard.
    """
    name = "_".join(PurePath(record.recording.path).stem.split()) or record.call_id
    agent = record.recording.agent_channel
    channels: dict[str, int] = {} if agent is None else {"agent": agent, "customer": 1 - agent}
    return write_rttm(
        RttmSegment(s.start_s, s.end_s, speaker, name, channels.get(speaker, 0))
        for speaker, segments in _speakers(record).items()
        for s in segments
        if s.duration_s >= _SHORTEST_S
    )


def _speakers(record: CallRecord) -> Mapping[str, Sequence[Segment]]:
    """Who is known to speak when, by name."""
    shared = record.recording.shared_channel
    if shared is None or len(shared.voices) < 2:
        return dict(record.speech.items())
    found: dict[str, Sequence[Segment]] = {}
    for i, voice in enumerate(shared.voices, 1):
        role: str = "voice" if voice.role == "unknown" else voice.role
        n = i if voice.role == "unknown" else 1 + sum(v.role == voice.role for v in shared.voices[: i - 1])
        found[role if n == 1 and voice.role != "unknown" else f"{role}-{n}"] = voice.segments
    return found

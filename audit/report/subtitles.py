"""Transcripts as subtitles: SubRip (SRT) and WebVTT.

A turn is one cue, or several where it is longer than two lines or seven seconds; the cuts lie at the times of the words.
Parts of one turn touch, so that a reader finds the turn again. Cues overlap where people do.
"""

from __future__ import annotations

import html
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from rich.cells import cell_len

from audit.report.folding import Piece, fold, pieces
from audit.report.messages import Messages
from audit.words import Role, Transcript, Turn

#: Common practice of subtitling: two lines of at most 42 Latin characters, here columns, and at most seven seconds.
LINE_COLUMNS = 42
MAX_LINES = 2
MAX_CUE_MS = 7000
#: A cut is moved back to the end of a clause if at least this share of the cue stays before it.
_LEAST_SHARE = 0.4
_CLAUSE_ENDS = frozenset("，。、；：？！…,.;:?!")


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen at once.

    Attributes
    ----------
    turn : int
        1-based, in the transcript's order.
    part, n_parts : int
        1-based, of that turn.
    start_ms, end_ms : int
        Milliseconds from the start of the recording; the end is always later.
    role : Role
    lines : tuple of str
        Without the speaker's name.
    """

    turn: int
    part: int
    n_parts: int
    start_ms: int
    end_ms: int
    role: Role
    lines: tuple[str, ...]


def cues_of(transcript: Transcript, *, labels: Mapping[Role, str] | None = None) -> tuple[Cue, ...]:
    """Divide a transcript for the screen.

    Parameters
    ----------
    transcript : Transcript
    labels : mapping of role to str, optional
        What stands before the text of a cue and so takes room on its first line.

    Returns
    -------
    tuple of Cue
        Sorted by start. A cue is longer than seven seconds, or has more than two lines, only where its text cannot be
        divided. A turn without words is divided as if it were spoken evenly.
    """
    found = [
        cue
        for n, turn in enumerate(transcript.turns, start=1)
        for cue in _cues(n, turn, LINE_COLUMNS - cell_len((labels or {}).get(turn.role, "")))
    ]
    return tuple(sorted(found, key=lambda c: (c.start_ms, c.end_ms, c.turn)))


def to_srt(transcript: Transcript, messages: Messages) -> str:
    """Write SubRip, each cue with its speaker before it.

    Parameters
    ----------
    transcript : Transcript
    messages : Messages
        In whose language the speakers are named.
    """
    colon = "：" if messages.lang == "zh" else ": "
    labels: dict[Role, str] = {role: messages(f"role.{role}") + colon for role in get_args(Role)}
    cues = _apart(cues_of(transcript, labels=labels))
    blocks = (
        f"{i}\n{_clock(c.start_ms, ',')} --> {_clock(c.end_ms, ',')}\n{labels[c.role]}{_rows(c)}\n"
        for i, c in enumerate(cues, start=1)
    )
    return "\n".join(blocks)


def to_vtt(transcript: Transcript, messages: Messages) -> str:
    """Write WebVTT with voice spans; a note names the language and the recogniser.

    Parameters
    ----------
    transcript : Transcript
    messages : Messages
        In whose language the speakers are named.
    """
    head = f"WEBVTT\n\nNOTE\nlanguage: {transcript.language}\nmodel: {transcript.model}\n"
    blocks = [head]
    for c in cues_of(transcript):
        name = f"turn-{c.turn}-{c.part}" if c.n_parts > 1 else f"turn-{c.turn}"
        voice = html.escape(messages(f"role.{c.role}"), quote=False)
        body = html.escape(_rows(c), quote=False)
        blocks.append(f"{name}\n{_clock(c.start_ms, '.')} --> {_clock(c.end_ms, '.')}\n<v {voice}>{body}\n")
    return "\n".join(blocks)


def _rows(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _clock(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{ms:03d}"


def _apart(cues: Sequence[Cue]) -> list[Cue]:
    """Take a millisecond off turns after which the same speaker's next one begins at once, for SRT cannot name turns."""
    begins = {(c.role, c.start_ms) for c in cues if c.part == 1}
    return [
        Cue(c.turn, c.part, c.n_parts, c.start_ms, c.end_ms - 1, c.role, c.lines)
        if c.part == c.n_parts and (c.role, c.end_ms) in begins and c.end_ms - c.start_ms > 1
        else c
        for c in cues
    ]


# --- one turn -------------------------------------------------------------------------------------
def _cues(n: int, turn: Turn, first_columns: int) -> list[Cue]:
    text = " ".join(turn.text.split())
    parts = pieces(text)
    if not parts:
        return []
    start_ms = round(turn.start_s * 1000)
    end_ms = max(round(turn.end_s * 1000), start_ms + 1)
    starts = _starts(turn, text, parts, start_ms, end_ms)
    groups = _groups(parts, starts, end_ms, first_columns)
    begins = [starts[g] for g in groups]
    if any(b <= a for a, b in zip(begins, [*begins[1:], end_ms], strict=True)):
        # words too close together for their cues: share the turn's time out evenly, or leave it whole
        if end_ms - start_ms < len(groups):
            groups = [0]
        begins = [start_ms + (end_ms - start_ms) * i // len(groups) for i in range(len(groups))]
    cues = []
    for i, first in enumerate(groups):
        after = groups[i + 1] if i + 1 < len(groups) else len(parts)
        until = begins[i + 1] if i + 1 < len(groups) else end_ms
        if i + 1 < len(groups) and after - first > 0:
            until = min(until, begins[i] + MAX_CUE_MS)  # a long pause within a turn is no time to read
        lines = tuple(fold(parts[first:after], LINE_COLUMNS, first_width=first_columns))
        cues.append(Cue(n, i + 1, len(groups), begins[i], until, turn.role, lines))
    return cues


def _starts(turn: Turn, text: str, parts: Sequence[Piece], start_ms: int, end_ms: int) -> list[int]:
    """When each piece begins: as its word does, or by its place in a turn without words."""
    places: list[int] = []
    times: list[float] = []
    at = 0
    for word in turn.words:
        bare = " ".join(word.text.split())
        found = text.find(bare, at) if bare else -1
        if found >= 0:
            step = (word.end_s - word.start_s) / len(bare)
            places += range(found, found + len(bare))
            times += [(word.start_s + k * step) * 1000 for k in range(len(bare))]
            at = found + len(bare)
    starts: list[int] = []
    for piece in parts:
        k = bisect_right(places, piece.start) - 1
        if not places:
            ms = start_ms + (end_ms - start_ms) * piece.start / len(text)
        elif k >= 0 and places[k] == piece.start:
            ms = times[k]
        else:  # a sign that belongs to no word begins as the next one does
            ms = times[k + 1] if k + 1 < len(times) else end_ms
        starts.append(min(max(round(ms), start_ms, starts[-1] if starts else start_ms), end_ms))
    starts[0] = start_ms
    return starts


def _groups(parts: Sequence[Piece], starts: Sequence[int], end_ms: int, first_columns: int) -> list[int]:
    """The index of the first piece of each cue."""
    groups = [0]
    i = 1
    while i < len(parts):
        first = groups[-1]
        ends = starts[i + 1] if i + 1 < len(parts) else end_ms
        too_long = ends - starts[first] > MAX_CUE_MS
        too_wide = len(fold(parts[first : i + 1], LINE_COLUMNS, first_width=first_columns)) > MAX_LINES
        if too_long or too_wide:
            least = first + math.ceil((i - first) * _LEAST_SHARE)
            cut = next((k for k in range(i, max(least, first), -1) if parts[k - 1].text[-1] in _CLAUSE_ENDS), i)
            groups.append(cut)
            i = cut
        i += 1
    return groups

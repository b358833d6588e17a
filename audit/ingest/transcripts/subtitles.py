"""Subtitles: SubRip (SRT) and WebVTT.

SubRip has no specification; files in use begin each cue with a count, a line of times with commas or points, then text.
WebVTT is read by the W3C recommendation as far as times, voices and text go: cue settings, regions, styles and notes are
passed over, and tags but the voice span are taken away. Speakers are told by voice spans, or by a label at the start of
the text ("Agent: ...", "[客户] ...").
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audit.errors import MetadataError
from audit.ingest.transcripts.lines import Line, is_role_word, joined

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*(-?){_TIME}\s*--?>\s*(-?){_TIME}(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[a-zA-Z0-9:.]*[^>]*>|\{\\an?\d\}")
_LABEL = re.compile(
    r"\s*(?:[-–—]\s*)?(?:[\[【(（]\s*(?P<b>[^\]】)）]{1,40})\s*[\]】)）]\s*[:：]?|(?P<p>[^:：\[\]\n]{1,40})[:：](?!\d|//))\s*"
)
_NUMBERED = re.compile(r"(?:speaker|spk|channel|ch|说话人|发言人|声道)[\s_#-]*\w{1,3}", re.IGNORECASE)
#: Labels that are people's names are believed where at least this share of the cues begin with one of a few.
_NAMED_SHARE, _MAX_NAMES = 0.5, 8


@dataclass(frozen=True, slots=True)
class _Cue:
    line: Line
    turn: str | None
    """Of WebVTT that callaudit wrote: the turn that the cue is a part of."""


def is_vtt(text: str) -> bool:
    """Whether the text is WebVTT, by its first line."""
    return re.match(r"WEBVTT(?:[ \t\n\r]|$)", text) is not None


def is_srt(text: str) -> bool:
    """Whether a line of SubRip's times stands among the first lines."""
    return any(_TIMES.fullmatch(line) for line in text.splitlines()[:20])


def vtt_says(text: str, name: str) -> str | None:
    """What the header of a WebVTT file, or a note before its first cue, says after ``name:``; None without."""
    head = text.split("-->", 1)[0]
    found = re.search(rf"^{name}:[ \t]*(\S+)[ \t]*$", head.replace("\r\n", "\n"), re.MULTILINE | re.IGNORECASE)
    return found[1] if found else None


def subtitle_lines(path: Path, text: str) -> list[Line]:
    """The lines of SRT or WebVTT.

    Cues of one speaker that touch are one line again, as one that is cut for the screen is written.

    Raises
    ------
    MetadataError
        If a line that looks like times is none.
    """
    cues = _cues(path, text, escaped=is_vtt(text))
    return _rejoined(_labelled(cues))


def _cues(path: Path, text: str, *, escaped: bool) -> list[_Cue]:
    cues: list[_Cue] = []
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    i = 0
    while i < len(rows):
        found = _TIMES.fullmatch(rows[i])
        if not found:
            if "-->" in rows[i] and not (escaped and rows[i].startswith("NOTE")):
                raise MetadataError(f"{path}:{i + 1}: {rows[i].strip()[:60]!r} are no times of a cue", hint="correct that line")
            i += 1
            continue
        name = rows[i - 1].strip() if i and rows[i - 1].strip() else ""
        where = f"the cue at line {i + 1}"
        body: list[str] = []
        i += 1
        while i < len(rows) and rows[i].strip() and not _TIMES.fullmatch(rows[i]):
            body.append(rows[i])
            i += 1
        if body and i < len(rows) and _TIMES.fullmatch(rows[i]):
            body.pop()  # no empty line between: the last one is the next cue's count
        g = found.groups()
        for who, said in _voices(body, escaped=escaped):
            line = Line(_seconds(g[:5]), _seconds(g[5:]), said, who, where=where)
            part = re.fullmatch(r"turn-(\d+)(?:-\d+)?", name)
            cues.append(_Cue(line, part[1] if part and escaped else None))
    return cues


def _seconds(groups: Sequence[str | None]) -> float:
    sign, hours, minutes, seconds, fraction = groups
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    value = (whole * 1000 + int((fraction or "0").ljust(3, "0"))) / 1000
    return -value if sign else value


def _voices(body: Sequence[str], *, escaped: bool) -> list[tuple[str | None, str]]:
    """Who says what in one cue: each voice span, or dash for a dash, the whole."""
    whole = "\n".join(body)
    pieces = _VOICE.split(whole) if escaped else [whole]
    found: list[tuple[str | None, str]] = []
    for k in range(0, len(pieces), 2):
        who = html.unescape(pieces[k - 1]).strip() or None if k else None
        said = joined(_plain(row, escaped=escaped) for row in pieces[k].split("\n"))
        if said:
            found.append((who, said))
    return found


def _plain(row: str, *, escaped: bool) -> str:
    row = _TAG.sub("", row)
    return html.unescape(row) if escaped else row


def _labelled(cues: Sequence[_Cue]) -> list[_Cue]:
    """Take speakers' labels out of the text, where they are labels."""
    labels = [m for c in cues if c.line.speaker is None and (m := _LABEL.match(c.line.text))]
    names = Counter((m["b"] or m["p"]).strip() for m in labels)
    repeated = {n for n, times in names.items() if times > 1}
    by_name = len(names) <= _MAX_NAMES and sum(names[n] for n in repeated) >= _NAMED_SHARE * max(1, len(cues))
    out = []
    for cue in cues:
        m = _LABEL.match(cue.line.text) if cue.line.speaker is None else None
        name = (m["b"] or m["p"]).strip() if m else ""
        known = is_role_word(name) or _NUMBERED.fullmatch(name) is not None or (by_name and name in repeated)
        if m and known:
            cue = replace(cue, line=replace(cue.line, speaker=name, text=cue.line.text[m.end() :]))
        out.append(cue)
    return out


def _rejoined(cues: Sequence[_Cue]) -> list[Line]:
    """Join cues that are parts of one turn: by name, or of one known speaker and touching."""
    lines: list[Line] = []
    of_turn: dict[str, int] = {}
    ending: dict[tuple[str, int], int] = {}
    for cue in sorted(cues, key=lambda c: (c.line.start_s, c.line.end_s)):
        line, at = cue.line, None
        if cue.turn is not None:
            at = of_turn.setdefault(cue.turn, len(lines))
        elif line.speaker is not None:
            at = ending.pop((line.speaker, round(line.start_s * 1000)), None)
        if at is None or at == len(lines):
            at = len(lines)
            lines.append(line)
        else:
            lines[at] = replace(lines[at], end_s=line.end_s, text=joined((lines[at].text, line.text)))
        if line.speaker is not None:
            ending[line.speaker, round(line.end_s * 1000)] = at
    return lines

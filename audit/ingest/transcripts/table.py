"""Transcripts as a table: CSV with a start, an end, perhaps a speaker, and a text in each row."""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from audit.errors import MetadataError
from audit.ingest.transcripts.lines import Line
from audit.ingest.transcripts.values import ratio
from audit.ingest.values import parse_seconds

#: Column names, lower case, best first.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "start": ("start_s", "start", "start_time", "begin", "begin_s", "from", "offset_s", "开始", "开始时间", "起始时间"),
    "end": ("end_s", "end", "end_time", "stop", "to", "结束", "结束时间", "终止时间"),
    "start_ms": ("start_ms", "begin_ms", "start_millis", "开始毫秒"),
    "end_ms": ("end_ms", "end_millis", "结束毫秒"),
    "duration": ("duration_s", "duration", "时长"),
    "speaker": ("role", "speaker", "speaker_label", "party", "participant", "channel", "角色", "说话人", "发言人", "声道"),
    "text": ("text", "transcript", "content", "sentence", "utterance", "message", "文本", "内容", "转写文本", "识别结果"),
    "confidence": ("confidence", "score", "置信度"),
    "language": ("language", "lang", "语言"),
}


def is_table(text: str) -> bool:
    """Whether the first line names a column for the text and one for its start."""
    try:
        head = _split("\n".join(text.lstrip().splitlines()[:1]))
    except csv.Error:
        return False
    fields = _fields(head[0] if head else [])
    return "text" in fields and ("start" in fields or "start_ms" in fields)


def table_lines(path: Path, text: str) -> tuple[list[Line], str | None]:
    """The lines of a table, and its language if a column says so.

    Times are seconds, ``m:ss.sss`` or ``h:mm:ss``, or milliseconds in a column that says so. Where there is no end, a line
    ends by its duration, else where the next one begins; the last one then has no end and is refused.

    Raises
    ------
    MetadataError
        If a column is missing, or a time cannot be read.
    """
    try:
        rows = _split(text)
    except csv.Error as e:
        raise MetadataError(f"{path}: not a CSV table: {e}", hint="save it as CSV (UTF-8)") from e
    header = [c.strip() for c in rows[0]] if rows else []
    fields = _fields(header)
    for fact, other in (("start", "start_ms"), ("text", "text")):
        if fact not in fields and other not in fields:
            from rapidfuzz import process  # only for a hint

            near = process.extractOne(fact, header, score_cutoff=60)
            hint = f"did you mean {near[0]!r}? Call that column {fact}" if near else f"call its columns {', '.join(COLUMNS)}"
            raise MetadataError(f"{path}: no column for the {fact} among {', '.join(header) or 'nothing'}", hint=hint)
    lines: list[Line] = []
    for n, cells in enumerate(rows[1:], start=2):
        row = {fact: cells[i].strip() if i < len(cells) else "" for fact, i in fields.items()}
        if not row["text"]:
            continue
        start_s = _time(path, n, row, "start")
        end_s = _time(path, n, row, "end")
        if math.isnan(end_s) and row.get("duration"):
            end_s = start_s + _time(path, n, row, "duration")
        confidence = ratio(row.get("confidence"))
        lines.append(Line(start_s, end_s, row["text"], row.get("speaker") or None, confidence, where=f"row {n}"))
    starts_s = sorted(line.start_s for line in lines)
    ended = [_ended(line, starts_s) for line in lines]
    column = fields.get("language")
    language = next((cells[column] for cells in rows[1:] if len(cells) > column), None) if column is not None else None
    return ended, language


def _ended(line: Line, starts_s: list[float]) -> Line:
    if not math.isnan(line.end_s):
        return line
    after = bisect_right(starts_s, line.start_s)
    return replace(line, end_s=starts_s[after] if after < len(starts_s) else math.nan)


def _split(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [cells for cells in rows if any(c.strip() for c in cells)]


def _fields(header: list[str]) -> dict[str, int]:
    """Which column holds which fact."""
    lower = {name.strip().lower(): i for i, name in reversed(list(enumerate(header)))}
    found = {fact: next((lower[n] for n in names if n in lower), None) for fact, names in COLUMNS.items()}
    return {fact: i for fact, i in found.items() if i is not None}


def _time(path: Path, n: int, row: Mapping[str, str], fact: str) -> float:
    """Seconds; not-a-number where the cell is empty or the column missing."""
    millis, cell = row.get(f"{fact}_ms", ""), row.get(fact, "")
    try:
        if millis:
            return float(millis) / 1000
        if cell.startswith("-"):
            return -parse_seconds(cell[1:])
        return parse_seconds(cell.replace(",", ".")) if cell else math.nan
    except ValueError as e:
        raise MetadataError(f"{path}: row {n}: {fact}: {e}", hint="write seconds, or h:mm:ss.sss") from e

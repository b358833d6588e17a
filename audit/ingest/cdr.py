"""Call-detail records in CSV: Asterisk and FreePBX, FreeSWITCH, or any table with a column map in the profile.

The columns of the two switches are read by name where there is a header, and by their fixed order where there is none
(Asterisk ``cdr_csv``, FreePBX's export of its ``cdr`` table, FreeSWITCH ``mod_cdr_csv``). Each row becomes the facts of
one call, and everything that is not a known fact becomes a variable under its column's name.

The ring time is ``answer - start`` where the record has both moments, else ``duration - billsec`` of an answered call.
Both figures count whole seconds in Asterisk and FreeSWITCH, so the difference is true to one second either way.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from audit.errors import MetadataError
from audit.ingest.events import read_events
from audit.ingest.text import decode_text
from audit.ingest.values import direction_of_numbers, is_no_moment, parse_direction, parse_moment, parse_party, parse_seconds
from audit.profile import Profile
from audit.records import Metadata

#: Two counts of whole seconds differ from the truth by up to one second.
WHOLE_SECOND_TOLERANCE_S = 1.0
#: Moments with fractions of a second: what is left is the switch's own delay between signal and stamp.
FRACTION_TOLERANCE_S = 0.1
#: Shorter ids ("12") would be found in any file name; they match only as the whole name.
MIN_CONTAINED_ID_LENGTH = 6

#: Column names, lower case, best first. Sources: Asterisk's CDR specification, FreePBX's ``cdr`` table, FreeSWITCH's
#: ``mod_cdr_csv`` template, and what other systems commonly export.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "call_id": ("call_id", "callid", "uniqueid", "uuid", "unique_id", "call_uuid"),
    "recording": ("recordingfile", "recording", "recording_file", "file", "filename", "file_name", "audio_file", "录音文件"),
    "agent_id": ("agent_id", "agentid", "agent", "cc_agent", "operator_id", "工号", "坐席工号"),
    "agent_name": ("agent_name", "agentname", "operator_name", "坐席姓名", "客服姓名"),
    "customer_number": ("customer_number", "customer_phone", "客户号码"),
    "direction": ("direction", "call_direction", "呼叫方向"),
    "started_at": ("started_at", "calldate", "start", "start_stamp", "start_time", "开始时间"),
    "answered_at": ("answered_at", "answer", "answer_stamp", "answer_time", "接听时间"),
    "ended_at": ("ended_at", "end", "end_stamp", "end_time", "hangup_time", "结束时间"),
    "date": ("date", "日期"),
    "time": ("time", "时间"),
    "ring_s": ("ring_s", "ring_seconds", "ringsec", "振铃时长"),
    "duration_s": ("duration_s", "duration"),
    "talk_s": ("talk_s", "billsec", "通话时长"),
    "hangup_by": ("hangup_by", "hangupby", "hangup_party", "disconnected_by", "挂断方"),
    "agent_channel": ("agent_channel",),
    "disposition": ("disposition",),
    # Not Asterisk's "holdtime", which is the time in the queue.
    "holds": ("holds", "hold_events", "hold_intervals", "保持记录"),
    "hold_start": ("hold_start", "hold_started_at", "hold_start_time", "保持开始时间"),
    "hold_end": ("hold_end", "hold_ended_at", "hold_end_time", "unhold_time", "保持结束时间"),
    "hold_s": ("hold_s", "hold_seconds", "hold_accum_seconds", "customer_hold_duration", "保持时长"),
    "transferred_at": ("transferred_at", "transfer_time", "转接时间"),
}
_SOURCE_NUMBER = ("src", "caller_id_number", "cnum", "caller", "from", "主叫号码")
_DESTINATION_NUMBER = ("dst", "destination_number", "callee", "to", "被叫号码")
_OTHER_IDS = ("linkedid", "bleg_uuid")

# Columns of files without a header, in the order that each switch writes them.
_ASTERISK = (
    "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec disposition "
    "amaflags"
)
_FREEPBX = (
    "calldate clid src dst dcontext channel dstchannel lastapp lastdata duration billsec disposition amaflags accountcode "
    "uniqueid userfield did recordingfile cnum cnam outbound_cnum outbound_cnam dst_cnam linkedid peeraccount sequence"
)
_FREESWITCH = (
    "caller_id_name caller_id_number destination_number context start_stamp answer_stamp end_stamp duration billsec "
    "hangup_cause uuid bleg_uuid accountcode read_codec write_codec"
)
_DISPOSITIONS = frozenset({"ANSWERED", "NO ANSWER", "NOANSWER", "BUSY", "FAILED", "CONGESTION"})
_ASTERISK_ID = re.compile(r"([\w-]+-)?\d{9,11}\.\d+")
_EXTENSION = re.compile(r"(?:SIP|PJSIP|IAX2|SCCP|Agent)/(\d{2,6})(?:-|$)|Local/(\d{2,6})@")


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One row: the call's facts, or why they cannot be read.

    Attributes
    ----------
    line : int
        1-based, of the file.
    metadata : Metadata or None
        None where `error` says why.
    recording : str or None
        Base name of the recording that the row names.
    ids : tuple of str
        Everything that a recording may be called after.
    answered : bool
    error : str or None
    """

    line: int
    metadata: Metadata | None
    recording: str | None
    ids: tuple[str, ...]
    answered: bool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CallDetails:
    """All rows of a call-detail file.

    Attributes
    ----------
    path : Path
    rows : tuple of CdrRow
    problems : tuple of str
        What is wrong with the file itself, with line numbers.
    """

    path: Path
    rows: tuple[CdrRow, ...]
    problems: tuple[str, ...] = ()
    _by_name: dict[str, list[CdrRow]] = field(default_factory=dict, repr=False, compare=False)
    _by_id: dict[str, list[CdrRow]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.recording:
                for key in {row.recording.casefold(), _stem(row.recording).casefold()}:
                    self._by_name.setdefault(key, []).append(row)
            for name in row.ids:
                self._by_id.setdefault(name.casefold(), []).append(row)

    def for_recording(self, path: Path) -> Metadata | None:
        """What the record knows of a recording.

        A row belongs to a recording that it names (with or without folders and extension); else to one whose file name
        is, or contains as a whole word, the row's call id. Of several rows (a switch writes one for each leg) the
        answered one is taken, and the call carries a warning.

        Returns
        -------
        Metadata or None
            None where no row belongs to it.

        Raises
        ------
        MetadataError
            If the row that belongs to it cannot be read.
        """
        rows = self._rows_of(path)
        if not rows:
            return None
        row = max(rows, key=lambda r: (r.answered, r.metadata.talk_s or 0.0 if r.metadata else 0.0, -r.line))
        if row.metadata is None:
            raise MetadataError(
                f"{self.path}:{row.line}: the row of {path.name} cannot be read: {row.error}",
                hint="correct the row, or name the columns in the profile (docs/profile.md)",
            )
        if len(rows) == 1:
            return row.metadata
        lines = ", ".join(str(r.line) for r in rows)
        what = "the answered one" if row.answered else "the first"
        warning = (
            f"{len(rows)} rows of {self.path.name} belong to this recording (lines {lines}): {what} of line {row.line} was used"
        )
        return replace(row.metadata, warnings=(*row.metadata.warnings, warning))

    def rows_without_recording(self, recordings: Iterable[Path]) -> list[CdrRow]:
        """Rows that belong to none of the recordings, in the file's order."""
        used = {row.line for path in recordings for row in self._rows_of(path)}
        return [row for row in self.rows if row.line not in used]

    def _rows_of(self, path: Path) -> list[CdrRow]:
        """Rows by the recording's name, else by the longest call id within it."""
        name, stem = path.name.casefold(), _stem(path.name).casefold()
        rows = self._by_name.get(name) or self._by_name.get(stem)
        if rows is None:
            rows = self._by_id.get(stem)
        if rows is None:
            parts = list(re.finditer(r"[^\W_]+", stem))
            spans = [(b.end() - a.start(), a.start(), b.end()) for i, a in enumerate(parts) for b in parts[i:]]
            for length, start, end in sorted(spans, reverse=True):
                if length < MIN_CONTAINED_ID_LENGTH:
                    break
                rows = self._by_id.get(stem[start:end])
                if rows:
                    break
        return list({row.line: row for row in rows or ()}.values())


def _stem(name: str) -> str:
    """File name without its extension; ``1700000000.123`` has none."""
    head, dot, tail = name.rpartition(".")
    return head if dot and head and not tail.isdigit() else name


def read_cdr(path: Path, profile: Profile) -> CallDetails:
    """Read a call-detail file.

    Encodings: UTF-8 with or without a byte-order mark, UTF-16, GB18030 (which holds GBK and GB2312). The delimiter is
    the one of comma, semicolon, tab and bar that the first line has most of.

    Parameters
    ----------
    path : Path
    profile : Profile
        ``cdr_columns`` name columns before any dialect does; ``time_zone`` is for times without an offset.

    Raises
    ------
    MetadataError
        If the file cannot be read at all, or nothing in it tells which recording a row belongs to. A single row that
        cannot be read is kept and raised by :meth:`CallDetails.for_recording`.
    """
    table = read_table(path)
    header, rows = _header(path, table, profile)
    problems: list[str] = []
    fields = _fields(path, header, profile)
    read: list[CdrRow] = []
    for line, cells in rows:
        values = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        error = None
        if len(cells) > len(header) and any(c.strip() for c in cells[len(header) :]):
            error = f"{len(cells)} cells under {len(header)} columns"
            problems.append(f"{path}:{line}: {error}")
        elif len(cells) < len(header):
            problems.append(f"{path}:{line}: {len(cells)} cells under {len(header)} columns; the rest was taken as empty")
        read.append(_row(line, values, fields, profile, error))
    return CallDetails(path, tuple(read), tuple(problems))


def read_table(
    path: Path, *, what: str = "call-detail file", hint: str = "check the path after --cdr"
) -> list[tuple[int, list[str]]]:
    """Line number and cells of each row of a CSV file that is not empty; the first is the header, if there is one.

    Raises
    ------
    MetadataError
        If it cannot be read, or is no CSV.
    """
    try:
        data = path.read_bytes()
    except OSError as e:
        raise MetadataError(f"{path}: cannot read the {what}: {e.strerror}", hint=hint) from e
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise MetadataError(f"{path}: this is a spreadsheet, not CSV", hint="save it as CSV (UTF-8)")
    text = decode_text(data)
    if text is None:
        raise MetadataError(f"{path}: the text is neither UTF-8, UTF-16 nor GB18030", hint="save it as CSV (UTF-8)")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise MetadataError(f"{path}: the {what} is empty", hint=hint)
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as e:
        raise MetadataError(f"{path}:{start}: not a CSV table: {e}", hint="save it as CSV (UTF-8)") from e
    return rows


def _header(path: Path, table: list[tuple[int, list[str]]], profile: Profile) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The column names and the rows below; names by order where the first row is already a call."""
    cells = [c.strip() for c in table[0][1]]
    known = {name for names in COLUMNS.values() for name in names} | set(_SOURCE_NUMBER) | set(_DESTINATION_NUMBER)
    if any(c.lower() in known for c in cells):
        return cells, table[1:]
    order = _fixed_order(cells)
    if order is None and profile.cdr_columns:
        return cells, table[1:]
    if order is None:
        raise MetadataError(
            f"{path}: no column is known: {', '.join(cells[:12])}",
            hint="name the columns in the profile under cdr_columns (docs/profile.md)",
        )
    return order, table


def _is_moment(text: str) -> bool:
    try:
        parse_moment(text, Profile().zone())
    except ValueError:
        return False
    return True


def _fixed_order(cells: list[str]) -> list[str] | None:
    """Column names of a file without a header, by where its moments and its disposition stand."""
    n = len(cells)
    if n >= 15 and _is_moment(cells[9]) and cells[14].upper() in _DISPOSITIONS:
        tail = ["uniqueid", "userfield", "peeraccount", "linkedid", "sequence"]
        if n >= 18 and _ASTERISK_ID.fullmatch(cells[17]) and not _ASTERISK_ID.fullmatch(cells[16]):
            tail[:2] = ["userfield", "uniqueid"]
        return [*_ASTERISK.split(), *tail][:n]
    if n >= 12 and _is_moment(cells[0]) and cells[11].upper() in _DISPOSITIONS:
        return _FREEPBX.split()[:n]
    if n >= 11 and _is_moment(cells[4]) and _is_moment(cells[6]):
        return _FREESWITCH.split()[:n]
    return None


def _fields(path: Path, header: list[str], profile: Profile) -> dict[str, str]:
    """Which column holds which fact."""
    lower = {name.lower(): name for name in reversed(header)}
    fields: dict[str, str] = {}
    for fact, column in profile.cdr_columns.items():
        if column.lower() not in lower:
            from rapidfuzz import process  # only for who misspelt something

            near = process.extractOne(column, header, score_cutoff=60)
            hint = f"did you mean {near[0]!r}?" if near else f"its columns are {', '.join(header)}"
            raise MetadataError(f"{path}: the profile maps {fact} to a column {column!r} that is not there", hint=hint)
        fields[fact] = lower[column.lower()]
    taken = set(fields.values())
    for fact, names in COLUMNS.items():
        found = next((lower[n] for n in names if n in lower and lower[n] not in taken), None)
        if fact not in fields and found is not None:
            fields[fact] = found
    for fact, names in (("source", _SOURCE_NUMBER), ("destination", _DESTINATION_NUMBER)):
        found = next((lower[n] for n in names if n in lower), None)
        if found is not None:
            fields[fact] = found
    if not {"call_id", "recording"} & set(fields):
        raise MetadataError(
            f"{path}: no column tells which recording a row belongs to: {', '.join(header)}",
            hint="map call_id or recording to a column in the profile under cdr_columns (docs/profile.md)",
        )
    return fields


def _row(line: int, values: dict[str, str], fields: dict[str, str], profile: Profile, error: str | None) -> CdrRow:
    """The facts of one row; what cannot be read becomes its error."""

    def cell(fact: str) -> str:
        return values.get(fields.get(fact, ""), "")

    recording = re.split(r"[\\/]", cell("recording"))[-1] or None
    lower = {name.lower(): value for name, value in values.items()}
    ids = tuple(dict.fromkeys(i for i in (cell("call_id"), *(lower.get(n, "") for n in _OTHER_IDS)) if i))
    metadata = None
    if error is None:
        try:
            metadata = _metadata(values, fields, profile)
        except ValueError as e:
            error = str(e)
    return CdrRow(line, metadata, recording, ids, _is_answered(cell("disposition"), cell("talk_s")), error)


def _is_answered(disposition: str, talk: str) -> bool:
    if disposition:
        return disposition.upper() == "ANSWERED"
    return talk.strip() not in ("", "0", "00:00:00", "0:00")


def _metadata(values: dict[str, str], fields: dict[str, str], profile: Profile) -> Metadata:
    """A row's facts; ValueError names the column that cannot be read."""

    def cell(fact: str) -> str:
        return values.get(fields.get(fact, ""), "")

    def read(fact: str, parse: Any, *extra: Any) -> Any:
        text = cell(fact)
        if is_no_moment(text) and not text.isdigit():
            return None
        try:
            return parse(text, *extra)
        except (ValueError, OverflowError) as e:
            raise ValueError(f"column {fields[fact]!r}: {e}") from e

    warnings: list[str] = []
    zone = profile.zone()
    moments = {
        f: None if is_no_moment(cell(f)) else read(f, parse_moment, zone) for f in ("started_at", "answered_at", "ended_at")
    }
    if moments["started_at"] is None and cell("started_at") not in ("", "NULL", "null", r"\N"):
        raise ValueError(f"column {fields['started_at']!r}: {cell('started_at')!r} is no moment")
    if moments["started_at"] is None and cell("date") and cell("time"):
        try:
            moments["started_at"] = parse_moment(f"{cell('date')} {cell('time')}", zone)
        except ValueError as e:
            raise ValueError(f"columns {fields['date']!r} and {fields['time']!r}: {e}") from e
    source, destination = cell("source"), cell("destination")
    direction = parse_direction(cell("direction")) if cell("direction") else direction_of_numbers(source, destination)
    if cell("direction") and direction is None:
        warnings.append(f"the record's direction {cell('direction')!r} is not known")
    hangup_by = parse_party(cell("hangup_by"), direction) if cell("hangup_by") else None
    if cell("hangup_by") and hangup_by is None:
        warnings.append(f"the record's {fields['hangup_by']} {cell('hangup_by')!r} is not known")
    duration_s, talk_s = read("duration_s", parse_seconds), read("talk_s", parse_seconds)
    ring_s, tolerance_s = _ring(
        read("ring_s", parse_seconds), cell("ring_s"), moments, duration_s, talk_s,
        is_answered=_is_answered(cell("disposition"), cell("talk_s")), warnings=warnings,
    )  # fmt: skip
    holds, transferred_at, unread = read_events(cell, zone)
    warnings += unread
    number = {"inbound": source, "outbound": destination}.get(direction or "", "")
    known = set(fields.values()) - {fields.get("disposition"), fields.get("source"), fields.get("destination")}
    return Metadata(
        call_id=cell("call_id"),
        agent_id=cell("agent_id") or _extension(values, source, direction),
        agent_name=cell("agent_name") or None,
        customer_number=cell("customer_number") or number or None,
        direction=direction,
        started_at=moments["started_at"],
        answered_at=moments["answered_at"],
        ended_at=moments["ended_at"],
        ring_s=ring_s,
        ring_tolerance_s=tolerance_s,
        duration_s=duration_s,
        talk_s=talk_s,
        hangup_by=hangup_by,
        agent_channel=_channel(cell("agent_channel"), fields.get("agent_channel", "")),
        source="cdr",
        variables={name: value for name, value in values.items() if value and name not in known},
        warnings=tuple(warnings),
        holds=holds,
        hold_s=read("hold_s", parse_seconds),
        transferred_at=transferred_at,
    )


def _ring(
    stated_s: float | None,
    stated: str,
    moments: Mapping[str, Any],
    duration_s: float | None,
    talk_s: float | None,
    *,
    is_answered: bool,
    warnings: list[str],
) -> tuple[float | None, float | None]:
    """Ring time and its tolerance: stated, else by the moments, else by the two durations of an answered call."""
    if stated_s is not None:
        return stated_s, FRACTION_TOLERANCE_S if "." in stated else WHOLE_SECOND_TOLERANCE_S
    by_durations_s = duration_s - talk_s if is_answered and duration_s is not None and talk_s is not None else None
    if by_durations_s is not None and by_durations_s < 0:
        warnings.append(f"the record's talk time of {talk_s:g} s is longer than the whole call of {duration_s:g} s")
        by_durations_s = None
    start, answer = moments["started_at"], moments["answered_at"]
    if start is None or answer is None or answer < start:
        return by_durations_s, WHOLE_SECOND_TOLERANCE_S if by_durations_s is not None else None
    by_moments_s = (answer - start).total_seconds()
    if by_durations_s is not None and abs(by_durations_s - by_moments_s) > 2 * WHOLE_SECOND_TOLERANCE_S:
        warnings.append(
            f"the record's moments give {by_moments_s:g} s of ringing, its durations {by_durations_s:g} s; "
            "the moments were used"
        )
    return by_moments_s, FRACTION_TOLERANCE_S if start.microsecond or answer.microsecond else WHOLE_SECOND_TOLERANCE_S


def _extension(values: Mapping[str, str], source: str, direction: str | None) -> str | None:
    """The agent's extension as Asterisk's channel names tell it; None where they do not."""
    lower = {name.lower(): value for name, value in values.items()}
    column = {"inbound": "dstchannel", "outbound": "channel"}.get(direction or "")
    match = _EXTENSION.match(lower.get(column, "")) if column else None
    if match:
        return match[1] or match[2]
    return source if direction == "outbound" and source.isdigit() and len(source) <= 6 else None


def _channel(text: str, column: str) -> int | None:
    """0 or 1, also as left and right."""
    if not text:
        return None
    channel = {"0": 0, "1": 1, "left": 0, "right": 1, "l": 0, "r": 1}.get(text.lower())
    if channel is None:
        raise ValueError(f"column {column!r}: a channel is 0 or 1, not {text!r}")
    return channel

"""What a CRM exports of complaints: a table, one ticket a line, its columns found by name or mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from audit.chains import CaseEvent
from audit.errors import MetadataError
from audit.ingest.cdr import read_table
from audit.ingest.values import is_no_moment, parse_moment, safe_id

#: Fields, and the names of columns that are understood without being mapped, in any case and with _ or spaces.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "ticket": (
        "ticket",
        "ticket_id",
        "case",
        "case_id",
        "case_number",
        "complaint_id",
        "工单",
        "工单号",
        "工单编号",
        "投诉编号",
    ),
    "call_id": ("call_id", "callid", "uniqueid", "通话编号", "通话id", "录音编号"),
    "customer_number": ("customer_number", "customer_phone", "phone", "caller", "客户号码", "客户电话", "来电号码", "联系电话"),
    "kind": ("kind", "type", "类型", "工单类型"),
    "opened_at": ("opened_at", "created_at", "opened", "created", "registered_at", "登记时间", "创建时间", "投诉时间"),
    "answered_at": ("answered_at", "first_response_at", "responded_at", "answered", "答复时间", "首次回复时间", "回复时间"),
    "closed_at": ("closed_at", "resolved_at", "closed", "resolved", "办结时间", "结案时间", "关闭时间", "完成时间"),
    "is_major": ("is_major", "major", "重大", "是否重大", "重大投诉"),
    "satisfaction": ("satisfaction", "csat", "满意度"),
    "by": ("by", "owner", "handled_by", "handler", "处理人", "经办人"),
    "note": ("note", "notes", "remark", "comment", "备注", "说明"),
}

_YES = frozenset({"1", "true", "yes", "y", "是", "有", "重大", "major", "high"})
_NO = frozenset({"0", "false", "no", "n", "否", "无", "一般", "normal", "low"})
_KINDS = {"complaint": "complaint", "投诉": "complaint", "issue": "issue", "问题": "issue", "咨询": "issue", "报修": "issue"}
#: So many faults are told; who made a hundred has made one.
MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class CrmTable:
    """What a file says: events with the customers' numbers, and columns that were not understood."""

    events: tuple[tuple[CaseEvent, str | None], ...]
    unused: tuple[str, ...]


def read_crm(path: Path, zone: tzinfo, columns: Mapping[str, str] | None = None) -> CrmTable:
    """Read complaints as a CRM exports them.

    Parameters
    ----------
    path : Path
        CSV, with a header.
    zone : tzinfo
        Of times that carry no offset.
    columns : mapping of field to column, optional
        Fields are those of `COLUMNS`; what is not mapped is found by name.

    Raises
    ------
    MetadataError
        With every line that cannot be read, if there is any: then nothing is taken from the file.
    """
    table = read_table(path, what="CRM's file", hint="export it as CSV with a header and one complaint a line")
    header = [cell.strip() for cell in table[0][1]]
    places = _places(path, header, columns or {})
    faults: list[str] = []
    events: list[tuple[CaseEvent, str | None]] = []
    for line, cells in table[1:]:
        values = {name: cells[i].strip() if i < len(cells) else "" for name, i in places.items()}
        try:
            events.append((_event(values, zone), values.get("customer_number") or None))
        except ValueError as e:
            faults.append(f"{path}:{line}: {e}")
    if faults:
        more = f"\n… and {len(faults) - MAX_FAULTS} lines more" if len(faults) > MAX_FAULTS else ""
        raise MetadataError("\n".join(faults[:MAX_FAULTS]) + more, hint="correct these lines; nothing was imported")
    used = set(places.values())
    return CrmTable(tuple(events), tuple(name for i, name in enumerate(header) if i not in used and name))


def _places(path: Path, header: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Which cell of a line holds which field."""
    plain = [_plain(name) for name in header]
    places: dict[str, int] = {}
    for name, column in columns.items():
        if name not in COLUMNS:
            raise MetadataError(f"unknown field {name!r}", hint=f"fields: {', '.join(COLUMNS)}")
        if _plain(column) not in plain:
            raise MetadataError(f"{path}: no column {column!r}", hint=f"columns: {', '.join(header)}")
        places[name] = plain.index(_plain(column))
    for name, names in COLUMNS.items():
        found = next((plain.index(_plain(n)) for n in names if _plain(n) in plain), None)
        if name not in places and found is not None:
            places[name] = found
    if not {"call_id", "customer_number"} & set(places):
        hint = f"columns: {', '.join(header)}; map one with --map call_id=COLUMN"
        raise MetadataError(f"{path}: neither a call's id nor a customer's number is among the columns", hint=hint)
    return places


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _event(values: Mapping[str, str], zone: tzinfo) -> CaseEvent:
    """One line; ValueError says what is wrong with it."""
    opened, answered, closed = (_time(values, n, zone) for n in ("opened_at", "answered_at", "closed_at"))
    call_id = safe_id(values["call_id"]) if values.get("call_id") else None
    number = values.get("customer_number") or None
    if call_id is None and number is None:
        raise ValueError("neither a call's id nor a customer's number")
    if call_id is None and opened is None:
        raise ValueError("without a call's id it needs the time at which it was registered (opened_at)")
    for name, moment in (("answered_at", answered), ("closed_at", closed)):
        if opened is not None and moment is not None and moment < opened:
            raise ValueError(f"{name} ({values[name]}) is before opened_at ({values['opened_at']})")
    kind = values.get("kind", "").casefold()
    if kind and kind not in _KINDS:
        raise ValueError(f"kind {values['kind']!r} is neither complaint (投诉) nor issue (问题)")
    return CaseEvent(
        "crm",
        values.get("ticket", ""),
        "issue" if _KINDS.get(kind) == "issue" else "complaint",
        call_id=call_id,
        opened_at=opened,
        answered_at=answered,
        closed_at=closed,
        is_major=_yes_no(values, "is_major"),
        satisfaction=_percentage(values, "satisfaction"),
        by=values.get("by", ""),
        note=values.get("note", ""),
    )


def _time(values: Mapping[str, str], name: str, zone: tzinfo) -> datetime | None:
    text = values.get(name, "")
    if not text or is_no_moment(text):
        return None
    try:
        return parse_moment(text, zone)
    except (ValueError, MetadataError) as e:
        raise ValueError(f"{name}: {e}") from e


def _yes_no(values: Mapping[str, str], name: str) -> bool | None:
    text = values.get(name, "").casefold()
    if text in ("", *_YES, *_NO):
        return None if not text else text in _YES
    raise ValueError(f"{name}: {values[name]!r} is neither yes nor no")


def _percentage(values: Mapping[str, str], name: str) -> float | None:
    text = values.get(name, "").rstrip("%")
    if not text:
        return None
    try:
        figure = float(text)
    except ValueError:
        figure = -1.0
    if not 0 <= figure <= 100:
        raise ValueError(f"{name}: {values[name]!r} is no figure from 0 to 100")
    return figure

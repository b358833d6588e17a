"""Read the values of call-detail records: moments, seconds, directions, parties."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo

#: Year first only: 03/04/2026 is two different days in two countries, and a wrong date is worse than none.
_MOMENT = re.compile(
    r"(?P<y>\d{4})(?P<sep>[-/.年]?)(?P<mo>\d{1,2})(?(sep)[-/.月]?)(?P<d>\d{1,2})日?"
    r"[T\s_-]*(?P<h>\d{1,2})[:.时\-]?(?P<mi>\d{2})(?:[:.分\-]?(?P<s>\d{2})(?P<f>[.,]\d{1,9})?秒?)?"
    r"\s*(?P<half>[AaPp][Mm]|上午|下午)?\s*(?P<zone>Z|z|UTC|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[T\s_-]*(\d{2})(\d{2})(\d{2})")
_DIRECTIONS = {
    "inbound": ("in", "inbound", "incoming", "in-bound", "呼入", "进线", "来电"),
    "outbound": ("out", "outbound", "outgoing", "out-bound", "呼出", "外呼", "去电"),
    "internal": ("internal", "int", "local", "exten", "内部", "内线"),
}
_PARTIES = {
    "agent": ("agent", "operator", "seat", "employee", "坐席", "座席", "客服", "员工"),
    "customer": ("customer", "client", "user", "客户", "用户", "顾客"),
    "system": ("system", "ivr", "pbx", "server", "network", "系统"),
}


def parse_moment(text: str, zone: tzinfo) -> datetime:
    """Read a moment of a call-detail record.

    Parameters
    ----------
    text : str
        Year first, in any common punctuation (``2026-11-16 09:12:00``, ``2026/11/16 9:12``, ``20261116-091200``,
        ``2026年11月16日 09:12``, ISO 8601), or Unix seconds or milliseconds.
    zone : tzinfo
        For texts that carry no offset.

    Returns
    -------
    datetime
        With a time zone.

    Raises
    ------
    ValueError
        If it is no such text or no such moment.

    Examples
    --------
    >>> parse_moment("20261116-091200", UTC).isoformat()
    '2026-11-16T09:12:00+00:00'
    >>> parse_moment("1794791520", UTC).isoformat()
    '2026-11-16T01:12:00+00:00'
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"\d{10}(\.\d+)?|\d{13}|\d{16}", text):
        seconds = float(text) / {13: 1e3, 16: 1e6}.get(len(text) if text.isdigit() else 0, 1.0)
        return datetime.fromtimestamp(seconds, UTC)
    compact = _COMPACT.fullmatch(text)
    if compact:
        return _moment(text, *(int(g) for g in compact.groups()), zone=zone)
    match = _MOMENT.fullmatch(text)
    if not match or not match["sep"]:
        raise ValueError(f"{text!r} is no date and time with the year first")
    hour = int(match["h"])
    half = (match["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(f"{text!r} has an hour that does not go with {match['half']}")
    if half:
        hour = hour % 12 + (12 if half in ("pm", "下午") else 0)
    micro = round(float((match["f"] or ".0").replace(",", ".")) * 1e6)
    numbers = (int(match["y"]), int(match["mo"]), int(match["d"]), hour, int(match["mi"]), int(match["s"] or 0))
    moment = _moment(text, *numbers, zone=zone)
    if match["zone"]:
        moment = moment.replace(tzinfo=_offset(match["zone"]))
    return moment + timedelta(microseconds=micro)


def _moment(text: str, *numbers: int, zone: tzinfo) -> datetime:
    """The moment of year, month, day, hour, minute and second; ValueError names the text where there is none such."""
    try:
        year, month, day, hour, minute, second = numbers
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as e:
        raise ValueError(f"{text!r} is no moment: {e}") from e


def _offset(text: str) -> timezone:
    """The zone of ``Z``, ``+08:00`` or ``+0800``."""
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def is_no_moment(text: str) -> bool:
    """Whether the text is a switch's way of saying that there was no such moment."""
    return text.strip() in ("", "0", "-", "NULL", "null", "None", r"\N") or text.strip().startswith("0000-00-00")


def parse_seconds(text: str) -> float:
    """Read seconds, or ``h:mm:ss`` / ``m:ss``.

    Raises
    ------
    ValueError
        If it is neither, or negative.

    Examples
    --------
    >>> parse_seconds("1:02:05")
    3725.0
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch(r"(\d+:)?\d{1,2}:\d{2}(\.\d+)?", text):
        seconds = 0.0
        for part in text.split(":"):
            seconds = seconds * 60 + float(part)
        return seconds
    if not re.fullmatch(r"\d+(\.\d+)?\s*s?", text):
        raise ValueError(f"{text!r} is no count of seconds")
    return float(text.rstrip("s "))


def parse_direction(text: str) -> str | None:
    """``inbound``, ``outbound`` or ``internal``; None for a word that is none of them."""
    return _choice(text, _DIRECTIONS)


def parse_party(text: str, direction: str | None) -> str | None:
    """Who it was: ``agent``, ``customer`` or ``system``; *caller* and *callee* follow from the direction."""
    word = text.strip().lower()
    caller = {"inbound": "customer", "outbound": "agent"}.get(direction or "")
    if word in ("caller", "calling", "主叫"):
        return caller
    if word in ("callee", "called", "被叫"):
        return {"customer": "agent", "agent": "customer"}.get(caller or "")
    return _choice(text, _PARTIES)


def _choice(text: str, table: dict[str, tuple[str, ...]]) -> str | None:
    word = text.strip().lower()
    return next((name for name, words in table.items() if word in words), None)


def direction_of_numbers(source: str, destination: str) -> str | None:
    """Direction by the length of the numbers: extensions and service numbers have at most six digits, subscribers more.

    Examples
    --------
    >>> direction_of_numbers("13900004471", "95000")
    'inbound'
    """
    lengths = [len(re.sub(r"\D", "", n)) for n in (source, destination)]
    if 0 in lengths:
        return None
    is_long = [n > 6 for n in lengths]
    if is_long[0] == is_long[1]:
        return None if is_long[0] else "internal"
    return "inbound" if is_long[0] else "outbound"


#: A call id names a file; longer ones are cut, as file systems allow 255 bytes with the extension.
MAX_ID_BYTES = 120


def safe_id(text: str) -> str:
    """Make a call id that can name a file, on any system and in an address.

    Letters of any script, digits and ``. _ - + = @`` stay; a space becomes ``_``. Where anything else had to go, a short
    digest of the whole is added, so that two ids never become one.

    Examples
    --------
    >>> safe_id("1700000000.123"), safe_id("通话 7")
    ('1700000000.123', '通话_7')
    >>> safe_id("../a/b") == safe_id("../a_b")
    False
    """
    # Bytes of a file name that are no UTF-8 come as lone surrogates, which nothing else can hold.
    whole = text.strip().encode("utf-8", "backslashreplace").decode()
    normal = unicodedata.normalize("NFC", whole).replace(" ", "_")
    kept = re.sub(r"[^\w.+=@-]", "_", normal).lstrip(".-").rstrip(".")
    cut = kept.encode()[:MAX_ID_BYTES].decode(errors="ignore")
    if cut == normal and cut:
        return cut
    return f"{cut[:100] or 'call'}-{hashlib.sha256(normal.encode()).hexdigest()[:8]}"

"""Numbers, times and names written out for a reader; "—" for what is not known, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from audit.report.messages import Messages

NONE = "—"
_MINUS = "−"


def clock(seconds: float) -> str:
    """A moment in a recording.

    Examples
    --------
    >>> clock(9.4), clock(65), clock(3725.9), clock(59.96)
    ('0:09', '1:05', '1:02:05', '0:59')
    """
    s = int(max(0.0, seconds))
    return f"{s // 3600}:{s // 60 % 60:02d}:{s % 60:02d}" if s >= 3600 else f"{s // 60}:{s % 60:02d}"


def span(start_s: float, end_s: float) -> str:
    """A stretch of a recording, to a tenth of a second.

    Examples
    --------
    >>> span(9.42, 11.0), span(119.96, 121)
    ('0:09.4–0:11.0', '2:00.0–2:01.0')
    """
    return f"{_tenths(start_s)}–{_tenths(end_s)}"


def _tenths(seconds: float) -> str:
    n = round(max(0.0, seconds) * 10)
    return f"{clock(n / 10 + 1e-6)}.{n % 10}"


def length(seconds: float | None, messages: Messages) -> str:
    """A duration in words of its size: seconds, minutes or hours.

    Examples
    --------
    >>> from audit.report.messages import load_messages
    >>> en = load_messages("en")
    >>> length(9.04, en), length(245.4, en), length(7384, en), length(None, en)
    ('9.0 s', '4 min 05 s', '2 h 03 min', '—')
    """
    if seconds is None:
        return NONE
    zh = messages.lang == "zh"
    if seconds < 60:
        return f"{seconds:.1f} {'秒' if zh else 's'}" if seconds < 59.95 else ("1 分 00 秒" if zh else "1 min 00 s")
    s = round(seconds)
    if s < 3600:
        return f"{s // 60} 分 {s % 60:02d} 秒" if zh else f"{s // 60} min {s % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} 小时 {minutes % 60:02d} 分" if zh else f"{minutes // 60} h {minutes % 60:02d} min"


def score(value: float | None) -> str:
    """A score of 0-100 to one decimal.

    Examples
    --------
    >>> score(87.46), score(0.0), score(None)
    ('87.5', '0.0', '—')
    """
    return NONE if value is None else f"{value:.1f}"


def signed(value: float) -> str:
    """A difference with its sign, to one decimal.

    Examples
    --------
    >>> signed(3.44), signed(-0.51), signed(0.01)
    ('+3.4', '−0.5', '0.0')
    """
    text = f"{value:+.1f}"
    return "0.0" if text[1:] == "0.0" else text.replace("-", _MINUS)


def points(value: float | None) -> str:
    """Points without needless decimals.

    Examples
    --------
    >>> points(4.0), points(2.25), points(None)
    ('4', '2.2', '—')
    """
    return NONE if value is None else f"{value:.1f}".removesuffix(".0")


def percent(ratio: float | None) -> str:
    """A ratio as a percentage.

    Examples
    --------
    >>> percent(0.834), percent(None)
    ('83 %', '—')
    """
    return NONE if ratio is None else f"{100 * ratio:.0f} %"


def measure(name: str, value: float | None) -> str:
    """A figure of :class:`audit.records.Measures` as its unit asks, without the unit.

    Examples
    --------
    >>> measure("talk_share_ratio", 0.47), measure("active_level_dbfs", -24.13), measure("n_interruptions", 2.0)
    ('47', '−24.1', '2')
    """
    if value is None:
        return NONE
    if name.endswith("_ratio"):
        value *= 100
    decimals = 0 if name.endswith(("_cpm", "_wpm", "_hz", "_ratio")) or name.startswith("n_") else 1
    return f"{value:.{decimals}f}".replace("-", _MINUS)


def moment(when: datetime | None, messages: Messages) -> str:
    """A date and time on the clock of its own zone."""
    if when is None:
        return messages("date_unknown")
    return f"{when:%Y-%m-%d %H:%M}"


def zone(when: datetime | None) -> str:
    """The time zone of a moment; empty where it is not known.

    Examples
    --------
    >>> zone(datetime.fromisoformat("2026-11-20T09:14:05+08:00"))
    'UTC+08:00'
    """
    offset = when.strftime("%z") if when else ""
    return f"UTC{offset[:3]}:{offset[3:5]}".replace("-", _MINUS) if offset else ""


def period(times: Iterable[datetime | None], messages: Messages) -> str:
    """First to last day of those known; empty if none is."""
    days = sorted(f"{t:%Y-%m-%d}" for t in times if t is not None)
    if not days:
        return ""
    return days[0] if days[0] == days[-1] else messages("period", first=days[0], last=days[-1])

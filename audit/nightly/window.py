"""The window of a night: when it ends."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from audit.errors import UsageError


def end_of_window(window: tuple[int, int], now: datetime, zone: ZoneInfo) -> datetime:
    """When the window that `now` lies in ends.

    Parameters
    ----------
    window : (int, int)
        Minutes of the day, local: ``(22 * 60, 6 * 60)`` passes midnight.
    now : datetime
        With a zone.
    zone : ZoneInfo

    Returns
    -------
    datetime
        On days when the clocks change it is the local time that counts.

    Raises
    ------
    UsageError
        If `now` lies outside.

    Examples
    --------
    >>> shanghai = ZoneInfo("Asia/Shanghai")
    >>> end_of_window((22 * 60, 6 * 60), datetime(2026, 3, 1, 23, 30, tzinfo=shanghai), shanghai).isoformat()
    '2026-03-02T06:00:00+08:00'
    """
    begin, end = window
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    inside = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not inside:
        said = f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
        raise UsageError(
            f"it is {local:%H:%M}, outside the window {said}", hint="start it within the window, or give --now to ignore it"
        )
    day = local.date() + timedelta(days=1 if minute >= end else 0)
    return datetime.combine(day, time(end // 60, end % 60), zone)

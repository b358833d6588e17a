"""Hold and transfer events as call-detail records and vCons carry them.

FreeSWITCH counts a leg's holds in ``hold_accum_seconds``; other systems write one column of intervals, or one with the starts
and one with the ends. vCons have ``hold`` and ``unhold`` in a dialog's ``party_history``, and dialogs of the type
``transfer`` (IETF draft-ietf-vcon-vcon-core, 4.3.13 and 4.3.14).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import Literal

from audit.ingest.values import is_no_moment, parse_moment
from audit.records import RecordedHold

WHOLE_SECOND_TOLERANCE_S = 1.0
FRACTION_TOLERANCE_S = 0.1

_MOMENTS = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[T\s_]+\d{1,2}[:时]\d{2}(?:[:分]\d{2}(?:[.,]\d{1,9})?秒?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?"
    r"|\d{8}[T\s_-]\d{6}|(?<!\d)(?:\d{16}|\d{13}|\d{10}(?:\.\d+)?)(?!\d)"
)

HoldEvent = Literal["hold", "unhold"]


def parse_moments(text: str, zone: tzinfo) -> tuple[datetime, ...]:
    """Read all moments of a cell, whatever stands between them.

    Raises
    ------
    ValueError
        If there is none in a cell that is not empty, or one is no moment.

    Examples
    --------
    >>> from datetime import UTC
    >>> [m.second for m in parse_moments("{{1794791525,1794791540}}", UTC)]
    [5, 20]
    >>> len(parse_moments("2026-11-16 09:12:40/2026-11-16 09:13:05; 2026/11/16 9:20:00", UTC))
    3
    """
    if is_no_moment(text):
        return ()
    found = tuple(parse_moment(m.group().strip(), zone) for m in _MOMENTS.finditer(text))
    if not found:
        raise ValueError(f"{text!r} holds no date and time with the year first")
    return found


def read_events(
    cell: Callable[[str], str], zone: tzinfo
) -> tuple[tuple[RecordedHold, ...], tuple[datetime, ...], tuple[str, ...]]:
    """Holds, transfers and warnings of one row of a call-detail record.

    Parameters
    ----------
    cell : callable
        The row's text for a metadata field; "" where it has none.
    zone : tzinfo
        For moments without an offset.

    Returns
    -------
    tuple
        What cannot be read is left out, with a warning: the audio still tells of it, and the row's other facts stand.
    """
    holds: tuple[RecordedHold, ...] = ()
    transferred_at: tuple[datetime, ...] = ()
    warnings: list[str] = []
    try:
        holds = holds_of_intervals(parse_moments(cell("holds"), zone)) or holds_of_columns(
            parse_moments(cell("hold_start"), zone), parse_moments(cell("hold_end"), zone)
        )
    except ValueError as e:
        warnings.append(f"the record's holds cannot be read ({e}): they are taken from the audio")
    try:
        transferred_at = parse_moments(cell("transferred_at"), zone)
    except ValueError as e:
        warnings.append(f"the record's transfer cannot be read ({e})")
    return holds, transferred_at, tuple(warnings)


def holds_of_intervals(moments: Sequence[datetime]) -> tuple[RecordedHold, ...]:
    """Pair start, end, start, end, …; a last start without an end is a hold in which the call ended.

    Raises
    ------
    ValueError
        If an end lies before its start.
    """
    return holds_of_columns(moments[::2], moments[1::2])


def holds_of_columns(starts: Sequence[datetime], ends: Sequence[datetime]) -> tuple[RecordedHold, ...]:
    """Pair the starts of one column with the ends of another; the last end may be missing.

    Raises
    ------
    ValueError
        If the counts do not go together or an end lies before its start.
    """
    if not len(ends) <= len(starts) <= len(ends) + 1:
        raise ValueError(f"{len(starts)} starts and {len(ends)} ends of holds do not go together")
    tolerance_s = FRACTION_TOLERANCE_S if any(m.microsecond for m in (*starts, *ends)) else WHOLE_SECOND_TOLERANCE_S
    holds = []
    for k, start in enumerate(starts):
        end = ends[k] if k < len(ends) else None
        if end is not None and end < start:
            raise ValueError(f"a hold from {start.isoformat()} ends before it begins, at {end.isoformat()}")
        if end is None or end > start:
            holds.append(RecordedHold(start, end, "cdr", tolerance_s))
    return tuple(sorted(holds, key=lambda h: h.start_at))


def holds_of_events(events: Sequence[tuple[datetime, int | None, HoldEvent]]) -> tuple[RecordedHold, ...]:
    """Pair the hold and unhold events of a vCon's party history, party by party.

    Parameters
    ----------
    events : sequence of (moment, index of the party, "hold" or "unhold")
        In any order. An event without a party goes with any.

    Returns
    -------
    tuple of RecordedHold
        Sorted. While one party is held the other waits, whichever of the two the writer names, so holds of two parties
        that overlap are one. A hold without an end has none; an unhold without a start is left out.
    """
    held: dict[int | None, datetime] = {}
    spans: list[tuple[datetime, datetime | None]] = []
    for at, party, event in sorted(events, key=lambda e: e[0]):
        if event == "hold":
            held.setdefault(party, at)
        elif held:
            key = party if party in held else next(iter(held)) if party is None or None in held else party
            start = held.pop(key, None)
            if start is not None and at > start:
                spans.append((start, at))
    spans += [(start, None) for start in held.values()]
    spans.sort(key=lambda s: s[0])
    merged: list[tuple[datetime, datetime | None]] = []
    for start, end in spans:
        if merged and (merged[-1][1] is None or start <= merged[-1][1]):
            last = merged[-1][1]
            merged[-1] = (merged[-1][0], None if last is None or end is None else max(last, end))
        else:
            merged.append((start, end))
    tolerance_s = FRACTION_TOLERANCE_S if any(at.microsecond for at, _, _ in events) else WHOLE_SECOND_TOLERANCE_S
    return tuple(RecordedHold(start, end, "vcon", tolerance_s) for start, end in merged)

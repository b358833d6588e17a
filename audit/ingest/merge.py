"""Join what the call-detail record, the vCon and the file name say of one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import MetadataError
from audit.ingest.filename import parse_file_name
from audit.ingest.values import safe_id
from audit.ingest.vcon import read_vcon, vcon_beside
from audit.profile import Profile
from audit.records import Metadata

if TYPE_CHECKING:
    from audit.ingest.cdr import CallDetails

#: Clocks of a switch and a recorder differ by seconds; more is another call or a wrong time zone.
MAX_START_DIFFERENCE_S = 120.0

_FILLED = (
    "agent_id", "agent_name", "customer_number", "direction", "started_at", "answered_at", "ended_at", "duration_s", "talk_s",
    "hangup_by", "agent_channel", "recording_started_at", "hold_s",
)  # fmt: skip


def find_metadata(path: Path, *, cdr: CallDetails | None, profile: Profile) -> Metadata:
    """All that is known of a recording before listening.

    The call-detail record comes first, then a vCon beside the recording, then the file name; what a better source lacks
    is filled from the next. ``source`` names the best one found.

    Parameters
    ----------
    path : Path
    cdr : CallDetails or None
    profile : Profile
        Its ``company`` becomes the variable ``company``, and its ``variables`` are defaults; columns win over both.

    Returns
    -------
    Metadata
        ``call_id`` can name a file (:func:`~audit.ingest.values.safe_id`); without any source it is the file's name
        without its extension.

    Raises
    ------
    MetadataError
        If something of this call cannot be read and no better source tells when it began.
    """
    readers: tuple[Callable[[], Metadata | None], ...] = (
        lambda: cdr.for_recording(path) if cdr else None,
        lambda: read_vcon(beside, recording=path) if (beside := vcon_beside(path)) else None,
        lambda: parse_file_name(path, profile),
    )
    merged: Metadata | None = None
    warnings: list[str] = []
    for read in readers:
        try:
            found = read()
        except MetadataError as e:
            if merged is None or merged.started_at is None:
                raise
            warnings.append(e.message)
            continue
        if found is not None:
            merged = found if merged is None else _filled(merged, found)
    if merged is None:
        merged = Metadata(call_id="")
    merged = _in_local_time(merged, profile)
    variables = {**profile.variables, **merged.variables}
    if profile.company and "company" not in merged.variables:
        variables["company"] = profile.company
    return replace(
        merged,
        call_id=safe_id(merged.call_id or path.stem),
        variables=variables,
        warnings=(*merged.warnings, *warnings),
    )


def _in_local_time(metadata: Metadata, profile: Profile) -> Metadata:
    """Times written in UTC, as a vCon's are, in the profile's zone; without one the local hour is not known."""
    names = ("started_at", "answered_at", "ended_at", "recording_started_at")
    in_utc = {n: t for n in names if (t := getattr(metadata, n)) is not None and t.tzinfo == UTC}
    if "started_at" not in in_utc:
        return metadata
    if profile.time_zone is None:
        return replace(metadata, utc_only=True)
    return replace(metadata, **{n: t.astimezone(profile.zone()) for n, t in in_utc.items()})


def _filled(better: Metadata, other: Metadata) -> Metadata:
    """The better source's facts, its gaps filled from the other; disagreements become warnings."""
    warnings = list(other.warnings)
    if better.started_at and other.started_at:
        apart_s = abs((better.started_at - other.started_at).total_seconds())
        if apart_s > MAX_START_DIFFERENCE_S:
            warnings.append(
                f"the {_NAMES[better.source]} says the call began at {better.started_at.isoformat()}, "
                f"the {_NAMES[other.source]} at {other.started_at.isoformat()}: check the time zone; the first was used"
            )
    a, b = better.call_id, other.call_id
    if a and b and a not in b and b not in a:
        warnings.append(f"the {_NAMES[better.source]} calls this {a}, the {_NAMES[other.source]} {b}; the first was used")
    facts = {name: getattr(other, name) for name in _FILLED if getattr(better, name) is None}
    if better.ring_s is None:
        facts |= {"ring_s": other.ring_s, "ring_tolerance_s": other.ring_tolerance_s}
    return replace(
        better,
        call_id=a or b,
        holds=better.holds or other.holds,
        transferred_at=better.transferred_at or other.transferred_at,
        variables={**other.variables, **better.variables},
        warnings=(*better.warnings, *warnings),
        **facts,
    )


_NAMES = {"cdr": "call-detail record", "vcon": "vCon", "file_name": "file name", "none": "nothing"}

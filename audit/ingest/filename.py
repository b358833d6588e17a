"""What a recording's own name tells: a pattern of the profile, else FreePBX's."""

from __future__ import annotations

import re
from pathlib import Path

from audit.errors import MetadataError
from audit.ingest.values import direction_of_numbers, parse_direction, parse_moment, parse_party, parse_seconds
from audit.profile import METADATA_FIELDS, Profile
from audit.records import Metadata

#: FreePBX: kind, the number called, the number calling, moment, unique id of the channel.
FREEPBX_PATTERN = re.compile(
    r"(?P<kind>in|out|external|internal|exten|force|q|queue|rg|group|ondemand|g)-(?P<dst>[^-]+)-(?P<src>[^-]+)"
    r"-(?P<date>\d{8})-(?P<time>\d{6})-(?P<call_id>\d{9,11}\.\d+)"
)
_DIRECTIONS = {
    "in": "inbound", "external": "inbound", "q": "inbound", "queue": "inbound", "rg": "inbound", "group": "inbound",
    "g": "inbound", "out": "outbound", "internal": "internal", "exten": "internal",
}  # fmt: skip


def parse_file_name(path: Path, profile: Profile) -> Metadata | None:
    """Read the facts that a file name holds.

    Parameters
    ----------
    path : Path
        Only its name without the extension is looked at.
    profile : Profile
        ``file_name_pattern`` is searched for in it first. Its named groups are metadata fields (``started_at``, or
        ``date`` and ``time``, ``call_id``, ``agent_id`` …); other groups become variables.

    Returns
    -------
    Metadata or None
        None where neither pattern matches.

    Raises
    ------
    MetadataError
        If the pattern matches and a value in it cannot be read.

    Examples
    --------
    >>> m = parse_file_name(Path("out-13900004471-1001-20261116-091200-1794791520.42.wav"), Profile())
    >>> m.direction, m.agent_id, m.customer_number, m.started_at.isoformat()
    ('outbound', '1001', '13900004471', '2026-11-16T09:12:00+08:00')
    """
    stem = path.stem.encode("utf-8", "backslashreplace").decode()
    if profile.file_name_pattern:
        match = re.search(profile.file_name_pattern, stem)
        if match:
            return _from_groups(path, {k: v for k, v in match.groupdict().items() if v}, profile)
    match = FREEPBX_PATTERN.fullmatch(stem)
    return _from_freepbx(path, match.groupdict(), profile) if match else None


def _from_freepbx(path: Path, groups: dict[str, str], profile: Profile) -> Metadata:
    """Who is whose number follows from the kind; queues and ring groups stand for no one agent."""
    kind, source, destination = groups["kind"], groups["src"], groups["dst"]
    direction = _DIRECTIONS.get(kind) or direction_of_numbers(source, destination)
    facts = dict(groups)
    if direction == "outbound":
        facts |= {"agent_id": source, "customer_number": destination}
    elif direction == "inbound":
        facts |= {"customer_number": source}
        if kind not in ("q", "queue", "rg", "group", "g"):
            facts |= {"agent_id": destination}
    if direction:
        facts["direction"] = direction
    return _from_groups(path, facts, profile)


def _from_groups(path: Path, groups: dict[str, str], profile: Profile) -> Metadata:
    zone = profile.zone()

    def failed(field: str, e: Exception) -> MetadataError:
        return MetadataError(f"{path}: the file name's {field}: {e}", hint="correct file_name_pattern in the profile")

    moments = {}
    for field in ("started_at", "answered_at", "ended_at"):
        if field in groups:
            try:
                moments[field] = parse_moment(groups[field], zone)
            except (ValueError, OverflowError) as e:
                raise failed(field, e) from e
    if "started_at" not in moments and "date" in groups and "time" in groups:
        try:
            moments["started_at"] = parse_moment(f"{groups['date']} {groups['time']}", zone)
        except (ValueError, OverflowError) as e:
            raise failed("date and time", e) from e
    seconds = {}
    for field in ("ring_s", "duration_s", "talk_s"):
        if field in groups:
            try:
                seconds[field] = parse_seconds(groups[field])
            except ValueError as e:
                raise failed(field, e) from e
    channel = groups.get("agent_channel")
    if channel is not None and channel not in ("0", "1"):
        raise failed("agent_channel", ValueError(f"a channel is 0 or 1, not {channel!r}"))
    direction = parse_direction(groups.get("direction", ""))
    return Metadata(
        call_id=groups.get("call_id", ""),
        agent_id=groups.get("agent_id"),
        agent_name=groups.get("agent_name"),
        customer_number=groups.get("customer_number"),
        direction=direction,
        started_at=moments.get("started_at"),
        answered_at=moments.get("answered_at"),
        ended_at=moments.get("ended_at"),
        ring_s=seconds.get("ring_s"),
        ring_tolerance_s=1.0 if "ring_s" in seconds else None,
        duration_s=seconds.get("duration_s"),
        talk_s=seconds.get("talk_s"),
        hangup_by=parse_party(groups.get("hangup_by", ""), direction),
        agent_channel=int(channel) if channel is not None else None,
        source="file_name",
        variables={k: v for k, v in groups.items() if k not in METADATA_FIELDS},
    )

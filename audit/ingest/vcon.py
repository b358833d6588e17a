"""vCon files (IETF draft-ietf-vcon-vcon-core) beside a recording: who talked, in which direction, since when."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.errors import MetadataError
from audit.ingest.events import HoldEvent, holds_of_events
from audit.ingest.values import is_no_moment, parse_direction, parse_moment
from audit.records import Metadata, RecordedHold

#: Moments of vCons are RFC 3339 with fractions; what is left is the switch's own delay.
TOLERANCE_S = 0.1

_ROLES = {
    "agent": ("agent", "operator", "employee", "contact handler", "handler", "坐席", "客服"),
    "customer": ("customer", "client", "caller", "consumer", "contact", "客户", "用户"),
}


def vcon_beside(recording: Path) -> Path | None:
    """The vCon of a recording: ``<stem>.vcon.json``, ``<stem>.vcon``, or ``<stem>.json`` where that is a vCon."""
    for suffix in (".vcon.json", ".vcon"):
        path = recording.with_name(recording.stem + suffix)
        if path.is_file():
            return path
    path = recording.with_name(recording.stem + ".json")
    if path.is_file():
        try:
            data = json.loads(path.read_text("utf-8-sig"))
        except (OSError, ValueError):
            return None  # somebody else's file; a vCon has a name of its own
        if isinstance(data, dict) and ("vcon" in data or {"parties", "dialog"} <= data.keys()):
            return path
    return None


def read_vcon(path: Path, *, recording: Path | None = None) -> Metadata:
    """Read the facts of a call from a vCon.

    Parties are told apart by ``role``, or by ``meta.role`` as older writers have it. Moments without an offset are taken
    as UTC, which is what the vCon library itself writes. Party history (``join``, ``drop``) gives the answer and the
    side that hung up, and its ``hold`` and ``unhold`` the holds; dialogs of the type ``transfer`` give the transfers.
    Somebody muted is not on hold.

    Parameters
    ----------
    path : Path
    recording : Path, optional
        Picks the dialog that names this file, where there are several; else the first recording.

    Returns
    -------
    Metadata
        ``source`` is "vcon". The customer's name is the variable ``customer_name``; tags become variables.

    Raises
    ------
    MetadataError
        If the file is no vCon, is encrypted, or holds a moment that cannot be read.
    """
    data = _load(path)
    parties = [_as_dict(p) for p in data.parties]
    dialogs = [_as_dict(d) for d in data.dialog]
    dialog = _dialog(dialogs, recording)
    roles = [_role(p) for p in parties]
    agent = next((p for p, r in zip(parties, roles, strict=True) if r == "agent"), {})
    customer = next((p for p, r in zip(parties, roles, strict=True) if r == "customer"), {})
    meta = _as_dict(dialog.get("meta"))
    direction = parse_direction(_text(meta, "direction") or _text(dialog, "direction"))
    if direction is None:
        direction = _direction_of_originator(dialog, roles)
    started_at = _moment(path, dialog, "start")
    duration_s = dialog.get("duration")
    if duration_s is not None and not (isinstance(duration_s, (int, float)) and duration_s >= 0):
        raise MetadataError(f"{path}: the dialog's duration {duration_s!r} is no count of seconds", hint="correct the vCon")
    answered_at, ended_at, hangup_by = _history(path, dialog, roles)
    ring_s = (answered_at - started_at).total_seconds() if answered_at and started_at and answered_at >= started_at else None
    variables = {k: str(v) for k, v in meta.items() if k != "direction" and isinstance(v, (str, int, float))}
    variables.update(_tags(data.to_dict()))
    if _text(customer, "name"):
        variables["customer_name"] = _text(customer, "name")
    return Metadata(
        call_id=str(data.to_dict().get("uuid") or ""),
        agent_id=next((t for k in ("id", "uuid", "mailto", "tel", "name") if (t := _text(agent, k))), None),
        agent_name=_text(agent, "name") or None,
        customer_number=_text(customer, "tel").removeprefix("tel:") or None,
        direction=direction,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        ring_s=ring_s,
        ring_tolerance_s=TOLERANCE_S if ring_s is not None else None,
        duration_s=float(duration_s) if duration_s is not None else None,
        hangup_by=hangup_by,
        source="vcon",
        variables=variables,
        recording_started_at=started_at if dialog.get("type") == "recording" else None,
        holds=_holds(path, dialog),
        transferred_at=_transfers(path, dialogs, dialog),
    )


def _load(path: Path) -> Any:
    """The vCon as the library's object."""
    # Its signing library announces its successor at import, through a filter that it sets itself.
    with warnings.catch_warnings(record=True):
        from vcon import Vcon  # takes 0.4 s to import, and most runs meet no vCon
    try:
        text = path.read_text("utf-8-sig")
        raw = json.loads(text)
        if isinstance(raw, dict) and ("ciphertext" in raw or "payload" in raw) and "parties" not in raw:
            raise MetadataError(
                f"{path}: the vCon is signed or encrypted as a whole", hint="place the plain vCon beside the recording"
            )
        if not isinstance(raw, dict) or not isinstance(raw.get("parties"), list) or not isinstance(raw.get("dialog"), list):
            raise MetadataError(f"{path}: not a vCon: it has no lists of parties and dialog", hint="correct or remove it")
        return Vcon.build_from_json(text)
    except OSError as e:
        raise MetadataError(f"{path}: cannot read the vCon: {e.strerror}", hint="check its permissions") from e
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as e:
        raise MetadataError(f"{path}: not a vCon that can be read: {e}", hint="correct or remove it") from e


def _as_dict(value: Any) -> dict[str, Any]:
    """A mapping, or an object of the library as one."""
    if isinstance(value, Mapping):
        return dict(value)
    return dict(vars(value)) if hasattr(value, "__dict__") else {}


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value.strip() if isinstance(value, str) else ""


def _role(party: Mapping[str, Any]) -> str | None:
    """agent, customer, or None."""
    meta = _as_dict(party.get("meta"))
    word = (_text(party, "role") or _text(meta, "role")).lower()
    return next((role for role, words in _ROLES.items() if word in words), None)


def _dialog(dialogs: list[dict[str, Any]], recording: Path | None) -> dict[str, Any]:
    """The dialog of this recording, else the first recording, else the first of any kind."""
    recordings = [d for d in dialogs if d.get("type") == "recording"]
    if recording is not None:
        for d in recordings:
            if Path(_text(d, "filename")).stem == recording.stem and recording.stem:
                return d
    return next(iter(recordings or dialogs), {})


def _direction_of_originator(dialog: Mapping[str, Any], roles: list[str | None]) -> str | None:
    """Inbound where the customer is the originator: the party named so, else the first of the dialog (the draft's order)."""
    who = dialog.get("originator")
    if who is None and isinstance(dialog.get("parties"), list) and dialog["parties"]:
        who = dialog["parties"][0]
    role = roles[who] if isinstance(who, int) and 0 <= who < len(roles) else None
    return {"customer": "inbound", "agent": "outbound"}.get(role or "")


def _moment(path: Path, mapping: Mapping[str, Any], key: str) -> datetime | None:
    value = mapping.get(key)
    if value is None or is_no_moment(str(value)):
        return None
    try:
        return parse_moment(str(value), UTC)
    except (ValueError, OverflowError) as e:
        raise MetadataError(f"{path}: {key}: {e}", hint="correct the vCon") from e


def _history(
    path: Path, dialog: Mapping[str, Any], roles: list[str | None]
) -> tuple[datetime | None, datetime | None, str | None]:
    """Answer, end and who hung up, as the party history tells."""
    answered_at: datetime | None = None
    drops: list[tuple[datetime, str | None]] = []
    history = dialog.get("party_history")
    for event in map(_as_dict, history if isinstance(history, list) else []):
        at, who = _moment(path, event, "time"), event.get("party")
        role = roles[who] if isinstance(who, int) and 0 <= who < len(roles) else None
        if at is None:
            continue
        if event.get("event") == "join" and role == "agent" and (answered_at is None or at < answered_at):
            answered_at = at
        elif event.get("event") == "drop":
            drops.append((at, role))
    if not drops:
        return answered_at, None, None
    drops.sort(key=lambda d: d[0])
    # Both legs stamped alike: the switch dropped them together and nobody can be named.
    first_is_alone = len(drops) == 1 or drops[0][0] < drops[1][0]
    return answered_at, drops[-1][0], drops[0][1] if first_is_alone else None


def _holds(path: Path, dialog: Mapping[str, Any]) -> tuple[RecordedHold, ...]:
    """Holds by the party history."""
    history = dialog.get("party_history")
    events = [
        (at, who if isinstance(who := event.get("party"), int) else None, name)
        for event in map(_as_dict, history if isinstance(history, list) else [])
        for name in _HOLD_EVENTS
        if event.get("event") == name and (at := _moment(path, event, "time")) is not None
    ]
    return holds_of_events(events)


_HOLD_EVENTS: tuple[HoldEvent, ...] = ("hold", "unhold")


def _transfers(path: Path, dialogs: list[dict[str, Any]], dialog: Mapping[str, Any]) -> tuple[datetime, ...]:
    """When this dialog was transferred, or began by a transfer; one that names no dialogs is taken to mean it."""
    found = []
    for d in dialogs:
        named = [i for k in ("original", "target_dialog", "target-dialog", "consultation") if isinstance(i := d.get(k), int)]
        own = not named or any(0 <= i < len(dialogs) and dialogs[i] is dialog for i in named)
        if d.get("type") == "transfer" and own and (at := _moment(path, d, "start")) is not None:
            found.append(at)
    return tuple(sorted(found))


def _tags(data: Mapping[str, Any]) -> dict[str, str]:
    """Tags, which vCon keeps as an attachment of ``name:value`` lines."""
    tags: dict[str, str] = {}
    for attachment in map(_as_dict, data.get("attachments") or []):
        body = attachment.get("body")
        if attachment.get("type") != "tags" and attachment.get("purpose") != "tags":
            continue
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                continue
        for line in body if isinstance(body, list) else []:
            name, colon, value = str(line).partition(":")
            if colon and name and value:
                tags[name.strip()] = value.strip()
    return tags

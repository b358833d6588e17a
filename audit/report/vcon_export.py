"""A call as a vCon (IETF draft-ietf-vcon-vcon-core): its parties, the recording by reference, the transcript as an analysis."""

from __future__ import annotations

import json
import uuid
import warnings
from datetime import datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from audit import __version__
from audit.contract import SCHEMA, transcript_to_json
from audit.errors import MetadataError
from audit.records import CallRecord

#: Of the core draft whose parameter names are used (``mediatype``, ``content_hash``).
VCON_VERSION = "0.4.0"
#: Media types of recordings by their file's ending; the first of those that the vCon library accepts.
MEDIA_TYPES = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".oga": "audio/ogg",
    ".webm": "audio/webm", ".m4a": "audio/x-m4a", ".mp4": "audio/x-m4a", ".aac": "audio/aac", ".flac": "audio/flac",
}  # fmt: skip
_AGENT, _CUSTOMER = 0, 1


def to_vcon(record: CallRecord, *, content_hash: str, created_at: datetime) -> str:
    """Write a call with a transcript as a vCon.

    The recording is referred to by its file name and the hash of its bytes. The transcript is an analysis of the type
    "transcript" with the body of the published form, ``callaudit.call/1``. The id follows from the recording and the call,
    so that writing twice gives the same vCon.

    Parameters
    ----------
    record : CallRecord
        With a transcript and a start.
    content_hash : str
        Of the recording, as the draft writes it: ``sha512-`` and base64url.
    created_at : datetime
        With a time zone.

    Returns
    -------
    str
        JSON.

    Raises
    ------
    MetadataError
        If it is not known when the call began, which a vCon has to say, or the vCon library finds a fault.
    ValueError
        If there is no transcript.
    """
    # Its signing library announces its successor at import, through a filter that it sets itself.
    with warnings.catch_warnings(record=True):
        from vcon import Vcon
    if record.transcript is None:
        raise ValueError("a call without a transcript")
    begun_at = record.metadata.recording_started_at or record.metadata.started_at
    if begun_at is None:
        raise MetadataError(
            f"{record.recording.path}: it is not known when the call began, and a vCon has to say so",
            hint="name the record with --cdr, or the file's pattern in the profile; or use --format json",
        )
    data = {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"callaudit:{record.recording.sha256}:{record.call_id}")),
        "vcon": VCON_VERSION,
        "created_at": created_at.isoformat(),
        "subject": record.call_id,
        "parties": _parties(record),
        "dialog": [_dialog(record, begun_at, content_hash)],
        "analysis": [
            {
                "type": "transcript",
                "dialog": 0,
                "vendor": "callaudit",
                "product": f"callaudit {record.tool_version or __version__}",
                "schema": SCHEMA,
                "mediatype": "application/json",
                "encoding": "json",
                "body": json.dumps(transcript_to_json(record.transcript), ensure_ascii=False),
            }
        ],
        "attachments": [],
    }
    made = Vcon(data)
    # The library's list of media types is shorter than that of recordings that can be audited.
    faults = [fault for fault in made.is_valid()[1] if "mimetype" not in fault]
    if faults:
        raise MetadataError(f"{record.recording.path}: no vCon can be made: {'; '.join(faults)}", hint="use --format json")
    return json.dumps(made.to_dict(), ensure_ascii=False, indent=1) + "\n"


def _parties(record: CallRecord) -> list[dict[str, Any]]:
    metadata = record.metadata
    agent = {"name": metadata.agent_name, "id": metadata.agent_id, "role": "agent"}
    customer = {"tel": metadata.customer_number, "name": metadata.variables.get("customer_name"), "role": "customer"}
    return [{k: v for k, v in party.items() if v} for party in (agent, customer)]


def _dialog(record: CallRecord, begun_at: datetime, content_hash: str) -> dict[str, Any]:
    path = PurePath(record.recording.path)
    media_type = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
    dialog: dict[str, Any] = {
        "type": "recording",
        "start": begun_at.isoformat(),
        "duration": round(record.recording.duration_s, 3),
        "parties": [_AGENT, _CUSTOMER],
        "mediatype": media_type,
        "mimetype": media_type,
        "filename": path.name,
        "url": quote(path.name),
        "content_hash": content_hash,
    }
    originator = {"inbound": _CUSTOMER, "outbound": _AGENT}.get(record.metadata.direction or "")
    return dialog if originator is None else {**dialog, "originator": originator}

"""The transcript in a vCon: the body of an analysis, in whatever form its vendor gave it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from audit.errors import MetadataError
from audit.ingest.transcripts.values import label, mappings, number, text
from audit.ingest.values import parse_moment

#: Types of analysis that hold a transcript: the core draft's word, that of servers, and the extension's.
_TYPES = ("transcript", "transcription", "wtf_transcription", "wtf-transcription")


def is_vcon(data: Any) -> bool:
    """Whether this JSON is a vCon."""
    return isinstance(data, Mapping) and ("vcon" in data or {"parties", "dialog"} <= data.keys()) and "schema" not in data


def vcon_transcript(
    path: Path, data: Mapping[str, Any], recording: Path | None, *, is_known: Callable[[Any], bool]
) -> tuple[Any, tuple[str | None, ...], str | None]:
    """The body of the transcript, what the parties are called, and the vendor.

    Of several the first that holds times is taken, callaudit's own before others; of several dialogs only analyses of the
    recording's are looked at.

    Parameters
    ----------
    path : Path
        For messages.
    data : mapping
        The vCon.
    recording : Path or None
    is_known : callable
        Whether a body can be read.

    Raises
    ------
    MetadataError
        If it holds no transcript with times.
    """
    parties = tuple(_party_name(p) for p in mappings(data.get("parties")))
    wanted = _dialog_index(mappings(data.get("dialog")), recording)
    found = [a for a in mappings(data.get("analysis")) if text(a, "type").casefold() in _TYPES and _is_of(a, wanted)]
    found.sort(key=lambda a: text(a, "vendor").casefold() != "callaudit")
    problems: list[str] = []
    for analysis in found:
        body = _in_seconds(_body(analysis), mappings(data.get("dialog")), analysis)
        if is_known(body):
            return body, parties, label(analysis, "product", "vendor")
        problems.append("text without times" if isinstance(body, str) else "a form that is not known")
    what = f"its transcript is {problems[0]}" if problems else "it holds no transcript"
    raise MetadataError(f"{path}: {what}", hint="add an analysis of the type transcript whose segments have times")


def _party_name(party: Mapping[str, Any]) -> str | None:
    """The role of a party, else its name."""
    meta = party.get("meta")
    return label(party, "role") or (label(meta, "role") if isinstance(meta, Mapping) else None) or label(party, "name")


def _dialog_index(dialogs: list[Mapping[str, Any]], recording: Path | None) -> int | None:
    """The dialog of the recording, by its file name; None where there is only one or none is named so."""
    if recording is None or len(dialogs) < 2:
        return None
    return next((i for i, d in enumerate(dialogs) if Path(text(d, "filename")).stem == recording.stem), None)


def _is_of(analysis: Mapping[str, Any], dialog: int | None) -> bool:
    of = analysis.get("dialog")
    return dialog is None or of is None or of == dialog or (isinstance(of, list) and dialog in of)


def _in_seconds(body: Any, dialogs: list[Mapping[str, Any]], analysis: Mapping[str, Any]) -> Any:
    """Segments that begin at a moment, as the core draft's own example has them, in seconds of their dialog."""
    of = analysis.get("dialog")
    index = of[0] if isinstance(of, list) and of else of
    dialog = dialogs[index] if isinstance(index, int) and 0 <= index < len(dialogs) else {}
    segments = mappings(body)
    if not segments or any(not _is_moment(text(s, "start")) for s in segments) or not _is_moment(text(dialog, "start")):
        return body
    begun_at = parse_moment(text(dialog, "start"), UTC)
    out = []
    for segment in segments:
        start_s = (parse_moment(text(segment, "start"), UTC) - begun_at).total_seconds()
        end_s = start_s + number(segment.get("duration"))
        out.append({**segment, "start": start_s, "end": end_s})
    return out


def _is_moment(value: str) -> bool:
    try:
        parse_moment(value, UTC)
    except (ValueError, OverflowError):
        return False
    return not value.replace(".", "").isdigit()


def _body(analysis: Mapping[str, Any]) -> Any:
    """The body, decoded where it is JSON within text or base64url."""
    body = analysis.get("body")
    if not isinstance(body, str):
        return body
    if text(analysis, "encoding").casefold() == "base64url":
        try:
            body = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode("utf-8")
        except (binascii.Error, ValueError):
            return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body

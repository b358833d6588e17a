"""Any transcript that can be imported, by what is in the file, not by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.contract import SCHEMA
from audit.errors import MetadataError
from audit.ingest.text import decode_text
from audit.ingest.transcripts.amazon import call_analytics_lines, is_call_analytics, is_transcribe, transcribe_lines
from audit.ingest.transcripts.lines import ImportedTranscript, Line, assemble, language_of
from audit.ingest.transcripts.segments import (
    deepgram_lines,
    is_deepgram,
    is_segments,
    is_world_format,
    segment_lines,
)
from audit.ingest.transcripts.subtitles import is_srt, is_vtt, subtitle_lines, vtt_says
from audit.ingest.transcripts.table import is_table, table_lines
from audit.ingest.transcripts.values import label, mappings, text
from audit.ingest.transcripts.vcon_body import is_vcon, vcon_transcript

#: Ten hours of words with times take some ten megabytes as JSON.
MAX_BYTES = 64 << 20
#: What can be read, for messages.
KINDS = "a vCon with a transcript, JSON of Amazon Transcribe, Deepgram or Whisper, WTF, SRT, WebVTT, CSV, callaudit's JSON"
_NEXT = "export it again as one of these, or remove it to have the call recognised"


def read_transcript(path: Path, *, recording: Path | None = None, language: str | None = None) -> ImportedTranscript:
    """Read a transcript that was made elsewhere.

    The format is told by the content: vCon with an analysis of the type transcript, Amazon Transcribe and its Call
    Analytics, Deepgram, Whisper and its kin, the World Transcription Format, SubRip, WebVTT, CSV, and callaudit's own
    JSON (a stored call, or a transcript alone). Text is UTF-8, UTF-16 or GB18030.

    Parameters
    ----------
    path : Path
    recording : Path, optional
        Picks the dialog of a vCon that holds several.
    language : str, optional
        For files that name none; without it the writing decides between "zh" and "en".

    Returns
    -------
    ImportedTranscript
        Turns sorted by start. Words only where the file gives each its own times and confidence.

    Raises
    ------
    MetadataError
        If the file cannot be read, is cut off or none of the formats, holds no words, or has a time that no recording has.
    """
    text_ = _text(path)
    if text_.lstrip()[:1] in ("{", "["):
        return _from_json(path, text_, recording, language)
    if is_vtt(text_):
        lines = subtitle_lines(path, text_)
        return assemble(
            path, "vtt", lines, language=vtt_says(text_, "language") or language, maker=_maker(vtt_says(text_, "model"))
        )
    if is_srt(text_):
        return assemble(path, "srt", subtitle_lines(path, text_), language=language)
    if is_table(text_) or path.suffix.lower() in (".csv", ".tsv"):
        lines, named = table_lines(path, text_)
        return assemble(path, "csv", lines, language=named or language)
    raise MetadataError(f"{path}: no transcript that is known: it can be {KINDS}", hint=_NEXT)


def json_holds_transcript(data: Any) -> bool:
    """Whether JSON is one of the kinds that can be read; a vCon only where it holds a transcript."""
    if is_vcon(data):
        return any("transcri" in text(a, "type").lower() for a in mappings(data.get("analysis")))
    return _is_body(data)


def _is_body(data: Any) -> bool:
    """Whether JSON is a transcript outside of a vCon."""
    return _is_own(data) or is_call_analytics(data) or is_transcribe(data) or is_deepgram(data) or is_segments(data)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MetadataError(f"{path}: too large for a transcript of a call", hint="name the transcript, not the recording")
        data = path.read_bytes()
    except OSError as e:
        raise MetadataError(
            f"{path}: cannot read the transcript: {e.strerror}", hint="check the path and its permissions"
        ) from e
    found = decode_text(data)
    if found is None:
        raise MetadataError(f"{path}: the text is neither UTF-8, UTF-16 nor GB18030", hint="save it as UTF-8")
    if not found.strip():
        raise MetadataError(f"{path}: the file is empty", hint="export the transcript again, or remove the file")
    return found


def _from_json(path: Path, text_: str, recording: Path | None, language: str | None) -> ImportedTranscript:
    try:
        data = json.loads(text_)
    except (ValueError, RecursionError) as e:
        raise MetadataError(f"{path}: not whole JSON: {e}", hint="the file may be cut off: export or copy it again") from e
    if is_vcon(data):
        body, names, vendor = vcon_transcript(path, data, recording, is_known=_is_body)
        kind, lines, named, maker = _lines(body, names) or ("", [], None, None)
        return assemble(path, f"vcon-{kind}", lines, language=named or language, maker=maker or vendor)
    found = _lines(data, ())
    if found is None:
        raise MetadataError(f"{path}: JSON, but no transcript that is known: it can be {KINDS}", hint=_NEXT)
    kind, lines, named, maker = found
    return assemble(path, kind, lines, language=named or language, maker=maker)


def _lines(data: Any, names: tuple[str | None, ...]) -> tuple[str, list[Line], str | None, str | None] | None:
    """Kind, lines, language and maker of JSON; None where it is no transcript."""
    if _is_own(data):
        return _own(data)
    if is_call_analytics(data):
        return "amazon-call-analytics", call_analytics_lines(data), label(data, "LanguageCode"), None
    if is_transcribe(data):
        return "amazon-transcribe", transcribe_lines(data), label(data["results"], "language_code"), None
    if is_deepgram(data):
        return "deepgram", deepgram_lines(data), _deepgram_language(data), None
    if is_world_format(data):
        meta = data.get("metadata")
        maker = label(meta, "model", "provider") if isinstance(meta, Mapping) else None
        return "wtf", segment_lines(data, names), label(data["transcript"], "language"), maker
    if is_segments(data):
        said = data if isinstance(data, Mapping) else {}
        return "segments", segment_lines(data, names), label(said, "language", "language_code"), label(said, "model")
    return None


def _deepgram_language(data: Mapping[str, Any]) -> str | None:
    results = data.get("results")
    channels = mappings(results.get("channels")) if isinstance(results, Mapping) else []
    first = channels[0] if channels else {}
    return label(first, "detected_language", "language") or label(data, "detected_language", "language")


def _is_own(data: Any) -> bool:
    """Whether this is a stored call of callaudit, or the transcript of one."""
    if not isinstance(data, Mapping):
        return False
    return data.get("schema") == SCHEMA or (isinstance(data.get("turns"), list) and "language" in data and "model" in data)


def _own(data: Mapping[str, Any]) -> tuple[str, list[Line], str | None, str | None]:
    """A transcript of callaudit's own form; a stored call without one has no lines."""
    body = data.get("transcript") if data.get("schema") == SCHEMA else data
    body = body if isinstance(body, Mapping) else {}
    lines = segment_lines({"segments": body.get("turns")})
    return "callaudit", lines, language_of(label(body, "language")), _maker(label(body, "model"))


def _maker(model: str | None) -> str | None:
    """The recogniser's name in what callaudit wrote; of a transcript that was itself imported, what it came from."""
    return (model or "").removeprefix("imported:") or None

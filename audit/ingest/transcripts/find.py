"""The transcript of a recording, by its name."""

from __future__ import annotations

import json
from pathlib import Path

from audit.errors import UsageError
from audit.ingest.text import decode_text

#: Endings in place of the recording's own, or behind its whole name, best first: words with times before lines.
SUFFIXES = (
    ".transcript.json", ".vcon.json", ".vcon", ".wtf.json", ".json", ".vtt", ".srt", ".transcript.csv", ".csv",
)  # fmt: skip


def find_transcript(recording: Path, where: Path | None) -> Path | None:
    """Look for the transcript that belongs to a recording.

    Parameters
    ----------
    recording : Path
        ``call.wav``, whose transcript is ``call.vtt``, ``call.transcript.json``, ``call.wav.json`` and so on; a vCon or
        another JSON file of that name counts where it holds a transcript.
    where : Path or None
        A folder; None looks beside the recording.

    Returns
    -------
    Path or None
        Not read but for JSON. A file of that name in a folder of transcripts that is cut off counts, so that reading it
        says what is wrong; beside a recording such a file may be anything.
    """
    folder = recording.parent if where is None else where
    for suffix in SUFFIXES:
        for name in (recording.stem + suffix, recording.name + suffix):
            path = folder / name
            if path.is_file() and _counts(path, suffix, beside=where is None):
                return path
    return None


def find_voices(recording: Path, where: Path | None) -> Path | None:
    """Look for an RTTM file that tells the voices of a recording apart, in the same places.

    Parameters
    ----------
    recording : Path
        ``call.wav``, whose voices are in ``call.rttm`` or ``call.wav.rttm``.
    where : Path or None
        A folder; None looks beside the recording.
    """
    folder = recording.parent if where is None else where
    paths = (folder / f"{name}.rttm" for name in (recording.stem, recording.name))
    return next((p for p in paths if p.is_file()), None)


def transcripts_folder(text: str | None) -> Path | None:
    """The folder of ``--transcripts``; None for "beside".

    Raises
    ------
    UsageError
        If it is no folder.
    """
    if text is None or text == "beside":
        return None
    path = Path(text)
    if not path.is_dir():
        raise UsageError(f"{path}: no folder of transcripts", hint="name a folder, or beside for files next to the recordings")
    return path


def _counts(path: Path, suffix: str, *, beside: bool) -> bool:
    """Whether a file of the right name is a transcript, as far as that can be told without reading all of it."""
    if suffix in (".transcript.json", ".wtf.json") or not suffix.endswith(("json", ".vcon")):
        return suffix != ".csv" or not beside or _is_table(path)
    from audit.ingest.transcripts.read import json_holds_transcript  # with all forms it knows, which few runs need

    try:
        return json_holds_transcript(json.loads(decode_text(path.read_bytes()) or ""))
    except (OSError, ValueError, RecursionError):
        return not beside


def _is_table(path: Path) -> bool:
    from audit.ingest.transcripts.table import is_table

    try:
        return is_table(decode_text(path.read_bytes()) or "")
    except OSError:
        return False

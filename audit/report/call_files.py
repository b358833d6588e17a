"""Pages of single calls, each written once for as long as nothing about it changes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import audit
from audit.archive import is_there
from audit.contract import call_to_json
from audit.report.files import write_beside
from audit.report.html import render_call, templates_sha256
from audit.report.inputs import ReportedCall, ReportSettings
from audit.report.messages import load_messages
from audit.report.naming import call_stem
from audit.report.sheet_context import Around

if TYPE_CHECKING:
    from audit.report.sounds import Sounds

#: Beside ``scorecards``.
FOLDER = "call-pages"
_MADE_FROM = re.compile(rb'<meta name="callaudit-made-from" content="([0-9a-f]{64})">')
_LINK = re.compile(rb"call-pages/([^\"'#?<>\s]+)\.html")
#: The page says within so many bytes what it was made from.
_HEAD_BYTES = 4096


def call_address(call_id: str) -> str:
    """Where the page of a call lies, as seen from a scorecard.

    Examples
    --------
    >>> call_address("1732065245.118"), call_address("通话 1")
    ('../call-pages/1732065245.118.html', '../call-pages/%E9%80%9A%E8%AF%9D%201.html')
    """
    return f"../{FOLDER}/{quote(call_stem(call_id))}.html"


def call_file(out: Path, call_id: str) -> Path:
    """The file that it is in."""
    return out / FOLDER / f"{call_stem(call_id)}.html"


def write_call(
    out: Path,
    call: ReportedCall,
    *,
    agent: str,
    home: str,
    settings: ReportSettings,
    around: tuple[Around, ...] = (),
    sounds: Sounds | None = None,
) -> bool:
    """Write the page of one call, unless it stands there made from the same.

    Parameters
    ----------
    out : Path
        Of the report.
    call : ReportedCall
    agent : str
        As a reader calls the agent.
    home : str
        Address of the agent's scorecard, as seen from the page.
    settings : ReportSettings
    around : tuple of Around
        What came before the call and after it.
    sounds : Sounds, optional
        Sound that was taken already.

    Returns
    -------
    bool
        Whether it was written.
    """
    path = call_file(out, call.record.call_id)
    made_from = _fingerprint(call, agent, home, settings, around)
    if _made_from(path) == made_from:
        return False
    from audit.report.call_sheet import call_sheet  # with NumPy and sound, which a report of measures gets by without

    messages = load_messages(settings.lang)
    sheet = call_sheet(
        call, agent=agent, home=home, made_from=made_from, messages=messages, settings=settings, around=around, sounds=sounds
    )
    path.parent.mkdir(exist_ok=True)
    write_beside(path, render_call(sheet, messages))
    return True


def remove_call(out: Path, call_id: str) -> None:
    """Remove the page of a call, with the words and the sound in it; a report that shows the call writes it anew."""
    call_file(out, call_id).unlink(missing_ok=True)


def remove_other_calls(out: Path, call_ids: Collection[str], pages: Iterable[Path] = ()) -> int:
    """Remove the pages of all calls but some; returns how many.

    Only what says of itself that it is such a page is removed, whole or left half written, whatever else lies there.

    Parameters
    ----------
    out : Path
        Of the report.
    call_ids : collection of str
        Calls that keep their pages.
    pages : iterable of Path
        Pages that were not written anew: what they link to stays, too.
    """
    kept = {call_stem(i) for i in call_ids}
    found = [p for p in (out / FOLDER).glob("*.html*") if _stem(p) is not None and _stem(p) not in kept]
    for page in pages if found else ():
        kept |= {unquote(m[1].decode()) for m in _LINK.finditer(page.read_bytes())}
    n_removed = 0
    for path in found:
        if _stem(path) not in kept and _made_from(path) is not None:
            path.unlink(missing_ok=True)
            n_removed += path.suffix == ".html"
    return n_removed


def _stem(path: Path) -> str | None:
    """The name of a page, or of one that was being written; None of any other file."""
    name = path.name.removesuffix(".part")
    return name.removesuffix(".html") if name.endswith(".html") else None


def _fingerprint(call: ReportedCall, agent: str, home: str, settings: ReportSettings, around: tuple[Around, ...]) -> str:
    """What the page depends on; a recording that is gone takes its sound along, one in an object store is not asked for."""
    recording = call.record.recording.path
    sounds = settings.with_audio and is_there(recording)
    data: Any = call_to_json(call.record, call.evaluation, lang=settings.lang)
    judged = [call.evaluation_id, repr(call.evaluation)]  # with what reviewers said of it
    parts = [audit.__version__, templates_sha256(), settings.lang, settings.with_audio, sounds, agent, home, data, judged]
    parts += [[a.text, a.href] for a in around]
    parts += [repr(call.hidden), repr(getattr(call.record.recording, "muted", ()))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _made_from(path: Path) -> str | None:
    """What a page says it was made from; None where there is none or it does not say."""
    try:
        with path.open("rb") as f:
            found = _MADE_FROM.search(f.read(_HEAD_BYTES))
    except OSError:
        return None
    return found[1].decode() if found else None

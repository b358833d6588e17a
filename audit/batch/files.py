"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.errors import AuditError, StoreError, UsageError

#: File systems allow 255 bytes; room is left for the suffixes.
_MAX_NAME_BYTES = 180
#: Most ids, which need no second look: an archive has a million.
_PLAIN_NAME = re.compile(rf"[\w+-][\w.+-]{{0,{_MAX_NAME_BYTES // 4}}}", re.ASCII)


def call_file_name(call_id: str) -> str:
    """Name of the call's file in ``calls/``: its id, where that can be a file's name.

    A slash, a control character, a percent sign or a leading dot is written as
    ``%`` and its code, so that two ids never share a file; a very long id ends
    in its hash.

    Examples
    --------
    >>> call_file_name("1732065245.118")
    '1732065245.118.json'
    >>> call_file_name("../2026/a")
    '%2E.%2F2026%2Fa.json'
    """
    if _PLAIN_NAME.fullmatch(call_id):
        return f"{call_id}.json"
    name = "".join(f"%{ord(c):02X}" if c in "/\\%" or ord(c) < 32 or ord(c) == 127 else c for c in call_id)
    if name.startswith("."):
        name = "%2E" + name[1:]
    raw = os.fsencode(name)
    if len(raw) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(os.fsencode(call_id)).hexdigest()[:16]
        name = f"{raw[: _MAX_NAME_BYTES - 17].decode('utf-8', 'ignore')}-{digest}"
    return f"{name or '%'}.json"


def printable(text: str) -> str:
    """Text that any file and database can hold: bytes of a file name that are no UTF-8 become ``\\xNN``."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file in one step: readers see the old one or the new one, never half of it.

    Raises
    ------
    StoreError
        If it cannot be written; nothing is left behind.
    ValueError
        If `data` holds a number that JSON has not (not a number, infinity).
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
    raw = text.encode("utf-8", "backslashreplace") + b"\n"
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        with os.fdopen(handle, "wb") as f:
            f.write(raw)
            f.flush()
            os.fsync(f.fileno())
        Path(part).chmod(0o666 & ~_umask())
        Path(part).replace(path)
    except OSError as e:
        if part:
            Path(part).unlink(missing_ok=True)
        raise cannot_write(path, e) from e


def rewrite_without_words(path: Path) -> None:
    """Take what was said out of a call's file; one that is not there is none.

    Raises
    ------
    StoreError
        If it cannot be written.
    """
    from audit.storage import without_words

    try:
        published = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return
    evaluation = published.get("evaluation")
    bare = without_words(published)
    write_json(path, {**bare, "evaluation": without_words(evaluation) if evaluation else evaluation})


def cannot_write(path: Path, error: OSError) -> AuditError:
    """The error to raise for an output file that cannot be written."""
    hint = "check the folder given with --out"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = "free some disk space and run the same command again: it goes on where it stopped"
    return StoreError(f"{path}: cannot be written: {error.strerror}", hint=hint)


def make_out_folder(out: Path) -> None:
    """Create the output folder, and find out now whether it can be written to.

    Raises
    ------
    UsageError
        If it is a file, or cannot be created or written to.
    """
    try:
        (out / "calls").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out / "calls") as f:
            f.write(b"\0")
    except OSError as e:
        if e.errno in (errno.ENOSPC, errno.EDQUOT):
            raise cannot_write(out, e) from e
        raise UsageError(f"--out {out}: cannot be written to: {e.strerror}", hint="choose a folder of your own") from e


def append_log(out: Path, now: datetime, title: str, text: str) -> None:
    """Add an entry to ``callaudit.log``."""
    path = out / "callaudit.log"
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as f:
            f.write(f"{now.isoformat(timespec='seconds')} {title}\n{text.rstrip()}\n\n")
    except OSError as e:
        raise cannot_write(path, e) from e


def _umask() -> int:
    """The process's file mode mask; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask

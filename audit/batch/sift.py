"""Tell at a glance which recordings are known and up to date: by path, size, time of change and the run that saw to them.

An archive holds a million calls of earlier nights and a few thousand of this one. What a known call's result depends on
(options, call-detail file, profile, rules, this program's version) is hashed once for a run, as its scope; a recording that
an earlier run of the same scope audited or found up to date, whose file is as it was and whose result lies in ``calls/``,
asks for no look at its metadata. All others do.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from audit import __version__
from audit.archive import ObjectPath, Shares
from audit.batch.files import call_file_name
from audit.batch.patience import insist
from audit.batch.plan import Judge, path_key
from audit.ingest import Recordings
from audit.storage import KnownFile, Store, known_files, runs_of_scope

if TYPE_CHECKING:
    from audit.pipeline import Settings

#: Recordings that are looked up in one question to the store.
_AT_ONCE = 500
#: A vCon that came or changed so long before the recording was last seen to may still be news: clocks of shares differ.
_CLOCKS = timedelta(hours=1)
_VCON = (".vcon.json", ".vcon", ".json")
#: Settings that change how fast a result comes, and not which.
_SPEED = ("cpu_threads", "device")


@dataclass(slots=True)
class Sifted:
    """What a glance told.

    Attributes
    ----------
    known : set of str
        Call ids of recordings that are up to date.
    new : list of str or ObjectPath
        Paths, as found, of recordings that are unknown, changed or failed before.
    doubtful : list of str or ObjectPath
        Known and unchanged, but what their results depend on has to be compared.
    new_bytes : int
        Of the new ones.
    """

    known: set[str] = field(default_factory=set)
    new: list[str | ObjectPath] = field(default_factory=list)
    doubtful: list[str | ObjectPath] = field(default_factory=list)
    new_bytes: int = 0
    n_known: int = 0


def scope_of(settings: Settings, metadata_scope: str | None, judge: Judge) -> str | None:
    """Hash of all that results of known recordings depend on beside their files.

    Parameters
    ----------
    metadata_scope : str or None
        Hash of what metadata is read from; None where that is not known.

    Returns
    -------
    str or None
        None where recordings have to be looked at one by one: metadata from anywhere, transcripts beside them.
    """
    if metadata_scope is None or settings.transcripts is not None:
        return None
    asked = {k: v for k, v in asdict(settings).items() if k not in _SPEED}
    languages = ("zh", "en", "auto") if settings.language == "auto" else (settings.language,)
    rules = [judge.scorecard_sha256(language) for language in languages] if settings.transcribe else []
    text = json.dumps([__version__, asked, metadata_scope, rules], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sift(
    recordings: Sequence[Path], store: Store, *, scope: str | None, out: Path, shares: Shares, alive: Callable[[], object]
) -> Sifted:
    """Look all recordings up in the store, a few hundred at a time.

    Parameters
    ----------
    scope : str or None
        Of this run; None finds none up to date.
    out : Path
        The output folder, whose ``calls/`` may lack a file.
    shares : Shares
        Recordings on one that does not answer are in neither list.
    alive : callable
        Called now and then.
    """
    sifted = Sifted()
    trusted = insist(partial(runs_of_scope, store, scope)) if scope is not None else {}
    calls = os.path.join(out, "calls", "")  # noqa: PTH118 - a million files: text all the way
    look = _Glance(trusted, calls)
    paths = recordings.texts() if isinstance(recordings, Recordings) else map(_text, recordings)
    key_of = _keys()
    while some := list(islice(paths, _AT_ONCE)):
        alive()
        keys = {p: key_of(p) for p in some}
        ledger = insist(partial(known_files, store, list(keys.values())))
        files = {p: ledger.get(key) for p, key in keys.items()}
        part = shares.ask(some, partial(look.at, files), moved=lambda: look.n_looked)
        if part is None:
            continue
        sifted.known |= part.known
        sifted.n_known += part.n_known
        sifted.new += part.new
        sifted.doubtful += part.doubtful
        sifted.new_bytes += part.new_bytes
    return sifted


class _Glance:
    """Compares files with what the store knows of them."""

    def __init__(self, trusted: Mapping[int, datetime], calls: str) -> None:
        self.n_looked = 0
        self._trusted = trusted
        self._calls = calls
        self._vcons = _Vcons()

    def at(self, files: Mapping[str | ObjectPath, KnownFile | None], paths: Sequence[str | ObjectPath]) -> Sifted:
        """Sift a few."""
        part = Sifted()
        for path in paths:
            self.n_looked += 1
            file = files[path]
            try:
                stat = path.stat() if isinstance(path, ObjectPath) else os.stat(path)  # noqa: PTH116 - text all the way
            except OSError:
                part.new.append(path)  # reading it says what is wrong, and how
                continue
            if file is None or file.state != "done" or (stat.st_size, stat.st_mtime_ns) != (file.size_bytes, file.mtime_ns):
                part.new.append(path)
                part.new_bytes += stat.st_size
            elif (
                (seen_at := self._trusted.get(file.run_id or 0)) is not None
                and os.path.exists(self._calls + call_file_name(file.call_id))  # noqa: PTH110
                and not self._vcons.news(path, seen_at)
            ):
                part.known.add(file.call_id)
                part.n_known += 1
            else:
                part.doubtful.append(path)
        return part


def _keys() -> Callable[[str | ObjectPath], str]:
    """:func:`audit.batch.plan.path_key` of one recording after another, which mostly lie in the same folder."""
    last, key_of_last = "", ""

    def key_of(path: str | ObjectPath) -> str:
        nonlocal last, key_of_last
        if isinstance(path, ObjectPath):
            return path_key(path)
        folder, _, name = path.rpartition("/")
        if not folder.strip("/") or not name.isascii() or name in (".", ".."):
            return path_key(path)
        if folder != last:
            last, key_of_last = folder, path_key(folder).rstrip("/")
        return f"{key_of_last}/{name}"

    return key_of


def in_turn(sifted: Sifted, recordings: Sequence[Path], n_at_once: int) -> Iterator[list[Path]]:
    """What is to be planned, so many at a time: all in the order asked for where they are few, else the new ones first."""
    if len(sifted.new) + len(sifted.doubtful) <= n_at_once:
        wanted = {*sifted.new, *sifted.doubtful}
        few = [_path(p) for p in sifted.new] if not sifted.doubtful else [p for p in recordings if _text(p) in wanted]
        if few:
            yield few
        return
    for paths in (sifted.new, sifted.doubtful):
        for start in range(0, len(paths), n_at_once):
            yield [_path(p) for p in paths[start : start + n_at_once]]


def _path(found: str | ObjectPath) -> Path:
    return found if isinstance(found, ObjectPath) else Path(found)


def _text(path: Path) -> str | ObjectPath:
    return path if isinstance(path, ObjectPath) else str(path)


class _Vcons:
    """vCons beside recordings: what they say counts, and they may come later than the recording."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._changed_ns: dict[str, int] = {}

    def news(self, path: str | ObjectPath, seen_at: datetime) -> bool:
        """Whether one beside a recording came or changed about or after the time at which the recording was last seen to."""
        if isinstance(path, ObjectPath):
            return any(name.endswith(_VCON) for name in path.beside)
        folder, _, name = path.rpartition("/")
        if folder != self._folder:
            self._folder, self._changed_ns = folder, _vcons_of(folder or ".")
        if not self._changed_ns:
            return False
        stem = name.rpartition(".")[0] or name
        since_ns = int((seen_at - _CLOCKS).timestamp() * 1e9)
        return any(self._changed_ns.get(stem + suffix, 0) > since_ns for suffix in _VCON)


def _vcons_of(folder: str) -> dict[str, int]:
    """Names of what may be vCons in a folder, and when each last changed, in any way."""
    try:
        with os.scandir(folder) as listing:
            named = [e for e in listing if e.name.endswith(_VCON)]
            return {e.name: max((s := e.stat()).st_mtime_ns, s.st_ctime_ns) for e in named}
    except OSError:
        return {}

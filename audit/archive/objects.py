"""Objects of a store as paths, as far as anybody asks before the audio is opened."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from audit.errors import UnreadableRecording, UsageError

#: S3 answers in milliseconds; who says nothing for so long is away or hangs. s3fs tries five times, a fetch twice: a store that
#: stalls is this call's failure after five minutes, well before the worker's time for the call is over.
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 15.0
_RETRY = "see that the object store can be reached; the same command tries again"


@dataclass(frozen=True, slots=True)
class Stat:
    """What a listing says of an object, under the names of `os.stat_result`."""

    st_size: int
    st_mtime_ns: int

    @property
    def st_mtime(self) -> float:
        """Seconds since 1970."""
        return self.st_mtime_ns / 1e9


if TYPE_CHECKING:
    _Base = Path
else:
    _Base = object


class ObjectPath(_Base):
    """An object under its URL, with the part of :class:`pathlib.Path` that is asked of recordings.

    Whatever takes it for a local file, to open it with another library, raises: it is fetched first
    (:func:`audit.archive.fetch.as_local`).

    Parameters
    ----------
    url : str
        ``s3://bucket/key``, or any other that fsspec knows.
    stat : Stat, optional
        From a listing; else the store is asked when somebody asks.
    etag : str, optional
        The store's mark of the object's bytes.
    beside : collection of str
        Names of the other objects of the folder that begin with the same stem.
    """

    if not TYPE_CHECKING:
        __slots__ = ("_stat", "beside", "etag", "url")

    def __init__(self, url: str, stat: Stat | None = None, etag: str | None = None, beside: Collection[str] = ()) -> None:
        self.url, self._stat, self.etag, self.beside = url, stat, etag, tuple(beside)

    def __reduce__(self) -> tuple[Any, ...]:
        return ObjectPath, (self.url, self._stat, self.etag, self.beside)

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"ObjectPath({self.url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectPath) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def __lt__(self, other: Any) -> bool:
        return str(self) < str(other)

    def __gt__(self, other: Any) -> bool:
        return str(self) > str(other)

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its extension."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The extension with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Any:
        """The folder, from which ``/`` leads to this object's neighbours."""
        return _Folder(self)

    def with_name(self, name: str) -> ObjectPath:
        """A neighbour; :meth:`is_file` says whether it was listed."""
        there = self.beside if name in self.beside else ()
        return ObjectPath(f"{self.url.rpartition('/')[0]}/{name}", beside=there)

    def is_file(self) -> bool:
        """Whether a listing held it; the store is not asked."""
        return self._stat is not None or self.name in self.beside

    def is_dir(self) -> bool:
        """An object is none."""
        return False

    def exists(self) -> bool:
        """Whether the store has it; one that cannot tell may have it."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def stat(self, *, follow_symlinks: bool = True) -> Stat:  # type: ignore[override]
        """Size and time of change, as listed, or else as the store says now.

        Raises
        ------
        OSError
            `FileNotFoundError` where the store does not have it.
        """
        return self._stat if self._stat is not None else stat_of(told(self.url, lambda fs, key: fs.info(key)))

    def read_bytes(self) -> bytes:
        """The whole object; for small ones that lie beside a recording."""
        found: bytes = told(self.url, lambda fs, key: fs.cat_file(key))
        return found

    def read_text(self, encoding: str | None = None, errors: str | None = None, newline: str | None = None) -> str:
        """The whole object as text."""
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")


class _Folder:
    """Where an object lies."""

    def __init__(self, of: ObjectPath) -> None:
        self._of = of

    def __truediv__(self, name: str) -> ObjectPath:
        return self._of.with_name(name)


def is_url(text: str) -> bool:
    """Whether a text names a place in an object store.

    Examples
    --------
    >>> is_url("s3://bucket/2026"), is_url("/srv/recordings"), is_url("c:/recordings")
    (True, False, False)
    """
    scheme, mark, rest = text.partition("://")
    return bool(mark and rest) and scheme.replace("+", "").isalnum()


def place(text: str) -> Path:
    """A path or an object, by what its text looks like."""
    return ObjectPath(text) if is_url(text) else Path(text)


def find_objects(root: ObjectPath, extensions: Collection[str]) -> tuple[list[Path], int]:
    """The recordings below a URL, and how many other objects there are.

    Parameters
    ----------
    root : ObjectPath
        A prefix, or one object, which is taken whatever it is called.
    extensions : collection of str
        Lower case, with the dot.

    Raises
    ------
    UsageError
        If there is nothing, the store cannot be reached, or its driver is not installed.
    """
    try:
        listed: Mapping[str, Any] = told(root.url, lambda fs, key: fs.find(key, detail=True))
        infos = {_url(root.url, key): info for key, info in listed.items() if info.get("type") != "directory"}
    except FileNotFoundError:
        infos = {}
    except OSError as e:
        raise UsageError(f"{root}: cannot be listed: {e}", hint=_RETRY) from e
    if not infos:
        raise UsageError(f"{root}: there is no such object and nothing below it", hint="check bucket, prefix and credentials")
    hidden = len(root.url.rstrip("/").split("/"))
    visible = {u: i for u, i in infos.items() if not any(part.startswith(".") for part in u.split("/")[hidden:])}
    others: dict[str, list[str]] = defaultdict(list)
    recordings = []
    for url in visible:
        folder, _, name = url.rpartition("/")
        if PurePosixPath(name).suffix.lower() in extensions or url == root.url:
            recordings.append(url)
        else:
            others[f"{folder}/{name.partition('.')[0]}"].append(name)
    found: list[Path] = []
    for url in recordings:
        folder, _, name = url.rpartition("/")
        stem = f"{PurePosixPath(name).stem}."
        beside = [n for n in others.get(f"{folder}/{name.partition('.')[0]}", ()) if n.startswith(stem)]
        found.append(ObjectPath(url, stat_of(visible[url]), etag_of(visible[url]), beside))
    return found, len(visible) - len(found)


def stat_of(info: Mapping[str, Any]) -> Stat:
    """Size and time of change of an fsspec listing's row; where it has no time its mark of the bytes stands for one."""
    names = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
    moment = next((info[k] for k in names if info.get(k)), None)
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if isinstance(moment, datetime):
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if moment is None:
        moment = int(hashlib.sha256((etag_of(info) or "").encode()).hexdigest()[:8], 16)
    return Stat(int(info.get("size") or 0), round(float(moment) * 1e9))


def etag_of(info: Mapping[str, Any]) -> str | None:
    """The store's mark of the object's bytes."""
    found = next((info[k] for k in ("ETag", "etag", "md5Hash", "content_md5") if info.get(k)), None)
    return None if found is None else str(found).strip('"')


def told(url: str, ask: Any) -> Any:
    """Ask a store something about a URL.

    Raises
    ------
    OSError
        Whatever went wrong there.
    UsageError
        If its driver is not installed, or nobody knows the scheme.
    """
    fs, key = _filesystem(url)
    try:
        return ask(fs, key)
    except OSError:
        raise
    except Exception as e:  # botocore's and aiohttp's errors have no common kind that every driver would share
        raise OSError(f"{type(e).__name__}: {e}") from e


def fetch_error(url: str, e: OSError) -> UnreadableRecording:
    """What to say of an object that could not be fetched."""
    if isinstance(e, FileNotFoundError):
        return UnreadableRecording(f"{url}: there is no such object any more", hint="it was removed since the listing")
    if isinstance(e, PermissionError):
        hint = "let these credentials read objects (s3:GetObject), or name others in the environment or a profile"
        return UnreadableRecording(f"{url}: may not be read: {e}", hint=hint)
    return UnreadableRecording(f"{url}: cannot be fetched: {e}", hint=_RETRY)


def _filesystem(url: str) -> tuple[Any, str]:
    """fsspec's driver of a URL and the key within it."""
    options: dict[str, Any] = {}
    if url.partition("://")[0] in ("s3", "s3a"):
        retries = {"max_attempts": 1, "mode": "standard"}
        timeouts = {"connect_timeout": CONNECT_TIMEOUT_S, "read_timeout": READ_TIMEOUT_S, "retries": retries}
        options = {"config_kwargs": timeouts, "use_listings_cache": False, "default_fill_cache": False}
    try:
        import fsspec  # not before somebody names a URL

        fs, key = fsspec.core.url_to_fs(url, **options)
    except ImportError as e:
        hint = "pip install 'callaudit[s3]' for s3://; for others the package that fsspec names"
        raise UsageError(f"{url}: its driver is not installed: {e}", hint=hint) from e
    except ValueError as e:
        raise UsageError(f"{url}: {e}", hint="s3://bucket/prefix, or another scheme that fsspec knows") from e
    return fs, key


def _url(root: str, key: str) -> str:
    """The URL of a listed key."""
    return f"{root.partition('://')[0]}://{key.lstrip('/') if '://' not in key else key.partition('://')[2]}"


def free_bytes(folder: str) -> int:
    """Room on the disk of a folder."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize

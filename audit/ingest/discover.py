"""Find recordings under the paths of the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import overload

from audit.archive import SILENCE_S, ObjectPath, ShareSilent, answered, find_objects
from audit.errors import UsageError

_EXTENSIONS = (
    ".wav .wave .mp3 .ogg .oga .opus .flac .m4a .mp4 .aac .amr .awb .3gp .3ga .gsm .wav49 .ulaw .ul .alaw .al .sln .sln16 "
    ".au .aif .aiff .caf .w64 .wma .webm .mka .mkv .spx .voc .g722 .g729"
)
#: What recorders and switches call their files; a file given by name is taken whatever it is called.
AUDIO_EXTENSIONS = frozenset(_EXTENSIONS.split())
#: A folder that holds this file is one that callaudit wrote.
OUTPUT_MARK = "callaudit.db"


class Recordings(Sequence[Path]):
    """Paths in order, kept as text: of a million a path object each would take half a gigabyte.

    Parameters
    ----------
    texts : list of str or ObjectPath
        As found.
    """

    __slots__ = ("_texts",)

    def __init__(self, texts: Sequence[str | Path]) -> None:
        self._texts = texts

    def texts(self) -> Iterator[str | ObjectPath]:
        """The paths as text, those in object stores as they are."""
        return (p if isinstance(p, ObjectPath) else str(p) for p in self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[Path]:
        return (p if isinstance(p, ObjectPath) else Path(p) for p in self._texts)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Recordings: ...
    def __getitem__(self, index: int | slice) -> Path | Recordings:
        if isinstance(index, slice):
            return Recordings(self._texts[index])
        found = self._texts[index]
        return found if isinstance(found, ObjectPath) else Path(found)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Recordings):
            return self._texts == other._texts
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._texts))

    def __repr__(self) -> str:
        return f"Recordings({self._texts!r})"


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Attributes
    ----------
    recordings : Recordings
        Sorted, each file once.
    problems : tuple of str
        Folders that could not be listed, links that lead nowhere.
    """

    recordings: Recordings
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Search:
    """What a search has met so far."""

    found: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    n_others: int = 0
    has_links: bool = False
    n_seen: int = 0

    def add(self, other: _Search) -> None:
        """Take over what another search found."""
        self.found += other.found
        self.problems += other.problems
        self.n_others += other.n_others
        self.has_links = self.has_links or other.has_links


def discover(paths: Iterable[Path | str], *, silence_s: float = SILENCE_S) -> Discovery:
    """Find the recordings under folders, and take files that are named directly.

    Folders are searched to the bottom. Hidden files and folders are left out, and so are folders that callaudit wrote.
    Symbolic links are followed once; a file that is reached by two ways counts once. Of an object store what lies below a
    prefix is found.

    Parameters
    ----------
    paths : iterable of Path or str
    silence_s : float
        A share that says nothing for so long is left out, with all that was found below the path.

    Raises
    ------
    UsageError
        If a path does not exist, or nothing was found.
    ShareSilent
        If nothing was found because a share does not answer.
    """
    search = _Search()
    searched = [p if isinstance(p, ObjectPath) else Path(p) for p in paths]
    objects: dict[Path, Path] = {}
    mute: ShareSilent | None = None
    for root in searched:
        if isinstance(root, ObjectPath):
            listed, n_beside = find_objects(root, AUDIO_EXTENSIONS)
            objects.update((o, o) for o in listed)
            search.n_others += n_beside
            continue
        below = _Search()
        try:
            answered(partial(_search_root, root, below), root, moved=lambda below=below: below.n_seen, silence_s=silence_s)  # type: ignore[misc]
        except ShareSilent as e:
            mute = e
            search.problems.append(f"{e.message}; its recordings wait for the next run")
        else:
            search.add(below)
    found = search.found
    if len(searched) > 1 or search.has_links:  # else nothing can have been met twice, and all is in order
        found = sorted(_each_once(found), key=lambda text: text.replace("/", "\0"))  # as paths are sorted: part by part
    if not found and not objects and mute is not None:
        raise mute
    if not found and not objects:
        where = ", ".join(str(p) for p in searched) or "no path was given"
        raise UsageError(
            f"no recordings found ({where}; {search.n_others} other files)",
            hint=f"looked for {' '.join(sorted(AUDIO_EXTENSIONS))}; a file given by its name is always taken",
        )
    return Discovery(Recordings([*found, *sorted(objects.values())]), tuple(search.problems))


def _search_root(root: Path, search: _Search) -> None:
    """Take a file that was named, or the recordings below a folder."""
    if root.is_dir():
        _search(str(root), search, visited=set())
    elif root.exists() or root.is_symlink():
        search.found.append(str(root))
    else:
        raise UsageError(f"{root}: there is no such file or folder", hint="check the path")


def _search(folder: str, search: _Search, *, visited: set[tuple[int, int]]) -> None:
    """Take the recordings of a folder and of those below it, in order; a folder already seen (a link back) is skipped."""
    try:
        info = os.stat(folder)  # noqa: PTH116 - a million files: text all the way
        with os.scandir(folder) as listing:
            entries = []
            for entry in listing:
                search.n_seen += 1
                entries.append(entry)
            entries.sort(key=lambda e: e.name)
    except OSError as e:
        search.problems.append(f"{folder}: cannot be listed: {e.strerror}")
        return
    if (info.st_dev, info.st_ino) in visited:
        return
    is_given = not visited  # a folder named on the command line is searched even where results were written into it
    visited.add((info.st_dev, info.st_ino))
    if not is_given and any(e.name == OUTPUT_MARK for e in entries):
        return
    prefix = "" if folder == "." else folder.rstrip("/") + "/"  # as pathlib joins them
    for entry in entries:
        name = entry.name
        search.n_seen += 1
        if name.startswith("."):
            continue
        path = prefix + name
        try:
            is_link = entry.is_symlink()
            search.has_links = search.has_links or is_link
            # A folder called call.wav is searched like any other.
            if entry.is_dir():
                _search(path, search, visited=visited)
            elif is_link and not os.path.exists(path):  # noqa: PTH110
                search.problems.append(f"{path}: a link that leads nowhere")
            elif _extension(name) in AUDIO_EXTENSIONS:
                search.found.append(path)
            else:
                search.n_others += 1
        except OSError as e:
            search.problems.append(f"{path}: cannot be looked at: {e.strerror}")


def _extension(name: str) -> str:
    """As pathlib's suffix, in lower case; no name here begins with a dot."""
    head, dot, tail = name.rpartition(".")
    return f".{tail.lower()}" if dot and head and tail else ""


def _each_once(found: Iterable[str]) -> Iterator[str]:
    """Leave out what is reached a second time; a folder's true place is looked up once."""
    places: dict[str, str] = {}
    seen: set[str] = set()
    for path in found:
        folder, _, name = path.rpartition("/")
        if folder not in places:
            places[folder] = os.path.realpath(folder or ("/" if path.startswith("/") else "."))
        true = os.path.realpath(path) if os.path.islink(path) else f"{places[folder]}/{name}"  # noqa: PTH114
        if true not in seen:
            seen.add(true)
            yield path

"""Find recordings under the paths of the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.errors import UsageError

_EXTENSIONS = (
    ".wav .wave .mp3 .ogg .oga .opus .flac .m4a .mp4 .aac .amr .awb .3gp .3ga .gsm .wav49 .ulaw .ul .alaw .al .sln .sln16 "
    ".au .aif .aiff .caf .w64 .wma .webm .mka .mkv .spx .voc .g722 .g729"
)
#: What recorders and switches call their files; a file given by name is taken whatever it is called.
AUDIO_EXTENSIONS = frozenset(_EXTENSIONS.split())
#: A folder that holds this file is one that callaudit wrote.
OUTPUT_MARK = "callaudit.db"


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Attributes
    ----------
    recordings : tuple of Path
        Sorted, each file once.
    problems : tuple of str
        Folders that could not be listed, links that lead nowhere.
    """

    recordings: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def discover(paths: Iterable[Path | str]) -> Discovery:
    """Find the recordings under folders, and take files that are named directly.

    Folders are searched to the bottom. Hidden files and folders are left out, and so are folders that callaudit wrote.
    Symbolic links are followed once; a file that is reached by two ways counts once.

    Raises
    ------
    UsageError
        If a path does not exist, or nothing was found.
    """
    problems: list[str] = []
    found: dict[Path, Path] = {}
    n_others = 0
    searched = [Path(p) for p in paths]
    for root in searched:
        if not root.is_dir():
            if not root.exists() and not root.is_symlink():
                raise UsageError(f"{root}: there is no such file or folder", hint="check the path")
            found.setdefault(Path(os.path.realpath(root)), root)
            continue
        for path in _files(root, problems, visited=set()):
            if path.suffix.lower() in AUDIO_EXTENSIONS:
                found.setdefault(Path(os.path.realpath(path)), path)
            else:
                n_others += 1
    if not found:
        where = ", ".join(str(p) for p in searched) or "no path was given"
        raise UsageError(
            f"no recordings found ({where}; {n_others} other files)",
            hint=f"looked for {' '.join(sorted(AUDIO_EXTENSIONS))}; a file given by its name is always taken",
        )
    return Discovery(tuple(sorted(found.values())), tuple(problems))


def _files(folder: Path, problems: list[str], *, visited: set[tuple[int, int]]) -> Iterator[Path]:
    """Files of a folder and of those below it, depth first; a folder already seen (a link back) is skipped."""
    try:
        info = folder.stat()
        entries = sorted(folder.iterdir())
    except OSError as e:
        problems.append(f"{folder}: cannot be listed: {e.strerror}")
        return
    if (info.st_dev, info.st_ino) in visited:
        return
    is_given = not visited  # a folder named on the command line is searched even where results were written into it
    visited.add((info.st_dev, info.st_ino))
    if not is_given and any(e.name == OUTPUT_MARK for e in entries):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            # A folder called call.wav is searched like any other.
            if entry.is_dir():
                yield from _files(entry, problems, visited=visited)
            elif entry.is_symlink() and not entry.exists():
                problems.append(f"{entry}: a link that leads nowhere")
            else:
                yield entry
        except OSError as e:
            problems.append(f"{entry}: cannot be looked at: {e.strerror}")

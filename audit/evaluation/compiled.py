"""The compiled form of this package, where there is one: the same modules as C, made by ``make compiled``.

Which form runs changes the time that a call takes and nothing else. The compiled modules are used if they were made from
the very sources that lie here; after any change of these, the sources are what runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

_HERE = Path(__file__).parent
FOLDER = _HERE / "__compiled__"
#: Of the libraries in the folder: the module of each, and the hash of the sources that all were made from.
LIST = "made_of.json"
#: Modules outside the package whose types the compiled ones use.
_BESIDE = ("records.py", "segments.py", "verdicts.py", "words.py")
#: Set to 0, it lets the sources run.
SWITCH = "CALLAUDIT_COMPILED"


def sources_sha256() -> str:
    """Hash of the sources, and of which Python they are compiled for."""
    found = hashlib.sha256(sys.version.encode("utf-8"))
    for path in [*sorted(_HERE.glob("*.py")), *sorted(_HERE.glob("checks/*.py")), *(_HERE.parent / n for n in _BESIDE)]:
        found.update(path.name.encode("utf-8") + b"\0")
        found.update(path.read_bytes())
    return found.hexdigest()


class _Finder(MetaPathFinder):
    """Finds the compiled modules before the sources."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The library of a module; None for any other module."""
        name = self._files.get(fullname)
        return None if name is None else spec_from_file_location(fullname, FOLDER / name)


def _use() -> bool:
    """Let the compiled modules be found, if they are those of the sources."""
    listed = FOLDER / LIST
    if os.environ.get(SWITCH) == "0" or not listed.is_file():
        return False
    made = json.loads(listed.read_text("utf-8"))
    if made["sources_sha256"] != sources_sha256():
        return False
    sys.meta_path.insert(0, _Finder(made["modules"]))
    return True


#: Whether the compiled modules run.
IN_USE = _use()

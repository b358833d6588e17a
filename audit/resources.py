"""Where data lies: what ships with callaudit, and what it keeps for itself in the user's cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from audit.errors import AuditError

#: Moves the cache elsewhere.
CACHE_ENV = "CALLAUDIT_CACHE"


def cache_dir() -> Path:
    """The folder that callaudit may fill and anybody may delete; need not exist yet.

    ``$CALLAUDIT_CACHE`` if that variable is set, else ``callaudit`` in the user's
    cache directory as the operating system has it.
    """
    if override := os.environ.get(CACHE_ENV):
        return Path(override).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("callaudit", appauthor=False)


def resource_dir(name: Literal["models", "rules", "samples"]) -> Path:
    """Find a shipped data folder, in an installed wheel or in a source checkout.

    Parameters
    ----------
    name : {"models", "rules", "samples"}

    Returns
    -------
    pathlib.Path
        An existing directory.

    Raises
    ------
    AuditError
        If the installation lacks it.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise AuditError(f"the folder {name!r} of callaudit is missing beside {package}", hint="reinstall callaudit")

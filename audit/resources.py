"""Where the data that ships with callaudit lies: models, rules and samples."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from audit.errors import AuditError


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

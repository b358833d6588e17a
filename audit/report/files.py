"""Files that a reader never sees by halves."""

from __future__ import annotations

import os
from pathlib import Path


def write_beside(path: Path, text: str) -> None:
    """Write beside the place and rename into it; where that fails, nothing is left behind."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, "utf-8", "backslashreplace", newline="")  # a path may hold bytes that are no UTF-8
        os.replace(part, path)  # noqa: PTH105
    except OSError:
        part.unlink(missing_ok=True)
        raise

"""One JSON object a line: what happened, to which call, when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import structlog


class NightLog:
    """Events of a night, appended to a file; a context manager.

    Parameters
    ----------
    path : Path or None
        None writes nothing.
    clock : callable
        Tells the time, with a zone.
    """

    def __init__(self, path: Path | None, *, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._file: IO[str] | None = None
        self._logger: Any = None

    def __enter__(self) -> NightLog:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", errors="backslashreplace")
            self._logger = structlog.wrap_logger(
                structlog.WriteLogger(self._file),
                processors=[self._dated, structlog.processors.JSONRenderer(ensure_ascii=False)],
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = self._logger = None

    def say(self, event: str, **what: object) -> None:
        """Note an event with what belongs to it."""
        if self._logger is not None:
            self._logger.info(event, **what)

    def _dated(self, _logger: object, _name: str, event: Any) -> Any:
        return {"at": self._clock().isoformat(timespec="milliseconds"), **event}

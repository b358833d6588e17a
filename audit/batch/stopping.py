"""Ctrl-C and SIGTERM, turned into something the loop looks at between two calls."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class StopSignals:
    """Catches SIGINT and SIGTERM while it is open.

    The first Ctrl-C raises :attr:`level` to 1 (begin nothing more, let the calls in progress
    end), the second, or SIGTERM, to 2 (drop what is in progress). Outside the main thread,
    where Python delivers no signals, nothing is caught.

    Parameters
    ----------
    tell : callable
        Called by :meth:`look` with each new level, to say so to the user.

    Attributes
    ----------
    level : int
    signum : int or None
        Of the last signal caught.
    """

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.level = 0
        self.signum: int | None = None
        self._tell = tell
        self._told = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for s in (signal.SIGINT, signal.SIGTERM):
                self._before[s] = signal.signal(s, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for s, handler in self._before.items():
            signal.signal(s, handler)

    def look(self) -> int:
        """The level; a new one is told first, here and not in the signal handler, which may interrupt a print."""
        if self.level > self._told:
            self._told = self.level
            self._tell(self.level)
        return self.level

    def _caught(self, signum: int, _frame: FrameType | None) -> None:
        self.signum = signum
        self.level = 2 if signum == signal.SIGTERM else min(2, self.level + 1)

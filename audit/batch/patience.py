"""Wait for a store that is away for now: a server that is restarted must not end the night."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from audit.errors import StoreGone

Kept = TypeVar("Kept")

_LOG = logging.getLogger(__name__)

#: How long a store may be away, and the pauses between two tries: doubled up to the longest.
PATIENCE_S, FIRST_PAUSE_S, LONGEST_PAUSE_S = 600.0, 0.5, 15.0


def insist(work: Callable[[], Kept], *, sleep: Callable[[float], None] = time.sleep, patience_s: float = PATIENCE_S) -> Kept:
    """Do what needs the store, and do it again while the store is away.

    Parameters
    ----------
    work : callable
        May be called several times, the last time with success; what it asks for must be harmless twice.
    sleep : callable
    patience_s : float

    Raises
    ------
    StoreGone
        If the store is still away when patience ends.
    """
    waited_s, pause_s = 0.0, FIRST_PAUSE_S
    while True:
        try:
            return work()
        except StoreGone as e:
            if waited_s >= patience_s:
                raise
            _LOG.warning("the store is away, next try in %.1f s: %s", pause_s, e.message)
            sleep(pause_s)
            waited_s, pause_s = waited_s + pause_s, min(2 * pause_s, LONGEST_PAUSE_S)

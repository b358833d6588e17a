"""Give memory that nothing uses back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def give_back_memory() -> None:
    """Let go of free pages inside the heap, where the C library can (glibc's ``malloc_trim``); else nothing happens.

    Workers keep freed memory for the next call (``WORKER_ENVIRONMENT``), because asking for pages anew is what a measured
    call would wait for. Recognition allocates in other sizes for each call, and what lies free between grows from night to
    night; beside the seconds that recognition takes, asking anew is nothing.
    """
    if (trim := _malloc_trim()) is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found

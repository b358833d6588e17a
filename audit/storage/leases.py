"""Who is at work on a recording: leases that end by themselves, and at once when the process that took them is gone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

#: A lease is renewed long before it ends; of a batch on another machine that died, its recordings are free after this.
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Lease:
    """A run's claim on a recording.

    Attributes
    ----------
    run_id : int
    until : datetime
        When it ends unless it is renewed.
    """

    run_id: int
    until: datetime


def this_process() -> str | None:
    """A name for this process that no other has, on this machine or elsewhere, before or after a restart.

    Returns
    -------
    str or None
        None where ``/proc`` does not tell (not Linux); leases then only end by the clock.
    """
    return _name(os.getpid())


def is_gone(holder: str | None) -> bool:
    """Whether a process known by its name has certainly ended.

    Of a process on another machine, in another container or before the last restart nothing is known: False.
    """
    mine = this_process()
    if holder is None or mine is None:
        return False
    place, _, number = holder.rpartition(" ")[0].rpartition(" ")
    if place != mine.rpartition(" ")[0].rpartition(" ")[0] or not number.isdigit():
        return False
    return _name(int(number)) != holder


def _name(pid: int) -> str | None:
    """The machine since its start, the process namespace, the number and the tick at which the process began."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        space = Path("/proc/self/ns/pid").readlink()
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else f"{boot} {space} {pid} {rest[18]}"

"""What runs on a node of a Ray cluster: one worker process, watched where it runs.

An actor audits nothing itself. It keeps a pool of one worker process (:class:`audit.batch.workers.WorkerPool`), so that time
and memory limits, crashes and the way they are told are the same on a cluster as on one machine, and a decoder that takes its
process down costs no actor. This module imports nothing of Ray: a node only unpickles it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audit import __version__
from audit.batch.workers import AuditedCall, Auditor, Limits, MakeAuditor, Task, Trouble, WorkerPool
from audit.errors import RecordingError
from audit.records import Metadata

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class NotOnNode(RecordingError):
    """A recording that the machine which planned the run can read, and this node cannot."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an actor runs.

    Attributes
    ----------
    node : str
        Ray's number of the node.
    host : str
    version : str
        Of callaudit there.
    """

    node: str
    host: str
    version: str


@dataclass(frozen=True, slots=True)
class MakeOnNode:
    """Builds the auditor of a node's worker process; picklable where `make_auditor` is.

    Attributes
    ----------
    folder : str
        Where the driver runs, which relative paths start at.
    """

    make_auditor: MakeAuditor
    folder: str

    def __call__(self) -> Auditor:
        """Called once, in the worker process."""
        _end_with_parent()
        with suppress(OSError):  # a node without that folder says so of the first recording in it
            os.chdir(self.folder)
        return _OnNode(self.make_auditor())


@dataclass(frozen=True, slots=True)
class _OnNode:
    """An auditor that first sees whether the recording is there: on a cluster it may not be."""

    auditor: Auditor

    def audit(self, path: Path, metadata: Metadata, kept: bytes | None = None) -> AuditedCall:
        """Audit one recording."""
        if isinstance(path, Path):
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))  # else a pipe that nobody writes to is waited for
            except OSError as e:
                host = platform.node()
                hint = f"mount the archive on {host} under the same path, readable for Ray's user there"
                raise NotOnNode(f"{path}: the node {host} cannot read it: {e.strerror}", hint=hint) from e
        return self.auditor.audit(path, metadata, kept)


class CallActor:
    """One worker process on a node.

    Parameters
    ----------
    make_auditor : callable
        Must be picklable, and importable on the node.
    limits : Limits
    folder : str
        Where the driver runs.
    """

    def __init__(self, make_auditor: MakeAuditor, limits: Limits, folder: str) -> None:
        # multiprocessing would import the script that its parent was started with, which here is Ray's own, and with it Ray
        sys.modules["__main__"].__file__ = None
        self._pool = WorkerPool(MakeOnNode(make_auditor, folder), 1, limits)
        self._pool.prepare()  # meanwhile the driver is told that the actor is up, and claims a call for it

    def where(self, node: str) -> Place:
        """Tell that the actor is up, and where; `node` is what Ray calls it."""
        return Place(node, platform.node(), __version__)

    def audit(self, task: Task) -> AuditedCall | Trouble:
        """Audit one recording.

        Raises
        ------
        AuditError
            If the worker process cannot even start.
        """
        ((_, came),) = next(self._pool.run([task], begin=lambda _: True, stop_level=lambda: 0))
        return came


def _end_with_parent() -> None:
    """Let this process end with its parent, which Ray ends without a word; elsewhere than on Linux it ends after its call."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:
            os._exit(1)

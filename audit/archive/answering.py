"""Ask file systems that may never answer: a share whose server is gone holds every question until it comes back.

Nothing ends such a question from inside, a time limit neither. So it is asked in a thread of its own, which is left behind
where no answer comes, and the share is not asked again. Recordings below it wait for the next run; all others are audited.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from audit.archive.objects import ObjectPath, is_url
from audit.errors import UnreadableRecording

Found = TypeVar("Found")
AnyPath = TypeVar("AnyPath", str, Path, str | ObjectPath)

_LOG = logging.getLogger(__name__)

#: How long a file system may say nothing. A share on discs that sleep, or over a bad line, answers within a minute.
SILENCE_S = 180.0
#: How long one file's state may take, when it is asked which of several shares is the silent one.
PROBE_S = 10.0
#: Seconds between two looks at whether it went on, or somebody asked to stop.
POLL_S = 0.25
#: After this it is said what is waited for.
_TELL_S = 15.0
#: Seconds for which an answer is good.
_GOOD_S = 60.0
_NEXT = "see that its server runs and the network is up; the same command then takes up what waits there"


class ShareSilent(UnreadableRecording):
    """A file system does not answer."""


def silent(where: str | Path) -> ShareSilent:
    """The error to raise, or to tell, of a path that cannot be asked for anything."""
    return ShareSilent(f"{where}: its file system does not answer", hint=_NEXT)


def answered(
    ask: Callable[[], Found],
    where: str | Path = "",
    *,
    moved: Callable[[], int] = lambda: 0,
    give_up: Callable[[], object] = lambda: False,
    silence_s: float = SILENCE_S,
) -> Found:
    """Ask, and wait for the answer as long as there is hope for one.

    Parameters
    ----------
    ask : callable
        Runs in a thread, which is left to itself where no answer comes: what it changes must then be of no account.
    where : str or Path
        Named in the error.
    moved : callable
        A number that changes while `ask` gets on; the silence is counted from its last change.
    give_up : callable
        Once it is true there is no more waiting.
    silence_s : float

    Raises
    ------
    ShareSilent
        If nothing moved for `silence_s`.
    Exception
        Whatever `ask` raises.
    """
    done = threading.Event()
    answers: list[Found] = []
    errors: list[BaseException] = []

    def asking() -> None:
        try:
            answers.append(ask())
        except BaseException as e:  # noqa: BLE001 - raised where it was asked for
            errors.append(e)
        finally:
            done.set()

    threading.Thread(target=asking, name=f"asks {where}", daemon=True).start()
    last, since, is_told = moved(), time.monotonic(), False
    while not done.wait(min(POLL_S, silence_s)):
        waited_s = time.monotonic() - since
        if (now := moved()) != last:
            last, since = now, time.monotonic()
        elif give_up() or waited_s >= silence_s:
            raise silent(where)
        elif waited_s >= _TELL_S and not is_told:
            is_told = True
            _LOG.warning("%s: no answer yet; it is waited for up to %.0f s", where or "an archive", silence_s)
    if errors:
        raise errors[0]
    return answers[0]


def answers(path: str | Path, *, within_s: float = PROBE_S) -> bool:
    """Whether a path's file system answers, with yes or no; what one file system said is good for a minute."""
    mount = mount_of(path)
    if mount == "/":
        return True  # this program itself came from there
    now = time.monotonic()
    if mount not in _heard or now - _heard[mount][0] > _GOOD_S:
        _heard[mount] = (now, _answers(path, within_s))
    return _heard[mount][1]


_heard: dict[str, tuple[float, bool]] = {}


def _answers(path: str | Path, within_s: float) -> bool:
    if isinstance(path, ObjectPath):
        return True  # a client of an object store has time limits of its own
    try:
        answered(lambda: os.path.lexists(path), path, silence_s=within_s)
    except ShareSilent:
        return False
    return True


def mount_of(path: str | Path) -> str:
    """Where the file system of a path is mounted, without asking it; on systems that do not tell, the path's folder.

    Of an object it is the bucket's URL.
    """
    if isinstance(path, ObjectPath):
        return "/".join(path.url.split("/")[:3])
    text = os.path.abspath(path)  # noqa: PTH100 - resolve() would ask
    mounts = _mounts()
    if not mounts:
        return os.path.dirname(text)  # noqa: PTH120
    return next((m for m in mounts if text == m or text.startswith(m.rstrip("/") + "/")), "/")


def is_there(recording: str | Path) -> bool:
    """Whether a recording's file is there, on a file system that answers; an object's URL counts as there."""
    return is_url(str(recording)) or (answers(recording) and os.path.isfile(recording))  # noqa: PTH113


def _mounts() -> tuple[str, ...]:
    """All mount points, the longest first; nothing on systems that have no such list."""
    try:
        return _parsed(Path("/proc/self/mountinfo").read_bytes())
    except OSError:
        return ()


@cache
def _parsed(table: bytes) -> tuple[str, ...]:
    points = {re.sub(rb"\\(\d{3})", lambda m: bytes([int(m[1], 8)]), line.split()[4]) for line in table.splitlines()}
    return tuple(sorted((os.fsdecode(p) for p in points), key=len, reverse=True))


class Shares:
    """The file systems of an archive in one run: which of them fell silent, and what waits there.

    Parameters
    ----------
    silence_s : float
    give_up : callable
        Once it is true a silence is not waited out.
    """

    def __init__(self, *, silence_s: float = SILENCE_S, give_up: Callable[[], object] = lambda: False) -> None:
        self._silence_s = silence_s
        self._give_up = give_up
        self._waiting: dict[str, int] = {}

    def ask(
        self, paths: Sequence[AnyPath], ask: Callable[[Sequence[AnyPath]], Found], *, moved: Callable[[], int] = lambda: 0
    ) -> Found | None:
        """Ask about paths, those on silent shares left out; None where none is left.

        Parameters
        ----------
        paths : sequence
        ask : callable
            As :func:`answered` has it; may be called again with fewer paths.
        moved : callable
        """
        suspicious = False
        while paths := self._on_shares_that_answer(paths):
            try:
                return answered(lambda asked=paths: ask(asked), moved=moved, give_up=self._give_up, silence_s=self._silence_s)  # type: ignore[misc]
            except ShareSilent:
                if self._give_up():
                    return None
                first = {mount_of(p): p for p in reversed(paths)}
                mute = [m for m, p in first.items() if not _answers(p, PROBE_S)]
                if not mute and suspicious:  # each file alone answers, out of a cache perhaps, and all together do not
                    mute = list(first)
                suspicious = not mute
                self._waiting.update(dict.fromkeys(mute, 0))
        return None

    def _on_shares_that_answer(self, paths: Sequence[AnyPath]) -> Sequence[AnyPath]:
        if not self._waiting:
            return paths
        kept = []
        for path in paths:
            if (mount := mount_of(path)) in self._waiting:
                self._waiting[mount] += 1
            else:
                kept.append(path)
        return kept

    @property
    def problems(self) -> tuple[str, ...]:
        """What waits where, a line for each silent share."""
        return tuple(f"{silent(m).message}; {n} recordings below it were not looked at" for m, n in self._waiting.items())

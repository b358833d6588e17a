"""How far a run is, on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

#: Seconds between two lines where nobody watches a terminal.
LINE_EVERY_S = 30.0


@dataclass(slots=True)
class Pace:
    """What has been done, and so how long the rest will take.

    The length of audio is not known before a recording is opened, its bytes are: time
    left is reckoned by bytes.
    """

    n_calls: int = 0
    n_bytes: int = 0
    n_done: int = 0
    n_failed: int = 0
    done_bytes: int = 0
    audio_s: float = 0.0
    begun_at: float = field(default_factory=time.monotonic)

    def audio_hours_per_hour(self, now: float) -> float | None:
        """Speed of the calls measured so far; None before the first."""
        elapsed = now - self.begun_at
        return self.audio_s / elapsed if self.audio_s and elapsed > 0 else None

    def left_s(self, now: float) -> float | None:
        """Seconds until all bytes are done at the speed so far; None before the first."""
        if not self.done_bytes:
            return None
        return (now - self.begun_at) / self.done_bytes * max(0, self.n_bytes - self.done_bytes)

    def words(self, now: float) -> str:
        """Speed and time left, for people."""
        speed, left = self.audio_hours_per_hour(now), self.left_s(now)
        said = [f"{speed:.1f} h of audio per hour"] if speed is not None else []
        said += [f"{clock_face(left)} left"] if left is not None and self.n_done < self.n_calls else []
        said += [f"{self.n_failed} failed"] if self.n_failed else []
        return ", ".join(said)


def clock_face(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``.

    Examples
    --------
    >>> clock_face(59.6), clock_face(3661)
    ('1:00', '1:01:01')
    """
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{s:02d}" if hours else f"{minutes}:{s:02d}"


class ShownProgress:
    """Progress for people; a context manager.

    Parameters
    ----------
    stream : text stream, default standard error
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._bar: Any = None
        self._task: Any = None
        self._last_line = time.monotonic()
        self.pace = Pace()

    def __enter__(self) -> ShownProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def started(self, *, n_calls: int, n_bytes: int) -> None:
        """Begin to count."""
        self.pace = Pace(n_calls=n_calls, n_bytes=n_bytes)
        if self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            count = (BarColumn(), MofNCompleteColumn(), TextColumn("calls"), TimeElapsedColumn())
            self._bar = Progress(*count, TextColumn("{task.description}"), console=Console(file=self._stream), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=n_calls)

    def ended(self, call_id: str, end: str, *, n_bytes: int, audio_s: float) -> None:
        """One recording is dealt with."""
        pace, now = self.pace, time.monotonic()
        pace.n_done += 1
        pace.n_failed += end == "failed"
        pace.done_bytes += n_bytes
        pace.audio_s += audio_s
        if self._bar is not None:
            self._bar.update(self._task, completed=pace.n_done, description=pace.words(now))
        elif now - self._last_line >= LINE_EVERY_S:
            self._last_line = now
            self._say(f"{pace.n_done}/{pace.n_calls} calls" + (f", {words}" if (words := pace.words(now)) else ""))

    def known(self, n_calls: int) -> None:
        """So many are known and up to date."""
        self.pace.n_done += n_calls

    def stopping(self, level: int) -> None:
        """Somebody asked to stop."""
        self._say("stopping after the calls in progress; Ctrl-C again to drop them" if level == 1 else "stopping now")

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text)
        else:
            print(text, file=self._stream, flush=True)


class CountedProgress:
    """A bar of calls that are judged again, on standard error; a line now and then where nobody watches a terminal.

    Parameters
    ----------
    lang : {"en", "zh"}
    stream : text stream, default standard error
    """

    def __init__(self, lang: str = "en", stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._unit = "通" if lang == "zh" else "calls"
        self._lang = lang
        self._bar: Any = None
        self._task: Any = None
        self._n_calls = 0
        self._last_line = time.monotonic()

    def __enter__(self) -> CountedProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def started(self, *, n_calls: int) -> None:
        """Begin to count."""
        self._n_calls = n_calls
        if self._stream.isatty() and n_calls:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (BarColumn(), MofNCompleteColumn(), TextColumn(self._unit), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(file=self._stream), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=n_calls)

    def advanced(self, n_done: int) -> None:
        """So many are done."""
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=n_done)
        elif now - self._last_line >= LINE_EVERY_S:
            self._last_line = now
            print(f"{n_done}/{self._n_calls} {self._unit}", file=self._stream, flush=True)

    def stopping(self, level: int) -> None:
        """Somebody asked to stop."""
        said = "正在停止，已完成的会保留" if self._lang == "zh" else "stopping; what is done is kept"
        print(said, file=self._stream, flush=True)

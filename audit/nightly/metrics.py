"""Prometheus metrics of a night, as a text file for the node exporter and over HTTP while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server, write_to_textfile

from audit.batch import Progress
from audit.batch.job import End

_ENDS = ("audited", "rescored", "skipped", "failed", "elsewhere")


class NightMetrics:
    """Counts what a batch tells of its progress; a :class:`audit.batch.Progress` that passes everything on to another.

    Parameters
    ----------
    shown : Progress
    clock : callable
        Tells the time, with a zone.
    tell : callable
        Told of each recording that ended: call id, how, and its seconds of audio.
    """

    def __init__(self, shown: Progress, *, clock: Callable[[], datetime], tell: Callable[[str, str, float], None]) -> None:
        self._shown, self._clock, self._tell = shown, clock, tell
        self.registry = CollectorRegistry()
        self._found = Gauge("callaudit_recordings_found", "Recordings of this night.", registry=self.registry)
        self._ended = Counter("callaudit_recordings", "Recordings dealt with, by how.", ["end"], registry=self.registry)
        self._audio = Counter("callaudit_audio_seconds", "Seconds of audio measured.", registry=self.registry)
        self._last = Gauge("callaudit_last_result_timestamp_seconds", "When the last recording ended.", registry=self.registry)
        self._done = Gauge("callaudit_night_finished_timestamp_seconds", "When the night ended.", registry=self.registry)
        self._code = Gauge("callaudit_night_exit_code", "Exit code of the night.", registry=self.registry)
        for end in _ENDS:
            self._ended.labels(end)

    def started(self, *, n_calls: int, n_bytes: int) -> None:
        """The plan stands."""
        self._found.set(n_calls)
        self._shown.started(n_calls=n_calls, n_bytes=n_bytes)

    def ended(self, call_id: str, end: End, *, n_bytes: int, audio_s: float) -> None:
        """One recording is dealt with."""
        self._ended.labels(end).inc()
        self._audio.inc(audio_s)
        self._last.set(self._clock().timestamp())
        self._tell(call_id, end, audio_s)
        self._shown.ended(call_id, end, n_bytes=n_bytes, audio_s=audio_s)

    def known(self, n_calls: int) -> None:
        """So many are known and up to date; the log names none of them."""
        self._ended.labels("skipped").inc(n_calls)
        self._shown.known(n_calls)

    def stopping(self, level: int) -> None:
        """Somebody asked to stop."""
        self._shown.stopping(level)

    def serve(self, port: int) -> None:
        """Serve the metrics on all addresses of this machine until the process ends."""
        start_http_server(port, registry=self.registry)

    def finish(self, code: int) -> None:
        """The night is over."""
        self._done.set(self._clock().timestamp())
        self._code.set(code)

    def write(self, path: Path) -> None:
        """Replace a text file in one step, as the node exporter's textfile collector wants it."""
        write_to_textfile(str(path), self.registry)

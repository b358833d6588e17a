"""Every error that callaudit raises on purpose.

::

    AuditError                     base: the message names the file and the next step
    +-- UsageError                 the command line or its options are wrong            (exit 2)
    |   +-- ProfileError           a profile file cannot be used
    |   +-- ScorecardError         a rule pack cannot be used: carries every fault found
    |   +-- ReviewError            a reviewer's decision file or key cannot be taken
    +-- RecordingError             one recording cannot be audited; the run goes on
    |   +-- UnreadableRecording    no permission, empty, or not audio at all
    |   +-- DamagedRecording       audio that ends before its container or its record says
    |   +-- DuplicateCall          another recording of this run has the same call id
    +-- MetadataError              what is known of a call cannot be read (a date, a column)
    +-- ModelError                 a speech model is missing, incomplete or not the pinned one
    +-- StoreError                 the store cannot be opened, migrated or written
        +-- StoreGone              its server cannot be reached for now; it may come back
"""

from __future__ import annotations

from collections.abc import Iterable


class AuditError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    message : str
        What went wrong, naming the call or file.
    hint : str, optional
        The next step for the person who reads it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  next: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way between worker processes with the hint kept."""
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(cls: type[AuditError], message: str, hint: str | None) -> AuditError:
    return cls(message, hint=hint)


class UsageError(AuditError):
    """The command line or its options are wrong."""


class ProfileError(UsageError):
    """A profile file cannot be used."""


class ScorecardError(UsageError):
    """A rule pack cannot be used.

    Parameters
    ----------
    faults : iterable of str
        Every fault found, each as ``file:line:column: what is wrong``.
    """

    def __init__(self, faults: Iterable[str] | str, *, hint: str | None = None) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults), hint=hint)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_scorecard_error, (self.faults, self.hint))


class ReviewError(UsageError):
    """A reviewer's decision file or key cannot be taken."""


def _rebuild_scorecard_error(faults: tuple[str, ...], hint: str | None) -> ScorecardError:
    return ScorecardError(faults, hint=hint)


class RecordingError(AuditError):
    """One recording cannot be audited; the run goes on."""


class UnreadableRecording(RecordingError):
    """No permission, empty, or not audio at all."""


class DamagedRecording(RecordingError):
    """Audio that ends before its container or its record says it does."""


class DuplicateCall(RecordingError):
    """Another recording of this run has the same call id."""


class MetadataError(AuditError):
    """What is known of a call cannot be read: a date, a column, a whole file."""


class ModelError(AuditError):
    """A speech model is missing, incomplete or not the pinned one."""


class StoreError(AuditError):
    """The store cannot be opened, migrated or written."""


class StoreGone(StoreError):
    """The store's server cannot be reached for now; what was asked may have been done or not."""

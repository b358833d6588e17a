"""What has to be done for each recording, found out before any audio is opened."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

from audit import __version__
from audit.archive import ObjectPath, place
from audit.batch.files import call_file_name, printable
from audit.batch.workers import Trouble, trouble_of
from audit.errors import DuplicateCall, RecordingError
from audit.ingest import find_transcript, find_voices, transcripts_folder
from audit.records import CallRecord, Metadata
from audit.storage import AuditKeys, LedgerEntry
from audit.verdicts import Evaluation

if TYPE_CHECKING:
    from audit.pipeline import Settings

#: Metadata that only tells whom a call belongs to: a change of them asks for no new measurement.
_LABELS = frozenset({"agent_id", "customer_number", "variables", "agent_name"})

Work = Literal["audit", "rescore", "skip"]
#: The store's entries of some paths and of some calls.
LookUp = Callable[[Sequence[str], Sequence[str]], Iterable[LedgerEntry]]

#: Name of the error of a recording that is not tried again for now.
QUARANTINED = "Quarantined"


class Judge(Protocol):
    """Holds records against the scorecard of this run."""

    def scorecard_sha256(self, language: str) -> str | None:
        """Hash of the scorecard for calls in a language; None where there is none."""
        ...

    def evaluate(self, record: CallRecord) -> Evaluation | None:
        """The verdicts on a record; None where no scorecard applies."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """One recording and what to do with it.

    Attributes
    ----------
    path : Path
        As found.
    key : str
        Absolute path as text: the recording's name in the store.
    work : {"audit", "rescore", "skip"}
        "rescore" opens no audio: the stored record gets new metadata, a new evaluation, or both.
    entry : LedgerEntry or None
        What the store holds of this call; None for "audit".
    seen_row_id : int or None
        Number of the newest record of this call as the plan saw the store.
    """

    path: Path
    key: str
    metadata: Metadata
    keys: AuditKeys
    size_bytes: int | None
    mtime_ns: int | None
    work: Work
    entry: LedgerEntry | None = None
    seen_row_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One recording that is not audited, and why."""

    path: Path
    key: str
    call_id: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Plan:
    """All recordings of a run, in their order."""

    planned: tuple[Planned, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(slots=True)
class _Ledger:
    """The store's entries by path, by call where it has a record, and by call."""

    by_path: dict[str, LedgerEntry] = field(default_factory=dict)
    by_call: dict[str, LedgerEntry] = field(default_factory=dict)
    holders: dict[str, LedgerEntry] = field(default_factory=dict)


def audit_keys(
    settings: Settings, metadata: Metadata, *, transcript_sha256: str | None = None, voices_sha256: str | None = None
) -> AuditKeys:
    """Hash what a record depends on beside the audio.

    Parameters
    ----------
    settings : Settings
    metadata : Metadata
    transcript_sha256 : str, optional
        Of the transcript that came with the call.
    voices_sha256 : str, optional
        Of the RTTM file that tells its voices apart.

    Returns
    -------
    AuditKeys
        `words` is None where nothing is transcribed or imported. The tool's version is part of
        both, so that another version audits anew.
    """
    known = {f.name: getattr(metadata, f.name) for f in fields(metadata)}
    known["variables"] = dict(metadata.variables)
    measuring = {
        "tool": __version__,
        "agent_channel": [settings.agent_channel, settings.profile.agent_channel],
        "tone_plan": [settings.tone_plan, settings.profile.tone_plan],
        "metadata": {k: v for k, v in known.items() if k not in _LABELS},
    }
    if voices_sha256 is not None:
        measuring["voices"] = voices_sha256
    words = {
        "tool": __version__,
        "language": settings.language,
        "recogniser": settings.profile.recogniser,
        "model": settings.model,
        "compute_type": settings.compute_type,
        "hotwords": [metadata.variables.get("company"), metadata.agent_name, *settings.profile.names],
    }
    if transcript_sha256 is not None:
        words["imported"] = transcript_sha256
    spoken = settings.transcribe or transcript_sha256 is not None
    return AuditKeys(_digest(measuring), _digest(words) if spoken else None, _digest(known))


def make_plan(
    recordings: Sequence[Path],
    look_up: LookUp,
    *,
    settings: Settings,
    find_metadata: Callable[[Path], Metadata],
    sha256: Callable[[Path], str],
    judge: Judge,
    out: Path,
    max_crashes: int | None = None,
    taken: Callable[[str], bool] = lambda _: False,
    lined_up: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Decide what to do with each recording.

    A recording is known to be unchanged by its path, size and time of change; where
    these do not tell, its bytes are hashed.

    Parameters
    ----------
    recordings : sequence of Path
        In the order in which they are to be audited.
    look_up : callable
        The store's entries of some paths and of some calls.
    find_metadata, sha256 : callable
        What is known of a recording, and the hash of its bytes.
    judge : Judge
    out : Path
        The output folder, whose ``calls/`` may lack a file.
    max_crashes : int, optional
        A recording that took its worker down so often, and is still the same file, is refused.
    taken : callable
        Whether a call has its recording in this run already, by an earlier plan or because it is known.
    lined_up : mapping
        Paths (:func:`path_key`) of recordings by an earlier plan that the store has not met yet, by their calls.

    Returns
    -------
    Plan
        Of several recordings with one call id, the one that the store already holds is planned, else the
        first; the others are refused as `DuplicateCall`, which names both.
    """
    by_call: dict[str, list[tuple[int, Path, Metadata]]] = defaultdict(list)
    refused: dict[int, Refused] = {}
    planned: dict[int, Planned] = {}
    for i, path in enumerate(recordings):
        try:
            metadata = find_metadata(path)
        except Exception as e:
            trouble = trouble_of(e)
            if trouble.fatal:
                raise trouble.fatal from e
            refused[i] = Refused(path, path_key(path), printable(path.stem), trouble)
        else:
            metadata = replace(metadata, call_id=printable(metadata.call_id))
            by_call[metadata.call_id].append((i, path, metadata))
    known = _Ledger()
    for entry in look_up([path_key(p) for p in recordings], list(by_call)):
        known.by_path[entry.path] = entry
        known.holders[entry.call_id] = entry
        if entry.call_row_id is not None:
            known.by_call[entry.call_id] = entry
    for call_id, group in by_call.items():
        holder = lined_up.get(call_id)
        if holder is None and taken(call_id) and call_id in known.holders:
            holder = known.holders[call_id].path
        if holder is not None and all(path_key(p) != holder for _, p, _ in group):
            refused.update((i, _duplicate(path, call_id, holder)) for i, path, _ in group)
            continue
        keeper = _keeper(group, known.by_call.get(call_id))
        for i, path, metadata in group:
            if i != keeper[0]:
                refused[i] = _duplicate(path, call_id, keeper[1])
                continue
            before = known.by_path.get(path_key(path))
            if (
                max_crashes is not None
                and before is not None
                and before.n_crashes >= max_crashes
                and _is_same_file(path, before)
            ):
                refused[i] = _quarantined(path, call_id, before)
                continue
            one = _plan_one(path, metadata, known, settings=settings, sha256=sha256, judge=judge, out=out)
            if isinstance(one, Planned):
                planned[i] = one
            else:
                refused[i] = one
    return Plan(tuple(planned[i] for i in sorted(planned)), tuple(refused[i] for i in sorted(refused)))


def path_key(path: Path | str) -> str:
    """The absolute path as text, or the URL: the recording's name in the store."""
    if isinstance(path, ObjectPath):
        return printable(path.url)
    return printable(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _keeper(group: list[tuple[int, Path, Metadata]], entry: LedgerEntry | None) -> tuple[int, Path, Metadata]:
    """Which of the recordings with one call id is the call's."""
    return next((g for g in group if entry is not None and path_key(g[1]) == entry.path), group[0])


def _duplicate(path: Path, call_id: str, other: Path | str) -> Refused:
    error = DuplicateCall(
        f"call id {call_id!r} is also that of {other}",
        hint="correct the call-detail record or the file name, or leave one of the two out",
    )
    return Refused(path, path_key(path), call_id, trouble_of(error))


def _quarantined(path: Path, call_id: str, entry: LedgerEntry) -> Refused:
    reason = f"not tried again: it took its worker process down {entry.n_crashes} times"
    hint = "callaudit failures lists why; mend or replace the file, or try again with --retry"
    return Refused(path, path_key(path), call_id, Trouble("worker", QUARANTINED, reason, hint))


def _is_same_file(path: Path, entry: LedgerEntry) -> bool:
    """Whether a file has the size and the time of change that it had when it failed."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return entry.state == "failed" and (stat.st_size, stat.st_mtime_ns) == (entry.size_bytes, entry.mtime_ns)


def _plan_one(
    path: Path,
    metadata: Metadata,
    known: _Ledger,
    *,
    settings: Settings,
    sha256: Callable[[Path], str],
    judge: Judge,
    out: Path,
) -> Planned | Refused:
    """What to do with the only recording of a call."""
    key = path_key(path)
    keys = audit_keys(
        settings,
        metadata,
        transcript_sha256=_sha256_beside(find_transcript, path, settings),
        voices_sha256=_sha256_beside(find_voices, path, settings),
    )
    size = mtime = None
    try:
        stat = path.stat()
        size, mtime = stat.st_size, stat.st_mtime_ns
    except OSError:
        pass  # reading it says what is wrong, and how

    entry = known.by_call.get(metadata.call_id)
    seen = entry.call_row_id if entry is not None else None

    def planned(work: Work, entry: LedgerEntry | None = None) -> Planned:
        return Planned(path, key, metadata, keys, size, mtime, work, entry, seen)

    if entry is None:
        return planned("audit")
    here = entry.path == key
    unchanged = here and entry.state == "done" and (size, mtime) == (entry.size_bytes, entry.mtime_ns)
    try:
        same = unchanged or (size is not None and sha256(path) == entry.sha256)
    except (OSError, RecordingError):
        return planned("audit")
    if not same:
        if not here and _still_there(entry):
            return _duplicate(path, metadata.call_id, entry.path)
        return planned("audit")
    stored = entry.keys
    if stored is None or stored.measuring != keys.measuring or (keys.words is not None and stored.words != keys.words):
        return planned("audit")
    moved = not here and not _still_there(entry)
    if (
        moved
        or entry.state != "done"
        or stored.metadata != keys.metadata
        or not (out / "calls" / call_file_name(metadata.call_id)).exists()
    ):
        return planned("rescore", entry)
    if keys.words is not None and judge.scorecard_sha256(entry.language or settings.language) != entry.scorecard_sha256:
        return planned("rescore", entry)
    return planned("skip", entry)


def _sha256_beside(find: Callable[[Path, Path | None], Path | None], path: Path, settings: Settings) -> str | None:
    """Hash of what came with a recording, where the settings ask for it; a call with another is audited anew."""
    if settings.transcripts is None:
        return None
    found = find(path, transcripts_folder(settings.transcripts))
    try:
        return hashlib.sha256(found.read_bytes()).hexdigest() if found else None
    except OSError:
        return None  # reading it says why, in the record


def _still_there(entry: LedgerEntry) -> bool:
    """Whether an earlier recording of a call still lies where it was audited."""
    try:
        stat = place(entry.path).stat()
    except OSError:
        return False
    return entry.state == "done" and (stat.st_size, stat.st_mtime_ns) == (entry.size_bytes, entry.mtime_ns)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()

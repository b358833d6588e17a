"""Holds that a record tells of: where they lie in the recording, and how they go with what is heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from audit.records import Hold, HoldSource, Metadata
from audit.segments import intersection, total_s
from audit.telephony.answer import RECORD_TOLERANCE_S, Answer

#: What record and audio may differ by beyond the record's own clock before it is said.
DISAGREE_S = 1.0
#: A recorded hold shorter than this is none: a key pressed twice.
MIN_RECORDED_S = 0.5

_NAMES = {"cdr": "call-detail record", "vcon": "vCon"}


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """What the record tells, in the recording's time.

    Attributes
    ----------
    holds : tuple of Hold
        Sorted; their kind is not known yet ("silence").
    transfers_s : tuple of float
    tolerance_s : float
        What each edge may be off by, the alignment of record and recording included.
    warnings : tuple of str
    """

    holds: tuple[Hold, ...] = ()
    transfers_s: tuple[float, ...] = ()
    tolerance_s: float = 0.0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReconciledHolds:
    """The holds of a call, from the best source.

    Attributes
    ----------
    holds : tuple of Hold
        The record's where it tells any, else those heard.
    source : {"audio", "cdr", "vcon"}
    heard : tuple of Hold
        What the audio says; empty where that is what `holds` are.
    warnings : tuple of str
        Where the two disagree, in plain words with both figures.
    """

    holds: tuple[Hold, ...]
    source: HoldSource
    heard: tuple[Hold, ...] = ()
    warnings: tuple[str, ...] = ()


def place_recorded(metadata: Metadata, answer: Answer, *, duration_s: float) -> RecordedEvents:
    """Put the recorded holds and transfers into the recording's time.

    The recording's start by the clock is the vCon's dialog start; else the record's answer less the answer heard; else
    the record's start or answer, whichever makes the recording as long as the record says.

    Parameters
    ----------
    metadata : Metadata
    answer : Answer
        From :func:`~audit.telephony.answer.find_answer`.
    duration_s : float
        Of the recording.

    Returns
    -------
    RecordedEvents
        Holds cut to the recording. Empty, with a warning, where there are events and nothing tells where the recording
        lies in the call.
    """
    if not metadata.holds and not metadata.transferred_at:
        return RecordedEvents()
    origin = _origin(metadata, answer, duration_s=duration_s)
    if origin is None:
        why = "the record's holds cannot be placed: nothing tells when the recording began; they are taken from the audio"
        return RecordedEvents(warnings=(why,))
    start_at, tolerance_s = origin
    holds = []
    outside = 0
    for h in metadata.holds:
        a = (h.start_at - start_at).total_seconds()
        b = (h.end_at - start_at).total_seconds() if h.end_at else duration_s
        a, b = max(0.0, a), min(b, duration_s)
        if b - a >= MIN_RECORDED_S:
            holds.append(Hold(a, b, "silence", h.source))
        else:
            outside += 1
    warnings: tuple[str, ...] = ()
    if outside:
        warnings = (f"{outside} of {len(metadata.holds)} recorded holds do not lie within the recording and were left out",)
    transfers = tuple(t for x in metadata.transferred_at if 0 <= (t := (x - start_at).total_seconds()) <= duration_s)
    tolerance_s += max((h.tolerance_s for h in metadata.holds), default=0.0)
    return RecordedEvents(tuple(sorted(holds)), transfers, tolerance_s, warnings)


def _origin(metadata: Metadata, answer: Answer, *, duration_s: float) -> tuple[datetime, float] | None:
    """When the recording began by the clock, and what that may be off by."""
    if metadata.recording_started_at is not None:
        return metadata.recording_started_at, 0.0
    tolerance_s = metadata.ring_tolerance_s if metadata.ring_tolerance_s is not None else 1.0
    if metadata.answered_at is not None and answer.source == "audio" and answer.tolerance_s is not None:
        return metadata.answered_at - timedelta(seconds=answer.at_s), answer.tolerance_s
    whole_s, talk_s = metadata.duration_s, metadata.talk_s
    near_whole = abs(duration_s - whole_s) if whole_s is not None else float("inf")
    near_talk = abs(duration_s - talk_s) if talk_s is not None else float("inf")
    if min(near_whole, near_talk) > RECORD_TOLERANCE_S:
        return None
    if near_talk <= near_whole and metadata.answered_at is not None:
        return metadata.answered_at, tolerance_s
    if near_whole <= RECORD_TOLERANCE_S and metadata.started_at is not None:
        return metadata.started_at, tolerance_s
    return None


def reconcile_holds(
    recorded: RecordedEvents, heard: Sequence[Hold], *, recorded_hold_s: float | None = None
) -> ReconciledHolds:
    """Take the record's holds where it tells any, and say where the audio disagrees.

    Parameters
    ----------
    recorded : RecordedEvents
        From :func:`place_recorded`.
    heard : sequence of Hold
        What the audio says.
    recorded_hold_s : float, optional
        ``Metadata.hold_s``, the seconds of all holds, which is compared only where no hold is recorded by itself.

    Returns
    -------
    ReconciledHolds
        A recorded hold takes the kind of the heard hold that it overlaps most; where nothing is heard it is a silence.

    Examples
    --------
    >>> record = RecordedEvents((Hold(10.0, 30.0, "silence", "cdr"),), tolerance_s=1.0)
    >>> found = reconcile_holds(record, [Hold(10.4, 25.0, "music")])
    >>> found.holds[0].kind, found.source, found.warnings
    ('music', 'cdr', ('the call-detail record has a hold from 10.0 to 30.0 s, 10.4 to 25.0 s is heard: the record was taken',))
    """
    found = tuple(sorted(heard))
    if not recorded.holds:
        warnings = list(recorded.warnings)
        total = total_s(found)
        if recorded_hold_s is not None and abs(recorded_hold_s - total) > DISAGREE_S + 1.0:
            warnings.append(
                f"the record says {recorded_hold_s:g} s of holds in all, {total:.1f} s are heard: those heard were taken, "
                "as the record does not say where its own lie"
            )
        return ReconciledHolds(found, "audio", (), tuple(warnings))
    warnings = list(recorded.warnings)
    limit_s = DISAGREE_S + recorded.tolerance_s
    taken: list[Hold] = []
    matched: set[Hold] = set()
    for hold in recorded.holds:
        name = _NAMES[hold.source]
        here = [h for h in found if h.intersect(hold)]
        matched.update(here)
        said = f"the {name} has a hold from {hold.start_s:.1f} to {hold.end_s:.1f} s"
        if not here:
            warnings.append(f"{said}, none is heard there: the record was taken")
            taken.append(hold)
            continue
        best = max(here, key=lambda h: total_s(intersection([h], [hold])))
        taken.append(replace(hold, kind=best.kind))
        start_s, end_s = here[0].start_s, max(h.end_s for h in here)
        if abs(start_s - hold.start_s) > limit_s or abs(end_s - hold.end_s) > limit_s:
            warnings.append(f"{said}, {start_s:.1f} to {end_s:.1f} s is heard: the record was taken")
    for h in found:
        if h not in matched:
            where = f"from {h.start_s:.1f} to {h.end_s:.1f} s"
            warnings.append(
                f"a hold is heard {where} that the {_NAMES[recorded.holds[0].source]} does not have: it was left out"
            )
    return ReconciledHolds(tuple(taken), recorded.holds[0].source, found, tuple(warnings))

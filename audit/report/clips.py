"""Sound to listen to beside a verdict: which stretches are cut, and cutting them.

A clip begins two seconds before its evidence and ends two seconds after it. Places of one call that begin within a second
of each other share a clip; a verdict then knows where in its clip to start. Others get clips of their own even where they
overlap: in a viewer that runs no script, such as a mail preview, a player starts at its clip's beginning.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from audit.archive import ObjectPath, ShareSilent, answered, answers, as_local, place, silent
from audit.errors import AuditError
from audit.records import Layout, Recording
from audit.redaction import MutedRecording
from audit.segments import Segment

if TYPE_CHECKING:
    from audit.audio import Audio, Samples
    from audit.report.sounds import Sounds

T = TypeVar("T")

#: Sound before and after the evidence, in seconds: enough to hear what led to it.
CLIP_MARGIN_S = 2.0
#: Longest clip in seconds; a longer wait or a searched window is cut at its end and the page says so.
MAX_CLIP_S = 20.0
#: Places whose clips would begin this close, in seconds, share one.
SHARED_START_S = 1.0
#: Most sound embedded in one page, as base64 text. Common mail servers refuse messages over 20-25 MB.
MAX_PAGE_AUDIO_BYTES = 12_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stretch of evidence that somebody should be able to hear; a lower `priority` is served first."""

    start_s: float
    end_s: float
    priority: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch that was cut.

    Attributes
    ----------
    key : str
        Unique in its page; fit for an HTML id.
    segment : Segment
        In the recording.
    data_uri : str
        ``data:audio/mpeg;base64,…``
    """

    key: str
    segment: Segment
    data_uri: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The clip for one piece of evidence and where in it to start.

    Attributes
    ----------
    clip : Clip
    offset_s : float
        From the clip's start to two seconds before the evidence.
    complete : bool
        False if the evidence goes on after the clip's end.
    """

    clip: Clip
    offset_s: float
    complete: bool


@dataclass(frozen=True, slots=True)
class CallClips:
    """What can be heard of one call.

    Attributes
    ----------
    heard : mapping of (start_s, end_s) to Heard
    unavailable : str or None
        Why the recording could not be used at all: ``"gone"``, ``"changed"``, ``"muted"`` or an error's message.
    n_left_out : int
        Clips dropped because the page was full.
    """

    heard: Mapping[tuple[float, float], Heard] = field(default_factory=dict)
    unavailable: str | None = None
    n_left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Planned:
    segment: Segment
    priority: tuple[float, ...]


def clip_segment(start_s: float, end_s: float, duration_s: float) -> Segment | None:
    """The stretch to cut for evidence: two seconds on either side, inside the recording, at most `MAX_CLIP_S`.

    Examples
    --------
    >>> clip_segment(10.0, 11.5, 60.0)
    Segment(start_s=8.0, end_s=13.5)
    >>> clip_segment(1.0, 58.0, 60.0)
    Segment(start_s=0.0, end_s=20.0)
    >>> clip_segment(90.0, 91.0, 60.0) is None
    True
    """
    start = max(0.0, start_s - CLIP_MARGIN_S)
    end = min(duration_s, end_s + CLIP_MARGIN_S, start + MAX_CLIP_S)
    return Segment(start, end) if start < end and start_s < duration_s else None


def plan_clips(wanted: Iterable[Wanted], duration_s: float) -> tuple[_Planned, ...]:
    """The clips of one call, sorted by start; those that begin nearly together are one, as long as it keeps to `MAX_CLIP_S`."""
    stretches = []
    for w in wanted:
        segment = clip_segment(w.start_s, w.end_s, duration_s)
        if segment is not None:
            stretches.append(_Planned(segment, w.priority))
    merged: list[_Planned] = []
    for new in sorted(stretches, key=lambda p: (p.segment.start_s, -p.segment.end_s)):
        if merged:
            last = merged[-1]
            end = max(last.segment.end_s, new.segment.end_s)
            near = new.segment.start_s - last.segment.start_s <= SHARED_START_S
            if near and end - last.segment.start_s <= MAX_CLIP_S:
                merged[-1] = _Planned(Segment(last.segment.start_s, end), min(last.priority, new.priority))
                continue
        merged.append(new)
    return tuple(merged)


def cut_page(
    calls: Sequence[tuple[Recording, Sequence[Wanted]]],
    *,
    max_bytes: int = MAX_PAGE_AUDIO_BYTES,
    sounds: Sounds | None = None,
) -> tuple[CallClips, ...]:
    """Cut the clips of a page, the most pressing first, until the page is full.

    Each recording is opened once. A recording that is gone, that is not the one that was audited (its SHA-256 differs) or
    that no longer decodes is told in the result; the page then prints times instead.

    Parameters
    ----------
    calls : sequence of (Recording, sequence of Wanted)
    max_bytes : int
        Of base64 text in all.
    sounds : Sounds, optional
        Sound that was taken already, of which clips are cut without encoding them.

    Returns
    -------
    tuple of CallClips
        One for each call, in order.
    """
    encoded: list[list[tuple[_Planned, str]]] = []
    reasons: list[str | None] = []
    for recording, wanted in calls:
        plan = plan_clips(wanted, recording.duration_s)
        reason, uris = _cut(recording, [p.segment for p in plan], sounds)
        encoded.append(list(zip(plan, uris, strict=True)) if reason is None else [])
        reasons.append(reason)
    kept = _fit([[(p.priority, len(uri)) for p, uri in clips] for clips in encoded], max_bytes)
    results = []
    for i, (_, wanted) in enumerate(calls):
        clips = [
            Clip(f"clip-{i + 1}-{j + 1}", planned.segment, uri) for j, (planned, uri) in enumerate(encoded[i]) if (i, j) in kept
        ]
        results.append(CallClips(_locate(wanted, clips), reasons[i], len(encoded[i]) - len(clips)))
    return tuple(results)


def _fit(sizes: Sequence[Sequence[tuple[tuple[float, ...], int]]], max_bytes: int) -> set[tuple[int, int]]:
    """Which clips, as (call, clip) indices, fit the page when taken in order of priority."""
    order = sorted((priority, i, j, size) for i, clips in enumerate(sizes) for j, (priority, size) in enumerate(clips))
    kept, used = set(), 0
    for _, i, j, size in order:
        if used + size <= max_bytes:
            kept.add((i, j))
            used += size
    return kept


def _locate(wanted: Sequence[Wanted], clips: Sequence[Clip]) -> dict[tuple[float, float], Heard]:
    """For each piece of evidence the clip that begins its lead-in, if it was kept."""
    found = {}
    for w in wanted:
        lead_in = max(0.0, w.start_s - CLIP_MARGIN_S)
        holding = [c for c in clips if c.segment.start_s <= lead_in < c.segment.end_s and w.start_s < c.segment.end_s]
        if holding:
            # of several that hold the lead-in the latest to begin: the place's own, or one that begins a second before at most
            clip = max(holding, key=lambda c: (c.segment.start_s, c.segment.end_s))
            found[(w.start_s, w.end_s)] = Heard(clip, lead_in - clip.segment.start_s, clip.segment.end_s >= w.end_s)
    return found


def _cut(recording: Recording, segments: Sequence[Segment], sounds: Sounds | None = None) -> tuple[str | None, list[str]]:
    """Why nothing could be cut (None if it could), and a data URI for each segment."""
    if not segments:
        return None, []
    reason, taken = (sounds.of(recording) if sounds is not None else None) or (None, None)
    if reason is not None:
        return reason, []
    if taken is not None and (clips := taken.clips(segments)) is not None:
        return None, clips
    from audit.audio import encode_clip

    def encoded(audio: Audio) -> list[str]:
        clips = (mix_legs(audio.read(s.start_s, s.end_s), recording.layout) for s in segments)
        return [data_uri(encode_clip(samples[None, :], audio.sample_rate_hz)) for samples in clips]

    reason, uris = with_audio(recording, encoded)
    return reason, uris or []


def with_audio(recording: Recording, make: Callable[[Audio], T]) -> tuple[str | None, T | None]:
    """Open a recording, if it is the one that was audited, and make something of its sound.

    Returns
    -------
    tuple of (str or None, T or None)
        Why nothing could be made: ``"gone"``, ``"changed"``, ``"muted"`` or an error's message; and what was made.
    """
    if isinstance(recording, MutedRecording) and recording.is_silent:
        return "muted", None
    path = place(recording.path)
    if not answers(path):
        return silent(path).message, None
    try:
        return answered(lambda: _made_of(path, recording, make), path)
    except ShareSilent as e:
        return e.message, None


def _made_of(path: Path, recording: Recording, make: Callable[[Audio], T]) -> tuple[str | None, T | None]:
    if not isinstance(path, ObjectPath) and not path.is_file():
        return "gone", None
    from audit.audio import file_sha256, read_audio  # a third of a second, and a page without verdicts cuts none

    try:
        with as_local(path) as local:
            if file_sha256(local) != recording.sha256:
                return "changed", None
            return None, make(_hushed(read_audio(local), recording))
    except (AuditError, OSError) as e:
        return getattr(e, "message", None) or str(e), None


def _hushed(audio: Audio, recording: Recording) -> Audio:
    """The sound with what nobody is to hear as silence on every leg, whoever asks for it."""
    if not isinstance(recording, MutedRecording):
        return audio
    from audit.report.muting import MutedStore

    return replace(audio, store=MutedStore(audio.store, recording.muted, audio.sample_rate_hz))


def mix_legs(samples: Samples, layout: Layout) -> Samples:
    """Both parties on one channel, so that a single earphone or a telephone's loudspeaker plays them.

    Parameters
    ----------
    samples : float32 array (n_channels, n_samples)
    layout : {"mono", "stereo", "dual_mono", "one_dead_leg"}

    Returns
    -------
    float32 array (n_samples,)
        The sum of the legs, turned down only if it would clip; of dual mono the first channel.
    """
    mixed = summed(samples, layout)
    peak = float(abs(mixed).max(initial=0.0))
    return mixed / mixed.dtype.type(peak) if peak > 1 else mixed


def summed(samples: Samples, layout: Layout) -> Samples:
    """The legs on one channel, as loud as they are."""
    if layout == "dual_mono":
        return samples[0]
    mixed: Samples = samples.sum(axis=0, dtype=samples.dtype)
    return mixed


def data_uri(mp3: bytes) -> str:
    """An address that holds the sound itself."""
    return "data:audio/mpeg;base64," + base64.b64encode(mp3).decode("ascii")


def no_clips(calls: Sequence[tuple[Recording, Sequence[Wanted]]]) -> tuple[CallClips, ...]:
    """Cut nothing: for pages without sound."""
    return tuple(CallClips(unavailable="not_asked") for _ in calls)

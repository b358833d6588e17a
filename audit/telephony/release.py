"""When the call was released, and on which channel the party is who did it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audit.records import Segment, Tone
from audit.telephony.spectrum import Floats

RELEASE_TONES = ("busy", "congestion")
MAX_TONE_GAP_S = 1.2
TAIL_S = 2.0  # a release tone lasts until nearly the end of the recording
# A leg is dead where its samples are zero to within two steps of 16 bits; mu-law's smallest step is larger.
DEAD_AMPLITUDE = 2.5 / 32768
MIN_DEAD_LEAD_S = 0.3


@dataclass(frozen=True, slots=True)
class Release:
    """The end of the connection.

    Attributes
    ----------
    hangup_at_s : float or None
        None for an empty recording.
    channel : int or None
        0-based channel of the party that released; None where the audio does not show it.
    source : {"tone", "dead_leg", "end_of_recording", "none"}
        What shows the moment, or the party.
    reason : str or None
        Why the channel is not known.
    """

    hangup_at_s: float | None
    channel: int | None
    source: Literal["tone", "dead_leg", "end_of_recording", "none"]
    reason: str | None = None


def find_release(legs: Floats, sample_rate_hz: int, *, tones: Sequence[Tone], speech: Sequence[Sequence[Segment]]) -> Release:
    """Find the hang-up from the release tone at the tail, a leg gone dead, or the end of the recording.

    Parameters
    ----------
    legs : ndarray, shape (n_channels, n), float32
    sample_rate_hz : int
    tones : sequence of Tone
        Of all channels.
    speech : sequence of sequence of Segment
        One per channel; nobody talks after a release tone has begun.

    Returns
    -------
    Release
        The exchange plays the release tone to the party that is still there, so the other one released. A leg that turns
        to digital zero before the other, and had none before, belongs to the party that released.

    Raises
    ------
    ValueError
        If `legs` is not two-dimensional or the rate is not positive.

    Examples
    --------
    >>> find_release(np.full((1, 16000), 0.1, np.float32), 8000, tones=(), speech=((),)).source
    'end_of_recording'
    """
    if legs.ndim != 2 or sample_rate_hz <= 0:
        raise ValueError(
            f"legs have the shape (channels, samples) with a positive rate, not {legs.shape} at {sample_rate_hz} Hz"
        )
    duration_s = legs.shape[1] / sample_rate_hz
    if duration_s == 0 or len(legs) == 0:
        return Release(None, None, "none", "the recording is empty")
    last_word_s = max((s.start_s for leg in speech for s in leg), default=0.0)
    tail = _tail_series(tones, duration_s=duration_s)
    if tail and tail[0].start_s >= last_word_s:
        start = min(t.start_s for t in tail)
        if len(legs) != 2:
            return Release(start, None, "tone", "the parties are not on channels of their own")
        to_channel = _hears_tone(legs, sample_rate_hz, tail)
        if to_channel is None:
            return Release(start, None, "tone", "the release tone is equally loud on both channels")
        return Release(start, 1 - to_channel, "tone")
    if len(legs) != 2:
        return Release(duration_s, None, "end_of_recording", "the parties are not on channels of their own")
    dead_from = [_dead_from_s(leg, sample_rate_hz) for leg in legs]
    ends = [duration_s if d is None else d for d in dead_from]
    if abs(ends[0] - ends[1]) >= MIN_DEAD_LEAD_S and min(ends) > last_word_s:
        return Release(min(ends), int(ends[1] < ends[0]), "dead_leg")
    return Release(duration_s, None, "end_of_recording", "both legs last until the end and no release tone is heard")


def _tail_series(tones: Sequence[Tone], *, duration_s: float) -> list[Tone]:
    """The busy or congestion bursts that last until the end of the recording, on any channel, sorted."""
    bursts = sorted(t for t in tones if t.kind in RELEASE_TONES)
    if not bursts or duration_s - max(t.end_s for t in bursts) > TAIL_S:
        return []
    series = [bursts[-1]]
    for t in reversed(bursts[:-1]):
        if series[-1].start_s - t.end_s > MAX_TONE_GAP_S:
            break
        series.append(t)
    return series[::-1]


def _hears_tone(legs: Floats, sample_rate_hz: int, tones: Sequence[Tone]) -> int | None:
    """The channel on which the tone is louder by 6 dB at least."""
    power = [0.0, 0.0]
    for t in tones:
        part = slice(round(t.start_s * sample_rate_hz), round(t.end_s * sample_rate_hz))
        for channel in (0, 1):
            power[channel] += float(np.sum(np.square(legs[channel, part], dtype=np.float64)))
    if max(power) < 4 * min(power):
        return None
    return int(power[1] > power[0])


def _dead_from_s(leg: Floats, sample_rate_hz: int) -> float | None:
    """Where a living leg turns to digital zero for good; None if it does not, or was dead for long before as well."""
    alive = np.flatnonzero(np.abs(leg) > DEAD_AMPLITUDE)
    if not len(alive) or len(leg) - alive[-1] < MIN_DEAD_LEAD_S * sample_rate_hz:
        return None
    if len(alive) > 1 and int(np.max(np.diff(alive))) > MIN_DEAD_LEAD_S * sample_rate_hz:
        return None  # silence suppression: its pauses are dead, too
    return float(alive[-1] + 1) / sample_rate_hz

"""When the call was released, by the party on which channel, and whether somebody was cut off in mid-speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audit.records import CutOff, Tone
from audit.segments import Segment, intersection, total_s
from audit.telephony.spectrum import Floats

RELEASE_TONES = ("busy", "congestion")
MAX_TONE_GAP_S = 1.2
MAX_TALK_SHARE = 0.5  # who is left behind may say something over the tone; a talk that goes on is no released call
TAIL_S = 2.0  # a release tone lasts until nearly the end of the recording
# A leg is dead where its samples are zero to within two steps of 16 bits; mu-law's smallest step is larger.
DEAD_AMPLITUDE = 2.5 / 32768
MIN_DEAD_LEAD_S = 0.3
# A line that is gone takes its noise with it. Line noise as heard over 0.3 s strays by 3 dB at most.
MIN_DROP_S = 0.5
DROP_DB = 10.0
DROP_SPREAD_DB = 6.0
STEP_S = 0.01
CALM_STEPS = 30
# How long the party who is left behind may go on talking ("hello? hello?") for the other leg's death still to be the hang-up.
LEFT_BEHIND_S = 10.0
# Cut off in mid-speech: speech as loud as ever within 30 ms of the end. On composed calls ended at some place within an
# utterance, or up to 0.2 s after one: 69 % and 0.5 % of seeds 11-13 (on which this was set), 70 % and 0.8 % of seeds 1-5. Who
# is cut off between two words sounds like one who has finished.
SPEECH_REACH_S = 0.12
LAST_S, LAST_DB = 0.03, -10.0
LAST_BUT_ONE_S, LAST_BUT_ONE_DB = 0.06, -12.0
LEVEL_S, LEVEL_RANGE_DB = 20.0, 30.0  # music behind the talk is weaker than the talk of the last seconds
OVER_FLOOR_DB = 6.0
QUOTE_S = 2.0
MIN_SPEECH_S = 0.3
EDGE_S = 0.02  # tones are found to this

ReleaseSource = Literal["tone", "dead_leg", "noise_drop", "end_of_recording", "none"]
Levels = NDArray[np.float64]  # dBFS of each step


@dataclass(frozen=True, slots=True)
class Release:
    """The end of the connection.

    Attributes
    ----------
    hangup_at_s : float or None
        None for an empty recording.
    channel : int or None
        0-based channel of the party that released; None where the audio does not show it.
    source : {"tone", "dead_leg", "noise_drop", "end_of_recording", "none"}
        What shows the moment, or the party.
    reason : str or None
        Why the channel is not known.
    evidence : Segment or None
        What to listen to: the release tone, or the leg after its death.
    cut_off : CutOff
        Whether the hang-up came while somebody was speaking.
    """

    hangup_at_s: float | None
    channel: int | None
    source: ReleaseSource
    reason: str | None = None
    evidence: Segment | None = None
    cut_off: CutOff = field(default_factory=CutOff)


def find_release(
    legs: Floats,
    sample_rate_hz: int,
    *,
    tones: Sequence[Tone],
    speech: Sequence[Sequence[Segment]],
    offset_s: float = 0.0,
    answer_at_s: float | None = None,
    damaged: str | None = None,
) -> Release:
    """Find the hang-up from the release tone at the tail, a leg gone dead, or the end of the recording.

    Parameters
    ----------
    legs : ndarray, shape (n_channels, n), float32
        The recording up to its end: all of it, or its tail of some minutes.
    sample_rate_hz : int
    tones : sequence of Tone
        Of all channels, in the recording's time.
    speech : sequence of sequence of Segment
        One per channel, in the recording's time; nobody talks after a release tone has begun.
    offset_s : float, default 0
        Where in the recording `legs` begin.
    answer_at_s : float, optional
        A leg that was quiet before it shows nothing by being quiet again.
    damaged : str, optional
        Why the recording is not whole; whether somebody was cut off is then not evaluable.

    Returns
    -------
    Release
        In the recording's time. The exchange plays the release tone to the party that is still there, so the other one
        released. A leg that turns to digital zero, or loses its line noise by 10 dB and more, before the other, and was
        never so quiet before, belongs to the party that released. Both gone together: the moment is known, the party is
        not.

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
    if 0 in legs.shape:
        return Release(None, None, "none", "the recording is empty", cut_off=CutOff(None, "the recording is empty"))
    end_s = offset_s + legs.shape[1] / sample_rate_hz
    release = _by_tone(legs, sample_rate_hz, tones, speech, offset_s=offset_s, end_s=end_s)
    if release is None:
        release = _by_quiet(legs, sample_rate_hz, speech, offset_s=offset_s, end_s=end_s, since_s=answer_at_s or 0.0)
    if release is None:
        why = "both legs last until the end and no release tone is heard" if len(legs) == 2 else _ONE_CHANNEL
        release = Release(end_s, None, "end_of_recording", why)
    cut = _cut_off(legs, sample_rate_hz, speech, release, offset_s=offset_s, damaged=damaged)
    return replace(release, cut_off=cut)


_ONE_CHANNEL = "the parties are not on channels of their own"


# --- release tone ---------------------------------------------------------------------------------
def _by_tone(
    legs: Floats,
    sample_rate_hz: int,
    tones: Sequence[Tone],
    speech: Sequence[Sequence[Segment]],
    *,
    offset_s: float,
    end_s: float,
) -> Release | None:
    """The release that a busy or congestion tone at the tail shows."""
    tail = _tail_series([t for t in tones if t.end_s > offset_s], duration_s=end_s)
    if not tail:
        return None
    start = min(t.start_s for t in tail)
    heard = Segment(start, max(t.end_s for t in tail))
    talk = [s for leg in speech for s in leg if s.start_s > start - EDGE_S]
    if total_s(intersection(talk, [heard])) > MAX_TALK_SHARE * heard.duration_s:
        return None
    if len(legs) != 2:
        return Release(start, None, "tone", _ONE_CHANNEL, heard)
    to_channel = _hears_tone(legs, sample_rate_hz, tail, offset_s=offset_s)
    if to_channel is None:
        return Release(start, None, "tone", "the release tone is equally loud on both channels", heard)
    return Release(start, 1 - to_channel, "tone", None, heard)


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


def _hears_tone(legs: Floats, sample_rate_hz: int, tones: Sequence[Tone], *, offset_s: float) -> int | None:
    """The channel on which the tone is louder by 6 dB at least."""
    power = [0.0, 0.0]
    for t in tones:
        a, b = (max(0, round((x - offset_s) * sample_rate_hz)) for x in (t.start_s, t.end_s))
        for channel in (0, 1):
            power[channel] += float(np.sum(np.square(legs[channel, a:b], dtype=np.float64)))
    if max(power) < 4 * min(power):
        return None
    return int(power[1] > power[0])


# --- a leg gone quiet -----------------------------------------------------------------------------
def _by_quiet(
    legs: Floats,
    sample_rate_hz: int,
    speech: Sequence[Sequence[Segment]],
    *,
    offset_s: float,
    end_s: float,
    since_s: float,
) -> Release | None:
    """The release that a leg shows by going dead or losing its noise for good; None where no leg does."""
    since = max(0, round((since_s - offset_s) * sample_rate_hz))
    n = legs.shape[1]
    gone: list[tuple[float, ReleaseSource] | None] = []
    for leg, own in zip(legs, speech, strict=True):
        found = _quiet_from(leg[since:], sample_rate_hz, own, offset_s=max(offset_s, since_s))
        if found is not None:
            found = (offset_s + (n - found[0]) / sample_rate_hz, found[1])
            if any(s.end_s > found[0] + STEP_S * 10 for s in own):
                found = None
        gone.append(found)
    known = [g for g in gone if g is not None]
    if len(known) < len(gone) and (len(gone) != 2 or not known):
        return None
    first_s, source = min(known)
    evidence = Segment(first_s, end_s)
    if len(gone) == 1:
        return Release(first_s, None, source, _ONE_CHANNEL, evidence)
    ends = [end_s if g is None else g[0] for g in gone]
    if abs(ends[0] - ends[1]) < MIN_DEAD_LEAD_S:
        together_s = max(ends)
        if end_s - together_s < MIN_DEAD_LEAD_S:
            return None
        return Release(together_s, None, source, "both legs go dead together", Segment(together_s, end_s))
    channel = int(ends[1] < ends[0])
    last_word_s = max((s.end_s for s in speech[1 - channel]), default=0.0)
    if last_word_s > first_s + LEFT_BEHIND_S:
        return None
    return Release(first_s, channel, source, None, evidence)


def _quiet_from(
    leg: Floats, sample_rate_hz: int, speech: Sequence[Segment], *, offset_s: float
) -> tuple[int, ReleaseSource] | None:
    """How many samples at its end a living leg is dead, or without its noise, as never before; None if it is not."""
    n_lead = round(MIN_DEAD_LEAD_S * sample_rate_hz)
    if len(leg) <= 2 * n_lead:
        return None
    if not np.any(np.abs(leg[-n_lead:]) > DEAD_AMPLITUDE):
        alive = np.flatnonzero(np.abs(leg) > DEAD_AMPLITUDE)
        if not len(alive):
            return None
        if len(alive) > 1 and int(np.max(np.diff(alive))) > n_lead:
            return None  # silence suppression: its pauses are dead, too
        return len(leg) - int(alive[-1]) - 1, "dead_leg"
    n_drop = round(MIN_DROP_S * sample_rate_hz)
    levels = _levels(leg[-2 * n_drop :], sample_rate_hz)
    floor = float(np.max(levels[-round(MIN_DROP_S / STEP_S) :]))
    levels = _levels(leg, sample_rate_hz)
    loud = np.flatnonzero(levels > floor + DROP_SPREAD_DB)
    if not len(loud) or loud[-1] < CALM_STEPS:
        return None
    # The quietest 0.3 s before in which its party does not speak: pauses show the line's own noise.
    power = 10 ** (levels[: loud[-1] + 1] / 10)
    talk = np.zeros(len(power), int)
    for s in speech:
        a, b = (max(0, round((x - offset_s) / STEP_S)) for x in (s.start_s - SPEECH_REACH_S, s.end_s + SPEECH_REACH_S))
        talk[a:b] = 1
    sums, talks = (np.concatenate(([0], np.cumsum(x))) for x in (power, talk))
    pauses = (sums[CALM_STEPS:] - sums[:-CALM_STEPS])[talks[CALM_STEPS:] == talks[:-CALM_STEPS]]
    if not len(pauses) or 10 * np.log10(float(np.min(pauses)) / CALM_STEPS + 1e-12) < floor + DROP_DB:
        return None
    return len(leg) - (len(leg) % _step(sample_rate_hz)) - int(loud[-1] + 1) * _step(sample_rate_hz), "noise_drop"


def _step(sample_rate_hz: int) -> int:
    return max(1, round(STEP_S * sample_rate_hz))


def _levels(leg: Floats, sample_rate_hz: int) -> Levels:
    """Level of each 10 ms, the last one ending with the leg."""
    n = _step(sample_rate_hz)
    steps = leg[len(leg) % n :].reshape(-1, n)
    return np.asarray(10 * np.log10(np.einsum("ij,ij->i", steps, steps).astype(np.float64) / n + 1e-12))


# --- cut off --------------------------------------------------------------------------------------
def _cut_off(
    legs: Floats,
    sample_rate_hz: int,
    speech: Sequence[Sequence[Segment]],
    release: Release,
    *,
    offset_s: float,
    damaged: str | None,
) -> CutOff:
    """Whether speech lasts, undiminished, until the hang-up; a natural ending fades."""
    hangup_s = release.hangup_at_s
    if damaged is not None and release.source == "end_of_recording":
        return CutOff(None, f"the recording is not whole, so its end need not be the call's: {damaged}")
    if hangup_s is None:
        return CutOff(None, "the recording is empty")
    stop_s = hangup_s - (EDGE_S if release.source == "tone" else 0.0)
    for channel, (leg, own) in enumerate(zip(legs, speech, strict=True)):
        last = max((s for s in own if s.start_s < stop_s), default=None, key=lambda s: s.end_s)
        if last is None or last.end_s < stop_s - SPEECH_REACH_S or stop_s - last.start_s < MIN_SPEECH_S:
            continue
        stop = round((stop_s - offset_s) * sample_rate_hz)
        if stop <= 0:
            continue
        levels = _levels(leg[max(0, stop - round(LEVEL_S * sample_rate_hz)) : stop], sample_rate_hz)
        spoken = np.zeros(len(levels), bool)
        for s in own:
            a, b = (len(levels) - round((stop_s - x) / STEP_S) for x in (s.start_s, min(s.end_s, stop_s)))
            spoken[max(0, a) : max(0, b)] = True
        if _is_undiminished(levels, spoken):
            return CutOff(True, None, Segment(max(last.start_s, stop_s - QUOTE_S), stop_s), channel)
    return CutOff(False)


def _is_undiminished(levels: Levels, spoken: NDArray[np.bool_]) -> bool:
    """Whether the last steps are as loud as the speech of the last seconds, and more than the line's floor."""
    if np.count_nonzero(spoken) < round(MIN_SPEECH_S / STEP_S):
        return False
    recent = levels[spoken]
    active = _mean_db(recent[recent > recent.max() - LEVEL_RANGE_DB])
    last = _mean_db(levels[-round(LAST_S / STEP_S) :])
    before = _mean_db(levels[-round(LAST_BUT_ONE_S / STEP_S) :])
    floor = float(np.percentile(levels, 5))
    return last > active + LAST_DB and before > active + LAST_BUT_ONE_DB and last > floor + OVER_FLOOR_DB


def _mean_db(levels: Levels) -> float:
    """Mean power of steps, in dB."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10)) + 1e-12))

"""What is heard before the answer: announcements, music instead of ringback, and the line that opens with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audit.records import Tone
from audit.segments import Segment, intersection, subtract, total_s, union
from audit.telephony.ringing import Ringing
from audit.telephony.spectrum import Floats

# Line noise that sets in with the answer: many bridges open the far leg's audio only then. It was found on 42 of the 99 ringing
# calls of seeds 11-13 (on which this was set) and on 56 of 153 of seeds 1-5, always within 0.04 s of the composed answer.
STEP_S = 0.01
OPENING_TOLERANCE_S = 0.05
MIN_QUIET_STEPS, MIN_OPEN_STEPS = 8, 25  # speech begins softly, but is loud a quarter of a second later
MIN_SEPARATION_DB = 1.0  # between the loudest tenth before and the quietest tenth after
MAX_SPREAD_DB = 8.0  # of the open line between its two outer tenths: noise; speech and music stray by 15 and more
TONE_EDGE_S = 0.04
POWER_EPSILON = 1e-12

# Music before the answer.
MUSIC_START_S = 3.0
MUSIC_GAP_S = 10.0  # advertising speech between two stretches of music, or a song's unsteady part
MUSIC_EDGE_S = 0.5
MUSIC_LOOK_S = (2.5, 3.0)  # before and after the end that the music detector gives
MUSIC_OVER_FLOOR_DB, MUSIC_FALL_DB = 4.0, 8.0
DIALOGUE_S = 1.0  # the other party says less than this while it plays
ANNOUNCEMENT_BEFORE_RING_S = 12.0


@dataclass(frozen=True, slots=True)
class LineOpening:
    """A leg that was quiet and carries line noise from a moment on.

    Attributes
    ----------
    at_s, tolerance_s : float
    channel : int
        0-based.
    step_db : float
        How much louder the leg is afterwards.
    """

    at_s: float
    tolerance_s: float
    channel: int
    step_db: float


# --- speech and music -------------------------------------------------------------------------------
def first_dialogue_s(
    speech: Sequence[Sequence[Segment]], *, tones: Sequence[Tone] = (), music: Segment | None = None
) -> float | None:
    """Find the first speech that may be the called party's, announcements of the network left out.

    Parameters
    ----------
    speech : sequence of sequence of Segment
        One per channel.
    tones : sequence of Tone
        Of all channels. Speech that the ringback of the same channel follows within 12 s is an announcement ("your call
        is being connected") as long as the other channel has not spoken; on one shared channel it cannot be told from
        a dialogue before a transfer and is taken for speech.
    music : Segment, optional
        Played before the answer, with its advertising speech.

    Returns
    -------
    float or None
        None where nobody speaks.

    Examples
    --------
    >>> said = ((Segment(1.0, 3.0), Segment(12.0, 13.0)), ())
    >>> first_dialogue_s(said, tones=[Tone(4.0, 5.0, "ringback", 0)]), first_dialogue_s(said)
    (12.0, 1.0)
    """
    ringback = sorted(t for t in tones if t.kind == "ringback")
    starts = []
    for channel, own in enumerate(speech):
        others = [s for c, leg in enumerate(speech) if c != channel for s in leg]
        for s in own:
            if music is not None and s.start_s < music.end_s - MUSIC_EDGE_S:
                continue
            after = next((t for t in ringback if t.channel == channel and t.start_s >= s.end_s), None)
            if len(speech) == 2 and after is not None and after.start_s - s.end_s <= ANNOUNCEMENT_BEFORE_RING_S:
                said = total_s(intersection(others, [Segment(0.0, after.start_s)])) if after.start_s > 0 else 0.0
                if said < DIALOGUE_S:
                    continue
            starts.append(s.start_s)
    return min(starts, default=None)


def find_music_before_answer(
    music: Sequence[Sequence[Segment]],
    speech: Sequence[Sequence[Segment]],
    *,
    duration_s: float,
    ringing: Ringing | None = None,
) -> Segment | None:
    """Find music that is heard from the start until the answer: customised ringback, or a queue.

    Parameters
    ----------
    music, speech : sequence of sequence of Segment
        One per channel, sorted. Speech on the music's own channel may be a song's or an advertisement's.
    duration_s : float
        Of the recording.
    ringing : Ringing, optional
        Ringback before the music; the music then follows it instead of the start of the recording.

    Returns
    -------
    Segment or None
        From the first music to its end; None where a dialogue comes first, or the music starts later. A recording that
        begins within a hold looks the same.

    Examples
    --------
    >>> find_music_before_answer([(Segment(0.4, 9.0),), ()], [(), (Segment(9.6, 12.0),)], duration_s=60.0)
    Segment(start_s=0.4, end_s=9.0)
    >>> find_music_before_answer([(Segment(30.0, 60.0),), ()], [(Segment(1.0, 5.0),), ()], duration_s=90.0) is None
    True
    """
    latest_s = MUSIC_START_S + (ringing.last_burst_end_s if ringing else 0.0)
    best: Segment | None = None
    for channel, own in enumerate(music):
        others = [s for c, leg in enumerate(speech) if c != channel for s in leg]
        chain: Segment | None = None
        for m in union(own):
            if chain is None:
                if m.start_s > latest_s:
                    break
                chain = m
            elif m.start_s - chain.end_s <= MUSIC_GAP_S and not _talks(others, Segment(chain.start_s, m.start_s)):
                chain = Segment(chain.start_s, m.end_s)
            else:
                break
        if chain is None or chain.end_s > duration_s - MUSIC_EDGE_S or _talks(others, Segment(0.0, chain.end_s)):
            continue
        if chain.start_s > 0 and _talks(speech[channel], Segment(0.0, chain.start_s)):
            continue
        if best is None or chain.duration_s > best.duration_s:
            best = chain
    return best


def _talks(speech: Sequence[Segment], within: Segment) -> bool:
    """Whether somebody says more than a word or two there."""
    return total_s(intersection(speech, [within])) >= DIALOGUE_S


def find_music_end(
    legs: Floats, sample_rate_hz: int, *, music: Segment, first_speech_s: float | None, offset_s: float = 0.0
) -> float | None:
    """Find where music before the answer stops, as the fall of a leg to its line noise.

    Parameters
    ----------
    legs : ndarray, shape (n_channels, n), float32
        The recording from `offset_s` on, up to the first speech at least.
    sample_rate_hz : int
    music : Segment
        From :func:`find_music_before_answer`; its end is known to about a second.
    first_speech_s : float or None
        From :func:`first_dialogue_s` with this music.
    offset_s : float, default 0

    Returns
    -------
    float or None
        In the recording's time, to 0.05 s. None where no leg falls by 8 dB and is quiet for the last quarter of a second
        before the first speech, or for the rest of the three seconds looked at.

    Raises
    ------
    ValueError
        If `legs` is not two-dimensional or the rate is not positive.
    """
    _check(legs, sample_rate_hz)
    latest_s = music.end_s + MUSIC_LOOK_S[1]
    if first_speech_s is not None:
        latest_s = min(latest_s, first_speech_s - TONE_EDGE_S)
    start_s = max(music.start_s, music.end_s - MUSIC_LOOK_S[0])
    if latest_s - start_s < 2 * MIN_OPEN_STEPS * STEP_S:
        return None
    best: tuple[float, float] | None = None
    for leg in legs:
        power = _powers(leg, sample_rate_hz, Segment(start_s - offset_s, latest_s - offset_s))
        if len(power) < 2 * MIN_OPEN_STEPS:
            continue
        floor = float(np.percentile(power[-MIN_OPEN_STEPS:], 90))
        loud = np.flatnonzero(power > floor * 10 ** (MUSIC_OVER_FLOOR_DB / 10))
        if not len(loud) or loud[-1] + 1 < MIN_OPEN_STEPS or len(power) - loud[-1] <= MIN_OPEN_STEPS // 2:
            continue
        end = int(loud[-1]) + 1
        fall_db = _db(float(np.mean(power[end - MIN_OPEN_STEPS : end])) / floor)
        if fall_db >= MUSIC_FALL_DB and (best is None or fall_db > best[0]):
            best = (fall_db, start_s + end * STEP_S)
    return best[1] if best else None


# --- the line ---------------------------------------------------------------------------------------
def find_line_opening(
    legs: Floats, sample_rate_hz: int, *, ringing: Ringing, tones: Sequence[Tone], offset_s: float = 0.0
) -> LineOpening | None:
    """Find where, after the last ring, a quiet leg begins to carry line noise.

    Parameters
    ----------
    legs : ndarray, shape (n_channels, n), float32
        The recording from `offset_s` on, up to the first speech at least; earlier ringing pauses are looked at as far
        as they are there.
    sample_rate_hz : int
    ringing : Ringing
        From :func:`~audit.telephony.ringing.measure_ringing` with the first speech known.
    tones : sequence of Tone
        Of all channels.
    offset_s : float, default 0

    Returns
    -------
    LineOpening or None
        None where the answer cut a ring, where no leg opens, or where the noise was there in the pauses of the ringing.

    Raises
    ------
    ValueError
        If `legs` is not two-dimensional or the rate is not positive.

    Notes
    -----
    The most likely single change of variance of Gaussian noise: the split of the window that minimises
    ``n1 log v1 + n2 log v2``, v being the mean power on either side.
    """
    _check(legs, sample_rate_hz)
    start_s, stop_s = ringing.answer_earliest_s + TONE_EDGE_S, ringing.answer_latest_s - TONE_EDGE_S
    if ringing.cuts_a_ring or stop_s - start_s < (MIN_QUIET_STEPS + MIN_OPEN_STEPS) * STEP_S:
        return None
    bursts = [Segment(t.start_s - TONE_EDGE_S, t.end_s + TONE_EDGE_S) for t in tones if t.start_s < start_s]
    pauses = subtract([Segment(ringing.ring_start_s, start_s)], bursts)
    found: list[LineOpening] = []
    for channel, leg in enumerate(legs):
        power = _powers(leg, sample_rate_hz, Segment(start_s - offset_s, stop_s - offset_s))
        split = _split(power)
        if split is None:
            continue
        before, after = power[:split], power[split:]
        quiet, loud = np.percentile(before, 90), np.percentile(after, 10)
        if _db(loud / quiet) < MIN_SEPARATION_DB or _db(np.percentile(after, 90) / loud) > MAX_SPREAD_DB:
            continue
        earlier = [_powers(leg, sample_rate_hz, Segment(p.start_s - offset_s, p.end_s - offset_s)) for p in pauses]
        rung = np.concatenate(earlier) if earlier else before
        if len(rung) and _db(loud / np.percentile(rung, 90)) < MIN_SEPARATION_DB:
            continue
        step_db = _db(np.mean(after) / np.mean(before))
        found.append(LineOpening(start_s + split * STEP_S, OPENING_TOLERANCE_S, channel, step_db))
    return max(found, key=lambda o: o.step_db, default=None)


def _check(legs: Floats, sample_rate_hz: int) -> None:
    if legs.ndim != 2 or sample_rate_hz <= 0:
        raise ValueError(
            f"legs have the shape (channels, samples) with a positive rate, not {legs.shape} at {sample_rate_hz} Hz"
        )


def _powers(leg: Floats, sample_rate_hz: int, span: Segment) -> Floats:
    """Mean square of each 10 ms of a stretch."""
    n = max(1, round(STEP_S * sample_rate_hz))
    part = leg[max(0, round(span.start_s * sample_rate_hz)) : max(0, round(span.end_s * sample_rate_hz))]
    steps = part[: len(part) // n * n].reshape(-1, n)
    return np.asarray(np.einsum("ij,ij->i", steps, steps) / n + POWER_EPSILON, dtype=np.float32)


def _split(power: Floats) -> int | None:
    """The likeliest index at which the power changes."""
    n = len(power)
    k = np.arange(MIN_QUIET_STEPS, n - MIN_OPEN_STEPS + 1)
    if not len(k):
        return None
    running = np.concatenate(([0.0], np.cumsum(power, dtype=np.float64)))
    cost = k * np.log(running[k] / k) + (n - k) * np.log((running[n] - running[k]) / (n - k))
    return int(k[np.argmin(cost)])


def _db(ratio: float | np.floating) -> float:
    return float(10 * np.log10(ratio))

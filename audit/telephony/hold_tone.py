"""Holds in which nothing is heard but a short beep every few seconds, as some exchanges send it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit.records import Hold, Tone
from audit.telephony.cadence import same_tone
from audit.telephony.hidden_beeps import hidden_beeps
from audit.telephony.musicness import DEAD_DBFS, LEVEL_HOP_S, Floats

# Hold tones come every 3 to 8 s and are short (see docs/holds.md).
BEEP_PERIOD_S = (2.5, 9.0)
BEEP_MAX_S = 1.1
BEEP_SPREAD_S = 0.1
MAX_LOST_BEEPS = 2
MIN_TONE_HOLD_S = 5.0
RETURN_S = 0.6  # who comes back speaks soon
RAMP_STEPS, SOUND_STEPS = 6, 8
SOUND_OVER_FLOOR_DB = 5.0
RESTLESS_DB = 4.0
USUAL_PERCENTILE, OVER_USUAL_DB = 95, 2.0

Flags = NDArray[np.bool_]


def find_tone_holds(
    lines: Sequence[Floats], dbfs: Sequence[Floats], voices: Sequence[Flags], tones: Sequence[Tone], *, earliest_s: float
) -> list[tuple[Hold, int]]:
    """Find series of at least two short equal beeps at equal distances.

    Parameters
    ----------
    lines : sequence of ndarray of float32
        Each leg at 8 kHz.
    dbfs : sequence of ndarray
        Level of each 10 ms of each leg.
    voices : sequence of ndarray of bool
        Whether a voice is heard on it: where a leg is never quiet between the beeps, that or a level over all that is heard
        between them tells when somebody talks.
    tones : sequence of Tone
        Of all legs; only beeps and call-waiting tones are looked at.
    earliest_s : float
        Nothing before it counts.

    Returns
    -------
    list of (Hold, int)
        With the channel of the beeps. It begins halfway between the talk and the first beep: nothing is heard between
        them. It ends just before the next talk, or, if nobody talks, when the next beep does not come.
    """
    holds: list[tuple[Hold, int]] = []
    beeps = [t for t in tones if t.kind in ("beep", "call_waiting") and t.start_s >= earliest_s and t.duration_s <= BEEP_MAX_S]
    for channel in sorted({t.channel for t in beeps}):
        own = [t for t in beeps if t.channel == channel]
        own += [t for t in hidden_beeps(lines[channel], own) if t.start_s >= earliest_s]
        for series in _periodic(sorted(own)):
            rest_s = float(np.median(np.diff([t.start_s for t in series]))) - series[-1].duration_s
            between = slice(int(series[0].start_s / LEVEL_HOP_S), int(series[-1].end_s / LEVEL_HOP_S))
            floors = [max(float(np.median(e[between])), DEAD_DBFS) for e in dbfs]
            heard = [_over_music(e, v, series) if _is_restless(e[between]) else e for e, v in zip(dbfs, voices, strict=True)]
            talk_s = max(earliest_s, next_sound_s(heard, floors, series[0].start_s, -rest_s))
            start_s = (talk_s + series[0].start_s) / 2
            end_s = max(series[-1].end_s, next_sound_s(heard, floors, series[-1].end_s, rest_s) - RETURN_S)
            if end_s - start_s >= MIN_TONE_HOLD_S:
                holds.append((Hold(start_s, end_s, "tone"), channel))
    return holds


def _over_music(dbfs: Floats, voice: Flags, series: Sequence[Tone]) -> Floats:
    """Loud where somebody talks over what is heard all through a hold, dead elsewhere."""
    span = slice(int(series[0].start_s / LEVEL_HOP_S), int(series[-1].end_s / LEVEL_HOP_S))
    between = np.zeros(len(dbfs), bool)
    between[span] = True
    for beep in series:
        between[max(0, int(beep.start_s / LEVEL_HOP_S) - RAMP_STEPS) : int(beep.end_s / LEVEL_HOP_S) + RAMP_STEPS] = False
    usual = float(np.percentile(dbfs[between], USUAL_PERCENTILE)) if between.any() else 0.0
    return np.where(voice[: len(dbfs)] | (dbfs > usual + OVER_USUAL_DB), np.float32(0), np.float32(DEAD_DBFS))


def _is_restless(dbfs: Floats) -> bool:
    """Whether a leg between the beeps carries music rather than line noise."""
    return float(np.percentile(dbfs, 70) - np.percentile(dbfs, 20)) > RESTLESS_DB


def _periodic(beeps: Sequence[Tone]) -> list[list[Tone]]:
    """Runs of equal beeps at equal distances, at least two."""
    found: list[list[Tone]] = []
    for beep in beeps:
        for run in found:
            period_s = beep.start_s - run[-1].start_s
            alike = same_tone(run[-1].freqs_hz, beep.freqs_hz) and abs(run[-1].duration_s - beep.duration_s) <= BEEP_SPREAD_S
            if len(run) >= 2:  # a beep or two may be hidden by what else sounds
                known_s = min(b.start_s - a.start_s for a, b in pairwise(run))
                n = max(1, round(period_s / known_s))
                steady = n <= 1 + MAX_LOST_BEEPS and abs(period_s - n * known_s) <= 2 * BEEP_SPREAD_S * n
            else:
                steady = BEEP_PERIOD_S[0] <= period_s <= BEEP_PERIOD_S[1]
            if alike and steady:
                run.append(beep)
                break
        else:
            found.append([beep])
    return [run for run in found if len(run) >= 2]


def next_sound_s(dbfs: Sequence[Floats], floors_dbfs: Sequence[float], from_s: float, reach_s: float) -> float:
    """The end of the quiet after a moment (before it, if `reach_s` is negative): 80 ms at 5 dB over the floor of a leg."""
    step, n = (1 if reach_s > 0 else -1), round(abs(reach_s) / LEVEL_HOP_S)
    origin = round(from_s / LEVEL_HOP_S) + step * RAMP_STEPS
    reached = n
    for levels, floor in zip(dbfs, floors_dbfs, strict=True):
        inside = levels[max(0, origin) : origin + n] if step > 0 else levels[max(0, origin - n) : max(0, origin)][::-1]
        loud: NDArray[np.float64] = (inside > floor + SOUND_OVER_FLOOR_DB).astype(np.float64)
        if len(loud) >= SOUND_STEPS:
            hits = np.flatnonzero(np.convolve(loud, np.ones(SOUND_STEPS), "valid") >= 0.75 * SOUND_STEPS)
            reached = min(reached, int(hits[0]) + RAMP_STEPS if len(hits) else n)
    last_s = max((len(e) for e in dbfs), default=0) * LEVEL_HOP_S
    return min(max(from_s + step * reached * LEVEL_HOP_S, 0.0), last_s)

"""Where a hold ends whose music is no longer heard when somebody talks, and where one begins that fades in.

Music that is cut off ends there. Music that fades, or falls under the line noise, may go on unheard until shortly before
the next word; nobody can hear how long, and halfway is off by the least.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audit.telephony.music import runs
from audit.telephony.musicness import LEVEL_HOP_S, Levels

Flags = NDArray[np.bool_]

#: Tracks fade out and begin again: music that stops for longer than this is over before the talk begins.
LONGEST_REST_S = 6.0
#: Who comes back speaks within a moment to a second and a half; the middle of that is off by the least.
RETURN_S, CUT_SILENCE_S = 0.85, 2.1
WORD_S = 0.12  # shorter sounds are no talk
#: What is cut off, or in, changes the level by more than this within a tenth of a second (measured on 470 composed holds).
CUT_DB, BESIDE_STEPS = 4.5, (2, 8)  # 10 ms each
REST_DB = 1.3  # what fades is still heard there, over the line noise
STILL_SHARE = 0.9
UNREST_SHARE = 0.4  # a leg that sounds for this share of its time without a voice carries a background


def heard_talk(levels: Levels, quiet: Flags, voice: Flags, tones: Flags) -> Flags:
    """Whether each 10 ms of a leg holds talk: any sound, or where the leg carries a background, a voice.

    Parameters
    ----------
    levels : Levels
    quiet, voice : ndarray of bool
        Pauses and voices of the leg.
    tones : ndarray of bool
        Signalling tones: no background.
    """
    n = len(quiet)
    free = ~voice[:n] & ~tones[:n] & (levels.dbfs[:n] >= levels.floor_dbfs)
    carries_background = free.any() and np.mean(~quiet[free]) > UNREST_SHARE
    return without_clicks(voice[:n] if carries_background else ~quiet)


def without_clicks(sounds: Flags) -> Flags:
    """Where something sounds for `WORD_S` at least: what is shorter is no talk."""
    talk = sounds.copy()
    for a, b in runs(talk):
        if (b - a) * LEVEL_HOP_S < WORD_S:
            talk[a:b] = False
    return talk


def end_of_hold(levels: Levels, quiet: Flags, talks: Sequence[Flags], end_s: float) -> float:
    """The end of a hold whose music was last heard at `end_s`.

    Parameters
    ----------
    levels : Levels
    quiet : ndarray of bool
        Of the leg with the music; where it is not quiet until somebody talks, nothing is known beyond the edge.
    talks : sequence of ndarray of bool
        Talk of each leg, see :func:`heard_talk`.
    end_s : float
    """
    first = round(end_s / LEVEL_HOP_S) + 1
    silence_s = _silence_s([t[first : first + round(LONGEST_REST_S / LEVEL_HOP_S)] for t in talks])
    if silence_s is None or not _is_still(quiet[first + 1 : first + int(silence_s / LEVEL_HOP_S)]):
        return end_s
    if silence_s < CUT_SILENCE_S and not _fades(levels, round(end_s / LEVEL_HOP_S), inwards=-1):
        return end_s
    return end_s + max(silence_s / 2, silence_s - RETURN_S)


def start_of_hold(levels: Levels, quiet: Flags, talks: Sequence[Flags], start_s: float) -> float:
    """The start of a hold whose music is first heard at `start_s`; parameters as for :func:`end_of_hold`."""
    first = round(start_s / LEVEL_HOP_S) - 1
    silence_s = _silence_s([t[max(0, first - round(LONGEST_REST_S / LEVEL_HOP_S)) : max(0, first)][::-1] for t in talks])
    if silence_s is None or not _is_still(quiet[first - int(silence_s / LEVEL_HOP_S) + 1 : first]):
        return start_s
    if not _fades(levels, first + 1, inwards=1):
        return start_s
    return start_s - min(silence_s / 2, RETURN_S)


def _silence_s(talks: Sequence[Flags]) -> float | None:
    """How long nobody talks from an edge outwards; None if nobody talks within reach."""
    firsts = [int(np.flatnonzero(t)[0]) for t in talks if t.any()]
    return min(firsts) * LEVEL_HOP_S if firsts else None


def _is_still(quiet: Flags) -> bool:
    """Whether a leg is quiet, crackling aside."""
    return not len(quiet) or bool(np.mean(quiet) >= STILL_SHARE)


def _fades(levels: Levels, edge: int, *, inwards: int) -> bool:
    """Whether the music comes out of the line noise, or sinks into it, by and by."""
    over = levels.over_floor_db
    near, far = BESIDE_STEPS
    inside, outside = over[max(0, edge - far) : max(0, edge - near)], over[edge + near : edge + far]
    if inwards > 0:
        inside, outside = outside, inside
    if not len(inside) or not len(outside):
        return False
    return bool(np.mean(inside) - np.mean(outside) < CUT_DB and np.mean(outside) > REST_DB)

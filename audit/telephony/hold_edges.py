"""Where a hold ends whose music is no longer heard when somebody talks, and where one begins that fades in.

Music that is cut off ends there. Music that fades, or falls under the line noise, may go on unheard until shortly before
the next word; nobody can hear how long, and halfway is off by the least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from audit.telephony.faint import last_heard
from audit.telephony.music import runs
from audit.telephony.musicness import DEAD_DBFS, LEVEL_HOP_S, Floats, Levels

Flags = NDArray[np.bool_]

#: Tracks end and begin again: music that stops for longer than this is over before the talk begins. One that has faded out by
#: then, its last seconds that much quieter than the whole, may be silent for longer until it begins again.
LONGEST_REST_S, LONGEST_AFTER_FADE_S = 6.0, 12.0
FADED_DB, FADED_S = 6.0, 1.5
#: Who comes back speaks within a moment to a second and a half; the middle of that is off by the least.
RETURN_S, CUT_SILENCE_S = 0.85, 2.1
#: Who parks somebody does so within a second of the last word. Music first heard later than that may have begun in silence or
#: only after a last word too soft to be heard; a moment sooner is off by less than half a second in either case (of 30 such
#: starts of composed holds four were 0.5 to 0.8 s late, 25 exact).
LONG_SILENCE_S, SILENT_START_S = 1.0, 0.3
WORD_S, WORD_OVER_MUSIC_S = 0.12, 0.5  # shorter sounds are no talk; shorter voices over a background may be its own
#: A breath or the room is heard up to this long beside a word: where two constant levels explain best what lies between the
#: word and the music. How long either lasts at least, how far they differ and how many times the error of that difference.
#: Of 618 words after composed holds 92 began 0.15 to 0.6 s before the leg rose over its line noise; 59 of them are found so.
BREATH_S, LEAST_REST_S, LEAST_BREATH_S, BREATH_DB, BREATH_ERRORS = 1.5, 0.15, 0.08, 0.5, 3.5
LOUDEST_BREATH_DB, WORD_EDGE_STEPS, LEAST_SCATTER_DB = 8.0, 2, 0.2
#: What is cut off, or in, changes the level by more than this within a tenth of a second (measured on 470 composed holds).
CUT_DB, BESIDE_STEPS = 4.5, (2, 8)  # 10 ms each
#: What falls by less may have sunk under the line noise: 54 of 57 composed holds that go on unheard, 60 of 967 others.
#: In a shorter pause the end is known well enough, and a word that begins softly would be taken for the music.
LISTEN_S = 0.65
SUNK_DB, NEAR_S, SUNK_SILENCE_S, UNHEARD_S = 7.0, 0.2, 1.5, 0.3
REST_DB = 1.3  # what fades is still heard there, over the line noise
STILL_SHARE = 0.9
UNREST_SHARE = 0.4  # a leg that sounds for this share of its time without a voice carries a background


@dataclass(frozen=True, slots=True)
class Talk:
    """Where talk is heard on a leg, and the leg's levels, every 10 ms; and whether there is a background behind it."""

    heard: Flags
    dbfs: Floats
    has_background: bool = False


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


def without_clicks(sounds: Flags, least_s: float = WORD_S) -> Flags:
    """Where something sounds for so long at least: what is shorter is no talk."""
    talk = sounds.copy()
    for a, b in runs(talk):
        if (b - a) * LEVEL_HOP_S < least_s:
            talk[a:b] = False
    return talk


def whole_sounds(sounds: Flags, marked: Flags) -> Flags:
    """The sounds of which any part is marked, from their beginning to their end."""
    whole = sounds.copy()
    for a, b in runs(sounds):
        whole[a:b] = bool(marked[a:b].any())
    return whole


def end_of_hold(
    line: Floats, levels: Levels, quiet: Flags, talks: Sequence[Talk], end_s: float, *, level_dbfs: float, since_s: float
) -> float:
    """The end of a hold whose music was last heard at `end_s`.

    Parameters
    ----------
    line : ndarray of float32
        The leg with the music, at 8 kHz.
    levels : Levels
    quiet : ndarray of bool
        Of the same leg; where it is not quiet until somebody talks, nothing is known beyond the edge.
    talks : sequence of Talk
        Of each leg, see :func:`heard_talk`.
    end_s : float
    level_dbfs : float
        Of the music.
    since_s : float
        Nothing before it is line noise.
    """
    first = round(end_s / LEVEL_HOP_S) + 1
    last = levels.dbfs[max(0, first - round(FADED_S / LEVEL_HOP_S)) : first]
    has_faded = len(last) > 0 and float(np.median(last)) < level_dbfs - FADED_DB
    longest_s = LONGEST_AFTER_FADE_S if has_faded else LONGEST_REST_S
    beyond = slice(first, first + round(longest_s / LEVEL_HOP_S))
    silence_s = _silence_s([replace(t, heard=t.heard[beyond], dbfs=t.dbfs[beyond]) for t in talks])
    if silence_s is None or not _is_still(quiet[first + 1 : first + int(silence_s / LEVEL_HOP_S)]):
        return end_s
    talk_s = first * LEVEL_HOP_S + silence_s
    is_cut = not _fades(levels, round(end_s / LEVEL_HOP_S), inwards=-1)
    if silence_s >= LISTEN_S and _fall_db(levels, round(end_s / LEVEL_HOP_S), inwards=-1) < SUNK_DB:
        heard_s = last_heard(line, quiet, end_s, until_s=talk_s, since_s=since_s)
        if heard_s is not None and heard_s > end_s + NEAR_S:
            end_s, is_cut = heard_s, False
    rest_s = talk_s - end_s
    if rest_s >= (CUT_SILENCE_S if is_cut else SUNK_SILENCE_S):
        return talk_s - RETURN_S
    return end_s if is_cut else end_s + min(rest_s / 2, UNHEARD_S)


def start_of_hold(levels: Levels, quiet: Flags, talks: Sequence[Talk], start_s: float) -> float:
    """The start of a hold whose music is first heard at `start_s`; parameters as for :func:`end_of_hold`."""
    first = round(start_s / LEVEL_HOP_S) - 1
    before = slice(max(0, first - round(LONGEST_REST_S / LEVEL_HOP_S)), max(0, first))
    silence_s = _silence_s([replace(t, heard=t.heard[before][::-1], dbfs=t.dbfs[before][::-1]) for t in talks])
    if silence_s is None or not _is_still(quiet[first - int(silence_s / LEVEL_HOP_S) + 1 : first]):
        return start_s
    if not _fades(levels, first + 1, inwards=1):
        return start_s - (SILENT_START_S if silence_s > LONG_SILENCE_S else 0.0)
    return start_s - min(silence_s / 2, RETURN_S)


def _silence_s(talks: Sequence[Talk]) -> float | None:
    """How long nobody talks from an edge outwards; None if nobody talks within reach."""
    words = [(int(np.flatnonzero(t.heard)[0]), t) for t in talks if t.heard.any()]
    if not words:
        return None
    first, talk = min(words, key=lambda word: word[0])
    return (first - (0 if talk.has_background else _breath_steps(talk.dbfs[:first]))) * LEVEL_HOP_S


def _breath_steps(dbfs: Floats) -> int:
    """For how many steps a leg has been louder than before at the end of a stretch in which nobody talks; 0 if it was not."""
    x = np.maximum(dbfs, DEAD_DBFS).astype(np.float64)[-round(BREATH_S / LEVEL_HOP_S) : -WORD_EDGE_STEPS]
    n, rest, breath = len(x), round(LEAST_REST_S / LEVEL_HOP_S), round(LEAST_BREATH_S / LEVEL_HOP_S)
    if n < rest + breath:
        return 0
    x = np.minimum(x, np.median(x) + LOUDEST_BREATH_DB)
    at = np.arange(rest, n - breath + 1)
    total = np.cumsum(x)
    before = total[at - 1] / at
    rise_db = (total[-1] - total[at - 1]) / (n - at) - before
    share = at * (n - at) / n
    best = int(np.argmax(share * rise_db * np.abs(rise_db)))
    cut = int(at[best])
    scatter_db = float(np.sqrt((cut * x[:cut].var() + (n - cut) * x[cut:].var()) / n)) + LEAST_SCATTER_DB
    is_heard = rise_db[best] >= BREATH_DB and rise_db[best] * np.sqrt(share[best]) >= BREATH_ERRORS * scatter_db
    return n - cut + WORD_EDGE_STEPS if is_heard else 0


def _is_still(quiet: Flags) -> bool:
    """Whether a leg is quiet, crackling aside."""
    return not len(quiet) or bool(np.mean(quiet) >= STILL_SHARE)


def _fades(levels: Levels, edge: int, *, inwards: int) -> bool:
    """Whether the music comes out of the line noise, or sinks into it, by and by."""
    outside = levels.over_floor_db[_beside(edge, -inwards)]
    return bool(len(outside) and _fall_db(levels, edge, inwards=inwards) < CUT_DB and np.mean(outside) > REST_DB)


def _fall_db(levels: Levels, edge: int, *, inwards: int) -> float:
    """How far the level falls at an edge of the music, outwards; without end where the recording ends."""
    inside, outside = levels.over_floor_db[_beside(edge, inwards)], levels.over_floor_db[_beside(edge, -inwards)]
    return float(np.mean(inside) - np.mean(outside)) if len(inside) and len(outside) else np.inf


def _beside(edge: int, direction: int) -> slice:
    """What lies beside an edge, but not at it."""
    near, far = BESIDE_STEPS
    return slice(edge + near, edge + far) if direction > 0 else slice(max(0, edge - far), max(0, edge - near))

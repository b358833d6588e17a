"""Find what parts music that was taken for one: a word between two holds, too short for the classifier's windows.

The classifier looks at several seconds, and a word of one second between two stretches of music is outvoted by them. It is
asked for by itself here: a phrase between two rests that is more like a voice, and that resembles this call's voices and not
this music.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audit.segments import Segment
from audit.telephony.familiar import resemblance
from audit.telephony.music import runs
from audit.telephony.musicness import LEVEL_HOP_S, Floats, Musicness

Flags = NDArray[np.bool_]

#: A phrase is this long at least and lies this far inside; rests shorter than that part no phrases.
LEAST_PHRASE_S, INSIDE_S, REST_S, SHORTEST_S = 0.4, 3.0, 0.6, 0.15
#: Share of a phrase that is more like a voice, and its log-odds by resemblance. In 500 composed holds of 12 s and more no
#: phrase of the music itself was so much like a voice at all; four words between two holds had -1.9 to -4.
VOICE_SHARE, VOICE_ODDS = 0.6, -1.0


def words_between(
    judged: Musicness, line: Floats, music: Sequence[Segment], *, quiet: Flags, voice: Flags, since_s: float = 0.0
) -> list[Segment]:
    """The phrases inside of music that are somebody's words.

    Parameters
    ----------
    judged : Musicness
    line : ndarray of float32
        The same leg, at 8 kHz.
    music : sequence of Segment
    quiet, voice : ndarray of bool
        Per 10 ms, where the leg pauses, and where it is more like a voice.
    since_s : float
        Nothing before it is known to be a voice.
    """
    words = []
    for whole in music:
        for phrase in _phrases(whole, quiet, voice):
            odds = resemblance(judged, line, music, phrase, since_s=since_s)
            if odds is not None and odds < VOICE_ODDS:
                words.append(phrase)
    return words


def _phrases(music: Segment, quiet: Flags, voice: Flags) -> list[Segment]:
    """What is more like a voice between two rests inside of music."""
    first, last = round((music.start_s + INSIDE_S) / LEVEL_HOP_S), round((music.end_s - INSIDE_S) / LEVEL_HOP_S)
    if last <= first or not voice[first:last].any():
        return []
    found: list[tuple[int, int]] = []
    for a, b in runs(~quiet[first:last]):
        a, b = first + a, first + b
        if a == first or b == last or (b - a) * LEVEL_HOP_S < SHORTEST_S or voice[a:b].mean() < VOICE_SHARE:
            continue
        if found and (a - found[-1][1]) * LEVEL_HOP_S < REST_S:
            a = found.pop()[0]
        found.append((a, b))
    return [Segment(a * LEVEL_HOP_S, b * LEVEL_HOP_S) for a, b in found if (b - a) * LEVEL_HOP_S >= LEAST_PHRASE_S]

"""A lasting background behind one party: music, a television, other people's talk.

It is told from the party's speech by its going on while the other party has the word. What it sounds like then is
what the party's own speech must stand out of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audit.acoustics.bands import BLOCK, EPS, FRAMES_PER_S, SUM, Bools, Floats, above_db, per_frame, runs, stands_out
from audit.acoustics.neighbours import mean_around

#: Lasting background: this leg sounds for more than this share of the other's speech around a moment, or for more
#: than the lower share in the whole call, and then for half of that around a moment. Measured on composed calls: 0.43
#: and more of the whole call with music behind, 0.3 at most without.
_SHARE, _CALL_SHARE = 0.4, 0.3
_PERCENTILE, _WINDOW_S, _LEAST_CLEAR_S = 75, 20.0, 3.0
#: Over a background, speech is what stands out so far (see `audit.acoustics.vad`) for so long.
_SPEECH_DB, _MIN_SPEECH_S, _MIN_PAUSE_S = 2.0, 0.12, 0.25
#: From this ratio of the other leg's leak to the noise on, the leak hides a background. Where it does not, the leg must
#: sound for more than this share of the other's speech: 0.44 and more with music behind, 0.28 at most without.
_HIDDEN_RATIO, _CLEAR_SHARE = 2.0, 0.35
#: Where the legs' levels differ by a figure as steady as this (standard deviation), both carry the same sound.
_SAME_SOUND_DB = 1.5
#: The background must lie this far under the loudest of the leg's own speech.
_BELOW_DB = 10.0
#: Over a background, a stretch whose loudest tenth of a second is further under that is an accent of the music.
_ACCENT_BELOW_DB = 12.0
#: A leg keeps sounding where, of the time around without talk, more than this share sounds.
_STILL_SHARE, _STILL_AROUND_S, _STILL_LEAST_S = 0.15, 3.0, 1.0


def refuse_background(
    power: Sequence[Floats],
    floor: Sequence[Floats],
    leak: Sequence[Floats | None],
    allowed: Sequence[Bools],
    sound: Sequence[Bools],
) -> tuple[list[Bools], list[Bools]]:
    """Take a lasting background out of two legs' sound.

    Parameters
    ----------
    power, leak : sequences of ndarray, shape (n_frames, n_bands)
    floor : sequence of ndarray, shape (n_blocks, n_bands)
    allowed, sound : sequences of ndarray of bool, shape (n_frames,)
        Where a leg may hold speech, and where it stands out of noise and leak.

    Returns
    -------
    speech : list of ndarray of bool
        What is left of `sound`.
    behind : list of ndarray of bool
        Where each leg has a background. A single leg is returned as it is.

    Notes
    -----
    The leg that has more of it goes first: until one party's music is gone, that party seems to speak all the time and
    would make the other's speech look like a background.
    """
    speech, behind = [s.copy() for s in sound], [np.zeros(len(s), bool) for s in sound]
    if len(sound) != 2:
        return speech, behind
    seen = [_unmasked(power[c], floor[c], leak[c], allowed[c]) for c in (0, 1)]
    shares = [float(np.mean(_most_telling(power, allowed, speech, seen, c)[1])) for c in (0, 1)]
    first = 0 if shares[0] >= shares[1] else 1
    for c in (first, 1 - first):
        found = _background(power, _most_telling(power, allowed, speech, seen, c), c)
        if found is None:
            continue
        there, background = found
        own_db = 10 * np.log10(power[c][speech[c]] @ SUM + EPS)
        top_db = float(np.percentile(own_db, 98))
        behind[c] = there & (10 * np.log10(per_frame(background @ SUM, len(there)) + EPS) < top_db - _BELOW_DB)
        above = mean_around(above_db(power[c], np.maximum(floor[c], background), leak[c]), 5) > _SPEECH_DB
        level_db = 10 * np.log10(mean_around(power[c] @ SUM, BLOCK) + EPS)
        kept = np.zeros(len(there), bool)
        for a, b in runs(above & allowed[c], _MIN_SPEECH_S, _MIN_PAUSE_S):
            kept[a:b] = level_db[a:b].max() > top_db - _ACCENT_BELOW_DB
        speech[c] = np.where(behind[c], kept, speech[c])
    return speech, behind


Shares = tuple[NDArray[np.intp], Floats]


def _unmasked(power: Floats, floor: Floats, leak: Floats | None, allowed: Bools) -> tuple[Bools, Bools] | None:
    """Frames in which the other leg's leak is too faint to hide a background, and whether the leg sounds; None without leak."""
    if leak is None:
        return None
    open_to: Bools = allowed & (leak @ SUM < per_frame(floor @ SUM, len(power)) * _HIDDEN_RATIO)
    return open_to, stands_out(power, floor, None)


def _most_telling(
    power: Sequence[Floats],
    allowed: Sequence[Bools],
    speech: Sequence[Bools],
    seen: Sequence[tuple[Bools, Bools] | None],
    c: int,
) -> Shares:
    """How much leg `c` sounds while the other speaks: in all frames, or where no leak hides it if that shows more."""
    everywhere = _share_during_other(power, allowed[c], speech[c], speech[1 - c], c)
    clear = seen[c]
    if clear is None:
        return everywhere
    unhidden = _share_during_other(power, clear[0], clear[1], speech[1 - c], c)
    clear_enough = len(unhidden[0]) >= _LEAST_CLEAR_S * FRAMES_PER_S
    return (
        unhidden
        if clear_enough and float(np.mean(unhidden[1])) > max(_CLEAR_SHARE, float(np.mean(everywhere[1])))
        else everywhere
    )


def _background(power: Sequence[Floats], shares: Shares, c: int) -> tuple[Bools, Floats] | None:
    """Where leg `c` may have a background, and its power per block and band; None without one."""
    at, share = shares
    least_share = _SHARE if np.mean(share) < _CALL_SHARE else _CALL_SHARE / 2
    if len(at) < _LEAST_CLEAR_S * FRAMES_PER_S or share.max() <= least_share:
        return None
    if np.std(10 * np.log10((power[c][at] @ SUM + EPS) / (power[1 - c][at] @ SUM + EPS))) < _SAME_SOUND_DB:
        return None
    blocks = at[: len(at) // BLOCK * BLOCK].reshape(-1, BLOCK)
    level = np.log10(power[c][blocks] + EPS).mean(1)
    size = min(len(level), int(_WINDOW_S * FRAMES_PER_S) // BLOCK)
    step = max(1, size // 20)
    windows = np.lib.stride_tricks.sliding_window_view(level, size, axis=0)[::step]
    k = min(size - 1, int(size * _PERCENTILE / 100))
    high = np.partition(windows, k, axis=-1)[..., k]
    centres = blocks[np.minimum(np.arange(len(high)) * step + size // 2, len(level) - 1), BLOCK // 2]
    n_frames, n_bands = power[c].shape
    steps = np.arange(0, n_frames, BLOCK) + BLOCK // 2
    background = np.stack([np.interp(steps, centres, high[:, b]) for b in range(n_bands)], axis=1)
    there: Bools = np.interp(np.arange(n_frames), at, share) > least_share
    return there, np.float32(10) ** background.astype(np.float32)


def _share_during_other(power: Sequence[Floats], allowed: Bools, sound: Bools, other: Bools, c: int) -> Shares:
    """Frames in which the other leg surely speaks, and around each the share of them in which leg `c` sounds too."""
    sure = np.zeros(len(other), bool)
    for a, b in runs(other, 0.2, _MIN_PAUSE_S):
        sure[a + BLOCK : b - BLOCK] = True
    if sure.any():
        level_db = 10 * np.log10(mean_around(power[1 - c] @ SUM, 30) + EPS)
        sure &= level_db > np.percentile(level_db[other], 90) - 15
    at = np.flatnonzero(sure & allowed)
    if not len(at):
        return at, np.zeros(1, np.float32)
    size = min(len(at), int(_WINDOW_S * FRAMES_PER_S))
    return at, mean_around(sound[at].astype(np.float32), size)


def still_sounding(sound: Bools, talk: Bools) -> list[tuple[int, int]]:
    """Frame ranges without talk in which the leg keeps sounding.

    Parameters
    ----------
    sound : ndarray of bool, shape (n_frames,)
        Where the leg stands out of its noise and the other leg's leak.
    talk : ndarray of bool, shape (n_frames,)
        Speech of the party, and the few frames around.
    """
    size = round(_STILL_AROUND_S * FRAMES_PER_S)
    sounding, free = (mean_around(x.astype(np.float32), size) for x in (sound & ~talk, ~talk))
    return runs((sounding > _STILL_SHARE * free) & ~talk, _STILL_LEAST_S, 0.0)

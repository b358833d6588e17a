"""What one leg leaks into the other is one sound: it is judged once, by what both legs say of it.

A voice that leaks into the agent's leg is heard there 20 to 45 dB weaker, half under the line noise, and looks like anything;
the leg it comes from knows better. And a loud voice that is taken for music is sometimes known for one by its leak, which has
lost its quieter half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from audit.telephony.musicness import RATE_HZ, Floats, Musicness

Flags = NDArray[np.bool_]

#: Two legs carry the same sound where this share of the power of either is a copy of the other's, over so many answers.
SAME_SHARE, SAME_STEPS = 0.5, 3


def judged_together(judged: Sequence[Musicness], lines: Sequence[Floats]) -> list[Musicness]:
    """Give what is heard on two legs at once the mean of their log-odds.

    Parameters
    ----------
    judged : sequence of Musicness
        One per leg, of equal steps.
    lines : sequence of ndarray of float32
        The same legs, at 8 kHz.

    Returns
    -------
    list of Musicness
        As they were where only one of them sounds or they carry different sounds; a leak that comes late, as an echo does, is
        a different sound.
    """
    out = list(judged)
    for a, b in combinations(range(len(out)), 2):
        n = min(len(out[a].log_odds), len(out[b].log_odds))
        both = out[a].sounding[:n] & out[b].sounding[:n]
        if not both.any():
            continue
        both &= _same(lines[a], lines[b], n, out[a].step_s)
        mean = (out[a].log_odds[:n] + out[b].log_odds[:n]) / 2
        for c in (a, b):
            log_odds = out[c].log_odds.copy()
            log_odds[:n][both] = mean[both]
            out[c] = replace(out[c], log_odds=log_odds)
    return out


def _same(x: Floats, y: Floats, n: int, step_s: float) -> Flags:
    """Whether two legs carry the same sound around each answer."""
    size = round(step_s * RATE_HZ)
    k = min(len(x), len(y), n * size) // size
    cut_x, cut_y = x[: k * size].reshape(k, size), y[: k * size].reshape(k, size)
    around = np.ones(SAME_STEPS)
    xy, xx, yy = (
        np.convolve(np.einsum("ij,ij->i", p, q), around, "same") for p, q in ((cut_x, cut_y), (cut_x, cut_x), (cut_y, cut_y))
    )
    same = np.zeros(n, bool)
    same[:k] = xy * xy > SAME_SHARE * xx * yy
    return same

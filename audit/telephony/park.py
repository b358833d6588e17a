"""Holds in which a leg falls silent: the exchange has taken it off the line, and nobody converses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audit.records import Hold
from audit.telephony.music import runs
from audit.telephony.musicness import DEAD_DBFS, LEVEL_HOP_S, Levels, smoothed_db

Flags = NDArray[np.bool_]

MIN_PARK_S = 8.0
DROP_DB = 6.0  # under the leg's usual pauses
STEADY_DB = 3.0
MAX_LIKE_PAUSES = 0.1  # share of the leg's other pauses that are as silent: more is silence suppression, no park
MIN_USUAL_PAUSES_S = 2.0
MAX_TALK_SHARE = 0.35  # "hello?" is heard in a park; more is a dialogue with a muted party
CLICK_S = 0.05


def find_parks(
    levels: Sequence[Levels], quiet: Sequence[Flags], *, earliest_s: float, min_s: float = MIN_PARK_S
) -> list[tuple[Hold, int]]:
    """Find where one leg is digitally silent, or quieter than it ever is in a pause, while nobody converses.

    Parameters
    ----------
    levels : sequence of Levels
        One per leg; with a single leg nothing is found, for a mixed recording does not show who fell silent.
    quiet : sequence of ndarray of bool
        Pauses of each leg, per 10 ms.
    earliest_s : float
        Nothing before it counts.
    min_s : float
        Shorter silence is no hold.

    Returns
    -------
    list of (Hold, int)
        With the silent channel. None where all legs are silent at once (the recording was paused), where the leg's
        usual pauses are as silent (silence suppression), and where the silence lasts to an end of the recording.
    """
    if len(levels) < 2:
        return []
    first = int(earliest_s / LEVEL_HOP_S)
    holds: list[tuple[Hold, int]] = []
    smooth = [smoothed_db(np.power(np.float32(10), lv.dbfs / 10), 9) for lv in levels]
    n = min(len(s) for s in smooth)
    dead = [s[:n] < DEAD_DBFS for s in smooth]
    for channel in range(len(levels)):
        others = [c for c in range(len(levels)) if c != channel]
        low = smooth[channel][:n] < max(levels[channel].floor_dbfs + STEADY_DB, DEAD_DBFS)
        for kind in (dead[channel], low & ~dead[channel]):
            spans = _without_clicks(kind, first, min_s)
            inside = np.zeros(n, bool)
            for a, b in spans:
                inside[a:b] = True
            if not spans:
                continue
            outside = quiet[channel][:n] & ~inside
            outside[:first] = False
            if outside.sum() * LEVEL_HOP_S < MIN_USUAL_PAUSES_S:
                continue
            for a, b in spans:
                level = max(float(np.median(smooth[channel][a:b])), DEAD_DBFS)
                alike = float(np.mean(smooth[channel][:n][outside] < level + DROP_DB))
                talk = max(float(np.mean(~quiet[c][a:b])) for c in others)
                gone = all(float(np.mean(dead[c][a:b])) > 0.5 for c in others)
                if alike <= MAX_LIKE_PAUSES and talk <= MAX_TALK_SHARE and not gone:
                    holds.append((Hold(a * LEVEL_HOP_S, b * LEVEL_HOP_S, "silence"), channel))
    return holds


def _without_clicks(state: Flags, first: int, min_s: float) -> list[tuple[int, int]]:
    """Long runs, clicks inside them left out; none that touches an end."""
    closed = state.copy()
    closed[:first] = False
    for a, b in runs(~closed):
        if a > first and b < len(closed) and (b - a) * LEVEL_HOP_S <= CLICK_S:
            closed[a:b] = True
    return [(a, b) for a, b in runs(closed) if (b - a) * LEVEL_HOP_S >= min_s and a > first and b < len(closed)]

"""Holds in which a recorded sentence is heard again and again: "all our agents are busy, please hold"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.segments import Segment
from audit.telephony.music import runs
from audit.telephony.musicness import LEVEL_HOP_S, MAX_OVER_FLOOR_DB, Floats, Levels

Flags = NDArray[np.bool_]

SENTENCE_S = (1.2, 20.0)
COMPARED_S = 4.0
JOIN_S = 0.25  # shorter pauses are within a phrase
PERIOD_S = (4.0, 65.0)
SHIFT_STEPS = 8  # 10 ms each, both ways
# Correlation of the two courses of level. A recorded sentence heard twice through µ-law, A-law, MP3 or Opus with line
# noise has 0.978 to 0.999; a sentence and its own second half at most 0.52.
SAME_SENTENCE = 0.96
MIN_VOICE_SHARE = 0.5
MIN_TIMES = 3
IRREGULAR_S = 1.5  # a machine keeps its period
MAX_BETWEEN = 8  # an announcement has several phrases
MAX_TALK_S = 0.4  # of the other parties between two repetitions


@dataclass(frozen=True, slots=True)
class Announcement:
    """The times at which one recorded sentence is heard on a leg."""

    times: tuple[Segment, ...]

    @property
    def period_s(self) -> float:
        """Median distance of two starts."""
        return float(np.median(np.diff([t.start_s for t in self.times])))


def find_announcements(
    levels: Levels, quiet: Flags, voice: Flags, *, others_quiet: Flags, since_s: float = 0.0
) -> tuple[Announcement, ...]:
    """Find sentences that a leg repeats exactly while nobody answers.

    Parameters
    ----------
    levels : Levels
    quiet, voice, others_quiet : ndarray of bool
        Per 10 ms, whether the leg pauses, whether it carries a voice, and whether all other legs pause. Looped music
        repeats itself, too: only voices count.
    since_s : float
        Nothing before it counts.

    Returns
    -------
    tuple of Announcement
        Each at least three times at equal distances, sorted by start.
    """
    course = np.clip(levels.over_floor_db, 0, MAX_OVER_FLOOR_DB)
    said = [s for s in _sentences(quiet, since_s) if _share(voice, s) >= MIN_VOICE_SHARE]
    talk_s = np.concatenate((np.zeros(1), np.cumsum(~others_quiet, dtype=np.float64))) * LEVEL_HOP_S
    chains: list[list[int]] = []
    for i, s in enumerate(said):
        for chain in chains:
            last = said[chain[-1]]
            if i - chain[-1] > MAX_BETWEEN + 1 or not PERIOD_S[0] <= s.start_s - last.start_s <= PERIOD_S[1]:
                continue
            answered_s = talk_s[int(s.start_s / LEVEL_HOP_S)] - talk_s[int(last.end_s / LEVEL_HOP_S)]
            before_s = last.start_s - said[chain[-2]].start_s if len(chain) > 1 else s.start_s - last.start_s
            if abs(s.start_s - last.start_s - before_s) > IRREGULAR_S:
                continue
            if answered_s <= MAX_TALK_S and _is_same(course, last, s):
                chain.append(i)
                break
        else:
            chains.append([i])
    return tuple(Announcement(tuple(said[i] for i in c)) for c in chains if len(c) >= MIN_TIMES)


def _sentences(quiet: Flags, since_s: float) -> list[Segment]:
    """The phrases between two pauses."""
    joined: list[list[float]] = []
    for a, b in runs(~quiet):
        start_s, end_s = a * LEVEL_HOP_S, b * LEVEL_HOP_S
        if start_s < since_s:
            continue
        if joined and start_s - joined[-1][1] < JOIN_S:
            joined[-1][1] = end_s
        else:
            joined.append([start_s, end_s])
    return [Segment(a, b) for a, b in joined if SENTENCE_S[0] <= b - a <= SENTENCE_S[1]]


def _share(flags: Flags, within: Segment) -> float:
    """Share of a stretch in which it is so."""
    return float(np.mean(flags[int(within.start_s / LEVEL_HOP_S) : int(within.end_s / LEVEL_HOP_S)]))


def _is_same(course: Floats, one: Segment, other: Segment) -> bool:
    """Whether two sentences have the same course of level from their beginning on."""
    n = round(min(one.duration_s, other.duration_s, COMPARED_S) / LEVEL_HOP_S)
    a, b = round(one.start_s / LEVEL_HOP_S), round(other.start_s / LEVEL_HOP_S)
    first, room = course[a : a + n], course[max(0, b - SHIFT_STEPS) : b + n + SHIFT_STEPS]
    if len(first) < n or len(room) < n:
        return False
    shifted = np.lib.stride_tricks.sliding_window_view(room, n)
    centred, against = first - first.mean(), shifted - shifted.mean(axis=1, keepdims=True)
    norm = np.sqrt(np.sum(centred**2) * np.sum(against**2, axis=1)) + 1e-6
    return bool(np.max(against @ centred / norm) >= SAME_SENTENCE)

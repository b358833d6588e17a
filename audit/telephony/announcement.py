"""Holds in which a recorded sentence is heard again and again: "all our agents are busy, please hold"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.records import Segment
from audit.telephony.music import runs
from audit.telephony.musicness import HOP_S, LEVEL_HOP_S, N_SHAPES, STEADY_LAGS, Floats

Flags = NDArray[np.bool_]

SENTENCE_S = (1.5, 20.0)
JOIN_S = 0.6  # a sentence's own pauses
PERIOD_S = (4.0, 65.0)
SAME_LENGTH_S = 0.15
SHIFT_FRAMES = 4
# A recording repeats itself to the codec's noise, a person never: measured in docs/holds.md.
SAME_SENTENCE = 0.9
MIN_TIMES = 2
MAX_TALK_S = 0.4  # of the other parties between two repetitions

_FIRST_SHAPE = len(STEADY_LAGS) + 4


@dataclass(frozen=True, slots=True)
class Announcement:
    """The times at which one recorded sentence is heard on a leg."""

    times: tuple[Segment, ...]

    @property
    def period_s(self) -> float:
        """Median distance of two starts."""
        return float(np.median(np.diff([t.start_s for t in self.times])))


def find_announcements(figures: Floats, quiet: Flags, *, others_quiet: Flags, since_s: float = 0.0) -> tuple[Announcement, ...]:
    """Find sentences that a leg repeats sample for sample while nobody answers.

    Parameters
    ----------
    figures : ndarray, shape (n_frames, n_figures)
        From :func:`audit.telephony.musicness.frame_figures`.
    quiet, others_quiet : ndarray of bool
        Per 10 ms, whether the leg pauses and whether all other legs do.
    since_s : float
        Nothing before it counts.

    Returns
    -------
    tuple of Announcement
        Each at least two times, sorted by start.
    """
    said = _sentences(quiet, since_s)
    shapes = figures[:, _FIRST_SHAPE : _FIRST_SHAPE + N_SHAPES]
    chains: list[list[Segment]] = []
    for s in said:
        for chain in chains:
            last = chain[-1]
            if PERIOD_S[0] <= s.start_s - last.start_s <= PERIOD_S[1] and _is_same(shapes, last, s):
                between = slice(int(last.end_s / LEVEL_HOP_S), int(s.start_s / LEVEL_HOP_S))
                if np.sum(~others_quiet[between]) * LEVEL_HOP_S <= MAX_TALK_S:
                    chain.append(s)
                    break
        else:
            chains.append([s])
    return tuple(Announcement(tuple(c)) for c in chains if len(c) >= MIN_TIMES)


def _sentences(quiet: Flags, since_s: float) -> list[Segment]:
    """What is said between longer pauses."""
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


def _is_same(shapes: Floats, one: Segment, other: Segment) -> bool:
    """Whether two sentences have the same course of spectra."""
    if abs(one.duration_s - other.duration_s) > SAME_LENGTH_S:
        return False
    n = int(min(one.duration_s, other.duration_s) / HOP_S)
    a = int(one.start_s / HOP_S)
    first = _centred(shapes[a : a + n])
    best = 0.0
    for shift in range(-SHIFT_FRAMES, SHIFT_FRAMES + 1):
        b = int(other.start_s / HOP_S) + shift
        second = shapes[max(0, b) : max(0, b) + n]
        if len(second) == len(first):
            best = max(best, float(np.mean(np.sum(first * _centred(second), axis=0))))
    return best >= SAME_SENTENCE


def _centred(rows: Floats) -> Floats:
    """Each column without its mean, of length 1."""
    x = rows - rows.mean(axis=0)
    return np.asarray(x / (np.sqrt(np.sum(x**2, axis=0)) + 1e-6), dtype=np.float32)


def spans(found: Sequence[Announcement]) -> tuple[Segment, ...]:
    """From the first to the last time of each."""
    return tuple(Segment(f.times[0].start_s, f.times[-1].end_s) for f in found)

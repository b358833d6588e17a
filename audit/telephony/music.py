"""Find where a leg carries music: the most likely course of music and talk, changed over where nobody sounds.

Talk and music are hardly ever joined without a pause: who parks a caller has stopped talking, and who comes back waits
for the music to end. So a change costs little in a long pause that all legs share, more in a short one, yet more where
only the leg itself pauses or its level jumps, and much everywhere else; the edges lie where the sound begins and ends,
to 10 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.segments import Segment, union
from audit.telephony.musicness import DEAD_DBFS, LEVEL_HOP_S, Floats, Levels, Musicness, levels_of, musicness, smoothed_db
from audit.telephony.spectrum import at_line_rate

Flags = NDArray[np.bool_]

MIN_MUSIC_S = 5.0
# Mean log-odds of what is taken for music (the least of 150 composed holds had 2.9); short music must be clear.
LEAST_ODDS, SHORT_MUSIC_S, SHORT_MUSIC_ODDS = 2.5, 10.0, 5.0
# What a second may say, and what a change of state must be worth; in natural logarithms of odds, as if each second were
# independent of the next.
ODDS_LIMIT = 6.0
QUIET_PER_S = -0.3
TONE_PER_S = -0.5
WORD_PER_S = -60.0  # no word is short enough to be passed over
ANSWER_PER_S = -6.0  # this leg pauses and another one speaks: a dialogue
CHANGE_IN_SHARED_PAUSE, CHANGE_IN_LONG_PAUSE, LONG_PAUSE_S = 6.0, 2.0, 0.6
CHANGE_IN_OWN_PAUSE = 10.0
CHANGE_AT_STEP = 10.0
CHANGE_ANYWHERE = 16.0
QUIET_OVER_FLOOR_DB = 4.0
MIN_PAUSE_S = 0.1
MIN_SOUND_S = 0.03  # shorter ones are clicks
SPECK_S, SPECK_REST_S, SPECK_UNDER_DB = 0.15, 0.2, 12.0  # no music at its edge: shorter, further off and so far under it
GRID_S = 0.4
STEP_DB, STEP_SIDE_S = 6.0, 0.1


@dataclass(frozen=True, slots=True)
class Music:
    """A stretch of music, its level, and how sure it is.

    Attributes
    ----------
    segment : Segment
    level_dbfs : float
        Median of its 10 ms levels.
    odds : float
        Mean log-odds of its sounding moments.
    """

    segment: Segment
    level_dbfs: float
    odds: float

    @property
    def is_clear(self) -> bool:
        """Whether it is sure enough; short music must be surer."""
        return self.odds >= (SHORT_MUSIC_ODDS if self.segment.duration_s < SHORT_MUSIC_S else LEAST_ODDS)


def find_music(
    leg: Floats, sample_rate_hz: int, *, tones: Iterable[Segment] = (), since_s: float = 0.0, min_s: float = MIN_MUSIC_S
) -> tuple[Segment, ...]:
    """Find where a leg carries music, alone or behind a voice no louder than it.

    Parameters
    ----------
    leg : ndarray of float32, shape (n,)
    sample_rate_hz : int
        8000 or more.
    tones : iterable of Segment
        Signalling tones on this leg: no music.
    since_s : float
        Nothing before it counts, neither as music nor for the leg's line noise.
    min_s : float
        Shorter music is left out.

    Returns
    -------
    tuple of Segment
        Sorted, apart from each other; edges to 10 ms where the music begins or ends beside a pause.

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> find_music(np.zeros(80000, np.float32), 8000)
    ()
    """
    line = at_line_rate(leg, sample_rate_hz)
    levels = levels_of(line, since_s=since_s)
    own = union(tones)
    judged = musicness(line, levels, deaf=own)
    quiet = quiet_of(levels)
    found = music_of(judged, levels, quiet=quiet, answered=np.zeros_like(quiet), tones=own, since_s=since_s)
    return tuple(m.segment for m in found if m.segment.duration_s >= min_s and m.is_clear)


def quiet_of(levels: Levels) -> Flags:
    """Whether each 10 ms lies in a pause: no more than line noise for `MIN_PAUSE_S`, clicks aside."""
    smooth = smoothed_db(np.power(np.float32(10), levels.dbfs / 10), 5)
    quiet = smooth < max(levels.floor_dbfs + QUIET_OVER_FLOOR_DB, DEAD_DBFS)
    for a, b in runs(~quiet):
        if (b - a) * LEVEL_HOP_S < MIN_SOUND_S:
            quiet[a:b] = True
    for a, b in runs(quiet):
        if (b - a) * LEVEL_HOP_S < MIN_PAUSE_S:
            quiet[a:b] = False
    return quiet


def voiced(judged: Musicness, quiet: Flags) -> Flags:
    """Whether each 10 ms sounds, and more like a voice than like music."""
    at = _answer_at(judged, len(quiet))
    return ~quiet & (judged.log_odds[at] < 0) if len(judged.log_odds) else np.zeros_like(quiet)


def _answer_at(judged: Musicness, n: int) -> NDArray[np.intp]:
    """Index of the classifier's answer for each of `n` times 10 ms."""
    at = (np.arange(n) * (LEVEL_HOP_S / judged.step_s)).astype(np.intp)
    return np.minimum(at, max(len(judged.log_odds) - 1, 0))


def runs(state: Flags) -> list[tuple[int, int]]:
    """Half-open index ranges in which it is true."""
    padded = np.zeros(len(state) + 2, bool)
    padded[1:-1] = state
    edges = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def music_of(
    judged: Musicness,
    levels: Levels,
    *,
    quiet: Flags,
    answered: Flags,
    tones: Sequence[Segment] = (),
    words: Sequence[Segment] = (),
    since_s: float = 0.0,
) -> list[Music]:
    """Most likely stretches of music, of any length, given how far each moment is music.

    Parameters
    ----------
    judged : Musicness
    levels : Levels
        Of the same leg.
    quiet, answered : ndarray of bool
        Per 10 ms, whether this leg pauses (see :func:`quiet_of`), and whether a voice is heard on another one.
    tones : sequence of Segment
    words : sequence of Segment
        Known not to be music.
    since_s : float
    """
    n = min(len(levels.dbfs), len(answered))
    quiet, answered = quiet[:n], answered[:n]
    first = min(n, int(np.ceil(since_s / LEVEL_HOP_S)))
    if n - first < 2 or not len(judged.log_odds):
        return []
    evidence = _evidence(judged, quiet, tones, n)
    for word in words:
        evidence[int(word.start_s / LEVEL_HOP_S) : int(word.end_s / LEVEL_HOP_S)] = WORD_PER_S * LEVEL_HOP_S
    evidence[quiet & answered] = ANSWER_PER_S * LEVEL_HOP_S
    edges, cost_on, cost_off = _edges(levels.dbfs[:n], quiet, answered, first)
    totals = np.concatenate((np.zeros(1), np.cumsum(evidence)))
    state = _two_states(np.diff(totals[edges]), cost_on, cost_off)
    found = []
    for a, b in runs(state):
        begin, end = int(edges[a]), int(edges[b])
        sounding = np.flatnonzero(~quiet[begin:end])
        if not len(sounding):
            continue
        begin, end = _without_specks(begin + int(sounding[0]), begin + int(sounding[-1]) + 1, levels.dbfs, quiet)
        step = judged.step_s / LEVEL_HOP_S
        part = slice(int(begin / step), max(int(end / step), int(begin / step) + 1))
        odds = judged.log_odds[part][judged.sounding[part]]
        found.append(
            Music(
                Segment(begin * LEVEL_HOP_S, end * LEVEL_HOP_S),
                float(np.median(levels.dbfs[begin:end])),
                float(odds.mean()) if len(odds) else 0.0,
            )
        )
    return found


def _without_specks(begin: int, end: int, dbfs: Floats, quiet: Flags) -> tuple[int, int]:
    """Leave out short faint sounds at either end, apart from the rest: what is heard there is the line, or a breath."""
    sounds = runs(~quiet[begin:end])
    faint_dbfs = float(np.median(dbfs[begin:end])) - SPECK_UNDER_DB

    def is_speck(speck: tuple[int, int], rest_steps: int) -> bool:
        a, b = begin + speck[0], begin + speck[1]
        return (
            (b - a) * LEVEL_HOP_S <= SPECK_S
            and rest_steps * LEVEL_HOP_S >= SPECK_REST_S
            and float(dbfs[a:b].mean()) < faint_dbfs
        )

    while len(sounds) > 1 and is_speck(sounds[-1], sounds[-1][0] - sounds[-2][1]):
        sounds.pop()
    while len(sounds) > 1 and is_speck(sounds[0], sounds[1][0] - sounds[0][1]):
        sounds.pop(0)
    return begin + sounds[0][0], begin + sounds[-1][1]


def _evidence(judged: Musicness, quiet: Flags, tones: Sequence[Segment], n: int) -> NDArray[np.float64]:
    """What each 10 ms says for music."""
    evidence = np.clip(judged.log_odds, -ODDS_LIMIT, ODDS_LIMIT)[_answer_at(judged, n)] * LEVEL_HOP_S
    evidence[quiet] = QUIET_PER_S * LEVEL_HOP_S
    for tone in tones:
        evidence[int(tone.start_s / LEVEL_HOP_S) : int(tone.end_s / LEVEL_HOP_S) + 1] = TONE_PER_S * LEVEL_HOP_S
    return evidence.astype(np.float64)


def _edges(dbfs: Floats, quiet: Flags, answered: Flags, first: int) -> tuple[NDArray[np.intp], list[float], list[float]]:
    """Where the state may change, and what it costs there to begin and to end music."""
    n = len(dbfs)
    anywhere = np.arange(first, n, round(GRID_S / LEVEL_HOP_S))
    begins, ends = _steps(dbfs, first)
    on, off = np.full(n + 1, CHANGE_ANYWHERE), np.full(n + 1, CHANGE_ANYWHERE)
    on[begins], off[ends] = CHANGE_AT_STEP, CHANGE_AT_STEP
    here = [anywhere, begins, ends]
    for pauses, shared in ((quiet, False), (quiet & ~answered, True)):
        for a, b in runs(pauses):
            if b <= first or (b - a) * LEVEL_HOP_S < MIN_PAUSE_S:
                continue
            # Music begins at the end of a pause and ends at the beginning of one.
            on[b] = off[max(a, first)] = _pause_cost((b - a) * LEVEL_HOP_S) if shared else CHANGE_IN_OWN_PAUSE
            here.append(np.array([max(a, first), b]))
    on[[first, n]] = off[[first, n]] = CHANGE_IN_LONG_PAUSE
    edges = np.unique(np.concatenate([*here, [first, n]])).astype(np.intp)
    return edges, on[edges].tolist(), off[edges].tolist()


def _pause_cost(pause_s: float) -> float:
    """The longer nobody sounds, the likelier is a change."""
    return CHANGE_IN_SHARED_PAUSE + (CHANGE_IN_LONG_PAUSE - CHANGE_IN_SHARED_PAUSE) * min(pause_s / LONG_PAUSE_S, 1.0)


def _steps(dbfs: Floats, first: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the level jumps up and where it falls, between the means of 100 ms on both sides."""
    side = round(STEP_SIDE_S / LEVEL_HOP_S)
    if len(dbfs) - first <= 2 * side + 2:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    running = np.cumsum(np.concatenate((np.zeros(1), np.maximum(dbfs, DEAD_DBFS).astype(np.float64))))
    i = np.arange(first + side, len(dbfs) - side)
    step = (running[i + side] - 2 * running[i] + running[i - side]) / side
    inner = np.zeros(len(step), bool)
    inner[1:-1] = True

    def peaks(x: NDArray[np.float64]) -> NDArray[np.intp]:
        top = inner.copy()
        top[1:-1] &= (x[1:-1] >= STEP_DB) & (x[1:-1] >= x[:-2]) & (x[1:-1] > x[2:])
        return np.asarray(i[top], dtype=np.intp)

    return peaks(step), peaks(-step)


def _two_states(evidence: NDArray[np.float64], cost_on: Sequence[float], cost_off: Sequence[float]) -> Flags:
    """Most likely course of music / no music over the cells between the edges (Viterbi)."""
    # Lists, not arrays: a number at a time is put into them and read out of them.
    before_off, before_on = [False], [False]  # what each state was in the cell before
    off, on = 0.0, -np.inf
    for i, (says, begin, end) in enumerate(zip(evidence.tolist(), cost_on, cost_off, strict=False)):
        if i == 0:
            off, on = 0.0, -begin + says
            continue
        begins, leaves = off - begin > on, off < on - end
        before_off.append(leaves)
        before_on.append(not begins)
        off, on = (on - end if leaves else off), (off - begin if begins else on) + says
    here = bool(on - cost_off[len(evidence)] > off)
    backwards = []
    for was_off, was_on in zip(before_off[::-1], before_on[::-1], strict=True):
        backwards.append(here)
        here = was_on if here else was_off
    return np.array(backwards[::-1], bool)[: len(evidence)]

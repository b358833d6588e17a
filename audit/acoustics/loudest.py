"""How a person's level moves from one stretch of speech to the next, and where it is far over that person's own.

Raising the voice makes it louder and higher at once: by ANSI S3.5-1997 (table of standard speech spectra, overall level
at 1 m) normal effort has 62, raised 68, loud 75 and shouted 82 dB, and with the effort the fundamental rises (Rostolland
1982; Traunmüller and Eriksson 2000). A telephone that was moved nearer to the mouth is louder, but not higher. So the
figures here go together: how far a stretch is over the person's own median level, and by how many semitones its pitch is
over the person's own. What counts as shouting is for rules to say.

References
----------
ANSI S3.5-1997, Methods for calculation of the speech intelligibility index.
Rostolland, D. (1982), Acoustic features of shouted voice, Acustica 50.
Traunmüller, H., Eriksson, A. (2000), Acoustic effects of variation in vocal effort by men, women, and children, Journal of
the Acoustical Society of America 107(6).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.acoustics.level import StretchLevel
from audit.acoustics.pitch import Pitch
from audit.segments import Segment

#: A shorter stretch is a word or two, whose level says little; it is left out.
MIN_STRETCH_S = 1.0
#: Shares of the speech time that lie under the ends of the spread.
_SPREAD = (0.1, 0.9)


@dataclass(frozen=True, slots=True)
class LevelChanges:
    """How the level of one person's speech moves; None where there are too few stretches to tell.

    Attributes
    ----------
    level_spread_db : float or None
        Between the levels under which a tenth and nine tenths of the speech time lie. None with fewer than two
        stretches of a second.
    max_level_jump_db : float or None
        The greatest rise from one stretch to the person's next; 0 or negative where the level only falls.
    max_level_jump_at_s : float or None
        Where the louder of the two begins.
    loudest_turn_over_median_db : float or None
        How far the loudest stretch is over the median level, by speech time, of the person's stretches.
    loudest_turn : Segment or None
        That stretch.
    """

    level_spread_db: float | None = None
    max_level_jump_db: float | None = None
    max_level_jump_at_s: float | None = None
    loudest_turn_over_median_db: float | None = None
    loudest_turn: Segment | None = None


def level_changes(stretches: Iterable[StretchLevel], *, min_stretch_s: float = MIN_STRETCH_S) -> LevelChanges:
    """Compare the levels of one person's stretches of speech.

    Parameters
    ----------
    stretches : iterable of StretchLevel
        In order, as :meth:`LevelMeter.stretches` or :func:`turn_levels` give them.
    min_stretch_s : float, default 1.0
        Stretches with less speech are left out.

    Returns
    -------
    LevelChanges
        All None with fewer than two stretches.

    Examples
    --------
    >>> levels = [(0, 3, -25.0), (5, 8, -24.0), (9, 12, -12.0), (20, 24, -25.5)]
    >>> level_changes([StretchLevel(Segment(a, b), b - a, x, None) for a, b, x in levels])
    ... # doctest: +NORMALIZE_WHITESPACE
    LevelChanges(level_spread_db=13.5, max_level_jump_db=12.0, max_level_jump_at_s=9,
                 loudest_turn_over_median_db=13.0, loudest_turn=Segment(start_s=9, end_s=12))
    """
    told = [(s, s.active_level_dbfs) for s in stretches if s.active_level_dbfs is not None and s.speech_s >= min_stretch_s]
    if len(told) < 2:
        return LevelChanges()
    levels = [level for _, level in told]
    weights = [s.speech_s for s, _ in told]
    low, median, high = (_quantile(levels, weights, share) for share in (_SPREAD[0], 0.5, _SPREAD[1]))
    jumps = np.diff(levels)
    jump, loudest = int(jumps.argmax()), int(np.argmax(levels))
    return LevelChanges(
        level_spread_db=high - low,
        max_level_jump_db=float(jumps[jump]),
        max_level_jump_at_s=told[jump + 1][0].segment.start_s,
        loudest_turn_over_median_db=levels[loudest] - median,
        loudest_turn=told[loudest][0].segment,
    )


def pitch_rise_semitones(stretch: Pitch, person: Pitch) -> float | None:
    """How far the pitch of a stretch is over the person's own.

    Parameters
    ----------
    stretch, person : Pitch
        Of the stretch alone and of all speech.

    Returns
    -------
    float or None
        Semitones between the medians, negative where the stretch is lower; None where either has no pitch.
    """
    if stretch.f0_median_hz is None or person.f0_median_hz is None:
        return None
    return 12 * math.log2(stretch.f0_median_hz / person.f0_median_hz)


def shouted(
    stretches: Sequence[StretchLevel],
    pitches: Sequence[Pitch],
    person: Pitch,
    *,
    min_over_median_db: float,
    min_rise_semitones: float,
    min_stretch_s: float = MIN_STRETCH_S,
) -> tuple[Segment, ...]:
    """Find the stretches that are both louder and higher than the person's own by given amounts.

    Parameters
    ----------
    stretches : sequence of StretchLevel
        All of one person.
    pitches : sequence of Pitch
        Of each stretch.
    person : Pitch
        Of all the person's speech.
    min_over_median_db, min_rise_semitones : float
        What it takes, inclusive. Raised, loud and shouted speech is some 6, 13 and 20 dB over normal before the telephone
        evens it out (ANSI S3.5-1997).
    min_stretch_s : float, default 1.0
        Stretches with less speech are left out.

    Returns
    -------
    tuple of Segment
        In order; ``()`` where none is, and where there is nothing to compare with.

    Raises
    ------
    ValueError
        If there are not as many pitches as stretches.
    """
    told = [
        (s, level, pitch_rise_semitones(p, person))
        for s, p in zip(stretches, pitches, strict=True)
        if (level := s.active_level_dbfs) is not None and s.speech_s >= min_stretch_s
    ]
    if len(told) < 2:
        return ()
    median = _quantile([level for _, level, _ in told], [s.speech_s for s, _, _ in told], 0.5)
    return tuple(
        s.segment
        for s, level, rise in told
        if level - median >= min_over_median_db and rise is not None and rise >= min_rise_semitones
    )


def _quantile(values: Sequence[float], weights: Sequence[float], share: float) -> float:
    """The least value that with those under it has the share of the weight."""
    order = np.argsort(values)
    reached = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][np.searchsorted(reached, share * reached[-1])])

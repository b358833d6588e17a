"""How much of the other leg's sound is heard in a leg: hybrid echo, crosstalk, joint stereo coding.

A leak has the spectrum of the other leg's sound, a moment later and fainter. Music behind a party and the party's own
voice have not, so the two spectra's shapes, frame by frame, tell whether there is a leak and how late it comes, and the
covariance of the powers, to which what else sounds in the leg adds nothing, tells how strong it is in each band.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audit.acoustics.bands import EPS, FRAMES_PER_S, MEAN_DB, SUM, Bools, Floats, per_frame
from audit.acoustics.neighbours import greatest_around, mean_around

Frames = NDArray[np.intp]

#: Only frames count in which the other leg stands this far over its own noise.
_OTHER_DB, _LEAST_S = 15.0, 1.0
#: A leak is so far below its source; where it is not, this party speaks and the other leg has the leak.
_BELOW_DB = -5.0
#: The upper part of the frames by level in this leg holds this party's own words.
_OWN_WORDS_PERCENTILE = 85
#: Least correlation of the spectra's shapes. Measured on composed calls: 0.2 to 0.9 with a leak that stands out of the
#: noise, 0.1 to 0.3 with one under it; music or noise alone gives 0.06 mostly, and its powers do not go along.
_LEAST_CORRELATION = 0.07
#: A leak varies with time, above all in joint stereo coding.
_MARGIN_DB = 3.5
#: No leak is stronger than that; what is, is the same sound on both legs.
_STRONGEST_DB = -8.0
#: Delays of an echo that are tried, in frames, for how long it rings, and frames compared for one.
_DELAYS, _TAIL_FRAMES, _MOST_COMPARED = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30), 4, 700


def leaks(power: list[Floats], floor: list[Floats], allowed: list[Bools]) -> list[Floats | None]:
    """For each leg the power per frame and band that the other leg's sound may have there.

    Parameters
    ----------
    power : list of ndarray of float32, shape (n_frames, n_bands)
        One or two legs.
    floor : list of ndarray of float32, shape (n_blocks, n_bands)
    allowed : list of ndarray of bool, shape (n_frames,)
        False where a leg's sound is known not to be speech.

    Returns
    -------
    list of (ndarray of float32, shape (n_frames, n_bands), or None)
        None where no leak can be told from the noise, and for a single leg.
    """
    if len(power) != 2:
        return [None] * len(power)
    smooth = [mean_around(p, 5) for p in power]
    return [_leak(smooth[c], power[1 - c], smooth[1 - c], floor[1 - c], allowed[c]) for c in (0, 1)]


def _leak(mine: Floats, other: Floats, other_smooth: Floats, other_floor: Floats, allowed: Bools) -> Floats | None:
    """The other leg's power as it may arrive in this one."""
    levels = mine @ SUM, other_smooth @ SUM
    source = np.flatnonzero(levels[1] > per_frame(other_floor @ SUM, len(mine)) * 10 ** (_OTHER_DB / 10))
    delay = _delay((mine, other_smooth), levels, source, allowed)
    if delay is None:
        return None
    heard = _heard(levels, source, delay, allowed)
    a, b = mine[heard].astype(np.float64), other_smooth[heard - delay].astype(np.float64)
    strength = _slope(a @ SUM, b @ SUM)
    if not 0 < strength < 10 ** (_STRONGEST_DB / 10):
        return None
    gain = np.clip([_slope(a[:, k], b[:, k]) for k in range(a.shape[1])], strength / 8, strength * 8)
    spread = greatest_around(other, 1 + _TAIL_FRAMES, 1)
    spread *= (gain * 10 ** (_MARGIN_DB / 10)).astype(np.float32)
    if delay:
        spread[delay:] = spread[:-delay].copy()
        spread[:delay] = 0
    return spread


def _heard(levels: tuple[Floats, Floats], source: Frames, delay: int, allowed: Bools) -> Frames:
    """Frames in which the other leg's loud frames would arrive and this party is hardly speaking."""
    heard = source[source < len(allowed) - delay] + delay
    mine = levels[0][heard]
    below = allowed[heard] & (mine < levels[1][heard - delay] * 10 ** (_BELOW_DB / 10))
    heard, mine = heard[below], mine[below]
    if not len(heard):
        return heard
    n_kept = int(len(heard) * _OWN_WORDS_PERCENTILE / 100)
    kept: Frames = heard[mine <= np.partition(mine, n_kept)[n_kept]]
    return kept


def _slope(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Slope of the straight line from the powers `b` to the powers `a`."""
    centred = b - b.mean()
    return float(a @ centred) / (float(centred @ centred) + 1e-30)


def _delay(powers: tuple[Floats, Floats], levels: tuple[Floats, Floats], source: Frames, allowed: Bools) -> int | None:
    """Frames by which the other leg's sound comes late: where the spectra are most alike; None if nowhere."""
    best, best_delay = _LEAST_CORRELATION, None
    step = max(1, len(source) // _MOST_COMPARED)
    tried = source[::step]
    other = _shape(powers[1][tried])
    for delay in _DELAYS:
        heard = _heard(levels, tried, delay, allowed)
        if len(heard) * step < _LEAST_S * FRAMES_PER_S:
            continue
        a, b = _shape(powers[0][heard]), other[tried.searchsorted(heard - delay)]
        a, b = (a - a.mean(0)).ravel(), (b - b.mean(0)).ravel()
        r = float(a @ b / np.sqrt((a @ a) * (b @ b) + EPS))
        if r > best:
            best, best_delay = r, delay
    return best_delay


def _shape(power: Floats) -> Floats:
    """Spectra on a logarithmic scale without each frame's level."""
    level: Floats = np.log10(power + EPS)
    level -= (level @ MEAN_DB)[:, None] / 10
    level[:, 0] = 0  # the rumble
    return level

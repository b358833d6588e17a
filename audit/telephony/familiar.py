"""Judge the surroundings of music again, by how they resemble that very music and this call's voices.

A classifier trained on other music knows little of a track's sparse beginning or its break. But notes, drums and timbres
come again within a track, and so do the voices of a call: what sounds like something heard in the middle of the music is
music, what sounds like something heard well outside is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from audit.fourier import rfft
from audit.segments import Segment
from audit.telephony.musicness import BLOCK_FRAMES, DEAD_DBFS, HOP_S, N_HOP, N_WINDOW, RATE_HZ, Musicness, windows_of

Floats = NDArray[np.float32]
Frames = NDArray[np.intp]

BAND_HZ = (200, 3400)
REACH_S, MARGIN_S = 10.0, 2.0  # judged again this near to an edge; known to be music, or none, that far from one
LEAST_KNOWN_S, MOST_KNOWN = 4.0, 400  # of either kind
NEIGHBOURS, APART_S = 3, 1.0  # what resembles its own next second says nothing
FRAME_LIMIT, SMOOTH_FRAMES = 4.0, 9
CLASSIFIER_LIMIT, CLASSIFIER_WEIGHT, FAMILIAR_WEIGHT = 6.0, 0.5, 1.0
MOST_QUIET = 200


@dataclass(frozen=True, slots=True)
class _Sounds:
    """Normalised log spectra of some frames of a leg."""

    frames: Frames
    spectra: Floats


def familiar(judged: Musicness, leg: Floats, music: Sequence[Segment], *, since_s: float = 0.0) -> Musicness:
    """Judge what is near the edges of music again.

    Parameters
    ----------
    judged : Musicness
        What the classifier says.
    leg : ndarray of float32
        The same leg, at 8 kHz.
    music : sequence of Segment
        What was taken for music at first.
    since_s : float
        Nothing before it is known to be a voice.

    Returns
    -------
    Musicness
        Within `REACH_S` of an edge the classifier's answer and the resemblance together; elsewhere, and where less than
        `LEAST_KNOWN_S` of music or of anything else is known, as it was.

    Notes
    -----
    The resemblance of a frame to the music is the mean cosine with the `NEIGHBOURS` most similar known frames at least
    `APART_S` away, and likewise that to all else; their difference becomes log-odds by the normal distributions that the
    known frames themselves have.
    """
    step = round(judged.step_s / HOP_S)
    n = min(len(judged.log_odds) * step, len(leg) // N_HOP)
    sounds = np.repeat(judged.sounding, step)[:n]
    inner, outer, near = np.zeros(n, bool), sounds.copy(), np.zeros(n, bool)
    outer[: int(since_s / HOP_S)] = False
    margin, reach = round(MARGIN_S / HOP_S), round(REACH_S / HOP_S)
    for s in music:
        a, b = int(s.start_s / HOP_S), int(np.ceil(s.end_s / HOP_S))
        inner[a + margin : max(b - margin, a + margin)] = True
        outer[max(0, a - margin) : b + margin] = False
        near[max(0, a - reach) : a + reach] = True
        near[max(0, b - reach) : b + reach] = True
    inner &= sounds
    known = _known(leg, sounds, inner, outer)
    if known is None:
        return judged
    asked = known.heard(np.flatnonzero(near & sounds))
    odds = known.odds(asked)
    course, counted = np.zeros(n), np.zeros(n)
    course[asked.frames], counted[asked.frames] = np.clip(odds, -FRAME_LIMIT, FRAME_LIMIT), 1.0
    share = _smoothed(counted)
    smooth = _smoothed(course) / np.maximum(share, 1 / SMOOTH_FRAMES)
    at = np.arange(len(judged.log_odds)) * step
    at = np.minimum(at, n - 1)
    both = CLASSIFIER_WEIGHT * np.clip(judged.log_odds, -CLASSIFIER_LIMIT, CLASSIFIER_LIMIT) + FAMILIAR_WEIGHT * smooth[at]
    mixed = np.where(near[at] & judged.sounding, both, judged.log_odds).astype(np.float32)
    return replace(judged, log_odds=mixed)


def resemblance(
    judged: Musicness, leg: Floats, music: Sequence[Segment], asked: Segment, *, since_s: float = 0.0
) -> float | None:
    """Log-odds that a stretch inside of music belongs to it rather than to what sounds outside; None if either is unknown.

    Parameters
    ----------
    judged : Musicness
        Of the leg.
    leg : ndarray of float32
        At 8 kHz.
    music : sequence of Segment
        What was taken for music; what is in question and `APART_S / 2` beside it is not known to be music.
    asked : Segment
    since_s : float
        Nothing before it is known to be a voice.
    """
    step = round(judged.step_s / HOP_S)
    n = min(len(judged.log_odds) * step, len(leg) // N_HOP)
    sounds = np.repeat(judged.sounding, step)[:n]
    inner, outer = np.zeros(n, bool), sounds.copy()
    outer[: int(since_s / HOP_S)] = False
    margin = round(APART_S / HOP_S)
    for s in music:
        a, b = int(s.start_s / HOP_S), int(np.ceil(s.end_s / HOP_S))
        inner[a + margin : max(b - margin, a + margin)] = True
        outer[max(0, a - margin) : b + margin] = False
    a, b = int(asked.start_s / HOP_S), int(asked.end_s / HOP_S) + 1
    inner[max(0, a - margin // 2) : b + margin // 2] = False
    known = _known(leg, sounds, inner & sounds, outer)
    frames = a + np.flatnonzero(sounds[a:b])
    if known is None or not len(frames):
        return None
    return float(np.clip(known.odds(known.heard(frames)), -FRAME_LIMIT, FRAME_LIMIT).mean())


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known to be music and what to be none, and how the two differ."""

    leg: Floats
    noise: Floats
    music: _Sounds
    others: _Sounds

    def heard(self, frames: Frames) -> _Sounds:
        """The spectra of other frames."""
        return _Sounds(frames, _spectra(self.leg, frames, self.noise))

    def odds(self, asked: _Sounds) -> NDArray[np.float64]:
        """Log-odds of each frame, by the normal distributions of the known ones."""
        ours, theirs = (_leaning(known, self.music, self.others) for known in (self.music, self.others))
        slope = (ours.mean() - theirs.mean()) / (0.5 * (ours.var() + theirs.var()) + 1e-4)
        odds = (_leaning(asked, self.music, self.others) - (ours.mean() + theirs.mean()) / 2) * slope
        return np.asarray(odds, dtype=np.float64)


def _known(leg: Floats, sounds: NDArray[np.bool_], inner: NDArray[np.bool_], outer: NDArray[np.bool_]) -> _Known | None:
    """None where too little of either is known."""
    if min(inner.sum(), outer.sum()) * HOP_S < LEAST_KNOWN_S:
        return None
    noise = _noise(leg, np.flatnonzero(~sounds))
    music, others = (_Sounds(frames, _spectra(leg, frames, noise)) for frames in (_thinned(inner), _thinned(outer)))
    return _Known(leg, noise, music, others)


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of `SMOOTH_FRAMES` around each; beyond the ends the values come back in reverse."""
    padded = np.pad(values, SMOOTH_FRAMES // 2, mode="symmetric")
    return np.convolve(padded, np.full(SMOOTH_FRAMES, 1 / SMOOTH_FRAMES), "valid")


def _thinned(known: NDArray[np.bool_]) -> Frames:
    """At most `MOST_KNOWN` of the frames, evenly."""
    frames = np.flatnonzero(known)
    return frames[:: -(-len(frames) // MOST_KNOWN)]


def _leaning(asked: _Sounds, music: _Sounds, others: _Sounds) -> NDArray[np.float64]:
    """How much more each frame resembles the music than all else."""
    return _resemblance(asked, music) - _resemblance(asked, others)


def _resemblance(asked: _Sounds, known: _Sounds) -> NDArray[np.float64]:
    """Mean cosine with the most similar known frames that are not next to it."""
    cosine = asked.spectra @ known.spectra.T
    apart = round(APART_S / HOP_S)
    # Both are sorted, so what is next to a frame stands side by side.
    first = np.searchsorted(known.frames, asked.frames - apart, side="right")
    stop = np.searchsorted(known.frames, asked.frames + apart, side="left")
    near = np.arange(int((stop - first).max(initial=0)))
    rows, columns = np.nonzero(near < (stop - first)[:, None])
    cosine[rows, first[rows] + columns] = -1.0
    return np.asarray(np.partition(cosine, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean(axis=1), dtype=np.float64)


def _spectra(leg: Floats, frames: Frames, noise: Floats) -> Floats:
    """Log power over the line noise, without its mean, of length one: shape (n_frames, n_bins)."""
    x = _power(leg, frames)
    x /= noise
    x += np.float32(1)
    np.log(x, out=x)
    x -= (x @ np.full(x.shape[1], 1 / x.shape[1], np.float32))[:, None]
    x /= (np.sqrt(np.einsum("ij,ij->i", x, x)) + np.float32(1e-6))[:, None]
    return x


def _noise(leg: Floats, quiet: Frames) -> Floats:
    """Mean power of each bin where the leg is quiet, at least that of a dead line."""
    first, last = _bins()
    least = np.full(last - first, 10 ** (DEAD_DBFS / 10), np.float32)
    if len(quiet) < 10:
        return least
    mean = _power(leg, quiet[:: -(-len(quiet) // MOST_QUIET)]).mean(axis=0)
    return np.asarray(np.maximum(mean, least), dtype=np.float32)


def _power(leg: Floats, frames: Frames) -> Floats:
    """Power spectrum of the chosen frames."""
    first, last = _bins()
    power = np.empty((len(frames), last - first), np.float32)
    for a in range(0, len(frames), BLOCK_FRAMES):
        cut = windows_of(leg, frames[a : a + BLOCK_FRAMES])
        cut *= _window()
        squares = np.square(rfft(cut)[:, first:last].view(np.float32))
        np.add(squares[:, ::2], squares[:, 1::2], out=power[a : a + BLOCK_FRAMES])
    return power


def _bins() -> tuple[int, int]:
    """The first bin of the band and the one after its last."""
    return BAND_HZ[0] * N_WINDOW // RATE_HZ, BAND_HZ[1] * N_WINDOW // RATE_HZ + 1


@cache
def _window() -> Floats:
    window = np.hanning(N_WINDOW + 2)[1:-1]
    return np.asarray(window / np.sqrt(np.sum(window**2)), dtype=np.float32)

"""Curves of a call as outlines: the envelope of a leg's sound, and its pitch on a scale of semitones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audit.audio import Audio
from audit.report.picture import number, tenths
from audit.words import Role

Floats = NDArray[np.float64]

#: The scale of pitch shows at least an octave, so that an even voice does not look excited.
MIN_PITCH_RANGE_SEMITONES = 12.0
#: Room above and below the pitch that is shown.
_PITCH_MARGIN_SEMITONES = 1.5
#: A contour goes on over so many columns without a voice; a longer pause breaks it.
_BRIDGED_COLUMNS = 2
#: Sets of frequencies that the scale may name.
_ROUND_HZ = (
    (50, 75, 100, 150, 200, 300, 400, 600, 800),
    (50, 100, 200, 400, 800),
    (75, 150, 300, 600),
    (100, 300),
    (150, 300),
    (150, 400),
)
#: Heights of the envelope are measured from this peak on at least: a leg of mere line noise must not fill its lane.
_MIN_SCALE = 0.02


def leg_envelope(leg: ArrayLike, n_bins: int) -> NDArray[np.float32]:
    """The greatest absolute sample of each of `n_bins` equal parts of a leg.

    Parameters
    ----------
    leg : array_like of float, shape (n,)
    n_bins : int
        With fewer samples than bins, a bin without a sample of its own takes that of its place.

    Returns
    -------
    ndarray of float32, shape (n_bins,)
        0 throughout for a leg without samples.

    Raises
    ------
    ValueError
        If `n_bins` is not positive, or `leg` has more than one dimension.

    Examples
    --------
    >>> leg_envelope([0.0, -0.5, 0.25, 0.125], 2).tolist()
    [0.5, 0.25]
    """
    samples = np.asarray(leg)
    if n_bins < 1:
        raise ValueError(f"an envelope needs at least one bin, not {n_bins}")
    if samples.ndim != 1:
        raise ValueError(f"an envelope is of one leg, not of an array of shape {samples.shape}")
    return _peaks(samples, np.arange(n_bins, dtype=np.int64) * len(samples) // n_bins)


def envelopes_of(audio: Audio, n_bins: int) -> dict[Role | int, NDArray[np.float32]]:
    """The envelope of each channel of a recording, read a minute at a time.

    Parameters
    ----------
    audio : Audio
    n_bins : int
        As of :func:`leg_envelope`. Two for each pixel are enough for any picture.

    Returns
    -------
    dict of channel to ndarray of float32, shape (n_bins,)
    """
    return {channel: np.maximum(wave[0], -wave[1]) for channel, wave in waveforms_of(audio, n_bins).items()}


def waveforms_of(audio: Audio, n_bins: int) -> dict[Role | int, NDArray[np.float32]]:
    """The highest and the lowest sample of each of `n_bins` equal parts of each channel, read a minute at a time.

    Parameters
    ----------
    audio : Audio
    n_bins : int
        With fewer samples than bins, a bin without a sample of its own takes that of its place.

    Returns
    -------
    dict of channel to ndarray of float32, shape (2, n_bins)
        Highest, lowest; 0 throughout for a recording without samples.
    """
    n_samples = audio.store.n_samples
    edges = [i * n_samples // n_bins for i in range(n_bins + 1)]
    at_once = max(1, round(n_bins * 60 / max(audio.duration_s, 60.0)))
    parts: list[list[NDArray[np.float32]]] = [[] for _ in range(audio.n_channels)]
    for first in range(0, n_bins, at_once):
        last = min(first + at_once, n_bins)
        window = audio.store.read(edges[first], max(edges[last], min(edges[first] + 1, n_samples)))
        for channel, leg in enumerate(window):
            parts[channel].append(_extremes(leg, np.asarray(edges[first:last]) - edges[first]))
    return {channel: np.concatenate(p, axis=1) for channel, p in enumerate(parts)}


def _peaks(samples: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The greatest absolute sample from each start to the next; 0 without any."""
    highest, lowest = _extremes(samples, starts)
    return np.maximum(highest, -lowest)


def _extremes(samples: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The highest and the lowest sample from each start to the next; 0 without any."""
    if not len(samples):
        return np.zeros((2, len(starts)), np.float32)
    starts = np.minimum(starts, len(samples) - 1)
    return np.stack([np.maximum.reduceat(samples, starts), np.minimum.reduceat(samples, starts)]).astype(np.float32)


def envelope_scale(envelopes: Sequence[ArrayLike]) -> float:
    """The peak that fills a lane: that of the loudest leg, so that a soft voice beside a loud one looks soft."""
    peaks = [float(np.max(np.abs(np.asarray(e)))) for e in envelopes if np.size(e)]
    return max([_MIN_SCALE, *peaks])


def wave_path(envelope: ArrayLike, *, x: int, width: int, middle: float, half_height: float, scale: float) -> str:
    """The outline of an envelope, mirrored about `middle`, or of a waveform, from its highest to its lowest samples.

    Heights go with the square root of the peak: speech 12 dB under the loudest is still half as high. Bins are joined,
    by their peaks, into columns of at least one pixel.

    Parameters
    ----------
    envelope : array_like, shape (n_bins,) or (2, n_bins)
        Peaks, as of :func:`leg_envelope`; or highest and lowest samples, as of :func:`waveforms_of`.
    """
    values = np.nan_to_num(np.asarray(envelope, dtype=np.float64))
    peaks = np.stack([values, values] if values.ndim == 1 else [values[0], -values[1]])
    if peaks.shape[1] > width:
        peaks = np.maximum.reduceat(peaks, np.arange(width, dtype=np.int64) * peaks.shape[1] // width, axis=1)
    ups, downs = np.rint(np.sqrt(np.clip(peaks / scale, 0.0, 1.0)) * half_height * 10).astype(int).clip(4)
    edges = np.rint((np.arange(len(ups)) + 0.5) * width / len(ups) * 10).astype(int)
    steps = np.diff(edges)
    there = "".join(_step(dx, -dh) for dx, dh in zip(steps, np.diff(ups), strict=True))
    back = "".join(_step(-dx, -dh) for dx, dh in zip(steps[::-1], np.diff(downs)[::-1], strict=True))
    start = f"M{number(x)} {tenths(round(middle * 10) - ups[0])}h{tenths(edges[0])}"
    end = 10 * width - edges[-1]
    return f"{start}{there}h{tenths(end)}v{tenths(ups[-1] + downs[-1])}h{tenths(-end)}{back}h{tenths(-edges[0])}z"


def _step(dx: int, dy: int) -> str:
    """One step of an outline, as short as can be."""
    if not dy:
        return f"h{tenths(dx)}"
    return f"l{tenths(dx)}{'' if dy < 0 else ' '}{tenths(dy)}"


@dataclass(frozen=True, slots=True)
class PitchScale:
    """Fundamental frequencies from the bottom to the top of a lane, in equal steps for equal intervals."""

    low_hz: float
    high_hz: float

    def share(self, f0_hz: ArrayLike) -> Floats:
        """0 at the bottom, 1 at the top; beyond them for pitches that are not shown."""
        return np.asarray(np.log(np.asarray(f0_hz) / self.low_hz) / np.log(self.high_hz / self.low_hz))

    def ticks_hz(self, height_px: float, least_px: float) -> tuple[int, ...]:
        """Round frequencies inside the scale, at least `least_px` apart; () where not even one fits.

        Examples
        --------
        >>> PitchScale(80, 400).ticks_hz(36, 13), PitchScale(80, 400).ticks_hz(100, 13)
        ((100, 200), (100, 150, 200, 300))
        """
        best: list[int] = []
        for choice in _ROUND_HZ:
            inside = [hz for hz in choice if 0.05 <= float(self.share(hz)) <= 0.95]
            apart = np.diff(self.share(inside)) * height_px
            if len(inside) > len(best) and (len(apart) == 0 or apart.min() >= least_px):
                best = inside
        return tuple(best)


def pitch_scale(tracks: Sequence[ArrayLike]) -> PitchScale | None:
    """The scale that holds all but the highest and lowest fiftieth of the voiced pitches of all legs; None without any.

    Examples
    --------
    >>> scale = pitch_scale([[100.0, 100.0], [0.0, 200.0]])
    >>> round(scale.low_hz), round(scale.high_hz)
    (92, 214)
    >>> pitch_scale([]) is None
    True
    """
    voiced = [f[_is_voiced(f)] for f in (np.asarray(t, dtype=np.float64) for t in tracks)]
    heard = np.concatenate(voiced) if voiced else np.zeros(0)
    if not len(heard):
        return None
    low, high = (12 * float(np.log2(hz)) for hz in np.percentile(heard, (2, 98)))
    margin = max(_PITCH_MARGIN_SEMITONES, (MIN_PITCH_RANGE_SEMITONES - (high - low)) / 2)
    return PitchScale(2 ** ((low - margin) / 12), 2 ** ((high + margin) / 12))


def pitch_path(
    times_s: ArrayLike, f0_hz: ArrayLike, scale: PitchScale, *, x: int, width: int, top: float, height: float, duration_s: float
) -> str:
    """A contour: the median of the voiced pitches of each column of a pixel, broken where the voice pauses.

    NaN, 0 and less are no voice. What lies outside the scale is drawn at its edge.
    """
    times, f0 = np.asarray(times_s, dtype=np.float64), np.asarray(f0_hz, dtype=np.float64)
    kept = _is_voiced(f0) & (times >= 0) & (times < duration_s)
    if not np.any(kept):
        return ""
    columns = (times[kept] / duration_s * width).astype(int)
    shares = np.clip(scale.share(f0[kept]), 0.0, 1.0)
    order = np.argsort(columns, kind="stable")
    columns, shares = columns[order], shares[order]
    found, starts = np.unique(columns, return_index=True)
    heights = np.array([np.median(part) for part in np.split(shares, starts[1:])])
    ys = np.rint((top + height * (1 - heights)) * 10).astype(int)
    parts: list[str] = []
    previous = None
    for column, y in zip(found.tolist(), ys.tolist(), strict=True):
        if previous is not None and column - previous[0] <= _BRIDGED_COLUMNS:
            parts.append(_step(10 * (column - previous[0]), y - previous[1]))
        else:
            parts.append(f"M{x + column} {tenths(y)}h0")  # a round cap makes a dot of it, should nothing follow
        previous = (column, y)
    return "".join(parts)


def _is_voiced(f0_hz: Floats) -> NDArray[np.bool_]:
    return np.isfinite(f0_hz) & (f0_hz > 0)

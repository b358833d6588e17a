"""How loud somebody is: active speech level, loudness, peak, clipping and distance to the noise.

0 dBFS is the RMS of a full-scale square wave (RMS 1.0), so a full-scale sine has -3.01 dBFS.

References
----------
ITU-T Rec. P.56 (12/2011), Objective measurement of active speech level, clause 8 (method B).
ITU-R Rec. BS.1770-4 (10/2015), Algorithms to measure audio programme loudness and true-peak audio level, annex 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import soxr
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.signal import lfilter

from audit.records import Segment, subtract, union

Floats = NDArray[np.float32]

# ITU-T P.56 clause 8.3, values of the parameters of method B.
_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
#: Thresholds a factor of two apart, from one step of 16-bit samples to half of full scale (P.56 clause 8.2).
_THRESHOLDS = 2.0 ** np.arange(-15, 0)

_LOUDNESS_BLOCK_S = 0.4  # BS.1770 annex 1: gating block
#: At 8 kHz the weighting filter, made for 48 kHz, is off by 0.2 dB at 1 kHz and 0.3 dB at 2 kHz; at 16 kHz by 0.07.
_LOUDNESS_RATE_HZ = 16000
#: Where samples are flat: the top code of mu-law is 0.980 of full scale, of A-law 0.984.
_CLIPPING_LEVEL = 0.95
_CLIPPING_RUN = 3
#: Pauses count for the noise only from this far from speech, over at least this much time, at their quiet end: what is
#: left of the other party or of music in them is louder than the line.
_NOISE_GUARD_S, _NOISE_BLOCK_S, _NOISE_MIN_S, _NOISE_PERCENTILE = 0.1, 0.05, 0.5, 20
#: Below this there is no noise but a line that was muted; one step of 16-bit samples has about -90 dBFS.
_DIGITAL_SILENCE_DBFS = -90.0
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Level:
    """Level figures of one leg's speech; None where they could not be measured.

    Attributes
    ----------
    active_level_dbfs : float or None
        Active speech level, ITU-T P.56 method B. None without speech.
    loudness_lufs : float or None
        Gated loudness, ITU-R BS.1770. None with less than 0.4 s of speech or if all of it is under the gate of
        -70 LUFS.
    peak_dbfs : float or None
        Greatest sample of the speech, 20 log10; 0.0 is full scale. Not a true peak.
    clipping_ratio : float or None
        Share of the speech's samples that are clipped, 0-1.
    snr_db : float or None
        Active speech level less the noise in the leg's own pauses. None without pauses or where they are digital
        silence.
    dc_offset_ratio : float or None
        Mean of the speech's samples as a share of full scale, with its sign.
    """

    active_level_dbfs: float | None = None
    loudness_lufs: float | None = None
    peak_dbfs: float | None = None
    clipping_ratio: float | None = None
    snr_db: float | None = None
    dc_offset_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class ActiveSpeechLevel:
    """Result of ITU-T P.56 method B.

    Attributes
    ----------
    level_dbfs : float
        Mean power over the active time.
    activity_ratio : float
        Share of the time that is active, 0-1.
    """

    level_dbfs: float
    activity_ratio: float


def measure_level(leg: Floats, sample_rate_hz: int, speech: Iterable[Segment]) -> Level:
    """Measure how loud the speech of one leg is.

    All figures but the noise are of the given speech alone, its segments one after the other, so that ringing, hold
    music and the other party's crosstalk do not enter.

    Parameters
    ----------
    leg : ndarray of float32, shape (n_samples,)
        Full scale 1.0.
    sample_rate_hz : int
    speech : iterable of Segment
        Speech of this leg; what lies outside the recording is ignored.

    Returns
    -------
    Level
        All None without speech.

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate not positive.
    """
    if leg.ndim != 1 or sample_rate_hz <= 0:
        raise ValueError(f"one leg at a positive rate is needed, not {leg.shape} at {sample_rate_hz} Hz")
    segments = union(speech)
    parts = [_cut(leg, sample_rate_hz, s) for s in segments]
    voice = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if not len(voice):
        return Level()
    peak = float(np.abs(voice).max())
    active = active_speech_level(voice, sample_rate_hz)
    noise_dbfs = _noise_dbfs(leg, sample_rate_hz, segments)
    return Level(
        active_level_dbfs=active.level_dbfs if active else None,
        loudness_lufs=_loudness_lufs(voice, sample_rate_hz),
        peak_dbfs=20 * math.log10(peak) if peak > 0 else None,
        clipping_ratio=sum(_n_clipped(p) for p in parts) / len(voice),
        snr_db=active.level_dbfs - noise_dbfs if active and noise_dbfs is not None else None,
        dc_offset_ratio=float(voice.mean(dtype=np.float64)),
    )


def active_speech_level(samples: Floats, sample_rate_hz: int) -> ActiveSpeechLevel | None:
    """Measure the active speech level by ITU-T P.56, method B.

    The envelope is the rectified signal through two equal exponential averages of 0.03 s (clause 8.2: p and q). For
    each threshold c_j the activity count a_j is the number of samples at which q has reached c_j within the last
    0.2 s (the hangover); the level over that time is A_j = 10 log10(sum of squares / a_j). The active level is A where
    it lies 15.9 dB over the threshold, by interpolation between neighbouring thresholds (clause 8.2).

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Speech, pauses included. No input filter is applied: telephone speech is band-limited already.
    sample_rate_hz : int

    Returns
    -------
    ActiveSpeechLevel or None
        None for no samples, for digital silence and for what is too faint for the lowest threshold (about -75 dBFS).
    """
    g = math.exp(-1 / (sample_rate_hz * _TIME_CONSTANT_S))
    hangover = math.ceil(sample_rate_hz * _HANGOVER_S)
    counts = np.zeros(len(_THRESHOLDS))
    square_sum = 0.0
    state_p, state_q = np.zeros(1), np.zeros(1)
    before = np.zeros(hangover)
    for first in range(0, len(samples), _CHUNK):
        part = samples[first : first + _CHUNK].astype(np.float64)
        square_sum += float(part @ part)
        p, state_p = lfilter([1 - g], [1, -g], np.abs(part), zi=state_p)
        q, state_q = lfilter([1 - g], [1, -g], p, zi=state_q)
        joined = np.concatenate([before, q])
        # The greatest envelope of each sample and the hangover before it: active means that it reaches c_j.
        held = maximum_filter1d(joined, hangover + 1, origin=hangover // 2, mode="nearest")[hangover:]
        counts += len(held) - np.searchsorted(np.sort(held), _THRESHOLDS, side="left")
        before = joined[-hangover:]
    if square_sum <= 0 or counts[0] == 0:
        return None
    long_term_db = 10 * math.log10(square_sum / len(samples))
    reached = counts > 0
    level_db = 10 * np.log10(square_sum / counts[reached])
    margin_db = level_db - 20 * np.log10(_THRESHOLDS[reached])
    below = np.flatnonzero(margin_db <= _MARGIN_DB)
    if len(below) == 0 or below[0] == 0:
        if len(below) == 0:  # so few thresholds are reached that none comes near: all reached time is active
            return ActiveSpeechLevel(float(level_db[-1]), float(counts[reached][-1] / len(samples)))
        return None
    j = int(below[0])
    share = (margin_db[j - 1] - _MARGIN_DB) / (margin_db[j - 1] - margin_db[j])
    active_db = float(level_db[j - 1] + share * (level_db[j] - level_db[j - 1]))
    return ActiveSpeechLevel(active_db, min(1.0, 10 ** ((long_term_db - active_db) / 10)))


def _cut(leg: Floats, sample_rate_hz: int, segment: Segment) -> Floats:
    """The samples of a segment, as far as they lie in the leg."""
    start, stop = round(segment.start_s * sample_rate_hz), round(segment.end_s * sample_rate_hz)
    return leg[max(0, start) : max(0, stop)]


def _loudness_lufs(voice: Floats, sample_rate_hz: int) -> float | None:
    """BS.1770 loudness of mono speech."""
    if len(voice) < math.ceil(_LOUDNESS_BLOCK_S * sample_rate_hz) or not voice.any():
        return None
    if sample_rate_hz < _LOUDNESS_RATE_HZ:
        voice, sample_rate_hz = soxr.resample(voice, sample_rate_hz, _LOUDNESS_RATE_HZ), _LOUDNESS_RATE_HZ
    meter = pyloudnorm.Meter(sample_rate_hz, block_size=_LOUDNESS_BLOCK_S)
    loudness = float(meter.integrated_loudness(voice.astype(np.float64)))
    return loudness if math.isfinite(loudness) else None


def _n_clipped(part: Floats) -> int:
    """Samples in runs that stay at the extreme of their sign, where that is near full scale.

    A converter that clips gives equal neighbours at its extreme; companding keeps them equal, at its top code. A
    lossy codec after the clipping rounds the flat tops off, and they are no longer found.
    """
    n = 0
    for extreme, flat in ((part.max(), part >= part.max()), (-part.min(), part <= part.min())):
        if extreme < _CLIPPING_LEVEL:
            continue
        edges = np.diff(flat.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
        lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
        n += int(lengths[lengths >= _CLIPPING_RUN].sum())
    return n


def _noise_dbfs(leg: Floats, sample_rate_hz: int, segments: tuple[Segment, ...]) -> float | None:
    """Noise between the first and the last speech, where there are pauses; None for digital silence."""
    whole = Segment(segments[0].start_s, segments[-1].end_s)
    guarded = [Segment(s.start_s - _NOISE_GUARD_S, s.end_s + _NOISE_GUARD_S) for s in segments]
    block = max(1, round(_NOISE_BLOCK_S * sample_rate_hz))
    powers = []
    for pause in subtract([whole], guarded):
        part = _cut(leg, sample_rate_hz, pause)
        part = part[: len(part) // block * block].astype(np.float64)
        if len(part):
            powers.append(np.square(part).reshape(-1, block).mean(1))
    blocks = np.concatenate(powers) if powers else np.zeros(0)
    if len(blocks) * _NOISE_BLOCK_S < _NOISE_MIN_S:
        return None
    power = float(np.percentile(blocks, _NOISE_PERCENTILE))
    noise_dbfs = 10 * math.log10(power) if power > 0 else -math.inf
    return noise_dbfs if noise_dbfs > _DIGITAL_SILENCE_DBFS else None

"""How high somebody speaks, and how much the pitch moves.

References
----------
de Cheveigné, A., Kawahara, H. (2002), YIN, a fundamental frequency estimator for speech and music, Journal of the
Acoustical Society of America 111(4).
Hirst, D. (2011), The analysis by synthesis of speech melody: from data to models, Journal of Speech Sciences 1(1): a
speaker's own range runs from 0.75 times the first quartile to 1.5 times the third; what lies outside is most often an
octave error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from audit.acoustics.compiled import load_librosa
from audit.records import Segment, union

Floats = NDArray[np.float32]

#: Voices on a telephone: from a low man's to a child's.
F0_LOWEST_HZ, F0_HIGHEST_HZ = 65.0, 500.0
#: At most this much speech is analysed, in pieces spread evenly over it.
MAX_SPEECH_S = 60.0
#: Fewer voiced frames (of 16 ms) than this give no figures.
MIN_VOICED_FRAMES = 40

_RATE_HZ, _FRAME, _HOP = 8000, 512, 128
_PIECE_S = 1.0
#: A frame is voiced if it repeats itself after one period this well (normalised correlation) and is not this far
#: under the louder frames.
_PERIODICITY, _BELOW_LOUD_DB = 0.7, 20.0
#: Fainter than this is rounding, not a voice.
_QUIETEST_DBFS = -80.0
_RANGE_OF_QUARTILES = (0.75, 1.5)


@dataclass(frozen=True, slots=True)
class Pitch:
    """Pitch of one person's speech.

    Attributes
    ----------
    f0_median_hz : float or None
        Median fundamental frequency over voiced frames.
    f0_sd_semitones : float or None
        Standard deviation about it on the scale of semitones, 12 log2(f / median): comparable between voices.
    n_voiced_frames : int
        Frames of 16 ms that the figures rest on. The figures are None if there are fewer than 40.
    """

    f0_median_hz: float | None
    f0_sd_semitones: float | None
    n_voiced_frames: int


def measure_pitch(leg: Floats, sample_rate_hz: int, speech: Iterable[Segment]) -> Pitch:
    """Measure the pitch of the speech of one leg.

    Parameters
    ----------
    leg : ndarray of float32, shape (n_samples,)
        Full scale 1.0.
    sample_rate_hz : int
        8000 or more.
    speech : iterable of Segment
        Speech of one person on this leg. Of more than 60 s, pieces of one second spread evenly over it are taken, the
        same on every run.

    Returns
    -------
    Pitch
        Figures None with less than 40 voiced frames.

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate is under 8000 Hz.

    Notes
    -----
    The fundamental is found by YIN (``librosa.yin``) from the period of the waveform, so a line that cuts off
    everything below 300 Hz does not hide it.
    """
    if leg.ndim != 1 or sample_rate_hz < _RATE_HZ:
        raise ValueError(f"one leg at 8000 Hz or more is needed, not {leg.shape} at {sample_rate_hz} Hz")
    pieces = _pieces(union(speech), len(leg) / sample_rate_hz)
    f0: list[NDArray[np.float64]] = []
    periodicity: list[NDArray[np.float64]] = []
    level_db: list[NDArray[np.float64]] = []
    for group in _samples_of(leg, sample_rate_hz, pieces):
        frequency, repeats, power_db = _track(group)
        f0.append(frequency)
        periodicity.append(repeats)
        level_db.append(power_db)
    if not f0:
        return Pitch(None, None, 0)
    frequency, power_db = np.concatenate(f0), np.concatenate(level_db)
    voiced = frequency[
        (np.concatenate(periodicity) >= _PERIODICITY) & (power_db > np.percentile(power_db, 95) - _BELOW_LOUD_DB)
    ]
    if len(voiced):
        low, high = np.percentile(voiced, (25, 75)) * _RANGE_OF_QUARTILES
        voiced = voiced[(voiced >= low) & (voiced <= high)]
    if len(voiced) < MIN_VOICED_FRAMES:
        return Pitch(None, None, len(voiced))
    median_hz = float(np.median(voiced))
    return Pitch(median_hz, float(np.std(12 * np.log2(voiced / median_hz))), len(voiced))


def _pieces(speech: tuple[Segment, ...], duration_s: float) -> list[Segment]:
    """Speech inside the recording; if it is too much, evenly spread pieces of it."""
    whole = Segment(0.0, duration_s) if duration_s > 0 else None
    inside = [part for s in speech if whole and (part := s.intersect(whole))]
    if sum(s.duration_s for s in inside) <= MAX_SPEECH_S:
        return inside
    pieces = [
        Segment(s.start_s + k * _PIECE_S, s.start_s + (k + 1) * _PIECE_S)
        for s in inside
        for k in range(int(s.duration_s / _PIECE_S))
    ]
    step = max(1.0, len(pieces) * _PIECE_S / MAX_SPEECH_S)
    return [pieces[int(k * step)] for k in range(int(len(pieces) / step))]


def _samples_of(leg: Floats, sample_rate_hz: int, pieces: list[Segment]) -> list[Floats]:
    """Samples at 8 kHz of each piece that holds a frame."""
    groups: list[Floats] = []
    for s in pieces:
        part = leg[round(s.start_s * sample_rate_hz) : round(s.end_s * sample_rate_hz)]
        if sample_rate_hz != _RATE_HZ:
            part = soxr.resample(part, sample_rate_hz, _RATE_HZ)
        if len(part) >= _FRAME:
            groups.append(np.asarray(part, np.float32))
    return groups


def _track(samples: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fundamental in Hz, correlation over one period and level in dB of each frame."""
    librosa = load_librosa()  # heavy, and not needed where no pitch is asked for

    centred = (samples - samples.mean(dtype=np.float64)).astype(np.float32)
    f0 = librosa.yin(
        centred, fmin=F0_LOWEST_HZ, fmax=F0_HIGHEST_HZ, sr=_RATE_HZ, frame_length=_FRAME, hop_length=_HOP, center=False
    )
    frames = np.lib.stride_tricks.sliding_window_view(centred.astype(np.float64), _FRAME)[::_HOP][: len(f0)]
    period = np.rint(_RATE_HZ / f0).astype(int)
    longest = int(np.ceil(_RATE_HZ / F0_LOWEST_HZ)) + 1
    size = _FRAME - longest
    first = frames[:, :size]
    later = np.take_along_axis(frames, period[:, None] + np.arange(size), axis=1)
    energy = np.sqrt((first**2).sum(1) * (later**2).sum(1))
    correlation = np.where(energy > 0, (first * later).sum(1) / np.maximum(energy, 1e-20), 0.0)
    return f0, correlation, 10 * np.log10((frames**2).mean(1) + 1e-12)

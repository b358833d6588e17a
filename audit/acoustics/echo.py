"""How much of one party is heard in the other party's leg, and how late: echo, crosstalk, a hybrid that leaks.

The leg of the listener is held against the leg of whoever speaks, in the moments in which only that one speaks. The
impulse response between them is found by least squares; its greatest point is the delay and what it explains of the
listener's leg is the leak. Noise, and whatever else the listener's leg carries, is not explained and does not count.

References
----------
Carter, G. C., Knapp, C. H., Cable, P. G. (1973), Estimation of the magnitude-squared coherence function via overlapped
fast Fourier transform processing, IEEE Transactions on Audio and Electroacoustics 21(4): spectra averaged over blocks.
Hannan, E. J., Thomson, P. J. (1973), Estimating group delay, Biometrika 60(2): the delay from weighted cross spectra.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from audit.fourier import irfft, rfft
from audit.segments import Segment, subtract, union

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

#: A leak later than this would be an echo from beyond any line; one is allowed to be early by the first figure, where
#: the two legs were not begun at quite the same time.
EARLIEST_S, LATEST_S = -0.02, 0.5
#: At most this much is listened to, in pieces of about two seconds spread evenly; less than the second figure says nothing.
MAX_LONE_S, MIN_LONE_S = 12.0, 3.0

_RATE_HZ = 8000
_BLOCK = 16384  # about two seconds
_PIECE_S = _BLOCK / _RATE_HZ
_SIZE = 20480  # of a transform: a block and the latest leak, and a product of small primes
#: Speech of the listener counts as near from this long before to this long after it.
_GUARD_S = 0.3
#: Length of the impulse response that counts as one leak, about its greatest point: 4 ms before, 12 ms after.
_BEFORE, _AFTER = 32, 96
#: Share of the mean spectrum added to it where it is divided by: bands without speech say nothing.
_FLOOR_RATIO = 0.01
#: The greatest point of the response stands this far over the RMS of all of them; of noise alone, 4000 points reach 4.
_LEAST_PEAK_RATIO = 8.0
#: A leg fainter than one step of 16-bit samples carries nothing.
_SILENT_DBFS = -96.0


@dataclass(frozen=True, slots=True)
class Crosstalk:
    """One party's sound in the other party's leg.

    Attributes
    ----------
    level_db : float
        Its level against the same sound in the leg it comes from; negative where it is fainter.
    delay_s : float
        How much later it is there.
    """

    level_db: float
    delay_s: float


def measure_crosstalk(
    legs: Sequence[Floats], sample_rate_hz: int, speech: Sequence[Iterable[Segment]]
) -> tuple[Crosstalk | None, ...]:
    """Measure what each of two legs carries of the other party.

    The same as :func:`crosstalk_of` on the samples of :func:`lone_pieces`, for each leg.

    Parameters
    ----------
    legs : sequence of two ndarrays of float32, shape (n_samples,)
        Of equal length, full scale 1.0.
    sample_rate_hz : int
        8000 or more.
    speech : sequence of two iterables of Segment
        Speech of each leg's own party.

    Returns
    -------
    tuple of two Crosstalk or None
        For each leg, what it carries of the other leg's party; None where it cannot be told.

    Raises
    ------
    ValueError
        If there are not two legs of one length, or the rate is under 8000 Hz.
    """
    if len(legs) != 2 or legs[0].shape != legs[1].shape or legs[0].ndim != 1 or sample_rate_hz < _RATE_HZ:
        raise ValueError(f"two legs of one length at 8000 Hz or more are needed, not {len(legs)} at {sample_rate_hz} Hz")
    duration_s = legs[0].shape[0] / sample_rate_hz
    own = tuple(tuple(s) for s in speech)
    found = []
    for listener in (0, 1):
        speaker = 1 - listener
        pieces = lone_pieces(own[speaker], own[listener], duration_s)
        spans = [(round(s.start_s * sample_rate_hz), round(s.end_s * sample_rate_hz)) for s in pieces]
        pairs = [(legs[speaker][a:b], legs[listener][a:b]) for a, b in spans]
        found.append(crosstalk_of(pairs, sample_rate_hz))
    return tuple(found)


def lone_pieces(speaker: Iterable[Segment], listener: Iterable[Segment], duration_s: float) -> tuple[Segment, ...]:
    """Choose where only one party speaks, so that a caller need read only that.

    Parameters
    ----------
    speaker, listener : iterable of Segment
        Speech of the party whose leak is looked for, and of the party in whose leg.
    duration_s : float
        Length of the recording.

    Returns
    -------
    tuple of Segment
        Pieces of up to two seconds, at most 12 s of them, spread evenly; ``()`` where there are not three seconds.

    Examples
    --------
    >>> lone_pieces([Segment(0, 4)], [Segment(3, 9)], 10.0)
    ()
    >>> [round(p.duration_s, 3) for p in lone_pieces([Segment(0, 5)], [Segment(8, 9)], 10.0)]
    [2.048, 2.048]
    """
    whole = Segment(0.0, duration_s) if duration_s > 0 else None
    near = [Segment(s.start_s - _GUARD_S, s.end_s + _GUARD_S) for s in listener]
    lone = [part for s in subtract(union(speaker), near) if whole and (part := s.intersect(whole))]
    pieces: list[Segment] = []
    for s in lone:
        at = s.start_s
        while s.end_s - at >= 2 * LATEST_S or (at == s.start_s and s.end_s - at >= LATEST_S):
            pieces.append(Segment(at, min(at + _PIECE_S, s.end_s)))
            at += _PIECE_S
    total_s = sum(p.duration_s for p in pieces)
    if total_s < MIN_LONE_S:
        return ()
    n = int(len(pieces) / max(1.0, total_s / MAX_LONE_S))
    return tuple(pieces[k * len(pieces) // n] for k in range(n))


def crosstalk_of(pairs: Iterable[tuple[Floats, Floats]], sample_rate_hz: int) -> Crosstalk | None:
    """Measure the leak in pieces of both legs in which only one party speaks.

    Parameters
    ----------
    pairs : iterable of (ndarray, ndarray) of float32, shape (n_samples,)
        The speaker's and the listener's leg over the same time, of the segments that :func:`lone_pieces` chose.
    sample_rate_hz : int
        8000 or more.

    Returns
    -------
    Crosstalk or None
        None with less than three seconds, where either leg is silent, and where no delay stands out.
    """
    heard = [(_prepared(one, sample_rate_hz), _prepared(other, sample_rate_hz)) for one, other in pairs]
    n_samples = sum(len(one) for one, _ in heard)
    least = n_samples * 10 ** (_SILENT_DBFS / 10)
    if n_samples < MIN_LONE_S * _RATE_HZ or min(_energy(h[k] for h in heard) for k in (0, 1)) <= least:
        return None
    delay = _delay(heard)
    if delay is None:
        return None
    # From here on only what has its echo in the same piece: the speaker's end and the listener's beginning go.
    late, early = max(delay, 0), max(-delay, 0)
    shift = late + early
    aligned = [(one[early : len(one) - late], other[late : len(other) - early]) for one, other in heard if len(one) > 2 * shift]
    level_db = _leak_db(aligned) if aligned else None
    return None if level_db is None else Crosstalk(level_db, delay / _RATE_HZ)


def _delay(heard: Sequence[tuple[Floats, Floats]]) -> int | None:
    """The delay in samples at which the response between the legs is greatest; None where it does not stand out."""
    first, last = round(EARLIEST_S * _RATE_HZ), round(LATEST_S * _RATE_HZ)
    spoken, cross = _spectra(heard)
    response = irfft(cross / (spoken + _FLOOR_RATIO * spoken.mean()), _SIZE)
    response = np.concatenate([response[first:], response[: last + 1]])
    peak = int(np.abs(response).argmax())
    # The median square of Gaussian numbers is 0.455 of their mean square, and a leak hardly moves it.
    rms = math.sqrt(float(np.median(np.square(response))) / 0.455)
    return peak + first if abs(response[peak]) > _LEAST_PEAK_RATIO * rms else None


def _leak_db(aligned: Sequence[tuple[Floats, Floats]]) -> float | None:
    """What the best response of a few milliseconds explains of the listener's leg, against the speaker's (normal equations)."""
    spoken, cross = _spectra(aligned)
    n_taps = _BEFORE + _AFTER + 1
    own = irfft(spoken, _SIZE)[:n_taps]
    both = irfft(cross, _SIZE)[np.arange(-_BEFORE, _AFTER + 1)]
    own[0] *= 1 + 1e-4
    lag = np.arange(n_taps)
    explained = float(np.linalg.solve(own[np.abs(lag[:, None] - lag)], both) @ both)
    # That many numbers fitted to what is not the leak explain some of it, too.
    rest = max(0.0, _energy(other for _, other in aligned) - explained)
    explained -= rest * n_taps / sum(len(one) for one, _ in aligned)
    return 10 * math.log10(explained / _energy(one for one, _ in aligned)) if explained > 0 else None


def _spectra(pairs: Sequence[tuple[Floats, Floats]]) -> tuple[Doubles, NDArray[np.complex128]]:
    """Summed power spectrum of the speaker's leg and cross spectrum to the listener's."""
    both = np.zeros((2, len(pairs), _SIZE), np.float32)
    for k, (one, other) in enumerate(pairs):
        both[0, k, : len(one)], both[1, k, : len(other)] = one, other
    first, second = rfft(both)  # several at once are quicker than one after the other
    squares = np.square(first.view(np.float32)).sum(axis=0).astype(np.float64)
    np.conj(first, out=first)
    first *= second
    return squares[::2] + squares[1::2], first.sum(axis=0).astype(np.complex128)


def _energy(parts: Iterable[Floats]) -> float:
    """Sum of squares."""
    return sum(float(p @ p) for p in parts)


def _prepared(leg: Floats, sample_rate_hz: int) -> Floats:
    """One piece at the rate of the analysis, without its direct current, no longer than a block."""
    part = leg if sample_rate_hz == _RATE_HZ else np.asarray(soxr.resample(leg, sample_rate_hz, _RATE_HZ), np.float32)
    part = part[:_BLOCK]
    centred: Floats = part - part.mean()
    return centred

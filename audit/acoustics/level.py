"""How loud somebody is: active speech level, loudness, peak, clipping, direct current and distance to the noise.

0 dBFS is the RMS of a full-scale square wave (RMS 1.0), so a full-scale sine has -3.01 dBFS. The definitions and their
tolerances stand in docs/acoustic-measures.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audit.acoustics.active import ActivityCounter, active_level_of, count_each
from audit.acoustics.loudness import LoudnessSteps
from audit.acoustics.noise import NoiseFloor
from audit.segments import Segment, union

Floats = NDArray[np.float32]

#: Where samples are flat because a converter has no more: the top code of mu-law is 0.980 of full scale, of A-law 0.984,
#: and their next lower codes 0.949 and 0.953.
_CLIPPING_LEVEL, _CLIPPING_RUN = 0.96, 3
#: Speech this far under the noise is a difference of two nearly equal figures; less is not told apart.
_LOWEST_SNR_DB = -10.0
#: A stretch of speech ends at a pause longer than the first, or at the first pause after the second.
STRETCH_PAUSE_S, STRETCH_S = 0.5, 8.0
#: So many samples of stretches that are over are measured at once: half a minute, which stays in the processor's cache.
_MEASURED_AT_ONCE = 1 << 18


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
        Power of the speech over that of the noise in the leg's own pauses, at least -10. None without pauses or where
        they are digital silence.
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
class StretchLevel:
    """How loud one stretch of speech is.

    Attributes
    ----------
    segment : Segment
        From the beginning of its first to the end of its last speech, short pauses included.
    speech_s : float
        Seconds of speech in it.
    active_level_dbfs, loudness_lufs : float or None
        As in :class:`Level`, of this stretch's speech alone; the loudness leaves out up to 0.05 s at either end and is None
        where less than 0.4 s are left.
    """

    segment: Segment
    speech_s: float
    active_level_dbfs: float | None
    loudness_lufs: float | None


class LevelMeter:
    """Measures how loud the speech of one leg is, of a leg that is read in windows.

    Fed with the whole leg at once or in windows of any size, it comes to the same figures. Between windows it keeps a
    number for each twentieth of a second, and the figures of each stretch: about half a megabyte an hour.

    Parameters
    ----------
    sample_rate_hz : int

    Raises
    ------
    ValueError
        If the rate is not positive.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        if sample_rate_hz <= 0:
            raise ValueError(f"a positive rate is needed, not {sample_rate_hz} Hz")
        self._rate = sample_rate_hz
        self._noise = NoiseFloor(sample_rate_hz)
        self._stretch: _Stretch | None = None  # the last one, to which more may come
        self._over: list[_Measured] = []
        self._activity = ActivityCounter(sample_rate_hz)  # of all stretches that are over
        self._loudness = LoudnessSteps(sample_rate_hz)  # of all stretches, one after the other
        self._waiting: list[Floats] = []  # speech of the last stretch, cut out and not yet measured
        self._ended: list[tuple[_Stretch, Floats]] = []  # stretches that are over, and what was not measured of them
        self._n_ended = 0
        self._read_to = 0
        self._n, self._n_clipped, self._sum, self._peak = 0, 0, 0.0, 0.0

    def add(self, samples: Floats, speech: Iterable[Segment], *, start_s: float = 0.0, others: Iterable[Segment] = ()) -> None:
        """Take up the next window of the leg.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            Full scale 1.0. Windows come in order and do not overlap; between them the leg may be left out.
        speech : iterable of Segment
            Speech of this leg in seconds from the start of the recording: all of it, or at least what reaches into the
            window or within 0.1 s of it. What lies outside the window is not measured.
        start_s : float, default 0.0
            Where the window begins, in seconds from the start of the recording.
        others : iterable of Segment
            Speech of other people on the same leg, as far as `speech`: no noise, and not measured.

        Raises
        ------
        ValueError
            If the samples are not one-dimensional or begin before the end of the last window.
        """
        first = round(start_s * self._rate)
        if samples.ndim != 1 or first < self._read_to:
            raise ValueError(f"one leg in order is needed, not {samples.shape} at {start_s} s")
        self._read_to = first + len(samples)
        segments = union(speech)
        for s in segments:
            begin, end = (round(t * self._rate) for t in (s.start_s, s.end_s))
            at = max(begin, first)
            part = samples[at - first : max(0, end - first)]
            if not len(part):
                continue
            if self._stretch is None or self._stretch.ends_before(at, self._rate):
                self._end_stretch()
                self._stretch = _Stretch(at, self._rate, self._n)
            self._stretch.extend(at + len(part))
            self._waiting.append(part)
            self._n += len(part)
        self._measure_ended()
        if self._stretch is not None:
            voice = self._waited()
            self._measure(voice)
            self._stretch.counter.add(voice)
        others = tuple(others)
        self._noise.add(samples, first, union((*segments, *others)) if others else segments)

    def _end_stretch(self) -> None:
        """Lay the last stretch beside the others that are over; many are measured together."""
        if self._stretch is not None:
            voice = self._waited()
            self._ended.append((self._stretch, voice))
            self._n_ended += len(voice)
            if self._n_ended >= _MEASURED_AT_ONCE:
                self._measure_ended()

    def _measure_ended(self) -> None:
        """Keep of the stretches that are over only their figures."""
        if not self._ended:
            return
        self._measure(np.concatenate([voice for _, voice in self._ended]))
        counted = iter(count_each([voice for stretch, voice in self._ended if not stretch.counter.n_samples], self._rate))
        for stretch, voice in self._ended:
            if stretch.counter.n_samples:  # it was begun in an earlier window
                stretch.counter.add(voice)
            else:
                stretch.counter = next(counted)
            self._over.append(stretch.measured())
            self._activity.absorb(stretch.counter)
        self._ended.clear()
        self._n_ended = 0

    def _waited(self) -> Floats:
        """Speech of the last stretch that is not yet measured, in one piece."""
        parts, self._waiting = self._waiting, []
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _measure(self, voice: Floats) -> None:
        """Take up speech that follows that before."""
        if not len(voice):
            return
        self._loudness.add(voice)
        high, low = float(voice.max()), float(voice.min())
        self._peak = max(self._peak, high, -low)
        self._sum += float(voice.sum())
        if max(high, -low) >= _CLIPPING_LEVEL:
            self._n_clipped += _n_clipped(voice)

    def level(self) -> Level:
        """The figures of all speech so far; all None without any."""
        if self._stretch is None:
            return Level()
        active = active_level_of([self._activity, self._stretch.counter])
        noise_dbfs = self._noise.level_dbfs()
        return Level(
            active_level_dbfs=active.level_dbfs if active else None,
            loudness_lufs=self._loudness.loudness_lufs(),
            peak_dbfs=20 * math.log10(self._peak) if self._peak > 0 else None,
            clipping_ratio=self._n_clipped / self._n,
            snr_db=_snr_db(active.level_dbfs, noise_dbfs) if active and noise_dbfs is not None else None,
            dc_offset_ratio=self._sum / self._n,
        )

    def stretches(self) -> tuple[StretchLevel, ...]:
        """How loud each stretch of speech is, in order.

        A stretch ends at a pause of more than 0.5 s, or at the first pause after 8 s.
        """
        measured = self._over if self._stretch is None else [*self._over, self._stretch.measured()]
        loudness = self._loudness.between([(m.n_before, m.n_before + m.n) for m in measured])
        return tuple(
            StretchLevel(Segment(m.first / self._rate, m.end / self._rate), m.n / self._rate, m.active_level_dbfs, lufs)
            for m, lufs in zip(measured, loudness, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _Measured:
    """What is kept of a stretch: its samples in the recording, those of speech before it and in it, and its level."""

    first: int
    end: int
    n_before: int
    n: int
    active_level_dbfs: float | None


class _Stretch:
    """One stretch of speech while it is measured."""

    def __init__(self, first: int, sample_rate_hz: int, n_before: int) -> None:
        self.counter = ActivityCounter(sample_rate_hz)
        self._first, self._end = first, first
        self._n_before = n_before  # samples of speech before it

    def ends_before(self, at: int, sample_rate_hz: int) -> bool:
        """Whether speech that begins at a sample belongs to another stretch."""
        pause_s, length_s = (at - self._end) / sample_rate_hz, (self._end - self._first) / sample_rate_hz
        return pause_s > STRETCH_PAUSE_S or (pause_s > 0 and length_s >= STRETCH_S)

    def extend(self, end: int) -> None:
        """Move the end to a sample of the recording."""
        self._end = end

    def measured(self) -> _Measured:
        active = self.counter.level()
        level_dbfs = active.level_dbfs if active else None
        return _Measured(self._first, self._end, self._n_before, self.counter.n_samples, level_dbfs)


def measure_level(leg: Floats, sample_rate_hz: int, speech: Iterable[Segment]) -> Level:
    """Measure how loud the speech of one leg is.

    All figures but the noise are of the given speech alone, its segments one after the other, so that ringing, hold
    music and the other party's crosstalk do not enter. It is :class:`LevelMeter`, fed once.

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
    meter = LevelMeter(sample_rate_hz)
    meter.add(leg, speech)
    return meter.level()


def turn_levels(leg: Floats, sample_rate_hz: int, turns: Iterable[Segment]) -> tuple[StretchLevel, ...]:
    """Measure how loud each of the given turns of one leg is.

    Parameters
    ----------
    leg : ndarray of float32, shape (n_samples,)
        Full scale 1.0.
    sample_rate_hz : int
    turns : iterable of Segment
        Stretches of speech as the caller cuts them; measured one by one, each from its beginning to its end.

    Returns
    -------
    tuple of StretchLevel
        In the order given; turns outside the recording are left out.

    Raises
    ------
    ValueError
        If the leg is not one-dimensional or the rate not positive.
    """
    found: list[StretchLevel] = []
    for turn in turns:
        first, end = (max(0, round(t * sample_rate_hz)) for t in (turn.start_s, turn.end_s))
        meter = LevelMeter(sample_rate_hz)
        meter.add(leg[first:end], [turn], start_s=first / sample_rate_hz)
        found += meter.stretches()
    return tuple(found)


def _snr_db(active_dbfs: float, noise_dbfs: float) -> float:
    """Speech over noise: the noise goes on under the speech, so its power is taken off the active power first."""
    ratio = 10 ** ((active_dbfs - noise_dbfs) / 10) - 1
    return 10 * math.log10(max(ratio, 10 ** (_LOWEST_SNR_DB / 10)))


def _n_clipped(part: Floats) -> int:
    """Samples in runs of equal neighbours near full scale.

    A converter that clips gives equal neighbours at its extreme; companding keeps them equal, at its top code. A
    lossy codec after the clipping rounds the flat tops off, and they are no longer found.
    """
    near = np.flatnonzero(np.abs(part) >= _CLIPPING_LEVEL)
    flat = (np.diff(near) == 1) & (part[near[1:]] == part[near[:-1]])
    edges = np.diff(flat.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1) + 1
    return int(lengths[lengths >= _CLIPPING_RUN].sum())

"""What the channels of a recording really hold: one party each, the same sound twice, or one of them nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from audit.records import Layout

#: Window in which the two channels are compared: some syllables, so that one party prevails in it.
COMPARE_WINDOW_S = 0.25
#: Copies agree; what codecs add to each (down to 5 dB under the speech) leaves this much of a correlation.
COPY_CORRELATION_RATIO = 0.75
#: Copies keep one ratio of levels. Two parties with crosstalk of -25 dB swing between +25 and -25 dB.
COPY_LEVEL_SPREAD_DB = 6.0
#: Part of the windows with sound that must agree in both.
COPY_MIN_WINDOW_RATIO = 0.9
#: A copy fainter than this is what leaks of one party into the other's leg.
LEAK_DB = 12.0
#: Largest delay between copies: jitter buffers of two recorders differ by some packets of 20 ms.
MAX_DELAY_S = 0.05
#: Below this nothing is speech: A-law's smallest step is -66 dBFS.
SILENCE_DBFS = -60.0
#: Sound must rise this far over the leg's own floor to be activity.
ACTIVITY_OVER_FLOOR_DB = 10.0
ACTIVITY_FRAME_S = 0.05
#: No line's noise is as loud as this: a leg that never falls below it is full of sound.
LOUD_FLOOR_DBFS = -30.0
#: A shorter recording may hold no pause at all, so nothing can be learnt of its floor.
MIN_FLOOR_S = 2.0
#: What counts as sound there; noise of telephone lines lies at -50 to -65 dBFS.
SHORT_ACTIVITY_DBFS = -50.0
#: A syllable lasts 150 ms or more; a click does not.
MIN_ACTIVITY_RUN_FRAMES = 3
#: A leg with less activity of its own than one word is dead.
MIN_OWN_ACTIVITY_S = 0.3

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LayoutFinding:
    """What the channels hold.

    Attributes
    ----------
    layout : {"mono", "stereo", "dual_mono", "one_dead_leg"}
    live_channels : tuple of int
        0-based; the channels worth listening to. One of two equal ones counts; () where both are silent.
    correlation : float or None
        Of the two channels over the windows with sound, at the best delay, without its sign; None where there is no
        sound, or where their levels alone show that they hold different things.
    reason : str
        In plain words, with the figures that decided.
    """

    layout: Layout
    live_channels: tuple[int, ...]
    correlation: float | None
    reason: str


def channel_layout(samples: npt.NDArray[np.float32], sample_rate_hz: int) -> LayoutFinding:
    """Find out what the channels hold.

    Two channels are the same sound (*dual mono*) where at least nine in ten of the windows with sound correlate at one
    common delay and keep one ratio of levels; gain, polarity, a few packets of delay and the noise of a lossy codec do
    not matter. A leg is *dead* where it has less than one word of activity that the other leg's leak does not explain.

    Parameters
    ----------
    samples : ndarray, shape (n,) or (n_channels, n)
        At most two channels.
    sample_rate_hz : int

    Returns
    -------
    LayoutFinding

    Raises
    ------
    ValueError
        If there are more than two channels.
    """
    two = np.atleast_2d(samples)
    if two.shape[0] > 2:
        raise ValueError(f"a layout is found of one or two channels, not {two.shape[0]}")
    if two.shape[0] == 1:
        return LayoutFinding("mono", (0,), None, "the file has one channel")
    if two.shape[1] == 0:
        return LayoutFinding("stereo", (), None, "there are no samples")
    if _same(two):
        if not two.any():
            return LayoutFinding("dual_mono", (), None, "both channels are digital silence")
        return LayoutFinding("dual_mono", (0,), 1.0, "both channels hold the same samples")
    duration_s = two.shape[1] / sample_rate_hz
    frame, window = (max(1, round(s * sample_rate_hz)) for s in (ACTIVITY_FRAME_S, COMPARE_WINDOW_S))
    short = _means(two, frame)
    long = _joined(short, window // frame) if window % frame == 0 else _means(two, window)
    own_s = _own_activity_s(_in_db(short), duration_s)
    needed_s = min(MIN_OWN_ACTIVITY_S, 0.5 * duration_s)
    alive = tuple(c for c in (0, 1) if own_s[c] >= needed_s)
    correlation: float | None = None
    correlations = differences_db = np.zeros(0)
    delay = 0
    if _levels_may_agree(_in_db(long), duration_s):
        delay = _best_delay(two, sample_rate_hz)
        correlation, correlations, differences_db = _compare(two, sample_rate_hz, delay)
    if correlations.size:
        middle_db = float(np.median(differences_db))
        agrees = (correlations >= COPY_CORRELATION_RATIO) & (np.abs(differences_db - middle_db) <= COPY_LEVEL_SPREAD_DB)
        share = float(agrees.mean())
        if share >= COPY_MIN_WINDOW_RATIO and abs(middle_db) <= LEAK_DB:
            louder = 0 if middle_db >= 0 else 1
            reason = (
                f"{share:.0%} of the sound is the same on both channels (correlation {np.median(correlations):.2f}, "
                f"{middle_db:+.1f} dB, {1000 * delay / sample_rate_hz:+.1f} ms)"
            )
            return LayoutFinding("dual_mono", (louder,), correlation, reason)
    if len(alive) == 1:
        dead = 1 - alive[0]
        reason = f"channel {dead} has {own_s[dead]:.1f} s of sound of its own, channel {alive[0]} {own_s[alive[0]]:.1f} s"
        return LayoutFinding("one_dead_leg", alive, correlation, reason)
    if not alive:
        return LayoutFinding("stereo", (), correlation, "neither channel holds any sound above its floor")
    reason = f"each channel has sound of its own ({own_s[0]:.1f} s and {own_s[1]:.1f} s)"
    return LayoutFinding("stereo", (0, 1), correlation, reason)


_Sums = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


def _levels_db(samples: npt.NDArray[np.float32], frame: int) -> _Floats:
    """RMS of each whole frame in dBFS, without the channel's offset; shape (n_channels, n_frames)."""
    return _in_db(_means(samples, frame))


def _means(samples: npt.NDArray[np.float32], frame: int) -> _Sums:
    """Mean and mean square of each whole frame."""
    n = samples.shape[1] // frame
    frames = samples[:, : n * frame].reshape(samples.shape[0], n, frame)
    return frames @ np.full(frame, 1 / frame, np.float32), np.einsum("cnf,cnf->cn", frames, frames) / np.float32(frame)


def _in_db(means: _Sums) -> _Floats:
    """RMS in dBFS without the channel's offset."""
    mean, square = means
    offset = mean.mean(axis=1, dtype=np.float64) if mean.shape[1] else np.zeros(len(mean))
    return np.asarray(10.0 * np.log10(np.maximum(square.astype(np.float64) - offset[:, None] ** 2, 1e-10)))


def _joined(means: _Sums, n: int) -> _Sums:
    """The same of windows of `n` frames."""
    mean, square = (m[:, : m.shape[1] // n * n].reshape(len(m), -1, n).mean(axis=2) for m in means)
    return mean, square


def _same(two: npt.NDArray[np.float32]) -> bool:
    """Whether both channels hold the same samples; most often the first second shows that they do not."""
    edges = (0, 8000, 64000, two.shape[1])
    return all(np.array_equal(two[0, a:b], two[1, a:b]) for a, b in pairwise(edges))


def _activity(levels_db: _Floats, duration_s: float) -> npt.NDArray[np.bool_]:
    """Frames over the silence threshold and over the leg's own floor, which is its 10th percentile."""
    if levels_db.shape[1] == 0:
        return np.zeros(levels_db.shape, bool)
    if duration_s < MIN_FLOOR_S:
        return np.asarray(levels_db > SHORT_ACTIVITY_DBFS)
    floor_db = np.maximum(np.percentile(levels_db, 10, axis=1, keepdims=True), SILENCE_DBFS - ACTIVITY_OVER_FLOOR_DB)
    over_floor = levels_db > np.where(floor_db > LOUD_FLOOR_DBFS, LOUD_FLOOR_DBFS, floor_db + ACTIVITY_OVER_FLOOR_DB)
    return np.asarray((levels_db > SILENCE_DBFS) & over_floor)


def _own_activity_s(levels_db: _Floats, duration_s: float) -> tuple[float, float]:
    """Seconds of each channel's activity that are no leak of the other's, runs of a syllable and more."""
    own = _activity(levels_db, duration_s) & (levels_db > levels_db[::-1] - LEAK_DB)
    # A recording of a fifth of a second has no room for three frames of each party.
    shortest = min(MIN_ACTIVITY_RUN_FRAMES, max(1, levels_db.shape[1] // 2))
    seconds = []
    for mask in own:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
        runs = edges[1::2] - edges[::2]
        seconds.append(float(runs[runs >= shortest].sum()) * ACTIVITY_FRAME_S)
    return seconds[0], seconds[1]


def _levels_may_agree(levels_db: _Floats, duration_s: float) -> bool:
    """Whether the levels of the two channels go together well enough that the samples are worth comparing.

    A delay of up to 50 ms moves the level of a window of 250 ms by little, so the limits are only a little wider.
    """
    active = _activity(levels_db, duration_s).any(axis=0)
    if not active.any():
        return levels_db.shape[1] == 0  # too short for a window: compare what there is
    differences_db = levels_db[0, active] - levels_db[1, active]
    near = np.abs(differences_db - np.median(differences_db)) <= 1.5 * COPY_LEVEL_SPREAD_DB
    return bool(near.mean() >= COPY_MIN_WINDOW_RATIO - 0.2)


def _best_delay(samples: npt.NDArray[np.float32], sample_rate_hz: int) -> int:
    """Samples by which channel 1 lags channel 0, by the cross-correlation of the loudest stretches of two seconds."""
    chunk = min(samples.shape[1], 2 * sample_rate_hz)
    reach = min(round(MAX_DELAY_S * sample_rate_hz), chunk - 1)
    n_chunks = samples.shape[1] // chunk
    levels_db = _levels_db(samples, chunk).min(axis=0)
    total = np.zeros(2 * chunk)
    for i in np.argsort(levels_db)[::-1][: min(20, n_chunks)]:
        a, b = samples[:, i * chunk : (i + 1) * chunk].astype(np.float64)
        spectrum = np.conj(np.fft.rfft(a - a.mean(), 2 * chunk)) * np.fft.rfft(b - b.mean(), 2 * chunk)
        total += np.fft.irfft(spectrum, 2 * chunk)
    lags = np.concatenate([np.arange(reach + 1), np.arange(-reach, 0)])
    return int(lags[np.argmax(np.abs(total[lags]))])


def _compare(samples: npt.NDArray[np.float32], sample_rate_hz: int, delay: int) -> tuple[float | None, _Floats, _Floats]:
    """Correlation over all windows in which either channel has sound; it and the level difference (dB) of each."""
    a, b = samples[0, max(0, -delay) :], samples[1, max(0, delay) :]
    n = min(a.size, b.size)
    both = np.stack([a[:n], b[:n]])
    frame = min(n, max(1, round(COMPARE_WINDOW_S * sample_rate_hz)))
    if frame == 0:
        return None, np.zeros(0), np.zeros(0)
    levels_db = _levels_db(both, frame)
    active = _activity(levels_db, n / sample_rate_hz).any(axis=0)
    count = levels_db.shape[1]
    frames = both[:, : count * frame].reshape(2, count, frame)[:, active]
    cross = np.einsum("nf,nf->n", frames[0], frames[1], dtype=np.float64)
    power = np.einsum("cnf,cnf->cn", frames, frames, dtype=np.float64)
    norm = np.sqrt(np.maximum(power[0] * power[1], 1e-30))
    total = float(abs(cross.sum()) / np.sqrt(max(power[0].sum() * power[1].sum(), 1e-30))) if cross.size else None
    return total, np.abs(cross) / norm, levels_db[0, active] - levels_db[1, active]

"""Who speaks when, from each leg's own sound.

A frame of a leg is speech where its bands stand out of what else may sound there, and that is three things:

1. the leg's own noise floor, a low percentile over the past and over the coming forty seconds, band by band;
2. the other leg's sound at the gain with which it leaks (hybrid coupling, joint stereo coding), estimated from the
   moments in which only the other leg sounds;
3. a lasting background (music, a television) that goes on while the other party has the word, where there is one.

Frames come every 10 ms. A short stretch, or one in which the WebRTC detector hears no voice at all, is refused, and
pauses under a quarter of a second are bridged.

References
----------
Sohn, J., Kim, N. S., Sung, W. (1999), A statistical model-based voice activity detection, IEEE Signal Processing
Letters 6(1): the mean over bands of the logarithm of the ratio to noise, of which a threshold decides.
Martin, R. (2001), Noise power spectral density estimation based on optimal smoothing and minimum statistics, IEEE
Transactions on Speech and Audio Processing 9(5): a noise floor from the low end of each band's power, without a
speech detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import scipy.fft
import webrtcvad
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, percentile_filter, uniform_filter1d

from audit.records import Segment

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

FRAMES_PER_S = 100
SUPPORTED_RATES_HZ = (8000, 16000)
#: Two neighbouring stretches of speech further apart than this are two segments.
MIN_PAUSE_S = 0.25
#: A shorter segment is a click, not a syllable.
MIN_SPEECH_S = 0.1
#: A shorter run of frames joins nothing.
_MIN_RUN_S = 0.06

_WINDOW_S = 0.032
#: Band edges in Hz: about equally wide on the ear's scale, inside the telephone band.
_BAND_EDGES_HZ = (60, 200, 350, 500, 700, 950, 1250, 1600, 2000, 2450, 2950, 3600)
_N_BANDS = len(_BAND_EDGES_HZ) - 1
#: Mean over bands of the decibels above the floor from which a frame is speech. It looks low because
#: bands without sound count as 0 and the mean is over 11 bands and 3 frames.
_SPEECH_DB = 1.0
#: From a percentile of 0.1 s means of log power to the mean power of the noise.
_FLOOR_PERCENTILE, _FLOOR_BIAS_DB, _FLOOR_WINDOW_S, _FLOOR_SHORT_WINDOW_S = 12, 1.5, 40.0, 15.0
#: Nothing under this is speech: one step of 8-bit mu-law near zero is about -72 dB re full scale.
_QUIETEST_DBFS = -75.0
#: Leak: only frames count in which the other leg stands this far over its own noise and over this leg.
_LEAK_OTHER_DB, _LEAK_BELOW_DB, _LEAK_MIN_S = 15.0, 15.0, 0.5
#: A leak varies with frequency and, in joint stereo coding, with time.
_LEAK_MARGIN_DB = 3.5
#: Lasting background: this leg sounds for more than this share of the other's speech around a moment, or for more
#: than the lower share in the whole call, and then for half of that around a moment.
_BACKGROUND_SHARE, _BACKGROUND_CALL_SHARE = 0.4, 0.3
_BACKGROUND_PERCENTILE, _BACKGROUND_WINDOW_S, _BACKGROUND_MIN_S = 75, 20.0, 3.0
_BACKGROUND_SPEECH_DB, _BACKGROUND_MIN_SPEECH_S = 2.0, 0.12
#: Where the legs' levels differ by a figure as steady as this (standard deviation), both carry the same sound.
_SAME_SOUND_DB = 1.5
#: The background must lie this far under the loudest of the leg's own speech.
_BACKGROUND_BELOW_DB = 10.0
#: Over a background, a stretch whose loudest tenth of a second is further under that is an accent of the music.
_ACCENT_BELOW_DB = 12.0
#: Aggressiveness of the WebRTC detector and the least share of a segment's frames that it must call voiced.
_WEBRTC_MODE, _WEBRTC_MIN_SHARE = 2, 0.1
_BLOCK = 10  # frames in one step of a floor
_CHUNK = 16384  # frames worked on at a time, so that hours need no more memory than their bands
_EPS = 1e-10


def find_speech(
    legs: Floats, sample_rate_hz: int, *, exclude: Sequence[Sequence[Segment]] | None = None
) -> tuple[tuple[Segment, ...], ...]:
    """Find the speech of every leg.

    Real talk of both parties at once is kept on both legs; the quieter image of one leg in the other is refused.
    A mono recording is one leg that holds all voices.

    Parameters
    ----------
    legs : ndarray of float32, shape (n_channels, n_samples)
        Full scale 1.0, one party per channel; one channel for mono.
    sample_rate_hz : {8000, 16000}
    exclude : sequence of sequence of Segment, optional
        For each channel what is known not to be speech: tones, hold music. Their time is also kept out of the
        estimate of that leg's noise.

    Returns
    -------
    tuple of tuple of Segment
        For each channel the sorted stretches of speech. Pauses under 0.25 s lie inside a stretch; ends are
        accurate to about 30 ms. ``()`` for a leg without speech.

    Raises
    ------
    ValueError
        If the shape, the rate or the number of exclusions does not fit.

    Notes
    -----
    Background music behind one party is recognised by its going on while the other party speaks, hence on separate
    legs only; on a mono recording it may be taken for speech unless it is excluded.

    Examples
    --------
    >>> find_speech(np.zeros((2, 8000), np.float32), 8000)
    ((), ())
    """
    if legs.ndim != 2:
        raise ValueError(f"legs must have the shape (channels, samples), not {legs.shape}")
    if sample_rate_hz not in SUPPORTED_RATES_HZ:
        raise ValueError(f"speech is found at 8000 or 16000 Hz, not at {sample_rate_hz}")
    n_channels, n_samples = legs.shape
    excluded: Sequence[Sequence[Segment]] = [()] * n_channels if exclude is None else exclude
    if len(excluded) != n_channels:
        raise ValueError(f"{n_channels} channels need as many exclusions, not {len(excluded)}")
    n_frames = -(-n_samples * FRAMES_PER_S // sample_rate_hz)
    if n_frames == 0:
        return tuple(() for _ in range(n_channels))
    power = [_band_powers(leg, sample_rate_hz, n_frames) for leg in legs]
    allowed = [~_frame_mask(e, n_frames) for e in excluded]
    floor = [_noise_floor(p, ok) for p, ok in zip(power, allowed, strict=True)]
    leak = _leaks(power, floor, allowed)
    speech = [(_excess_db(power[c], floor[c], leak[c]) > _SPEECH_DB) & allowed[c] for c in range(n_channels)]
    if n_channels == 2:
        _refuse_background(power, floor, leak, allowed, speech)
    found = []
    for leg, on in zip(legs, speech, strict=True):
        runs = _runs(on, _MIN_RUN_S, MIN_PAUSE_S)
        found.append(
            tuple(
                Segment(a / FRAMES_PER_S, min(b / FRAMES_PER_S, n_samples / sample_rate_hz))
                for a, b in runs
                if b - a >= MIN_SPEECH_S * FRAMES_PER_S and _voiced_share(leg, sample_rate_hz, a, b) >= _WEBRTC_MIN_SHARE
            )
        )
    return tuple(found)


def _band_powers(leg: Floats, sample_rate_hz: int, n_frames: int) -> Floats:
    """Mean power per spectral line in each band, (n_frames, n_bands); white noise of variance v gives v."""
    hop, size = sample_rate_hz // FRAMES_PER_S, round(_WINDOW_S * sample_rate_hz)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    lines_hz = np.fft.rfftfreq(size, 1 / sample_rate_hz)
    weights = np.zeros((len(lines_hz), _N_BANDS), np.float32)
    for k, (low, high) in enumerate(pairwise(_BAND_EDGES_HZ)):
        inside = (lines_hz >= low) & (lines_hz < high)
        weights[inside, k] = 1 / (inside.sum() * float(np.sum(window**2)))
    before = (size - hop) // 2  # the window is centred on its frame
    powers = np.empty((n_frames, _N_BANDS), np.float32)
    for first in range(0, n_frames, _CHUNK):
        last = min(n_frames, first + _CHUNK)
        start, stop = first * hop - before, (last - 1) * hop - before + size
        part = leg[max(0, start) : stop]
        part = np.pad(part, (max(0, -start), max(0, stop - max(0, start) - len(part))))
        views = np.lib.stride_tricks.sliding_window_view(part, size)[::hop]
        spectrum = scipy.fft.rfft(views * window, axis=1)
        powers[first:last] = (spectrum.real**2 + spectrum.imag**2) @ weights
    return powers


def _frame_mask(segments: Sequence[Segment], n_frames: int) -> Bools:
    """Frames inside the segments, and the few around that their sound's windows reach."""
    mask = np.zeros(n_frames, bool)
    for s in segments:
        mask[max(0, int(s.start_s * FRAMES_PER_S) - 3) : int(np.ceil(s.end_s * FRAMES_PER_S)) + 5] = True
    return mask


def _noise_floor(power: Floats, allowed: Bools) -> Floats:
    """Noise power per band in steps of `_BLOCK` frames, (n_blocks, n_bands).

    The greater of what the past and what the coming time say, because noise may begin or end with a step (a leg is
    often mute until the answer), and a window across that step would know only its quieter side.
    """
    n_blocks = -(-len(power) // _BLOCK)
    quietest = 10 ** (_QUIETEST_DBFS / 10)
    frames = np.flatnonzero(allowed)
    n_used = len(frames) // _BLOCK
    if n_used == 0:
        return np.full((n_blocks, _N_BANDS), quietest, np.float32)
    used = frames[: n_used * _BLOCK].reshape(n_used, _BLOCK)
    level = np.empty((n_used, _N_BANDS), np.float32)
    for first in range(0, n_used, _CHUNK // _BLOCK):
        rows = used[first : first + _CHUNK // _BLOCK]
        level[first : first + len(rows)] = np.log10(power[rows] + _EPS).mean(1)
    at = used[:, _BLOCK // 2]
    blocks = np.arange(n_blocks) * _BLOCK + _BLOCK // 2
    floor = np.empty((n_blocks, _N_BANDS), np.float32)
    for k in range(_N_BANDS):
        band = level[:, k]
        floor[:, k] = np.interp(blocks, at, np.maximum(_coming_low(band), _coming_low(band[::-1])[::-1]))
    power_floor: Floats = np.maximum(10 ** (floor + np.float32(_FLOOR_BIAS_DB / 10)), np.float32(quietest))
    return power_floor


def _coming_low(level: Floats) -> Floats:
    """The low percentile of the time that comes after each block, the block included.

    Near the end, where the long window would hang over, a short one serves, and the last whole one is held.
    """
    low: Floats = np.empty_like(level)
    done = 0
    for window_s in (_FLOOR_WINDOW_S, _FLOOR_SHORT_WINDOW_S):
        size = min(len(level), int(window_s * FRAMES_PER_S) // _BLOCK)
        whole = len(level) - size + 1
        if whole > done:
            part = percentile_filter(level, _FLOOR_PERCENTILE, size=size, mode="nearest", origin=-(size // 2))
            low[done:whole] = part[done:whole]
            done = whole
    low[done:] = low[done - 1]
    return low


def _leaks(power: list[Floats], floor: list[Floats], allowed: list[Bools]) -> list[Floats | None]:
    """For each leg the power per frame and band that the other legs' sound may have there."""
    leaks: list[Floats | None] = []
    for c in range(len(power)):
        total: Floats | None = None
        for o in range(len(power)):
            gain = _leak_gain(power[c], power[o], floor[c], floor[o], allowed[c]) if o != c else 0.0
            if gain > 0:
                spread = maximum_filter1d(uniform_filter1d(power[o], 3, axis=0), 3, axis=0)
                spread *= np.float32(gain * 10 ** (_LEAK_MARGIN_DB / 10))
                total = spread if total is None else total + spread
        leaks.append(total)
    return leaks


def _leak_gain(mine: Floats, other: Floats, my_floor: Floats, other_floor: Floats, allowed: Bools) -> float:
    """Power gain from the other leg into this one; 0.0 where none can be told from the noise."""
    a, b = uniform_filter1d(mine.sum(1), 5), uniform_filter1d(other.sum(1), 5)
    noise_a, noise_b = _per_frame(my_floor.sum(1), len(a)), _per_frame(other_floor.sum(1), len(b))
    only_other = allowed & (b > noise_b * 10 ** (_LEAK_OTHER_DB / 10)) & (a < b * 10 ** (-_LEAK_BELOW_DB / 10))
    if only_other.sum() < _LEAK_MIN_S * FRAMES_PER_S:
        return 0.0
    ratio = a[only_other] / b[only_other]
    # The upper tenth holds this party's own faint sounds.
    kept = np.flatnonzero(only_other)[ratio <= np.percentile(ratio, 90)]
    return max(0.0, float((a - noise_a)[kept].sum(dtype=np.float64) / b[kept].sum(dtype=np.float64)))


def _per_frame(blocks: Floats, n_frames: int, first: int = 0) -> Floats:
    """Block values for `n_frames` frames from frame `first` on."""
    return blocks[np.arange(first, first + n_frames) // _BLOCK]


def _excess_db(power: Floats, floor: Floats, leak: Floats | None, *, smooth: int = 3) -> Floats:
    """Mean over bands of the decibels above floor and leak, no band under 0, smoothed over frames."""
    excess = np.empty(len(power), np.float32)
    for first in range(0, len(power), _CHUNK):
        part = power[first : first + _CHUNK]
        known = _per_frame(floor, len(part), first)
        if leak is not None:
            known = known + leak[first : first + _CHUNK]
        excess[first : first + len(part)] = 10 * np.log10(np.maximum(part / known, 1)).mean(1)
    smoothed: Floats = uniform_filter1d(excess, smooth)
    return smoothed


def _refuse_background(
    power: list[Floats], floor: list[Floats], leak: list[Floats | None], allowed: list[Bools], speech: list[Bools]
) -> None:
    """Take a lasting background out of two legs' speech, in place; the leg that has more of it goes first.

    The order matters: until one party's music is gone, that party seems to speak all the time and would make the
    other's speech look like a background.
    """
    shares = [_share_during_other(power, allowed, speech, c) for c in (0, 1)]
    first = 0 if np.mean(shares[0][1]) >= np.mean(shares[1][1]) else 1
    for c in (first, 1 - first):
        at, share = _share_during_other(power, allowed, speech, c)
        least_share = _BACKGROUND_SHARE if np.mean(share) < _BACKGROUND_CALL_SHARE else _BACKGROUND_CALL_SHARE / 2
        if len(at) < _BACKGROUND_MIN_S * FRAMES_PER_S or share.max() <= least_share:
            continue
        if np.std(10 * np.log10((power[c][at].sum(1) + _EPS) / (power[1 - c][at].sum(1) + _EPS))) < _SAME_SOUND_DB:
            continue
        blocks = at[: len(at) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
        level = np.log10(power[c][blocks] + _EPS).mean(1)
        size = min(len(level), int(_BACKGROUND_WINDOW_S * FRAMES_PER_S) // _BLOCK)
        centres = np.arange(len(floor[c])) * _BLOCK + _BLOCK // 2
        background = np.empty_like(floor[c])
        for k in range(_N_BANDS):
            band = percentile_filter(level[:, k], _BACKGROUND_PERCENTILE, size=size, mode="nearest")
            background[:, k] = 10 ** np.interp(centres, blocks[:, _BLOCK // 2], band)
        own_db = 10 * np.log10(power[c][speech[c]].sum(1) + _EPS)
        top_db = float(np.percentile(own_db, 98))
        behind = np.interp(np.arange(len(power[c])), at, share) > least_share
        behind &= 10 * np.log10(_per_frame(background.sum(1), len(behind)) + _EPS) < top_db - _BACKGROUND_BELOW_DB
        above = _excess_db(power[c], np.maximum(floor[c], background), leak[c], smooth=5) > _BACKGROUND_SPEECH_DB
        level_db = 10 * np.log10(uniform_filter1d(power[c].sum(1), _BLOCK) + _EPS)
        kept = np.zeros(len(behind), bool)
        for first_frame, last_frame in _runs(above & allowed[c], _BACKGROUND_MIN_SPEECH_S, MIN_PAUSE_S):
            kept[first_frame:last_frame] = level_db[first_frame:last_frame].max() > top_db - _ACCENT_BELOW_DB
        speech[c] = np.where(behind, kept, speech[c])


def _share_during_other(
    power: list[Floats], allowed: list[Bools], speech: list[Bools], c: int
) -> tuple[NDArray[np.intp], Floats]:
    """Frames in which the other leg surely speaks, and around each the share of them in which leg `c` sounds too."""
    o = 1 - c
    sure = np.zeros(len(speech[o]), bool)
    for a, b in _runs(speech[o], 0.2, MIN_PAUSE_S):
        sure[a + _BLOCK : b - _BLOCK] = True
    if sure.any():
        level_db = 10 * np.log10(uniform_filter1d(power[o].sum(1), 30) + _EPS)
        sure &= level_db > np.percentile(level_db[speech[o]], 90) - 15
    at = np.flatnonzero(sure & allowed[c])
    if not len(at):
        return at, np.zeros(1, np.float32)
    size = min(len(at), int(_BACKGROUND_WINDOW_S * FRAMES_PER_S))
    return at, uniform_filter1d(speech[c][at].astype(np.float32), size)


def _runs(on: Bools, min_s: float, join_s: float) -> list[tuple[int, int]]:
    """Half-open frame ranges of at least `min_s`, those less than `join_s` apart joined."""
    edges = np.diff(on.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    runs: list[tuple[int, int]] = []
    for a, b in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
        if b - a < round(min_s * FRAMES_PER_S):
            continue
        if runs and a - runs[-1][1] < round(join_s * FRAMES_PER_S):
            runs[-1] = (runs[-1][0], b)
        else:
            runs.append((a, b))
    return runs


def _voiced_share(leg: Floats, sample_rate_hz: int, first: int, last: int) -> float:
    """Share of the frames `first` to `last` that the WebRTC detector calls voiced."""
    hop = sample_rate_hz // FRAMES_PER_S
    start = max(0, first - 10)  # its own filters need a little to settle
    pcm = np.clip(leg[start * hop : last * hop], -1, 1)
    data = (pcm * 32767).astype("<i2").tobytes()
    detector = webrtcvad.Vad(_WEBRTC_MODE)
    n_frames = len(pcm) // hop
    votes = [detector.is_speech(data[2 * hop * k : 2 * hop * (k + 1)], sample_rate_hz) for k in range(n_frames)]
    votes = votes[first - start :]
    return sum(votes) / len(votes) if votes else 0.0

"""A leg's sound as power in bands, frame by frame: what every detector of this package looks at.

Frames come every 10 ms. Their windows are 20 ms long, so that an end is not smeared over more than its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from audit.acoustics.neighbours import mean_around
from audit.fourier import line_frequencies, rfft
from audit.segments import Segment

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

FRAMES_PER_S = 100
#: Frames in one step of a floor: 0.1 s.
BLOCK = 10
_WINDOW_S = 0.02
#: Band edges in Hz: about equally wide on the ear's scale, inside the telephone band, and the rumble below it.
_BAND_EDGES_HZ = (0, 60, 200, 350, 500, 700, 950, 1250, 1600, 2000, 2450, 2950, 3600)
N_BANDS = len(_BAND_EDGES_HZ) - 1
BAND_WIDTHS_HZ = np.diff(_BAND_EDGES_HZ).astype(np.float32)
#: Matrix products over so few columns are many times faster than sums: the sum of all bands, and from logarithms of the
#: voice's bands (all but the rumble under 60 Hz, which is no sign of a voice) their mean in decibels.
SUM = np.ones(N_BANDS, np.float32)
MEAN_DB = np.where(np.arange(N_BANDS) > 0, 10 / (N_BANDS - 1), 0).astype(np.float32)
#: Keeps a logarithm of nothing finite: far under the last bit.
EPS = np.float32(1e-10)
#: Mean over bands of the decibels above the noise from which a frame is surely speech. It looks low because bands
#: without sound count as 0 and the mean is over 11 bands and 3 frames.
_SPEECH_DB, _SPEECH_FRAMES = 1.1, 3
#: Frames transformed at a time: as many as stay in a processor's cache.
_CHUNK = 256


def band_powers(leg: Floats, sample_rate_hz: int, n_frames: int) -> Floats:
    """Mean power per spectral line in each band.

    Parameters
    ----------
    leg : ndarray of float32, shape (n_samples,)
    sample_rate_hz : int
        A multiple of 100.
    n_frames : int
        The last frame may hang over the end, where there is silence.

    Returns
    -------
    ndarray of float32, shape (n_frames, N_BANDS)
        White noise of variance v gives v in every band.
    """
    hop, size = sample_rate_hz // FRAMES_PER_S, round(_WINDOW_S * sample_rate_hz)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    lines_hz = line_frequencies(size, sample_rate_hz)
    weights = np.zeros((len(lines_hz), N_BANDS), np.float32)
    for k, (low, high) in enumerate(pairwise(_BAND_EDGES_HZ)):
        inside = (lines_hz >= low) & (lines_hz < high)
        weights[inside, k] = 1 / (inside.sum() * float(np.sum(window**2)))
    weights = np.repeat(weights, 2, axis=0)  # real and imaginary parts lie side by side
    before = (size - hop) // 2  # the window is centred on its frame
    powers = np.empty((n_frames, N_BANDS), np.float32)
    leg = np.ascontiguousarray(leg, np.float32)
    cut, windows = np.empty((_CHUNK, size), np.float32), np.tile(window, _CHUNK)
    for first in range(0, n_frames, _CHUNK):
        last = min(n_frames, first + _CHUNK)
        start, stop = first * hop - before, (last - 1) * hop - before + size
        part = leg[max(0, start) : stop]
        if len(part) < stop - start:
            part = np.pad(part, (max(0, -start), stop - max(0, start) - len(part)))
        views = np.ndarray((last - first, size), np.float32, part, strides=(4 * hop, 4))
        windowed = cut[: last - first]
        np.copyto(windowed, views)
        flat = windowed.reshape(-1)
        flat *= windows[: len(flat)]  # one long row: twice as fast as row by row
        parts = rfft(windowed).view(np.float32)
        np.matmul(np.square(parts, out=parts), weights, out=powers[first:last])
    return powers


def frame_mask(segments: Sequence[Segment], n_frames: int) -> Bools:
    """Frames inside the segments, and the few around that their sound's windows and codecs reach."""
    mask = np.zeros(n_frames, bool)
    for s in segments:
        mask[max(0, int(s.start_s * FRAMES_PER_S) - 3) : int(np.ceil(s.end_s * FRAMES_PER_S)) + 4] = True
    return mask


def runs(on: Bools, min_s: float, join_s: float) -> list[tuple[int, int]]:
    """Half-open frame ranges of at least `min_s`, those less than `join_s` apart joined."""
    padded = np.zeros(len(on) + 2, bool)
    padded[1:-1] = on
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    begins, ends = edges[::2], edges[1::2]
    long = ends - begins >= round(min_s * FRAMES_PER_S)
    join = round(join_s * FRAMES_PER_S)
    found: list[tuple[int, int]] = []
    for a, b in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
        if found and a - found[-1][1] < join:
            found[-1] = (found[-1][0], b)
        else:
            found.append((a, b))
    return found


def per_frame(blocks: Floats, n_frames: int) -> Floats:
    """Block values repeated for each of `n_frames` frames."""
    return np.repeat(blocks, BLOCK, axis=0)[:n_frames]


def stands_out(power: Floats, floor: Floats, leak: Floats | None) -> Bools:
    """Frames whose bands lie above floor and leak in the mean, no band counted below 0."""
    out: Bools = mean_around(above_db(power, floor, leak), _SPEECH_FRAMES) > _SPEECH_DB
    return out


def above_db(power: Floats, floor: Floats, leak: Floats | None) -> Floats:
    """Mean over the voice's bands of the decibels of each frame above floor and leak, no band counted below 0."""
    known = per_frame(floor, len(power))
    if leak is not None:
        known += leak
    ratio = np.divide(power, known, out=known)
    above: Floats = np.log10(np.maximum(ratio, 1, out=ratio), out=ratio) @ MEAN_DB
    return above

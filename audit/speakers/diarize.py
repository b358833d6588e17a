"""Who speaks when on a channel that several people share.

Windows of 1.6 s inside the found speech are placed on the speaker encoder's sphere and grouped by voice. Then each
tenth of a second is given to one voice by the path of least cost (Viterbi) through the windows around it, where a change
of voice costs little at a pause and much inside running speech. No window reaches over a pause, so the first two
sentences of a call, the greeting and its answer, are as much their own as any others.

People who talk at once are not told apart: such a stretch goes to one of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from audit.audio import Leg
from audit.segments import Segment, total_s, union
from audit.speakers.asides import find_asides
from audit.speakers.clustering import Floats, Labels, Window, group, learn_whitening, mean_points
from audit.speakers.edges import edge_of
from audit.speakers.embedding import FRAMES_PER_S, mel_features
from audit.speakers.how_many import channel_log_odds, likeness_log_odds, probability

#: The encoder was trained on windows of this length.
WINDOW_FRAMES = 160
HOP_FRAMES = 40
#: Groups are formed of windows at least this long, or of all where there are too few of them.
_ANCHOR_FRAMES = 120
_MIN_ANCHORS = 6
#: A shorter stretch has no window of its own: its neighbours decide.
_MIN_WINDOW_FRAMES = 40
STEP_FRAMES = 10
#: What a change of voice costs, in steps of speech that speak wholly for the other voice: in running speech, at a dip of
#: the sound, and at a pause of the found speech (0.25 s and more).
CHANGE_IN_SPEECH_STEPS, CHANGE_AT_DIP_STEPS, CHANGE_AT_PAUSE_STEPS = 4.0, 0.5, 0.15
#: A dip this deep under the speech around it is as good as a pause between words; around is 1.2 s.
_DIP_DB = 20.0
_AROUND_FRAMES = 120
#: Where the margin is smaller, shorter windows look closer, between dips of this depth and length.
_CLEAR_MARGIN = 0.6
_CLOSER_FRAMES, _CLOSER_HOP_FRAMES = 80, 40
_PIECE_DIP_DB, _PIECE_DIP_FRAMES = 12.0, 8
_CLOSER_WEIGHT = 3.0
_ROUNDS = 3

#: Steepness of a segment's confidence in its mean margin (0: between two voices, 1: on one of them).
_MARGIN_SLOPE = 4.0


class Encoder(Protocol):
    """What places windows of mel features on a sphere: :class:`audit.speakers.embedding.SpeakerEncoder`."""

    def embed(self, features: npt.NDArray[np.float32], windows: Sequence[Window]) -> npt.NDArray[np.float32]:
        """One point of length 1 for each window."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class SpeakerSegment(Segment):
    """A stretch of one voice.

    Attributes
    ----------
    speaker : int
        From 0 on, in the order in which the voices are first heard.
    confidence : float
        0.5-1: how clearly it is nearer to that voice than to any other; 1.0 where there is one voice only.
    """

    speaker: int = 0
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who speaks when.

    Attributes
    ----------
    segments : tuple of SpeakerSegment
        Sorted, not overlapping; together the found speech.
    n_speakers : int
        0 without speech.
    confidence : float or None
        0-1, that the voices are told apart rightly: that there are as many, and the mean of the segments' confidence.
        None without speech.
    likeness : float or None
        Cosine of the two most alike voices (with one voice: of its two halves); None where nothing could be compared.
    """

    segments: tuple[SpeakerSegment, ...]
    n_speakers: int
    confidence: float | None
    likeness: float | None

    def speech_of(self, speaker: int) -> tuple[Segment, ...]:
        """The stretches of one voice, neighbours joined."""
        return union(Segment(s.start_s, s.end_s) for s in self.segments if s.speaker == speaker)

    def speech_s(self, speaker: int) -> float:
        """Seconds that one voice speaks."""
        return total_s(s for s in self.segments if s.speaker == speaker)


def diarize(
    samples: npt.NDArray[np.float32] | Leg,
    sample_rate_hz: int,
    speech: Sequence[Segment],
    encoder: Encoder,
    *,
    n_speakers: int | None = None,
    lone_leg: bool = False,
) -> Diarization:
    """Find out which of the found speech is whose.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), or Leg
        One channel; full scale 1.0.
    sample_rate_hz : {8000, 16000}
    speech : sequence of Segment
        Found speech in seconds from the first sample, tones and hold music left out; what is beyond the samples is ignored.
    encoder : Encoder
    n_speakers : int, optional
        How many voices there are, where that is known. Without it one to four are found: a second one unless the most
        distant halves are as alike as one voice's and the pauses leave room for a party elsewhere, a third and fourth
        where they speak for 3 s or more and are clearly further off (see :mod:`audit.speakers.clustering`).
    lone_leg : bool
        Whether it is the live leg beside a dead one, which may as well carry one party alone.

    Returns
    -------
    Diarization

    Raises
    ------
    ValueError
        If the shape, the rate or the number of voices does not fit.

    Notes
    -----
    Time of two people talking at once is given to one of them. Two voices that the encoder hardly tells apart are
    reported with a low confidence, and possibly as one.
    """
    if n_speakers is not None and n_speakers < 1:
        raise ValueError(f"the number of voices must be positive, not {n_speakers}")
    features = mel_features(samples, sample_rate_hz)
    duration_s = len(samples) / sample_rate_hz
    stretches = [
        Segment(max(s.start_s, 0.0), min(s.end_s, duration_s)) for s in union(speech) if s.end_s > 0 and s.start_s < duration_s
    ]
    return _diarized(features, stretches, encoder, n_speakers, lone_leg=lone_leg, asides=n_speakers is None)


def _diarized(
    features: npt.NDArray[np.float32],
    stretches: Sequence[Segment],
    encoder: Encoder,
    n_speakers: int | None,
    *,
    lone_leg: bool,
    asides: bool,
) -> Diarization:
    """As `diarize`, of stretches inside the features; asides are looked for, or not."""
    if not stretches:
        return Diarization((), 0, None, None)
    spans = [_frames(s, len(features)) for s in stretches]
    windows = [w for first, end in spans for w in windows_of(first, end)]
    if not windows:
        return _one_voice(stretches, None, 0.5)
    points = encoder.embed(features, windows).astype(np.float64)
    lengths = np.array([end - first for first, end in windows])
    anchors = np.flatnonzero(lengths >= _ANCHOR_FRAMES)
    if len(anchors) < _MIN_ANCHORS:
        anchors = np.arange(len(windows))
    whitening = learn_whitening(points, windows)
    space = whitening.apply(points)
    evidence = channel_log_odds(stretches, lone_leg=lone_leg)
    of_stretch = np.array([k for k, (first, end) in enumerate(spans) for _ in windows_of(first, end)], np.int64)[anchors]
    labels, likeness = _voices(points[anchors], space[anchors], of_stretch, n_speakers, evidence)
    if asides:

        def grouped(some: Labels) -> tuple[Labels, float]:
            chosen = anchors[some]
            return group(points[chosen], space[chosen], n=None, hop_s=HOP_FRAMES / FRAMES_PER_S, two_log_odds=evidence)

        far = find_asides(points[anchors], labels, of_stretch, [s.duration_s for s in stretches], grouped)
        rest = [s for k, s in enumerate(stretches) if k not in far]
        if far:
            found = _diarized(features, rest, encoder, None, lone_leg=lone_leg, asides=False)
            if found.n_speakers > 1:
                return _with_asides(found, {stretches[k]: cosine for k, cosine in far.items()})
    n = int(labels.max()) + 1
    two = probability(likeness_log_odds(likeness) + evidence)
    if n == 1:
        return _one_voice(stretches, likeness, 1.0 - two)
    loudness_db = 10 * np.log10(features.sum(axis=1) + 1e-9)
    centres = mean_points(space[anchors], labels, n)
    steps = _Steps(spans, windows, loudness_db)
    path, margins, centres = steps.follow(space, centres)
    closer = _closer_windows(steps, margins, loudness_db)
    if closer:
        near = whitening.apply(encoder.embed(features, closer).astype(np.float64))
        path, margins = steps.look_closer(space, centres, closer, near)
    return _gathered(stretches, steps.counts, path, margins, likeness, two)


def _voices(points: Floats, space: Floats, of_stretch: Labels, n: int | None, two_log_odds: float) -> tuple[Labels, float]:
    """Group windows by voice, those that speak at one edge of the call only apart from the rest."""

    def grouped(some: Labels) -> tuple[Labels, float]:
        return group(points[some], space[some], n=n, hop_s=HOP_FRAMES / FRAMES_PER_S, two_log_odds=two_log_odds)

    everything = np.arange(len(points))
    if n is not None:
        return grouped(everything)
    before = edge_of(points, of_stretch, grouped)
    after = edge_of(points[::-1], of_stretch[::-1], lambda some: grouped(len(points) - 1 - some))
    middle = everything[before : len(points) - after]
    if len(middle) == len(points) or len(middle) < _MIN_ANCHORS:
        return grouped(everything)
    labels, likeness = grouped(middle)
    n_middle = int(labels.max()) + 1
    ends = [np.full(k, n_middle + i, np.int64) for i, k in enumerate(k for k in (before, after) if k)]
    parts = [labels, *ends] if not before else [ends[0], labels, *ends[1:]]
    return np.concatenate(parts), likeness


def _with_asides(found: Diarization, far: Mapping[Segment, float]) -> Diarization:
    """With one further voice for all asides, numbered as the voices are first heard."""
    aside = found.n_speakers
    segments = sorted(
        (*found.segments, *(SpeakerSegment(s.start_s, s.end_s, aside, _sure_of_aside(cosine)) for s, cosine in far.items()))
    )
    order = {k: i for i, k in enumerate(dict.fromkeys(s.speaker for s in segments))}
    likeness = max(found.likeness or -1.0, *far.values())
    return replace(
        found,
        segments=tuple(replace(s, speaker=order[s.speaker]) for s in segments),
        n_speakers=found.n_speakers + 1,
        likeness=likeness,
    )


def _sure_of_aside(cosine: float) -> float:
    return max(probability(likeness_log_odds(cosine)), 0.5)


def _one_voice(stretches: Sequence[Segment], likeness: float | None, confidence: float) -> Diarization:
    """Everything to one voice."""
    return Diarization(tuple(SpeakerSegment(s.start_s, s.end_s) for s in stretches), 1, confidence, likeness)


def _frames(segment: Segment, n_frames: int) -> Window:
    first = min(round(segment.start_s * FRAMES_PER_S), n_frames - 1)
    return first, min(max(round(segment.end_s * FRAMES_PER_S), first + 1), n_frames)


def windows_of(first: int, end: int, *, size: int = WINDOW_FRAMES, hop: int = HOP_FRAMES) -> list[Window]:
    """Windows that cover a stretch evenly; one of its own length if it is shorter than a window.

    Parameters
    ----------
    first, end : int
        Frames of the stretch, half-open.
    size, hop : int
        Of a window, and the most that two neighbours are apart.

    Returns
    -------
    list of (first frame, end frame)
        None for a stretch too short to have one.
    """
    spare = end - first - size
    if spare <= 0:
        return [(first, end)] if end - first >= _MIN_WINDOW_FRAMES else []
    n = -(-spare // hop)
    starts = [first + round(i * spare / n) for i in range(n + 1)]
    return [(s, s + size) for s in starts]


class _Steps:
    """The tenths of a second of all stretches, one after the other, and the windows that cover them."""

    def __init__(self, spans: Sequence[Window], windows: Sequence[Window], loudness_db: npt.NDArray[np.float32]) -> None:
        """Lay out the steps of the spans."""
        middles, first_of_span = [], []
        for first, end in spans:
            n = max(1, round((end - first) / STEP_FRAMES))
            first_of_span += [True] + [False] * (n - 1)
            middles.append(first + (np.arange(n) + 0.5) * (end - first) / n)
        self.spans = spans
        self.counts = [len(m) for m in middles]
        self.middles = np.concatenate(middles)
        self.windows = windows
        self.costs = np.where(first_of_span, CHANGE_AT_PAUSE_STEPS, self._costs_in_speech(loudness_db))

    def _costs_in_speech(self, loudness_db: npt.NDArray[np.float32]) -> Floats:
        """What a change at the beginning of each step costs: less where the sound dips."""
        depths_db = _dips_db(loudness_db)
        edges = np.round(self.middles - STEP_FRAMES / 2).astype(np.int64)
        deepest = np.max([depths_db[np.clip(edges + k, 0, len(depths_db) - 1)] for k in range(-5, 6)], axis=0)
        return CHANGE_IN_SPEECH_STEPS + np.clip(deepest / _DIP_DB, 0.0, 1.0) * (CHANGE_AT_DIP_STEPS - CHANGE_IN_SPEECH_STEPS)

    def follow(self, space: Floats, centres: Floats) -> tuple[Labels, Floats, Floats]:
        """The best path, each step's margin, and the voices' centres, learnt anew from the path a few times."""
        for _ in range(_ROUNDS):
            path = _best_path(self._scores(self.windows, space, centres), self.costs)
            learnt = self._centres(space, path, centres)
            if np.allclose(learnt, centres):
                break
            centres = learnt
        scores = self._scores(self.windows, space, centres)
        path = _best_path(scores, self.costs)
        return path, _margins(scores, path), centres

    def look_closer(self, space: Floats, centres: Floats, closer: Sequence[Window], near: Floats) -> tuple[Labels, Floats]:
        """The best path and its margins where shorter windows overrule the long ones around them."""
        windows, points = [*self.windows, *closer], np.concatenate([space, near])
        weights = np.repeat([1.0, _CLOSER_WEIGHT], [len(space), len(near)])
        scores = self._scores(windows, points, centres, weights)
        path = _best_path(scores, self.costs)
        return path, _margins(scores, path)

    def _scores(self, windows: Sequence[Window], space: Floats, centres: Floats, weights: Floats | None = None) -> Floats:
        """How far each step speaks for each voice: +1/2 on its centre, -1/2 on another's, 0 where no window tells."""
        products = space @ centres.T - 0.5 * (centres**2).sum(axis=1)
        apart = ((centres[:, None] - centres[None]) ** 2).sum(axis=2)
        n = len(centres)
        near = 2.0 * products / max(apart.sum() / (n * (n - 1)), 1e-9)
        near -= near.mean(axis=1, keepdims=True)
        near = np.clip(near, -1.0, 1.0)
        total = np.zeros((len(self.middles), n))
        sums = np.full(len(self.middles), 1e-9)
        for i, (first, end) in enumerate(windows):
            a, b = np.searchsorted(self.middles, (first, end))
            half = (end - first) / 2
            # A window says most of its middle.
            weight = 1.05 - np.abs(self.middles[a:b] - first - half) / half
            if weights is not None:
                weight = weight * weights[i]
            total[a:b] += weight[:, None] * near[i]
            sums[a:b] += weight
        return np.asarray(total / sums[:, None])

    def _centres(self, space: Floats, path: Labels, old: Floats) -> Floats:
        """Mean points of the windows that lie in one voice; a voice without such a window keeps its old centre."""
        labels, members = [], []
        for i, (first, end) in enumerate(self.windows):
            a, b = np.searchsorted(self.middles, (first, end))
            if end - first >= _ANCHOR_FRAMES and b > a and (path[a:b] == path[a]).all():
                labels.append(path[a])
                members.append(i)
        if not members:
            return old
        known = np.array(labels, np.int64)
        new = mean_points(space[members], known, len(old))
        return np.where((np.bincount(known, minlength=len(old)) > 0)[:, None], new, old)


def _margins(scores: Floats, path: Labels) -> Floats:
    """By how much each step's voice leads the best of the others; negative where the path goes against the step."""
    rows = np.arange(len(path))
    others = scores.copy()
    others[rows, path] = -np.inf
    return np.asarray(scores[rows, path] - others.max(axis=1))


def _dips_db(loudness_db: npt.NDArray[np.float32]) -> Floats:
    """How far each frame (means of 50 ms) lies under the speech around it."""
    from scipy.ndimage import percentile_filter, uniform_filter1d  # only where two parties share a channel

    smooth = uniform_filter1d(loudness_db.astype(np.float64), 5)
    return np.asarray(percentile_filter(smooth, 70, size=_AROUND_FRAMES) - smooth)


def _closer_windows(steps: _Steps, margins: Floats, loudness_db: npt.NDArray[np.float32]) -> list[Window]:
    """Shorter windows, not across dips of the sound, wherever the long ones do not tell clearly."""
    depths_db = _dips_db(loudness_db)
    found: list[Window] = []
    at = 0
    for (first, end), n in zip(steps.spans, steps.counts, strict=True):
        doubtful = steps.middles[at : at + n][margins[at : at + n] < _CLEAR_MARGIN]
        at += n
        if doubtful.size == 0 or end - first < 2 * _MIN_WINDOW_FRAMES:
            continue
        for piece_first, piece_end in _between_dips(depths_db[first:end], first):
            if (piece_first, piece_end) == (first, end) and end - first <= WINDOW_FRAMES:
                continue  # heard as one window already
            windows = windows_of(piece_first, piece_end, size=_CLOSER_FRAMES, hop=_CLOSER_HOP_FRAMES)
            found += [(a, b) for a, b in windows if ((doubtful >= a) & (doubtful < b)).any()]
    return found


def _between_dips(depths_db: Floats, offset: int) -> list[Window]:
    """The pieces of a stretch between its dips."""
    low = np.concatenate([[False], depths_db >= _PIECE_DIP_DB, [False]])
    edges = np.flatnonzero(np.diff(low.astype(np.int8)))
    cuts = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= _PIECE_DIP_FRAMES]
    starts = [0, *(b for _, b in cuts)]
    ends = [*(a for a, _ in cuts), len(depths_db)]
    return [(offset + a, offset + b) for a, b in zip(starts, ends, strict=True) if b > a]


def _best_path(scores: Floats, costs: Floats) -> Labels:
    """Viterbi: the voice of each step with the highest sum of scores less the cost of changes."""
    n_steps, n = scores.shape
    back = np.empty((n_steps, n), np.int64)
    best = scores[0].copy()
    for t in range(1, n_steps):
        leader = int(best.argmax())
        stay = best >= best[leader] - costs[t]
        back[t] = np.where(stay, np.arange(n), leader)
        best = np.where(stay, best, best[leader] - costs[t]) + scores[t]
    path = np.empty(n_steps, np.int64)
    path[-1] = int(best.argmax())
    for t in range(n_steps - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def _gathered(
    stretches: Sequence[Segment], counts: Sequence[int], path: Labels, margins: Floats, likeness: float, two: float
) -> Diarization:
    """Segments of equal steps inside each stretch, voices numbered as they appear."""
    order: dict[int, int] = {}
    segments: list[SpeakerSegment] = []
    at = 0
    for stretch, n in zip(stretches, counts, strict=True):
        part, near = path[at : at + n], margins[at : at + n]
        at += n
        edges = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), n]
        for a, b in pairwise(edges):
            speaker = order.setdefault(int(part[a]), len(order))
            start_s = stretch.start_s + a / n * stretch.duration_s
            end_s = stretch.end_s if b == n else stretch.start_s + b / n * stretch.duration_s
            confidence = 1.0 / (1.0 + math.exp(-_MARGIN_SLOPE * max(float(near[a:b].mean()), 0.0)))
            segments.append(SpeakerSegment(start_s, end_s, speaker, confidence))
    mean = sum(s.confidence * s.duration_s for s in segments) / sum(s.duration_s for s in segments)
    return Diarization(tuple(segments), len(order), mean * two, likeness)

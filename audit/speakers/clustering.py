"""How many voices there are, and which windows of speech are whose.

Windows are points on the encoder's sphere (:mod:`audit.speakers.embedding`). What one voice says moves its points, too.
Two neighbouring windows of one stretch of speech are of one voice nearly always, so their differences show those
directions, and dividing by them (whitening with strong shrinkage) leaves what tells voices apart. Groups are then found
by Ward's method and refined by k-means.

References
----------
Ward, J. H. (1963), Hierarchical grouping to optimize an objective function, Journal of the American Statistical
Association 58.
Hatch, A. O., Kajarekar, S., Stolcke, A. (2006), Within-class covariance normalization for SVM-based speaker
recognition, Interspeech: the whitening; here its classes are neighbours instead of labelled speakers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.speakers.how_many import likeness_log_odds

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Window = tuple[int, int]

#: More voices than these are not told apart: agent, customer, a prompt, a colleague.
MAX_VOICES = 4
#: A third voice must stand further off, for one real voice's sentences fall into groups at 0.80 and less: at 0.85 a third
#: of 40 composed calls of two real voices had a third one, at 0.78 three had, at 0.75 one. The price: a prompt in a voice
#: that resembles one of the parties' (0.76 and more) is given to that party.
THIRD_VOICE_COSINE = 0.76
#: A third voice must speak so long in windows of full length, lest a cough or a laugh be one.
MIN_THIRD_VOICE_S = 3.0
#: Shrinkage of the within-voice covariance, in multiples of its mean variance. Tried from 1 to 100: 10 was best.
_SHRINKAGE = 10.0
#: Neighbours are windows this far apart, and touching.
_NEIGHBOURS_FRAMES = (80, 200)
_TOUCHING_FRAMES = 10
#: The largest differences are changes of voice inside a stretch; they are left out.
_KEPT_DIFFERENCES = 0.7
_MIN_DIFFERENCES = 10
#: Fine groups that are merged by their nearness to find how many voices there are.
_FINE_GROUPS = 8
#: Ward's method compares all with all: a call of an hour is thinned out.
_MAX_POINTS = 1500


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """A change of coordinates that makes what one voice's points do by themselves count little."""

    centre: Floats
    matrix: Floats | None

    def apply(self, points: Floats) -> Floats:
        """The points in the new coordinates, shape (n, size)."""
        centred = points - self.centre
        return np.asarray(centred if self.matrix is None else centred @ self.matrix)


def learn_whitening(points: Floats, windows: Sequence[Window]) -> Whitening:
    """Learn from how far neighbours of one stretch differ.

    Parameters
    ----------
    points : ndarray, shape (n, size)
    windows : sequence of (first frame, end frame)
        In order.

    Returns
    -------
    Whitening
        That only centres where there are too few neighbours to learn from.
    """
    pairs = []
    nearest, furthest = _NEIGHBOURS_FRAMES
    for i, (first, end) in enumerate(windows):
        for j in range(i + 1, len(windows)):
            apart = windows[j][0] - first
            if apart > furthest:
                break
            if apart >= nearest and windows[j][0] <= end + _TOUCHING_FRAMES:
                pairs.append((i, j))
    centre = points.mean(axis=0)
    if len(pairs) < _MIN_DIFFERENCES:
        return Whitening(centre, None)
    a, b = np.array(pairs).T
    differences = (points[a] - points[b]) / np.sqrt(2)
    sizes = (differences**2).sum(axis=1)
    differences = differences[sizes <= np.quantile(sizes, _KEPT_DIFFERENCES)]
    covariance = differences.T @ differences / len(differences)
    mean_variance = np.trace(covariance) / len(covariance)
    if mean_variance <= 0:
        return Whitening(centre, None)
    # Scaled so that the shrinkage alone would change nothing.
    values, vectors = np.linalg.eigh(covariance / mean_variance / _SHRINKAGE + np.eye(len(covariance)))
    return Whitening(centre, vectors / np.sqrt(values))


def mean_points(points: Floats, labels: Labels, n: int) -> Floats:
    """The mean of each group, shape (n, size); zeros for an empty one."""
    counts = np.maximum(np.bincount(labels, minlength=n), 1)
    sums = np.zeros((n, points.shape[1]))
    np.add.at(sums, labels, points)
    return sums / counts[:, None]


def cosines(centres: Floats) -> Floats:
    """Cosine of each pair of mean points, the diagonal as -1."""
    unit = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    table = unit @ unit.T
    np.fill_diagonal(table, -1.0)
    return np.asarray(table)


def group(points: Floats, space: Floats, *, n: int | None, hop_s: float, two_log_odds: float) -> tuple[Labels, float]:
    """Group windows by voice.

    Parameters
    ----------
    points, space : ndarray, shape (n_windows, size)
        As they are and whitened; at least one.
    n : int or None
        How many voices; None finds out, from one to `MAX_VOICES`.
    hop_s : float
        Seconds of speech that one window stands for.
    two_log_odds : float
        All that is known of there being two voices but for their likeness (:mod:`audit.speakers.how_many`).

    Returns
    -------
    labels : ndarray of int
        0 and up, as many as there are voices; fewer than `n` where there are fewer windows.
    likeness : float
        The cosine of the two most alike voices; with one voice that of its two halves.
    """
    if len(points) == 1:
        return np.zeros(1, np.int64), 1.0
    step = -(-len(points) // _MAX_POINTS)
    from scipy.cluster.hierarchy import linkage  # a fifth of a second that calls with a channel for each party never need

    tree = linkage(space[::step], "ward")
    halves = _refined(space, _cut(tree, space, step, 2), 2)
    likeness = _likeness(points, halves)
    if n is None:
        fine = _merged(points, _cut(tree, space, step, _FINE_GROUPS), round(MIN_THIRD_VOICE_S / hop_s))
        n = int(fine.max()) + 1
        if n <= 2:
            n = 2 if likeness_log_odds(likeness) + two_log_odds > 0 else 1
        else:
            labels = _refined(space, fine, n)
            return labels, _likeness(points, labels)
    if n == 1:
        return np.zeros(len(points), np.int64), likeness
    labels = halves if n == 2 else _refined(space, _cut(tree, space, step, n), n)
    return labels, _likeness(points, labels)


def _likeness(points: Floats, labels: Labels) -> float:
    n = int(labels.max()) + 1
    return float(cosines(mean_points(points, labels, n)).max()) if n > 1 else 1.0


def _cut(tree: npt.NDArray[np.float64], space: Floats, step: int, n: int) -> Labels:
    """The tree's n groups, given to all points."""
    from scipy.cluster.hierarchy import fcluster

    labels = np.unique(fcluster(tree, n, "maxclust"), return_inverse=True)[1].astype(np.int64)
    if step > 1:
        labels = _nearest(space, mean_points(space[::step], labels, int(labels.max()) + 1))
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _nearest(space: Floats, centres: Floats) -> Labels:
    """The nearest centre of each point."""
    distances = (centres**2).sum(axis=1) - 2 * space @ centres.T
    return np.asarray(distances.argmin(axis=1))


def _refined(space: Floats, labels: Labels, n: int) -> Labels:
    """K-means from these groups on, until it stands still or would lose one."""
    for _ in range(20):
        moved = _nearest(space, mean_points(space, labels, n))
        if len(np.unique(moved)) < n or (moved == labels).all():
            break
        labels = moved
    return labels


def _merged(points: Floats, labels: Labels, min_windows: int) -> Labels:
    """Merge the nearest groups until all that stay are voices of their own; short ones go first."""
    while (n := int(labels.max()) + 1) > 1:
        table = cosines(mean_points(points, labels, n))
        sizes = np.bincount(labels, minlength=n)
        smallest = int(sizes.argmin())
        if sizes[smallest] < min_windows:
            one, other = smallest, int(table[smallest].argmax())
        else:
            one, other = (int(k) for k in np.unravel_index(int(table.argmax()), table.shape))
            if table[one, other] < THIRD_VOICE_COSINE and n <= MAX_VOICES:
                break
        labels = np.where(labels == one, other, labels)
        labels = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return labels

"""Somebody who speaks up for a sentence or two within a call: a colleague, a supervisor, a bystander.

So little speech makes no voice of its own among the groups of windows (:mod:`audit.speakers.clustering`): it is given to
the nearer party. But a sentence between two pauses has a mean point, and that of a stranger lies far from all that the
parties say elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from audit.speakers.clustering import THIRD_VOICE_COSINE, Floats, Labels

#: A stretch of speech this long has a mean point that tells, and it is a stranger's where that lies further than this from
#: every voice, the stretch itself left out. Of 35 asides of 2.2 to 4 s in composed calls of two other voices 31 lay at 0.53
#: to 0.73 (all 18 of real voices, seed 14; 13 of 17 synthetic ones, seed 11). None of 254 other stretches of 2.5 s and more
#: of the real voices came under 0.79; three sentences of the synthetic ones lay at 0.60 to 0.69.
_LEAST_STRETCH_S, _FAR_COSINE = 2.2, 0.74
#: What is most of a voice is no aside, but that voice.
_MOST_OF_VOICE_RATIO = 0.5
#: All asides together are no larger a part of the speech: otherwise it is the groups that are wrong.
_MOST_OF_CALL_RATIO = 0.25
#: A group of so few windows, and no larger a part of all, may be an aside that drove the parties into one group.
_FEW_WINDOWS, _FEW_RATIO = 10, 0.2

Group = Callable[[Labels], tuple[Labels, float]]


def find_asides(
    points: Floats, labels: Labels, of_stretch: Labels, durations_s: Sequence[float], group: Group
) -> dict[int, float]:
    """Stretches of speech that are nobody's who speaks elsewhere in the call.

    Parameters
    ----------
    points : ndarray, shape (n_windows, size)
    labels : ndarray of int, shape (n_windows,)
        The voice of each window.
    of_stretch : ndarray of int, shape (n_windows,)
        The stretch of speech that each lies in.
    durations_s : sequence of float
        Of each stretch.
    group : callable
        Groups the windows of these indices by voice: labels and likeness.

    Returns
    -------
    dict of int to float
        Stretch and its cosine to the nearest voice; empty unless there are two voices (a third one found by the groups is
        enough: in calls with a prompt, one more would be a party's sentence as often as not), or where so much would
        be an aside that the groups themselves must be wrong.
    """
    if int(labels.max()) != 1:
        return {}
    few = _few(labels, group)
    if few is not None:
        rest = np.flatnonzero(labels != few)
        labels = np.full(len(labels), -1, np.int64)
        labels[rest], _ = group(rest)
    return _far(points, labels, of_stretch, durations_s)


def _few(labels: Labels, group: Group) -> int | None:
    """A group of few windows without which the rest falls into two voices that are clearly apart."""
    sizes = np.bincount(labels)
    smallest = int(sizes.argmin())
    if sizes[smallest] > min(_FEW_WINDOWS, _FEW_RATIO * len(labels)):
        return None
    halves, likeness = group(np.flatnonzero(labels != smallest))
    return smallest if halves.max() > 0 and likeness < THIRD_VOICE_COSINE else None


def _far(points: Floats, labels: Labels, of_stretch: Labels, durations_s: Sequence[float]) -> dict[int, float]:
    """Stretches far from all voices; windows of label -1 are no voice's."""
    n = int(labels.max()) + 1
    found: dict[int, float] = {}
    for stretch in np.unique(of_stretch):
        own = of_stretch == stretch
        if durations_s[stretch] < _LEAST_STRETCH_S:
            continue
        voices = [k for k in range(n) if (labels == k).any()]
        if any((own & (labels == k)).sum() > _MOST_OF_VOICE_RATIO * (labels == k).sum() for k in voices):
            continue
        others = np.stack([points[(labels == k) & ~own].mean(axis=0) for k in voices])
        mean = points[own].mean(axis=0)
        cosines = others @ mean / (np.linalg.norm(others, axis=1) * np.linalg.norm(mean))
        if cosines.max() < _FAR_COSINE:
            found[int(stretch)] = float(cosines.max())
    total_s = sum(durations_s)
    return found if sum(durations_s[k] for k in found) <= _MOST_OF_CALL_RATIO * total_s else {}

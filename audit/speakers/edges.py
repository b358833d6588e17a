"""A voice that speaks only before all others, or only after them: a prompt, an announcement, a survey at the end.

Over a whole call such a voice must stand far off to be told from the parties, for their own sentences fall apart, too. At
the call's edges there are few places where it can end, so that it may come nearer to them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audit.speakers.clustering import Floats, Labels, mean_points

#: The first windows are a voice of their own where their mean point is further than this from every later voice. On calls
#: without a prompt (16 of real voices, 24 of synthetic ones) the furthest first sentences came to 0.79 and 0.84; 49
#: prompts of 5 to 9 s in a further synthetic voice lay at 0.5-0.91, half of them under 0.76.
EDGE_VOICE_COSINE = 0.78
#: Fewer windows have no mean worth a name: 3 s of speech.
MIN_EDGE_WINDOWS = 5
#: An edge is no larger a part of the speech than this, so that both parties are heard in the rest.
_LARGEST_EDGE_RATIO = 0.4
#: With fewer windows there is no telling what is an edge.
_MIN_WINDOWS = 15

Group = Callable[[Labels], tuple[Labels, float]]


def edge_of(points: Floats, stretches: Labels, group: Group) -> int:
    """How many of the first windows are a voice that is not heard again.

    Parameters
    ----------
    points : ndarray, shape (n_windows, size)
        In order of time; reversed for the end of a call.
    stretches : ndarray of int, shape (n_windows,)
        The stretch of speech that each window lies in: a prompt ends at a pause.
    group : callable
        Groups the windows of these indices by voice: labels and likeness.

    Returns
    -------
    int
        0 where all the voices at the edge are heard later on.
    """
    n = len(points)
    largest = int(n * _LARGEST_EDGE_RATIO)
    if n < _MIN_WINDOWS or largest < MIN_EDGE_WINDOWS:
        return 0
    rest = np.arange(largest, n)
    labels, _ = group(rest)
    later = mean_points(points[rest], labels, int(labels.max()) + 1)
    later /= np.linalg.norm(later, axis=1, keepdims=True)
    best, nearest = 0, EDGE_VOICE_COSINE
    for size in range(MIN_EDGE_WINDOWS, largest + 1):
        if stretches[size] == stretches[size - 1]:
            continue
        mean = points[:size].mean(axis=0)
        likeness = float((later @ mean).max() / np.linalg.norm(mean))
        if likeness < nearest:
            best, nearest = size, likeness
    return best

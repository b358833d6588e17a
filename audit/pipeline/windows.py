"""Long recordings a window at a time, so that the memory of an audit does not grow with the length of the call.

Detectors look at one stretch of samples. A long call is cut into windows that each see a minute and a half more on both
sides; of what is found there a window keeps what lies in its own time, and what was cut at a seam is joined again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit.segments import Segment, union

#: A call up to this long is looked at whole.
WHOLE_S = 1200.0
#: Own time of a window of a longer one.
WINDOW_S = 600.0
#: More than any detector looks around it: the noise floor sees 40 s on each side, the surroundings of music 20 s.
CONTEXT_S = 90.0


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch to look at.

    Attributes
    ----------
    own : Segment
        What it answers for; the windows of a call lie end to end.
    seen : Segment
        What it looks at.
    """

    own: Segment
    seen: Segment

    def into(self, segments: Iterable[Segment]) -> tuple[Segment, ...]:
        """Segments of the call, in the window's own clock, as far as the window sees them."""
        inside = (s.intersect(self.seen) for s in segments)
        return tuple(Segment(s.start_s - self.seen.start_s, s.end_s - self.seen.start_s) for s in inside if s)

    def back(self, segments: Iterable[Segment]) -> tuple[Segment, ...]:
        """Segments in the window's clock, in the call's, as far as they lie in its own time."""
        there = (Segment(s.start_s + self.seen.start_s, s.end_s + self.seen.start_s) for s in segments)
        return tuple(own for s in there if (own := s.intersect(self.own)))


def windows(duration_s: float, *, whole_s: float = WHOLE_S, window_s: float = WINDOW_S) -> tuple[Window, ...]:
    """Windows over a call.

    Parameters
    ----------
    duration_s : float
    whole_s : float
        A call up to this long is one window.
    window_s : float
        Longest own time of a window of a longer one.

    Examples
    --------
    >>> [w.own.end_s for w in windows(1500.0)]
    [500.0, 1000.0, 1500.0]
    >>> windows(300.0)
    (Window(own=Segment(start_s=0.0, end_s=300.0), seen=Segment(start_s=0.0, end_s=300.0)),)
    """
    if duration_s <= 0:
        return ()
    whole = Segment(0.0, duration_s)
    if duration_s <= whole_s:
        return (Window(whole, whole),)
    n = math.ceil(duration_s / window_s)
    step_s = math.ceil(duration_s / n)  # whole seconds: windows begin on a sample at every rate
    own = [Segment(float(k * step_s), min(float((k + 1) * step_s), duration_s)) for k in range(n) if k * step_s < duration_s]
    return tuple(Window(s, Segment(max(0.0, s.start_s - CONTEXT_S), min(duration_s, s.end_s + CONTEXT_S))) for s in own)


def joined(parts: Sequence[Sequence[Segment]]) -> tuple[Segment, ...]:
    """What the windows kept, joined where a seam cut it."""
    return tuple(s for part in parts for s in part) if len(parts) == 1 else union(s for part in parts for s in part)

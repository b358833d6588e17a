"""A recording of which not everything is to be heard."""

from __future__ import annotations

from dataclasses import dataclass

from audit.records import Recording
from audit.segments import Segment


@dataclass(frozen=True, slots=True)
class MutedRecording(Recording):
    """A recording made ready to be shown and heard.

    Attributes
    ----------
    muted : tuple of Segment
        What nobody is to hear of it, sorted.
    """

    muted: tuple[Segment, ...] = ()

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all is to be heard."""
        return any(m.start_s <= 0.0 and m.end_s >= self.duration_s for m in self.muted)

"""A leg's sound as the recogniser takes it: stretches at its rate, laid into windows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audit.audio import Leg, resample
from audit.segments import Segment, union
from audit.transcript.packing import Window, pack
from audit.words import Role

SAMPLE_RATE_HZ = 16000
#: Frame for finding the quietest moment of a long stretch.
_ENERGY_FRAME_S = 0.05

#: What is recognised at once: less than the model can take, for its cost grows faster than the window
#: (docs/decisions/018-recognition-speed.md).
SHORT_WINDOW_S = 20.0
#: Sound on either side of a stretch that lets the resampling filter settle.
_RESAMPLING_MARGIN_S = 0.02


Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LegAudio:
    """One party's sound and where it speaks.

    Attributes
    ----------
    role : Role
        "unknown" for a mono recording that holds both parties.
    samples : ndarray of float32, shape (n,), or Leg
        A leg is read only where there is speech.
        Full scale 1.0.
    sample_rate_hz : int
    speech : tuple of Segment
        Sorted, from the own voice activity detector.
    """

    role: Role
    samples: Samples | Leg
    sample_rate_hz: int
    speech: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Sound:
    """A leg, its speech held inside its length. Resampled stretch by stretch: hours of a call stay as they came."""

    samples: Samples | Leg
    sample_rate_hz: int
    speech: tuple[Segment, ...]

    @classmethod
    def of(cls, leg: LegAudio) -> Sound:
        """Of a leg; speech past its end is left out."""
        if leg.samples.ndim != 1:
            raise ValueError(f"a leg has one dimension, not {leg.samples.ndim}")
        duration_s = len(leg.samples) / leg.sample_rate_hz
        inside = (s.intersect(Segment(0.0, duration_s)) for s in union(leg.speech)) if duration_s else ()
        return cls(leg.samples, leg.sample_rate_hz, tuple(s for s in inside if s is not None))

    @property
    def duration_s(self) -> float:
        """Length of the leg."""
        return len(self.samples) / self.sample_rate_hz

    def cut(self, start_s: float, end_s: float) -> Samples:
        """The stretch between two moments at the recogniser's rate."""
        rate = self.sample_rate_hz
        first = max(math.floor((start_s - _RESAMPLING_MARGIN_S) * rate), 0)
        last = math.ceil((end_s + _RESAMPLING_MARGIN_S) * rate)
        out = resample(self.samples[first:last], rate, SAMPLE_RATE_HZ)
        at = round((start_s - first / rate) * SAMPLE_RATE_HZ)
        return out[at : at + round((end_s - start_s) * SAMPLE_RATE_HZ)]

    def quietest(self, start_s: float, end_s: float) -> float:
        """The middle of the quietest 50 ms between two moments."""
        frame = round(_ENERGY_FRAME_S * self.sample_rate_hz)
        part = self.samples[round(start_s * self.sample_rate_hz) : round(end_s * self.sample_rate_hz)]
        n = len(part) // frame
        if n == 0:
            return (start_s + end_s) / 2
        energy = np.square(part[: n * frame].reshape(n, frame), dtype=np.float64).sum(axis=1)
        return start_s + (int(energy.argmin()) + 0.5) * _ENERGY_FRAME_S

    def window_samples(self, window: Window, *, n_samples: int) -> Samples:
        """Copy a window's stretches to their places; the rest is silence."""
        out = np.zeros(n_samples, np.float32)
        for piece in window.pieces:
            part = self.cut(piece.source.start_s, piece.source.end_s)
            at = round(piece.packed_start_s * SAMPLE_RATE_HZ)
            out[at : at + len(part)] = part[: len(out) - at]
        return out


def pack_leg(index: int, sound: Sound) -> tuple[Window, ...]:
    """Windows of one leg's speech."""
    return pack(sound.speech, duration_s=sound.duration_s, quietest=sound.quietest, leg=index, window_s=SHORT_WINDOW_S)

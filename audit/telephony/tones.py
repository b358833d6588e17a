"""Find and name the signalling tones of a leg."""

from __future__ import annotations

from collections.abc import Sequence

from audit.records import Tone
from audit.segments import Segment
from audit.telephony.bursts import Burst, find_bursts
from audit.telephony.naming import name_bursts
from audit.telephony.plans import TONE_PLANS
from audit.telephony.spectrum import LINE_RATE_HZ, Floats, at_line_rate

__all__ = ["Burst", "find_bursts", "find_tones", "name_tones"]


def find_tones(leg: Floats, sample_rate_hz: int, *, channel: int = 0, plan: str = "auto") -> tuple[Tone, ...]:
    """Find every burst of a signalling tone on one leg.

    Parameters
    ----------
    leg : ndarray, shape (n,), float32
        Samples of one channel, full scale 1.0.
    sample_rate_hz : int
        8000 or more; higher rates are reduced to 8000.
    channel : int, default 0
        Written into the tones.
    plan : str, default "auto"
        Name of a tone plan to name the tones by.

    Returns
    -------
    tuple of Tone
        Sorted, not overlapping; ``()`` for an empty or silent leg. Edges are good to about 20 ms. The kind follows from
        the cadence; a burst that fits none is a "beep".

    Raises
    ------
    ValueError
        If `leg` is not one-dimensional or the rate is not positive.

    References
    ----------
    ITU-T E.180 and its Supplement 2: components, cadences and their tolerances.

    Examples
    --------
    >>> import numpy as np
    >>> find_tones(np.zeros(8000, np.float32), 8000)
    ()
    """
    x = at_line_rate(leg, sample_rate_hz)
    return name_tones(find_bursts(x), len(x) / LINE_RATE_HZ, channel, plan=plan)


def name_tones(bursts: Sequence[Burst], duration_s: float, channel: int = 0, *, plan: str = "auto") -> tuple[Tone, ...]:
    """Name the bursts of one whole leg and leave out those that nothing vouches for.

    Apart from :func:`find_bursts` because a long call is heard in overlapping stretches: their bursts are shifted, stitched
    and then named once, since a cadence may span stretches.

    Parameters
    ----------
    bursts : sequence of Burst
        Of one leg, sorted, not overlapping, in seconds from the start of the recording.
    duration_s : float
        Length of the recording.
    channel : int, default 0
        Written into the tones.
    plan : str, default "auto"
        Name of a tone plan to name them by; "auto" takes whichever fits.

    Returns
    -------
    tuple of Tone
        Sorted, not overlapping.

    Raises
    ------
    ValueError
        If the plan is unknown.
    """
    if plan != "auto" and plan not in TONE_PLANS:
        raise ValueError(f"no tone plan {plan!r}; there are: auto {' '.join(TONE_PLANS)}")
    segments = [Segment(b.start_s, b.end_s) for b in bursts]
    kinds = name_bursts(segments, [b.freqs_hz for b in bursts], duration_s=duration_s, plan=plan)
    alone = {i for i in range(len(bursts)) if kinds.count(kinds[i]) == 1}
    return tuple(
        Tone(b.start_s, b.end_s, kind, channel, tuple(round(f, 1) for f in b.freqs_hz))
        for i, (b, kind) in enumerate(zip(bursts, kinds, strict=True))
        if b.stands_alone or (kind != "beep" and (b.may_ring_alone or i not in alone))
        if not (kind == "beep" and len(b.freqs_hz) == 2)
    )

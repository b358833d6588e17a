"""National tone plans: what ringback, busy and congestion sound like, as one table.

Frequencies and cadences follow ITU-T E.180 Supplement 2, "Various tones used in national networks", as the indication
tables of PBXs carry them (Asterisk ``indications.conf``). Tolerances follow the networks' own: about 1.5 % in frequency.
"""

from __future__ import annotations

from dataclasses import dataclass

FREQUENCY_TOLERANCE_RATIO = 0.015


@dataclass(frozen=True, slots=True)
class Cadence:
    """A repeating tone.

    Attributes
    ----------
    freqs_hz : tuple of float
        Components that sound together, lowest first.
    pattern_s : tuple of float
        On, off, on, off, … in seconds; one pass is one cycle (for ringback: one ring).
    """

    freqs_hz: tuple[float, ...]
    pattern_s: tuple[float, ...]

    @property
    def period_s(self) -> float:
        """Seconds of one cycle."""
        return sum(self.pattern_s)

    @property
    def bursts_s(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each burst within a cycle, in seconds from its beginning."""
        edges = [sum(self.pattern_s[:i]) for i in range(len(self.pattern_s) + 1)]
        return tuple((edges[i], edges[i + 1]) for i in range(0, len(self.pattern_s), 2))

    def mismatch_ratio(self, freqs_hz: tuple[float, ...]) -> float | None:
        """Greatest relative deviation of the heard components, or None where their number differs or one is out of tolerance.

        Examples
        --------
        >>> Cadence((450.0,), (1.0, 4.0)).mismatch_ratio((454.5,))
        0.01
        >>> Cadence((450.0,), (1.0, 4.0)).mismatch_ratio((425.0,)) is None
        True
        """
        if len(freqs_hz) != len(self.freqs_hz):
            return None
        worst = max(abs(heard / f - 1) for heard, f in zip(freqs_hz, self.freqs_hz, strict=True))
        return round(worst, 6) if worst <= FREQUENCY_TOLERANCE_RATIO else None


@dataclass(frozen=True, slots=True)
class TonePlan:
    """The signalling tones of one country.

    Attributes
    ----------
    name : str
        ISO 3166 code of the country, lower case.
    ringback, busy, congestion : Cadence
    """

    name: str
    ringback: Cadence
    busy: Cadence
    congestion: Cadence


def _plan(
    name: str, ring: tuple[float, ...], ring_s: tuple[float, ...], busy: tuple[float, ...], busy_s: float, congestion_s: float
) -> TonePlan:
    """One row; busy and congestion are on as long as off."""
    return TonePlan(name, Cadence(ring, ring_s), Cadence(busy, (busy_s, busy_s)), Cadence(busy, (congestion_s, congestion_s)))


_DOUBLE = (0.4, 0.2, 0.4, 2.0)

# Where two countries sound alike the first row wins in `plan="auto"`; amplitude-modulated ringback (jp, in, sg) is entered
# with its carrier, which is what stands out in the spectrum. Australia's 413 + 438 Hz is left out: components 25 Hz apart are
# not told apart in 100 ms.
TONE_PLANS: dict[str, TonePlan] = {
    p.name: p
    for p in (
        _plan("cn", (450,), (1.0, 4.0), (450,), 0.35, 0.7),
        _plan("us", (440, 480), (2.0, 4.0), (480, 620), 0.5, 0.25),
        _plan("uk", (400, 450), _DOUBLE, (400,), 0.375, 0.4),
        _plan("de", (425,), (1.0, 4.0), (425,), 0.48, 0.24),
        _plan("fr", (440,), (1.5, 3.5), (440,), 0.5, 0.25),
        _plan("jp", (400,), (1.0, 2.0), (400,), 0.5, 0.5),
        _plan("tw", (440, 480), (1.0, 2.0), (480, 620), 0.5, 0.25),
        _plan("hk", (440, 480), (0.4, 0.2, 0.4, 3.0), (480, 620), 0.5, 0.25),
        _plan("it", (425,), (1.0, 4.0), (425,), 0.5, 0.2),
        _plan("es", (425,), (1.5, 3.0), (425,), 0.2, 0.2),
        _plan("at", (420,), (1.0, 5.0), (420,), 0.4, 0.2),
        _plan("nz", (400, 450), _DOUBLE, (400,), 0.5, 0.25),
        _plan("in", (400,), _DOUBLE, (400,), 0.75, 0.25),
        _plan("sg", (425,), _DOUBLE, (425,), 0.75, 0.25),
        _plan("be", (425,), (1.0, 3.0), (425,), 0.5, 0.167),
        _plan("cl", (400,), (1.0, 3.0), (400,), 0.5, 0.2),
        _plan("il", (414,), (1.0, 3.0), (414,), 0.5, 0.25),
        _plan("hu", (425,), (1.25, 3.75), (425,), 0.3, 0.3),
        _plan("ch", (425,), (1.0, 4.0), (425,), 0.5, 0.2),
        _plan("nl", (425,), (1.0, 4.0), (425,), 0.5, 0.25),
        _plan("se", (425,), (1.0, 5.0), (425,), 0.25, 0.25),
        _plan("br", (425,), (1.0, 4.0), (425,), 0.25, 0.25),
        _plan("ru", (425,), (0.8, 3.2), (425,), 0.35, 0.175),
    )
}

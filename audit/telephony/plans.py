"""National tone plans: what ringback, busy, congestion, call waiting and dial tone sound like, as one table.

The facts are those of ITU-T E.180 Supplement 2, "Various tones used in national networks", as the indication tables of
PBXs carry them. Where two countries sound alike, no recording can tell which it is; see
:attr:`audit.telephony.ringing.Ringing.plan_alternatives`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

FREQUENCY_TOLERANCE_RATIO = 0.015  # what networks allow themselves (E.180), and a unit of misfit
MATCH_RATIO = 0.02  # that, and what measuring and a recorder's clock add
MODULATION_TOLERANCE_HZ = 4.0
UNMODULATED_PENALTY_RATIO = 0.002  # many exchanges send the bare carrier


def carrier_hz(freqs_hz: tuple[float, ...]) -> tuple[float, ...]:
    """The components without the side tones of a modulated one.

    Examples
    --------
    >>> carrier_hz((384.0, 400.0, 416.0)), carrier_hz((440.0, 480.0))
    ((400.0,), (440.0, 480.0))
    """
    return freqs_hz[1:2] if len(freqs_hz) == 3 else freqs_hz


@dataclass(frozen=True, slots=True)
class Cadence:
    """A repeating tone.

    Attributes
    ----------
    freqs_hz : tuple of float
        Components that sound together, lowest first; of a modulated tone its carrier.
    pattern_s : tuple of float
        On, off, on, off, … in seconds; one pass is one cycle (for ringback: one ring).
    modulation_hz : float
        Of the amplitude, nearly or quite to zero; 0 where there is none.
    """

    freqs_hz: tuple[float, ...]
    pattern_s: tuple[float, ...]
    modulation_hz: float = 0.0

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

        A modulated tone is also taken without its modulation, at a small penalty; an unmodulated one not with it.

        Examples
        --------
        >>> Cadence((450.0,), (1.0, 4.0)).mismatch_ratio((454.5,))
        0.01
        >>> Cadence((450.0,), (1.0, 4.0)).mismatch_ratio((425.0,)) is None
        True
        """
        heard = carrier_hz(freqs_hz)
        if len(heard) != len(self.freqs_hz) or abs(heard[0] / self.freqs_hz[0] - 1) > MATCH_RATIO:
            return None
        penalty = 0.0
        if len(freqs_hz) == 3:
            spacing_hz = (freqs_hz[2] - freqs_hz[0]) / 2
            if abs(spacing_hz - self.modulation_hz) > MODULATION_TOLERANCE_HZ:
                return None
        elif self.modulation_hz:
            penalty = UNMODULATED_PENALTY_RATIO
        worst = max(abs(h / f - 1) for h, f in zip(heard, self.freqs_hz, strict=True))
        return round(worst + penalty, 6) if worst <= MATCH_RATIO else None


@dataclass(frozen=True, slots=True)
class TonePlan:
    """The signalling tones of one country.

    Attributes
    ----------
    name : str
        ISO 3166 code of the country, lower case ("uk" for the United Kingdom, as PBXs have it).
    ringbacks : tuple of Cadence
        The national one first, then others in use.
    busy, congestion : Cadence
    call_waiting : Cadence or None
    dial_hz : tuple of float
        Components of the dial tone, () where it is not known or has a cadence.
    information : Cadence or None
        Tone of an unobtainable number, where it is not the special information tone of E.180.
    source : str
        Key in :data:`SOURCES`.
    """

    name: str
    ringbacks: tuple[Cadence, ...]
    busy: Cadence
    congestion: Cadence
    call_waiting: Cadence | None
    dial_hz: tuple[float, ...]
    information: Cadence | None
    source: str

    @property
    def ringback(self) -> Cadence:
        """The national ringback."""
        return self.ringbacks[0]


def _tone(text: str) -> Cadence:
    """Read "440+480 2 4" (components, then on and off seconds) or "400*25 .4 .2 .4 2" (carrier and modulation)."""
    what, *pattern = text.split()
    carrier, _, modulation = what.partition("*")
    return Cadence(tuple(float(f) for f in carrier.split("+")), tuple(float(s) for s in pattern), float(modulation or 0))


def _plan(row: str) -> TonePlan:
    """Read a row of the table."""
    name, ring, busy, congestion, waiting, dial, source, *information = (field.strip() for field in row.split("|"))
    plan = TonePlan(
        name,
        tuple(_tone(r) for r in ring.split("/")),
        _tone(busy),
        _tone(congestion),
        _tone(waiting) if waiting else None,
        tuple(float(f) for f in dial.split("+")) if dial else (),
        _tone(information[0]) if information else None,
        source,
    )
    for cadence in (*plan.ringbacks, plan.busy, plan.congestion, *filter(None, (plan.call_waiting, plan.information))):
        if len(cadence.pattern_s) % 2 or min(cadence.pattern_s) <= 0 or any(a >= b for a, b in pairwise(cadence.freqs_hz)):
            raise ValueError(f"tone plan {name}: {cadence}")
    return plan


SOURCES = {
    "A": "Asterisk, sample indications.conf (which cites ITU-T E.180 Supplement 2 of 2003 and national papers)",
    "F": "FreePBX, zone list of its core module",
    "E": "ITU-T E.180 Supplement 2, as remembered; not checked against the text",
    "N": "as the United States: one numbering plan, one tone plan",
}

# country | ringback (others after /) | busy | congestion | call waiting | dial | source | information tone
# Hz (carrier*modulation), then seconds on, off, on, off …
# Where two plans fit equally well the earlier row wins in `plan="auto"`.
_TABLE = """
cn | 450 1 4            | 450 .35 .35   | 450 .7 .7     | 450 .4 4                | 450     | A | 450 .1 .1 .1 .1 .1 .1 .4 .4
us | 440+480 2 4        | 480+620 .5 .5 | 480+620 .25 .25 | 440 .3 10             | 350+440 | A
uk | 400+450 .4 .2 .4 2 | 400 .375 .375 | 400 .4 .35 .225 .525 | 400 .1 4         | 350+440 | A
de | 425 1 4            | 425 .48 .48   | 425 .24 .24   | 425 .2 .2 .2 5          | 425     | A
fr | 440 1.5 3.5        | 440 .5 .5     | 440 .25 .25   | 440 .3 10               | 440     | A
jp | 400*16 1 2         | 400 .5 .5     | 400 .5 .5     | 400*16 .5 8             | 400     | A
it | 425 1 4            | 425 .5 .5     | 425 .2 .2     | 425 .4 .1 .25 .1 .15 14 |         | A
es | 425 1.5 3          | 425 .2 .2     | 425 .2 .2 .2 .2 .2 .6 | 425 .175 .175 .175 3.5 | 425 | A
au | 413+438 .4 .2 .4 2 / 400+450 .4 .2 .4 2 | 425 .375 .375 | 425 .375 .375 | 425 .2 .2 .2 4.4 | 413+438 | A
nz | 400+450 .4 .2 .4 2 | 400 .5 .5     | 400 .25 .25   | 400 .2 3                | 400     | A
in | 400*25 .4 .2 .4 2  | 400 .75 .75   | 400 .25 .25   | 400 .2 .1 .2 7.5        | 400     | A
hk | 440+480 .4 .2 .4 3 | 480+620 .5 .5 | 480+620 .25 .25 | 440 .3 10             | 350+440 | F
tw | 440+480 1 2        | 480+620 .5 .5 | 480+620 .25 .25 | 350+440 .25 .25 .25 3.25 | 350+440 | A
sg | 425*24 .4 .2 .4 2  | 425 .75 .75   | 425 .25 .25   | 425*24 .3 .2 .3 3.2     | 425     | A
my | 425 .4 .2 .4 2     | 425 .5 .5     | 425 .5 .5     | 425 .1 4                | 425     | A
ca | 440+480 2 4        | 480+620 .5 .5 | 480+620 .25 .25 | 440 .3 10             | 350+440 | N
kr | 440+480 1 2        | 480+620 .5 .5 | 480+620 .3 .2 |                         | 350+440 | E
th | 420 1 5            | 400 .5 .5     | 400 .3 .3     |                         |         | A
ph | 425+480 1 4        | 480+620 .5 .5 | 480+620 .25 .25 | 440 .3 10             | 425     | A
id | 425 1 4            | 425 .5 .5     | 425 .25 .25   | 425 .15 .15 .15 10      | 425     | A
vn | 425 1 4            | 425 .5 .5     | 425 .25 .25   |                         | 425     | E
mo | 425 1 4            | 425 .5 .5     | 425 .25 .25   | 425 .2 .6               | 425     | F
at | 420 1 5            | 420 .4 .4     | 420 .2 .2     | 420 .04 1.96            | 420     | A
ch | 425 1 4            | 425 .5 .5     | 425 .2 .2     | 425 .2 .2 .2 4          | 425     | A
nl | 425 1 4            | 425 .5 .5     | 425 .25 .25   | 425 .5 9.5              | 425     | A
be | 425 1 3            | 425 .5 .5     | 425 .167 .167 | 1400 .175 .175 .175 3.5 | 425     | A
ie | 400+450 .4 .2 .4 2 | 425 .45 .45   | 425 .375 .375 | 425 .2 .2 .2 4          | 425     | F
dk | 425 1 4            | 425 .5 .5     | 425 .2 .2     | 425 .2 .6 .2 3          | 425     | A
no | 425 1 4            | 425 .5 .5     | 425 .2 .2     | 425 .2 .6 .2 10         | 425     | A
se | 425 1 5            | 425 .25 .25   | 425 .25 .75   | 425 .2 .5 .2 9.1        | 425     | A
fi | 425 1 4            | 425 .3 .3     | 425 .2 .2     | 425 .15 .15 .15 8       | 425     | A
ee | 425 1 4            | 425 .3 .3     | 425 .2 .2     |                         | 425     | A
lt | 425 1 4            | 425 .35 .35   | 425 .2 .2     | 425 .15 .15 .15 4       | 425     | A
pl | 425 1 4            | 425 .5 .5     | 425 .5 .5     | 425 .15 .15 .15 4       | 425     | A
cz | 425 1 4            | 425 .33 .33   | 425 .165 .165 | 425 .33 9               |         | A
hu | 425 1.25 3.75      | 425 .3 .3     | 425 .3 .3     | 425 .04 1.96            | 425     | A
ro | 450*25 1.85 4.15   | 450 .167 .167 | 450 .5 .5     | 450 .15 .15 .15 8       | 450     | F
bg | 425 1 4            | 425 .5 .5     | 425 .25 .25   | 425 .15 .15 .15 4       | 425     | A
gr | 425 1 4            | 425 .3 .3     | 425 .2 .2     | 425 .15 .15 .15 8       |         | A
tr | 450 2 4            | 450 .5 .5     | 450 .2 .2 .2 .2 .2 .2 .6 .2 | 450 .2 .6 .2 8 | 450    | F
pt | 425 1 5            | 425 .5 .5     | 425 .2 .2     | 440 .3 10               | 425     | A
ru | 425 1 4 / 425 .8 3.2 | 425 .35 .35 | 425 .175 .175 | 425 .2 5                | 425     | A
il | 414 1 3            | 414 .5 .5     | 414 .25 .25   | 414 .1 .1 .1 .1 .6 3    | 414     | A
ae | 400+450 .4 .2 .4 2 | 400 .375 .375 | 400 .4 .35 .225 .525 |                  | 350+440 | E
ir | 425 1 4            | 425 .5 .5     | 425 .24 .24   | 425 .2 .2 .2 10         | 425     | F
pk | 400 1 2            | 400 .5 .5     | 400 .25 .25   |                         |         | F
za | 400*33 .4 .2 .4 2 / 383+417 .4 .2 .4 2 | 400 .5 .5 | 400 .25 .25 |             | 400     | A
br | 425 1 4            | 425 .25 .25   | 425 .25 .25 .75 .25 | 425 .05 1         | 425     | A
mx | 425 1 4            | 425 .25 .25   | 425 .25 .25   | 425 .2 .6 .2 10         | 425     | A
ar | 425 1 4.5          | 425 .3 .3     | 425 .2 .3     | 425 .2 9                | 425     | F
cl | 400 1 3            | 400 .5 .5     | 400 .2 .2     | 400 .25 8.75            | 400     | A
co | 425 1 4.5          | 425 .25 .25   | 425 .1 .25 .35 .25 .65 .25 | 400+450 .3 6 | 425    | F
cr | 450 1.2 4.9        | 450 .33 .33   | 450 .33 .33   | 450 .15 .15 .15 8       | 450     | F
pa | 425 1.2 4.65       | 425 .32 .32   | 425 .32 .32   |                         | 425     | F
ve | 425 1 4            | 425 .5 .5     | 425 .25 .25   | 400+450 .3 6            | 425     | A
"""

TONE_PLANS: dict[str, TonePlan] = {p.name: p for p in map(_plan, _TABLE.strip().splitlines())}

"""What likeness costs in matching: the parameters of a scorecard."""

from __future__ import annotations

from dataclasses import dataclass, field

from audit.evaluation.heard import FILLERS
from audit.evaluation.normalise import normalise
from audit.evaluation.sound import TOLERANCES, Prices, prices_at


@dataclass(frozen=True, slots=True)
class Matching:
    """What likeness costs; every figure is a parameter of the scorecard.

    Attributes
    ----------
    same_sound_cost, near_sound_cost : float
        Price of hearing another character of the same syllable in another tone, and of one that only sounds alike.
    max_cost_ratio : float
        Highest mean price for each character at which a phrase still counts as said.
    max_name_distance_ratio : float
        The same for a long name heard as a whole.
    omission_cost : float
        Price of a character of a long name that is not there; above 1, since recognisers rather
        mistake than drop, while people abbreviate.
    gap_chars : int
        Longest ``…``, in characters.
    regex_timeout_s : float
        Processor time that the expressions of one rule may take on one call; beyond it, the rule is not evaluable there.
    same_tone_cost : float
        Price of another character of the same syllable and tone.
    tolerate : tuple of str
        Sounds that are taken for each other at `near_sound_cost` (:data:`audit.evaluation.sound.TOLERANCES`).
    filler_cost : float
        Price of a filler passed over inside a phrase.
    fillers : tuple of str or None
        Words that may be passed over; None for those of the language.
    max_fillers : int
        More of them inside one phrase are not passed over.
    min_confidence : float
        A hit below it does not decide a critical criterion: a person must listen.
    prices : Prices
        What it costs to take one heard character for the expected one, by the pair of them; follows from the others.
    """

    same_sound_cost: float = 0.1
    near_sound_cost: float = 0.4
    max_cost_ratio: float = 0.2
    max_name_distance_ratio: float = 0.25
    omission_cost: float = 1.5
    gap_chars: int = 8
    regex_timeout_s: float = 0.5
    same_tone_cost: float = 0.05
    tolerate: tuple[str, ...] = TOLERANCES
    filler_cost: float = 0.05
    fillers: tuple[str, ...] | None = None
    max_fillers: int = 2
    min_confidence: float = 0.0
    prices: Prices = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        prices = prices_at(self.same_tone_cost, self.same_sound_cost, self.near_sound_cost, self.tolerate)
        object.__setattr__(self, "prices", prices)

    def fillers_of(self, language: str) -> tuple[str, ...]:
        """Fillers in the form that they are searched in, the longest first."""
        words = FILLERS.get(language, ()) if self.fillers is None else self.fillers
        return tuple(sorted({normalise(w, language)[0] for w in words} - {""}, key=lambda w: (-len(w), w)))

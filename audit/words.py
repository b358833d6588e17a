"""What was said and by whom, as frozen values; times are seconds from the start of the recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audit.frozen import quick
from audit.segments import Segment

Role = Literal["agent", "customer", "ivr", "unknown"]
UncoveredReason = Literal["no_words", "not_believed"]


@quick
@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word (for Chinese: one token of one or more characters)."""

    start_s: float
    end_s: float
    text: str
    confidence: float


@quick
@dataclass(frozen=True, slots=True)
class Turn:
    """What one party says until the other speaks or a pause ends it.

    `text` is punctuated; `words` are in order and may be empty for an imported transcript.
    """

    start_s: float
    end_s: float
    role: Role
    text: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Uncovered(Segment):
    """Found speech for which no word stands in the transcript, after a second attempt with other settings.

    Attributes
    ----------
    role : Role
        Whose leg it lies on.
    reason : {"no_words", "not_believed"}
        Nothing was written there, or what was written did not stand up to its evidence.
    """

    role: Role = "unknown"
    reason: UncoveredReason = "no_words"


@quick
@dataclass(frozen=True, slots=True)
class Dropped:
    """What the recogniser wrote and the transcript does not hold, by the evidence against it.

    Attributes
    ----------
    reason : str
        One of :data:`audit.transcript.evidence.REASONS`.
    n_texts, n_words : int
        Texts (windows, or rows of words) and words dropped for it.
    """

    reason: str
    n_texts: int
    n_words: int


@quick
@dataclass(frozen=True, slots=True)
class Transcript:
    """All turns of a call, sorted by start.

    Attributes
    ----------
    language : str
        "zh" or "en".
    model : str
        Name of the speech model.
    coverage_ratio : float or None
        Seconds of found speech that carry words, of all seconds of found speech: all but `uncovered`.
    uncovered : tuple of Uncovered
        Speech without words, by start.
    dropped : tuple of Dropped
        Text that was not believed, by reason; empty where all was, or for a transcript from elsewhere.
    """

    language: str
    model: str
    turns: tuple[Turn, ...] = ()
    coverage_ratio: float | None = None
    uncovered: tuple[Uncovered, ...] = ()
    dropped: tuple[Dropped, ...] = ()

    @property
    def n_words(self) -> int:
        """Words with times and a confidence."""
        return sum(len(t.words) for t in self.turns)

    @property
    def confidence(self) -> float | None:
        """Mean confidence of all words, 0-1; None without any.

        Low where the speech is of a language, a dialect or a quality that the model does not know.
        """
        n = self.n_words
        return sum(w.confidence for t in self.turns for w in t.words) / n if n else None

"""The conditions on wording, as frozen values: phrases, expressions, closeness, likeness, repetition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from audit.evaluation.match import MatchMode
from audit.evaluation.scopes import AGENT, Where

Quantifier = Literal["any", "all", "none"]
Relation = Literal["near", "not_near", "not_in"]
Expect = Literal["said", "unsaid"]
Method = Literal["order", "ngram", "meaning"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A wording, the polite form to suggest for it, and the contexts in which it is harmless."""

    text: str
    suggestion: str | None = None
    unless: tuple[str, ...] = ()
    match: MatchMode | None = None


@dataclass(frozen=True, slots=True)
class Phrases:
    """Any, all or none of some wordings is said.

    Attributes
    ----------
    at_least : int or None
        With ``any``: so many of the phrases.
    min_hits : int or None
        With ``any`` or ``all``: so many times in all.
    max_hits : int or None
        With ``none``: so many times are let pass.
    """

    quantifier: Quantifier
    phrases: tuple[Phrase, ...]
    where: Where = AGENT
    unless: tuple[str, ...] = ()
    match: MatchMode = "normalised"
    at_start: bool = False
    skip: tuple[str, ...] = ()
    max_cost_ratio: float | None = None
    max_name_distance_ratio: float | None = None
    at_least: int | None = None
    min_hits: int | None = None
    max_hits: int | None = None


@dataclass(frozen=True, slots=True)
class Regex:
    """Any or none of some regular expressions is found in the normalised text.

    Attributes
    ----------
    unless : tuple of str
        Phrases whose words do not count.
    unless_pattern : tuple of str
        Expressions; a sentence in which one is found does not count.
    """

    quantifier: Quantifier
    patterns: tuple[str, ...]
    where: Where = AGENT
    unless: tuple[str, ...] = ()
    unless_pattern: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ratio:
    """One wording is not used too often, by itself or beside another."""

    counted: tuple[str, ...]
    against: tuple[str, ...]
    excused: tuple[str, ...] = ()
    max_count: int | None = None
    max_ratio: float | None = None
    where: Where = AGENT
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Proximity:
    """One wording close to another in a turn, away from it, or not as part of it.

    Attributes
    ----------
    within_words, within_chars : int or None
        What may lie between the two: English words; characters. In Chinese each character counts as a word.
    ordered : bool
        `second` comes after `first`.
    relation : {"near", "not_near", "not_in"}
        What of `first` counts: said near `second`; not near it; not inside it ("credit" but not "credit card").
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    within_words: int | None = None
    within_chars: int | None = None
    ordered: bool = False
    relation: Relation = "near"
    expect: Expect = "said"
    where: Where = AGENT
    match: MatchMode = "normalised"


@dataclass(frozen=True, slots=True)
class Similarity:
    """What is said is like a script, or like one of some examples.

    Attributes
    ----------
    to : str or None
        One text; the same as a single example.
    method : {"order", "ngram", "meaning"} or None
        *order*: the share of the text's characters (English: words) that are heard in its order in all that is searched; the
        way for a script. *ngram*: the likeness of the nearest stretch of a turn by its characters and pairs of
        characters (English: words); the way for examples. *meaning*: the nearness of the nearest stretch in meaning
        (:mod:`audit.evaluation.meaning`): other words are found, negation is not seen. None: ``order`` for `to`,
        ``ngram`` for `examples`.
    expect : {"said", "unsaid"}
        Whether likeness of at least `min_ratio` passes or fails.
    """

    min_ratio: float
    to: str | None = None
    examples: tuple[str, ...] = ()
    method: Method | None = None
    expect: Expect = "said"
    where: Where = AGENT


@dataclass(frozen=True, slots=True)
class Repetition:
    """No sentence is said again too often.

    Attributes
    ----------
    min_similarity : float
        Likeness of two sentences from which one repeats the other, 0-1.
    min_chars : int
        Shorter sentences (English: of fewer words) are left out.
    within_turns : int
        How many turns back a sentence is compared with; 0: with all before.
    max_times : int
        So often it may be said again.
    excludes : tuple of str
        Sentences with one of these phrases are left out.
    """

    min_similarity: float = 0.8
    min_chars: int = 4
    within_turns: int = 0
    max_times: int = 0
    excludes: tuple[str, ...] = ()
    where: Where = AGENT

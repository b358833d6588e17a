"""Values of other people's JSON, each read or refused, never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from audit.words import Word


def number(value: Any) -> float:
    """A number, also as text ("1.94", as Amazon Transcribe writes it); not-a-number where it is none.

    Examples
    --------
    >>> number("1.94"), number(3), number(None), number(True)
    (1.94, 3.0, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def first_number(mapping: Mapping[str, Any], *keys: str) -> float:
    """The number under the first of these keys that is there; not-a-number without any."""
    return next((number(mapping[k]) for k in keys if mapping.get(k) is not None), math.nan)


def confidence_or_nan(value: Any) -> float:
    """A confidence of 0-1; not-a-number where the file gives none, until its line is made."""
    found = ratio(value)
    return math.nan if found is None else found


def ratio(value: Any) -> float | None:
    """A confidence of 0-1; None for anything else."""
    found = number(value)
    return found if 0.0 <= found <= 1.0 else None


def first_ratio(mapping: Mapping[str, Any], *keys: str) -> float | None:
    """The confidence under the first of these keys that is there."""
    return next((ratio(mapping[k]) for k in keys if mapping.get(k) is not None), None)


def text(mapping: Mapping[str, Any], *keys: str) -> str:
    """The text under the first of these keys that holds one; "" without any."""
    return next((v for k in keys if isinstance(v := mapping.get(k), str)), "")


def label(mapping: Mapping[str, Any], *keys: str) -> str | None:
    """A speaker's label under the first of these keys: a text, or a number as text."""
    for key in keys:
        value = mapping.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list; () for anything else."""
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def with_marks(items: Iterable[tuple[Word | None, str]]) -> list[Word]:
    """Words with the punctuation marks that follow them; a mark comes as (None, mark) and has no time of its own.

    Examples
    --------
    >>> [w.text for w in with_marks([(Word(0, 1, "Hello", 0.9), ""), (None, ","), (Word(1, 2, "you", 0.9), "")])]
    ['Hello,', 'you']
    """
    words: list[Word] = []
    for word, mark in items:
        if word is not None:
            words.append(word)
        elif words:
            last = words[-1]
            words[-1] = Word(last.start_s, last.end_s, last.text + mark, last.confidence)
    return words

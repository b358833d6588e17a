"""Words brought to one form, so that spelling never decides a verdict.

Chinese: width, Traditional to Simplified, digits to numerals, 幺 to 一, letters to lower case, no
punctuation. English: lower case words, contractions and numbers written out, hyphens opened, no punctuation.
Every character of the result knows which stretch of the original it stands for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import compress
from typing import cast

import cn2an
from opencc import OpenCC

from audit.evaluation.numbers import EN_SMALL, ZH_DIGITS, english_number, ordinal

#: Longer runs of digits are read one by one (a telephone or order number), shorter ones as a number.
_LONGEST_READ_AS_NUMBER = 4

#: A time of day, or a number with its fraction and per cent.
_ZH_NUMBER = re.compile(r"(?<!\d)(?P<hour>\d{1,2})[:：](?P<minute>[0-5]\d)(?!\d)|(\d+)(?:\.(\d+))?(%)?")
#: Numbers with marks of thousands, ordinals, hours before am and pm, and words.
_EN_TOKEN = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+(?=[ap]m\b)|[^\W_]+(?:'[^\W_]+)?", re.IGNORECASE)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")

_WHOLE = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
    "gonna": "going to",
}
_IS_BEFORE_S = frozenset(("what", "that", "it", "here", "there", "who", "how", "where", "he", "she", "when"))
_ENDINGS = (("n't", " not"), ("'re", " are"), ("'ll", " will"), ("'ve", " have"), ("'m", " am"), ("'d", " would"))

Span = tuple[int, int]


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def _clock(hour: str, minute: str) -> str:
    """A time of day as it is spoken: 15:30 is 十五点三十, 9:00 is 九点."""
    return f"{_numeral(str(int(hour)), None, None)}点" + ("" if minute == "00" else _numeral(minute, None, None))


class _Letters(dict[str, str]):
    """What becomes of each character that is no digit: its Simplified, lower-case form, or nothing where it is no letter."""

    def __missing__(self, character: str) -> str:
        if unicodedata.category(character)[0] not in "LNM":
            kept = ""
        else:
            kept = character.lower()
            if kept >= "\u2e80":  # below the first block of Chinese characters nothing is traditional
                kept = str(_simplifier().convert(kept))
            kept = "一" if kept == "幺" else kept
        self[character] = kept
        return kept


_LETTERS = _Letters()
_LETTER_OF = _LETTERS.__getitem__


class _Written(dict[str, str]):
    """What becomes of each character as it is written, of full width or not; `_NUMBER` for what holds a digit."""

    def __missing__(self, character: str) -> str:
        flat = unicodedata.normalize("NFKC", character)
        kept = self[character] = _NUMBER if _DIGIT.search(flat) else "".join(map(_LETTER_OF, flat))
        return kept


#: Stands for a digit where characters are looked at one by one; no text that was written holds it.
_NUMBER = "\0\0"
_DIGIT = re.compile(r"\d")
_WRITTEN = _Written()
_WRITTEN_AS = _WRITTEN.__getitem__
#: The same of characters met before, None of others: in half the time.
_WRITTEN_BEFORE = _WRITTEN.get
#: Where the characters of a turn stand; few turns are longer.
_PLACES: tuple[Span, ...] = tuple((i, i + 1) for i in range(1024))


@lru_cache(maxsize=5_000)
def _numeral(whole: str, fraction: str | None, percent: str | None) -> str:
    """Digits as they are spoken."""
    if len(whole) > _LONGEST_READ_AS_NUMBER or (whole.startswith("0") and len(whole) > 1):
        spoken = "".join(ZH_DIGITS[int(d)] for d in whole)
    else:
        spoken = cn2an.an2cn(int(whole), "low")
    if fraction:
        spoken += "点" + "".join(ZH_DIGITS[int(d)] for d in fraction)
    if percent:
        return "百分之百" if spoken == "一百" else "百分之" + spoken
    return spoken


def _letter_by_letter(text: str) -> tuple[str, tuple[Span, ...]] | None:
    """The same of a text without digits; None where there are some, or where a character becomes several."""
    letters = cast(list[str], list(map(_WRITTEN_BEFORE, text)))
    try:
        plain = "".join(letters)
    except TypeError:  # some were not met before
        letters = list(map(_WRITTEN_AS, text))
        plain = "".join(letters)
    n = len(letters)
    origin = tuple(compress(_PLACES if n <= len(_PLACES) else [(i, i + 1) for i in range(n)], letters))
    return (plain, origin) if len(plain) == len(origin) else None


def _chinese(text: str) -> tuple[str, tuple[Span, ...]]:
    letters_alone = _letter_by_letter(text)
    if letters_alone is not None:
        return letters_alone
    places: Sequence[int]
    if unicodedata.is_normalized("NFKC", text):
        flat, places = text, range(len(text))
    else:
        # NFKC of each character keeps the way back to the original; it may give several ("㈱").
        wide = [(c, i) for i, ch in enumerate(text) for c in unicodedata.normalize("NFKC", ch)]
        flat, places = "".join(c for c, _ in wide), [i for _, i in wide]
    out: list[str] = []
    origin: list[Span] = []

    def letters(start: int, end: int) -> None:
        kept = list(map(_LETTER_OF, flat[start:end]))
        out.extend(kept)
        for i, new in enumerate(kept, start):
            if new:
                place = places[i]
                origin.append((place, place + 1))
                if len(new) > 1:
                    origin.extend([(place, place + 1)] * (len(new) - 1))

    at = 0
    for m in _ZH_NUMBER.finditer(flat):
        letters(at, m.start())
        spoken = _clock(m["hour"], m["minute"]) if m["hour"] else _numeral(m[3], m[4], m[5])
        out.append(spoken)
        origin.extend([(places[m.start()], places[m.end() - 1] + 1)] * len(spoken))
        at = m.end()
    letters(at, len(flat))
    return "".join(out), tuple(origin)


_APOSTROPHES = {0x2018: "'", 0x2019: "'", 0x02BC: "'"}


def _english(text: str) -> tuple[str, tuple[Span, ...]]:
    # One-to-one replacements only, so that positions stay.
    flat = text.translate(_APOSTROPHES)
    out: list[str] = []
    origin: list[Span] = []
    for m in _EN_TOKEN.finditer(flat):
        words = _expanded(m[0].lower())
        if out:
            out.append(" ")
            origin.append((origin[-1][1], m.start()) if origin[-1][1] < m.start() else m.span())
        out.extend(words)
        origin.extend([m.span()] * len(words))
    return "".join(out), tuple(origin)


def _spoken(digits: str) -> str:
    """Digits as English words: a number of up to four, else one by one, as a number of an order is read.

    Examples
    --------
    >>> _spoken("24"), _spoken("100"), _spoken("0455")
    ('twenty four', 'one hundred', 'zero four five five')
    """
    if len(digits) > _LONGEST_READ_AS_NUMBER or (digits.startswith("0") and len(digits) > 1):
        return " ".join(EN_SMALL[int(d)] for d in digits)
    return english_number(int(digits))


@lru_cache(maxsize=20_000)
def _expanded(token: str) -> str:
    """A contraction or a number written out; a possessive loses its ending."""
    if token in _WHOLE:
        return _WHOLE[token]
    if token.isascii() and token.isdecimal():
        return _spoken(token)
    if token[0].isdigit():
        if "," in token:
            n = int(token.replace(",", ""))
            return english_number(n) if n < 1_000_000 else _spoken(str(n))
        nth = _ORDINAL.fullmatch(token)
        if nth and (word := ordinal(int(nth[1]))):
            return word
    for ending, full in _ENDINGS:
        if token.endswith(ending) and len(token) > len(ending):
            return token[: -len(ending)] + full
    if token.endswith("'s"):
        stem = token[:-2]
        return stem + " is" if stem in _IS_BEFORE_S else stem
    return token.replace("'", "")


def normalise(text: str, language: str) -> tuple[str, tuple[Span, ...]]:
    """The normalised text and, for each of its characters, the half-open range of `text` it stands for.

    Parameters
    ----------
    text : str
    language : {"zh", "en"}

    Examples
    --------
    >>> normalise("請稍等 15 秒！", "zh")[0]
    '请稍等十五秒'
    >>> normalise("I'm sorry—we can’t.", "en")[0]
    'i am sorry we can not'
    """
    return _english(text) if language == "en" else _chinese(text)


def normalised(text: str, language: str) -> str:
    """The normalised text alone, which for English takes a third of the time.

    Examples
    --------
    >>> normalised("I'm sorry—we can’t.", "en")
    'i am sorry we can not'
    """
    if language != "en":
        return _chinese(text)[0]
    return " ".join([_expanded(word.lower()) for word in _EN_TOKEN.findall(text.translate(_APOSTROPHES))])

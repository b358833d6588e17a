"""Words brought to one form, so that spelling never decides a verdict.

Chinese: width, Traditional to Simplified, digits to numerals, 幺 to 一, letters to lower case, no
punctuation. English: lower case words, contractions and numbers written out, hyphens opened, no punctuation.
Every character of the result knows which stretch of the original it stands for.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import cn2an
from opencc import OpenCC

_EN_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_EN_TENS = ("", "", *["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
#: Longer runs of digits are read one by one (a telephone or order number), shorter ones as a number.
_LONGEST_READ_AS_NUMBER = 4

_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_ZH_TOKEN = re.compile(r"(\d+)(?:\.(\d+))?(%)?|(.)", re.DOTALL)
_EN_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")

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


@lru_cache(maxsize=20_000)
def _simplified(character: str) -> str:
    if character < "\u2e80":  # below the first block of Chinese characters nothing is traditional
        return character
    return str(_simplifier().convert(character))


def _numeral(whole: str, fraction: str | None, percent: str | None) -> str:
    """Digits as they are spoken."""
    if len(whole) > _LONGEST_READ_AS_NUMBER or (whole.startswith("0") and len(whole) > 1):
        spoken = "".join(_DIGITS[d] for d in whole)
    else:
        spoken = cn2an.an2cn(int(whole), "low")
    if fraction:
        spoken += "点" + "".join(_DIGITS[d] for d in fraction)
    if percent:
        return "百分之百" if spoken == "一百" else "百分之" + spoken
    return spoken


def _chinese(text: str) -> tuple[str, tuple[Span, ...]]:
    # NFKC of each character keeps the way back to the original; it may give several ("㈱").
    wide: list[tuple[str, int]] = [(c, i) for i, ch in enumerate(text) for c in unicodedata.normalize("NFKC", ch)]
    flat = "".join(c for c, _ in wide)
    out: list[str] = []
    origin: list[Span] = []
    for m in _ZH_TOKEN.finditer(flat):
        span = (wide[m.start()][1], wide[m.end() - 1][1] + 1)
        if m[1]:
            new = _numeral(m[1], m[2], m[3])
        elif unicodedata.category(m[4])[0] in "LNM":
            new = _simplified(m[4].lower())
            new = "一" if new == "幺" else new
        else:
            continue
        out.extend(new)
        origin.extend([span] * len(new))
    return "".join(out), tuple(origin)


def _english(text: str) -> tuple[str, tuple[Span, ...]]:
    # One-to-one replacements only, so that positions stay.
    flat = text.translate({0x2018: "'", 0x2019: "'", 0x02BC: "'"})
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
        return " ".join(_EN_SMALL[int(d)] for d in digits)
    n = int(digits)
    if n < len(_EN_SMALL):
        return _EN_SMALL[n]
    parts = [f"{_EN_SMALL[n // 1000]} thousand"] if n >= 1000 else []
    parts += [f"{_EN_SMALL[n // 100 % 10]} hundred"] if n // 100 % 10 else []
    rest = n % 100
    if rest >= len(_EN_SMALL):
        parts.append(_EN_TENS[rest // 10])
        rest %= 10
    if rest:
        parts.append(_EN_SMALL[rest])
    return " ".join(parts)


def _expanded(token: str) -> str:
    """A contraction or a number written out; a possessive loses its ending."""
    if token in _WHOLE:
        return _WHOLE[token]
    if token.isascii() and token.isdecimal():
        return _spoken(token)
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

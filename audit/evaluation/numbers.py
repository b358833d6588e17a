"""Numbers as people say them: what a run of numerals amounts to, and the other ways to say the same.

On normalised text: Chinese numerals, English number words. ``120`` may be said 一百二十, 一百二 or 幺二零, ``123`` as
*one hundred twenty three*, *one twenty three* or *one two three*; a recogniser writes any of them, or digits.
"""

from __future__ import annotations

import re
from functools import lru_cache

import cn2an

EN_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
EN_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
#: Ordinal words of the days of a month.
ORDINALS = {
    word: n
    for n, word in enumerate(
        (
            "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
            "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
            "twentieth", "twenty first", "twenty second", "twenty third", "twenty fourth", "twenty fifth", "twenty sixth",
            "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth", "thirty first",
        ),
        start=1,
    )
}  # fmt: skip
_ORDINAL_WORDS = {n: w for w, n in ORDINALS.items()}
ZH_DIGITS = "零一二三四五六七八九"

_ZH_VALUE = {**{c: i for i, c in enumerate(ZH_DIGITS)}, "〇": 0, "两": 2, "幺": 1}
_ZH_UNIT = {"十": 10, "百": 100, "千": 1000}
_ZH_LARGE = {"万": 10_000, "亿": 100_000_000}
_EN_VALUE = {**{w: i for i, w in enumerate(EN_SMALL)}, **{w: 10 * i for i, w in enumerate(EN_TENS) if w}}
_EN_ZERO = ("oh", "o")
_EN_SCALE = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_EN_MULTIPLE = {"double": 2, "triple": 3}

#: A stretch of Chinese numerals that is a number: it begins with a digit, or with ten.
ZH_RUN = re.compile(r"[零〇一二两三四五六七八九十][零〇一二两三四五六七八九十百千万亿]+")
_EN_WORD = "(?:" + "|".join([*EN_SMALL, *(w for w in EN_TENS if w)]) + ")"
_EN_FIRST = rf"(?:(?:double|triple) {_EN_WORD}|{_EN_WORD})"
#: A stretch of English number words; ``oh`` only between others.
EN_RUN = re.compile(
    rf"\b{_EN_FIRST}\b(?:(?: (?:hundred|thousand|million))+\b(?: and(?= {_EN_WORD}\b))?| {_EN_FIRST}\b"
    rf"| (?:oh|o)(?= (?:(?:oh|o) )*(?:{_EN_FIRST})\b))*"
)
#: Shorter numbers are hardly ever read digit by digit, and such readings are words of their own (一一, 二四).
_MIN_DIGITS_READ_OUT = 3
_MAX_SPELLINGS = 8


def chinese_digits(run: str) -> str | None:
    """The digits of a run of Chinese numerals; None where it is no number.

    Examples
    --------
    >>> [chinese_digits(r) for r in ("一百二十", "一百二", "一二零", "两千零五", "三万五", "十二", "百万")]
    ['120', '120', '120', '2005', '35000', '12', None]
    """
    if all(c in _ZH_VALUE for c in run):
        return "".join(str(_ZH_VALUE[c]) for c in run)
    total = section = 0
    digit: int | None = None
    last_unit, after_unit = 1, False
    for c in run:
        if c in _ZH_VALUE:
            if digit:
                return None
            digit = _ZH_VALUE[c]
            after_unit = after_unit and digit != 0
            if digit == 0:
                last_unit = 1
        elif c in _ZH_UNIT:
            if digit is None and not (c == "十" and not after_unit):
                return None
            section += (1 if digit is None else digit or 1) * _ZH_UNIT[c]
            digit, last_unit, after_unit = None, _ZH_UNIT[c], True
        else:
            total = (total + section + (digit or 0)) * _ZH_LARGE[c]
            if total == 0:
                return None
            section, digit, last_unit, after_unit = 0, None, _ZH_LARGE[c], True
    if digit:
        # 一百二 is 120: the last unit is left out, unless 零 says otherwise.
        section += digit * (last_unit // 10 if last_unit >= 100 and after_unit else 1)
    return str(total + section)


def english_digits(run: str) -> str | None:
    """The digits of a run of English number words; None where it is no number.

    Numbers said one after another are put together as they are read.

    Examples
    --------
    >>> [english_digits(r) for r in ("one hundred and twenty three", "one twenty three", "one two three", "twenty oh five")]
    ['123', '123', '123', '2005']
    >>> [english_digits(r) for r in ("double five nine", "two thousand five", "one thousand two hundred")]
    ['559', '2005', '1200']
    """
    groups: list[str] = []
    # Of the number being read: whole thousands, the rest, and the size of the last word.
    thousands, rest, last, times = 0, 0, 0, 1
    for word in run.split():
        if word == "and":
            continue
        if word in _EN_MULTIPLE:
            times = _EN_MULTIPLE[word]
            continue
        if word in _EN_SCALE:
            scale = _EN_SCALE[word]
            if scale == 100:
                rest = (rest or 1) * 100
            else:
                thousands, rest = thousands + (rest or 1) * scale, 0
            last = scale
            continue
        number = 0 if word in _EN_ZERO else _EN_VALUE.get(word)
        if number is None:
            return None
        # A part of the number so far: 23 after a hundred, 3 after twenty; anything else begins a new one.
        fits = (last >= 100 and 0 < number < 100) or (20 <= last < 100 and 0 < number < 10)
        if not (fits and times == 1):
            if last:
                groups.append(str(thousands + rest))
            groups += [str(number)] * (times - 1)
            thousands, rest = 0, 0
        rest, last, times = rest + number, number if number >= 20 else 1, 1
    return "".join([*groups, *([str(thousands + rest)] if last else [])]) or None


def _english_number(n: int, *, joined: str = " ") -> str:
    if n < len(EN_SMALL):
        return EN_SMALL[n]
    if n < 100:
        tens, rest = divmod(n, 10)
        return EN_TENS[tens] + (f" {EN_SMALL[rest]}" if rest else "")
    for scale, word in ((1000, "thousand"), (100, "hundred")):
        if n >= scale:
            head, rest = divmod(n, scale)
            between = joined if rest < 100 else " "
            return f"{_english_number(head)} {word}" + (between + _english_number(rest, joined=joined) if rest else "")
    raise AssertionError(n)


def english_number(n: int) -> str:
    """A number below a million in words, without *and*.

    Examples
    --------
    >>> english_number(2123)
    'two thousand one hundred twenty three'
    """
    return _english_number(n)


def ordinal(n: int) -> str | None:
    """The ordinal word of a number up to 31; None beyond.

    Examples
    --------
    >>> ordinal(21), ordinal(40)
    ('twenty first', None)
    """
    return _ORDINAL_WORDS.get(n)


def _chinese_spellings(digits: str) -> list[str]:
    spelled = ["".join(ZH_DIGITS[int(d)] for d in digits)]
    if digits[0] == "0" or len(digits) > 8:
        return spelled
    plain = str(cn2an.an2cn(int(digits), "low"))
    out = [plain, *spelled, re.sub("二(?=[百千万])", "两", plain), re.sub("(?<=[百千万零])十", "一十", plain)]
    m = re.fullmatch(r"(.*[百千万][一二三四五六七八九])([十百千])", plain)
    if m and m[1][-2] == {"十": "百", "百": "千", "千": "万"}[m[2]]:
        out += [m[1], re.sub("二(?=[百千万])", "两", m[1])]
    return out


def _english_spellings(digits: str) -> list[str]:
    read = " ".join(EN_SMALL[int(d)] for d in digits)
    out = [read, read.replace("zero", "oh")] if "0" in digits[1:] else [read]
    if digits[0] == "0" or len(digits) > 6:
        return out
    n = int(digits)
    out = [_english_number(n), _english_number(n, joined=" and "), *out]
    if len(digits) in (3, 4):
        head, tail = int(digits[:-2]), int(digits[-2:])
        if tail >= 10:
            out.append(f"{_english_number(head)} {_english_number(tail)}")
        elif tail:
            out += [f"{_english_number(head)} {zero} {EN_SMALL[tail]}" for zero in ("oh", "zero")]
        elif head % 10:
            out.append(f"{_english_number(head)} hundred")
    return out


def number_edges(piece: str, language: str) -> tuple[bool, bool]:
    """Whether a normalised text begins, and whether it ends, with a number of two numerals (English: words) or more.

    Examples
    --------
    >>> number_edges("一二三一五热线", "zh"), number_edges("转一", "zh"), number_edges("dial nine one one", "en")
    ((True, False), (False, False), (False, True))
    """
    if not holds_number(piece, language):
        return False, False
    runs = [m for m in (EN_RUN if language == "en" else ZH_RUN).finditer(piece) if language != "en" or " " in m[0]]
    return any(m.start() == 0 for m in runs), any(m.end() == len(piece) for m in runs)


_ZH_NUMERALS = frozenset((*_ZH_VALUE, *_ZH_UNIT, *_ZH_LARGE))
#: One of these begins each stretch of English number words.
_EN_FIRST_WORDS = frozenset(("double", "triple", *EN_SMALL, *EN_TENS))


def holds_number(piece: str, language: str) -> bool:
    """False where a normalised text holds no stretch of numerals; most phrases hold none, and this is soon told."""
    if language == "en":
        return not _EN_FIRST_WORDS.isdisjoint(piece.split(" "))
    return not _ZH_NUMERALS.isdisjoint(piece)


def goes_on(plain: str, start: int, end: int, language: str, edges: tuple[bool, bool]) -> bool:
    """Whether a stretch with a number at its edge is cut out of a longer number.

    Examples
    --------
    >>> goes_on("一百二十五块", 0, 4, "zh", (True, True)), goes_on("一百二十块", 0, 4, "zh", (True, True))
    (True, False)
    """
    if language == "en":
        before, after = plain[:start].rsplit(None, 1)[-1:], plain[end:].split(None, 1)[:1]
        return (edges[0] and before[:1] != [] and before[0] in _EN_VALUE) or (
            edges[1] and after[:1] != [] and after[0] in _EN_VALUE
        )
    return (edges[0] and plain[start - 1 : start] in _ZH_NUMERALS) or (edges[1] and plain[end : end + 1] in _ZH_NUMERALS)


@lru_cache(maxsize=20_000)
def spellings(piece: str, language: str) -> tuple[str, ...]:
    """A piece of a phrase with its numbers as else they may be said; the piece itself first.

    Parameters
    ----------
    piece : str
        Normalised.
    language : {"zh", "en"}

    Examples
    --------
    >>> spellings("一百二十块", "zh")
    ('一百二十块', '一二零块', '一百二块')
    >>> spellings("one two three", "en")
    ('one two three', 'one hundred twenty three', 'one hundred and twenty three', 'one twenty three')
    >>> spellings("一下", "zh")
    ('一下',)
    """
    if not holds_number(piece, language):
        return (piece,)
    pattern, read, spell = (
        (EN_RUN, english_digits, _english_spellings)
        if language == "en"
        else (
            ZH_RUN,
            chinese_digits,
            _chinese_spellings,
        )
    )
    found = [piece]
    for m in pattern.finditer(piece):
        digits = read(m[0])
        if digits is None or len(digits) < _MIN_DIGITS_READ_OUT:
            continue
        for new in spell(digits):
            found += [f.replace(m[0], new, 1) for f in found[:1]]
        if len(found) > _MAX_SPELLINGS:
            break
    return tuple(dict.fromkeys(found))[:_MAX_SPELLINGS]

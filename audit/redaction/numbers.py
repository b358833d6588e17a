"""Digits as people say them and as recognisers write them, in Mandarin and English alike, and what holds them together.

What matters is that a number read out is found whole: 幺三八 0013 八千, *double four*, a digit that was heard as another
word. A count (一千二百元, *twenty dollars*, 2026年) is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_ZH = {**{c: i for i, c in enumerate("零一二三四五六七八九")}, "〇": 0, "○": 0, "两": 2, "幺": 1}
#: 幺 as recognisers mishear it: one among digits.
_YAO = "要妖腰吆夭"
_D = f"[{''.join(_ZH)}]"
_SCALES = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_SCALE = "".join(_SCALES)
_UNITS_EN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS_EN = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS_EN = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_EN = {
    **{w: str(i) for i, w in enumerate((*_UNITS_EN, *_TEENS_EN))},
    **{w: str(20 + 10 * i) for i, w in enumerate(_TENS_EN)},
    "oh": "0", "o": "0", "nought": "0", "naught": "0",
}  # fmt: skip
_ONE_EN = "|".join((*_UNITS_EN, "oh", "nought", "naught"))

_TOKEN = re.compile(
    rf"""
    (?P<moment>(?<!\d)(?:(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?|\d\d?:\d\d(?::\d\d)?|\d{{1,4}}\.\d\d?)(?![\d.:]))
  | (?P<thousands>(?<!\d)\d{{1,3}}(?:,\d{{3}})+(?![\d,]))
  | (?P<written>[0-9０-９]+)
  | (?P<times>[两二三四五六])个(?P<which>{_D})(?!{_D}*[{_SCALE}])
  | (?P<counted>(?:{_D}?[{_SCALE}]+零?)+{_D}?)
  | (?P<said>(?:[{_YAO}](?={_D}{{3}}))?{_D}(?:{_D}|[{_YAO}](?={_D}))*(?![{_SCALE}]|个{_D})(?:(?<={_D}{{3}})[{_YAO}])?)
  | \b(?P<many>double|triple)[\s-]+(?P<what>{_ONE_EN}|o|\d)\b
  | \b(?P<english>(?:{"|".join(_TENS_EN)})[\s-]+(?:{"|".join(_UNITS_EN[1:])})|{"|".join(_EN)})\b
  | \b(?P<scale>hundred|thousand|million)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
#: What makes a number a count where it stands behind it.
_UNIT = re.compile(
    r"\s*(?:[元块圆毛角分年月日号点秒钟天岁兆周期时位次件台张条%％‰℃]|个|小时|星期|公斤|美元|人民币|"
    r"(?:dollars?|bucks?|cents?|percent|years?|months?|weeks?|days?|hours?|minutes?|seconds?|[ap]\.?m\b|times|people|points?|"
    r"gigs?|megs?|[gmk]b\b|miles|pounds|euros?|yuan|rmb)\b)",
    re.IGNORECASE,
)
#: Before a unit so many digits are a number all the same: nobody counts that far.
_MOST_COUNTED = {"written": 8, "said": 4}
_CURRENCY = tuple("$¥￥£€")
_LINK = re.compile(
    r"(?:[\s,，、。.．…·\-—–_:：;；~!！?？'\"“”()（）*#/]|嗯|呃|啊|哦|额|诶|哎|唉|呢|吧|对|好|那个|然后|后面|接着|再|还有|空格|横杠|杠|的|是|"
    r"\b(?:uh|um|er|erm|hmm|then|dash|hyphen|space|yes|yeah|okay|ok|so|right|is)\b)*",
    re.IGNORECASE,
)
#: One digit heard as something else: two characters or a short word at most, that joins no two numbers by its meaning.
_MISHEARD = re.compile(
    r"[\s,，、.-]*(?:(?![到至和或跟比加减乘除年月日号点分秒元块毛角个位次万千百十])[\u4e00-\u9fff]){1,2}[\s,，、.-]*"
    r"|[\s,.-]*\b(?!(?:to|or|and|by|from|at|for|of|in|on|is|the|than|per|with)\b)[a-z]{1,6}\b[\s,.-]*",
    re.IGNORECASE,
)
_LEAST_BESIDE = 3
#: Signs between an "oh" and the figure that it belongs to.
_MOST_BETWEEN = 2
_LAST_X = re.compile(r"[\s,，、]*(?:[xXＸ×叉]|艾克斯|ex)(?![a-z])", re.IGNORECASE)
_DIGITS_BEFORE_X = 17


@dataclass(frozen=True, slots=True)
class Digits:
    """A number read out, or a part of one: ``text[start:end]``.

    Attributes
    ----------
    digits : str
        0-9, with X at the end of an identity number; ``?`` for one that was heard as something else.
    n_counted : int
        Of these, digits that were not read one by one but counted (一百三十八).
    """

    start: int
    end: int
    digits: str
    n_counted: int = 0


def digits_in(text: str) -> tuple[Digits, ...]:
    """The numbers of a text that are read out, each with all that holds together, in order.

    Examples
    --------
    >>> [d.digits for d in digits_in("我的号码是幺三八，嗯，零零一三 8000，谢谢")]
    ['13800138000']
    >>> [d.digits for d in digits_in("my card is four one double one, dash, twenty two 3 4")]
    ['41112234']
    >>> [d.digits for d in digits_in("2026年11月16日扣了12,345元")]
    []
    """
    chunks: list[Digits] = []
    for token in _tokens(text):
        if chunks and _LINK.fullmatch(text, chunks[-1].end, token.start):
            chunks[-1] = _joined(chunks[-1], token)
        else:
            chunks.append(token)
    whole: list[Digits] = []
    for chunk in chunks:
        last = whole[-1] if whole else None
        if last and _misheard_between(text, last, chunk):
            whole[-1] = _joined(last, chunk, "?")
        else:
            whole.append(chunk)
    return tuple(_with_x(text, c) for c in whole if c.n_counted * 2 <= len(c.digits))


def linked(text: str, start: int, end: int) -> bool:
    """Whether nothing stands there but what is said inside a number: signs, breath, 嗯, *then*."""
    return _LINK.fullmatch(text, start, end) is not None


def _misheard_between(text: str, a: Digits, b: Digits) -> bool:
    enough = min(len(a.digits), len(b.digits)) >= _LEAST_BESIDE
    return enough and _MISHEARD.fullmatch(text, a.end, b.start) is not None


def _joined(a: Digits, b: Digits, between: str = "") -> Digits:
    return Digits(a.start, b.end, a.digits + between + b.digits, a.n_counted + b.n_counted)


def _with_x(text: str, d: Digits) -> Digits:
    x = _LAST_X.match(text, d.end) if len(d.digits) == _DIGITS_BEFORE_X else None
    return d if x is None else Digits(d.start, x.end(), d.digits + "X", d.n_counted)


def _tokens(text: str) -> Iterator[Digits]:
    """Numbers one by one; counts with their units are left out."""
    found = [(m, d) for m in _TOKEN.finditer(text) if (d := _digits_of(m)) is not None and not _is_count(text, m, d)]
    sure = {d for m, d in found if not _is_oh(m)}
    # "oh" is a nought only beside another figure
    for a, b in [*pairwise(d for _, d in found), *pairwise(d for _, d in reversed(found))]:
        first, second = sorted((a, b), key=lambda d: d.start)
        if a in sure and second.start - first.end <= _MOST_BETWEEN and not text[first.end : second.start].strip(" -,"):
            sure.add(b)
    yield from (d for _, d in found if d in sure)


def _is_oh(m: re.Match[str]) -> bool:
    return (m["english"] or "").lower() in ("oh", "o")


def _is_count(text: str, m: re.Match[str], d: Digits) -> bool:
    if len(d.digits) > _MOST_COUNTED["written" if m["written"] or m["thousands"] else "said"]:
        return False
    return text[: m.start()].rstrip().endswith(_CURRENCY) or _UNIT.match(text, m.end()) is not None


def _digits_of(m: re.Match[str]) -> Digits | None:
    """A token's digits; None for a date, a time, a fraction."""
    start, end = m.span()
    if m["moment"]:
        return None
    if m["thousands"]:
        digits = m["thousands"].replace(",", "")
        return Digits(start, end, digits) if len(digits) >= 10 else None  # a telephone number as some recognisers write it
    if m["written"]:
        return Digits(start, end, "".join(str(int(c)) for c in m["written"]))
    if m["times"]:
        return Digits(start, end, str(_ZH[m["which"]]) * _ZH[m["times"]])
    if m["counted"]:
        value = str(_value(m["counted"]))
        return Digits(start, end, value, len(value))
    if m["said"]:
        return Digits(start, end, "".join(str(_ZH.get(c, 1)) for c in m["said"]))
    if m["many"]:
        one = m["what"].lower()
        return Digits(start, end, _EN.get(one, one) * (2 if m["many"].lower() == "double" else 3))
    if m["scale"]:
        zeros = {"hundred": 2, "thousand": 3, "million": 6}[m["scale"].lower()]
        return Digits(start, end, "0" * zeros, zeros)
    parts = re.split(r"[\s-]+", m["english"].lower())
    digits = _EN[parts[0]] if len(parts) == 1 else str(int(_EN[parts[0]]) + int(_EN[parts[1]]))
    return Digits(start, end, digits)


def _value(numeral: str) -> int:
    """The value of a Chinese numeral; of a loose one (一千二) what stands there."""
    total = section = digit = 0
    for c in numeral:
        if c in _ZH:
            digit = _ZH[c]
        elif (scale := _SCALES[c]) >= 10_000:
            total, section, digit = (total + section + digit or 1) * scale, 0, 0
        else:
            section, digit = section + (digit or 1) * scale, 0
    return total + section + digit


def passes_luhn(digits: str) -> bool:
    """Whether the last digit of a card number checks (ISO/IEC 7812-1, annex B).

    Examples
    --------
    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    if not digits.isdecimal():
        return False
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def passes_identity(digits: str) -> bool:
    """Whether an 18-digit Chinese identity number holds a date and its last sign checks (GB 11643, ISO 7064 MOD 11-2).

    Examples
    --------
    >>> passes_identity("11010519491231002X"), passes_identity("110105194912310021")
    (True, False)
    """
    if not re.fullmatch(r"[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]", digits):
        return False
    total: int = sum((10 if c == "X" else int(c)) * pow(2, 17 - i, 11) for i, c in enumerate(digits))
    return total % 11 == 1

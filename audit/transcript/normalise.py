"""The written form of recognised text: Simplified characters, full-width marks, no stray spaces.

Only the writing changes here, never the words; rules bring their own tolerance.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_OR_MARK = _HAN + r"\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f"
_FULL_WIDTH = {",": "，", "?": "？", "!": "！", ":": "：", ";": "；"}
_MARK_AFTER_HAN = re.compile(rf"(?<=[{_HAN}])\s*([,?!:;])")
_STOP_AFTER_HAN = re.compile(rf"(?<=[{_HAN}])\s*\.(?!\d)")
_SPACE_BESIDE_HAN = re.compile(
    rf"(?<=[{_HAN_OR_MARK}])\s+(?=[{_HAN_OR_MARK}0-9A-Za-z])|(?<=[0-9A-Za-z])\s+(?=[{_HAN_OR_MARK}])"
)

#: OpenCC leaves 著 alone, which may be 着 (享受著) or 著 (著名); these words keep it.
_ZHE = re.compile(r"(?<![显卓昭专原名编巨论土译合拙遗])著(?![名作者述称录书重])")

#: Marks that end a clause or a sentence, half and full width.
MARKS = frozenset(",.?!:;，。？！：；、…")
_STOPS = frozenset(".?!。？！")


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Write Traditional characters as Simplified ones (OpenCC, ``t2s``).

    One character stays one character, so times and positions keep their place;
    a phrase that OpenCC would change in length is converted sign by sign.

    Examples
    --------
    >>> to_simplified("請問您貴姓")
    '请问您贵姓'
    >>> to_simplified("Hello")
    'Hello'
    """
    if text.isascii():
        return text
    converted: str = _converter().convert(text)
    if len(converted) == len(text):
        return _ZHE.sub("着", converted)
    return "".join(c if len(c) == 1 else original for original in text for c in (_converter().convert(original),))


def has_han(text: str) -> bool:
    """Whether any Chinese character stands in the text."""
    return re.search(rf"[{_HAN}]", text) is not None


def tidy(text: str, *, language: str) -> str:
    """Write text as its language does.

    Chinese: Simplified, full-width marks after Chinese characters, no spaces
    between Chinese characters. Others: single spaces.

    Examples
    --------
    >>> tidy("您好, 請問 有什麼可以幫您?", language="zh")
    '您好，请问有什么可以帮您？'
    >>> tidy(" Thank you  for calling. ", language="en")
    'Thank you for calling.'
    >>> tidy("尾号 8021, 对吗?", language="zh")
    '尾号8021,对吗？'
    """
    text = re.sub(r"\s+", " ", text).strip()
    if language != "zh":
        return text
    text = to_simplified(text)
    text = _MARK_AFTER_HAN.sub(lambda m: _FULL_WIDTH[m[1]], text)
    text = _STOP_AFTER_HAN.sub("。", text)
    return _SPACE_BESIDE_HAN.sub("", re.sub(r"(?<=[,?!:;])\s+", "", text) if has_han(text) else text)


def ends_with_mark(text: str) -> bool:
    """Whether text ends in a mark that ends a clause."""
    return text.rstrip()[-1:] in MARKS


def ends_with_stop(text: str) -> bool:
    """Whether text ends in a mark that ends a sentence."""
    return text.rstrip()[-1:] in _STOPS

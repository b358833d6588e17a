"""Names that the model cannot know, written as they are spelt where they were said.

A hint to the decoder is heard where nobody said it: of 陈先生 it makes the first signs of a company's name, of noise the
whole name. Mandarin names are therefore not told to the decoder. What it wrote is compared with them by sound,
afterwards: 陈星电信 is 晨星电信, 陈先生 is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from audit.transcript.normalise import to_simplified
from audit.words import Word

#: So many neighbouring syllables of a longer name are no chance, fuzzily alike: three from its head on, one more
#: further inside, where names have common words.
_LEAST_RUN = 3
#: One syllable may be only nearly alike (夜 for 月) for so many that are.
_SAME_FOR_EACH_NEAR = 5
#: A name of two or three signs has many homophones: it is taken for the name where the speaker introduces somebody, or
#: where the model was not sure of what it wrote. Real words had a middle probability of 0.9, names written wrong 0.3.
_UNSURE_CONFIDENCE = 0.5
_INTRODUCES = re.compile(r"(?:我是|我叫|我姓|名叫|工号|客服|专员|代表|经理|坐席|客户经理|我这边是|这里是)\S{0,4}$")
#: 林小姐 is a form of address, not the name 林晓.
_ADDRESS = frozenset("姐妹")
#: 五千 is a number, not the name 吴倩.
_NUMERALS = frozenset("零一二三四五六七八九十百千万亿两幺")
#: Sounds that Mandarin speakers of the south, and the model, do not tell apart.
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Respelling:
    """Signs ``[start, end)`` of a text that are a name's.

    `heard` is what stood there.
    """

    start: int
    end: int
    name: str
    heard: str


@lru_cache(maxsize=8192)
def syllable(sign: str) -> str:
    """The toneless syllable of a Chinese sign, in pinyin."""
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(sign)[0])


@lru_cache(maxsize=8192)
def blurred(sign: str) -> str:
    """The toneless syllable of a Chinese sign, sounds that the south does not tell apart taken as one."""
    said = syllable(sign)
    for fine, coarse in _ALIKE:
        if said.startswith(fine) and len(fine) == 2 and fine[1] == "h":
            said = coarse + said[len(fine) :]
        elif said.endswith(fine):
            said = said[: -len(fine)] + coarse
    return said


def respellings(text: str, names: Iterable[str], *, confidence: Sequence[float] | None = None) -> tuple[Respelling, ...]:
    """Find where a Chinese text holds a name by sound that is spelt otherwise.

    Parameters
    ----------
    text : str
        Simplified.
    names : iterable of str
        What may be said; only their Chinese parts of two signs and more count.
    confidence : sequence of float, optional
        Of each sign; without it every sign is taken for sure.

    Returns
    -------
    tuple of Respelling
        In order, not overlapping; the longest first where two meet. ``()`` where every name is spelt right.

    Examples
    --------
    >>> [(r.heard, r.name) for r in respellings("这里是陈星电信客服，陈先生您好", ["晨星电信客户服务中心"])]
    [('陈星电信客', '晨星电信客')]
    """
    sure = confidence or [1.0] * len(text)
    places = [i for i, c in enumerate(text) if _HAN.match(c)]
    found: list[Respelling] = []
    for name in dict.fromkeys(part for n in names for part in re.findall(rf"{_HAN.pattern}{{2,}}", to_simplified(n))):
        least = _LEAST_RUN if len(name) > 3 else len(name)
        alike = blurred if len(name) > 3 else syllable
        for at in range(len(places)):
            for offset in range(len(name)):
                run = _run(text, places, at, name, offset, alike)
                if run < least or (offset and run <= least):
                    continue
                start, end = places[at], places[at] + run
                heard, spelt = text[start:end], name[offset : offset + run]
                if heard != spelt and (len(name) > 3 or _is_named(text, start, end, sure)):
                    found.append(Respelling(start, end, spelt, heard))
    taken: list[Respelling] = []
    for r in sorted(found, key=lambda r: (r.start - r.end, r.start)):
        if all(r.end <= t.start or t.end <= r.start for t in taken):
            taken.append(r)
    return tuple(sorted(taken, key=lambda r: r.start))


def _run(text: str, places: Sequence[int], at: int, name: str, offset: int, alike: Callable[[str], str]) -> int:
    """How many signs from here on sound like the name from `offset` on."""
    run = n_same = n_near = length = 0
    while at + length < len(places) and offset + length < len(name) and places[at + length] == places[at] + length:
        heard, spelt = alike(text[places[at + length]]), alike(name[offset + length])
        length += 1
        if heard == spelt:
            n_same += 1
            if n_same >= _SAME_FOR_EACH_NEAR * n_near:
                run = length
        elif n_same and len(name) > 3 and Levenshtein.distance(heard, spelt) == 1:
            n_near += 1
        else:
            break
    return run


def _is_named(text: str, start: int, end: int, confidence: Sequence[float]) -> bool:
    """Whether a short name can be meant here."""
    if text[end : end + 1] in _ADDRESS:
        return False
    if _NUMERALS.intersection(text[start:end]):
        return False
    unsure = max(confidence[start:end]) < _UNSURE_CONFIDENCE
    return unsure or _INTRODUCES.search(text[:start]) is not None


def respell(words: Sequence[Word], names: Iterable[str]) -> tuple[Word, ...]:
    """Words with the names spelt as they are; times and confidence stay.

    Parameters
    ----------
    words : sequence of Word
        In order.
    names : iterable of str

    Returns
    -------
    tuple of Word
        As many words.
    """
    text = to_simplified("".join(w.text for w in words))
    of_word = [i for i, w in enumerate(words) for _ in w.text]
    if len(text) != len(of_word):
        return tuple(words)
    signs = list("".join(w.text for w in words))
    for r in respellings(text, names, confidence=[words[i].confidence for i in of_word]):
        signs[r.start : r.end] = r.name
    texts = [""] * len(words)
    for i, sign in zip(of_word, signs, strict=True):
        texts[i] += sign
    return tuple(replace(w, text=t) for w, t in zip(words, texts, strict=True))

"""How fast somebody speaks: units a minute of that person's own speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from audit.segments import Segment, union
from audit.words import Word

#: Less speech than this gives no rate: one short sentence more or less would decide it.
MIN_SPEECH_S = 3.0
#: Length of the window in which the fastest stretch is looked for.
FASTEST_WINDOW_S = 10.0

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007\U00020000-\U0003134f"
_ZH_UNITS = re.compile(
    rf"(?P<han>[{_HAN}])|(?P<percent>%|％)|(?P<point>(?<=\d)[.．](?=\d))|(?P<digit>\d)|(?P<latin>[^\W\d_{_HAN}]+(?:['’][^\W\d_]+)?)"
)
_EN_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_VOWELS = re.compile(r"[aeiouyàáâäèéêëìíîïòóôöùúûü]+", re.IGNORECASE)
_LONGEST_SPELT = 5


def count_units(text: str, language: str) -> int:
    """Count what the rate of a language counts: characters in Chinese, words in English.

    A Chinese character is one syllable, so whatever else stands in a Chinese text counts as the syllables with which
    it is read: a digit one (三), the point of a decimal one (点), a per-cent sign three (百分之), capitals as in VIP one a
    letter, another Latin word its groups of vowels. Punctuation and spaces count nothing. English counts words:
    "don't" is one, "twenty-one" two, a figure one.

    Parameters
    ----------
    text : str
    language : {"zh", "en"}

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the language is neither.

    Examples
    --------
    >>> count_units("您好,请问有什么可以帮您?", "zh")
    11
    >>> count_units("尾号 1380,打 8.5 折的 VIP 套餐。", "zh")
    17
    >>> count_units("I'm sorry, that's twenty-one dollars.", "en")
    6
    """
    if language == "en":
        return sum(1 for _ in _EN_WORD.finditer(text))
    if language != "zh":
        raise ValueError(f"units are counted for zh and en, not for {language!r}")
    n = 0
    for match in _ZH_UNITS.finditer(text):
        if match.lastgroup == "percent":
            n += 3
        elif match.lastgroup == "latin":
            word = match.group()
            spelt = word.isupper() and len(word) <= _LONGEST_SPELT
            n += len(word) if spelt else max(1, len(_VOWELS.findall(word)))
        else:
            n += 1
    return n


def articulation_rate(n_units: int, speech_s: float, *, min_speech_s: float = MIN_SPEECH_S) -> float | None:
    """Units a minute of a person's own speech.

    Pauses of a quarter second and more are not speech, so this is the articulation rate, not the speaking rate; it
    does not fall when the person waits or listens. Huawei's call-centre average likewise divides the characters of one
    role by the time of that role's sentences, but counts punctuation and spaces, which we do not.

    Parameters
    ----------
    n_units : int
        From :func:`count_units`, of everything the person said in that time.
    speech_s : float
        Seconds of that person's speech.
    min_speech_s : float, default 3.0
        With less speech there is no rate.

    Returns
    -------
    float or None
        None if there is too little speech, or no unit was recognised in it.

    Raises
    ------
    ValueError
        If a figure is negative.

    Examples
    --------
    >>> articulation_rate(40, 10.0)
    240.0
    >>> articulation_rate(3, 0.8) is None
    True
    """
    if n_units < 0 or speech_s < 0:
        raise ValueError(f"neither units nor seconds can be negative: {n_units}, {speech_s}")
    if n_units == 0 or speech_s == 0 or speech_s < min_speech_s:
        return None
    return 60.0 * n_units / speech_s


@dataclass(frozen=True, slots=True)
class FastestStretch:
    """The window with the highest articulation rate."""

    rate_per_minute: float
    segment: Segment


def fastest_rate(
    words: Sequence[Word], language: str, *, speech: Iterable[Segment], window_s: float = FASTEST_WINDOW_S
) -> FastestStretch | None:
    """Find the stretch in which somebody speaks fastest.

    A window of `window_s` slides from word to word. Its rate is the units of the words whose middle lies in it, over
    the seconds of speech in it; windows less than half full of speech are passed over, because there the times of
    single words would decide.

    Parameters
    ----------
    words : sequence of Word
        All words of one person.
    language : {"zh", "en"}
    speech : iterable of Segment
        That person's speech.
    window_s : float, default 10.0

    Returns
    -------
    FastestStretch or None
        None if no window holds enough speech and a unit.

    Raises
    ------
    ValueError
        If `window_s` is not positive.
    """
    if not window_s > 0:
        raise ValueError(f"the window must be positive, not {window_s}")
    ordered = sorted(words, key=lambda w: w.start_s + w.end_s)
    spoken = union(speech)
    if not ordered or not spoken:
        return None
    middles_s = np.array([(w.start_s + w.end_s) / 2 for w in ordered])
    units = np.concatenate([[0], np.cumsum([count_units(w.text, language) for w in ordered])])
    edges_s = np.array([t for s in spoken for t in (s.start_s, s.end_s)])
    so_far_s = np.concatenate([[0.0], np.cumsum([x for s in spoken for x in (s.duration_s, 0.0)])])[:-1]
    starts_s = np.array([min(w.start_s, m) for w, m in zip(ordered, middles_s, strict=True)])
    first, last = np.searchsorted(middles_s, starts_s), np.searchsorted(middles_s, starts_s + window_s)
    in_window = units[last] - units[first]
    speech_s = np.interp(starts_s + window_s, edges_s, so_far_s) - np.interp(starts_s, edges_s, so_far_s)
    rate = np.where(speech_s >= window_s / 2, 60 * in_window / np.maximum(speech_s, window_s / 2), 0.0)
    best = int(np.argmax(rate))
    if rate[best] <= 0:
        return None
    return FastestStretch(float(rate[best]), Segment(float(starts_s[best]), float(starts_s[best] + window_s)))

"""How Mandarin characters sound to a recogniser: same syllable, nearly the same, or different."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial

from pypinyin import Style, lazy_pinyin
from rapidfuzz.distance import Levenshtein

_INITIALS = (
    "zh",
    "ch",
    "sh",
    "b",
    "p",
    "m",
    "f",
    "d",
    "t",
    "n",
    "l",
    "g",
    "k",
    "h",
    "j",
    "q",
    "x",
    "r",
    "z",
    "c",
    "s",
    "y",
    "w",
)
_SIMPLE_FINALS = ("a", "o", "e", "ai", "ei", "ao", "ou", "an", "en", "ang", "eng", "ong", "er", "n", "m", "ng")
_I_FINALS = ("i", "ia", "ie", "iao", "iu", "ian", "in", "iang", "ing", "iong", "io")
_U_FINALS = ("u", "ua", "uo", "uai", "ui", "uan", "un", "uang", "ueng", "v", "ve", "ue", "van", "vn")
_FINALS = _SIMPLE_FINALS + _I_FINALS + _U_FINALS

#: Pairs that speakers of many regions, and an 8 kHz line, do not keep apart, by the name a scorecard calls them: l and n, h
#: and f, retroflex and dental sibilants, the front and back nasal endings; and j, q and x, whose noise lies above what a
#: line carries.
TOLERANCES: tuple[str, ...] = ("l_n", "f_h", "z_zh", "in_ing", "en_eng", "an_ang", "j_q_x")
_NEAR_INITIAL = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "h": "f", "q": "j", "x": "j"}
_NEAR_FINAL = {"ing": "in", "eng": "en", "ang": "an", "iang": "ian", "uang": "uan"}
#: The tolerance that makes an initial or a final one with others.
_GROUP = {
    **dict.fromkeys(("zh", "ch", "sh", "z", "c", "s"), "z_zh"),
    **dict.fromkeys(("l", "n"), "l_n"),
    **dict.fromkeys(("f", "h"), "f_h"),
    **dict.fromkeys(("j", "q", "x"), "j_q_x"),
    **dict.fromkeys(("in", "ing"), "in_ing"),
    **dict.fromkeys(("en", "eng"), "en_eng"),
    **dict.fromkeys(("an", "ang", "ian", "iang", "uan", "uang"), "an_ang"),
}

#: Start of a private area of Unicode: one code for each class of sound-alike syllables, so that
#: sound-alikes are found by ordinary text search.
_FIRST_CODE = 0xE000


@lru_cache(maxsize=20_000)
def syllable(character: str) -> str | None:
    """Toneless pinyin of one character, its commonest reading; None for anything but a Chinese character.

    Examples
    --------
    >>> syllable("您"), syllable("A")
    ('nin', None)
    """
    if not "\u3400" <= character <= "\u9fff":
        return None
    read = lazy_pinyin(character, style=Style.NORMAL, v_to_u=False)[0]
    return read if read != character else None


@lru_cache(maxsize=20_000)
def tone(character: str) -> str | None:
    """Tone of one character in its commonest reading, "1" to "5"; None for anything but a Chinese character.

    Examples
    --------
    >>> tone("好"), tone("陈"), tone("A")
    ('3', '2', None)
    """
    if syllable(character) is None:
        return None
    return str(lazy_pinyin(character, style=Style.TONE3, neutral_tone_with_five=True)[0])[-1]


def _split(sound: str) -> tuple[str, str]:
    for initial in _INITIALS:
        if sound.startswith(initial):
            return initial, sound[len(initial) :]
    return "", sound


@lru_cache(maxsize=20_000)
def sound_class(character: str) -> str:
    """One code character, the same for all characters that may be heard for each other.

    Characters without a reading stand for themselves.

    Examples
    --------
    >>> sound_class("晨") == sound_class("陈") == sound_class("曾")
    True
    >>> sound_class("您") == sound_class("你")
    False
    """
    sound = syllable(character)
    if sound is None:
        return character
    initial, final = _split(sound)
    initial, final = _NEAR_INITIAL.get(initial, initial), _NEAR_FINAL.get(final, final)
    if final not in _FINALS:
        return character
    return chr(_FIRST_CODE + ("", *_INITIALS).index(initial) * len(_FINALS) + _FINALS.index(final))


@lru_cache(maxsize=100_000)
def _likeness(expected: str, heard: str) -> tuple[str, frozenset[str], float]:
    """How two different characters compare: the kind, the tolerances it takes, and the distance in letters."""
    a, b = syllable(expected), syllable(heard)
    if a is None or b is None:
        return "other", frozenset(), 1.0
    if a == b:
        return "tone" if tone(expected) == tone(heard) else "sound", frozenset(), 0.0
    distance = Levenshtein.normalized_distance(a, b)
    if sound_class(expected) != sound_class(heard):
        return "other", frozenset(), distance
    parts = zip(_split(a), _split(b), strict=True)
    return "near", frozenset(_GROUP[x] for x, y in parts if x != y), distance


def sound_cost(
    expected: str,
    heard: str,
    *,
    same_tone_cost: float = 0.05,
    same_sound_cost: float,
    near_sound_cost: float,
    tolerate: Iterable[str] = TOLERANCES,
) -> float:
    """What it costs to take one heard character for the expected one.

    Parameters
    ----------
    expected, heard : str
        One character each.
    same_tone_cost, same_sound_cost, near_sound_cost : float
        Prices of another character of the same syllable and tone, of the same syllable in another tone, and of one
        of the same class of sound-alikes.
    tolerate : iterable of str
        Of :data:`TOLERANCES`, the pairs that are taken for each other at the last of these prices.

    Returns
    -------
    float
        0 for the same character; otherwise the price, and for other syllables their distance in
        letters over the longer one's length, at least `near_sound_cost` and at most 1.

    Examples
    --------
    >>> [sound_cost("晨", c, same_sound_cost=0.1, near_sound_cost=0.4) for c in "晨陈趁曾"]
    [0.0, 0.05, 0.1, 0.4]
    >>> sound_cost("林", "宁", same_sound_cost=0.1, near_sound_cost=0.2, tolerate=["l_n"])  # in and ing are kept apart
    0.5
    """
    if expected == heard:
        return 0.0
    kind, needs, distance = _likeness(expected, heard)
    if kind == "tone":
        return same_tone_cost
    if kind == "sound":
        return same_sound_cost
    if kind == "near" and needs.issubset(tolerate):
        return near_sound_cost
    return max(near_sound_cost, distance)


class Prices(dict[tuple[str, str], float]):
    """What it costs to take one character for another, by the expected and the heard one; worked out when first asked for.

    There are as many pairs as phrases and their sound-alikes have characters, whatever the number of calls.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __init__(
        self, same_tone_cost: float, same_sound_cost: float, near_sound_cost: float, tolerate: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.cost_of = partial(
            sound_cost,
            same_tone_cost=same_tone_cost,
            same_sound_cost=same_sound_cost,
            near_sound_cost=near_sound_cost,
            tolerate=tolerate,
        )

    def __missing__(self, pair: tuple[str, str]) -> float:
        found = self[pair] = self.cost_of(*pair)
        return found


@lru_cache(maxsize=64)
def prices_at(same_tone_cost: float, same_sound_cost: float, near_sound_cost: float, tolerate: tuple[str, ...]) -> Prices:
    """The prices of :func:`sound_cost` for all pairs of characters."""
    return Prices(same_tone_cost, same_sound_cost, near_sound_cost, tolerate)

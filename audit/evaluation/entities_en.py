"""Entities in English, on normalised text: lower-case words, numbers in words, no punctuation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from audit.evaluation.heard import Heard
from audit.evaluation.numbers import EN_RUN, EN_SMALL, ORDINALS, english_digits
from audit.evaluation.spotted import Spotted

_HOUR = "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_MINUTE = (
    "(?:(?:oh |o |zero )?(?:one|two|three|four|five|six|seven|eight|nine)|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty)(?: (?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_HALF = "(?P<half>a m|p m|am|pm|o clock|oclock|in the morning|in the afternoon|in the evening)"
_TIME = re.compile(
    rf"\b(?P<hour>{_HOUR})(?: (?P<minute>{_MINUTE}))?(?: {_HALF})\b"
    rf"|\b(?P<how>half past|quarter past|quarter to) (?P<hour2>{_HOUR})\b"
    rf"|\b(?:at|by|before|after|around|until|till|about) (?P<hour3>{_HOUR})(?: (?P<minute3>fifteen|thirty|forty five))?"
    r"(?=$| (?:today|tomorrow|tonight|on|this|next|sharp|or|and|if|works|is|would|please|then)\b)"
    r"|\b(?P<noon>noon|midday|midnight)\b"
)
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_ORDINAL = "(?:" + "|".join(sorted(ORDINALS, key=len, reverse=True)) + ")"
_CARDINAL_DAY = rf"(?:(?:twenty|thirty)(?: {_HOUR})?|{'|'.join(EN_SMALL[10:])}|{_HOUR})"
_DATE = re.compile(
    rf"\b(?P<month>{_MONTH}) (?:the )?(?:(?P<ord>{_ORDINAL})|(?P<card>{_CARDINAL_DAY}))\b(?! (?:hundred|thousand|oh))"
    rf"|\b(?:the )?(?P<ord2>{_ORDINAL}) of (?P<month2>{_MONTH})\b"
    rf"|\bon the (?P<ord3>{_ORDINAL})\b(?! (?:floor|line|call|day|time|page))"
    r"|\b(?P<which>next |last )?(?P<week>monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
    r"|\b(?P<rel>day after tomorrow|today|tonight|tomorrow|yesterday|next week)\b"
)
_RELATIVE = {"day after tomorrow": "+2", "today": "+0", "tonight": "+0", "tomorrow": "+1", "yesterday": "-1", "next week": "+7"}
_COIN = "(?:dollars?|bucks|pounds?|euros?|yuan|rmb)"
_CENTS = re.compile(rf" {_COIN}\b(?: and)?(?: (?P<cents>{_MINUTE}) cents?\b)?| cents?\b")
_UNITS = re.compile(
    r" (?:percent|days?|hours?|minutes?|weeks?|months?|years?|items?|units?|people|times|pieces|gallons?|miles?|gigs?)\b"
)
_PHONE = re.compile(r"\b(?:phone|telephone|cell|mobile|reach|call (?:me|you)|contact number|callback)\b")
_ID = re.compile(
    r"\b(?:order|account|confirmation|reference|policy|member|membership|serial|tracking|case|ticket|zip|code|card|social|invoice"
    r"|booking|license|plate|identification|id)\b"
)
_ROAD = "(?:street|avenue|road|drive|lane|boulevard|court|place|way|terrace|circle|square|parkway|highway)"
_AFTER_NUMBER = re.compile(
    rf"(?: (?!(?:and|i|we|you|to|in|my|on|for|a|is|it|or)\b)[a-z]+){{1,3}}? {_ROAD}\b(?: (?:apartment|suite|unit) \S+)?"
)
_MIXED = re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{4,}\b")
_LETTERS = re.compile(r"(?:\b[a-z] ){1,6}$")
_STRONG = re.compile(
    r"\b(?:my (?:full |first |last )?name is|name is|it is under|under the name(?: of)?|you can call me|call me)"
    r"((?: [a-z]+\b){1,4})"
)
_WEAK = re.compile(r"\b(?:this is|i am|it is|that is)((?: [a-z]+\b){1,4})")
_SPEAKING = re.compile(r"\b([a-z]+(?: [a-z]+)?) (?:speaking|calling|here)\b")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPENERS = _listed(
    "sure yes yeah yep okay ok hi hello hey of course certainly absolutely thanks thank you well oh it is this my "
    "name i am the and so just no problem right good morning afternoon evening"
)
_NOT_NAMES = _OPENERS | _listed(
    "not very really here calling speaking having trying looking sorry glad happy fine afraid interested from with "
    "at in on a an about for to your our we there what how please can could would will do did have had has but "
    "because when if been being regarding concerned worried upset new also still actually currently correct wrong "
    "mr mrs ms miss doctor and is that excited frustrated all going wondering experiencing very in need"
)
_TITLES = frozenset(("mr", "mrs", "ms", "miss", "mister", "madam", "doctor", "dr"))
#: Two spellings of a name of five letters or more that a recogniser takes for each other.
_MIN_NAME_RATIO = 84.0
_SHORTEST_INEXACT = 5
_LATIN = re.compile("[a-z]+")
_SHORTEST_NAME = 2


_OPENING = re.compile(rf"(?:(?:hi|hello|hey|thanks|thank you) [a-z]+ (?=i am |my |it is )|(?:{'|'.join(sorted(_OPENERS))}) )*")


def spot(heard: Heard, asked: str) -> Iterator[Spotted]:
    """Every entity that may be in a turn, the most particular kinds first; later ones may lie on earlier ones."""
    plain = heard.plain
    yield from _names(heard, asked)
    runs = [(m, english_digits(m[0])) for m in EN_RUN.finditer(plain)]
    for m, digits in runs:
        road = _AFTER_NUMBER.match(plain, m.end())
        if digits and road:
            yield Spotted("address", plain[m.start() : road.end()], m.start(), road.end())
    for m, digits in runs:
        yield from _amounts(heard, m, digits)
    yield from _times(plain)
    yield from _dates(plain)
    for found in _MIXED.finditer(plain):
        yield Spotted("id", found[0], found.start(), found.end())
    for m, digits in runs:
        if digits is not None:
            yield from _numbers(heard, asked, m, digits)


def _amounts(heard: Heard, m: re.Match[str], digits: str | None) -> Iterator[Spotted]:
    coin = _CENTS.match(heard.plain, m.end())
    at = heard.origin[m.start()][0]
    sign = at > 0 and heard.turn.text[at - 1] in "$£€¥"
    if digits is None or not (coin or sign):
        return
    cents = english_digits(coin["cents"]) if coin is not None and coin["cents"] else None
    yield Spotted("amount", digits + (cents.zfill(2) if cents else ""), m.start(), coin.end() if coin else m.end())


def _clock(hour: str, minute: str | None) -> int:
    minutes = int(english_digits(re.sub("^(?:oh|o|zero) ", "", minute)) or 0) if minute else 0
    return EN_SMALL.index(hour) % 12 * 60 + minutes


def _times(plain: str) -> Iterator[Spotted]:
    for m in _TIME.finditer(plain):
        if m["noon"]:
            value = 0
        elif m["hour2"]:
            value = (_clock(m["hour2"], None) + {"half past": 30, "quarter past": 15, "quarter to": -15}[m["how"]]) % 720
        elif m["hour3"]:
            value = _clock(m["hour3"], m["minute3"])
            group = m.start("hour3")
            yield Spotted("time", str(value), group, m.end())
            continue
        else:
            value = _clock(m["hour"], m["minute"])
        yield Spotted("time", str(value), m.start(), m.end())


def _dates(plain: str) -> Iterator[Spotted]:
    for m in _DATE.finditer(plain):
        month, ordinal = m["month"] or m["month2"], m["ord"] or m["ord2"] or m["ord3"]
        if m["rel"]:
            value = _RELATIVE[m["rel"]]
        elif m["week"]:
            value = f"w{(m['which'] or '').strip()}{m['week']}"
        else:
            day = ORDINALS[ordinal] if ordinal else int(english_digits(m["card"]) or 0)
            value = f"{_MONTHS.index(month) + 1}-{day}" if month else str(day)
        # "April second, one nine eight five" is a birthday, no date and a number.
        year = EN_RUN.match(plain, m.end() + 1)
        end = m.end()
        if year is not None and re.fullmatch("(?:19|20)[0-9]{2}", english_digits(year[0]) or ""):
            end = year.end()
        yield Spotted("date", value, m.start(), end)


def _numbers(heard: Heard, asked: str, m: re.Match[str], digits: str) -> Iterator[Spotted]:
    plain = heard.plain
    letters = _LETTERS.search(plain[: m.start()])
    code = "" if letters is None else letters[0].replace(" ", "")
    written = heard.turn.text[heard.origin[m.start()][0] : heard.origin[m.end() - 1][1]]
    # 555-0143 is written to be read out, 1500 may be a count.
    scaled = " hundred" in m[0] or " thousand" in m[0]
    counted = len(digits) < 4 or (scaled and not (written[0].isdigit() and len(digits) > 4 and "," not in written))
    if counted and len(code) < 2:
        if " " in m[0] or len(digits) > 1 or _UNITS.match(plain, m.end()):
            yield Spotted("number", digits, m.start(), m.end())
        return
    # "I" and "a" are words: one letter before digits is a part of them only where the digits are many.
    start = m.start() if letters is None or (len(code) < 2 and code in "ai") else letters.start()
    kind = _digits_kind(plain[max(0, start - 40) : start], asked, digits)
    yield Spotted(kind, (code if start < m.start() else "") + digits, start, m.end())


def _digits_kind(before: str, asked: str, digits: str) -> Literal["phone", "id"]:
    """What a string of digits is: by the words before it, those of the question, or its length."""
    for text in (before, asked[-80:]):
        last_id = max((m.start() for m in _ID.finditer(text)), default=-1)
        last_phone = max((m.start() for m in _PHONE.finditer(text)), default=-1)
        if last_id >= 0 or last_phone >= 0:
            return "phone" if last_phone > last_id and len(digits) >= 7 else "id"
    return "phone" if len(digits) in (7, 10, 11) else "id"


def _names(heard: Heard, asked: str) -> Iterator[Spotted]:
    plain = heard.plain
    introduced = False
    for pattern, strong in ((_STRONG, True), (_WEAK, False), (_SPEAKING, False)):
        for m in pattern.finditer(plain):
            name = _name(heard, m.start(1), m.end(1), strong=strong)
            if name is not None:
                introduced = True
                yield name
    if not introduced and re.search(r"\bname\b", asked):
        # An answer to "may I have your name?" may be the name alone; whom it greets is not the one who answers.
        opening = _OPENING.match(plain)
        name = _name(heard, opening.end(), len(plain), strong=False) if opening is not None else None
        if name is not None:
            yield name


def _name(heard: Heard, start: int, end: int, *, strong: bool) -> Spotted | None:
    """Up to three words that are written with capitals; after plain words for a name, any that are no everyday ones."""
    text = heard.turn.text
    words: list[tuple[int, int]] = []
    cased = text != text.lower() and text != text.upper()
    for m in re.finditer(r"\b[a-z]+\b", heard.plain[start:end]):
        a = start + m.start()
        capital = text[heard.origin[a][0] : heard.origin[a][0] + 1].isupper()
        if m[0] in _TITLES and not words:
            continue
        if m[0] in _NOT_NAMES or m[0] in _MONTHS or not (capital or (strong and not cased)) or len(words) == 3:
            break
        if words and re.search(r"[.?!;]", text[heard.origin[words[-1][1] - 1][1] : heard.origin[a][0]]):
            break
        words.append((a, start + m.end()))
        if re.match(r"[,.?!;]", text[heard.origin[words[-1][1] - 1][1] :]):
            break
    if not words or words[-1][1] - words[0][0] < _SHORTEST_NAME:
        return None
    return Spotted("name", heard.plain[words[0][0] : words[-1][1]], words[0][0], words[-1][1])


@lru_cache(maxsize=5_000)
def digits_of(plain: str) -> tuple[tuple[str, int, int], ...]:
    """All numbers of a text as digits, with their places."""
    found = [(digits, m.start(), m.end()) for m in EN_RUN.finditer(plain) if (digits := english_digits(m[0])) is not None]
    mixed = [("".join(c for c in m[0] if c.isdigit()), m.start(), m.end()) for m in _MIXED.finditer(plain)]
    return tuple(sorted(found + mixed, key=lambda f: f[1]))


@lru_cache(maxsize=20_000)
def _folded(name: str) -> str:
    """A name as it sounds, roughly, so that Filippa is Philippa, Teresa Theresa and Katherine Catherine."""
    for written, heard in _FOLDS:
        name = re.sub(written, heard, name)
    return name


#: Spellings of one sound, in the order they are replaced.
_FOLDS = (
    ("ph", "f"), ("ck|ch(?=r)|q", "k"), ("c(?=[eiy])", "s"), ("c(?!h)", "k"), ("th", "t"), ("(?<=[aeiou])gh", ""), ("wh", "w"),
    ("[iey]+$", "i"), ("y|ie|ei|ee|ea", "i"), (r"(.)\1", r"\1"), ("z", "s"), ("(?<=.)h", ""),
)  # fmt: skip


def name_said(name: str, heard: Heard) -> tuple[int, int] | None:
    """Where somebody is called by a name or a part of it; long parts may be spelled a little otherwise."""
    parts = [p for p in name.lower().split() if p not in _TITLES and len(p) > 1]
    for m in _LATIN.finditer(heard.plain):
        for part in parts:
            if part == m[0]:
                return m.span()
            if min(len(part), len(m[0])) < _SHORTEST_INEXACT:
                continue
            a, b = _folded(part), _folded(m[0])
            if a[0] == b[0] and fuzz.ratio(a, b) >= _MIN_NAME_RATIO:
                return m.span()
    return None

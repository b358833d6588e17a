"""Words that may become a habit, and where an agent said them: counted in every call, so that over-use can be seen.

The list is closed on purpose: how often somebody says one of these betrays nothing of what the call was about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from audit.segments import Segment
from audit.words import Transcript, Turn

#: Discourse markers, hedges and stock replies of telephone Chinese and English; a longer one is never counted as a shorter.
#: Recognisers drop most of 嗯, 呃, um and uh, so their true number is higher.
_LISTED = """
嗯, 呃, 额, 哎呀, 那个, 这个, 就是说, 就是, 然后, 那么, 其实, 反正, 对吧, 对不对, 是吧, 是不是, 好吧, 行吧, 你知道吧,
您知道吧, 知道吧, 明白吧, 懂吧, 怎么说呢, 基本上, 应该说, 等于说, 所以说, 也就是说, 换句话说, 这样子, 的话呢,
我跟你讲, 我跟您讲, 说白了, 老实说, 说实话, 总之, 大概, 好像, 可能, 没问题, 好的好的, 对对对, 是的是的, 没事没事,
什么的, 之类的, 一般来说, um, umm, uh, uhm, er, erm, hmm, you know, i mean, like, basically, actually, literally,
obviously, honestly, to be honest, sort of, kind of, or something, or whatever, and stuff, and so on,
at the end of the day, as i said, so yeah, yeah yeah, okay okay, right, anyway, absolutely, no problem, no worries,
of course, just, well, alright, i guess, i think
"""
FILLERS = tuple(filler.strip() for filler in _LISTED.split(","))
_HAN = r"\u3400-\u9fff"
_PATTERN = re.compile(
    "|".join(
        re.escape(f) if re.match(f"[{_HAN}]", f) else rf"\b{re.escape(f).replace(chr(92) + ' ', r'[ ,]+')}\b"
        for f in sorted(FILLERS, key=len, reverse=True)
    )
)
_UNIT = re.compile(rf"[{_HAN}]|[a-z0-9']+")


def count_fillers(transcript: Transcript | None) -> tuple[dict[str, int], int]:
    """How often the agent said each of `FILLERS`, and how much he said: Han characters and words in other letters.

    Examples
    --------
    >>> count_fillers(Transcript("zh", "base", (Turn(0, 2, "agent", "那个，就是说那个套餐"),), 1.0))
    ({'那个': 2, '就是说': 1}, 9)
    """
    found: Counter[str] = Counter()
    n = 0
    for turn in _of_agent(transcript):
        text = turn.text.lower()
        n += len(_UNIT.findall(text))
        found.update(_name(m.group()) for m in _PATTERN.finditer(text))
    return dict(found), n


def places_of_filler(transcript: Transcript | None, filler: str) -> Iterator[tuple[Segment, str]]:
    """Where the agent said one of them, and the turn's text: from word to word where their times are known, else the turn."""
    for turn in _of_agent(transcript):
        for m in _PATTERN.finditer(turn.text.lower()):
            if _name(m.group()) == filler:
                yield span_of(turn, m.start(), m.end()), turn.text


def _of_agent(transcript: Transcript | None) -> Iterable[Turn]:
    return (t for t in (transcript.turns if transcript else ()) if t.role == "agent")


def _name(said: str) -> str:
    return " ".join(said.replace(",", " ").split())


def span_of(turn: Turn, start: int, end: int) -> Segment:
    """The times of some characters of a turn's text."""
    at, times = 0, []
    text = turn.text.lower()
    for word in turn.words:
        begin = text.find(word.text.lower().strip(), at)
        if begin < 0:
            return Segment(turn.start_s, turn.end_s)  # the text is not its words put together
        at = begin + len(word.text.strip())
        if begin < end and at > start:
            times.append(word)
    return Segment(times[0].start_s, times[-1].end_s) if times else Segment(turn.start_s, turn.end_s)

"""Marks where the model wrote none: the small models leave most Mandarin sentences open."""

from __future__ import annotations

import re

from audit.transcript.normalise import ends_with_mark, has_han

#: Words that ask at the end of a sentence.
_ASKS_AT_END = re.compile(
    r"(?:吗|么|对吧|是吧|好吧|呢|贵姓|好不好|是不是|对不对|行不行|可不可以|能不能|有没有|没有呢|怎么办|怎么样|为什么|哪里|哪儿|哪位|"
    r"谁|几点|多少)$"
)
#: Words that ask anywhere in the last clause, and after a request to be told anywhere in the sentence.
_ASKS = re.compile(
    r"请问.*(?:什么|哪|几|多少|怎么|谁)|"
    r"(?:什么|怎么|哪|几点|多少|谁|凭什么|还是|是不是|能不能|可不可以|会不会|有没有)[^，]*$"
)
#: 还没呢, 不知道为什么, 随便什么: these tell.
_TELLS = re.compile(r"不知道|没什么|无论|不管|(?:还|正|着|排队|这么|那么)[^，]{0,4}呢$|没关系")


def is_question(sentence: str) -> bool:
    """Whether a Chinese sentence without marks at its end asks something, by its words alone.

    On 434 sentences of scripted calls, 147 of them questions, these words were chosen; what is said as a question by
    its tone only (您是机主本人) is not found.

    Examples
    --------
    >>> is_question("请问有什么可以帮您")
    True
    >>> is_question("后面还有人排队呢")
    False
    """
    if _TELLS.search(sentence):
        return False
    return _ASKS_AT_END.search(sentence) is not None or _ASKS.search(sentence) is not None


def with_mark(text: str, *, ends: bool) -> str:
    """A Chinese text with the mark that its pause asks for, if it has none.

    Parameters
    ----------
    text : str
        Up to the pause, marks inside it included.
    ends : bool
        Whether the speaker ends here; a pause within a turn gets a comma.

    Returns
    -------
    str
        `text` itself where it ends in a mark already or in no Chinese character.

    Examples
    --------
    >>> with_mark("您好", ends=False), with_mark("您方便吗", ends=False), with_mark("再见", ends=True)
    ('您好，', '您方便吗？', '再见。')
    """
    bare = text.rstrip()
    if not bare or ends_with_mark(bare) or not has_han(bare[-1]):
        return text
    sentence = re.split(r"[。？！.?!]", bare)[-1]
    if ends:
        return bare + ("？" if is_question(sentence) else "。")
    return bare + ("？" if sentence.endswith(("吗", "贵姓")) else "，")

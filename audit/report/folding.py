"""Where a line of text may end, in Chinese, English and both at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

#: Signs that do not begin a line, and those that do not end one (after the Unicode line breaking rules, UAX 14).
_NOT_FIRST = frozenset("，。、；：？！…—～）》」』】〕”’,.;:?!)]}%％°")
_NOT_LAST = frozenset("（《「『【〔“‘([{￥$")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that no line end divides.

    Attributes
    ----------
    start, end : int
        Its place in the text.
    text : str
    spaced : bool
        Whether a space follows it, which a line end there takes away.
    """

    start: int
    end: int
    text: str
    spaced: bool


def pieces(text: str) -> tuple[Piece, ...]:
    """Divide text where lines may end: at spaces between words, and between Chinese characters.

    Put together again by :func:`joined_pieces` it is the same text. A space beside a full-width character is no place for
    a line end, because a reader could not tell whether there had been one.

    Examples
    --------
    >>> [p.text for p in pieces("您好，VIP 客户 Mr Li")]
    ['您', '好，', 'VIP 客', '户 Mr', 'Li']
    """
    cuts: list[tuple[int, int]] = []
    for i in range(1, len(text)):
        before, here = text[i - 1], text[i]
        if here == " ":
            after = text[i + 1] if i + 1 < len(text) else ""
            if before != " " and after and after != " " and not (_is_wide(before) or _is_wide(after)):
                cuts.append((i, i + 1))
        elif before != " " and (_is_wide(before) or _is_wide(here)) and here not in _NOT_FIRST and before not in _NOT_LAST:
            cuts.append((i, i))
    starts = [0, *(b for _, b in cuts)]
    ends = [*(a for a, _ in cuts), len(text)]
    return tuple(
        Piece(a, b, text[a:b], i < len(cuts) and cuts[i][1] > cuts[i][0])
        for i, (a, b) in enumerate(zip(starts, ends, strict=True))
        if b > a
    )


def joined_pieces(parts: Sequence[Piece]) -> str:
    """The text of neighbouring pieces, without a space at its end."""
    return "".join(p.text + (" " if p.spaced else "") for p in parts).rstrip(" ") if parts else ""


def fold(parts: Sequence[Piece], width: int, *, first_width: int | None = None) -> list[str]:
    """Lines of at most so many columns.

    Parameters
    ----------
    parts : sequence of Piece
    width : int
        In terminal columns; a Chinese character takes two. A piece that is wider stands alone on its line.
    first_width : int, optional
        Of the first line, where something stands before it.

    Examples
    --------
    >>> fold(pieces("请问有什么可以帮您？"), 8)
    ['请问有什', '么可以帮', '您？']
    """
    lines: list[list[Piece]] = [[]]
    used = 0
    for piece in parts:
        limit = width if len(lines) > 1 or first_width is None else first_width
        columns = cell_len(piece.text)
        if lines[-1] and used + columns > limit:
            lines.append([])
            used = 0
        lines[-1].append(piece)
        used += columns + piece.spaced
    return [joined_pieces(line) for line in lines]


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"

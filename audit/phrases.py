"""What a party says, as counted sequences of few words without the words: so that habits can be found that no list knows.

A sequence is of one to four Han characters, or in a call in other letters of one to three words, within a clause. Kept is
a number of 32 bits made from it, not its text; the text is read again from the calls in which it is heard. The numbers of
short texts can be tried out, so they are words that a call holds, and go when retention takes those.

Left out are the agent's opening turn, where every agent has a name and a script of his own, figures, and clauses with a name
that the record gives. Of the customer only whether a sequence was said is kept, of one or two words and in 16 bits: enough to
tell that a word belongs to what the call was about.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from audit.fillers import span_of
from audit.records import CallRecord
from audit.segments import Segment
from audit.words import Transcript, Turn

#: Raised when other sequences are counted or another form is written: the rows of a store are then made anew.
PHRASES_FORM = 1
#: The longest sequence, in Han characters and in words of other letters.
MAX_HAN = 4
MAX_WORDS = 3
#: The same of the customer.
MAX_HEARD = 2
#: Of a party's words in a call so many are counted: ten minutes of speech without a pause. It bounds what a call adds.
MAX_UNITS = 3000
#: A count is kept up to this.
MAX_COUNT = 255
#: Numbers of the customer's sequences lie below this.
N_HEARD = 1 << 16

#: Columns of a call-detail record that may name the queue of a call, the first that is there counts.
QUEUE_VARIABLES = ("queue", "skill", "skill_group", "campaign")

_HAN = r"\u3400-\u9fff"
_UNIT = re.compile(rf"[{_HAN}]|[a-z]+(?:'[a-z]+)*|[^\s'’]")
#: A figure has two signs at least; 一 alone stands in 一下 and 一样.
_FIGURES = re.compile(r"[零〇一二两三四五六七八九十百千万亿幺]{2,}|\d+")
_IS_WORD = re.compile(rf"[{_HAN}a-z]")
_HEAD = struct.Struct("<III")
_BREAK = ""


@dataclass(frozen=True, slots=True)
class CallPhrases:
    """What was said in a call, in numbers.

    Attributes
    ----------
    call_id : str
    stratum : str
        Calls of one stratum are alike: language, direction and queue, as far as the record names them. Empty where the call
        has no words.
    counts : bytes
        Of :func:`count_phrases`.
    """

    call_id: str
    stratum: str
    counts: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sequence is said.

    Attributes
    ----------
    turn : int
        Which of the transcript's.
    first, last : int
        Its units within the turn, breaks counted; `last` is within it.
    segment : Segment
        From word to word where their times are known, else the turn.
    """

    turn: int
    first: int
    last: int
    segment: Segment


def call_phrases(record: CallRecord) -> CallPhrases:
    """The sequences of a call, with what calls it is held against."""
    m, words = record.metadata, record.transcript
    if words is None:
        return CallPhrases(record.call_id, "", b"")
    queue = next((v for n in QUEUE_VARIABLES if (v := (m.variables.get(n) or "").strip())), "")
    return CallPhrases(
        record.call_id, f"{words.language}/{m.direction or ''}/{queue}", count_phrases(words, names_of(record))
    )  # fmt: skip


def names_of(record: CallRecord) -> tuple[str, ...]:
    """Names that a record gives and an agent has to say."""
    m = record.metadata
    return tuple(n for n in (m.agent_name, m.variables.get("company"), m.variables.get("agent_name")) if n)


def count_phrases(transcript: Transcript | None, names: Iterable[str] = ()) -> bytes:
    """Count the sequences of a call.

    Parameters
    ----------
    transcript : Transcript or None
    names : iterable of str
        A clause that holds one is left out.

    Returns
    -------
    bytes
        Little-endian: how many units of the agent were counted, how many sequences he and how many the customer said; the
        numbers of the former (32 bits, ascending), their counts (8 bits), the numbers of the latter (16 bits, ascending).
        Empty where nobody said anything.

    Examples
    --------
    >>> said = (Turn(0, 1, "agent", "您好"), Turn(1, 2, "customer", "喂"), Turn(2, 4, "agent", "好嘞，好嘞"))
    >>> n_units, keys, counts, heard = read_counts(count_phrases(Transcript("zh", "base", said)))
    >>> n_units, dict(zip(keys, counts))[key_of(("好", "嘞"))], heard == (key_of(("喂",)) % N_HEARD,)
    (4, 2, True)
    """
    if transcript is None:
        return b""
    hidden = _pattern(names)
    longest = _longest(transcript)
    spoken: dict[str, list[str]] = {"agent": [], "customer": []}
    for _, turn in _turns(transcript):
        if len(units := spoken[turn.role]) < MAX_UNITS:
            units += [_BREAK, *(u for u, _, _ in _units(turn.text, hidden))]
    mine = Counter[tuple[str, ...]]()
    heard = set[tuple[str, ...]]()
    own, theirs = spoken["agent"][:MAX_UNITS], spoken["customer"][:MAX_UNITS]
    for n in range(1, longest + 1):
        mine.update(zip(*(own[i:] for i in range(n)), strict=False))
    for n in range(1, MAX_HEARD + 1):
        heard.update(zip(*(theirs[i:] for i in range(n)), strict=False))
    counts = Counter[int]()
    for said, n in mine.items():
        if _BREAK not in said:
            counts[key_of(said)] += n
    keys = sorted(counts)
    marks = sorted({key_of(said) % N_HEARD for said in heard if _BREAK not in said})
    if not keys and not marks:
        return b""
    n_units = sum(u != _BREAK for u in own)
    head = _HEAD.pack(n_units, len(keys), len(marks))
    return (
        head + struct.pack(f"<{len(keys)}I", *keys) + bytes(min(MAX_COUNT, counts[k]) for k in keys)
        + struct.pack(f"<{len(marks)}H", *marks)
    )  # fmt: skip


def read_counts(packed: bytes) -> tuple[int, tuple[int, ...], bytes, tuple[int, ...]]:
    """Units of the agent, the numbers of his sequences, their counts, the numbers of the customer's."""
    if not packed:
        return 0, (), b"", ()
    n_units, n, n_heard = _HEAD.unpack_from(packed)
    at = _HEAD.size
    keys = struct.unpack_from(f"<{n}I", packed, at)
    return n_units, keys, packed[at + 4 * n : at + 5 * n], struct.unpack_from(f"<{n_heard}H", packed, at + 5 * n)


def places_in(packed: bytes) -> tuple[int, int, int, int, int]:
    """For readers of arrays: units, how many numbers, where they and their counts begin, and where those of the customer do."""
    n_units, n, _ = _HEAD.unpack_from(packed)
    return n_units, n, _HEAD.size, _HEAD.size + 4 * n, _HEAD.size + 5 * n


def key_of(said: Sequence[str]) -> int:
    """The number of a sequence."""
    return crc32(" ".join(said).encode())


def text_of(said: Sequence[str]) -> str:
    """A sequence as one writes it.

    Examples
    --------
    >>> text_of(("说", "白", "了")), text_of(("bear", "with", "me"))
    ('说白了', 'bear with me')
    """
    return re.sub(rf"(?<=[{_HAN}]) | (?=[{_HAN}])", "", " ".join(said))


def agent_units(transcript: Transcript, names: Iterable[str] = ()) -> dict[int, tuple[str, ...]]:
    """The agent's units by turn, as they were counted; an empty text is a break between clauses."""
    hidden = _pattern(names)
    return {i: tuple(u for u, _, _ in _units(t.text, hidden)) for i, t in _turns(transcript) if t.role == "agent"}


def find_phrases(transcript: Transcript, keys: Iterable[int], names: Iterable[str] = ()) -> dict[int, list[Place]]:
    """Where the agent says sequences, by their numbers; those that are not said are not there."""
    wanted, longest, hidden = frozenset(keys), _longest(transcript), _pattern(names)
    found: dict[int, list[Place]] = {}
    for i, turn in _turns(transcript):
        if turn.role != "agent":
            continue
        units = [*_units(turn.text, hidden)]
        said = [u for u, _, _ in units]
        for n in range(1, longest + 1):
            for first in range(len(said) - n + 1):
                part = said[first : first + n]
                if _BREAK not in part and (key := key_of(part)) in wanted:
                    found.setdefault(key, []).append(place_of(transcript, i, units, first, first + n - 1))
    return found


def place_of(transcript: Transcript, turn: int, units: Sequence[tuple[str, int, int]], first: int, last: int) -> Place:
    """The place of some units of a turn."""
    return Place(turn, first, last, span_of(transcript.turns[turn], units[first][1], units[last][2]))


def units_of(text: str, names: Iterable[str] = ()) -> list[tuple[str, int, int]]:
    """The units of a turn's text with where each begins and ends in it; an empty one is a break between clauses."""
    return [*_units(text, _pattern(names))]


def _turns(transcript: Transcript) -> Iterator[tuple[int, Turn]]:
    """Turns of agent and customer with their places, but for the agent's first."""
    opened = False
    for i, turn in enumerate(transcript.turns):
        if turn.role == "agent" and not opened:
            opened = True
        elif turn.role in ("agent", "customer"):
            yield i, turn


def _longest(transcript: Transcript) -> int:
    return MAX_HAN if transcript.language == "zh" else MAX_WORDS


def _units(text: str, hidden: re.Pattern[str] | None) -> Iterator[tuple[str, int, int]]:
    text = text.lower().replace("’", "'")
    for pattern in (_FIGURES, hidden):
        if pattern is not None:
            text = pattern.sub(lambda m: "|" * len(m.group()), text)
    for m in _UNIT.finditer(text):
        unit = m.group()
        yield unit if _IS_WORD.match(unit) else _BREAK, m.start(), m.end()


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """A clause with a name in it, for what stands beside a name introduces it; of one sign only none is a name."""
    known = sorted({n.strip().lower() for n in names if len(n.strip()) > 1}, key=lambda n: (-len(n), n))
    if not known:
        return None
    clause = "[^，。？！；、,.?!;…|]*"
    return re.compile(f"{clause}(?<![a-z])(?:{'|'.join(map(re.escape, known))})(?![a-z]){clause}")

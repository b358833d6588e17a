"""A transcript to be read in a terminal or printed: the agent's words on the left, the customer's on the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from audit.records import CallRecord
from audit.report.folding import fold, pieces
from audit.report.messages import Messages
from audit.report.wording import clock, length, moment, percent
from audit.words import Transcript, Turn

#: With less room than this, who speaks stands before the words instead of over two columns.
MIN_COLUMNS_SIDE_BY_SIDE = 60
MIN_COLUMNS = 32
#: A label stands on a line of its own where fewer columns than this are left behind it.
_MIN_BESIDE_LABEL = 10
_GAP = "  "


def to_text(transcript: Transcript, messages: Messages, *, width: int = 80) -> str:
    """Write a transcript in two columns.

    Parameters
    ----------
    transcript : Transcript
    messages : Messages
        In whose language the columns are named.
    width : int, default 80
        Terminal columns; a Chinese character takes two. Under 60 the speaker stands before each turn. What neither the
        agent nor the customer is known to have said runs over both columns behind its label.

    Returns
    -------
    str
        Lines without spaces at their ends, the last one with a line end; "" without turns.
    """
    width = max(width, MIN_COLUMNS)
    turns = [t for t in transcript.turns if t.text.strip()]
    if not turns:
        return ""
    clock_columns = max(len(clock(t.start_s)) for t in turns)
    known = any(t.role in ("agent", "customer") for t in turns)
    if not known or width < MIN_COLUMNS_SIDE_BY_SIDE:
        rows = [row for t in turns for row in _labelled(t, messages, clock_columns, width)]
        return _lines(rows)
    left = (width - clock_columns - 2 * len(_GAP)) // 2
    heads = [messages("role.agent"), messages("role.customer")]
    rows = [
        " " * clock_columns + _GAP + _filled(heads[0], left) + _GAP + heads[1],
        " " * clock_columns + _GAP + "─" * left + _GAP + "─" * left,
    ]
    for turn in turns:
        if turn.role not in ("agent", "customer"):
            rows += _labelled(turn, messages, clock_columns, width)
            continue
        for i, line in enumerate(fold(pieces(" ".join(turn.text.split())), left)):
            time = clock(turn.start_s) if i == 0 else ""
            before = "" if turn.role == "agent" else " " * left + _GAP
            rows.append(f"{time:>{clock_columns}}{_GAP}{before}{line}")
    return _lines(rows)


def call_heading(record: CallRecord, messages: Messages) -> str:
    """What stands over the transcript of a call: its name, length, language, recogniser, and what to beware of."""
    facts = [record.call_id, length(record.recording.duration_s, messages)]
    if record.metadata.started_at is not None:
        facts.insert(1, moment(record.metadata.started_at, messages))
    if record.metadata.agent_name or record.metadata.agent_id:
        facts.append(messages("transcript.agent", agent=record.metadata.agent_name or record.metadata.agent_id))
    rows = [" · ".join(facts)]
    if record.transcript is not None:
        rows.append(origin(record.transcript, messages))
        if not record.transcript.turns:
            rows.append(messages("transcript.nothing"))
    beware = (*record.recording.warnings, *([record.recording.damaged] if record.recording.damaged else []))
    return _lines([*rows, *(f"! {w}" for w in dict.fromkeys(beware))])


def origin(transcript: Transcript, messages: Messages) -> str:
    """Language, recogniser, and how much of the speech has words, where that is known."""
    said = [
        messages.find(f"transcript.language_{transcript.language}") or transcript.language,
        messages("transcript.model", model=transcript.model),
    ]
    if transcript.coverage_ratio is not None:
        said.append(messages("transcript.coverage", ratio=percent(transcript.coverage_ratio)))
    return " · ".join(said)


def _labelled(turn: Turn, messages: Messages, clock_columns: int, width: int) -> list[str]:
    """A turn over the whole width, who speaks before it."""
    indent = " " * (clock_columns + len(_GAP))
    label = messages("transcript.speaker", who=messages(f"role.{turn.role}"))
    head = f"{clock(turn.start_s):>{clock_columns}}{_GAP}{label}"
    room = width - len(indent)
    beside = room - cell_len(label)
    parts = pieces(" ".join(turn.text.split()))
    if beside < _MIN_BESIDE_LABEL:
        return [head, *(indent + line for line in fold(parts, room))]
    first, *others = fold(parts, room, first_width=beside)
    return [head + first, *(indent + line for line in others)]


def _filled(text: str, columns: int) -> str:
    return text + " " * max(0, columns - cell_len(text))


def _lines(rows: Sequence[str]) -> str:
    return "".join(row.rstrip() + "\n" for row in rows)

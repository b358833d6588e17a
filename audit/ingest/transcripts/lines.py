"""What every importer yields: lines with times and a speaker, and the transcript that they make."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audit.errors import MetadataError
from audit.words import Role, Transcript, Turn, Word

#: A transcript of a whole day has some ten thousand lines; more is no transcript of a call.
MAX_LINES = 100_000
#: A line that begins and ends at once is given so much, the least that two decimals can show.
SHORTEST_LINE_S = 0.01
#: A pause this long between two words of one speaker ends the turn, as it does for words that were recognised here.
LONGEST_PAUSE_S = 1.0
#: And one this long where another speaks between them.
PAUSE_FOR_ANOTHER_S = 0.25

_ROLE_WORDS: dict[Role, tuple[str, ...]] = {
    "agent": (
        "agent", "operator", "representative", "rep", "advisor", "adviser", "employee", "supervisor",
        "坐席", "座席", "客服", "话务员", "员工", "客服代表",
    ),
    "customer": ("customer", "client", "caller", "consumer", "user", "客户", "用户", "顾客", "来电者"),
    "ivr": ("ivr", "system", "announcement", "prompt", "bot", "系统", "自动语音", "语音播报", "提示音", "机器人"),
    "unknown": ("unknown", "speaker unknown", "未知", "说话人不明"),
}  # fmt: skip
_ROLE_OF: dict[str, Role] = {word: role for role, words in _ROLE_WORDS.items() for word in words}
_REMOVE = "remove it to have the call recognised"
_LANGUAGE_OF = {"cmn": "zh", "yue": "zh", "chinese": "zh", "mandarin": "zh", "english": "en", "中文": "zh", "英文": "en"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an imported transcript.

    Attributes
    ----------
    start_s, end_s : float
        As the file has them, in seconds; nothing is checked yet.
    speaker : str or None
        As the file has it.
    confidence : float or None
        0-1; None where the file gives none.
    words : tuple of Word
        Only those with times and confidences of their own.
    where : str
        Where in the file it stands, for messages: "cue 12".
    """

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    where: str = "a line"


@dataclass(frozen=True, slots=True)
class ImportedTranscript:
    """A transcript that was made elsewhere.

    Attributes
    ----------
    path : Path
    kind : str
        The format, such as "amazon-call-analytics" or "srt".
    transcript : Transcript
        Its turns have the roles that the file names, else "unknown"; its model is ``imported:<kind>``, with the
        recogniser's name behind another colon where the file gives one. No coverage: that takes the recording.
    speakers : tuple of (str or None)
        Of each turn, the file's own label ("spk_0", "ch_1", "Agent"); None where it has none.
    """

    path: Path
    kind: str
    transcript: Transcript
    speakers: tuple[str | None, ...]


def role_of(label: str | None) -> Role:
    """The role that a speaker's label names; "unknown" for one that only numbers or names a person.

    Examples
    --------
    >>> role_of("AGENT"), role_of("agent_2"), role_of("客户"), role_of("spk_0")
    ('agent', 'agent', 'customer', 'unknown')
    """
    word = unicodedata.normalize("NFKC", label or "").strip().casefold()
    return _ROLE_OF.get(word) or _ROLE_OF.get(re.sub(r"[\s_#-]*\d+$", "", word)) or "unknown"


def is_role_word(label: str) -> bool:
    """Whether the label is one of the words for a role, "unknown" included."""
    return unicodedata.normalize("NFKC", label).strip().casefold() in _ROLE_OF or role_of(label) != "unknown"


def language_of(code: str | None) -> str | None:
    """The language of a code or a name: "zh-CN", "en_US", "cmn-Hans-CN", "english"; None for none.

    Examples
    --------
    >>> language_of("en-US"), language_of("cmn-Hans-CN"), language_of("es"), language_of(" ")
    ('en', 'zh', 'es', None)
    """
    word = re.split(r"[-_]", (code or "").strip().casefold())[0]
    return _LANGUAGE_OF.get(word, word) or None


def joined(pieces: Iterable[str]) -> str:
    """Texts one after the other: with a space between, but not beside a Chinese character or a full-width sign.

    Examples
    --------
    >>> joined(["Thank you", "for calling."]), joined(["您好，", "请讲"])
    ('Thank you for calling.', '您好，请讲')
    """
    text = ""
    for piece in (p.strip() for p in pieces):
        if text and piece and not (is_wide(text[-1]) or is_wide(piece[0])):
            text += " "
        text += piece
    return text


def is_wide(character: str) -> bool:
    """Whether a character takes two columns, as Chinese ones and full-width signs do; those stand without spaces."""
    return unicodedata.east_asian_width(character) in "WF"


def group_words(words: Sequence[tuple[str | None, Word]]) -> list[Line]:
    """Make lines of words that come without any.

    Parameters
    ----------
    words : sequence of (speaker, Word)
        In any order. A confidence that the file does not give is not-a-number here.

    Returns
    -------
    list of Line
        A line ends where its speaker pauses for more than a second, or for a quarter of one while another has the next word.
    """
    ordered = sorted(words, key=lambda w: (w[1].start_s, w[1].end_s))
    lines: list[list[Word]] = []
    speakers: list[str | None] = []
    open_at: dict[str | None, int] = {}
    before: str | None = None
    for i, (speaker, word) in enumerate(ordered):
        at = open_at.get(speaker)
        others_between = i > 0 and before != speaker
        if at is not None:
            pause_s = word.start_s - lines[at][-1].end_s
            if pause_s > LONGEST_PAUSE_S or (others_between and pause_s >= PAUSE_FOR_ANOTHER_S):
                at = None
        if at is None:
            at = open_at[speaker] = len(lines)
            lines.append([])
            speakers.append(speaker)
        lines[at].append(word)
        before = speaker
    return [
        Line(
            group[0].start_s,
            max(w.end_s for w in group),
            joined(w.text for w in group),
            speaker,
            *measured(group),
            f"the words at {group[0].start_s:.2f} s",
        )
        for group, speaker in zip(lines, speakers, strict=True)
    ]


def measured(words: Sequence[Word]) -> tuple[float | None, tuple[Word, ...]]:
    """The mean confidence of words, and the words; nothing of either where one has no confidence, for none is invented."""
    if not words or any(math.isnan(w.confidence) for w in words):
        return None, ()
    return sum(w.confidence for w in words) / len(words), tuple(words)


def assemble(
    path: Path, kind: str, lines: Sequence[Line], *, language: str | None, maker: str | None = None
) -> ImportedTranscript:
    """Check lines and make a transcript of them.

    Parameters
    ----------
    path : Path
        For messages.
    kind : str
    lines : sequence of Line
        In any order; those without text are left out.
    language : str or None
        As the file or the caller names it; None decides by the writing: Chinese characters or not.
    maker : str, optional
        Who recognised it, where the file says so.

    Raises
    ------
    MetadataError
        If nothing is said in it, or a time is missing, negative, not a number, or an end comes before its start.
    """
    if len(lines) > MAX_LINES:
        raise MetadataError(
            f"{path}: {len(lines)} lines are more than a call's transcript holds", hint="split it, one file a call"
        )
    made: list[tuple[Turn, str | None]] = []
    for line in lines:
        text = re.sub(r"\s+", " ", line.text).strip()
        if not text:
            continue
        _check(path, line)
        end_s = max(line.end_s, line.start_s + SHORTEST_LINE_S)
        words = tuple(
            replace(w, start_s=min(max(w.start_s, line.start_s), end_s), end_s=min(max(w.end_s, line.start_s), end_s))
            for w in sorted(line.words, key=lambda w: (w.start_s, w.end_s))
        )
        label = (line.speaker or "").strip() or None
        made.append((Turn(line.start_s, end_s, role_of(label), text, line.confidence, words), label))
    if not made:
        raise MetadataError(
            f"{path}: the transcript holds no words", hint="export it again, or remove it to have the call recognised"
        )
    made.sort(key=lambda m: (m[0].start_s, m[0].end_s))
    turns = tuple(turn for turn, _ in made)
    spoken = language_of(language) or ("zh" if _is_chinese(turns) else "en")
    model = ":".join(("imported", kind, *([maker] if maker else [])))
    return ImportedTranscript(path, kind, Transcript(spoken, model, turns), tuple(label for _, label in made))


def _is_chinese(turns: Sequence[Turn]) -> bool:
    """Whether more Chinese characters stand in it than Latin words."""
    text = " ".join(t.text for t in turns)
    return len(re.findall(r"[\u3400-\u4dbf\u4e00-\u9fff]", text)) > len(re.findall(r"[A-Za-z]+", text))


def _check(path: Path, line: Line) -> None:
    """Refuse times that no recording has."""
    times = [(line.start_s, line.end_s), *((w.start_s, w.end_s) for w in line.words)]
    for start_s, end_s in times:
        if not (math.isfinite(start_s) and math.isfinite(end_s)):
            problem = "has no time"
        elif start_s < 0:
            problem = f"begins at {start_s:g} s, before the recording"
        elif end_s < start_s:
            problem = f"ends at {end_s:g} s, before it begins at {start_s:g} s"
        else:
            continue
        raise MetadataError(
            f"{path}: {line.where} {problem}", hint="correct the file, or remove it to have the call recognised"
        )

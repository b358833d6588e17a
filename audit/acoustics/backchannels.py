"""Back-channels: short assents while the other party keeps the word. They interrupt nobody and answer nothing.

By sound alone they are told by their length and by the silence around them; where the words are known, by the words.

References
----------
Ekstedt, E., Skantze, G. (2022), Voice Activity Projection, Interspeech: a back-channel by sound alone is at most 1 s of
activity with 1 s of own silence before and 2 s after, while the other party has the word.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.resources import files

from audit.records import Overlap
from audit.segments import Segment, union
from audit.words import Word

#: The longest back-channel by sound alone, and the own silence before and after it (Ekstedt and Skantze 2022).
BACKCHANNEL_MAX_S, BACKCHANNEL_BEFORE_S, BACKCHANNEL_AFTER_S = 1.0, 1.0, 2.0
#: A pause of the other party up to this long leaves it the word while somebody assents in it.
FLOOR_PAUSE_S = 1.0
#: A pause up to this long is a breath within a sentence: whoever takes it still has the word.
BREATH_S = 0.5
#: Words' times are good to about that.
_WORD_TOLERANCE_S = 0.2


def find_backchannels(
    own: Iterable[Segment],
    other: Iterable[Segment],
    *,
    max_s: float = BACKCHANNEL_MAX_S,
    before_s: float = BACKCHANNEL_BEFORE_S,
    after_s: float = BACKCHANNEL_AFTER_S,
    floor_pause_s: float = FLOOR_PAUSE_S,
) -> tuple[Segment, ...]:
    """Find one party's short assents, by sound alone.

    Parameters
    ----------
    own, other : iterable of Segment
        Speech of the two parties.
    max_s : float, default 1.0
        Longest assent, breaths inside it included; inclusive.
    before_s, after_s : float, default 1.0, 2.0
        Least own silence around it.
    floor_pause_s : float, default 1.0
        Longest pause of the other party in which it keeps the word.

    Returns
    -------
    tuple of Segment
        Sorted. The other party talked before each and goes on after it, its own pause no longer than
        `floor_pause_s`. A short answer ("yes") into such a pause cannot be told from an assent without the words.

    Examples
    --------
    >>> find_backchannels([Segment(4, 4.4), Segment(9, 12)], [Segment(0, 8)])
    (Segment(start_s=4, end_s=4.4),)
    """
    stretches, floors = union(own, join_gap_s=BREATH_S), union(other, join_gap_s=floor_pause_s)
    found: list[Segment] = []
    for k, s in enumerate(stretches):
        long_before = k == 0 or s.start_s - stretches[k - 1].end_s >= before_s
        long_after = k + 1 == len(stretches) or stretches[k + 1].start_s - s.end_s >= after_s
        if (
            s.duration_s <= max_s
            and long_before
            and long_after
            and any(f.start_s < s.start_s and s.end_s < f.end_s for f in floors)
        ):
            found.append(s)
    return tuple(found)


def backchannel_words(language: str) -> tuple[str, ...]:
    """The shipped list of words and short phrases that only assent; empty for a language without a list.

    Parameters
    ----------
    language : str

    Returns
    -------
    tuple of str
    """
    text = files("audit.acoustics").joinpath("backchannels.toml").read_text("utf-8")
    return tuple(tomllib.loads(text).get(language, {}).get("words", ()))


def judge_overlap(overlap: Overlap, words: Sequence[Word], assents: Iterable[str]) -> Overlap:
    """Decide by the interrupter's words whether an overlap is a back-channel or an interruption.

    Parameters
    ----------
    overlap : Overlap
        As `audit.acoustics.overlaps` found it by sound.
    words : sequence of Word
        What the interrupter says in the call, in order; those inside the overlap count.
    assents : iterable of str
        Words and short phrases that only assent (`backchannel_words`). Case, punctuation and spaces do not matter.

    Returns
    -------
    Overlap
        With its kind. Nothing but assents, however often repeated, and the other went on: "backchannel". Other words
        where the sound spoke for an assent: "interruption". Unchanged without words in the overlap, without assents to
        know them by, and where the interrupter assented and then took the word.

    Examples
    --------
    >>> o = Overlap(4.0, 5.5, "customer", other_stopped=False)
    >>> judge_overlap(o, [Word(4.1, 4.4, "Uh-huh,", 0.9), Word(4.6, 5.2, "right.", 0.9)], ["uh huh", "right"]).kind
    'backchannel'
    """
    near = Segment(overlap.start_s - _WORD_TOLERANCE_S, overlap.end_s + _WORD_TOLERANCE_S)
    said = _letters("".join(w.text for w in words if near.contains((w.start_s + w.end_s) / 2)))
    known = {_letters(a) for a in assents} - {""}
    if not said or not known:
        return overlap
    if _made_of(said, known):
        return overlap if overlap.other_stopped else replace(overlap, kind="backchannel")
    return replace(overlap, kind="interruption") if overlap.kind == "backchannel" else overlap


def _letters(text: str) -> str:
    """Letters and digits only, in one width and case."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _made_of(text: str, parts: Iterable[str]) -> bool:
    """Whether the text is a row of the parts, each as often as one likes."""
    known = tuple(parts)
    reached = {0}
    for at in range(len(text)):
        if at in reached:
            reached.update(at + len(p) for p in known if text.startswith(p, at))
    return len(text) in reached

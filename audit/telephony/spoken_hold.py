"""Silent holds by words: the agent asks the customer to wait, nobody speaks, the agent comes back and says so.

Many systems park a customer in silence, and many agents work in silence; neither can be heard. What was said around the
silence tells. The words are data, one list per language, in ``hold_phrases.toml`` beside this file.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from audit.records import Evidence, Hold, Timeline
from audit.segments import Segment, subtract, total_s, union
from audit.words import Transcript, Turn

# Shortest silence that words on both sides make a hold: the shortest that is listed as dead air.
MIN_BETWEEN_WORDS_S = 3.0
# And that words before it alone do: the standard's longest wait of which the customer need not be told.
MIN_AFTER_WORDS_S = 7.0
# Words belong to a silence within this: the standard's windows for asking before and thanking after a wait.
BEFORE_S, AFTER_S = 10.0, 10.0
EDGE_S = 1.0  # recognised words run this far into a silence at most
# A cough or an assent of the customer does not end a wait; a talk does.
MAX_BETWEEN_S = 3.0


@dataclass(frozen=True, slots=True)
class HoldPhrases:
    """Wordings before and after a wait."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@lru_cache(maxsize=8)
def hold_phrases(language: str) -> HoldPhrases:
    """The shipped wordings of a language; empty ones for a language without a list.

    Examples
    --------
    >>> "请稍等" in hold_phrases("zh").before, "thank you for waiting" in hold_phrases("en").after
    (True, True)
    """
    data = tomllib.loads(Path(__file__).with_name("hold_phrases.toml").read_text("utf-8"))
    lists = data.get(language, {})
    return HoldPhrases(tuple(lists.get("before", ())), tuple(lists.get("after", ())))


def with_spoken_holds(timeline: Timeline, transcript: Transcript) -> Timeline:
    """Make holds of the dead air that the agent's words make holds.

    Parameters
    ----------
    timeline : Timeline
    transcript : Transcript
        With the roles that were found.

    Returns
    -------
    Timeline
        With the holds told by words added, the dead air within them taken away, and the talk time less by them; as it
        was where there are none.
    """
    phrases = hold_phrases(transcript.language)
    spoken = find_spoken_holds(transcript.turns, timeline.silences, hold_phrases=phrases.before, return_phrases=phrases.after)
    new = [h for h in spoken if not any(h.intersect(k) for k in timeline.holds)]
    if not new:
        return timeline
    holds = tuple(sorted((*timeline.holds, *new)))
    talk_s = timeline.talk_s
    if talk_s is not None and timeline.answer_at_s is not None and timeline.hangup_at_s is not None:
        talk_s = total_s(subtract([Segment(timeline.answer_at_s, timeline.hangup_at_s)], holds))
    silences = tuple(s for s in timeline.silences if not any(s.intersect(h) for h in new))
    return replace(timeline, holds=holds, silences=silences, talk_s=talk_s)


def find_spoken_holds(
    turns: Iterable[Turn],
    silences: Iterable[Segment],
    *,
    hold_phrases: Sequence[str],
    return_phrases: Sequence[str],
    min_after_words_s: float = MIN_AFTER_WORDS_S,
) -> tuple[Hold, ...]:
    """Find silences that the agent's words make holds.

    Parameters
    ----------
    turns : iterable of Turn
        Of all roles. Where roles are not known ("unknown") words are needed on both sides of the silence, for a customer
        may ask to wait, too, but does not thank the agent for waiting.
    silences : iterable of Segment
        Dead air: nobody speaks and nothing plays.
    hold_phrases, return_phrases : sequence of str
        Wordings before and after a wait.
    min_after_words_s : float, default 7.0
        Shortest silence that is a hold by the words before it alone, inclusive; with words on both sides 3 s are enough.

    Returns
    -------
    tuple of Hold
        Sorted, of kind "silence" and source "words". The evidence quotes the words before and, where there are any,
        after, with their times. Silences that only a short word of the customer parts are one hold.

    Raises
    ------
    ValueError
        If `min_after_words_s` is not positive.

    Examples
    --------
    >>> turns = [Turn(1.0, 3.0, "agent", "请您稍等。"), Turn(15.0, 18.0, "agent", "让您久等了。")]
    >>> found = find_spoken_holds(turns, [Segment(3.0, 15.0)], hold_phrases=["请您稍等"], return_phrases=["久等了"])
    >>> [(h.start_s, h.end_s, h.source, len(h.evidence)) for h in found]
    [(3.0, 15.0, 'words', 2)]
    """
    if not min_after_words_s > 0:
        raise ValueError(f"the shortest silence must be positive, not {min_after_words_s}")
    spoken = sorted(turns, key=lambda t: t.start_s)
    telling = [t for t in spoken if t.role in ("agent", "unknown")]
    before = [q for t in telling for q in _quotes(t, hold_phrases)]
    after = [q for t in telling for q in _quotes(t, return_phrases)]
    holds: list[Hold] = []
    for group in _groups(sorted(silences), spoken):
        start_s, end_s = group[0].start_s, group[-1].end_s
        silent_s = sum(s.duration_s for s in group)
        asked = [q for q in before if start_s - BEFORE_S <= q.end_s <= start_s + EDGE_S]
        thanked = [q for q in after if end_s - EDGE_S <= q.start_s <= end_s + AFTER_S]
        if not asked or silent_s < (MIN_BETWEEN_WORDS_S if thanked else min_after_words_s):
            continue
        if asked[-1].role == "unknown" and not thanked:
            continue
        holds.append(Hold(start_s, end_s, "silence", "words", (asked[-1], *thanked[:1])))
    return tuple(holds)


def _groups(silences: Sequence[Segment], turns: Sequence[Turn]) -> list[list[Segment]]:
    """Silences between which only the customer says a word."""
    groups: list[list[Segment]] = []
    for s in silences:
        if groups:
            last = groups[-1][-1]
            between = [t for t in turns if t.end_s > last.end_s - EDGE_S / 2 and t.start_s < s.start_s + EDGE_S / 2]
            if s.start_s - last.end_s <= MAX_BETWEEN_S and all(t.role == "customer" for t in between):
                groups[-1].append(s)
                continue
        groups.append([s])
    return groups


def _quotes(turn: Turn, phrases: Sequence[str]) -> list[Evidence]:
    """Where a turn says one of the phrases, sorted; phrases that overlap are one quote."""
    text, owner = _spelled([w.text for w in turn.words] if turn.words else list(turn.text), apart=bool(turn.words))
    found: list[Segment] = []
    for phrase in phrases:
        wanted, _ = _spelled([phrase], apart=False)
        at = text.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if _is_whole(text, at, end):
                found.append(Segment(at, end))
            at = text.find(wanted, at + 1)
    quotes: list[Evidence] = []
    for whole in union(found):
        first, last = owner[int(whole.start_s)], owner[int(whole.end_s) - 1]
        if turn.words:
            start_s, end_s = turn.words[first].start_s, turn.words[last].end_s
            said = [w.text for w in turn.words[first : last + 1]]
        else:  # without times of words they are taken to come evenly
            step_s = (turn.end_s - turn.start_s) / max(1, len(turn.text))
            start_s, end_s = turn.start_s + first * step_s, turn.start_s + (last + 1) * step_s
            said = list(turn.text[first : last + 1])
        quotes.append(Evidence(start_s, end_s, turn.role, "".join(said).strip(), "exact"))
    return quotes


def _spelled(pieces: Sequence[str], *, apart: bool) -> tuple[str, list[int]]:
    """Letters and digits of the pieces, folded, one blank between two Latin words; and the piece of each character.

    Pieces that are words stand `apart`, with or without blanks of their own.
    """
    text: list[str] = []
    owner: list[int] = []
    blank = False
    for k, piece in enumerate(pieces):
        blank = blank or apart
        for char in unicodedata.normalize("NFKC", piece).casefold():
            if char in "'’":
                continue
            if not char.isalnum():
                blank = True
                continue
            if blank and text and text[-1].isascii() and char.isascii():
                text.append(" ")
                owner.append(k)
            blank = False
            text.append(char)
            owner.append(k)
    return "".join(text), owner


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a stretch does not begin or end within a Latin word."""
    cut_before = start > 0 and text[start].isascii() and text[start - 1].isascii() and text[start - 1] != " "
    cut_after = end < len(text) and text[end - 1].isascii() and text[end].isascii() and text[end] != " "
    return not (cut_before or cut_after)

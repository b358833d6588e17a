"""Recorded prompts: what is said before both parties, or after them, by neither."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audit.records import Metadata
from audit.speakers.channels import _normalised
from audit.speakers.cues import KEYPAD, PERSONAL, PROMPT
from audit.speakers.diarize import Diarization, SpeakerSegment
from audit.words import Role, Turn

#: So much of a voice's speech may be heard, or found to be others', on the wrong side of where it ends.
_WRONG_AT_EDGE_RATIO = 0.15
_BETWEEN_SIGNS = re.compile(r"(?<=[\u4e00-\u9fff]) | (?=[\u4e00-\u9fff])")


@dataclass(frozen=True, slots=True)
class VoiceTurn:
    """What one voice says."""

    turn: Turn
    speaker: int


def first_prompt_by_words(diarization: Diarization, turns: Sequence[VoiceTurn]) -> tuple[Diarization, tuple[VoiceTurn, ...]]:
    """Take a prompt out of the voice that it was given to, where its words give it away.

    A prompt's voice may resemble a party's. Who names keys to press before anybody else has said a word, and does not speak
    of himself, is a recording all the same. Nothing of the kind is done at the end of a call, where agents, too, ask for a
    key to be pressed.

    Parameters
    ----------
    diarization : Diarization
    turns : sequence of VoiceTurn
        In order.

    Returns
    -------
    Diarization
        With a further voice, the first one, where there is such a prompt.
    tuple of VoiceTurn
    """
    first = next((i for i, t in enumerate(turns) if t.speaker != turns[0].speaker), 0)
    keys = [i for i in range(first) if KEYPAD.search(_joined(turns[i].turn.text))]
    if not keys or any(_personal(t.turn.text) for t in turns[: keys[-1] + 1]):
        return diarization, tuple(turns)
    end_s = turns[keys[-1]].turn.end_s
    theirs = [s for s in diarization.segments if (s.start_s + s.end_s) / 2 < end_s]
    rest = diarization.segments[len(theirs) :]
    if not theirs or turns[0].speaker not in {s.speaker for s in rest}:
        return diarization, tuple(turns)
    # Voices stay numbered as they are first heard, the prompt being the first.
    heard = list(dict.fromkeys(s.speaker for s in rest))
    number = {k: i for i, k in enumerate(heard, 1)}
    segments = (*(replace(s, speaker=0) for s in theirs), *(replace(s, speaker=number[s.speaker]) for s in rest))
    renamed = tuple(
        VoiceTurn(t.turn, 0 if i <= keys[-1] else number.get(t.speaker, number[turns[0].speaker])) for i, t in enumerate(turns)
    )
    return replace(diarization, segments=segments, n_speakers=len(heard) + 1), renamed


def edge_roles(diarization: Diarization, texts: Sequence[str] | None, metadata: Metadata) -> dict[int, Role]:
    """Roles of the voices that are heard only before all others, or only after them.

    Parameters
    ----------
    diarization : Diarization
        Of two voices or more.
    texts : sequence of str or None
        What each voice says, where words are known.
    metadata : Metadata
        With the agent's name, by which a greeting is told from a prompt.

    Returns
    -------
    dict of int to role
        Of such voices only: "ivr", or "agent" for one who greets. One heard at the end is a prompt only by its words.
    """
    found: dict[int, Role] = {}
    first, last = diarization.segments[0].speaker, diarization.segments[-1].speaker
    if _at_edge(diarization.segments, first):
        text = texts[first] if texts is not None else ""
        found[first] = "agent" if _is_person(text, metadata) else "ivr"
    mirrored = [replace(s, start_s=-s.end_s, end_s=-s.start_s) for s in reversed(diarization.segments)]
    if last not in found and texts is not None and says_prompt(texts[last]) and _at_edge(mirrored, last):
        found[last] = "ivr"
    return found


def _at_edge(segments: Sequence[SpeakerSegment], speaker: int) -> bool:
    """Whether a voice speaks before all others do, but for what a few wrong steps can make of it."""
    own_s = sum(s.duration_s for s in segments if s.speaker == speaker)
    # Going through the call, what others say counts as wrong before the edge, what it says itself after it.
    wrong_s = least_s = own_s
    for s in segments:
        wrong_s += -s.duration_s if s.speaker == speaker else s.duration_s
        least_s = min(least_s, wrong_s)
    return least_s <= _WRONG_AT_EDGE_RATIO * own_s


def says_prompt(text: str) -> bool:
    """Whether a text holds what recorded prompts say."""
    return PROMPT.search(_joined(text)) is not None


def _personal(text: str) -> bool:
    return PERSONAL.search(_joined(text)) is not None


def _is_person(text: str, metadata: Metadata) -> bool:
    """Whether a first voice's words are those of somebody who greets, not of a recording."""
    name = _normalised(metadata.agent_name or "").replace(" ", "")
    named = len(name) > 1 and name in _normalised(text).replace(" ", "")
    return (named or _personal(text)) and not says_prompt(text)


def _joined(text: str) -> str:
    """As the cues want it: Chinese without spaces, others with single ones."""
    return _BETWEEN_SIGNS.sub("", _normalised(text))

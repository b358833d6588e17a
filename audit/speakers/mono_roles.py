"""Agent or customer, where both share a channel: whose voice says what, and who opens."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from audit.profile import Profile
from audit.records import Metadata
from audit.speakers.channels import _words, agent_channel
from audit.speakers.diarize import Diarization
from audit.speakers.prompts import VoiceTurn, edge_roles, says_prompt
from audit.words import Role, Turn, Word

#: Below this no role is given: what depends on who speaks is not evaluable.
MIN_CONFIDENCE = 0.65
#: Evidence (log-odds) of its own words from which a further voice is an agent, too: a call was transferred.
_FURTHER_AGENT_EVIDENCE = 3.0
#: Evidence (log-odds) of two voices' own words, one way and the other, from which they are two people for sure: what one
#: party says alone speaks one way, however it is divided.
_OPPOSED_EVIDENCE = 2.0
#: Words near a change of voice go with their sentence where one ends within so many words and seconds.
_SNAP_WORDS, _SNAP_S = 2, 0.6
_SENTENCE_END = re.compile(r"[.?!。？！…][\"'”’)]*$")


@dataclass(frozen=True, slots=True)
class RoleFinding:
    """Who is who.

    Attributes
    ----------
    roles : tuple of {"agent", "customer", "ivr", "unknown"}
        Of each speaker of the diarization; all "unknown" where nothing tells or the confidence is too low.
    confidence : float
        0-1, of the voices being told apart and of the evidence for who is who together.
    reason : str
        In plain words: the cues that decided, or what is missing.
    """

    roles: tuple[Role, ...]
    confidence: float
    reason: str


def split_turns(turns: Sequence[Turn], diarization: Diarization) -> tuple[VoiceTurn, ...]:
    """Cut turns where the voice changes.

    A word belongs to the voice that has most of its time, else to the nearest one; next to a change it goes with its
    sentence, for a recogniser's word times are off by some tenths of a second. A turn without words goes to one voice.

    Parameters
    ----------
    turns : sequence of Turn
        Of the shared channel, in order.
    diarization : Diarization

    Returns
    -------
    tuple of VoiceTurn
        In order; the same words, and the same text but for cuts. Empty without any voice.
    """
    if not diarization.segments:
        return ()
    out: list[VoiceTurn] = []
    for turn in turns:
        if not turn.words:
            out.append(VoiceTurn(turn, _speaker_of(turn.start_s, turn.end_s, diarization)))
            continue
        speakers = [_speaker_of(w.start_s, w.end_s, diarization) for w in turn.words]
        cuts = _cuts(turn.words, speakers)
        pieces = _texts(turn, cuts)
        edges = [0, *cuts, len(turn.words)]
        for text, first, end in zip(pieces, edges[:-1], edges[1:], strict=True):
            words = turn.words[first:end]
            votes = speakers[first:end]
            speaker = max(sorted(set(votes)), key=votes.count)
            piece = replace(
                turn,
                start_s=turn.start_s if first == 0 else words[0].start_s,
                end_s=turn.end_s if end == len(turn.words) else max(words[-1].end_s, words[0].start_s),
                text=text,
                words=words,
                confidence=sum(w.confidence for w in words) / len(words) if cuts else turn.confidence,
            )
            out.append(VoiceTurn(piece, speaker))
    return tuple(out)


def _speaker_of(start_s: float, end_s: float, diarization: Diarization) -> int:
    """The voice with the most time between two moments, else the nearest one."""
    segments = diarization.segments
    shares: dict[int, float] = {}
    at = max(bisect_right(segments, start_s, key=lambda s: s.start_s) - 1, 0)
    nearest = min(segments[max(at - 1, 0) : at + 2], key=lambda s: max(s.start_s - end_s, start_s - s.end_s))
    while at < len(segments) and segments[at].start_s < end_s:
        s = segments[at]
        shares[s.speaker] = shares.get(s.speaker, 0.0) + min(s.end_s, end_s) - max(s.start_s, start_s)
        at += 1
    best = max(shares, key=lambda k: shares[k], default=None)
    return nearest.speaker if best is None or shares[best] <= 0 else best


def _cuts(words: Sequence[Word], speakers: Sequence[int]) -> list[int]:
    """Indices of the words that begin a new piece."""
    cuts: set[int] = set()
    for i in range(1, len(words)):
        if speakers[i] == speakers[i - 1]:
            continue
        near = [
            k
            for k in range(max(1, i - _SNAP_WORDS), min(len(words), i + _SNAP_WORDS + 1))
            if _SENTENCE_END.search(words[k - 1].text) and abs(words[k].start_s - words[i].start_s) <= _SNAP_S
        ]
        cuts.add(min(near, key=lambda k: abs(k - i), default=i))
    # A move may have left a piece whose words are mostly of the voice before: no change there.
    kept: list[int] = []
    for cut in sorted(cuts):
        after = speakers[cut : min((c for c in cuts if c > cut), default=len(words))]
        before = speakers[kept[-1] if kept else 0 : cut]
        if max(sorted(set(after)), key=after.count) != max(sorted(set(before)), key=before.count):
            kept.append(cut)
    return kept


def _texts(turn: Turn, cuts: Sequence[int]) -> list[str]:
    """The turn's text cut before those words; joined from the words where they do not stand in it one to one."""
    if not cuts:
        return [turn.text]
    places, at = [], 0
    for word in turn.words:
        place = turn.text.find(word.text.strip(), at)
        if place < 0:
            edges = [0, *cuts, len(turn.words)]
            glue = "" if re.search(r"[\u4e00-\u9fff]", turn.text) else " "
            return [glue.join(w.text.strip() for w in turn.words[a:b]) for a, b in pairwise(edges)]
        places.append(place)
        at = place + len(word.text.strip())
    edges = [0, *(places[c] for c in cuts), len(turn.text)]
    return [turn.text[a:b].strip() for a, b in pairwise(edges)]


def two_speak_by_words(turns: Sequence[VoiceTurn], metadata: Metadata) -> bool:
    """Whether what two voices say is an agent's with the one and a customer's with the other.

    Parameters
    ----------
    turns : sequence of VoiceTurn
        Of `split_turns`.
    metadata : Metadata
        For the names that only the agent gives.

    Returns
    -------
    bool
        False also where their words say too little.
    """
    texts: dict[int, str] = {}
    for t in turns:
        texts[t.speaker] = f"{texts.get(t.speaker, '')} {t.turn.text}"
    evidence = [sum(w for _, w in _words((text, ""), metadata)) for text in texts.values()]
    return bool(evidence) and max(evidence) >= _OPPOSED_EVIDENCE and min(evidence) <= -_OPPOSED_EVIDENCE


def assign_roles(
    diarization: Diarization,
    turns: Sequence[VoiceTurn] | None = None,
    *,
    metadata: Metadata,
    profile: Profile,
) -> RoleFinding:
    """Name the agent's and the customer's voice.

    The two voices that speak most are held against each other by what they say (:mod:`audit.speakers.cues`, the
    company's and the agent's names) and by who opens, as :func:`audit.speakers.agent_channel` does with two legs. Of three
    and more voices, one that is heard only before everybody else is a prompt ("ivr") unless it speaks of itself or asks as
    people do, and one heard only after everybody else is one if it says what prompts say. A further voice with strong words
    of an agent is an agent, any other is nobody in particular.

    Parameters
    ----------
    diarization : Diarization
    turns : sequence of VoiceTurn, optional
        Of `split_turns`; without words only the opening tells.
    metadata : Metadata
    profile : Profile
        Their channels are not asked: there is only one.

    Returns
    -------
    RoleFinding
    """
    n = diarization.n_speakers
    nobody: tuple[Role, ...] = tuple("unknown" for _ in range(n))
    if n == 0 or diarization.confidence is None:
        return RoleFinding(nobody, 0.0, "nobody speaks")
    if n == 1:
        return RoleFinding(nobody, 0.0, "only one voice is told apart on the shared channel")
    roles: list[Role] = list(nobody)
    first_s = [min(s.start_s for s in diarization.segments if s.speaker == k) for k in range(n)]
    texts = [" ".join(t.turn.text for t in turns if t.speaker == k) for k in range(n)] if turns is not None else None
    edge = edge_roles(diarization, texts, metadata)
    if n > 2 and n - len(edge) > 1:  # somebody must be left to talk to each other
        roles = [edge.get(k, "unknown") for k in range(n)]
    elif n == 2 and texts is not None and any(role == "ivr" and says_prompt(texts[k]) for k, role in edge.items()):
        prompt: tuple[Role, ...] = ("ivr", "unknown") if edge.get(0) == "ivr" else ("unknown", "ivr")
        return RoleFinding(prompt, 0.0, "beside a prompt only one voice is told apart on the shared channel")
    people = sorted((k for k in range(n) if roles[k] == "unknown"), key=lambda k: -diarization.speech_s(k))
    pair = sorted(people[:2])
    # Found speech without words may be a noise: who opens is who says the first words.
    worded_s = {t.speaker: t.turn.start_s for t in reversed(turns or ()) if t.turn.text.strip()}
    opener = 0 if worded_s.get(pair[0], first_s[pair[0]]) <= worded_s.get(pair[1], first_s[pair[1]]) else 1
    found = agent_channel(
        option=None,
        profile=replace(profile, agent_channel=None),
        metadata=replace(metadata, agent_channel=None),
        first_speaker_channel=opener,
        texts=[texts[k] for k in pair] if texts is not None else None,
    )
    confidence = found.confidence * diarization.confidence
    if found.channel is None:
        return RoleFinding(nobody, confidence, found.reason)
    if confidence < MIN_CONFIDENCE:
        return RoleFinding(nobody, confidence, f"too doubtful ({confidence:.2f}): {found.reason}")
    roles[pair[found.channel]], roles[pair[1 - found.channel]] = "agent", "customer"
    for k in people[2:]:
        if texts is not None and sum(w for _, w in _words((texts[k], ""), metadata)) >= _FURTHER_AGENT_EVIDENCE:
            roles[k] = "agent"
    return RoleFinding(tuple(roles), confidence, found.reason)

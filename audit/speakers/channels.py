"""Which channel is the agent's: told by the option, the profile or the record, else found by words and sounds."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from audit.profile import Profile
from audit.records import Metadata
from audit.speakers.cues import ENGLISH, MANDARIN

ChannelSource = Literal["option", "profile", "metadata", "audio", "words", "none"]

#: Characters of a leg's text in which names are given at the opening.
OPENING_CHARACTERS = 160
#: A full company name found this well (0-100) survives a wrong character or two of the recogniser.
NAME_MATCH_SCORE = 80
#: Weights in natural log-odds, as in :mod:`audit.speakers.cues`.
COMPANY_WEIGHT = 2.5
AGENT_NAME_WEIGHT = 2.0
HONORIFIC_WEIGHT = 0.7
#: The called party speaks first: the agent of an inbound call.
FIRST_SPEAKER_WEIGHT = 1.0
#: A switch plays hold music to the customer, so it is recorded with what the customer hears: the agent's side.
HOLD_WEIGHT = 1.5
#: Ringback is heard by the caller. It comes from the far side, but switches record it on either leg.
RINGBACK_WEIGHT = 0.5
#: Under this the channels are too alike to name one (odds of 1.6 to 1).
MIN_EVIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class ChannelFinding:
    """The agent's channel.

    Attributes
    ----------
    channel : int or None
        0-based; None where nothing tells.
    source : {"option", "profile", "metadata", "audio", "words", "none"}
    confidence : float
        0-1, of the evidence's summed odds; 1.0 where it was told, 0.5 where nothing speaks for either.
    reason : str
        The cues that decided, in plain words.
    """

    channel: int | None
    source: ChannelSource
    confidence: float
    reason: str


def agent_channel(
    *,
    option: int | None,
    profile: Profile,
    metadata: Metadata,
    ringing_channel: int | None = None,
    hold_channels: Sequence[int] = (),
    first_speaker_channel: int | None = None,
    texts: Sequence[str] | None = None,
) -> ChannelFinding:
    """Find the agent's channel of a call with one party on each.

    What is told wins in this order: option, profile, record. Otherwise the evidence of words and sounds is summed as
    log-odds; words weigh more. Nothing random and no model: the same call gives the same answer.

    Parameters
    ----------
    option : int or None
        From the command line, 0-based.
    profile : Profile
    metadata : Metadata
        Also its direction, the agent's name and the variable ``company``.
    ringing_channel : int or None
        Where ringback is heard.
    hold_channels : sequence of int
        The channel of each hold's music or tone.
    first_speaker_channel : int or None
        Who speaks first after the answer.
    texts : sequence of two str, optional
        Recognised text of channel 0 and of channel 1, each in time order; Chinese in Simplified characters.

    Returns
    -------
    ChannelFinding

    Raises
    ------
    ValueError
        If a channel is not 0 or 1, or there are not two texts.
    """
    told: tuple[tuple[ChannelSource, int | None], ...] = (
        ("option", option), ("profile", profile.agent_channel), ("metadata", metadata.agent_channel)
    )  # fmt: skip
    for channel in (option, ringing_channel, first_speaker_channel, *hold_channels):
        if channel not in (None, 0, 1):
            raise ValueError(f"a channel is 0 or 1, not {channel}")
    for source, channel in told:
        if channel is not None:
            return ChannelFinding(channel, source, 1.0, f"told by the {source}")
    heard = _sounds(metadata.direction, ringing_channel, hold_channels, first_speaker_channel)
    said: list[tuple[str, float]] = []
    if texts is not None:
        if len(texts) != 2:
            raise ValueError(f"there are two channels and {len(texts)} texts")
        said = _words(texts, metadata)
    # Evidence is for channel 0 where positive.
    by_words, by_sounds = sum(w for _, w in said), sum(w for _, w in heard)
    total = by_words + by_sounds
    if abs(total) < MIN_EVIDENCE:
        return ChannelFinding(None, "none", 0.5, "neither words nor sounds tell the agent's channel")
    channel = 0 if total > 0 else 1
    # Odds beyond a hundred to one say more of the table than of the call.
    confidence = 1.0 / (1.0 + math.exp(-min(abs(total), math.log(100))))
    decided_by_words = abs(by_words) >= MIN_EVIDENCE and (by_words > 0) == (total > 0)
    cues = sorted([*said, *heard], key=lambda c: -abs(c[1]))
    for_it = [name for name, weight in cues if (weight > 0) == (total > 0)][:4]
    return ChannelFinding(channel, "words" if decided_by_words else "audio", confidence, "; ".join(for_it))


def _sounds(
    direction: str | None, ringing_channel: int | None, hold_channels: Sequence[int], first_speaker_channel: int | None
) -> list[tuple[str, float]]:
    """Evidence of sounds: name and log-odds for channel 0."""
    # Who calls hears the ringing, who is called speaks first; without a direction most audited calls are inbound,
    # which is too little to count on for the ringing and enough for half of the first word.
    ringing, first = {"inbound": (1.0, 1.0), "outbound": (-1.0, -1.0)}.get(direction or "", (0.0, 0.5))
    found = []
    if ringing_channel is not None and ringing:
        found.append(("the ringing is heard there", ringing * RINGBACK_WEIGHT * (1 - 2 * ringing_channel)))
    if first_speaker_channel is not None:
        name = "speaks first" if first > 0 else "the customer who was called speaks first"
        found.append((name, first * FIRST_SPEAKER_WEIGHT * (1 - 2 * first_speaker_channel)))
    share = sum(1 - 2 * c for c in hold_channels) / len(hold_channels) if hold_channels else 0.0
    if share:
        found.append(("hold music plays there", share * HOLD_WEIGHT))
    return found


def _words(texts: Sequence[str], metadata: Metadata) -> list[tuple[str, float]]:
    """Evidence of words: name and log-odds for channel 0."""
    spaced = [_normalised(t) for t in texts]
    joined = [t.replace(" ", "") for t in spaced]
    found: list[tuple[str, float]] = []
    for cues, legs in ((MANDARIN, joined), (ENGLISH, spaced)):
        for cue in cues:
            # Said twice counts no more than once: a cue is a habit, not a count.
            hits = [cue.is_in(leg) for leg in legs]
            if hits[0] != hits[1]:
                found.append((f"“{cue.name}”", cue.weight * (1 if hits[0] else -1)))
    for what, name, weight in (
        ("gives the company's name", metadata.variables.get("company"), COMPANY_WEIGHT),
        ("gives the agent's name", metadata.agent_name, AGENT_NAME_WEIGHT),
    ):
        wanted = _normalised(name or "").replace(" ", "")
        if len(wanted) >= 2:
            from rapidfuzz import fuzz  # not for who measures without words

            scores = [
                fuzz.partial_ratio(wanted, leg[:OPENING_CHARACTERS]) if len(leg) >= len(wanted) else 0.0 for leg in joined
            ]
            good = [s >= (NAME_MATCH_SCORE if len(wanted) > 3 else 100) for s in scores]
            if good[0] != good[1]:
                found.append((what, weight * (1 if good[0] else -1)))
    formal = [t.count("您") for t in joined]
    if any(formal):
        # Both sides plus one: a single 您 is little.
        found.append(("says 您 more often", HONORIFIC_WEIGHT * math.log((formal[0] + 1) / (formal[1] + 1))))
    return [(name, weight) for name, weight in found if weight]


def _normalised(text: str) -> str:
    """Lower case, punctuation and other signs to single spaces; apostrophes stay within words."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(re.sub(r"[^\w' ]", " ", text).split())

"""A transcript that came with the call: whether it is this recording's, and which channel each of its speakers is on.

With it a call need not be recognised. It is taken only where it fits what is heard; what does not fit is refused with a
warning, and the call is recognised as if it had not been there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from audit.errors import MetadataError
from audit.pipeline.hearing import Heard
from audit.pipeline.settings import Settings
from audit.records import Metadata
from audit.segments import Segment, intersection, subtract, total_s, union
from audit.speakers import ChannelFinding
from audit.transcript.coverage import REACH_S, SHORTEST_S, coverage_ratio
from audit.words import Role, Transcript, Turn, Uncovered, Word

if TYPE_CHECKING:
    from audit.ingest import ImportedTranscript

#: A recogniser's last word may end this long after the audio that was decoded here: containers are padded.
MAX_BEYOND_S = 2.0
#: Plainly cut off, or of a much shorter call.
MIN_COVERED_RATIO = 0.2
#: Time that each channel's speech and its turns have in common, of the time of either, on recordings with two channels;
#: pauses up to a second count as speech, for turns run over them. Chosen on the sample calls and held on sixteen unseen
#: synthetic ones: true transcripts half a second early or late 0.70-0.81, drawn out by 0.8 s 0.78-0.86; of another call
#: at most 0.51 where speakers are labelled (2 of 360 pairs taken) and 0.72 where they are not (11 of 180).
MIN_AGREEMENT_RATIO = 0.5
PAUSE_WITHIN_TURN_S = 1.0
#: A speaker is on a channel if this many times more of that channel's own speech lies under its turns than of the other's.
MIN_LEG_RATIO = 2.0


#: A party whose words lie under a leg's speech for this share of their time is on it: of one who is not, they lie in its
#: pauses.
MIN_ON_LEG_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a call's imported transcript.

    Attributes
    ----------
    transcript : Transcript or None
        None where there is none, or it was refused. Of a recording with two legs its turns have the roles lent to their
        channels, "unknown" where the channel could not be told; of one with a shared channel those that the file names.
    agent_channel : int or None
        The channel on which the one whom the file names the agent is heard, 0-based.
    warnings : tuple of str
        For the record.
    on_one_leg : bool
        Agent and customer, whom the file names, are both heard on the one live leg of a recording with two.
    """

    transcript: Transcript | None = None
    agent_channel: int | None = None
    warnings: tuple[str, ...] = ()
    on_one_leg: bool = False

    def naming_channel(self, metadata: Metadata) -> Metadata:
        """What is known of the call, with the agent's channel by the transcript where no record names it."""
        if self.agent_channel is None or metadata.agent_channel is not None:
            return metadata
        return replace(metadata, agent_channel=self.agent_channel)

    def against(self, whose: ChannelFinding) -> tuple[str, ...]:
        """The warnings, and where the agent's channel was told to be another one than the transcript's, that, too."""
        if self.agent_channel is None or whose.channel in (None, self.agent_channel):
            return self.warnings
        return (
            *self.warnings,
            f"the imported transcript's agent is heard on channel {self.agent_channel}, "
            f"but by the {whose.source} the agent's channel is {whose.channel}, which was followed",
        )


class _Misfit(Exception):
    """A transcript is not this recording's; says why."""


def take_imported(path: Path, heard: Heard, settings: Settings, *, lent: Sequence[Role]) -> Taken:
    """Find, read and lay out the transcript of a recording, where the settings ask for it.

    Parameters
    ----------
    path : Path
        Of the recording.
    heard : Heard
    settings : Settings
        Of which ``transcripts`` says where to look.
    lent : sequence of Role
        The role that stands for each channel until it is known whose it is.

    Returns
    -------
    Taken
        Nothing where the settings do not ask; a refused transcript leaves a warning, never an error.
    """
    if settings.transcripts is None:
        return Taken()
    from audit.ingest import find_transcript, read_transcript, transcripts_folder

    instead = "the call was recognised instead" if settings.transcribe else "the call has no transcript"
    found = find_transcript(path, transcripts_folder(settings.transcripts))
    if found is None:
        return Taken() if settings.transcribe else Taken(warnings=("no transcript of this call was found to import",))
    try:
        language = None if settings.language == "auto" else settings.language
        return lay_out(read_transcript(found, recording=path, language=language), heard, lent=lent)
    except (MetadataError, _Misfit) as e:
        reason = e.message if isinstance(e, MetadataError) else f"{found.name} does not fit the recording: {e}"
        return Taken(warnings=(f"the imported transcript was not used: {reason}; {instead}",))


def voices_beside(path: Path, settings: Settings) -> Path | None:
    """The RTTM file of a recording, where the settings ask for what was made elsewhere."""
    if settings.transcripts is None:
        return None
    from audit.ingest import find_voices, transcripts_folder

    return find_voices(path, transcripts_folder(settings.transcripts))


def lay_out(imported: ImportedTranscript, heard: Heard, *, lent: Sequence[Role]) -> Taken:
    """Hold a transcript against what is heard, and put its speakers on the channels.

    Parameters
    ----------
    imported : ImportedTranscript
    heard : Heard
    lent : sequence of Role

    Raises
    ------
    _Misfit
        If it ends later than the recording, covers too little of its speech, its agent and customer speak on neither
        channel in particular, or its turns and the channels' speech have too little time in common.
    """
    transcript = imported.transcript
    end_s = max(t.end_s for t in transcript.turns)
    if end_s > heard.duration_s + MAX_BEYOND_S:
        raise _Misfit(f"it ends at {end_s:.1f} s, the recording at {heard.duration_s:.1f} s")
    everyone = union(s for leg in heard.speech for s in leg)
    ratio = _covered(everyone, transcript.turns)
    if ratio is None:
        raise _Misfit("nobody is heard to speak in it")
    if ratio < MIN_COVERED_RATIO:
        raise _Misfit(f"it covers {ratio:.0%} of the speech that is heard")
    kept = [(_within(t, heard.duration_s), s) for t, s in zip(transcript.turns, imported.speakers, strict=True)]
    spoken = [(_tidied(t, transcript.language), s) for t, s in kept if t is not None]
    warnings = []
    if len(spoken) < len(kept):
        warnings.append(f"{len(kept) - len(spoken)} of the imported transcript's turns begin after the recording's end")
    turns, agent = tuple(t for t, _ in spoken), None
    on_one_leg = heard.layout == "one_dead_leg" and _on_one_leg(turns, everyone)
    legs = (everyone,) if on_one_leg else heard.speech
    if len(legs) > 1:
        roles, agent = _channels(spoken, heard.speech, lent)
        turns = tuple(replace(t, role=r) for t, r in zip(turns, roles, strict=True))
        n_lost = sum(r == "unknown" for r in roles)
        if n_lost:
            warnings.append(f"of {n_lost} of the imported transcript's turns it is not known on which channel they are spoken")
        ratio = _agreement(heard.speech, turns, lent)
        if ratio < MIN_AGREEMENT_RATIO:
            raise _Misfit(f"the speech of its two channels agrees with its turns for only {ratio:.0%} of the time of either")
    missed = _uncovered(legs, turns, lent if len(legs) > 1 else ())
    ratio = coverage_ratio(sum(u.duration_s for u in missed), legs)
    transcript = replace(transcript, turns=turns, coverage_ratio=ratio, uncovered=missed)
    return Taken(transcript, agent, tuple(warnings), on_one_leg)


# --- does it fit ----------------------------------------------------------------------------------
def _covered(speech: Sequence[Segment], turns: Sequence[Turn]) -> float | None:
    """The share of the speech that lies under turns; None without speech."""
    whole_s = total_s(speech)
    return total_s(intersection(speech, _spans(turns))) / whole_s if whole_s > 0 else None


def _agreement(legs: Sequence[Sequence[Segment]], turns: Sequence[Turn], lent: Sequence[Role]) -> float:
    """Time that each leg's speech and its turns have in common, of the time of either."""
    both_s = either_s = 0.0
    for leg, role in zip(legs, lent, strict=True):
        spoken = union(leg, join_gap_s=PAUSE_WITHIN_TURN_S)
        written = union(
            (Segment(t.start_s, t.end_s) for t in turns if t.role == role and t.end_s > t.start_s),
            join_gap_s=PAUSE_WITHIN_TURN_S,
        )
        both_s += total_s(intersection(spoken, written))
        either_s += total_s([*spoken, *written])
    return both_s / either_s


def _uncovered(legs: Sequence[Sequence[Segment]], turns: Sequence[Turn], lent: Sequence[Role]) -> tuple[Uncovered, ...]:
    """Each leg's speech that lies neither under its own turns nor under those whose channel is not known.

    On a shared channel (nothing is lent) every turn counts.
    """
    found = []
    for leg, role in zip(legs, lent or ("unknown",), strict=True):
        own = [t for t in turns if not lent or t.role in (role, "unknown")]
        found += [Uncovered(s.start_s, s.end_s, role) for s in subtract(leg, _spans(own)) if s.duration_s >= SHORTEST_S]
    return tuple(sorted(found))


def _spans(turns: Sequence[Turn]) -> tuple[Segment, ...]:
    return union(Segment(t.start_s - REACH_S, t.end_s + REACH_S) for t in turns)


def _within(turn: Turn, duration_s: float) -> Turn | None:
    """A turn as far as the recording goes; None if it begins later."""
    if turn.end_s <= duration_s:
        return turn
    if turn.start_s >= duration_s:
        return None
    words = tuple(replace(w, end_s=min(w.end_s, duration_s)) for w in turn.words if w.start_s < duration_s)
    return replace(turn, end_s=duration_s, words=words)


def _tidied(turn: Turn, language: str) -> Turn:
    """A turn in the writing that recognised ones have: Simplified characters, full-width marks."""
    from audit.transcript.normalise import tidy

    words = tuple(Word(w.start_s, w.end_s, tidy(w.text, language=language), w.confidence) for w in turn.words)
    return replace(turn, text=tidy(turn.text, language=language), words=words)


def _on_one_leg(turns: Sequence[Turn], speech: Sequence[Segment]) -> bool:
    """Whether agent and customer both speak when the only live leg does: it carries both parties."""
    for role in ("agent", "customer"):
        said = union(Segment(t.start_s, t.end_s) for t in turns if t.role == role and t.end_s > t.start_s)
        if total_s(intersection(said, union(speech, join_gap_s=PAUSE_WITHIN_TURN_S))) < MIN_ON_LEG_RATIO * max(
            total_s(said), SHORTEST_S
        ):
            return False
    return True


# --- who is on which channel ----------------------------------------------------------------------
def _channels(
    spoken: Sequence[tuple[Turn, str | None]], legs: Sequence[Sequence[Segment]], lent: Sequence[Role]
) -> tuple[list[Role], int | None]:
    """The role lent to each turn's channel, and the channel of the one who is named the agent.

    Speakers are matched by the speech that only one leg has: agent and customer together, each other label by itself over
    all of its turns, and turns without a label one by one.
    """
    alone = [subtract(leg, legs[1 - c]) for c, leg in enumerate(legs)]
    starts = [[s.start_s for s in leg] for leg in alone]
    shares = [[_under(leg, at, turn) for leg, at in zip(alone, starts, strict=True)] for turn, _ in spoken]
    keys: list[str | None] = [t.role if t.role in ("agent", "customer") else s for t, s in spoken]
    sums: dict[str, list[float]] = {}
    for key, share in zip(keys, shares, strict=True):
        if key is not None:
            before = sums.setdefault(key, [0.0, 0.0])
            before[0], before[1] = before[0] + share[0], before[1] + share[1]
    agent = _agent_channel(sums)
    leg_of: dict[str, int | None] = {key: _leg(share) for key, share in sums.items()}
    if agent is not None:
        leg_of |= {"agent": agent, "customer": 1 - agent}
    roles: list[Role] = []
    for (turn, _), key, share in zip(spoken, keys, shares, strict=True):
        leg = _leg(share) if key is None else leg_of[key]
        roles.append("ivr" if turn.role == "ivr" else "unknown" if leg is None else lent[leg])
    return roles, agent


def _agent_channel(sums: Mapping[str, Sequence[float]]) -> int | None:
    """The channel that the named agent is heard on; None where nobody is named."""
    if not {"agent", "customer"} & sums.keys():
        return None
    agent, customer = sums.get("agent", (0.0, 0.0)), sums.get("customer", (0.0, 0.0))
    channel = _leg((agent[0] + customer[1], agent[1] + customer[0]))
    if channel is None:
        raise _Misfit("its agent and customer do not speak when the two channels do")
    return channel


def _leg(share: Sequence[float]) -> int | None:
    """The leg that a speaker is on; None where it is not plain."""
    best = 0 if share[0] >= share[1] else 1
    return best if share[best] > 0 and share[best] >= MIN_LEG_RATIO * share[1 - best] else None


def _under(segments: Sequence[Segment], starts: Sequence[float], turn: Turn) -> float:
    """Seconds of sorted segments within a turn."""
    first = max(0, bisect_right(starts, turn.start_s) - 1)
    last = bisect_left(starts, turn.end_s)
    return sum(max(0.0, min(s.end_s, turn.end_s) - max(s.start_s, turn.start_s)) for s in segments[first:last])

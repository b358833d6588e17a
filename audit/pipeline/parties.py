"""Who is a party to the call, and where its voice is: on a leg of its own, or told apart on a shared channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audit.audio import Leg
from audit.errors import MetadataError, ModelError
from audit.pipeline.hearing import Heard
from audit.profile import Profile
from audit.records import Metadata, SharedChannel
from audit.segments import Segment, intersection, subtract, union
from audit.speakers import Diarization, SpeakerEncoder, assign_roles, diarize, read_voices, split_turns
from audit.words import Role, Transcript, Turn

#: The speaker encoder: a model of ``models/``, fetched like the recogniser's when the first shared channel comes.
ENCODER = "resemblyzer"


@dataclass(frozen=True, slots=True)
class Party:
    """One party's voice.

    Attributes
    ----------
    role : {"agent", "customer", "ivr", "unknown"}
    channel : int
        0-based: its own leg, or the one that all share.
    speech : tuple of Segment
        When it speaks.
    shared : bool
        Whether others speak on the same channel.
    """

    role: Role
    channel: int
    speech: tuple[Segment, ...]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ToldApart:
    """The parties of a shared channel, and the words with them.

    Attributes
    ----------
    parties : tuple of Party
        One of role "unknown" where the voices could not be told apart.
    transcript : Transcript or None
        Its turns cut where the voice changes, with roles where they are known.
    finding : SharedChannel or None
        How sure that is, and why; None where each has its own channel, or nobody asked.
    """

    parties: tuple[Party, ...]
    transcript: Transcript | None
    finding: SharedChannel | None


def of_legs(heard: Heard, agent: int | None) -> tuple[Party, ...]:
    """The parties by channel.

    Parameters
    ----------
    heard : Heard
    agent : int or None
        The agent's channel.

    Returns
    -------
    tuple of Party
        One for each leg, in order; all "unknown" where the agent's channel is not known or all share one.
    """
    roles: tuple[Role, ...] = tuple("unknown" for _ in range(heard.n_legs))
    if heard.n_legs > 1 and agent is not None:
        roles = ("agent", "customer") if agent == 0 else ("customer", "agent")
    shared = heard.n_legs == 1
    return tuple(Party(r, c, s, shared) for c, (r, s) in enumerate(zip(roles, heard.speech, strict=True)))


def party_of(role: Role, parties: Sequence[Party]) -> Party | None:
    """The first party in a role; None without one."""
    return next((p for p in parties if p.role == role), None)


def speech_by_role(parties: Sequence[Party]) -> dict[Role, tuple[Segment, ...]]:
    """Speech of each role; parties of one role are taken together."""
    out: dict[Role, tuple[Segment, ...]] = {}
    for p in parties:
        out[p.role] = union((*out[p.role], *p.speech)) if p.role in out else p.speech
    return out


class SharedChannels:
    """Tells the voices of shared channels apart; the speaker encoder is loaded once, when the first one comes.

    Parameters
    ----------
    profile : Profile
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._encoder: SpeakerEncoder | None = None
        self._missing = ""

    def tell_apart(
        self, heard: Heard, transcript: Transcript | None, metadata: Metadata, *, rttm: Path | None = None
    ) -> ToldApart:
        """Find the parties of a call whose voices share one channel.

        Parameters
        ----------
        heard : Heard
            Of one leg.
        transcript : Transcript or None
            Without roles, or with those that came with it, which then stand.
        metadata : Metadata
        rttm : Path, optional
            Where another tool has written who speaks when; then our own ears are not asked.

        Returns
        -------
        ToldApart
        """
        if rttm is not None:
            return self._as_given(rttm, heard, transcript, metadata)
        if transcript is not None and any(t.role != "unknown" for t in transcript.turns):
            return _as_written(heard, transcript)
        encoder = self._load()
        if encoder is None:
            return ToldApart(of_legs(heard, None), transcript, SharedChannel(reason=self._missing))
        found = diarize(Leg(heard.audio.store, 0), heard.sample_rate_hz, heard.speech[0], encoder)
        return self._named(found, heard, transcript, metadata)

    def _as_given(self, rttm: Path, heard: Heard, transcript: Transcript | None, metadata: Metadata) -> ToldApart:
        """The voices of an RTTM file; one that cannot be used costs the roles, but no call."""
        try:
            found, roles = read_voices(rttm)
        except MetadataError as error:
            return ToldApart(of_legs(heard, None), transcript, SharedChannel(reason=str(error)))
        if "agent" not in roles:
            return self._named(found, heard, transcript, metadata)
        if transcript is not None:
            turns = split_turns(transcript.turns, found)
            transcript = replace(transcript, turns=tuple(replace(t.turn, role=roles[t.speaker]) for t in turns))
        finding = SharedChannel(found.n_speakers, found.confidence, found.confidence, f"as {rttm.name} says")
        return ToldApart(_voices(found, roles), transcript, finding)

    def _named(self, found: Diarization, heard: Heard, transcript: Transcript | None, metadata: Metadata) -> ToldApart:
        """Voices told apart, with the roles that their words give away."""
        turns = split_turns(transcript.turns, found) if transcript is not None else ()
        who = assign_roles(found, turns or None, metadata=metadata, profile=self._profile)
        finding = SharedChannel(found.n_speakers or None, found.confidence, who.confidence, who.reason)
        if "agent" not in who.roles:
            return ToldApart(of_legs(heard, None), transcript, finding)
        if transcript is not None:
            transcript = replace(transcript, turns=tuple(replace(t.turn, role=who.roles[t.speaker]) for t in turns))
        return ToldApart(_voices(found, who.roles), transcript, finding)

    def _load(self) -> SpeakerEncoder | None:
        """The encoder; None where it cannot be had, which costs the roles of shared channels but no call."""
        if self._encoder is None and not self._missing:
            from audit.transcript import ensure_model

            try:
                self._encoder = SpeakerEncoder.load(ensure_model(ENCODER))
            except ModelError as error:
                self._missing = f"the voices were not told apart, for the speaker model is missing: {error}"
        return self._encoder


def _voices(found: Diarization, roles: Sequence[Role]) -> tuple[Party, ...]:
    """One party for each role, agent and customer first."""
    order: tuple[Role, ...] = ("agent", "customer", "ivr", "unknown")
    return tuple(
        Party(role, 0, union(s for k, r in enumerate(roles) if r == role for s in found.speech_of(k)), shared=True)
        for role in order
        if role in roles
    )


def _as_written(heard: Heard, transcript: Transcript) -> ToldApart:
    """The parties as the words that came with the call name them: each has the speech under its own words."""
    roles = sorted({t.role for t in transcript.turns})
    said = {r: union(s for t in transcript.turns if t.role == r for s in _times(t)) for r in roles}
    parties = []
    for role in roles:
        others = union(s for r in roles if r != role for s in said[r])
        parties.append(Party(role, 0, subtract(intersection(heard.speech[0], said[role]), others), shared=True))
    return ToldApart(tuple(parties), transcript, SharedChannel(len(roles), reason="who speaks came with the transcript"))


def _times(turn: Turn) -> tuple[Segment, ...]:
    return (Segment(turn.start_s, turn.end_s),) if turn.end_s > turn.start_s else ()

"""Figures of each role: what is measured on a leg, and what only makes sense between two parties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audit import acoustics
from audit.audio import Samples
from audit.pipeline.hearing import Heard
from audit.pipeline.parties import Party, party_of
from audit.pipeline.stages import Stages
from audit.pipeline.windows import windows
from audit.records import Measures, Timeline
from audit.segments import Segment, total_s
from audit.words import Role, Transcript


def measures_of(
    heard: Heard,
    parties: Sequence[Party],
    transcript: Transcript | None,
    timeline: Timeline,
    stages: Stages | None = None,
) -> dict[Role, Measures]:
    """Measure each party; those of unknown role are represented by the first.

    Parameters
    ----------
    heard : Heard
    parties : sequence of Party
    transcript : Transcript or None
    timeline : Timeline
    stages : Stages, optional

    Returns
    -------
    dict of role to Measures
    """
    wanted = tuple({p.role: p for p in reversed(parties)}.values())[::-1]
    made_from = (wanted, tuple(parties), heard.speech)
    sounded = (stages or Stages()).of("sound", tuple[_Sounded, ...], made_from, lambda: _sound(heard, wanted, parties))
    out: dict[Role, Measures] = {}
    for party, found in zip(wanted, sounded, strict=True):
        measures = found.measures if party.role == "unknown" else _pace(found.measures, party, transcript)
        other = _other(party, parties)
        out[party.role] = _against(measures, party, other, timeline, found.crosstalk) if other else measures
    return out


@dataclass(frozen=True, slots=True)
class _Sounded:
    """What only the samples tell of a party."""

    measures: Measures
    crosstalk: acoustics.Crosstalk | None


def _sound(heard: Heard, wanted: Sequence[Party], parties: Sequence[Party]) -> tuple[_Sounded, ...]:
    """Levels and pitch of each party, and what its leg carries of the other: all that is measured on samples."""
    meters = [acoustics.LevelMeter(heard.sample_rate_hz) for _ in wanted]
    for w in windows(heard.duration_s):
        legs = heard.legs(w.own)
        for party, meter in zip(wanted, meters, strict=True):
            meter.add(legs[party.channel], party.speech, start_s=w.own.start_s, others=_others(heard, party, parties))
    out = []
    for party, meter in zip(wanted, meters, strict=True):
        level = meter.level()
        measures = Measures(
            speech_s=total_s(party.speech),
            active_level_dbfs=level.active_level_dbfs,
            loudness_lufs=level.loudness_lufs,
            peak_dbfs=level.peak_dbfs,
            clipping_ratio=level.clipping_ratio,
            snr_db=level.snr_db,
            dc_offset_ratio=level.dc_offset_ratio,
        )
        if party.role != "unknown":
            measures = _voice(measures, heard, party, meter.stretches())
        other = _other(party, parties)
        crosstalk = _crosstalk(heard, party, other) if other is not None and not party.shared else None
        out.append(_Sounded(measures, crosstalk))
    return tuple(out)


_OTHER_ROLE: Mapping[Role, Role] = {"agent": "customer", "customer": "agent"}


def _other(party: Party, parties: Sequence[Party]) -> Party | None:
    """The one whom a party talks with."""
    return party_of(_OTHER_ROLE[party.role], parties) if party.role in _OTHER_ROLE else None


def _others(heard: Heard, party: Party, parties: Sequence[Party]) -> tuple[Segment, ...]:
    """Speech on the party's channel that is not its own: of those who share it, or of a survey after the call."""
    beside = party.shared or any(p.channel == party.channel and p is not party for p in parties)
    return heard.speech[party.channel] if beside else ()


def _voice(measures: Measures, heard: Heard, party: Party, stretches: Sequence[acoustics.StretchLevel]) -> Measures:
    """Add what only makes sense for one person's voice: pitch, and how the level moves."""
    pitch = _pitch(heard, party.channel, party.speech)
    changes = acoustics.level_changes(stretches)
    loudest = changes.loudest_turn
    return replace(
        measures,
        f0_median_hz=pitch.f0_median_hz,
        f0_sd_semitones=pitch.f0_sd_semitones,
        level_spread_db=changes.level_spread_db,
        max_level_jump_db=changes.max_level_jump_db,
        max_level_jump_at_s=changes.max_level_jump_at_s,
        loudest_turn_over_median_db=changes.loudest_turn_over_median_db,
        loudest_turn_start_s=loudest.start_s if loudest else None,
        loudest_turn_end_s=loudest.end_s if loudest else None,
        loudest_turn_f0_rise_semitones=(
            acoustics.pitch_rise_semitones(_pitch(heard, party.channel, [loudest]), pitch) if loudest else None
        ),
    )


def _pitch(heard: Heard, channel: int, speech: Iterable[Segment]) -> acoustics.Pitch:
    """Pitch of some of a leg's speech, of which only the pieces looked at are read."""
    pieces = acoustics.pitch_pieces(speech, heard.duration_s)
    return acoustics.pitch_of((_cut(heard, channel, s) for s in pieces), heard.sample_rate_hz)


def _crosstalk(heard: Heard, party: Party, other: Party) -> acoustics.Crosstalk | None:
    """What a leg carries of the other party."""
    pieces = acoustics.lone_pieces(other.speech, party.speech, heard.duration_s)
    pairs = [(_cut(heard, other.channel, s), _cut(heard, party.channel, s)) for s in pieces]
    return acoustics.crosstalk_of(pairs, heard.sample_rate_hz)


def _cut(heard: Heard, channel: int, segment: Segment) -> Samples:
    return heard.legs(segment)[channel]


def _against(
    measures: Measures, party: Party, other: Party, timeline: Timeline, crosstalk: acoustics.Crosstalk | None
) -> Measures:
    """Add figures against the other party; on a shared channel nobody knows who talks into whose words."""
    own, theirs = party.speech, other.speech
    replies = acoustics.response_times(own, theirs, busy=(*timeline.holds, *timeline.holds_heard, *timeline.tones))
    measures = replace(
        measures,
        talk_share_ratio=acoustics.talk_share_ratio(own, theirs),
        longest_monologue_s=acoustics.longest_monologue_s(own, theirs),
        response_time_median_s=float(np.median(replies)) if replies else None,
    )
    if party.shared:
        return measures
    return replace(
        measures,
        crosstalk_db=crosstalk.level_db if crosstalk else None,
        crosstalk_delay_s=crosstalk.delay_s if crosstalk else None,
        n_interruptions=sum(o.interrupter == party.role and o.kind == "interruption" for o in timeline.overlaps),
    )


def _pace(measures: Measures, party: Party, transcript: Transcript | None) -> Measures:
    """Add how fast the party speaks; None in languages whose units nobody has defined here."""
    if transcript is None or transcript.language not in ("zh", "en"):
        return measures
    turns = [t for t in transcript.turns if t.role == party.role]
    words = [w for t in turns for w in t.words]
    n_units = acoustics.count_units(" ".join(t.text for t in turns), transcript.language)
    rate = acoustics.articulation_rate(n_units, total_s(party.speech))
    stretch = acoustics.fastest_rate(words, transcript.language, speech=party.speech)
    fastest = stretch.rate_per_minute if stretch else None
    if stretch:
        measures = replace(measures, fastest_start_s=stretch.segment.start_s, fastest_end_s=stretch.segment.end_s)
    if transcript.language == "zh":
        return replace(measures, speech_rate_cpm=rate, fastest_rate_cpm=fastest)
    return replace(measures, speech_rate_wpm=rate, fastest_rate_wpm=fastest)

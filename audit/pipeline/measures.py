"""Figures of each role: what is measured on a leg, and what only makes sense between two parties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from audit import acoustics
from audit.audio import Samples
from audit.pipeline.hearing import Heard
from audit.pipeline.windows import windows
from audit.records import Measures, Role, Timeline, Transcript
from audit.segments import Segment, total_s


def measures_of(heard: Heard, roles: Sequence[Role], transcript: Transcript | None, timeline: Timeline) -> dict[Role, Measures]:
    """Measure each role; legs of unknown role are represented by the first.

    Parameters
    ----------
    heard : Heard
    roles : sequence of Role
        One for each leg.
    transcript : Transcript or None
    timeline : Timeline

    Returns
    -------
    dict of role to Measures
    """
    wanted = [c for c, role in enumerate(roles) if role != "unknown" or c == 0]
    meters = {c: acoustics.LevelMeter(heard.sample_rate_hz) for c in wanted}
    for w in windows(heard.duration_s):
        legs = heard.legs(w.own)
        for c, meter in meters.items():
            meter.add(legs[c], heard.speech[c], start_s=w.own.start_s)
    out: dict[Role, Measures] = {}
    for c, meter in meters.items():
        level = meter.level()
        measures = Measures(
            speech_s=total_s(heard.speech[c]),
            active_level_dbfs=level.active_level_dbfs,
            loudness_lufs=level.loudness_lufs,
            peak_dbfs=level.peak_dbfs,
            clipping_ratio=level.clipping_ratio,
            snr_db=level.snr_db,
            dc_offset_ratio=level.dc_offset_ratio,
        )
        if roles[c] != "unknown":
            measures = _voice(measures, heard, c, meter.stretches())
            measures = _of_party(measures, heard, c, roles[c], transcript, timeline)
        out[roles[c]] = measures
    return out


def _voice(measures: Measures, heard: Heard, channel: int, stretches: Sequence[acoustics.StretchLevel]) -> Measures:
    """Add what only makes sense for one person's voice: pitch, and how the level moves."""
    pitch = _pitch(heard, channel, heard.speech[channel])
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
            acoustics.pitch_rise_semitones(_pitch(heard, channel, [loudest]), pitch) if loudest else None
        ),
    )


def _pitch(heard: Heard, channel: int, speech: Iterable[Segment]) -> acoustics.Pitch:
    """Pitch of some of a leg's speech, of which only the pieces looked at are read."""
    pieces = acoustics.pitch_pieces(speech, heard.duration_s)
    return acoustics.pitch_of((_cut(heard, channel, s) for s in pieces), heard.sample_rate_hz)


def _crosstalk(heard: Heard, channel: int) -> acoustics.Crosstalk | None:
    """What a leg carries of the other party."""
    other = 1 - channel
    pieces = acoustics.lone_pieces(heard.speech[other], heard.speech[channel], heard.duration_s)
    pairs = [(_cut(heard, other, s), _cut(heard, channel, s)) for s in pieces]
    return acoustics.crosstalk_of(pairs, heard.sample_rate_hz)


def _cut(heard: Heard, channel: int, segment: Segment) -> Samples:
    return heard.legs(segment)[channel]


def _of_party(
    measures: Measures, heard: Heard, channel: int, role: Role, transcript: Transcript | None, timeline: Timeline
) -> Measures:
    """Add pace, and figures against the other party."""
    own, other = heard.speech[channel], heard.speech[1 - channel]
    crosstalk = _crosstalk(heard, channel)
    replies = acoustics.response_times(own, other, busy=(*timeline.holds, *timeline.holds_heard, *timeline.tones))
    measures = replace(
        measures,
        crosstalk_db=crosstalk.level_db if crosstalk else None,
        crosstalk_delay_s=crosstalk.delay_s if crosstalk else None,
        talk_share_ratio=acoustics.talk_share_ratio(own, other),
        longest_monologue_s=acoustics.longest_monologue_s(own, other),
        response_time_median_s=float(np.median(replies)) if replies else None,
        n_interruptions=sum(o.interrupter == role and o.kind == "interruption" for o in timeline.overlaps),
    )
    if transcript is None:
        return measures
    turns = [t for t in transcript.turns if t.role == role]
    words = [w for t in turns for w in t.words]
    n_units = acoustics.count_units(" ".join(t.text for t in turns), transcript.language)
    rate = acoustics.articulation_rate(n_units, total_s(own))
    stretch = acoustics.fastest_rate(words, transcript.language, speech=own)
    fastest = stretch.rate_per_minute if stretch else None
    if stretch:
        measures = replace(measures, fastest_start_s=stretch.segment.start_s, fastest_end_s=stretch.segment.end_s)
    if transcript.language == "zh":
        return replace(measures, speech_rate_cpm=rate, fastest_rate_cpm=fastest)
    return replace(measures, speech_rate_wpm=rate, fastest_rate_wpm=fastest)

"""Figures of each role: what is measured on a leg, and what only makes sense between two parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audit import acoustics
from audit.pipeline.hearing import Heard
from audit.pipeline.timeline import MIN_OVERLAP_S
from audit.records import Measures, Role, Segment, Transcript, total_s


def measures_of(heard: Heard, roles: Sequence[Role], transcript: Transcript | None) -> dict[Role, Measures]:
    """Measure each role; legs of unknown role are represented by the first.

    Parameters
    ----------
    heard : Heard
    roles : sequence of Role
        One for each leg.
    transcript : Transcript or None

    Returns
    -------
    dict of role to Measures
    """
    whole = heard.legs(Segment(0.0, heard.duration_s))
    out: dict[Role, Measures] = {}
    for c, role in enumerate(roles):
        if role == "unknown" and c > 0:
            continue
        own = heard.speech[c]
        level = acoustics.measure_level(whole[c], heard.sample_rate_hz, own)
        measures = Measures(
            speech_s=total_s(own),
            active_level_dbfs=level.active_level_dbfs,
            loudness_lufs=level.loudness_lufs,
            peak_dbfs=level.peak_dbfs,
            clipping_ratio=level.clipping_ratio,
            snr_db=level.snr_db,
        )
        if role != "unknown":
            measures = _of_party(measures, heard, c, role, transcript)
        out[role] = measures
    return out


def _of_party(measures: Measures, heard: Heard, channel: int, role: Role, transcript: Transcript | None) -> Measures:
    """Add what only makes sense for one person: pitch, pace, and figures against the other party."""
    own, other = heard.speech[channel], heard.speech[1 - channel]
    pitch = acoustics.measure_pitch(heard.legs(Segment(0.0, heard.duration_s))[channel], heard.sample_rate_hz, own)
    replies = acoustics.response_times(own, other, busy=[h.hold for h in heard.holds])
    measures = replace(
        measures,
        f0_median_hz=pitch.f0_median_hz,
        f0_sd_semitones=pitch.f0_sd_semitones,
        talk_share_ratio=acoustics.talk_share_ratio(own, other),
        longest_monologue_s=acoustics.longest_monologue_s(own, other),
        response_time_median_s=float(np.median(replies)) if replies else None,
        n_interruptions=sum(
            o.interrupter == role for o in acoustics.overlaps(*_as_parties(own, other, role), min_overlap_s=MIN_OVERLAP_S)
        ),
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


def _as_parties(
    own: tuple[Segment, ...], other: tuple[Segment, ...], role: Role
) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Order two legs as agent, customer."""
    return (own, other) if role == "agent" else (other, own)

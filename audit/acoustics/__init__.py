"""What the sound of a call says: who speaks when, how loud, how high, how fast, and who waits for whom."""

from audit.acoustics.active import ActiveSpeechLevel, active_speech_level
from audit.acoustics.backchannels import backchannel_words, find_backchannels, judge_overlap
from audit.acoustics.echo import Crosstalk, crosstalk_of, lone_pieces, measure_crosstalk
from audit.acoustics.level import Level, LevelMeter, StretchLevel, measure_level, turn_levels
from audit.acoustics.loudest import LevelChanges, level_changes, pitch_rise_semitones, shouted
from audit.acoustics.loudness import loudness_lufs
from audit.acoustics.pitch import Pitch, measure_pitch, pitch_of, pitch_pieces, pitch_track
from audit.acoustics.rate import FastestStretch, articulation_rate, count_units, fastest_rate
from audit.acoustics.turns import (
    Response,
    dead_air,
    longest_monologue_s,
    overlaps,
    response_times,
    responses,
    talk_share_ratio,
    talk_spells,
)
from audit.acoustics.vad import Activity, find_activity, find_speech

__all__ = [
    "ActiveSpeechLevel",
    "Activity",
    "Crosstalk",
    "FastestStretch",
    "Level",
    "LevelChanges",
    "LevelMeter",
    "Pitch",
    "Response",
    "StretchLevel",
    "active_speech_level",
    "articulation_rate",
    "backchannel_words",
    "count_units",
    "crosstalk_of",
    "dead_air",
    "fastest_rate",
    "find_activity",
    "find_backchannels",
    "find_speech",
    "judge_overlap",
    "level_changes",
    "lone_pieces",
    "longest_monologue_s",
    "loudness_lufs",
    "measure_crosstalk",
    "measure_level",
    "measure_pitch",
    "overlaps",
    "pitch_of",
    "pitch_pieces",
    "pitch_rise_semitones",
    "pitch_track",
    "response_times",
    "responses",
    "shouted",
    "talk_share_ratio",
    "talk_spells",
    "turn_levels",
]

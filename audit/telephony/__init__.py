"""Tones, rings, holds and the release of a call, from its audio."""

from __future__ import annotations

from audit.telephony.answer import Answer, find_answer
from audit.telephony.before_answer import (
    LineOpening,
    find_line_opening,
    find_music_before_answer,
    find_music_end,
    first_dialogue_s,
)
from audit.telephony.hold import LegHold, find_holds
from audit.telephony.plans import TONE_PLANS, Cadence, TonePlan
from audit.telephony.recorded_holds import ReconciledHolds, RecordedEvents, place_recorded, reconcile_holds
from audit.telephony.release import Release, find_release
from audit.telephony.ringing import Ringing, measure_ringing
from audit.telephony.spectrum import at_line_rate
from audit.telephony.spoken_hold import HoldPhrases, find_spoken_holds, hold_phrases, with_spoken_holds
from audit.telephony.tones import Burst, find_bursts, find_tones, name_tones

__all__ = [
    "TONE_PLANS",
    "Answer",
    "Burst",
    "Cadence",
    "HoldPhrases",
    "LegHold",
    "LineOpening",
    "ReconciledHolds",
    "RecordedEvents",
    "Release",
    "Ringing",
    "TonePlan",
    "at_line_rate",
    "find_answer",
    "find_bursts",
    "find_holds",
    "find_line_opening",
    "find_music_before_answer",
    "find_music_end",
    "find_release",
    "find_spoken_holds",
    "find_tones",
    "first_dialogue_s",
    "hold_phrases",
    "measure_ringing",
    "name_tones",
    "place_recorded",
    "reconcile_holds",
    "with_spoken_holds",
]

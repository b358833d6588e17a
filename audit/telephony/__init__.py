"""Tones, rings, holds and the release of a call, from its audio."""

from __future__ import annotations

from audit.telephony.hold import LegHold, find_holds
from audit.telephony.plans import TONE_PLANS, Cadence, TonePlan
from audit.telephony.release import Release, find_release
from audit.telephony.ringing import Ringing, measure_ringing
from audit.telephony.spectrum import at_line_rate
from audit.telephony.tones import Burst, find_bursts, find_tones, name_tones

__all__ = [
    "TONE_PLANS",
    "Burst",
    "Cadence",
    "LegHold",
    "Release",
    "Ringing",
    "TonePlan",
    "at_line_rate",
    "find_bursts",
    "find_holds",
    "find_release",
    "find_tones",
    "measure_ringing",
    "name_tones",
]

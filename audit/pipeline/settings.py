"""What a run is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.profile import Profile

SCORECARD_OF_LANGUAGE: Mapping[str, str] = {"zh": "zh-service", "en": "en-service"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked to do; the same for all of its calls.

    Attributes
    ----------
    agent_channel : int or None
        0-based, for all calls; None leaves it to the profile, the record and the audio.
    language : {"zh", "en", "auto"}
    model : str
        Name of an installed speech model, a directory, or a name that faster-whisper knows.
    scorecard : str or None
        Name or path; None takes the shipped one of each call's language.
    transcribe : bool
        False measures timing and acoustics only.
    transcripts : str or None
        Where transcripts made elsewhere lie: "beside" the recordings, or a folder. None looks for none.
    """

    profile: Profile = field(default_factory=Profile)
    agent_channel: int | None = None
    tone_plan: str = "auto"
    transcribe: bool = True
    language: str = "auto"
    model: str = "base"
    device: str = "cpu"
    compute_type: str = "int8"
    cpu_threads: int = 2
    scorecard: str | None = None
    transcripts: str | None = None

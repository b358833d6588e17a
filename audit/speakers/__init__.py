"""Who speaks: on which channel, and whose voice where several people share one."""

from audit.speakers.channels import ChannelFinding, agent_channel
from audit.speakers.diarize import Diarization, SpeakerSegment, diarize
from audit.speakers.embedding import SpeakerEncoder
from audit.speakers.given import read_voices
from audit.speakers.layout import LayoutFinding, channel_layout
from audit.speakers.mono_roles import RoleFinding, assign_roles, split_turns, two_speak_by_words
from audit.speakers.prompts import VoiceTurn, first_prompt_by_words
from audit.speakers.rttm import rttm_of
from audit.speakers.survey_words import SurveyWords, pieces_of, survey_by_words
from audit.speakers.surveys import SurveyVoice, before_survey, hear_survey, is_survey, survey_speech, with_survey

__all__ = [
    "ChannelFinding",
    "Diarization",
    "LayoutFinding",
    "RoleFinding",
    "SpeakerEncoder",
    "SpeakerSegment",
    "SurveyVoice",
    "SurveyWords",
    "VoiceTurn",
    "agent_channel",
    "assign_roles",
    "before_survey",
    "channel_layout",
    "diarize",
    "first_prompt_by_words",
    "hear_survey",
    "is_survey",
    "pieces_of",
    "read_voices",
    "rttm_of",
    "split_turns",
    "survey_by_words",
    "survey_speech",
    "two_speak_by_words",
    "with_survey",
]

"""What must not be shown or played: card, identity and telephone numbers and addresses, as they are said in a call."""

from audit.redaction.find import KINDS, Found, Kind, Spotter, find
from audit.redaction.hide import MutedRecording, hide_evaluation, hide_outcomes, hide_record, hide_text

__all__ = [
    "KINDS",
    "Found",
    "Kind",
    "MutedRecording",
    "Spotter",
    "find",
    "hide_evaluation",
    "hide_outcomes",
    "hide_record",
    "hide_text",
]

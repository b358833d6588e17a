"""What must not be shown or played: card, identity and telephone numbers and addresses, as they are said in a call.

The names are imported when they are first asked for: a report that hides nothing needs none of the patterns. What looks
for them is ``audit.redaction.find.find``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.redaction.find import KINDS, Found, Kind, Spotter
    from audit.redaction.hide import hide_evaluation, hide_outcomes, hide_record, hide_text
    from audit.redaction.muted import MutedRecording

_HOME = {
    "KINDS": "audit.redaction.find",
    "Found": "audit.redaction.find",
    "Kind": "audit.redaction.find",
    "MutedRecording": "audit.redaction.muted",
    "Spotter": "audit.redaction.find",
    "hide_evaluation": "audit.redaction.hide",
    "hide_outcomes": "audit.redaction.hide",
    "hide_record": "audit.redaction.hide",
    "hide_text": "audit.redaction.hide",
}

__all__ = [
    "KINDS",
    "Found",
    "Kind",
    "MutedRecording",
    "Spotter",
    "hide_evaluation",
    "hide_outcomes",
    "hide_record",
    "hide_text",
]


def __getattr__(name: str) -> Any:
    """Import a name of this package where it lies (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)

"""What is known before listening: which recordings there are, and what records, vCons and file names say of them.

The names are imported when they are first asked for: most runs need few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from audit.ingest.discover import (
    AUDIO_EXTENSIONS,
    Discovery,
    Recordings,
    discover,
)  # at once, for the function has its module's name

if TYPE_CHECKING:
    from audit.ingest.cdr import CallDetails, CdrRow, read_cdr
    from audit.ingest.crm import CrmTable, read_crm
    from audit.ingest.filename import parse_file_name
    from audit.ingest.merge import find_metadata
    from audit.ingest.reviews import DecisionFile, new_key, read_decision_file
    from audit.ingest.transcripts.find import find_transcript, find_voices, transcripts_folder
    from audit.ingest.transcripts.lines import ImportedTranscript
    from audit.ingest.transcripts.read import read_transcript
    from audit.ingest.values import safe_id
    from audit.ingest.vcon import read_vcon, vcon_beside

_HOME = {
    "CallDetails": "audit.ingest.cdr",
    "CdrRow": "audit.ingest.cdr",
    "CrmTable": "audit.ingest.crm",
    "DecisionFile": "audit.ingest.reviews",
    "ImportedTranscript": "audit.ingest.transcripts.lines",
    "find_metadata": "audit.ingest.merge",
    "find_transcript": "audit.ingest.transcripts.find",
    "find_voices": "audit.ingest.transcripts.find",
    "new_key": "audit.ingest.reviews",
    "parse_file_name": "audit.ingest.filename",
    "read_cdr": "audit.ingest.cdr",
    "read_crm": "audit.ingest.crm",
    "read_decision_file": "audit.ingest.reviews",
    "read_transcript": "audit.ingest.transcripts.read",
    "read_vcon": "audit.ingest.vcon",
    "safe_id": "audit.ingest.values",
    "transcripts_folder": "audit.ingest.transcripts.find",
    "vcon_beside": "audit.ingest.vcon",
}

__all__ = [
    "AUDIO_EXTENSIONS",
    "CallDetails",
    "CdrRow",
    "CrmTable",
    "DecisionFile",
    "Discovery",
    "ImportedTranscript",
    "Recordings",
    "discover",
    "find_metadata",
    "find_transcript",
    "find_voices",
    "new_key",
    "parse_file_name",
    "read_cdr",
    "read_crm",
    "read_decision_file",
    "read_transcript",
    "read_vcon",
    "safe_id",
    "transcripts_folder",
    "vcon_beside",
]


def __getattr__(name: str) -> Any:
    """Import a name of this package where it lies (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)

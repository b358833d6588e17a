"""What is known before listening: which recordings there are, and what records, vCons and file names say of them."""

from audit.ingest.cdr import CallDetails, CdrRow, read_cdr
from audit.ingest.discover import AUDIO_EXTENSIONS, Discovery, discover
from audit.ingest.filename import parse_file_name
from audit.ingest.merge import find_metadata
from audit.ingest.transcripts import ImportedTranscript, find_transcript, find_voices, read_transcript, transcripts_folder
from audit.ingest.values import safe_id
from audit.ingest.vcon import read_vcon, vcon_beside

__all__ = [
    "AUDIO_EXTENSIONS",
    "CallDetails",
    "CdrRow",
    "Discovery",
    "ImportedTranscript",
    "discover",
    "find_metadata",
    "find_transcript",
    "find_voices",
    "parse_file_name",
    "read_cdr",
    "read_transcript",
    "read_vcon",
    "safe_id",
    "transcripts_folder",
    "vcon_beside",
]

"""Transcripts that were made elsewhere, so that a centre that has them need not recognise its calls again."""

from audit.ingest.transcripts.find import find_transcript, find_voices, transcripts_folder
from audit.ingest.transcripts.lines import ImportedTranscript
from audit.ingest.transcripts.read import read_transcript

__all__ = ["ImportedTranscript", "find_transcript", "find_voices", "read_transcript", "transcripts_folder"]

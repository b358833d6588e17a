"""The published form of an audited call, ``callaudit.call/1``, both ways.

Keys are added freely and never renamed or removed: other people's scripts read
them. Durations and levels are rounded to what they can mean (1 ms, 0.01 dB).
"""

from audit.contract.calls import SCHEMA, call_to_json, json_place, record_from_json, transcript_from_json, transcript_to_json
from audit.contract.evaluations import evaluation_from_json, evaluation_to_json, outcome_from_json

__all__ = [
    "SCHEMA",
    "call_to_json",
    "evaluation_from_json",
    "evaluation_to_json",
    "json_place",
    "outcome_from_json",
    "record_from_json",
    "transcript_from_json",
    "transcript_to_json",
]

"""The only reader of audio: any recording that FFmpeg's libraries decode, as float samples, with its faults named.

A recording is never quietly shortened. What the container claims (RIFF sizes, the Xing/Info frame count, FLAC's
STREAMINFO, MP4's index) is read from the bytes themselves and held against what was decoded; packets that cannot be
decoded and jumps of the time stamps are filled with silence, so that later times stay right, and reported.
"""

from audit.audio.clip import cut_encoded, encode_blocks, encode_clip
from audit.audio.decode import MAX_SAMPLE_RATE_HZ, resample
from audit.audio.reader import Audio, file_sha256, read_audio
from audit.audio.store import Leg, Samples, SampleStore

__all__ = [
    "MAX_SAMPLE_RATE_HZ",
    "Audio",
    "Leg",
    "SampleStore",
    "Samples",
    "cut_encoded",
    "encode_blocks",
    "encode_clip",
    "file_sha256",
    "read_audio",
    "resample",
]

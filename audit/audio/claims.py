"""What a recording's container claims of its own length, read from the bytes themselves."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path

#: Data sizes from here on are what recorders that write to a pipe put in place of a length (sox, FFmpeg, Asterisk).
RIFF_PLACEHOLDER_BYTES = 0x7FFF_0000

_MP3_KBIT_S = (
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG-2 and 2.5
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG-1
)
_MP3_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


#: At these rates 16-bit PCM is telephone speech; above, FFmpeg may find a compressed stream packed into it.
_PLAIN_RATES_HZ = (8_000, 16_000)


@dataclass(frozen=True, slots=True)
class PlainPcm:
    """Where the samples of a WAV file of linear 16 bits lie, all of them there; a moment is one sample of each channel."""

    rate_hz: int
    n_channels: int
    first_byte: int
    n_moments: int


@dataclass(slots=True)
class Claim:
    """What the container says of its own length, before decoding."""

    declared_s: float | None = None
    warnings: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    signature: str | None = None
    pcm: PlainPcm | None = None


def read_claim(path: Path, size: int) -> Claim:
    """Look at the first and last bytes for the length that the container claims."""
    with path.open("rb") as f:
        head = f.read(64 * 1024)
        if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
            return _riff_claim(f, size)
        if head[:4] == b"OggS":
            return _ogg_claim(f, size)
        if head[:4] == b"fLaC":
            rate_hz = int.from_bytes(head[18:21], "big") >> 4
            n = int.from_bytes(head[21:26], "big") & 0xF_FFFF_FFFF
            return Claim(n / rate_hz if n and rate_hz else None, signature="FLAC")
        if head[4:8] == b"ftyp":
            return Claim(signature="MP4")
        if head[:5] == b"#!AMR":
            return Claim(signature="AMR")
        start = 0
        if head[:3] == b"ID3" and len(head) > 10:
            start = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
            f.seek(start)
            head = f.read(4096)
        if len(head) > 4 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
            return Claim(_xing_duration_s(head), signature="MP3")
        return Claim(signature="MP3" if start else None)


def _riff_claim(f: io.BufferedReader, size: int) -> Claim:
    """Walk the RIFF chunks: the data chunk's claim against the bytes that are there."""
    claim = Claim(signature="WAV")
    byte_rate = rate_hz = n_channels = align = 0
    is_pcm, is_plain = True, False
    n_fact: int | None = None
    large_data_bytes: int | None = None
    position = 12
    while position + 8 <= size:
        f.seek(position)
        name, n_bytes = struct.unpack("<4sI", f.read(8))
        body = position + 8
        if name == b"ds64":
            large_data_bytes = struct.unpack("<8xQ", f.read(16).ljust(16, b"\0"))[0]
        elif name == b"fmt ":
            tag, n_channels, rate_hz, average, align, bits = struct.unpack("<HHIIHH", f.read(16).ljust(16, b"\0"))
            # The average is often wrong for PCM and the only figure there is for compressed formats.
            is_pcm = tag in (1, 3, 6, 7, 0xFFFE) and align == n_channels * bits // 8
            byte_rate = align * rate_hz if is_pcm else average
            is_plain = is_pcm and tag == 1 and bits == 16 and n_channels in (1, 2) and rate_hz in _PLAIN_RATES_HZ
        elif name == b"fact" and n_bytes >= 4:
            n_fact = struct.unpack("<I", f.read(4).ljust(4, b"\0"))[0]
        elif name == b"data":
            if n_bytes == 0xFFFFFFFF and large_data_bytes is not None:
                n_bytes = large_data_bytes
            present = size - body
            if byte_rate and (n_bytes == 0 or n_bytes >= RIFF_PLACEHOLDER_BYTES) and n_bytes != present:
                claim.options["ignore_length"] = "1"  # a recorder that wrote to a pipe: no claim was made
            elif byte_rate:
                claim.declared_s = n_bytes / byte_rate
                if not is_pcm:
                    # Blocks have headers of their own, so bytes are no measure of time; the fact chunk counts samples.
                    claim.declared_s = n_fact / rate_hz if n_fact and n_fact < RIFF_PLACEHOLDER_BYTES and rate_hz else None
                    if n_bytes > present:
                        claim.damage.append(f"the WAV header claims {n_bytes} bytes of audio, {present} are there")
                extra = _unclaimed_bytes(f, body + n_bytes + n_bytes % 2, size)
                if extra:
                    claim.options["ignore_length"] = "1"
                    claim.warnings.append(
                        f"the WAV header claims {n_bytes / byte_rate:.2f} s, "
                        f"the file holds {present / byte_rate:.2f} s: all of it was read"
                    )
                elif is_plain and 0 < n_bytes <= present and n_bytes % align == 0:
                    claim.pcm = PlainPcm(rate_hz, n_channels, body, n_bytes // align)
            return claim
        position = body + n_bytes + n_bytes % 2
    claim.damage.append("the WAV file has no data chunk")
    return claim


def _unclaimed_bytes(f: io.BufferedReader, position: int, size: int) -> int:
    """Bytes after the data chunk that are no RIFF chunks (tags are): audio that the header forgot."""
    while position + 8 <= size:
        f.seek(position)
        name, n_bytes = struct.unpack("<4sI", f.read(8))
        if not (name.isascii() and name.decode("ascii").isprintable() and position + 8 + n_bytes <= size + 1):
            return size - position
        position += 8 + n_bytes + n_bytes % 2
    return 0


def _ogg_claim(f: io.BufferedReader, size: int) -> Claim:
    """An Ogg file claims no length, but its last page must be whole and marked as the last (RFC 3533 section 6)."""
    claim = Claim(signature="Ogg")
    start = max(0, size - 70_000)  # a page is at most 65,307 bytes
    f.seek(start)
    tail = f.read()
    at = tail.rfind(b"OggS\0")
    if at < 0 or len(tail) < at + 27:
        claim.damage.append("the Ogg file ends inside a page header")
        return claim
    n_segments = tail[at + 26]
    lacing = tail[at + 27 : at + 27 + n_segments]
    page_bytes = 27 + n_segments + sum(lacing)
    there = len(tail) - at
    if len(lacing) < n_segments or there < page_bytes:
        claim.damage.append(
            f"the Ogg file is cut inside its last page ({there} of {page_bytes} bytes are there); what followed is lost"
        )
    elif not tail[at + 5] & 4:
        claim.warnings.append("the Ogg file ends without an end-of-stream mark: the recorder did not close it, or it was cut")
    return claim


def mp3_frame_bytes(head: bytes) -> int | None:
    """Length of the layer III frame that begins with this header (ISO 11172-3, 13818-3); None if it is none.

    Examples
    --------
    >>> mp3_frame_bytes(bytes.fromhex("fffb9064"))  # MPEG-1, 128 kbit/s, 44.1 kHz
    417
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bitrate_index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _MP3_RATES_HZ or bitrate_index in (0, 15) or rate_index == 3:
        return None
    kbit_s = _MP3_KBIT_S[version == 3][bitrate_index - 1]
    return (144 if version == 3 else 72) * kbit_s * 1000 // _MP3_RATES_HZ[version][rate_index] + (head[2] >> 1 & 1)


def _xing_duration_s(head: bytes) -> float | None:
    """Length by the frame count of a Xing/Info header, less LAME's delay and padding; None without one."""
    version, rate_index = head[1] >> 3 & 3, head[2] >> 2 & 3
    if version not in _MP3_RATES_HZ or rate_index == 3:
        return None
    rate_hz = _MP3_RATES_HZ[version][rate_index]
    mono = head[3] >> 6 == 3
    at = 4 + ((17 if mono else 32) if version == 3 else (9 if mono else 17))
    if head[at : at + 4] not in (b"Xing", b"Info"):
        return None
    flags = int.from_bytes(head[at + 4 : at + 8], "big")
    if not flags & 1:
        return None
    n = int.from_bytes(head[at + 8 : at + 12], "big") * (1152 if version == 3 else 576)
    lame = at + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    if head[lame : lame + 4] in (b"LAME", b"Lavc", b"Lavf"):
        trim = int.from_bytes(head[lame + 21 : lame + 24], "big")
        n -= (trim >> 12) + (trim & 0xFFF)
    return n / rate_hz if n > 0 else None

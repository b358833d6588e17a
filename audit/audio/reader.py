"""The public reader: from a path to :class:`Audio`, or to an error that says what the file is instead."""

from __future__ import annotations

import errno
import hashlib
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.audio.claims import Claim, mp3_frame_bytes, read_claim
from audit.audio.decode import MAX_FILLED_GAP_S, MIN_SAMPLE_RATE_HZ, Trouble, decode
from audit.audio.pcm import read_pcm
from audit.audio.store import Samples, SampleStore
from audit.errors import DamagedRecording, UnreadableRecording

#: PCM is exact; 20 ms is one RTP packet, which recorders lose between their last write and their header's.
PCM_LENGTH_TOLERANCE_S = 0.02
#: Frame codecs pad: an MP3 carries 1105 samples of delay and up to two frames of padding (0.28 s at 8 kHz), AAC two
#: priming frames of 1024 (0.26 s at 8 kHz). Anything within this is no damage.
CODEC_LENGTH_TOLERANCE_S = 0.3
#: Less than this part of the claimed audio is not worth auditing.
MIN_DECODED_RATIO = 0.5

#: Raw files of telephony switches: no header, so the name says the format (Asterisk's names).
_RAW_FORMATS = {
    ".ulaw": ("mulaw", 8000), ".ul": ("mulaw", 8000), ".pcm": ("mulaw", 8000), ".alaw": ("alaw", 8000), ".al": ("alaw", 8000),
    ".sln": ("s16le", 8000), ".sln16": ("s16le", 16000),
}  # fmt: skip
#: Containers that FFmpeg opens and that are lists of other files or addresses; a recording must not lead elsewhere.
_REFUSED_FORMATS = frozenset({"hls", "dash", "concat", "sdp", "rtsp", "rtp", "lavfi", "imf", "image2", "ffmetadata"})
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: Containers with an index or a header that FFmpeg's length can be trusted for; of others it estimates from the bit rate.
_INDEXED_FORMATS = ("mov", "matroska", "aiff", "caf", "w64", "au")


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Decoded samples and what became of the file on the way.

    Attributes
    ----------
    store : SampleStore
        The samples, in -1 to 1; channels are kept apart and never mixed. Those of a long recording lie on disk.
    sample_rate_hz : int
        Of the samples: 8000 where the source has no more, else 16000.
    source_sample_rate_hz : int
        Of the file.
    n_channels : int
        1 or 2.
    duration_s : float
        Of the samples.
    declared_duration_s : float or None
        What the container claims; None where it claims nothing.
    codec, container : str
        FFmpeg's names.
    warnings : tuple of str
        Everything that a reader of the figures must know, `damaged` included.
    damaged : str or None
        Why this is not the whole recording; None for a sound file.
    """

    store: SampleStore
    sample_rate_hz: int
    source_sample_rate_hz: int
    n_channels: int
    duration_s: float
    declared_duration_s: float | None
    codec: str
    container: str
    warnings: tuple[str, ...] = ()
    damaged: str | None = None

    @property
    def samples(self) -> Samples:
        """All samples, (n_channels, n); of a long recording that is much memory, so read windows of it instead."""
        return self.store.read(0, self.store.n_samples)

    def read(self, start_s: float, end_s: float) -> Samples:
        """The samples of a stretch, (n_channels, n), as far as the recording reaches. Not to be written to."""
        return self.store.read(round(start_s * self.sample_rate_hz), round(end_s * self.sample_rate_hz))


def read_audio(path: Path | str) -> Audio:
    """Decode a recording whole, at 8 kHz or, where its own rate is higher, at 16 kHz, and name what is wrong with it.

    Parameters
    ----------
    path : path
        Any audio file that FFmpeg's libraries decode. More than two channels: the first two are kept, with a warning.

    Returns
    -------
    Audio
        ``damaged`` is set where less (beyond the padding of frame codecs) was decoded than the container claims, where
        packets could not be decoded, or where the time stamps jump.

    Raises
    ------
    UnreadableRecording
        If there is no such file, no permission, nothing in it, or no audio.
    DamagedRecording
        If it is an audio file of which nothing, or less than half of what it claims, can be decoded.

    Notes
    -----
    Samples that take more than 128 MiB (35 minutes of stereo at 8 kHz) are laid down in a temporary file.
    """
    path = Path(path)
    size = _file_size(path)
    try:
        claim = read_claim(path, size)
    except OSError as e:
        raise _unreadable(path, f"cannot be read: {e.strerror}", "check its permissions and the disk") from e
    return _read_plain(path, claim) or _read_with_ffmpeg(path, claim)


def _read_plain(path: Path, claim: Claim) -> Audio | None:
    """A sound WAV file of linear 16 bits; None where it is anything else."""
    if claim.pcm is None:
        return None
    try:
        store = read_pcm(path, claim.pcm)
    except OSError as e:
        if e.errno in _NO_ROOM:
            raise _no_room(path, e) from e
        raise _unreadable(path, f"cannot be read: {e.strerror}", "check its permissions and the disk") from e
    if store is None:
        return None
    rate_hz = claim.pcm.rate_hz
    return Audio(
        store=store,
        sample_rate_hz=rate_hz,
        source_sample_rate_hz=rate_hz,
        n_channels=store.n_channels,
        duration_s=store.n_samples / rate_hz,
        declared_duration_s=claim.declared_s,
        codec="pcm_s16le",
        container="wav",
    )


def _read_with_ffmpeg(path: Path, claim: Claim) -> Audio:
    """Any other file."""
    import av.error  # a tenth of what a worker takes to start, and calls of linear WAV never need it

    try:
        container = _open(path, claim)
    except (av.error.FFmpegError, ValueError) as e:
        if claim.signature:
            cause = "the file ends before its index" if claim.signature == "MP4" else getattr(e, "strerror", None) or str(e)
            cause = "; ".join([*claim.damage, cause])
            raise _damaged(path, f"the {claim.signature} file cannot be opened ({cause})") from e
        raise _not_audio(path, str(getattr(e, "strerror", None) or e)) from e
    trouble = Trouble()
    with container:
        if container.format.name in _REFUSED_FORMATS or not container.streams.audio:
            raise _not_audio(path, f"FFmpeg takes it for {container.format.name!r} without an audio stream")
        stream = container.streams.audio[0]
        n_streams, n_source_channels = len(container.streams.audio), stream.codec_context.channels
        codec, name = stream.codec_context.name, container.format.name
        if 0 < stream.codec_context.sample_rate < MIN_SAMPLE_RATE_HZ:
            raise _damaged(path, f"its header says {stream.codec_context.sample_rate} samples a second, too few for speech")
        if claim.declared_s is None and name.startswith(_INDEXED_FORMATS):
            if stream.duration:
                claim.declared_s = float(stream.duration * stream.time_base)
            elif container.duration:
                claim.declared_s = container.duration / av.time_base
        try:
            collector = decode(container, stream, trouble)
        except OSError as e:
            if e.errno not in _NO_ROOM:
                raise
            raise _no_room(path, e) from e
    if collector is None or collector.n_in == 0:
        raise _nothing_decoded(path, claim, trouble)
    rate_hz, source_rate_hz = collector.rate_hz, collector.source_rate_hz
    try:
        store = collector.finish()
    except OSError as e:
        raise _no_room(path, e) from e
    duration_s = store.n_samples / rate_hz
    warnings = list(claim.warnings)
    if n_streams > 1:
        warnings.append(f"the file holds {n_streams} audio streams; the first was read")
    if n_source_channels > 2:
        warnings.append(f"the file has {n_source_channels} channels; the first two were read")
    damage = [*claim.damage, *_damage_of(trouble, name, warnings)]
    tolerance_s = PCM_LENGTH_TOLERANCE_S if codec.startswith("pcm_") else CODEC_LENGTH_TOLERANCE_S
    lost_s = sum(g for _, g in trouble.gaps if g <= MAX_FILLED_GAP_S)
    if claim.declared_s is not None:
        missing_s = claim.declared_s - duration_s
        if missing_s > tolerance_s:
            damage.append(f"the file claims {claim.declared_s:.2f} s, {duration_s:.2f} s could be decoded")
        elif missing_s < -tolerance_s and not claim.warnings:
            warnings.append(f"the file claims {claim.declared_s:.2f} s and holds {duration_s:.2f} s: all of it was read")
        if duration_s - lost_s < MIN_DECODED_RATIO * claim.declared_s:
            raise _damaged(path, "; ".join(damage))
    return Audio(
        store=store,
        sample_rate_hz=rate_hz,
        source_sample_rate_hz=source_rate_hz,
        n_channels=store.n_channels,
        duration_s=duration_s,
        declared_duration_s=claim.declared_s,
        codec=codec,
        container=name,
        warnings=(*warnings, *damage),
        damaged="; ".join(damage) or None,
    )


def _damage_of(trouble: Trouble, container: str, warnings: list[str]) -> list[str]:
    """What decoding met, as damage; what is no loss goes to the warnings."""
    damage = []
    if trouble.stopped:
        damage.append(f"reading stopped: {trouble.stopped}")
    if trouble.n_bad_packets:
        damage.append(f"{trouble.n_bad_packets} packets could not be decoded")
    frame_bytes = mp3_frame_bytes(trouble.last_packet)
    if frame_bytes and frame_bytes > len(trouble.last_packet):
        # Without a Xing header an MP3 claims no length; a frame cut short is all that shows.
        damage.append(f"the MP3 is cut inside its last frame ({len(trouble.last_packet)} of {frame_bytes} bytes are there)")
    if trouble.gaps:
        at_s, _ = trouble.gaps[0]
        lost_s = sum(g for _, g in trouble.gaps)
        text = f"{len(trouble.gaps)} gaps, {lost_s:.2f} s in all, the first at {at_s:.2f} s, filled with silence"
        # WebRTC recorders leave out packets of silence on purpose (discontinuous transmission).
        (warnings if container.startswith("matroska") else damage).append(text)
    if trouble.n_backward:
        warnings.append(f"the time stamps jump back {trouble.n_backward} times; the audio was joined as it came")
    warnings.extend(dict.fromkeys(trouble.changes[:5]))
    return damage


def _file_size(path: Path) -> int:
    """Size in bytes of a regular, readable, not empty file."""
    try:
        info = path.stat()
    except FileNotFoundError as e:
        raise _unreadable(path, "there is no such file (any more)", "was it moved while the run went on?") from e
    except OSError as e:
        raise _unreadable(path, f"cannot be read: {e.strerror}", "check its permissions and the disk") from e
    if stat.S_ISDIR(info.st_mode):
        raise _unreadable(path, "is a directory, not a recording", "rename it, or give its files")
    if not stat.S_ISREG(info.st_mode):
        raise _unreadable(path, "is a device or a pipe, not a file", "give a regular file")
    if info.st_size == 0:
        raise _unreadable(path, "the file is empty", "fetch it again from the recorder")
    return info.st_size


def _open(path: Path, claim: Claim) -> Any:
    """Open with FFmpeg; names of raw formats are taken at their word where no signature says otherwise."""
    import av

    raw = _RAW_FORMATS.get(path.suffix.lower()) if claim.signature is None else None
    options = dict(claim.options)
    if raw:
        options["sample_rate"] = str(raw[1])
    options["protocol_whitelist"] = "file"
    # WAV and raw formats alone know this option: packets of 64 KiB instead of 1 KiB read PCM eight times as fast.
    options["max_size"] = "65536"
    if claim.signature == "WAV":
        # FFmpeg looks for DTS, MP3 and the like in 16-bit PCM, again at each doubling of up to 32 packets: with large ones a
        # quarter of a second of processor for each call. The first 64 KiB show it as well.
        options["max_probe_packets"] = "1"
    # The prefix keeps a name with a colon from being taken for an address.
    return av.open(f"file:{path}", format=raw[0] if raw else None, options=options, metadata_errors="replace")


def _unreadable(path: Path, cause: str, hint: str) -> UnreadableRecording:
    return UnreadableRecording(f"{path}: {cause}", hint=hint)


def _no_room(path: Path, error: OSError) -> UnreadableRecording:
    return UnreadableRecording(
        f"{path}: its samples need {tempfile.gettempdir()}, and that cannot be written ({error.strerror})",
        hint="make room there, or name another folder in TMPDIR",
    )


def _damaged(path: Path, cause: str) -> DamagedRecording:
    return DamagedRecording(f"{path}: {cause}", hint="fetch the recording again from the recorder")


def _not_audio(path: Path, cause: str) -> UnreadableRecording:
    """Say what the file is instead of audio, as far as its first bytes tell."""
    with path.open("rb") as f:
        head = f.read(512)
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 512 else "ignore")
    except UnicodeDecodeError:
        text = ""
    if text and all(c.isprintable() or c in "\r\n\t\ufeff" for c in text):
        begins = " ".join(text.split())[:40]
        return _unreadable(path, f"holds text, not audio (it begins {begins!r})", "fetch it again; this may be an error page")
    return _unreadable(path, f"is not audio that can be decoded ({cause})", "convert it to WAV, FLAC, MP3 or Opus")


def _nothing_decoded(path: Path, claim: Claim, trouble: Trouble) -> UnreadableRecording | DamagedRecording:
    """The error for a file that opens and yields no sample."""
    if claim.signature is None:
        return _not_audio(path, "not one frame could be decoded")
    if claim.declared_s or trouble.n_bad_packets or claim.damage:
        what = f"the file claims {claim.declared_s:.2f} s and " if claim.declared_s else ""
        more = "".join(f"; {d}" for d in claim.damage)
        return _damaged(path, f"{what}not one sample could be decoded{more}")
    return _unreadable(path, f"the {claim.signature} file has a header and no audio", "fetch it again from the recorder")


def file_sha256(path: Path | str) -> str:
    """SHA-256 of the file's bytes, hex.

    Raises
    ------
    UnreadableRecording
        If the file cannot be read.
    """
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe that nobody writes to would take for ever
            raise _unreadable(path, "is no regular file", "give a regular file")
        with path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as e:
        raise _unreadable(path, f"cannot be read: {e.strerror}", "check its permissions and the disk") from e

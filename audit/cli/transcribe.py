"""``callaudit transcribe``: what was said, to read, or for other programs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import call_options, lang_option
from audit.errors import MetadataError, ModelError, RecordingError, UsageError

if TYPE_CHECKING:
    from audit.ingest import CallDetails
    from audit.pipeline import Settings
    from audit.pipeline.auditor import Auditor
    from audit.records import CallRecord
    from audit.report.messages import Messages
    from audit.words import Transcript

#: Endings of files in a folder: those by which ``callaudit run --transcripts`` finds them again.
SUFFIXES = {"txt": ".txt", "srt": ".srt", "vtt": ".vtt", "json": ".transcript.json", "vcon": ".vcon.json", "rttm": ".rttm"}
#: Files that are no recordings but transcripts, or calls that were audited before.
_TEXT_SUFFIXES = frozenset({".json", ".vcon", ".srt", ".vtt", ".csv", ".tsv", ".txt"})
#: Of a text file; a terminal says itself how wide it is.
_FILE_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Spoken:
    """A transcript, and the call where it is known.

    Attributes
    ----------
    name : str
        For a file's name, without ending.
    transcript : Transcript
    record : CallRecord or None
    """

    name: str
    transcript: Transcript
    record: CallRecord | None = None


@click.command(short_help="Print what was said: two columns, or SRT, WebVTT, JSON, vCon, RTTM.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--format", "form", type=click.Choice(list(SUFFIXES)), default="txt", show_default=True, help="How it is written."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE|DIR", help="Where it goes. [default: printed]")
@click.option("--model", metavar="NAME_OR_DIR", help="Speech model. [default: the profile's, else base]")
@click.option("--language", type=click.Choice(["zh", "en", "auto"]), default="auto", show_default=True, help="Spoken language.")
@call_options
@lang_option
def transcribe(
    paths: tuple[Path, ...],
    form: str,
    out: Path | None,
    model: str | None,
    language: str,
    agent_channel: str,
    profile: Path | None,
    cdr: Path | None,
    lang: str,
) -> None:
    """Print what was said in each FILE, the agent on the left, the customer on the right.

    A FILE is a recording, a call that was audited before (calls/<call_id>.json of a run), or a
    transcript in any format that can be imported; for the last two no audio is opened and no model
    runs. Nothing is stored and nothing is scored.

    \b
    Examples:
      callaudit transcribe call.wav
      callaudit transcribe call.wav --format srt --out call.srt
      callaudit transcribe recordings/*.mp3 --cdr cdr.csv --format vcon --out transcripts/
      callaudit transcribe audit/calls/1042.json --lang zh
    """
    from audit.cli.run import call_details, read_profile
    from audit.pipeline import Settings
    from audit.report.messages import load_messages
    from audit.transcript.catalogue import DEFAULT_MODEL

    known = read_profile(profile)
    settings = Settings(
        profile=known,
        agent_channel=None if agent_channel == "auto" else int(agent_channel),
        language=language,
        model=model or known.model or DEFAULT_MODEL,
    )
    details = call_details(cdr, settings.profile)
    messages = load_messages("zh" if lang == "zh" else "en")
    to_folder = out is not None and (len(paths) > 1 or out.is_dir() or str(out).endswith("/"))
    if len(paths) > 1 and out is None and form != "txt":
        raise UsageError(f"{len(paths)} files cannot all be printed as {form}", hint="name a folder with --out DIR")
    reader = _Reader(settings, details)
    written: dict[Path, Path] = {}
    n_failed = 0
    for i, path in enumerate(paths, start=1):
        try:
            with _progress(path, i, len(paths)):
                text = _written(reader.read(path), path, form, messages, columns=None if out is None else _FILE_COLUMNS)
        except (RecordingError, MetadataError) as e:
            if len(paths) == 1:
                raise
            n_failed += 1
            click.echo(f"callaudit: {e}", err=True)
            continue
        if out is None:
            click.echo(("\n" if i > 1 else "") + text, nl=False)
            continue
        target = out / f"{reader.name(path)}{SUFFIXES[form]}" if to_folder else out
        if target in written:
            raise UsageError(f"{path} and {written[target]} would both be written to {target}", hint="use two folders")
        _write(target, text, make_folder=to_folder)
        written[target] = path
    if written:
        where = out if to_folder else next(iter(written))
        click.echo(
            f"已写入 {where}（{len(written)} 个文件）" if lang == "zh" else f"{len(written)} written to {where}", err=True
        )
    if n_failed:
        raise click.exceptions.Exit(4)


class _Reader:
    """Reads one file after another; the speech model is loaded for the first recording."""

    def __init__(self, settings: Settings, details: CallDetails | None) -> None:
        self._settings, self._details = settings, details
        self._auditor: Auditor | None = None
        self._names: dict[Path, str] = {}

    def read(self, path: Path) -> Spoken:
        """A transcript from a file of any kind."""
        if path.is_dir():
            raise UsageError(f"{path} is a folder", hint=f"name recordings: {path}/*.wav")
        spoken = self._from_text(path) if path.suffix.lower() in _TEXT_SUFFIXES else self._from_audio(path)
        self._names[path] = spoken.name
        return spoken

    def name(self, path: Path) -> str:
        """What a file that was read is called, for the name of another."""
        return self._names[path]

    def _from_audio(self, path: Path) -> Spoken:
        from audit.ingest import find_metadata
        from audit.pipeline import make_auditor

        metadata = find_metadata(path, cdr=self._details, profile=self._settings.profile)
        if self._auditor is None:
            self._auditor = make_auditor(self._settings)
        record = self._auditor.audit(path, metadata).record
        if record.transcript is None:
            raise ModelError(f"{path}: nothing was recognised", hint="callaudit doctor")
        return Spoken(path.stem, record.transcript, record)

    def _from_text(self, path: Path) -> Spoken:
        from audit.ingest import read_transcript

        record = _stored_call(path)
        if record is None:
            language = self._settings.language
            found = read_transcript(path, language=None if language == "auto" else language)
            return Spoken(_bare(path), found.transcript)
        if record.transcript is None:
            raise MetadataError(
                f"{path}: this call was measured without recognising speech",
                hint=f"callaudit transcribe {record.recording.path}",
            )
        return Spoken(Path(record.recording.path).stem or record.call_id, record.transcript, record)


def _stored_call(path: Path) -> CallRecord | None:
    """The call of ``calls/<call_id>.json``; None for any other file."""
    from audit.contract import SCHEMA, record_from_json

    if path.suffix.lower() != ".json":
        return None
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None  # reading it as a transcript says what is wrong with it
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        return None
    try:
        return record_from_json(data)
    except (KeyError, TypeError, ValueError) as e:
        raise MetadataError(f"{path}: not a whole call of callaudit: {e}", hint="audit the recording again") from e


def _bare(path: Path) -> str:
    """The name of a transcript's file without its endings."""
    return next((path.name.removesuffix(s) for s in SUFFIXES.values() if path.name.endswith(s)), path.stem) or path.stem


def _written(spoken: Spoken, path: Path, form: str, messages: Messages, *, columns: int | None) -> str:
    """The transcript in the form asked for."""
    from audit.contract import transcript_to_json
    from audit.report.subtitles import to_srt, to_vtt
    from audit.report.transcript_text import call_heading, origin, to_text
    from audit.report.vcon_export import to_vcon
    from audit.speakers import rttm_of

    transcript, record = spoken.transcript, spoken.record
    if form == "srt":
        return to_srt(transcript, messages)
    if form == "vtt":
        return to_vtt(transcript, messages)
    if form == "json":
        return json.dumps(transcript_to_json(transcript), ensure_ascii=False, indent=1) + "\n"
    if form == "vcon":
        from audit.cli.closing import now

        if record is None:
            raise MetadataError(f"{path}: a transcript alone makes no vCon", hint="name the recording, or a call of an audit")
        return to_vcon(record, content_hash=_content_hash(record), created_at=now())
    if form == "rttm":
        if record is None:
            raise MetadataError(f"{path}: a transcript alone has no voices", hint="name the recording, or a call of an audit")
        return rttm_of(record)
    width = shutil.get_terminal_size((80, 24)).columns if columns is None else columns
    head = call_heading(record, messages) if record else f"{path.name}\n{origin(transcript, messages)}\n"
    return f"{head}\n{to_text(transcript, messages, width=width)}"


def _content_hash(record: CallRecord) -> str:
    """The hash of the recording as vCon writes it; of one that is gone or has changed, the one that was kept."""
    import base64
    import hashlib

    def named(name: str, digest: bytes) -> str:
        return f"{name}-{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    try:
        with Path(record.recording.path).open("rb") as f:
            sha512, sha256 = hashlib.sha512(), hashlib.sha256()
            while block := f.read(1 << 20):
                sha512.update(block)
                sha256.update(block)
    except OSError:
        return named("sha256", bytes.fromhex(record.recording.sha256))
    if sha256.hexdigest() != record.recording.sha256:
        return named("sha256", bytes.fromhex(record.recording.sha256))
    return named("sha512", sha512.digest())


def _write(path: Path, text: str, *, make_folder: bool) -> None:
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as e:
        raise UsageError(f"{path} cannot be written: {e.strerror}", hint="name a file in a folder that exists") from e


@contextmanager
def _progress(path: Path, i: int, n: int) -> Iterator[None]:
    """Say on standard error what is being read: moving on a terminal, elsewhere a line for each of several files."""
    said = f"{i}/{n} {path.name}" if n > 1 else path.name
    if not sys.stderr.isatty():
        if n > 1:
            click.echo(said, err=True)
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(said):
        yield

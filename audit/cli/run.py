"""``callaudit run`` and ``callaudit measure``: the main job."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from audit.archive import as_local
from audit.cli.options import (
    FailOn,
    audit_options,
    engine_options,
    fail_on_option,
    lang_option,
    open_store,
    spread,
    the_engine,
    worker_limits,
)
from audit.errors import MetadataError, ProfileError, RecordingError, UsageError

if TYPE_CHECKING:
    from audit.batch import Engine, Job, Limits
    from audit.ingest import CallDetails
    from audit.pipeline import Settings
    from audit.profile import Profile
    from audit.records import Failure, Metadata
    from audit.storage import Store


@dataclass(frozen=True, slots=True)
class Means:
    """With what an archive is audited: workers, what each may take, whether given-up recordings are tried, and on what."""

    n_workers: int
    limits: Limits
    retry: bool = False
    engine: Engine | None = None


@click.command(short_help="Audit recordings: measure, transcribe, score, write the scorecards.")
@audit_options
@engine_options
@click.option("--scorecard", metavar="NAME_OR_PATH", help="Rules. [default: zh-service or en-service, by the call's language]")
@click.option("--model", metavar="NAME_OR_DIR", help="Speech model. [default: the profile's, else base]")
@click.option("--language", type=click.Choice(["zh", "en", "auto"]), default="auto", show_default=True, help="Spoken language.")
@click.option(
    "--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True, help="Where the model runs."
)
@click.option(
    "--compute-type", default="int8", show_default=True, help="Number format of the model, as faster-whisper names it."
)
@fail_on_option
@lang_option
def run(
    paths: tuple[Path, ...],
    out: Path,
    cdr: Path | None,
    transcripts: str | None,
    profile: Path | None,
    agent_channel: str,
    store_url: str | None,
    jobs: int | None,
    time_limit: int | None,
    memory_limit: int | None,
    retry: bool,
    engine: str,
    address: str,
    scorecard: str | None,
    model: str | None,
    language: str,
    device: str,
    compute_type: str,
    fail_on: tuple[FailOn, ...],
    lang: str,
) -> None:
    """Audit the recordings under each PATH and write the scorecards to DIR.

    Folders are searched to the bottom, and so are prefixes of an object store. Results are kept as
    each call ends: run the same command again after an interruption, or with new recordings, and what is done is skipped.

    \b
    Examples:
      callaudit run recordings/ --cdr cdr.csv --out audit/
      callaudit run day1/ day2/ --profile centre.yml --language zh --out audit/
      callaudit run recordings/ --transcripts beside --out audit/
      callaudit run s3://bucket/2026/11 --cdr s3://bucket/cdr.csv --out audit/
      callaudit run call.wav --agent-channel 1 --scorecard my-rules/ --out /tmp/one
      callaudit run recordings/ --out audit/ --fail-on critical --fail-on below=60
      callaudit run /srv/recordings --out audit/ --engine ray --address auto
    """
    from audit.pipeline import Settings
    from audit.transcript.catalogue import DEFAULT_MODEL

    carrier, n_workers, n_threads = the_engine(engine, address, jobs, device)
    known = read_profile(profile)
    settings = Settings(
        profile=known,
        agent_channel=_channel(agent_channel),
        language=language,
        model=model or known.model or DEFAULT_MODEL,
        device=device,
        compute_type=compute_type,
        cpu_threads=n_threads,
        scorecard=scorecard,
        transcripts=_transcripts(transcripts),
    )
    means = Means(n_workers, worker_limits(time_limit, memory_limit, n_workers), retry, carrier)
    audit_archive("run", paths, out, settings, cdr=cdr, store_url=store_url, means=means, fail_on=fail_on, lang=lang)


@click.command(short_help="The same without speech recognition: timing and acoustics only.")
@audit_options
@engine_options
@lang_option
def measure(
    paths: tuple[Path, ...],
    out: Path,
    cdr: Path | None,
    transcripts: str | None,
    profile: Path | None,
    agent_channel: str,
    store_url: str | None,
    jobs: int | None,
    time_limit: int | None,
    memory_limit: int | None,
    retry: bool,
    engine: str,
    address: str,
    lang: str,
) -> None:
    """Measure the recordings under each PATH without recognising speech: rings, holds, silences, levels.

    Many times faster than run. Only calls with a transcript of their own (--transcripts) are scored; a
    later run on the same DIR adds words and scores.

    \b
    Examples:
      callaudit measure recordings/ --cdr cdr.csv --out timing/
      callaudit measure recordings/ --transcripts exported/ --out audit/
      callaudit measure call.wav --out /tmp/one
    """
    from audit.pipeline import Settings

    carrier, n_workers, n_threads = the_engine(engine, address, jobs)
    settings = Settings(
        profile=read_profile(profile),
        agent_channel=_channel(agent_channel),
        transcribe=False,
        cpu_threads=n_threads,
        transcripts=_transcripts(transcripts),
    )
    means = Means(n_workers, worker_limits(time_limit, memory_limit, n_workers), retry, carrier)
    audit_archive("measure", paths, out, settings, cdr=cdr, store_url=store_url, means=means, fail_on=(), lang=lang)


def audit_archive(
    command: Literal["run", "measure"],
    paths: tuple[Path, ...],
    out: Path,
    settings: Settings,
    *,
    cdr: Path | None,
    store_url: str | None,
    means: Means,
    fail_on: tuple[FailOn, ...],
    lang: str,
) -> None:
    """Audit, write the pages, say how it went, and end with the exit code of docs/exit-codes.md.

    Raises
    ------
    AuditError
        If nothing, or nothing more, can be audited.
    click.exceptions.Exit
        With 3, 4 or 128 and a signal's number; returns where the code is 0.
    """
    from audit.batch import Engine, Job, run_batch
    from audit.batch.judge import ScorecardJudge
    from audit.cli.closing import close_run, now
    from audit.cli.progress import ShownProgress
    from audit.ingest import discover
    from audit.pipeline import make_auditor

    found = discover(paths)
    for problem in found.problems:
        click.echo(f"callaudit: {problem}", err=True)
    details = call_details(cdr, settings.profile)
    engine, n_workers = means.engine or Engine(), means.n_workers
    if engine.name == "processes":
        n_workers, n_threads = spread(n_workers, settings.cpu_threads, len(found.recordings))
        settings = replace(settings, cpu_threads=n_threads)
    job = Job(
        command=command,
        recordings=found.recordings,
        out=out,
        settings=settings,
        n_workers=n_workers,
        find_metadata=partial(metadata_of, cdr=details, profile=settings.profile),
        make_auditor=partial(make_auditor, settings),
        judge=ScorecardJudge(settings),
        notices=(*not_searched(found.problems), *unmatched(details, found.recordings, settings.profile)),
        lang=lang,
        limits=means.limits,
        retry=means.retry,
        argv=tuple(sys.argv[1:]),
        engine=engine,
        metadata_scope=metadata_scope(cdr),
    )
    with open_store(out, store_url) as store:
        with ShownProgress() as progress:
            summary = run_batch(job, store, progress=progress, clock=now)
        if summary.stopped_by is None:
            look_back(store, job, summary.call_ids)
        close_run(summary, store, out, n_problems=len(found.problems), fail_on=fail_on, scorecard=settings.scorecard, lang=lang)


def look_back(store: Store, job: Job, call_ids: frozenset[str]) -> None:
    """Now that all calls are stored: what they say of each other, and verdicts that rest on it or on what is usual."""
    from audit.batch.across import look_across
    from audit.batch.job import job_options
    from audit.batch.judge import ScorecardJudge
    from audit.cli.closing import now
    from audit.cli.progress import CountedProgress
    from audit.storage import touched_languages

    judge = ScorecardJudge(job.settings, store)
    touched = touched_languages(store)
    languages = touched or store.languages()
    compared = job.settings.transcribe and any(judge.compares(language) for language in touched)
    with CountedProgress(job.lang) as progress:
        look_across(
            store,
            judge,
            job.out,
            options=job_options(job),
            lang=job.lang,
            clock=now,
            terms=job.settings.profile.followups,
            languages=languages,
            also=call_ids if compared else (),
            progress=progress,
        )


def read_profile(path: Path | None) -> Profile:
    """Read ``--profile``; a tone plan that nobody knows is found before any call fails by it."""
    from audit.profile import load_profile

    profile = load_profile(path)
    if profile.tone_plan == "auto":
        return profile
    from rapidfuzz import process

    from audit.telephony import TONE_PLANS

    plans = ("auto", *TONE_PLANS)
    if profile.tone_plan not in plans:
        near = process.extractOne(profile.tone_plan, plans, score_cutoff=60)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(plans)}"
        raise ProfileError(f"{path}: unknown tone_plan {profile.tone_plan!r}", hint=hint)
    return profile


def not_searched(problems: tuple[str, ...]) -> tuple[Failure, ...]:
    """Folders and links whose recordings, if any, were not audited."""
    from audit.records import Failure

    hint = "mend the link, let this user read the folder, or see that the share's server answers"
    return tuple(Failure("", "", "discovery", "", p, hint, "warning") for p in problems)


def _transcripts(text: str | None) -> str | None:
    """Where transcripts lie; a folder that is none is found before any call misses its own."""
    from audit.ingest import transcripts_folder

    folder = transcripts_folder(text)
    return text if folder is None else str(folder.absolute())


def _channel(text: str) -> int | None:
    return None if text == "auto" else int(text)


def metadata_of(path: Path, *, cdr: CallDetails | None, profile: Profile) -> Metadata:
    """What is known of a recording before it is opened."""
    from audit.ingest import find_metadata

    return find_metadata(path, cdr=cdr, profile=profile)


def metadata_scope(cdr: Path | None) -> str:
    """Hash of what :func:`metadata_of` reads beside the profile, which the run's settings hold, and vCons."""
    return hashlib.sha256(cdr.read_bytes() if cdr is not None else b"").hexdigest()


def call_details(path: Path | None, profile: Profile) -> CallDetails | None:
    """Read ``--cdr``; a file that cannot be read at all is wrong usage."""
    from audit.ingest import read_cdr

    if path is None:
        return None
    try:
        with as_local(path) as local:
            details = read_cdr(local, profile)
            return details if local is path else replace(details, path=path, _by_name={}, _by_id={})
    except (MetadataError, RecordingError) as e:
        raise UsageError(e.message, hint=e.hint) from e


def unmatched(details: CallDetails | None, recordings: Sequence[Path], profile: Profile) -> tuple[Failure, ...]:
    """Answered calls without a recording, recordings without a row, and faults of the record itself, as warnings."""
    from audit.batch.plan import path_key
    from audit.records import Failure

    if details is None:
        return ()
    source = details.path
    found = [
        Failure("", str(source), "cdr", "", problem, "correct the call-detail file", "warning") for problem in details.problems
    ]
    for row in details.rows_without_recording(recordings):
        if not row.answered:
            continue
        call_id = row.metadata.call_id if row.metadata else next(iter(row.ids), "")
        named = f" ({row.recording})" if row.recording else ""
        reason = f"{source} line {row.line}: no recording found for this row{named}"
        hint = "look for it on the recorder, or add its folder to the command"
        found.append(Failure(call_id, "", "cdr", "", reason, hint, "warning"))
    for path in recordings:
        try:
            if details.for_recording(path) is not None:
                continue
            call_id = metadata_of(path, cdr=None, profile=profile).call_id
        except MetadataError:
            continue  # it is reported when the call's turn comes
        reason = f"no row of {source} belongs to this recording; what is known comes from elsewhere"
        hint = "add the call to the record if its agent should be named"
        found.append(Failure(call_id, path_key(path), "cdr", "", reason, hint, "warning"))
    return tuple(found)

"""``callaudit nightly``: one night over the archive, for cron or systemd."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.errors import AuditError

if TYPE_CHECKING:
    from datetime import datetime

    from audit.batch import BatchSummary, Job
    from audit.nightly import Kept, NightLog, NightlyConfig
    from audit.storage import Store


@click.command(short_help="One night over the archive: window, order, summary, metrics, retention.")
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False), metavar="CONFIG")
@click.option("--now", "at_once", is_flag=True, help="Begin outside the window, too, and do not stop at its end.")
@click.option("--check", is_flag=True, help="Read the file, say what it would do, and do nothing.")
def nightly(config: Path, at_once: bool, check: bool) -> None:
    """Audit an archive unattended, as CONFIG says: a YAML file.

    \b
    recordings: [/srv/recordings]        # these two must be there
    out: /srv/audit
    cdr: /srv/cdr/calls.csv
    profile: profile.yml
    window: "22:00-06:00"                # nothing is begun after its end
    order: riskiest                      # newest, oldest
    max_load: 8
    nice: 10
    mail: {to: [qa@example.com], sender: audit@example.com, server: mail.example.com}
    webhook: https://chat.example.com/hooks/audit
    metrics_file: /var/lib/node_exporter/callaudit.prom
    log_file: /var/log/callaudit/nightly.jsonl
    retention: {audio_days: 90, archive: /mnt/archive, transcripts_days: 365}

    \b
    Examples:
      callaudit nightly /etc/callaudit/nightly.yml
      callaudit nightly nightly.yml --check
    """
    from audit.cli.closing import now
    from audit.cli.run import read_profile
    from audit.nightly import end_of_window, load_config

    night = load_config(config)
    profile = read_profile(night.profile)
    if check:
        return _say_what(night)
    until = None
    if night.window is not None and not at_once:
        until = end_of_window(night.window, now(), profile.zone())
    if night.nice:
        os.nice(night.nice)
    raise click.exceptions.Exit(_run(night, config, until=until))


def _say_what(night: NightlyConfig) -> None:
    """What a night would do, one line a key."""
    from dataclasses import fields

    for f in fields(night):
        value = getattr(night, f.name)
        if value is not None:
            click.echo(f"{f.name}: {value}")


def _run(night: NightlyConfig, config: Path, *, until: datetime | None) -> int:
    """The night; its exit code is that of ``callaudit run``."""
    from audit.batch import insist, run_batch
    from audit.cli.closing import EXIT_SIGNAL, EXIT_SOME_FAILED, now
    from audit.cli.options import open_store
    from audit.cli.pages import ReportRequest, write_pages
    from audit.cli.progress import ShownProgress
    from audit.cli.run import look_back
    from audit.nightly import NightLog, NightMetrics

    with NightLog(night.log_file, clock=now) as log, ShownProgress() as shown:
        told = NightMetrics(shown, clock=now, tell=lambda call, end, s: log.say("call", call_id=call, end=end, audio_s=s))
        if night.metrics_port is not None:
            told.serve(night.metrics_port)
        log.say("begin", config=str(config), until=None if until is None else str(until))
        code = 1
        try:
            with open_store(night.out, night.store) as store:
                job = _job(night, store, until)
                summary = run_batch(job, store, progress=told, clock=now)
                for f in summary.failures:
                    log.say("failure", call_id=f.call_id, path=f.path, stage=f.stage, error=f.error, reason=f.reason)
                if summary.stopped_by is None:
                    look_back(store, job, summary.call_ids)  # before words go that verdicts rest on
                kept = _retain(night, store)
                for r in kept.removed:
                    log.say("removed", call_id=r.call_id, kind=r.kind, path=r.path, moved_to=r.moved_to)
                index = night.out / "index.html"
                if summary.stopped_by is None:
                    asked = ReportRequest(lang=night.lang, scorecard=night.scorecard)
                    index = insist(partial(write_pages, store, night.out, asked, only_changed=True))
                code = EXIT_SOME_FAILED if summary.n_failed else 0
                code = EXIT_SIGNAL + summary.stopped_by if summary.stopped_by is not None else code
            _tell(night, summary, kept, index, code, log)
        except AuditError as e:
            log.say("error", error=type(e).__name__, reason=e.message, next_step=e.hint)
            raise
        finally:
            told.finish(code)
            log.say("end", exit_code=code)
            if night.metrics_file is not None:
                with suppress(OSError):  # the night counts for more than its metrics; the exporter sees that they are old
                    told.write(night.metrics_file)
    return code


def _job(night: NightlyConfig, store: Store, until: datetime | None) -> Job:
    """What the configuration asks of the batch."""
    from audit.batch import Job
    from audit.batch.judge import ScorecardJudge
    from audit.cli.options import spread, the_engine, worker_limits
    from audit.cli.run import call_details, metadata_of, metadata_scope, not_searched, read_profile, unmatched
    from audit.ingest import discover
    from audit.nightly import in_order, is_busy
    from audit.pipeline import Settings, make_auditor
    from audit.transcript.models import DEFAULT_MODEL

    profile = read_profile(night.profile)
    found = discover(night.recordings)
    for problem in found.problems:
        click.echo(f"callaudit: {problem}", err=True)
    details = call_details(night.cdr, profile)
    find = partial(metadata_of, cdr=details, profile=profile)
    engine, n_workers, n_threads = the_engine(night.engine, night.address, night.jobs, night.device)
    if engine.name == "processes":
        n_workers, n_threads = spread(n_workers, n_threads, len(found.recordings))
    settings = Settings(
        profile=profile,
        model=night.model or profile.model or DEFAULT_MODEL,
        device=night.device,
        cpu_threads=n_threads,
        scorecard=night.scorecard,
    )
    agents: dict[Path, str | None] = {}
    scores = store.mean_scores() if night.order == "riskiest" else {}
    if scores:
        for path in found.recordings:
            with suppress(AuditError):
                agents[path] = find(path).agent_id
    return Job(
        command="run",
        recordings=in_order(found.recordings, night.order, agents=agents, mean_scores=scores),
        out=night.out,
        settings=settings,
        n_workers=n_workers,
        find_metadata=find,
        make_auditor=partial(make_auditor, settings),
        judge=ScorecardJudge(settings),
        notices=(*not_searched(found.problems), *unmatched(details, found.recordings, profile)),
        lang=night.lang,
        limits=worker_limits(None, None, n_workers),
        argv=tuple(sys.argv[1:]),
        is_busy=partial(is_busy, night.max_load),
        until=until,
        engine=engine,
        metadata_scope=metadata_scope(night.cdr),
    )


def _retain(night: NightlyConfig, store: Store) -> Kept:
    """Remove what is too old, and take the words and the sound of such calls out of their files."""
    from audit.batch import call_file_name, rewrite_without_words
    from audit.cli.closing import now
    from audit.nightly import apply_retention
    from audit.report.call_files import remove_call

    def forget(call_id: str) -> None:
        rewrite_without_words(night.out / "calls" / call_file_name(call_id))
        remove_call(night.out, call_id)

    kept = apply_retention(night.retention, store, roots=night.recordings, now=now(), forget=forget)
    for removal in kept.removed:
        remove_call(night.out, removal.call_id)  # the page of a call holds its sound
    for problem in kept.problems:
        click.echo(f"callaudit: {problem}", err=True)
    return kept


def _tell(night: NightlyConfig, summary: BatchSummary, kept: Kept, index: Path, code: int, log: NightLog) -> None:
    """The last line, the mail and the webhook; one that cannot be reached is said, and changes no exit code."""
    from audit.nightly import as_json, as_text, attempted, call_webhook, send_mail, subject

    click.echo(subject(summary, night.lang))
    tries = []
    if (mail := night.mail) is not None:
        text = as_text(summary, kept, index=str(index), lang=night.lang)
        tries.append(("mail", partial(send_mail, mail, subject(summary, night.lang), text)))
    if night.webhook is not None:
        tries.append(("webhook", partial(call_webhook, night.webhook, as_json(summary, kept, code=code, lang=night.lang))))
    for name, send in tries:
        if (problem := attempted(send)) is not None:
            click.echo(f"callaudit: the {name} could not be sent: {problem}", err=True)
            log.say("not_told", by=name, reason=problem)

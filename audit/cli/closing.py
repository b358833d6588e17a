"""How a command ends: pages from the store, the last line, the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.archive import is_url
from audit.cli.options import FailOn
from audit.cli.progress import clock_face
from audit.records import CallRecord, Failure
from audit.verdicts import Evaluation

if TYPE_CHECKING:
    from audit import report
    from audit.batch import BatchSummary
    from audit.storage import Store, StoredCall

EXIT_FAIL_ON = 3
EXIT_SOME_FAILED = 4
#: Added to a signal's number, as shells do.
EXIT_SIGNAL = 128
#: More would push the first out of sight; ``failures.csv`` has them all.
MAX_FAILURES_SHOWN = 20


def now() -> datetime:
    """This moment, with a zone: the only clock of the program."""
    return datetime.now(UTC)


def met(conditions: Iterable[FailOn], evaluation: Evaluation) -> list[str]:
    """Which conditions of ``--fail-on`` an evaluation meets.

    A score that could not be given is below nothing.
    """
    failed = {o.criterion for o in evaluation.outcomes if o.outcome == "fail"}
    return [
        c.text
        for c in conditions
        if (c.critical and evaluation.critical_failed)
        or (c.below is not None and evaluation.score is not None and evaluation.score < c.below)
        or (c.criterion is not None and c.criterion in failed)
    ]


def damage(calls: Iterable[StoredCall]) -> Iterator[Failure]:
    """Recordings that are not whole, or have a dead leg, and were audited all the same, as warnings."""
    for call in calls:
        if why := call.record.recording.damaged:
            reason, hint = f"audited, but {why}", "fetch the recording again from the recorder"
            yield Failure(call.record.call_id, call.path, "recording", "DamagedRecording", reason, hint, "warning")
        elif call.record.recording.layout == "one_dead_leg":
            reason, hint = "audited, but one of its two channels is silent throughout", "check that line of the recorder"
            yield Failure(call.record.call_id, call.path, "recording", "", reason, hint, "warning")


def close_run(
    summary: BatchSummary,
    store: Store,
    out: Path,
    *,
    n_problems: int,
    fail_on: tuple[FailOn, ...],
    scorecard: str | None,
    lang: str,
) -> None:
    """Write the pages, print the last line, and leave with the exit code where it is not 0.

    A run that was stopped writes no pages: that could take long, and ``callaudit report`` does it.
    """
    if summary.stopped_by is not None:
        click.echo(_stopped_line(summary, out, lang))
        raise click.exceptions.Exit(EXIT_SIGNAL + summary.stopped_by)
    from audit.batch.patience import insist

    index = insist(partial(write_pages, store, out, lang=lang, scorecard=scorecard))
    for failure in summary.failures[:MAX_FAILURES_SHOWN]:
        click.echo(f"callaudit: {_in_one_line(failure)}\n  next: {failure.next_step}", err=True)
    if len(summary.failures) > MAX_FAILURES_SHOWN:
        n_more = len(summary.failures) - MAX_FAILURES_SHOWN
        click.echo(f"callaudit: and {n_more} more; all are in {out / 'failures.csv'}", err=True)
    click.echo(_last_line(summary, index, lang))
    leave_if_met(fail_on, store, summary.call_ids)
    if summary.n_failed or n_problems:
        raise click.exceptions.Exit(EXIT_SOME_FAILED)


def _in_one_line(failure: Failure) -> str:
    """The file once and what is wrong with it; a name's line breaks and control codes do nothing to the terminal."""
    text = failure.reason if failure.reason.startswith(f"{failure.path}: ") else f"{failure.path}: {failure.reason}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def leave_if_met(fail_on: tuple[FailOn, ...], store: Store, call_ids: frozenset[str]) -> None:
    """Leave with exit code 3 if any of the calls meets a condition of ``--fail-on``, naming them."""
    if not fail_on:
        return
    hits = [
        f"{c.record.call_id}: {', '.join(why)}"
        for c in store.calls()
        if c.record.call_id in call_ids and c.evaluation is not None and (why := met(fail_on, c.evaluation))
    ]
    if hits:
        click.echo("--fail-on: " + "; ".join(hits[:20]) + (f"; and {len(hits) - 20} more" if len(hits) > 20 else ""), err=True)
        raise click.exceptions.Exit(EXIT_FAIL_ON)


def write_pages(
    store: Store,
    out: Path,
    *,
    lang: str,
    scorecard: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    agent_id: str | None = None,
    with_audio: bool = True,
) -> Path:
    """Write the overview, scorecards and tables of all calls in the store, or of some.

    Parameters
    ----------
    scorecard : str, optional
        Name or path of a scorecard that is not shipped, for the names of its bands.
    since, until, agent_id
        As :meth:`audit.storage.Store.calls` takes them.

    Returns
    -------
    Path
        Of ``index.html``.

    Raises
    ------
    StoreError
        If a file cannot be written.
    """
    from audit import report
    from audit.batch.files import cannot_write

    def reported() -> Iterator[report.ReportedCall]:
        for call in store.calls(since=since, until=until, agent_id=agent_id):
            yield report.ReportedCall(_playable(call), call.evaluation)

    failures, is_scored = [*store.failures()], False
    for call in store.calls(since=since, until=until, agent_id=agent_id):
        failures += damage([call])
        is_scored = is_scored or call.evaluation is not None
    try:
        written = report.write_reports(
            out,
            reported(),
            lang="zh" if lang == "zh" else "en",
            failures=failures,
            generated_at=now(),
            with_audio=with_audio,
            bands=_bands(scorecard) if is_scored else {},
        )
    except OSError as e:
        raise cannot_write(Path(e.filename or out), e) from e
    return written.index


def _playable(call: StoredCall) -> CallRecord:
    """The record with a path that leads to the recording from here, wherever the audit was started."""
    recording = call.record.recording
    if is_url(recording.path) or Path(recording.path).exists():
        return call.record
    return replace(call.record, recording=replace(recording, path=call.path))


def _bands(scorecard: str | None) -> dict[str, tuple[report.Band, ...]]:
    """Bands of the shipped scorecards, and of the one given.

    Of the shipped ones only the bands are read: their criteria, and with them what judges, take 0.9 s more.
    """
    import yaml

    from audit.report import Band
    from audit.resources import resource_dir

    shipped = [yaml.safe_load(path.read_bytes()) for path in sorted(resource_dir("rules").glob("*/scorecard.yml"))]
    bands = {
        card["id"]: tuple(
            sorted((Band(b["id"], float(b["min_score"]), b["title"]) for b in card["bands"]), key=lambda band: band.min_score)
        )
        for card in shipped
    }
    if scorecard is not None:
        from audit.evaluation import load_scorecard

        given = load_scorecard(scorecard)
        bands[given.id] = tuple(Band(b.id, b.min_score, b.title) for b in given.bands)
    return bands


def _last_line(s: BatchSummary, index: Path, lang: str) -> str:
    speed = s.audio_s / s.wall_s if s.audio_s and s.wall_s else None
    if lang == "zh":
        cheap = f"（其中 {s.n_rescored} 通未重开录音）" if s.n_rescored else ""
        pace = f"，用时 {clock_face(s.wall_s)}，每小时处理 {speed:.1f} 小时录音" if speed else ""
        left = f"，留给另一次运行 {s.n_elsewhere} 通" if s.n_elsewhere else ""
        return f"审核 {s.n_audited} 通{cheap}，失败 {s.n_failed} 通，跳过 {s.n_skipped} 通{left}{pace}；请打开 {index}"
    cheap = f" ({s.n_rescored} without opening audio)" if s.n_rescored else ""
    pace = f" in {clock_face(s.wall_s)}, {speed:.1f} h of audio per hour" if speed else ""
    left = f", {s.n_elsewhere} left to another run" if s.n_elsewhere else ""
    return f"{s.n_audited} audited{cheap}, {s.n_failed} failed, {s.n_skipped} skipped{left}{pace}; see {index}"


def _stopped_line(s: BatchSummary, out: Path, lang: str) -> str:
    if lang == "zh":
        return (
            f"已停止：审核 {s.n_audited} 通，失败 {s.n_failed} 通，跳过 {s.n_skipped} 通，未开始 {s.n_not_begun} 通；"
            f"结果在 {out}，再次运行同一命令即可继续"
        )
    return (
        f"stopped: {s.n_audited} audited, {s.n_failed} failed, {s.n_skipped} skipped, {s.n_not_begun} not done; "
        f"results are in {out}, and the same command goes on from here"
    )

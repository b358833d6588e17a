"""How a command ends: pages from the store, the last line, the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from audit.cli.options import FailOn
from audit.cli.progress import clock_face
from audit.digests import CallDigest
from audit.records import Failure

if TYPE_CHECKING:
    from audit.batch import BatchSummary
    from audit.storage import Store

EXIT_FAIL_ON = 3
EXIT_SOME_FAILED = 4
#: Added to a signal's number, as shells do.
EXIT_SIGNAL = 128
#: More would push the first out of sight; ``failures.csv`` has them all.
MAX_FAILURES_SHOWN = 20


def now() -> datetime:
    """This moment, with a zone: the only clock of the program."""
    return datetime.now(UTC)


def met(conditions: Iterable[FailOn], call: CallDigest) -> list[str]:
    """Which conditions of ``--fail-on`` a call meets.

    A score that could not be given is below nothing.
    """
    failed = {criterion for criterion, o in call.outcomes.items() if o.outcome == "fail"}
    return [
        c.text
        for c in conditions
        if (c.critical and call.critical_failed)
        or (c.below is not None and call.score is not None and call.score < c.below)
        or (c.criterion is not None and c.criterion in failed)
    ]


def damage(calls: Iterable[CallDigest]) -> Iterator[Failure]:
    """Recordings that are not whole, or have a dead leg, and were audited all the same, as warnings."""
    for call in calls:
        if call.damaged:
            reason, hint = f"audited, but {call.damaged}", "fetch the recording again from the recorder"
            yield Failure(call.call_id, call.recording_path, "recording", "DamagedRecording", reason, hint, "warning")
        elif call.layout == "one_dead_leg":
            reason, hint = "audited, but one of its two channels is silent throughout", "check that line of the recorder"
            yield Failure(call.call_id, call.recording_path, "recording", "", reason, hint, "warning")


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
    from audit.cli.pages import ReportRequest, write_pages

    asked = ReportRequest(lang=lang, scorecard=scorecard)
    index = insist(partial(write_pages, store, out, asked, only_changed=True))
    for failure in summary.failures[:MAX_FAILURES_SHOWN]:
        click.echo(f"callaudit: {_in_one_line(failure)}\n  next: {failure.next_step}", err=True)
    if len(summary.failures) > MAX_FAILURES_SHOWN:
        n_more = len(summary.failures) - MAX_FAILURES_SHOWN
        click.echo(f"callaudit: and {n_more} more; all are in {out / 'failures.csv'}", err=True)
    for problem in summary.problems:
        click.echo(f"callaudit: {problem}", err=True)
    click.echo(_last_line(summary, index, lang))
    leave_if_met(fail_on, store, summary.call_ids)
    if summary.n_failed or summary.problems or n_problems:
        raise click.exceptions.Exit(EXIT_SOME_FAILED)


def _in_one_line(failure: Failure) -> str:
    """The file once and what is wrong with it; a name's line breaks and control codes do nothing to the terminal."""
    text = failure.reason if failure.reason.startswith(f"{failure.path}: ") else f"{failure.path}: {failure.reason}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def leave_if_met(fail_on: tuple[FailOn, ...], store: Store, call_ids: frozenset[str]) -> None:
    """Leave with exit code 3 if any of the calls meets a condition of ``--fail-on``, naming them."""
    if not fail_on:
        return
    from audit.storage import complete_digests, read_digests

    complete_digests(store)
    hits = [
        f"{c.call_id}: {', '.join(why)}"
        for c in read_digests(store)
        if c.call_id in call_ids and c.scorecard is not None and (why := met(fail_on, c))
    ]
    if hits:
        click.echo("--fail-on: " + "; ".join(hits[:20]) + (f"; and {len(hits) - 20} more" if len(hits) > 20 else ""), err=True)
        raise click.exceptions.Exit(EXIT_FAIL_ON)


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

"""How a command ends: pages from the store, the last line, the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audit.cli.options import FailOn, workers_and_threads
from audit.cli.progress import clock_face
from audit.digests import CallDigest
from audit.errors import ProfileError
from audit.records import Failure

if TYPE_CHECKING:
    from audit.batch import BatchSummary
    from audit.batch.reporting import StoredCalls
    from audit.profile import Profile
    from audit.redaction import Kind
    from audit.report import ReportPaths, ReportSettings
    from audit.statistics import HabitTerms
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

    index = insist(partial(write_pages, store, out, lang=lang, scorecard=scorecard, only_changed=True))
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


def write_pages(
    store: Store,
    out: Path,
    *,
    lang: str,
    scorecard: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    agent_id: str | None = None,
    team: str | None = None,
    with_audio: bool = True,
    colleagues: bool = True,
    only_changed: bool = False,
    jobs: int | None = None,
    redact: Mapping[Kind, str] | None = None,
) -> Path:
    """Write the overview, scorecards, teams' pages and tables of all calls in the store, or of some.

    Parameters
    ----------
    scorecard : str, optional
        Name or path of a scorecard that is not shipped, for the names of its bands and its limits.
    since, until : datetime, optional
        Half-open, of the call's start.
    agent_id, team : str, optional
        Only the calls of these.
    with_audio : bool
        Embed clips.
    colleagues : bool
        Colleagues' calls may serve as examples.
    only_changed : bool
        Leave pages alone whose calls are as they were.
    jobs : int, optional
        Processes; as many as there are processors, where the report is large.
    redact : mapping of kind to reason, optional
        What is hidden; if not given, what the profile of the last run asked for.

    Returns
    -------
    Path
        Of ``index.html``.

    Raises
    ------
    StoreError
        If a file cannot be written.
    """
    inputs = report_inputs(
        store, lang=lang, scorecard=scorecard, since=since, until=until, agent_id=agent_id, team=team,
        with_audio=with_audio, colleagues=colleagues, redact=redact,
    )  # fmt: skip
    return write_pages_of(inputs, out, only_changed=only_changed, jobs=jobs).index


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report is made from, whatever its format."""

    source: StoredCalls
    settings: ReportSettings
    failures: tuple[Failure, ...]


def report_inputs(
    store: Store,
    *,
    lang: str,
    scorecard: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    agent_id: str | None = None,
    team: str | None = None,
    with_audio: bool = True,
    colleagues: bool = True,
    redact: Mapping[Kind, str] | None = None,
    profile: Profile | None = None,
) -> ReportInputs:
    """Gather the calls of a period and what the rules ask of them; the arguments are those of :func:`write_pages`.

    `profile` says when something said is a habit, and the centre's names; if not given, that of the last run does.
    """
    from audit.batch.redacting import Redaction
    from audit.batch.reporting import Period, StoredCalls, asked_by
    from audit.report import ReportSettings
    from audit.report.messages import load_messages
    from audit.storage import complete_digests, complete_phrases, read_digests

    complete_digests(store)
    complete_phrases(store)
    period = Period(since, until, None if agent_id is None else frozenset((agent_id,)), team)
    failures, is_scored = [*store.failures()], False
    for digest in read_digests(store, since=since, until=until):
        failures += damage([digest])
        is_scored = is_scored or digest.scorecard is not None
    asked = asked_by(_scorecard_folders(scorecard)) if is_scored else asked_by(())
    hidden = last_redact(store) if redact is None else redact
    settings = ReportSettings(
        "zh" if lang == "zh" else "en", now(), with_audio, asked.bands, asked.measures, asked.targets, colleagues, hidden,
        *_habits(last_profile(store) if profile is None else asdict(profile)),
    )  # fmt: skip
    messages = load_messages(settings.lang)
    redaction = Redaction(hidden, {kind: messages(f"redact.{kind}") for kind in hidden})
    return ReportInputs(StoredCalls(store.address, period, store, redaction=redaction), settings, tuple(failures))


def last_profile(store: Store) -> Mapping[str, Any]:
    """The profile of the last run; empty where there was no run."""
    last = store.last_command()
    return last[1].get("profile") or {} if last is not None else {}


def last_redact(store: Store) -> Mapping[Kind, str]:
    """What the profile of the last run asked to hide; nothing where there was no run or it asked for nothing."""
    return last_profile(store).get("redact") or {}


def _habits(profile: Mapping[str, Any]) -> tuple[HabitTerms, tuple[str, ...]]:
    """When something said is a habit, and the names of the centre, from a profile."""
    from audit.statistics import terms_from

    try:
        terms = terms_from(profile.get("habits") or {})
    except ValueError as e:
        raise ProfileError(f"habits: {e}", hint="see docs/report.md") from e
    return terms, tuple(n for n in (profile.get("company"), *(profile.get("names") or ())) if n)


def write_pages_of(inputs: ReportInputs, out: Path, *, only_changed: bool = False, jobs: int | None = None) -> ReportPaths:
    """Write the pages of a report whose inputs are gathered.

    Raises
    ------
    StoreError
        If a file cannot be written.
    """
    from audit import report
    from audit.batch.files import cannot_write

    n_workers = 1
    if sum(inputs.source.agents().values()) >= CALLS_WORTH_A_PROCESS:
        n_workers = workers_and_threads(jobs)[0]
    try:
        return report.write_from(
            out, inputs.source, inputs.settings, failures=inputs.failures, n_workers=n_workers, only_changed=only_changed
        )
    except OSError as e:
        raise cannot_write(Path(e.filename or out), e) from e


#: From so many calls on, other processes are worth the second that each takes to start.
CALLS_WORTH_A_PROCESS = 1500


def _scorecard_folders(scorecard: str | None) -> list[Path]:
    """The shipped scorecards, and the one given, where it is a folder of its own."""
    from audit.resources import resource_dir

    shipped = sorted(p.parent for p in resource_dir("rules").glob("*/scorecard.yml"))
    given = Path(scorecard) if scorecard is not None else None
    return [*shipped, given] if given is not None and (given / "scorecard.yml").is_file() else shipped


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

"""The pages of a report: what they are asked to show, what they are made from, and writing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.cli.closing import damage, now
from audit.cli.options import workers_and_threads
from audit.errors import ProfileError
from audit.records import Failure

if TYPE_CHECKING:
    from audit.batch.reporting import StoredCalls
    from audit.profile import Profile
    from audit.redaction import Kind
    from audit.report import ReportPaths, ReportSettings
    from audit.statistics import HabitTerms
    from audit.storage import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What a report is to show.

    Attributes
    ----------
    lang : {"zh", "en"}
    scorecard : str or None
        Name or path of a scorecard that is not shipped, for the names of its bands and its limits.
    since, until : datetime or None
        Half-open, of the call's start.
    agent_id, team : str or None
        Only the calls of these.
    with_audio : bool
        Embed clips.
    colleagues : bool
        Colleagues' calls may serve as examples.
    redact : mapping of kind to reason, or None
        What is hidden; None for what the profile of the last run asked for.
    profile : Profile or None
        Says when something said is a habit, and the centre's names; None for that of the last run.
    """

    lang: str
    scorecard: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    agent_id: str | None = None
    team: str | None = None
    with_audio: bool = True
    colleagues: bool = True
    redact: Mapping[Kind, str] | None = None
    profile: Profile | None = None


def write_pages(store: Store, out: Path, asked: ReportRequest, *, only_changed: bool = False, jobs: int | None = None) -> Path:
    """Write the overview, scorecards, teams' pages and tables of all calls in the store, or of some.

    Parameters
    ----------
    store : Store
    out : Path
    asked : ReportRequest
    only_changed : bool
        Leave pages alone whose calls are as they were.
    jobs : int, optional
        Processes; as many as there are processors, where the report is large.

    Returns
    -------
    Path
        Of ``index.html``.

    Raises
    ------
    StoreError
        If a file cannot be written.
    """
    return write_pages_of(report_inputs(store, asked), out, only_changed=only_changed, jobs=jobs).index


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report is made from, whatever its format."""

    source: StoredCalls
    settings: ReportSettings
    failures: tuple[Failure, ...]


def report_inputs(store: Store, asked: ReportRequest) -> ReportInputs:
    """Gather the calls that a report is to show and what the rules ask of them."""
    from audit.batch.redacting import Redaction
    from audit.batch.reporting import Period, StoredCalls, asked_by
    from audit.report import ReportSettings
    from audit.report.messages import load_messages
    from audit.storage import complete_digests, complete_phrases, read_digests

    complete_digests(store)
    complete_phrases(store)
    period = Period(asked.since, asked.until, None if asked.agent_id is None else frozenset((asked.agent_id,)), asked.team)
    failures, is_scored = [*store.failures()], False
    for digest in read_digests(store, since=asked.since, until=asked.until):
        failures += damage([digest])
        is_scored = is_scored or digest.scorecard is not None
    rules = asked_by(_scorecard_folders(asked.scorecard)) if is_scored else asked_by(())
    hidden = last_redact(store) if asked.redact is None else asked.redact
    settings = ReportSettings(
        "zh" if asked.lang == "zh" else "en", now(), asked.with_audio, rules.bands, rules.measures, rules.targets,
        asked.colleagues, hidden, *_habits(last_profile(store) if asked.profile is None else asdict(asked.profile)),
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

    n_threads = workers_and_threads(jobs)[0]
    n_workers = n_threads if sum(inputs.source.agents().values()) >= CALLS_WORTH_A_PROCESS else 1
    try:
        return report.write_from(
            out, inputs.source, inputs.settings, failures=inputs.failures, n_workers=n_workers, n_threads=n_threads,
            only_changed=only_changed,
        )  # fmt: skip
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

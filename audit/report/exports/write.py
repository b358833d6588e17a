"""Write the exports of a report: every table once, into as many formats as are asked for."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, get_args

import audit
from audit.digests import CallDigest
from audit.records import Failure
from audit.report.call_files import call_file
from audit.report.exports.columns import load_tables, table
from audit.report.exports.parquet import ParquetSink, require_pyarrow
from audit.report.exports.rows import criteria_rows, evidence_rows, habit_rows
from audit.report.exports.sinks import CsvSink, Facts, JsonSink, Sink
from audit.report.exports.workbook import WorkbookSink
from audit.report.files import folder_in
from audit.report.habits import AgentWords, compare, named_habits, put_aside
from audit.report.inputs import CallSource, ReportSettings
from audit.report.links import links_to_calls
from audit.report.messages import Messages, load_messages
from audit.report.naming import file_stems
from audit.report.reference import with_ranks
from audit.report.scorecard import AgentSummary, summarise_agent
from audit.report.spoken import SpokenHabit
from audit.report.tables import agent_row, call_row, failure_row
from audit.report.together import BatchSummary, summarise_batch
from audit.verdicts import Outcome

Format = Literal["xlsx", "csv", "json", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)


class ExportSource(CallSource, Protocol):
    """A source that also has the evidence of failed criteria."""

    def failed(self, agent: str, call_ids: Collection[str]) -> Iterable[tuple[str, Sequence[Outcome]]]:
        """The failed criteria of some calls of an agent, by call; calls without an evaluation are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for, as an export says it; half-open, None for no bound."""

    since: datetime | None = None
    until: datetime | None = None
    agent_id: str | None = None
    team: str | None = None


def write_exports(
    out: Path,
    source: ExportSource,
    settings: ReportSettings,
    formats: Collection[Format],
    *,
    failures: Sequence[Failure] = (),
    scope: Scope = Scope(),
) -> tuple[Path, ...]:
    """Write ``report.xlsx``, ``report.json`` and a CSV or Parquet file for each table.

    Calls are read once, agent by agent, and written as they come. All files are made beside their places and moved into
    them at the end: whatever fails before, the files of an earlier report stay as they were.

    Parameters
    ----------
    out : Path
        Made if missing. Pages that stand in it are linked.
    source : ExportSource
    settings : ReportSettings
        Of these the language, the moment, the bands and the targets count.
    formats : collection of {"xlsx", "csv", "json", "parquet"}
    failures : sequence of Failure
    scope : Scope

    Returns
    -------
    tuple of Path
        In the order of `FORMATS` and of the tables.

    Raises
    ------
    UsageError
        If a format needs a package that is not installed, and then before anything is read.
    OSError
        If a file cannot be written.
    """
    if "parquet" in formats:
        require_pyarrow()
    messages = load_messages(settings.lang)
    tables = load_tables()
    out.mkdir(parents=True, exist_ok=True)
    with folder_in(out, "export") as folder, ExitStack() as undo:
        sinks: list[Sink] = []
        for f in FORMATS:
            if f in formats:
                sinks.append(_sink(f, folder, messages, settings))
                undo.callback(sinks[-1].abandon)
        facts = _fill(sinks, out, source, settings, messages, failures, scope, folder)
        for sink in sinks:
            sink.finish(facts)
        undo.pop_all()
        names = {
            "xlsx": ("report.xlsx",), "csv": tuple(f"{t.name}.csv" for t in tables), "json": ("report.json",),
            "parquet": tuple(f"{t.name}.parquet" for t in tables),
        }  # fmt: skip
        made = [n for f in FORMATS if f in formats for n in names[f]]
        for n in made:
            _to_disk(folder / n)
        for n in made:
            os.replace(folder / n, out / n)  # noqa: PTH105
    return tuple(out / n for n in made)


def _sink(f: Format, folder: Path, messages: Messages, settings: ReportSettings) -> Sink:
    tables = load_tables()
    if f == "xlsx":
        return WorkbookSink(folder, tables, messages, settings.generated_at)
    if f == "csv":
        return CsvSink(folder, tables)
    if f == "json":
        return JsonSink(folder, tables)
    return ParquetSink(folder, tables, settings.lang)


def _fill(
    sinks: Sequence[Sink],
    out: Path,
    source: ExportSource,
    settings: ReportSettings,
    messages: Messages,
    failures: Sequence[Failure],
    scope: Scope,
    folder: Path,
) -> Facts:
    """Send all rows through all sinks; calls and evidence agent by agent, the rest when all agents are known.

    What agents say is put aside in the folder until then.
    """
    catalogues, stems = source.catalogues(), file_stems(sorted(source.agents()))
    pages = {a: f"scorecards/{s}.html" for a, s in stems.items() if (out / "scorecards" / f"{s}.html").is_file()}
    found: list[AgentSummary] = []
    aside: list[AgentWords] = []
    times: list[datetime] = []
    for agent in stems:
        calls = source.digests(agent)
        summary = summarise_agent(agent, calls, catalogues, settings.bands, max_rings=settings.targets.max_rings)
        found.append(summary)
        aside.append(put_aside(folder, agent, source.phrases(agent, [c.call_id for c in calls])))
        times += [c.started_at for c in calls if c.started_at is not None]
        page = pages.get(agent, "")
        links = {i: to if (out / to).is_file() else page for i, to in links_to_calls(calls, summary, page).items()}
        _send(sinks, "calls", [call_row(c, messages, links.get(c.call_id, "")) for c in calls])
        _send(sinks, "evidence", [*_evidence(source, agent, calls, messages, links)])
    agents = with_ranks(found)
    batch = summarise_batch(agents, times)
    _send(sinks, "agents", [agent_row(a, pages.get(a.agent_id, ""), messages) for a in agents])
    teams = _teams(agents)
    for a in agents:
        team = teams.get(a.team or "", batch)
        _send(sinks, "criteria", [*criteria_rows(a, team, batch, messages)])
    habits = compare(folder, aside, settings.habits)
    for a in agents:
        if (its := habits.get(a.agent_id)) is not None and its.found:
            named = named_habits(folder, its, source, [c.call_id for c in source.digests(a.agent_id)], settings)
            _send(sinks, "habits", [*habit_rows(a, named, _pages_of(out, named), pages.get(a.agent_id, ""))])
    _send(sinks, "failures", [failure_row(f) for f in failures])
    return Facts(
        audit.__version__, settings.generated_at, settings.lang, scope.since, scope.until, scope.agent_id, scope.team,
        sum(bool(a.agent_id) for a in agents), batch.n_calls, batch.first_at, batch.last_at, batch.scorecards,
    )  # fmt: skip


def _pages_of(out: Path, habits: Sequence[SpokenHabit]) -> dict[str, str]:
    """The pages of the calls in which habits are heard, where they stand."""
    heard = {p.call.record.call_id for h in habits for p in h.places}
    return {i: path.relative_to(out).as_posix() for i in heard if (path := call_file(out, i)).is_file()}


def _send(sinks: Sequence[Sink], name: str, rows: Sequence[Mapping[str, object]]) -> None:
    for sink in sinks:
        sink.add(table(name), rows)  # type: ignore[arg-type]


def _evidence(
    source: ExportSource, agent: str, calls: Sequence[CallDigest], messages: Messages, links: Mapping[str, str]
) -> Iterator[Mapping[str, object]]:
    """The evidence of an agent's calls, in the order of the calls."""
    with_fails = [c.call_id for c in calls if any(o.outcome == "fail" for o in c.outcomes.values())]
    outcomes = dict(source.failed(agent, with_fails))
    for c in calls:
        yield from evidence_rows(c, outcomes.get(c.call_id, ()), messages, links.get(c.call_id, ""))


def _teams(agents: Sequence[AgentSummary]) -> dict[str, BatchSummary]:
    names = {a.team for a in agents if a.team}
    return {t: summarise_batch([a for a in agents if a.team == t], ()) for t in sorted(names)}


def _to_disk(path: Path) -> None:
    """Make sure that a file's bytes are on the disk before it takes the place of another."""
    with path.open("rb") as f:
        os.fsync(f.fileno())

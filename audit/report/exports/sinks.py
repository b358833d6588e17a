"""Where exported rows go: CSV and JSON. Workbooks and Parquet stand in modules of their own."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from audit.report.exports.columns import Table
from audit.report.messages import Lang
from audit.report.scorecard import ScorecardUse
from audit.report.tables import Cell, csv_cell

#: Of the JSON file and of Parquet's metadata; raised when a column changes its meaning or goes.
SCHEMA = "callaudit.report/1"

Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Facts:
    """What an export says of itself.

    Attributes
    ----------
    since, until : datetime or None
        The period asked for, half-open; None for no bound.
    agent_id, team : str or None
        Whose calls were asked for; None for everybody's.
    first_call_at, last_call_at : datetime or None
        Of the calls in it whose time is known.
    """

    tool_version: str
    generated_at: datetime
    lang: Lang
    since: datetime | None = None
    until: datetime | None = None
    agent_id: str | None = None
    team: str | None = None
    n_agents: int = 0
    n_calls: int = 0
    first_call_at: datetime | None = None
    last_call_at: datetime | None = None
    scorecards: tuple[ScorecardUse, ...] = field(default_factory=tuple)


class Sink(Protocol):
    """Takes the rows of all tables in any order, then makes its files whole."""

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        """Append rows to a table."""
        ...

    def finish(self, facts: Facts) -> None:
        """Write what is left; the files are then as they shall be."""
        ...

    def abandon(self) -> None:
        """Let go of what is open; the files are of no use."""
        ...


class CsvSink:
    """A CSV file for each table: UTF-8 with a byte order mark, CR LF, no cell that a spreadsheet runs."""

    def __init__(self, folder: Path, tables: Iterable[Table]) -> None:
        self._files: dict[str, IO[str]] = {}
        for t in tables:
            path = folder / f"{t.name}.csv"
            # a path may hold bytes that are no UTF-8
            f = self._files[t.name] = path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
            csv.writer(f).writerow(t.names)

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        """Append lines."""
        names = table.names
        csv.writer(self._files[table.name]).writerows([csv_cell(row[n]) for n in names] for row in rows)

    def finish(self, facts: Facts) -> None:
        """Close the files."""
        for f in self._files.values():
            f.close()

    def abandon(self) -> None:
        """Let go of what is open."""
        _let_go(self._files.values())


class JsonSink:
    """One JSON file with all tables; rows wait on disk, since they come in any order."""

    def __init__(self, folder: Path, tables: Iterable[Table], name: str = "report.json") -> None:
        self._path = folder / name
        self._tables = tuple(tables)
        self._n_rows = dict.fromkeys((t.name for t in self._tables), 0)
        self._parts: dict[str, IO[str]] = {
            t.name: (folder / f".{t.name}.rows").open("w+", encoding="utf-8", errors="backslashreplace") for t in self._tables
        }

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        """Append objects."""
        f, names = self._parts[table.name], table.names
        for row in rows:
            f.write(",\n" if self._n_rows[table.name] else "\n")
            f.write(json.dumps({n: _plain(row[n]) for n in names}, ensure_ascii=False, allow_nan=False))
            self._n_rows[table.name] += 1

    def finish(self, facts: Facts) -> None:
        """Put the tables behind what is said of them."""
        with self._path.open("w", encoding="utf-8", errors="backslashreplace") as out:
            head = json.dumps(facts_to_json(facts), ensure_ascii=False, indent=1)
            out.write(head.removesuffix("\n}") + ',\n "tables": {')
            for i, t in enumerate(self._tables):
                out.write(("," if i else "") + f'\n  "{t.name}": [')
                part = self._parts[t.name]
                part.seek(0)
                while block := part.read(1 << 20):
                    out.write(block)
                out.write("\n  ]")
                part.close()
                Path(part.name).unlink()
            out.write("\n }\n}\n")

    def abandon(self) -> None:
        """Let go of what is open."""
        _let_go(self._parts.values())


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """What stands before the tables."""

    def when(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "schema": SCHEMA,
        "tool_version": facts.tool_version,
        "generated_at": when(facts.generated_at),
        "lang": facts.lang,
        "period": {"from": when(facts.since), "until": when(facts.until)},
        "agent_id": facts.agent_id,
        "team": facts.team,
        "n_agents": facts.n_agents,
        "n_calls": facts.n_calls,
        "first_call_at": when(facts.first_call_at),
        "last_call_at": when(facts.last_call_at),
        "scorecards": [
            {"scorecard": u.scorecard, "scorecard_version": u.version, "scorecard_sha256": u.sha256, "n_calls": u.n_calls}
            for u in facts.scorecards
        ],
    }


def _plain(value: Cell) -> str | int | float | bool | None:
    return value.isoformat() if isinstance(value, datetime) else value


def _let_go(files: Iterable[IO[str]]) -> None:
    """Close files that may not take what they still hold."""
    for f in files:
        try:
            f.close()
        except OSError:
            continue  # the disk is full: that is why nobody wants them

"""Parquet files for BI tools: typed columns that say what they mean. Needs pyarrow, an extra."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from audit.errors import UsageError
from audit.report.exports.columns import Table
from audit.report.exports.sinks import SCHEMA, Facts, Row, facts_to_json
from audit.report.messages import Lang

#: Rows of a group: enough to compress well, few enough to hold.
ROWS_A_GROUP = 5_000


def require_pyarrow() -> None:
    """Refuse where pyarrow is not installed.

    Raises
    ------
    UsageError
        With the command that installs it.
    """
    if find_spec("pyarrow") is None:
        raise UsageError("--format parquet needs pyarrow, which is not installed", hint="pip install 'callaudit[parquet]'")


class ParquetSink:
    """A Parquet file for each table; times are moments in UTC, texts without a value are null."""

    def __init__(self, folder: Path, tables: Iterable[Table], lang: Lang) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {
            "text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
            "datetime": pa.timestamp("us", "UTC"),
        }  # fmt: skip
        self._rows: dict[str, list[Row]] = {}
        self._schemas: dict[str, Any] = {}
        self._writers: dict[str, Any] = {}
        for t in tables:
            columns = [
                pa.field(
                    c.name, types[c.type],
                    metadata={"unit": c.unit, "title": c.titles[lang], "description": c.about[lang]},
                )
                for c in t.columns
            ]  # fmt: skip
            self._rows[t.name] = []
            self._schemas[t.name] = pa.schema(columns, metadata={"callaudit": SCHEMA, "description": t.about[lang]})
            self._writers[t.name] = pq.ParquetWriter(
                str(folder / f"{t.name}.parquet"), self._schemas[t.name], compression="zstd"
            )

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        """Append rows; they are written a group at a time."""
        waiting = self._rows[table.name]
        for row in rows:
            waiting.append(row)
            if len(waiting) >= ROWS_A_GROUP:
                self._flush(table.name)

    def _flush(self, name: str) -> None:
        import pyarrow as pa

        rows, schema = self._rows[name], self._schemas[name]
        columns = [pa.array([_clean(r[f.name]) for r in rows], f.type) for f in schema]
        self._writers[name].write_table(pa.Table.from_arrays(columns, schema=schema))
        rows.clear()

    def finish(self, facts: Facts) -> None:
        """Write the last groups and what the files say of themselves."""
        said = json.dumps(facts_to_json(facts), ensure_ascii=False)
        for name, writer in self._writers.items():
            if self._rows[name]:
                self._flush(name)
            writer.add_key_value_metadata({"callaudit.report": said})
            writer.close()

    def abandon(self) -> None:
        """Let go of the files."""
        for writer in self._writers.values():
            try:
                writer.close()
            except OSError:
                continue  # the disk is full: that is why nobody wants them


def _clean(value: Any) -> Any:
    """Text as UTF-8 can hold it."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value

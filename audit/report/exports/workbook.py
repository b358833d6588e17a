"""A workbook for Excel and LibreOffice: numbers as numbers, times as times, every sheet with filters."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.report.exports.columns import Column, Table
from audit.report.exports.sinks import Facts, Row
from audit.report.messages import Messages
from audit.report.tables import Cell

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: What a sheet holds, its heading among it, and a cell (Excel's specifications and limits).
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
#: What a text within a formula may be.
MAX_FORMULA_TEXT = 255
#: Characters of a column: texts to be read, names, all others.
_WIDE = {"reason", "quote", "suggestion", "message", "next_step", "warnings", "failed_criteria"}
_MIDDLE = {"title", "clause", "section_title", "recording_path", "heard", "scorecard", "score_method", "weakest_section"}
_WIDTHS = {"datetime": 19, "text": 12, "number": 9, "integer": 8, "boolean": 8}
_NUMBER_FORMATS = {"0-1": "0.0%", "ratio": "0.0000"}


class WorkbookSink:
    """One workbook, row by row: memory holds a row of each sheet.

    Texts are written as texts whatever they begin with, so that none is run as a formula.

    Parameters
    ----------
    folder : Path
        Also for the parts of the workbook until it is whole.
    tables : iterable of Table
    messages : Messages
    generated_at : datetime
        Kept as the workbook's date, so that the same calls give the same bytes.
    """

    def __init__(
        self, folder: Path, tables: Iterable[Table], messages: Messages, generated_at: datetime, name: str = "report.xlsx"
    ) -> None:
        from xlsxwriter import Workbook

        self._messages = messages
        self._tables = tuple(tables)
        self._file = _Output(folder / name, "w+")
        self._book = Workbook(self._file, {"constant_memory": True, "tmpdir": str(folder), "use_zip64": True})
        self._book.set_properties({"title": messages("exports.workbook"), "created": generated_at.replace(tzinfo=None)})
        self._heading = self._book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E4ECF5", "bottom": 1}
        )
        self._plain = self._book.add_format()
        self._link = self._book.get_default_url_format()
        self._formats: dict[tuple[str, str], Format] = {}
        self._sheets: dict[str, list[Worksheet]] = {}
        self._next: dict[str, int] = {}
        self._writers: dict[str, list[tuple[str, Callable[[Worksheet, int, int, Any], Any]]]] = {}
        for t in self._tables:
            self._sheets[t.name] = []
            self._writers[t.name] = [(c.name, self._writer(c)) for c in t.columns]
            self._begin_sheet(t)

    def _begin_sheet(self, t: Table) -> None:
        """A sheet of a table with its heading; a second one where the first is full."""
        lang, n = self._messages.lang, len(self._sheets[t.name]) + 1
        title = t.titles[lang] if n == 1 else f"{t.titles[lang]} {n}"
        sheet = self._book.add_worksheet(title)
        for i, c in enumerate(t.columns):
            sheet.set_column(i, i, _width(c, c.heading(lang)))
        sheet.freeze_panes(1, 1)
        sheet.set_row(0, 32)
        for i, c in enumerate(t.columns):
            sheet.write_string(0, i, c.heading(lang), self._heading)
        self._sheets[t.name].append(sheet)
        self._next[t.name] = 1

    def add(self, table: Table, rows: Iterable[Row]) -> None:
        """Append rows."""
        writers = self._writers[table.name]
        for row in rows:
            if self._next[table.name] >= MAX_ROWS:
                self._end_sheet(table)
                self._begin_sheet(table)
            at, sheet = self._next[table.name], self._sheets[table.name][-1]
            for i, (name, write) in enumerate(writers):
                value = row[name]
                if value is not None and value != "":
                    write(sheet, at, i, value)
            self._next[table.name] = at + 1

    def _end_sheet(self, t: Table) -> None:
        self._sheets[t.name][-1].autofilter(0, 0, max(1, self._next[t.name] - 1), len(t.columns) - 1)

    def finish(self, facts: Facts) -> None:
        """Add the sheet that explains the others, and put the file together."""
        from xlsxwriter.exceptions import FileCreateError

        for t in self._tables:
            self._end_sheet(t)
        self._explain(facts)
        try:
            self._book.close()
        except FileCreateError as e:  # the library's word for an error of the system
            raise e.args[0] if e.args and isinstance(e.args[0], OSError) else OSError(str(e)) from e
        self._file.close()
        if self._file.error is not None:
            raise self._file.error

    def abandon(self) -> None:
        """Close the parts without putting them together."""
        for part in (*(sheet.row_data_fh for sheets in self._sheets.values() for sheet in sheets), self._file):
            with suppress(OSError):
                part.close()

    def _writer(self, c: Column) -> Callable[[Worksheet, int, int, Any], Any]:
        """How a column's values are written; asked once for each column, used for each cell."""
        style, messages = self._format(c), self._messages
        if c.unit == "link":
            open_it = messages("exports.open")

            def write_link(sheet: Worksheet, row: int, i: int, value: str) -> None:
                if len(value) > MAX_FORMULA_TEXT or '"' in value:
                    sheet.write_string(row, i, fitting(value), self._plain)
                else:
                    sheet.write_formula(row, i, f'=HYPERLINK("{fitting(value)}","{open_it}")', self._link, open_it)

            return write_link
        if c.type == "text":
            return lambda sheet, row, i, value: sheet.write_string(row, i, fitting(value), style)
        if c.type == "boolean":
            return lambda sheet, row, i, value: sheet.write_boolean(row, i, value, style)
        if c.type == "datetime":  # Excel knows no zones: the clock of the place, whose offset has a column
            return lambda sheet, row, i, value: sheet.write_datetime(row, i, value.replace(tzinfo=None), style)
        return lambda sheet, row, i, value: sheet.write_number(row, i, value, style)

    def _format(self, c: Column) -> Format:
        key = (c.type, c.unit)
        if key not in self._formats:
            number = {"datetime": "yyyy-mm-dd hh:mm:ss", "integer": "0", "number": _NUMBER_FORMATS.get(c.unit, "0.0")}
            style = {"num_format": number[c.type]} if c.type in number else {"valign": "top"}
            self._formats[key] = self._book.add_format(style)
        return self._formats[key]

    def _explain(self, facts: Facts) -> None:
        """What was asked for, what it rests on, and what every column means."""
        messages, lang = self._messages, self._messages.lang
        sheet = self._book.add_worksheet(messages("exports.about"))
        for i, width in enumerate((24, 34, 28, 14, 12, 90)):
            sheet.set_column(i, i, width)
        everything = messages("exports.all")
        lines: list[tuple[str, Cell]] = [
            (messages("exports.from"), facts.since or everything),
            (messages("exports.until"), facts.until or everything),
            (messages("exports.agent"), facts.agent_id or everything),
            (messages("exports.team"), facts.team or everything),
            (messages("exports.first_call"), facts.first_call_at),
            (messages("exports.last_call"), facts.last_call_at),
            (messages("exports.n_agents"), facts.n_agents),
            (messages("exports.n_calls"), facts.n_calls),
            *(
                (messages("exports.scorecard"), f"{u.scorecard} {u.version} ({u.sha256[:12]}): {u.n_calls}")
                for u in facts.scorecards
            ),
            (messages("exports.generated"), facts.generated_at),
            (messages("exports.tool"), f"callaudit {facts.tool_version}"),
        ]
        row = 0
        for label, value in lines:
            sheet.write_string(row, 0, label, self._heading)
            if isinstance(value, datetime):
                sheet.write_string(row, 1, value.isoformat(sep=" ", timespec="seconds"))
            elif isinstance(value, int):
                sheet.write_number(row, 1, value)
            elif isinstance(value, str):
                sheet.write_string(row, 1, fitting(value))
            row += 1
        row += 1
        headings = (
            messages("exports.table"), messages("exports.column"), messages("exports.title"), messages("exports.unit"),
            messages("exports.type"), messages("exports.meaning"),
        )  # fmt: skip
        for i, text in enumerate(headings):
            sheet.write_string(row, i, text, self._heading)
        for t in self._tables:
            for c in t.columns:
                row += 1
                for i, text in enumerate((t.titles[lang], c.name, c.titles[lang], c.unit, c.type, c.about[lang])):
                    sheet.write_string(row, i, text)
        self._sheets[""] = [sheet]


def fitting(text: str) -> str:
    """A text as a cell can hold it: not longer than Excel allows, and of characters that exist."""
    if text.startswith("<r>") and text.endswith("</r>"):
        text += " "  # which the library would put into the file as markup
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= MAX_TEXT // 2 or _n_utf16(text) <= MAX_TEXT else text[: MAX_TEXT // 2 - 1] + "…"


def _n_utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _width(c: Column, heading: str) -> float:
    """Of a column: what its values take, and its heading in two lines with the button of the filter."""
    wide = sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in heading)
    values = 44 if c.name in _WIDE else 26 if c.name in _MIDDLE else _WIDTHS[c.type]
    return max(values, min(24, wide / 2 + 4))


class _Output(io.FileIO):
    """The file of a workbook. It keeps the first error of a write for itself and takes all further ones in silence.

    An archive that meets an error tries to end itself when it is thrown away, and fails again where nobody can catch it.
    """

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of it, or remember why not."""
        view, done = memoryview(data).cast("B"), 0
        try:
            while done < len(view) and self.error is None:
                done += super().write(view[done:]) or 0
        except OSError as e:
            self.error = e
        return len(view)

"""The report as tables for spreadsheets, scripts and BI tools, and as PDF."""

from audit.report.exports.columns import Column, Table, load_tables
from audit.report.exports.sinks import SCHEMA, Facts
from audit.report.exports.write import FORMATS, ExportSource, Format, Scope, write_exports

__all__ = ["FORMATS", "SCHEMA", "Column", "ExportSource", "Facts", "Format", "Scope", "Table", "load_tables", "write_exports"]

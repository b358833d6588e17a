"""Scorecards, overview pages and tables from audited calls."""

from audit.report.inputs import Band, ReportedCall, ReportPaths
from audit.report.write import write_reports

__all__ = ["Band", "ReportPaths", "ReportedCall", "write_reports"]

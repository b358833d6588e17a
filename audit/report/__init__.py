"""Scorecards, overview pages and tables from audited calls."""

from audit.report.inputs import (
    Band,
    CallSource,
    Hidden,
    MeasureBand,
    ReportedCall,
    ReportPaths,
    ReportSettings,
    Targets,
)
from audit.report.write import write_from, write_reports

__all__ = [
    "Band",
    "CallSource",
    "Hidden",
    "MeasureBand",
    "ReportPaths",
    "ReportSettings",
    "ReportedCall",
    "Targets",
    "write_from",
    "write_reports",
]

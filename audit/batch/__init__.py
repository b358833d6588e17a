"""A folder of recordings: plan, workers, results as they come, resume.

The names are imported when they are first asked for: a worker process needs none of the store's half second.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.batch.engines import Engine
    from audit.batch.files import call_file_name, make_out_folder, rewrite_without_words, write_json
    from audit.batch.job import BatchSummary, Job, Progress
    from audit.batch.patience import insist
    from audit.batch.run import run_batch
    from audit.batch.workers import Auditor, Limits, MakeAuditor

_HOME = {
    "Auditor": "audit.batch.workers",
    "BatchSummary": "audit.batch.job",
    "Engine": "audit.batch.engines",
    "Job": "audit.batch.job",
    "Limits": "audit.batch.workers",
    "MakeAuditor": "audit.batch.workers",
    "Progress": "audit.batch.job",
    "call_file_name": "audit.batch.files",
    "insist": "audit.batch.patience",
    "make_out_folder": "audit.batch.files",
    "rewrite_without_words": "audit.batch.files",
    "run_batch": "audit.batch.run",
    "write_json": "audit.batch.files",
}

__all__ = [
    "Auditor",
    "BatchSummary",
    "Engine",
    "Job",
    "Limits",
    "MakeAuditor",
    "Progress",
    "call_file_name",
    "insist",
    "make_out_folder",
    "rewrite_without_words",
    "run_batch",
    "write_json",
]


def __getattr__(name: str) -> Any:
    """Import a name of this package where it lies (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)

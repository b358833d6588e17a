"""A folder of recordings: plan, workers, results as they come, resume."""

from audit.batch.files import call_file_name, make_out_folder, write_json
from audit.batch.run import BatchSummary, Job, Progress, run_batch
from audit.batch.workers import Auditor, MakeAuditor

__all__ = [
    "Auditor",
    "BatchSummary",
    "Job",
    "MakeAuditor",
    "Progress",
    "call_file_name",
    "make_out_folder",
    "run_batch",
    "write_json",
]

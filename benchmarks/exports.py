#!/usr/bin/env python3
"""What exports cost: each format by itself, from an archive of ``make_archive.py``.

Printed for each format: processor and wall time, the most memory so far, and the size of the files.

Usage::

    python benchmarks/make_archive.py --calls 20000 --out archive/
    python benchmarks/exports.py archive/ xlsx
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from audit.batch.reporting import Period, StoredCalls, asked_by
from audit.report import ReportSettings
from audit.report.exports import FORMATS, write_exports
from audit.resources import resource_dir
from audit.storage import Store, complete_digests


def main() -> None:
    """Write and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="folder written by make_archive.py")
    parser.add_argument("formats", nargs="*", choices=FORMATS, default=FORMATS)
    options = parser.parse_args()
    asked = asked_by(sorted(p.parent for p in resource_dir("rules").glob("*/scorecard.yml")))
    settings = ReportSettings("zh", datetime.now(UTC), False, asked.bands, asked.measures, asked.targets)
    with Store.in_folder(options.archive) as store:
        complete_digests(store)
        source = StoredCalls(store.address, Period(), store)
        n_calls = sum(source.agents().values())
        for f in options.formats:
            with tempfile.TemporaryDirectory() as folder:
                spent, wall = time.process_time(), time.perf_counter()
                paths = write_exports(Path(folder), source, settings, (f,))
                spent, wall = time.process_time() - spent, time.perf_counter() - wall
                n_bytes = sum(p.stat().st_size for p in paths)
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            took = f"{spent:.1f} s of processor, {wall:.1f} s by the clock, {1000 * spent / n_calls:.2f} ms a call"
            print(f"{f}: {n_calls} calls, {took}, peak {peak_mib:.0f} MiB, {n_bytes / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()

"""Folders for files in the making: gone at the end, and where their process was killed, at the next beginning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.report import files
from audit.report.files import folder_in

_HOLD = """
import sys, time
from pathlib import Path
from audit.report.files import folder_in
with folder_in(Path(sys.argv[1]), "export") as folder:
    (folder / "calls.csv").write_text("words")
    print(folder.name, flush=True)
    time.sleep(60)
"""


def holder(out: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that is making files, and the folder that it makes them in."""
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(out)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, out / process.stdout.readline().strip()


def left(out: Path) -> set[str]:
    return {p.name for p in out.iterdir()}


def test_the_folder_goes_at_the_end_however_that_comes(tmp_path):
    with pytest.raises(ZeroDivisionError), folder_in(tmp_path, "export") as folder:
        assert folder.parent == tmp_path
        raise ZeroDivisionError
    assert left(tmp_path) == set()


def test_the_folder_of_a_killed_process_is_cleared_by_the_next_that_of_a_living_one_is_not(tmp_path):
    dead, its = holder(tmp_path)
    dead.send_signal(signal.SIGKILL)
    dead.communicate()
    assert (its / "calls.csv").is_file()
    living, theirs = holder(tmp_path)
    assert left(tmp_path) == {theirs.name}, "cleared by the one that came next"
    with folder_in(tmp_path, "export"):
        assert (theirs / "calls.csv").is_file()
    living.kill()
    living.communicate()


@pytest.mark.parametrize(("age_s", "stays"), [(3600.0, True), (25 * 3600.0, False)], ids=["an hour old", "a day old"])
def test_a_folder_without_a_lock_is_left_alone_for_a_day(tmp_path, age_s, stays):
    """Another version made it, or the disk knows no locks."""
    (tmp_path / ".export-old").mkdir()
    (tmp_path / ".export-old" / "calls.csv").write_text("words")
    then = time.time() - age_s
    os.utime(tmp_path / ".export-old", (then, then))
    files.clear_left(tmp_path, "export")
    assert left(tmp_path) == ({".export-old"} if stays else set())


def test_other_folders_files_and_links_are_nobodys_to_clear(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".report-x").mkdir()
    (tmp_path / ".export-file").write_text("x")
    (tmp_path / ".export-link").symlink_to(tmp_path / "elsewhere")
    for name in ("elsewhere", ".report-x"):
        os.utime(tmp_path / name, (0, 0))
    before = left(tmp_path)
    files.clear_left(tmp_path, "export")
    assert left(tmp_path) == before

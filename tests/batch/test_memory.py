"""Memory that nothing uses goes back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from audit.batch.memory import _malloc_trim
from audit.batch.workers import WORKER_ENVIRONMENT

_FREED_BETWEEN = """
import numpy as np
from pathlib import Path
from audit.batch.memory import give_back_memory

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

held = [np.ones(32768) for _ in range(800)]  # 200 MiB in pieces of 256 KiB
between = held[::8]
del held
before = resident_mib()
give_back_memory()
print(before - resident_mib())
assert all(piece.sum() == 32768 for piece in between)
"""


@pytest.mark.skipif(_malloc_trim() is None, reason="this C library has no malloc_trim")
def test_what_lies_free_between_what_is_used_is_given_back() -> None:
    environment = {**os.environ, **WORKER_ENVIRONMENT}
    done = subprocess.run([sys.executable, "-c", _FREED_BETWEEN], env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) > 100

"""Compiled code is not spoilt by processes that start at once."""

from __future__ import annotations

import os
import subprocess
import sys

from audit.acoustics.compiled import _cache_folder, load_librosa

MEASURE = """
import numpy as np
from audit.acoustics import measure_pitch
from audit.records import Segment
t = np.arange(16000) / 8000
voice = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 12)).astype(np.float32) * 0.1
print(round(measure_pitch(voice, 8000, [Segment(0.0, 2.0)]).f0_median_hz))
"""


def test_processes_that_begin_together_with_an_empty_cache_all_measure(tmp_path):
    environment = {**os.environ, "CALLAUDIT_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", MEASURE]
    begun = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [(p.communicate()[0].strip(), p.returncode) for p in begun]
    assert ended == [("150", 0)] * 2
    assert list((tmp_path / "compiled").rglob("*.nbi")), "nothing was compiled into the cache"


def test_a_cache_that_cannot_be_written_is_replaced_for_this_process(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CALLAUDIT_CACHE", str(tmp_path / "file"))
    assert _cache_folder().is_dir()


def test_librosa_is_loaded_once():
    assert load_librosa() is load_librosa()

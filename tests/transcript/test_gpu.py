"""How many windows a GPU takes at once; no GPU is needed to know."""

from __future__ import annotations

import stat

import pytest

from audit.transcript.gpu import BATCH_ON_PROCESSOR, batch_size_on, free_gpu_bytes, gpu_batch_size

GIB = 1 << 30
BASE, LARGE = 145_000_000, 3_100_000_000


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A driver that tells what a test wants, and notes how it was asked."""

    def say(text: str, code: int = 0) -> None:
        script = tmp_path / "nvidia-smi"
        script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nprintf "{text}"\nexit {code}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    say.asked = lambda: (tmp_path / "asked").read_text()
    return say


@pytest.mark.parametrize("model", [BASE, LARGE], ids=["base", "large"])
def test_more_memory_never_means_fewer_windows(model):
    sizes = [gpu_batch_size(n * GIB // 2, model) for n in range(160)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (1, 64)


def test_what_a_batch_needs_fits_into_what_is_free():
    for free in (8 * GIB, 12 * GIB, 24 * GIB):
        n = gpu_batch_size(free, LARGE)
        assert 2 * LARGE + n * (300 << 20) < free


def test_the_drivers_figure_is_taken_of_the_gpu_that_this_process_may_use(driver, monkeypatch):
    driver("81000\\n")
    assert free_gpu_bytes() == 81000 << 20
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    free_gpu_bytes()
    assert driver.asked().endswith("-i 3\n")


@pytest.mark.parametrize(
    ("text", "code"), [("", 0), ("no devices were found", 6), ("[N/A]", 0)], ids=["nothing", "error", "n/a"]
)
def test_where_the_driver_does_not_tell_the_batch_is_that_of_a_processor(driver, text, code, tmp_path):
    driver(text, code)
    assert free_gpu_bytes() is None
    assert batch_size_on("cuda", tmp_path) == BATCH_ON_PROCESSOR


def test_on_a_gpu_the_models_file_and_the_free_memory_decide(driver, tmp_path):
    driver("16384\\n")
    (tmp_path / "model.bin").write_bytes(b"x" * 1000)
    assert batch_size_on("cuda", tmp_path) == 64
    assert batch_size_on("cpu", tmp_path) == BATCH_ON_PROCESSOR

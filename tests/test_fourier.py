import subprocess
import sys

import numpy as np
import pytest

from audit import fourier
from audit.fourier import good_length, irfft, line_frequencies, rfft


@pytest.fixture(params=["extension", "scipy.fft"])
def engine(request, monkeypatch):
    """Both ways to the transforms."""
    if request.param == "scipy.fft":
        monkeypatch.setattr(fourier, "_engine", None)
    return request.param


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_transform_is_the_sum_over_turning_phasors(engine, kind):
    x = np.random.default_rng(1).standard_normal((3, 10)).astype(kind)
    turns = np.exp(-2j * np.pi * np.outer(np.arange(10), np.arange(7)) / 12)  # two zeros added
    assert np.allclose(rfft(x, 12), x @ turns, atol=1e-5)
    assert rfft(x).dtype == np.result_type(kind, np.complex64)


def test_there_and_back_is_where_one_came_from(engine):
    x = np.random.default_rng(2).standard_normal((2, 3, 15)).astype(np.float32)
    assert np.allclose(irfft(rfft(x), 15), x, atol=1e-6)


def test_a_spectrum_without_an_imaginary_part_may_be_real(engine):
    assert np.allclose(irfft(np.ones(5, np.float32), 8), [1, 0, 0, 0, 0, 0, 0, 0])


def test_a_good_length_is_a_product_of_small_primes(engine):
    assert [good_length(n) for n in (1, 600, 601, 16513)] == [1, 600, 625, 16875]


def test_what_measures_a_call_starts_without_the_rest_of_scipy():
    code = (
        "import sys, audit.pipeline.auditor; print([m for m in sys.modules if m.split('.')[0] == 'scipy' and 'fft.' not in m])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("n", [1, 2, 255, 256, 480])
def test_the_frequencies_of_the_lines_are_those_of_numpy_to_the_last_digit(n):
    for rate_hz in (8000, 16000, 44100, 48000):
        assert (line_frequencies(n, rate_hz) == np.fft.rfftfreq(n, 1 / rate_hz)).all()

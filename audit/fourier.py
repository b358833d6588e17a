"""Fourier transforms of real signals along the last axis: SciPy's, without what else comes with them.

``import scipy.fft`` loads special functions, three array libraries' wrappers and NumPy's test tools, which takes longer
than all of NumPy, and each call asks first whose array it is. Thousands of short transforms are made of a call, and every
worker starts once. So the one extension module that does the work is loaded from its place; where a SciPy has it
elsewhere, ``scipy.fft`` does the same (docs/decisions/020-transforms-and-start.md).
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ENGINE = "scipy.fft._pocketfft.pypocketfft"


def _load() -> Any:
    """SciPy's transforms as an extension module; None where it is not in its place."""
    if _ENGINE in sys.modules:
        return sys.modules[_ENGINE]
    scipy = find_spec("scipy")
    folders = [str(Path(folder, "fft", "_pocketfft")) for folder in (scipy and scipy.submodule_search_locations) or ()]
    spec = PathFinder.find_spec(_ENGINE, folders)
    if spec is None or spec.loader is None:
        return None
    try:
        engine = module_from_spec(spec)
        spec.loader.exec_module(engine)
    except ImportError:
        return None
    return engine if all(hasattr(engine, name) for name in ("r2c", "c2r", "good_size")) else None


_engine = _load()


def rfft(x: NDArray[Any], n: int | None = None) -> NDArray[Any]:
    """Transform real signals.

    Parameters
    ----------
    x : ndarray of float32 or float64, shape (..., n_samples)
    n : int, optional
        Length of the transform, at least ``n_samples``; zeros are added. ``n_samples`` if not given.

    Returns
    -------
    ndarray of complex64 or complex128, shape (..., n // 2 + 1)

    Examples
    --------
    >>> rfft(np.array([1.0, 0.0, -1.0, 0.0])).real.tolist()
    [0.0, 2.0, 0.0]
    """
    if _engine is None:
        import scipy.fft

        return np.asarray(scipy.fft.rfft(x, n))
    if n is not None and n != x.shape[-1]:
        padded = np.zeros((*x.shape[:-1], n), x.dtype)
        padded[..., : x.shape[-1]] = x
        x = padded
    spectrum: NDArray[Any] = _engine.r2c(x, (x.ndim - 1,), True, 0, None, 1)
    return spectrum


def irfft(spectrum: NDArray[Any], n: int) -> NDArray[Any]:
    """Transform back.

    Parameters
    ----------
    spectrum : ndarray, shape (..., n // 2 + 1)
        Complex, or real where it has no imaginary part.
    n : int
        Length of the signals.

    Returns
    -------
    ndarray of float32 or float64, shape (..., n)

    Examples
    --------
    >>> irfft(rfft(np.array([1.0, 2.0, 3.0])), 3).round(9).tolist()
    [1.0, 2.0, 3.0]
    """
    if _engine is None:
        import scipy.fft

        return np.asarray(scipy.fft.irfft(spectrum, n))
    if not np.iscomplexobj(spectrum):
        spectrum = spectrum + 0j
    signal: NDArray[Any] = _engine.c2r(spectrum, (spectrum.ndim - 1,), n, False, 2, None, 1)
    return signal


def good_length(n: int) -> int:
    """The least length from `n` on whose transform is quick.

    Examples
    --------
    >>> good_length(997)
    1000
    """
    if _engine is None:
        import scipy.fft

        return int(scipy.fft.next_fast_len(n, real=True))
    return int(_engine.good_size(n, True))


def line_frequencies(n: int, sample_rate_hz: float) -> NDArray[np.float64]:
    """Frequencies in Hz of the ``n // 2 + 1`` lines of :func:`rfft`, as NumPy has them, whose transforms need not be loaded.

    Examples
    --------
    >>> line_frequencies(4, 8000).tolist()
    [0.0, 2000.0, 4000.0]
    """
    found: NDArray[np.float64] = np.arange(n // 2 + 1) * np.float64(1.0 / (n * (1 / sample_rate_hz)))
    return found

"""What a voice sounds like, as a point on a sphere: mel features and a small recurrent network.

The network is the speaker encoder that Resemblyzer ships (Apache-2.0): three LSTM layers of 256 cells over 40 mel bands,
a linear layer, half-wave rectified and normalised to length 1. It was trained to bring two stretches of one voice close
together and those of two voices apart (cosine). :mod:`audit.speakers.checkpoint` reads its weights; ONNX Runtime, which
comes with faster-whisper, runs it.

References
----------
Wan, L., Wang, Q., Papir, A., Lopez Moreno, I. (2018), Generalized end-to-end loss for speaker verification, ICASSP: the
network, its loss and windows of 1.6 s.
Slaney, M. (1998), Auditory Toolbox, version 2: the mel scale that is linear up to 1 kHz and logarithmic above.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audit.audio import Leg
from audit.errors import ModelError
from audit.speakers.checkpoint import encoder_graph, read_checkpoint

Floats = npt.NDArray[np.float32]

#: Name of the model's description in ``models/`` and of its file in the cache.
MODEL_NAME = "resemblyzer"
WEIGHTS_NAME = "pretrained.pt"

FRAMES_PER_S = 100
N_MELS = 40
EMBEDDING_SIZE = 256
SUPPORTED_RATES_HZ = (8000, 16000)
#: The encoder was trained at this rate; 8 kHz sound is what it hears of the lower half of its bands.
_TRAINED_RATE_HZ = 16000
_WINDOW_S = 0.025
#: The training material was brought to this level (RMS re full scale 1.0).
_TRAINED_LEVEL_DBFS = -30.0
#: Windows worked on at a time: more is no faster and takes memory.
_BATCH = 32
#: Frames that are cut out of the sound at once.
_FRAMES_READ = 3000


# --- features -------------------------------------------------------------------------------------
def mel_filters(sample_rate_hz: int) -> Floats:
    """The triangular filters that the encoder was trained with, each of area 1 in Hz.

    Parameters
    ----------
    sample_rate_hz : {8000, 16000}
        Of the sound; the bands are those of 16 kHz, so at 8 kHz the upper ones are empty.

    Returns
    -------
    ndarray of float32, shape (40, n_bins)
        For the power of the bins from 0 Hz to half the rate, 40 Hz apart.
    """
    bins_hz = np.arange(round(sample_rate_hz * _WINDOW_S) // 2 + 1) / _WINDOW_S
    low, middle, high = _EDGES_HZ[:-2, None], _EDGES_HZ[1:-1, None], _EDGES_HZ[2:, None]
    triangles = np.minimum((bins_hz - low) / (middle - low), (high - bins_hz) / (high - middle))
    return np.asarray(np.maximum(triangles, 0.0) * 2.0 / (high - low), dtype=np.float32)


def _hz_to_mel(freq_hz: float) -> float:
    """Slaney's scale: 3 mel for 200 Hz up to 1 kHz, then 27 mel for each factor of 6.4."""
    return freq_hz * 3 / 200 if freq_hz < 1000 else 15.0 + 27.0 * float(np.log(freq_hz / 1000) / np.log(6.4))


def _mel_to_hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The inverse of `_hz_to_mel`."""
    return np.where(mels < 15.0, mels * 200 / 3, 1000.0 * 6.4 ** ((mels - 15.0) / 27.0))


#: Where each band begins, culminates in its neighbours' flanks, and ends.
_EDGES_HZ = _mel_to_hz(np.linspace(0.0, _hz_to_mel(_TRAINED_RATE_HZ / 2), N_MELS + 2))
_BAND_WIDTHS_HZ = np.asarray((_EDGES_HZ[2:] - _EDGES_HZ[:-2]) / 2, dtype=np.float32)


def mel_features(samples: Floats | Leg, sample_rate_hz: int) -> Floats:
    """Power in the 40 bands, every 10 ms.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,), or Leg
        Read half a minute at a time.
    sample_rate_hz : {8000, 16000}

    Returns
    -------
    ndarray of float32, shape (n_frames, 40)
        Frame i is centred on i / 100 s; ``1 + n // hop`` frames. Power, not decibels: the encoder wants it so.

    Raises
    ------
    ValueError
        If the rate or the shape is another.
    """
    if sample_rate_hz not in SUPPORTED_RATES_HZ:
        raise ValueError(f"voices are compared at 8000 or 16000 Hz, not at {sample_rate_hz}")
    if samples.ndim != 1:
        raise ValueError(f"one channel is wanted, not {samples.ndim} dimensions")
    size, hop = round(sample_rate_hz * _WINDOW_S), sample_rate_hz // FRAMES_PER_S
    n_samples = len(samples)
    n_frames = 1 + n_samples // hop
    # A periodic Hann window. Half the samples give half the amplitude: brought to that of the trained rate.
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)) * (_TRAINED_RATE_HZ / sample_rate_hz)
    filters = mel_filters(sample_rate_hz).T
    out = np.empty((n_frames, N_MELS), np.float32)
    for i in range(0, n_frames, _FRAMES_READ):
        end = min(i + _FRAMES_READ, n_frames)
        first, last = i * hop - size // 2, (end - 1) * hop - size // 2 + size
        part = samples[max(first, 0) : min(last, n_samples)].astype(np.float32, copy=False)
        part = np.pad(part, (max(-first, 0), max(last - n_samples, 0)))
        frames = np.lib.stride_tricks.sliding_window_view(part, size)[::hop]
        spectrum = np.fft.rfft(frames * window.astype(np.float32), axis=1)
        out[i:end] = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) @ filters
    return out


# --- the encoder ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, eq=False)
class SpeakerEncoder:
    """The network, ready to run on one processor; make it with `load`, once, and use it for every call."""

    session: Any

    @classmethod
    def load(cls, directory: Path) -> SpeakerEncoder:
        """Read the checkpoint out of a model directory.

        Parameters
        ----------
        directory : Path
            That holds ``pretrained.pt``: the installed model.

        Returns
        -------
        SpeakerEncoder

        Raises
        ------
        ModelError
            If it is missing or is not this network's checkpoint.
        """
        import onnxruntime  # type: ignore[import-untyped]  # a tenth of a second that other work need not pay

        path = directory / WEIGHTS_NAME
        hint = f"callaudit models install {MODEL_NAME}"
        try:
            graph = encoder_graph(read_checkpoint(path)["model_state"])
        except FileNotFoundError as error:
            raise ModelError(f"there is no speaker encoder at {path}", hint=hint) from error
        except (OSError, pickle.UnpicklingError, KeyError, ValueError, TypeError, EOFError) as error:
            raise ModelError(f"{path} is not the speaker encoder that is wanted: {error}", hint=hint) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # the workers share the processors out
        options.log_severity_level = 3
        return cls(onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"]))

    def embed(self, features: Floats, windows: Sequence[tuple[int, int]]) -> Floats:
        """Place each window on the sphere.

        Every window is brought to the level of the training material by its own mean power, so how loud somebody
        speaks does not count.

        Parameters
        ----------
        features : ndarray of float32, shape (n_frames, 40)
            Of `mel_features`.
        windows : sequence of (first frame, end frame)
            Half-open, inside the features, not empty; 160 frames is what the encoder was trained on, under 60 the
            answers scatter.

        Returns
        -------
        ndarray of float32, shape (n_windows, 256)
            Not negative, of length 1, so cosines lie in 0-1.

        Raises
        ------
        ValueError
            If a window is empty or outside.
        """
        for first, end in windows:
            if not 0 <= first < end <= len(features):
                raise ValueError(f"the window {first}-{end} is empty or outside of {len(features)} frames")
        out = np.empty((len(windows), EMBEDDING_SIZE), np.float32)
        # Windows of about one length go together: a shorter one is idle for the rest of the batch.
        order = sorted(range(len(windows)), key=lambda i: windows[i][1] - windows[i][0])
        for i in range(0, len(order), _BATCH):
            batch = order[i : i + _BATCH]
            lengths = np.array([windows[k][1] - windows[k][0] for k in batch], np.int32)
            x = np.zeros((int(lengths[-1]), len(batch), N_MELS), np.float32)
            for column, k in enumerate(batch):
                one = features[slice(*windows[k])]
                x[: len(one), column] = one * _gain(one)
            raw = self.session.run(None, {"mel": x, "lengths": lengths})[0]
            out[batch] = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
        return out


def _gain(features: Floats) -> float:
    """Factor on the power that brings a window to the training level.

    By Parseval the squares of a frame's n bins under the Hann window (mean square 3/8) sum up to n * n * 3/8 times the
    mean square of the samples, half of it over the bins that the filters see; each filter has area 1 in Hz, so its
    output times its width is its part of that sum.
    """
    power = float((features @ _BAND_WIDTHS_HZ).mean())
    n = _TRAINED_RATE_HZ * _WINDOW_S
    wanted = 10 ** (_TRAINED_LEVEL_DBFS / 10) * n * n * 3 / 8 / 2
    return wanted / power if power > 0 else 1.0

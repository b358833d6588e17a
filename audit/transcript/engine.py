"""Whisper's parts as the recogniser uses them: windows into tokens, and tokens into word times.

The encoder's attention grows with the square of a window's length and the search reads the whole of it at every
token, so what is encoded is as long as the window's sound and the silence that the model needs behind it, no longer.
Figures: docs/decisions/018-recognition-speed.md.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from audit.transcript.expected import Alignment, Expected, reconsidered
from audit.transcript.packing import Window
from audit.transcript.sound import Sound

T = TypeVar("T")
R = TypeVar("R")

#: Silence encoded behind a window's sound: without it the model says short sentences twice.
_SILENCE_AFTER_S = 4.0
#: Windows are encoded in steps of this length, so that those of one batch waste little.
_ENCODED_STEP_S = 1.0
#: More tokens than anyone can say: 12 characters or 8 words a second are doubted, and few take two tokens.
_MOST_TOKENS_PER_S, _LEAST_TOKENS = 20.0, 30
#: Languages whose numbers are written as they are said; of others it is not known what the model makes of that.
_NUMBERS_AS_SAID = frozenset({"zh", "en"})
#: What the library checks before it uses its AVX-512 code, which it does not choose by itself.
_AVX512 = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote of one window.

    Attributes
    ----------
    text : str
    alignment : tuple of dict
        Words as faster-whisper aligns them: "word", "start", "end" in window time, "probability".
    avg_logprob : float
        Mean log-probability of a token, the end included.
    no_speech_prob : float
    """

    window: Window
    text: str
    alignment: tuple[dict[str, Any], ...]
    avg_logprob: float
    no_speech_prob: float


class Engine:
    """A loaded Whisper model.

    Parameters
    ----------
    model_dir : pathlib.Path
        A CTranslate2 Whisper directory.
    device, compute_type : str
        As faster-whisper users know them.
    cpu_threads : int
        Windows worked on at once; more threads than there are windows in a batch share each one's products. 0 leaves the
        choice to the library.
    beam_size : int
        Width of the search.
    batch_size : int
        Windows decoded at once.

    Raises
    ------
    ValueError, RuntimeError, KeyError
        As the library has it, if the model cannot be loaded so.
    """

    def __init__(
        self, model_dir: Path, *, device: str, compute_type: str, cpu_threads: int, beam_size: int, batch_size: int
    ) -> None:
        choose_instructions()
        from faster_whisper import WhisperModel

        # Threads of their own with a window each keep more of a processor busy than threads that share each product.
        n_lanes = max(1, min(cpu_threads, batch_size)) if device == "cpu" else 1
        self._whisper: Any = WhisperModel(
            str(model_dir), device=device, compute_type=compute_type, cpu_threads=cpu_threads // n_lanes, num_workers=n_lanes
        )
        self._n_lanes = n_lanes
        self._lanes = ThreadPoolExecutor(n_lanes, "recognition") if n_lanes > 1 else None
        self._beam_size = beam_size
        self._batch_size = batch_size
        self._digit_tokens: tuple[int, ...] | None = None

    @property
    def is_multilingual(self) -> bool:
        """Whether the model knows more than English."""
        return bool(self._whisper.model.is_multilingual)

    def write(
        self,
        windows: Sequence[Window],
        sounds: Sequence[Sound],
        language: str,
        hotwords: str | None,
        *,
        repetition_penalty: float = 1.0,
        expected: Expected | None = None,
    ) -> list[Written]:
        """Decode windows and align their words.

        Parameters
        ----------
        windows : sequence of Window
        sounds : sequence of Sound
            The legs; a window names its own.
        language : str
        hotwords : str or None
        repetition_penalty : float
        expected : Expected, optional
            Phrases that the windows' sound is held against where the text nearly holds them.

        Returns
        -------
        list of Written
            One for each window, in order.
        """
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self._whisper
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=hotwords)
        suppressed = sorted({*get_suppressed_tokens(tokenizer, [-1]), *self._digits(language)})
        written: dict[int, Written] = {}
        for numbers in batches(windows, self._batch_size):
            batch = [windows[i] for i in numbers]
            encoded = self._encode(batch, sounds)
            n_frames = [round(w.duration_s * model.frames_per_second) for w in batch]
            max_length = min(model.max_length, len(prompt) + most_tokens(batch))

            def decoded(
                rows: Sequence[int],
                batch: Sequence[Window] = batch,
                encoded: Any = encoded,
                n_frames: Sequence[int] = n_frames,
                max_length: int = max_length,
            ) -> list[Written]:
                part, lengths = _rows_of(encoded, rows), [n_frames[k] for k in rows]
                results = model.model.generate(
                    part,
                    [prompt] * len(rows),
                    beam_size=self._beam_size,
                    repetition_penalty=repetition_penalty,
                    max_length=max_length,
                    suppress_blank=True,
                    suppress_tokens=suppressed,
                    return_scores=True,
                    return_no_speech_prob=True,
                )
                tokens = [[t for t in r.sequences_ids[0] if t < tokenizer.eot] for r in results]
                alignments = model.find_alignment(tokenizer, tokens, part, lengths)
                if expected is not None:
                    alignments = self._reconsidered(alignments, expected, tokenizer, part, lengths)
                return [
                    Written(
                        window=batch[k],
                        text=tokenizer.decode(text_tokens),
                        alignment=tuple(alignment),
                        avg_logprob=result.scores[0] * len(text_tokens) / (len(text_tokens) + 1),
                        no_speech_prob=result.no_speech_prob,
                    )
                    for k, result, text_tokens, alignment in zip(rows, results, tokens, alignments, strict=True)
                ]

            parts = [range(first, len(batch), self._n_lanes) for first in range(min(self._n_lanes, len(batch)))]
            for rows, found in zip(parts, self._each(decoded, parts), strict=True):
                written.update(zip((numbers[k] for k in rows), found, strict=True))
        return [written[i] for i in range(len(windows))]

    def _reconsidered(
        self, alignments: Sequence[Alignment], expected: Expected, tokenizer: Any, encoded: Any, n_frames: Sequence[int]
    ) -> list[Alignment]:
        """Alignments of a batch, expected phrases in them where the model finds them as likely."""
        from ctranslate2 import StorageView

        rows = np.asarray(encoded)

        def against(row: int) -> Callable[[str], Alignment]:
            def align(text: str) -> Alignment:
                one = StorageView.from_array(np.ascontiguousarray(rows[row : row + 1]))
                found: list[Alignment] = self._whisper.find_alignment(tokenizer, [tokenizer.encode(text)], one, [n_frames[row]])
                return found[0]

            return align

        return [reconsidered(heard, expected, against(row)) for row, heard in enumerate(alignments)]

    def _each(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterable[R]:
        """The work on each part, in lanes where there are several."""
        return map(work, parts) if self._lanes is None else self._lanes.map(work, parts)

    def hear_language(self, window: Window, sounds: Sequence[Sound]) -> str:
        """Code of the language of one window; "en" where the model knows no other."""
        if not self.is_multilingual:
            return "en"
        found = self._whisper.model.detect_language(self._encode([window], sounds))
        return str(found[0][0][0]).strip("<|>")

    def _digits(self, language: str) -> tuple[int, ...]:
        """Tokens that must not be written because nobody says them.

        Of a number the model writes now 3 and now 三 or three, and of 208 nobody knows any more whether 二百零八 or 二零八
        was said. Without the digits it writes what it hears.
        """
        if language not in _NUMBERS_AS_SAID:
            return ()
        if self._digit_tokens is None:
            tokens = range(self._whisper.hf_tokenizer.token_to_id("<|endoftext|>"))
            texts = self._whisper.hf_tokenizer.decode_batch([[t] for t in tokens])
            self._digit_tokens = tuple(t for t, text in zip(tokens, texts, strict=True) if any(c.isdecimal() for c in text))
        return self._digit_tokens

    def _encode(self, batch: Sequence[Window], sounds: Sequence[Sound]) -> Any:
        """The encoder's output of a batch, (len(batch), frames / 2, width).

        On a processor each window is encoded alone: their attention does not fit its cache together, and the memory
        of one is a batch's less.
        """
        from ctranslate2 import StorageView

        model = self._whisper
        features = self._features(batch, sounds)
        if model.model.device != "cpu" or len(batch) == 1:
            return model.encode(features)
        return StorageView.from_array(np.concatenate([np.asarray(one) for one in self._each(model.encode, features)]))

    def _features(self, batch: Sequence[Window], sounds: Sequence[Sound]) -> npt.NDArray[np.float32]:
        """Log-mel features; behind the sound comes silence, as in the model's training.

        faster-whisper's batched pipeline fills up the features with zeros instead, which is not
        silence there: it costs 1.2 points of character error on short Mandarin utterances.
        """
        extract = self._whisper.feature_extractor
        n_frames = min(round(encoded_s(batch) / extract.time_per_frame), extract.nb_max_frames)
        return np.stack(
            [extract(sounds[w.leg].window_samples(w, n_samples=n_frames * extract.hop_length))[..., :n_frames] for w in batch]
        )


def _rows_of(encoded: Any, rows: Sequence[int]) -> Any:
    """Some windows of an encoded batch; all are the batch itself."""
    if len(rows) == encoded.shape[0]:
        return encoded
    from ctranslate2 import StorageView

    return StorageView.from_array(np.ascontiguousarray(np.asarray(encoded)[list(rows)]))


def encoded_s(batch: Sequence[Window]) -> float:
    """Seconds that are encoded of each window of a batch, before the model's own limit."""
    longest_s = max(w.duration_s for w in batch) + _SILENCE_AFTER_S
    return math.ceil(longest_s / _ENCODED_STEP_S) * _ENCODED_STEP_S


def most_tokens(batch: Sequence[Window]) -> int:
    """Tokens after which a search is given up: it runs in a circle, and up to 448 tokens of that cost more than the call."""
    return _LEAST_TOKENS + math.ceil(_MOST_TOKENS_PER_S * max(w.speech_s for w in batch))


def batches(windows: Sequence[Window], batch_size: int) -> Iterator[list[int]]:
    """Numbers of the windows that are decoded together: those of like length, the longest first."""
    by_length = sorted(range(len(windows)), key=lambda i: -windows[i].duration_s)
    for at in range(0, len(by_length), batch_size):
        yield by_length[at : at + batch_size]


def choose_instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Let CTranslate2 use AVX-512 where the processor has it; by itself it stops at AVX2.

    It reads the variable once, when it first computes. What the user has set stays.
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        return
    try:
        flags = next((line for line in cpuinfo.read_text("ascii", "replace").splitlines() if line.startswith("flags")), "")
    except OSError:
        return
    if set(flags.split()) >= _AVX512:
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")

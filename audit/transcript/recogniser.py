"""Recognition of a call's speech with faster-whisper's model: packed, batched, checked, and mapped back.

All legs' speech is packed into windows (:mod:`audit.transcript.packing`), every
window is encoded and decoded in one batch, and word times come from the model's
cross-attention. Text whose own evidence speaks against it is decoded once more
in other surroundings, and dropped if it fails again.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audit.audio import Leg, resample
from audit.errors import ModelError
from audit.records import Role, Transcript, Turn, Word
from audit.segments import Segment, total_s, union
from audit.transcript.models import Progress, ensure_model, model_name, resolve_model
from audit.transcript.normalise import MARKS
from audit.transcript.packing import Piece, Window, pack, place_words
from audit.transcript.turns import build_turns, covered_s

SAMPLE_RATE_HZ = 16000
#: Written as the language of a call in which nothing was said and none was asked for.
LANGUAGE_WITHOUT_SPEECH = "zh"

# Evidence against a window's text. The first three are the thresholds of Whisper's own decoder
# (Radford et al. 2022, section 4.5).
_MOST_COMPRESSION = 2.4
_LEAST_LOGPROB = -1.0
_MOST_NO_SPEECH = 0.6
#: Nobody speaks faster: the fastest measured Mandarin conversation has about 8 syllables a second.
_MOST_CHARACTERS_PER_S = 12.0
_MOST_WORDS_PER_S = 8.0
#: What is decoded a second time is packed into windows of this length, and repeating is made dearer.
_SECOND_WINDOW_S, _SECOND_REPETITION_PENALTY = 10.0, 1.2
#: A stretch of speech this long without any word is decoded once more, alone.
_SILENT_STRETCH_S = 0.8
#: So many words or more cannot all begin in a window's last moment: the model repeats itself past the end of speech.
_SQUEEZED_WORDS, _SQUEEZED_S = 4, 0.1
#: Frame for finding the quietest moment of a long stretch.
_ENERGY_FRAME_S = 0.05

#: Sound on either side of a stretch that lets the resampling filter settle.
_RESAMPLING_MARGIN_S = 0.02

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LegAudio:
    """One party's sound and where it speaks.

    Attributes
    ----------
    role : Role
        "unknown" for a mono recording that holds both parties.
    samples : ndarray of float32, shape (n,), or Leg
        A leg is read only where there is speech.
        Full scale 1.0.
    sample_rate_hz : int
    speech : tuple of Segment
        Sorted, from the own voice activity detector.
    """

    role: Role
    samples: Samples | Leg
    sample_rate_hz: int
    speech: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class _Decoded:
    """What the model says of one window; word times in window time."""

    window: Window
    words: tuple[Word, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float

    @property
    def text(self) -> str:
        return "".join(w.text for w in self.words)


class Recogniser:
    """A loaded speech model. Build it once per process; loading takes a second or more.

    Parameters
    ----------
    model_dir : str or pathlib.Path
        A CTranslate2 Whisper directory; see `Recogniser.load` for names.
    device : {"cpu", "cuda", "auto"}
    compute_type : str
        As faster-whisper users know them: "int8", "float32", "float16" …
    cpu_threads : int
        0 leaves the choice to the library.
    beam_size : int
        Width of the search.
    batch_size : int
        Windows decoded at once; memory grows with it.

    Raises
    ------
    ModelError
        If the directory is not a whole model, or cannot be loaded so.
    """

    def __init__(
        self,
        model_dir: str | Path,
        *,
        device: str = "cpu",
        compute_type: str = "int8",
        cpu_threads: int = 0,
        beam_size: int = 5,
        batch_size: int = 8,
    ) -> None:
        from faster_whisper import WhisperModel

        path = resolve_model(Path(model_dir))
        self.model_name = model_name(path)
        try:
            self._whisper: Any = WhisperModel(str(path), device=device, compute_type=compute_type, cpu_threads=cpu_threads)
        except (ValueError, RuntimeError, KeyError) as error:
            raise ModelError(
                f"the model in {path} cannot be loaded on {device} as {compute_type}: {error}",
                hint="callaudit models verify; another --compute-type or --device",
            ) from error
        self._beam_size = beam_size
        self._batch_size = batch_size

    @classmethod
    def load(cls, name_or_dir: str = "base", *, progress: Progress | None = None, **options: Any) -> Self:
        """Find a model by name or directory, fetch it if it has to be, and load it.

        Parameters
        ----------
        name_or_dir : str, default "base"
            As :func:`audit.transcript.models.ensure_model` takes it.
        progress : callable, optional
            Told the stages of fetching.
        **options
            As the constructor's.

        Raises
        ------
        ModelError
            If the model cannot be had.
        """
        return cls(ensure_model(name_or_dir, progress=progress), **options)

    def transcribe(self, legs: Sequence[LegAudio], *, language: str = "auto", hotwords: Iterable[str] = ()) -> Transcript:
        """Recognise the speech of all legs of one call.

        Parameters
        ----------
        legs : sequence of LegAudio
        language : str
            "zh", "en", any other code of the model, or "auto": then heard once,
            on the longest stretch of speech.
        hotwords : iterable of str
            Names and phrases that may be said and that the model may not know.

        Returns
        -------
        Transcript
            Turns of all legs, by start. No word lies outside the found speech.
            `coverage_ratio` is None without any speech.

        Raises
        ------
        ModelError
            If the model knows English only and another language is asked for.
        ValueError
            If the language is not one of Whisper's, or a leg is not one-dimensional.
        """
        if language not in ("auto", "en") and not self._whisper.model.is_multilingual:
            raise ModelError(f"the model {self.model_name} knows English only", hint="use one without .en in its name")
        sounds = [_Sound.of(leg) for leg in legs]
        windows = [w for i, sound in enumerate(sounds) for w in pack_leg(i, sound)]
        if not windows:
            return Transcript(LANGUAGE_WITHOUT_SPEECH if language == "auto" else language, self.model_name)
        if language == "auto":
            language = self._hear_language(windows, sounds)
        hint = "，".join(hotwords) if language == "zh" else ", ".join(hotwords)
        words = self._words(windows, sounds, language, hint or None)
        turns: list[Turn] = []
        for i, leg in enumerate(legs):
            others = union(s for j, other in enumerate(legs) if j != i for s in other.speech)
            turns += build_turns(words[i], role=leg.role, speech=sounds[i].speech, others=others, language=language)
        speech_s = sum(total_s(sound.speech) for sound in sounds)
        covered = sum(covered_s(words[i], sound.speech) for i, sound in enumerate(sounds))
        turns.sort(key=lambda t: (t.start_s, t.end_s))
        return Transcript(language, self.model_name, tuple(turns), covered / speech_s)

    # --- decoding ---------------------------------------------------------------------------------
    def _words(
        self, windows: Sequence[Window], sounds: Sequence[_Sound], language: str, hotwords: str | None
    ) -> list[tuple[Word, ...]]:
        """Words of each leg in leg time: one pass over all windows, and one more over what went wrong."""
        good: list[_Decoded] = []
        again: list[Window] = []
        for decoded in self._decode(windows, sounds, language, hotwords):
            if _is_doubtful(decoded, language):
                again += _repacked(decoded.window, sounds[decoded.window.leg])
                continue
            good.append(decoded)
            again += _without_words(decoded)
        if again:
            # other surroundings, and no hint that could be echoed
            second = self._decode(again, sounds, language, None, repetition_penalty=_SECOND_REPETITION_PENALTY)
            good += [d for d in second if not _is_doubtful(d, language)]
        words: list[list[Word]] = [[] for _ in sounds]
        for decoded in good:
            words[decoded.window.leg] += [w for _, w in place_words(decoded.window, decoded.words)]
        return [tuple(sorted(leg, key=lambda w: (w.start_s, w.end_s))) for leg in words]

    def _decode(
        self,
        windows: Sequence[Window],
        sounds: Sequence[_Sound],
        language: str,
        hotwords: str | None,
        *,
        repetition_penalty: float = 1.0,
    ) -> list[_Decoded]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self._whisper
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=hotwords)
        suppressed = get_suppressed_tokens(tokenizer, [-1])
        decoded: list[_Decoded] = []
        for at in range(0, len(windows), self._batch_size):
            batch = windows[at : at + self._batch_size]
            encoded = model.encode(self._features(batch, sounds))
            results = model.model.generate(
                encoded,
                [prompt] * len(batch),
                beam_size=self._beam_size,
                repetition_penalty=repetition_penalty,
                max_length=model.max_length,
                suppress_blank=True,
                suppress_tokens=suppressed,
                return_scores=True,
                return_no_speech_prob=True,
            )
            tokens = [[t for t in r.sequences_ids[0] if t < tokenizer.eot] for r in results]
            n_frames = [round(w.duration_s * model.frames_per_second) for w in batch]
            alignments = model.find_alignment(tokenizer, tokens, encoded, n_frames)
            for window, result, text_tokens, alignment in zip(batch, results, tokens, alignments, strict=True):
                text = tokenizer.decode(text_tokens)
                decoded.append(
                    _Decoded(
                        window=window,
                        words=_window_words(alignment, window),
                        avg_logprob=result.scores[0] * len(text_tokens) / (len(text_tokens) + 1),
                        no_speech_prob=result.no_speech_prob,
                        compression_ratio=_compression_ratio(text),
                    )
                )
        return decoded

    def _features(self, windows: Sequence[Window], sounds: Sequence[_Sound]) -> npt.NDArray[np.float32]:
        """Log-mel features; the rest of each window is silence, as in the model's training.

        faster-whisper's batched pipeline fills up the features with zeros instead, which is not
        silence there: it costs 1.2 points of character error on short Mandarin utterances.
        """
        extract = self._whisper.feature_extractor
        whole = int(extract.n_samples)
        return np.stack(
            [extract(sounds[w.leg].window_samples(w, n_samples=whole))[..., : extract.nb_max_frames] for w in windows]
        )

    def _hear_language(self, windows: Sequence[Window], sounds: Sequence[_Sound]) -> str:
        """The language of the window with the most speech."""
        if not self._whisper.model.is_multilingual:
            return "en"
        longest = max(windows, key=lambda w: w.speech_s)
        found = self._whisper.model.detect_language(self._whisper.encode(self._features([longest], sounds)))
        return str(found[0][0][0]).strip("<|>")


@dataclass(frozen=True, slots=True)
class _Sound:
    """A leg, its speech held inside its length. Resampled stretch by stretch: hours of a call stay as they came."""

    samples: Samples | Leg
    sample_rate_hz: int
    speech: tuple[Segment, ...]

    @classmethod
    def of(cls, leg: LegAudio) -> _Sound:
        if leg.samples.ndim != 1:
            raise ValueError(f"a leg has one dimension, not {leg.samples.ndim}")
        duration_s = len(leg.samples) / leg.sample_rate_hz
        inside = (s.intersect(Segment(0.0, duration_s)) for s in union(leg.speech)) if duration_s else ()
        return cls(leg.samples, leg.sample_rate_hz, tuple(s for s in inside if s is not None))

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate_hz

    def cut(self, start_s: float, end_s: float) -> Samples:
        """The stretch between two moments at the recogniser's rate."""
        rate = self.sample_rate_hz
        first = max(math.floor((start_s - _RESAMPLING_MARGIN_S) * rate), 0)
        last = math.ceil((end_s + _RESAMPLING_MARGIN_S) * rate)
        out = resample(self.samples[first:last], rate, SAMPLE_RATE_HZ)
        at = round((start_s - first / rate) * SAMPLE_RATE_HZ)
        return out[at : at + round((end_s - start_s) * SAMPLE_RATE_HZ)]

    def quietest(self, start_s: float, end_s: float) -> float:
        """The middle of the quietest 50 ms between two moments."""
        frame = round(_ENERGY_FRAME_S * self.sample_rate_hz)
        part = self.samples[round(start_s * self.sample_rate_hz) : round(end_s * self.sample_rate_hz)]
        n = len(part) // frame
        if n == 0:
            return (start_s + end_s) / 2
        energy = np.square(part[: n * frame].reshape(n, frame), dtype=np.float64).sum(axis=1)
        return start_s + (int(energy.argmin()) + 0.5) * _ENERGY_FRAME_S

    def window_samples(self, window: Window, *, n_samples: int) -> Samples:
        """Copy a window's stretches to their places; the rest is silence."""
        out = np.zeros(n_samples, np.float32)
        for piece in window.pieces:
            part = self.cut(piece.source.start_s, piece.source.end_s)
            at = round(piece.packed_start_s * SAMPLE_RATE_HZ)
            out[at : at + len(part)] = part[: len(out) - at]
        return out


def pack_leg(index: int, sound: _Sound) -> tuple[Window, ...]:
    """Windows of one leg's speech."""
    return pack(sound.speech, duration_s=sound.duration_s, quietest=sound.quietest, leg=index)


def _window_words(alignment: Sequence[dict[str, Any]], window: Window) -> tuple[Word, ...]:
    """Words with their marks attached, in window time; those heaped up at the window's end are left out.

    The alignment reaches only as far as the window's sound: what the model
    writes beyond it has no time of its own.
    """
    words: list[Word] = []
    for token in alignment:
        text, start, end = token["word"], float(token["start"]), float(token["end"])
        if not text:
            continue
        if words and text.strip() and all(c in MARKS for c in text.strip()):
            words[-1] = replace(words[-1], text=words[-1].text + text.strip())
        elif words and not text.strip():
            words[-1] = replace(words[-1], text=words[-1].text + text)
        else:
            words.append(Word(start, max(end, start), text, float(token["probability"])))
    in_time = [w for w in words if w.start_s < window.duration_s - _SQUEEZED_S]
    return tuple(in_time if len(words) - len(in_time) >= _SQUEEZED_WORDS else words)


# --- evidence -------------------------------------------------------------------------------------
def _compression_ratio(text: str) -> float:
    data = text.encode("utf8")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _is_doubtful(decoded: _Decoded, language: str) -> bool:
    """Whether a window's text is likely not what was said in it."""
    if not decoded.words:
        return False
    silent = decoded.no_speech_prob > _MOST_NO_SPEECH and decoded.avg_logprob < _LEAST_LOGPROB
    repeated = decoded.compression_ratio > _MOST_COMPRESSION
    return silent or repeated or decoded.avg_logprob < 2 * _LEAST_LOGPROB or _too_fast(decoded, language)


def _too_fast(decoded: _Decoded, language: str) -> bool:
    seconds = max(decoded.window.speech_s, 0.5)
    if language == "zh":
        return sum(c.isalnum() for c in decoded.text) / seconds > _MOST_CHARACTERS_PER_S
    return len(decoded.words) / seconds > _MOST_WORDS_PER_S


def _repacked(window: Window, sound: _Sound) -> tuple[Window, ...]:
    """The same speech in shorter windows."""
    speech = [p.speech for p in window.pieces]
    return pack(speech, duration_s=sound.duration_s, quietest=sound.quietest, leg=window.leg, window_s=_SECOND_WINDOW_S)


def _alone(window: Window, piece: Piece) -> Window:
    return Window(window.leg, (replace(piece, packed_start_s=0.0),))


def _without_words(decoded: _Decoded) -> list[Window]:
    """Stretches of speech in which the window's text has no word, to be heard alone."""
    heard = {i for i, _ in place_words(decoded.window, decoded.words)}
    silent = (p for i, p in enumerate(decoded.window.pieces) if i not in heard and p.speech.duration_s >= _SILENT_STRETCH_S)
    return [_alone(decoded.window, p) for p in silent] if len(decoded.window.pieces) > 1 else []

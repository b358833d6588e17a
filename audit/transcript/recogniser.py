"""Recognition of a call's speech with faster-whisper's model: packed, batched, checked, and mapped back.

All legs' speech is packed into windows (:mod:`audit.transcript.packing`), every
window is encoded and decoded in one batch, and word times come from the model's
cross-attention. Text whose own evidence speaks against it is decoded once more
in other surroundings, and dropped if it fails again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audit.errors import ModelError
from audit.records import Transcript, Turn, Uncovered
from audit.segments import intersection, union
from audit.transcript.attempts import Recognised, attempt
from audit.transcript.coverage import coverage_ratio
from audit.transcript.evidence import Decoded, aligned_words, compression_ratio, split_at_end
from audit.transcript.models import Progress, ensure_model, model_name, resolve_model
from audit.transcript.names import respell
from audit.transcript.packing import Window
from audit.transcript.sound import LegAudio, Sound, pack_leg
from audit.transcript.turns import build_turns

#: Written as the language of a call in which nothing was said and none was asked for.
LANGUAGE_WITHOUT_SPEECH = "zh"


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
        self._digit_tokens: tuple[int, ...] | None = None
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
            Turns of all legs, by start. No word lies outside the found speech, and of the found speech each stretch
            is covered by words or stands in `uncovered`. `coverage_ratio` is None without any speech.

        Raises
        ------
        ModelError
            If the model knows English only and another language is asked for.
        ValueError
            If the language is not one of Whisper's, or a leg is not one-dimensional.
        """
        if language not in ("auto", "en") and not self._whisper.model.is_multilingual:
            raise ModelError(f"the model {self.model_name} knows English only", hint="use one without .en in its name")
        sounds = [Sound.of(leg) for leg in legs]
        windows = [w for i, sound in enumerate(sounds) for w in pack_leg(i, sound)]
        if not windows:
            return Transcript(LANGUAGE_WITHOUT_SPEECH if language == "auto" else language, self.model_name)
        if language == "auto":
            language = self._hear_language(windows, sounds)
        names = tuple(hotwords)
        # Mandarin names are told by their sound afterwards: a hint is heard where nobody said it (audit.transcript.names)
        found = self._recognise(windows, sounds, language, () if language == "zh" else names)
        turns: list[Turn] = []
        for i, leg in enumerate(legs):
            others = union(s for j, other in enumerate(legs) if j != i for s in other.speech)
            words = respell(found.words[i], names) if language == "zh" else found.words[i]
            turns += build_turns(words, role=leg.role, speech=sounds[i].speech, others=others, language=language)
        turns.sort(key=lambda t: (t.start_s, t.end_s))
        silent = tuple(
            Uncovered(s.start_s, s.end_s, leg.role, "not_believed" if intersection([s], found.refused[i]) else "no_words")
            for i, leg in enumerate(legs)
            for s in found.uncovered[i]
        )
        return Transcript(
            language,
            self.model_name,
            tuple(turns),
            coverage_ratio(sum(u.duration_s for u in silent), [sound.speech for sound in sounds]),
            tuple(sorted(silent)),
            found.dropped,
        )

    # --- decoding ---------------------------------------------------------------------------------
    def _recognise(
        self, windows: Sequence[Window], sounds: Sequence[Sound], language: str, hotwords: Sequence[str]
    ) -> Recognised:
        """What the attempts ask for is decoded until they are content."""
        attempts = attempt(windows, sounds, language=language, hotwords=hotwords)
        asked = next(attempts)
        while True:
            decoded = self._decode(asked.windows, sounds, language, asked.hotwords, repetition_penalty=asked.repetition_penalty)
            try:
                asked = attempts.send(decoded)
            except StopIteration as finished:
                recognised: Recognised = finished.value
                return recognised

    def _digits(self, language: str) -> tuple[int, ...]:
        """Tokens that must not be written because nobody says them.

        Of a Mandarin number the model writes now 3 and now 三, and of 208 nobody knows any more whether 二百零八 or
        二零八 was said. Without the digits it writes what it hears.
        """
        if language != "zh":
            return ()
        if self._digit_tokens is None:
            tokens = range(self._whisper.hf_tokenizer.token_to_id("<|endoftext|>"))
            texts = self._whisper.hf_tokenizer.decode_batch([[t] for t in tokens])
            self._digit_tokens = tuple(t for t, text in zip(tokens, texts, strict=True) if any(c.isdecimal() for c in text))
        return self._digit_tokens

    def _decode(
        self,
        windows: Sequence[Window],
        sounds: Sequence[Sound],
        language: str,
        hotwords: str | None,
        *,
        repetition_penalty: float = 1.0,
    ) -> list[Decoded]:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self._whisper
        tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language)
        prompt = model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=hotwords)
        suppressed = sorted({*get_suppressed_tokens(tokenizer, [-1]), *self._digits(language)})
        decoded: list[Decoded] = []
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
                words, n_past_end = split_at_end(aligned_words(alignment), window)
                decoded.append(
                    Decoded(
                        window=window,
                        words=words,
                        avg_logprob=result.scores[0] * len(text_tokens) / (len(text_tokens) + 1),
                        no_speech_prob=result.no_speech_prob,
                        compression_ratio=compression_ratio(text),
                        n_past_end=n_past_end,
                    )
                )
        return decoded

    def _features(self, windows: Sequence[Window], sounds: Sequence[Sound]) -> npt.NDArray[np.float32]:
        """Log-mel features; the rest of each window is silence, as in the model's training.

        faster-whisper's batched pipeline fills up the features with zeros instead, which is not
        silence there: it costs 1.2 points of character error on short Mandarin utterances.
        """
        extract = self._whisper.feature_extractor
        whole = int(extract.n_samples)
        return np.stack(
            [extract(sounds[w.leg].window_samples(w, n_samples=whole))[..., : extract.nb_max_frames] for w in windows]
        )

    def _hear_language(self, windows: Sequence[Window], sounds: Sequence[Sound]) -> str:
        """The language of the window with the most speech."""
        if not self._whisper.model.is_multilingual:
            return "en"
        longest = max(windows, key=lambda w: w.speech_s)
        found = self._whisper.model.detect_language(self._whisper.encode(self._features([longest], sounds)))
        return str(found[0][0][0]).strip("<|>")

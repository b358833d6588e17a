"""Recognition of a call's speech with faster-whisper's model: packed, batched, checked, and mapped back.

All legs' speech is packed into windows (:mod:`audit.transcript.packing`), every
window is encoded and decoded in one batch, and word times come from the model's
cross-attention. Text whose own evidence speaks against it is decoded once more
in other surroundings, and dropped if it fails again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from audit.errors import ModelError
from audit.segments import intersection, union
from audit.transcript.attempts import Recognised, attempt
from audit.transcript.coverage import coverage_ratio
from audit.transcript.engine import Engine
from audit.transcript.evidence import Decoded, aligned_words, compression_ratio, split_at_end
from audit.transcript.expected import Expected
from audit.transcript.gpu import batch_size_on
from audit.transcript.models import Progress, ensure_model, model_name, resolve_model
from audit.transcript.names import respell
from audit.transcript.packing import Window
from audit.transcript.sound import LegAudio, Sound, pack_leg
from audit.transcript.turns import build_turns
from audit.words import Transcript, Turn, Uncovered

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
    batch_size : int or None
        Windows decoded at once; memory grows with it. None: 8, on a GPU by its free memory.
    phrases : callable, optional
        Gives the wordings that may be expected of Mandarin calls; asked once, when the first one comes.

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
        beam_size: int = 2,
        batch_size: int | None = None,
        phrases: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self._phrases = phrases
        self._expected: Expected | None = None
        path = resolve_model(Path(model_dir))
        self.model_name = model_name(path)
        try:
            self._engine = Engine(
                path,
                device=device,
                compute_type=compute_type,
                cpu_threads=cpu_threads,
                beam_size=beam_size,
                batch_size=batch_size_on(device, path) if batch_size is None else batch_size,
            )
        except (ValueError, RuntimeError, KeyError) as error:
            raise ModelError(
                f"the model in {path} cannot be loaded on {device} as {compute_type}: {error}",
                hint="callaudit models verify; another --compute-type or --device",
            ) from error

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
        if language not in ("auto", "en") and not self._engine.is_multilingual:
            raise ModelError(f"the model {self.model_name} knows English only", hint="use one without .en in its name")
        sounds = [Sound.of(leg) for leg in legs]
        windows = [w for i, sound in enumerate(sounds) for w in pack_leg(i, sound)]
        if not windows:
            return Transcript(LANGUAGE_WITHOUT_SPEECH if language == "auto" else language, self.model_name)
        if language == "auto":
            language = self._engine.hear_language(max(windows, key=lambda w: w.speech_s), sounds)
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

    def _decode(
        self,
        windows: Sequence[Window],
        sounds: Sequence[Sound],
        language: str,
        hotwords: str | None,
        *,
        repetition_penalty: float = 1.0,
    ) -> list[Decoded]:
        decoded: list[Decoded] = []
        for written in self._engine.write(
            windows,
            sounds,
            language,
            hotwords,
            repetition_penalty=repetition_penalty,
            expected=self._expected_of(language),
        ):
            words, n_past_end = split_at_end(aligned_words(written.alignment), written.window)
            decoded.append(
                Decoded(
                    window=written.window,
                    words=words,
                    avg_logprob=written.avg_logprob,
                    no_speech_prob=written.no_speech_prob,
                    compression_ratio=compression_ratio(written.text),
                    n_past_end=n_past_end,
                )
            )
        return decoded

    def _expected_of(self, language: str) -> Expected | None:
        """The phrases of a language; None where none are expected."""
        if language != "zh" or self._phrases is None:
            return None
        if self._expected is None:
            self._expected = Expected.of(self._phrases())
        return self._expected if self._expected.phrases else None

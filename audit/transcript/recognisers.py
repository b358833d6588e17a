"""Which recogniser turns speech into words: faster-whisper's model, or one that another package brings.

A package offers its own under the entry point group ``callaudit.recognisers``; a profile chooses it by name::

    [project.entry-points."callaudit.recognisers"]
    house = "house_asr:load"

``load(options: RecogniserOptions) -> SpeechRecogniser`` is called once in each worker process, when the first call with
speech comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from audit.errors import ModelError
from audit.transcript.recogniser import Recogniser
from audit.transcript.sound import LegAudio
from audit.words import Transcript

DEFAULT_RECOGNISER = "faster-whisper"
_GROUP = "callaudit.recognisers"


class SpeechRecogniser(Protocol):
    """What the audit asks of a recogniser."""

    def transcribe(self, legs: Sequence[LegAudio], *, language: str = "auto", hotwords: Iterable[str] = ()) -> Transcript:
        """Words of all legs of one call, each turn under its leg's role and inside its leg's found speech.

        Parameters
        ----------
        legs : sequence of LegAudio
        language : str
            "zh", "en" or another code, or "auto".
        hotwords : iterable of str
            Names that may be said; they must not appear where they were not.

        Returns
        -------
        Transcript
            `coverage_ratio` is the part of the found speech that has words, None without speech.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecogniserOptions:
    """How a recogniser is to be loaded; what it has no use for it ignores.

    Attributes
    ----------
    model : str
        Name or directory.
    device : {"cpu", "cuda", "auto"}
    compute_type : str
    cpu_threads : int
    phrases : callable or None
        Gives wordings that may be expected of Mandarin calls, and that must not appear where they were not said.
    """

    model: str = "base"
    device: str = "cpu"
    compute_type: str = "int8"
    cpu_threads: int = 2
    phrases: Callable[[], Iterable[str]] | None = None


def list_recognisers() -> tuple[str, ...]:
    """Names that a profile may give, the default first."""
    from importlib.metadata import entry_points  # most runs take the default

    return (DEFAULT_RECOGNISER, *sorted({e.name for e in entry_points(group=_GROUP)} - {DEFAULT_RECOGNISER}))


def load_recogniser(name: str, options: RecogniserOptions) -> SpeechRecogniser:
    """Load a recogniser by name.

    Parameters
    ----------
    name : str
    options : RecogniserOptions

    Returns
    -------
    SpeechRecogniser

    Raises
    ------
    ModelError
        If there is none by that name, or it cannot be loaded.
    """
    if name == DEFAULT_RECOGNISER:
        return Recogniser.load(
            options.model,
            device=options.device,
            compute_type=options.compute_type,
            cpu_threads=options.cpu_threads,
            phrases=options.phrases,
        )
    from importlib.metadata import entry_points  # most runs take the default

    found = entry_points(group=_GROUP, name=name)
    if not found:
        raise ModelError(f"there is no recogniser {name!r}", hint=f"in the profile, one of: {', '.join(list_recognisers())}")
    try:
        load = next(iter(found)).load()
    except (ImportError, AttributeError) as error:
        raise ModelError(f"the recogniser {name!r} cannot be loaded: {error}", hint="install its package again") from error
    return cast("SpeechRecogniser", load(options))

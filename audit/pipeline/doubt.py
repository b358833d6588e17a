"""What a reader must know of a transcript that the model was not sure of."""

from __future__ import annotations

from audit.words import Transcript

#: Under this mean confidence of its words a call is marked. Measured: 0.80 and more on Mandarin calls, on two real speakers
#: through 8 kHz and on synthetic southern and English accents, 0.84 and more on English calls; 0.48 to 0.57 on synthetic
#: Cantonese.
UNSURE_CONFIDENCE = 0.65
#: Fewer words say little: single Mandarin utterances of four to eight signs came to 0.44 and 0.54.
TELLING_WORDS = 40


def doubt_of_words(transcript: Transcript | None) -> tuple[str, ...]:
    """Warnings about the words as a whole.

    Parameters
    ----------
    transcript : Transcript or None

    Returns
    -------
    tuple of str
        Empty where they are sure enough, too few to tell, or come without a confidence.
    """
    if transcript is None or transcript.confidence is None or transcript.n_words < TELLING_WORDS:
        return ()
    if transcript.confidence >= UNSURE_CONFIDENCE:
        return ()
    return (
        f"the words, taken for language {transcript.language!r}, were recognised with a mean confidence of only "
        f"{transcript.confidence:.2f}: perhaps a dialect, another language or a bad line; do not rely on them",
    )

"""A transcript that the model was not sure of is marked as a whole."""

from __future__ import annotations

import pytest

from audit.pipeline.doubt import TELLING_WORDS, UNSURE_CONFIDENCE, doubt_of_words
from audit.words import Transcript, Turn, Word


def heard(confidence: float, n_words: int = TELLING_WORDS, language: str = "zh") -> Transcript:
    """Words one second apart."""
    words = tuple(Word(i, i + 0.5, "我", confidence) for i in range(n_words))
    return Transcript(language, "base", (Turn(0.0, float(n_words), "agent", "我" * n_words, confidence, words),), 1.0)


def test_a_call_of_unsure_words_is_marked_with_its_language_and_confidence() -> None:
    (warning,) = doubt_of_words(heard(0.52, language="my"))
    assert "'my'" in warning
    assert "0.52" in warning


@pytest.mark.parametrize(
    "transcript",
    [
        pytest.param(None, id="none"),
        pytest.param(Transcript("zh", "base"), id="nothing said"),
        pytest.param(heard(UNSURE_CONFIDENCE + 0.01), id="sure enough"),
        pytest.param(heard(0.2, TELLING_WORDS - 1), id="a few words"),
        pytest.param(Transcript("zh", "imported", (Turn(0, 9, "agent", "我" * 50),)), id="no confidence"),
    ],
)
def test_others_are_not(transcript: Transcript | None) -> None:
    assert doubt_of_words(transcript) == ()

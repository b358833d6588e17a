"""Evidence for and against what the model writes of a window, whatever the words are."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit.records import Word
from audit.transcript.normalise import MARKS
from audit.transcript.packing import Window

# Evidence against a window's text. The first three are the thresholds of Whisper's own decoder
# (Radford et al. 2022, section 4.5).
_MOST_COMPRESSION = 2.4
_LEAST_LOGPROB = -1.0
_MOST_NO_SPEECH = 0.6
#: Nobody speaks faster: the fastest measured Mandarin conversation has about 8 syllables a second.
_MOST_CHARACTERS_PER_S = 12.0
_MOST_WORDS_PER_S = 8.0
#: So many words or more cannot all begin in a window's last moment: the model repeats itself past the end of speech.
_SQUEEZED_WORDS, _SQUEEZED_S = 4, 0.1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the model says of one window; word times in window time."""

    window: Window
    words: tuple[Word, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float

    @property
    def text(self) -> str:
        """All words, as they were written."""
        return "".join(w.text for w in self.words)


def window_words(alignment: Sequence[dict[str, Any]], window: Window) -> tuple[Word, ...]:
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


def compression_ratio(text: str) -> float:
    """Bytes of a text over its deflated bytes: what repeats itself has much; 0.0 without text."""
    data = text.encode("utf8")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def is_doubtful(decoded: Decoded, language: str) -> bool:
    """Whether a window's text is likely not what was said in it."""
    if not decoded.words:
        return False
    silent = decoded.no_speech_prob > _MOST_NO_SPEECH and decoded.avg_logprob < _LEAST_LOGPROB
    repeated = decoded.compression_ratio > _MOST_COMPRESSION
    return silent or repeated or decoded.avg_logprob < 2 * _LEAST_LOGPROB or _too_fast(decoded, language)


def _too_fast(decoded: Decoded, language: str) -> bool:
    seconds = max(decoded.window.speech_s, 0.5)
    if language == "zh":
        return sum(c.isalnum() for c in decoded.text) / seconds > _MOST_CHARACTERS_PER_S
    return len(decoded.words) / seconds > _MOST_WORDS_PER_S

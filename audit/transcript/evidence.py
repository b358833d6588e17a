"""Evidence for and against what the model writes, whatever the words are.

A recogniser writes something for every sound. What it invents betrays itself: it repeats, it is said faster than anyone
speaks or far too sparsely for the sound it stands for, the model itself is unsure of it, or it is the hint that the
model was given. No single sign is enough where real speech shows it too; a list of known inventions is but one of them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from audit.transcript.normalise import MARKS, to_simplified
from audit.transcript.packing import Window
from audit.words import Word

Reason = Literal[
    "repetition", "too_fast", "unlikely", "no_speech", "too_sparse", "credits", "echo", "past_the_end", "outside_speech"
]
"""Why text is not believed."""

# The first three are the thresholds of Whisper's own decoder (Radford et al. 2022, section 4.5).
_MOST_COMPRESSION = 2.4
_LEAST_LOGPROB = -1.0
_MOST_NO_SPEECH = 0.6
#: Below twice that threshold no text of real calls was right.
_HOPELESS_LOGPROB = 2 * _LEAST_LOGPROB
#: Nobody speaks faster: the fastest measured Mandarin conversation has about 8 syllables a second.
_MOST_CHARACTERS_PER_S = 12.0
_MOST_WORDS_PER_S = 8.0
#: People who speak say more than this in a second of found speech, pauses inside it included; noise and music that were
#: taken for speech got 0.02 to 0.9 signs a second. One sign tells nothing, so that short speech is left alone.
_LEAST_CHARACTERS_PER_S, _LEAST_WORDS_PER_S, _SPARSE_FROM_S = 1.2, 0.6, 2.0
#: Sparse text is given up where the model is not sure of its words, either: of noise and music 0.01 to 0.74.
_SURE_CONFIDENCE = 0.75
#: Words of a hint that the model would not have written without it: the probabilities of words come from a pass without
#: the hint. Of what it echoed over noise they were 0.00 to 0.11.
_ECHO_CONFIDENCE, _ECHO_SHARE = 0.15, 0.6
#: What Whisper learnt from subtitles: known inventions in its languages, believed no more than half.
_CREDITS = re.compile(
    r"字幕|作词|作曲|编曲|请不吝点赞|订阅.{0,4}转发|打赏支持|明镜与点点|谢谢(观看|收看|大家收看)|感谢(观看|收看)|中文字幕志愿者|"
    r"thanks? (you )?(so much )?for watching|subtitles? by|subscribe to (my|the|our) channel|amara\.org|transcri(bed|ption) by",
    re.IGNORECASE,
)
_CREDITS_NO_SPEECH, _CREDITS_LOGPROB = 0.3, -0.5
#: What is counted of Mandarin: a sign, a digit, or a whole word in Latin letters.
_SIGN = re.compile(r"[A-Za-zÀ-ɏ']+|\w")
#: So many words or more cannot all begin in a window's last moment: the model repeats itself past the end of speech.
_SQUEEZED_WORDS, _SQUEEZED_S = 4, 0.1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the model says of one window; word times in window time.

    Attributes
    ----------
    avg_logprob : float
        Mean log probability of the tokens, the end included.
    no_speech_prob : float
        Of the model's own sign for it.
    compression_ratio : float
        As `compression_ratio` has it, of all that was written.
    n_past_end : int
        Words written beyond the window's sound, which `words` does not hold.
    """

    window: Window
    words: tuple[Word, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    n_past_end: int = 0

    @property
    def text(self) -> str:
        """All words, as they were written."""
        return "".join(w.text for w in self.words)

    @property
    def confidence(self) -> float:
        """Mean probability of the words; 0.0 without any."""
        return sum(w.confidence for w in self.words) / len(self.words) if self.words else 0.0


def window_words(alignment: Sequence[dict[str, Any]], window: Window) -> tuple[Word, ...]:
    """Words with their marks attached, in window time; those heaped up at the window's end are left out.

    The alignment reaches only as far as the window's sound: what the model
    writes beyond it has no time of its own.
    """
    return split_at_end(aligned_words(alignment), window)[0]


def aligned_words(alignment: Sequence[dict[str, Any]]) -> tuple[Word, ...]:
    """Words with their marks attached, in window time."""
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
    return tuple(words)


def split_at_end(words: Sequence[Word], window: Window) -> tuple[tuple[Word, ...], int]:
    """Leave out words heaped up at the window's end, and count them."""
    in_time = tuple(w for w in words if w.start_s < window.duration_s - _SQUEEZED_S)
    n_past_end = len(words) - len(in_time)
    return (in_time, n_past_end) if n_past_end >= _SQUEEZED_WORDS else (tuple(words), 0)


def compression_ratio(text: str) -> float:
    """Bytes of a text over its deflated bytes: what repeats itself has much; 0.0 without text."""
    data = text.encode("utf8")
    return len(data) / len(zlib.compress(data)) if data else 0.0


def doubt(decoded: Decoded, language: str, hints: Sequence[str] = ()) -> Reason | None:
    """Say why a window's text is likely not what was said in it.

    Parameters
    ----------
    decoded : Decoded
    language : str
    hints : sequence of str
        What the model was told to expect.

    Returns
    -------
    str or None
        The strongest evidence; None where the text may stand, and where there is none.
    """
    if not decoded.words:
        return None
    if decoded.compression_ratio > _MOST_COMPRESSION:
        return "repetition"
    if _per_s(decoded, language) > (_MOST_CHARACTERS_PER_S if language == "zh" else _MOST_WORDS_PER_S):
        return "too_fast"
    if decoded.avg_logprob < _HOPELESS_LOGPROB:
        return "unlikely"
    if decoded.no_speech_prob > _MOST_NO_SPEECH and decoded.avg_logprob < _LEAST_LOGPROB:
        return "no_speech"
    if _is_echo(decoded, hints):
        return "echo"
    if _CREDITS.search(to_simplified(decoded.text)) and (
        decoded.no_speech_prob > _CREDITS_NO_SPEECH or decoded.avg_logprob < _CREDITS_LOGPROB
    ):
        return "credits"
    sparse = _per_s(decoded, language) < (_LEAST_CHARACTERS_PER_S if language == "zh" else _LEAST_WORDS_PER_S)
    if sparse and decoded.window.speech_s >= _SPARSE_FROM_S and decoded.confidence < _SURE_CONFIDENCE:
        return "too_sparse"
    return None


def _per_s(decoded: Decoded, language: str) -> float:
    """Signs (Mandarin) or words a second of found speech."""
    seconds = max(decoded.window.speech_s, 0.5)
    n = len(_SIGN.findall(decoded.text)) if language == "zh" else len(decoded.words)
    return n / seconds


def _is_echo(decoded: Decoded, hints: Sequence[str]) -> bool:
    """Whether most of the text is a hint that the model would not have written without it."""
    hinted = "".join(c for hint in hints for c in to_simplified(hint).lower() if c.isalnum())
    if not hinted:
        return False
    words = [(w, "".join(c for c in to_simplified(w.text).lower() if c.isalnum())) for w in decoded.words]
    said = sum(len(text) for _, text in words)
    echoed = sum(len(text) for w, text in words if text and text in hinted and w.confidence < _ECHO_CONFIDENCE)
    return said > 0 and echoed >= _ECHO_SHARE * said

"""Evidence against invented text: figures as they were measured on noise, music and hints, and on real speech."""

from __future__ import annotations

import pytest

from audit.segments import Segment
from audit.transcript.evidence import Decoded, aligned_words, compression_ratio, doubt, split_at_end
from audit.transcript.packing import Window, pack
from audit.words import Word

HINTS = ("晨星电信客户服务中心", "林晓")


def window(*segments: Segment) -> Window:
    (packed,) = pack(segments, duration_s=100.0, quietest=lambda a, b: (a + b) / 2)
    return packed


def decoded(
    text: str, *, avg_logprob: float = -0.2, no_speech_prob: float = 0.1, seconds: float = 4.0, confidence: float = 0.9
) -> Decoded:
    """A window's text, one word a character."""
    words = tuple(Word(i * 0.1, i * 0.1 + 0.1, c, confidence) for i, c in enumerate(text))
    return Decoded(window(Segment(1, 1 + seconds)), words, avg_logprob, no_speech_prob, compression_ratio(text))


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        pytest.param(decoded("您好，请问有什么可以帮您"), None, id="likely speech"),
        pytest.param(decoded("您好", no_speech_prob=0.9, seconds=0.8), None, id="no speech, but sure of the words"),
        pytest.param(decoded("嗯", seconds=0.6, confidence=0.4, avg_logprob=-0.9), None, id="a short assent"),
        pytest.param(decoded("您好", no_speech_prob=0.9, avg_logprob=-1.2, seconds=0.8), "no_speech", id="unsure of both"),
        pytest.param(decoded("谢谢" * 60, seconds=25), "repetition", id="repeats itself"),
        pytest.param(decoded("一二三四五六七八九十甲乙丙丁", seconds=0.6), "too_fast", id="more than anyone can say"),
        pytest.param(decoded("大约一千块钱", avg_logprob=-2.67), "unlikely", id="the model believes nothing of it"),
        pytest.param(decoded("驾驶", avg_logprob=-0.9, confidence=0.53, seconds=25), "too_sparse", id="two signs for 25 s"),
        pytest.param(decoded("the call failed", avg_logprob=-0.8, seconds=1.0), None, id="English within a Mandarin call"),
        pytest.param(decoded("晨星电信客户", avg_logprob=-0.9, confidence=0.02), "echo", id="a hint echoed over noise"),
        pytest.param(decoded("晨星电信客户服务中心", confidence=0.6), None, id="a hint that was said"),
        pytest.param(decoded("字幕制作人", avg_logprob=-0.6, seconds=2.5), "credits", id="subtitle credits, unsure"),
        pytest.param(decoded("谢谢观看我们的直播", seconds=2.5), None, id="the same words where nothing else speaks against"),
        pytest.param(decoded("謝謝觀看", avg_logprob=-0.6, seconds=2.0), "credits", id="in Traditional characters"),
        pytest.param(decoded(""), None, id="no text"),
    ],
)
def test_text_is_doubted_by_its_evidence(case: Decoded, reason: str | None) -> None:
    assert doubt(case, "zh", HINTS) == reason


def aligned(text: str, start_s: float, end_s: float) -> dict[str, object]:
    return {"word": text, "start": start_s, "end": end_s, "probability": 0.9}


def test_words_heaped_up_past_the_end_of_speech_are_left_out_and_counted() -> None:
    said = [aligned("再", 0.2, 0.6), aligned("见", 0.6, 1.0)]
    repeated = [aligned(c, 1.28, 1.3) for c in "再见再见"]
    words, n_past_end = split_at_end(aligned_words([*said, *repeated]), window(Segment(1, 2)))
    assert ("".join(w.text for w in words), n_past_end) == ("再见", 4)


def test_a_mark_is_written_behind_its_word() -> None:
    (word,) = aligned_words([aligned("好", 0.2, 0.6), aligned("。", 0.6, 0.8)])
    assert (word.text, word.end_s) == ("好。", 0.6)

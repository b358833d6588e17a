"""Expected phrases stand where the model finds them as likely as what it first wrote, and nowhere else."""

from __future__ import annotations

import math
from typing import Any

import pytest

from audit.transcript.expected import Expected, NearMiss, reconsidered, sound_distance

EXPECTED = Expected.of(["您的来电", "给您答复", "什么时候", "还有什么事", "您好", "OK没问题了"])


def aligned(text: str, probability: float = 0.9, **of_sign: float) -> list[dict[str, Any]]:
    """A window's words, one sign and one token each, with the probability of some signs given."""
    return [
        {"word": c, "tokens": [i], "start": i * 0.2, "end": i * 0.2 + 0.2, "probability": of_sign.get(c, probability)}
        for i, c in enumerate(text)
    ]


def test_only_chinese_phrases_of_four_signs_and_more_are_expected() -> None:
    assert EXPECTED.phrases == ("什么时候", "您的来电", "给您答复", "还有什么事")


@pytest.mark.parametrize(
    ("text", "unsure", "found"),
    [
        pytest.param("感谢您的来见再见", 5, [NearMiss(2, "您的来电")], id="another initial"),
        pytest.param("感谢您的来店再见", 5, [NearMiss(2, "您的来电")], id="the same final"),
        pytest.param("的神文时候答", 1, [NearMiss(1, "什么时候")], id="two signs"),
        pytest.param("您的来店您的来店", 3, [NearMiss(0, "您的来电")], id="only where unsure"),
        pytest.param("感谢您的来电再见", 5, [], id="the phrase itself"),
        pytest.param("感谢您的来见再见", 0, [], id="sure of what differs"),
        pytest.param("感谢您的来意再见", 5, [NearMiss(2, "您的来电")], id="another sound among three signs that fit"),
        pytest.param("你们的东西再见", 5, [], id="too far"),
        pytest.param("您的，来见", 4, [], id="over a mark"),
        pytest.param("您的", 1, [], id="too short a text"),
    ],
)
def test_near_misses_are_found_by_sound_where_the_model_was_not_sure(text: str, unsure: int, found: list[NearMiss]) -> None:
    assert list(EXPECTED.near_misses(text, [0.3 if i == unsure else 0.95 for i in range(len(text))])) == found


def test_signs_of_a_phrase_that_stands_there_are_not_another_one() -> None:
    both = Expected.of(["还有其他事", "还有其它事"])
    assert both.near_misses("还有其它事", [0.2] * 5) == ()


def test_the_nearest_phrase_is_tried_where_two_meet() -> None:
    both = Expected.of(["给您答复", "给你答复"])
    assert both.near_misses("给您打负", [0.2] * 4) == (NearMiss(0, "给您答复"),)


@pytest.mark.parametrize(
    ("of_phrase", "text"),
    [pytest.param(0.3, "感谢您的来电", id="nearly as likely"), pytest.param(0.001, "感谢您的来见", id="unlikely")],
)
def test_the_phrase_stands_if_the_model_finds_it_nearly_as_likely(of_phrase: float, text: str) -> None:
    heard = aligned("感谢您的来见", 见=0.5)
    out = reconsidered(heard, EXPECTED, lambda t: aligned(t, 电=of_phrase))
    assert "".join(w["word"] for w in out) == text


def test_of_two_phrases_only_the_likely_one_stands() -> None:
    asked: list[str] = []

    def align(text: str) -> list[dict[str, Any]]:
        asked.append(text)
        return aligned(text, 电=0.4, 答=1e-5, 复=1e-5)

    out = reconsidered(aligned("给您打负，感谢您的来见", 见=0.5, 负=0.5), EXPECTED, align)
    assert "".join(w["word"] for w in out) == "给您打负，感谢您的来电"
    assert asked == ["给您答复，感谢您的来电"]


def test_nothing_is_asked_of_the_model_where_nothing_is_nearly_a_phrase() -> None:
    heard = aligned("我想问一下话费", 0.4)
    assert reconsidered(heard, EXPECTED, lambda text: pytest.fail(f"asked for {text}")) is heard


def test_words_of_several_signs_and_tokens_keep_their_times() -> None:
    heard = [
        {"word": "感谢", "tokens": [1], "start": 0.0, "end": 0.4, "probability": 0.9},
        {"word": "您的", "tokens": [2, 3], "start": 0.4, "end": 0.8, "probability": 0.9},
        {"word": "来見", "tokens": [4, 5], "start": 0.8, "end": 1.2, "probability": 0.5},
    ]
    rival = [*heard[:2], {"word": "来电再", "tokens": [6], "start": 0.5, "end": 1.9, "probability": 0.6}]
    out = reconsidered([*heard, aligned("再")[0]], EXPECTED, lambda text: rival)
    assert [(w["word"], w["start"], w["end"]) for w in out[:3]] == [("感谢", 0.0, 0.4), ("您的", 0.4, 0.8), ("来电", 0.8, 1.2)]
    assert out[2]["probability"] == 0.6


@pytest.mark.parametrize("pair", ["遍便", "是四", "见电", "我请"])
def test_the_distance_of_sounds_is_symmetric_and_between_zero_and_one(pair: str) -> None:
    one, other = pair
    assert sound_distance(one, one) == 0.0
    assert 0.0 < sound_distance(one, other) == sound_distance(other, one) <= 1.0
    assert math.isfinite(sound_distance("3", other))

"""Speech rate, against counts made by hand."""

from __future__ import annotations

import pytest

from audit.acoustics import articulation_rate, count_units, fastest_rate
from audit.segments import Segment
from audit.words import Word


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("您好", 2),
        ("您好,请问有什么可以帮您?", 11),
        ("您 好 , 请 。……“”《》、", 3),
        ("", 0),
        ("尾号1380", 6),
        ("８８８元", 4),
        ("8.5折", 4),
        ("涨了5%", 6),
        ("您是VIP客户", 7),
        ("用微信app", 4),
        ("打开WiFi", 4),
        ("用iPhone拨打", 6),
        ("〇一二", 3),
        ("繁體字嗎？", 4),
        ("𠮷野家", 3),
    ],
    ids=lambda v: str(v) or "nothing",
)
def test_chinese_counts_syllables_and_no_punctuation(text: str, n: int) -> None:
    assert count_units(text, "zh") == n


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("Thank you for calling.", 4),
        ("I don't know -- sorry!", 4),
        ("That's twenty-one dollars", 4),
        ("It is 1,250.00 dollars", 4),
        ("don’t", 1),
        ("  ... ?!", 0),
        ("café", 1),
    ],
    ids=lambda v: str(v),
)
def test_english_counts_words(text: str, n: int) -> None:
    assert count_units(text, "en") == n


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        count_units("bonjour", "fr")


@pytest.mark.parametrize(
    ("n_units", "speech_s", "rate"),
    [(40, 10.0, 240.0), (12, 3.0, 240.0), (12, 2.99, None), (0, 20.0, None), (0, 0.0, None)],
    ids=["40 in 10 s", "exactly the least speech", "too little speech", "nothing recognised", "nothing"],
)
def test_the_rate_is_units_a_minute_of_speech(n_units: int, speech_s: float, rate: float | None) -> None:
    assert articulation_rate(n_units, speech_s) == rate


@pytest.mark.parametrize(("n_units", "speech_s"), [(-1, 5.0), (1, -5.0)], ids=["units", "seconds"])
def test_negative_figures_are_refused(n_units: int, speech_s: float) -> None:
    with pytest.raises(ValueError, match="negative"):
        articulation_rate(n_units, speech_s)


def said(start_s: float, end_s: float, per_minute: float) -> list[Word]:
    """One-character words at an even rate."""
    step = 60 / per_minute
    return [Word(start_s + k * step, start_s + (k + 1) * step, "好", 0.9) for k in range(round((end_s - start_s) / step))]


def test_the_fastest_stretch_is_found_where_it_is() -> None:
    words = said(0, 20, 180) + said(20, 35, 360) + said(35, 60, 180)
    found = fastest_rate(words, "zh", speech=[Segment(0, 60)])
    assert found is not None
    assert found.rate_per_minute == pytest.approx(360, rel=0.03)
    assert found.segment.start_s >= 19.5 and found.segment.end_s <= 35.5


def test_pauses_do_not_slow_a_stretch() -> None:
    words = said(0, 4, 240) + said(8, 12, 240)
    found = fastest_rate(words, "zh", speech=[Segment(0, 4), Segment(8, 12)])
    assert found is not None
    assert found.rate_per_minute == pytest.approx(240, rel=0.06)


@pytest.mark.parametrize(
    ("words", "speech"),
    [
        ([], [Segment(0, 30)]),
        (said(0, 3, 240), [Segment(0, 3)]),
        (said(0, 30, 240), []),
        ([Word(0, 9, "。", 0.5)], [Segment(0, 9)]),
    ],
    ids=["no words", "less than half a window of speech", "no speech", "only punctuation"],
)
def test_without_enough_speech_and_words_nothing_is_fastest(words: list[Word], speech: list[Segment]) -> None:
    assert fastest_rate(words, "zh", speech=speech) is None


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        fastest_rate([], "zh", speech=[], window_s=0)

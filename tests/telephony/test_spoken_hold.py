from __future__ import annotations

import pytest

from audit.records import Hold, Measured, Timeline
from audit.segments import Segment
from audit.telephony.spoken_hold import find_spoken_holds, hold_phrases, with_spoken_holds
from audit.words import Role, Transcript, Turn, Word


def turn(start_s: float, end_s: float, role: Role, text: str) -> Turn:
    return Turn(start_s, end_s, role, text)


def found(turns: list[Turn], *silences: tuple[float, float], language: str = "zh") -> tuple[Hold, ...]:
    words = hold_phrases(language)
    return find_spoken_holds(turns, [Segment(a, b) for a, b in silences], hold_phrases=words.before, return_phrases=words.after)


ASKS = turn(10.0, 14.0, "agent", "好的，我帮您查一下，请您稍等。")
THANKS = turn(26.0, 29.0, "agent", "张先生，让您久等了。")


def test_a_silence_between_asking_and_thanking_is_a_hold_that_quotes_both() -> None:
    (hold,) = found([ASKS, THANKS], (14.0, 26.0))
    assert (hold.start_s, hold.end_s, hold.kind, hold.source) == (14.0, 26.0, "silence", "words")
    asked, thanked = hold.evidence
    assert (asked.text, thanked.text) == ("请您稍等", "让您久等了")
    assert 12.0 <= asked.start_s < asked.end_s <= 14.0
    assert 26.0 <= thanked.start_s < thanked.end_s <= 29.0


def test_in_english_likewise() -> None:
    turns = [
        turn(10.0, 14.0, "agent", "Sure, let me check. One moment, please."),
        turn(26.0, 29.0, "agent", "Thank you for waiting, Mr. Lee."),
    ]
    (hold,) = found(turns, (14.0, 26.0), language="en")
    assert [e.text.lower() for e in hold.evidence] == ["one moment", "thank you for waiting"]


@pytest.mark.parametrize(
    ("length_s", "thanked", "is_hold"),
    [(3.0, True, True), (2.9, True, False), (7.0, False, True), (6.9, False, False)],
)
def test_words_on_both_sides_need_less_silence_than_words_before_alone(length_s: float, thanked: bool, is_hold: bool) -> None:
    back = turn(14.0 + length_s, 18.0 + length_s, "agent", "让您久等了。" if thanked else "您的套餐已经开好了。")
    assert bool(found([ASKS, back], (14.0, 14.0 + length_s))) is is_hold


@pytest.mark.parametrize(
    "turns",
    [
        [turn(10.0, 14.0, "customer", "请稍等，我找一下。"), turn(26.0, 29.0, "customer", "找到了。")],
        [turn(10.0, 14.0, "agent", "请问您贵姓？"), THANKS],
        [turn(0.0, 2.0, "agent", "请您稍等。"), turn(12.0, 14.0, "agent", "查到了。"), turn(26.0, 29.0, "agent", "是这样。")],
    ],
    ids=["the customer asks", "nobody asks", "asked long before"],
)
def test_other_silences_are_no_holds(turns: list[Turn]) -> None:
    assert found(turns, (14.5, 26.0)) == ()


def test_a_word_of_the_customer_within_does_not_end_the_wait() -> None:
    turns = [ASKS, turn(14.2, 14.9, "customer", "好的。"), turn(20.0, 20.8, "customer", "喂？"), THANKS]
    (hold,) = found(turns, (15.0, 20.0), (20.8, 26.0))
    assert (hold.start_s, hold.end_s) == (15.0, 26.0)


def test_a_word_of_the_agent_between_makes_two_of_it() -> None:
    turns = [ASKS, turn(22.0, 23.0, "agent", "还在查。"), THANKS]
    assert [(h.start_s, h.end_s) for h in found(turns, (14.0, 22.0), (23.0, 26.0))] == [(14.0, 22.0), (23.0, 26.0)]


@pytest.mark.parametrize(("back", "is_hold"), [("让您久等了。", True), ("找到了。", False)])
def test_on_one_channel_words_are_needed_on_both_sides(back: str, is_hold: bool) -> None:
    turns = [turn(10.0, 14.0, "unknown", "请稍等。"), turn(26.0, 29.0, "unknown", back)]
    assert bool(found(turns, (14.0, 26.0))) is is_hold


def test_the_times_of_words_are_used_where_there_are_any() -> None:
    said = (("我查一下，", 10.0, 10.6), ("请", 10.7, 10.9), ("稍", 10.9, 11.3), ("等。", 11.3, 11.5))
    words = tuple(Word(a, b, text, 0.9) for text, a, b in said)
    (hold,) = found([Turn(10.0, 14.0, "agent", "我查一下，请稍等。", words=words), THANKS], (14.0, 26.0))
    assert (hold.evidence[0].start_s, hold.evidence[0].end_s, hold.evidence[0].text) == (10.7, 11.5, "请稍等。")


@pytest.mark.parametrize("blank", ["", " "], ids=["bare words", "words with their blanks"])
def test_english_words_are_read_one_by_one(blank: str) -> None:
    words = tuple(Word(10.0 + k, 10.5 + k, blank + w, 0.9) for k, w in enumerate(["Please", "hold", "on,"]))
    (hold,) = found([Turn(10.0, 14.0, "agent", "Please hold on,", words=words)], (14.0, 26.0), language="en")
    assert (hold.evidence[0].start_s, hold.evidence[0].end_s) == (10.0, 12.5)


def test_a_wording_within_a_longer_word_does_not_count() -> None:
    turns = [turn(10.0, 14.0, "agent", "It is above the threshold on Monday."), turn(26.0, 29.0, "agent", "Yes.")]
    assert found(turns, (14.0, 26.0), language="en") == ()


def test_a_language_without_a_list_has_no_spoken_holds() -> None:
    assert found([ASKS, THANKS], (14.0, 26.0), language="fr") == ()


def test_dead_air_that_words_make_a_hold_is_dead_air_no_more() -> None:
    nothing = Measured(None, "none", reason="-")
    timeline = Timeline(
        nothing, nothing, nothing, answer_at_s=2.0, hangup_at_s=62.0, talk_s=50.0,
        holds=(Hold(40.0, 50.0, "music"),), silences=(Segment(14.0, 26.0), Segment(52.0, 58.0)),
    )  # fmt: skip
    told = with_spoken_holds(timeline, Transcript("zh", "base", (ASKS, THANKS)))
    assert [(h.start_s, h.end_s, h.source) for h in told.holds] == [(14.0, 26.0, "words"), (40.0, 50.0, "audio")]
    assert told.silences == (Segment(52.0, 58.0),)
    assert told.talk_s == pytest.approx(38.0)


def test_a_call_without_such_words_keeps_its_timeline() -> None:
    nothing = Measured(None, "none", reason="-")
    timeline = Timeline(nothing, nothing, nothing, silences=(Segment(14.0, 26.0),))
    assert with_spoken_holds(timeline, Transcript("zh", "base", (THANKS,))) is timeline

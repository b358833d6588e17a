"""What is hidden in a call, and what is muted for it."""

from __future__ import annotations

import pytest

from audit.redaction import KINDS, Found
from audit.redaction.find import PAD_S, find, hidden_before, kind_of, muted
from audit.segments import Segment
from audit.words import Transcript, Turn, Uncovered
from tests.report.made_calls import turn


def transcript(*turns: Turn, uncovered: tuple[Uncovered, ...] = ()) -> Transcript:
    return Transcript("zh", "base", turns, uncovered=uncovered)


def said(found: tuple[Found, ...]) -> list[tuple[str, str]]:
    return [(f.kind, f.digits) for f in found]


def test_a_number_read_out_over_several_turns_is_one() -> None:
    call = transcript(
        turn(1, "customer", "卡号是六二二二，"),
        turn(4, "agent", "六二二二。"),
        turn(7, "customer", "零二零零，"),
        turn(9, "customer", "嗯。"),
        turn(10, "agent", "零二零零。"),
        turn(12, "customer", "一一二二三三四四，好了吗？"),
        turn(16, "agent", "稍等。"),
    )
    assert said(find(call, KINDS)) == [("card-number", "6222020011223344"), ("phone-number", "62220200")]


def test_parts_that_lie_far_apart_are_no_number() -> None:
    call = transcript(turn(1, "customer", "六二二二"), turn(40, "customer", "零二零零"))
    assert find(call, KINDS) == ()


def test_parts_of_different_speakers_are_no_number() -> None:
    assert find(transcript(turn(1, "customer", "六二二二"), turn(3, "agent", "零二零零")), KINDS) == ()


@pytest.mark.parametrize(
    ("digits", "kinds", "kind"),
    [
        ("13900004471", KINDS, "phone-number"),
        ("4111111111111111", KINDS, "card-number"),
        ("4111111111111121", KINDS, "card-number"),
        ("11010519491231002X", KINDS, "id-number"),
        ("110105194912310021", KINDS, "id-number"),
        ("110105194912310021", ["card-number"], "card-number"),
        ("13900004471", ["card-number", "id-number"], None),
        ("139000", KINDS, None),
        ("4111111111111111", ["address"], None),
    ],
    ids=[
        "phone",
        "card",
        "card misheard",
        "identity",
        "identity misheard",
        "only cards",
        "phone not asked",
        "short",
        "no digits",
    ],
)
def test_length_decides_and_check_digits_only_name(digits: str, kinds: list, kind: str | None) -> None:
    assert kind_of(digits, kinds) == kind


def test_the_seconds_of_the_words_are_muted_and_no_others() -> None:
    call = transcript(turn(10, "customer", "我的号码是一三九零零零零四四七一，谢谢"))
    (segment,) = muted(call, find(call, KINDS))
    assert segment.start_s == pytest.approx(10 + 5 * 0.3 - PAD_S)
    assert segment.end_s == pytest.approx(10 + 16 * 0.3 + PAD_S)


def test_without_times_of_words_the_whole_turn_is_muted() -> None:
    call = transcript(Turn(10, 20, "customer", "我的号码是13900004471，谢谢"))
    assert muted(call, find(call, KINDS)) == (Segment(10 - PAD_S, 20 + PAD_S),)


def test_speech_without_words_beside_a_number_is_muted_with_it() -> None:
    near, far = Uncovered(17, 18, "customer"), Uncovered(40, 41, "customer")
    call = transcript(turn(10, "customer", "一三九零零零零四四七一"), uncovered=(near, far))
    assert any(m.start_s <= 17 and m.end_s >= 18 for m in muted(call, find(call, KINDS)))
    assert not any(m.end_s > 30 for m in muted(call, find(call, KINDS)))


def test_what_a_transcript_hid_before_it_came_stays_hidden_and_is_muted() -> None:
    call = transcript(Turn(3, 6, "customer", "my number is [PII], thanks"), Turn(8, 9, "agent", "[laughs] fine"))
    assert find(call, KINDS) == ()
    assert hidden_before(call) == (Segment(3 - PAD_S, 6 + PAD_S),)


def test_addresses_are_hidden_where_they_are_told() -> None:
    call = transcript(turn(3, "customer", "我住在北京市朝阳区幸福路"))
    assert find(call, ["address"]) == ()
    (found,) = find(call, ["address"], addresses=lambda turn, language: [(3, len(turn.text))])
    assert (found.kind, found.said) == ("address", ("北京市朝阳区幸福路",))

"""Numbers as they are said and written, and counts that are none."""

from __future__ import annotations

import pytest

from audit.redaction.numbers import digits_in, passes_identity, passes_luhn


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("号码是一三九零零零零四四七一。", "13900004471"),
        ("幺三九，嗯，零零零零，然后四四七幺", "13900004471"),
        ("要三九零零零零四四七妖", "13900004471"),
        ("一三九三个零四四七幺", "1390004471"),
        ("139 0000-4471", "13900004471"),
        ("１３９００００４４７１", "13900004471"),
        ("一百三十九零零零零四四七一", "13900004471"),
        ("13,900,004,471", "13900004471"),
        ("幺幺零幺零五一九四九一二三幺零零二X", "11010519491231002X"),
        ("110105194912310021，叉", "110105194912310021"),
        ("four one double one, dash, triple one oh", "41111110"),
        ("forty-one eleven twenty two 3 4", "41112234"),
    ],
    ids=[
        "Chinese", "pauses", "yao misheard", "three noughts", "signs", "full width", "counted beginning", "as an amount",
        "identity", "complete without X", "double and triple", "pairs",
    ],
)  # fmt: skip
def test_a_number_is_found_whole(text: str, digits: str) -> None:
    assert [d.digits for d in digits_in(text)] == [digits]


@pytest.mark.parametrize(
    "text",
    [
        "2026年11月16日", "2026-11-16 09:30", "上午9点30到12点45", "扣了1234.56元", "$12,345.00", "两千五百六十四块",
        "一千二百三十四万五千六百七十八", "three hundred minutes and 500 megs", "two thousand five hundred and sixty dollars",
    ],
)  # fmt: skip
def test_what_is_counted_is_no_number_of_seven_digits(text: str) -> None:
    assert all(len(d.digits) < 7 for d in digits_in(text))


@pytest.mark.parametrize(
    ("text", "digits"),
    [("一三九零零山零四四七一", "13900?04471"), ("one three nine, tree, oh oh oh four four", "139?00044")],
    ids=["Chinese", "English"],
)
def test_a_digit_heard_as_another_word_does_not_break_a_number(text: str, digits: str) -> None:
    assert [d.digits for d in digits_in(text)] == [digits]


def test_two_amounts_joined_by_a_word_of_their_own_are_two() -> None:
    assert [d.digits for d in digits_in("满5000减1000，2000到3000")] == ["5000", "10002000", "3000"]


def test_oh_is_a_nought_only_beside_a_figure() -> None:
    assert [d.digits for d in digits_in("oh, I see")] == []
    assert [d.digits for d in digits_in("oh four four")] == ["044"]


@pytest.mark.parametrize(
    ("number", "holds"), [("4111111111111111", True), ("4111111111111112", False), ("411111111111111?", False)]
)
def test_the_check_digit_of_a_card_is_that_of_luhn(number: str, holds: bool) -> None:
    assert passes_luhn(number) is holds


@pytest.mark.parametrize(
    ("number", "holds"),
    [("11010519491231002X", True), ("440524188001010014", True), ("110105194912310021", False), ("11010519491331002X", False)],
    ids=["X", "digit", "wrong", "no such month"],
)
def test_the_check_sign_of_an_identity_number_is_that_of_its_standard(number: str, holds: bool) -> None:
    assert passes_identity(number) is holds

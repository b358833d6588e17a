"""Phrases are spelled out alike whether their parts can be normalised one by one or not."""

import pytest

from audit.evaluation.spelling import variants


@pytest.mark.parametrize(
    ("phrase", "language", "expected"),
    [
        (
            "(您|你)(都|)(别|不要)急",
            "zh",
            ["您都别急", "您都不要急", "您别急", "您不要急", "你都别急", "你都不要急", "你别急", "你不要急"],
        ),
        ("(請|请)稍等", "zh", ["请稍等"]),
        ("i (have |)told (you|them)", "en", ["i have told you", "i have told them", "i told you", "i told them"]),
        ("(un|)happy", "en", ["unhappy", "happy"]),  # a word reaches over the end of a part
        ("(I'm|we’re) (not |)sorry", "en", ["i am not sorry", "i am sorry", "we are not sorry", "we are sorry"]),
    ],
    ids=["slots", "one script", "words", "a word in two parts", "contractions"],
)
def test_every_choice_of_alternatives_is_spelled_out_once(phrase, language, expected):
    assert ["…".join(v.pieces) for v in variants(phrase, language, "normalised", 8)] == expected


@pytest.mark.parametrize(
    ("phrase", "said"), [("等(3|三)天", "等三天"), ("(1|2)0块", "二十块")], ids=["alike", "digits in two parts"]
)
def test_a_number_that_reaches_over_parts_is_one_number(phrase, said):
    assert (said,) in {v.pieces for v in variants(phrase, "zh", "normalised", 8)}


def test_a_gap_parts_the_pieces_and_a_choice_without_words_is_left_out():
    assert [v.pieces for v in variants("please…(hold|)", "en", "normalised", 8)] == [("please", "hold"), ("please",)]
    assert variants("(|)", "en", "normalised", 8) == ()

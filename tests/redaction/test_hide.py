"""A call without what is hidden in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audit.records import Evidence
from audit.redaction import KINDS, MutedRecording, hide_outcomes, hide_record, hide_text
from audit.redaction.find import find
from audit.segments import Segment
from audit.verdicts import Outcome, Review, ToolVerdict
from audit.words import Transcript, Turn, Word
from tests.report.made_calls import turn
from tests.storage.test_ledger import a_record

LABELS = {k: f"[{k}]" for k in KINDS}
CALL = Transcript("zh", "base", (turn(1, "customer", "我的号码是一三九零零零零四四七一，谢谢。"), turn(8, "agent", "好的。")))
RECORD = replace(a_record(), transcript=CALL)
FOUND = find(CALL, KINDS)


def test_a_label_stands_in_the_text_and_among_the_words() -> None:
    hidden = hide_record(RECORD, FOUND, KINDS, LABELS).transcript
    assert hidden is not None
    first, second = hidden.turns
    assert first.text == "我的号码是[phone-number]，谢谢。" and second == CALL.turns[1]
    assert [w.text for w in first.words] == ["我", "的", "号", "码", "是", "[phone-number]", "谢", "谢"]
    assert (first.words[5].start_s, first.words[5].end_s) == (CALL.turns[0].words[5].start_s, CALL.turns[0].words[15].end_s)


def test_what_a_word_holds_beside_a_number_stays() -> None:
    words = (Word(0, 1, "call", 0.9), Word(1, 3, "13900004471,please", 0.8))
    call = Transcript("en", "base", (Turn(0, 3, "customer", "call 13900004471,please", None, words),))
    hidden = hide_record(replace(RECORD, transcript=call), find(call, KINDS), KINDS, LABELS).transcript
    assert hidden is not None and [w.text for w in hidden.turns[0].words] == ["call", "[phone-number],please"]
    assert hidden.turns[0].text == "call [phone-number],please"


def test_the_customers_own_number_is_hidden_with_telephone_numbers_alone() -> None:
    record = replace(RECORD, metadata=replace(RECORD.metadata, customer_number="13900004471", warnings=("13900004471 twice",)))
    hidden = hide_record(record, FOUND, KINDS, LABELS).metadata
    assert (hidden.customer_number, hidden.warnings) == ("[phone-number]", ("[phone-number] twice",))
    assert hide_record(record, (), ["card-number"], LABELS).metadata == record.metadata


def test_a_call_without_words_is_muted_throughout() -> None:
    recording = hide_record(replace(RECORD, transcript=None), (), KINDS, LABELS).recording
    assert isinstance(recording, MutedRecording) and recording.is_silent
    assert recording.muted == (Segment(0.0, RECORD.recording.duration_s),)


def test_a_call_in_which_nothing_is_found_is_as_it_was() -> None:
    record = a_record()
    assert hide_record(record, (), KINDS, LABELS) == record


def test_quotes_reasons_remarks_and_suggestions_say_nothing_of_it() -> None:
    said = "13900004471"
    outcome = Outcome(
        "c", "fail", "s", {"zh": f"没有复述{said}"}, {}, suggestion={"zh": f"您的号码是{said}，对吗？"},
        evidence=(
            Evidence(1, 6, "customer", "号码是一三九零零零零四四七一", "exact", heard="号码零四四七一", suggestion=f"说{said}"),
            Evidence(3, 4, "customer", "零零零", "exact"),
            Evidence(8, 9, "agent", "扣了471元", "exact"),
        ),
        reviews=(Review("reject", "pass", "A", datetime(2026, 11, 22, tzinfo=UTC), f"他说了{said}"),),
        tool=ToolVerdict("fail", {"zh": said}),
    )  # fmt: skip
    (hidden,) = hide_outcomes([outcome], FOUND, KINDS, LABELS)
    assert "4471" not in repr(hidden) and "四四七一" not in repr(hidden)
    assert [e.text for e in hidden.evidence] == ["号码是[phone-number]", "[phone-number]", "扣了471元"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("后五位零四四七一", "后五位[phone-number]"), ("尾号四四七一", "尾号四四七一"), ("后五位零四四七二", "后五位零四四七二")],
    ids=["a part", "the last four", "another"],
)
def test_a_part_of_a_hidden_number_is_hidden_wherever_it_is_quoted(text: str, shown: str) -> None:
    assert hide_text(text, FOUND, KINDS, LABELS) == shown

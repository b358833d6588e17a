"""What is hidden in a call that a report reads."""

from __future__ import annotations

import pickle
from dataclasses import replace

from audit.batch.redacting import Redaction
from audit.report import Hidden, ReportedCall
from audit.words import Transcript
from tests.report.made_calls import turn
from tests.storage.test_ledger import a_record, an_evaluation

LABELS = {"address": "[地址]", "phone-number": "[电话号码]"}
CALL = ReportedCall(
    replace(
        a_record(),
        transcript=Transcript(
            "zh", "base", (turn(1, "customer", "我住在南京市鼓楼区幸福路十五号，电话一三九零零零零四四七一"),)
        ),
    ),
    an_evaluation(),
)


def words_of(call: ReportedCall) -> str:
    assert call.record.transcript is not None
    return call.record.transcript.turns[0].text


def test_addresses_are_those_that_the_rules_find() -> None:
    hidden = Redaction({"address": "合同"}, LABELS).applied(CALL)
    assert "[地址]" in words_of(hidden) and "鼓楼" not in words_of(hidden) and "一三九零" in words_of(hidden)
    assert hidden.hidden == (Hidden("[地址]", 1, "合同"),)


def test_kinds_that_are_not_in_a_call_are_not_said_to_be_hidden() -> None:
    hidden = Redaction({"card-number": "", "phone-number": ""}, {**LABELS, "card-number": "[银行卡号]"}).applied(CALL)
    assert hidden.hidden == (Hidden("[电话号码]", 1, ""),)


def test_without_anything_asked_for_a_call_is_as_it_was() -> None:
    assert Redaction().applied(CALL) is CALL and not Redaction()


def test_it_travels_to_other_processes() -> None:
    redaction = Redaction({"address": ""}, LABELS)
    assert pickle.loads(pickle.dumps(redaction)) == redaction

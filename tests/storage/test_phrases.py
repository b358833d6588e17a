"""What agents say, as numbers, comes with its record, follows it, and goes with its words."""

from __future__ import annotations

from dataclasses import replace

from audit.phrases import call_phrases
from audit.storage import Removal, complete_phrases, forget_words, read_phrases
from audit.storage.tables import phrases
from audit.words import Transcript, Turn
from tests.storage.test_ledger import NOW, a_record, an_evaluation, saved

WORDS = Transcript("zh", "base", (Turn(0, 1, "agent", "您好"), Turn(2, 3, "agent", "说白了没事"), Turn(4, 5, "customer", "好")))


def spoken(call_id: str = "c1"):
    record = a_record(call_id)
    metadata = replace(record.metadata, direction="inbound", variables={"queue": "billing"})
    return replace(record, transcript=WORDS, metadata=metadata)


def test_a_result_brings_its_phrases(store):
    saved(store, spoken("c1"), an_evaluation())
    saved(store, replace(spoken("c2"), transcript=None))
    (found,) = read_phrases(store, ["c1", "c2", "absent"])
    assert found == call_phrases(spoken("c1"))
    assert found.stratum == "zh/inbound/billing"


def test_a_record_measured_anew_takes_the_place_of_what_was_said(store):
    saved(store, spoken())
    saved(store, replace(spoken(), transcript=None))
    assert [*read_phrases(store, ["c1"])] == []


def test_a_store_from_before_phrases_gets_them_once(store):
    saved(store, spoken("c1"))
    saved(store, replace(spoken("c2"), transcript=None))
    before = [*read_phrases(store, ["c1", "c2"])]
    with store.writing() as c:
        c.execute(phrases.delete())
    told = []
    assert complete_phrases(store, lambda n, of: told.append((n, of))) == 2
    assert [*read_phrases(store, ["c1", "c2"])] == before and told == [(2, 2)]
    assert complete_phrases(store) == 0


def test_phrases_of_another_form_are_counted_anew(store):
    saved(store, spoken())
    with store.writing() as c:
        c.execute(phrases.update().values(form=0, counts=b""))
    assert complete_phrases(store) == 1
    assert [*read_phrases(store, ["c1"])] == [call_phrases(spoken())]


def test_what_was_said_goes_with_the_words_and_does_not_come_back(store):
    saved(store, spoken(), an_evaluation())
    forget_words(store, Removal("c1", "transcript", "/rec/c1.wav"), now=NOW)
    assert [*read_phrases(store, ["c1"])] == []
    complete_phrases(store)
    assert [*read_phrases(store, ["c1"])] == []

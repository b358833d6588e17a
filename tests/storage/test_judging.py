"""What a rescore asks of the store: how calls stand, figures over all of them, evaluations kept together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.errors import StoreError
from audit.records import Measured, Measures
from audit.storage import Judged
from tests.storage.test_ledger import NOW, a_record, an_evaluation, saved


def judged(store, row, evaluation, key="k", evaluation_id=None):
    store.save_judged([Judged(row, a_record(), evaluation, evaluation_id, key)], options={}, now=NOW)


def test_a_call_without_verdict_stands_without_key(store):
    saved(store, a_record())
    (standing,) = store.standings()
    assert (standing.call_id, standing.agent_id, standing.language) == ("c1", "1001", "zh")
    assert (standing.evaluation_id, standing.judging_key) == (None, None)


def test_an_evaluation_of_a_run_has_no_key_until_somebody_judges_again(store):
    row = saved(store, a_record(), an_evaluation())
    (standing,) = store.standings()
    assert standing.evaluation_id is not None and standing.judging_key is None
    judged(store, row, None, "same", standing.evaluation_id)
    assert store.standings()[0].judging_key == "same"
    assert store.call(row).evaluation_id == standing.evaluation_id


def test_a_key_counts_only_for_the_evaluation_it_was_noted_with(store):
    row = saved(store, a_record())
    judged(store, row, an_evaluation(), "first")
    assert store.standings()[0].judging_key == "first"
    store.save_evaluation(row, a_record(), an_evaluation(60.0), options={}, now=NOW)
    assert store.standings()[0].judging_key is None


def test_a_record_measured_anew_stands_without_key(store):
    row = saved(store, a_record())
    judged(store, row, an_evaluation())
    saved(store, a_record(sha256="c" * 64))
    (standing,) = store.standings()
    assert standing.call_row_id != row and standing.judging_key is None


def test_judging_again_adds_and_keeps_the_old(store):
    row = saved(store, a_record(), an_evaluation(50.0))
    judged(store, row, an_evaluation(70.0))
    assert store.call(row).evaluation.score == 70.0
    with store.reading() as c:
        assert c.exec_driver_sql("SELECT score FROM evaluations ORDER BY id").scalars().all() == [50.0, 70.0]


def test_evaluations_of_one_chunk_are_kept_all_or_none(store):
    row = saved(store, a_record())
    good, bad = (Judged(number, a_record(), an_evaluation(), None, "k") for number in (row, 999))
    with pytest.raises(StoreError):
        store.save_judged([good, bad], options={}, now=NOW)
    assert store.call(row).evaluation is None


def test_records_come_in_the_order_asked_for(store):
    rows = [saved(store, a_record(f"c{i}")) for i in range(3)]
    found = store.calls_by_row([rows[2], rows[0]])
    assert [c.record.call_id for c in found] == ["c2", "c0"]


def test_figures_are_those_of_the_newest_record_of_each_call_in_the_language(store):
    def record(call_id, rate, agent="A1"):
        return replace(a_record(call_id, agent=agent), measures={"agent": Measures(speech_rate_cpm=rate)})

    saved(store, record("c1", 100.0))
    saved(store, replace(record("c1", 200.0), recording=replace(a_record().recording, sha256="d" * 64)))
    saved(store, record("c2", None, agent="A2"))
    english = record("c3", 300.0)
    saved(store, replace(english, transcript=replace(english.transcript, language="en")))
    fields = ["measures.agent.speech_rate_cpm", "timeline.ring_s", "metadata.variables.company"]
    found = [(agent, [None if v is None else str(v) for v in values]) for agent, values in store.figures(fields, "zh")]
    assert found == [("A1", ["200.0", "3.0", "示例科技"]), ("A2", [None, "3.0", "示例科技"])]


def test_a_field_without_a_published_number_is_no_figure(store):
    with pytest.raises(KeyError):
        list(store.figures(["timeline.holds"], "zh"))


def test_a_measured_figure_is_found_at_its_value(store):
    record = a_record()
    saved(store, replace(record, timeline=replace(record.timeline, n_rings=Measured(2, "audio"))))
    assert [values for _, values in store.figures(["timeline.n_rings"], "zh")] in ([("2",)], [(2,)])

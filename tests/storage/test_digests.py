"""A call's digest is there with its result, follows its newest record and evaluation, and says what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from audit.digests import CallDigest, catalogue_of, digest_bytes, digest_call, digest_from_json, digest_to_json
from audit.records import CutOff, Measured, Measures
from audit.segments import Segment
from audit.storage import complete_digests, read_catalogues, read_digests
from audit.storage.tables import catalogues, digests
from tests.storage.test_ledger import NOW, a_record, an_evaluation, saved

#: Fields that hold a text or nothing.
TEXTS = {f.name for f in fields(CallDigest) if f.type == "str | None"}


def a_measured_record():
    record = a_record()
    timeline = replace(
        record.timeline,
        ring_s=Measured(9.0, "cdr"),
        ring_heard=Measured(8.0, "audio", 0.2),
        n_rings=Measured(2, "audio"),
        hangup_by=Measured("customer", "audio"),
        silences=(Segment(1.0, 2.5), Segment(4.0, 5.0)),
        cut_off=CutOff(True),
    )
    metadata = replace(record.metadata, ring_s=9.0, variables={"queue": "billing"}, customer_number=" 138 ")
    return replace(record, timeline=timeline, metadata=metadata, measures={"agent": Measures(speech_rate_cpm=212.0)})


def test_a_digest_says_what_record_and_evaluation_say():
    record, evaluation = a_measured_record(), an_evaluation(70.0)
    digest = digest_call(record, evaluation)
    assert (digest.ring_s, digest.n_rings, digest.silence_s) == (9.0, 2, 2.5)
    assert (digest.ring_heard_s, digest.ring_gap_s) == (8.0, -1.0)
    assert (digest.hangup_by, digest.cut_off, digest.team, digest.customer_number) == ("customer", True, "billing", "138")
    assert digest.measures == {"speech_rate_cpm": 212.0}
    assert digest.score == 70.0
    assert [(n, o.outcome) for n, o in digest.outcomes.items()] == [(o.criterion, o.outcome) for o in evaluation.outcomes]


@pytest.mark.parametrize(
    ("heard", "recorded_s"),
    [
        (Measured(8.0, "audio", reason="the recording begins while it is ringing"), 9.0),
        (Measured(None, reason="the ringing heard was not kept"), 9.0),
        (Measured(8.0, "audio"), None),
        (Measured(8.0, "audio"), 0.0),
    ],
    ids=["not all of it is heard", "not kept", "not in the record", "the record's clock began at the answer"],
)
def test_ringing_is_held_against_the_record_only_where_both_have_all_of_it(heard, recorded_s):
    record = a_measured_record()
    record = replace(record, timeline=replace(record.timeline, ring_heard=heard))
    digest = digest_call(replace(record, metadata=replace(record.metadata, ring_s=recorded_s)), None)
    assert digest.ring_gap_s is None


def test_the_end_of_a_call_is_the_records_or_start_and_length():
    record = a_record()
    start = record.metadata.started_at
    assert digest_call(record, None).ended_at == start + timedelta(seconds=record.recording.duration_s)
    told = replace(record, metadata=replace(record.metadata, ended_at=start + timedelta(minutes=9)))
    assert digest_call(told, None).ended_at == start + timedelta(minutes=9)
    unknown = replace(record, metadata=replace(record.metadata, started_at=None))
    assert digest_call(unknown, None).ended_at is None


@pytest.mark.parametrize("evaluation", [None, an_evaluation(70.0)], ids=["measured only", "judged"])
def test_a_digest_survives_being_written(evaluation):
    digest = digest_call(a_measured_record(), evaluation)
    assert digest_from_json(digest_to_json(digest)) == digest


def another(value):
    """A value of the same kind that says something else."""
    match value:
        case bool():
            return not value
        case str():
            return f"{value}x"
        case int() | float():
            return value + 1
        case tuple():
            return (*value, "more")
        case dict():
            return {**value, "more": next(iter(value.values()), 1)}
        case None:
            return 1.0
    return value + timedelta(seconds=1)


@pytest.mark.parametrize("name", [f.name for f in fields(CallDigest)])
def test_the_bytes_of_a_digest_tell_each_of_its_fields(name):
    kept = digest_to_json(digest_call(a_measured_record(), an_evaluation(70.0)))
    digest = digest_from_json(kept)
    assert digest_bytes(digest_from_json(kept)) == digest_bytes(digest)
    value = getattr(digest, name)
    value = dict(value) if isinstance(value, Mapping) else value
    value = digest.started_at if name in ("started_at", "ended_at") else value
    value = "" if value is None and name in TEXTS else value
    assert digest_bytes(replace(digest, **{name: another(value)})) != digest_bytes(digest)


def test_a_result_brings_its_digest_and_the_words_of_its_scorecard(store):
    saved(store, a_record("c1"), an_evaluation(70.0))
    saved(store, a_record("c2"))
    found = {d.call_id: d.score for d in read_digests(store)}
    assert found == {"c1": 70.0, "c2": None}
    sha = an_evaluation().scorecard_sha256
    assert read_catalogues(store) == {sha: catalogue_of(an_evaluation())}


def test_a_digest_follows_the_newest_evaluation(store):
    row = saved(store, a_record(), an_evaluation(50.0))
    store.save_evaluation(row, a_record(), an_evaluation(70.0), options={}, now=NOW)
    assert [d.score for d in read_digests(store)] == [70.0]


def test_a_record_measured_anew_takes_the_digests_place(store):
    saved(store, a_record(), an_evaluation(50.0))
    saved(store, a_record(sha256="c" * 64))
    assert [(d.call_id, d.score) for d in read_digests(store)] == [("c1", None)]


def test_a_store_from_before_digests_gets_them_once(store):
    saved(store, a_record("c1"), an_evaluation(70.0))
    saved(store, a_record("c2"))
    before = list(read_digests(store))
    with store.writing() as c:
        c.execute(digests.delete())
        c.execute(catalogues.delete())
    told = []
    assert complete_digests(store, lambda n, of: told.append((n, of))) == 2
    assert list(read_digests(store)) == before and told == [(2, 2)]
    assert len(read_catalogues(store)) == 1
    assert complete_digests(store) == 0


def test_digests_of_another_form_are_made_anew(store):
    saved(store, a_record(), an_evaluation(70.0))
    with store.writing() as c:
        c.execute(digests.update().values(form=0, digest={"call_id": "c1"}))
    assert complete_digests(store) == 1
    assert [d.score for d in read_digests(store)] == [70.0]


def test_digests_are_chosen_by_period_agent_and_customer(store):
    start = a_record().metadata.started_at
    for i, (agent, customer) in enumerate([("1", "x"), ("2", "x"), ("2", "y")]):
        record = a_record(f"c{i}")
        metadata = replace(
            record.metadata, agent_id=agent, customer_number=customer, started_at=start + timedelta(days=i), call_id=f"c{i}"
        )
        saved(store, replace(record, metadata=metadata))
    ids = lambda **of: [d.call_id for d in read_digests(store, **of)]  # noqa: E731
    assert ids(since=start + timedelta(days=1)) == ["c1", "c2"]
    assert ids(until=start + timedelta(days=1)) == ["c0"]
    assert ids(agent_ids={"2"}) == ["c1", "c2"]
    assert ids(customer_numbers={"x"}) == ["c0", "c1"]
    assert ids(customer_numbers=set()) == []

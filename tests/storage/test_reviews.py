"""Keys and decisions are kept as they come, once each, and laid over the newest evaluation."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta

import pytest

from audit.errors import StoreError
from audit.storage import (
    Reviewer,
    Store,
    add_reviewer,
    all_reviewers,
    judged_calls,
    keep_to_owner,
    read_decisions,
    read_digests,
    review_calls,
    revoke_reviewer,
    save_decisions,
    unreviewed_calls,
)
from audit.verdicts import Decision, Review, ToolVerdict
from tests.storage.test_ledger import NOW, a_record, an_evaluation, saved

QA7 = Reviewer("QA 7", "k7qd", b"0123456789abcdefghjkmnpqrstvwxyz", NOW)
HOUR = timedelta(hours=1)


def a_decision(call_id="c1", **more) -> Decision:
    return replace(
        Decision(call_id, "open.greet", 1, "zh-service", "1", "b" * 64, "fail", "reject", "pass", "听错了", NOW - HOUR), **more
    )


def test_a_name_has_one_valid_key_at_a_time(store):
    assert add_reviewer(store, QA7)
    assert not add_reviewer(store, replace(QA7, key_id="zzzz"))
    assert revoke_reviewer(store, "QA 7", now=NOW + HOUR) and not revoke_reviewer(store, "QA 7", now=NOW + HOUR)
    assert add_reviewer(store, replace(QA7, key_id="zzzz"))
    assert [(r.key_id, r.secret, r.revoked_at) for r in all_reviewers(store)] == [
        ("k7qd", QA7.secret, NOW + HOUR),
        ("zzzz", QA7.secret, None),
    ]


def test_the_same_decision_is_kept_once_whatever_file_and_key_it_comes_with(store):
    saved(store, a_record(), an_evaluation())
    add_reviewer(store, QA7)
    assert save_decisions(store, [(QA7, "f" * 64, a_decision()), (QA7, "f" * 64, a_decision())], now=NOW) == 1
    revoke_reviewer(store, "QA 7", now=NOW)
    other = replace(QA7, key_id="zzzz")
    add_reviewer(store, other)
    assert save_decisions(store, [(other, "e" * 64, a_decision())], now=NOW) == 0
    assert save_decisions(store, [(other, "e" * 64, a_decision(comment="再听"))], now=NOW) == 1
    assert [(d.reviewer, d.file_sha256[0], d.decision.comment) for d in read_decisions(store)] == [
        ("QA 7", "f", "听错了"),
        ("QA 7", "e", "再听"),
    ]


def test_decisions_come_in_the_order_of_their_times_and_a_clock_that_is_ahead_gains_nothing(store):
    saved(store, a_record(), an_evaluation())
    add_reviewer(store, QA7)
    ahead = a_decision(decided_at=NOW + 24 * 365 * HOUR, comment="ahead")
    save_decisions(store, [(QA7, "f" * 64, ahead)], now=NOW)
    later = a_decision(decided_at=NOW + HOUR, comment="later")
    save_decisions(store, [(QA7, "e" * 64, later)], now=NOW + 2 * HOUR)
    save_decisions(store, [(QA7, "d" * 64, a_decision(comment="first"))], now=NOW + 3 * HOUR)
    assert [d.decision.comment for d in read_decisions(store, ["c1", "absent"])] == ["first", "ahead", "later"]


def test_a_decision_on_an_evaluation_that_is_not_there_is_not_kept(store):
    add_reviewer(store, QA7)
    with pytest.raises(StoreError):
        save_decisions(store, [(QA7, "f" * 64, a_decision(evaluation_id=99))], now=NOW)
    assert read_decisions(store) == ()


def overruled(call, said):
    (o,) = call.evaluation.outcomes
    reviews = tuple(d.decision.review(d.reviewer) for d in said)
    tool = ToolVerdict(o.by_rules, o.reason, 0.0, 4.0)
    new = replace(o, outcome="pass", points=4.0, reviews=reviews, tool=tool)
    return replace(call.evaluation, score=100.0, tool_score=87.5, outcomes=(new,))


def test_an_evaluation_with_reviews_is_added_and_its_digest_follows(store):
    saved(store, a_record(), an_evaluation())
    add_reviewer(store, QA7)
    save_decisions(store, [(QA7, "f" * 64, a_decision())], now=NOW)
    assert review_calls(store, {"c1"}, overruled, options={}, now=NOW) == ("c1",)
    assert review_calls(store, {"c1"}, overruled, options={}, now=NOW) == ()
    (call,) = store.calls()
    assert call.evaluation.outcomes[0].reviews == (Review("reject", "pass", "QA 7", NOW - HOUR, "听错了"),)
    (digest,) = read_digests(store)
    assert (digest.score, digest.tool_score, digest.outcomes["open.greet"].outcome) == (100.0, 87.5, "pass")
    assert digest.overruled == {"open.greet": "fail"} and digest.reviews
    with store.reading() as c:
        assert c.exec_driver_sql("SELECT score FROM evaluations ORDER BY id").scalars().all() == [87.5, 100.0]


def test_of_any_evaluation_the_verdicts_of_the_rules_are_told_overruled_or_not(store):
    saved(store, a_record(), an_evaluation())
    review_calls(store, {"c1"}, overruled, options={}, now=NOW)
    found = judged_calls(store, {1, 2, 99})
    assert {n: (j.call_id, dict(j.verdicts)) for n, j in found.items()} == dict.fromkeys((1, 2), ("c1", {"open.greet": "fail"}))


def test_a_call_that_is_audited_anew_waits_for_its_reviews(store):
    saved(store, a_record(), an_evaluation())
    saved(store, a_record("c2"), an_evaluation())
    add_reviewer(store, QA7)
    assert unreviewed_calls(store) == frozenset()
    save_decisions(store, [(QA7, "f" * 64, a_decision())], now=NOW)
    assert unreviewed_calls(store) == {"c1"}


def test_a_file_with_keys_is_its_owners_alone(tmp_path):
    path = tmp_path / "callaudit.db"
    with Store.in_folder(tmp_path) as store:
        path.chmod(0o644)
        assert keep_to_owner(path)
        assert add_reviewer(store, QA7)
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.glob("callaudit.db*")}
    assert set(modes.values()) == {0o600}, modes
    assert not keep_to_owner(path)

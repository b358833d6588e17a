"""Chains planted among the calls of many customers: all of them are found, and no other."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.followup import FollowUpTerms, customer_key, follow
from tests.followup.calls import LATER, TERMS, at, call

#: What a customer's story can be, each with gaps of its own, and what is to be found of it.
STORIES = ("plain", "redialled", "missed", "again", "complained", "answered", "kept", "broken")


def story(kind, name, start, gap_min):
    """The calls of one customer and the links they hold, as (kind, status or None, call, next call)."""
    a, b, number = f"{name}a", f"{name}b", f"139{int(name):08d}"
    soon = start + timedelta(minutes=3 + gap_min)
    if kind == "plain":
        return [call(a, start, number=number)], []
    if kind == "redialled":
        return (
            [call(a, start, cut=True, number=number), call(b, soon, "out", number=number)],
            [("redial", "called_back", a, b)],
        )
    if kind == "missed":
        return [call(a, start, cut=True, number=number)], [("redial", "missed", a, None)]
    if kind == "again":
        return [call(a, start, number=number), call(b, soon, number=number)], [("repeat", None, a, b)]
    if kind == "complained":
        return [call(a, start, "in", "complaint", number=number)], [("complaint", "overdue", a, None)]
    if kind == "answered":
        return (
            [call(a, start, "in", "complaint", number=number), call(b, soon, "out", "solved", number=number)],
            [("complaint", "closed", a, b)],
        )
    later = soon if kind == "kept" else start + timedelta(days=2)
    return (
        [call(a, start, "in", "callback_promised", number=number), call(b, later, "out", number=number)],
        [("callback", "kept" if kind == "kept" else "late", a, b)],
    )


def found_in(calls, terms, as_of=LATER):
    by_key = {}
    for c in calls:
        by_key.setdefault(customer_key(c.customer_number, terms.numbers), []).append(c)
    out = []
    for key, mine in by_key.items():
        f = follow(key, mine, terms, as_of=as_of)
        out += [("redial", r.status, r.call_id, r.next_call_id) for r in f.redials]
        out += [("repeat", None, r.call_id, r.next_call_id) for r in f.repeats]
        out += [("complaint", c.status(as_of), c.complaint_id, c.closed_call_id) for c in f.complaints]
        out += [("callback", c.status, c.call_id, c.next_call_id) for c in f.callbacks]
    return sorted(out, key=str)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STORIES), st.floats(0, 30 * 24 * 60), st.floats(1, 600)), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)
def test_planted_chains_are_all_found_and_none_is_invented(stories, random):
    calls, planted = [], []
    for i, (kind, minute, gap_min) in enumerate(stories):
        made, links = story(kind, str(i), at(minutes=minute), gap_min)
        calls += made
        planted += links
    random.shuffle(calls)
    assert found_in(calls, TERMS) == sorted(planted, key=str)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 20 * 24 * 60), st.sampled_from(["in", "out", None]), st.booleans()), max_size=8))
def test_what_is_joined_comes_in_order_and_within_its_time(made):
    calls = [call(str(i), at(minutes=m), way, "complaint", cut=cut) for i, (m, way, cut) in enumerate(made)]
    f = follow("k", calls, TERMS, as_of=LATER)
    ends = {c.call_id: c.ended_at for c in calls}
    starts = {c.call_id: c.started_at for c in calls}
    slack = timedelta(seconds=TERMS.joined_s)
    for link in (*f.redials, *f.repeats):
        if link.next_call_id is not None:
            assert link.next_call_id != link.call_id
            assert starts[link.next_call_id] >= ends[link.call_id] - slack
    assert {r.call_id for r in f.redials} == {c.call_id for c in calls if c.cut_off}
    in_entries = [i for c in f.complaints for i in c.call_ids]
    assert sorted(in_entries) == sorted(c.call_id for c in calls)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 20 * 24 * 60), st.sampled_from(["in", "out"]), st.booleans()), max_size=8), st.floats(0, 30)
)
def test_what_is_decided_stays_so_as_time_goes_on_without_calls(made, days):
    calls = [call(str(i), at(minutes=m), way, "callback_promised", cut=cut) for i, (m, way, cut) in enumerate(made)]
    last = max((c.ended_at for c in calls), default=at())
    early, late = (follow("k", calls, TERMS, as_of=last + timedelta(days=d)) for d in (days, days + 5))
    for a, b in zip((*early.redials, *early.callbacks), (*late.redials, *late.callbacks), strict=True):
        assert a == b or a.status == "pending"


def test_withheld_numbers_are_never_joined():
    calls = [call("a", at(), cut=True, number="anonymous"), call("b", at(minutes=4), "out", number="anonymous")]
    assert found_in(calls, TERMS) == []


def test_other_terms_find_other_links():
    calls = [call("a", at()), call("b", at(days=9))]
    assert found_in(calls, TERMS) == []
    assert found_in(calls, replace(FollowUpTerms(), repeat_days=10.0)) == [("repeat", None, "a", "b")]

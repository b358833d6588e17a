"""A call that was cut off: who called whom next, how soon, and in which words."""

from dataclasses import replace

import pytest

from audit.followup import follow
from tests.followup.calls import LATER, TERMS, at, call

CUT = call("a", at(), cut=True)  # ends at minute 3


def redial(*calls, as_of=LATER, terms=TERMS):
    (found,) = follow("13800138000", [CUT, *calls], terms, as_of=as_of).redials
    return found


def test_a_call_back_at_once_with_apology_and_cause():
    found = redial(call("b", at(minutes=4), "out", "apology_first", "cause_told"))
    assert (found.status, found.next_call_id, found.after_s, found.in_time) == ("called_back", "b", 60.0, True)
    assert (found.apologised, found.explained) == (True, True)


def test_a_call_back_after_an_hour_is_one_and_too_late():
    found = redial(call("b", at(minutes=63), "out"))
    assert (found.status, found.in_time, found.apologised, found.explained) == ("called_back", False, False, False)


def test_a_call_back_without_words_tells_neither_apology_nor_cause():
    found = redial(call("b", at(minutes=4), "out", words=False))
    assert (found.status, found.apologised, found.explained) == ("called_back", None, None)


def test_of_several_attempts_the_first_gives_the_time_and_the_one_that_reached_him_the_words():
    tried = call("b", at(minutes=4), "out", minutes=0.2, talk_s=0.0)
    found = redial(tried, call("c", at(minutes=8), "out", "apology_first"))
    assert (found.next_call_id, found.after_s, found.in_time, found.apologised) == ("c", 60.0, True, True)


def test_a_customer_who_calls_again_first_is_told_as_such():
    found = redial(call("b", at(minutes=20), "in"), call("c", at(minutes=40), "out"))
    assert (found.status, found.next_call_id, found.in_time) == ("customer_called", "b", False)


def test_a_customer_who_is_quicker_than_the_agent_could_be_leaves_it_open():
    assert redial(call("b", at(minutes=4), "in")).in_time is None


def test_nobody_calls_within_the_time():
    found = redial(call("b", at(days=2), "out"))
    assert (found.status, found.next_call_id, found.in_time) == ("missed", None, False)


def test_what_the_archive_does_not_reach_yet_is_pending():
    assert redial(as_of=at(hours=5)).status == "pending"


def test_a_call_of_unknown_direction_is_no_call_back():
    assert redial(call("b", at(minutes=4), None)).status == "unknown"


def test_a_call_that_ended_as_it_should_is_no_cut():
    assert follow("k", [call("a", at()), call("b", at(minutes=5), "out")], TERMS, as_of=LATER).redials == ()


def test_a_call_that_began_before_the_cut_is_no_call_back():
    assert redial(call("b", at(minutes=1), "out")).status == "missed"


def test_a_hang_up_by_the_system_counts_where_that_is_asked_for():
    dropped = replace(call("a", at()), hangup_by="system")
    assert follow("k", [dropped], TERMS, as_of=LATER).redials == ()
    assert len(follow("k", [dropped], replace(TERMS, cut_off_by_system=True), as_of=LATER).redials) == 1


@pytest.mark.parametrize("way", ["in", "out"])
def test_each_cut_of_a_chain_is_followed_by_itself(way):
    calls = [call(str(i), at(minutes=5 * i), "out" if i else way, cut=i < 3) for i in range(4)]
    found = follow("k", calls, TERMS, as_of=LATER).redials
    assert [(r.call_id, r.next_call_id) for r in found] == [("0", "1"), ("1", "2"), ("2", "3")]

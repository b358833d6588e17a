"""Chains of calls on the pages: shown to those whose calls they are, the most pressing first, and leading to their calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.chains import CallBack, Complaint, FollowUps, Redial, Repeat, Resolution
from audit.report import ReportSettings, write_from
from audit.report.chain_pages import Chains, chains_fingerprint, places_of
from audit.report.chains import Places, around, chains_view, most_pressing, near_agents, of_agents
from audit.report.messages import load_messages
from audit.report.shelf import Shelf
from tests.report.made_calls import BANDS, GENERATED_AT, call
from tests.report.test_write import parse

EN = load_messages("en")
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=10)
OWNERS = {"a1": "A", "a2": "A", "b1": "B", "b2": "B"}


def redial(call_id: str, status: str = "missed", **changes: object) -> Redial:
    return Redial(call_id, "139", "A", NOON, status, **changes)  # type: ignore[arg-type]


def complaint(call_id: str, **changes: object) -> Complaint:
    due = [NOON + timedelta(hours=h) for h in (24, 72, 8)]
    entry = Complaint(call_id, "complaint", "139", "A", (call_id,), NOON, False, *due)
    return replace(entry, **changes)  # type: ignore[arg-type]


BACK = redial("a1", "called_back", next_call_id="b1", after_s=200.0, in_time=True, apologised=True)
AGAIN = Repeat("b2", "a2", "138", "B", NOON, 20.0)
KNOWN = FollowUps(
    (BACK, redial("a2")),
    (AGAIN,),
    (complaint("b1", closed_at=NOON + timedelta(hours=30), closed_by="person", by="QA 7"), complaint("b2")),
    (CallBack("a1", "139", "A", NOON, NOON + timedelta(hours=4), "kept", "a2", NOON + timedelta(hours=2)),),
    Resolution(10, 8),
    LATER,
    {"A": Resolution(4, 3), "B": Resolution(6, 5)},
)


def test_chains_belong_to_the_agent_of_the_call_they_begin_with() -> None:
    mine = of_agents(KNOWN, OWNERS, ("A",))
    assert [r.call_id for r in mine.redials] == ["a1", "a2"]
    assert (mine.repeats, mine.complaints, mine.resolution) == ((), (), Resolution(4, 3))
    assert len(mine.callbacks) == 1


def test_a_complaint_that_only_the_crm_knows_stands_on_the_page_of_everybody_alone() -> None:
    told = replace(KNOWN, complaints=(complaint("crm:7", call_ids=()),))
    assert of_agents(told, OWNERS, ("A", "B")).complaints == ()
    assert len(of_agents(told, OWNERS, ("A", "B"), everybody=True).complaints) == 1


def test_a_chain_whose_first_call_is_not_in_the_report_is_left_out() -> None:
    assert of_agents(KNOWN, {"b1": "B"}, ("A", "B"), everybody=True).redials == ()


def test_both_agents_of_a_chain_are_near_it() -> None:
    near = near_agents(KNOWN, OWNERS)
    assert BACK in near["B"].redials
    assert AGAIN in near["A"].repeats


def test_what_went_wrong_comes_first() -> None:
    no_apology = replace(BACK, apologised=False)
    known = replace(KNOWN, redials=(BACK, no_apology, redial("a2", "pending"), redial("b2", "missed")))
    assert [r.status for r in most_pressing(known, 9).redials] == ["missed", "called_back", "pending", "called_back"]
    assert most_pressing(known, 9).redials[1] == no_apology
    assert [c.status(LATER) for c in most_pressing(known, 9).complaints] == ["overdue", "closed"]


def view(known: FollowUps, **changes: object):
    shown = chains_view(known, 10, Places(OWNERS, {"b1": "../call-pages/b1.html"}, {}), EN)
    assert shown is not None
    return shown


def test_shares_show_numerator_denominator_interval_and_definition() -> None:
    figures = {f.label: f for f in view(KNOWN).figures}
    first = figures["First-call resolution"]
    assert first.value == "80.0 %"
    assert first.note == "8 of 10, between 49.0 % and 94.3 % (95 %, Wilson)"  # Wilson's interval of 8 of 10
    assert "did not call again" in first.definition
    back = figures["Called back after a cut-off"]
    assert (back.value, back.note[:6]) == ("50.0 %", "1 of 2")


def test_pending_and_unknown_cut_offs_are_in_no_share() -> None:
    known = replace(KNOWN, redials=(redial("a1", "pending"), redial("a2", "unknown")))
    back = view(known).figures[0]
    assert (back.value, back.share) == ("—", None)


def test_a_cell_of_a_call_with_a_page_leads_there() -> None:
    redials = next(t for t in view(KNOWN).tables if t.title.startswith("Cut off"))
    (missed, back) = redials.rows
    assert [c.text for c in missed.cells[1:]] == ["not called back", "—", "—", "—"]
    assert back.cells[-1].href == "../call-pages/b1.html"
    assert (back.cells[2].text, back.cells[3].text) == ("3 min 20 s", "yes")


@pytest.mark.parametrize(
    ("entry", "state", "by", "close"),
    [
        (complaint("b1"), "overdue", "—", "time is over"),
        (complaint("b1", closed_at=LATER - timedelta(days=8), closed_by="crm"), "closed", "by the CRM", "done 2026-11-18"),
        (complaint("b1", closed_at=LATER, closed_by="person", by="QA 7"), "closed", "by QA 7", "done late, 2026-11-26"),
    ],
    ids=["nobody", "the CRM in time", "a person late"],
)
def test_the_register_says_how_a_complaint_stands_and_who_closed_it(entry: Complaint, state: str, by: str, close: str) -> None:
    (table,) = [t for t in view(replace(KNOWN, complaints=(entry,))).tables if t.title.startswith("Complaint")]
    cells = table.rows[0].cells
    assert (cells[1].text, cells[4].text) == (state, by)
    assert cells[2].text == "2026-11-17 12:00"  # 24 h
    assert cells[3].text == "2026-11-19 12:00"  # 3 days
    assert cells[3].note.startswith(close)
    assert cells[3].note.endswith("8 h: 2026-11-16 20:00")


def test_calls_that_were_never_joined_are_said_to_be_so_and_give_no_figure() -> None:
    shown = view(FollowUps())
    assert (shown.figures, shown.tables) == ((), ())
    assert "not joined" in shown.note


def test_without_knowledge_across_calls_there_is_no_section() -> None:
    assert chains_view(None, 10, Places(), EN) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("status", ["called_back", "customer_called", "missed", "pending", "unknown"])
def test_a_call_that_was_cut_off_says_what_came_after(lang: str, status: str) -> None:
    known = replace(KNOWN, redials=(redial("a1", status, next_call_id="b1", after_s=200.0),), callbacks=())
    (row,) = around("a1", known, Places({}, {"b1": "b1.html"}, {}), load_messages(lang))  # type: ignore[arg-type]
    assert row.text
    assert row.href == "b1.html"


@pytest.mark.parametrize("status", ["kept", "late", "missed", "overtaken", "pending"])
def test_a_promise_says_what_became_of_it(status: str) -> None:
    known = FollowUps(callbacks=(replace(KNOWN.callbacks[0], status=status),), as_of=LATER)  # type: ignore[arg-type]
    assert len(around("a1", known, Places(), EN)) == 1
    assert "promised" in around("a2", known, Places(), EN)[0].text


def test_what_came_before_and_after_stands_in_order_of_time() -> None:
    known = replace(
        KNOWN, redials=(), callbacks=(), repeats=(AGAIN, Repeat("x", "b2", "138", "B", NOON - timedelta(days=1), 24))
    )
    texts = [row.text for row in around("b2", known, Places(), EN)]
    assert [t.split(",")[0] for t in texts] == [
        "The customer had called before",
        "Opened a complaint",
        "The customer called again",
    ]


def test_a_call_alone_has_nothing_around_it() -> None:
    assert around("zz", KNOWN, Places(), EN) == ()


class Joined(Shelf):
    """Calls at hand of which chains are known."""

    known: FollowUps | None = None

    def followups(self) -> FollowUps | None:  # type: ignore[override]
        return self.known


def write(folder: Path, known: FollowUps, *, only_changed: bool = False, at: datetime = GENERATED_AT) -> dict[str, Path]:
    shelf = folder / f"shelf-{at:%H%M%S}"
    shelf.mkdir(parents=True)
    calls = [call(i, agent_id=a, agent_name=None) for i, a in OWNERS.items()]
    source = Joined(shelf, calls)
    source.known = known
    settings = ReportSettings("en", at, False, BANDS)
    return dict(write_from(folder / "out", source, settings, only_changed=only_changed).scorecards)


def test_the_pages_of_agent_team_and_call_lead_to_each_other(tmp_path: Path) -> None:
    write(tmp_path, KNOWN)
    out = tmp_path / "out"
    for name in ("team.html", "scorecards/A.html", "scorecards/B.html", "call-pages/b1.html"):
        path = out / name
        for a in parse(path).all("a"):
            target = a["href"].partition("#")[0]
            assert not target or (path.parent / target).is_file(), a
    assert "Cut off and called back (2)" in parse(out / "team.html").text
    assert "The call before was cut off" in parse(out / "call-pages/b1.html").text


def test_a_page_is_written_again_when_its_chains_change_and_only_then(tmp_path: Path) -> None:
    write(tmp_path, KNOWN)
    moved = replace(KNOWN, as_of=LATER + timedelta(hours=1))
    assert write(tmp_path, moved, only_changed=True, at=GENERATED_AT + timedelta(seconds=1)) == {}
    closed = replace(KNOWN, complaints=(KNOWN.complaints[0], complaint("b2", closed_at=LATER, closed_by="crm")))
    assert set(write(tmp_path, closed, only_changed=True, at=GENERATED_AT + timedelta(seconds=2))) == {"B"}


def test_only_calls_whose_agents_are_written_get_pages() -> None:
    dealt = Chains(KNOWN, OWNERS, (), ())
    page = dealt.of_team(("A", "B"), everybody=True)
    assert (page.linked, places_of(page, EN, up="").addresses) == (frozenset(), {})


def test_nothing_known_across_calls_changes_no_fingerprint() -> None:
    assert chains_fingerprint(Chains(None, {}, (), ()).of_agent("A")) == b""

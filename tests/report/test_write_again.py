"""A report written again, and by several processes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from audit.report import ReportedCall, ReportSettings, write_from
from audit.report.shelf import Shelf
from tests.report.made_calls import BANDS, GENERATED_AT, call, write_recording
from tests.report.test_habits import archive

CALLS = [call(f"{a}{i}", agent_id=a, agent_name=None, day=2 + i, score=60.0 + i) for a in ("A", "B", "C") for i in range(2)]


def write(
    folder: Path, calls: list[ReportedCall], *, name: str = "out", n_workers: int = 1, later_s: int = 0, **settings: object
) -> set[str]:
    """The agents whose pages were written."""
    shelf = folder / f"shelf-{name}-{later_s}"
    shelf.mkdir()
    asked = {"with_audio": False, "bands": BANDS} | settings
    how = ReportSettings("en", GENERATED_AT + timedelta(seconds=later_s), **asked)  # type: ignore[arg-type]
    found = write_from(folder / name, Shelf(shelf, calls), how, n_workers=n_workers, only_changed=later_s > 0)
    return set(found.scorecards)


def test_only_the_agent_with_a_new_call_gets_a_new_page(tmp_path: Path) -> None:
    assert write(tmp_path, CALLS) == {"A", "B", "C"}
    before = {n: (tmp_path / f"out/scorecards/{n}.html").read_bytes() for n in "ABC"}
    assert write(tmp_path, CALLS, later_s=1) == set()
    assert write(tmp_path, [*CALLS, call("B9", agent_id="B", agent_name=None, day=20)], later_s=2) == {"B"}
    after = {n: (tmp_path / f"out/scorecards/{n}.html").read_bytes() for n in "ABC"}
    assert [n for n in "ABC" if before[n] != after[n]] == ["B"]


@pytest.mark.parametrize(
    ("calls", "settings"),
    [
        ([call(f"{c.record.call_id}", agent_id=c.record.metadata.agent_id, agent_name=None, score=90.0) for c in CALLS], {}),
        (CALLS, {"colleagues": False}),
    ],
    ids=["other verdicts", "other options"],
)
def test_a_page_is_made_anew_when_what_it_says_could_be_other(tmp_path: Path, calls, settings) -> None:
    write(tmp_path, CALLS)
    assert write(tmp_path, calls, later_s=1, **settings) == {"A", "B", "C"}


@pytest.mark.parametrize("gone", ["scorecards/B.html", "scorecards/B.json", "call-pages/B1.html"])
def test_a_page_or_a_file_of_its_own_that_is_gone_is_made_again(tmp_path: Path, gone: str) -> None:
    write(tmp_path, CALLS)
    (tmp_path / "out" / gone).unlink()
    assert write(tmp_path, CALLS, later_s=1) == {"B"}
    assert (tmp_path / "out" / gone).is_file()


def test_habits_keep_their_calls_when_a_page_stands_and_are_read_again_when_words_change(tmp_path: Path) -> None:
    spoken = archive({"A": "说到底呢，{}"}, n_calls=10, often=0.9)
    write(tmp_path, spoken)
    heard = sorted((tmp_path / "out" / "call-pages").glob("A*.html"))
    assert write(tmp_path, spoken, later_s=1) == set()
    assert sorted((tmp_path / "out" / "call-pages").glob("A*.html")) == heard
    other = archive({"A": "归根结底，{}"}, n_calls=10, often=0.9)
    anew = [o if o.record.call_id == "A0" else s for s, o in zip(spoken, other, strict=True)]
    assert write(tmp_path, anew, later_s=2) == {"A"}
    page = (tmp_path / "out/scorecards/A.html").read_text("utf-8")
    assert "“说到底呢”" in page


def test_a_recording_that_has_gone_takes_its_clips_along(tmp_path: Path) -> None:
    recording = tmp_path / "a.wav"
    heard = [call("A0", str(recording), write_recording(recording), agent_id="A")]
    write(tmp_path, heard, with_audio=True)
    recording.unlink()
    assert write(tmp_path, heard, later_s=1, with_audio=True) == {"A"}
    assert "data:audio" not in (tmp_path / "out/scorecards/A.html").read_text("utf-8")


def test_several_processes_write_what_one_writes(tmp_path: Path) -> None:
    write(tmp_path, CALLS, name="one")
    assert write(tmp_path, CALLS, name="two", n_workers=2) == {"A", "B", "C"}
    one, two = ({p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in ("one", "two"))
    assert one.keys() == two.keys()
    assert [p for p in one if one[p] != two[p]] == []


# --- pages of calls that no scorecard shows any more -----------------------------------------------
def call_pages(folder: Path) -> set[str]:
    return {p.name for p in (folder / "out" / "call-pages").iterdir()}


def test_the_page_of_a_call_that_is_shown_no_more_goes_and_nothing_else_does(tmp_path: Path) -> None:
    write(tmp_path, CALLS)
    pages = tmp_path / "out" / "call-pages"
    assert call_pages(tmp_path) == {f"{a}{i}.html" for a in "ABC" for i in range(2)}
    (pages / "B1.html").rename(pages / "B1.html.part")  # as a process that was killed leaves it
    mine = {"notes.html": "<p>mine</p>", "B0.html.bak": (pages / "B0.html").read_text("utf-8"), "B7.txt": "x"}
    for name, text in mine.items():
        (pages / name).write_text(text, "utf-8")
    (tmp_path / "out/scorecards/B.html").unlink()
    write(tmp_path, [c for c in CALLS if c.record.call_id[0] != "B"], later_s=1)
    assert call_pages(tmp_path) == {"A0.html", "A1.html", "C0.html", "C1.html", *mine}


def test_what_a_scorecard_that_was_not_written_anew_links_to_stays(tmp_path: Path) -> None:
    write(tmp_path, CALLS)
    before = call_pages(tmp_path)
    write(tmp_path, CALLS[:2], later_s=1)
    assert (tmp_path / "out/scorecards/B.html").is_file()
    assert call_pages(tmp_path) == before


def test_a_page_that_stands_as_it_is_keeps_its_calls(tmp_path: Path) -> None:
    write(tmp_path, CALLS)
    before = call_pages(tmp_path)
    assert write(tmp_path, CALLS, later_s=1) == set()
    assert call_pages(tmp_path) == before


def test_a_call_whose_name_is_written_in_other_signs_in_a_link_keeps_its_page(tmp_path: Path) -> None:
    call_id = "通话 1/2"
    write(tmp_path, [call(call_id, agent_id="A", agent_name=None, score=50.0), *CALLS[2:]])
    before = call_pages(tmp_path)
    write(tmp_path, CALLS[2:], later_s=1)
    assert call_pages(tmp_path) == before, "linked by a scorecard that stands there still"

"""Finding recordings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.archive import ShareSilent
from audit.errors import UsageError
from audit.ingest import discover
from tests.shares import dead


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_recordings_are_found_at_every_depth_in_order_whatever_the_case(tmp_path: Path) -> None:
    b = touch(tmp_path / "b.WAV")
    a = touch(tmp_path / "a" / "deep" / "z.Mp3")
    touch(tmp_path / "a" / "notes.txt")
    assert discover([tmp_path]).recordings == (a, b)


def test_hidden_files_and_earlier_results_are_left_out(tmp_path: Path) -> None:
    call = touch(tmp_path / "call.wav")
    touch(tmp_path / ".trash" / "old.wav")
    touch(tmp_path / "._call.wav")
    touch(tmp_path / "out" / "callaudit.db")
    touch(tmp_path / "out" / "clips" / "clip.mp3")
    assert discover([tmp_path]).recordings == (call,)


def test_a_folder_given_by_name_is_searched_even_where_results_lie_in_it(tmp_path: Path) -> None:
    touch(tmp_path / "callaudit.db")
    call = touch(tmp_path / "call.wav")
    assert discover([tmp_path]).recordings == (call,)


def test_a_file_given_by_name_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    odd = touch(tmp_path / ".recording.dat")
    assert discover([odd]).recordings == (odd,)


def test_a_file_reached_by_two_ways_counts_once(tmp_path: Path) -> None:
    call = touch(tmp_path / "a" / "call.wav")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert discover([tmp_path, call, call.parent]).recordings == (call,)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    call = touch(tmp_path / "a" / "call.wav")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert len(discover([tmp_path]).recordings) == 1
    assert discover([tmp_path]).recordings[0].resolve() == call


def test_a_link_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    touch(tmp_path / "call.wav")
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    found = discover([tmp_path])
    assert len(found.recordings) == 1
    assert "gone.wav" in found.problems[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path) -> None:
    touch(tmp_path / "call.wav")
    (tmp_path / "closed").mkdir(mode=0)
    assert "closed" in discover([tmp_path]).problems[0]


def test_a_missing_path_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        discover([tmp_path / "nowhere"])


def test_finding_nothing_is_wrong_usage_and_names_what_was_looked_for(tmp_path: Path) -> None:
    touch(tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="no recordings found") as caught:
        discover([tmp_path])
    assert ".wav" in str(caught.value.hint)
    assert "1 other files" in caught.value.message


def test_a_share_that_does_not_answer_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    call = touch(tmp_path / "here" / "call.wav")
    with dead(tmp_path / "share") as share:
        found = discover([tmp_path / "here", share / "calls"], silence_s=0.3)
    assert found.recordings == (call,)
    assert found.problems == (f"{share / 'calls'}: its file system does not answer; its recordings wait for the next run",)


def test_where_no_share_answers_the_error_says_so(tmp_path: Path) -> None:
    with dead(tmp_path / "share") as share, pytest.raises(ShareSilent, match="does not answer"):
        discover([share], silence_s=0.3)

"""A share that does not answer holds nobody up for ever."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from audit.archive import Shares, ShareSilent, answered, answers, mount_of
from audit.archive import answering as module
from tests.shares import dead


def test_an_answer_and_an_error_come_through() -> None:
    assert answered(lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        answered(Path("/no/such/file").stat)


def test_who_gets_on_is_waited_for_and_who_does_not_is_left() -> None:
    steps = 0

    def slow() -> str:
        nonlocal steps
        for _ in range(6):
            time.sleep(0.05)
            steps += 1
        return "done"

    assert answered(slow, moved=lambda: steps, silence_s=0.2) == "done"
    for_ever = threading.Event()
    with pytest.raises(ShareSilent, match="/mnt/calls") as caught:
        answered(for_ever.wait, "/mnt/calls", silence_s=0.1)
    for_ever.set()
    assert "same command" in (caught.value.hint or "")


def test_who_asks_to_stop_does_not_wait_for_a_share() -> None:
    for_ever = threading.Event()
    began = time.monotonic()
    with pytest.raises(ShareSilent):
        answered(for_ever.wait, give_up=lambda: True, silence_s=60)
    for_ever.set()
    assert time.monotonic() - began < 30


def test_a_dead_share_is_told_from_a_live_one(tmp_path: Path) -> None:
    with dead(tmp_path / "share") as share:
        assert mount_of(share / "a" / "b.wav") == str(share)
        assert not answers(share / "a.wav", within_s=0.3)
        assert answers(tmp_path / "nothing there")


def test_files_of_a_dead_share_are_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROBE_S", 0.3)
    here = tmp_path / "here.wav"
    here.touch()
    with dead(tmp_path / "share") as share:
        shares = Shares(silence_s=0.3)
        paths = [here, share / "a.wav", share / "b.wav"]
        assert shares.ask(paths, lambda some: [p.exists() for p in some]) == [True]
        assert shares.ask(paths[1:], lambda some: [p.exists() for p in some]) is None
        assert shares.problems == (f"{share}: its file system does not answer; 4 recordings below it were not looked at",)

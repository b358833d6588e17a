"""The engine: which windows go together, how much of them is encoded, and when a search is given up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.segments import Segment
from audit.transcript.engine import batches, choose_instructions, encoded_s, most_tokens
from audit.transcript.packing import Window, pack

AVX512 = "flags\t\t: fpu avx2 avx512f avx512dq avx512cd avx512bw avx512vl\n"


def window(duration_s: float) -> Window:
    """A window of so much sound, the padding on both sides included."""
    (packed,) = pack([Segment(1, 1 + duration_s - 0.3)], duration_s=100, quietest=lambda a, b: (a + b) / 2)
    return packed


def test_windows_of_like_length_are_decoded_together() -> None:
    windows = [window(s) for s in (3, 18, 4, 19, 5)]
    assert list(batches(windows, 2)) == [[3, 1], [4, 2], [0]]


def test_every_window_is_decoded_once() -> None:
    windows = [window(1 + i % 7) for i in range(20)]
    assert sorted(i for batch in batches(windows, 8) for i in batch) == list(range(20))


def test_silence_follows_the_longest_window_of_a_batch() -> None:
    assert encoded_s([window(3), window(12.5)]) >= 12.5 + 2


@pytest.mark.parametrize("seconds", [1, 5, 20])
def test_a_search_goes_on_for_more_than_anyone_can_say(seconds: int) -> None:
    """Text of more than 12 characters a second is doubted; the most common of 12 characters take one token."""
    assert most_tokens([window(seconds)]) > 12 * seconds


@pytest.mark.parametrize(
    ("cpuinfo", "chosen"),
    [
        pytest.param(AVX512, "AVX512", id="a processor with AVX-512"),
        pytest.param("flags\t\t: fpu avx2 avx512f\n", None, id="a part of AVX-512 only"),
        pytest.param("", None, id="nothing known"),
    ],
)
def test_the_widest_instructions_are_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str, chosen: str | None
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.delenv("CT2_FORCE_CPU_ISA", raising=False)
    (tmp_path / "cpuinfo").write_text(cpuinfo)

    choose_instructions(tmp_path / "cpuinfo")
    assert os.environ.pop("CT2_FORCE_CPU_ISA", None) == chosen


def test_what_the_user_chose_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("CT2_FORCE_CPU_ISA", "AVX2")
    (tmp_path / "cpuinfo").write_text(AVX512)
    choose_instructions(tmp_path / "cpuinfo")

    assert os.environ["CT2_FORCE_CPU_ISA"] == "AVX2"


def test_a_system_that_does_not_tell_chooses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CT2_FORCE_CPU_ISA", raising=False)
    choose_instructions(tmp_path / "none")

    assert "CT2_FORCE_CPU_ISA" not in os.environ

"""Which stretches are cut, and what happens when a page is full."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.archive import answers
from audit.records import Recording
from audit.report import clips as module
from audit.report import sounds as sounds_module
from audit.report.clips import CLIP_MARGIN_S, MAX_CLIP_S, Wanted, cut_page, mix_legs, plan_clips, with_audio
from audit.report.sound import hear_call
from audit.report.sounds import N_BINS, taking
from tests.report.made_calls import write_recording
from tests.shares import dead


def recording(path: Path, sha256: str, duration_s: float = 100.0) -> Recording:
    return Recording(str(path), sha256, duration_s, 8000, 2, "stereo")


@pytest.fixture
def made(tmp_path: Path) -> Recording:
    path = tmp_path / "a.wav"
    return recording(path, write_recording(path))


@pytest.mark.parametrize(
    ("wanted", "clips"),
    [
        ([(10, 11)], [(8, 13)]),
        ([(0.5, 1)], [(0, 3)]),
        ([(98, 99.5)], [(96, 100)]),
        ([(10, 60)], [(8, 28)]),
        ([(10, 11), (10, 11)], [(8, 13)]),
        ([(10, 11), (11, 12)], [(8, 14)]),
        ([(10, 11), (50, 51)], [(8, 13), (48, 53)]),
        ([(10, 11), (12, 13)], [(8, 13), (10, 15)]),
        ([(10, 24), (10.5, 27)], [(8, 26), (8.5, 28.5)]),
        ([(120, 121)], []),
    ],
    ids=["margins", "start", "end", "capped", "same", "merged", "apart", "overlapping", "too long to merge", "after the end"],
)
def test_clips_have_margins_and_stay_short(wanted: list[tuple[float, float]], clips: list[tuple[float, float]]) -> None:
    planned = plan_clips([Wanted(*w) for w in wanted], 100.0)
    assert [(p.segment.start_s, p.segment.end_s) for p in planned] == clips
    assert all(p.segment.duration_s <= MAX_CLIP_S for p in planned)


@pytest.mark.parametrize("seed", range(5))
def test_every_place_begins_inside_its_clip_after_its_lead_in(made: Recording, seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0, 95, 12)
    wanted = [Wanted(float(s), float(s + rng.uniform(0.2, 5))) for s in starts]
    (clips,) = cut_page([(made, wanted)])
    for w in wanted:
        heard = clips.heard[(w.start_s, w.end_s)]
        begins_s = heard.clip.segment.start_s + heard.offset_s
        assert begins_s == pytest.approx(max(0.0, w.start_s - CLIP_MARGIN_S))
        assert heard.clip.segment.contains(w.start_s)
        assert heard.complete == (heard.clip.segment.end_s >= w.end_s)


def test_clips_of_a_sound_that_was_taken_already_last_as_long_as_those_encoded_alone(made: Recording) -> None:
    wanted = [Wanted(10.0, 11.0), Wanted(40.0, 41.0), Wanted(98.0, 99.5)]
    with taking([made]) as sounds:
        (clips,) = cut_page([(made, wanted)], sounds=sounds)
    (alone,) = cut_page([(made, wanted)])
    assert [h.clip.segment for h in clips.heard.values()] == [h.clip.segment for h in alone.heard.values()]
    for mine, theirs in zip(clips.heard.values(), alone.heard.values(), strict=True):
        assert len(mine.clip.data_uri) == pytest.approx(len(theirs.clip.data_uri), abs=4 * 144 * 4 / 3)


def test_a_recording_is_encoded_once_for_all_its_pages(made: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    n_opened = 0

    def counted(recording: Recording, make: Any) -> Any:
        nonlocal n_opened
        n_opened += 1
        return with_audio(recording, make)

    monkeypatch.setattr(sounds_module, "with_audio", counted)
    monkeypatch.setattr(module, "with_audio", counted)
    wanted = [Wanted(10.0, 11.0), Wanted(40.0, 41.0)]
    with taking([made, made], n_threads=2) as sounds:
        (clips,) = cut_page([(made, wanted)], sounds=sounds)
        sheet = hear_call(made, wanted, n_bins=N_BINS, sounds=sounds)
    assert n_opened == 1
    assert len(clips.heard) == 2 and sheet.is_whole


def test_sound_beyond_what_is_kept_is_encoded_when_its_page_comes(made: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds_module, "MAX_KEPT_BYTES", 1000)
    with taking([made]) as sounds:
        assert sounds.of(made) is None
        assert cut_page([(made, [Wanted(10.0, 11.0)])], sounds=sounds)[0].heard


def test_why_a_recording_could_not_be_taken_is_told_on_each_page(tmp_path: Path) -> None:
    gone = recording(tmp_path / "b.wav", "0" * 64)
    with taking([gone]) as sounds:
        (clips,) = cut_page([(gone, [Wanted(1.0, 2.0)])], sounds=sounds)
        assert (clips.unavailable, hear_call(gone, (), n_bins=N_BINS, sounds=sounds).clips.unavailable) == ("gone", "gone")


def test_a_wait_longer_than_a_clip_is_told_to_be_cut_short(made: Recording) -> None:
    (clips,) = cut_page([(made, [Wanted(10.0, 50.0)])])
    assert not clips.heard[(10.0, 50.0)].complete


def test_a_full_page_keeps_the_most_pressing_clips_and_counts_the_others(made: Recording) -> None:
    wanted = [Wanted(10.0, 11.0, (1.0,)), Wanted(40.0, 41.0, (0.0,)), Wanted(70.0, 71.0, (2.0,))]
    (alone,) = cut_page([(made, wanted[1:2])])
    size = len(alone.heard[(40.0, 41.0)].clip.data_uri)
    (clips,) = cut_page([(made, wanted)], max_bytes=size + 10)
    assert list(clips.heard) == [(40.0, 41.0)]
    assert clips.n_left_out == 2


@pytest.mark.parametrize("reason", ["gone", "changed"])
def test_a_recording_that_is_not_the_audited_one_gives_no_clip(made: Recording, tmp_path: Path, reason: str) -> None:
    other = recording(tmp_path / "b.wav" if reason == "gone" else Path(made.path), "0" * 64)
    first, second = cut_page([(other, [Wanted(1.0, 2.0)]), (made, [Wanted(1.0, 2.0)])])
    assert (first.unavailable, dict(first.heard)) == (reason, {})
    assert second.heard


def test_a_file_that_no_longer_decodes_says_why(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "a.wav"
    path.write_bytes(b"this is a text")
    (clips,) = cut_page([(recording(path, hashlib.sha256(path.read_bytes()).hexdigest()), [Wanted(1.0, 2.0)])])
    assert clips.unavailable not in (None, "gone", "changed")


def test_both_legs_are_heard_and_never_clip() -> None:
    legs = np.array([[0.8, 0.0, 0.1], [0.8, 0.5, 0.0]], np.float32)
    mixed = mix_legs(legs, "stereo")
    assert mixed == pytest.approx(np.array([1.6, 0.5, 0.1]) / 1.6)
    assert mix_legs(legs[:, 1:], "stereo") == pytest.approx([0.5, 0.1])
    assert mix_legs(legs, "dual_mono") == pytest.approx(legs[0])


def test_a_recording_on_a_share_that_does_not_answer_holds_no_page_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "answers", partial(answers, within_s=0.3))
    with dead(tmp_path / "share") as share:
        (clips,) = cut_page([(recording(share / "a.wav", "0" * 64), [Wanted(10, 11)])])
    assert clips.unavailable == f"{share / 'a.wav'}: its file system does not answer"

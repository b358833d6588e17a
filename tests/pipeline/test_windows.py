"""A long call seen through windows is heard as it is heard whole, and its samples need no memory of its length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from audit.audio import Audio, SampleStore, read_audio
from audit.pipeline.hearing import Heard, hear
from audit.pipeline.windows import Window, joined, windows
from audit.segments import Segment, intersection, total_s, union
from tests.conftest import ROOT
from tests.signals import at_level, noise

RATE_HZ = 8000


def in_memory(legs: np.ndarray, *, memory_limit_bytes: int = 1 << 30) -> Audio:
    store = SampleStore(len(legs), memory_limit_bytes=memory_limit_bytes)
    for block in np.array_split(legs.astype(np.float32), 7, axis=1):
        store.append(block)
    return Audio(store, RATE_HZ, RATE_HZ, len(legs), legs.shape[1] / RATE_HZ, None, "pcm_s16le", "wav")


# --- the cutting ----------------------------------------------------------------------------------
@pytest.mark.parametrize("duration_s", [0.0, 0.03, 1200.0, 1200.5, 3599.9, 21600.0])
def test_windows_lie_end_to_end_and_see_beyond_their_own_time(duration_s):
    parts = windows(duration_s)
    assert sum(w.own.duration_s for w in parts) == pytest.approx(duration_s)
    for a, b in pairwise(parts):
        assert a.own.end_s == b.own.start_s
        assert a.seen.end_s > a.own.end_s
        assert b.seen.start_s < b.own.start_s
    assert max((w.seen.duration_s for w in parts), default=0) <= 1200.0


def test_what_a_seam_cuts_is_one_again():
    first, second = Window(Segment(0, 10), Segment(0, 12)), Window(Segment(10, 20), Segment(8, 20))
    kept = joined([first.back([Segment(3, 4), Segment(9, 11.5)]), second.back([Segment(1, 3.5), Segment(6, 7)])])
    assert kept == (Segment(3, 4), Segment(9, 11.5), Segment(14, 15))


def test_a_window_is_told_of_what_lies_in_its_sight_in_its_own_clock():
    assert Window(Segment(10, 20), Segment(8, 22)).into([Segment(0, 9), Segment(21, 30), Segment(30, 31)]) == (
        Segment(0, 1),
        Segment(13, 14),
    )


# --- samples on disk ------------------------------------------------------------------------------
def test_samples_on_disk_read_as_those_in_memory():
    legs = np.stack([noise(9.0, -20.0, 1), noise(9.0, -30.0, 2)])
    near, far = in_memory(legs), in_memory(legs, memory_limit_bytes=100_000)
    assert near.store.in_memory
    assert not far.store.in_memory
    for start_s, end_s in ((0.0, 9.0), (2.5, 2.6), (8.9, 12.0), (9.5, 10.0)):
        assert np.array_equal(near.read(start_s, end_s), far.read(start_s, end_s))
    assert np.array_equal(near.samples, legs)


def test_no_room_on_disk_names_the_folder_and_the_way_out(monkeypatch):
    from audit.audio import store
    from audit.errors import UnreadableRecording

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "MEMORY_LIMIT_BYTES", 0)
    monkeypatch.setattr(store.tempfile, "TemporaryFile", full)
    with pytest.raises(UnreadableRecording, match="No space left") as caught:
        read_audio(ROOT / "samples" / "zh-01.mp3")
    assert "TMPDIR" in (caught.value.hint or "")


# --- the hearing ----------------------------------------------------------------------------------
def agreement(a: tuple[Segment, ...], b: tuple[Segment, ...]) -> float:
    together = total_s(union([*a, *b]))
    return total_s(intersection(a, b)) / together if together else 1.0


@pytest.fixture(scope="module")
def long_call() -> np.ndarray:
    """Stereo sample calls one after the other: five minutes of talk, holds and silences, with line noise."""
    parts = [read_audio(p) for p in sorted((ROOT / "samples").glob("zh-0*.*")) if p.suffix in (".mp3", ".opus")]
    legs = np.concatenate([p.samples for p in parts if p.n_channels == 2 and p.sample_rate_hz == RATE_HZ], axis=1)
    while legs.shape[1] < 300 * RATE_HZ:
        legs = np.concatenate([legs, legs], axis=1)
    hiss = at_level(np.random.default_rng(3).standard_normal(legs.shape), -65.0)
    return np.asarray(legs + hiss, np.float32)[:, : 300 * RATE_HZ]


@pytest.fixture(scope="module")
def heard(long_call) -> tuple[Heard, Heard]:
    audio = in_memory(long_call)
    return hear(audio), hear(audio, parts=windows(audio.duration_s, whole_s=100.0, window_s=45.0))


def test_windows_find_the_same_tones(heard):
    whole, pieces = heard
    assert len(whole.tones) > 5
    assert [(t.kind, t.channel) for t in pieces.tones] == [(t.kind, t.channel) for t in whole.tones]
    assert [t.start_s for t in pieces.tones] == pytest.approx([t.start_s for t in whole.tones], abs=0.02)


def test_windows_find_the_same_holds(heard):
    whole, pieces = heard
    assert len(whole.holds) >= 2  # a seam at 43 s cuts the first
    assert [h.channel for h in pieces.holds] == [h.channel for h in whole.holds]
    for edge in ("start_s", "end_s"):
        ours, theirs = ([getattr(h.hold, edge) for h in x.holds] for x in (pieces, whole))
        assert ours == pytest.approx(theirs, abs=0.3)


def test_windows_find_the_same_speech(heard):
    whole, pieces = heard
    for one, other in zip(whole.speech, pieces.speech, strict=True):
        assert total_s(one) > 60
        assert agreement(one, other) > 0.97

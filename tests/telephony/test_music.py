from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audit.audio import read_audio
from audit.segments import Segment
from audit.telephony.music import find_music
from tests import signals

RATE_HZ = 8000


def leg_with(tune: np.ndarray, *, noise_dbfs: float = -58, lead_s: float = 10.0) -> np.ndarray:
    """A voice, half a second of line noise, the tune from 10.5 s on, half a second of noise, a voice."""
    end_s = lead_s + 0.5 + len(tune) / RATE_HZ
    leg = signals.silence(end_s + 10)
    signals.place(leg, signals.speechlike(lead_s - 1, -22, 4, 180).samples, 0.5)
    signals.place(leg, tune, lead_s + 0.5)
    signals.place(leg, signals.speechlike(8, -22, 5, 120).samples, end_s + 0.5)
    return leg + signals.noise(len(leg) / RATE_HZ, noise_dbfs, 6)[: len(leg)]


@pytest.mark.parametrize("level_dbfs", [-34, -18], ids=lambda v: f"{v} dBFS")
def test_music_between_two_voices_is_found_with_its_edges(level_dbfs: float) -> None:
    (found,) = find_music(leg_with(signals.music(14, level_dbfs, 2)), RATE_HZ)
    assert found.start_s == pytest.approx(10.5, abs=0.3)
    assert found.end_s == pytest.approx(24.5, abs=0.3)


def test_a_higher_sample_rate_finds_the_same() -> None:
    leg = leg_with(signals.music(14, -24, 2))
    (found,) = find_music(np.repeat(leg, 2), 2 * RATE_HZ)
    assert found.start_s == pytest.approx(10.5, abs=0.3)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("pitch_hz", [100, 210])
def test_a_voice_is_no_music(seed: int, pitch_hz: int) -> None:
    leg = signals.speechlike(30, -22, 40 + seed, pitch_hz).samples
    assert find_music(leg + signals.noise(30, -58, seed)[: len(leg)], RATE_HZ) == ()


@pytest.mark.parametrize("make", [lambda: signals.noise(20, -30, 1), lambda: signals.noise(20, -60, 2)], ids=["loud", "soft"])
def test_noise_is_no_music(make: Callable[[], np.ndarray]) -> None:
    assert find_music(make(), RATE_HZ) == ()


def test_digital_silence_is_no_music() -> None:
    assert find_music(signals.silence(20), RATE_HZ) == ()


def test_music_with_a_rest_is_one_stretch() -> None:
    tune = signals.join([signals.music(10, -24, 3), signals.silence(2), signals.music(10, -24, 3)])
    assert len(find_music(leg_with(tune), RATE_HZ)) == 1


def test_what_comes_before_a_moment_does_not_count() -> None:
    leg = signals.music(20, -24, 3) + signals.noise(20, -58, 1)
    (found,) = find_music(leg, RATE_HZ, since_s=8.0)
    assert 8.0 <= found.start_s < 9.0


def test_tones_are_left_out() -> None:
    made = signals.cadence([450], (1.0, 4.0), 31, -18)
    assert find_music(made.samples, RATE_HZ, tones=made.segments) == ()


def test_shorter_music_is_left_out() -> None:
    leg = leg_with(signals.music(7, -24, 2))
    assert find_music(leg, RATE_HZ, min_s=8.0) == ()
    assert len(find_music(leg, RATE_HZ, min_s=6.0)) == 1


@pytest.mark.parametrize("shape", [(2, 100)], ids=["two legs"])
def test_a_leg_has_one_dimension(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        find_music(np.zeros(shape, np.float32), RATE_HZ)


@pytest.mark.shared
@pytest.mark.parametrize("track", ["macroform-cold_day.wav", "manolo_camp-morning_coffee.wav"])
@pytest.mark.parametrize("begin_s", [20])
def test_a_real_track_is_found_whole(shared_dir: Path, track: str, begin_s: int) -> None:
    tune = read_audio(shared_dir / "data/music" / track).samples[0]
    piece = signals.at_level(tune[begin_s * RATE_HZ : (begin_s + 25) * RATE_HZ], -24)
    (found,) = find_music(leg_with(piece), RATE_HZ)
    covered = min(found.end_s, 35.5) - max(found.start_s, 10.5)
    assert covered > 23.0
    assert Segment(9.5, 36.5).contains(found.start_s)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["noise1.wav", "noise2.wav"])
def test_real_noise_is_no_music(shared_dir: Path, name: str) -> None:
    audio = read_audio(shared_dir / "data/noise" / name)
    assert find_music(audio.samples[0], audio.sample_rate_hz) == ()


@pytest.mark.parametrize("speck_dbfs", [-50.0, -25.0], ids=["faint", "as loud"])
def test_a_faint_speck_after_the_music_is_not_its_end(speck_dbfs: float) -> None:
    leg = leg_with(signals.music(20, -25, 1))
    music_s = find_music(leg, 8000)[-1].end_s
    signals.place(leg, signals.noise(1, speck_dbfs, 9)[:640], music_s + 0.35)
    end_s = find_music(leg, 8000)[-1].end_s
    assert end_s == pytest.approx(music_s, abs=0.05) or speck_dbfs > -30

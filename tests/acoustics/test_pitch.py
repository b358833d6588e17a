"""Pitch, against waveforms whose fundamental is set."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from audit.acoustics import measure_pitch, pitch_of, pitch_pieces, pitch_track
from audit.segments import Segment, total_s
from tests.signals import Samples, at_level, join, noise, silence, speechlike

FOUR_S = [Segment(0, 4)]


def harmonics(f0_hz: float | NDArray[np.float64], seconds: float, rate: int = 8000) -> Samples:
    """A buzz: harmonics falling by 6 dB an octave, of a constant or changing fundamental."""
    f0 = np.broadcast_to(np.asarray(f0_hz, float), round(seconds * rate))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    x = sum((np.where(k * f0 < 0.45 * rate, np.sin(k * phase) / k, 0) for k in range(1, 45)), np.zeros(len(f0)))
    return at_level(x, -22)


@pytest.mark.parametrize("rate", [8000, 16000], ids=["8 kHz", "16 kHz"])
@pytest.mark.parametrize("f0_hz", [75, 100, 130, 180, 240, 320, 420], ids=lambda f: f"{f} Hz")
def test_a_steady_voice_has_its_fundamental_and_no_spread(f0_hz: int, rate: int) -> None:
    found = measure_pitch(harmonics(f0_hz, 4, rate), rate, FOUR_S)
    assert found.f0_median_hz == pytest.approx(f0_hz, rel=0.01)
    assert found.f0_sd_semitones == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("f0_hz", [90, 120, 200, 280], ids=lambda f: f"{f} Hz")
def test_a_line_without_lows_does_not_shift_the_octave(f0_hz: int) -> None:
    telephone = sosfilt(butter(4, 300, "highpass", fs=8000, output="sos"), harmonics(f0_hz, 4)).astype(np.float32)
    assert measure_pitch(telephone + noise(4, -55, 1), 8000, FOUR_S).f0_median_hz == pytest.approx(f0_hz, rel=0.01)


@pytest.mark.parametrize("rate", [8000, 16000, 44100], ids=["8 kHz", "16 kHz", "44.1 kHz"])
@pytest.mark.parametrize("f0_hz", [68, 101, 133.3, 207, 390], ids=lambda f: f"{f} Hz")
def test_a_train_of_pulses_has_the_rate_of_its_pulses(f0_hz: float, rate: int) -> None:
    """Glottal pulses through one formant at 500 Hz, in the telephone band."""
    x = np.zeros(4 * rate)
    x[np.round(np.arange(0, 4, 1 / f0_hz) * rate).astype(int)[:-1]] = 1
    voice = sosfilt(butter(1, [400, 600], "bandpass", fs=rate, output="sos"), x)
    voice = sosfilt(butter(3, [300, 3400], "bandpass", fs=rate, output="sos"), voice)
    found = measure_pitch(at_level(voice, -22), rate, FOUR_S)
    assert found.f0_median_hz == pytest.approx(f0_hz, rel=0.01)
    assert found.f0_sd_semitones == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("snr_db", [20, 14], ids=lambda v: f"{v} dB over the noise")
def test_noise_on_the_line_does_not_shift_the_octave(snr_db: int) -> None:
    """130 Hz has its period between two samples, 260 Hz below it does not."""
    telephone = at_level(sosfilt(butter(4, 300, "highpass", fs=8000, output="sos"), harmonics(130, 4)), -22)
    assert measure_pitch(telephone + noise(4, -22 - snr_db, 5), 8000, FOUR_S).f0_median_hz == pytest.approx(130, rel=0.01)


@pytest.mark.parametrize("octaves", [0.25, 0.5, 0.8], ids=lambda v: f"{v} octaves")
def test_the_spread_of_a_glide_is_its_width_over_root_twelve(octaves: float) -> None:
    """A glide even in semitones is a uniform distribution, whose standard deviation is width / sqrt(12)."""
    glide = 180 * 2 ** np.linspace(-octaves / 2, octaves / 2, 32000)
    found = measure_pitch(harmonics(glide, 4), 8000, FOUR_S)
    assert found.f0_median_hz == pytest.approx(180, rel=0.01)
    assert found.f0_sd_semitones == pytest.approx(12 * octaves / np.sqrt(12), abs=0.2)


@pytest.mark.parametrize("f0_hz", [110, 220], ids=["low voice", "high voice"])
def test_a_voice_of_syllables_keeps_its_octave(f0_hz: int) -> None:
    """Made speech has phrases within 0.9-1.15 and syllables within 0.8-1.3 of the nominal fundamental."""
    made = speechlike(20, -24, 2, f0_hz)
    found = measure_pitch(made.samples + noise(20, -55, 3), 8000, made.segments)
    assert found.f0_median_hz is not None
    assert 0.85 * f0_hz < found.f0_median_hz < 1.35 * f0_hz
    assert found.f0_sd_semitones is not None
    assert 0.5 < found.f0_sd_semitones < 4


def test_only_the_speech_given_is_heard() -> None:
    leg = join([harmonics(120, 4), harmonics(250, 4)])
    assert measure_pitch(leg, 8000, [Segment(4, 8)]).f0_median_hz == pytest.approx(250, rel=0.01)


def test_long_speech_is_sampled_over_its_whole_length() -> None:
    """Half of it at 120 and half at 180 Hz: the deviation is half of the interval between them."""
    leg = join([harmonics(120, 90), harmonics(180, 90)])
    found = measure_pitch(leg, 8000, [Segment(0, 180)])
    assert found.n_voiced_frames < 62 / 0.016
    assert found.f0_sd_semitones == pytest.approx(12 * np.log2(1.5) / 2, abs=0.3)
    assert measure_pitch(leg, 8000, [Segment(0, 180)]) == found


def test_reading_only_the_chosen_pieces_gives_the_same_pitch() -> None:
    made = speechlike(80, -24, 6, 150)
    leg = np.concatenate([made.samples, made.samples[::-1]])
    speech = [*made.segments, Segment(80.5, 159)]
    pieces = pitch_pieces(speech, 160)
    assert total_s(pieces) <= 60
    read = [leg[round(s.start_s * 8000) : round(s.end_s * 8000)].copy() for s in pieces]
    assert pitch_of(read, 8000) == measure_pitch(leg, 8000, speech)


def test_pieces_are_spread_over_speech_of_any_length() -> None:
    pieces = pitch_pieces([Segment(10, 11000), Segment(11001, 21600)], 21600)
    assert total_s(pieces) == pytest.approx(60, abs=1)
    gaps = np.diff([p.start_s for p in pieces])
    assert gaps.min() > 0.9 * 21590 / 60
    assert gaps.max() < 1.1 * 21590 / 60 + 2


def test_the_track_follows_a_glide_at_its_own_time() -> None:
    """From 120 to 240 Hz in four seconds, begun two seconds into the leg."""
    glide = 120 * 2 ** np.linspace(0, 1, 32000)
    times_s, f0_hz = pitch_track(join([silence(2), harmonics(glide, 4), silence(1)]), 8000, [Segment(2, 6)])
    assert len(times_s) > 0.9 * 4 / 0.016
    assert np.all(np.diff(times_s) > 0)
    assert f0_hz == pytest.approx(120 * 2 ** ((times_s - 2) / 4), rel=0.02)


def test_the_track_has_no_points_where_there_is_no_voice() -> None:
    leg = join([harmonics(150, 2), noise(2, -22, 7), harmonics(180, 2)])
    times_s, f0_hz = pitch_track(leg, 8000, [Segment(0, 2), Segment(2, 4), Segment(4, 6)])
    assert ((times_s < 2) | (times_s > 4)).all()
    assert {round(f) for f in f0_hz} == {150, 180}
    assert [len(v) for v in pitch_track(leg, 8000, [])] == [0, 0]


@pytest.mark.parametrize(
    ("leg", "speech"),
    [
        (silence(0), []),
        (silence(4), []),
        (silence(4), FOUR_S),
        (noise(4, -20, 4), FOUR_S),
        (harmonics(150, 0.2), [Segment(0, 0.2)]),
        (harmonics(150, 4), [Segment(1, 1.02)]),
        (harmonics(150, 4), [Segment(5, 6)]),
        (np.full(32000, 0.4, np.float32), FOUR_S),
    ],
    ids=["nothing", "no speech", "silence", "hiss", "0.2 s", "less than a frame", "speech past the end", "direct current"],
)
def test_what_has_no_pitch_gives_none(leg: Samples, speech: list[Segment]) -> None:
    found = measure_pitch(leg, 8000, speech)
    assert (found.f0_median_hz, found.f0_sd_semitones) == (None, None)
    assert found.n_voiced_frames < 40


def test_two_legs_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match="one leg"):
        measure_pitch(np.zeros((2, 8000), np.float32), 8000, [])

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from audit.audio import read_audio
from audit.records import Metadata, Tone
from audit.segments import Segment
from audit.telephony import find_tones, measure_ringing
from audit.telephony.answer import find_answer
from audit.telephony.before_answer import find_line_opening, find_music_before_answer, find_music_end, first_dialogue_s
from audit.telephony.ringing import Ringing
from tests import signals

RATE_HZ = 8000


def rung(ring_s: float, *, lead_s: float = 0.5, first_speech_s: float | None = None) -> tuple[list[Tone], Ringing]:
    """Chinese ringback of so many seconds, as bursts and as ringing."""
    tones = [
        Tone(lead_s + k * 5.0, lead_s + min(k * 5.0 + 1.0, ring_s), "ringback", 0, (450.0,))
        for k in range(int(ring_s // 5) + 1)
    ]
    ringing = measure_ringing(tones, first_speech_s=first_speech_s)
    assert ringing is not None
    return tones, ringing


def recorded(ring_s: float | None, *, whole_s: float | None = None, talk_s: float | None = None) -> Metadata:
    return Metadata("1", ring_s=ring_s, ring_tolerance_s=1.0, duration_s=whole_s, talk_s=talk_s, source="cdr")


# --- heard ----------------------------------------------------------------------------------------
def test_an_answer_that_cuts_a_ring_is_where_the_ring_stops() -> None:
    tones, ringing = rung(10.4)
    answer = find_answer(ringing, Metadata("1"), duration_s=60.0, tones=tones)
    assert answer.at_s == pytest.approx(10.9)
    assert answer.tolerance_s is not None
    assert answer.tolerance_s <= 0.05
    assert (answer.source, answer.recording_starts, answer.n_rings.value) == ("audio", "before_ringing", 3)


def test_an_answer_between_rings_lies_in_the_window_that_its_tolerance_spans() -> None:
    tones, ringing = rung(7.0, first_speech_s=8.5)
    answer = find_answer(ringing, Metadata("1"), duration_s=60.0, tones=tones, first_speech_s=8.5)
    assert answer.tolerance_s is not None
    assert answer.at_s - answer.tolerance_s == pytest.approx(6.5)
    assert answer.at_s + answer.tolerance_s == pytest.approx(8.5)


@pytest.mark.parametrize("channel", [0, 1])
@pytest.mark.parametrize("floor_dbfs", [None, -85.0], ids=["digital silence before", "faint noise before"])
def test_noise_that_sets_in_on_a_quiet_leg_is_the_answer(channel: int, floor_dbfs: float | None) -> None:
    legs = np.stack([signals.noise(12, -52, 1), signals.noise(12, -50, 2)])
    opened_s = 7.4
    before = signals.noise(opened_s, floor_dbfs, 3) if floor_dbfs else signals.silence(opened_s)
    legs[channel, : len(before)] = before
    ring = signals.cadence([450], (1.0, 4.0), 6.9, -20)
    signals.place(legs[0], ring.samples, 0.5)
    tones = [t for c, leg in enumerate(legs) for t in find_tones(leg, RATE_HZ, channel=c)]
    ringing = measure_ringing(tones, first_speech_s=9.5)
    assert ringing is not None
    opening = find_line_opening(legs, RATE_HZ, ringing=ringing, tones=tones)
    assert opening is not None
    assert (opening.channel, opening.at_s) == (channel, pytest.approx(opened_s, abs=opening.tolerance_s))
    tail_s = 5.0
    later = find_line_opening(legs[:, int(tail_s * RATE_HZ) :], RATE_HZ, ringing=ringing, tones=tones, offset_s=tail_s)
    assert later is not None
    assert later.at_s == pytest.approx(opening.at_s, abs=0.02)
    answer = find_answer(ringing, Metadata("1"), duration_s=12.0, tones=tones, opening=opening)
    assert (answer.at_s, answer.tolerance_s) == (opening.at_s, opening.tolerance_s)


def test_a_line_that_was_always_open_shows_no_answer() -> None:
    legs = np.stack([signals.noise(12, -52, 1), signals.noise(12, -50, 2)])
    signals.place(legs[0], signals.cadence([450], (1.0, 4.0), 6.9, -20).samples, 0.5)
    tones, ringing = rung(6.9, first_speech_s=9.5)
    assert find_line_opening(legs, RATE_HZ, ringing=ringing, tones=tones) is None


def test_speech_on_a_quiet_line_is_not_the_line_opening() -> None:
    legs = np.zeros((2, 12 * RATE_HZ), np.float32)
    signals.place(legs[0], signals.cadence([450], (1.0, 4.0), 6.9, -20).samples, 0.5)
    signals.place(legs[1], signals.speechlike(3.5, -20, 4).samples, 8.0)
    tones, ringing = rung(6.9, first_speech_s=9.0)  # the first word was missed
    assert find_line_opening(legs, RATE_HZ, ringing=ringing, tones=tones) is None


# --- held against the record ----------------------------------------------------------------------
def test_a_record_that_agrees_gives_the_ring_time_and_the_audio_the_moment() -> None:
    tones, ringing = rung(10.4)
    answer = find_answer(ringing, recorded(11.0), duration_s=60.0, tones=tones)
    assert (answer.at_s, answer.source) == (pytest.approx(10.9), "audio")
    assert (answer.ring_s.value, answer.ring_s.source, answer.ring_s.tolerance_s) == (11.0, "cdr", 1.0)
    assert (answer.ring_heard.value, answer.ring_heard.source) == (pytest.approx(10.4), "audio")
    assert answer.warnings == ()


def test_a_record_with_less_ringing_than_is_heard_is_reported_with_both_figures() -> None:
    tones, ringing = rung(20.4)
    answer = find_answer(ringing, recorded(6.0), duration_s=60.0, tones=tones)
    assert (answer.ring_s.value, answer.ring_s.source) == (pytest.approx(20.4), "audio")
    (warning,) = answer.warnings
    assert "6 s" in warning
    assert "20.4 s" in warning
    assert "taken" in warning


def test_a_record_with_more_ringing_than_a_whole_recording_has_is_reported() -> None:
    tones, ringing = rung(10.4)
    answer = find_answer(ringing, recorded(35.0, whole_s=60.0, talk_s=25.0), duration_s=60.0, tones=tones)
    assert (answer.ring_s.source, answer.n_rings.value, len(answer.warnings)) == ("audio", 3, 1)


def test_a_recording_that_begins_while_it_rings_takes_ring_time_and_count_from_the_record() -> None:
    tones, ringing = rung(5.4, lead_s=2.0)
    answer = find_answer(ringing, recorded(22.0), duration_s=60.0, tones=tones)
    assert answer.recording_starts == "in_ringing"
    assert (answer.ring_s.value, answer.ring_s.source) == (22.0, "cdr")
    assert (answer.n_rings.value, answer.n_rings.source) == (5, "cdr")
    assert answer.at_s == pytest.approx(7.4)
    assert answer.ring_heard.value == pytest.approx(5.4)
    assert "longer" in (answer.ring_heard.reason or "")
    assert len(answer.warnings) == 1


def test_a_recording_that_begins_within_a_burst_says_that_it_rang_for_longer() -> None:
    tones = [Tone(a, b, "ringback", 0, (450.0,)) for a, b in ((0.0, 0.4), (4.4, 5.4), (9.4, 9.8))]
    answer = find_answer(measure_ringing(tones), Metadata("1"), duration_s=60.0, tones=tones)
    assert answer.recording_starts == "in_ringing"
    assert answer.n_rings.value == 3
    assert "longer" in (answer.n_rings.reason or "")
    assert "longer" in (answer.ring_s.reason or "")


@pytest.mark.parametrize(
    ("metadata", "at_s", "source", "starts"),
    [
        (recorded(12.0, whole_s=60.0, talk_s=48.0), 12.0, "cdr", "unknown"),
        (recorded(12.0, whole_s=72.0, talk_s=60.0), 0.0, "cdr", "at_answer"),
        (Metadata("1"), 0.0, "none", "unknown"),
        (recorded(None), 0.0, "none", "unknown"),
    ],
    ids=["as long as the call", "as long as the talk", "nothing known", "record without ringing"],
)
def test_without_ringing_the_record_places_the_answer(metadata: Metadata, at_s: float, source: str, starts: str) -> None:
    answer = find_answer(None, metadata, duration_s=60.0)
    assert (answer.at_s, answer.source, answer.recording_starts) == (at_s, source, starts)
    assert (answer.tolerance_s is None) == (source == "none")
    assert answer.reason
    assert answer.n_rings.value is None
    assert answer.n_rings.reason


def test_a_vcon_that_says_when_recording_and_talk_began_places_the_answer() -> None:
    began = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    metadata = Metadata(
        "1", recording_started_at=began, answered_at=began + timedelta(seconds=8.25), ring_tolerance_s=0.1, source="vcon"
    )
    answer = find_answer(None, metadata, duration_s=60.0)
    assert (answer.at_s, answer.tolerance_s, answer.source) == (8.25, 0.1, "vcon")


# --- music and announcements ----------------------------------------------------------------------
SONG = (Segment(0.3, 14.0),)


def test_music_from_the_start_until_the_first_word_is_music_before_the_answer() -> None:
    music = find_music_before_answer([SONG, ()], [(), (Segment(14.8, 17.0),)], duration_s=60.0)
    assert music == SONG[0]
    answer = find_answer(None, Metadata("1"), duration_s=60.0, music=music, first_speech_s=14.8)
    assert (answer.at_s, answer.source, answer.music) == (14.0, "audio", music)
    for figure in (answer.ring_s, answer.n_rings):
        assert (figure.value, figure.source) == (None, "none")
        assert figure.reason == "music was played instead of ringback; rings cannot be counted"


def test_behind_music_the_record_gives_ring_time_and_with_a_known_plan_the_count() -> None:
    answer = find_answer(None, recorded(14.0), duration_s=60.0, music=SONG[0])
    assert (answer.ring_s.value, answer.ring_s.source, answer.n_rings.value) == (14.0, "cdr", None)
    answer = find_answer(None, recorded(14.0), duration_s=60.0, music=SONG[0], plan="cn")
    assert (answer.n_rings.value, answer.n_rings.source) == (3, "cdr")


def test_ringback_that_turns_into_music_counts_no_rings() -> None:
    _, ringing = rung(6.0)
    music = find_music_before_answer([(Segment(8.0, 20.0),), ()], [(), ()], duration_s=60.0, ringing=ringing)
    assert music == Segment(8.0, 20.0)
    answer = find_answer(ringing, Metadata("1"), duration_s=60.0, music=music)
    assert (answer.at_s, answer.n_rings.value) == (20.0, None)
    assert "2 rings and then music" in answer.reason


def test_advertising_speech_between_two_pieces_of_music_belongs_to_the_waiting() -> None:
    music = [(Segment(0.3, 7.0), Segment(13.0, 20.0)), ()]
    spoken = [(Segment(7.5, 12.5), Segment(20.6, 22.0)), (Segment(23.0, 25.0),)]
    found = find_music_before_answer(music, spoken, duration_s=60.0)
    assert found == Segment(0.3, 20.0)
    assert first_dialogue_s(spoken, music=found) == 20.6


@pytest.mark.parametrize(
    ("music", "speech"),
    [
        ([(Segment(9.0, 30.0),), ()], [(Segment(1.0, 8.0),), ()]),
        ([(Segment(2.5, 30.0),), ()], [(Segment(0.2, 2.2),), ()]),
        ([(Segment(0.3, 30.0),), ()], [(), (Segment(2.0, 12.0),)]),
        ([(Segment(0.3, 59.8),), ()], [(), ()]),
        ([(), ()], [(Segment(0.5, 4.0),), ()]),
    ],
    ids=["talk first", "a greeting first", "somebody talks to it", "until the end", "no music"],
)
def test_other_music_is_not_before_the_answer(music: list[tuple[Segment, ...]], speech: list[tuple[Segment, ...]]) -> None:
    assert find_music_before_answer(music, speech, duration_s=60.0) is None


def test_an_announcement_before_the_ringing_is_not_the_answer() -> None:
    tones, _ = rung(10.4, lead_s=6.0)
    said = ((Segment(0.5, 4.5), Segment(17.5, 19.0)), (Segment(20.0, 22.0),))
    first = first_dialogue_s(said, tones=tones)
    assert first == 17.5
    ringing = measure_ringing(tones, first_speech_s=first)
    assert ringing is not None
    assert ringing.n_rings == 3


@pytest.mark.parametrize(
    "said",
    [((Segment(0.5, 4.5),), (Segment(4.6, 5.9),)), ((Segment(0.5, 4.5),),)],
    ids=["both have spoken", "one channel"],
)
def test_a_dialogue_before_the_ringing_stays_the_first_speech(said: tuple[tuple[Segment, ...], ...]) -> None:
    tones, _ = rung(10.4, lead_s=6.0)
    assert first_dialogue_s(said, tones=tones) == 0.5


# --- as it is heard -------------------------------------------------------------------------------
def answered_after_music(music: np.ndarray, *, answer_s: float) -> tuple[np.ndarray, list[tuple[Segment, ...]]]:
    """A call whose first seconds carry music on the agent's leg; then two people talk. The legs and who speaks when."""
    legs = np.stack([signals.noise(answer_s + 20, -55, 1), signals.noise(answer_s + 20, -53, 2)])
    signals.place(legs[0], music[: round((answer_s - 0.4) * RATE_HZ)], 0.4)
    agent, customer = signals.speechlike(8, -22, 3, 200), signals.speechlike(8, -24, 4, 120)
    signals.place(legs[0], agent.samples, answer_s + 1.0)
    signals.place(legs[1], customer.samples, answer_s + 10.0)
    return legs, [
        tuple(Segment(s.start_s + answer_s + at, s.end_s + answer_s + at) for s in made.segments)
        for made, at in ((agent, 1.0), (customer, 10.0))
    ]


def tune(kind: str, shared_dir: Path) -> np.ndarray:
    track, begin_s = kind.split("@")
    audio = read_audio(shared_dir / "data/music" / track)
    return signals.at_level(audio.samples[0][int(begin_s) * audio.sample_rate_hz :], -22)


def check_music_end(music: np.ndarray, n_legs: int) -> None:
    """The detector's end may be off by a second; the fall of the level is not."""
    legs, speech = answered_after_music(music, answer_s=15.0)
    if n_legs == 1:
        legs, speech = legs.mean(axis=0, keepdims=True), [tuple(sorted(speech[0] + speech[1]))]
    for off_s in (-1.0, -0.4, 0.0, 0.6):
        heard = [(Segment(0.4, 15.0 + off_s),), *([()] * (n_legs - 1))]
        found = find_music_before_answer(heard, speech, duration_s=35.0)
        assert found is not None
        first_s = first_dialogue_s(speech, music=found)
        end_s = find_music_end(legs, RATE_HZ, music=found, first_speech_s=first_s)
        answer = find_answer(None, Metadata("1"), duration_s=35.0, music=found, music_end_s=end_s, first_speech_s=first_s)
        assert answer.at_s == pytest.approx(15.0, abs=0.06)
        assert answer.tolerance_s == 0.05


@pytest.mark.parametrize("n_legs", [1, 2], ids=["one channel", "two channels"])
@pytest.mark.parametrize("seed", [5, 6])
def test_a_tune_before_the_first_word_places_the_answer(n_legs: int, seed: int) -> None:
    check_music_end(signals.music(20, -22, seed), n_legs)


@pytest.mark.parametrize(
    "kind",
    [
        "macroform-cold_day.wav@5",
        "macroform-cold_day.wav@40",
        "manolo_camp-morning_coffee.wav@5",
        "manolo_camp-morning_coffee.wav@40",
    ],
)
def test_real_music_before_the_first_word_places_the_answer(shared_dir: Path, kind: str) -> None:
    check_music_end(tune(kind, shared_dir), 2)


def test_music_that_does_not_stop_before_the_first_word_keeps_its_wide_tolerance() -> None:
    legs, speech = answered_after_music(signals.music(20, -22, 5), answer_s=15.0)
    legs[0] += signals.music(35, -24, 7)
    found = Segment(0.4, 15.0)
    end_s = find_music_end(legs, RATE_HZ, music=found, first_speech_s=first_dialogue_s(speech, music=found))
    assert end_s is None
    assert find_answer(None, Metadata("1"), duration_s=35.0, music=found, music_end_s=end_s).tolerance_s == 0.5


def test_the_line_opening_is_the_same_at_sixteen_kilohertz() -> None:
    legs = np.stack([signals.noise(10, -52, 1, 16000), signals.noise(10, -50, 2, 16000)])
    legs[0, : round(6.8 * 16000)] = 0
    ringing = Ringing(2, 0.5, 6.5, "cn", 6.5, 9.0, 7.75, 1.25, cuts_a_ring=False)
    tones = [Tone(0.5, 1.5, "ringback", 0, (450.0,)), Tone(5.5, 6.5, "ringback", 0, (450.0,))]
    opening = find_line_opening(legs, 16000, ringing=ringing, tones=tones)
    assert opening is not None
    assert opening.at_s == pytest.approx(6.8, abs=0.02)


@pytest.mark.parametrize("legs", [np.zeros((0, 0), np.float32), np.zeros((2, 0), np.float32), np.zeros((2, 80000), np.float32)])
def test_no_line_opens_in_nothing_or_silence(legs: np.ndarray) -> None:
    tones, ringing = rung(6.9, first_speech_s=9.5)
    assert find_line_opening(legs, RATE_HZ, ringing=ringing, tones=tones) is None


def test_one_dimensional_samples_are_refused() -> None:
    tones, ringing = rung(6.9, first_speech_s=9.5)
    with pytest.raises(ValueError, match="shape"):
        find_line_opening(np.zeros(80000, np.float32), RATE_HZ, ringing=ringing, tones=tones)

"""Who speaks when on one channel, on conversations whose making is the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from audit.segments import Segment, intersection, total_s
from audit.speakers.diarize import Diarization, diarize
from tests.speakers.voices import HIGH, LOW, RATE_HZ, THIRD, Resonances, Voice, conversation, say

TURNS: list[tuple[Voice, float]] = [
    (LOW, 3.0), (HIGH, 2.2), (LOW, 4.1), (HIGH, 0.7), (LOW, 2.0), (HIGH, 5.0), (LOW, 0.6), (HIGH, 3.0)
]  # fmt: skip
#: Found changes lie on steps of 0.1 s; where nothing pauses, the windows blur them by some more.
STEP_S, BLUR_S = 0.1, 0.35


def of_voice(edges: Sequence[tuple[float, float]], turns: Sequence[tuple[Voice, float]], voice: Voice) -> list[Segment]:
    return [Segment(*e) for e, (v, _) in zip(edges, turns, strict=True) if v == voice]


def wrong_s(found: Diarization, edges: Sequence[tuple[float, float]], turns: Sequence[tuple[Voice, float]]) -> float:
    """Seconds given to another voice; voices are numbered as they are first heard."""
    voices = list(dict.fromkeys(v for v, _ in turns))
    return sum(
        total_s(intersection(found.speech_of(k), of_voice(edges, turns, v)))
        for k in range(found.n_speakers)
        for v in voices
        if k >= len(voices) or voices[k] != v
    )


def test_turns_between_pauses_go_each_to_its_voice_however_short() -> None:
    samples, edges = conversation(TURNS)
    found = diarize(samples, RATE_HZ, [Segment(*e) for e in edges], Resonances())
    assert found.n_speakers == 2
    assert [s.speaker for s in found.segments] == [0, 1, 0, 1, 0, 1, 0, 1]
    assert [(s.start_s, s.end_s) for s in found.segments] == pytest.approx(edges)


def test_the_first_two_sentences_are_told_apart_from_each_other() -> None:
    turns = [(HIGH, 1.2), (LOW, 1.0), *TURNS]
    samples, edges = conversation(turns, pause_s=0.3)
    found = diarize(samples, RATE_HZ, [Segment(*e) for e in edges], Resonances())
    assert [s.speaker for s in found.segments[:4]] == [0, 1, 1, 0]


def test_a_change_without_a_pause_is_found_where_it_is() -> None:
    turns = [(LOW, 4.0), (HIGH, 4.0), (LOW, 4.0)]
    samples, edges = conversation(turns, pause_s=0.0)
    found = diarize(samples, RATE_HZ, [Segment(0.0, edges[-1][1])], Resonances(), n_speakers=2)
    assert [s.speaker for s in found.segments] == [0, 1, 0]
    assert [s.start_s for s in found.segments] == pytest.approx([e[0] for e in edges], abs=BLUR_S)


def test_a_short_answer_at_a_dip_of_running_speech_is_not_swallowed() -> None:
    turns = [(LOW, 4.0), (HIGH, 0.8), (LOW, 4.0), (HIGH, 4.0)]
    samples, edges = conversation(turns, pause_s=0.2)
    # The speech detector bridges pauses under 0.25 s.
    found = diarize(samples, RATE_HZ, [Segment(0.0, edges[-1][1])], Resonances(), n_speakers=2)
    assert [s.speaker for s in found.segments] == [0, 1, 0, 1]
    assert wrong_s(found, edges, turns) < 3 * BLUR_S


def test_the_segments_are_the_found_speech_no_more_and_no_less() -> None:
    samples, edges = conversation(TURNS, pause_s=0.4)
    speech = [Segment(*e) for e in edges]
    found = diarize(samples, RATE_HZ, speech, Resonances())
    assert total_s(found.segments) == pytest.approx(total_s(speech))
    assert total_s(intersection(found.segments, speech)) == pytest.approx(total_s(speech))
    assert sum(found.speech_s(k) for k in range(found.n_speakers)) == pytest.approx(total_s(speech))


@pytest.mark.parametrize(
    ("turns", "n"),
    [
        ([(LOW, 3.0)] * 5, 1),
        (TURNS, 2),
        ([(THIRD, 5.0), *TURNS, *TURNS], 3),
    ],
    ids=["one voice alone", "two voices", "a prompt before two voices"],
)
def test_the_number_of_voices_is_found(turns: list[tuple[Voice, float]], n: int) -> None:
    # The stand-in hears made voices as more alike than the encoder hears people: its third one must stand apart clearly.
    if n == 3:
        turns = [((160, (250, 3300, 3700)) if v == THIRD else v, s) for v, s in turns]
    samples, edges = conversation(turns)
    found = diarize(samples, RATE_HZ, [Segment(*e) for e in edges], Resonances())
    assert found.n_speakers == n
    assert wrong_s(found, edges, [((160, (250, 3300, 3700)) if v == THIRD else v, s) for v, s in turns]) < 1.0


def test_two_alike_voices_are_reported_with_less_confidence_than_two_different_ones() -> None:
    alike = (LOW[0], (500, 1300, 2450))
    different = diarize(*_as_input(TURNS), Resonances(), n_speakers=2).confidence
    doubtful = diarize(*_as_input([(alike if v == HIGH else v, s) for v, s in TURNS]), Resonances(), n_speakers=2).confidence
    assert different is not None
    assert doubtful is not None
    assert doubtful < 0.6 < different


def _as_input(turns: list[tuple[Voice, float]]) -> tuple[np.ndarray, int, list[Segment]]:
    samples, edges = conversation(turns)
    return samples, RATE_HZ, [Segment(*e) for e in edges]


@pytest.mark.parametrize("gain_db", [-20.0, 0.0, 15.0], ids=["faint", "as made", "loud"])
def test_the_level_of_the_recording_does_not_matter(gain_db: float) -> None:
    samples, edges = conversation(TURNS, noise_dbfs=-90.0)
    found = diarize((samples * 10 ** (gain_db / 20)).astype(np.float32), RATE_HZ, [Segment(*e) for e in edges], Resonances())
    assert [s.speaker for s in found.segments] == [0, 1, 0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize("speech", [[], [Segment(100.0, 101.0)]], ids=["no speech", "speech beyond the end"])
def test_without_speech_there_is_nobody_and_no_confidence(speech: list[Segment]) -> None:
    found = diarize(say(LOW, 1.0), RATE_HZ, speech, Resonances())
    assert found == Diarization((), 0, None, None)


def test_speech_too_short_to_compare_is_one_voice_without_any_certainty() -> None:
    found = diarize(say(LOW, 1.0), RATE_HZ, [Segment(0.2, 0.4)], Resonances())
    assert (found.n_speakers, found.confidence, found.likeness) == (1, 0.5, None)
    assert total_s(found.segments) == pytest.approx(0.2)


def test_no_samples_are_no_speech() -> None:
    assert diarize(np.zeros(0, np.float32), RATE_HZ, [Segment(0.0, 1.0)], Resonances()).n_speakers == 0


def test_the_same_call_gives_the_same_answer() -> None:
    assert diarize(*_as_input(TURNS), Resonances()) == diarize(*_as_input(TURNS), Resonances())


def test_a_number_of_voices_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        diarize(say(LOW, 1.0), RATE_HZ, [Segment(0.0, 1.0)], Resonances(), n_speakers=0)

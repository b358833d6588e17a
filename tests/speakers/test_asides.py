"""Somebody who speaks up for a sentence within a call is neither party."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from audit.segments import Segment
from audit.speakers.asides import find_asides
from audit.speakers.diarize import Diarization, diarize
from tests.speakers.voices import HIGH, LOW, RATE_HZ, Resonances, conversation

AGENT, CUSTOMER, STRANGER = range(3)
FIVE = 5


def points(voices: Sequence[int], *, common: float = 0.4) -> np.ndarray:
    """Five windows for each stretch: an axis for each voice and something of all in each (two are at cosine 0.59)."""
    return np.repeat(np.eye(4)[list(voices)] + common, FIVE, axis=0)


def grouped(labels: Sequence[int], likeness: float = 0.59):
    def group(some: np.ndarray) -> tuple[np.ndarray, float]:
        _, found = np.unique(np.repeat(labels, FIVE)[some], return_inverse=True)
        return found.astype(np.int64), likeness

    return group


def asides(voices: Sequence[int], labels: Sequence[int], durations_s: Sequence[float] | None = None, **options) -> list[int]:
    """Stretches found, of stretches by these voices that were grouped so."""
    return sorted(
        find_asides(
            points(voices, **options),
            np.repeat(np.array(labels, np.int64), FIVE),
            np.repeat(np.arange(len(voices)), FIVE),
            durations_s or [3.2] * len(voices),
            grouped(labels),
        )
    )


TALK = [AGENT, CUSTOMER] * 4
WITHIN = [*TALK[:4], STRANGER, *TALK[4:]]


def test_a_sentence_far_from_both_parties_is_an_aside() -> None:
    assert asides(WITHIN, [AGENT if v == STRANGER else v for v in WITHIN]) == [4]


def test_an_aside_that_drove_the_parties_into_one_group_is_found() -> None:
    """Grouped are the stranger and everybody else; without the stranger two voices are clear."""
    found = find_asides(
        points(WITHIN),
        np.repeat(np.array([int(v == STRANGER) for v in WITHIN], np.int64), FIVE),
        np.repeat(np.arange(len(WITHIN)), FIVE),
        [3.2] * len(WITHIN),
        grouped(WITHIN),
    )
    assert list(found) == [4]


@pytest.mark.parametrize(
    ("voices", "labels", "durations_s"),
    [
        pytest.param(TALK, TALK, None, id="two parties"),
        pytest.param(WITHIN, WITHIN, None, id="a third voice is told apart already"),
        pytest.param(WITHIN, [0] * 9, None, id="one voice"),
        pytest.param(WITHIN, [0 if v == STRANGER else v for v in WITHIN], [3.2] * 4 + [2.0] + [3.2] * 4, id="too short"),
        pytest.param([AGENT, AGENT, AGENT, AGENT, CUSTOMER], [0, 0, 0, 0, 1], None, id="a party who speaks once"),
        pytest.param(
            WITHIN, [0 if v == STRANGER else v for v in WITHIN], [3.2] * 4 + [20] + [3.2] * 4, id="too much of the call"
        ),
    ],
)
def test_there_is_none(voices: Sequence[int], labels: Sequence[int], durations_s: Sequence[float] | None) -> None:
    assert asides(voices, labels, durations_s) == []


def test_a_sentence_not_far_enough_is_a_partys() -> None:
    assert asides(WITHIN, [AGENT if v == STRANGER else v for v in WITHIN], common=0.8) == []


@pytest.fixture(scope="module")
def found() -> Diarization:
    """A call of two made voices with three seconds of a third one in the middle."""
    stranger = (160, (250, 3300, 3700))
    turns = [
        (LOW, 3.0),
        (HIGH, 3.2),
        (LOW, 4.1),
        (HIGH, 3.7),
        (stranger, 3.0),
        (LOW, 3.0),
        (HIGH, 4.0),
        (LOW, 3.6),
        (HIGH, 3.0),
    ]
    samples, edges = conversation(turns)
    return diarize(samples, RATE_HZ, [Segment(*e) for e in edges], Resonances())


def test_an_aside_is_a_third_voice_and_the_parties_stay_two(found: Diarization) -> None:
    assert [s.speaker for s in found.segments] == [0, 1, 0, 1, 2, 0, 1, 0, 1]


def test_an_aside_has_a_confidence_of_its_own_and_leaves_that_of_the_call(found: Diarization) -> None:
    assert 0.5 <= found.segments[4].confidence <= 1.0
    assert found.n_speakers == 3
    assert found.confidence is not None and found.confidence > 0.8

"""Voices that speak at one edge of a call only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from audit.segments import Segment
from audit.speakers.diarize import diarize
from audit.speakers.edges import edge_of
from tests.signals import noise

RATE_HZ = 8000
N_VOICES = 4


def points(voices: Sequence[int]) -> np.ndarray:
    """An axis for each voice and something of all in each, so that two are as alike as people are (cosine 0.59)."""
    return np.eye(N_VOICES)[list(voices)] + 0.4


def grouped(voices: Sequence[int]):
    def group(some: np.ndarray) -> tuple[np.ndarray, float]:
        _, labels = np.unique(np.array(voices)[some], return_inverse=True)
        return labels.astype(np.int64), 0.59

    return group


@pytest.mark.parametrize(
    ("voices", "n"),
    [
        ([2] * 6 + [0, 0, 0, 1, 1, 1] * 3, 6),
        ([0] * 6 + [1, 1, 1, 0, 0, 0] * 3, 0),
        ([2] * 3 + [0, 0, 0, 1, 1, 1] * 3, 0),
        ([2] * 6 + [0] * 3, 0),
    ],
    ids=["a prompt", "the first party is heard again", "too short", "too little else"],
)
def test_the_first_windows_are_a_voice_of_their_own_where_it_is_not_heard_again(voices: list[int], n: int) -> None:
    assert edge_of(points(voices), np.arange(len(voices)) // 3, grouped(voices)) == n


class Told:
    """An encoder that is told who speaks when, and places each window beside its voice's point."""

    def __init__(self, turns: Sequence[tuple[int, Segment]]) -> None:
        self.turns = turns

    def embed(self, features: np.ndarray, windows: Sequence[tuple[int, int]]) -> np.ndarray:
        rng = np.random.default_rng(3)
        middles_s = [(a + b) / 200 for a, b in windows]
        voices = [next(v for v, s in self.turns if s.start_s <= m < s.end_s) for m in middles_s]
        found = points(voices) + rng.normal(0, 0.05, (len(windows), N_VOICES))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(
    ("voices", "speakers"),
    [
        ([2, 0, 1, 0, 1, 0, 1, 0, 1], [0, 1, 2, 1, 2, 1, 2, 1, 2]),
        ([0, 1, 0, 1, 0, 1, 0, 1, 2], [0, 1, 0, 1, 0, 1, 0, 1, 2]),
        ([2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 3], [0, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 3]),
        ([0, 1, 0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1, 0, 1]),
    ],
    ids=["before both parties", "after both parties", "at both ends", "nobody else"],
)
def test_a_voice_at_the_edge_of_a_call_is_kept_apart(voices: list[int], speakers: list[int]) -> None:
    turns = [(v, Segment(5.0 * k, 5.0 * k + 4.0)) for k, v in enumerate(voices)]
    samples = noise(5.0 * len(voices), -30.0, seed=1)
    found = diarize(samples.astype(np.float32), RATE_HZ, [s for _, s in turns], Told(turns))
    assert [s.speaker for s in found.segments] == speakers

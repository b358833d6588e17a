"""Recorded calls whose timeline was composed and is therefore known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.audio import read_audio
from audit.telephony import find_holds, find_tones, measure_ringing


@pytest.fixture(scope="module")
def heard(shared_dir: Path) -> list[tuple[dict[str, Any], Any, Any]]:
    """Truth, ringing and holds of every Mandarin call."""
    folder = shared_dir / "data/calls-zh"
    out = []
    for line in (folder / "truth.jsonl").read_text("utf8").splitlines():
        truth = json.loads(line)
        audio = read_audio(folder / truth["path"])
        legs, rate = audio.samples, audio.sample_rate_hz
        tones = tuple(t for c, leg in enumerate(legs) for t in find_tones(leg, rate, channel=c))
        ringing = measure_ringing(tones, first_speech_s=truth["answer_latest_s"])
        holds = find_holds(legs, rate, tones=tones, answer_at_s=ringing.answer_at_s if ringing else None)
        out.append((truth, ringing, holds))
    assert out
    return out


@pytest.mark.slow
def test_every_ring_is_counted_and_none_invented(heard: list[tuple[dict[str, Any], Any, Any]]) -> None:
    assert {t["call_id"]: r.n_rings if r else None for t, r, _ in heard} == {t["call_id"]: t["n_rings"] for t, _, _ in heard}


@pytest.mark.slow
def test_every_hold_overlaps_a_composed_one_and_the_other_way_round(heard: list[tuple[dict[str, Any], Any, Any]]) -> None:
    for truth, _, holds in heard:
        assert len(holds) == len(truth["holds"]), truth["call_id"]
        for found, true in zip(holds, sorted(truth["holds"], key=lambda h: h["start_s"]), strict=True):
            assert found.hold.kind == true["kind"]
            assert found.hold.start_s == pytest.approx(true["start_s"], abs=0.5)
            # A track may fall silent before the hold ends, which cannot be heard: two seconds, not half a one.
            assert found.hold.end_s == pytest.approx(true["end_s"], abs=2.0)

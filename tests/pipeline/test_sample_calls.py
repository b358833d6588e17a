"""A call from its file to its evaluation, held against the samples' own truth."""

from __future__ import annotations

import csv
import json
import wave
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.contract import call_to_json, record_from_json
from audit.evaluation import evaluate, load_scorecard
from audit.ingest import find_metadata, read_cdr
from audit.pipeline import Settings
from audit.pipeline.audited import AuditedCall
from audit.pipeline.auditor import Auditor
from audit.profile import load_profile
from audit.records import CallRecord, Measures, Metadata
from audit.segments import Segment, intersection, subtract, total_s, union
from tests.conftest import ROOT
from tests.signals import noise, speechlike

SAMPLES = ROOT / "samples"
TRUTH = {t["call_id"]: t for t in map(json.loads, (SAMPLES / "truth.jsonl").read_text("utf-8").splitlines())}
STEREO = sorted(k for k, t in TRUTH.items() if t["layout"] == "stereo")
#: Half a ring's pause and more lies between two bursts; 0.2 s is a syllable, what a listener would call "at".
ANSWER_TOLERANCE_S = 0.2
#: What the standard's rules on waits can feel.
HOLD_TOLERANCE_S = 0.5
RATE_HZ = 8000


@cache
def audited(call_id: str, *, words: bool = False) -> AuditedCall:
    """One sample, measured, or transcribed as well, once for all tests."""
    profile = load_profile(SAMPLES / "profile.yml")
    path = SAMPLES / TRUTH[call_id]["path"]
    metadata = find_metadata(path, cdr=read_cdr(SAMPLES / "cdr.csv", profile), profile=profile)
    return Auditor(Settings(profile=profile, transcribe=words)).audit(path, metadata)


def spans(pairs: list[Any]) -> list[Segment]:
    return [Segment(p["start_s"], p["end_s"]) if isinstance(p, dict) else Segment(*p) for p in pairs]


# --- timing ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("call_id", TRUTH)
def test_rings_are_counted_and_the_answer_lies_where_it_can(call_id):
    timeline, truth = audited(call_id).record.timeline, TRUTH[call_id]
    assert timeline.n_rings.value == truth["n_rings"]
    assert timeline.answer_at_s is not None
    earliest, latest = truth["answer_earliest_s"], truth["answer_latest_s"]
    assert earliest - ANSWER_TOLERANCE_S <= timeline.answer_at_s <= latest + ANSWER_TOLERANCE_S


@pytest.mark.parametrize("call_id", TRUTH)
def test_every_hold_is_found_at_its_place_and_none_is_invented(call_id):
    found, true = audited(call_id).record.timeline.holds, spans(TRUTH[call_id]["holds"])
    assert len(found) == len(true)
    for hold, truth in zip(found, true, strict=True):
        assert hold.start_s == pytest.approx(truth.start_s, abs=HOLD_TOLERANCE_S)
        assert hold.end_s == pytest.approx(truth.end_s, abs=HOLD_TOLERANCE_S)
        assert hold.kind == "music"


@pytest.mark.parametrize("call_id", TRUTH)
def test_long_silences_are_those_of_the_truth(call_id):
    found = [s for s in audited(call_id).record.timeline.silences if s.duration_s >= 7.0]
    true = spans(TRUTH[call_id]["silences"])
    assert len(found) == len(true)
    for a, b in zip(found, true, strict=True):
        assert (a.start_s, a.end_s) == pytest.approx((b.start_s, b.end_s), abs=HOLD_TOLERANCE_S)


@pytest.mark.parametrize("call_id", TRUTH)
def test_the_hang_up_is_where_the_talk_ends(call_id):
    # an AAC or MP3 decoder may return a tenth of a second more
    assert audited(call_id).record.timeline.hangup_at_s == pytest.approx(TRUTH[call_id]["hangup_at_s"], abs=0.3)


# --- speech and roles -----------------------------------------------------------------------------
@pytest.mark.model
@pytest.mark.parametrize("call_id", STEREO)
def test_each_partys_speech_is_found_on_its_own_channel(call_id, model_dir):
    record = audited(call_id, words=True).record
    assert record.recording.agent_channel == TRUTH[call_id]["agent_channel"]
    for role in ("agent", "customer"):
        true, found = spans(TRUTH[call_id][role]), record.speech[role]
        wrong_s = total_s(subtract(true, found)) + total_s(subtract(found, true))
        # an AAC leg starts 0.13 s late, which every edge of zh-03 pays
        assert wrong_s / total_s(true) < 0.12, role


@pytest.mark.model
def test_no_word_stands_outside_found_speech(model_dir):
    for call_id in STEREO:
        record = audited(call_id, words=True).record
        assert record.transcript is not None
        for turn in record.transcript.turns:
            for word in turn.words:
                if word.end_s - word.start_s > 0.02:
                    inside_s = total_s(intersection([Segment(word.start_s, word.end_s)], record.speech[turn.role]))
                    assert inside_s > 0, (call_id, word)


def test_a_mono_call_has_no_roles_and_says_so():
    record = audited("zh-06").record
    assert set(record.speech) == {"unknown"}
    assert record.recording.agent_channel is None
    assert any("share one channel" in w for w in record.recording.warnings)


# --- verdicts -------------------------------------------------------------------------------------
def labels() -> list[tuple[str, str, str]]:
    with (SAMPLES / "labels.csv").open(encoding="utf-8", newline="") as f:
        return [(r["call"], r["criterion"], r["outcome"]) for r in csv.DictReader(f)]


@pytest.mark.model
def test_verdicts_agree_with_the_labels(model_dir):
    wrong = []
    for call_id, criterion, expected in labels():
        if call_id not in STEREO:
            continue
        evaluation = audited(call_id, words=True).evaluation
        assert evaluation is not None
        got = {o.criterion: o.outcome for o in evaluation.outcomes}[criterion]
        if got != expected:
            wrong.append((call_id, criterion, got, expected))
    n = sum(call_id in STEREO for call_id, _, _ in labels())
    # whoever reads the recogniser's text judges 97 % as the script's reader does; one farewell is misheard
    assert len(wrong) <= 0.03 * n, wrong


@pytest.mark.model
def test_a_critical_failure_sets_the_score_to_zero_and_points_at_the_words(model_dir):
    evaluation = audited("zh-03", words=True).evaluation
    assert evaluation is not None
    assert (evaluation.score, evaluation.critical_failed) == (0.0, True)
    (critical,) = (o for o in evaluation.outcomes if o.critical and o.outcome == "fail")
    abuse = [t for t in TRUTH["zh-03"]["turns"] if "是不是傻" in t["text"] or "有病" in t["text"]]
    for turn, evidence in zip(abuse, critical.evidence, strict=True):
        assert turn["start_s"] - 0.3 <= evidence.start_s <= turn["end_s"]


@pytest.mark.model
def test_a_mono_call_whose_voices_are_not_told_apart_gets_no_score(model_dir):
    evaluation = evaluate(_nobody_named(audited("zh-06", words=True).record), load_scorecard("zh-service"))
    assert evaluation.score is None
    assert evaluation.score_reason["en"]


def _nobody_named(record: CallRecord) -> CallRecord:
    """The same call with all words and speech of unknown role."""
    assert record.transcript is not None
    turns = tuple(replace(t, role="unknown") for t in record.transcript.turns)
    speech = union(s for segments in record.speech.values() for s in segments)
    return replace(
        record,
        transcript=replace(record.transcript, turns=turns),
        speech={"unknown": speech},
        measures={"unknown": Measures(speech_s=total_s(speech))},
    )


@pytest.mark.model
def test_a_stored_call_is_judged_as_it_was_when_it_was_heard(model_dir):
    call = audited("zh-05", words=True)
    assert call.evaluation is not None
    stored = json.loads(json.dumps(call_to_json(call.record, call.evaluation)))
    assert evaluate(record_from_json(stored), load_scorecard("zh-service")) == call.evaluation


# --- bad and strange recordings -------------------------------------------------------------------
def wav(path: Path, legs: np.ndarray) -> Path:
    """A 16-bit WAV of (channels, samples)."""
    with wave.open(str(path), "wb") as f:
        f.setnchannels(len(legs))
        f.setsampwidth(2)
        f.setframerate(RATE_HZ)
        f.writeframes((np.clip(legs, -1, 1) * 32767).astype("<i2").T.tobytes())
    return path


def measured(path: Path, **known: Any) -> AuditedCall:
    return Auditor(Settings(transcribe=False)).audit(path, Metadata("x", **known))


def voice(seconds: float, seed: int = 1) -> np.ndarray:
    return np.asarray(speechlike(seconds, -20.0, seed=seed).samples, np.float32)


def test_a_dead_leg_leaves_its_party_without_figures(tmp_path):
    waiting = noise(6.0, -70.0, seed=3)  # for the party on the other leg
    leg = np.concatenate([voice(4.0, 1), waiting, voice(4.0, 2), waiting, voice(4.0, 4), waiting])
    record = measured(wav(tmp_path / "a.wav", np.stack([leg, np.zeros_like(leg)])), agent_channel=0).record
    assert record.recording.layout == "one_dead_leg"
    assert any("one channel carries no sound" in w for w in record.recording.warnings)
    assert total_s(record.speech["agent"]) > 3
    assert record.speech["customer"] == ()
    assert record.measures["customer"].active_level_dbfs is None
    assert record.measures["customer"].speech_rate_cpm is None


def test_the_same_sound_on_both_channels_is_one_leg(tmp_path):
    leg = voice(12.0) + noise(12.0, -60.0, seed=3)
    record = measured(wav(tmp_path / "a.wav", np.stack([leg, 0.7 * leg]))).record
    assert record.recording.layout == "dual_mono"
    assert set(record.speech) == {"unknown"}
    assert record.timeline.overlaps == ()


@pytest.mark.parametrize("seconds", [0.2, 0.03], ids=["a fifth of a second", "one frame"])
def test_a_very_short_call_is_audited(tmp_path, seconds):
    n = int(seconds * RATE_HZ)
    record = measured(wav(tmp_path / "a.wav", voice(2.0)[None, :n])).record
    assert record.recording.duration_s == pytest.approx(seconds)
    assert record.timeline.holds == ()


def test_silence_has_no_speech_no_level_and_no_score(tmp_path):
    record = measured(wav(tmp_path / "a.wav", np.zeros((2, 60 * RATE_HZ), np.float32)), agent_channel=0).record
    assert record.recording.layout == "dual_mono"  # both channels hold the same nothing
    assert record.speech == {"unknown": ()}
    measures = record.measures["unknown"]
    assert (measures.active_level_dbfs, measures.loudness_lufs, measures.snr_db, measures.talk_share_ratio) == (None,) * 4
    assert [s.duration_s for s in record.timeline.silences] == [pytest.approx(60.0)]


def test_a_recording_shorter_than_its_record_is_reported(tmp_path):
    path = wav(tmp_path / "a.wav", voice(10.0)[None])
    record = measured(path, source="cdr", duration_s=65.0, talk_s=60.0).record
    assert record.recording.damaged is not None
    assert "shorter (10.0 s)" in record.recording.damaged


def test_swapping_the_channels_swaps_the_parties(tmp_path):
    a, b = np.pad(voice(6.0, 1), (0, 6 * RATE_HZ)), np.pad(voice(6.0, 2), (6 * RATE_HZ, 0))
    one = measured(wav(tmp_path / "a.wav", np.stack([a, b])), agent_channel=0).record
    other = measured(wav(tmp_path / "b.wav", np.stack([b, a])), agent_channel=1).record
    assert one.speech == other.speech
    assert one.measures["agent"] == other.measures["agent"]


def test_the_record_wins_over_the_audio_for_ringing_and_release():
    timeline = audited("zh-04").record.timeline
    assert timeline.ring_s.source == "cdr"
    assert timeline.n_rings.source == "audio"
    assert timeline.hangup_by.source == "cdr"

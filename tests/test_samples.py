"""The sample calls are complete, agree with each other and are small enough to ship."""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from audit.profile import load_profile

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CALL_IDS = ("zh-01", "zh-02", "zh-03", "zh-04", "zh-05", "zh-06", "en-01", "en-02")
MAX_BYTES, MAX_TOTAL_BYTES = 500_000, 2_500_000
#: A frame-based codec may add less than two of its frames (AAC: 1024 samples) of silence at the end.
CODEC_TOLERANCE_S = 0.26


def read_truth() -> dict[str, dict[str, Any]]:
    """The truth of each call, by id."""
    lines = (SAMPLES / "truth.jsonl").read_text("utf-8").splitlines()
    return {t["call_id"]: t for t in map(json.loads, lines)}


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file among the samples."""
    with (SAMPLES / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def decode(path: Path) -> NDArray[np.float64]:
    """Samples (channels, n) at 8 kHz, by PyAV alone."""
    chunks = []
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="s16p", rate=8000)
        for frame in [*file.decode(audio=0), None]:
            chunks += [x.to_ndarray() for x in resampler.resample(frame)]
    return np.concatenate(chunks, axis=1) / 32768


def level_dbfs(samples: NDArray[np.float64]) -> float:
    """RMS in dB re full scale."""
    return float(20 * np.log10(np.sqrt((samples**2).mean()) + 1e-9))


def pieces(leg: NDArray[np.float64], spans: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """What a leg carries within the spans."""
    return np.concatenate([leg[round(a * 8000) : round(b * 8000)] for a, b in spans])


@pytest.fixture(scope="module")
def truths() -> Mapping[str, dict[str, Any]]:
    return read_truth()


@pytest.fixture(scope="module")
def decoded(truths: Mapping[str, dict[str, Any]]) -> Mapping[str, NDArray[np.float64]]:
    return {i: decode(SAMPLES / t["path"]) for i, t in truths.items()}


def test_there_are_six_mandarin_and_two_english_calls(truths: Mapping[str, dict[str, Any]]) -> None:
    assert tuple(truths) == CALL_IDS
    assert [t["language"] for t in truths.values()] == ["zh"] * 6 + ["en"] * 2


def test_the_samples_are_small() -> None:
    recordings = [SAMPLES / t["path"] for t in read_truth().values()]
    assert max(x.stat().st_size for x in recordings) < MAX_BYTES
    assert sum(x.stat().st_size for x in SAMPLES.iterdir() if x.is_file()) < MAX_TOTAL_BYTES


def test_no_recording_is_without_truth(truths: Mapping[str, dict[str, Any]]) -> None:
    audio = {x.name for x in SAMPLES.iterdir() if x.suffix in {".mp3", ".opus", ".flac", ".m4a", ".wav", ".amr"}}
    assert audio == {t["path"] for t in truths.values()}


@pytest.mark.parametrize("call_id", CALL_IDS)
def test_the_script_is_what_the_truth_says_was_spoken(call_id: str, truths: Mapping[str, dict[str, Any]]) -> None:
    lines = (SAMPLES / f"{call_id}.txt").read_text("utf-8").splitlines()
    assert lines == [f"{x['role'].capitalize()}: {x['text']}" for x in truths[call_id]["turns"]]


@pytest.mark.parametrize("call_id", CALL_IDS)
def test_the_call_detail_record_agrees_with_the_truth(call_id: str, truths: Mapping[str, dict[str, Any]]) -> None:
    (row,) = [r for r in read_rows("cdr.csv") if r["uniqueid"] == call_id]
    truth = truths[call_id]
    assert row["recordingfile"] == truth["path"]
    assert int(row["duration"]) == pytest.approx(truth["duration_s"], abs=0.5)
    assert int(row["billsec"]) == pytest.approx(truth["duration_s"] - truth["answer_at_s"], abs=0.5)
    assert row["hangup_by"] == truth["hangup_by"]
    offset = datetime.fromisoformat(row["calldate"]).utcoffset()
    assert offset is not None and offset.total_seconds() == 8 * 3600
    assert all(row[k] for k in ("agent", "agent_name", "company", "queue", "src", "dst", "direction"))


def test_each_call_has_one_label_for_each_criterion_and_quotes_what_was_said(truths: Mapping[str, dict[str, Any]]) -> None:
    rows = read_rows("labels.csv")
    pairs = [(r["call"], r["criterion"]) for r in rows]
    assert len(pairs) == len(set(pairs))
    for language in ("zh", "en"):
        sets = {frozenset(c for i, c in pairs if i == call) for call in CALL_IDS if call.startswith(language)}
        assert len(sets) == 1 and len(next(iter(sets))) >= 19
    for r in rows:
        assert r["outcome"] in {"pass", "fail", "not_applicable"}
        if r["quote"] and re.search(r"[^\W\d_]", r["quote"]) and "dBFS" not in r["quote"]:
            assert any(r["quote"] in x for x in truths[r["call"]]["agent_text"]), r


def test_every_labelled_criterion_is_seen_to_pass_and_to_fail() -> None:
    seen: dict[str, set[str]] = {}
    for r in read_rows("labels.csv"):
        seen.setdefault(r["criterion"], set()).add(r["outcome"])
    one_sided = {c for c, outcomes in seen.items() if not {"pass", "fail"} <= outcomes}
    assert one_sided <= {"open.first-voice", "open.greeting-fits-the-hour", "talk.volume"}


def test_the_readme_names_the_sha256_of_every_recording(truths: Mapping[str, dict[str, Any]]) -> None:
    table = dict(re.findall(r"^\| `([\w.-]+)` \|.*\| `([0-9a-f]{64})` \|$", (SAMPLES / "README.md").read_text("utf-8"), re.M))
    assert table == {t["path"]: hashlib.sha256((SAMPLES / t["path"]).read_bytes()).hexdigest() for t in truths.values()}


def test_the_profile_loads_and_its_pattern_finds_the_call_id() -> None:
    profile = load_profile(SAMPLES / "profile.yml")
    assert profile.company == yaml.safe_load((SAMPLES / "calls.yml").read_text("utf-8"))["company"]["zh"]
    match = re.match(profile.file_name_pattern or "", "zh-01.mp3")
    assert match and match["call_id"] == "zh-01"


@pytest.mark.parametrize("call_id", CALL_IDS)
def test_the_recording_is_as_long_as_the_truth_says(
    call_id: str, truths: Mapping[str, dict[str, Any]], decoded: Mapping[str, NDArray[np.float64]]
) -> None:
    truth, samples = truths[call_id], decoded[call_id]
    assert len(samples) == (1 if truth["layout"] == "mono" else 2)
    assert -0.01 <= samples.shape[1] / 8000 - truth["duration_s"] <= CODEC_TOLERANCE_S


@pytest.mark.parametrize("call_id", [i for i in CALL_IDS if i != "zh-06"])
def test_each_party_is_heard_on_its_own_leg_at_the_level_composed(
    call_id: str, truths: Mapping[str, dict[str, Any]], decoded: Mapping[str, NDArray[np.float64]]
) -> None:
    truth, samples = truths[call_id], decoded[call_id]
    legs = {"agent": samples[truth["agent_channel"]], "customer": samples[1 - truth["agent_channel"]]}
    for role, other in (("agent", "customer"), ("customer", "agent")):
        at = level_dbfs(pieces(legs[role], truth[role]))
        # the composed level is that of whole utterances, pauses with them; the codecs take or add a little
        assert at == pytest.approx(truth[f"{role}_level_dbfs"], abs=2.0)
        if not truth["overlaps"]:
            assert level_dbfs(pieces(legs[other], truth[role])) < at - 15


@pytest.mark.parametrize("call_id", CALL_IDS)
def test_sound_starts_and_stops_where_the_truth_says(
    call_id: str, truths: Mapping[str, dict[str, Any]], decoded: Mapping[str, NDArray[np.float64]]
) -> None:
    truth = truths[call_id]
    leg = decoded[call_id].mean(0) if truth["layout"] == "mono" else decoded[call_id][truth["agent_channel"]]
    for tone in truth["tones"]:
        inside = level_dbfs(pieces(leg, [(tone["start_s"] + 0.03, tone["end_s"] - 0.03)]))
        before = level_dbfs(pieces(leg, [(max(0.0, tone["start_s"] - 0.15), tone["start_s"] - 0.05)]))
        assert inside > before + 10
    for hold in truth["holds"]:
        quiet = level_dbfs(pieces(leg, [(hold["start_s"] - 0.3, hold["start_s"] - 0.05)]))
        assert level_dbfs(pieces(leg, [(hold["start_s"] + 0.05, hold["end_s"] - 0.05)])) > quiet + 10


def test_no_sample_clips(decoded: Mapping[str, NDArray[np.float64]]) -> None:
    assert max(float(np.abs(x).max()) for x in decoded.values()) < 0.99


def test_the_generator_needs_only_packages_that_are_pinned() -> None:
    pinned = {
        x.split("==")[0].lower().replace("-", "_")
        for x in (SAMPLES.parent / "requirements" / "samples.in").read_text("utf-8").splitlines()
        if "==" in x and not x.startswith("#")
    } | {"yaml"}
    local = {p.stem for p in SAMPLES.glob("*.py")}
    standard = sys.stdlib_module_names
    for path in SAMPLES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in (n.split(".")[0] for n in names):
                assert name in standard or name in local or name in pinned, f"{path.name} imports {name}"

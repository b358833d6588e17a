"""How well voices on a shared channel are told apart, and agent from customer.

Takes voices and roles as `callaudit run` has published them in OUT/calls, and truth from one of:

    diarization.py OUT --rttm DIR        DIR/<name>.rttm: diarization error with collars of 0.25 s and 0
    diarization.py OUT --truth FILE      truth.jsonl of composed mono calls: confusion within true speech, turns, roles
    diarization.py OUT --scripts DIR     DIR/<call>.txt with "Agent: …" lines: role-attributed word error of OUT's words

`--again` tells the voices apart anew from the recordings and the found speech of OUT, which `callaudit measure` also writes,
and says how long that takes.

Diarization error follows NIST: (missed + false alarm + confusion) / true speaker time, overlapping speech counted for
each speaker, voices matched one to one as well as possible; time is cut in steps of 10 ms.
"""

from __future__ import annotations

import argparse
import json
import re
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from scipy.optimize import linear_sum_assignment

from audit.audio import read_audio
from audit.contract import record_from_json
from audit.profile import Profile
from audit.records import CallRecord, Voice
from audit.segments import Segment, union
from audit.speakers.diarize import diarize
from audit.speakers.embedding import MODEL_NAME, SpeakerEncoder
from audit.speakers.mono_roles import assign_roles, split_turns
from audit.speakers.rttm import read_rttm
from audit.transcript.models import install_model

STEPS_PER_S = 100
COLLARS_S = (0.25, 0.0)
Mask = NDArray[np.bool_]


@dataclass
class Heard:
    """One call of OUT and its voices."""

    name: str
    record: CallRecord
    voices: Sequence[Voice]
    confidence: float
    roles_confidence: float
    role_texts: dict[str, str] = field(default_factory=dict)
    duration_s: float = 0.0
    cpu_s: float = 0.0


def published(path: Path) -> Heard:
    """The voices of one result as they stand in it."""
    record = record_from_json(json.loads(path.read_text("utf8")))
    shared = record.recording.shared_channel
    texts: dict[str, str] = {}
    for t in record.transcript.turns if record.transcript else ():
        texts[t.role] = f"{texts.get(t.role, '')} {t.text}"
    name = Path(record.recording.path).name.rsplit(".", 1)[0]
    # Where nobody told voices apart, those who speak are one.
    voices = (shared.voices if shared else ()) or tuple(Voice(r, s) for r, s in record.speech.items() if s)
    confidence, roles = (shared.confidence or 0.0, shared.roles_confidence or 0.0) if shared else (0.0, 0.0)
    return Heard(name, record, voices, confidence, roles, texts, record.recording.duration_s)


def hear_again(path: Path, encoder: SpeakerEncoder, n_speakers: int | None) -> Heard:
    """Diarize the recording of one result."""
    record = record_from_json(json.loads(path.read_text("utf8")))
    audio = read_audio(Path(record.recording.path))
    mono = audio.samples.mean(axis=0, dtype=np.float32)
    speech = union(s for leg in record.speech.values() for s in leg)
    start = time.process_time()
    found = diarize(mono, audio.sample_rate_hz, speech, encoder, n_speakers=n_speakers)
    turns = split_turns(record.transcript.turns, found) if record.transcript else None
    roles = assign_roles(found, turns, metadata=record.metadata, profile=Profile())
    cpu_s = time.process_time() - start
    texts: dict[str, str] = {}
    for t in turns or ():
        role = roles.roles[t.speaker]
        texts[role] = f"{texts.get(role, '')} {t.turn.text}"
    name = Path(record.recording.path).name.rsplit(".", 1)[0]
    voices = [Voice(role, found.speech_of(k)) for k, role in enumerate(roles.roles)]
    return Heard(
        name, record, voices, found.confidence or 0.0, roles.confidence, texts, mono.size / audio.sample_rate_hz, cpu_s
    )


def mask(segments: Iterable[Segment], n: int) -> Mask:
    """Steps of 10 ms covered."""
    out = np.zeros(n, bool)
    for s in segments:
        out[round(s.start_s * STEPS_PER_S) : round(s.end_s * STEPS_PER_S)] = True
    return out


def best_match(truth: Sequence[Mask], found: Sequence[Mask]) -> dict[int, int]:
    """Found voice -> true voice, with the most time in common."""
    common = np.array([[int((t & f).sum()) for f in found] for t in truth]).reshape(len(truth), len(found))
    rows, columns = linear_sum_assignment(-common)
    return {int(c): int(r) for r, c in zip(rows, columns, strict=True)}


def errors_s(truth: Sequence[Mask], found: Sequence[Mask], scored: Mask) -> NDArray[np.float64]:
    """Seconds of true speaker time, missed, false alarm and confused."""
    truth, found = [t & scored for t in truth], [f & scored for f in found]
    match = best_match(truth, found) if truth and found else {}
    n_true, n_found = (np.sum(x, axis=0) if x else np.zeros(len(scored)) for x in (truth, found))
    right = sum(((truth[r] & found[c]) for c, r in match.items()), np.zeros(len(scored)))
    confused = np.minimum(n_true, n_found) - right
    parts = (n_true, np.maximum(n_true - n_found, 0), np.maximum(n_found - n_true, 0), confused)
    return np.array([float(np.sum(p)) / STEPS_PER_S for p in parts])


def against_rttm(calls: Sequence[Heard], folder: Path) -> None:
    """Print the diarization error of each recording and of all."""
    for collar_s in COLLARS_S:
        total = np.zeros(4)
        for call in calls:
            if not (path := folder / f"{call.name}.rttm").is_file():
                continue
            lines = read_rttm(path.read_text("utf8"), source=str(path))
            n = round(max(call.duration_s, lines[-1].end_s) * STEPS_PER_S) + 1
            truth = [mask((s for s in lines if s.speaker == k), n) for k in sorted({s.speaker for s in lines})]
            found = [mask(v.segments, n) for v in call.voices]
            edges = [Segment(max(t - collar_s, 0), t + collar_s) for s in lines for t in (s.start_s, s.end_s) if collar_s]
            parts = errors_s(truth, found, ~mask(edges, n))
            total += parts
            voices = f"{len(call.voices)} voices of {len(truth)}"
            print(f"{call.name:20} collar {collar_s:4}  {_der(parts)}  {voices}, confidence {call.confidence:.2f}")
        print(f"{'all':20} collar {collar_s:4}  {_der(total)}")


def _der(parts: NDArray[np.float64]) -> str:
    share = parts[1:] / max(parts[0], 1e-9)
    return f"DER {share.sum():.1%} = missed {share[0]:.1%} + false {share[1]:.1%} + confused {share[2]:.1%}"


def against_truth(calls: Sequence[Heard], file: Path, *, trusted: float) -> None:
    """Print confusion within true speech, turns with the right voice, and roles."""
    truths: dict[str, dict[str, Any]] = {}
    for line in file.read_text("utf8").splitlines():
        truth = json.loads(line)
        truths[truth["call_id"]] = truth
    confused = alone = 0
    turns: list[bool] = []
    roles: list[bool] = []
    openings: list[bool] = []
    counts: dict[int, int] = {}
    trusted_turns: list[bool] = []
    n_trusted = n_named = n_named_right = n_calls = 0
    for call in calls:
        if (truth := truths.get(call.name)) is None:
            continue
        n_calls += 1
        n = round(call.duration_s * STEPS_PER_S) + 1
        parties = [mask((Segment(*s) for s in truth[role]), n) for role in ("agent", "customer")]
        found = [mask(v.segments, n) for v in call.voices]
        solo = (parties[0] ^ parties[1]) & np.any(found, axis=0) if found else np.zeros(n, bool)
        match = best_match([p & solo for p in parties], found) if found else {}
        right = sum(int((parties[r] & found[c] & solo).sum()) for c, r in match.items())
        alone += int(solo.sum())
        confused += int(solo.sum()) - right
        counts[len(call.voices)] = counts.get(len(call.voices), 0) + 1
        named = {role: sum((f for f, v in zip(found, call.voices, strict=True) if v.role == role), np.zeros(n, bool)) > 0
                 for role in ("agent", "customer")}  # fmt: skip
        verdicts = []
        for turn in truth["turns"]:
            span = slice(round(turn["start_s"] * STEPS_PER_S), round(turn["end_s"] * STEPS_PER_S))
            said = [int((f & solo)[span].sum()) for f in found]
            if sum(said) >= STEPS_PER_S // 10:
                verdicts.append(match.get(int(np.argmax(said))) == ("agent", "customer").index(turn["role"]))
                if "agent" in {v.role for v in call.voices}:
                    said_as = {role: int((m & solo)[span].sum()) for role, m in named.items()}
                    roles.append(2 * said_as[turn["role"]] > sum(said))
        turns += verdicts
        openings += verdicts[:2]
        if call.confidence >= trusted:
            n_trusted += 1
            trusted_turns += verdicts
        if "agent" in (voiced := [v.role for v in call.voices]):
            n_named += 1
            n_named_right += match.get(voiced.index("agent")) == 0
    print(f"{n_calls} calls, voices found: {dict(sorted(counts.items()))}")
    print(f"confused within true speech of one party   {confused / max(alone, 1):.2%} of {alone / STEPS_PER_S:.0f} s")
    print(f"turns with the right voice                 {np.mean(turns):.2%} of {len(turns)}; first two {np.mean(openings):.2%}")
    print(f"  on calls with confidence >= {trusted}          {np.mean(trusted_turns):.2%} ({n_trusted} calls)")
    print(f"calls with roles                           {n_named}, right in {n_named_right}")
    print(f"turns with the right role, there           {np.mean(roles or [False]):.2%} of {len(roles)}")


def tokens(text: str) -> list[str]:
    """Words, or signs of Chinese, without punctuation and case."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    if len(re.findall(r"[\u4e00-\u9fff]", text)) > 0.2 * len(text):
        return [sign for sign in text if sign.isalnum()]
    text = re.sub(r"(?<=\d)[.,](?=\d)", "", text).replace("-", " ")
    return re.sub(r"[^a-z0-9' ]", " ", text).replace("'", "").split()


def against_scripts(calls: Sequence[Heard], folder: Path) -> None:
    """Print word error without and with roles."""
    plain = attributed = n = attributed_n = 0
    for call in calls:
        path = folder / f"{call.name}.txt"
        if not path.is_file() or call.record.transcript is None:
            continue
        lines = [line.split(":", 1) for line in path.read_text("utf8").splitlines() if ":" in line]
        whole = tokens(" ".join(text for _, text in lines))
        off = Levenshtein.distance(whole, tokens(" ".join(t.text for t in call.record.transcript.turns)))
        off_by_role = of_role = 0
        for role in ("agent", "customer"):
            said = tokens(" ".join(text for who, text in lines if who.strip().lower() == role))
            off_by_role += Levenshtein.distance(said, tokens(call.role_texts.get(role, "")))
            of_role += len(said)
        plain, n = plain + off, n + len(whole)
        attributed, attributed_n = attributed + off_by_role, attributed_n + of_role
        print(
            f"{call.name:16} {off / len(whole):6.1%}  with roles {off_by_role / of_role:6.1%}  {len(call.voices)} voices, "
            f"confidence {call.confidence:.2f}, roles {call.roles_confidence:.2f} {'/'.join(v.role for v in call.voices)}"
        )
    print(f"word error {plain / max(n, 1):.2%}, role-attributed {attributed / max(attributed_n, 1):.2%} of {n} words")


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder written by callaudit")
    parser.add_argument("--rttm", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--scripts", type=Path)
    parser.add_argument("--again", action="store_true", help="tell the voices apart anew")
    parser.add_argument("--n-speakers", type=int, help="how many voices there are, with --again; found out by default")
    parser.add_argument("--trusted", type=float, default=0.8, help="confidence from which a call counts as told apart")
    options = parser.parse_args()
    paths = sorted((options.out / "calls").glob("*.json"))
    if options.again:
        encoder = SpeakerEncoder.load(install_model(MODEL_NAME))
        calls = [hear_again(path, encoder, options.n_speakers) for path in paths]
    else:
        calls = [published(path) for path in paths]
    if options.rttm:
        against_rttm(calls, options.rttm)
    if options.truth:
        against_truth(calls, options.truth, trusted=options.trusted)
    if options.scripts:
        against_scripts(calls, options.scripts)
    if not options.again:
        return
    audio_s, cpu_s = sum(c.duration_s for c in calls), sum(c.cpu_s for c in calls)
    print(f"processor time {cpu_s:.1f} s for {audio_s:.0f} s of audio: {cpu_s / max(audio_s, 1e-9):.4f} of real time")


if __name__ == "__main__":
    main()

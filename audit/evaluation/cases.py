"""Cases beside the rules: tiny calls written by hand, with the verdict that a rule must give.

A turn is a line ``Agent: …``, ``Customer: …`` or ``Unknown: …``, optionally with its times:
``Agent 12.5-15: …`` or only its start, ``Agent 12.5: …``. Where no time is given a turn
begins half a second after the last one, and lasts as long as its words take.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.errors import ScorecardError
from audit.evaluation.language import Scorecard
from audit.evaluation.normalise import normalise
from audit.evaluation.pack import CASES_SUFFIX
from audit.evaluation.score import judge_criterion, ready
from audit.evaluation.yamlfile import read_yaml
from audit.records import CallRecord, CutOff, Hold, Measured, Measures, Metadata, Overlap, Recording, Timeline, Tone
from audit.segments import Segment
from audit.verdicts import Verdict
from audit.words import Role, Transcript, Turn, Word

_TURN = re.compile(r"(Agent|Customer|Unknown)(?:\s+(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?)?:\s*(.*)", re.DOTALL)
#: Ordinary speech: four Chinese characters or two and a half English words in a second.
_UNIT_S = {"zh": 0.25, "en": 0.4}
_PAUSE_S = 0.5
_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case asked for and what it got."""

    criterion: str
    case: str
    expected: Verdict
    got: Verdict
    reason: Mapping[str, str]
    missing_evidence: tuple[str, ...]
    path: Path

    @property
    def ok(self) -> bool:
        """Whether the verdict and the evidence are as written."""
        return self.expected == self.got and not self.missing_evidence


def run_cases(scorecard: Scorecard) -> tuple[CaseResult, ...]:
    """Run every case of every criterion of a scorecard.

    Raises
    ------
    ScorecardError
        If there is no case at all, or a turn is not written as above.
    """
    results = []
    for criterion in scorecard.criteria:
        path = criterion.path.with_name(criterion.path.stem + CASES_SUFFIX)
        data = read_yaml(path).data
        for i, case in enumerate(data["cases"]):
            given = _merged(data.get("given", {}), case)
            record = record_of_case(given, scorecard.language, where=f"{path}: case {i + 1}")
            call = ready(record, scorecard, given.get("facts", {}))
            result = judge_criterion(criterion, call)
            shown = [e.heard or e.text for e in result.evidence]
            missing = tuple(e for e in case.get("evidence", ()) if not any(e in s for s in shown))
            results.append(CaseResult(criterion.id, case["name"], case["expect"], result.verdict, result.reason, missing, path))
    if not results:
        raise ScorecardError(f"{scorecard.folder}: no case was found", hint="write one beside each criterion")
    return tuple(results)


def _merged(base: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """A case over what all cases of its file share."""
    out = dict(base)
    for key, value in case.items():
        both = isinstance(value, Mapping) and isinstance(out.get(key), Mapping)
        out[key] = _merged(out[key], value) if both else value
    return out


def record_of_case(case: Mapping[str, Any], language: str, *, where: str = "case") -> CallRecord:
    """The call that a case describes.

    Parameters
    ----------
    case : mapping
        Validated against the schema's ``case``.
    language : {"zh", "en"}
    where : str
        File and case, for errors.

    Raises
    ------
    ScorecardError
        If a turn cannot be read.
    """
    turns = _turns(case.get("turns", ()), language, where)
    speech: dict[Role, tuple[Segment, ...]] = {}
    for role in ("agent", "customer", "unknown"):
        mine = tuple(Segment(t.start_s, t.end_s) for t in turns if t.role == role)
        if mine:
            speech[role] = mine
    for role, spans in case.get("speech", {}).items():
        speech[role] = tuple(Segment(a, b) for a, b in spans)
    end = max([t.end_s for t in turns] + [s.end_s for segments in speech.values() for s in segments] + [1.0])
    heard = case.get("transcribed", True)
    known = {k: v for k, v in case.get("metadata", {}).items() if k != "started_at"}
    started = case.get("metadata", {}).get("started_at")
    metadata = replace(
        Metadata(call_id="case", source="cdr"), **known, started_at=datetime.fromisoformat(started) if started else None
    )
    mono = any(t.role == "unknown" for t in turns)
    return CallRecord(
        call_id="case",
        recording=Recording(
            path="case.wav",
            sha256="",
            duration_s=case.get("duration_s", end + 1.0),
            sample_rate_hz=8000,
            n_channels=1 if mono else 2,
            layout=case.get("layout", "mono" if mono else "stereo"),
            agent_channel=None if mono else 0,
        ),
        metadata=metadata,
        timeline=_timeline(case, end),
        speech=speech,
        measures={role: Measures(**figures) for role, figures in case.get("measures", {}).items()},
        transcript=Transcript(case.get("language", language), "hand", turns, case.get("coverage_ratio", 1.0))
        if heard
        else None,
    )


def _timeline(case: Mapping[str, Any], end_s: float) -> Timeline:
    n_rings, ring_s = case.get("n_rings"), case.get("ring_s")
    answer = case.get("answer_at_s", 0.0)
    hangup = case.get("metadata", {}).get("hangup_by")
    none = "录音和记录中都没有振铃 / no ringing in the audio or the record"
    return Timeline(
        ring_s=Measured(ring_s, "cdr" if ring_s is not None else "none", 1.0, None if ring_s is not None else none),
        n_rings=Measured(n_rings, "audio" if n_rings is not None else "none", None, None if n_rings is not None else none),
        hangup_by=Measured(hangup, "cdr" if hangup else "none", None, None if hangup else "not recorded"),
        answer_at_s=answer,
        answer_source="audio" if answer is not None else "none",
        hangup_at_s=case.get("hangup_at_s", end_s),
        holds=tuple(Hold(a, b, kind) for a, b, kind in case.get("holds", ())),
        silences=tuple(Segment(a, b) for a, b in case.get("silences", ())),
        overlaps=tuple(Overlap(a, b, by, kind) for a, b, by, kind in case.get("overlaps", ())),
        transfers_s=tuple(case.get("transfers_s", ())),
        cut_off=CutOff(case.get("cut_off")),
        tones=tuple(Tone(5.0 * i, 5.0 * i + 1.0, "ringback", 0) for i in range(n_rings or 0)) if answer else (),
    )


def _turns(lines: Any, language: str, where: str) -> tuple[Turn, ...]:
    out: list[Turn] = []
    at = 0.0
    for line in lines:
        m = _TURN.fullmatch(line)
        if not m:
            raise ScorecardError(f"{where}: a turn is written `Agent: …` or `Agent 12.5-15: …`, not {line!r}")
        role: Role = "agent" if m[1] == "Agent" else "customer" if m[1] == "Customer" else "unknown"
        start = float(m[2]) if m[2] else at
        units = _spoken(m[4], language)
        end = float(m[3]) if m[3] else start + max(1, len(units)) * _UNIT_S[language]
        step = (end - start) / max(1, len(units))
        words = tuple(Word(start + i * step, start + (i + 1) * step, u, _CONFIDENCE) for i, u in enumerate(units))
        out.append(Turn(start, end, role, m[4], _CONFIDENCE, words))
        at = end + _PAUSE_S
    return tuple(out)


def _spoken(text: str, language: str) -> list[str]:
    """The text in the units that a recogniser gives times to."""
    if language == "en":
        return text.split()
    return [c for c in text if normalise(c, language)[0]]

"""Cases beside the rules: tiny calls written by hand, with the verdict that a rule must give.

A turn is a line ``Agent: …``, ``Customer: …`` or ``Unknown: …``, optionally with its times:
``Agent 12.5-15: …`` or only its start, ``Agent 12.5: …``. Where no time is given a turn
begins half a second after the last one, and lasts as long as its words take.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.contract import SCHEMA, record_from_json
from audit.errors import ScorecardError
from audit.evaluation.language import Scorecard
from audit.evaluation.normalise import normalise
from audit.evaluation.pack import CASES_SUFFIX
from audit.evaluation.score import judge_criterion, ready
from audit.evaluation.signs import SIGN_CASES_FILE, judge_signs
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


#: Reads a transcript that was made elsewhere; the language is that of the scorecard.
ReadTranscript = Callable[[Path, str], Transcript]
#: Whole calls beside a scorecard, with what rules are to say of them.
TRANSCRIPTS_FILE = "transcripts.yml"
_SPEAKERS = ("agent", "customer", "unknown")


def run_cases(scorecard: Scorecard, *, read: ReadTranscript | None = None) -> tuple[CaseResult, ...]:
    """Run every case of every criterion of a scorecard, and its whole transcripts.

    Parameters
    ----------
    scorecard : Scorecard
    read : callable, optional
        For transcripts that are neither a call's JSON file nor lines as above.

    Raises
    ------
    ScorecardError
        If there is no case at all, a turn is not written as above, or a transcript cannot be read.
    """
    results = list(run_transcripts(scorecard, read=read))
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
    results += _run_sign_cases(scorecard)
    if not results:
        raise ScorecardError(f"{scorecard.folder}: no case was found", hint="write one beside each criterion")
    return tuple(results)


def _run_sign_cases(scorecard: Scorecard) -> Iterator[CaseResult]:
    """The cases of the signs, each as one of ``signs.<id>``: *pass* where the sign is there, *fail* where it is not."""
    path = scorecard.folder / SIGN_CASES_FILE
    of_sign = read_yaml(path).data if scorecard.signs else {}
    verdicts: Mapping[bool | None, Verdict] = {True: "pass", False: "fail", None: "not_evaluable"}
    for sign in scorecard.signs:
        for i, case in enumerate(of_sign[sign.id]):
            record = record_of_case(case, scorecard.language, where=f"{path}: {sign.id}: case {i + 1}")
            got = verdicts[judge_signs((sign,), ready(record, scorecard))[sign.id]]
            yield CaseResult(f"signs.{sign.id}", case["name"], case["expect"], got, {}, (), path)


def run_transcripts(scorecard: Scorecard, *, read: ReadTranscript | None = None) -> Iterator[CaseResult]:
    """Judge the calls of ``transcripts.yml`` and compare each outcome that is written there.

    Each item names a ``file``, a call as callaudit stores it or a transcript, and under ``expect`` outcomes by criterion;
    ``metadata`` and ``facts`` are known besides.
    """
    path = scorecard.folder / TRANSCRIPTS_FILE
    if not path.is_file():
        return
    from audit.evaluation.faults import schema_faults  # with the validator of schemas

    file = read_yaml(path)
    faults = [*file.faults, *schema_faults(file, "transcripts")]
    items = file.data["transcripts"] if not faults else ()
    for i, item in enumerate(items):
        unknown = (name for name in item["expect"] if scorecard.criterion(name) is None)
        faults += [f"{file.at(('transcripts', i, 'expect', n), key=True)}: no criterion {n!r}" for n in unknown]
    if faults:
        raise ScorecardError(faults)
    for i, item in enumerate(items):
        record = _whole_call(path.parent / item["file"], item, scorecard.language, read, file.at(("transcripts", i, "file")))
        call = ready(record, scorecard, item.get("facts", {}))
        for name, expected in item["expect"].items():
            criterion = scorecard.criterion(name)
            if criterion is not None:
                result = judge_criterion(criterion, call)
                yield CaseResult(name, item["file"], expected, result.verdict, result.reason, (), path)


def _whole_call(path: Path, item: Mapping[str, Any], language: str, read: ReadTranscript | None, where: str) -> CallRecord:
    """The record in a call's file, or one around a transcript."""
    known = {"metadata": item.get("metadata", {})}
    try:
        text = path.read_text("utf-8-sig") if path.suffix in (".json", ".txt") else ""
        if path.suffix == ".json" and (data := json.loads(text)).get("schema") == SCHEMA:
            return record_from_json(data)
        lines = [line for line in text.splitlines() if line.strip()]
        if lines and all(_TURN.fullmatch(line) for line in lines):
            return record_of_case({**known, "turns": lines}, language, where=str(path))
        if read is None:
            raise ScorecardError(f"{where}: {path.name} is neither a stored call nor lines `Agent: …`")
        transcript = read(path, language)
    except (OSError, ValueError, KeyError, AttributeError) as e:
        raise ScorecardError(f"{where}: {path} cannot be read: {e}") from e
    spoken = [f"{t.role.capitalize()} {t.start_s:.3f}-{t.end_s:.3f}: {t.text}" for t in transcript.turns if t.role in _SPEAKERS]
    return replace(record_of_case({**known, "turns": spoken}, language, where=str(path)), transcript=transcript)


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

"""A call in the published form, without its evaluation, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from itertools import starmap
from operator import itemgetter
from typing import Any, get_args

from audit.contract.evaluations import evaluation_to_json, evidence_to_json
from audit.contract.values import ms, opt_ms
from audit.records import (
    RING_NOT_KEPT,
    CallRecord,
    CutOff,
    Evidence,
    Hold,
    Measured,
    Measures,
    Metadata,
    Overlap,
    RecordedHold,
    Recording,
    SharedChannel,
    Timeline,
    Tone,
    Voice,
)
from audit.segments import Segment, total_s
from audit.verdicts import Evaluation
from audit.words import Dropped, Role, Transcript, Turn, Uncovered, Word

SCHEMA = "callaudit.call/1"
_ROLES: tuple[Role, ...] = get_args(Role)


def call_to_json(record: CallRecord, evaluation: Evaluation | None = None, *, lang: str = "en") -> dict[str, Any]:
    """Write a call, and its evaluation if there is one, as plain JSON values.

    Parameters
    ----------
    record : CallRecord
    evaluation : Evaluation, optional
    lang : {"en", "zh"}
        Language of each outcome's ``reason``; all languages stand in ``reasons``.

    Returns
    -------
    dict
        Keys in the order of the contract.
    """
    out: dict[str, Any] = {
        "schema": SCHEMA,
        "call_id": record.call_id,
        "tool_version": record.tool_version,
        "recording": _recording_to_json(record.recording),
        "metadata": _metadata_to_json(record.metadata),
        "timing": _timeline_to_json(record.timeline),
        "speech": {
            role: {
                "segments": [[ms(s.start_s), ms(s.end_s)] for s in segments],
                "speech_s": ms(total_s(segments)),
            }
            for role, segments in record.speech.items()
        },
        "transcript": transcript_to_json(record.transcript) if record.transcript else None,
        "measures": {role: _measures_to_json(m) for role, m in record.measures.items()},
        "evaluation": evaluation_to_json(evaluation, lang) if evaluation else None,
    }
    return out


def record_from_json(data: Mapping[str, Any]) -> CallRecord:
    """Read back what :func:`call_to_json` wrote.

    Raises
    ------
    ValueError
        If the schema is not ``callaudit.call/1``.
    """
    if data.get("schema") != SCHEMA:
        raise ValueError(f"schema {data.get('schema')!r} is not {SCHEMA}")
    return CallRecord(
        call_id=data["call_id"],
        tool_version=data["tool_version"],
        recording=_recording_from_json(data["recording"]),
        metadata=_metadata_from_json(data["call_id"], data["metadata"]),
        timeline=_timeline_from_json(data["timing"]),
        speech={_role(r): tuple(Segment(a, b) for a, b in v["segments"]) for r, v in data["speech"].items()},
        transcript=transcript_from_json(data["transcript"]) if data.get("transcript") else None,
        measures={_role(r): Measures(**{k: v for k, v in m.items() if k in _MEASURES}) for r, m in data["measures"].items()},
    )


def json_place(field: str) -> tuple[str, ...]:
    """Where a number of a record, named as rules name it, stands in the published form.

    Raises
    ------
    KeyError
        If the field is no number, or is not published.

    Examples
    --------
    >>> json_place("measures.agent.speech_rate_cpm"), json_place("timeline.n_rings")
    (('measures', 'agent', 'speech_rate_cpm'), ('timing', 'n_rings', 'value'))
    """
    group, _, name = field.rpartition(".")
    if group in ("measures.agent", "measures.customer") and name in _MEASURES:
        return ("measures", group.rpartition(".")[2], name)
    if group == "metadata.variables":
        return ("metadata", "variables", name)
    return _NUMBER_PLACES[field]


#: Single numbers of the record outside the measures.
_NUMBER_PLACES: Mapping[str, tuple[str, ...]] = {
    **{f"timeline.{n}": ("timing", n, "value") for n in ("ring_s", "n_rings")},
    **{
        f"timeline.{n}": ("timing", n)
        for n in ("answer_at_s", "hangup_at_s", "talk_s", "hold_s", "hold_count", "longest_hold_s", "answer_tolerance_s")
    },
    **{f"metadata.{n}": ("metadata", n) for n in ("ring_s", "duration_s", "talk_s", "hold_s")},
    "recording.duration_s": ("recording", "duration_s"),
    "transcript.coverage_ratio": ("transcript", "coverage_ratio"),
}


# --- parts ----------------------------------------------------------------------------------------
_MEASURES = {f.name for f in fields(Measures)}
_DIGITS = {"db": 2, "dbfs": 2, "lufs": 2, "hz": 1, "cpm": 1, "wpm": 1, "ratio": 5, "semitones": 2, "s": 3}


def _rounded(name: str, value: float | None) -> float | int | None:
    """A measure rounded by the unit at the end of its name."""
    if value is None or isinstance(value, int):
        return value
    return round(float(value), _DIGITS.get(name.rsplit("_", 1)[-1], 3))


def _role(name: str) -> Role:
    for role in _ROLES:
        if role == name:
            return role
    raise ValueError(f"unknown role {name!r}; known: {', '.join(_ROLES)}")


def _iso(t: datetime | None) -> str | None:
    return t.isoformat() if t else None


def _when(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _recording_to_json(r: Recording) -> dict[str, Any]:
    return {
        "path": r.path,
        "sha256": r.sha256,
        "duration_s": ms(r.duration_s),
        "sample_rate_hz": r.sample_rate_hz,
        "n_channels": r.n_channels,
        "layout": r.layout,
        "agent_channel": r.agent_channel,
        "agent_channel_source": r.agent_channel_source,
        "warnings": list(r.warnings),
        "damaged": r.damaged,
        "shared_channel": _shared_channel_to_json(r.shared_channel),
    }


def _shared_channel_to_json(s: SharedChannel | None) -> dict[str, Any] | None:
    if s is None:
        return None
    return {
        "n_voices": s.n_voices,
        "confidence": None if s.confidence is None else round(s.confidence, 4),
        "roles_confidence": None if s.roles_confidence is None else round(s.roles_confidence, 4),
        "reason": s.reason,
        "voices": [{"role": v.role, "segments": [[ms(x.start_s), ms(x.end_s)] for x in v.segments]} for v in s.voices],
    }


def _shared_channel_from_json(d: Mapping[str, Any]) -> SharedChannel:
    voices = (Voice(_role(v["role"]), tuple(Segment(a, b) for a, b in v["segments"])) for v in d.get("voices", ()))
    return SharedChannel(**{**d, "voices": tuple(voices)})


def _recording_from_json(d: Mapping[str, Any]) -> Recording:
    shared = d.get("shared_channel")
    return Recording(
        **{**d, "warnings": tuple(d["warnings"]), "shared_channel": _shared_channel_from_json(shared) if shared else None}
    )


def _metadata_to_json(m: Metadata) -> dict[str, Any]:
    return {
        "agent_id": m.agent_id,
        "agent_name": m.agent_name,
        "customer_number": m.customer_number,
        "direction": m.direction,
        "started_at": _iso(m.started_at),
        "answered_at": _iso(m.answered_at),
        "ended_at": _iso(m.ended_at),
        "hangup_by": m.hangup_by,
        "source": m.source,
        "ring_s": m.ring_s,
        "ring_tolerance_s": m.ring_tolerance_s,
        "duration_s": m.duration_s,
        "talk_s": m.talk_s,
        "agent_channel": m.agent_channel,
        "variables": dict(m.variables),
        "warnings": list(m.warnings),
        "recording_started_at": _iso(m.recording_started_at),
        "holds": [
            {"start_at": _iso(h.start_at), "end_at": _iso(h.end_at), "source": h.source, "tolerance_s": h.tolerance_s}
            for h in m.holds
        ],
        "hold_s": m.hold_s,
        "transferred_at": [_iso(t) for t in m.transferred_at],
        "utc_only": m.utc_only,
    }


def _metadata_from_json(call_id: str, d: Mapping[str, Any]) -> Metadata:
    times = {k: _when(d.get(k)) for k in ("started_at", "answered_at", "ended_at", "recording_started_at")}
    events = {
        "holds": tuple(
            RecordedHold(datetime.fromisoformat(h["start_at"]), _when(h["end_at"]), h["source"], h["tolerance_s"])
            for h in d.get("holds", ())
        ),
        "transferred_at": tuple(datetime.fromisoformat(t) for t in d.get("transferred_at", ())),
    }
    return Metadata(**{"call_id": call_id, **d, **times, **events, "warnings": tuple(d["warnings"])})


def _measured_to_json(m: Measured) -> dict[str, Any]:
    value = ms(m.value) if isinstance(m.value, float) else m.value
    out: dict[str, Any] = {"value": value, "source": m.source}
    if m.tolerance_s is not None:
        out["tolerance_s"] = ms(m.tolerance_s)
    if m.reason:
        out["reason"] = m.reason
    return out


def _measured_from_json(d: Mapping[str, Any]) -> Measured:
    return Measured(d["value"], d["source"], d.get("tolerance_s"), d.get("reason"))


def _span(s: Segment) -> dict[str, Any]:
    return {"start_s": ms(s.start_s), "end_s": ms(s.end_s)}


def _opt_span(s: Segment | None) -> dict[str, Any] | None:
    return _span(s) if s else None


def _opt_segment(d: Mapping[str, Any] | None) -> Segment | None:
    return Segment(**d) if d else None


def _hold_to_json(h: Hold) -> dict[str, Any]:
    out: dict[str, Any] = {**_span(h), "kind": h.kind, "source": h.source}
    if h.evidence:
        out["evidence"] = [evidence_to_json(e) for e in h.evidence]
    return out


def _hold_from_json(d: Mapping[str, Any]) -> Hold:
    return Hold(**{**d, "evidence": tuple(Evidence(**e) for e in d.get("evidence", ()))})


def _overlap_to_json(o: Overlap) -> dict[str, Any]:
    out: dict[str, Any] = {**_span(o), "interrupter": o.interrupter, "kind": o.kind}
    return {**out, "together_s": opt_ms(o.together_s), "other_stopped": o.other_stopped}


def _cut_off_to_json(c: CutOff) -> dict[str, Any]:
    out: dict[str, Any] = {"value": c.value, "reason": c.reason, "channel": c.channel}
    return {**out, **_span(c.segment)} if c.segment else out


def _cut_off_from_json(d: Mapping[str, Any]) -> CutOff:
    segment = Segment(d["start_s"], d["end_s"]) if "start_s" in d else None
    return CutOff(d["value"], d["reason"], segment, d["channel"])


def _timeline_to_json(t: Timeline) -> dict[str, Any]:
    return {
        "ring_s": _measured_to_json(t.ring_s),
        "n_rings": {
            **_measured_to_json(t.n_rings),
            "tone_plan": t.tone_plan,
            "tone_plan_alternatives": list(t.tone_plan_alternatives),
        },
        "answer_at_s": opt_ms(t.answer_at_s),
        "answer_source": t.answer_source,
        "hangup_at_s": opt_ms(t.hangup_at_s),
        "hangup_by": _measured_to_json(t.hangup_by),
        "talk_s": opt_ms(t.talk_s),
        "hold_s": ms(t.hold_s),
        "hold_count": len(t.holds),
        "longest_hold_s": opt_ms(t.longest_hold_s),
        "holds": [_hold_to_json(h) for h in t.holds],
        "silences": [_span(s) for s in t.silences],
        "overlaps": [_overlap_to_json(o) for o in t.overlaps],
        "tones": [{**_span(x), "kind": x.kind, "channel": x.channel} for x in t.tones],
        "answer_tolerance_s": opt_ms(t.answer_tolerance_s),
        "answer_reason": t.answer_reason,
        "recording_starts": t.recording_starts,
        "music_before_answer": _opt_span(t.music_before_answer),
        "holds_source": t.holds_source,
        "holds_heard": [_hold_to_json(h) for h in t.holds_heard],
        "transfers_s": [ms(x) for x in t.transfers_s],
        "hangup_source": t.hangup_source,
        "release_evidence": _opt_span(t.release_evidence),
        "cut_off": _cut_off_to_json(t.cut_off),
        "ring_heard": _measured_to_json(t.ring_heard),
    }


def _ring_heard_from_json(d: Mapping[str, Any]) -> Measured:
    """The ringing heard; of a timeline that did not keep it what it says of the ringing, where that was heard."""
    if "ring_heard" in d:
        return _measured_from_json(d["ring_heard"])
    ring_s = _measured_from_json(d["ring_s"])
    return ring_s if ring_s.source == "audio" else Measured(None, reason=RING_NOT_KEPT)


def _timeline_from_json(d: Mapping[str, Any]) -> Timeline:
    return Timeline(
        ring_s=_measured_from_json(d["ring_s"]),
        n_rings=_measured_from_json(d["n_rings"]),
        hangup_by=_measured_from_json(d["hangup_by"]),
        tone_plan=d["n_rings"]["tone_plan"],
        tone_plan_alternatives=tuple(d["n_rings"].get("tone_plan_alternatives", ())),
        answer_at_s=d["answer_at_s"],
        answer_source=d["answer_source"],
        hangup_at_s=d["hangup_at_s"],
        talk_s=d["talk_s"],
        holds=tuple(_hold_from_json(h) for h in d["holds"]),
        silences=tuple(Segment(**s) for s in d["silences"]),
        overlaps=tuple(Overlap(**o) for o in d["overlaps"]),
        tones=tuple(Tone(**x) for x in d["tones"]),
        answer_tolerance_s=d.get("answer_tolerance_s"),
        answer_reason=d.get("answer_reason", ""),
        recording_starts=d.get("recording_starts", "unknown"),
        music_before_answer=_opt_segment(d.get("music_before_answer")),
        holds_source=d.get("holds_source", "audio"),
        holds_heard=tuple(_hold_from_json(h) for h in d.get("holds_heard", ())),
        transfers_s=tuple(d.get("transfers_s", ())),
        hangup_source=d.get("hangup_source", "none"),
        release_evidence=_opt_segment(d.get("release_evidence")),
        cut_off=_cut_off_from_json(d["cut_off"]) if "cut_off" in d else CutOff(),
        ring_heard=_ring_heard_from_json(d),
    )


def transcript_to_json(t: Transcript) -> dict[str, Any]:
    """Write the ``transcript`` part of a call."""
    return {
        "language": t.language,
        "model": t.model,
        "coverage_ratio": None if t.coverage_ratio is None else round(t.coverage_ratio, 4),
        "turns": [
            {
                "start_s": ms(u.start_s),
                "end_s": ms(u.end_s),
                "role": u.role,
                "text": u.text,
                "confidence": None if u.confidence is None else round(u.confidence, 3),
                "words": [
                    {
                        "start_s": ms(w.start_s),
                        "end_s": ms(w.end_s),
                        "text": w.text,
                        "confidence": round(w.confidence, 3),
                    }
                    for w in u.words
                ],
            }
            for u in t.turns
        ],
        "uncovered": [
            {"start_s": ms(u.start_s), "end_s": ms(u.end_s), "role": u.role, "reason": u.reason} for u in t.uncovered
        ],
        "dropped": [{"reason": d.reason, "n_texts": d.n_texts, "n_words": d.n_words} for d in t.dropped],
    }


def transcript_from_json(d: Mapping[str, Any]) -> Transcript:
    """Read back the ``transcript`` part of a call."""
    return Transcript(
        language=d["language"],
        model=d["model"],
        coverage_ratio=d["coverage_ratio"],
        turns=tuple(_turn_from_json(u) for u in d["turns"]),
        uncovered=tuple(Uncovered(**u) for u in d.get("uncovered", ())),
        dropped=tuple(Dropped(**x) for x in d.get("dropped", ())),
    )


_OF_WORD = itemgetter("start_s", "end_s", "text", "confidence")


def _turn_from_json(d: Mapping[str, Any]) -> Turn:
    # Words are by far the most of a call: given by position they are read in half the time.
    words = tuple(starmap(Word, map(_OF_WORD, d["words"])))
    return Turn(**{**d, "words": words})


def _measures_to_json(m: Measures) -> dict[str, Any]:
    return {f.name: _rounded(f.name, getattr(m, f.name)) for f in fields(m)}
